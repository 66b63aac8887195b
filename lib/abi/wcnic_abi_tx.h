/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_TX_H
#define WCNIC_ABI_TX_H

/* Datasheet section 6: what a Tx queue is made of. */

#include "wcnic_abi_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 6. Tx --------------------------------------------------------------------------------- */

/* A fetch descriptor: one segment. A frame is SOP .. EOP in consecutive entries. */
struct wcnic_tx_desc {
	wcnic_le64 iova;
	wcnic_le16 bytes;       /* 1..65535 */
	wcnic_le16 flags;       /* WCNIC_TXF_* */
	wcnic_le16 seq;         /* the entry's sequence number */
	wcnic_le16 frame_bytes; /* SOP: length of the whole frame; else 0 */
};
WCNIC_ABI_SIZE(wcnic_tx_desc, 16);
WCNIC_ABI_OFF(wcnic_tx_desc, bytes, 8);
WCNIC_ABI_OFF(wcnic_tx_desc, flags, 10);
WCNIC_ABI_OFF(wcnic_tx_desc, seq, 12);
WCNIC_ABI_OFF(wcnic_tx_desc, frame_bytes, 14);

#define WCNIC_TXF_SOP 0x0001u
#define WCNIC_TXF_EOP 0x0002u
#define WCNIC_TXF_OFFLOAD 0x0004u /* SOP: the frame has a struct wcnic_tx_offload */

/*
 * What the card is to do to a frame, one word. Fetch: entry s of the offload ring, for the SOP at
 * s. Push: it follows the header of the frame's first entry in the stream.
 */
struct wcnic_tx_offload {
	wcnic_le64 word; /* WCNIC_TXO_* */
};
WCNIC_ABI_SIZE(wcnic_tx_offload, 8);

#define WCNIC_TXO_L2_BYTES(n) (0x7f & (uint64_t)(n))         /* up to the IP header, 6:0 */
#define WCNIC_TXO_L3_BYTES(n) ((0x1ff & (uint64_t)(n)) << 7) /* IP header, 15:7 */
#define WCNIC_TXO_L4_BYTES(n) ((0xff & (uint64_t)(n)) << 16) /* TCP, UDP: its header, 23:16 */
#define WCNIC_TXO_MSS(n) ((0xffff & (uint64_t)(n)) << 24)    /* payload of a segment, 39:24 */
#define WCNIC_TXO_VLAN_TCI(n) ((0xffff & (uint64_t)(n)) << 40)
#define WCNIC_TXO_GET_L2_BYTES(word) (0x7f & (unsigned int)(word))
#define WCNIC_TXO_GET_L3_BYTES(word) ((unsigned int)((word) >> 7) & 0x1ff)
#define WCNIC_TXO_GET_L4_BYTES(word) ((unsigned int)((word) >> 16) & 0xff)
#define WCNIC_TXO_GET_MSS(word) ((uint16_t)((word) >> 24))
#define WCNIC_TXO_GET_VLAN_TCI(word) ((uint16_t)((word) >> 40))
/* Bits 63:56 are laid out as bits 57:50 of rte_mbuf.ol_flags. */
#define WCNIC_TXO_SEGMENT (1ull << 56) /* TCP or UDP, as L4 says, to be cut by MSS; none: TCP */
#define WCNIC_TXO_TIME (1ull << 57)    /* its time is wanted in TX_TIME */
/* Which checksum of layer 4 is to be made: one of three. */
#define WCNIC_TXO_L4_MASK (3ull << 58)
#define WCNIC_TXO_TCP (1ull << 58)
#define WCNIC_TXO_SCTP (2ull << 58)
#define WCNIC_TXO_UDP (3ull << 58)
#define WCNIC_TXO_IPV4 (1ull << 60)        /* the checksum of the IPv4 header */
#define WCNIC_TXO_HINTS (3ull << 61)       /* which IP it is; the card looks itself */
#define WCNIC_TXO_VLAN_INSERT (1ull << 63) /* a tag of VLAN_TCI, behind the addresses */

#define WCNIC_LINE_BYTES 64u
#define WCNIC_LINE_PAYLOAD_BYTES 56u
#define WCNIC_SLOT_LINES_MAX 16u

/* One line. `check` is wcnic_line_check() of the line with check = 0. */
struct wcnic_push_line {
	wcnic_le16 seq;        /* of the slot; packed: of the line, from 0 in each epoch */
	wcnic_le16 generation; /* of the window */
	wcnic_le16 check;
	uint8_t line_idx; /* within the slot; packed: the epoch */
	uint8_t flags;    /* WCNIC_LINEF_*; packed: 0 */
	uint8_t payload[WCNIC_LINE_PAYLOAD_BYTES];
};
WCNIC_ABI_SIZE(wcnic_push_line, 64);
WCNIC_ABI_OFF(wcnic_push_line, generation, 2);
WCNIC_ABI_OFF(wcnic_push_line, check, 4);
WCNIC_ABI_OFF(wcnic_push_line, line_idx, 6);
WCNIC_ABI_OFF(wcnic_push_line, flags, 7);
WCNIC_ABI_OFF(wcnic_push_line, payload, 8);

