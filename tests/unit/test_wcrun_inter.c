/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The interposer's core over a machine that is a folder: what becomes of a VFIO user's calls. */

#include <errno.h>
#include <fcntl.h>
#include <inter.h>
#include <inter_device.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include <wcbar_hold.h>
#include <wcbar_vfio_abi.h>

#include "wcbar_tree.h"

#define RW (PROT_READ | PROT_WRITE)

/* ---- the calls below ----------------------------------------------------------------------- */

static unsigned int holds_at_open; /* mappings of resource2_wc while VFIO opened the device */
static unsigned int ioctls_below, mmaps_below;
static int exit_status;
static int same_as; /* same_file() says that this fd is the same file as same_as_fd */
static int same_as_fd;
static bool one_inode; /* fstat() says that all files have the same one, as kernels did */
static bool cdev;      /* fstat() says that it is a VFIO device's own file */
static struct report told[16];
static unsigned int told_n;

static unsigned int
wc_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned int n = 0;
	char line[512];

	while (fgets(line, sizeof(line), maps) != NULL)
		n += strstr(line, "/resource2_wc\n") != NULL;
	fclose(maps);
	return n;
}

static int
below_ioctl(int fd, unsigned long request, void *arg)
{
	char bdf[16];

	ioctls_below++;
	if (request == VFIO_GROUP_GET_DEVICE_FD || request == WCBAR_VFIO_BIND_IOMMUFD)
		holds_at_open = wc_mappings();
	if (request == VFIO_GROUP_GET_DEVICE_FD && strchr(arg, ' ') != NULL) {
		/* the fake VFIO knows no tokens */
		snprintf(bdf, sizeof(bdf), "%.12s", (const char *)arg);
		return ioctl(fd, request, bdf);
	}
	return ioctl(fd, request, arg);
}

static void *
below_mmap(void *addr, size_t bytes, int prot, int flags, int fd, off_t off)
{
	mmaps_below++;
	return mmap(addr, bytes, prot, flags, fd, off);
}

static int
below_fstat(int fd, struct stat *st)
{
	int ret = fstat(fd, st);

	if (ret == 0 && one_inode)
		st->st_ino = st->st_dev = 1;
	if (ret == 0 && cdev) {
		st->st_mode = S_IFCHR | 0600;
		st->st_rdev = makedev(511, 3);
	}
	return ret;
}

static int
below_same_file(int a, int b)
{
	return (a == same_as && b == same_as_fd) || (b == same_as && a == same_as_fd) ? 0 : 1;
}

static void
below_exit(int status)
{
	exit_status = status;
}

/* Where the teller of a mapping waits, with the lock; NULL: it does not. */
static sem_t *tell_begins, *tell_ends;

static void
below_tell(const struct report *report)
{
	if (tell_begins != NULL && report->event == REPORT_MAPPED) {
		sem_post(tell_begins);
		sem_wait(tell_ends);
	}
	if (told_n < 16)
		told[told_n++] = *report;
}

static const struct inter_calls calls = {
	.ioctl = below_ioctl,
	.mmap = below_mmap,
	.fstat = below_fstat,
	.same_file = below_same_file,
	.exit = below_exit,
	.tell = below_tell,
};

/* ---- a VFIO user --------------------------------------------------------------------------- */

static struct inter_orders orders;
static int group;
static uint8_t *place;

static int
setup(void **state)
{
	(void)state;
	tree_make();
	tree_bind_vfio(true);
	holds_at_open = ioctls_below = mmaps_below = told_n = 0;
	exit_status = -1;
	same_as = same_as_fd = -1;
	cdev = one_inode = false;
	orders = (struct inter_orders){.bars = BDF ":2", .root = tree_options().root};
	inter_start(&calls, &orders);
	group = open("/dev/null", O_RDWR | O_CLOEXEC);
	place = mmap(NULL, 0x40 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return group >= 0 && place != MAP_FAILED ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	inter_stop();
	munmap(place, 0x40 * PAGE);
	close(group);
	tree_remove();
	return 0;
}

static int
device_open(void)
{
	int fd = inter_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)BDF);

	assert_true(fd >= 0);
	return fd;
}

