/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The ladder: which rungs are tried for a piece of a BAR, and what they answer. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <wcbar_store.h>

#include "wcbar_tree.h"

static char why[WCBAR_WHY_BYTES];
static struct wcbar_pci *pci;
static struct wcbar_bar *bar;

static int
setup(void **state)
{
	(void)state;
	tree_make();
	pci = NULL;
	bar = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	wcbar_pci_close(pci);
	tree_remove();
	return 0;
}

static void
bar2_open(int vfio_fd)
{
	struct wcbar_pci_options options = tree_options();

	options.vfio_fd = vfio_fd;
	assert_int_equal(wcbar_pci_open(BDF, &options, &pci, why, sizeof(why)), 0);
	assert_int_equal(wcbar_bar_open(pci, 2, &bar, why, sizeof(why)), 0);
}

/* Whether the kernel could read there: reserved memory cannot be read, mapped memory can. */
static bool
is_mapped(const void *addr)
{
	int fds[2];
	bool mapped;

	assert_int_equal(pipe(fds), 0);
	mapped = write(fds[1], addr, 1) == 1;
	close(fds[0]);
	close(fds[1]);
	return mapped;
}

static void
answer_is(enum wcbar_rung rung, int error, const char *part)
{
	const struct wcbar_answer *a = &wcbar_bar_answers(bar)[rung];

	assert_int_equal(a->rung, rung);
	if (a->error != error || strstr(a->why, part) == NULL)
		fail_msg("%s: %d \"%s\", not %d \"%s\"", wcbar_rung_name(rung), a->error, a->why,
			 error, part);
}

static void
map_gives(uint64_t off, enum wcbar_type intended, enum wcbar_type type, enum wcbar_rung rung)
{
	struct wcbar_window win;

	assert_int_equal(wcbar_bar_map(bar, off, PAGE, intended, 0, &win), 0);
	assert_int_equal(win.type, type);
	assert_string_equal(wcbar_rung_name(wcbar_bar_rung(bar, off)), wcbar_rung_name(rung));
	assert_int_equal(wcbar_bar_answers(bar)[rung].error, 0);
	assert_true(wcbar_bar_answers(bar)[rung].tried);
}

/* ---- a BAR --------------------------------------------------------------------------------- */

static void
bar_open__what_cannot_be_mapped_is_named(void **state)
{
	static const struct {
		unsigned int number;
		int error;
		const char *part;
	} bad[] = {
		{0, -ENOTSUP, "I/O ports"}, {3, -ENODEV, "upper half"},   {4, -ENODEV, "no BAR 4"},
		{6, -ENODEV, "BAR 0 to 5"}, {~0u, -ENODEV, "BAR 0 to 5"},
	};

	(void)state;
	bar2_open(WCBAR_VFIO_OPEN);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wcbar_bar *none = bar;

		assert_int_equal(wcbar_bar_open(pci, bad[i].number, &none, why, sizeof(why)),
				 bad[i].error);
		assert_non_null(strstr(why, bad[i].part));
		assert_null(none);
	}
}

/* BAR 1 has 256 bytes there; the other BARs as they were. */
static void
bar1_place(uint64_t address)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		 "0x%016llx 0x%016llx 0x0000000000040200\n"
		 "0x00000000fea00000 0x00000000fea3ffff 0x000000000014220c\n"
		 "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		 "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		 "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		 "0x0000000000000000 0x0000000000000000 0x0000000000000000\n",
		 (unsigned long long)address, (unsigned long long)address + 0xff);
	tree_write(text, "%s", tree_device("resource"));
}

static void
bar_open__smaller_than_a_page_inside_one_is_enotsup(void **state)
{
	struct wcbar_bar *none;

	(void)state;
	bar1_place(0xfe000400);
	bar2_open(WCBAR_VFIO_OPEN);
	assert_int_equal(wcbar_bar_open(pci, 1, &none, why, sizeof(why)), -ENOTSUP);
	assert_non_null(strstr(why, "has 0x100 bytes, and pages have "));
}

