/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The tables of wcrun, what users name, and the reports that travel. */

#include <choice.h>
#include <errno.h>
#include <fcntl.h>
#include <report.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], why[512];

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/wcrun-table-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static void
file_path(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", dir, name);
}

static void
file_write(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	file_path(name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int
teardown(void **state)
{
	static const char *const names[] = {"10-a.conf", "20-b.conf", "c.txt"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		file_path(names[i], path);
		unlink(path);
	}
	return rmdir(dir);
}

static void
why_has(const char *part)
{
	if (strstr(why, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why, part);
}

/* ---- lines --------------------------------------------------------------------------------- */

static void
line__good__is_a_rule(void **state)
{
	struct table_rule r;

	(void)state;
	assert_int_equal(table_line("wc 1d0f:ec20 2 LLQ", &r, why, sizeof(why)), 1);
	assert_int_equal(r.vendor, 0x1d0f);
	assert_int_equal(r.device, 0xec20);
	assert_int_equal(r.bars, 1u << 2);
	assert_false(r.never);
	assert_string_equal(r.note, "LLQ");
	assert_int_equal(
		table_line("\t never  8086:201C\t2,4,0  two words \r", &r, why, sizeof(why)), 1);
	assert_int_equal(r.device, 0x201c);
	assert_int_equal(r.bars, 1u << 2 | 1u << 4 | 1u << 0);
	assert_true(r.never);
	assert_string_equal(r.note, "two words");
}

static void
line__blank_or_comment__is_nothing(void **state)
{
	static const char *const lines[] = {"", " \t", "# wc 1d0f:ec20 2 x", "  #", "\r"};
	struct table_rule r;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(table_line(lines[i], &r, why, sizeof(why)), 0);
}

static void
line__wrong__says_what_would_be_right(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"uc 1d0f:ec20 2 x", "wc or never"},
		{"wcs 1d0f:ec20 2 x", "wc or never"},
		{"nevermore 1d0f:ec20 2 x", "wc or never"},
		{"wc", "VENDOR:DEVICE"},
		{"wc 1d0f 2 x", "VENDOR:DEVICE"},
		{"wc 1d0f:ec2 2 x", "VENDOR:DEVICE"},
		{"wc 1d0f:ec200 2 x", "VENDOR:DEVICE"},
		{"wc 1d0g:ec20 2 x", "VENDOR:DEVICE"},
		{"wc +d0f:ec20 2 x", "VENDOR:DEVICE"},
		{"wc 1d0f-ec20 2 x", "VENDOR:DEVICE"},
		{"wc 1d0f:ec20", "numbers of BARs"},
		{"wc 1d0f:ec20 6 x", "numbers of BARs"},
		{"wc 1d0f:ec20 -1 x", "numbers of BARs"},
		{"wc 1d0f:ec20 2, x", "numbers of BARs"},
		{"wc 1d0f:ec20 ,2 x", "numbers of BARs"},
		{"wc 1d0f:ec20 24 x", "numbers of BARs"},
		{"wc 1d0f:ec20 2,,4 x", "numbers of BARs"},
		{"wc 1d0f:ec20 2", "what they are"},
		{"wc 1d0f:ec20 2 \t", "what they are"},
		{"wc 1d0f:ec20 2 "
		 "0123456789012345678901234567890123456789012345678901234567890123",
		 "at most 63"},
	};
	struct table_rule r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(table_line(cases[i].line, &r, why, sizeof(why)), -EINVAL);
		why_has(cases[i].says);
	}
}

/* Any bytes: a rule, nothing or -EINVAL, and never more than the fields hold. */
static void
line__noise__is_survived(void **state)
{
	static const char letters[] = "wcnevr 0123456789abcdef:,#\t\xff%";
	unsigned int seed = 1;
	struct table_rule r;
	char line[80];

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		const char *begin = round % 2 == 0 ? "wc 1d0f:ec20 " : "";
		size_t n = strlen(begin);
		int ret;

		memcpy(line, begin, n);
		while (n < sizeof(line) - 1 && (seed = seed * 1103515245u + 12345u) >> 28 != 0)
			line[n++] = letters[(seed >> 16) % (sizeof(letters) - 1)];
		line[n] = '\0';
		ret = table_line(line, &r, why, sizeof(why));
		assert_true(ret == 0 || ret == 1 || ret == -EINVAL);
		if (ret == 1) {
			assert_true(r.bars > 0 && r.bars < 64);
			assert_true(strlen(r.note) > 0 && strlen(r.note) < TABLE_NOTE_BYTES);
		}
	}
}