/* As EAL maps: over a place of its own. */
static void *
bar_map(int fd, uint64_t off, size_t bytes)
{
	return inter_mmap(place, bytes, RW, MAP_SHARED | MAP_FIXED, fd,
			  (off_t)(VFIO_REGION_OFF(2) + off));
}

/* Which file is mapped at `at`: "wc", "vfio" or "other". */
static const char *
file_at(const void *at)
{
	char line[512];
	const char *name = "other";
	FILE *maps = fopen("/proc/self/maps", "re");

	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx", &from, &to) != 2 || (uintptr_t)at < from ||
		    (uintptr_t)at >= to)
			continue;
		if (strstr(line, "/resource2_wc\n") != NULL)
			name = "wc";
		else if (strstr(line, "/resource2\n") != NULL)
			name = "uc";
		else if (strstr(line, "fake-vfio") != NULL)
			name = "vfio";
	}
	fclose(maps);
	return name;
}

static const struct report *
told_last(enum report_event event)
{
	for (unsigned int i = told_n; i > 0; i--) {
		if (told[i - 1].event == event)
			return &told[i - 1];
	}
	fail_msg("nothing was told of that kind");
	return NULL;
}

static unsigned int
told_count(enum report_event event)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < told_n; i++)
		n += told[i].event == event;
	return n;
}

static void
has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* ---- it works ------------------------------------------------------------------------------ */

static void
mmap__wanted_bar__is_wc_at_the_callers_place(void **state)
{
	const int fd = device_open();

	(void)state;
	assert_ptr_equal(bar_map(fd, 2 * PAGE, 2 * PAGE), place);
	assert_string_equal(file_at(place + PAGE), "wc");
	assert_string_equal(file_at(place + 2 * PAGE), "other");
	assert_int_equal(mmaps_of_vfio, 0);
	assert_int_equal(told_count(REPORT_MAPPED), 1);
	assert_string_equal(told_last(REPORT_MAPPED)->bdf, BDF);
	assert_int_equal(told_last(REPORT_MAPPED)->off, 2 * PAGE);
	assert_int_equal(told_last(REPORT_MAPPED)->type, WCBAR_TYPE_WC);
	assert_int_equal(told_last(REPORT_MAPPED)->rung, WCBAR_RUNG_SYSFS_VFIO);
	assert_int_equal(told_last(REPORT_MAPPED)->source, REPORT_BY_FILE);
	close(fd);
}

static void
open__wanted_bar__is_held_around_it_on_x86(void **state)
{
	const int fd = device_open();

	(void)state;
	assert_int_equal(holds_at_open, wcbar_hold_has_effect() ? 1 : 0);
	assert_int_equal(wc_mappings(), 0);
	close(fd);
}

static void
mmap__anywhere_and_with_a_hint__are_wc(void **state)
{
	const int fd = device_open();
	uint8_t *at = inter_mmap(NULL, PAGE, RW, MAP_SHARED, fd, (off_t)VFIO_REGION_OFF(2));

	(void)state;
	assert_true(at != MAP_FAILED);
	assert_string_equal(file_at(at), "wc");
	munmap(at, PAGE);
	munmap(place, PAGE);
	at = inter_mmap(place, PAGE, RW, MAP_SHARED | MAP_FIXED_NOREPLACE, fd,
			(off_t)VFIO_REGION_OFF(2));
	assert_ptr_equal(at, place);
	assert_string_equal(file_at(at), "wc");
	errno = 0;
	assert_ptr_equal(inter_mmap(place, PAGE, RW, MAP_SHARED | MAP_FIXED_NOREPLACE, fd,
				    (off_t)VFIO_REGION_OFF(2)),
			 MAP_FAILED);
	assert_int_equal(errno, EEXIST);
	close(fd);
}

static void
mmap__table_match__needs_no_name(void **state)
{
	char dir[] = "/tmp/wcrun-inter-XXXXXX", path[64];
	FILE *file;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.conf", dir);
	file = fopen(path, "w");
	fputs("wc 1af4:1110 2 window\n", file);
	fclose(file);
	orders.bars = NULL;
	orders.tables = dir;
	fd = device_open();
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "wc");
	close(fd);
	unlink(path);
	rmdir(dir);
}

