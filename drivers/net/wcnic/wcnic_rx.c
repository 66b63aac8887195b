/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Rx bursts (datasheet section 7). A burst takes frames: those of one buffer through rxq->taker,
 * others one completion at a time. Then it posts new buffers and rings one doorbell.
 */

#include <ethdev_driver.h>

#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_intr.h"
#include "wcnic_log.h"
#include "wcnic_rx.h"
#include "wcnic_rx_offload.h"

/* By enum wcnic_rx_taker. */
static const wcnic_rx_take_t takers[WCNIC_RX_TAKERS] = {
	[WCNIC_RX_TAKER_SCALAR] = wcnic_rx_take_scalar,
	[WCNIC_RX_TAKER_GENERIC] = wcnic_rx_take_generic,
#if defined(RTE_ARCH_X86)
	[WCNIC_RX_TAKER_AVX2] = wcnic_rx_take_avx2,
#endif
};

uint64_t
wcnic_rx_rearm(uint16_t port_id)
{
	struct rte_mbuf m = {.data_off = RTE_PKTMBUF_HEADROOM, .nb_segs = 1, .port = port_id};
	uint64_t rearm;

	static_assert(offsetof(struct rte_mbuf, port) - offsetof(struct rte_mbuf, data_off) == 6,
		      "one word holds what wcnic_rx_mbuf_rearm() writes");
	rte_mbuf_refcnt_set(&m, 1);
	memcpy(&rearm, RTE_PTR_ADD(&m, offsetof(struct rte_mbuf, data_off)), sizeof(rearm));
	return rearm;
}

/* A card may write anything. This completion must be for the next buffer, and fit it. */
__rte_warn_unused_result static bool
completion_ok(const struct wcnic_rxq *rxq, const struct wcnic_rx_cpl *cpl)
{
	const uint16_t flags = le16toh(cpl->flags);
	const uint16_t bytes = le16toh(cpl->bytes);
	const bool sop = (flags & WCNIC_RXF_SOP) != 0;
	const uint32_t frame = sop ? le16toh(cpl->frame_bytes) : rxq->left;

	if (sop && (flags & WCNIC_RXF_EXTRA) != 0 && rxq->extra == NULL)
		return false;
	return le16toh(cpl->seq) == rxq->head && rxq->head != rxq->posted && bytes != 0 &&
	       bytes <= rxq->buf_bytes && sop == (rxq->first == NULL) && bytes <= frame &&
	       ((flags & WCNIC_RXF_EOP) != 0) == (bytes == frame);
}

static void
completion_bad(struct wcnic_rxq *rxq, const struct wcnic_rx_cpl *cpl)
{
	rxq->failed = true;
	rxq->stats.bad_completions++;
	wcnic_store(&rxq->hw->failed, true);
	WCNIC_LOG(ERR, rxq->hw,
		  "Rx queue %u: impossible completion: buffer %u (next is %u), %u "
		  "bytes (buffer has %u), flags 0x%x, frame %u",
		  rxq->qid, le16toh(cpl->seq), rxq->head, le16toh(cpl->bytes), rxq->buf_bytes,
		  le16toh(cpl->flags), le16toh(cpl->frame_bytes));
}

static inline void
frame_start(struct wcnic_rxq *rxq, struct rte_mbuf *m, const struct wcnic_rx_cpl *cpl, uint16_t at)
{
	const uint16_t flags = le16toh(cpl->flags);

	m->ol_flags = (flags & WCNIC_RXF_OL_FLAGS) >> 1;
	m->pkt_len = le16toh(cpl->frame_bytes);
	m->packet_type = wcnic_rx_ptype(le16toh(cpl->ptype));
	m->hash.rss = le32toh(cpl->hash);
	if ((flags & WCNIC_RXF_EXTRA) != 0)
		wcnic_rx_extra_apply(rxq, m, flags, &rxq->extra[at]);
	rxq->first = m;
	rxq->left = m->pkt_len;
}

/* Adds the buffer at head to the frame under way. Returns the frame once it is whole, else NULL. */
static inline struct rte_mbuf *
buffer_add(struct wcnic_rxq *rxq, const struct wcnic_rx_cpl *cpl)
{
	const uint16_t at = rxq->head & rxq->mask;
	struct rte_mbuf *m = rxq->sw[at];
	struct rte_mbuf *first;

	rxq->head++;
	wcnic_rx_mbuf_rearm(m, rxq->rearm);
	m->data_len = le16toh(cpl->bytes);
	if (rxq->first == NULL) {
		frame_start(rxq, m, cpl, at);
	} else {
		rxq->last->next = m;
		rxq->first->nb_segs++;
	}
	rxq->last = m;
	rxq->left -= m->data_len;
	if (rxq->left != 0)
		return NULL;
	first = rxq->first;
	rxq->first = NULL;
	return first;
}

/*
 * Takes one completion of any kind. *frame: the frame if it is whole now, else NULL. False: there
 * is no completion, or it is impossible.
 */
static bool
any_take(struct wcnic_rxq *rxq, struct rte_mbuf **frame)
{
	struct wcnic_rx_cpl cpl;

	if (!wcnic_completion_take(rxq->cq, rxq->head, rxq->depth, &cpl))
		return false;
	if (!completion_ok(rxq, &cpl)) {
		completion_bad(rxq, &cpl);
		return false;
	}
	*frame = buffer_add(rxq, &cpl);
	return true;
}

