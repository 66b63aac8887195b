/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcbench raw over a machine that is a folder, whose BAR is a file: what is stored can be read. */

#include <errno.h>
#include <raw_target.h>
#include <sched.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json_at.h"
#include "wcbar_tree.h"

#define OFF 0x1040u
#define LINES 20u

static const struct machine machine = {.arch = "test", .emulated = EMULATED_YES};

static struct raw_mapping mapping;

static struct raw_options
options(const char *root)
{
	struct raw_options o = {
		.common = {.setting = "test", .commit = "none", .rounds = 5},
		.bdf = BDF,
		.bar = 2,
		.off = OFF,
		.bytes = LINES * WCBAR_LINE_BYTES,
		.lines = 16,
		.root = root,
	};

	return o;
}

static unsigned int marks_seen, marks_before;

void __real_wcbar_write32(void *reg, uint32_t value);
void __wrap_wcbar_write32(void *reg, uint32_t value);

void
__wrap_wcbar_write32(void *reg, uint32_t value)
{
	/* odd: begins with its number; even: ends */
	assert_int_equal(value != 0, marks_seen % 2 == 0);
	if (value != 0)
		assert_int_equal(value, marks_before + marks_seen / 2 % mapping.n + 1);
	marks_seen++;
	__real_wcbar_write32(reg, value);
}

static void
bar_fill(const char *root, const char *name, size_t bar_bytes)
{
	static uint8_t bytes[BAR2_BYTES];
	char path[512];
	FILE *f;

	memset(bytes, 0xee, sizeof(bytes));
	snprintf(path, sizeof(path), "%s%s", root, tree_device(name));
	f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, bar_bytes, f), bar_bytes);
	fclose(f);
}

/* Zeroes in the range, and nothing changed beside it. */
static void
bar_check(const char *name)
{
	static uint8_t bytes[BAR2_BYTES];

	tree_read(tree_device(name), bytes, sizeof(bytes), 0);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		const bool within = i >= OFF && i < OFF + LINES * WCBAR_LINE_BYTES;

		if (bytes[i] != (within ? 0 : 0xee))
			fail_msg("byte 0x%zx is 0x%02x", i, bytes[i]);
	}
}

static void
raw_device__a_wc_mapping__stores_into_the_range_alone(void **state)
{
	const char *root = tree_make();
	const struct raw_options o = options(root);
	char why[WCBAR_WHY_BYTES] = "";
	struct wcbar_pci_facts facts;
	cpu_set_t before, after;
	size_t words[2] = {0};
	bool wide = false;

	(void)state;
	bar_fill(root, "resource2_wc", BAR2_BYTES);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(raw_check(&o, &facts, why, sizeof(why)), 0);
	raw_device(&o, &facts, WCBAR_TYPE_WC, marks_before, &mapping);
	if (mapping.error != 0)
		fail_msg("%s", mapping.why);
	assert_int_equal(mapping.type, WCBAR_TYPE_WC);
	assert_int_equal(mapping.rung, WCBAR_RUNG_SYSFS);
	assert_true(mapping.direct);
	assert_int_equal(mapping.rounds, 5);
	bar_check("resource2_wc");
	for (size_t i = 0; i < mapping.n; i++) {
		const struct raw_cell *c = &mapping.cells[i];

		wide |= strcmp(c->store->name, "u64") != 0;
		words[0] += c->what == RAW_STORE;
		words[1] += c->what == RAW_READ;
		assert_int_equal(c->mark, 0);
		assert_string_not_equal(c->store->name, "st64b");
		assert_int_equal(c->ns.n, 5);
		assert_true(c->burst <= LINES);
		/* as many lines as were asked for, or one burst */
		assert_int_equal(c->repeats, c->burst > 16 || c->burst == 0 ? 1 : 16 / c->burst);
		assert_true(samples_percentile(&mapping.cells[i].ns, 50) > 0);
	}
	assert_true(wide);
	assert_int_equal(words[0], 1);
	assert_int_equal(words[1], 1);
	/* the range has a part for one thread */
	assert_int_equal(mapping.n_streams, 1);
	assert_int_equal(mapping.streams[0].threads, 1);
	assert_int_equal(mapping.streams[0].bytes_per_second.n, 5);
	assert_int_equal(mapping.stream_burst, LINES);
	assert_int_equal(mapping.cpu, mapping.cpus[0]);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after)); /* and is pinned no more */
	raw_mapping_fini(&mapping);
	tree_remove();
}