static void
bar_open__smaller_than_a_page_that_it_begins_maps_the_page(void **state)
{
	struct wcbar_bar *small;
	struct wcbar_window win;
	uint32_t seen;

	(void)state;
	bar1_place(0xfe000000);
	bar2_open(WCBAR_VFIO_OPEN);
	assert_int_equal(wcbar_bar_open(pci, 1, &small, why, sizeof(why)), 0);
	assert_int_equal(wcbar_bar_map(small, 0, 2 * PAGE, WCBAR_TYPE_UC, 0, &win), -EINVAL);
	assert_int_equal(wcbar_bar_map(small, 0, PAGE, WCBAR_TYPE_UC, 0, &win), 0);
	wcbar_write32((char *)win.addr + 0xf0, 7);
	tree_read(tree_device("resource1"), &seen, sizeof(seen), 0xf0);
	assert_int_equal(seen, 7);
}

static void
bar_open__no_memory_leaves_nothing(void **state)
{
	struct wcbar_bar *none;

	(void)state;
	bar2_open(WCBAR_VFIO_OPEN);
	fail_calloc = 1;
	assert_int_equal(wcbar_bar_open(pci, 2, &none, why, sizeof(why)), -ENOMEM);
	fail_mmap = 1;
	assert_int_equal(wcbar_bar_open(pci, 2, &none, why, sizeof(why)), -EINVAL);
	assert_null(none);
}

/* ---- pieces -------------------------------------------------------------------------------- */

static void
map__pieces_lie_side_by_side(void **state)
{
	struct wcbar_window wc, uc;
	uint64_t seen;

	(void)state;
	bar2_open(WCBAR_VFIO_OPEN);
	assert_int_equal(wcbar_bar_map(bar, PAGE, 2 * PAGE, WCBAR_TYPE_WC, 0, &wc), 0);
	assert_int_equal(wcbar_bar_map(bar, 3 * PAGE, PAGE, WCBAR_TYPE_UC, 0, &uc), 0);
	assert_ptr_equal(uc.addr, (char *)wc.addr + 2 * PAGE);
	assert_int_equal(wc.bytes, 2 * PAGE);
	assert_int_equal(wc.type, WCBAR_TYPE_WC);
	assert_int_equal(uc.type, WCBAR_TYPE_UC);
	assert_false(wc.direct || uc.direct);
	assert_string_equal(wc.store->name, "u64");
	wcbar_write64((char *)wc.addr + PAGE, 0x1111);
	wcbar_write64(uc.addr, 0x2222);
	tree_read(tree_device("resource2_wc"), &seen, 8, 2 * PAGE);
	assert_int_equal(seen, 0x1111);
	tree_read(tree_device("resource2"), &seen, 8, 3 * PAGE);
	assert_int_equal(seen, 0x2222);
	assert_int_equal(wcbar_bar_rung(bar, PAGE), WCBAR_RUNG_SYSFS);
	assert_int_equal(wcbar_bar_rung(bar, 3 * PAGE - 1), WCBAR_RUNG_SYSFS);
	assert_int_equal(wcbar_bar_rung(bar, 3 * PAGE), WCBAR_RUNG_SYSFS_UC);
	assert_int_equal(wcbar_bar_rung(bar, 0), WCBAR_RUNGS);
	assert_int_equal(wcbar_bar_rung(bar, 4 * PAGE), WCBAR_RUNGS);
	assert_false(is_mapped((char *)wc.addr - 1) || is_mapped((char *)uc.addr + PAGE));
}

static void
map__overlap_is_refused(void **state)
{
	const struct {
		uint64_t off;
		size_t bytes;
	} over[] = {{2 * PAGE, PAGE},     {3 * PAGE, PAGE}, {PAGE, 2 * PAGE},
		    {3 * PAGE, 9 * PAGE}, {0, BAR2_BYTES},  {2 * PAGE, 2 * PAGE}};
	struct wcbar_window win, other;

	(void)state;
	bar2_open(WCBAR_VFIO_OPEN);
	assert_int_equal(wcbar_bar_map(bar, 2 * PAGE, 2 * PAGE, WCBAR_TYPE_WC, 0, &win), 0);
	for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++)
		assert_int_equal(
			wcbar_bar_map(bar, over[i].off, over[i].bytes, WCBAR_TYPE_WC, 0, &other),
			-EEXIST);
	assert_true(is_mapped(win.addr));
}

