/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Stores, doorbells, registers and calibration of lib/wcbar, on host memory. */

#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <wcbar.h>
#include <wcbar_line.h>
#include <wcbase.h>

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
			if (strcmp((*s)->name, "st64b") == 0)
				continue; /* faults in host memory */
			for (size_t lines = 0; lines <= LINES_MAX; lines++)
				lines_store_and_check(*s, lines);
		}
	}
}

/* Writes a line from registers, as wide as this file is compiled for. */
static void
put_plain(void *to, const uint8_t *from)
{
	wcbar_half_t low, high;

	memcpy(&low, from, sizeof(low));
	memcpy(&high, from + sizeof(low), sizeof(high));
	wcbar_line_put(to, &low, &high);
}

#if defined(__x86_64__)
WC_TARGET("avx512f") static void put_512(void *to, const uint8_t *from)
{
	__m512i line = _mm512_loadu_si512(from);

	wcbar_line_put512(to, &line);
}
#endif

static void
line_put__writes_exactly_one_line(void **state)
{
	void (*puts[2])(void *, const uint8_t *) = {put_plain};

	(void)state;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f"))
		puts[1] = put_512;
#endif
	for (size_t p = 0; p < 2 && puts[p] != NULL; p++) {
		memset(dst, 0xee, sizeof(dst));
		for (size_t i = 0; i < 64; i++)
			src[i] = (uint8_t)(i + 1);
		puts[p](dst + 64, src);
		assert_memory_equal(dst + 64, src, 64);
		for (size_t i = 0; i < sizeof(dst); i++) {
			if (i < 64 || i >= 128)
				assert_int_equal(dst[i], 0xee);
		}
	}
}

static void
store_is_plain__all_that_stay_in_the_cache(void **state)
{
	static const char *const others[] = {"movdir64b", "avx512nt", "avx2nt", "sse2nt", "st64b"};
	unsigned int plain = 0, known = 0;

	(void)state;
	for (const struct wcbar_store *const *s = wcbar_stores(WCBAR_TYPE_WB); *s != NULL; s++) {
		bool other = false;

		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			other = other || strcmp((*s)->name, others[i]) == 0;
		assert_int_equal(wcbar_store_is_plain(*s), !other);
		plain += !other;
		known++;
	}
	assert_uint_in_range(plain, 2, known); /* u64 and another at least */
}

static void
doorbell__of_each_type_writes_one_little_endian_word(void **state)
{
	const uint64_t word = htole64(0x0123456789abcdefull);

	(void)state;
	for (size_t t = 0; t < N_TYPES; t++) {
		memset(dst, 0xee, sizeof(dst));
		wcbar_before_doorbell();
		wcbar_doorbell_select(types[t])(dst + 64, 0x0123456789abcdefull);
		assert_memory_equal(dst + 64, &word, 8);
		for (size_t i = 0; i < sizeof(dst); i++) {
			if (i < 64 || i >= 72)
				assert_int_equal(dst[i], 0xee);
		}
	}
}

static void
doorbell_select__combining_type__is_the_fenced_write(void **state)
{
	(void)state;
	assert_ptr_equal(wcbar_doorbell_select(WCBAR_TYPE_WC), wcbar_write64_wc);
}

static void
doorbell_select__other_types__are_a_plain_write(void **state)
{
	(void)state;
	for (size_t t = 0; t < N_TYPES; t++) {
		if (types[t] != WCBAR_TYPE_WC)
			assert_ptr_equal(wcbar_doorbell_select(types[t]), wcbar_write64);
	}
}

static void
stores__of_each_type_have_lines_and_a_drain(void **state)
{
	(void)state;
	for (size_t t = 0; t < N_TYPES; t++) {
		for (const struct wcbar_store *const *s = wcbar_stores(types[t]); *s != NULL; s++) {
			assert_non_null((*s)->name);
			assert_non_null((*s)->lines);
			assert_non_null((*s)->drain);
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
stores__combining_types_have_words_and_wider(void **state)
{
	static const enum wcbar_type wide[] = {WCBAR_TYPE_WC, WCBAR_TYPE_WB};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct wcbar_store *const *s = wcbar_stores(wide[i]);
		size_t n = 0;

		while (s[n] != NULL)
			n++;
		/* both architectures have something wider */
		assert_true(n >= 2 && n <= WCBAR_STORES_MAX);
		assert_string_not_equal(s[0]->name, "u64");
		assert_non_null(wcbar_store_by_name(wide[i], "u64"));
	}
}

static void
stores__host_memory_gets_none_that_faults_and_cached_ones_first(void **state)
{
	const struct wcbar_store *const *s = wcbar_stores(WCBAR_TYPE_WB);

	(void)state;
	assert_null(wcbar_store_by_name(WCBAR_TYPE_WB, "st64b"));
	assert_null(strstr(s[0]->name, "nt"));
	assert_string_not_equal(s[0]->name, "movdir64b");
	for (; *s != NULL; s++)
		assert_ptr_equal(wcbar_store_by_name(WCBAR_TYPE_WC, (*s)->name), *s);
}

static void
store_number__leads_back_to_the_store(void **state)
{
	(void)state;
	for (const struct wcbar_store *const *s = wcbar_stores(WCBAR_TYPE_WC); *s != NULL; s++)
		assert_ptr_equal(wcbar_store_at(wcbar_store_number(*s)), *s);
	assert_ptr_equal(wcbar_store_at(UINT8_MAX), &wcbar_store_u64);
}

/* ---- calibration --------------------------------------------------------------------------- */

static uint64_t clock_step_ns; /* 0: the real clock */
static uint64_t read_takes_ns; /* on the stepped clock */
static uint64_t now_ns;
static unsigned int reads;

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);

int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	if (clock_step_ns == 0)
		return __real_clock_gettime(id, ts);
	now_ns += clock_step_ns;
	*ts = (struct timespec){.tv_sec = (time_t)(now_ns / 1000000000u),
				.tv_nsec = (long)(now_ns % 1000000000u)};
	return 0;
}

