/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef SOAK_FRAME_H
#define SOAK_FRAME_H

/* The frames of the soak: each knows who it is, and has a checksum of all its bytes. */

#include <stdbool.h>
#include <stdint.h>

#define SOAK_FRAME_MIN 76u
#define SOAK_FRAME_MAX 9000u
#define SOAK_PAYLOAD_OFF 42u /* behind Ethernet, IPv4 and UDP */

/* Begins the payload. */
struct soak_frame {
	uint32_t magic;
	uint16_t sender;
	uint16_t queue;
	uint64_t seq;
	uint32_t bytes; /* of the frame */
	uint32_t crc;   /* of the frame, with 0 here */
} __attribute__((packed, aligned(2)));

/*
 * Writes a frame of `bytes`, SOAK_FRAME_MIN to SOAK_FRAME_MAX. Its flow is that of the queue, so
 * that frames of one queue arrive in order.
 */
void soak_frame_make(uint8_t *data, uint16_t bytes, uint16_t sender, uint16_t queue, uint64_t seq);

/* Reads what a frame says of itself. False: it is not what was made. */
bool soak_frame_read(uint8_t *data, uint32_t bytes, struct soak_frame *frame);

#endif /* SOAK_FRAME_H */