/* ---- files --------------------------------------------------------------------------------- */

static void
read__all_conf_files_in_order(void **state)
{
	struct table table = {0};

	(void)state;
	file_write("20-b.conf", "never 1d0f:ec20 0 regs\n");
	file_write("10-a.conf", "# first\nwc 1d0f:ec20 2,4 LLQ"); /* no newline at its end */
	file_write("c.txt", "this is no table\n");
	assert_int_equal(table_read(&table, dir, why, sizeof(why)), 0);
	assert_int_equal(table.n, 2);
	assert_false(table_find(&table, 0x1d0f, 0xec20, 4)->never);
	assert_true(table_find(&table, 0x1d0f, 0xec20, 0)->never);
	assert_null(table_find(&table, 0x1d0f, 0xec20, 1));
	assert_null(table_find(&table, 0x1d0f, 0xec21, 2));
	table_free(&table);
	assert_int_equal(table.n, 0);
}

static void
read__wrong_line__names_file_and_line(void **state)
{
	char long_line[700];
	struct table table = {0};

	(void)state;
	file_write("10-a.conf", "wc 1d0f:ec20 2 LLQ\n\nwc 1d0f:ec20 9 LLQ\n");
	assert_int_equal(table_read(&table, dir, why, sizeof(why)), -EINVAL);
	why_has("10-a.conf:3: '9'");
	table_free(&table);
	memset(long_line, '#', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	file_write("10-a.conf", long_line);
	assert_int_equal(table_read(&table, dir, why, sizeof(why)), -EINVAL);
	why_has("10-a.conf:1: it has more than");
	table_free(&table);
}

static void
read__contradiction__is_named(void **state)
{
	struct table table = {0};

	(void)state;
	file_write("10-a.conf", "wc 1d0f:ec20 2 LLQ\n");
	file_write("20-b.conf", "never 1d0f:ec20 0,2 regs\n");
	assert_int_equal(table_read(&table, dir, why, sizeof(why)), -EINVAL);
	why_has("20-b.conf:1: BAR 2 of 1d0f:ec20 is never here");
	table_free(&table);
}

static void
read__no_folder__says_which(void **state)
{
	struct table table = {0};

	(void)state;
	assert_int_equal(table_read(&table, "/nowhere/at-all", why, sizeof(why)), -ENOENT);
	why_has("/nowhere/at-all");
	table_free(&table);
}

static void
read__shipped_tables__are_right(void **state)
{
	struct table table = {0};

	(void)state;
	assert_int_equal(table_read(&table, WCRUN_CONFIG_DIR, why, sizeof(why)), 0);
	assert_false(table_find(&table, 0x1d0f, 0xec20, 2)->never);
	assert_true(table_find(&table, 0x1d0f, 0xec20, 0)->never);
	assert_false(table_find(&table, 0x1dd8, 0x1002, 4)->never);
	assert_true(table_find(&table, 0x1dd8, 0x1002, 0)->never);
	table_free(&table);
}

/* ---- what users name ----------------------------------------------------------------------- */

static void
choice_parse__good_and_bad(void **state)
{
	static const char *const bad[] = {
		"",
		"00:05.0",
		"00:05.0:",
		"00:05.0:6",
		"00:05.0:12",
		"0000:00:05.0",
		"00:05.0:-1",
		"x:2",
		":2",
		"2",
		"00:05:2",
		"0000:00:05.0:2 ",
		"0000000000000000000000000000000000:05.0:2",
	};
	struct choice c;

	(void)state;
	assert_true(choice_parse("00:05.0:2", &c));
	assert_string_equal(c.bdf, "0000:00:05.0");
	assert_int_equal(c.bar, 2);
	assert_true(choice_parse("0001:0A:1f.7:0", &c));
	assert_string_equal(c.bdf, "0001:0a:1f.7");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (choice_parse(bad[i], &c))
			fail_msg("'%s' was taken", bad[i]);
	}
}

static void
choices__travel_as_text(void **state)
{
	struct choices a = {.n = 0}, b = {.n = 0};
	struct choice c;
	char text[64];

	(void)state;
	assert_true(choice_parse("00:05.0:2", &c));
	assert_true(choices_add(&a, &c));
	assert_true(choices_add(&a, &c)); /* once is enough */
	assert_true(choice_parse("00:06.0:4", &c));
	assert_true(choices_add(&a, &c));
	assert_int_equal(a.n, 2);
	assert_true(choices_print(&a, text, sizeof(text)));
	assert_string_equal(text, "0000:00:05.0:2 0000:00:06.0:4");
	assert_true(choices_parse(text, &b));
	assert_int_equal(choices_bars(&b, "0000:00:06.0"), 1u << 4);
	assert_false(choices_print(&a, text, 20));
	assert_false(choices_parse("0000:00:05.0:2 nonsense", &b));
	for (unsigned int i = 0; i <= CHOICES_MAX; i++) {
		snprintf(c.bdf, sizeof(c.bdf), "0000:%02x:00.0", i);
		if (!choices_add(&a, &c))
			break;
	}
	assert_int_equal(a.n, CHOICES_MAX);
}

