/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The IOVA map: entries, and what is found. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <iova.h>

#include "vfu_test.h"

#define PAGE 4096u
#define RW (IOVA_READ | IOVA_WRITE)

static uint8_t memory[16 * PAGE];

static int
setup(void **state)
{
	*state = iova_map_create();
	return *state == NULL;
}

static int
teardown(void **state)
{
	iova_map_destroy(*state);
	return 0;
}

static void
find__empty_map_null(void **state)
{
	assert_null(iova_map_find(*state, 0, 1, 0));
	assert_null(iova_map_find(*state, UINT64_MAX, 1, IOVA_READ));
}

static void
find__every_edge_of_an_entry_exact(void **state)
{
	assert_int_equal(iova_map_add(*state, 0x10000, PAGE, memory, RW), 0);

	assert_ptr_equal(iova_map_find(*state, 0x10000, PAGE, RW), memory);
	assert_ptr_equal(iova_map_find(*state, 0x10fff, 1, RW), memory + 0xfff);
	assert_null(iova_map_find(*state, 0xffff, 1, RW));
	assert_null(iova_map_find(*state, 0xffff, 2, RW));
	assert_null(iova_map_find(*state, 0x11000, 1, RW));
	assert_null(iova_map_find(*state, 0x10fff, 2, RW));
	assert_null(iova_map_find(*state, 0x10000, 0, RW));
	assert_null(iova_map_find(*state, 0x10000, UINT64_MAX, RW));
	assert_null(iova_map_find(*state, 0x10001, UINT64_MAX, RW));
}

static void
find__other_access_null(void **state)
{
	assert_int_equal(iova_map_add(*state, 0, PAGE, memory, IOVA_READ), 0);
	assert_int_equal(iova_map_add(*state, PAGE, PAGE, memory + PAGE, IOVA_WRITE), 0);

	assert_non_null(iova_map_find(*state, 0, 1, IOVA_READ));
	assert_null(iova_map_find(*state, 0, 1, IOVA_WRITE));
	assert_null(iova_map_find(*state, 0, 1, RW));
	assert_non_null(iova_map_find(*state, PAGE, 1, IOVA_WRITE));
	assert_null(iova_map_find(*state, PAGE, 1, IOVA_READ));
	/* Contiguous, but the second half may not be read. */
	assert_null(iova_map_find(*state, PAGE - 1, 2, IOVA_READ));
}

static void
find__across_entries_only_if_contiguous_here(void **state)
{
	assert_int_equal(iova_map_add(*state, 0, PAGE, memory, RW), 0);
	assert_int_equal(iova_map_add(*state, PAGE, PAGE, memory + PAGE, RW), 0);
	assert_int_equal(iova_map_add(*state, 2 * PAGE, PAGE, memory + 4 * PAGE, RW), 0);
	assert_int_equal(iova_map_add(*state, 4 * PAGE, PAGE, memory + 5 * PAGE, RW), 0);

	assert_ptr_equal(iova_map_find(*state, 8, 2 * PAGE - 8, RW), memory + 8);
	assert_null(iova_map_find(*state, 8, 2 * PAGE, RW));        /* elsewhere here */
	assert_null(iova_map_find(*state, 2 * PAGE, PAGE + 1, RW)); /* a hole of IOVA */
}

static void
span__entries_that_follow_here__are_one_piece(void **state)
{
	uint64_t first, bytes;
	void *addr;

	assert_false(iova_map_span(*state, 0x10000, RW, &first, &bytes, &addr));
	assert_int_equal(iova_map_add(*state, 0x10000, PAGE, memory + PAGE, RW), 0);
	assert_int_equal(iova_map_add(*state, 0x11000, PAGE, memory + 2 * PAGE, RW), 0);
	assert_int_equal(iova_map_add(*state, 0x12000, PAGE, memory + 3 * PAGE, IOVA_READ), 0);
	assert_int_equal(iova_map_add(*state, 0xf000, PAGE, memory + 8 * PAGE, RW), 0);
	assert_int_equal(iova_map_add_remote(*state, 0x13000, PAGE, RW), 0);

	assert_true(iova_map_span(*state, 0x11fff, RW, &first, &bytes, &addr));
	assert_true(first == 0x10000 && bytes == 2 * PAGE);
	assert_ptr_equal(addr, memory + PAGE);
	assert_true(iova_map_span(*state, 0x10000, IOVA_READ, &first, &bytes, &addr));
	assert_true(first == 0x10000 && bytes == 3 * PAGE);
	assert_true(iova_map_span(*state, 0xf800, RW, &first, &bytes, &addr));
	assert_true(first == 0xf000 && bytes == PAGE);
	assert_ptr_equal(addr, memory + 8 * PAGE);
	assert_false(iova_map_span(*state, 0x12000, RW, &first, &bytes, &addr));
	assert_false(iova_map_span(*state, 0x13000, RW, &first, &bytes, &addr));
	assert_false(iova_map_span(*state, 0x14000, RW, &first, &bytes, &addr));
}

