/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_RX_H
#define CARD_RX_H

/* Section 7: the way of most frames, which are in one piece and fit a buffer that is all here. */

#include "card.h"

/* What the card does for its port: frames in, a change of port. */
extern const struct wcdev_card_ops card_dev_ops;

/* Destination and source. */
#define CARD_RX_ADDRS_BYTES 12u

/* What the card says of a frame, in its completion and its extra. All zeroes: nothing. */
struct card_rx_result {
	uint32_t flags; /* WCNIC_RXF_*, without SOP and EOP */
	uint32_t hash;
	uint16_t ptype;
	uint16_t cut_bytes; /* of tags that are stripped: bytes behind the addresses */
	/* Of the extra, in host byte order; flags say which of them are valid. */
	uint64_t time_ns;
	uint32_t mark;
	uint16_t vlan_tci;
	uint16_t outer_vlan_tci;
};

/* The words of a completion: this, and what belongs to the buffer. */
struct card_rx_kind {
	uint64_t first; /* flags, hash */
	uint64_t last;  /* ptype */
};

/* `flags`: WCNIC_RXF_*. All in host byte order, as the result. */
static inline struct card_rx_kind
card_rx_kind_make(uint16_t ptype, uint32_t flags, uint32_t hash)
{
	return (struct card_rx_kind){
		.first = (uint64_t)flags << 16 | (uint64_t)hash << 32,
		.last = (uint64_t)ptype << 32,
	};
}

static inline struct card_rx_kind
card_rx_kind_of(const struct card_rx_result *result)
{
	return card_rx_kind_make(result->ptype, result->flags, result->hash);
}

/* Makes the completion of buffer `seq`, which got `bytes`. `phase`: what card_rx_phase() gives. */
static inline void
card_rx_completion_make(uint64_t cpl[2], struct card_rx_kind kind, uint32_t bytes, uint16_t seq,
			uint32_t frame_bytes, uint64_t phase)
{
	cpl[0] = htole64(kind.first | bytes);
	cpl[1] = htole64(kind.last | seq | frame_bytes << 16 | phase);
}

/* The phase bit of completion `seq`, at its place in the completion's last word. */
static inline uint64_t
card_rx_phase(uint16_t seq, uint16_t entries)
{
	return (uint64_t)wcdev_ring_phase(seq, entries) << 56;
}

/* What a register holds. */
typedef uint64_t card_rx_piece_t WC_VECTOR(16);

/*
 * Most frames are short: no call, and no more stores than it takes. A driver may receive where it
 * sends: all is read before anything is written.
 */
static inline void
card_rx_bytes_copy(uint8_t *dst, const uint8_t *src, uint32_t bytes)
{
	card_rx_piece_t pieces[4];

	if (bytes - 32 <= 32) {
		memcpy(&pieces[0], src, 16);
		memcpy(&pieces[1], src + 16, 16);
		memcpy(&pieces[2], src + bytes - 32, 16);
		memcpy(&pieces[3], src + bytes - 16, 16);
		memcpy(dst, &pieces[0], 16);
		memcpy(dst + 16, &pieces[1], 16);
		memcpy(dst + bytes - 32, &pieces[2], 16);
		memcpy(dst + bytes - 16, &pieces[3], 16);
	} else {
		memmove(dst, src, bytes);
	}
}

/* Writes a line of completions that ends at `head`. */
static inline void
card_rxq_publish_line(struct wcnic_card *card, struct card_rxq *q, uint16_t head)
{
	const uint16_t first = head - CARD_RX_LINE_CPLS;
	uint8_t *dst = wcdev_ring_find(&card->dev, &q->cq, first);
	unsigned int i;

	if (q->published != first || dst == NULL) {
		card_rxq_publish(card, q);
		return;
	}
	q->published = head;
#pragma GCC unroll 4
	for (i = 0; i < CARD_RX_LINE_CPLS; i++)
		wcdev_publish16(dst + i * sizeof(struct wcnic_rx_cpl),
				q->cpls[first % CARD_RX_CPLS + i]);
}

