/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_OFFLOAD_H
#define WCDEV_OFFLOAD_H

/*
 * For card models: what a host may ask a card to do to a frame that it sends: checksums, a VLAN
 * tag, segmentation. The frame may be in memory that the host changes: each byte is read once, and
 * what is judged and sent is a copy.
 */

#include <stdbool.h>
#include <stdint.h>

#include <wcbase.h>

#include "wcdev.h"

enum wcdev_offload_l4 {
	WCDEV_OFFLOAD_NONE = 0,
	WCDEV_OFFLOAD_TCP,
	WCDEV_OFFLOAD_SCTP,
	WCDEV_OFFLOAD_UDP,
};

struct wcdev_offload {
	uint16_t l2_bytes;        /* up to the IP header */
	uint16_t l3_bytes;        /* IP header, options and extension headers */
	uint16_t l4_bytes;        /* segment: TCP or UDP header */
	uint16_t mss;             /* segment: payload of each but the last */
	uint16_t vlan_tci;        /* vlan */
	enum wcdev_offload_l4 l4; /* whose checksum is to be made */
	bool ipv4;                /* the checksum of the IPv4 header is to be made */
	bool segment; /* TCP or UDP is to be cut; implies the checksums of each segment */
	bool vlan;    /* a tag is to be inserted behind the addresses */
};

#define WCDEV_VLAN_BYTES 4u
/* The longest headers of a frame to be segmented: what the fields of a request can say. */
#define WCDEV_HEADERS_BYTES_MAX (127u + 511u + 255u + WCDEV_VLAN_BYTES)

/* ---- a frame that stays one -------------------------------------------------------------- */

/* How long the frame becomes. */
static inline uint32_t
wcdev_offload_bytes(const struct wcdev_offload *o, uint32_t bytes)
{
	return bytes + (o->vlan ? WCDEV_VLAN_BYTES : 0);
}

/*
 * Copies a frame of at least 14 bytes to `to`, which has space for wcdev_offload_bytes(), and does
 * there what is asked for. 0, or -EINVAL: the frame is not what `o` says.
 */
WC_MUST_CHECK int
wcdev_offload_copy(const struct wcdev_offload *o, const struct wcdev_frame *frame, uint8_t *to);

/* ---- a frame that is cut ----------------------------------------------------------------- */

/* A frame while its segments are made one after the other. */
struct wcdev_segmenter {
	struct wcdev_offload o; /* of the headers below */
	uint32_t n;             /* how many segments there are */
	uint32_t next;          /* the one that wcdev_segment_make() makes */
	uint32_t header_bytes;
	uint32_t payload_bytes;
	const struct wcdev_frag *frag; /* where the payload of `next` begins */
	uint32_t frag_off;
	uint8_t headers[WCDEV_HEADERS_BYTES_MAX];
};

/*
 * Begins with segment `first`; `frame` stays as it is until the last is made. 0, or -EINVAL: the
 * frame is not what `o` says.
 */
WC_MUST_CHECK int wcdev_segmenter_init(struct wcdev_segmenter *s, const struct wcdev_offload *o,
				       const struct wcdev_frame *frame, uint32_t first);

/* How long segment `i` of s->n is. */
static inline uint32_t
wcdev_segment_bytes(const struct wcdev_segmenter *s, uint32_t i)
{
	uint32_t off = i * s->o.mss;

	return s->header_bytes +
	       (s->payload_bytes - off < s->o.mss ? s->payload_bytes - off : s->o.mss);
}

/* Writes the next segment, which is there, to `to`, which has space for it. */
void wcdev_segment_make(struct wcdev_segmenter *s, uint8_t *to);

#endif /* WCDEV_OFFLOAD_H */
