/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A card that writes anything into the completions of its queues, extras, events: the driver's real
 * bursts take them. Whatever comes, each frame and each buffer is in one place, and is back in its
 * pool in the end.
 */

#include <string.h>

#include "fuzz_pmd.h"

#define BURST_MAX 48u
#define STEPS_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* ---- Tx ---------------------------------------------------------------------------------- */

static struct rte_mbuf *
frame_make(struct fuzz_port *p, struct fuzz_input *in, uint8_t how)
{
	static const uint64_t asks[] = {0, RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM,
					RTE_MBUF_F_TX_VLAN, RTE_MBUF_F_TX_IEEE1588_TMST};
	struct rte_mbuf *first = rte_pktmbuf_alloc(p->tx_pool), *last = first, *m;

	if (first == NULL)
		return NULL;
	first->data_len = 60 + (how % 4 == 3 ? fuzz_take16(in) % 1900 : how);
	first->pkt_len = first->data_len;
	first->ol_flags = asks[how / 4 % 4];
	first->l2_len = 14;
	first->l3_len = 20;
	for (unsigned int i = how / 16 % 8; i > 5; i--) {
		m = rte_pktmbuf_alloc(p->tx_pool);
		if (m == NULL)
			break;
		m->data_len = 30;
		last->next = m;
		last = m;
		first->nb_segs++;
		first->pkt_len += 30;
	}
	return first;
}

static void
frames_send(struct fuzz_port *p, struct fuzz_input *in, uint16_t q)
{
	const unsigned int n = fuzz_take8(in) % BURST_MAX;
	struct rte_mbuf *frames[BURST_MAX];
	const uint8_t how = fuzz_take8(in);
	uint16_t made = 0, taken;

	while (made < n && (frames[made] = frame_make(p, in, how)) != NULL)
		made++;
	taken = rte_eth_tx_burst(p->id, q, frames, made);
	rte_pktmbuf_free_bulk(frames + taken, made - taken);
}

static void
tx_put(struct fuzz_port *p, uint16_t q, const struct wcnic_tx_cpl *cpl)
{
	struct wcnic_txq *txq = p->hw->txq[q];
	struct wcnic_tx_cpl *at = &txq->cq[p->tx_cq[q] & txq->mask];

	*at = *cpl;
	at->phase = (cpl->phase & 0xfe) | ((p->tx_cq[q] & txq->depth) == 0);
	p->tx_cq[q]++;
}

/* As a card completes, or with one field changed. */
static void
tx_complete(struct fuzz_port *p, struct fuzz_input *in, uint16_t q, bool lies)
{
	const uint8_t how = fuzz_take8(in);
	const struct wcnic_txq *txq = p->hw->txq[q];
	struct wcnic_tx_cpl cpl = {.seq = p->tx_seq[q], .epoch = txq->epoch};
	uint8_t at;

	if (how >= 0xf0) {
		cpl.status = how % 2 == 0 ? WCNIC_TX_INCOMPLETE : WCNIC_TX_DROPPED;
	} else {
		cpl.count = 1 + how % 16;
		cpl.frames = cpl.count;
		cpl.status = how >= 0xc0 ? WCNIC_TX_ERROR : WCNIC_TX_PUSHED + how / 16 % 2;
		cpl.reason = how >= 0xc0 ? how / 4 % 12 : 0;
		p->tx_seq[q] += cpl.count;
	}
	if (lies) {
		at = fuzz_take8(in) % (sizeof(cpl) - 1);
		((uint8_t *)&cpl)[at] = fuzz_take8(in);
	}
	tx_put(p, q, &cpl);
}

/* So many that all of what is in flight is done. */
static void
tx_complete_all(struct fuzz_port *p, uint16_t q)
{
	const struct wcnic_txq *txq = p->hw->txq[q];
	struct wcnic_tx_cpl cpl = {.seq = p->tx_seq[q],
				   .count = (uint16_t)(txq->tail - p->tx_seq[q]),
				   .epoch = txq->epoch,
				   .status = WCNIC_TX_FETCHED};

	if (cpl.count == 0)
		return;
	p->tx_seq[q] = txq->tail;
	tx_put(p, q, &cpl);
}

