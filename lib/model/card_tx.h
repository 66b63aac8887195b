/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_TX_H
#define CARD_TX_H

/* Section 6: what card_tx_batch.c knows of the formats, and what these share: bursts and frames. */

#include <wcdev_offload.h>

#include "card.h"
#include "card_line.h"

enum card_tx_verdict {
	CARD_TX_READY, /* `frame` can be sent */
	CARD_TX_WAIT,  /* an entry is not whole, or express: not there */
	CARD_TX_FETCH, /* host memory was asked for and has not come */
	CARD_TX_FAULT, /* the descriptor ring cannot be read */
	CARD_TX_BAD,   /* to be discarded for `reason`, its extent is known */
	CARD_TX_LOST,  /* the same, and where the next frame begins is not known */
	CARD_TX_CUT,   /* `frame` can be sent once it is cut as `offload` says */
};

/* How far the lines of a queue have been copied to card->scratch. */
struct card_tx_stream {
	uint32_t at;   /* the first word that is free, or packed: where the next entry begins */
	uint32_t end;  /* packed: words that have been copied */
	uint16_t line; /* packed: the next to be copied */
};

struct card_tx_frame {
	struct wcdev_frame frame;
	uint16_t entries;
	bool timed; /* its time is wanted */
	enum wcnic_error reason;
	struct wcdev_offload offload; /* CARD_TX_CUT */
	struct card_tx_stream
		after; /* behind it; packed, CARD_TX_WAIT: at the line that is not whole */
};

/* Where a frame of a burst ends, for when the port takes no more. */
struct card_tx_mark {
	struct card_tx_stream after;
	uint16_t entries;
};

/*
 * Frames from one place, ready to be sent. Most are one entry in one piece, and a loop takes many
 * of them. Any other is *built*: put together entry by entry by a struct card_tx_builder.
 */
struct card_tx_burst {
	unsigned int n;
	uint32_t n_frags;             /* in card->frags, from its start */
	uint32_t copied;              /* bytes of card->copies that are used */
	uint16_t seq;                 /* the first entry behind them */
	bool memo;                    /* the last was read by message: there is none behind it */
	uint64_t built_frames;        /* a bit for each that was built */
	uint64_t timed_frames;        /* and for each of those whose time is wanted */
	struct card_tx_stream start;  /* before the first */
	struct card_tx_stream stream; /* behind the last */
	struct wcdev_frame frames[CARD_BURST];
	struct card_tx_mark marks[CARD_BURST]; /* of those that were built */
	struct card_tx_frame built; /* the last; it may be one that is not ready, or is bad */
};
static_assert(CARD_BURST <= 64, "built_frames has a bit for each");

/*
 * Each adds frames to the burst, until there are `most` or memory is short: CARD_TX_READY; or until
 * one is not ready, which is then burst->built. Frames end before the entry `limit`.
 */
WC_MUST_CHECK enum card_tx_verdict
card_tx_gather_fetch(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t,
		     uint16_t limit, unsigned int most);
WC_MUST_CHECK enum card_tx_verdict
card_tx_gather_slots(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t,
		     uint16_t limit, unsigned int most);
WC_MUST_CHECK enum card_tx_verdict
card_tx_gather_packed(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t,
		      uint16_t limit, unsigned int most);

/*
 * Express: whether something has been written where the next entry is, as far as one word tells.
 * `seq`: that entry.
 */
bool card_tx_fetch_there(struct wcnic_card *card, struct card_txq *q, uint16_t seq);
bool card_tx_slot_there(const struct card_txq *q, uint16_t seq);
/* `word`: the first of `n` that have been copied of the line before `line`. */
bool card_tx_packed_there(const struct card_txq *q, uint64_t word, uint32_t n, uint16_t line);

/* Whether entry `seq` need not be there: the gathering ends without a closer look. */
static inline bool
card_tx_may_lack(const struct card_txq *q, uint16_t seq)
{
	return card_txq_express(q) && !card_txq_rung(q, seq);
}

/* ---- slots ------------------------------------------------------------------------------- */

