/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the plugin saw: its figures by region, and its summary. */

#include <errno.h>
#include <recorder.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

/* What the plugin counts, and what the link makes of it: read back from the summary. */

#define APERTURE_PA 0x8000000000ull
#define APERTURE_BYTES (1ull << 20)

static char summary[64], ring[64], traced[64];
static struct pcielink_config link_config;
static struct recorder *recorder;
static struct tlpfeed reader, writer;
static struct json_object *json;
static FILE *trace;

static struct walk
walk_of(enum memtype type)
{
	static const uint8_t attr[MEMTYPES] = {0x00, 0x04, 0x08, 0x0c, 0x44, 0xbb, 0xff};

	return (struct walk){
		.host = true,
		.stage1 = type,
		.effective = type,
		.s1 = {.on = true, .attr = attr[type], .level = 3},
	};
}

static void
recorder_start(struct recorder_config config)
{
	config.link = &link_config;
	config.cpus = 2;
	assert_int_equal(recorder_create(&config, &recorder), 0);
	recorder_aperture(recorder, APERTURE_PA, APERTURE_BYTES);
}

static int
setup(void **state)
{
	char why[PCIELINK_WHY_BYTES];

	(void)state;
	snprintf(summary, sizeof(summary), "/tmp/test_wclab_recorder.%d.json", (int)getpid());
	snprintf(ring, sizeof(ring), "/tmp/test_wclab_recorder.%d.feed", (int)getpid());
	snprintf(traced, sizeof(traced), "/tmp/test_wclab_recorder.%d.trace", (int)getpid());
	assert_int_equal(pcielink_config_load(&link_config, LINK_CONFIG, why, sizeof(why)), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	recorder_destroy(recorder);
	recorder = NULL;
	json_object_put(json);
	json = NULL;
	tlpfeed_fini(&writer);
	tlpfeed_fini(&reader);
	unlink(summary);
	unlink(ring);
	unlink(traced);
	return 0;
}

static void
store(enum memtype type, uint64_t off, unsigned int bytes)
{
	struct walk walk = walk_of(type);
	struct recorder_store s = {
		.bytes = bytes, .pa = APERTURE_PA + off, .off = off, .walk = &walk};

	recorder_store(recorder, &s);
}

static void
lines_store(enum memtype type, unsigned int lines)
{
	for (unsigned int off = 0; off < 64 * lines; off += 8)
		store(type, off, 8);
	recorder_order(recorder, 0, PCIELINK_DMB);
}

/* The summary's region of that id. */
static struct json_object *
region(int id)
{
	struct json_object *list;

	json_object_put(json);
	assert_int_equal(recorder_write(recorder, summary), 0);
	json = json_object_from_file(summary);
	assert_non_null(json);
	list = json_object_object_get(json, "regions");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *r = json_object_array_get_idx(list, i);

		if (json_object_get_int(json_object_object_get(r, "id")) == id)
			return r;
	}
	return NULL;
}

static int64_t
number(struct json_object *from, const char *group, const char *name)
{
	return json_object_get_int64(
		json_object_object_get(json_object_object_get(from, group), name));
}

static int64_t
tlps_of(struct json_object *from, const char *bytes)
{
	return number(json_object_object_get(from, "modelled"), "tlps_by_bytes", bytes);
}

static void
device_and_nc__a_tlp_a_store_and_a_tlp_a_line(void **state)
{
	struct json_object *r;

	(void)state;
	recorder_start((struct recorder_config){0});
	recorder_mark(recorder, 1);
	lines_store(MEMTYPE_NC, 10);
	recorder_mark(recorder, 2);
	lines_store(MEMTYPE_NGNRE, 10);
	recorder_mark(recorder, 0);
	r = region(1);
	assert_string_equal(json_object_get_string(json_object_object_get(json, "kind")),
			    "modelled");
	assert_int_equal(number(r, "stores", "count"), 80);
	assert_int_equal(number(r, "modelled", "tlps"), 10);
	assert_int_equal(number(r, "modelled", "lines_whole"), 10);
	assert_int_equal(tlps_of(r, "64"), 10);
	r = region(2);
	assert_int_equal(number(r, "modelled", "tlps"), 80);
	assert_int_equal(tlps_of(r, "8"), 80);
	r = region(0);
	assert_int_equal(number(r, "stores", "count"), 0);
	assert_null(region(3));
}