/* The BAR of this test is RAM. Whether its reads were so fast that it shows is the machine's. */
static void
raw_target_bar__reads_as_fast_as_a_cache__are_no_devices(void **state)
{
	static struct raw_target target;
	const char *root = tree_make();
	const struct raw_options o = options(root);
	char why[RAW_TEXT_BYTES] = "";

	(void)state;
	assert_int_equal(raw_target_open(&target, &o, why, sizeof(why)), 0);
	assert_int_equal(target.behind, RAW_BEHIND_DEVICE);
	target.source->measure(&target, &o, WCBAR_TYPE_WC, 0, &mapping);
	assert_int_equal(mapping.error, 0);
	for (size_t i = 0; i < mapping.n; i++) {
		bool fast;

		if (mapping.cells[i].what != RAW_READ)
			continue;
		fast = samples_percentile(&mapping.cells[i].ns, 50) < 15;
		assert_int_equal(target.behind == RAW_BEHIND_UNKNOWN, fast);
		assert_int_equal(mapping.type == WCBAR_TYPE_UNKNOWN, fast);
	}
	raw_mapping_fini(&mapping);
	raw_target_close(&target);
	tree_remove();
}

static void
raw_device__an_uncached_mapping__is_stored_into_narrowly(void **state)
{
	const char *root = tree_make();
	const struct raw_options o = options(root);
	char why[WCBAR_WHY_BYTES] = "";
	struct wcbar_pci_facts facts;
	size_t doorbells = 0;

	(void)state;
	bar_fill(root, "resource2", BAR2_BYTES);
	assert_int_equal(raw_check(&o, &facts, why, sizeof(why)), 0);
	raw_device(&o, &facts, WCBAR_TYPE_UC, marks_before, &mapping);
	if (mapping.error != 0)
		fail_msg("%s", mapping.why);
	assert_int_equal(mapping.type, WCBAR_TYPE_UC);
	assert_int_equal(mapping.rung, WCBAR_RUNG_SYSFS_UC);
	bar_check("resource2");
	for (size_t i = 0; i < mapping.n; i++) {
		assert_string_equal(mapping.cells[i].store->name, "u64");
		doorbells += mapping.cells[i].what == RAW_DOORBELL;
	}
	/* bursts of 1 to 16, each but the first in both orders; two kinds of doorbell; a store, a
	 * read */
	assert_int_equal(mapping.n, 5 + 4 + 2 + 2);
	assert_int_equal(doorbells, 2);
	raw_mapping_fini(&mapping);
	tree_remove();
}

