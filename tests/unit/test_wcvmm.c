/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What of the lab's VMM knows no KVM: the pieces of a BAR, and its arguments. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "layout.h"
#include "options.h"

#define UNIT ((uint64_t)LAYOUT_UNIT)
#define BAR (16 * UNIT)

static void
pieces_are(const struct layout *l, const struct piece *expected, size_t n)
{
	assert_int_equal(l->pieces, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(l->piece[i].off, expected[i].off);
		assert_int_equal(l->piece[i].bytes, expected[i].bytes);
		assert_int_equal(l->piece[i].source, expected[i].source);
	}
}

/* ---- layout_parse -------------------------------------------------------------------------- */

static void
layout_parse__four__equal_and_side_by_side(void **state)
{
	const struct piece expected[] = {
		{0, 4 * UNIT, SOURCE_VFIO},
		{4 * UNIT, 4 * UNIT, SOURCE_WC},
		{8 * UNIT, 4 * UNIT, SOURCE_UC},
		{12 * UNIT, 4 * UNIT, SOURCE_VFIO},
	};
	char why[LAYOUT_WHY_BYTES];
	struct layout l;

	(void)state;
	assert_int_equal(layout_parse(&l, "vfio,wc,uc,vfio", BAR, why), 0);
	assert_int_equal(l.bytes, BAR);
	pieces_are(&l, expected, 4);
}

static void
layout_parse__bad_lists__refused_and_untouched(void **state)
{
	static const char *const bad[] = {
		"",
		",",
		"vfio,",
		",vfio",
		"vfio,,wc",
		"VFIO",
		"vf",
		"vfio,wcx",
		"vfio wc",
		"vfio,uc;wc",
		"uc,uc,uc,uc,uc,uc,uc,uc,uc,uc,uc,uc,uc,uc,uc,uc,uc",
	};
	char why[LAYOUT_WHY_BYTES];
	struct layout l;

	(void)state;
	layout_whole(&l, SOURCE_WC, BAR);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(layout_parse(&l, bad[i], BAR, why), -EINVAL);
		assert_non_null(strstr(why, "expected 1 to 16 of vfio, wc and uc"));
	}
	assert_int_equal(l.pieces, 1);
	assert_int_equal(l.piece[0].source, SOURCE_WC);
}

static void
layout_parse__pieces_that_are_no_units__refused(void **state)
{
	char why[LAYOUT_WHY_BYTES];
	struct layout l;

	(void)state;
	assert_int_equal(layout_parse(&l, "vfio,wc,uc", BAR, why), -EINVAL);
	assert_non_null(strstr(why, "3 equal pieces"));
	assert_int_equal(layout_parse(&l, "vfio,wc", UNIT, why), -EINVAL);
	assert_int_equal(layout_parse(&l, "vfio", 0, why), -EINVAL);
}

/* ---- layout_replace ------------------------------------------------------------------------ */

static void
layout_replace__inside__cuts_in_three(void **state)
{
	const struct piece expected[] = {
		{0, 2 * UNIT, SOURCE_UC},
		{2 * UNIT, UNIT, SOURCE_VFIO},
		{3 * UNIT, 13 * UNIT, SOURCE_UC},
	};
	struct layout l;

	(void)state;
	layout_whole(&l, SOURCE_UC, BAR);
	assert_int_equal(layout_replace(&l, 2 * UNIT, UNIT, SOURCE_VFIO), 0);
	pieces_are(&l, expected, 3);
}

static void
layout_replace__and_back__joins(void **state)
{
	const struct piece whole[] = {{0, BAR, SOURCE_UC}};
	struct layout l;

	(void)state;
	layout_whole(&l, SOURCE_UC, BAR);
	assert_int_equal(layout_replace(&l, 2 * UNIT, 3 * UNIT, SOURCE_VFIO), 0);
	assert_int_equal(layout_replace(&l, 2 * UNIT, 3 * UNIT, SOURCE_UC), 0);
	pieces_are(&l, whole, 1);
}

static void
layout_replace__at_the_ends__no_empty_pieces(void **state)
{
	const struct piece expected[] = {
		{0, UNIT, SOURCE_VFIO},
		{UNIT, 14 * UNIT, SOURCE_UC},
		{15 * UNIT, UNIT, SOURCE_WC},
	};
	struct layout l;

	(void)state;
	layout_whole(&l, SOURCE_UC, BAR);
	assert_int_equal(layout_replace(&l, 0, UNIT, SOURCE_VFIO), 0);
	assert_int_equal(layout_replace(&l, 15 * UNIT, UNIT, SOURCE_WC), 0);
	pieces_are(&l, expected, 3);
}

static void
layout_replace__across_pieces__swallows_and_joins(void **state)
{
	const struct piece expected[] = {
		{0, 3 * UNIT, SOURCE_VFIO},
		{3 * UNIT, 9 * UNIT, SOURCE_WC},
		{12 * UNIT, 4 * UNIT, SOURCE_VFIO},
	};
	char why[LAYOUT_WHY_BYTES];
	struct layout l;

	(void)state;
	assert_int_equal(layout_parse(&l, "vfio,wc,uc,vfio", BAR, why), 0);
	assert_int_equal(layout_replace(&l, 3 * UNIT, 9 * UNIT, SOURCE_WC), 0);
	pieces_are(&l, expected, 3);
}

