/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Parameter sets: what they may have, and the messages about wrong ones. */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcielink_rig.h"

static struct pcielink_config config;
static char why[PCIELINK_WHY_BYTES];

static int
parse(const char *text)
{
	memset(why, 0, sizeof(why));
	return pcielink_config_parse(&config, "test", text, strlen(text), why, sizeof(why));
}

/* One valid line a key, in the order of the enum; line i is of key i - 1. */
static void
good_line(enum pcielink_key key, char *line, size_t bytes)
{
	const struct pcielink_key_info *info = pcielink_key_info(key);
	uint64_t scale = info->unit == PCIELINK_NS      ? 1000
			 : info->unit == PCIELINK_RATIO ? 1000000
							: 1;

	snprintf(line, bytes, "%s = %llu # assumed: for the test\n", info->name,
		 (unsigned long long)((info->min + scale - 1) / scale));
}

/* That text with the line of one key replaced. */
static const char *
good_but(enum pcielink_key key, const char *line)
{
	static char text[8192];
	size_t at = 0;

	for (unsigned int i = 0; i < PCIELINK_KEYS; i++) {
		if (i == (unsigned int)key)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", line);
		else
			good_line(i, text + at, sizeof(text) - at), at = strlen(text);
	}
	return text;
}

static void
parse__one_line_a_key_is_taken(void **state)
{
	(void)state;
	assert_int_equal(parse(good_but(PCIELINK_LANES, "lanes = 8 # source: the test\n")), 0);
	assert_string_equal(why, "");
	assert_string_equal(config.name, "test");
	assert_int_equal(config.param[PCIELINK_LANES].value, 8);
	assert_false(config.param[PCIELINK_LANES].assumed);
	assert_string_equal(config.param[PCIELINK_LANES].origin, "the test");
	assert_true(config.param[PCIELINK_GENERATION].assumed);
	assert_string_equal(config.param[PCIELINK_GENERATION].origin, "for the test");
	assert_int_equal(pcielink_config_check(&config, NULL, 0), 0);
}

static void
parse__numbers_are_kept_in_their_units(void **state)
{
	static const struct {
		enum pcielink_key key;
		const char *line;
		uint64_t value, low, high;
	} known[] = {
		{PCIELINK_STORE_NS, "store_ns=1.25# assumed\n", 1250, 1250, 1250},
		{PCIELINK_STORE_NS, "store_ns = 1 # assumed\n", 1000, 1000, 1000},
		{PCIELINK_STORE_NS, " store_ns = 0.001 [0 .. 7.5] # assumed: x\r\n", 1, 0, 7500},
		{PCIELINK_GATHER, "gather\t=\t0.25 [0..1]\t# assumed: x\n", 250000, 0, 1000000},
		{PCIELINK_GATHER, "gather = 0.000001 # source: x\n", 1, 1, 1},
		{PCIELINK_WC_BUFFERS, "wc_buffers = 10[8..12] # source: x\n", 10, 8, 12},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (parse(good_but(known[i].key, known[i].line)) != 0)
			fail_msg("%s: %s", known[i].line, why);
		assert_int_equal(config.param[known[i].key].value, known[i].value);
		assert_int_equal(config.param[known[i].key].low, known[i].low);
		assert_int_equal(config.param[known[i].key].high, known[i].high);
	}
}

static void
parse__every_key_missing_is_named(void **state)
{
	char expected[64];

	(void)state;
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++) {
		assert_int_equal(parse(good_but(key, "# not here\n")), -EINVAL);
		snprintf(expected, sizeof(expected), "%s is missing", pcielink_key_info(key)->name);
		assert_string_equal(why, expected);
	}
}

static void
parse__every_key_twice_is_named_with_its_line(void **state)
{
	char line[128], twice[256], expected[128];

	(void)state;
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++) {
		good_line(key, line, sizeof(line));
		snprintf(twice, sizeof(twice), "%s%s", line, line);
		assert_int_equal(parse(good_but(key, twice)), -EINVAL);
		snprintf(expected, sizeof(expected), "line %u: %s is there a second time", key + 2,
			 pcielink_key_info(key)->name);
		assert_string_equal(why, expected);
	}
}