/* ---- reports ------------------------------------------------------------------------------- */

static void
report__travels_whole(void **state)
{
	struct report r = {.event = REPORT_MAPPED,
			   .pid = 4711,
			   .bdf = "0000:00:05.0",
			   .bar = 2,
			   .off = 0x1000,
			   .bytes = 1ull << 33,
			   .type = WCBAR_TYPE_UC,
			   .rung = WCBAR_RUNG_VFIO,
			   .source = REPORT_BY_LIST,
			   .why = "a reason: with (signs), and %s"};
	char text[REPORT_BYTES];
	struct report back;
	size_t n;

	(void)state;
	n = report_pack(&r, text, sizeof(text));
	assert_int_equal(n, strlen(text));
	assert_true(report_unpack(text, &back));
	assert_int_equal(back.event, r.event);
	assert_int_equal(back.pid, r.pid);
	assert_string_equal(back.bdf, r.bdf);
	assert_int_equal(back.bar, r.bar);
	assert_int_equal(back.off, r.off);
	assert_int_equal(back.bytes, r.bytes);
	assert_int_equal(back.type, r.type);
	assert_int_equal(back.rung, r.rung);
	assert_int_equal(back.source, r.source);
	assert_string_equal(back.why, r.why);
	memset(r.why, 0, sizeof(r.why));
	report_pack(&r, text, sizeof(text));
	assert_true(report_unpack(text, &back));
	assert_string_equal(back.why, "");
}

static void
report__garbage__is_none(void **state)
{
	static const char *const bad[] = {
		"",
		"wcrun 2 0 1 0000:00:05.0 2 0x0 0x1 1 1 1 x",
		"wcrun 1 9 1 0000:00:05.0 2 0x0 0x1 1 1 1 x",
		"wcrun 1 0 1 0000:00:05.0 6 0x0 0x1 1 1 1 x",
		"wcrun 1 0 1 0000:00:05.0 2 0x0 0x1 9 1 1 x",
		"wcrun 1 0 1 0000:00:05.0 2 0x0 0x1 1 99 1 x",
		"wcrun 1 0 1 0000:00:05.0 2 0x0 0x1 1 1 9 x",
		"wcrun 1 0 1 0000:00:05.0 2 0x0",
	};
	struct report back;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(report_unpack(bad[i], &back));
}

static void
report_text__says_type_way_and_source(void **state)
{
	struct report r = {.event = REPORT_MAPPED,
			   .bdf = "0000:00:05.0",
			   .bar = 2,
			   .type = WCBAR_TYPE_WC,
			   .rung = WCBAR_RUNG_SYSFS_VFIO,
			   .source = REPORT_BY_LIST};
	char text[REPORT_BYTES];

	(void)state;
	report_text(&r, text, sizeof(text));
	assert_string_equal(text, "0000:00:05.0 BAR 2: WC by sysfs-wc-vfio (the kernel's list says "
				  "so)");
	r.type = WCBAR_TYPE_UC;
	r.rung = WCBAR_RUNG_VFIO;
	r.source = REPORT_BY_FILE;
	snprintf(r.why, sizeof(r.why), "be root");
	report_text(&r, text, sizeof(text));
	assert_string_equal(text, "0000:00:05.0 BAR 2: UC by vfio (the file that it maps has that "
				  "type): be root");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line__good__is_a_rule),
		cmocka_unit_test(line__blank_or_comment__is_nothing),
		cmocka_unit_test(line__wrong__says_what_would_be_right),
		cmocka_unit_test(line__noise__is_survived),
		T(read__all_conf_files_in_order),
		T(read__wrong_line__names_file_and_line),
		T(read__contradiction__is_named),
		cmocka_unit_test(read__no_folder__says_which),
		cmocka_unit_test(read__shipped_tables__are_right),
		cmocka_unit_test(choice_parse__good_and_bad),
		cmocka_unit_test(choices__travel_as_text),
		cmocka_unit_test(report__travels_whole),
		cmocka_unit_test(report__garbage__is_none),
		cmocka_unit_test(report_text__says_type_way_and_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