/* Each way to store has a number, written before its samples and cleared after them. */
static void
raw_device__marks__are_written_to_their_register_alone(void **state)
{
	const char *root = tree_make();
	struct raw_options o = options(root);
	static const uint8_t untouched[4] = {0};
	char why[WCBAR_WHY_BYTES] = "";
	struct wcbar_pci_facts facts;
	uint8_t bytes[12];

	(void)state;
	o.mark = true;
	o.mark_bar = 1;
	o.mark_off = 0xf0;
	assert_int_equal(raw_check(&o, &facts, why, sizeof(why)), 0);
	bar_fill(root, "resource1", 0x1000);
	marks_seen = 0;
	marks_before = 41; /* of the mapping before this one */
	raw_device(&o, &facts, WCBAR_TYPE_UC, marks_before, &mapping);
	if (mapping.error != 0)
		fail_msg("%s", mapping.why);
	for (size_t i = 0; i < mapping.n; i++)
		assert_int_equal(mapping.cells[i].mark, marks_before + i + 1);
	marks_before = 0;
	/* nothing is measured that has no mark */
	assert_int_equal(mapping.cpu, -1);
	assert_int_equal(mapping.n, 5 + 4 + 2);
	assert_int_equal(mapping.n_streams, 0);
	/* one begin and one end for each sample; the last one ended */
	assert_int_equal(marks_seen, 2 * 5 * mapping.n);
	tree_read(tree_device("resource1"), bytes, sizeof(bytes), 0xec);
	assert_int_equal(bytes[0], 0xee);
	assert_memory_equal(bytes + 4, untouched, 4);
	assert_int_equal(bytes[8], 0xee);
	raw_mapping_fini(&mapping);
	o.mark_bar = 2;
	assert_int_equal(raw_check(&o, &facts, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "--mark 2:0xf0: not within another memory BAR"));
	o.mark_bar = 1;
	o.mark_off = 0x1000;
	assert_int_equal(raw_check(&o, &facts, why, sizeof(why)), -EINVAL);
	tree_remove();
}

/* No wc file: what comes out is not what was intended, and it is said so. */
static void
raw_json__wc_that_became_uc__has_both_types_and_bases(void **state)
{
	const char *root = tree_make();
	struct raw_options o = options(root);
	char why[WCBAR_WHY_BYTES] = "";
	struct json_object *made, *read;
	struct raw_target target;

	(void)state;
	tree_unlink(tree_device("resource2_wc"));
	o.common.emulated = EMULATED_YES; /* as the machine: its reads tell nothing */
	o.wc = true;
	assert_int_equal(raw_target_open(&target, &o, why, sizeof(why)), 0);
	assert_int_equal(target.n_types, 1);
	target.source->measure(&target, &o, WCBAR_TYPE_WC, marks_before, &mapping);
	assert_int_equal(mapping.error, 0);
	made = raw_json(&o, &machine, &target, &mapping, 1);
	read = json_tokener_parse(json_object_to_json_string(made));
	json_object_put(made);
	assert_non_null(read);
	assert_string_equal(json_text_at(read, "/mappings/0/intended"), "WC");
	assert_string_equal(json_text_at(read, "/mappings/0/type"), "UC");
	assert_string_equal(json_text_at(read, "/mappings/0/rung"), "sysfs");
	assert_int_equal(json_object_array_length(json_at(read, "/mappings/0/lines")), 9);
	assert_int_equal(json_object_get_int(json_at(read, "/mappings/0/lines/8/burst")), 16);
	assert_string_equal(json_text_at(read, "/mappings/0/lines/8/ns_per_line/basis"),
			    "measured under emulation");
	assert_true(json_object_get_double(
			    json_at(read, "/mappings/0/doorbell/0/ns_per_store/p50")) > 0);
	assert_true(json_object_get_double(json_at(read, "/mappings/0/stores/0/ns_per_store/p50")) >
		    0);
	assert_true(json_object_get_double(json_at(read, "/mappings/0/reads/0/ns_per_read/p50")) >
		    0);
	assert_int_equal(json_object_get_int(json_at(read, "/mappings/0/streams/0/threads")), 1);
	assert_true(json_object_get_double(
			    json_at(read, "/mappings/0/streams/0/bytes_per_second/p50")) > 0);
	assert_int_equal(json_object_get_int(json_at(read, "/device/offset")), OFF);
	assert_string_equal(json_text_at(read, "/target/kind"), "bar");
	assert_string_equal(json_text_at(read, "/target/memory"), "device memory through a BAR");
	json_object_put(read);
	raw_mapping_fini(&mapping);
	raw_target_close(&target);
	tree_remove();
}

