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

/* Makes as many segments as there is space for, at most CARD_BURST. Returns how many. */
static unsigned int
segments_make(struct wcnic_card *card, struct wcdev_segmenter *s, struct wcdev_frame *frames,
	      struct wcdev_frag *frags)
{
	uint8_t *copy = (uint8_t *)card->copies;
	const uint8_t *end = copy + CARD_COPIES_BYTES;
	unsigned int n = 0;

	for (; n < CARD_BURST && s->next < s->n && copy < end; n++) {
		uint32_t bytes = wcdev_segment_bytes(s, s->next);

		wcdev_segment_make(s, copy);
		card_tx_frame_set(&frames[n], &frags[n], copy, bytes, WCDEV_FRAME_STABLE);
		copy += (bytes + 7) & ~7u;
	}
	return n;
}

/* Offers `n` segments. False: the port holds one back, and *taken are done with. */
static bool
segments_send(struct wcnic_card *card, struct card_txq *q, const struct wcdev_frame *frames,
	      unsigned int n, unsigned int *taken)
{
	unsigned int end = 0;

	while (end < n) {
		unsigned int first = end;
		int ret = 0;

		end += wcdev_port_send(&card->dev, frames + first, n - first, &ret);
		card->stats.tx_frames += end - first;
		card->stats.tx_segments += end - first;
		for (; first < end; first++)
			card->stats.tx_bytes += frames[first].bytes;
		*taken = end;
		if (end == n)
			break;
		if (ret == -EAGAIN)
			return false;
		q->segs_failed = true;
		*taken = ++end;
	}
	return true;
}

bool
card_tx_cut_send(struct wcnic_card *card, struct card_txq *q, const struct card_tx_frame *f,
		 uint16_t seq, enum wcnic_error *reason)
{
	struct wcdev_frame frames[CARD_BURST];
	struct wcdev_frag frags[CARD_BURST];
	struct wcdev_segmenter s;
	unsigned int n, taken = 0;
	bool more;

	if (q->segs_seq != seq)
		q->segs_sent = 0;
	if (q->segs_sent == 0)
		q->segs_failed = false;
	q->segs_seq = seq;
	*reason = cut_begin(card, f, q->segs_sent, &s);
	while (*reason == WCNIC_ERR_NONE && s.next < s.n) {
		n = segments_make(card, &s, frames, frags);
		more = segments_send(card, q, frames, n, &taken);
		q->segs_sent += (uint16_t)taken;
		if (!more)
			return false;
	}
	if (*reason == WCNIC_ERR_NONE && q->segs_failed)
		*reason = WCNIC_ERR_FIRMWARE;
	q->segs_sent = 0;
	return true;
}