/* How many of the lines that the slot of `seq` needs belong to something else. */
unsigned int card_tx_slot_stale(const struct card_txq *q, uint16_t seq);
/* Forgets lines so old that their sequence number would be taken for a new one. */
void card_tx_slots_expire(struct card_txq *q, uint16_t head);
/* Forgets what was stored in the window before the queue was there. */
void card_tx_lines_clear(struct card_txq *q);

/* ---- packed ------------------------------------------------------------------------------ */

/* An epoch begins: lines are numbered from 0, and those of epochs long ago are forgotten. */
void card_tx_packed_begin(struct card_txq *q);
/* The stream of a queue is in card->scratch between these, as long as no other queue's is. */
void
card_tx_packed_open(struct wcnic_card *card, const struct card_txq *q, struct card_tx_stream *s);
void
card_tx_packed_close(struct wcnic_card *card, struct card_txq *q, const struct card_tx_stream *s);
/* The frames so far are sent: moves what follows to the start of card->scratch. */
void card_tx_packed_rewind(struct wcnic_card *card, struct card_tx_stream *s);
/* Where the frame ends. */
struct card_tx_stream card_tx_packed_after(const struct wcnic_card *card,
					   const struct card_tx_burst *t, unsigned int frame);
/* Whether something else is in the place of the line: 1 or 0. */
unsigned int card_tx_packed_stale(const struct card_txq *q, uint16_t line);

/* ---- a burst ----------------------------------------------------------------------------- */

/*
 * How many frames of one entry there may be before `limit`, each of one fragment; 0: there is no
 * space for another frame of whatever kind.
 */
static inline unsigned int
card_tx_burst_space(const struct card_tx_burst *t, uint16_t limit, unsigned int most)
{
	unsigned int entries = (uint16_t)(limit - t->seq);

	if (t->n_frags >= CARD_FRAGS_BURST || t->stream.at >= CARD_STREAM_BYTES / 8 ||
	    t->copied >= CARD_COPIES_BYTES || t->memo)
		return 0;
	return entries < most - t->n ? entries : most - t->n;
}

/* A frame in one piece. */
static inline void
card_tx_frame_set(struct wcdev_frame *frame, struct wcdev_frag *frag, const void *base,
		  uint32_t bytes, uint32_t flags)
{
	frag->base = base;
	frag->bytes = bytes;
	frame->frags = frag;
	frame->n_frags = 1;
	frame->bytes = bytes;
	frame->flags = flags;
}

/* `n` frames of one entry were set behind the last. */
static inline void
card_tx_burst_add(struct card_tx_burst *t, unsigned int n)
{
	t->n += n;
	t->n_frags += n;
	t->seq += n;
}

/* t->built is added behind the last. */
static inline void
card_tx_burst_add_built(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t)
{
	t->frames[t->n] = t->built.frame;
	t->marks[t->n].entries = t->built.entries;
	t->marks[t->n].after = t->built.after;
	t->built_frames |= 1ull << t->n;
	t->timed_frames |= (uint64_t)t->built.timed << t->n;
	t->n++;
	t->n_frags += t->built.frame.n_frags;
	t->seq += t->built.entries;
	t->stream = t->built.after;
	t->memo = wcdev_reader_has_memo(&card->dev, &q->reader);
}

/* ---- a frame as it is put together ------------------------------------------------------- */

struct card_tx_builder {
	struct wcnic_card *card;
	struct card_txq *q;
	struct card_tx_burst *t;
	struct wcdev_frag *frags;
	uint32_t n_frags;
	uint64_t bytes;
	uint16_t frame_bytes; /* as the SOP says */
	enum wcnic_error reason;
	bool later;    /* a part was asked for and has not come */
	bool asks;     /* there is a request */
	uint64_t word; /* struct wcnic_tx_offload of it */
};

/* Begins a frame behind those that `t` has. Its fragments go into the card's array. */
static inline void
card_tx_builder_init(struct card_tx_builder *b, struct wcnic_card *card, struct card_txq *q,
		     struct card_tx_burst *t)
{
	*b = (struct card_tx_builder){
		.card = card, .q = q, .t = t, .frags = card->frags + t->n_frags};
	wcdev_reader_begin(&card->dev, &q->reader);
}

