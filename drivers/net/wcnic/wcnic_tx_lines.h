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

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include <wcbar_line.h>
#include <wcbase.h>

#define WCNIC_HALF_BYTES 32u
#define WCNIC_WORD_BYTES 8u

/* Half a line from anywhere in memory. */
static __rte_always_inline void
wcnic_half_get(wcbar_half_t *half, const void *from)
{
	memcpy(half, from, sizeof(*half));
}

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
	const wcbar_half_t a = WC_SHUFFLE(x[0], x[1], 0, 4, 2, 6) ^
			       WC_SHUFFLE(x[0], x[1], 1, 5, 3, 7);
	const wcbar_half_t b = WC_SHUFFLE(x[2], x[3], 0, 4, 2, 6) ^
			       WC_SHUFFLE(x[2], x[3], 1, 5, 3, 7);
	wcbar_half_t sum = *tags ^ WC_SHUFFLE(a, b, 0, 1, 4, 5) ^ WC_SHUFFLE(a, b, 2, 3, 6, 7);

	sum ^= sum >> 32;
	sum ^= sum >> 16;
	*tags |= (sum & UINT16_MAX) << 32;
}

/* Loads line `i` of four. x: the xor of its halves without the tag's word. */
static __rte_always_inline void
wcnic_quad_load(struct wcnic_quad *q, const uint8_t *stream, unsigned int i, wcbar_half_t *x)
{
	static const wcbar_half_t rest = {0, UINT64_MAX, UINT64_MAX, UINT64_MAX};
	const uint8_t *from = stream + i * WCNIC_LINE_PAYLOAD_BYTES - WCNIC_WORD_BYTES;

	wcnic_half_get(&q->low[i], from);
	wcnic_half_get(&q->high[i], from + WCNIC_HALF_BYTES);
	*x = (q->low[i] & rest) ^ q->high[i];
}

/* Loads four lines of the stream and puts their tags in. `tags` have no check yet. */
static __rte_always_inline void
wcnic_quad_make(struct wcnic_quad *q, const uint8_t *stream, wcbar_half_t *tags)
{
	wcbar_half_t x[4];

	wcnic_quad_load(q, stream, 0, &x[0]);
	wcnic_quad_load(q, stream, 1, &x[1]);
	wcnic_quad_load(q, stream, 2, &x[2]);
	wcnic_quad_load(q, stream, 3, &x[3]);
	wcnic_quad_tags(tags, x);
	q->low[0] = WC_SHUFFLE(q->low[0], *tags, 4, 1, 2, 3);
	q->low[1] = WC_SHUFFLE(q->low[1], *tags, 5, 1, 2, 3);
	q->low[2] = WC_SHUFFLE(q->low[2], *tags, 6, 1, 2, 3);
	q->low[3] = WC_SHUFFLE(q->low[3], *tags, 7, 1, 2, 3);
}

/*
 * Stores line `i` of four, if it is one of the first `n`. `shared`: into host memory that another
 * CPU watches.
 */
static __rte_always_inline void
wcnic_quad_put_line(uint8_t *dst, const struct wcnic_quad *q, unsigned int i, unsigned int n,
		    bool shared)
{
	dst += i * WCNIC_LINE_BYTES;
	if (i >= n)
		return;
#if defined(RTE_ARCH_X86)
	if (shared) {
		wcbar_line_put_shared(dst, &q->low[i], &q->high[i]);
		return;
	}
#endif
	RTE_SET_USED(shared);
	wcbar_line_put(dst, &q->low[i], &q->high[i]);
}

/* Stores the first `n` of four lines. */
static __rte_always_inline void
wcnic_quad_put(uint8_t *dst, const struct wcnic_quad *q, unsigned int n, bool shared)
{
	wcnic_quad_put_line(dst, q, 0, n, shared);
	wcnic_quad_put_line(dst, q, 1, n, shared);
	wcnic_quad_put_line(dst, q, 2, n, shared);
	wcnic_quad_put_line(dst, q, 3, n, shared);
}

/*
 * Makes lines [seq, seq + n) of `stream` and stores them to `to`, a window or memory, with stores
 * as wide as the caller is compiled for. `tag`: the bits of the tag that all lines have in common.
 * A TLP a line if the window combines. No fence.
 */