static void
open__with_a_vf_token__is_understood(void **state)
{
	int fd = inter_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)(BDF " vf_token=1-2-3"));

	(void)state;
	assert_true(fd >= 0);
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "wc");
	close(fd);
}

static void
open__by_its_own_file__is_understood(void **state)
{
	struct wcbar_vfio_bind bind = {.argsz = sizeof(bind)};
	const int fd = dup(fake_vfio.device);

	(void)state;
	tree_link("/sys/dev/char/511:3", "../../devices/pci0000:00/" BDF "/vfio-dev/vfio3");
	cdev = true;
	assert_int_equal(inter_ioctl(fd, WCBAR_VFIO_BIND_IOMMUFD, &bind), 0);
	assert_int_equal(holds_at_open, wcbar_hold_has_effect() ? 1 : 0);
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "wc");
	close(fd);
}

/* ---- it leaves alone ----------------------------------------------------------------------- */

static void
mmap__everything_else__goes_on(void **state)
{
	const int fd = device_open();
	void *at;

	(void)state;
	/* BAR 1, and a BAR's neighbour: not wanted */
	at = inter_mmap(place, PAGE, RW, MAP_SHARED | MAP_FIXED, fd, (off_t)VFIO_REGION_OFF(1));
	assert_ptr_equal(at, place);
	assert_string_equal(file_at(place), "vfio");
	at = inter_mmap(place, 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd,
			(off_t)(VFIO_REGION_OFF(2) + BAR2_BYTES - PAGE));
	assert_ptr_equal(at, place);
	assert_string_equal(file_at(place), "vfio");
	/* private, anonymous, another file */
	inter_mmap(place, PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, (off_t)VFIO_REGION_OFF(2));
	assert_string_equal(file_at(place), "vfio");
	inter_mmap(place, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	assert_string_equal(file_at(place), "other");
	assert_int_equal(told_count(REPORT_MAPPED), 0);
	errno = 0;
	assert_ptr_equal(inter_mmap(NULL, 0, RW, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	close(fd);
}

static void
calls__that_mean_nothing_here__cost_one_call_each(void **state)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	const int fd = device_open();
	unsigned int before;

	(void)state;
	before = ioctls_below;
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(inter_ioctl(fd, VFIO_DEVICE_GET_INFO, &info), 0);
	assert_int_equal(ioctls_below, before + 10);
	before = mmaps_below;
	for (unsigned int i = 0; i < 10; i++)
		inter_mmap(place, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	assert_int_equal(mmaps_below, before + 10);
	close(fd);
}

static void
errno__is_as_the_real_calls_leave_it(void **state)
{
	int fd;

	(void)state;
	errno = 77;
	fd = device_open();
	assert_int_equal(errno, 77);
	bar_map(fd, 0, PAGE);
	assert_int_equal(errno, 77);
	fake_vfio.fail = fake_vfio.requests + 1;
	assert_int_equal(inter_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)BDF), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(told_count(REPORT_OPENED), 1);
	close(fd);
}

static void
before_start__calls_go_straight_on(void **state)
{
	void *at;

	(void)state;
	inter_stop();
	at = inter_mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(at != MAP_FAILED);
	munmap(at, PAGE);
	assert_int_equal(inter_ioctl(-1, VFIO_GROUP_GET_DEVICE_FD, (void *)BDF), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(mmaps_below + ioctls_below, 0);
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void
open__registers__are_refused_with_the_reason(void **state)
{
	int fd;

	(void)state;
	orders.bars = BDF ":1";
	fd = device_open();
	assert_int_equal(holds_at_open, 0);
	assert_int_equal(told_count(REPORT_REFUSED), 1);
	has(told_last(REPORT_REFUSED)->why, "not prefetchable");
	inter_mmap(place, PAGE, RW, MAP_SHARED | MAP_FIXED, fd, (off_t)VFIO_REGION_OFF(1));
	assert_string_equal(file_at(place), "vfio");
	close(fd);
}

/* A user who is not root: only VFIO shows where MSI-X is. */
static void
config_for_users(uint8_t msix_bar)
{
	const uint8_t pointer = 0x40, caps = 0x10, msix[12] = {0x11, 0, 0, 0, msix_bar};
	const off_t off = (off_t)VFIO_REGION_OFF(7);
	uint8_t start[64] = {[0x06] = 0x10, [0x34] = 0x40};
	char path[256];
	int config;

	snprintf(path, sizeof(path), "%s%s", tree_options().root, tree_device("config"));
	config = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(config, start, sizeof(start)), sizeof(start));
	close(config);
	assert_int_equal(pwrite(fake_vfio.device, &caps, 1, off + 0x06), 1);
	assert_int_equal(pwrite(fake_vfio.device, &pointer, 1, off + 0x34), 1);
	assert_int_equal(pwrite(fake_vfio.device, msix, sizeof(msix), off + 0x40), sizeof(msix));
}

static void
open__msix_seen_by_vfio_alone__is_refused(void **state)
{
	int fd;

	(void)state;
	config_for_users(2);
	fd = device_open();
	assert_int_equal(holds_at_open, 0);
	has(told_last(REPORT_REFUSED)->why, "MSI-X table");
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "vfio");
	close(fd);
}

static void
open__msix_elsewhere_seen_by_vfio_alone__is_wc(void **state)
{
	int fd;

	(void)state;
	config_for_users(1);
	fd = device_open();
	assert_int_equal(told_count(REPORT_REFUSED), 0);
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "wc");
	close(fd);
}

static void
open__bad_orders__are_told_and_the_program_runs(void **state)
{
	int fd;

	(void)state;
	orders.bars = "nonsense";
	fd = device_open();
	has(told_last(REPORT_REFUSED)->why, "WCRUN_BARS");
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "vfio");
	assert_int_equal(exit_status, -1);
	close(fd);
}

