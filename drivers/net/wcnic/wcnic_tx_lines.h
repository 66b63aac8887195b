/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_TX_LINES_H
#define WCNIC_TX_LINES_H

/*
 * Packed push: a stream of bytes becomes lines of an 8-byte tag and 56 bytes (datasheet section 6).
 * A tag holds a check: the xor of all words of its line, folded to 16 bits. Several lines are made
 * at once, with their checks in one vector.
 *
 * Each line is loaded from 8 bytes in front of its part of the stream. These 8 bytes are left out
 * of the check and replaced by the tag. As many lines as are made at once may be read beyond the
 * end of the stream: that memory must exist, and its contents do not matter.
 */

#include <stdbool.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include <wcbar_line.h>
#include <wcbase.h>

#define WCNIC_HALF_BYTES 32u
#define WCNIC_WORD_BYTES 8u

/* Half a line anywhere in memory. */
typedef uint64_t wcnic_half_at_t WC_VECTOR(32) WC_ALIGNED(1) WC_MAY_ALIAS;

static_assert(RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN, "words of a line are those of a vector");

/* ---- four lines ----------------------------------------------------------------------------- */

struct wcnic_quad {
	wcbar_half_t low[4], high[4];
};

/* Adds the check to four tags. x: the xor of each line's halves, without the tag's word. */
static __rte_always_inline void
wcnic_quad_tags(wcbar_half_t *tags, const wcbar_half_t x[4])
{
	/* two words of each line: 0, 1, 0, 1 and 2, 3, 2, 3 */
	const wcbar_half_t a = __builtin_shufflevector(x[0], x[1], 0, 4, 2, 6) ^
			       __builtin_shufflevector(x[0], x[1], 1, 5, 3, 7);
	const wcbar_half_t b = __builtin_shufflevector(x[2], x[3], 0, 4, 2, 6) ^
			       __builtin_shufflevector(x[2], x[3], 1, 5, 3, 7);
	wcbar_half_t sum = *tags ^ __builtin_shufflevector(a, b, 0, 1, 4, 5) ^
			   __builtin_shufflevector(a, b, 2, 3, 6, 7);

	sum ^= sum >> 32;
	sum ^= sum >> 16;
	*tags |= (sum & UINT16_MAX) << 32;
}

/* Loads four lines of the stream and puts their tags in. `tags` have no check yet. */
static __rte_always_inline void
wcnic_quad_make(struct wcnic_quad *q, const uint8_t *stream, wcbar_half_t *tags)
{
	static const wcbar_half_t rest = {0, UINT64_MAX, UINT64_MAX, UINT64_MAX};
	wcbar_half_t x[4];

#pragma GCC unroll 4
	for (unsigned int i = 0; i < 4; i++, stream += WCNIC_LINE_PAYLOAD_BYTES) {
		q->low[i] = *(const wcnic_half_at_t *)(stream - WCNIC_WORD_BYTES);
		q->high[i] = *(const wcnic_half_at_t *)(stream - WCNIC_WORD_BYTES +
							WCNIC_HALF_BYTES);
		x[i] = (q->low[i] & rest) ^ q->high[i];
	}
	wcnic_quad_tags(tags, x);
	q->low[0] = __builtin_shufflevector(q->low[0], *tags, 4, 1, 2, 3);
	q->low[1] = __builtin_shufflevector(q->low[1], *tags, 5, 1, 2, 3);
	q->low[2] = __builtin_shufflevector(q->low[2], *tags, 6, 1, 2, 3);
	q->low[3] = __builtin_shufflevector(q->low[3], *tags, 7, 1, 2, 3);
}

/* How a line is stored: wcbar_line_put() or wcbar_line_put_shared(). */
typedef void (*wcnic_line_put_t)(void *dst, const wcbar_half_t *low, const wcbar_half_t *high);

/* Stores the first `n` of four lines. */
static __rte_always_inline void
wcnic_quad_put(uint8_t *dst, const struct wcnic_quad *q, unsigned int n, wcnic_line_put_t put)
{
#pragma GCC unroll 4
	for (unsigned int i = 0; i < 4; i++, dst += WCNIC_LINE_BYTES) {
		if (i < n)
			put(dst, &q->low[i], &q->high[i]);
	}
}

/*
 * Makes lines [seq, seq + n) of `stream` and stores them to `to`, a window or memory, with stores
 * as wide as the caller is compiled for. `tag`: the bits of the tag that all lines have in common.
 * A TLP a line if the window combines. No fence.
 */
static __rte_always_inline void
wcnic_lines_put_by(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq,
		   wcnic_line_put_t put)
{
	wcbar_half_t seqs = {seq, seq + 1u, seq + 2u, seq + 3u}, tags;
	struct wcnic_quad q;
	uint8_t *dst = to;

	for (; n >= 4; n -= 4, seqs += 4) {
		tags = (seqs & UINT16_MAX) | tag;
		wcnic_quad_make(&q, stream, &tags);
		wcnic_quad_put(dst, &q, 4, put);
		dst += 4 * WCNIC_LINE_BYTES;
		stream += 4 * WCNIC_LINE_PAYLOAD_BYTES;
	}
	if (n > 0) {
		tags = (seqs & UINT16_MAX) | tag;
		wcnic_quad_make(&q, stream, &tags);
		wcnic_quad_put(dst, &q, n, put);
	}
}