/* Whether the next buffer is all here, and so are those before q->ahead_end. */
static inline bool
card_rxq_has_ahead(const struct wcnic_card *card, const struct card_rxq *q)
{
	return q->ahead_end != q->head && q->ahead_map_id == card->dev.map_id;
}

/* No more completions may be kept back. */
static inline bool
card_rxq_is_full(const struct card_rxq *q)
{
	return (uint16_t)(q->head - q->published) == CARD_RX_CPLS;
}

/* card_rxq_has_ahead(), after looking for more if there are none. */
bool card_rxq_look_ahead(struct wcnic_card *card, struct card_rxq *q);

/*
 * Keeps back the completion of a frame that is in the next buffer: `head` is q->head. Returns the
 * new head.
 */
static inline uint16_t
card_rxq_complete(struct card_rxq *q, uint16_t head, uint32_t bytes, struct card_rx_kind kind)
{
	kind.first |= (WCNIC_RXF_SOP | WCNIC_RXF_EOP) << 16;
	card_rx_completion_make(q->cpls[head % CARD_RX_CPLS], kind, bytes, head, bytes,
				q->ahead_phase);
	q->head = ++head;
	return head;
}

/*
 * Puts a frame, which is in one piece, into the next buffer, which is all here: `head` is q->head.
 * Its completion is kept back. Returns the new head.
 */
static inline uint16_t
card_rxq_put(struct card_rxq *q, uint16_t head, const uint8_t *src, uint32_t bytes,
	     struct card_rx_kind kind)
{
	card_rx_bytes_copy(q->ahead[head % CARD_RX_AHEAD], src, bytes);
	return card_rxq_complete(q, head, bytes, kind);
}

/* Whether there are buffers, after a look at the record if there are none that are known. */
bool card_rxq_has_buffers(struct wcnic_card *card, struct card_rxq *q);

/*
 * Drops a frame for which the queue has no buffers, and counts it. False: the frame is to wait in
 * the port, which can do that, and has not been dropped.
 */
bool card_rxq_drop(struct wcnic_card *card, struct card_rxq *q);

/* Counts a frame that is delivered. */
static inline void
card_rxq_count(struct wcnic_card *card, struct card_rxq *q, const struct wcdev_frame *frame)
{
	card->stats.rx_frames++;
	card->stats.rx_bytes += frame->bytes;
	q->counts.frames++;
	q->counts.bytes += frame->bytes;
}

/*
 * Delivers a frame of any kind, with what is said of it. What needs an extra is not said where the
 * queue has no ring for it. 0: delivered, or discarded and counted; -EAGAIN: it waits for buffers,
 * in a port that can do that, or for the memory of the host.
 */
WC_MUST_CHECK int
card_rxq_deliver(struct wcnic_card *card, struct card_rxq *q, const struct wcdev_frame *frame,
		 const struct card_rx_result *result);

/*
 * Puts a frame into `count` buffers, which are posted; of the flags only those that the queue can
 * say. As card_rxq_deliver().
 */
WC_MUST_CHECK int
card_rx_spread(struct wcnic_card *card, struct card_rxq *q, const struct wcdev_frame *frame,
	       unsigned int count, const struct card_rx_result *result);

/* The destination address, as card_rx_addr() gives that of a port. */
static inline uint64_t
card_rx_destination(const uint8_t *head)
{
	uint64_t word;

	memcpy(&word, head, sizeof(word)); /* a frame is never so short */
	return word & htobe64(0xffffffffffff0000ull);
}

/* An address as card_rx_destination() reads it from a frame, to be compared with that. */
static inline uint64_t
card_rx_addr(const uint8_t mac[6])
{
	uint64_t word = 0;

	memcpy(&word, mac, 6);
	return word;
}

#endif /* CARD_RX_H */
