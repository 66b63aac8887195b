/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef RX_INTERNAL_H
#define RX_INTERNAL_H

/* Section 7: the way of most frames, which are in one piece and fit a buffer that is all here. */

#include "card_dma.h"

/* The words of a completion: this, and what belongs to the buffer. */
struct rx_kind {
	uint64_t first; /* flags, hash */
	uint64_t last;  /* ptype */
};

static inline struct rx_kind
rx_kind_make(uint16_t ptype, uint32_t flags, uint32_t hash)
{
	return (struct rx_kind){
		.first = (uint64_t)flags << 16 | (uint64_t)hash << 32,
		.last = (uint64_t)ptype << 32,
	};
}

/* `phase`: the word of rx_phase(). */
static inline void
rx_completion_make(uint64_t cpl[2], struct rx_kind kind, uint32_t bytes, uint16_t seq,
		   uint32_t frame_bytes, uint64_t phase)
{
	cpl[0] = htole64(kind.first | bytes);
	cpl[1] = htole64(kind.last | seq | frame_bytes << 16 | phase);
}

static inline uint64_t
rx_phase(uint16_t seq, uint16_t entries)
{
	return (uint64_t)ring_phase(seq, entries) << 56;
}

/* Most frames are short: no call, and no more stores than it takes. */
static inline void
rx_bytes_copy(uint8_t *dst, const uint8_t *src, uint32_t bytes)
{
	if (bytes - 32 <= 32) {
		memcpy(dst, src, 32);
		memcpy(dst + bytes - 32, src + bytes - 32, 32);
	} else {
		memcpy(dst, src, bytes);
	}
}

/* Writes a line of completions that ends at `head`. */
static inline void
rxq_publish_line(struct wcnic_card *card, struct rxq *q, uint16_t head)
{
	uint16_t first = head - RX_CPLS;
	uint8_t *dst = q->ahead_cpls + first % RX_AHEAD * sizeof(struct wcnic_rx_cpl);
	unsigned int i;

	if (q->published != first) {
		rxq_publish(card, q);
		return;
	}
	q->published = head;
	for (i = 0; i < RX_CPLS; i++)
		shared_publish16(dst + i * sizeof(struct wcnic_rx_cpl), q->cpls[i]);
}

/*
 * Returns false, with nothing done, if the frame or the next buffer is not of this kind: then it is
 * for rxq_deliver(). The caller counts the frame.
 */
static inline bool
rxq_put(struct wcnic_card *card, struct rxq *q, const struct wcnic_frame *frame,
	struct rx_kind kind)
{
	uint32_t bytes = frame->bytes;
	uint16_t head = q->head;

	if (q->ahead_end == head || q->ahead_map_id != card->map_id || frame->n_frags != 1 ||
	    bytes > q->buf_bytes)
		return false;
	rx_bytes_copy(q->ahead[head % RX_AHEAD], frame->frags[0].base, bytes);
	kind.first |= (WCNIC_RXF_SOP | WCNIC_RXF_EOP) << 16;
	rx_completion_make(q->cpls[head % RX_CPLS], kind, bytes, head, bytes, q->ahead_phase);
	q->head = ++head;
	if (head % RX_CPLS == 0)
		rxq_publish_line(card, q, head);
	return true;
}

/* As rxq_put(), for every kind. 0: delivered or discarded; -EAGAIN: no buffers. */
__attribute__((warn_unused_result)) int rxq_deliver(struct wcnic_card *card, struct rxq *q,
						    const struct wcnic_frame *frame,
						    struct rx_kind kind);

/*
 * The kind of a frame, from its first bytes. Most are IPv4 without tag or options, and no fragment:
 * they are told by a few comparisons.
 */
static inline bool
rx_is_plain(const uint8_t *head, uint32_t bytes)
{
	uint32_t type;
	uint16_t fragment;

	if (bytes < 38)
		return false;
	memcpy(&type, head + 12, sizeof(type));
	memcpy(&fragment, head + 20, sizeof(fragment));
	return (type & htobe32(0xffffff00)) == htobe32(0x08004500) &&
	       (fragment & htobe16(0x3fff)) == 0;
}

static inline uint16_t
rx_ptype(const uint8_t *head, uint32_t bytes)
{
	static const uint16_t by_proto[256] = {
		[1] = WCNIC_PTYPE_ICMP, [6] = WCNIC_PTYPE_TCP, [17] = WCNIC_PTYPE_UDP};
	struct rx_parse parse;

	if (rx_is_plain(head, bytes))
		return WCNIC_PTYPE_IPV4 | by_proto[head[23]];
	rx_parse(head, bytes, &parse);
	return parse.ptype;
}

#endif /* RX_INTERNAL_H */