static void
generation__changes_with_each_change(void **state)
{
	uint64_t last = iova_map_generation(*state);

	assert_int_equal(iova_map_add(*state, 0x10000, PAGE, memory, RW), 0);
	assert_true(iova_map_generation(*state) != last);
	last = iova_map_generation(*state);
	assert_non_null(iova_map_find(*state, 0x10000, PAGE, RW));
	assert_true(iova_map_generation(*state) == last);
	assert_int_equal(iova_map_remove(*state, 0x10000, PAGE), 1);
	assert_true(iova_map_generation(*state) != last);
	last = iova_map_generation(*state);
	iova_map_clear(*state);
	assert_true(iova_map_generation(*state) != last);
}

static void
reaches__pieces_of_any_kind_without_a_hole(void **state)
{
	assert_int_equal(iova_map_add(*state, 0, PAGE, memory + PAGE, RW), 0);
	assert_int_equal(iova_map_add(*state, PAGE, PAGE, memory, IOVA_READ), 0);
	assert_int_equal(iova_map_add_remote(*state, 2 * PAGE, 2 * PAGE, RW), 0);
	assert_int_equal(iova_map_add_remote(*state, 3 * PAGE, PAGE, RW), -EEXIST);
	assert_int_equal(iova_map_add(*state, 2 * PAGE, PAGE, memory, RW), -EEXIST);

	assert_true(iova_map_reaches(*state, 1, 4 * PAGE - 1, IOVA_READ));
	assert_false(iova_map_reaches(*state, 1, 4 * PAGE, IOVA_READ));
	assert_false(iova_map_reaches(*state, 1, 4 * PAGE - 1, IOVA_WRITE));
	assert_true(iova_map_reaches(*state, 2 * PAGE, 2 * PAGE, RW));
	assert_false(iova_map_reaches(*state, 0, 0, 0));
	assert_false(iova_map_reaches(*state, 8, UINT64_MAX, IOVA_READ));
	/* Nowhere here, and not even where a page before it is. */
	assert_null(iova_map_find(*state, 2 * PAGE, 1, 0));
	assert_null(iova_map_find(*state, 2 * PAGE - 1, 2, IOVA_READ));
	assert_int_equal(iova_map_remove(*state, 3 * PAGE, PAGE), -EINVAL);
	assert_int_equal(iova_map_remove(*state, 2 * PAGE, 2 * PAGE), 1);
	assert_false(iova_map_reaches(*state, 2 * PAGE, 1, IOVA_READ));
}

/* Where a page was found before is only a hint: entries have moved since. */
static void
find__after_entries_moved__right_again(void **state)
{
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(iova_map_add(*state, i * PAGE, PAGE, memory + (15 - i) * PAGE, RW),
				 0);
	for (unsigned int i = 0; i < 16; i++)
		assert_non_null(iova_map_find(*state, i * PAGE, PAGE, RW));
	assert_int_equal(iova_map_remove(*state, 3 * PAGE, 2 * PAGE), 2);
	for (unsigned int i = 0; i < 16; i++)
		assert_ptr_equal(iova_map_find(*state, i * PAGE, PAGE, RW),
				 i == 3 || i == 4 ? NULL : memory + (15 - i) * PAGE);
	iova_map_clear(*state);
	for (unsigned int i = 0; i < 16; i++)
		assert_null(iova_map_find(*state, i * PAGE, 1, 0));
}

static void
find__last_page_of_all_found(void **state)
{
	const uint64_t last = UINT64_MAX - PAGE + 1;

	assert_int_equal(iova_map_add(*state, last, PAGE, memory, RW), 0);

	assert_ptr_equal(iova_map_find(*state, last, PAGE, RW), memory);
	assert_ptr_equal(iova_map_find(*state, UINT64_MAX, 1, RW), memory + PAGE - 1);
	assert_null(iova_map_find(*state, last, PAGE + 1, RW));
	assert_int_equal(iova_map_remove(*state, 0, UINT64_MAX), -EINVAL);
	assert_int_equal(iova_map_remove(*state, 1, UINT64_MAX), 1);
}

static void
add__bad_range_refused(void **state)
{
	assert_int_equal(iova_map_add(*state, 0, 0, memory, RW), -EINVAL);
	assert_int_equal(iova_map_add(*state, UINT64_MAX, 2, memory, RW), -EINVAL);
	assert_int_equal(iova_map_add(*state, 2, UINT64_MAX, memory, RW), -EINVAL);
	assert_null(iova_map_find(*state, 2, 1, RW));
}

static void
add__overlap_refused_and_nothing_changed(void **state)
{
	assert_int_equal(iova_map_add(*state, 4 * PAGE, 2 * PAGE, memory, RW), 0);

	assert_int_equal(iova_map_add(*state, 4 * PAGE, PAGE, memory, RW), -EEXIST);
	assert_int_equal(iova_map_add(*state, 5 * PAGE, 4 * PAGE, memory, RW), -EEXIST);
	assert_int_equal(iova_map_add(*state, 3 * PAGE, PAGE + 1, memory, RW), -EEXIST);
	assert_int_equal(iova_map_add(*state, 0, 16 * PAGE, memory, RW), -EEXIST);
	assert_int_equal(iova_map_add(*state, 3 * PAGE, PAGE, memory, RW), 0);
	assert_int_equal(iova_map_add(*state, 6 * PAGE, PAGE, memory, RW), 0);
	assert_int_equal(iova_map_remove(*state, 0, UINT64_MAX), 3);
}

