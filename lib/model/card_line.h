/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_LINE_H
#define CARD_LINE_H

/* Section 6: a line of a PUSH window, copied once and judged by its tag and check. */

#include <stdbool.h>
#include <stdint.h>

#include <wcbase.h>
#include <wcnic_abi.h>

#define CARD_LINE_PAYLOAD_WORDS (WCNIC_LINE_PAYLOAD_BYTES / 8)
#define CARD_SLOT_PAYLOAD_WORDS_MAX (WCNIC_SLOT_LINES_MAX * CARD_LINE_PAYLOAD_WORDS)

/* A line's tag without its check; flags are zero. */
static inline uint64_t
card_line_tag(uint16_t seq, uint16_t generation, uint8_t idx)
{
	return seq | (uint64_t)generation << 16 | (uint64_t)idx << 48;
}

#define CARD_LINE_CHECK_MASK (0xffffull << 32)
#define CARD_LINE_FLAGS_SHIFT 56

/* The words of a line at any address that a word may have, two by two. */
typedef uint64_t card_line_pair WC_VECTOR(16) WC_ALIGNED(8) WC_MAY_ALIAS;

/*
 * Copies a line: its payload to `payload`. Returns its tag without the check if that is right, else
 * ~0, which is no tag. What is in the window is read once: it is judged after the fence.
 */
static inline uint64_t
card_line_copy(const uint8_t *src, uint64_t *payload)
{
	const card_line_pair *from = (const void *)src;
	card_line_pair a = from[0], b, c, d, x;
	uint64_t sum;

	/* A driver that writes the tag last: what is loaded from here on was there before it. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	b = from[1];
	c = from[2];
	d = from[3];
	x = a ^ b ^ c ^ d;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	payload[0] = a[1];
	*(card_line_pair *)(void *)(payload + 1) = b;
	*(card_line_pair *)(void *)(payload + 3) = c;
	*(card_line_pair *)(void *)(payload + 5) = d;
	sum = le64toh(x[0] ^ x[1]);
	sum ^= sum >> 32;
	sum ^= sum >> 16;
	/* The check is that of the line without it: with it, nothing is left. */
	return (uint16_t)sum == 0 ? le64toh(a[0]) & ~CARD_LINE_CHECK_MASK : ~0ull;
}

/* Forgets a line that has this tag. A new line that is just arriving wins. */
static inline void
card_line_forget(uint8_t *src, uint64_t tag)
{
	__atomic_compare_exchange_n((uint64_t *)(void *)src, &tag, 0, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

#endif /* CARD_LINE_H */