static void
parse__every_key_out_of_range_is_named_with_its_range(void **state)
{
	char line[128];

	(void)state;
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++) {
		const char *name = pcielink_key_info(key)->name;

		snprintf(line, sizeof(line), "%s = 1000000 # assumed\n", name);
		assert_int_equal(parse(good_but(key, line)), -EINVAL);
		assert_non_null(strstr(why, "out of range"));
		assert_non_null(strstr(why, name));
		/* As a bound, too. */
		snprintf(line, sizeof(line), "%s = 1 [1 .. 1000000] # assumed\n", name);
		assert_int_equal(parse(good_but(key, line)), -EINVAL);
	}
	assert_int_equal(parse(good_but(PCIELINK_GENERATION, "generation = 6 # assumed\n")),
			 -EINVAL);
	assert_string_equal(why, "line 1: generation = 6 is out of range: 1 to 5");
	assert_int_equal(parse(good_but(PCIELINK_EFFICIENCY, "efficiency = 0.09 # assumed\n")),
			 -EINVAL);
	assert_string_equal(why, "line 3: efficiency = 0.09 is out of range: 0.1 to 1");
}

static void
parse__line_that_is_wrong_is_refused(void **state)
{
	static const struct {
		enum pcielink_key key;
		const char *line, *says;
	} wrong[] = {
		{PCIELINK_LANES, "lanes = 12 # assumed\n",
		 "line 2: lanes = 12: must be a power of two"},
		{PCIELINK_LANES, "lanes = 4 [3 .. 8] # assumed\n", "must be a power of two"},
		{PCIELINK_PARTIAL_MAX_BYTES, "partial_max_bytes = 24 # assumed\n",
		 "a power of two"},
		{PCIELINK_DATA_CREDITS, "data_credits = 3 # assumed\n",
		 "0 (infinite) or at least 4"},
		{PCIELINK_LANES, "lanes = 4 [8 .. 16] # assumed\n", "not within its own bounds"},
		{PCIELINK_LANES, "lanes = 8 [1 .. 4] # assumed\n", "not within its own bounds"},
		{PCIELINK_LANES, "lanes = 4 [8] # assumed\n", "'number [low .. high]'"},
		{PCIELINK_LANES, "lanes = 4 [1 .. 8 # assumed\n", "'number [low .. high]'"},
		{PCIELINK_LANES, "lanes = 4 [1 .. 8] 9 # assumed\n", "'number [low .. high]'"},
		{PCIELINK_LANES, "lanes = 4 1 .. 8 # assumed\n", "'number [low .. high]'"},
		{PCIELINK_LANES, "lanes = # assumed\n", "want a number"},
		{PCIELINK_LANES, "lanes = four # assumed\n", "lanes = 'four': want a number"},
		{PCIELINK_LANES, "lanes = 0x4 # assumed\n", "want a number"},
		{PCIELINK_LANES, "lanes = -4 # assumed\n", "want a number"},
		{PCIELINK_LANES, "lanes = 4.0 # assumed\n", "at most 0 decimals"},
		{PCIELINK_LANES, "lanes = 4e0 # assumed\n", "want a number"},
		{PCIELINK_LANES, "lanes = 18446744073709551620 # assumed\n", "want a number"},
		{PCIELINK_STORE_NS, "store_ns = 1.0001 # assumed\n", "at most 3 decimals"},
		{PCIELINK_STORE_NS, "store_ns = 1. # assumed\n", "want a number"},
		{PCIELINK_STORE_NS, "store_ns = .5 # assumed\n", "want a number"},
		{PCIELINK_STORE_NS, "store_ns = 1 ns # assumed\n", "want a number"},
		{PCIELINK_LANES, "lanes 4 # assumed\n", "'lanes 4' is not 'key = value"},
		{PCIELINK_LANES, "Lanes = 4 # assumed\n", "no parameter is called 'Lanes'"},
		{PCIELINK_LANES, "width = 4 # assumed\n", "line 2: no parameter is called 'width'"},
		{PCIELINK_LANES, " = 4 # assumed\n", "no parameter is called ''"},
		{PCIELINK_LANES, "lanes = 4\n", "lanes says not where it is from"},
		{PCIELINK_LANES, "lanes = 4 #\n", "says not where it is from"},
		{PCIELINK_LANES, "lanes = 4 # the usual\n", "says not where it is from"},
		{PCIELINK_LANES, "lanes = 4 # source:\n", "says not where it is from"},
		{PCIELINK_LANES, "lanes = 4 # source: \n", "says not where it is from"},
		{PCIELINK_LANES, "lanes = 4 # assumedly\n", "says not where it is from"},
		{PCIELINK_LANES, "lanes = 4 # sources: x\n", "says not where it is from"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (parse(good_but(wrong[i].key, wrong[i].line)) != -EINVAL)
			fail_msg("taken: %s", wrong[i].line);
		if (strstr(why, wrong[i].says) == NULL || strncmp(why, "line ", 5) != 0)
			fail_msg("%s: %s", wrong[i].line, why);
	}
}

static void
parse__text_that_is_none_is_refused(void **state)
{
	char text[1024];

	(void)state;
	assert_int_equal(parse(""), -EINVAL);
	assert_string_equal(why, "generation is missing");
	assert_int_equal(pcielink_config_parse(&config, "x", "# a\n\0\n", 6, why, sizeof(why)),
			 -EINVAL);
	assert_non_null(strstr(why, "line 2: a zero byte"));
	memset(text, '#', sizeof(text));
	assert_int_equal(pcielink_config_parse(&config, "x", text, sizeof(text), why, sizeof(why)),
			 -EINVAL);
	assert_string_equal(why, "line 1: longer than 512 characters");
	snprintf(text, sizeof(text), "lanes = 4 # source: %0200d\n", 0);
	assert_int_equal(parse(good_but(PCIELINK_LANES, text)), -EINVAL);
	assert_string_equal(why, "line 2: lanes: its origin is longer than 159 characters");
}

static void
parse__little_room_for_the_reason_is_kept_to(void **state)
{
	char guarded[16];

	(void)state;
	for (size_t why_bytes = 0; why_bytes <= 12; why_bytes++) {
		memset(guarded, 'g', sizeof(guarded));
		assert_int_equal(pcielink_config_parse(&config, "x", "?", 1, guarded, why_bytes),
				 -EINVAL);
		for (size_t i = why_bytes; i < sizeof(guarded); i++)
			assert_int_equal(guarded[i], 'g');
	}
	assert_int_equal(pcielink_config_parse(&config, "x", "?", 1, NULL, 0), -EINVAL);
}

static void
check__changed_copy_is_checked(void **state)
{
	(void)state;
	assert_int_equal(parse(good_but(PCIELINK_LANES, "lanes = 8 [1 .. 16] # assumed\n")), 0);
	config.param[PCIELINK_LANES].value = config.param[PCIELINK_LANES].high;
	assert_int_equal(pcielink_config_check(&config, why, sizeof(why)), 0);
	config.param[PCIELINK_LANES].value = 3;
	assert_int_equal(pcielink_config_check(&config, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "lanes = 3: must be a power of two");
}

/* ---- files ---------------------------------------------------------------------------------- */

static void
load__every_shipped_set_is_taken(void **state)
{
	DIR *dir = opendir(LINK_CONFIG_DIR);
	struct dirent *entry;
	unsigned int sets = 0;
	char path[1024];

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", LINK_CONFIG_DIR, entry->d_name);
		if (pcielink_config_load(&config, path, why, sizeof(why)) != 0)
			fail_msg("%s: %s", path, why);
		assert_memory_equal(config.name, entry->d_name, strlen(config.name));
		assert_string_equal(entry->d_name + strlen(config.name), ".conf");
		for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
			assert_true(config.param[key].origin[0] != '\0');
		sets++;
	}
	closedir(dir);
	assert_true(sets >= 6);
}

static void
load__no_such_file_is_named(void **state)
{
	(void)state;
	assert_int_equal(pcielink_config_load(&config, "/nowhere/x.conf", why, sizeof(why)),
			 -ENOENT);
	assert_string_equal(why, "/nowhere/x.conf: No such file or directory");
	assert_int_equal(pcielink_config_load(&config, "/", why, sizeof(why)), -EISDIR);
	assert_int_equal(pcielink_config_load(&config, "/nowhere/x.conf", NULL, 0), -ENOENT);
}

static void
load__huge_file_is_refused(void **state)
{
	char path[] = "/tmp/pcielink-XXXXXX";
	int fd = mkstemp(path);
	int ret;

	(void)state;
	assert_true(fd >= 0);
	ret = ftruncate(fd, 65537);
	close(fd);
	if (ret == 0)
		ret = pcielink_config_load(&config, path, why, sizeof(why));
	unlink(path);
	assert_int_equal(ret, -EFBIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse__one_line_a_key_is_taken),
		cmocka_unit_test(parse__numbers_are_kept_in_their_units),
		cmocka_unit_test(parse__every_key_missing_is_named),
		cmocka_unit_test(parse__every_key_twice_is_named_with_its_line),
		cmocka_unit_test(parse__every_key_out_of_range_is_named_with_its_range),
		cmocka_unit_test(parse__line_that_is_wrong_is_refused),
		cmocka_unit_test(parse__text_that_is_none_is_refused),
		cmocka_unit_test(parse__little_room_for_the_reason_is_kept_to),
		cmocka_unit_test(check__changed_copy_is_checked),
		cmocka_unit_test(load__every_shipped_set_is_taken),
		cmocka_unit_test(load__no_such_file_is_named),
		cmocka_unit_test(load__huge_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
