/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Rx bursts (datasheet section 7). */

#include <ethdev_driver.h>
#include <rte_net.h>

#include "wcnic.h"

#define REFILL_BURST 32

static uint32_t
ptype_to_mbuf(uint16_t ptype)
{
	static const uint32_t l3[] = {0, RTE_PTYPE_L3_IPV4_EXT_UNKNOWN,
				      RTE_PTYPE_L3_IPV6_EXT_UNKNOWN, 0};
	static const uint32_t l4[] = {
		0, RTE_PTYPE_L4_TCP, RTE_PTYPE_L4_UDP, RTE_PTYPE_L4_ICMP, RTE_PTYPE_L4_FRAG, 0, 0,
		0};

	return ((ptype & WCNIC_PTYPE_VLAN) != 0 ? RTE_PTYPE_L2_ETHER_VLAN : RTE_PTYPE_L2_ETHER) |
	       l3[(ptype & WCNIC_PTYPE_L3_MASK) >> 4] | l4[(ptype & WCNIC_PTYPE_L4_MASK) >> 8];
}

/*
 * What a buffer out of the pool is in a frame of its own: data_off, refcnt, nb_segs, port. Its next
 * is NULL there.
 */
static inline void
mbuf_rearm(struct rte_mbuf *m, uint64_t rearm)
{
	memcpy(RTE_PTR_ADD(m, offsetof(struct rte_mbuf, data_off)), &rearm, sizeof(rearm));
}

uint64_t
wcnic_rx_rearm(uint16_t port_id)
{
	struct rte_mbuf m = {.data_off = RTE_PKTMBUF_HEADROOM, .nb_segs = 1, .port = port_id};
	uint64_t rearm;

	static_assert(offsetof(struct rte_mbuf, port) - offsetof(struct rte_mbuf, data_off) == 6,
		      "one word holds what mbuf_rearm() writes");
	rte_mbuf_refcnt_set(&m, 1);
	memcpy(&rearm, RTE_PTR_ADD(&m, offsetof(struct rte_mbuf, data_off)), sizeof(rearm));
	return rearm;
}

/* Completions are hostile: this one must be for the buffer that is next, and fit it. */
__rte_warn_unused_result static bool
completion_ok(const struct wcnic_rxq *rxq, const struct wcnic_rx_cpl *cpl)
{
	const uint16_t flags = le16toh(cpl->flags);
	const uint16_t bytes = le16toh(cpl->bytes);
	const bool sop = (flags & WCNIC_RXF_SOP) != 0;
	const uint32_t frame = sop ? le16toh(cpl->frame_bytes) : rxq->left;

	return le16toh(cpl->seq) == rxq->head && rxq->head != rxq->posted && bytes != 0 &&
	       bytes <= rxq->buf_bytes && sop == (rxq->first == NULL) && bytes <= frame &&
	       ((flags & WCNIC_RXF_EOP) != 0) == (bytes == frame);
}

static void
completion_bad(struct wcnic_rxq *rxq, const struct wcnic_rx_cpl *cpl)
{
	rxq->failed = true;
	rxq->stats.bad_completions++;
	atomic_store(&rxq->hw->failed, true);
	WCNIC_LOG(ERR, rxq->hw,
		  "Rx queue %u: impossible completion: buffer %u (next is %u), %u "
		  "bytes (room %u), flags 0x%x, frame %u",
		  rxq->qid, le16toh(cpl->seq), rxq->head, le16toh(cpl->bytes), rxq->buf_bytes,
		  le16toh(cpl->flags), le16toh(cpl->frame_bytes));
}

static inline void
frame_start(struct wcnic_rxq *rxq, struct rte_mbuf *m, const struct wcnic_rx_cpl *cpl)
{
	m->ol_flags = 0;
	m->pkt_len = le16toh(cpl->frame_bytes);
	m->packet_type = ptype_to_mbuf(le16toh(cpl->ptype));
	if ((le16toh(cpl->flags) & WCNIC_RXF_HASH) != 0) {
		m->hash.rss = le32toh(cpl->hash);
		m->ol_flags = RTE_MBUF_F_RX_RSS_HASH;
	}
	rxq->first = m;
	rxq->left = m->pkt_len;
}