static void
map__bad_arguments_are_einval(void **state)
{
	const struct {
		uint64_t off;
		size_t bytes;
		enum wcbar_type type;
		unsigned int flags;
	} bad[] = {
		{0, 0, WCBAR_TYPE_WC, 0},
		{1, PAGE, WCBAR_TYPE_WC, 0},
		{0, PAGE - 1, WCBAR_TYPE_WC, 0},
		{BAR2_BYTES, PAGE, WCBAR_TYPE_WC, 0},
		{0, BAR2_BYTES + PAGE, WCBAR_TYPE_WC, 0},
		{PAGE, SIZE_MAX - PAGE + 1, WCBAR_TYPE_WC, 0},
		{UINT64_MAX - PAGE + 1, PAGE, WCBAR_TYPE_WC, 0},
		{0, PAGE, WCBAR_TYPE_WB, 0},
		{0, PAGE, WCBAR_TYPE_UNKNOWN, 0},
		{0, PAGE, WCBAR_TYPE_WC, 2},
	};
	struct wcbar_window win;

	(void)state;
	bar2_open(WCBAR_VFIO_OPEN);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(wcbar_bar_map(bar, bad[i].off, bad[i].bytes, bad[i].type,
					       bad[i].flags, &win),
				 -EINVAL);
		assert_null(win.addr);
	}
}

static void
map__not_prefetchable_is_uncached_and_says_so(void **state)
{
	struct wcbar_window win;

	(void)state;
	bar2_open(WCBAR_VFIO_OPEN);
	assert_int_equal(wcbar_bar_open(pci, 1, &bar, why, sizeof(why)), 0);
	assert_int_equal(wcbar_bar_map(bar, 0, PAGE, WCBAR_TYPE_WC, WCBAR_MAP_EXACT, &win),
			 -ENOTSUP);
	assert_null(win.addr);
	answer_is(WCBAR_RUNG_SYSFS, -ENOTSUP, "not prefetchable");
	answer_is(WCBAR_RUNG_SYSFS_UC, -ENOTSUP, "nothing but WC");
	assert_int_equal(wcbar_bar_rung(bar, 0), WCBAR_RUNGS);
	map_gives(0, WCBAR_TYPE_WC, WCBAR_TYPE_UC, WCBAR_RUNG_SYSFS_UC);
}

static void
map__no_wc_file_says_so(void **state)
{
	(void)state;
	tree_unlink(tree_device("resource2_wc"));
	bar2_open(WCBAR_VFIO_OPEN);
	map_gives(0, WCBAR_TYPE_WC, WCBAR_TYPE_UC, WCBAR_RUNG_SYSFS_UC);
	answer_is(WCBAR_RUNG_SYSFS, -ENOENT, "resource2_wc");
}

static void
map__nothing_works_is_the_last_error(void **state)
{
	struct wcbar_window win;

	(void)state;
	bar2_open(WCBAR_VFIO_OPEN);
	tree_unlink(tree_device("resource2_wc"));
	tree_unlink(tree_device("resource2"));
	assert_int_equal(wcbar_bar_map(bar, 0, PAGE, WCBAR_TYPE_WC, 0, &win), -ENOENT);
	assert_null(win.addr);
}

static void
unmap__reserves_the_place_again(void **state)
{
	struct wcbar_window win, left;
	void *addr;

	(void)state;
	bar2_open(WCBAR_VFIO_OPEN);
	assert_int_equal(wcbar_bar_map(bar, PAGE, PAGE, WCBAR_TYPE_WC, 0, &win), 0);
	assert_int_equal(wcbar_bar_map(bar, 0, PAGE, WCBAR_TYPE_WC, 0, &left), 0);
	addr = win.addr;
	wcbar_bar_unmap(bar, &win);
	assert_null(win.addr);
	assert_false(is_mapped(addr));
	assert_true(is_mapped(left.addr));
	assert_int_equal(wcbar_bar_rung(bar, PAGE), WCBAR_RUNGS);
	wcbar_bar_unmap(bar, &win); /* what is not mapped is left alone */
	assert_int_equal(wcbar_bar_map(bar, PAGE, PAGE, WCBAR_TYPE_UC, 0, &win), 0);
	assert_ptr_equal(win.addr, addr);
}

