/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_RX_H
#define WCNIC_RX_H

/*
 * What the files of Rx share. wcnic_rx.c has bursts, buffers, and frames of any kind.
 * wcnic_rx_plain.c, behind rxq->taker, has frames of one buffer.
 */

#include <rte_net.h>

#include "wcnic_queue.h"

/*
 * The enum wcnic_rx_taker with the widest vectors that this CPU has and EAL allows. *name gets the
 * variant's static name, to print. Control path.
 */
uint8_t wcnic_rx_plain_select(const char **name);
/*
 * Each wcnic_rx_take_t takes frames of one buffer each from rxq->head on, up to `n` and the ring's
 * end. It stops before the first completion of another kind: a longer frame, none, or an impossible
 * one. It returns how many mbufs it put into pkts. Called from a burst. No TLP, no fence.
 */
#define WCNIC_RX_TAKE(name) uint16_t name(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n)
WCNIC_HOT WCNIC_RX_TAKE(wcnic_rx_take_scalar);
WCNIC_RX_TAKE(wcnic_rx_take_generic);
#if defined(RTE_ARCH_X86)
WCNIC_RX_TAKE(wcnic_rx_take_avx2);
#endif

/* The mbuf's packet type for the card's. Any value is safe. */
static inline uint32_t
wcnic_rx_ptype(uint16_t ptype)
{
	/* by the bits VLAN, QINQ, PTP, ARP; a tag tells more than what is behind it */
	static const uint32_t l2[16] = {
		RTE_PTYPE_L2_ETHER,      RTE_PTYPE_L2_ETHER_VLAN,     RTE_PTYPE_L2_ETHER_QINQ,
		RTE_PTYPE_L2_ETHER_QINQ, RTE_PTYPE_L2_ETHER_TIMESYNC, RTE_PTYPE_L2_ETHER_VLAN,
		RTE_PTYPE_L2_ETHER_QINQ, RTE_PTYPE_L2_ETHER_QINQ,     RTE_PTYPE_L2_ETHER_ARP,
		RTE_PTYPE_L2_ETHER_VLAN, RTE_PTYPE_L2_ETHER_QINQ,     RTE_PTYPE_L2_ETHER_QINQ,
		RTE_PTYPE_L2_ETHER,      RTE_PTYPE_L2_ETHER_VLAN,     RTE_PTYPE_L2_ETHER_QINQ,
		RTE_PTYPE_L2_ETHER_QINQ,
	};
	static const uint32_t l3[16] = {
		[WCNIC_PTYPE_IPV4 >> 4] = RTE_PTYPE_L3_IPV4_EXT_UNKNOWN,
		[WCNIC_PTYPE_IPV6 >> 4] = RTE_PTYPE_L3_IPV6_EXT_UNKNOWN,
		[(WCNIC_PTYPE_IPV4 | WCNIC_PTYPE_IP_PLAIN) >> 4] = RTE_PTYPE_L3_IPV4,
		[(WCNIC_PTYPE_IPV6 | WCNIC_PTYPE_IP_PLAIN) >> 4] = RTE_PTYPE_L3_IPV6,
		[(WCNIC_PTYPE_IPV4 | WCNIC_PTYPE_IP_EXT) >> 4] = RTE_PTYPE_L3_IPV4_EXT,
		[(WCNIC_PTYPE_IPV6 | WCNIC_PTYPE_IP_EXT) >> 4] = RTE_PTYPE_L3_IPV6_EXT,
	};
	static const uint32_t l4[8] = {
		[WCNIC_PTYPE_TCP >> 8] = RTE_PTYPE_L4_TCP,
		[WCNIC_PTYPE_UDP >> 8] = RTE_PTYPE_L4_UDP,
		[WCNIC_PTYPE_ICMP >> 8] = RTE_PTYPE_L4_ICMP,
		[WCNIC_PTYPE_FRAG >> 8] = RTE_PTYPE_L4_FRAG,
		[WCNIC_PTYPE_SCTP >> 8] = RTE_PTYPE_L4_SCTP,
	};

	return l2[ptype & 0xf] | l3[ptype >> 4 & 0xf] | l4[(ptype & WCNIC_PTYPE_L4_MASK) >> 8];
}

/*
 * Sets data_off, refcnt, nb_segs and port of a buffer from the pool with one store of the word that
 * wcnic_rx_rearm() made. Its `next` is NULL already: mbufs in a pool have none.
 */
static inline void
wcnic_rx_mbuf_rearm(struct rte_mbuf *m, uint64_t rearm)
{
	memcpy(RTE_PTR_ADD(m, offsetof(struct rte_mbuf, data_off)), &rearm, sizeof(rearm));
}

#endif /* WCNIC_RX_H */
