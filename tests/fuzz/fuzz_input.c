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
	uint32_t sum = 0;
	uint32_t bytes = 0;

	MUST(frame->n_frags != 0);
	for (uint32_t i = 0; i < frame->n_frags; i++) {
		MUST(frame->frags[i].bytes != 0);
		for (uint32_t k = 0; k < frame->frags[i].bytes; k++)
			sum = sum * 31 + ((const uint8_t *)frame->frags[i].base)[k];
		bytes += frame->frags[i].bytes;
	}
	MUST(bytes == frame->bytes && bytes >= 14 && bytes <= FUZZ_FRAME_BYTES_MAX);
	return sum;
}