static void
unmap__refused_keeps_the_place_taken(void **state)
{
	struct wcbar_window win, other;

	(void)state;
	bar2_open(WCBAR_VFIO_OPEN);
	assert_int_equal(wcbar_bar_map(bar, PAGE, PAGE, WCBAR_TYPE_WC, 0, &win), 0);
	fail_mmap = 1;
	wcbar_bar_unmap(bar, &win);
	assert_null(win.addr);
	assert_int_equal(wcbar_bar_map(bar, PAGE, PAGE, WCBAR_TYPE_WC, 0, &other), -EEXIST);
}

static void
map__each_failing_call_leaves_the_place_reserved(void **state)
{
	struct wcbar_window win;
	unsigned int n = 0;

	(void)state;
	bar2_open(WCBAR_VFIO_OPEN);
	assert_int_equal(wcbar_bar_map(bar, 0, PAGE, WCBAR_TYPE_WC, 0, &win), 0);
	wcbar_bar_unmap(bar, &win);
	fail_calloc = 1;
	assert_int_equal(wcbar_bar_map(bar, PAGE, PAGE, WCBAR_TYPE_WC, 0, &win), -ENOMEM);
	do {
		fail_mmap = ++n;
		if (wcbar_bar_map(bar, PAGE, PAGE, WCBAR_TYPE_WC, WCBAR_MAP_EXACT, &win) == 0)
			break;
		answer_is(WCBAR_RUNG_SYSFS, -EINVAL, "/proc/iomem");
		assert_int_equal(wcbar_bar_rung(bar, PAGE), WCBAR_RUNGS);
	} while (n < 10);
	assert_int_equal(n, 3); /* elsewhere first, then in place */
	fail_mmap = 0;
	assert_true(is_mapped(win.addr));
}

/* ---- VFIO ---------------------------------------------------------------------------------- */

static void
map__vfio_keeps_window_bar_out_of_its_hands(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	bar2_open(WCBAR_VFIO_OPEN);
	map_gives(0, WCBAR_TYPE_WC, WCBAR_TYPE_WC, WCBAR_RUNG_SYSFS_VFIO);
	answer_is(WCBAR_RUNG_VFIO_MEMATTR, -ENOTTY, "6.12.1-test");
	/* registers beside it come by sysfs too */
	map_gives(PAGE, WCBAR_TYPE_UC, WCBAR_TYPE_UC, WCBAR_RUNG_SYSFS_UC);
	answer_is(WCBAR_RUNG_VFIO, -EBUSY, "by sysfs");
	assert_int_equal(mmaps_of_vfio, 0);
}

static void
map__uncached_is_by_vfio(void **state)
{
	struct wcbar_window win;
	uint64_t seen;

	(void)state;
	tree_bind_vfio(false);
	bar2_open(WCBAR_VFIO_OPEN);
	assert_int_equal(wcbar_bar_map(bar, PAGE, PAGE, WCBAR_TYPE_UC, WCBAR_MAP_EXACT, &win), 0);
	assert_int_equal(wcbar_bar_rung(bar, PAGE), WCBAR_RUNG_VFIO);
	answer_is(WCBAR_RUNG_SYSFS_VFIO, -ENOTSUP, "UC is intended");
	wcbar_write64(win.addr, 77);
	assert_int_equal(pread(fake_vfio.device, &seen, 8, (off_t)(VFIO_REGION_OFF(2) + PAGE)), 8);
	assert_int_equal(seen, 77);
}

