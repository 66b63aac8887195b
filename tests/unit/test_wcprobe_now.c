/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Who has a BAR mapped now, and with which type, on machines that are folders. */

#include <fcntl.h>
#include <judge.h>
#include <now_report.h>
#include <options.h>
#include <probe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <json.h>

#include "json_at.h"
#include "wcprobe_tree.h"

/* BAR 2 of the tree: 1 MiB. Its neighbours in the list end and begin where it begins and ends. */
#define LIST(type)                                                           \
	"PAT memtype list:\n"                                                \
	"PAT: [mem 0x0000003fff000000-0x0000004000000000] write-combining\n" \
	"PAT: [mem 0x0000004000000000-0x0000004000100000] " type "\n"        \
	"PAT: [mem 0x0000004000100000-0x0000004000200000] write-combining\n"
#define NEIGHBOURS                                                           \
	"PAT: [mem 0x0000003fff000000-0x0000004000000000] write-combining\n" \
	"PAT: [mem 0x0000004000100000-0x0000004000200000] write-combining\n"
#define SYSFS "/sys/devices/pci0000:00/" TREE_BDF "/"
#define SYSPATH(bdf) "pos: 0\nvfio-device-syspath: /sys/devices/pci0000:00/" bdf "\n"
/* As Linux 6.12 shows them: sysfs with the physical address, VFIO with the number of the BAR. */
#define MAP_WC "7f0000000000-7f0000100000 rw-s 4000000000 00:15 77 " SYSFS "resource2_wc\n"
#define MAP_UC "7f0000000000-7f0000100000 rw-s 4000000000 00:15 77 " SYSFS "resource2\n"
#define MAP_VFIO "7f1000000000-7f1000004000 rw-s 20000008000 00:0d 12 anon_inode:[vfio-device]\n"

static char *root;
static struct probe probe;

static int
setup(void **state)
{
	(void)state;
	root = tree_make(&(struct tree){.driver = "vfio-pci"});
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tree_remove(root);
	return 0;
}

static void
process(int pid, const char *program, const char *maps)
{
	char name[64];

	snprintf(name, sizeof(name), "proc/%d/maps", pid);
	tree_put(root, name, maps);
	snprintf(name, sizeof(name), "proc/%d/comm", pid);
	tree_put(root, name, program);
}

static void
open_file(int pid, int fd, const char *target, const char *info)
{
	char name[64];

	snprintf(name, sizeof(name), "proc/%d/fd/%d", pid, fd);
	tree_put_link(root, name, target);
	snprintf(name, sizeof(name), "proc/%d/fdinfo/%d", pid, fd);
	tree_put(root, name, info);
}

static void
list(const char *text)
{
	tree_put(root, "sys/kernel/debug/x86/pat_memtype_list", text);
}

static void
arch(const char *name)
{
	tree_put(root, "proc/sys/kernel/arch", name);
}

static const struct now *
look(void)
{
	struct options o = {.bdf = TREE_BDF, .bar = 2, .root = root};
	char why[WCBAR_WHY_BYTES];

	assert_int_equal(judge_facts(&probe, &o, why, sizeof(why)), 0);
	return &probe.now;
}

static void
is(enum now_state state, const char *why)
{
	const struct now *now = look();

	if (now->state != state || strstr(now->why, why) == NULL)
		fail_msg("%s: %s; expected %s: %s", now_state_name(now->state), now->why,
			 now_state_name(state), why);
}

/* ---- the kernel's list ----------------------------------------------------------------------- */

static void
list__a_range_that_ends_at_the_bar__does_not_count(void **state)
{
	(void)state;
	arch("x86_64\n");
	list(NEIGHBOURS);
	is(NOW_NONE, "has no range in this BAR");
	assert_int_equal(look()->n_ranges, 0);
}

