/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Pieces of a BAR at a place of the caller's, and what tells a VFIO user's calls apart. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <wcbar_hold.h>

#include "wcbar_tree.h"

#define PIECE (2 * PAGE)

static char why[WCBAR_WHY_BYTES];
static struct wcbar_pci *pci;
static struct wcbar_bar *bar;
static struct wcbar_window win;
static uint8_t *place;

static int
setup(void **state)
{
	(void)state;
	tree_make();
	pci = NULL;
	place = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(place != MAP_FAILED);
	memset(place, 0x5a, PIECE);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	wcbar_pci_close(pci);
	munmap(place, PIECE);
	tree_remove();
	return 0;
}

static void
vfio_adopt(void)
{
	struct wcbar_pci_options options = tree_options();

	tree_bind_vfio(false);
	options.vfio_fd = fake_vfio.device;
	options.hands_off = true;
	assert_int_equal(wcbar_pci_open(BDF, &options, &pci, why, sizeof(why)), 0);
	assert_int_equal(wcbar_bar_open(pci, 2, &bar, why, sizeof(why)), 0);
}

/* Whether a store at `at` shows in that file of the device. */
static bool
stores_reach(void *at, const char *file, uint64_t off)
{
	static uint32_t mark = 0x1000;
	uint32_t seen;

	*(volatile uint32_t *)at = ++mark;
	tree_read(tree_device(file), &seen, sizeof(seen), off);
	return seen == mark;
}

static void
map_at__granted__is_there_with_its_rung(void **state)
{
	(void)state;
	vfio_adopt();
	assert_int_equal(wcbar_bar_map_at(bar, PAGE, PIECE, WCBAR_TYPE_WC, WCBAR_MAP_EXACT, place,
					  PROT_READ | PROT_WRITE, &win),
			 0);
	assert_ptr_equal(win.addr, place);
	assert_int_equal(win.type, WCBAR_TYPE_WC);
	assert_int_equal(wcbar_bar_rung(bar, PAGE), WCBAR_RUNG_SYSFS_VFIO);
	assert_true(stores_reach(place, "resource2_wc", PAGE));
	assert_true(wcbar_bar_excludes_vfio(bar));
	assert_int_equal(mmaps_of_vfio, 0);
}

static void
map_at__again__needs_no_more_memory(void **state)
{
	(void)state;
	vfio_adopt();
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(wcbar_bar_map_at(bar, 0, PIECE, WCBAR_TYPE_WC, WCBAR_MAP_EXACT,
						  place, PROT_READ | PROT_WRITE, &win),
				 0);
		fail_calloc = 1;
	}
	assert_int_equal(fail_calloc, 1);
	fail_calloc = 0;
	assert_true(stores_reach(place, "resource2_wc", 0));
}

static void
map_at__refused__the_place_is_as_it_was(void **state)
{
	(void)state;
	tree_unlink(tree_device("resource2_wc"));
	vfio_adopt();
	assert_int_equal(wcbar_bar_map_at(bar, 0, PIECE, WCBAR_TYPE_WC, WCBAR_MAP_EXACT, place,
					  PROT_READ | PROT_WRITE, &win),
			 -ENOTSUP);
	assert_int_equal(place[PIECE - 1], 0x5a);
	assert_false(wcbar_bar_excludes_vfio(bar));
	assert_int_equal(wcbar_bar_answers(bar)[WCBAR_RUNG_SYSFS_VFIO].error, -ENOENT);
}

static void
map_at__read_only__stays_read_only(void **state)
{
	char line[512], start[32];
	bool found = false;
	FILE *maps;

	(void)state;
	vfio_adopt();
	assert_int_equal(wcbar_bar_map_at(bar, 0, PIECE, WCBAR_TYPE_WC, WCBAR_MAP_EXACT, place,
					  PROT_READ, &win),
			 0);
	maps = fopen("/proc/self/maps", "re");
	snprintf(start, sizeof(start), "%lx-", (unsigned long)(uintptr_t)place);
	while (fgets(line, sizeof(line), maps) != NULL)
		found = found || (strncmp(line, start, strlen(start)) == 0 &&
				  strstr(line, " r--s ") != NULL);
	fclose(maps);
	assert_true(found);
}