static void
map__vfio_refuses_its_own_parts(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	fake_vfio.msix_in_bar2 = true;
	bar2_open(WCBAR_VFIO_OPEN);
	map_gives(0, WCBAR_TYPE_UC, WCBAR_TYPE_UC, WCBAR_RUNG_VFIO);
	map_gives(2 * PAGE, WCBAR_TYPE_UC, WCBAR_TYPE_UC, WCBAR_RUNG_VFIO);
	map_gives(PAGE, WCBAR_TYPE_UC, WCBAR_TYPE_UC, WCBAR_RUNG_SYSFS_UC);
	answer_is(WCBAR_RUNG_VFIO, -ENOTSUP, "MSI-X");
}

static void
map__relaxed_mixes_sysfs_and_vfio(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	tree_iomem_relaxed();
	bar2_open(WCBAR_VFIO_OPEN);
	fake_vfio.no_mmap = true;
	map_gives(0, WCBAR_TYPE_UC, WCBAR_TYPE_UC, WCBAR_RUNG_SYSFS_UC);
	fake_vfio.no_mmap = false;
	map_gives(PAGE, WCBAR_TYPE_UC, WCBAR_TYPE_UC, WCBAR_RUNG_VFIO);
}

static void
map__vfio_without_mmap_says_so(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	fake_vfio.no_mmap = true;
	bar2_open(WCBAR_VFIO_OPEN);
	map_gives(0, WCBAR_TYPE_UC, WCBAR_TYPE_UC, WCBAR_RUNG_SYSFS_UC);
	answer_is(WCBAR_RUNG_VFIO, -ENOTSUP, "lets nobody map");
}

static void
probe__asks_all_and_leaves_nothing(void **state)
{
	struct wcbar_answer answers[WCBAR_RUNGS];
	struct wcbar_window win;

	(void)state;
	tree_bind_vfio(false);
	bar2_open(WCBAR_VFIO_OPEN);
	assert_int_equal(wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, answers), 0);
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++)
		assert_int_equal(answers[i].rung, i);
	assert_int_equal(answers[WCBAR_RUNG_SYSFS_VFIO].error, 0);
	assert_int_equal(answers[WCBAR_RUNG_SYSFS].error, -ENOTSUP);
	assert_int_equal(answers[WCBAR_RUNG_VFIO].error, 0);
	assert_int_equal(answers[WCBAR_RUNG_VFIO].type, WCBAR_TYPE_UC);
	assert_int_equal(answers[WCBAR_RUNG_SYSFS_UC].error, 0);
	assert_int_equal(mmaps_of_vfio, 0); /* that would take the BAR from sysfs */
	assert_int_equal(wcbar_bar_rung(bar, 0), WCBAR_RUNGS);
	assert_int_equal(wcbar_bar_probe(bar, 1, WCBAR_TYPE_WC, answers), -EINVAL);
	assert_int_equal(wcbar_bar_probe(bar, 0, WCBAR_TYPE_WB, answers), -EINVAL);
	assert_int_equal(wcbar_bar_map(bar, 0, PAGE, WCBAR_TYPE_WC, 0, &win), 0);
	assert_int_equal(wcbar_bar_probe(bar, 0, WCBAR_TYPE_UC, answers), 0);
	assert_int_equal(answers[WCBAR_RUNG_SYSFS_VFIO].error, -ENOTSUP);
	assert_int_equal(answers[WCBAR_RUNG_VFIO].error, -EBUSY);
	assert_true(is_mapped(win.addr));
}

static void
probe__vfio_left_closed_asks_sysfs_alone(void **state)
{
	struct wcbar_answer answers[WCBAR_RUNGS];

	(void)state;
	tree_bind_vfio(false);
	bar2_open(WCBAR_VFIO_CLOSED);
	assert_int_equal(wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, answers), 0);
	assert_int_equal(answers[WCBAR_RUNG_SYSFS_VFIO].error, 0);
	assert_int_equal(answers[WCBAR_RUNG_VFIO].error, -ENOTSUP);
	assert_int_equal(answers[WCBAR_RUNG_VFIO_MEMATTR].error, -ENOTSUP);
	assert_int_equal(fake_vfio.requests, 0);
}

/* ---- types that x86 keeps for each range --------------------------------------------------- */