static void
list__each_type__is_that_of_the_bar(void **state)
{
	static const struct {
		const char *text;
		enum now_state state;
	} cases[] = {
		{LIST("write-combining"), NOW_WC},
		{LIST("uncached-minus"), NOW_UC},
		{LIST("uncached"), NOW_UC},
		{LIST("write-back"), NOW_UNKNOWN},
		{"PAT: [mem 0x4000000000-0x4000001000] write-combining\n"
		 "PAT: [mem 0x4000001000-0x4000002000] uncached-minus\n",
		 NOW_MIXED},
		/* one entry for each who has it mapped, and one that is larger than the BAR */
		{"PAT: [mem 0x4000000000-0x4000001000] write-combining\n"
		 "PAT: [mem 0x4000000000-0x4000001000] write-combining\n"
		 "PAT: [mem 0x3f00000000-0x4100000000] write-combining\n",
		 NOW_WC},
	};

	(void)state;
	arch("x86_64\n");
	process(10, "testpmd\n", MAP_VFIO);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		list(cases[i].text);
		is(cases[i].state, "by the kernel's list");
		assert_true(look()->by_list);
	}
	assert_int_equal(look()->n_ranges, 2);
}

static void
list__without_a_process__is_the_kernels_own(void **state)
{
	(void)state;
	arch("x86_64\n");
	list(LIST("write-combining"));
	is(NOW_WC, "most likely the driver vfio-pci, for a program that has opened the device");
	tree_remove(root);
	root = tree_make(&(struct tree){.driver = "ena"});
	arch("x86_64\n");
	list(LIST("write-combining"));
	is(NOW_WC, "most likely the driver ena");
}

static void
list__lacks_what_a_process_has__is_a_mapping_that_was_taken_away(void **state)
{
	(void)state;
	arch("x86_64\n");
	list(NEIGHBOURS);
	process(10, "holder\n", MAP_WC);
	is(NOW_UNKNOWN, "has taken the mapping away");
}

/* On x86 the first mapping decides: a file alone tells nothing. */
static void
list__cannot_be_read__leaves_x86_unknown(void **state)
{
	(void)state;
	arch("x86_64\n");
	process(10, "testpmd\n", MAP_WC);
	is(NOW_UNKNOWN, "mount -t debugfs");
	tree_put(root, "proc/sys/kernel/arch", "");
	is(NOW_UNKNOWN, "neither the architecture");
	tree_put(root, "proc/cpuinfo", "vendor_id : GenuineIntel\n");
	is(NOW_UNKNOWN, "mount -t debugfs");
	tree_put(root, "proc/cpuinfo", "CPU implementer : 0x41\n");
	is(NOW_WC, "by the files");
}

/* ---- files ----------------------------------------------------------------------------------- */

static void
files__each__is_recognised(void **state)
{
	char uio[64];
	const struct {
		const char *maps;
		enum now_file file;
		uint64_t off, bytes;
		enum now_state state; /* on arm64 */
	} cases[] = {
		{MAP_WC, NOW_FILE_RESOURCE_WC, 0, 0x100000, NOW_WC},
		{MAP_UC, NOW_FILE_RESOURCE, 0, 0x100000, NOW_UC},
		{MAP_VFIO, NOW_FILE_VFIO, 0x8000, 0x4000, NOW_UC},
		{"1000-3000 rw-s 4000004000 00:01 5 /dev/mem\n", NOW_FILE_MEM, 0x4000, 0x2000,
		 NOW_UC},
		/* from below the BAR into it, and out at its end */
		{"1000-4000 rw-s 3fffffe000 00:01 5 /dev/mem\n", NOW_FILE_MEM, 0, 0x1000, NOW_UC},
		{"1000-4000 rw-s 40000ff000 00:01 5 /dev/mem\n", NOW_FILE_MEM, 0xff000, 0x1000,
		 NOW_UC},
		{"1000-2000 rw-s 4000000000 00:01 5 /proc/bus/pci/00/04.0\n", NOW_FILE_BUS_PCI, 0,
		 0x1000, NOW_UNKNOWN},
		{"1000-2000 rw-s 20000001000 00:01 5 /dev/vfio/devices/vfio3\n", NOW_FILE_VFIO_CDEV,
		 0x1000, 0x1000, NOW_UC},
		{uio, NOW_FILE_UIO, 0, 0x2000, NOW_UC},
		/* a host's /sys in a container */
		{"1000-3000 rw-s 4000001000 00:01 5 /host" SYSFS "resource2_wc\n",
		 NOW_FILE_RESOURCE_WC, 0x1000, 0x2000, NOW_WC},
		/* with the offset instead of the address */
		{"1000-3000 rw-s 00001000 00:01 5 " SYSFS "resource2_wc\n", NOW_FILE_RESOURCE_WC,
		 0x1000, 0x2000, NOW_WC},
		/* VFIO before Linux 6.10 */
		{"1000-3000 rw-s 4000008000 00:0d 7 anon_inode:[vfio-device]\n", NOW_FILE_VFIO,
		 0x8000, 0x2000, NOW_UC},
		{"1000-3000 rw-s 4000008000 00:01 5 /dev/vfio/devices/vfio3\n", NOW_FILE_VFIO_CDEV,
		 0x8000, 0x2000, NOW_UC},
	};

	(void)state;
	/* map 1 is at the second page */
	snprintf(uio, sizeof(uio), "1000-3000 rw-s %08lx 00:01 5 /dev/uio7\n",
		 (unsigned long)sysconf(_SC_PAGESIZE));
	arch("aarch64\n");
	tree_put(root, "sys/bus/pci/devices/" TREE_BDF "/vfio-dev/vfio3/dev", "");
	tree_put(root, "sys/bus/pci/devices/" TREE_BDF "/uio/uio7/maps/map1/addr", "0x4000000000");
	open_file(10, 4, "/dev/vfio/7", "");
	open_file(10, 5, "anon_inode:[vfio-device]", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct now_mapping *m = &probe.now.mappings[0];

		process(10, "testpmd\n", cases[i].maps);
		if (look()->state != cases[i].state)
			fail_msg("%s is %s", cases[i].maps, now_state_name(probe.now.state));
		assert_int_equal(probe.now.n_mappings, 1);
		assert_int_equal(m->file, cases[i].file);
		assert_int_equal(m->off, cases[i].off);
		assert_int_equal(m->bytes, cases[i].bytes);
		assert_int_equal(m->pid, 10);
		assert_string_equal(m->program, "testpmd");
		assert_false(m->perhaps);
	}
}

