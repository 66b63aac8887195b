/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Section 6, packed push. The payloads of a queue's lines are copied to card->scratch one behind
 * the other, each line once, so that an entry lies there in one piece; entries are judged there.
 */

#include "card_tx.h"

/* Lines of other epochs are forgotten so often, long before their epoch comes again. */
#define FORGET_EPOCHS 64u

static uint8_t *
line_at(const struct card_txq *q, uint16_t line)
{
	return q->slots + (uint32_t)(line & (q->n_lines - 1)) * WCNIC_LINE_BYTES;
}

void
card_tx_packed_begin(struct card_txq *q)
{
	uint8_t *src = q->slots;

	q->line = 0;
	q->n_rest = 0;
	if (q->format != WCNIC_FORMAT_PACKED || src == NULL || q->epoch % FORGET_EPOCHS != 0)
		return;
	for (uint32_t lines = q->n_lines; lines != 0; lines--, src += WCNIC_LINE_BYTES) {
		uint64_t tag = wcdev_load64(src);

		if (tag != 0 && (uint8_t)(le64toh(tag) >> 48) != q->epoch)
			card_line_forget(src, tag);
	}
}

void
card_tx_packed_open(struct wcnic_card *card, const struct card_txq *q, struct card_tx_stream *s)
{
	memcpy(card->scratch, q->rest, sizeof(q->rest));
	s->at = 0;
	s->end = q->n_rest;
	s->line = q->line;
}

void
card_tx_packed_close(struct wcnic_card *card, struct card_txq *q, const struct card_tx_stream *s)
{
	q->line = s->line;
	q->n_rest = (uint8_t)(s->end - s->at);
	memcpy(q->rest, card->scratch + s->at, sizeof(q->rest));
}

/* Moves what has been copied and not been used to `at`. */
static void
stream_move(struct wcnic_card *card, struct card_tx_stream *s, uint32_t at)
{
	uint32_t words = s->end - s->at;

	memmove(card->scratch + at, card->scratch + s->at, words * sizeof(*card->scratch));
	s->at = at;
	s->end = at + words;
}

/* Copies lines until there are so many words. Returns false if a line is not whole. */
static bool
stream_need(struct wcnic_card *card, const struct card_txq *q, struct card_tx_stream *s,
	    uint32_t words)
{
	for (; s->end - s->at < words; s->line++, s->end += CARD_LINE_PAYLOAD_WORDS)
		if (card_line_copy(line_at(q, s->line), card->scratch + s->end) !=
		    card_line_tag(s->line, q->generation, q->epoch))
			return false;
	return true;
}

/*
 * The header of the next entry. CARD_TX_READY, CARD_TX_WAIT, or CARD_TX_LOST: there is none where
 * one has to be. One that is all zeroes says that its line ends here.
 */
static enum card_tx_verdict
header_next(struct wcnic_card *card, const struct card_txq *q, struct card_tx_stream *s)
{
	if (!stream_need(card, q, s, 1))
		return CARD_TX_WAIT;
	if (card->scratch[s->at] != 0)
		return CARD_TX_READY;
	if (s->end - s->at == CARD_LINE_PAYLOAD_WORDS)
		return CARD_TX_LOST;
	s->at = s->end;
	if (!stream_need(card, q, s, 1))
		return CARD_TX_WAIT;
	return card->scratch[s->at] != 0 ? CARD_TX_READY : CARD_TX_LOST;
}

/* How many words the entry has, with a request if it asks; or 0 if its header does not tell. */
static uint32_t
entry_words(const struct card_txq *q, const struct wcnic_push_hdr *hdr, bool asks)
{
	uint32_t inline_bytes = le16toh(hdr->inline_bytes);
	uint32_t words = 1 + (inline_bytes + 7) / 8;

	if (hdr->n_lines != 0 || (inline_bytes == 0) == (hdr->n_segs == 0))
		return 0;
	if (inline_bytes == 0)
		words = 1 + hdr->n_segs * (uint32_t)(sizeof(struct wcnic_push_seg) / 8);
	words += asks;
	return words <= q->slot_lines * CARD_LINE_PAYLOAD_WORDS ? words : 0;
}

