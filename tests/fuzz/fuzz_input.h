/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

/* An input to take bytes from, and what holds for the frames of every card. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <wcdev.h>

/* Holds in every build, unlike assert(). */
#define MUST(condition)                                                                  \
	do {                                                                             \
		if (!(condition)) {                                                      \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, \
				#condition);                                             \
			abort();                                                         \
		}                                                                        \
	} while (0)

#define FUZZ_FRAME_BYTES_MAX (WCDEV_MTU_MAX + WCDEV_L2_BYTES_MAX)

struct fuzz_input {
	const uint8_t *data;
	size_t left;
};

/* The next `bytes` bytes; zeroes once the input has ended. */
void fuzz_take(struct fuzz_input *in, void *out, size_t bytes);
uint8_t fuzz_take8(struct fuzz_input *in);
uint16_t fuzz_take16(struct fuzz_input *in);
uint64_t fuzz_take64(struct fuzz_input *in);

/*
 * Reads every byte of a frame, so that one which is not the card's to give is seen. A number that
 * differs with the frame. */
uint32_t fuzz_frame_read(const struct wcdev_frame *frame);

#endif /* FUZZ_INPUT_H */