static void
region__same_figures_whatever_was_before(void **state)
{
	struct json_object *r;
	char *first;

	(void)state;
	recorder_start((struct recorder_config){0});
	recorder_mark(recorder, 1);
	lines_store(MEMTYPE_NC, 5);
	recorder_mark(recorder, 0);
	store(MEMTYPE_NC, 4096, 8); /* a line that stays open */
	store(MEMTYPE_NGNRE, 8192, 4);
	recorder_mark(recorder, 2);
	lines_store(MEMTYPE_NC, 5);
	recorder_mark(recorder, 0);
	r = json_object_object_get(region(1), "modelled");
	first = strdup(json_object_to_json_string(r));
	r = json_object_object_get(region(2), "modelled");
	assert_string_equal(json_object_to_json_string(r), first);
	free(first);
	assert_int_equal(number(region(0), "modelled", "tlps"), 2);
}

static void
visits__add_up(void **state)
{
	struct json_object *r;

	(void)state;
	recorder_start((struct recorder_config){0});
	recorder_mark(recorder, 255);
	lines_store(MEMTYPE_NC, 2);
	recorder_mark(recorder, 0);
	recorder_mark(recorder, 255);
	lines_store(MEMTYPE_NC, 3);
	recorder_mark(recorder, 256);
	recorder_mark(recorder, ~0u);
	r = region(255);
	assert_int_equal(json_object_get_int(json_object_object_get(r, "visits")), 2);
	assert_int_equal(number(r, "modelled", "lines_whole"), 5);
	assert_int_equal(json_object_get_int(json_object_object_get(json, "bad_marks")), 2);
}

static void
aperture__moved_is_not_switched_off_and_on(void **state)
{
	struct json_object *r;

	(void)state;
	recorder_start((struct recorder_config){0});
	store(MEMTYPE_NC, 0, 8);
	recorder_aperture(recorder, APERTURE_PA, APERTURE_BYTES);
	region(0);
	assert_int_equal(number(json, "aperture", "moves"), 0);
	recorder_aperture(recorder, APERTURE_PA + APERTURE_BYTES, APERTURE_BYTES);
	r = region(0);
	assert_int_equal(number(json, "aperture", "moves"), 1);
	assert_int_equal(number(r, "modelled", "tlps"), 1);
}

static void
override__from_that_store_on(void **state)
{
	struct json_object *mappings, *m;

	(void)state;
	recorder_start((struct recorder_config){
		.override = true, .override_at = 16, .override_type = MEMTYPE_NGNRE});
	recorder_mark(recorder, 1);
	lines_store(MEMTYPE_NC, 4);
	mappings = json_object_object_get(region(1), "mappings");
	assert_int_equal(json_object_array_length(mappings), 2);
	m = json_object_array_get_idx(mappings, 0);
	assert_int_equal(json_object_get_int(json_object_object_get(m, "stores")), 16);
	assert_string_equal(json_object_get_string(json_object_object_get(m, "stage1")), "0x44");
	assert_null(json_object_object_get(m, "stage2"));
	m = json_object_array_get_idx(mappings, 1);
	assert_int_equal(json_object_get_int(json_object_object_get(m, "stores")), 16);
	assert_string_equal(json_object_get_string(json_object_object_get(m, "stage2")), "0x1");
	assert_string_equal(json_object_get_string(json_object_object_get(m, "verdict")),
			    "stage 2 is Device");
	assert_int_equal(number(region(1), "modelled", "tlps"), 2 + 16);
}

static void
unwalked_store__counted_not_guessed(void **state)
{
	struct walk walk = {0};
	struct walk_fault fault = {.stage = 1, .level = 2, .why = "nothing is mapped"};
	struct recorder_store s = {
		.bytes = 8, .pa = APERTURE_PA, .error = -EFAULT, .walk = &walk, .fault = &fault};
	struct json_object *r;

	(void)state;
	recorder_start((struct recorder_config){0});
	recorder_store(recorder, &s);
	r = region(0);
	assert_int_equal(number(r, "stores", "count"), 1);
	assert_int_equal(number(r, "stores", "not_walked"), 1);
	assert_int_equal(number(r, "modelled", "tlps"), 0);
	assert_string_equal(json_object_get_string(json_object_object_get(json, "last_walk_fault")),
			    "stage 1 level 2: nothing is mapped");
}