/* What an entry holds: bytes of the frame, or segments. */
static void
entry_add(struct card_tx_builder *b, const struct wcnic_push_hdr *hdr, const uint64_t *data)
{
	struct wcnic_push_seg seg;

	if (b->reason != WCNIC_ERR_NONE)
		return;
	if (hdr->inline_bytes != 0) {
		card_tx_builder_add(b, data, le16toh(hdr->inline_bytes));
		return;
	}
	for (unsigned int i = 0; i < hdr->n_segs && !b->later; i++) {
		memcpy(&seg, data + i * 2, sizeof(seg));
		card_tx_builder_add_segment(b, le64toh(seg.iova), le32toh(seg.bytes));
	}
}

/* The next entry: CARD_TX_READY, `hdr` is its header and it has been added; CARD_TX_WAIT,
 * CARD_TX_FETCH, CARD_TX_LOST.
 */
WC_MUST_CHECK static enum card_tx_verdict
entry_next(struct card_tx_builder *b, struct card_tx_stream *s, unsigned int entry,
	   struct wcnic_push_hdr *hdr)
{
	struct wcnic_card *card = b->card;
	const struct card_txq *q = b->q;
	enum card_tx_verdict verdict = header_next(card, q, s);
	uint32_t words;
	bool asks;

	if (verdict != CARD_TX_READY)
		return verdict;
	memcpy(hdr, card->scratch + s->at, sizeof(*hdr));
	asks = card_tx_asks(card, entry, le16toh(hdr->flags));
	words = entry_words(q, hdr, asks);
	if (words == 0)
		return CARD_TX_LOST;
	if (!stream_need(card, q, s, words))
		return CARD_TX_WAIT;
	card_tx_builder_begin_entry(b, entry, le16toh(hdr->flags), le16toh(hdr->frame_bytes));
	if (asks)
		card_tx_builder_ask(b, card->scratch[s->at + 1]);
	entry_add(b, hdr, card->scratch + s->at + 1 + asks);
	s->at += words;
	return b->later ? CARD_TX_FETCH : CARD_TX_READY;
}

WC_MUST_CHECK static enum card_tx_verdict
frame_packed(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t, uint16_t limit)
{
	struct card_tx_stream *s = &t->built.after;
	uint32_t kept = t->stream.end; /* up to here the start of the frame stays: it may be offered
					  again */
	struct card_tx_builder b;
	uint16_t entry = 0;

	card_tx_builder_init(&b, card, q, t);
	*s = t->stream;
	for (;;) {
		uint32_t entry_at = s->at;
		struct wcnic_push_hdr hdr;
		enum card_tx_verdict verdict;

		verdict = entry_next(&b, s, entry, &hdr);
		t->built.entries = ++entry;
		if (verdict == CARD_TX_LOST)
			return card_tx_frame_lost(entry, &t->built);
		if (verdict != CARD_TX_READY)
			return verdict;
		if ((le16toh(hdr.flags) & WCNIC_TXF_EOP) != 0)
			return card_tx_builder_finish(&b, entry, &t->built);
		if ((uint16_t)(t->seq + entry) == limit)
			return card_tx_frame_lost(entry, &t->built);
		/* There must be space for the next entry; a frame that is not too long leaves it.
		 */
		if (s->end + CARD_SLOT_PAYLOAD_WORDS_MAX > CARD_SCRATCH_BYTES / 8)
			card_tx_builder_fault(&b, WCNIC_ERR_DESC);
		/* The space of segments, and of all that is refused, is used again. */
		if (b.reason != WCNIC_ERR_NONE || entry_at < kept)
			entry_at = kept;
		if ((b.reason != WCNIC_ERR_NONE || hdr.n_segs != 0) && s->at > entry_at)
			stream_move(card, s, entry_at);
	}
}

/*
 * Adds at most `most` frames of one entry, wholly inline, until one is not such or not whole. The
 * hottest loop of the card: what it needs is in registers. Inlined, its caller would take some.
 */