static void
files__of_others__do_not_count(void **state)
{
	static const char *const others[] = {
		"1000-3000 rw-s 00000000 00:15 7 /sys/devices/pci0000:00/0000:00:05.0/resource2\n",
		"1000-3000 rw-s 00000000 00:15 7 " SYSFS "resource0\n",
		"1000-3000 rw-s 00000000 00:15 7 " SYSFS "resource2_wcx\n",
		"1000-3000 rw-s 00000000 00:15 7 /x0000:00:04.0/resource2\n",
		"1000-3000 rw-s 00000000 00:15 7 resource2\n",
		"1000-3000 rw-s 10000000000 00:0d 7 anon_inode:[vfio-device]\n", /* BAR 1 */
		"1000-3000 rw-s 4000100000 00:0d 7 anon_inode:[vfio-device]\n",
		"1000-3000 rw-s 3fffffe000 00:0d 7 anon_inode:[vfio-device]\n",
		"1000-3000 rw-s 3fffffe000 00:01 5 /dev/mem\n", /* ends where the BAR begins */
		"1000-3000 rw-s 4000100000 00:01 5 /dev/mem\n",
		"1000-3000 rw-s 4000000000 00:01 5 /proc/bus/pci/00/05.0\n",
		"1000-3000 rw-s 4000000000 00:01 5 /proc/bus/pci/0001:00/04.0\n",
		"1000-3000 rw-s 20000000000 00:01 5 /dev/vfio/devices/vfio4\n",
		"1000-3000 rw-s 00000000 00:01 5 /dev/uio8\n",
		"garbage\n",
		"",
	};

	(void)state;
	arch("aarch64\n");
	tree_put(root, "sys/bus/pci/devices/" TREE_BDF "/vfio-dev/vfio3/dev", "");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		process(10, "other\n", others[i]);
		if (look()->n_mappings != 0)
			fail_msg("%s counts", others[i]);
		is(NOW_NONE, "no process that can be seen");
	}
}

static void
files__of_several_processes__are_joined_by_type(void **state)
{
	(void)state;
	arch("aarch64\n");
	process(10, "a\n", MAP_WC "1000-3000 rw-s 4000001000 00:01 5 " SYSFS "resource2_wc\n");
	is(NOW_WC, "by the files");
	assert_int_equal(look()->n_mappings, 1); /* its pieces are one */
	assert_int_equal(look()->mappings[0].bytes, 0x102000);
	process(11, "b\n", MAP_UC);
	is(NOW_MIXED, "by the files");
	assert_int_equal(look()->n_mappings, 2);
}