#define WCNIC_LINEF_LAST 0x01u /* the last line of its slot that is used */

/*
 * The payloads of a slot's lines, one after the other, are a byte stream: this header, then either
 * inline_bytes of the frame, or n_segs of struct wcnic_push_seg. A frame is SOP .. EOP in
 * consecutive slots; a slot holds inline bytes or segments, never both.
 */
struct wcnic_push_hdr {
	wcnic_le16 frame_bytes;  /* SOP: length of the whole frame; else 0 */
	wcnic_le16 inline_bytes; /* 0 when n_segs > 0 */
	wcnic_le16 flags;        /* WCNIC_TXF_* */
	uint8_t n_lines;         /* lines used by this slot; packed: 0 */
	uint8_t n_segs;
};
WCNIC_ABI_SIZE(wcnic_push_hdr, 8);
WCNIC_ABI_OFF(wcnic_push_hdr, flags, 4);
WCNIC_ABI_OFF(wcnic_push_hdr, n_lines, 6);

struct wcnic_push_seg {
	wcnic_le64 iova;
	wcnic_le32 bytes;
	wcnic_le32 rsvd;
};
WCNIC_ABI_SIZE(wcnic_push_seg, 16);

#define WCNIC_SLOT_STREAM_BYTES(lines) (WCNIC_LINE_PAYLOAD_BYTES * (lines))
#define WCNIC_SLOT_INLINE_BYTES(lines) \
	(WCNIC_SLOT_STREAM_BYTES(lines) - (unsigned int)sizeof(struct wcnic_push_hdr))
#define WCNIC_SLOT_SEGS(lines) \
	(WCNIC_SLOT_INLINE_BYTES(lines) / (unsigned int)sizeof(struct wcnic_push_seg))

/* Packed: the window's ring has no more lines than this, and entries begin where this divides. */
#define WCNIC_PACKED_LINES_MAX 16384u
#define WCNIC_PACKED_ALIGN 8u

/* Exclusive-or of the 64-byte line's eight 64-bit words, folded to 16 bits. */
static inline uint16_t
wcnic_line_check(const void *line)
{
	uint64_t words[WCNIC_LINE_BYTES / sizeof(uint64_t)], x = 0;

	memcpy(words, line, sizeof(words));
	for (unsigned int i = 0; i < WCNIC_LINE_BYTES / sizeof(uint64_t); i++)
		x ^= words[i];
	x ^= x >> 32;
	x ^= x >> 16;
	return (uint16_t)x;
}

enum wcnic_tx_status {
	WCNIC_TX_PUSHED = 1,     /* sent, taken from the window */
	WCNIC_TX_FETCHED = 2,    /* sent, taken from host memory */
	WCNIC_TX_INCOMPLETE = 3, /* not sent: the slot at `seq` did not arrive whole; stopped there
				  */
	WCNIC_TX_DROPPED = 4,    /* not sent: pushes are refused; stopped there; resend by fetch */
	WCNIC_TX_ERROR = 5,      /* discarded: `reason` says why; the queue goes on */
};

/* Why a frame was discarded or a queue stopped: Tx completions, QUEUE_ERROR events, ERROR_CAUSE. */
enum wcnic_error {
	WCNIC_ERR_NONE = 0,
	WCNIC_ERR_ADMIN_CONFIG = 1, /* admin ring base, size or address */
	WCNIC_ERR_DOORBELL = 2,     /* tail, switch or epoch out of range */
	WCNIC_ERR_DESC = 3,         /* descriptor or slot header malformed */
	WCNIC_ERR_ADDRESS = 4,      /* IOVA not mapped, or not with that permission */
	WCNIC_ERR_OVERSIZE = 5,     /* frame longer than the MTU allows */
	WCNIC_ERR_RUNT = 6,         /* frame shorter than min_frame_bytes */
	WCNIC_ERR_FIRMWARE = 7,
	WCNIC_ERR_REGISTER = 8, /* access of wrong size, alignment or offset */
	WCNIC_ERR_OFFLOAD = 9,  /* the frame is not what its offload request says */
};

/* Covers `count` consecutive entries from `seq`. At most one completion exists per entry. */
struct wcnic_tx_cpl {
	wcnic_le16 seq;
	wcnic_le16 count; /* entries; 0 with INCOMPLETE and DROPPED */
	uint8_t status;   /* enum wcnic_tx_status */
	uint8_t reason;   /* enum wcnic_error */
	uint8_t epoch;    /* the queue's */
	uint8_t rsvd;
	wcnic_le16 frames; /* how many frames those entries are */
	uint8_t rsvd2[5];
	uint8_t phase; /* written last */
};
WCNIC_ABI_SIZE(wcnic_tx_cpl, 16);
WCNIC_ABI_OFF(wcnic_tx_cpl, status, 4);
WCNIC_ABI_OFF(wcnic_tx_cpl, epoch, 6);
WCNIC_ABI_OFF(wcnic_tx_cpl, frames, 8);
WCNIC_ABI_OFF(wcnic_tx_cpl, phase, 15);

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_ABI_TX_H */