/* Adds the buffer at head to the frame under way; returns the frame when it is whole. */
static inline struct rte_mbuf *
buffer_add(struct wcnic_rxq *rxq, const struct wcnic_rx_cpl *cpl)
{
	struct rte_mbuf *m = rxq->sw[rxq->head & rxq->mask];
	struct rte_mbuf *first;

	rxq->head++;
	mbuf_rearm(m, rxq->rearm);
	m->data_len = le16toh(cpl->bytes);
	if (rxq->first == NULL) {
		frame_start(rxq, m, cpl);
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

/* Packet type, lengths and hash of a frame in one buffer: two words of the mbuf. */
static inline void
mbuf_fill(struct rte_mbuf *m, uint32_t packet_type, uint16_t bytes, uint32_t hash)
{
	static_assert(offsetof(struct rte_mbuf, pkt_len) ==
				      offsetof(struct rte_mbuf, packet_type) + 4 &&
			      offsetof(struct rte_mbuf, data_len) ==
				      offsetof(struct rte_mbuf, packet_type) + 8 &&
			      offsetof(struct rte_mbuf, hash) ==
				      offsetof(struct rte_mbuf, packet_type) + 12,
		      "two words hold these, and a VLAN that is not stripped");
	const uint64_t words[2] = {
		htole64((uint64_t)packet_type | (uint64_t)bytes << 32),
		htole64((uint64_t)bytes | (uint64_t)hash << 32),
	};

	memcpy(&m->packet_type, words, sizeof(words));
}

/* In the second word of a completion: phase, frame_bytes and seq. */
#define PLAIN_MASK ((uint64_t)WCNIC_PHASE_BIT << 56 | UINT32_MAX)

/*
 * Frames that have a buffer each, up to `n` and the ring's end: the completion's two words are
 * read once each, the one with the phase first. Stops before the first completion that is not one
 * of these, whatever else it is.
 */
WCNIC_HOT static __rte_noinline uint16_t
plain_take(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n)
{
	const uint16_t first = rxq->head & rxq->mask;
	const uint64_t *words = (const uint64_t *)(const void *)&rxq->cq[first];
	const uint64_t phase = (uint64_t)((rxq->head & rxq->depth) == 0) << 56;
	struct rte_mbuf **sw = &rxq->sw[first];
	const uint64_t rearm = rxq->rearm;
	const uint32_t room = rxq->buf_bytes;
	uint16_t head = rxq->head, i;
	uint64_t total = 0;

	n = RTE_MIN(n, (uint16_t)(rxq->posted - head));
	n = RTE_MIN(n, (uint16_t)(rxq->depth - first));
	for (i = 0; i < n; i++, head++, words += 2) {
		const uint64_t high = le64toh(__atomic_load_n(&words[1], __ATOMIC_ACQUIRE));
		const uint64_t low = le64toh(__atomic_load_n(&words[0], __ATOMIC_RELAXED));
		const uint32_t bytes = (uint16_t)low, flags = (uint32_t)low >> 16;
		struct rte_mbuf *m = sw[i];

		/* 0 bytes are more than any buffer has */
		if (unlikely(((high ^ (phase | bytes << 16 | head)) & PLAIN_MASK) != 0 ||
			     (flags & ~WCNIC_RXF_HASH) != (WCNIC_RXF_SOP | WCNIC_RXF_EOP) ||
			     bytes - 1 >= room))
			break;
		if (unlikely((uint16_t)(high >> 32) != rxq->ptype_seen)) {
			rxq->ptype_seen = (uint16_t)(high >> 32);
			rxq->packet_type = ptype_to_mbuf(rxq->ptype_seen);
		}
		mbuf_rearm(m, rearm);
		m->ol_flags = (flags & WCNIC_RXF_HASH) != 0 ? RTE_MBUF_F_RX_RSS_HASH : 0;
		mbuf_fill(m, rxq->packet_type, bytes, (uint32_t)(low >> 32));
		total += bytes;
		pkts[i] = m;
	}
	rxq->head = head;
	rxq->stats.packets += i;
	rxq->stats.bytes += total;
	return i;
}

/* One completion of any kind. False: there is none, or it is impossible. */
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
			got += plain_take(rxq, pkts + got, n - got);
		if (got == n || !any_take(rxq, &frame))
			return got;
		if (frame == NULL)
			continue;
		rxq->stats.packets++;
		rxq->stats.bytes += frame->pkt_len;
		pkts[got++] = frame;
	}
}

