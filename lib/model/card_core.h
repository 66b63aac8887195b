/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_CORE_H
#define CARD_CORE_H

/* What every object of the card may use: limits, and what concerns the card as a whole. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>
#include <wcdev_card.h>
#include <wcnic_abi.h>

#define CARD_QUEUES_MAX 64u
#define CARD_QUEUES_DEFAULT 16u
#define CARD_WINDOWS_MAX 256u
#define CARD_FW_VERSION 0x00010000u
#define CARD_DEPTH_MIN 8u
#define CARD_DEPTH_MAX 4096u
#define CARD_FRAME_MIN 14u
#define CARD_FRAME_MAX (WCNIC_MTU_MAX + WCNIC_L2_OVERHEAD)
#define CARD_WINDOW_BYTES_MAX (4u << 20)
#define CARD_PUSH_WAIT_NS 100000u
#define CARD_HEARTBEAT_NS 100000000u
#define CARD_BURST 64u
/* Each entry of a frame costs its bytes, its header and padding to eight bytes. */
#define CARD_FRAME_ENTRIES_MAX WCDEV_FRAME_ENTRIES_MAX
#define CARD_FRAME_STREAM_BYTES (CARD_FRAME_MAX + (CARD_FRAME_ENTRIES_MAX + 2) * 16 + 1024)
/* Each frame of a burst begins in the first so many bytes of the scratch memory. */
#define CARD_STREAM_BYTES 8192u
#define CARD_SCRATCH_BYTES (CARD_STREAM_BYTES + CARD_FRAME_STREAM_BYTES)
/* Copies of frames with requests: each of a burst begins in the first so many bytes. */
#define CARD_COPIES_BYTES 65536u
#define CARD_SEGMENTS_MAX 1024u
/* The frames of a burst but the last have fewer fragments. */
#define CARD_FRAGS_BURST 512u
#define CARD_FRAGS (CARD_FRAGS_BURST + CARD_FRAME_MAX)

enum card_queue_state {
	CARD_QUEUE_NONE = 0,
	CARD_QUEUE_RUN,
	CARD_QUEUE_STOPPED, /* Tx: after INCOMPLETE or DROPPED, waits for the next epoch */
	CARD_QUEUE_FAILED,  /* after QUEUE_ERROR, waits for its destruction */
};

struct wcnic_card;

/* Notes an error for ERROR_CAUSE and ERROR_INFO, if it is the first since the reset. */
void card_error_note(struct wcnic_card *card, enum wcnic_error cause, uint32_t info);

/* Reads the clock once for what follows in this poll, and lets the heartbeat go on. */
void card_beat(struct wcnic_card *card);

/* How many MSI-X vectors queues may use. */
uint16_t card_vectors(const struct wcnic_card *card);

#endif /* CARD_CORE_H */
