/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef ENA_TX_H
#define ENA_TX_H

/* What the files of Tx share: a burst, and a frame as it is put together. */

#include <wcdev_offload.h>

#include "ena.h"

enum ena_tx_verdict {
	ENA_TX_READY, /* can be sent */
	ENA_TX_CUT,   /* can be sent once it is segmented */
	ENA_TX_DROP,  /* is not sent, for *tx->drop */
	ENA_TX_LATER, /* is not all here yet */
	ENA_TX_STOP,  /* the queue stops, for *tx->drop */
};

/* A frame, and what is to be done when it is decided. */
struct ena_tx_frame {
	uint16_t entries; /* of the ring */
	uint16_t req_id;
	uint8_t has_id;    /* 1: the request is known */
	uint8_t completes; /* 1: and to be completed */
	uint8_t pushed;    /* 1: wholly in the LLQ */
	uint8_t endless;   /* ENA_TX_*: its last descriptor was not found */
};

enum {
	ENA_TX_ENDLESS = 1,
	ENA_TX_REST, /* nor its first */
};

/* Of a frame of one entry, whose descriptor has `ctrl`. */
static inline struct ena_tx_frame
ena_tx_fact(const struct ena_sq *sq, uint16_t req_id, uint32_t ctrl, bool pushed)
{
	return (struct ena_tx_frame){
		.entries = 1,
		.req_id = req_id,
		.has_id = 1,
		.completes = !sq->complete_asked || (ctrl & ENA_TXD_COMPLETE) != 0,
		.pushed = pushed,
	};
}

/* Frames from a queue's head on that can be sent. */
struct ena_tx_burst {
	unsigned int n;
	unsigned int most;
	uint32_t n_frags;
	uint32_t copied; /* bytes of card->copies that are used */
	uint16_t seq;    /* the first entry behind them */
	bool memo;       /* the last was read by message: there is none behind it */
	bool cached;     /* it has offload fields of a frame before it: the same */
	struct wcdev_frame frames[ENA_BURST];
	struct ena_tx_frame facts[ENA_BURST];
	/* The next, which is not ready. */
	struct wcdev_frame frame;
	struct ena_tx_frame fact;
	struct wcdev_offload offload; /* ENA_TX_CUT */
	uint8_t ip_version;           /* the same: as its descriptor says */
	uint64_t *drop;
	const char *why;
};

/* A frame while it is put together, in t->frame and t->fact. */
struct ena_tx_build {
	struct ena_card *card;
	struct ena_sq *sq;
	struct ena_tx_burst *t;
	struct wcdev_frag *frags;
	uint32_t n_frags;
	uint32_t bytes;
	unsigned int n_descs;
	bool torn;     /* an entry is, and it is too late to wait */
	bool waited;   /* it was waited for, and is whole */
	bool has_meta; /* a descriptor of its own */
	struct ena_tx_meta meta;
	uint32_t asks;         /* `meta` of the first descriptor of a buffer */
	uint32_t header_bytes; /* that follow the descriptors of the first entry */
};

/* ---- ena_tx_llq.c ------------------------------------------------------------------------ */

/* Takes a frame's descriptors and header out of an LLQ. ENA_TX_READY: they were all there. */
enum ena_tx_verdict ena_tx_from_llq(struct ena_tx_build *b);
/* Adds frames to the burst that are wholly in one entry and ask for nothing, until one is not such.
 */
void ena_tx_llq_single(struct ena_card *card, struct ena_sq *sq, struct ena_tx_burst *t);
/* The entries are free: they are as before they were written. */
void
ena_tx_llq_free(const struct ena_card *card, const struct ena_sq *sq, uint16_t from, uint16_t to);

/* ---- ena_tx_desc.c ----------------------------------------------------------------------- */

/* Takes a frame's descriptors out of host memory. */
enum ena_tx_verdict ena_tx_from_ring(struct ena_tx_build *b);
/* Adds frames to the burst that are in one buffer and ask for nothing, until one is not such. */
void ena_tx_ring_single(struct ena_card *card, struct ena_sq *sq, struct ena_tx_burst *t);

/* What came of a descriptor. */
enum ena_tx_step {
	ENA_TX_MORE,
	ENA_TX_END,   /* it is the frame's last */
	ENA_TX_ALIEN, /* it belongs to another frame */
	ENA_TX_FAIL,  /* the verdict is in *verdict */
};

/* Takes one descriptor; `first`: of the frame. `phase` is that of this lap. */
enum ena_tx_step ena_tx_desc_take(struct ena_tx_build *b, const struct ena_tx_desc *desc,
				  uint8_t phase, enum ena_tx_verdict *verdict);

/* A piece of the frame that is here. */
static inline void
ena_tx_add(struct ena_tx_build *b, const void *base, uint32_t bytes)
{
	b->frags[b->n_frags].base = base;
	b->frags[b->n_frags].bytes = bytes;
	b->n_frags++;
	b->bytes += bytes;
}

/* The frame is dropped; the first reason counts. */
static inline enum ena_tx_verdict
ena_tx_drop(struct ena_tx_build *b, uint64_t *counter)
{
	if (b->t->drop == NULL)
		b->t->drop = counter;
	return ENA_TX_DROP;
}

/* The same, and its last descriptor is not known: what follows may belong to it. */
static inline enum ena_tx_verdict
ena_tx_drop_endless(struct ena_tx_build *b, uint64_t *counter)
{
	b->t->fact.endless = b->n_descs == 0 ? ENA_TX_REST : ENA_TX_ENDLESS;
	return ena_tx_drop(b, counter);
}

/* The queue stops. */
static inline enum ena_tx_verdict
ena_tx_stop(struct ena_tx_build *b, uint64_t *counter, const char *why)
{
	b->t->drop = counter;
	b->t->why = why;
	return ENA_TX_STOP;
}

/* ---- ena_tx_offload.c -------------------------------------------------------------------- */

/* Does what the frame's first descriptor asks for. */
enum ena_tx_verdict ena_tx_offload(struct ena_tx_build *b);
/*
 * Sends the segments of ENA_TX_CUT; those that the port has taken of it before are not sent again.
 * *drop: why it is not sent, or NULL. False: the port holds the next back.
 */
WC_MUST_CHECK bool ena_tx_cut_send(struct ena_card *card, struct ena_sq *sq,
				   const struct ena_tx_burst *t, uint64_t **drop);

#endif /* ENA_TX_H */
