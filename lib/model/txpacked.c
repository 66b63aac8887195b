/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include "txbuild.h"

/*
 * Section 6, packed push. The payloads of a queue's lines are copied to card->scratch one behind
 * the other, each line once, so that an entry lies there in one piece; entries are judged there.
 */

/* Lines of other epochs are forgotten so often, long before their epoch comes again. */
#define FORGET_EPOCHS 64u

static uint8_t *
line_at(const struct txq *q, uint16_t line)
{
	return q->slots + (uint32_t)(line & (q->n_lines - 1)) * WCNIC_LINE_BYTES;
}

void
tx_packed_begin(struct txq *q)
{
	uint8_t *src = q->slots;
	uint32_t lines;

	q->line = 0;
	q->n_rest = 0;
	if (q->format != WCNIC_FORMAT_PACKED || src == NULL || q->epoch % FORGET_EPOCHS != 0)
		return;
	for (lines = q->n_lines; lines != 0; lines--, src += WCNIC_LINE_BYTES) {
		uint64_t tag = shared_load(src);

		if (tag != 0 && (uint8_t)(le64toh(tag) >> 48) != q->epoch)
			line_forget(src, tag);
	}
}

void
tx_packed_open(struct wcnic_card *card, const struct txq *q, struct tx_stream *s)
{
	memcpy(card->scratch, q->rest, sizeof(q->rest));
	s->at = 0;
	s->end = q->n_rest;
	s->line = q->line;
}

void
tx_packed_close(struct wcnic_card *card, struct txq *q, const struct tx_stream *s)
{
	q->line = s->line;
	q->n_rest = (uint8_t)(s->end - s->at);
	memcpy(q->rest, card->scratch + s->at, sizeof(q->rest));
}

/* Moves what has been copied and not been used to `at`. */
static void
stream_move(struct wcnic_card *card, struct tx_stream *s, uint32_t at)
{
	uint32_t words = s->end - s->at;

	memmove(card->scratch + at, card->scratch + s->at, words * sizeof(*card->scratch));
	s->at = at;
	s->end = at + words;
}

/* Copies lines until there are so many words. Returns false if a line is not whole. */
static bool
stream_need(struct wcnic_card *card, const struct txq *q, struct tx_stream *s, uint32_t words)
{
	for (; s->end - s->at < words; s->line++, s->end += LINE_PAYLOAD_WORDS)
		if (line_take(line_at(q, s->line), card->scratch + s->end) !=
		    line_tag(s->line, q->generation, q->epoch))
			return false;
	return true;
}

/*
 * The header of the next entry. TX_READY, TX_WAIT, or TX_LOST: there is none where one has to be.
 * One that is all zeroes says that its line ends here.
 */
static enum tx_verdict
header_next(struct wcnic_card *card, const struct txq *q, struct tx_stream *s)
{
	if (!stream_need(card, q, s, 1))
		return TX_WAIT;
	if (card->scratch[s->at] != 0)
		return TX_READY;
	if (s->end - s->at == LINE_PAYLOAD_WORDS)
		return TX_LOST;
	s->at = s->end;
	if (!stream_need(card, q, s, 1))
		return TX_WAIT;
	return card->scratch[s->at] != 0 ? TX_READY : TX_LOST;
}

/* How many words the entry has, or 0 if its header does not tell. */
static uint32_t
entry_words(const struct txq *q, const struct wcnic_push_hdr *hdr)
{
	uint32_t inline_bytes = le16toh(hdr->inline_bytes);
	uint32_t words = 1 + (inline_bytes + 7) / 8;

	if (hdr->n_lines != 0 || (inline_bytes == 0) == (hdr->n_segs == 0))
		return 0;
	if (inline_bytes == 0)
		words = 1 + hdr->n_segs * (uint32_t)(sizeof(struct wcnic_push_seg) / 8);
	return words <= q->slot_lines * LINE_PAYLOAD_WORDS ? words : 0;
}

/* What an entry holds: bytes of the frame, or segments. */
static void
entry_add(struct builder *b, const struct wcnic_push_hdr *hdr, const uint64_t *data)
{
	struct wcnic_push_seg seg;
	unsigned int i;

	if (b->reason != WCNIC_ERR_NONE)
		return;
	if (hdr->inline_bytes != 0) {
		builder_add(b, data, le16toh(hdr->inline_bytes));
		return;
	}
	for (i = 0; i < hdr->n_segs && !b->later; i++) {
		memcpy(&seg, data + i * 2, sizeof(seg));
		builder_add_segment(b, le64toh(seg.iova), le32toh(seg.bytes));
	}
}

/* The next entry. As tx_frame_packed(); TX_READY: `hdr` is its header, and it has been added. */
static enum tx_verdict
entry_next(struct builder *b, const struct txq *q, struct tx_stream *s, unsigned int entry,
	   struct wcnic_push_hdr *hdr)
{
	struct wcnic_card *card = b->card;
	enum tx_verdict verdict = header_next(card, q, s);
	uint32_t words;

	if (verdict != TX_READY)
		return verdict;
	memcpy(hdr, card->scratch + s->at, sizeof(*hdr));
	words = entry_words(q, hdr);
	if (words == 0)
		return TX_LOST;
	if (!stream_need(card, q, s, words))
		return TX_WAIT;
	builder_begin_entry(b, entry, le16toh(hdr->flags), le16toh(hdr->frame_bytes));
	entry_add(b, hdr, card->scratch + s->at + 1);
	s->at += words;
	return b->later ? TX_FETCH : TX_READY;
}

enum tx_verdict
tx_frame_packed(struct wcnic_card *card, struct txq *q, const struct tx_stream *from, uint16_t seq,
		uint16_t limit, struct tx_frame *out)
{
	struct builder b = {.card = card, .owner = q};
	struct tx_stream *s = &out->after;
	uint32_t kept = from->end; /* up to here the start of the frame stays: it may be held */
	uint16_t entry = 0;

	*s = *from;
	for (;;) {
		uint32_t entry_at = s->at;
		struct wcnic_push_hdr hdr;
		enum tx_verdict verdict;

		verdict = entry_next(&b, q, s, entry, &hdr);
		entry++;
		out->entries = entry;
		if (verdict == TX_LOST)
			return frame_lost(entry, out);
		if (verdict != TX_READY)
			return verdict;
		if (le16toh(hdr.flags) & WCNIC_TXF_EOP)
			return builder_finish(&b, entry, out);
		if ((uint16_t)(seq + entry) == limit)
			return frame_lost(entry, out);
		/* The next entry must find room; a frame that is not too long always leaves it. */
		if (s->end + SLOT_PAYLOAD_WORDS_MAX > CARD_SCRATCH_BYTES / 8)
			builder_fault(&b, WCNIC_ERR_DESC);
		/* The room of segments, and of all that is refused, is used again. */
		if (b.reason != WCNIC_ERR_NONE || entry_at < kept)
			entry_at = kept;
		if ((b.reason != WCNIC_ERR_NONE || hdr.n_segs != 0) && s->at > entry_at)
			stream_move(card, s, entry_at);
	}
}

void
tx_packed_next(struct wcnic_card *card, struct tx_stream *s, const struct tx_stream *after)
{
	*s = *after;
	if (s->at > CARD_STREAM_BYTES / 8)
		stream_move(card, s, 0);
}

unsigned int
tx_packed_stale(const struct txq *q, uint16_t line)
{
	const uint8_t *src = line_at(q, line);
	uint64_t payload[LINE_PAYLOAD_WORDS];

	return shared_load(src) != 0 &&
	       line_take(src, payload) != line_tag(line, q->generation, q->epoch);
}
