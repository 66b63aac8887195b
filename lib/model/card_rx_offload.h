/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_RX_OFFLOAD_H
#define CARD_RX_OFFLOAD_H

/* Section 7: what an Rx queue asks the card to do to its frames, and the extras ring. */

#include <wcdev_parse.h>

#include "card_rx.h"

/* What a command asks for, and where its fields are, to be named in the answer. */
struct card_rx_wish {
	uint16_t offloads; /* WCNIC_RXQ_OFFLOAD_* */
	uint16_t depth;
	uint64_t extra_iova; /* 0: none */
	bool has_extra;      /* the queue has one already */
	uint16_t offloads_off;
	uint16_t extra_off;
};

/* Whether the card can do it for that queue. */
WC_MUST_CHECK enum wcnic_admin_status
card_rx_wish_check(struct wcnic_card *card, struct card_admin_call *call,
		   const struct card_rx_wish *wish);
/* Gives a queue what was checked. */
void
card_rx_wish_grant(struct wcnic_card *card, struct card_rxq *q, const struct card_rx_wish *wish);
/* Does RXQ_SET. */
enum wcnic_admin_status card_rxq_set(struct wcnic_card *card, struct card_admin_call *call);

/*
 * Does what q->offloads ask for to a frame, and adds to `result`. `head` are the frame's first
 * bytes, `parse` is what the parser found in them.
 */
void card_rx_offload(const struct card_rxq *q, const struct wcdev_frame *frame, const uint8_t *head,
		     const struct wcdev_parse *parse, struct card_rx_result *result);

/*
 * The time of the frame, if q->offloads ask for it: of all frames, or of those of PTP. Reads the
 * oscillator.
 */
void card_rx_time(const struct wcnic_card *card, const struct card_rxq *q,
		  const struct wcdev_parse *parse, struct card_rx_result *result);

/* Writes the extra of the frame whose first buffer is the next. It can be reached. As
 * wcdev_ring_publish().
 */
WC_MUST_CHECK static inline int
card_rx_extra_publish(struct wcnic_card *card, struct card_rxq *q,
		      const struct card_rx_result *result)
{
	const struct wcnic_rx_extra extra = {
		.time_ns = htole64(result->time_ns),
		.mark = htole32(result->mark),
		.vlan_tci = htole16(result->vlan_tci),
		.outer_vlan_tci = htole16(result->outer_vlan_tci),
	};

	return wcdev_ring_publish(&card->dev, &q->extra, q->head, &extra, sizeof(extra));
}

#endif /* CARD_RX_OFFLOAD_H */