/* Who cannot read what must never be write-combining maps nothing so. */
static void
open__a_broken_table__undoes_all_orders(void **state)
{
	char dir[] = "/tmp/wcrun-inter-XXXXXX", path[64];
	FILE *file;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.conf", dir);
	file = fopen(path, "w");
	fputs("nonsense\nnever 1af4:1110 2 registers\n", file);
	fclose(file);
	orders.tables = dir;
	fd = device_open();
	has(told_last(REPORT_REFUSED)->why, "a.conf:1");
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "vfio");
	close(fd);
	unlink(path);
	rmdir(dir);
}

/* As in a container without sysfs. */
static void
open__facts_cannot_be_read__is_told_for_what_was_named(void **state)
{
	int fd;

	(void)state;
	tree_unlink(tree_device("vendor"));
	fd = device_open();
	has(told_last(REPORT_REFUSED)->why, "which vendor");
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "vfio");
	close(fd);
}

static void
mmap__no_way__is_vfios_own_with_the_reason(void **state)
{
	int fd;

	(void)state;
	fd = device_open();
	tree_unlink(tree_device("resource2_wc"));
	assert_ptr_equal(bar_map(fd, 0, PAGE), place);
	assert_string_equal(file_at(place), "vfio");
	assert_int_equal(told_last(REPORT_MAPPED)->rung, WCBAR_RUNG_VFIO);
	assert_true(told_last(REPORT_MAPPED)->type != WCBAR_TYPE_WC);
	has(told_last(REPORT_MAPPED)->why, "resource2_wc");
	assert_int_equal(exit_status, -1);
	munmap(place, PAGE);
	assert_ptr_equal(inter_mmap(place, PAGE, RW, MAP_SHARED | MAP_FIXED_NOREPLACE, fd,
				    (off_t)VFIO_REGION_OFF(2)),
			 place);
	assert_string_equal(file_at(place), "vfio");
	close(fd);
}