static void
tx_raw(struct fuzz_port *p, struct fuzz_input *in, uint16_t q)
{
	struct wcnic_tx_cpl cpl;

	fuzz_take(in, &cpl, sizeof(cpl));
	tx_put(p, q, &cpl);
}

/* ---- Rx ---------------------------------------------------------------------------------- */

static void
rx_put(struct fuzz_port *p, struct fuzz_input *in, uint16_t q, const struct wcnic_rx_cpl *cpl)
{
	struct wcnic_rxq *rxq = p->hw->rxq[q];
	const uint16_t at = p->rx_seq[q]++ & rxq->mask;

	if (rxq->extra != NULL && (cpl->flags & WCNIC_RXF_EXTRA) != 0)
		fuzz_take(in, &rxq->extra[at], sizeof(rxq->extra[at]));
	rxq->cq[at] = *cpl;
	rxq->cq[at].phase = (cpl->phase & 0xfe) |
			    (((uint16_t)(p->rx_seq[q] - 1) & rxq->depth) == 0);
}

/* A frame as a card delivers it, in one buffer or several; or a byte of one completion is wrong. */
static void
rx_deliver(struct fuzz_port *p, struct fuzz_input *in, uint16_t q, bool lies)
{
	const uint32_t frame = 1 + fuzz_take16(in) % 2000;
	const uint16_t flags = fuzz_take16(in) & 0x7ffc;
	const uint8_t wrong = lies ? fuzz_take8(in) : 0;
	uint32_t left = frame;
	unsigned int i = 0;

	for (uint16_t bytes; left != 0; left -= bytes, i++) {
		struct wcnic_rx_cpl cpl = {.seq = p->rx_seq[q], .ptype = flags};

		bytes = (uint16_t)RTE_MIN(left, FUZZ_BUF_BYTES);
		cpl.bytes = bytes;
		cpl.flags = (left == frame ? WCNIC_RXF_SOP | flags : 0) |
			    (left == bytes ? WCNIC_RXF_EOP : 0);
		cpl.frame_bytes = left == frame ? (uint16_t)frame : 0;
		if (lies && i == wrong / 16 % 4)
			((uint8_t *)&cpl)[wrong % 15] = fuzz_take8(in);
		rx_put(p, in, q, &cpl);
	}
}

/* Many small ones, for what takes four at once. */
static void
rx_deliver_small(struct fuzz_port *p, struct fuzz_input *in, uint16_t q)
{
	const uint8_t n = fuzz_take8(in), odd = fuzz_take8(in);

	for (unsigned int i = 0; i < n % FUZZ_DEPTH; i++) {
		struct wcnic_rx_cpl cpl = {.seq = p->rx_seq[q],
					   .bytes = 60 + n / 64,
					   .frame_bytes = 60 + n / 64,
					   .flags = WCNIC_RXF_SOP | WCNIC_RXF_EOP};

		if (i == odd)
			((uint8_t *)&cpl)[n % 15] ^= fuzz_take8(in);
		rx_put(p, in, q, &cpl);
	}
}

static void
rx_raw(struct fuzz_port *p, struct fuzz_input *in, uint16_t q)
{
	struct wcnic_rx_cpl cpl;

	fuzz_take(in, &cpl, sizeof(cpl));
	rx_put(p, in, q, &cpl);
}

static void
frame_check(const struct fuzz_port *p, const struct rte_mbuf *m)
{
	uint32_t bytes = 0;
	unsigned int segs = 0;

	for (const struct rte_mbuf *s = m; s != NULL; s = s->next, segs++) {
		MUST(s->pool == p->rx_pool && rte_mbuf_refcnt_read(s) == 1);
		MUST(s->data_off == RTE_PKTMBUF_HEADROOM);
		MUST(s->data_len != 0 && s->data_len <= FUZZ_BUF_BYTES);
		bytes += s->data_len;
	}
	MUST(segs == m->nb_segs && bytes == m->pkt_len && m->port == p->id);
}