static __rte_always_inline void
wcnic_lines_put_by(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq,
		   bool shared)
{
	wcbar_half_t seqs = {seq, seq + 1u, seq + 2u, seq + 3u}, tags;
	struct wcnic_quad q;
	uint8_t *dst = to;

	for (; n >= 4; n -= 4, seqs += 4) {
		tags = (seqs & UINT16_MAX) | tag;
		wcnic_quad_make(&q, stream, &tags);
		wcnic_quad_put(dst, &q, 4, shared);
		dst += 4 * WCNIC_LINE_BYTES;
		stream += 4 * WCNIC_LINE_PAYLOAD_BYTES;
	}
	if (n > 0) {
		tags = (seqs & UINT16_MAX) | tag;
		wcnic_quad_make(&q, stream, &tags);
		wcnic_quad_put(dst, &q, n, shared);
	}
}

static __rte_always_inline void
wcnic_lines_put(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq)
{
	wcnic_lines_put_by(to, stream, n, tag, seq, false);
}

#if defined(RTE_ARCH_X86)
/* The same into host memory that another CPU watches. */
static __rte_always_inline void
wcnic_lines_put_shared(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq)
{
	wcnic_lines_put_by(to, stream, n, tag, seq, true);
}
#endif

/* ---- eight lines ---------------------------------------------------------------------------- */

#if defined(RTE_ARCH_X86)

/* For files that are compiled for such a CPU. */
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

/* Line `i` of the stream, without its tag. */
WCNIC_AVX512 static __rte_always_inline __m512i
wcnic_octet_load(const uint8_t *stream, unsigned int i)
{
	return _mm512_maskz_loadu_epi64(0xfe,
					stream - WCNIC_WORD_BYTES + i * WCNIC_LINE_PAYLOAD_BYTES);
}

/* Stores a line; `shared`: into host memory that another CPU watches. */
WCNIC_AVX512 static __rte_always_inline void
wcnic_octet_put_line(uint8_t *dst, const __m512i *line, bool shared)
{
	if (shared)
		wcbar_line_put512_shared(dst, line);
	else
		wcbar_line_put512(dst, line);
}

/* Gives line `i` of eight its tag and stores it, if it is one of the first `n`. */
#define WCNIC_OCTET_PUT(i)                                                                 \
	do {                                                                               \
		v[i] = _mm512_mask_alignr_epi64(v[i], 1, tags, tags, i);                   \
		if (i < n)                                                                 \
			wcnic_octet_put_line(dst + WCNIC_LINE_BYTES * (i), &v[i], shared); \
	} while (0)

/*
 * Makes eight lines and stores the first `n` of them. `bare`: their tags without a check. `shared`:
 * into host memory that another CPU watches.
 */
WCNIC_AVX512 static __rte_always_inline void
wcnic_octet_put(uint8_t *dst, const uint8_t *stream, unsigned int n, __m512i bare, bool shared)
{
	__m512i v[8], sum, tags;

	v[0] = wcnic_octet_load(stream, 0);
	v[1] = wcnic_octet_load(stream, 1);
	v[2] = wcnic_octet_load(stream, 2);
	v[3] = wcnic_octet_load(stream, 3);
	v[4] = wcnic_octet_load(stream, 4);
	v[5] = wcnic_octet_load(stream, 5);
	v[6] = wcnic_octet_load(stream, 6);
	v[7] = wcnic_octet_load(stream, 7);
	sum = wcnic_quarters_sum(
		wcnic_quarters_sum(wcnic_pair_sum(v[0], v[1]), wcnic_pair_sum(v[2], v[3])),
		wcnic_quarters_sum(wcnic_pair_sum(v[4], v[5]), wcnic_pair_sum(v[6], v[7])));
	tags = wcnic_octet_tags(bare, sum);
	WCNIC_OCTET_PUT(0);
	WCNIC_OCTET_PUT(1);
	WCNIC_OCTET_PUT(2);
	WCNIC_OCTET_PUT(3);
	WCNIC_OCTET_PUT(4);
	WCNIC_OCTET_PUT(5);
	WCNIC_OCTET_PUT(6);
	WCNIC_OCTET_PUT(7);
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
