/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 7: offloads of Rx queues. */

#include <wcdev_verdict.h>

#include "card_rx_offload.h"

static_assert(WCNIC_RXF_IP_GOOD == WCDEV_VERDICT_IP_GOOD &&
		      WCNIC_RXF_IP_BAD == WCDEV_VERDICT_IP_BAD &&
		      WCNIC_RXF_L4_GOOD == WCDEV_VERDICT_L4_GOOD &&
		      WCNIC_RXF_L4_BAD == WCDEV_VERDICT_L4_BAD,
	      "a completion has the verdict's flags");

/* ---- commands ------------------------------------------------------------------------------- */

static uint16_t
offloads_of_features(uint64_t features)
{
	uint16_t offloads = 0;

	if ((features & WCNIC_CAP_RX_CHECKSUM) != 0)
		offloads |= WCNIC_RXQ_OFFLOAD_CHECKSUM;
	if ((features & WCNIC_CAP_RX_EXTRA) != 0)
		offloads |= WCNIC_RXQ_OFFLOAD_VLAN_STRIP | WCNIC_RXQ_OFFLOAD_QINQ_STRIP;
	if ((features & WCNIC_CAP_CLOCK) != 0)
		offloads |= WCNIC_RXQ_OFFLOAD_TIME | WCNIC_RXQ_OFFLOAD_PTP;
	return offloads;
}

enum wcnic_admin_status
card_rx_wish_check(struct wcnic_card *card, struct card_admin_call *call,
		   const struct card_rx_wish *wish)
{
	const uint16_t known = offloads_of_features(card->features);
	const uint64_t iova = wish->extra_iova;

	call->result = wish->offloads_off;
	if ((wish->offloads & ~WCNIC_RXQ_OFFLOAD_ALL) != 0)
		return WCNIC_ST_INVALID_FIELD;
	if ((wish->offloads & ~known) != 0)
		return WCNIC_ST_UNSUPPORTED;
	call->result = wish->extra_off;
	if (iova != 0 && (card->features & WCNIC_CAP_RX_EXTRA) == 0)
		return WCNIC_ST_UNSUPPORTED;
	if ((iova & 63) != 0)
		return WCNIC_ST_INVALID_FIELD;
	if ((wish->offloads & WCNIC_RXQ_OFFLOAD_EXTRA) != 0 && iova == 0 && !wish->has_extra)
		return WCNIC_ST_INVALID_FIELD;
	if (iova != 0 &&
	    !wcdev_dma_reachable(&card->dev, iova, wish->depth * sizeof(struct wcnic_rx_extra),
				 WCDEV_DMA_WRITE))
		return WCNIC_ST_BAD_ADDRESS;
	call->result = 0;
	return WCNIC_ST_OK;
}

void
card_rx_wish_grant(struct wcnic_card *card, struct card_rxq *q, const struct card_rx_wish *wish)
{
	q->offloads = wish->offloads;
	if (wish->extra_iova != 0) {
		wcdev_ring_init(&q->extra, wish->extra_iova, q->depth,
				sizeof(struct wcnic_rx_extra), WCDEV_DMA_WRITE);
		q->has_extra = true;
	}
	card->rxq_offload &= ~(1ull << q->qid);
	card->rxq_offload |= (uint64_t)(q->offloads != 0) << q->qid;
}

enum wcnic_admin_status
card_rxq_set(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_rxq_set *p = call->params;
	const uint16_t qid = le16toh(p->qid);
	struct card_rx_wish wish = {
		.offloads = le16toh(p->offloads),
		.extra_iova = le64toh(p->extra_iova),
		.offloads_off = CARD_FIELD(wcnic_cmd_rxq_set, offloads),
		.extra_off = CARD_FIELD(wcnic_cmd_rxq_set, extra_iova),
	};
	enum wcnic_admin_status status;

	if (qid >= card->n_queues || card->rxqs[qid].state == CARD_QUEUE_NONE)
		return WCNIC_ST_INVALID_QUEUE;
	wish.depth = card->rxqs[qid].depth;
	wish.has_extra = card->rxqs[qid].has_extra;
	status = card_rx_wish_check(card, call, &wish);
	if (status == WCNIC_ST_OK)
		card_rx_wish_grant(card, &card->rxqs[qid], &wish);
	return status;
}

/* ---- frames --------------------------------------------------------------------------------- */

/* Takes off one tag, or both of two. */
static void
tags_strip(const struct card_rxq *q, const struct wcdev_parse *parse, struct card_rx_result *result)
{
	unsigned int n = (q->offloads & WCNIC_RXQ_OFFLOAD_VLAN_STRIP) != 0;

	if (parse->n_tags == 2 && (q->offloads & WCNIC_RXQ_OFFLOAD_QINQ_STRIP) != 0)
		n = 2;
	if (n == 0 || parse->n_tags == 0)
		return;
	result->cut_bytes = n * WCDEV_TAG_BYTES;
	result->flags |= WCNIC_RXF_VLAN;
	result->vlan_tci = parse->tci[n - 1];
	result->ptype &= ~(WCNIC_PTYPE_VLAN | WCNIC_PTYPE_QINQ);
	if (n == 2) {
		result->flags |= WCNIC_RXF_QINQ;
		result->outer_vlan_tci = parse->tci[0];
	} else if (parse->n_tags == 2) {
		result->ptype |= WCNIC_PTYPE_VLAN;
	}
}

void
card_rx_time(const struct wcnic_card *card, const struct card_rxq *q,
	     const struct wcdev_parse *parse, struct card_rx_result *result)
{
	const bool ptp = (q->offloads & WCNIC_RXQ_OFFLOAD_PTP) != 0 &&
			 (parse->ptype & WCDEV_PTYPE_PTP) != 0;

	if (ptp)
		result->flags |= WCNIC_RXF_PTP;
	if (!ptp && (q->offloads & WCNIC_RXQ_OFFLOAD_TIME) == 0)
		return;
	result->flags |= WCNIC_RXF_TIME;
	result->time_ns = card_clock_now(card);
}

void
card_rx_offload(const struct card_rxq *q, const struct wcdev_frame *frame, const uint8_t *head,
		const struct wcdev_parse *parse, struct card_rx_result *result)
{
	if ((q->offloads & WCNIC_RXQ_OFFLOAD_CHECKSUM) != 0)
		result->flags |= wcdev_verdict(frame, head, parse);
	tags_strip(q, parse, result);
}