static __rte_always_inline void
wcnic_lines_put(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq)
{
	wcnic_lines_put_by(to, stream, n, tag, seq, wcbar_line_put);
}

#if defined(RTE_ARCH_X86)
/* The same into host memory that another CPU watches. */
static __rte_always_inline void
wcnic_lines_put_shared(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq)
{
	wcnic_lines_put_by(to, stream, n, tag, seq, wcbar_line_put_shared);
}
#endif

/* ---- eight lines ---------------------------------------------------------------------------- */

#if defined(RTE_ARCH_X86)

#define WCNIC_AVX512 WC_TARGET("avx512f")

/* In each quarter of two lines: the xor of two words of the first, and of the second line. */
WCNIC_AVX512 static __rte_always_inline __m512i
wcnic_pair_sum(__m512i a, __m512i b)
{
	return _mm512_unpacklo_epi64(a, b) ^ _mm512_unpackhi_epi64(a, b);
}

/* The xor of neighbouring quarters. */
WCNIC_AVX512 static __rte_always_inline __m512i
wcnic_quarters_sum(__m512i a, __m512i b)
{
	return _mm512_shuffle_i64x2(a, b, 0x88) ^ _mm512_shuffle_i64x2(a, b, 0xdd);
}

/* Adds the check to eight tags. `sum`: the xor of each line's words but the tag. */
WCNIC_AVX512 static __rte_always_inline __m512i
wcnic_octet_tags(__m512i bare, __m512i sum)
{
	sum ^= bare;
	sum ^= _mm512_srli_epi64(sum, 32);
	sum ^= _mm512_srli_epi64(sum, 16);
	return bare | _mm512_slli_epi64(sum & _mm512_set1_epi64(UINT16_MAX), 32);
}

/*
 * Makes eight lines and stores the first `n` of them. `bare`: their tags without a check. `shared`:
 * into host memory that another CPU watches.
 */
WCNIC_AVX512 static __rte_always_inline void
wcnic_octet_put(uint8_t *dst, const uint8_t *stream, unsigned int n, __m512i bare, bool shared)
{
	__m512i v[8], sum, tags;

#pragma GCC unroll 8
	for (unsigned int i = 0; i < 8; i++)
		v[i] = _mm512_maskz_loadu_epi64(0xfe, stream - WCNIC_WORD_BYTES +
							      i * WCNIC_LINE_PAYLOAD_BYTES);
	sum = wcnic_quarters_sum(
		wcnic_quarters_sum(wcnic_pair_sum(v[0], v[1]), wcnic_pair_sum(v[2], v[3])),
		wcnic_quarters_sum(wcnic_pair_sum(v[4], v[5]), wcnic_pair_sum(v[6], v[7])));
	tags = wcnic_octet_tags(bare, sum);
#define PUT(i)                                                                       \
	do {                                                                         \
		v[i] = _mm512_mask_alignr_epi64(v[i], 1, tags, tags, i);             \
		if (i < n && shared)                                                 \
			wcbar_line_put512_shared(dst + i * WCNIC_LINE_BYTES, &v[i]); \
		else if (i < n)                                                      \
			wcbar_line_put512(dst + i * WCNIC_LINE_BYTES, &v[i]);        \
	} while (0)
	PUT(0);
	PUT(1);
	PUT(2);
	PUT(3);
	PUT(4);
	PUT(5);
	PUT(6);
	PUT(7);
#undef PUT
}

WCNIC_AVX512 static __rte_always_inline void
wcnic_lines_put512_by(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq,
		      bool shared)
{
	const __m512i each = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
	const __m512i common = _mm512_set1_epi64((long long)tag);
	const __m512i low = _mm512_set1_epi64(UINT16_MAX);
	__m512i seqs = _mm512_add_epi64(each, _mm512_set1_epi64(seq));
	uint8_t *dst = to;

	for (; n >= 8; n -= 8) {
		wcnic_octet_put(dst, stream, 8, (seqs & low) | common, shared);
		dst += 8 * WCNIC_LINE_BYTES;
		stream += 8 * WCNIC_LINE_PAYLOAD_BYTES;
		seqs = _mm512_add_epi64(seqs, _mm512_set1_epi64(8));
	}
	if (n > 0)
		wcnic_octet_put(dst, stream, n, (seqs & low) | common, shared);
}

/* As wcnic_lines_put(). */
WCNIC_AVX512 static __rte_always_inline void
wcnic_lines_put512(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq)
{
	wcnic_lines_put512_by(to, stream, n, tag, seq, false);
}

/* As wcnic_lines_put_shared(). */
WCNIC_AVX512 static __rte_always_inline void
wcnic_lines_put512_shared(void *to, const uint8_t *stream, unsigned int n, uint64_t tag,
			  uint16_t seq)
{
	wcnic_lines_put512_by(to, stream, n, tag, seq, true);
}

#endif

#endif /* WCNIC_TX_LINES_H */