/* A driver with rules of its own may map anything. */
static void
files__of_a_variant_driver__imply_nothing(void **state)
{
	(void)state;
	tree_remove(root);
	root = tree_make(&(struct tree){.driver = "nvgrace-gpu-vfio-pci"});
	arch("aarch64\n");
	process(10, "qemu\n", MAP_VFIO);
	open_file(10, 5, "anon_inode:[vfio-device]", SYSPATH(TREE_BDF));
	open_file(10, 4, "/dev/vfio/7", "");
	is(NOW_UNKNOWN, "by the files");
}

/* ---- which VFIO device ----------------------------------------------------------------------- */

static void
vfio__the_device_is_told_by_fdinfo_or_the_group(void **state)
{
	static const struct {
		const char *files[4]; /* the targets of open files; */
		const char *info[4];
		enum now_state state;
		bool perhaps;
	} cases[] = {
		{{"anon_inode:[vfio-device]"}, {SYSPATH(TREE_BDF)}, NOW_UC, false},
		{{"anon_inode:[vfio-device]"}, {SYSPATH(TREE_PEER)}, NOW_NONE, false},
		{{"anon_inode:[vfio-device]", "anon_inode:[vfio-device]"},
		 {SYSPATH(TREE_PEER), SYSPATH(TREE_BDF)},
		 NOW_UNKNOWN,
		 true},
		{{"anon_inode:[vfio-device]", "/dev/vfio/7"}, {"", ""}, NOW_UC, false},
		{{"anon_inode:[vfio-device]", "/dev/vfio/noiommu-7"}, {"", ""}, NOW_UC, false},
		{{"anon_inode:[vfio-device]", "/dev/vfio/8"}, {"", ""}, NOW_NONE, false},
		{{"anon_inode:[vfio-device]", "anon_inode:[vfio-device]", "/dev/vfio/7",
		  "/dev/vfio/8"},
		 {"", "", "", ""},
		 NOW_UNKNOWN,
		 true},
		/* the mapping outlives its file */
		{{"/dev/null"}, {""}, NOW_UNKNOWN, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tree_remove(root);
		root = tree_make(&(struct tree){.driver = "vfio-pci"});
		arch("aarch64\n");
		process(10, "testpmd\n", MAP_VFIO);
		for (int k = 0; k < 4 && cases[i].files[k] != NULL; k++)
			open_file(10, 3 + k, cases[i].files[k], cases[i].info[k]);
		if (look()->state != cases[i].state)
			fail_msg("case %zu: %s", i, now_state_name(probe.now.state));
		assert_int_equal(probe.now.n_mappings, cases[i].state != NOW_NONE);
		if (probe.now.n_mappings > 0)
			assert_int_equal(probe.now.mappings[0].perhaps, cases[i].perhaps);
	}
}

/* A BAR of another size is another device's. */
static void
vfio__a_mapping_longer_than_the_bar__is_not_of_it(void **state)
{
	(void)state;
	arch("aarch64\n");
	process(10, "testpmd\n",
		"7f0000000000-7f0000100000 rw-s 20000000000 00:0d 12 "
		"anon_inode:[vfio-device]\n");
	assert_int_equal(look()->n_mappings, 1);
	process(10, "testpmd\n",
		"7f0000000000-7f0000101000 rw-s 20000000000 00:0d 12 "
		"anon_inode:[vfio-device]\n");
	assert_int_equal(look()->n_mappings, 0);
	process(10, "testpmd\n",
		"7f0000000000-7f0000100000 rw-s 20000001000 00:0d 12 "
		"anon_inode:[vfio-device]\n");
	assert_int_equal(look()->n_mappings, 0);
}

/* Before Linux 6.10 the address tells which, however many are open. */
static void
vfio__the_address_tells_the_device(void **state)
{
	(void)state;
	arch("aarch64\n");
	open_file(10, 3, "anon_inode:[vfio-device]", "");
	open_file(10, 4, "anon_inode:[vfio-device]", "");
	process(10, "testpmd\n",
		"7f1000000000-7f1000100000 rw-s 4000000000 00:0d 12 anon_inode:[vfio-device]\n"
		"7f2000000000-7f2000100000 rw-s 5000000000 00:0d 12 anon_inode:[vfio-device]\n");
	is(NOW_UC, "by the files");
	assert_int_equal(look()->n_mappings, 1);
	assert_int_equal(look()->mappings[0].bytes, 0x100000);
	assert_false(look()->mappings[0].perhaps);
}

/* An address that looks like BAR 2 with an offset: it can be either. */
static void
vfio__an_address_that_can_be_a_number__is_told_by_files(void **state)
{
	(void)state;
	tree_put(root, "sys/bus/pci/devices/" TREE_BDF "/resource",
		 "0x0 0x0 0x0\n0x0 0x0 0x0\n0x20000000000 0x200000fffff 0x14220c\n0x0 0x0 0x0\n"
		 "0x0 0x0 0x0\n0x0 0x0 0x0\n");
	arch("aarch64\n");
	process(10, "testpmd\n",
		"7f1000000000-7f1000100000 rw-s 20000000000 00:0d 12 anon_inode:[vfio-device]\n");
	open_file(10, 3, "anon_inode:[vfio-device]", SYSPATH(TREE_PEER));
	is(NOW_NONE, "no process");
	tree_put(root, "proc/10/fdinfo/3", SYSPATH(TREE_BDF));
	is(NOW_UC, "by the files");
	tree_put(root, "sys/bus/pci/devices/" TREE_BDF "/resource",
		 "0x0 0x0 0x0\n0x0 0x0 0x0\n0x21000000000 0x210000fffff 0x14220c\n0x0 0x0 0x0\n"
		 "0x0 0x0 0x0\n0x0 0x0 0x0\n");
	tree_put(root, "proc/10/fdinfo/3", SYSPATH(TREE_PEER));
	process(10, "testpmd\n",
		"7f1000000000-7f1000100000 rw-s 21000000000 00:0d 12 anon_inode:[vfio-device]\n");
	is(NOW_UC, "by the files");
}

/* As a program with two cards has it before fdinfo names them. */
static void
vfio__a_mapping_for_each_open_device__is_of_each(void **state)
{
	(void)state;
	arch("aarch64\n");
	open_file(10, 3, "anon_inode:[vfio-device]", "");
	open_file(10, 4, "anon_inode:[vfio-device]", "");
	open_file(10, 5, "/dev/vfio/7", "");
	open_file(10, 6, "/dev/vfio/8", "");
	process(10, "testpmd\n", MAP_VFIO);
	is(NOW_UNKNOWN, "perhaps another device's");
	assert_non_null(strstr(look()->mappings[0].why, "2 VFIO devices open"));
	process(10, "testpmd\n",
		MAP_VFIO
		"7f2000000000-7f2000004000 rw-s 20000008000 00:0d 12 anon_inode:[vfio-device]\n");
	is(NOW_UC, "by the files");
	assert_int_equal(look()->n_mappings, 1);
	assert_int_equal(look()->mappings[0].bytes, 0x4000);
	process(10, "testpmd\n",
		MAP_VFIO
		"7f2000000000-7f2000004000 rw-s 20000009000 00:0d 12 anon_inode:[vfio-device]\n");
	is(NOW_UNKNOWN, "perhaps another device's");
}

/* ---- rights ---------------------------------------------------------------------------------- */

static void
scan__processes_that_may_not_be_read__are_counted(void **state)
{
	const uid_t user = geteuid();
	struct now_scan scan;
	char path[256];

	(void)state;
	process(10, "testpmd\n", MAP_WC);
	process(11, "secret\n", MAP_WC);
	snprintf(path, sizeof(path), "%s/proc/11/maps", root);
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(chmod(root, 0755), 0);
	if (user == 0)
		assert_int_equal(seteuid(65534), 0);
	now_scan_read(root, &scan);
	if (user == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(scan.hidden, 1);
	assert_int_equal(scan.n_vmas, 1);
	assert_int_equal(scan.processes[scan.vmas[0].process].pid, 10);
	now_scan_free(&scan);
}

/* A copy that was made to cost memory and time. */
static void
scan__mappings_without_end__are_cut(void **state)
{
	static const char line[] = "0-1 r 20000000000 0 0 [vfio-device]\n";
	const size_t n = NOW_VMAS_MAX + 10, bytes = sizeof(line) - 1;
	char *maps = calloc(n + 1, bytes);
	struct now_scan scan;

	(void)state;
	assert_non_null(maps);
	for (size_t i = 0; i < n; i++)
		memcpy(maps + i * bytes, line, bytes);
	process(10, "a\n", maps);
	process(11, "b\n", MAP_WC);
	free(maps);
	now_scan_read(root, &scan);
	assert_int_equal(scan.n_vmas, NOW_VMAS_MAX);
	assert_true(scan.cut);
	now_scan_free(&scan);
	assert_true(look()->cut);
}

static void
scan__a_name_for_terminals__is_harmless(void **state)
{
	(void)state;
	process(10, "\033[31mred\xff\n", MAP_WC);
	assert_string_equal(look()->mappings[0].program, "?[31mred?");
}

/* This process, as the kernel shows it: a file of that name, mapped. */
static void
scan__this_process__is_found_with_what_it_has_mapped(void **state)
{
	char path[256], saved[256], why[WCBAR_WHY_BYTES];
	struct options o = {.bdf = TREE_BDF, .bar = 2, .root = root};
	const size_t bytes = (size_t)getpagesize();
	bool found = false;
	void *memory;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/" TREE_BDF "/resource2_wc", root);
	fd = open(path, O_RDWR);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	close(fd);
	snprintf(path, sizeof(path), "%s/proc", root);
	snprintf(saved, sizeof(saved), "%s/saved", root);
	assert_int_equal(rename(path, saved), 0);
	assert_int_equal(symlink("/proc", path), 0);
	assert_int_equal(judge_facts(&probe, &o, why, sizeof(why)), 0);
	for (size_t i = 0; i < probe.now.n_mappings; i++)
		found |= probe.now.mappings[i].pid == getpid() &&
			 probe.now.mappings[i].bytes == bytes &&
			 probe.now.mappings[i].file == NOW_FILE_RESOURCE_WC;
	assert_true(found);
	munmap(memory, bytes);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(saved, path), 0);
}

/* ---- reports --------------------------------------------------------------------------------- */

static void
report__text_and_json_say_the_same(void **state)
{
	struct json_object *o;
	size_t bytes;
	char *text;
	FILE *f;

	(void)state;
	arch("x86_64\n");
	list(LIST("write-combining"));
	process(10, "testpmd\n", MAP_WC);
	process(11, "vpp\n", MAP_VFIO);
	look();
	f = open_memstream(&text, &bytes);
	now_text(f, "now  ", &probe.facts, 2, &probe.now);
	fclose(f);
	assert_non_null(strstr(text, "now  WC: by the kernel's list of memory types\n"));
	assert_non_null(strstr(text, "       pid 10 (testpmd): resource2_wc, all 1 MiB\n"));
	assert_non_null(strstr(text, "pid 11 (vpp): VFIO, 16 KiB from 0x8000, perhaps: "));
	assert_non_null(strstr(text, "0x4000000000-0x4000100000 WC in the kernel's list"));
	free(text);
	o = now_json(&probe.now, 2);
	assert_string_equal(json_text_at(o, "/type"), "WC");
	assert_string_equal(json_text_at(o, "/source"), "list");
	assert_true(json_object_get_boolean(json_at(o, "/list_read")));
	assert_int_equal(json_object_array_length(json_at(o, "/mappings")), 2);
	assert_int_equal(json_object_array_length(json_at(o, "/ranges")), 1);
	assert_string_equal(json_text_at(o, "/ranges/0/from"), "0x4000000000");
	json_object_put(o);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list__a_range_that_ends_at_the_bar__does_not_count),
		TEST(list__each_type__is_that_of_the_bar),
		TEST(list__without_a_process__is_the_kernels_own),
		TEST(list__lacks_what_a_process_has__is_a_mapping_that_was_taken_away),
		TEST(list__cannot_be_read__leaves_x86_unknown),
		TEST(files__each__is_recognised),
		TEST(files__of_others__do_not_count),
		TEST(files__of_several_processes__are_joined_by_type),
		TEST(files__of_a_variant_driver__imply_nothing),
		TEST(vfio__the_device_is_told_by_fdinfo_or_the_group),
		TEST(vfio__a_mapping_longer_than_the_bar__is_not_of_it),
		TEST(vfio__a_mapping_for_each_open_device__is_of_each),
		TEST(vfio__the_address_tells_the_device),
		TEST(vfio__an_address_that_can_be_a_number__is_told_by_files),
		TEST(scan__processes_that_may_not_be_read__are_counted),
		TEST(scan__mappings_without_end__are_cut),
		TEST(scan__a_name_for_terminals__is_harmless),
		TEST(scan__this_process__is_found_with_what_it_has_mapped),
		TEST(report__text_and_json_say_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