static void
map__relaxed_is_believed_only_if_the_kernel_says_so(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	tree_iomem_relaxed();
	bar2_open(WCBAR_VFIO_OPEN);
	tree_pat("write-combining");
	map_gives(0, WCBAR_TYPE_WC, WCBAR_TYPE_WC, WCBAR_RUNG_SYSFS_RELAXED);
	answer_is(WCBAR_RUNG_SYSFS_VFIO, -ENOTSUP, "iomem=relaxed");
	if (!wcbar_cpu_shares_types)
		return;
	tree_pat("uncached-minus");
	map_gives(PAGE, WCBAR_TYPE_WC, WCBAR_TYPE_UC, WCBAR_RUNG_VFIO);
	answer_is(WCBAR_RUNG_SYSFS_RELAXED, -EBUSY, "made it UC");
	answer_is(WCBAR_RUNG_VFIO_PAT, -EBUSY, "mapped BAR 2 UC");
	tree_write("PAT memtype list:\nhello\nPAT: [mem 0x1000-0x2000] write-combining\n",
		   "/sys/kernel/debug/x86/pat_memtype_list");
	map_gives(3 * PAGE, WCBAR_TYPE_WC, WCBAR_TYPE_UC, WCBAR_RUNG_VFIO);
	answer_is(WCBAR_RUNG_SYSFS_RELAXED, -ENODATA, "does not have this mapping");
	answer_is(WCBAR_RUNG_VFIO_PAT, -ENOTSUP, "yet");
	tree_unlink("/sys/kernel/debug/x86/pat_memtype_list");
	map_gives(2 * PAGE, WCBAR_TYPE_WC, WCBAR_TYPE_UC, WCBAR_RUNG_VFIO);
	answer_is(WCBAR_RUNG_SYSFS_RELAXED, -ENODATA, "debugfs");
	answer_is(WCBAR_RUNG_VFIO_PAT, -ENODATA, "debugfs");
}

static void
map__vfio_is_write_combining_where_the_kernel_made_it_so(void **state)
{
	struct wcbar_window win, beside;

	(void)state;
	if (!wcbar_cpu_shares_types)
		skip();
	tree_bind_vfio(false);
	bar2_open(WCBAR_VFIO_OPEN);
	tree_pat("write-combining");
	tree_unlink(tree_device("resource2_wc")); /* in place of a kernel that refuses it */
	map_gives(0, WCBAR_TYPE_WC, WCBAR_TYPE_WC, WCBAR_RUNG_VFIO_PAT);
	assert_true(mmaps_of_vfio > 0);
	assert_int_equal(wcbar_bar_map(bar, 2 * PAGE, PAGE, WCBAR_TYPE_WC, 0, &beside), 0);
	/* registers there would be write-combining: refused, though VFIO would map them */
	tree_unlink(tree_device("resource2"));
	assert_int_equal(wcbar_bar_map(bar, PAGE, PAGE, WCBAR_TYPE_UC, 0, &win), -ENOENT);
	answer_is(WCBAR_RUNG_VFIO, -EBUSY, "made it WC");
	assert_null(win.addr);
	assert_true(is_mapped(beside.addr));
	assert_false(is_mapped((char *)beside.addr - PAGE));
}

static void
wc_bars_would_help__only_if_vfio_made_it_uncached_and_nothing_else_works(void **state)
{
	struct wcbar_answer answers[WCBAR_RUNGS];

	(void)state;
	if (!wcbar_cpu_shares_types)
		skip();
	tree_bind_vfio(false);
	bar2_open(WCBAR_VFIO_OPEN);
	tree_pat("write-combining");
	assert_int_equal(wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, answers), 0);
	assert_false(wcbar_wc_bars_would_help(answers)); /* sysfs gives it */
	tree_pat("uncached-minus");
	assert_int_equal(wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, answers), 0);
	assert_true(wcbar_wc_bars_would_help(answers)); /* sysfs only seems to give it */
	tree_unlink(tree_device("resource2_wc"));
	assert_int_equal(wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, answers), 0);
	assert_true(wcbar_wc_bars_would_help(answers));
	tree_pat("write-combining");
	assert_int_equal(wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, answers), 0);
	assert_false(wcbar_wc_bars_would_help(answers)); /* it is WC already */
	tree_unlink("/sys/kernel/debug/x86/pat_memtype_list");
	assert_int_equal(wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, answers), 0);
	assert_false(wcbar_wc_bars_would_help(answers)); /* its effect could not be checked */
	assert_int_equal(answers[WCBAR_RUNG_VFIO_PAT].error, -ENODATA);
}

