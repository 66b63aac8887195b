/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* rte_eth_tx_prepare(): whether frames can be sent as they are. */

#include <errno.h>

#include <ethdev_driver.h>
#include <rte_ether.h>

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

/* Those that speak of headers behind l2_len. */
#define HEADERS                                                                   \
	(RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG | \
	 RTE_MBUF_F_TX_UDP_SEG)
/* With these, l2_len and l3_len are those of a packet within: the card is told of none. */
#define WITHIN (RTE_MBUF_F_TX_TUNNEL_MASK | RTE_MBUF_F_TX_OUTER_IPV4 | RTE_MBUF_F_TX_OUTER_IPV6)

#define IP_BOTH (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6)
#define L2_BYTES_MIN 14
#define IPV4_BYTES_MIN 20
#define IPV6_BYTES 40
#define UDP_BYTES 8
#define TCP_BYTES_MIN 20

static bool
asks_segments(const struct rte_mbuf *m)
{
	return (m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)) != 0;
}

/*
 * Whether what is asked for can be. Headers are not read: the card does, and completes a frame that
 * contradicts them as an error.
 */
__rte_warn_unused_result static bool
lengths_ok(const struct wcnic_txq *txq, const struct rte_mbuf *m)
{
	const uint64_t ip = m->ol_flags & IP_BOTH;
	const uint16_t l3_least = ip == RTE_MBUF_F_TX_IPV6 ? IPV6_BYTES : IPV4_BYTES_MIN;
	uint32_t bytes = (uint32_t)m->l2_len + m->l3_len, payload;

	if (m->l2_len < L2_BYTES_MIN || m->l3_len < l3_least || ip == IP_BOTH || bytes > m->pkt_len)
		return false;
	if (ip == RTE_MBUF_F_TX_IPV6 && (m->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) != 0)
		return false;
	if (!asks_segments(m))
		return true;
	bytes += m->l4_len;
	payload = m->pkt_len - RTE_MIN(bytes, m->pkt_len);
	if (m->l4_len < ((m->ol_flags & RTE_MBUF_F_TX_UDP_SEG) != 0 ? UDP_BYTES : TCP_BYTES_MIN) ||
	    bytes > m->pkt_len || m->tso_segsz == 0)
		return false;
	return (payload + m->tso_segsz - 1) / m->tso_segsz <= txq->hw->id.max_segments;
}

/* How long the longest frame is that the card will make of it. */
static uint32_t
wire_bytes(const struct rte_mbuf *m)
{
	const uint32_t tag = (m->ol_flags & RTE_MBUF_F_TX_VLAN) != 0 ? RTE_VLAN_HLEN : 0;
	const uint32_t cut = (uint32_t)m->l2_len + m->l3_len + m->l4_len + m->tso_segsz;

	return (asks_segments(m) ? RTE_MIN(cut, m->pkt_len) : m->pkt_len) + tag;
}

/* 0 or -errno. */
__rte_warn_unused_result static int
frame_check(const struct wcnic_txq *txq, const struct rte_mbuf *m)
{
	const uint64_t asked = m->ol_flags & REQUESTS;

	if ((asked & ~txq->served) != 0 || ((asked & HEADERS) != 0 && (m->ol_flags & WITHIN) != 0))
		return -ENOTSUP;
	if (wcnic_tx_entries(txq, m, wcnic_tx_segs(m)) == 0 ||
	    wire_bytes(m) > txq->hw->mtu + WCNIC_L2_OVERHEAD)
		return -EINVAL;
	return (asked & HEADERS) == 0 || lengths_ok(txq, m) ? 0 : -EINVAL;
}

uint16_t
wcnic_tx_prepare(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	const struct wcnic_txq *txq = queue;
	int ret;

	for (uint16_t i = 0; i < n; i++) {
		ret = frame_check(txq, pkts[i]);
		if (ret != 0) {
			rte_errno = -ret;
			return i;
		}
	}
	return n;
}
