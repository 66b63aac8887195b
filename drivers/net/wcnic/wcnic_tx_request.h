/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_TX_REQUEST_H
#define WCNIC_TX_REQUEST_H

/*
 * What an mbuf asks of the card (datasheet section 6, requests): its flags and lengths become one
 * word, which is laid out as they are.
 */

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_mbuf.h>

#include <wcnic_abi.h>

#include "wcnic_txq.h"

#define WCNIC_REQUEST_BYTES ((uint16_t)sizeof(struct wcnic_tx_offload))
#define WCNIC_REQUEST_SHIFT 50 /* of ol_flags, which bits 63:56 of the word are */

#define WCNIC_REQUEST_SAME(flag, bits)                                         \
	static_assert((flag) >> WCNIC_REQUEST_SHIFT << 56 == (uint64_t)(bits), \
		      "a request's flags are laid out as an mbuf's")
WCNIC_REQUEST_SAME(RTE_MBUF_F_TX_TCP_SEG, WCNIC_TXO_SEGMENT);
WCNIC_REQUEST_SAME(RTE_MBUF_F_TX_IEEE1588_TMST, WCNIC_TXO_TIME);
WCNIC_REQUEST_SAME(RTE_MBUF_F_TX_TCP_CKSUM, WCNIC_TXO_TCP);
WCNIC_REQUEST_SAME(RTE_MBUF_F_TX_SCTP_CKSUM, WCNIC_TXO_SCTP);
WCNIC_REQUEST_SAME(RTE_MBUF_F_TX_UDP_CKSUM, WCNIC_TXO_UDP);
WCNIC_REQUEST_SAME(RTE_MBUF_F_TX_IP_CKSUM, WCNIC_TXO_IPV4);
WCNIC_REQUEST_SAME(RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6, WCNIC_TXO_HINTS);
WCNIC_REQUEST_SAME(RTE_MBUF_F_TX_VLAN, WCNIC_TXO_VLAN_INSERT);

/* What the word says by itself. */
#define WCNIC_REQUESTS_PLAIN                                                           \
	(RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_IEEE1588_TMST | RTE_MBUF_F_TX_L4_MASK | \
	 RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_VLAN)
/* What the writers look for, by the queue's enum wcnic_tx_asks. */
#define WCNIC_REQUESTS(asks)                                 \
	((asks) == WCNIC_ASKS_NOTHING ? 0                    \
	 : (asks) == WCNIC_ASKS_PLAIN ? WCNIC_REQUESTS_PLAIN \
				      : WCNIC_REQUESTS_PLAIN | RTE_MBUF_F_TX_UDP_SEG)

/* The upper half of ol_flags, which has all requests. */
static __rte_always_inline uint32_t
wcnic_tx_flags(const struct rte_mbuf *m)
{
	uint32_t upper;

	memcpy(&upper, (const uint8_t *)&m->ol_flags + sizeof(upper), sizeof(upper));
	return upper;
}

/* Whether there is a request that the writers look for among these flags. */
static __rte_always_inline bool
wcnic_tx_flags_ask(uint32_t flags, enum wcnic_tx_asks asks)
{
	return (flags & (uint32_t)(WCNIC_REQUESTS(asks) >> 32)) != 0;
}

/* Whether the frame has a request that the writers look for. */
static __rte_always_inline bool
wcnic_tx_asks(const struct rte_mbuf *m, enum wcnic_tx_asks asks)
{
	return asks != WCNIC_ASKS_NOTHING && wcnic_tx_flags_ask(wcnic_tx_flags(m), asks);
}

/*
 * Writes the word, unless the frame is UDP to be segmented; `flags`: wcnic_tx_flags() of it. Its
 * parts are stored one after the other, so that they take few registers and no instruction joins
 * them.
 */
static __rte_always_inline void
wcnic_tx_request_put(void *to, const struct rte_mbuf *m, uint32_t flags)
{
	static_assert(RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN, "parts are stored as they are");
	uint8_t *at = to;

	memcpy(at, &m->tx_offload, sizeof(m->tx_offload));
	memcpy(at + 5, &m->vlan_tci, sizeof(m->vlan_tci));
	at[7] = flags >> (WCNIC_REQUEST_SHIFT - 32);
}

/* The same for any frame. */
static inline void
wcnic_tx_request_put_any(void *to, const struct rte_mbuf *m)
{
	uint64_t word;

	wcnic_tx_request_put(to, m, wcnic_tx_flags(m));
	if ((m->ol_flags & RTE_MBUF_F_TX_UDP_SEG) == 0)
		return;
	memcpy(&word, to, sizeof(word));
	word |= WCNIC_TXO_SEGMENT | WCNIC_TXO_UDP;
	memcpy(to, &word, sizeof(word));
}

#endif /* WCNIC_TX_REQUEST_H */