static void
wc_bars_would_help__without_vfio_never(void **state)
{
	struct wcbar_answer answers[WCBAR_RUNGS];

	(void)state;
	bar2_open(WCBAR_VFIO_OPEN);
	tree_pat("uncached-minus");
	tree_unlink(tree_device("resource2_wc"));
	assert_int_equal(wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, answers), 0);
	assert_false(wcbar_wc_bars_would_help(answers));
}

static void
open__held_bars_are_mapped_while_vfio_is_opened(void **state)
{
	struct wcbar_pci_options options = tree_options();

	(void)state;
	tree_bind_vfio(false);
	options.wc_bars = 1u << 2 | 1u << 1 | 1u << 31; /* BAR 1 has no such file */
	assert_int_equal(wcbar_pci_open(BDF, &options, &pci, why, sizeof(why)), 0);
	wcbar_pci_close(pci);
	pci = NULL;
	fail_mmap = 1; /* not an error of the open */
	assert_int_equal(wcbar_pci_open(BDF, &options, &pci, why, sizeof(why)), 0);
	assert_int_equal(fail_mmap, 0);
}

/* ---- the proposed memory attribute --------------------------------------------------------- */

static void
map__memory_attribute_of_a_dmabuf_wins(void **state)
{
	struct wcbar_window win;
	uint64_t seen;

	(void)state;
	tree_bind_vfio(false);
	fake_vfio.dmabuf = 2;
	bar2_open(WCBAR_VFIO_OPEN);
	if (wcbar_cpu_shares_types) {
		/* the kernel's own mapping of the BAR may have spoilt it */
		map_gives(0, WCBAR_TYPE_WC, WCBAR_TYPE_WC, WCBAR_RUNG_SYSFS_VFIO);
		answer_is(WCBAR_RUNG_VFIO_MEMATTR, -ENODATA, "debugfs");
		tree_pat("uncached-minus");
		map_gives(2 * PAGE, WCBAR_TYPE_WC, WCBAR_TYPE_UC, WCBAR_RUNG_SYSFS_UC);
		answer_is(WCBAR_RUNG_VFIO_MEMATTR, -EBUSY, "made it UC");
		tree_pat("write-combining");
	}
	assert_int_equal(wcbar_bar_map(bar, PAGE, PAGE, WCBAR_TYPE_WC, 0, &win), 0);
	assert_int_equal(wcbar_bar_rung(bar, PAGE), WCBAR_RUNG_VFIO_MEMATTR);
	assert_int_equal(win.type, WCBAR_TYPE_WC);
	assert_int_equal(fake_vfio.memattr, 1);
	wcbar_write64(win.addr, 99); /* the dma-buf starts where the piece starts */
	assert_int_equal(pread(fake_vfio.device, &seen, 8, 0), 8);
	assert_int_equal(seen, 99);
}

static void
map__memory_attribute_that_is_something_else_is_not_believed(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	bar2_open(WCBAR_VFIO_OPEN);
	fake_vfio.dmabuf = 1;
	map_gives(0, WCBAR_TYPE_WC, WCBAR_TYPE_WC, WCBAR_RUNG_SYSFS_VFIO);
	answer_is(WCBAR_RUNG_VFIO_MEMATTR, -ENOTTY, "cannot set the memory type");
	fake_vfio.dmabuf = 2;
	fake_vfio.any_file = true;
	map_gives(PAGE, WCBAR_TYPE_WC, WCBAR_TYPE_WC, WCBAR_RUNG_SYSFS_VFIO);
	answer_is(WCBAR_RUNG_VFIO_MEMATTR, -ENOTTY, "cannot set the memory type");
	fake_vfio.any_file = false;
	fake_vfio.any_attribute = true;
	map_gives(2 * PAGE, WCBAR_TYPE_WC, WCBAR_TYPE_WC, WCBAR_RUNG_SYSFS_VFIO);
	answer_is(WCBAR_RUNG_VFIO_MEMATTR, -ENOTTY, "something else");
}