static uint16_t
rx_take(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n)
{
	struct rte_mbuf *frame;
	uint16_t got = 0;

	if (unlikely(rxq->failed))
		return 0;
	for (;;) {
		if (rxq->first == NULL)
			got += takers[rxq->taker](rxq, pkts + got, n - got);
		if (got == n || !any_take(rxq, &frame))
			return got;
		if (frame == NULL)
			continue;
		rxq->stats.packets++;
		rxq->stats.bytes += frame->pkt_len;
		pkts[got++] = frame;
	}
}

/*
 * The pool has fewer than `n` buffers: takes those that it has. All entries that stay empty count
 * as missing, each once, however often it is tried. Returns how many buffers.
 */
static __rte_cold __rte_noinline uint16_t
last_take(struct wcnic_rxq *rxq, struct rte_mbuf **sw, uint16_t n)
{
	const uint16_t end = rxq->head + rxq->depth;
	uint16_t got = 0, empty;

	while (got < n && rte_mempool_get(rxq->pool, (void **)&sw[got]) == 0)
		got++;
	if (got == n)
		return n;
	empty = end - (uint16_t)(rxq->posted + got);
	rxq->stats.nombuf += RTE_MIN(empty, (uint16_t)(end - rxq->missing_seq));
	rxq->missing_seq = end;
	return got;
}

/* Posts up to `n` buffers, not beyond the ring's end. Returns how many. */
static uint16_t
refill_some(struct wcnic_rxq *rxq, uint16_t n)
{
	const uint16_t at = rxq->posted & rxq->mask;
	struct wcnic_rx_desc *desc = &rxq->ring[at];
	struct rte_mbuf **sw = &rxq->sw[at];

	if (unlikely(rte_mempool_get_bulk(rxq->pool, (void **)sw, n) != 0))
		n = last_take(rxq, sw, n);
	for (unsigned int i = 0; i < n; i++)
		desc[i].iova = htole64(rte_mbuf_data_iova_default(sw[i]));
	rxq->posted += n;
	return n;
}

void
wcnic_rx_doorbell(struct wcnic_rxq *rxq)
{
	wcbar_before_doorbell();
	wcbar_doorbell_select(rxq->doorbell_type)(rxq->doorbell,
						  WCNIC_RXDB_TAIL(rxq->posted) |
							  WCNIC_RXDB_CQ_HEAD(rxq->head) | rxq->arm);
}

/* ---- bursts ---------------------------------------------------------------------------------- */

/* Posts buffers as long as `least` entries are free, and rings the doorbell if any was posted. */
static void
refill(struct wcnic_rxq *rxq, uint16_t least)
{
	uint16_t unposted, n, before = rxq->posted;

	while ((unposted = rxq->depth - (uint16_t)(rxq->posted - rxq->head)) >= least) {
		n = RTE_MIN(unposted, WCNIC_RX_REFILL);
		n = RTE_MIN(n, (uint16_t)(rxq->depth - (rxq->posted & rxq->mask)));
		if (refill_some(rxq, n) != n)
			break;
	}
	if (rxq->posted != before)
		wcnic_rx_doorbell(rxq);
}

void
wcnic_rx_refill(struct wcnic_rxq *rxq)
{
	refill(rxq, 1);
}

uint16_t
wcnic_rx_burst(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct wcnic_rxq *rxq = queue;
	uint16_t got, unposted;

	if (unlikely(!wcnic_gate_enter(&rxq->gate)))
		return 0;
	got = rx_take(rxq, pkts, n);
	unposted = rxq->depth - (uint16_t)(rxq->posted - rxq->head);
	/* If nothing comes, the card may wait for more buffers than are posted: a long frame. */
	if (unposted >= WCNIC_RX_REFILL || (got == 0 && unposted > 0))
		refill(rxq, got != 0 ? WCNIC_RX_REFILL : 1);
	wcnic_gate_leave(&rxq->gate);
	return got;
}

uint16_t
wcnic_rx_burst_poll(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct wcnic_rxq *rxq = queue;

	if (likely(rte_atomic_load_explicit(&rxq->gate.state, rte_memory_order_acquire) ==
		   WCNIC_QUEUE_UP))
		rxq->hw->attach->poll(rxq->hw);
	return wcnic_rx_burst(queue, pkts, n);
}

void
wcnic_rx_purge(struct wcnic_rxq *rxq)
{
	struct wcnic_rx_cpl cpl;
	struct rte_mbuf *m;

	/* Frames that the card delivered and no burst took are counted before they are freed. */
	while (!rxq->failed && rxq->head != rxq->posted &&
	       wcnic_completion_take(rxq->cq, rxq->head, rxq->depth, &cpl) &&
	       completion_ok(rxq, &cpl)) {
		m = buffer_add(rxq, &cpl);
		if (m != NULL) {
			rxq->stats.discarded++;
			rte_pktmbuf_free(m);
		}
	}
	for (; rxq->head != rxq->posted; rxq->head++)
		rte_mempool_put(rxq->pool, rxq->sw[rxq->head & rxq->mask]);
	rte_pktmbuf_free(rxq->first);
	rxq->first = NULL;
}