static void
frames_take(struct fuzz_port *p, struct fuzz_input *in, uint16_t q)
{
	struct rte_mbuf *frames[BURST_MAX];
	uint16_t n = rte_eth_rx_burst(p->id, q, frames, 1 + fuzz_take8(in) % BURST_MAX);

	for (uint16_t i = 0; i < n; i++)
		frame_check(p, frames[i]);
	rte_pktmbuf_free_bulk(frames, n);
}

/* ---- the rest ---------------------------------------------------------------------------- */

static void
event_send(struct fuzz_port *p, struct fuzz_input *in)
{
	struct wcnic_event ev;
	const uint8_t how = fuzz_take8(in);

	fuzz_take(in, &ev, how >= 0x80 ? sizeof(ev) : 12);
	if (how < 0x80) {
		ev.type = 1 + how % 7;
		ev.arg0 &= 0x1000f;
		if (how % 4 == 0) { /* windows that there are */
			ev.arg0 = p->hw->txq[0]->ctrl.window.grant.id;
			ev.arg1 = p->hw->txq[0]->ctrl.window.grant.generation;
		} else if (how % 4 == 1) {
			ev.arg0 = p->hw->doorbells.grant.id;
			ev.arg1 = p->hw->doorbells.grant.generation;
		}
	}
	fuzz_event_put(p, &ev);
}

static void
others_ask(struct fuzz_port *p, uint8_t how)
{
	struct rte_eth_stats stats;
	struct timespec ts;
	const uint16_t q = how % FUZZ_QUEUES;

	switch (how / 2 % 8) {
	case 0:
		(void)rte_eth_stats_get(p->id, &stats);
		break;
	case 1:
		(void)rte_eth_tx_done_cleanup(p->id, q, how / 16);
		break;
	case 2:
		(void)rte_eth_rx_descriptor_status(p->id, q, how / 8);
		(void)rte_eth_tx_descriptor_status(p->id, q, how / 8);
		break;
	case 3:
		(void)rte_eth_rx_queue_count(p->id, q);
		break;
	case 4:
		(void)rte_eth_timesync_enable(p->id);
		break;
	case 5:
		(void)rte_eth_timesync_read_rx_timestamp(p->id, &ts, how / 16);
		(void)rte_eth_timesync_read_tx_timestamp(p->id, &ts);
		break;
	case 6:
		(void)rte_eth_dev_tx_queue_stop(p->id, q);
		(void)rte_eth_dev_tx_queue_start(p->id, q);
		break;
	default:
		(void)rte_eth_dev_rx_queue_stop(p->id, q);
		(void)rte_eth_dev_rx_queue_start(p->id, q);
		break;
	}
}

static void
step(struct fuzz_port *p, struct fuzz_input *in)
{
	const uint8_t what = fuzz_take8(in);
	const uint16_t q = what / 16 % FUZZ_QUEUES;

	switch (what % 16) {
	case 0:
	case 1:
		frames_send(p, in, q);
		break;
	case 2:
		tx_complete(p, in, q, false);
		break;
	case 3:
		tx_complete(p, in, q, true);
		break;
	case 4:
		tx_complete_all(p, q);
		break;
	case 5:
		tx_raw(p, in, q);
		break;
	case 6:
		rx_deliver(p, in, q, false);
		break;
	case 7:
		rx_deliver(p, in, q, true);
		break;
	case 8:
		rx_deliver_small(p, in, q);
		break;
	case 9:
		rx_raw(p, in, q);
		break;
	case 10:
	case 11:
		frames_take(p, in, q);
		break;
	case 12:
		(void)rte_eth_tx_burst(p->id, q, NULL, 0);
		break;
	case 13:
		event_send(p, in);
		break;
	case 14:
		fuzz_service_round(p);
		break;
	default:
		others_ask(p, fuzz_take8(in));
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	struct fuzz_port *p = fuzz_port_get(fuzz_take8(&in));

	for (unsigned int i = 0; i < STEPS_MAX && in.left != 0; i++)
		step(p, &in);
	(void)rte_eth_timesync_disable(p->id);
	fuzz_port_settle(p);
	return 0;
}