static void
map__memory_attribute_accepted_but_not_mapped_is_no_yes(void **state)
{
	(void)state;
	tree_bind_vfio(false);
	fake_vfio.dmabuf = 2;
	bar2_open(WCBAR_VFIO_OPEN);
	fail_mmap = 1;
	map_gives(0, WCBAR_TYPE_WC, WCBAR_TYPE_WC, WCBAR_RUNG_SYSFS_VFIO);
	answer_is(WCBAR_RUNG_VFIO_MEMATTR, -EINVAL, "does not map it");
}

static void
map__no_descriptor_is_left_open(void **state)
{
	struct wcbar_window win;
	unsigned int fds;
	int ret;

	(void)state;
	tree_bind_vfio(false);
	fake_vfio.dmabuf = 2;
	bar2_open(WCBAR_VFIO_OPEN);
	fds = fds_open();
	for (unsigned int n = 1; n < 12; n++) {
		fake_vfio.requests = 0;
		fake_vfio.fail = n;
		fail_mmap = n;
		ret = wcbar_bar_map(bar, 0, PAGE, WCBAR_TYPE_WC, 0, &win);
		fail_mmap = 0;
		if (ret == 0)
			wcbar_bar_unmap(bar, &win);
		assert_int_equal(fds_open(), fds);
		assert_int_equal(wcbar_bar_rung(bar, 0), WCBAR_RUNGS);
	}
}

static void
rung_name__each_has_its_own(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(wcbar_rung_name((enum wcbar_rung)i),
						wcbar_rung_name((enum wcbar_rung)k));
	}
	assert_string_equal(wcbar_rung_name(WCBAR_RUNGS), "none");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bar_open__what_cannot_be_mapped_is_named),
		TEST(bar_open__smaller_than_a_page_inside_one_is_enotsup),
		TEST(bar_open__smaller_than_a_page_that_it_begins_maps_the_page),
		TEST(bar_open__no_memory_leaves_nothing),
		TEST(map__pieces_lie_side_by_side),
		TEST(map__overlap_is_refused),
		TEST(map__bad_arguments_are_einval),
		TEST(map__not_prefetchable_is_uncached_and_says_so),
		TEST(map__no_wc_file_says_so),
		TEST(map__nothing_works_is_the_last_error),
		TEST(unmap__reserves_the_place_again),
		TEST(unmap__refused_keeps_the_place_taken),
		TEST(map__each_failing_call_leaves_the_place_reserved),
		TEST(map__vfio_keeps_window_bar_out_of_its_hands),
		TEST(map__uncached_is_by_vfio),
		TEST(map__vfio_refuses_its_own_parts),
		TEST(map__relaxed_mixes_sysfs_and_vfio),
		TEST(map__vfio_without_mmap_says_so),
		TEST(probe__asks_all_and_leaves_nothing),
		TEST(probe__vfio_left_closed_asks_sysfs_alone),
		TEST(map__relaxed_is_believed_only_if_the_kernel_says_so),
		TEST(map__vfio_is_write_combining_where_the_kernel_made_it_so),
		TEST(wc_bars_would_help__only_if_vfio_made_it_uncached_and_nothing_else_works),
		TEST(wc_bars_would_help__without_vfio_never),
		TEST(open__held_bars_are_mapped_while_vfio_is_opened),
		TEST(map__memory_attribute_of_a_dmabuf_wins),
		TEST(map__memory_attribute_that_is_something_else_is_not_believed),
		TEST(map__memory_attribute_accepted_but_not_mapped_is_no_yes),
		TEST(map__no_descriptor_is_left_open),
		TEST(rung_name__each_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
