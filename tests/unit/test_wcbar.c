/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <stdalign.h>

#include <cmocka.h>

#include "wcbar.h"

#define LINES_MAX 20
#define GUARD_LINES 2

static const enum wcbar_type types[] = {
	WCBAR_TYPE_UNKNOWN, WCBAR_TYPE_UC, WCBAR_TYPE_WC, WCBAR_TYPE_WB, (enum wcbar_type)99,
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

static alignas(64) uint8_t dst[(LINES_MAX + 2 * GUARD_LINES) * WCBAR_LINE_BYTES];
static alignas(64) uint8_t src[LINES_MAX * WCBAR_LINE_BYTES];

static void
lines_store_and_check(const struct wcbar_store *store, size_t lines)
{
	uint8_t *window = dst + GUARD_LINES * WCBAR_LINE_BYTES;
	const size_t bytes = lines * WCBAR_LINE_BYTES;
	uint8_t before[sizeof(src)];

	memset(dst, 0xee, sizeof(dst));
	for (size_t i = 0; i < sizeof(src); i++)
		src[i] = (uint8_t)(i * 7 + lines);
	memcpy(before, src, sizeof(src));

	store->lines(window, src, lines);
	store->drain();

	assert_memory_equal(window, src, bytes);
	assert_memory_equal(src, before, sizeof(src));
	for (uint8_t *at = dst; at < dst + sizeof(dst); at++) {
		if (at < window || at >= window + bytes)
			assert_int_equal(*at, 0xee);
	}
}

static void
store_lines__any_count_writes_exactly_these(void **state)
{
	(void)state;
	for (size_t t = 0; t < N_TYPES; t++) {
		const struct wcbar_store *const *s;

		for (s = wcbar_stores(types[t]); *s != NULL; s++) {
			for (size_t lines = 0; lines <= LINES_MAX; lines++)
				lines_store_and_check(*s, lines);
		}
	}
}

static void
store_doorbell__writes_one_little_endian_word(void **state)
{
	(void)state;
	for (size_t t = 0; t < N_TYPES; t++) {
		const struct wcbar_store *const *s;

		for (s = wcbar_stores(types[t]); *s != NULL; s++) {
			uint64_t word = htole64(0x0123456789abcdefull);

			memset(dst, 0xee, sizeof(dst));
			wcbar_before_doorbell();
			(*s)->doorbell(dst + 64, 0x0123456789abcdefull);
			assert_memory_equal(dst + 64, &word, 8);
			for (size_t i = 0; i < sizeof(dst); i++) {
				if (i < 64 || i >= 72)
					assert_int_equal(dst[i], 0xee);
			}
		}
	}
}

static void
stores__narrow_types_get_only_words(void **state)
{
	static const enum wcbar_type narrow[] = {WCBAR_TYPE_UNKNOWN, WCBAR_TYPE_UC,
						 (enum wcbar_type)99};

	(void)state;
	for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++) {
		const struct wcbar_store *const *s = wcbar_stores(narrow[i]);

		assert_string_equal(s[0]->name, "u64");
		assert_null(s[1]);
		assert_null(wcbar_store_by_name(narrow[i], "sse2"));
		assert_null(wcbar_store_by_name(narrow[i], "stp"));
	}
}

static void
stores__combining_types_end_with_words(void **state)
{
	static const enum wcbar_type wide[] = {WCBAR_TYPE_WC, WCBAR_TYPE_WB};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct wcbar_store *const *s = wcbar_stores(wide[i]);
		size_t n = 0;

		while (s[n] != NULL)
			n++;
		/* both architectures have something wider */
		assert_true(n >= 2);
		assert_string_equal(s[n - 1]->name, "u64");
	}
}

static void
store_by_name__each_listed_is_found_once(void **state)
{
	(void)state;
	for (size_t t = 0; t < N_TYPES; t++) {
		const struct wcbar_store *const *s;

		for (s = wcbar_stores(types[t]); *s != NULL; s++)
			assert_ptr_equal(wcbar_store_by_name(types[t], (*s)->name), *s);
	}
}

static void
store_by_name__unknown_is_null(void **state)
{
	static const char *const names[] = {"", "u6", "u640", "U64", "mmx", "avx"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(wcbar_store_by_name(WCBAR_TYPE_WC, names[i]));
}

static void
type_name__each_type_has_its_own(void **state)
{
	(void)state;
	assert_string_equal(wcbar_type_name(WCBAR_TYPE_UNKNOWN), "unknown");
	assert_string_equal(wcbar_type_name(WCBAR_TYPE_UC), "UC");
	assert_string_equal(wcbar_type_name(WCBAR_TYPE_WC), "WC");
	assert_string_equal(wcbar_type_name(WCBAR_TYPE_WB), "WB");
	assert_string_equal(wcbar_type_name((enum wcbar_type)99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_lines__any_count_writes_exactly_these),
		cmocka_unit_test(store_doorbell__writes_one_little_endian_word),
		cmocka_unit_test(stores__narrow_types_get_only_words),
		cmocka_unit_test(stores__combining_types_end_with_words),
		cmocka_unit_test(store_by_name__each_listed_is_found_once),
		cmocka_unit_test(store_by_name__unknown_is_null),
		cmocka_unit_test(type_name__each_type_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