/* A piece of the frame that is here, as long as the call on the card. */
void card_tx_builder_add(struct card_tx_builder *b, const void *base, uint32_t bytes);
/* A piece of the frame in host memory; b->later is set if it has been asked for by message. */
void card_tx_builder_add_segment(struct card_tx_builder *b, uint64_t iova, uint32_t bytes);
/* Checks the flags of an entry: SOP opens the frame, and only its first entry has it. */
void card_tx_builder_begin_entry(struct card_tx_builder *b, unsigned int entry, uint16_t flags,
				 uint16_t frame_bytes);
/*
 * Judges the frame after its last entry, and does what is asked for. CARD_TX_READY, CARD_TX_CUT, or
 * CARD_TX_BAD: out->reason.
 */
WC_MUST_CHECK enum card_tx_verdict
card_tx_builder_finish(struct card_tx_builder *b, uint16_t entries, struct card_tx_frame *out);

/* Whether the first entry of a frame, with these flags, has a request. */
static inline bool
card_tx_asks(const struct wcnic_card *card, unsigned int entry, uint16_t flags)
{
	return (flags & WCNIC_TXF_OFFLOAD) != 0 && entry == 0 &&
	       (card->features & WCNIC_CAP_TX_OFFLOAD) != 0;
}

/* That request, which has been read. */
static inline void
card_tx_builder_ask(struct card_tx_builder *b, uint64_t word)
{
	b->asks = true;
	b->word = le64toh(word);
}

/* ---- requests ---------------------------------------------------------------------------- */

/*
 * Does to the frame of `out`, whose bytes are all there, what is asked for: CARD_TX_READY, it is a
 * copy; CARD_TX_CUT; or CARD_TX_BAD with out->reason.
 */
WC_MUST_CHECK enum card_tx_verdict
card_tx_offload(const struct card_tx_builder *b, struct card_tx_frame *out);
/*
 * Cuts the frame of CARD_TX_CUT at entry `seq`, and sends its segments; those that the port has
 * taken of it before are not sent again. *reason: what has become of it. False: the port holds the
 * next back.
 */
WC_MUST_CHECK bool
card_tx_cut_send(struct wcnic_card *card, struct card_txq *q, const struct card_tx_frame *f,
		 uint16_t seq, enum wcnic_error *reason);

/* ---- judging ----------------------------------------------------------------------------- */

/* The frame is refused; the first reason counts. */
static inline void
card_tx_builder_fault(struct card_tx_builder *b, enum wcnic_error reason)
{
	if (b->reason == WCNIC_ERR_NONE)
		b->reason = reason;
}

/* The frame has so many entries, and where the next begins is not known. */
WC_MUST_CHECK static inline enum card_tx_verdict
card_tx_frame_lost(uint16_t entries, struct card_tx_frame *out)
{
	out->entries = entries;
	out->reason = WCNIC_ERR_DESC;
	return CARD_TX_LOST;
}

/*
 * The header of most frames: one entry, all of its `bytes` inline. One comparison with it tells
 * them; a header that differs in any way is left to the builder.
 */
static inline uint64_t
card_tx_inline_hdr(uint32_t bytes, uint8_t n_lines)
{
	return (bytes | bytes << 16) | (uint64_t)(WCNIC_TXF_SOP | WCNIC_TXF_EOP) << 32 |
	       (uint64_t)n_lines << 48;
}

/* The longest frame that may be sent. */
static inline uint32_t
card_tx_bytes_max(const struct wcnic_card *card)
{
	return card->port.mtu + WCNIC_L2_OVERHEAD;
}

/* Whether a frame of `bytes` may be sent; `max`: what card_tx_bytes_max() gives. */
static inline bool
card_tx_bytes_ok(uint32_t bytes, uint32_t max)
{
	return bytes - CARD_FRAME_MIN <= max - CARD_FRAME_MIN;
}

#endif /* CARD_TX_H */