static void
mmap__no_way_and_required__ends_before_the_mapping(void **state)
{
	int fd;

	(void)state;
	orders.require = true;
	fd = device_open();
	bar_map(fd, 0, PAGE);
	assert_int_equal(exit_status, -1); /* WC: all is well */
	tree_unlink(tree_device("resource2_wc"));
	bar_map(fd, PAGE, PAGE);
	assert_int_equal(exit_status, INTER_STATUS_REQUIRED);
	close(fd);
}

static void
mmap__no_room_for_the_bar__is_told_and_ends_if_required(void **state)
{
	int fd;

	(void)state;
	fd = device_open();
	fail_mmap = 1; /* the BAR's range */
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "vfio");
	has(told_last(REPORT_REFUSED)->why, "no address range");
	assert_int_equal(exit_status, -1);
	orders.require = true;
	fail_mmap = 1;
	bar_map(fd, 0, PAGE);
	assert_int_equal(exit_status, INTER_STATUS_REQUIRED);
	close(fd);
}

#ifdef MAP_32BIT
static void
mmap__below_4g__is_there(void **state)
{
	const int fd = device_open();
	uint8_t *at = inter_mmap(NULL, PAGE, RW, MAP_SHARED | MAP_32BIT, fd,
				 (off_t)VFIO_REGION_OFF(2));

	(void)state;
	assert_true(at != MAP_FAILED);
	assert_string_equal(file_at(at), "wc");
	assert_int_equal((uintptr_t)at >> 32, 0);
	munmap(at, PAGE);
	close(fd);
}
#endif

static void
open__refused_and_required__ends(void **state)
{
	int fd;

	(void)state;
	orders.require = true;
	orders.bars = BDF ":1";
	fd = device_open();
	assert_int_equal(exit_status, INTER_STATUS_REQUIRED);
	close(fd);
}

/* VFIO's mapping would take the first piece away: the second comes by sysfs, uncached. */
static void
mmap__second_piece_refused__does_not_revoke_the_first(void **state)
{
	int fd;

	(void)state;
	tree_write("", "%s", tree_device("resource2"));
	fd = device_open();
	bar_map(fd, 0, PAGE);
	tree_unlink(tree_device("resource2_wc"));
	assert_ptr_equal(inter_mmap(place + PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, fd,
				    (off_t)VFIO_REGION_OFF(2) + PAGE),
			 place + PAGE);
	assert_string_equal(file_at(place + PAGE), "uc");
	assert_int_equal(mmaps_of_vfio, 0);
	assert_int_equal(told_last(REPORT_MAPPED)->type, WCBAR_TYPE_UC);
	assert_int_equal(told_last(REPORT_MAPPED)->rung, WCBAR_RUNG_SYSFS_UC);
	close(fd);
}

/* ---- x86: what the kernel's list says ------------------------------------------------------ */

static void
mmap__list_says_wc__is_believed(void **state)
{
	int fd;

	(void)state;
	if (!wcbar_hold_has_effect())
		skip();
	tree_pat("write-combining");
	fd = device_open();
	bar_map(fd, 0, PAGE);
	assert_int_equal(told_last(REPORT_MAPPED)->source, REPORT_BY_LIST);
	close(fd);
}

static void
mmap__vfios_own_is_wc__comes_by_vfio_pat(void **state)
{
	int fd;

	(void)state;
	if (!wcbar_hold_has_effect())
		skip();
	tree_pat("write-combining");
	fd = device_open();
	fail_mmap = 2; /* after the BAR's range, resource2_wc: EINVAL, as on 7.3 */
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "vfio");
	assert_int_equal(told_last(REPORT_MAPPED)->type, WCBAR_TYPE_WC);
	assert_int_equal(told_last(REPORT_MAPPED)->rung, WCBAR_RUNG_VFIO_PAT);
	assert_int_equal(told_last(REPORT_MAPPED)->source, REPORT_BY_LIST);
	close(fd);
}

static void
mmap__list_says_uc__is_told_as_uc(void **state)
{
	int fd;

	(void)state;
	if (!wcbar_hold_has_effect())
		skip();
	tree_pat("uncached-minus");
	fd = device_open();
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "vfio");
	assert_int_equal(told_last(REPORT_MAPPED)->type, WCBAR_TYPE_UC);
	has(told_last(REPORT_MAPPED)->why, "somebody");
	close(fd);
}

