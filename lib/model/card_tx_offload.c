/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 6, requests: frames that are not sent as the host has them are copied first. */

#include <errno.h>

#include "card_tx.h"

#define L4_SHIFT 58
/* Requests for which a frame is not sent as the host has it. */
#define CHANGES (WCNIC_TXO_SEGMENT | WCNIC_TXO_L4_MASK | WCNIC_TXO_IPV4 | WCNIC_TXO_VLAN_INSERT)

static_assert(WCNIC_TXO_TCP == (uint64_t)WCDEV_OFFLOAD_TCP << L4_SHIFT &&
		      WCNIC_TXO_SCTP == (uint64_t)WCDEV_OFFLOAD_SCTP << L4_SHIFT &&
		      WCNIC_TXO_UDP == (uint64_t)WCDEV_OFFLOAD_UDP << L4_SHIFT,
	      "both number layer 4 alike");

static void
request_of(uint64_t word, struct wcdev_offload *o)
{
	*o = (struct wcdev_offload){
		.l2_bytes = (uint16_t)WCNIC_TXO_GET_L2_BYTES(word),
		.l3_bytes = (uint16_t)WCNIC_TXO_GET_L3_BYTES(word),
		.l4_bytes = (uint16_t)WCNIC_TXO_GET_L4_BYTES(word),
		.mss = WCNIC_TXO_GET_MSS(word),
		.vlan_tci = WCNIC_TXO_GET_VLAN_TCI(word),
		.l4 = (enum wcdev_offload_l4)((word & WCNIC_TXO_L4_MASK) >> L4_SHIFT),
		.ipv4 = (word & WCNIC_TXO_IPV4) != 0,
		.segment = (word & WCNIC_TXO_SEGMENT) != 0,
		.vlan = (word & WCNIC_TXO_VLAN_INSERT) != 0,
	};
	if (o->segment && o->l4 == WCDEV_OFFLOAD_NONE)
		o->l4 = WCDEV_OFFLOAD_TCP;
}

static enum card_tx_verdict
refused(struct card_tx_frame *out, enum wcnic_error reason)
{
	out->reason = reason;
	return CARD_TX_BAD;
}

enum card_tx_verdict
card_tx_offload(const struct card_tx_builder *b, struct card_tx_frame *out)
{
	const struct card_txq *q = b->q;
	struct wcnic_card *card = b->card;
	uint8_t *copy = (uint8_t *)card->copies + b->t->copied;
	uint32_t bytes;

	/* A queue without a ring of requests has none when it fetches. */
	if (q->placement == WCNIC_PLACEMENT_FETCH && q->requests.entries == 0)
		return refused(out, WCNIC_ERR_OFFLOAD);
	if ((b->word & CHANGES) == 0)
		return CARD_TX_READY;
	request_of(b->word, &out->offload);
	if (out->offload.segment)
		return (card->features & WCNIC_CAP_TX_SEGMENT) != 0
			       ? CARD_TX_CUT
			       : refused(out, WCNIC_ERR_OFFLOAD);
	bytes = wcdev_offload_bytes(&out->offload, out->frame.bytes);
	if (bytes > card_tx_bytes_max(card))
		return refused(out, WCNIC_ERR_OVERSIZE);
	if (wcdev_offload_copy(&out->offload, &out->frame, copy) != 0)
		return refused(out, WCNIC_ERR_OFFLOAD);
	b->t->copied += (bytes + 7) & ~7u;
	card_tx_frame_set(&out->frame, b->frags, copy, bytes, WCDEV_FRAME_STABLE);
	return CARD_TX_READY;
}

/* ---- segments ---------------------------------------------------------------------------- */

/* Whether the frame can be cut; if not, why. */
WC_MUST_CHECK static enum wcnic_error
cut_begin(struct wcnic_card *card, const struct card_tx_frame *f, uint32_t first,
	  struct wcdev_segmenter *s)
{
	if (wcdev_segmenter_init(s, &f->offload, &f->frame, first) != 0 ||
	    s->n > CARD_SEGMENTS_MAX || first >= s->n)
		return WCNIC_ERR_OFFLOAD;
	/* The first is the longest. */
	return wcdev_segment_bytes(s, 0) > card_tx_bytes_max(card) ? WCNIC_ERR_OVERSIZE
								   : WCNIC_ERR_NONE;
}

bool
card_tx_cut_send(struct wcnic_card *card, struct card_txq *q, const struct card_tx_frame *f,
		 uint16_t seq, enum wcnic_error *reason)
{
	uint8_t *copy = (uint8_t *)card->copies;
	struct wcdev_cut_sent sent;
	struct wcdev_segmenter s;
	bool done;

	if (q->cut_seq != seq || q->cut.sent == 0)
		q->cut = (struct wcdev_cut){0};
	q->cut_seq = seq;
	*reason = cut_begin(card, f, q->cut.sent, &s);
	if (*reason != WCNIC_ERR_NONE) {
		q->cut.sent = 0;
		return true;
	}
	done = wcdev_cut_send(&card->dev, &q->cut, &s, copy, copy + CARD_COPIES_BYTES, &sent);
	card->stats.tx_frames += sent.frames;
	card->stats.tx_segments += sent.frames;
	card->stats.tx_bytes += sent.bytes;
	if (done && q->cut.failed)
		*reason = WCNIC_ERR_FIRMWARE;
	return done;
}