uint64_t __real_wcbar_read64(const void *reg);
uint64_t __wrap_wcbar_read64(const void *reg);

uint64_t
__wrap_wcbar_read64(const void *reg)
{
	now_ns += read_takes_ns;
	reads++;
	return __real_wcbar_read64(reg);
}

static struct wcbar_window
window_make(enum wcbar_type type)
{
	memset(dst, 0xee, sizeof(dst));
	return (struct wcbar_window){
		.addr = dst + WCBAR_LINE_BYTES,
		.bytes = LINES_MAX * WCBAR_LINE_BYTES,
		.type = type,
	};
}

static void
only_lines_are_zero(size_t lines)
{
	for (size_t i = 0; i < sizeof(dst); i++) {
		bool inside = i >= WCBAR_LINE_BYTES && i < (1 + lines) * WCBAR_LINE_BYTES;

		assert_int_equal(dst[i], inside ? 0 : 0xee);
	}
}

static void
calibrate__host_memory_ranks_every_store_and_writes_only_its_lines(void **state)
{
	const size_t lines = 17; /* more than one go */
	struct wcbar_window win = window_make(WCBAR_TYPE_WB);
	struct wcbar_calibration cal;
	size_t stores = 0;

	(void)state;
	while (wcbar_stores(WCBAR_TYPE_WB)[stores] != NULL)
		stores++;
	reads = 0;
	assert_int_equal(wcbar_calibrate(&win, lines, &cal), 0);
	assert_true(win.direct && cal.direct);
	assert_int_equal(cal.ranks, stores);
	assert_ptr_equal(win.store, cal.rank[0].store);
	assert_true(cal.ns_per_store > 0);
	assert_int_equal(reads, 0);
	assert_true(cal.ns_per_read == 0);
	for (size_t i = 1; i < cal.ranks; i++)
		assert_true(cal.rank[i - 1].ns_per_line <= cal.rank[i].ns_per_line);
	only_lines_are_zero(lines);
}

static void
calibrate__slow_stores_are_not_direct_and_stay_narrow(void **state)
{
	struct wcbar_window win = window_make(WCBAR_TYPE_WC);
	struct wcbar_calibration cal;

	(void)state;
	win.direct = true; /* what somebody believed */
	clock_step_ns = 1000000;
	assert_int_equal(wcbar_calibrate(&win, 2, &cal), 0);
	clock_step_ns = 0;
	assert_false(win.direct || cal.direct);
	assert_true(cal.ns_per_store > WCBAR_TRAPPED_NS);
	assert_int_equal(cal.ranks, 1);
	assert_string_equal(win.store->name, "u64");
	only_lines_are_zero(2);
}

/* A hypervisor that posts stores answers reads no faster for it. */
static void
calibrate__fast_stores_but_slow_reads_are_not_direct(void **state)
{
	struct wcbar_window win = window_make(WCBAR_TYPE_WC);
	struct wcbar_calibration cal;

	(void)state;
	win.direct = true;
	clock_step_ns = 1000;
	read_takes_ns = (uint64_t)WCBAR_TRAPPED_READ_NS + 1;
	assert_int_equal(wcbar_calibrate(&win, 2, &cal), 0);
	assert_false(win.direct || cal.direct);
	assert_true(cal.ns_per_store <= WCBAR_TRAPPED_NS);
	assert_true(cal.ns_per_read > WCBAR_TRAPPED_READ_NS);
	assert_int_equal(cal.ranks, 1);
	assert_string_equal(win.store->name, "u64");
	only_lines_are_zero(2);

	read_takes_ns = (uint64_t)WCBAR_TRAPPED_READ_NS - 500; /* a slow bus */
	assert_int_equal(wcbar_calibrate(&win, 2, &cal), 0);
	clock_step_ns = 0;
	read_takes_ns = 0;
	assert_true(win.direct && cal.direct);
	assert_true(cal.ranks > 1);
}