static void
mmap__held_and_no_list__is_not_claimed(void **state)
{
	int fd;

	(void)state;
	if (!wcbar_hold_has_effect())
		skip();
	fd = device_open();
	fail_mmap = 2; /* after the BAR's range, resource2_wc: EINVAL, as on 7.3 */
	bar_map(fd, 0, PAGE);
	assert_int_equal(told_last(REPORT_MAPPED)->type, WCBAR_TYPE_UNKNOWN);
	assert_int_equal(told_last(REPORT_MAPPED)->source, REPORT_BY_NOBODY);
	has(told_last(REPORT_MAPPED)->why, "debugfs");
	close(fd);
}

/* ---- files that come and go ---------------------------------------------------------------- */

static void
mmap__number_of_another_file_by_now__goes_on(void **state)
{
	int fd, other;

	(void)state;
	fd = device_open();
	close(fd);
	other = memfd_create("other", 0);
	assert_int_equal(other, fd); /* the number comes back */
	assert_int_equal(ftruncate(other, (off_t)VFIO_REGION_OFF(3)), 0);
	bar_map(other, 0, PAGE);
	assert_string_equal(file_at(place), "other");
	assert_int_equal(told_count(REPORT_MAPPED), 0);
	assert_false(inter_device_any());
	close(other);
}

/* Before 6.10 an inode tells nothing: then VFIO is asked. */
static void
mmap__number_of_no_vfio_device_by_now__goes_on(void **state)
{
	int fd, other;

	(void)state;
	one_inode = true;
	fd = device_open();
	close(fd);
	other = memfd_create("other", 0);
	assert_int_equal(ftruncate(other, (off_t)VFIO_REGION_OFF(3)), 0);
	fake_vfio.fail = fake_vfio.requests + 1; /* the question is not for this file */
	bar_map(other, 0, PAGE);
	assert_string_equal(file_at(place), "other");
	assert_false(inter_device_any());
	close(other);
}

static void
open__after_many_were_closed__there_is_room(void **state)
{
	int fds[INTER_DEVICES], others[INTER_DEVICES], fd;

	(void)state;
	for (unsigned int i = 0; i < INTER_DEVICES; i++)
		fds[i] = device_open();
	for (unsigned int i = 0; i < INTER_DEVICES; i++)
		close(fds[i]);
	for (unsigned int i = 0; i < INTER_DEVICES; i++)
		others[i] = memfd_create("other", 0); /* takes a number */
	fd = device_open();
	bar_map(fd, 0, PAGE);
	assert_string_equal(file_at(place), "wc");
	for (unsigned int i = 0; i < INTER_DEVICES; i++)
		close(others[i]);
	close(fd);
}

static void
mmap__duplicate__is_the_same_device(void **state)
{
	const int fd = device_open(), twin = dup(fd);

	(void)state;
	same_as = twin;
	same_as_fd = fd;
	bar_map(twin, 0, PAGE);
	assert_string_equal(file_at(place), "wc");
	same_as = -1;
	bar_map(twin, 0, PAGE); /* nobody can tell: VFIO's own */
	assert_string_equal(file_at(place), "vfio");
	close(twin);
	close(fd);
}

static void
mmap__number_that_is_another_device_by_now__is_that_device(void **state)
{
	const int first = device_open(), second = device_open();

	(void)state;
	bar_map(second, 0, PAGE);
	assert_int_equal(told_count(REPORT_MAPPED), 1);
	/* first closed, second duplicated to its number */
	same_as = first;
	same_as_fd = second;
	bar_map(first, 0, PAGE);
	assert_string_equal(file_at(place), "wc");
	assert_int_equal(told_count(REPORT_MAPPED), 1); /* it is second, whose line is there */
	close(first);
	close(second);
}

static void
attach_again__is_told_again(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3 * INTER_DEVICES; i++) {
		int fd = device_open();

		bar_map(fd, 0, PAGE);
		bar_map(fd, 0, 2 * PAGE);
		assert_string_equal(file_at(place + PAGE), "wc");
		if (i < 3)
			assert_int_equal(told_count(REPORT_MAPPED), i + 1); /* a line a BAR */
		close(fd);
	}
	told_n = 0;
}

