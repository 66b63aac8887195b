/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_TX_H
#define CARD_TX_H

/* Section 6: what card_txq.c knows of the formats, and what these share: bursts, frames, lines. */

#include "card_internal.h"

#define LINE_PAYLOAD_WORDS (WCNIC_LINE_PAYLOAD_BYTES / 8)
#define SLOT_PAYLOAD_WORDS_MAX (WCNIC_SLOT_LINES_MAX * LINE_PAYLOAD_WORDS)

enum tx_verdict {
	TX_READY, /* `frame` can be sent */
	TX_WAIT,  /* a slot is not whole */
	TX_FETCH, /* host memory was asked for and has not come */
	TX_FAULT, /* the descriptor ring cannot be read */
	TX_BAD,   /* to be discarded for `reason`, its extent is known */
	TX_LOST,  /* the same, and where the next frame begins is not known */
};

/* How far the lines of a queue have been copied to card->scratch. */
struct tx_stream {
	uint32_t at;   /* the first word that is free, or packed: where the next entry begins */
	uint32_t end;  /* packed: words that have been copied */
	uint16_t line; /* packed: the next to be copied */
};

struct tx_frame {
	struct wcdev_frame frame;
	uint16_t entries;
	enum wcnic_error reason;
	struct tx_stream after; /* behind it; packed, TX_WAIT: at the line that is not whole */
};

/* Where a frame of a burst ends, for when the port takes no more. */
struct tx_mark {
	struct tx_stream after;
	uint16_t entries;
};

/*
 * Frames from one place, ready to be sent; and the first that was not. Most are *simple*: one entry
 * in one piece.
 */
struct tx_burst {
	unsigned int n;
	uint32_t n_frags;        /* in card->frags, from its start */
	uint16_t seq;            /* the first entry behind them */
	bool memo;               /* the last was read by message: there is none behind it */
	uint64_t odd_frames;     /* a bit for each that is not simple */
	struct tx_stream start;  /* before the first */
	struct tx_stream stream; /* behind the last */
	struct wcdev_frame frames[CARD_BURST];
	struct tx_mark marks[CARD_BURST]; /* of those that are not simple */
	struct tx_frame odd;
};
static_assert(CARD_BURST <= 64, "odd_frames has a bit for each");

/*
 * Each adds frames to the burst, until there are `most` or memory is short: TX_READY; or until one
 * is not ready, which is then burst->odd. Frames end before the entry `limit`.
 */
__attribute__((warn_unused_result)) enum tx_verdict
tx_gather_fetch(struct wcnic_card *card, struct txq *q, struct tx_burst *t, uint16_t limit,
		unsigned int most);
__attribute__((warn_unused_result)) enum tx_verdict
tx_gather_slots(struct wcnic_card *card, struct txq *q, struct tx_burst *t, uint16_t limit,
		unsigned int most);
__attribute__((warn_unused_result)) enum tx_verdict
tx_gather_packed(struct wcnic_card *card, struct txq *q, struct tx_burst *t, uint16_t limit,
		 unsigned int most);

/* ---- card_tx_frame.c --------------------------------------------------------------------------
 */

/* How many of the lines that the slot of `seq` needs belong to something else. */
unsigned int tx_slot_stale(const struct txq *q, uint16_t seq);
/* Forgets lines so old that their sequence number would be taken for a new one. */
void tx_slots_expire(struct txq *q, uint16_t head);
/* Forgets what was stored in the window before the queue was there. */
void tx_lines_clear(struct txq *q);

/* ---- card_tx_packed.c -------------------------------------------------------------------------
 */

/* An epoch begins: lines are numbered from 0, and those of epochs long ago are forgotten. */
void tx_packed_begin(struct txq *q);
/* The stream of a queue is in card->scratch between these, as long as no other queue's is. */
void tx_packed_open(struct wcnic_card *card, const struct txq *q, struct tx_stream *s);
void tx_packed_close(struct wcnic_card *card, struct txq *q, const struct tx_stream *s);
/* The frames so far are gone: makes room in card->scratch. */
void tx_packed_rewind(struct wcnic_card *card, struct tx_stream *s);
/* Where the frame ends. */
struct tx_stream
tx_packed_after(const struct wcnic_card *card, const struct tx_burst *t, unsigned int frame);
/* Whether something else is in the place of the line: 1 or 0. */
unsigned int tx_packed_stale(const struct txq *q, uint16_t line);

/* ---- a burst ----------------------------------------------------------------------------- */

/*
 * How many simple frames there may be before `limit`, each of one fragment; 0: another frame of
 * whatever kind has no room.
 */
static inline unsigned int
burst_room(const struct tx_burst *t, uint16_t limit, unsigned int most)
{
	unsigned int entries = (uint16_t)(limit - t->seq);

	if (t->n_frags >= CARD_FRAGS_BURST || t->stream.at >= CARD_STREAM_BYTES / 8 || t->memo)
		return 0;
	return entries < most - t->n ? entries : most - t->n;
}