/* Posts up to `n` buffers; they do not wrap around the ring's end. */
static uint16_t
refill_some(struct wcnic_rxq *rxq, uint16_t n)
{
	const uint16_t at = rxq->posted & rxq->mask;
	struct wcnic_rx_desc *desc = &rxq->ring[at];
	struct rte_mbuf **sw = &rxq->sw[at];

	n = RTE_MIN(n, (uint16_t)(rxq->depth - at));
	if (unlikely(rte_mempool_get_bulk(rxq->pool, (void **)sw, n) != 0)) {
		rxq->stats.nombuf += n;
		return 0;
	}
	for (unsigned int i = 0; i < n; i++)
		desc[i].iova = htole64(rte_mbuf_data_iova_default(sw[i]));
	rxq->posted += n;
	return n;
}

static inline void
rx_doorbell(struct wcnic_rxq *rxq)
{
	wcbar_before_doorbell();
	rxq->store->doorbell(rxq->doorbell,
			     WCNIC_RXDB_TAIL(rxq->posted) | WCNIC_RXDB_CQ_HEAD(rxq->head));
}

/* ---- interrupts ------------------------------------------------------------------------------ */

/*
 * The record holds the whole state, so as long as an interrupt is wanted every doorbell asks for
 * it: one without ARM that followed soon after would hide the one with it. The queue's doorbell is
 * replaced meanwhile, and bursts know nothing of it.
 */
static void
doorbell_armed(void *dst, uint64_t value)
{
	wcbar_write64(dst, value | WCNIC_RXDB_ARM);
}

static void
doorbell_armed_wc(void *dst, uint64_t value)
{
	wcbar_write64_wc(dst, value | WCNIC_RXDB_ARM);
}

static const struct wcbar_store store_armed = {
	.name = "armed",
	.doorbell = doorbell_armed,
};

static const struct wcbar_store store_armed_wc = {
	.name = "armed",
	.doorbell = doorbell_armed_wc,
};

/*
 * Between the application's last look and this there may have been a completion: the card raises
 * for any at or after the record's cq_head, so none is lost. One that is here already is not left
 * to it: the same record may have been answered before.
 */
void
wcnic_rx_arm(struct wcnic_rxq *rxq)
{
	struct wcnic_rx_cpl cpl;

	if (!wcnic_gate_enter(&rxq->gate))
		return; /* whoever opens it wakes the sleepers */
	rxq->store = rxq->hw->doorbells.win.type == WCBAR_TYPE_WC ? &store_armed_wc : &store_armed;
	rx_doorbell(rxq);
	if (wcnic_completion_take(rxq->cq, rxq->head, rxq->depth, &cpl))
		wcnic_intr_raise(rxq->hw, rxq->qid);
	wcnic_gate_leave(&rxq->gate);
}

void
wcnic_rx_disarm(struct wcnic_rxq *rxq)
{
	if (!wcnic_gate_enter(&rxq->gate))
		return;
	rxq->store = rxq->hw->doorbells.win.store;
	wcnic_gate_leave(&rxq->gate);
}

/* ---- bursts ---------------------------------------------------------------------------------- */

/* Posts buffers as long as there is room for `least` of them. */
static void
refill(struct wcnic_rxq *rxq, uint16_t least)
{
	uint16_t room, before = rxq->posted;

	while ((room = rxq->depth - (uint16_t)(rxq->posted - rxq->head)) >= least) {
		if (refill_some(rxq, RTE_MIN(room, REFILL_BURST)) == 0)
			break;
	}
	if (rxq->posted != before)
		rx_doorbell(rxq);
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
	uint16_t got, room;

	if (unlikely(!wcnic_gate_enter(&rxq->gate)))
		return 0;
	got = rx_take(rxq, pkts, n);
	room = rxq->depth - (uint16_t)(rxq->posted - rxq->head);
	/* when nothing comes, the card may be waiting for more buffers than are posted */
	if (room >= REFILL_BURST || (got == 0 && room > 0))
		refill(rxq, got != 0 ? REFILL_BURST : 1);
	wcnic_gate_leave(&rxq->gate);
	return got;
}

/* For a card that works only when it is polled. */
uint16_t
wcnic_rx_burst_poll(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct wcnic_rxq *rxq = queue;

	if (likely(atomic_load_explicit(&rxq->gate.state, memory_order_acquire) == WCNIC_QUEUE_UP))
		rxq->hw->attach->poll(rxq->hw);
	return wcnic_rx_burst(queue, pkts, n);
}

void
wcnic_rx_purge(struct wcnic_rxq *rxq)
{
	struct wcnic_rx_cpl cpl;
	struct rte_mbuf *m;

	/* what the card delivered and nobody took is gone with the buffers: say how much */
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
