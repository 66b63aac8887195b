/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Checksums and segments: frames that are not sent as the driver has them are copied first. */

#include <errno.h>

#include "ena_tx.h"

/* The fields that offloads need, or NULL: the frame has none, and none may be used again. */
static const struct ena_tx_meta *
meta_find(const struct ena_tx_build *b)
{
	if (b->has_meta)
		return &b->meta;
	if (b->sq->meta.ctrl == 0 || b->sq->no_meta_caching)
		return NULL;
	b->t->cached = true;
	return &b->sq->meta;
}

/* What the descriptor asks for. False: it contradicts itself. */
static bool
offload_of(uint32_t asks, const struct ena_tx_meta *meta, struct wcdev_offload *o)
{
	const uint32_t l3 = ENA_TXD_L3(asks), l4 = ENA_TXD_L4(asks);

	*o = (struct wcdev_offload){
		.l2_bytes = (uint16_t)ENA_TXM_L3_OFF(meta->word),
		.l3_bytes = (uint16_t)ENA_TXM_L3_BYTES(meta->word),
		.l4_bytes = (uint16_t)(ENA_TXM_L4_WORDS(meta->word) * 4),
		.mss = (uint16_t)(ENA_TXM_MSS_HI(meta->ctrl) << 10 | ENA_TXM_MSS_LO(meta->word)),
		.ipv4 = (asks & ENA_TXD_L3_CSUM) != 0 && l3 == ENA_L3_IPV4,
		.segment = (asks & ENA_TXD_TSO) != 0,
	};
	if (l3 != ENA_L3_IPV4 && l3 != ENA_L3_IPV6)
		return false;
	if ((asks & (ENA_TXD_L4_CSUM | ENA_TXD_TSO)) != 0) {
		if (l4 != ENA_L4_TCP && l4 != ENA_L4_UDP)
			return false;
		o->l4 = l4 == ENA_L4_TCP ? WCDEV_OFFLOAD_TCP : WCDEV_OFFLOAD_UDP;
	}
	return !o->segment || o->l4 == WCDEV_OFFLOAD_TCP;
}

/* Whether the headers, in which layer 3 has been found, are of the version that was said. */
static bool
version_ok(const struct ena_tx_burst *t, const uint8_t *headers)
{
	const struct wcdev_offload *o = &t->offload;

	if (!o->ipv4 && o->l4 == WCDEV_OFFLOAD_NONE)
		return true; /* nobody has looked at it */
	return headers[o->l2_bytes] >> 4 == t->ip_version;
}

enum ena_tx_verdict
ena_tx_offload(struct ena_tx_build *b)
{
	const struct ena_tx_meta *meta = meta_find(b);
	struct ena_tx_burst *t = b->t;
	uint8_t *copy;

	if (meta == NULL || !offload_of(b->asks, meta, &t->offload))
		return ena_tx_drop(b, &b->card->stats.tx_bad_meta);
	t->ip_version = ENA_TXD_L3(b->asks) == ENA_L3_IPV4 ? 4 : 6;
	if (t->offload.segment)
		return ENA_TX_CUT;
	if (b->bytes > ena_bytes_max(b->card))
		return ena_tx_drop(b, &b->card->stats.tx_bad_length);
	copy = (uint8_t *)b->card->copies + t->copied;
	if (wcdev_offload_copy(&t->offload, &t->frame, copy) != 0 || !version_ok(t, copy))
		return ena_tx_drop(b, &b->card->stats.tx_bad_offload);
	t->copied += (b->bytes + 7) & ~7u;
	b->frags[0] = (struct wcdev_frag){copy, b->bytes};
	b->n_frags = 1;
	t->frame.n_frags = 1;
	t->frame.flags = WCDEV_FRAME_STABLE;
	return ENA_TX_READY;
}

/* ---- segments ---------------------------------------------------------------------------- */

/* Why the frame cannot be cut, or NULL. */
static uint64_t *
cut_begin(struct ena_card *card, const struct ena_tx_burst *t, uint32_t first,
	  struct wcdev_segmenter *s)
{
	if (wcdev_segmenter_init(s, &t->offload, &t->frame, first) != 0 ||
	    !version_ok(t, s->headers) || s->n > ENA_SEGMENTS_MAX || first >= s->n)
		return &card->stats.tx_bad_offload;
	/* The first is the longest. */
	return wcdev_segment_bytes(s, 0) > ena_bytes_max(card) ? &card->stats.tx_bad_length : NULL;
}

bool
ena_tx_cut_send(struct ena_card *card, struct ena_sq *sq, const struct ena_tx_burst *t,
		uint64_t **drop)
{
	/* Behind the entry that the frame's header is in; the last has space for a whole segment.
	 */
	uint8_t *copy = (uint8_t *)card->copies + t->copied;
	const uint8_t *end = (const uint8_t *)card->copies + sizeof(card->copies) -
			     (WCDEV_MTU_MAX + WCDEV_L2_BYTES_MAX);
	struct wcdev_cut_sent sent;
	struct wcdev_segmenter s;
	bool done;

	if (sq->cut.sent == 0)
		sq->cut = (struct wcdev_cut){0};
	*drop = cut_begin(card, t, sq->cut.sent, &s);
	if (*drop != NULL) {
		sq->cut.sent = 0;
		return true;
	}
	done = wcdev_cut_send(&card->dev, &sq->cut, &s, copy, end, &sent);
	card->stats.tx_frames += sent.frames;
	card->stats.tx_bytes += sent.bytes;
	if (done && sq->cut.failed)
		*drop = &card->stats.tx_refused;
	return done;
}