static void
raw_check__bad_devices_bars_and_ranges__are_refused_by_name(void **state)
{
	const char *root = tree_make();
	struct raw_options o = options(root);
	struct wcbar_pci_facts facts;
	char why[WCBAR_WHY_BYTES] = "";

	(void)state;
	o.off = BAR2_BYTES - WCBAR_LINE_BYTES;
	assert_int_equal(raw_check(&o, &facts, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "not within BAR 2, which has 262144 bytes"));
	o = options(root);
	o.bar = 0; /* ports */
	assert_int_equal(raw_check(&o, &facts, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "no memory BAR 0"));
	o = options(root);
	strcpy(o.bdf, "0000:00:1f.7");
	assert_int_equal(raw_check(&o, &facts, why, sizeof(why)), -ENODEV);
	o = options(root);
	tree_bind("e1000e");
	assert_int_equal(raw_check(&o, &facts, why, sizeof(why)), -EBUSY);
	assert_non_null(strstr(why, "driver e1000e has " BDF));
	tree_remove();
}

static void
raw_measure__a_store_that_is_not_safe__is_refused(void **state)
{
	static alignas(64) uint8_t memory[256];
	struct wcbar_window win = {.addr = memory, .bytes = sizeof(memory), .type = WCBAR_TYPE_UC};
	struct raw_options o = options(NULL);

	(void)state;
	mapping = (struct raw_mapping){.intended = WCBAR_TYPE_UC};
	o.store = "avx512";
	assert_int_equal(raw_measure(&win, &o, &mapping), -EINVAL);
	assert_non_null(strstr(mapping.why, "--store avx512"));
	raw_mapping_fini(&mapping);
	mapping = (struct raw_mapping){0};
	win.bytes = 63;
	assert_int_equal(raw_measure(&win, &o, &mapping), -EINVAL);
	assert_non_null(strstr(mapping.why, "no whole line"));
}

/* ---- arguments ----------------------------------------------------------------------------- */

static enum app_options_verdict
parse(const char *line, struct raw_options *o)
{
	static char copy[256];
	char *argv[16] = {"raw"}, *save = NULL;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *t = strtok_r(copy, " ", &save); t != NULL; t = strtok_r(NULL, " ", &save))
		argv[argc++] = t;
	return raw_options_parse(argc, argv, o);
}

static void
raw_options_parse__good_lines__are_taken(void **state)
{
	struct raw_options o;

	(void)state;
	assert_int_equal(parse("--setting x 00:1f.7 --bar 4 --range 0x1000:4096", &o),
			 APP_OPTIONS_RUN);
	assert_string_equal(o.bdf, "0000:00:1f.7");
	assert_int_equal(o.bar, 4);
	assert_int_equal(o.off, 0x1000);
	assert_int_equal(o.bytes, 4096);
	assert_true(o.wc && o.uc);
	assert_string_equal(o.common.setting, "x");
	assert_int_equal(parse("0001:00:1f.7 --bar 0 --range 0:64 --type uc --lines 9", &o),
			 APP_OPTIONS_RUN);
	assert_true(!o.wc && o.uc && o.lines == 9);
}