/* A simple frame. */
static inline void
frame_set(struct wcdev_frame *frame, struct wcdev_frag *frag, const void *base, uint32_t bytes,
	  uint32_t flags)
{
	frag->base = base;
	frag->bytes = bytes;
	frame->frags = frag;
	frame->n_frags = 1;
	frame->bytes = bytes;
	frame->flags = flags;
}

/* `n` simple frames were set behind the last. */
static inline void
burst_add(struct tx_burst *t, unsigned int n)
{
	t->n += n;
	t->n_frags += n;
	t->seq += n;
}

static inline void
burst_add_odd(struct wcnic_card *card, struct txq *q, struct tx_burst *t)
{
	t->frames[t->n] = t->odd.frame;
	t->marks[t->n].entries = t->odd.entries;
	t->marks[t->n].after = t->odd.after;
	t->odd_frames |= 1ull << t->n;
	t->n++;
	t->n_frags += t->odd.frame.n_frags;
	t->seq += t->odd.entries;
	t->stream = t->odd.after;
	t->memo = wcdev_reader_has_memo(&card->dev, &q->reader);
}

/* ---- a frame as it is put together ------------------------------------------------------- */

struct builder {
	struct wcnic_card *card;
	struct txq *q;
	struct wcdev_frag *frags;
	uint32_t n_frags;
	uint64_t bytes;
	uint16_t frame_bytes; /* as the SOP says */
	enum wcnic_error reason;
	bool later; /* a part was asked for and has not come */
};

static inline void
builder_init(struct builder *b, struct wcnic_card *card, struct txq *q, const struct tx_burst *t)
{
	*b = (struct builder){.card = card, .q = q, .frags = card->frags + t->n_frags};
	wcdev_reader_begin(&card->dev, &q->reader);
}

void builder_add(struct builder *b, const void *base, uint32_t bytes);
void builder_add_segment(struct builder *b, uint64_t iova, uint32_t bytes);
/* SOP opens the frame, and only its first entry has it. */
void
builder_begin_entry(struct builder *b, unsigned int entry, uint16_t flags, uint16_t frame_bytes);
__attribute__((warn_unused_result)) enum tx_verdict
builder_finish(struct builder *b, uint16_t entries, struct tx_frame *out);

static inline void
builder_fault(struct builder *b, enum wcnic_error reason)
{
	if (b->reason == WCNIC_ERR_NONE)
		b->reason = reason;
}

__attribute__((warn_unused_result)) static inline enum tx_verdict
frame_lost(uint16_t entries, struct tx_frame *out)
{
	out->entries = entries;
	out->reason = WCNIC_ERR_DESC;
	return TX_LOST;
}

/*
 * Most frames are one entry: they are told by one comparison, and what differs in any way is left
 * to the builder. A header or descriptor of `bytes`, which it says twice:
 */
static inline uint64_t
hdr_of_inline(uint32_t bytes, uint8_t n_lines)
{
	return (bytes | bytes << 16) | (uint64_t)(WCNIC_TXF_SOP | WCNIC_TXF_EOP) << 32 |
	       (uint64_t)n_lines << 48;
}

/* The longest frame that may be sent. */
static inline uint32_t
frame_bytes_max(const struct wcnic_card *card)
{
	return card->port.mtu + WCNIC_L2_OVERHEAD;
}

static inline bool
frame_bytes_ok(uint32_t bytes, uint32_t max)
{
	return bytes - CARD_FRAME_MIN <= max - CARD_FRAME_MIN;
}

/* ---- lines ------------------------------------------------------------------------------- */

/* A line's tag without its check; flags are zero. */
static inline uint64_t
line_tag(uint16_t seq, uint16_t generation, uint8_t idx)
{
	return seq | (uint64_t)generation << 16 | (uint64_t)idx << 48;
}

#define LINE_TAG_CHECK_MASK (0xffffull << 32)
#define LINE_TAG_FLAGS_SHIFT 56

/* The words of a line at any address that a word may have, two by two. */
typedef uint64_t line_pair __attribute__((vector_size(16), aligned(8), may_alias));

/*
 * Copies a line: its payload to `payload`. Returns its tag without the check if that is right, else
 * ~0, which is no tag. What is in the window is read once: it is judged after the fence.
 */
static inline uint64_t
line_take(const uint8_t *src, uint64_t *payload)
{
	const line_pair *from = (const void *)src;
	line_pair a = from[0], b = from[1], c = from[2], d = from[3];
	line_pair x = a ^ b ^ c ^ d;
	uint64_t sum;

	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	payload[0] = a[1];
	*(line_pair *)(void *)(payload + 1) = b;
	*(line_pair *)(void *)(payload + 3) = c;
	*(line_pair *)(void *)(payload + 5) = d;
	sum = le64toh(x[0] ^ x[1]);
	sum ^= sum >> 32;
	sum ^= sum >> 16;
	/* The check is that of the line without it: with it, nothing is left. */
	return (uint16_t)sum == 0 ? le64toh(a[0]) & ~LINE_TAG_CHECK_MASK : ~0ull;
}

/* Forgets a line that has this tag. A new line that is just arriving wins. */
static inline void
line_forget(uint8_t *src, uint64_t tag)
{
	__atomic_compare_exchange_n((uint64_t *)(void *)src, &tag, 0, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

#endif /* CARD_TX_H */