static void
layout_replace__outside_or_crooked__refused_and_untouched(void **state)
{
	static const struct {
		uint64_t off, bytes;
	} bad[] = {
		{0, 0},
		{1, UNIT},
		{0, UNIT / 2},
		{BAR, UNIT},
		{BAR - UNIT, 2 * UNIT},
		{UNIT, UINT64_MAX - UNIT + 1},
		{0, BAR + UNIT},
	};
	const struct piece whole[] = {{0, BAR, SOURCE_UC}};
	struct layout l;

	(void)state;
	layout_whole(&l, SOURCE_UC, BAR);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(layout_replace(&l, bad[i].off, bad[i].bytes, SOURCE_VFIO),
				 -EINVAL);
	pieces_are(&l, whole, 1);
}

static void
layout_replace__too_many__refused_and_untouched(void **state)
{
	struct layout l, before;

	(void)state;
	layout_whole(&l, SOURCE_UC, 64 * UNIT);
	for (uint64_t i = 0; i < 7; i++)
		assert_int_equal(layout_replace(&l, (2 * i + 1) * UNIT, UNIT, SOURCE_VFIO), 0);
	assert_int_equal(l.pieces, 15);
	before = l;
	assert_int_equal(layout_replace(&l, 40 * UNIT, UNIT, SOURCE_VFIO), -ENOSPC);
	pieces_are(&l, before.piece, 15);
}

static void
layout_at__each_place__its_piece(void **state)
{
	struct layout l;

	(void)state;
	layout_whole(&l, SOURCE_UC, BAR);
	assert_int_equal(layout_replace(&l, 2 * UNIT, UNIT, SOURCE_VFIO), 0);
	assert_ptr_equal(layout_at(&l, 2 * UNIT - 1), &l.piece[0]);
	assert_ptr_equal(layout_at(&l, 2 * UNIT), &l.piece[1]);
	assert_ptr_equal(layout_at(&l, BAR - 1), &l.piece[2]);
	assert_null(layout_at(&l, BAR));
}

/* ---- options_parse ------------------------------------------------------------------------- */

static enum options_result
parse(struct options *o, const char *a, const char *b, const char *c, const char *d, const char *e)
{
	char *argv[] = {"wcvmm", (char *)a, (char *)b, (char *)c, (char *)d, (char *)e, NULL};
	int argc = 1;

	while (argv[argc] != NULL)
		argc++;
	return options_parse(o, argc, argv);
}

static void
options_parse__bdf_and_json__defaults(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "0000:00:10.0", "--json", "out", NULL, NULL), OPTIONS_RUN);
	assert_string_equal(o.bdf, "0000:00:10.0");
	assert_string_equal(o.json, "out");
	assert_string_equal(o.pieces, "vfio,wc,uc,vfio");
}

static void
options_parse__three_pieces__taken_whatever_the_bar_is(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "0000:00:10.0", "--json", "out", "--pieces", "uc,wc,vfio"),
			 OPTIONS_RUN);
	assert_string_equal(o.pieces, "uc,wc,vfio");
}

static void
options_parse__wrong__refused(void **state)
{
	static const char *const bad[][5] = {
		{"0000:00:10.0"},
		{"--json", "out"},
		{"00:10.0", "--json", "out"},
		{"0000:00:10.0x", "--json", "out"},
		{"0000:00:10.0", "0000:00:11.0", "--json", "out"},
		{"0000:00:10.0", "--json", "out", "--pieces", "dax"},
		{"0000:00:10.0", "--json", "out", "--frob"},
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&o, bad[i][0], bad[i][1], bad[i][2], bad[i][3], bad[i][4]),
				 OPTIONS_WRONG);
}

static void
options_parse__help__no_run(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "--help", NULL, NULL, NULL, NULL), OPTIONS_HELP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_parse__four__equal_and_side_by_side),
		cmocka_unit_test(layout_parse__bad_lists__refused_and_untouched),
		cmocka_unit_test(layout_parse__pieces_that_are_no_units__refused),
		cmocka_unit_test(layout_replace__inside__cuts_in_three),
		cmocka_unit_test(layout_replace__and_back__joins),
		cmocka_unit_test(layout_replace__at_the_ends__no_empty_pieces),
		cmocka_unit_test(layout_replace__across_pieces__swallows_and_joins),
		cmocka_unit_test(layout_replace__outside_or_crooked__refused_and_untouched),
		cmocka_unit_test(layout_replace__too_many__refused_and_untouched),
		cmocka_unit_test(layout_at__each_place__its_piece),
		cmocka_unit_test(options_parse__bdf_and_json__defaults),
		cmocka_unit_test(options_parse__three_pieces__taken_whatever_the_bar_is),
		cmocka_unit_test(options_parse__wrong__refused),
		cmocka_unit_test(options_parse__help__no_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
