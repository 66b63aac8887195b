/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* rte_eth_tx_prepare(): whether frames can be sent as they are. */

#include <errno.h>

#include <ethdev_driver.h>

#include "wcnic_hw.h"
#include "wcnic_tx.h"

/*
 * What ol_flags may ask for. The other Tx flags are hints: they name the kinds of a frame's headers
 * for whoever serves a request, and ask for nothing.
 */
#define REQUESTS                                                                               \
	(RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG |              \
	 RTE_MBUF_F_TX_UDP_SEG | RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_TX_QINQ |                     \
	 RTE_MBUF_F_TX_OUTER_IP_CKSUM | RTE_MBUF_F_TX_OUTER_UDP_CKSUM | RTE_MBUF_F_TX_MACSEC | \
	 RTE_MBUF_F_TX_SEC_OFFLOAD | RTE_MBUF_F_TX_IEEE1588_TMST)
static_assert((RTE_MBUF_F_TX_OFFLOAD_MASK & ~REQUESTS) ==
		      (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_OUTER_IPV4 |
		       RTE_MBUF_F_TX_OUTER_IPV6 | RTE_MBUF_F_TX_TUNNEL_MASK),
	      "each Tx flag is a request or a hint");

/* 0 or what rte_errno gets. */
__rte_warn_unused_result static int
frame_check(const struct wcnic_txq *txq, const struct rte_mbuf *m)
{
	if (wcnic_tx_entries(txq, m, wcnic_tx_segs(m)) == 0 ||
	    m->pkt_len > txq->hw->mtu + WCNIC_L2_OVERHEAD)
		return EINVAL;
	return (m->ol_flags & REQUESTS) != 0 ? ENOTSUP : 0;
}

uint16_t
wcnic_tx_prepare(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	const struct wcnic_txq *txq = queue;
	int error;

	for (uint16_t i = 0; i < n; i++) {
		error = frame_check(txq, pkts[i]);
		if (error != 0) {
			rte_errno = error;
			return i;
		}
	}
	return n;
}
