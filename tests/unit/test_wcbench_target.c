/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Files that wcbench raw maps, what it finds out about them, and its threads. */

#include <cores.h>
#include <errno.h>
#include <fcntl.h>
#include <mapped.h>
#include <pci_link.h>
#include <raw_stream.h>
#include <raw_target.h>
#include <sched.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "json_at.h"
#include "wcbar_tree.h"

#define FILE_BYTES 0x4000u
#define OFF 0x1040u
#define BYTES 0x800u

static char why[512];
static struct raw_target target;
static struct raw_mapping mapping;
static const struct machine machine = {.arch = "test"};

static struct raw_options
options(const char *root, const char *file)
{
	return (struct raw_options){
		.common = {.setting = "test", .commit = "none", .rounds = 3},
		.way = RAW_WAY_MAP,
		.file = file,
		.off = OFF,
		.bytes = BYTES,
		.lines = 4,
		.root = root,
	};
}

/* A file below the root, filled; its path. */
static const char *
file_make(const char *root, const char *name, size_t bytes)
{
	static char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", root, name);
	f = fopen(path, "w");
	assert_non_null(f);
	for (size_t i = 0; i < bytes; i++)
		fputc(0xee, f);
	fclose(f);
	return path;
}

static int
opened(const struct raw_options *o)
{
	const int ret = raw_target_open(&target, o, why, sizeof(why));

	if (ret == 0)
		raw_target_close(&target);
	return ret;
}

/* ---- files --------------------------------------------------------------------------------- */

static void
raw_target_map__a_file__is_ram_and_only_its_range_is_written(void **state)
{
	static uint8_t bytes[FILE_BYTES];
	const char *root = tree_make();
	struct raw_options o = options(root, file_make(root, "/file", FILE_BYTES));

	(void)state;
	o.said = WCBAR_TYPE_WC; /* which is not true */
	assert_int_equal(raw_target_open(&target, &o, why, sizeof(why)), 0);
	assert_int_equal(target.types[0], WCBAR_TYPE_WB);
	assert_non_null(strstr(target.type_why, "not what was said, WC"));
	assert_string_equal(raw_memory_name(&target, target.types[0]), "RAM, write-back");
	assert_string_equal(raw_basis(&target, &machine), "measured in RAM");
	target.source->measure(&target, &o, target.types[0], 0, &mapping);
	assert_int_equal(mapping.error, 0);
	assert_int_equal(mapping.type, WCBAR_TYPE_WB);
	assert_int_equal(mapping.rung, WCBAR_RUNGS);
	assert_int_equal(target.behind, RAW_BEHIND_RAM);
	raw_mapping_fini(&mapping);
	raw_target_close(&target);
	tree_read("/file", bytes, sizeof(bytes), 0);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		const bool within = i >= OFF && i < OFF + BYTES;

		if (bytes[i] != (within ? 0 : 0xee))
			fail_msg("byte 0x%zx is 0x%02x", i, bytes[i]);
	}
	tree_remove();
}