static void
raw_options_parse__other_ways__are_taken(void **state)
{
	struct raw_options o;

	(void)state;
	assert_int_equal(parse("--vulkan", &o), APP_OPTIONS_RUN);
	assert_int_equal(o.way, RAW_WAY_VULKAN);
	assert_null(o.vulkan.device);
	assert_int_equal(parse("--vulkan Radeon --rounds 5", &o), APP_OPTIONS_RUN);
	assert_string_equal(o.vulkan.device, "Radeon");
	assert_int_equal(parse("--drm /dev/dri/card1 --store sse2", &o), APP_OPTIONS_RUN);
	assert_int_equal(o.way, RAW_WAY_DRM);
	assert_string_equal(o.file, "/dev/dri/card1");
	assert_int_equal(parse("--map /sys/bus/pci/devices/0000:00:05.0/resource2:0x40:128:wc", &o),
			 APP_OPTIONS_RUN);
	assert_int_equal(o.way, RAW_WAY_MAP);
	assert_string_equal(o.file, "/sys/bus/pci/devices/0000:00:05.0/resource2");
	assert_true(o.off == 0x40 && o.bytes == 128);
	assert_int_equal(o.said, WCBAR_TYPE_WC);
	assert_int_equal(parse("--map a:0:64", &o), APP_OPTIONS_RUN);
	assert_int_equal(o.said, WCBAR_TYPE_UNKNOWN);
	assert_int_equal(parse("--map a:0:64:uc", &o), APP_OPTIONS_RUN);
	assert_int_equal(o.said, WCBAR_TYPE_UC);
	assert_int_equal(parse("--map a:0:64:wb", &o), APP_OPTIONS_RUN);
	assert_int_equal(o.said, WCBAR_TYPE_WB);
}

static void
raw_options_parse__bad_lines__are_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"--bar 2 --range 0:64",
		"00:02.0 --range 0:64",
		"00:02.0 --bar 2",
		"00:02.8 --bar 2 --range 0:64",
		"eth0 --bar 2 --range 0:64",
		"00:02.0 00:03.0 --bar 2 --range 0:64",
		"00:02.0 --bar 6 --range 0:64",
		"00:02.0 --bar 2x --range 0:64",
		"00:02.0 --bar 2 --range 64",
		"00:02.0 --bar 2 --range 0:0",
		"00:02.0 --bar 2 --range 8:64",
		"00:02.0 --bar 2 --range 0:100",
		"00:02.0 --bar 2 --range 0xffffffffffffffc0:128",
		"00:02.0 --bar 2 --range 0:64 --type wb",
		"00:02.0 --bar 2 --range 0:64 --mark 0xf0",
		"00:02.0 --bar 2 --range 0:64 --mark 0:0xf2",
		"00:02.0 --bar 2 --range 0:64 --mark 6:0xf0",
		"00:02.0 --bar 2 --range 0:64 --far-end",
		"--drm /dev/dri/card0 --far-end",
		"00:02.0 --bar 2 --range 0:64 --nothing",
		"--vulkan 0 1",
		"--vulkan --bar 2",
		"--vulkan --range 0:64",
		"--vulkan --type wc",
		"--vulkan --mark 0:0xf0",
		"--vulkan --drm /dev/dri/card0",
		"--drm /dev/dri/card0 --map a:0:64",
		"--drm /dev/dri/card0 00:02.0",
		"--drm",
		"--drm=",
		"--map a",
		"--map a:0",
		"--map :0:64",
		"--map a:0:64:xx",
		"--map a:0:64:wc:uc",
		"--map a:0:65",
		"--map a:32:64",
		"--map a:0:0",
		"--map a:0x7fffffffffffffc0:128",
		"--map a:0:64 --bar 2",
		"00:02.0 --bar 2 --range",
	};
	struct raw_options o;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (parse(lines[i], &o) != APP_OPTIONS_BAD)
			fail_msg("taken: %s", lines[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_device__a_wc_mapping__stores_into_the_range_alone),
		cmocka_unit_test(raw_target_bar__reads_as_fast_as_a_cache__are_no_devices),
		cmocka_unit_test(raw_device__an_uncached_mapping__is_stored_into_narrowly),
		cmocka_unit_test(raw_device__marks__are_written_to_their_register_alone),
		cmocka_unit_test(raw_json__wc_that_became_uc__has_both_types_and_bases),
		cmocka_unit_test(raw_check__bad_devices_bars_and_ranges__are_refused_by_name),
		cmocka_unit_test(raw_measure__a_store_that_is_not_safe__is_refused),
		cmocka_unit_test(raw_options_parse__good_lines__are_taken),
		cmocka_unit_test(raw_options_parse__other_ways__are_taken),
		cmocka_unit_test(raw_options_parse__bad_lines__are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