static void
many_devices__the_last_is_told_that_it_has_no_room(void **state)
{
	int fds[INTER_DEVICES + 1];

	(void)state;
	for (unsigned int i = 0; i <= INTER_DEVICES; i++) {
		told_n = 0;
		fds[i] = device_open();
	}
	has(told_last(REPORT_REFUSED)->why, "64 devices");
	bar_map(fds[INTER_DEVICES], 0, PAGE);
	assert_string_equal(file_at(place), "vfio");
	bar_map(fds[INTER_DEVICES - 1], 0, PAGE);
	assert_string_equal(file_at(place), "wc");
	for (unsigned int i = 0; i <= INTER_DEVICES; i++)
		close(fds[i]);
}

/* ---- threads ------------------------------------------------------------------------------- */

static void *
thread_main(void *data)
{
	int fd, *bad = data;

	for (unsigned int i = 0; i < 50; i++) {
		void *at;

		fd = inter_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)BDF);
		at = inter_mmap(NULL, PAGE, RW, MAP_SHARED, fd, (off_t)VFIO_REGION_OFF(2));
		if (fd < 0 || at == MAP_FAILED)
			__atomic_fetch_add(bad, 1, __ATOMIC_RELAXED);
		else
			munmap(at, PAGE);
		close(fd);
	}
	return NULL;
}

static void
threads__all_get_their_mappings(void **state)
{
	pthread_t threads[4];
	int bad = 0;

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, thread_main, &bad), 0);
	for (unsigned int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(bad, 0);
}

/* A thread that is asked to end does so behind the call, where no lock is left behind. */
static void *
cancelled_main(void *data)
{
	const int fd = device_open();

	pthread_cancel(pthread_self());
	*(void **)data = inter_mmap(place, PAGE, RW, MAP_SHARED | MAP_FIXED, fd,
				    (off_t)VFIO_REGION_OFF(2));
	close(fd); /* a cancellation point */
	return NULL;
}

static void
mmap__in_a_thread_that_is_cancelled__is_done_first(void **state)
{
	void *at = NULL, *end;
	pthread_t thread;
	int fd;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, cancelled_main, &at), 0);
	assert_int_equal(pthread_join(thread, &end), 0);
	assert_ptr_equal(at, place);
	assert_ptr_equal(end, PTHREAD_CANCELED);
	fd = device_open(); /* takes the lock */
	close(fd);
}

/* A handler that maps runs in a thread which waits for the lock. */
static int handler_fd;
static sem_t handled;
static atomic_int waiter;

static void
on_signal(int sig)
{
	(void)sig;
	inter_mmap(place, PAGE, RW, MAP_SHARED | MAP_FIXED, handler_fd, (off_t)VFIO_REGION_OFF(1));
	sem_post(&handled);
}

static void *
mapper_main(void *data)
{
	(void)data;
	bar_map(handler_fd, 0, PAGE);
	return NULL;
}

static void *
waiter_main(void *data)
{
	waiter = gettid();
	return mapper_main(data);
}

static bool
sleeps(pid_t thread)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
	file = fopen(path, "re");
	if (file != NULL) {
		if (fscanf(file, "%*d %*s %c", &state) != 1)
			state = 0;
		fclose(file);
	}
	return state == 'S';
}

static void
mmap__in_a_handler_of_a_thread_that_waits__goes_on(void **state)
{
	const struct sigaction action = {.sa_handler = on_signal};
	pthread_t mapper, waiting;
	sem_t begins, ends;

	(void)state;
	waiter = 0;
	handler_fd = device_open();
	sem_init(&begins, 0, 0);
	sem_init(&ends, 0, 0);
	sem_init(&handled, 0, 0);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	tell_begins = &begins;
	tell_ends = &ends;
	assert_int_equal(pthread_create(&mapper, NULL, mapper_main, NULL), 0);
	sem_wait(&begins);
	assert_int_equal(pthread_create(&waiting, NULL, waiter_main, NULL), 0);
	while (waiter == 0 || !sleeps(waiter))
		sched_yield();
	pthread_kill(waiting, SIGUSR1);
	sem_wait(&handled); /* if the handler waits too, this test hangs */
	tell_begins = NULL;
	sem_post(&ends);
	pthread_join(mapper, NULL);
	pthread_join(waiting, NULL);
	close(handler_fd);
}