static void
raw_target_map__a_file_without_a_name__is_ram_too(void **state)
{
	const int fd = memfd_create("target", 0);
	char path[64];
	struct raw_options o;

	(void)state;
	assert_int_equal(ftruncate(fd, FILE_BYTES), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	o = options(NULL, path);
	assert_int_equal(raw_target_open(&target, &o, why, sizeof(why)), 0);
	assert_int_equal(target.behind, RAW_BEHIND_RAM);
	assert_int_equal(target.types[0], WCBAR_TYPE_WB);
	assert_false(target.has_pci);
	raw_target_close(&target);
	close(fd);
}

static void
raw_target_map__files_that_cannot_be_measured__are_named(void **state)
{
	const char *root = tree_make();
	const char *file = file_make(root, "/file", FILE_BYTES);
	struct raw_options o = options(root, "/no/such/file");

	(void)state;
	assert_int_equal(opened(&o), -ENOENT);
	assert_string_equal(why, "/no/such/file cannot be measured: No such file or directory");
	o.file = root;
	assert_int_equal(opened(&o), -ENOTSUP);
	assert_non_null(strstr(why, "expected a file or a character device"));
	o = options(root, file);
	o.off = FILE_BYTES;
	assert_int_equal(opened(&o), -ENXIO);
	assert_non_null(strstr(why, "which has 16384 bytes"));
	o.off = FILE_BYTES - BYTES + 64;
	assert_int_equal(opened(&o), -ENXIO);
	o = options(root, file_make(root, "/empty", 0));
	o.off = 0;
	assert_int_equal(opened(&o), -ENXIO);
	assert_non_null(strstr(why, "which has 0 bytes"));
	o.file = "/proc/self/stat";
	o.off = 0;
	assert_int_equal(opened(&o), -ENOTSUP);
	assert_non_null(strstr(why, "of sysfs and procfs only"));
	o.file = "/dev/null"; /* of the same driver as /dev/mem */
	assert_int_equal(opened(&o), -EPERM);
	assert_non_null(strstr(why, "/dev/null is refused"));
	tree_remove();
}

/* The device's file is opened and mapped, but nobody says what it is. */
static void
raw_target_map__a_device__is_what_is_said_or_unknown(void **state)
{
	const char *root = tree_make();
	struct raw_options o = options(root, "/dev/zero");

	(void)state;
	assert_int_equal(raw_target_open(&target, &o, why, sizeof(why)), 0);
	assert_int_equal(target.behind, RAW_BEHIND_RAM); /* this one is known */
	raw_target_close(&target);
	o.file = "/dev/tty";
	if (access("/dev/tty", F_OK) == 0) {
		const int ret = opened(&o);

		/* -ENXIO: no terminal; -ENODEV: it has no memory */
		assert_true(ret == -ENODEV || ret == -ENXIO || ret == -EIO || ret == -EACCES ||
			    ret == -EPERM);
		assert_non_null(strstr(why, "/dev/tty cannot be"));
	}
	tree_remove();
}

/* ---- BARs through sysfs -------------------------------------------------------------------- */

static const char *
resource(const char *root, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s%s", root, tree_device(name));
	return path;
}

static void
raw_target_map__a_bar__is_what_the_kernels_list_says(void **state)
{
	const char *root = tree_make();
	struct raw_options o = options(root, resource(root, "resource2_wc"));

	(void)state;
	/* memory decoding is on: PCI_COMMAND is at 4 */
	file_make(root, tree_device("config"), 256);
	assert_int_equal(raw_target_open(&target, &o, why, sizeof(why)), 0);
	assert_int_equal(target.behind, RAW_BEHIND_DEVICE);
	assert_true(target.has_pci);
	assert_int_equal(target.types[0], WCBAR_TYPE_UNKNOWN);
	assert_non_null(strstr(target.type_why, "nothing tells it"));
	raw_target_close(&target);
	o.said = WCBAR_TYPE_WC;
	assert_int_equal(raw_target_open(&target, &o, why, sizeof(why)), 0);
	assert_int_equal(target.types[0], WCBAR_TYPE_WC);
	assert_string_equal(target.type_why, "as you said");
	assert_string_equal(raw_basis(&target, &machine), "measured");
	raw_target_close(&target);
	tree_pat("uncached-minus");
	assert_int_equal(raw_target_open(&target, &o, why, sizeof(why)), 0);
	assert_int_equal(target.types[0], WCBAR_TYPE_UC);
	assert_int_equal(target.win.type, WCBAR_TYPE_UC);
	assert_non_null(strstr(target.type_why, "kernel's list"));
	raw_target_close(&target);
	tree_remove();
}

/* As raw BDF: what a kernel driver has is not touched, by whatever name. */
static void
raw_target_map__a_bar_of_a_driver__is_refused(void **state)
{
	const char *root = tree_make();
	struct raw_options o = options(root, resource(root, "resource2"));
	char link[512];

	(void)state;
	file_make(root, tree_device("config"), 256);
	tree_bind("nvme");
	assert_int_equal(opened(&o), -EBUSY);
	assert_non_null(strstr(why, "driver nvme has " BDF ": not mapped"));
	snprintf(link, sizeof(link), "%s/link", root);
	assert_int_equal(symlink(o.file, link), 0);
	o.file = link;
	assert_int_equal(opened(&o), -EBUSY);
	tree_unlink(tree_device("driver"));
	tree_write("", "%s", tree_device("config"));
	assert_int_equal(opened(&o), -ENXIO);
	assert_non_null(strstr(why, "does not decode memory now"));
	tree_remove();
}

/* ---- facts --------------------------------------------------------------------------------- */

#define UP "/sys/devices/pci0000:00/0000:00:01.0"
#define MIDDLE UP "/0000:01:00.0"
#define END MIDDLE "/0000:02:00.0"

static void
link_write(const char *place, const char *bdf, const char *speed, const char *width)
{
	char link[128], to[128];

	tree_write(speed, "%s/current_link_speed", place);
	tree_write(width, "%s/current_link_width", place);
	tree_write("16.0 GT/s PCIe\n", "%s/max_link_speed", place);
	tree_write("16\n", "%s/max_link_width", place);
	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s", bdf);
	snprintf(to, sizeof(to), "../../../..%s", place);
	tree_link(link, to);
}

/* A GPU's own bridge has a wide link inside; what counts is before it. */
static void
pci_link_read__a_bridge_of_the_gpus_own__is_seen_through(void **state)
{
	const char *root = tree_make();
	const struct wcbar_pci_facts facts = {.bdf = "0000:02:00.0"};
	struct pci_link link;

	(void)state;
	link_write(UP, "0000:00:01.0", "8.0 GT/s PCIe\n", "8\n");
	link_write(MIDDLE, "0000:01:00.0", "8.0 GT/s PCIe\n", "8\n");
	link_write(END, "0000:02:00.0", "16.0 GT/s PCIe\n", "16\n");
	pci_link_read(root, &facts, &link);
	assert_string_equal(link.device.speed, "16.0 GT/s PCIe");
	assert_int_equal(link.device.width, 16);
	assert_string_equal(link.narrowest.bdf, "0000:01:00.0");
	assert_int_equal(link.narrowest.width, 8);
	assert_int_equal(link.resizable, 0);
	/* a guest's link may say nothing */
	link_write(END, "0000:02:00.0", "Unknown\n", "0\n");
	pci_link_read(root, &facts, &link);
	assert_string_equal(link.device.speed, "");
	assert_int_equal(link.device.width, 0);
	assert_string_equal(link.narrowest.bdf, "");
	tree_remove();
}

static void
pci_link_gbytes__each_generation__has_its_coding(void **state)
{
	static const struct {
		const char *speed;
		unsigned int width;
		double gbytes;
	} known[] = {
		{"2.5 GT/s PCIe", 1, 0.25},   {"5.0 GT/s PCIe", 2, 1.0},
		{"8.0 GT/s PCIe", 16, 15.75}, {"32.0 GT/s PCIe", 16, 63.0},
		{"64.0 GT/s PCIe", 16, 128},  {"", 16, 0},
		{"8.0 GT/s PCIe", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct pci_link_end end = {.width = known[i].width};

		snprintf(end.speed, sizeof(end.speed), "%s", known[i].speed);
		assert_true(pci_link_gbytes(&end) >= known[i].gbytes * 0.999);
		assert_true(pci_link_gbytes(&end) <= known[i].gbytes * 1.001);
	}
}

static void
pci_of_device_file__a_card__leads_to_its_device(void **state)
{
	const char *root = tree_make();
	char bdf[16];

	(void)state;
	link_write(END, "0000:02:00.0", "16.0 GT/s PCIe\n", "16\n");
	tree_link("/sys/dev/char/226:0/device", "../../../devices/pci0000:00/0000:00:01.0/"
						"0000:01:00.0/0000:02:00.0");
	tree_write("", "/sys/devices/platform/other/x");
	tree_link("/sys/dev/char/226:1/device", "../../../devices/platform/other");
	assert_true(pci_of_device_file(root, 226, 0, bdf));
	assert_string_equal(bdf, "0000:02:00.0");
	assert_false(pci_of_device_file(root, 226, 1, bdf));
	assert_string_equal(bdf, "");
	assert_false(pci_of_device_file(root, 226, 2, bdf));
	tree_remove();
}

static void
mapped_read__a_mapping__is_known_by_its_flags(void **state)
{
	const char *root = tree_make();
	struct mapped m;

	(void)state;
	tree_write("00001000-00002000 rw-p 00000000 00:00 0 \n"
		   "VmFlags: rd wr mr mw me ac sd\n"
		   "00002000-00003000 rw-s 00000000 00:05 7    /dev/dri/card0\n"
		   "Size: 4 kB\n"
		   "VmFlags: rd wr sh mr mw me ms io pf dd\n",
		   "/proc/self/smaps");
	mapped_read(root, (void *)0x1800, &m);
	assert_int_equal(m.ordinary, WCBAR_SETTING_YES);
	assert_string_equal(m.path, "");
	mapped_read(root, (void *)0x2000, &m);
	assert_int_equal(m.ordinary, WCBAR_SETTING_NO);
	assert_string_equal(m.path, "/dev/dri/card0");
	mapped_read(root, (void *)0x3000, &m);
	assert_int_equal(m.ordinary, WCBAR_SETTING_UNKNOWN);
	assert_int_equal(m.physical, 0);
	assert_int_equal(m.ram, WCBAR_SETTING_UNKNOWN);
	assert_int_equal(m.type, WCBAR_TYPE_UNKNOWN);
	tree_remove();
}

/* Page 2 is at frame 0xfea00, in a BAR; page 1 at frame 0x10, in RAM. */
static void
mapped_read__a_physical_address__tells_ram_and_type(void **state)
{
	static const uint64_t entries[] = {0, 1ull << 63 | 0x10, 1ull << 63 | 0xfea00, 0xfea00};
	const char *root = tree_make();
	char path[512];
	struct mapped m;
	FILE *f;

	(void)state;
	fake_page_bytes = 0x1000;
	tree_write("00000000-0009ffff : System RAM\n"
		   "fe000000-feffffff : PCI Bus 0000:00\n"
		   "  fea00000-fea3ffff : 0000:00:05.0\n",
		   "/proc/iomem");
	tree_pat("write-combining");
	tree_write("", "/proc/self/pagemap");
	snprintf(path, sizeof(path), "%s/proc/self/pagemap", root);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(entries, sizeof(entries), 1, f), 1);
	fclose(f);
	mapped_read(root, (void *)0x1040, &m);
	assert_int_equal(m.physical, 0x10040);
	assert_int_equal(m.ram, WCBAR_SETTING_YES);
	assert_int_equal(m.type, WCBAR_TYPE_WB);
	mapped_read(root, (void *)0x2000, &m);
	assert_int_equal(m.physical, 0xfea00000);
	assert_int_equal(m.ram, WCBAR_SETTING_NO);
	assert_int_equal(m.type, WCBAR_TYPE_WC);
	mapped_read(root, (void *)0x3000, &m); /* not present */
	assert_int_equal(m.physical, 0);
	fake_page_bytes = 0;
	tree_remove();
}

/* ---- threads ------------------------------------------------------------------------------- */

static void
cores_choose__each_core__gives_one_cpu_near_ones_first(void **state)
{
	const char *root = tree_make();
	unsigned int cpus[8];
	cpu_set_t allowed;

	(void)state;
	/* two threads to a core, 0 and 4, ...; cores 2 and 3 are on node 1 */
	for (unsigned int i = 0; i < 8; i++) {
		char list[16];

		snprintf(list, sizeof(list), "%u,%u\n", i % 4, i % 4 + 4);
		tree_write(list, "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", i);
	}
	tree_write("2-3,6-7\n", "/sys/devices/system/node/node1/cpulist");
	CPU_ZERO(&allowed);
	for (int i = 0; i < 8; i++)
		CPU_SET(i, &allowed);
	assert_int_equal(cores_choose(root, &allowed, -1, cpus, 8), 4);
	assert_int_equal(cpus[0], 0);
	assert_int_equal(cpus[3], 3);
	assert_int_equal(cores_choose(root, &allowed, 1, cpus, 8), 4);
	assert_int_equal(cpus[0], 2);
	assert_int_equal(cpus[1], 3);
	assert_int_equal(cpus[2], 0);
	assert_int_equal(cores_choose(root, &allowed, 1, cpus, 3), 3);
	/* only CPUs that may be used, and no core twice */
	CPU_ZERO(&allowed);
	CPU_SET(1, &allowed);
	CPU_SET(5, &allowed);
	CPU_SET(6, &allowed);
	assert_int_equal(cores_choose(root, &allowed, 7, cpus, 8), 2);
	assert_int_equal(cpus[0], 1);
	assert_int_equal(cpus[1], 6);
	/* nobody tells: each CPU is one */
	CPU_SET(9, &allowed);
	assert_int_equal(cores_choose(root, &allowed, -1, cpus, 8), 3);
	tree_remove();
}

static _Atomic unsigned int stored[4];
static alignas(64) uint8_t lines[8][WCBAR_LINE_BYTES];

/* Counts the lines of each thread's part, which is two lines. */
static void
counting_lines(void *to, const void *from, size_t n)
{
	const size_t line = (size_t)((uint8_t(*)[WCBAR_LINE_BYTES])to - lines);

	(void)from;
	assert_int_equal(n, 2);
	assert_int_equal(line % 2, 0);
	stored[line / 2]++;
}

static void
counting_drain(void)
{
}

static void
raw_crew_run__each_thread__stores_into_a_part_of_its_own(void **state)
{
	const struct wcbar_store store = {"counting", counting_lines, counting_drain};
	struct raw_stream_job job = {
		.store = &store, .addr = lines, .lines = 8, .burst = 2, .repeats = 5};
	unsigned int cpus[4], cpu;
	struct raw_crew *crew;
	cpu_set_t allowed;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	assert_true(cores_choose(NULL, &allowed, -1, &cpu, 1) == 1);
	for (int i = 0; i < 4; i++)
		cpus[i] = cpu; /* all on one: slower, but right */
	assert_int_equal(raw_crew_start(cpus, 4, &crew), 0);
	assert_true(raw_crew_run(crew, 4, &job) > 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(stored[i], 5);
	/* fewer threads have larger parts: the first goes through all */
	job.repeats = 4;
	assert_true(raw_crew_run(crew, 1, &job) > 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(stored[i], 6);
	raw_crew_stop(crew);
	raw_crew_stop(NULL);
}

static void
raw_crew_start__a_cpu_that_is_not_there__fails_and_leaves_no_thread(void **state)
{
	unsigned int cpus[2] = {0, CPU_SETSIZE - 1};
	struct raw_crew *crew;
	cpu_set_t allowed;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	assert_int_equal(cores_choose(NULL, &allowed, -1, cpus, 1), 1);
	assert_int_equal(raw_crew_start(cpus, 2, &crew), -EINVAL);
	assert_null(crew);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_target_map__a_file__is_ram_and_only_its_range_is_written),
		cmocka_unit_test(raw_target_map__a_file_without_a_name__is_ram_too),
		cmocka_unit_test(raw_target_map__files_that_cannot_be_measured__are_named),
		cmocka_unit_test(raw_target_map__a_device__is_what_is_said_or_unknown),
		cmocka_unit_test(raw_target_map__a_bar__is_what_the_kernels_list_says),
		cmocka_unit_test(raw_target_map__a_bar_of_a_driver__is_refused),
		cmocka_unit_test(pci_link_read__a_bridge_of_the_gpus_own__is_seen_through),
		cmocka_unit_test(pci_link_gbytes__each_generation__has_its_coding),
		cmocka_unit_test(pci_of_device_file__a_card__leads_to_its_device),
		cmocka_unit_test(mapped_read__a_mapping__is_known_by_its_flags),
		cmocka_unit_test(mapped_read__a_physical_address__tells_ram_and_type),
		cmocka_unit_test(cores_choose__each_core__gives_one_cpu_near_ones_first),
		cmocka_unit_test(raw_crew_run__each_thread__stores_into_a_part_of_its_own),
		cmocka_unit_test(
			raw_crew_start__a_cpu_that_is_not_there__fails_and_leaves_no_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
