/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_RX_H
#define WCNIC_RX_H

/*
 * What the files of Rx share. wcnic_rx.c has bursts, buffers, and frames of any kind.
 * wcnic_rx_plain.c, behind rxq->take, has frames of one buffer.
 */

#include <rte_net.h>

#include "wcnic_queue.h"

/*
 * The function of type wcnic_rx_take_t with the widest vectors that this CPU has and EAL allows.
 * *name gets the variant's static name, to print. Control path.
 * Such a function takes frames of one buffer each from rxq->head on, up to `n` and the ring's end.
 * It stops before the first completion of another kind: a longer frame, none, or an impossible one.
 * It returns how many mbufs it put into pkts. Called from a burst. No TLP, no fence.
 */
wcnic_rx_take_t wcnic_rx_plain_select(const char **name);

/* The mbuf's packet type for the card's. Any value is safe. */
static inline uint32_t
wcnic_rx_ptype(uint16_t ptype)
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
 * Sets data_off, refcnt, nb_segs and port of a buffer from the pool with one store of the word that
 * wcnic_rx_rearm() made. Its `next` is NULL already: mbufs in a pool have none.
 */
static inline void
wcnic_rx_mbuf_rearm(struct rte_mbuf *m, uint64_t rearm)
{
	memcpy(RTE_PTR_ADD(m, offsetof(struct rte_mbuf, data_off)), &rearm, sizeof(rearm));
}

#endif /* WCNIC_RX_H */