static void
map_at__bad_place_or_piece__is_invalid(void **state)
{
	(void)state;
	vfio_adopt();
	assert_int_equal(
		wcbar_bar_map_at(bar, 0, PIECE, WCBAR_TYPE_WC, 0, place + 8, PROT_READ, &win),
		-EINVAL);
	assert_int_equal(
		wcbar_bar_map_at(bar, BAR2_BYTES, PIECE, WCBAR_TYPE_WC, 0, place, PROT_READ, &win),
		-EINVAL);
	assert_int_equal(place[0], 0x5a);
}

static void
open__hands_off__writes_nothing(void **state)
{
	uint16_t command;

	(void)state;
	vfio_adopt();
	assert_int_equal(pread(fake_vfio.device, &command, 2, (off_t)VFIO_REGION_OFF(7) + 4), 2);
	assert_int_equal(command, 0);
}

static void
bar_at__asks_vfio_where_the_regions_are(void **state)
{
	unsigned int n;
	uint64_t off;

	(void)state;
	vfio_adopt();
	assert_int_equal(wcbar_pci_bar_at(pci, VFIO_REGION_OFF(2) + 0x3000, 0x1000, &n, &off), 0);
	assert_int_equal(n, 2);
	assert_int_equal(off, 0x3000);
	assert_int_equal(
		wcbar_pci_bar_at(pci, VFIO_REGION_OFF(2) + BAR2_BYTES - 0x1000, 0x2000, &n, &off),
		-ENOENT);
	assert_int_equal(wcbar_pci_bar_at(pci, VFIO_REGION_OFF(7), 16, &n, &off), -ENOENT);
	fake_vfio.fail = fake_vfio.requests + 1;
	assert_int_equal(wcbar_pci_bar_at(pci, VFIO_REGION_OFF(2), 16, &n, &off), -EIO);
}

static void
cdev_bdf__as_sysfs_links(void **state)
{
	const char *root = tree_options().root;
	char bdf[16] = "";

	(void)state;
	tree_link("/sys/dev/char/511:3",
		  "../../devices/pci0000:00/0000:00:01.0/" BDF "/vfio-dev/vfio3");
	tree_link("/sys/dev/char/1:3", "../../devices/virtual/mem/null");
	assert_int_equal(wcbar_vfio_cdev_bdf(root, 511, 3, bdf), 0);
	assert_string_equal(bdf, BDF);
	assert_int_equal(wcbar_vfio_cdev_bdf(root, 1, 3, bdf), -ENOENT);
	assert_int_equal(wcbar_vfio_cdev_bdf(root, 9, 9, bdf), -ENOENT);
}

static void
kernel_type__as_the_list_says(void **state)
{
	enum wcbar_type type;
	int ret;

	(void)state;
	vfio_adopt();
	ret = wcbar_bar_kernel_type(bar, 0, PIECE, &type, why, sizeof(why));
	if (!wcbar_hold_has_effect()) {
		assert_int_equal(ret, -ENOTSUP);
		return;
	}
	assert_int_equal(ret, -ENODATA);
	tree_pat("write-combining");
	assert_int_equal(wcbar_bar_kernel_type(bar, 0, PIECE, &type, why, sizeof(why)), 0);
	assert_int_equal(type, WCBAR_TYPE_WC);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(map_at__granted__is_there_with_its_rung), T(map_at__again__needs_no_more_memory),
		T(map_at__refused__the_place_is_as_it_was), T(map_at__read_only__stays_read_only),
		T(map_at__bad_place_or_piece__is_invalid),  T(open__hands_off__writes_nothing),
		T(bar_at__asks_vfio_where_the_regions_are), T(cdev_bdf__as_sysfs_links),
		T(kernel_type__as_the_list_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