WC_NOINLINE static void
packed_single(struct wcnic_card *card, const struct card_txq *q, struct card_tx_burst *t,
	      unsigned int most)
{
	const uint64_t tag = card_line_tag(0, q->generation, q->epoch);
	const uint32_t space = WCNIC_SLOT_INLINE_BYTES(q->slot_lines);
	const uint32_t max = card_tx_bytes_max(card) < space ? card_tx_bytes_max(card) : space;
	struct wcdev_frag *frag = card->frags + t->n_frags;
	struct wcdev_frame *frame = t->frames + t->n;
	struct wcdev_frame *last = frame + most;
	const uint8_t *lines = q->slots;
	const uint32_t mask = q->n_lines - 1u;
	uint64_t *at = card->scratch + t->stream.at;
	uint64_t *end = card->scratch + t->stream.end;
	const uint64_t *stop = card->scratch + CARD_STREAM_BYTES / 8;
	uint16_t line = t->stream.line;

	if (at != end && *at == 0)
		at = end; /* the rest of the line is empty */
	while (frame != last && at < stop) {
		uint64_t *next;
		uint32_t bytes;
		uint64_t hdr;

		if (at == end) {
			if (card_line_copy(lines + (line & mask) * WCNIC_LINE_BYTES, end) !=
			    (tag | line))
				goto out;
			end += CARD_LINE_PAYLOAD_WORDS;
			line++;
		}
		hdr = le64toh(*at);
		bytes = (uint16_t)hdr;
		if (hdr != card_tx_inline_hdr(bytes, 0) || !card_tx_bytes_ok(bytes, max))
			goto out;
		next = at + 1 + (bytes + 7) / 8;
		while (end < next) {
			if (card_line_copy(lines + (line & mask) * WCNIC_LINE_BYTES, end) !=
			    (tag | line))
				goto out;
			end += CARD_LINE_PAYLOAD_WORDS;
			line++;
		}
		card_tx_frame_set(frame++, frag++, at + 1, bytes, WCDEV_FRAME_STABLE);
		at = next;
	}
out:
	/* Of a frame that is not to be had only what shares a line with the one before is kept. */
	line -= (uint16_t)((end - at) / CARD_LINE_PAYLOAD_WORDS);
	end -= (end - at) / CARD_LINE_PAYLOAD_WORDS * CARD_LINE_PAYLOAD_WORDS;
	t->stream.at = (uint32_t)(at - card->scratch);
	t->stream.end = (uint32_t)(end - card->scratch);
	t->stream.line = line;
	card_tx_burst_add(t, (unsigned int)(frame - t->frames) - t->n);
}

enum card_tx_verdict
card_tx_gather_packed(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t,
		      uint16_t limit, unsigned int most)
{
	enum card_tx_verdict verdict;
	unsigned int space;

	while ((space = card_tx_burst_space(t, limit, most)) != 0) {
		packed_single(card, q, t, space);
		if (card_tx_burst_space(t, limit, most) == 0)
			break;
		if (card_tx_may_lack(q, t->seq) &&
		    !card_tx_packed_there(q, card->scratch[t->stream.at],
					  t->stream.end - t->stream.at, t->stream.line))
			return CARD_TX_WAIT;
		verdict = frame_packed(card, q, t, limit);
		if (verdict != CARD_TX_READY)
			return verdict;
		card_tx_burst_add_built(card, q, t);
	}
	return CARD_TX_READY;
}

struct card_tx_stream
card_tx_packed_after(const struct wcnic_card *card, const struct card_tx_burst *t,
		     unsigned int frame)
{
	uint64_t before = t->built_frames & ((2ull << frame) - 1);
	struct card_tx_stream s = t->start;
	unsigned int last = before != 0 ? 63 - (unsigned int)__builtin_clzll(before) : 0;
	const struct wcdev_frag *frag = t->frames[frame].frags;
	uint32_t lines;

	if (before != 0)
		s = t->marks[last].after;
	if (before != 0 && last == frame)
		return s;
	/* Lines follow one another since then. */
	s.at = (uint32_t)((const uint64_t *)frag->base - card->scratch) + (frag->bytes + 7) / 8;
	lines = s.at > s.end
			? (s.at - s.end + CARD_LINE_PAYLOAD_WORDS - 1) / CARD_LINE_PAYLOAD_WORDS
			: 0;
	s.line += (uint16_t)lines;
	s.end += lines * CARD_LINE_PAYLOAD_WORDS;
	return s;
}

void
card_tx_packed_rewind(struct wcnic_card *card, struct card_tx_stream *s)
{
	stream_move(card, s, 0);
}

bool
card_tx_packed_there(const struct card_txq *q, uint64_t word, uint32_t n, uint16_t line)
{
	if (q->slots == NULL)
		return false;
	return (n != 0 && word != 0) ||
	       (le64toh(wcdev_load64(line_at(q, line))) & ~CARD_LINE_CHECK_MASK) ==
		       card_line_tag(line, q->generation, q->epoch);
}

unsigned int
card_tx_packed_stale(const struct card_txq *q, uint16_t line)
{
	const uint8_t *src = line_at(q, line);
	uint64_t payload[CARD_LINE_PAYLOAD_WORDS];

	return wcdev_load64(src) != 0 &&
	       card_line_copy(src, payload) != card_line_tag(line, q->generation, q->epoch);
}
