/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_RX_OFFLOAD_H
#define WCNIC_RX_OFFLOAD_H

/*
 * What Rx queues ask the card to do, and the extras ring (datasheet section 7), through which it
 * says what few frames have.
 */

#include <ethdev_driver.h>

#include <wcnic_abi.h>

#include "wcnic_rxq.h"
#include "wcnic_time.h"

struct wcnic_hw;

/* RTE_ETH_RX_OFFLOAD_* that a card with these features (WCNIC_CAP_*) does, for each queue. */
uint64_t wcnic_rx_offload_capa(uint64_t caps);
/* What the card is asked for, as WCNIC_RXQ_OFFLOAD_*. */
uint16_t wcnic_rx_offloads_to_card(uint64_t offloads);

/*
 * Gives a queue its extras ring, if it has none: for what is said of a frame beside the completion.
 * A queue that is on the card uses it from then on, without a stop. The caller holds hw->lock. 0,
 * -ENOTSUP: the card has no such rings; -ENOMEM; or what firmware answered.
 */
int wcnic_rx_extra_add(struct wcnic_rxq *rxq);
/*
 * The same for all queues of the port, also those that are set up later: for marks of flow rules.
 */
int wcnic_rx_extra_want(struct wcnic_hw *hw);
/* What the queue asks the card for, by its own offloads and the port's timesync. */
uint16_t wcnic_rx_card_offloads(const struct wcnic_rxq *rxq);
/* Timesync was switched: tells the card, with an extras ring. As wcnic_rx_extra_add(). */
int wcnic_rx_timesync_set(struct wcnic_rxq *rxq);
/* Frees the ring, if there is one. The queue is not on the card. */
void wcnic_rx_extra_free(struct rte_eth_dev *dev, struct wcnic_rxq *rxq);

/*
 * Changes RTE_ETH_RX_OFFLOAD_* of a queue, with an extras ring if it takes one; on the card, if the
 * queue is there. The caller holds hw->lock. 0, or as wcnic_rx_extra_add(), with nothing changed.
 */
int wcnic_rx_offloads_set(struct wcnic_rxq *rxq, uint64_t offloads);

/* A completion's flags without those of its buffer are ol_flags, moved by one. */
#define WCNIC_RXF_OL_FLAGS                                                        \
	(WCNIC_RXF_HASH | WCNIC_RXF_MATCH | WCNIC_RXF_L4_BAD | WCNIC_RXF_IP_BAD | \
	 WCNIC_RXF_IP_GOOD | WCNIC_RXF_L4_GOOD | WCNIC_RXF_PTP)
static_assert(RTE_MBUF_F_RX_RSS_HASH == (WCNIC_RXF_HASH >> 1) &&
		      RTE_MBUF_F_RX_FDIR == (WCNIC_RXF_MATCH >> 1) &&
		      RTE_MBUF_F_RX_L4_CKSUM_BAD == (WCNIC_RXF_L4_BAD >> 1) &&
		      RTE_MBUF_F_RX_IP_CKSUM_BAD == (WCNIC_RXF_IP_BAD >> 1) &&
		      RTE_MBUF_F_RX_IP_CKSUM_GOOD == (WCNIC_RXF_IP_GOOD >> 1) &&
		      RTE_MBUF_F_RX_L4_CKSUM_GOOD == (WCNIC_RXF_L4_GOOD >> 1) &&
		      RTE_MBUF_F_RX_IEEE1588_PTP == (WCNIC_RXF_PTP >> 1),
	      "one shift makes the one the others");

/* Adds to a frame what its extra says. `flags`: of the completion, with one of WCNIC_RXF_EXTRA. */
static inline void
wcnic_rx_extra_apply(const struct wcnic_rxq *rxq, struct rte_mbuf *m, uint16_t flags,
		     const struct wcnic_rx_extra *extra)
{
	if ((flags & WCNIC_RXF_VLAN) != 0) {
		m->vlan_tci = le16toh(extra->vlan_tci);
		m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	}
	if ((flags & WCNIC_RXF_QINQ) != 0) {
		m->vlan_tci_outer = le16toh(extra->outer_vlan_tci);
		m->ol_flags |= RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED;
	}
	if ((flags & WCNIC_RXF_MARK) != 0) {
		m->hash.fdir.hi = le32toh(extra->mark);
		m->ol_flags |= RTE_MBUF_F_RX_FDIR | RTE_MBUF_F_RX_FDIR_ID;
	}
	if ((flags & (WCNIC_RXF_TIME | WCNIC_RXF_PTP)) == (WCNIC_RXF_TIME | WCNIC_RXF_PTP))
		wcnic_time_ptp_note(rxq->hw, m, le64toh(extra->time_ns));
	if ((flags & WCNIC_RXF_TIME) != 0 && rxq->time_flag != 0) {
		*RTE_MBUF_DYNFIELD(m, rxq->time_off,
				   rte_mbuf_timestamp_t *) = le64toh(extra->time_ns);
		m->ol_flags |= rxq->time_flag;
	}
}

#endif /* WCNIC_RX_OFFLOAD_H */