/* What the device counted decides: a slow clock must not keep the narrow store. */
static void
calibrate_direct__slow_stores_are_ranked_all_the_same(void **state)
{
	struct wcbar_window win = window_make(WCBAR_TYPE_WC);
	struct wcbar_calibration cal;

	(void)state;
	clock_step_ns = 1000000;
	read_takes_ns = (uint64_t)WCBAR_TRAPPED_READ_NS + 1;
	assert_int_equal(wcbar_calibrate_direct(&win, 2, &cal), 0);
	clock_step_ns = 0;
	read_takes_ns = 0;
	assert_true(win.direct && cal.direct);
	assert_true(cal.ns_per_store > WCBAR_TRAPPED_NS);
	assert_true(cal.ranks > 1);
	only_lines_are_zero(2);
}

static void
calibrate__direct_uncached_window_stays_narrow(void **state)
{
	struct wcbar_window win = window_make(WCBAR_TYPE_UC);
	struct wcbar_calibration cal;

	(void)state;
	clock_step_ns = 1000;
	assert_int_equal(wcbar_calibrate(&win, 1, &cal), 0);
	clock_step_ns = 0;
	assert_true(win.direct);
	assert_int_equal(cal.ranks, 1);
	assert_string_equal(win.store->name, "u64");
}

static void
calibrate__no_such_lines_is_refused_and_nothing_written(void **state)
{
	struct wcbar_window win = window_make(WCBAR_TYPE_WB);
	struct wcbar_calibration cal;

	(void)state;
	assert_int_equal(wcbar_calibrate(&win, 0, &cal), -EINVAL);
	assert_int_equal(wcbar_calibrate(&win, LINES_MAX + 1, &cal), -EINVAL);
	win.addr = dst + 8;
	assert_int_equal(wcbar_calibrate(&win, 1, &cal), -EINVAL);
	win.addr = NULL;
	assert_int_equal(wcbar_calibrate(&win, 1, &cal), -EINVAL);
	only_lines_are_zero(0);
}

/* ---- names --------------------------------------------------------------------------------- */

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

static void
window_over__memory_of_others__is_as_safe_as_its_type(void **state)
{
	struct wcbar_window win;

	(void)state;
	assert_int_equal(wcbar_window_over(dst, 130, WCBAR_TYPE_WC, &win), 0);
	assert_ptr_equal(win.addr, dst);
	assert_int_equal(win.bytes, 130);
	assert_int_equal(win.type, WCBAR_TYPE_WC);
	assert_false(win.direct); /* nobody has looked */
	assert_ptr_equal(win.store, &wcbar_store_u64);
	assert_int_equal(wcbar_window_over(dst, 64, WCBAR_TYPE_WB, &win), 0);
	assert_true(win.direct);
	assert_ptr_equal(win.store, wcbar_stores(WCBAR_TYPE_WB)[0]);
	assert_int_equal(wcbar_window_over(dst + 8, 64, WCBAR_TYPE_WB, &win), -EINVAL);
	assert_null(win.addr);
	assert_int_equal(wcbar_window_over(dst, 63, WCBAR_TYPE_WB, &win), -EINVAL);
	assert_int_equal(wcbar_window_over(NULL, 64, WCBAR_TYPE_WB, &win), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_number__leads_back_to_the_store),
		cmocka_unit_test(store_lines__any_count_writes_exactly_these),
		cmocka_unit_test(line_put__writes_exactly_one_line),
		cmocka_unit_test(store_is_plain__all_that_stay_in_the_cache),
		cmocka_unit_test(doorbell__of_each_type_writes_one_little_endian_word),
		cmocka_unit_test(doorbell_select__combining_type__is_the_fenced_write),
		cmocka_unit_test(doorbell_select__other_types__are_a_plain_write),
		cmocka_unit_test(stores__of_each_type_have_lines_and_a_drain),
		cmocka_unit_test(stores__narrow_types_get_only_words),
		cmocka_unit_test(stores__combining_types_have_words_and_wider),
		cmocka_unit_test(stores__host_memory_gets_none_that_faults_and_cached_ones_first),
		cmocka_unit_test(
			calibrate__host_memory_ranks_every_store_and_writes_only_its_lines),
		cmocka_unit_test(calibrate__slow_stores_are_not_direct_and_stay_narrow),
		cmocka_unit_test(calibrate__fast_stores_but_slow_reads_are_not_direct),
		cmocka_unit_test(calibrate_direct__slow_stores_are_ranked_all_the_same),
		cmocka_unit_test(calibrate__direct_uncached_window_stays_narrow),
		cmocka_unit_test(calibrate__no_such_lines_is_refused_and_nothing_written),
		cmocka_unit_test(window_over__memory_of_others__is_as_safe_as_its_type),
		cmocka_unit_test(store_by_name__each_listed_is_found_once),
		cmocka_unit_test(store_by_name__unknown_is_null),
		cmocka_unit_test(type_name__each_type_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