static void
remove__blanket_ranges_tolerated(void **state)
{
	assert_int_equal(iova_map_remove(*state, 0, UINT64_MAX), 0);
	assert_int_equal(iova_map_remove(*state, 0x1000, UINT64_MAX), 0);
	assert_int_equal(iova_map_remove(*state, 0, 0), 0);
	assert_int_equal(iova_map_add(*state, 4 * PAGE, PAGE, memory, RW), 0);
	assert_int_equal(iova_map_remove(*state, 0, 4 * PAGE), 0);
	assert_int_equal(iova_map_remove(*state, 5 * PAGE, UINT64_MAX), 0);
	assert_non_null(iova_map_find(*state, 4 * PAGE, PAGE, RW));
}

static void
remove__cut_entry_removes_nothing(void **state)
{
	assert_int_equal(iova_map_add(*state, 0, PAGE, memory, RW), 0);
	assert_int_equal(iova_map_add(*state, 4 * PAGE, 2 * PAGE, memory + PAGE, RW), 0);

	assert_int_equal(iova_map_remove(*state, 0, 5 * PAGE), -EINVAL);
	assert_int_equal(iova_map_remove(*state, 5 * PAGE, PAGE), -EINVAL);
	assert_non_null(iova_map_find(*state, 0, PAGE, RW));
	assert_non_null(iova_map_find(*state, 4 * PAGE, 2 * PAGE, RW));
	assert_int_equal(iova_map_remove(*state, 4 * PAGE, 2 * PAGE), 1);
	assert_non_null(iova_map_find(*state, 0, PAGE, RW));
	assert_null(iova_map_find(*state, 4 * PAGE, PAGE, RW));
}

/* Against a plain table of pages, with a fixed seed. */
static void
map__random_operations_as_a_table(void **state)
{
	enum {
		PAGES = 64,
		ROUNDS = 20000
	};
	uint8_t *base = malloc((size_t)PAGES * PAGE);
	int start[PAGES]; /* first page of the entry that holds this page, or -1 */
	unsigned int at, n, i, seed = 1;

	assert_non_null(base);
	memset(start, 0xff, sizeof(start));
	for (unsigned int round = 0; round < ROUNDS; round++) {
		at = (unsigned int)rand_r(&seed) % PAGES;
		n = 1 + (unsigned int)rand_r(&seed) % 4;
		if (at + n > PAGES)
			n = PAGES - at;
		if (rand_r(&seed) % 3 != 0) {
			int expected = 0;

			for (i = at; i < at + n; i++)
				if (start[i] >= 0)
					expected = -EEXIST;
			assert_int_equal(iova_map_add(*state, (uint64_t)at * PAGE,
						      (uint64_t)n * PAGE, base + at * PAGE, RW),
					 expected);
			for (i = at; expected == 0 && i < at + n; i++)
				start[i] = (int)at;
		} else {
			int cut = (at > 0 && start[at] >= 0 && start[at] < (int)at) ||
				  (at + n < PAGES && start[at + n] >= 0 &&
				   start[at + n] < (int)(at + n));
			int ret = iova_map_remove(*state, (uint64_t)at * PAGE, (uint64_t)n * PAGE);

			assert_int_equal(ret == -EINVAL, cut);
			for (i = at; cut == 0 && i < at + n; i++)
				start[i] = -1;
		}
		i = (unsigned int)rand_r(&seed) % PAGES;
		assert_ptr_equal(iova_map_find(*state, (uint64_t)i * PAGE, PAGE, RW),
				 start[i] >= 0 ? base + i * PAGE : NULL);
	}
	free(base);
}

static void
add__too_many_entries_refused(void **state)
{
	uint64_t i;

	for (i = 0; i < IOVA_ENTRIES_MAX; i++)
		assert_int_equal(iova_map_add(*state, i * PAGE, PAGE, memory, RW), 0);
	assert_int_equal(iova_map_add(*state, i * PAGE, PAGE, memory, RW), -ENOSPC);
	assert_int_equal(iova_map_remove(*state, 0, UINT64_MAX), IOVA_ENTRIES_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(find__empty_map_null),
		TEST(find__every_edge_of_an_entry_exact),
		TEST(find__other_access_null),
		TEST(find__across_entries_only_if_contiguous_here),
		TEST(span__entries_that_follow_here__are_one_piece),
		TEST(generation__changes_with_each_change),
		TEST(reaches__pieces_of_any_kind_without_a_hole),
		TEST(find__after_entries_moved__right_again),
		TEST(find__last_page_of_all_found),
		TEST(add__bad_range_refused),
		TEST(add__overlap_refused_and_nothing_changed),
		TEST(remove__blanket_ranges_tolerated),
		TEST(remove__cut_entry_removes_nothing),
		TEST(map__random_operations_as_a_table),
		TEST(add__too_many_entries_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
