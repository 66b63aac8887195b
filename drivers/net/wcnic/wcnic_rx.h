/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_RX_H
#define WCNIC_RX_H

/*
 * Inside Rx: wcnic_rx.c has bursts, buffers and frames of any kind; wcnic_rx_plain.c, behind
 * rxq->take, the usual ones.
 */

#include <rte_net.h>

#include "wcnic_queue.h"

/*
 * A wcnic_rx_take_t takes frames that have a buffer each, up to `n` and the ring's end, and stops
 * before the first completion that is not one of these, whatever else it is. By the widest vectors
 * that this CPU has and EAL allows; `name` is for people.
 */
wcnic_rx_take_t wcnic_rx_plain_select(const char **name);

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
 * What a buffer out of the pool is in a frame of its own: data_off, refcnt, nb_segs, port. Its next
 * is NULL there.
 */
static inline void
wcnic_rx_mbuf_rearm(struct rte_mbuf *m, uint64_t rearm)
{
	memcpy(RTE_PTR_ADD(m, offsetof(struct rte_mbuf, data_off)), &rearm, sizeof(rearm));
}

#endif /* WCNIC_RX_H */
