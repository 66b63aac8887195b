/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Lines of packed push, by each width of vectors: against the datasheet, word by word. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>
#include <rte_cpuflags.h>

#include <wcbase.h>
#include <wcnic_abi.h>
#include <wcnic_tx_lines.h>

#define LINES_MAX 21u  /* two octets and a part of each kind */
#define SPARE_LINES 8u /* of lines that are made for nothing */

static uint8_t stream_memory[64 + (LINES_MAX + SPARE_LINES) * WCNIC_LINE_BYTES];
static struct wcnic_push_line lines[LINES_MAX + SPARE_LINES] WC_ALIGNED(64);

typedef void (*put_t)(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq);

static void
put_generic(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq)
{
	wcnic_lines_put(to, stream, n, tag, seq);
}

#if defined(RTE_ARCH_X86)
WC_TARGET("avx2")
static void
put_avx2(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq)
{
	wcnic_lines_put(to, stream, n, tag, seq);
}

WC_TARGET("avx512f")
static void
put_avx512(void *to, const uint8_t *stream, unsigned int n, uint64_t tag, uint16_t seq)
{
	wcnic_lines_put512(to, stream, n, tag, seq);
}
#endif

static void
line_check(const struct wcnic_push_line *line, const uint8_t *payload, uint16_t generation,
	   uint8_t epoch, uint16_t seq)
{
	struct wcnic_push_line bare = *line;

	assert_int_equal(le16toh(line->seq), seq);
	assert_int_equal(le16toh(line->generation), generation);
	assert_int_equal(line->line_idx, epoch);
	assert_int_equal(line->flags, 0);
	assert_memory_equal(line->payload, payload, sizeof(line->payload));
	bare.check = 0;
	assert_int_equal(le16toh(line->check), wcnic_line_check(&bare));
}

static void
put_check(put_t put, unsigned int n, unsigned int align, uint16_t seq)
{
	uint8_t *stream = stream_memory + 8 + align;
	static const struct wcnic_push_line untouched;

	for (size_t i = 0; i < sizeof(stream_memory); i++)
		stream_memory[i] = (uint8_t)(i * 181 + i / 251 + n);
	memset(lines, 0, sizeof(lines));
	put(lines, stream, n, 0xbeefull << 16 | 0x5aull << 48, seq);
	for (unsigned int i = 0; i < n; i++)
		line_check(&lines[i], stream + i * WCNIC_LINE_PAYLOAD_BYTES, 0xbeef, 0x5a,
			   (uint16_t)(seq + i));
	for (unsigned int i = n; i < RTE_DIM(lines); i++)
		assert_memory_equal(&lines[i], &untouched, sizeof(untouched));
}

static void
all_check(put_t put)
{
	static const uint16_t seqs[] = {0, 1, 0x7fff, UINT16_MAX, UINT16_MAX - 9};

	for (unsigned int n = 0; n <= LINES_MAX; n++)
		for (unsigned int align = 0; align < 16; align++)
			for (size_t i = 0; i < RTE_DIM(seqs); i++)
				put_check(put, n, align, seqs[i]);
}

static void
lines_put__any_count__writes_exactly_these(void **state)
{
	(void)state;
	all_check(put_generic);
#if defined(RTE_ARCH_X86)
	if (rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) > 0)
		all_check(put_avx2);
	if (rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) > 0)
		all_check(put_avx512);
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_put__any_count__writes_exactly_these),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