static void
walks__are_reported(void **state)
{
	(void)state;
	recorder_start((struct recorder_config){0});
	recorder_walks_set(recorder,
			   &(struct recorder_walks){.made = 3, .kept = 70, .elsewhere = 1});
	region(0);
	assert_int_equal(number(json, "walks", "made"), 3);
	assert_int_equal(number(json, "walks", "kept"), 70);
	assert_int_equal(number(json, "walks", "elsewhere"), 1);
}

static void
feed__gets_offsets_in_rising_time(void **state)
{
	struct tlpfeed_tlp tlp;
	uint64_t ns = 0;

	(void)state;
	assert_int_equal(tlpfeed_create(&reader, ring), 0);
	assert_int_equal(tlpfeed_open(&writer, ring), 0);
	recorder_start((struct recorder_config){.feed = &writer});
	lines_store(MEMTYPE_NC, 3);
	recorder_mark(recorder, 1); /* the link starts anew, its time goes on */
	lines_store(MEMTYPE_NC, 3);
	for (unsigned int i = 0; i < 6; i++) {
		assert_true(tlpfeed_pull(&reader, APERTURE_BYTES, &tlp));
		assert_int_equal(tlp.off, i % 3 * 64);
		assert_int_equal(tlp.bytes, 64);
		assert_true(tlp.ns > ns);
		ns = tlp.ns;
	}
	assert_false(tlpfeed_pull(&reader, APERTURE_BYTES, &tlp));
	region(0);
	assert_int_equal(number(json, "feed", "tlps"), 6);
	assert_int_equal(number(json, "feed", "lost"), 0);
}

static void
trace__a_line_a_store(void **state)
{
	char line[512];

	(void)state;
	trace = fopen(traced, "w+");
	assert_non_null(trace);
	recorder_start((struct recorder_config){.trace = trace});
	store(MEMTYPE_NC, 64, 16);
	store(MEMTYPE_NGNRE, 72, 4);
	rewind(trace);
	assert_non_null(fgets(line, sizeof(line), trace));
	assert_non_null(strstr(line, "off 0x40 bytes 16 s1 0x44 level 3 Normal-NC: gathers"));
	assert_non_null(fgets(line, sizeof(line), trace));
	assert_non_null(strstr(line, "store 1 "));
	assert_non_null(strstr(line, "Device-nGnRE: stage 1 is Device"));
	assert_null(fgets(line, sizeof(line), trace));
	fclose(trace);
}

static void
register__a_line_of_the_trace_and_no_store(void **state)
{
	struct walk walk = walk_of(MEMTYPE_NGNRNE);
	struct recorder_store s = {.bytes = 4, .pa = 0x1234, .off = 0x234, .walk = &walk};
	char line[512];

	(void)state;
	trace = fopen(traced, "w+");
	assert_non_null(trace);
	recorder_start((struct recorder_config){.trace = trace});
	store(MEMTYPE_NC, 64, 16);
	recorder_register(recorder, &s);
	rewind(trace);
	assert_non_null(fgets(line, sizeof(line), trace));
	assert_non_null(fgets(line, sizeof(line), trace));
	assert_int_equal(strncmp(line, "register ", 9), 0);
	assert_non_null(strstr(line, "off 0x234 bytes 4"));
	assert_non_null(strstr(line, "Device-nGnRnE"));
	fclose(trace);
	assert_int_equal(number(region(0), "stores", "count"), 1);
}

static void
unwritable_summary__error_and_nothing_left(void **state)
{
	(void)state;
	recorder_start((struct recorder_config){0});
	assert_int_equal(recorder_write(recorder, "/no/such/folder/x.json"), -ENOENT);
	assert_int_equal(recorder_write(recorder, "/dev/full/x"), -ENOTDIR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(device_and_nc__a_tlp_a_store_and_a_tlp_a_line),
		TEST(region__same_figures_whatever_was_before),
		TEST(visits__add_up),
		TEST(aperture__moved_is_not_switched_off_and_on),
		TEST(override__from_that_store_on),
		TEST(unwalked_store__counted_not_guessed),
		TEST(walks__are_reported),
		TEST(feed__gets_offsets_in_rising_time),
		TEST(trace__a_line_a_store),
		TEST(register__a_line_of_the_trace_and_no_store),
		TEST(unwritable_summary__error_and_nothing_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
