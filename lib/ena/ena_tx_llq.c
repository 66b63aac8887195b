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

/* Copies an entry, each word read once. Returns whether a word of it is missing. */
static bool
entry_copy(const struct ena_card *card, const struct ena_sq *sq, uint16_t seq, uint64_t *to)
{
	const uint8_t *from = sq->entries + (uint32_t)(seq & (sq->depth - 1)) * sq->entry_bytes;
	const uint64_t poison = card->poison;
	const unsigned int words = sq->entry_bytes / 8u;
	bool missing = false;

	for (unsigned int i = 0; i < words; i += 4) {
		uint64_t w0 = wcdev_load64(from + i * 8), w1 = wcdev_load64(from + i * 8 + 8);
		uint64_t w2 = wcdev_load64(from + i * 8 + 16), w3 = wcdev_load64(from + i * 8 + 24);

		to[i] = w0;
		to[i + 1] = w1;
		to[i + 2] = w2;
		to[i + 3] = w3;
		missing |= w0 == poison || w1 == poison || w2 == poison || w3 == poison;
	}
	return missing;
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
	if (b->torn)
		return ena_tx_drop(b, &b->card->stats.tx_llq_torn);
	return ENA_TX_READY;
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

void
ena_tx_llq_free(const struct ena_card *card, const struct ena_sq *sq, uint16_t from, uint16_t to)
{
	const unsigned int words = sq->entry_bytes / 8u;

	for (; from != to; from++) {
		uint64_t *entry = (uint64_t *)(void *)(sq->entries +
						       (uint32_t)(from & (sq->depth - 1)) *
							       sq->entry_bytes);

		for (unsigned int i = 0; i < words; i++)
			entry[i] = card->poison;
	}
}