/* ---- slots --------------------------------------------------------------------------------- */

static unsigned int slot_calls;

static int
slot_ioctl(int fd, unsigned long request, ...)
{
	(void)fd, (void)request;
	slot_calls++;
	return 42;
}

int slots_library_ioctl(void);
void *slots_library_slot(void);

/* Whether a page may be written, as /proc says. */
static bool
is_writable(const void *at)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	bool writable = false;
	char line[512], prot[8];

	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx %7s", &from, &to, prot) == 3 && (uintptr_t)at >= from &&
		    (uintptr_t)at < to)
			writable = prot[1] == 'w';
	}
	fclose(maps);
	return writable;
}

static void
slots__of_that_library__are_rewritten_and_closed_again(void **state)
{
	const struct inter_slot slots[] = {{"ioctl", (void *)slot_ioctl}};

	(void)state;
	assert_int_equal(slots_library_ioctl(), -1);
	assert_false(is_writable(slots_library_slot()));
	assert_int_equal(inter_slots_rewrite("libno-such.", slots, 1), 0);
	assert_int_equal(slots_library_ioctl(), -1);
	assert_true(inter_slots_rewrite("libwcrun_slots.", slots, 1) >= 1);
	assert_int_equal(slots_library_ioctl(), 42);
	assert_int_equal(slot_calls, 1);
	assert_false(is_writable(slots_library_slot()));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(mmap__wanted_bar__is_wc_at_the_callers_place),
		T(open__wanted_bar__is_held_around_it_on_x86),
		T(mmap__anywhere_and_with_a_hint__are_wc),
		T(mmap__table_match__needs_no_name),
		T(open__with_a_vf_token__is_understood),
		T(open__by_its_own_file__is_understood),
		T(mmap__everything_else__goes_on),
		T(calls__that_mean_nothing_here__cost_one_call_each),
		T(errno__is_as_the_real_calls_leave_it),
		T(before_start__calls_go_straight_on),
		T(open__registers__are_refused_with_the_reason),
		T(open__msix_seen_by_vfio_alone__is_refused),
		T(open__msix_elsewhere_seen_by_vfio_alone__is_wc),
		T(open__bad_orders__are_told_and_the_program_runs),
		T(open__a_broken_table__undoes_all_orders),
		T(open__facts_cannot_be_read__is_told_for_what_was_named),
		T(mmap__no_way__is_vfios_own_with_the_reason),
		T(mmap__no_way_and_required__ends_before_the_mapping),
		T(mmap__no_room_for_the_bar__is_told_and_ends_if_required),
#ifdef MAP_32BIT
		T(mmap__below_4g__is_there),
#endif
		T(open__refused_and_required__ends),
		T(mmap__second_piece_refused__does_not_revoke_the_first),
		T(mmap__list_says_wc__is_believed),
		T(mmap__vfios_own_is_wc__comes_by_vfio_pat),
		T(mmap__list_says_uc__is_told_as_uc),
		T(mmap__held_and_no_list__is_not_claimed),
		T(mmap__number_of_another_file_by_now__goes_on),
		T(mmap__number_of_no_vfio_device_by_now__goes_on),
		T(open__after_many_were_closed__there_is_room),
		T(mmap__duplicate__is_the_same_device),
		T(mmap__number_that_is_another_device_by_now__is_that_device),
		T(attach_again__is_told_again),
		T(many_devices__the_last_is_told_that_it_has_no_room),
		T(threads__all_get_their_mappings),
		T(mmap__in_a_thread_that_is_cancelled__is_done_first),
		T(mmap__in_a_handler_of_a_thread_that_waits__goes_on),
		cmocka_unit_test(slots__of_that_library__are_rewritten_and_closed_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
