/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Frames out of an LLQ. The memory is the driver's to write, with stores that may be combined, and
 * come in any order before the doorbell. What is not written yet holds a word that the card has put
 * there, so a missing line, or a part of one, is seen.
 */

#include "ena_tx.h"

#define WORDS_MAX (256u / 8)

/* Four halves of words at a time, in whatever registers the CPU has for that. */
typedef uint32_t halves_t __attribute__((vector_size(16), aligned(8), may_alias));
typedef uint64_t pair_t __attribute__((vector_size(16), aligned(8), may_alias));

static bool
word_missing(uint64_t poison, const uint64_t *words, unsigned int n)
{
	bool missing = false;

	for (unsigned int i = 0; i < n; i++)
		missing |= words[i] == poison;
	return missing;
}

/*
 * Copies n times 16 bytes of an entry, each read once. Returns whether a word of it is missing: a
 * half of it says that it may be.
 */
static inline bool
pairs_copy(uint64_t poison, const uint8_t *from, uint64_t *to, unsigned int n)
{
	const volatile halves_t *src = (const volatile halves_t *)(const void *)from;
	const uint32_t half = (uint32_t)poison;
	const halves_t nothing = {half, half, half, half};
	halves_t *dst = (halves_t *)(void *)to;
	halves_t like = {0, 0, 0, 0};
	pair_t any;

	for (unsigned int i = 0; i < n; i += 4) {
		const halves_t h0 = src[i], h1 = src[i + 1], h2 = src[i + 2], h3 = src[i + 3];

		like |= (halves_t)(h0 == nothing) | (halves_t)(h1 == nothing) |
			(halves_t)(h2 == nothing) | (halves_t)(h3 == nothing);
		dst[i] = h0;
		dst[i + 1] = h1;
		dst[i + 2] = h2;
		dst[i + 3] = h3;
	}
	any = (pair_t)like;
	return (any[0] | any[1]) != 0 && word_missing(poison, to, 2 * n);
}

static const uint8_t *
entry_at(const struct ena_sq *sq, uint16_t seq)
{
	return sq->entries + (uint32_t)(seq & (sq->depth - 1)) * sq->entry_bytes;
}

static bool
entry_copy(const struct ena_card *card, const struct ena_sq *sq, uint16_t seq, uint64_t *to)
{
	if (sq->entry_bytes == 128)
		return pairs_copy(card->poison, entry_at(sq, seq), to, 128 / 16);
	return pairs_copy(card->poison, entry_at(sq, seq), to, 256 / 16);
}

/*
 * Whether an entry that is not whole is to be waited for. The clock runs from the poll in which
 * nothing lies before its frame.
 */
static bool
waits(struct ena_card *card, struct ena_sq *sq, const struct ena_tx_burst *t)
{
	if (!card->config.llq_wait)
		return false;
	if (t->n != 0)
		return true;
	if (!sq->waiting) {
		sq->waiting = true;
		sq->wait_since_ns = wcdev_now_ns(&card->dev);
		return true;
	}
	return wcdev_now_ns(&card->dev) - sq->wait_since_ns < card->config.push_wait_ns;
}

static bool
desc_missing(const struct ena_card *card, const uint64_t *words)
{
	return words[0] == card->poison || words[1] == card->poison;
}

/* The first entry of the frame, in which its header is. */
static uint64_t *
entry_first(const struct ena_tx_build *b)
{
	return b->card->copies + b->t->copied / 8;
}

/* The header behind the descriptors of the first entry. */
static void
header_add(struct ena_tx_build *b)
{
	const uint32_t off = (uint32_t)b->sq->before_header * ENA_DESC_BYTES;

	if (b->header_bytes > b->sq->entry_bytes - off)
		ena_tx_drop(b, &b->card->stats.tx_bad_length);
	else if (b->header_bytes != 0)
		ena_tx_add(b, (const uint8_t *)entry_first(b) + off, b->header_bytes);
}

/*
 * The header comes before the buffers, but is known only with the first of their descriptors: its
 * fragment is added when that is seen.
 */
static bool
is_request(const struct ena_tx_build *b, const struct ena_tx_desc *desc)
{
	return (le32toh(desc->ctrl) & ENA_TXD_META) == 0 &&
	       (b->n_descs == 0 || (b->has_meta && b->n_descs == 1));
}

/* The descriptors of one entry; ENA_TX_MORE: the frame goes on in the next. */
static enum ena_tx_step
entry_take(struct ena_tx_build *b, const uint64_t *entry, unsigned int n, uint8_t phase,
	   enum ena_tx_verdict *verdict)
{
	enum ena_tx_step step = ENA_TX_MORE;
	struct ena_tx_desc desc;

	for (unsigned int i = 0; i < n && step == ENA_TX_MORE; i++) {
		if (b->torn && desc_missing(b->card, entry + 2 * i)) {
			*verdict = ena_tx_drop_endless(b, &b->card->stats.tx_llq_torn);
			return ENA_TX_FAIL;
		}
		memcpy(&desc, entry + 2 * i, sizeof(desc));
		if (is_request(b, &desc)) {
			b->header_bytes = ENA_TXD_HEADER(le32toh(desc.addr_hi_header));
			header_add(b);
		}
		step = ena_tx_desc_take(b, &desc, phase, verdict);
	}
	return step;
}

/* What comes of a frame whose entries were taken up to one that ends it. */
static enum ena_tx_verdict
frame_end(struct ena_tx_build *b)
{
	if (!b->torn)
		return ENA_TX_READY;
	b->t->drop = NULL; /* what else is wrong may come of it */
	return ena_tx_drop(b, &b->card->stats.tx_llq_torn);
}

