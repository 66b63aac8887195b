/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Rx of frames of one buffer each (datasheet section 7): one by one, or four completions at once
 * (wcnic_rx_quads.h).
 */

#include <ethdev_driver.h>
#include <rte_cpuflags.h>
#include <rte_vect.h>

#include "wcnic_rx.h"
#include "wcnic_rx_offload.h"
#include "wcnic_rx_quads.h"

/* ---- one by one ----------------------------------------------------------------------------- */

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

/* One by one. The completion's two words are read once each, the one with the phase first. */
__rte_noinline uint16_t
wcnic_rx_take_scalar(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n)
{
	const uint16_t first = rxq->head & rxq->mask;
	const RTE_ATOMIC(
		uint64_t) *words = (const RTE_ATOMIC(uint64_t) *)(const void *)&rxq->cq[first];
	const uint64_t phase = (uint64_t)((rxq->head & rxq->depth) == 0) << 56;
	struct rte_mbuf **sw = &rxq->sw[first];
	const uint64_t rearm = rxq->rearm;
	const uint32_t buf_bytes = rxq->buf_bytes;
	uint16_t head = rxq->head, i;
	uint64_t total = 0;

	n = RTE_MIN(n, (uint16_t)(rxq->posted - head));
	n = RTE_MIN(n, (uint16_t)(rxq->depth - first));
	for (i = 0; i < n; i++, head++, words += 2) {
		const uint64_t high = le64toh(
			rte_atomic_load_explicit(&words[1], rte_memory_order_acquire));
		const uint64_t low = le64toh(
			rte_atomic_load_explicit(&words[0], rte_memory_order_relaxed));
		const uint32_t bytes = (uint16_t)low, flags = (uint32_t)low >> 16;
		struct rte_mbuf *m = sw[i];

		/* bytes - 1: so that 0 bytes count as too many */
		if (unlikely(((high ^ (phase | bytes << 16 | head)) & PLAIN_MASK) != 0 ||
			     (flags & ~WCNIC_RXF_OL_FLAGS) != (WCNIC_RXF_SOP | WCNIC_RXF_EOP) ||
			     bytes - 1 >= buf_bytes))
			break;
		if (unlikely((uint16_t)(high >> 32) != rxq->ptype_seen)) {
			rxq->ptype_seen = (uint16_t)(high >> 32);
			rxq->packet_type = wcnic_rx_ptype(rxq->ptype_seen);
		}
		wcnic_rx_mbuf_rearm(m, rearm);
		m->ol_flags = (flags & WCNIC_RXF_OL_FLAGS) >> 1;
		mbuf_fill(m, rxq->packet_type, bytes, (uint32_t)(low >> 32));
		total += bytes;
		pkts[i] = m;
	}
	rxq->head = head;
	rxq->stats.packets += i;
	rxq->stats.bytes += total;
	return i;
}

WCNIC_RX_QUADS_VARIANT(generic, WCNIC_ANY_CPU)

uint8_t
wcnic_rx_plain_select(const char **name)
{
	const uint16_t bits = rte_vect_get_max_simd_bitwidth();

#if defined(RTE_ARCH_X86)
	if (bits >= RTE_VECT_SIMD_256 && rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) > 0) {
		*name = "avx2";
		return WCNIC_RX_TAKER_AVX2;
	}
#endif
	*name = "scalar";
	if (bits < RTE_VECT_SIMD_128)
		return WCNIC_RX_TAKER_SCALAR;
#if defined(RTE_ARCH_ARM64)
	*name = "neon";
#elif defined(RTE_ARCH_X86)
	*name = "sse";
#endif
	return WCNIC_RX_TAKER_GENERIC;
}
