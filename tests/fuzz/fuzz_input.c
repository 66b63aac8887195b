/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* An input as a stream of choices, and what every frame of a card must be. */

#include <string.h>

#include "fuzz_input.h"

void
fuzz_take(struct fuzz_input *in, void *out, size_t bytes)
{
	size_t n = bytes < in->left ? bytes : in->left;

	memset(out, 0, bytes);
	if (n != 0)
		memcpy(out, in->data, n);
	in->data += n;
	in->left -= n;
}

uint8_t
fuzz_take8(struct fuzz_input *in)
{
	uint8_t value;

	fuzz_take(in, &value, sizeof(value));
	return value;
}

uint16_t
fuzz_take16(struct fuzz_input *in)
{
	uint16_t value;

	fuzz_take(in, &value, sizeof(value));
	return value;
}

uint64_t
fuzz_take64(struct fuzz_input *in)
{
	uint64_t value;

	fuzz_take(in, &value, sizeof(value));
	return value;
}

uint32_t
fuzz_frame_read(const struct wcdev_frame *frame)
{
	static uint8_t copy[FUZZ_FRAME_BYTES_MAX];
	uint32_t bytes = 0;
	uint32_t sum;

	MUST(frame->n_frags != 0 && frame->bytes <= sizeof(copy));
	for (uint32_t i = 0; i < frame->n_frags; i++) {
		MUST(frame->frags[i].bytes != 0);
		MUST(frame->frags[i].bytes <= frame->bytes - bytes);
		memcpy(copy + bytes, frame->frags[i].base, frame->frags[i].bytes);
		bytes += frame->frags[i].bytes;
	}
	MUST(bytes == frame->bytes && bytes >= 14);
	memcpy(&sum, copy + bytes - sizeof(sum), sizeof(sum));
	return sum + bytes * 31;
}