enum ena_tx_verdict
ena_tx_from_llq(struct ena_tx_build *b)
{
	struct ena_tx_frame *fact = &b->t->fact;
	struct ena_card *card = b->card;
	struct ena_sq *sq = b->sq;
	enum ena_tx_verdict verdict = ENA_TX_READY;
	unsigned int n = sq->before_header;
	uint64_t *entry;
	uint16_t seq;

	for (;;) {
		seq = b->t->seq + fact->entries;
		if (seq == sq->tail)
			return ena_tx_drop_endless(b, &card->stats.tx_bad_chain);
		/* The first stays for its header; the others are looked at one after the other. */
		entry = entry_first(b);
		if (fact->entries != 0)
			entry += WORDS_MAX;
		if (entry_copy(card, sq, seq, entry)) {
			if (waits(card, sq, b->t))
				return ENA_TX_LATER;
			b->torn = true;
		}
		fact->entries++;
		switch (entry_take(b, entry, n, wcdev_ring_phase(seq, sq->depth), &verdict)) {
		case ENA_TX_MORE:
			break;
		case ENA_TX_END:
			return frame_end(b);
		case ENA_TX_ALIEN:
			/* It begins another frame, unless it is where one should begin. */
			fact->entries -= fact->entries != 1;
			return ena_tx_drop_endless(b, &card->stats.tx_bad_chain);
		case ENA_TX_FAIL:
			return verdict;
		}
		n = sq->per_entry;
	}
}

static inline void
pairs_fill(uint64_t poison, uint8_t *at, unsigned int n)
{
	const pair_t nothing = {poison, poison};
	pair_t *to = (pair_t *)(void *)at;

	for (unsigned int i = 0; i < n; i += 4) {
		to[i] = nothing;
		to[i + 1] = nothing;
		to[i + 2] = nothing;
		to[i + 3] = nothing;
	}
}

void
ena_tx_llq_free(const struct ena_card *card, const struct ena_sq *sq, uint16_t from, uint16_t to)
{
	for (; from != to; from++) {
		uint8_t *at = sq->entries + (uint32_t)(from & (sq->depth - 1)) * sq->entry_bytes;

		if (sq->entry_bytes == 128)
			pairs_fill(card->poison, at, 128 / 16);
		else
			pairs_fill(card->poison, at, 256 / 16);
	}
}

/* ---- most frames ------------------------------------------------------------------------- */

/* The fields of a meta descriptor that must be as they are here, with its phase. */
#define META_MASK                                                                      \
	(ENA_TXD_META | ENA_TXD_PHASE | ENA_TXD_FIRST | ENA_TXD_LAST | ENA_TXM_VALID | \
	 ENA_TXM_EXTENDED)
#define META_ALONE (ENA_TXD_META | ENA_TXD_FIRST | ENA_TXM_VALID | ENA_TXM_EXTENDED)
/* And of the descriptor of a frame without buffers. */
#define DESC_MASK (0xffffu | ENA_TXD_META | ENA_TXD_PHASE | ENA_TXD_FIRST | ENA_TXD_LAST)

void
ena_tx_llq_single(struct ena_card *card, struct ena_sq *sq, struct ena_tx_burst *t)
{
	const uint32_t off = (uint32_t)sq->before_header * ENA_DESC_BYTES;
	const uint32_t space = sq->entry_bytes - off, longest = ena_bytes_max(card);
	const uint32_t max = space < longest ? space : longest;
	struct wcdev_frag *frag = card->frags + t->n_frags;
	uint64_t *entry = card->copies + t->copied / 8;
	const uint64_t *end = card->copies + ENA_COPIES_BYTES / 8;
	const unsigned int before = t->n;
	unsigned int n = t->n;
	uint16_t seq = t->seq;

	for (; n < t->most && seq != sq->tail && entry < end; n++, seq++) {
		const uint32_t phase = (uint32_t)wcdev_ring_phase(seq, sq->depth)
				       << ENA_TXD_PHASE_SHIFT;
		const struct ena_tx_desc *desc = (const void *)entry;
		uint32_t first = ENA_TXD_FIRST, bytes, ctrl, asks, req_id;

		if (entry_copy(card, sq, seq, entry))
			break;
		ctrl = le32toh(desc->ctrl);
		if ((ctrl & META_MASK) == (META_ALONE | phase)) {
			if (sq->before_header < 2)
				break;
			ctrl = le32toh(desc[1].ctrl);
			first = 0;
		}
		desc += first == 0;
		asks = le32toh(desc->meta);
		bytes = ENA_TXD_HEADER(le32toh(desc->addr_hi_header));
		req_id = ENA_TXD_REQ_ID_HI(ctrl) << 10 | ENA_TXD_REQ_ID_LO(asks);
		if ((ctrl & DESC_MASK) != (ENA_TXD_LAST | first | phase) ||
		    (asks & ENA_TXD_OFFLOADS) != 0 || bytes - ENA_FRAME_MIN > max - ENA_FRAME_MIN ||
		    req_id >= sq->depth)
			break;
		if (first == 0 && (le32toh(desc[-1].ctrl) & ENA_TXM_STORE) != 0)
			sq->meta = (struct ena_tx_meta){le32toh(desc[-1].ctrl),
							le32toh(desc[-1].addr_lo)};
		*frag = (struct wcdev_frag){(const uint8_t *)entry + off, bytes};
		t->frames[n] = (struct wcdev_frame){
			.frags = frag++, .n_frags = 1, .bytes = bytes, .flags = WCDEV_FRAME_STABLE};
		t->facts[n] = ena_tx_fact(sq, (uint16_t)req_id, ctrl, true);
		entry += sq->entry_bytes / 8;
	}
	t->copied += (n - before) * sq->entry_bytes;
	t->n_frags += n - before;
	t->n = n;
	t->seq = seq;
}
