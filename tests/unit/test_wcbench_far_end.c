/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the far end's reports mean, and how the host deals with devices that see or do not. */

#include <errno.h>
#include <far_end.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fake_far_end.h"
#include "json_at.h"

#define BASIS "measured, observed by the device"

static struct far_end result;

/* ---- reports ------------------------------------------------------------------------------- */

static struct far_end_seen seen, later;

static void
report_clear(void)
{
	memset(&seen, 0, sizeof(seen));
	memset(&later, 0, sizeof(later));
}

static uint32_t *
line_of(struct far_end_seen *s, unsigned int line)
{
	return &s->word[FAR_END_LINES + line * FAR_END_LINE_REPORT];
}

#define WHOLE (FAR_END_SEEN_ALL | FAR_END_ALL)

static void
far_end_judge__each_kind_of_line__is_counted_once(void **state)
{
	static const uint32_t flags[] = {
		WHOLE,
		WHOLE | FAR_END_OVERTAKEN,
		FAR_END_SEEN_ALL | 0x00ff,
		FAR_END_SEEN_ALL | 0x00ff | FAR_END_TORN,
		WHOLE | FAR_END_EARLY,
		FAR_END_SEEN_ALL | 0x0001 | FAR_END_EARLY | FAR_END_TORN,
		0,
		0x7fff,
		WHOLE | FAR_END_WRONG,
	};
	struct far_end_counts c = {0};

	(void)state;
	report_clear();
	for (unsigned int i = 0; i < 9; i++)
		line_of(&seen, i)[FAR_END_LINE_FLAGS] = flags[i];
	far_end_judge(&seen, NULL, 9, &c);
	assert_int_equal(c.lines, 9);
	assert_int_equal(c.whole, 3);
	assert_int_equal(c.unclear, 1);
	assert_int_equal(c.partial, 2);
	assert_int_equal(c.unwatched, 1);
	assert_int_equal(c.missed, 0);
	assert_int_equal(c.lost, 2);
	assert_int_equal(c.reordered, 1);
	assert_int_equal(c.wrong, 1);
}

static void
far_end_judge__a_line_that_a_later_dispatch_sees__was_missed_not_lost(void **state)
{
	struct far_end_counts c = {0};

	(void)state;
	report_clear();
	line_of(&seen, 0)[FAR_END_LINE_FLAGS] = WHOLE;
	line_of(&later, 0)[FAR_END_LINE_FLAGS] = WHOLE | FAR_END_EARLY;
	line_of(&later, 1)[FAR_END_LINE_FLAGS] = WHOLE | FAR_END_EARLY;
	line_of(&later, 2)[FAR_END_LINE_FLAGS] = 0x7fff | FAR_END_EARLY;
	far_end_judge(&seen, &later, 3, &c);
	assert_int_equal(c.whole, 1);
	assert_int_equal(c.missed, 1);
	assert_int_equal(c.lost, 1);
}

/* A device may write anything. */
static void
far_end_judge__any_bits__put_each_line_into_one_count(void **state)
{
	uint32_t bits = 1;

	(void)state;
	for (unsigned int round = 0; round < 1000; round++) {
		struct far_end_counts c = {0};
		uint32_t looks, ticks;

		for (unsigned int i = 0; i < FAR_END_PART_WORDS; i++) {
			bits = bits * 1664525u + 1013904223u;
			seen.word[i] = round == 0 ? UINT32_MAX : bits;
			later.word[i] = ~bits;
		}
		far_end_judge(&seen, &later, FAR_END_LINES_MAX, &c);
		assert_int_equal(c.lines, FAR_END_LINES_MAX);
		assert_int_equal(c.whole + c.unclear + c.partial + c.unwatched + c.missed + c.lost,
				 FAR_END_LINES_MAX);
		(void)!far_end_spread(&seen, FAR_END_LINES_MAX, &looks, &ticks);
	}
}

static void
far_end_spread__a_clock_that_wraps__is_followed(void **state)
{
	static const uint32_t clocks[] = {0xfffffff0u, 0x10u, 0xffffffe0u};
	static const uint32_t last[] = {7, 9, 6};
	uint32_t looks = 0, ticks = 0;

	(void)state;
	report_clear();
	for (unsigned int i = 0; i < 3; i++) {
		line_of(&seen, i)[FAR_END_LINE_FLAGS] = WHOLE;
		line_of(&seen, i)[FAR_END_LINE_LAST] = last[i];
		line_of(&seen, i)[FAR_END_LINE_CLOCK] = clocks[i];
	}
	assert_true(far_end_spread(&seen, 3, &looks, &ticks));
	assert_int_equal(looks, 3);
	assert_int_equal(ticks, 0x30);
	assert_true(far_end_spread(&seen, 1, &looks, &ticks));
	assert_int_equal(looks, 0);
	assert_int_equal(ticks, 0);
	line_of(&seen, 2)[FAR_END_LINE_FLAGS] = 0x7fff;
	assert_false(far_end_spread(&seen, 3, &looks, &ticks));
}

/* ---- runs ---------------------------------------------------------------------------------- */

static struct fake_far_end *
make(struct far_end_io *io)
{
	far_end_fini(&result);
	result = (struct far_end){.kind = VULKAN_KIND_DISCRETE, .clock = true};
	strcpy(result.device, "a fake");
	strcpy(result.basis, BASIS);
	return fake_far_end_make(io);
}

static struct far_end_counts
sum(void)
{
	struct far_end_counts all = {0};

	for (size_t i = 0; i < result.n; i++) {
		const struct far_end_counts *c = &result.cells[i].counts;

		all.lines += c->lines;
		all.whole += c->whole;
		all.unclear += c->unclear;
		all.partial += c->partial;
		all.unwatched += c->unwatched;
		all.missed += c->missed;
		all.lost += c->lost;
		all.reordered += c->reordered;
		all.wrong += c->wrong;
	}
	return all;
}

static void
far_end_run__a_device_that_sees__has_every_line_whole(void **state)
{
	const struct far_end_options o = {.rounds = 3};
	struct far_end_counts all;
	struct far_end_io io;
	bool wide = false;

	(void)state;
	make(&io);
	assert_int_equal(far_end_run(&io, &o, &result), 0);
	assert_int_equal(result.error, 0);
	assert_string_equal(result.why, "");
	assert_true(result.proved);
	assert_int_equal(result.rounds, 3);
	assert_int_equal(result.cut, 0);
	for (size_t i = 0; i < result.n; i++) {
		const struct far_end_cell *c = &result.cells[i];

		assert_int_equal(c->counts.lines, 3 * 8 * c->burst);
		assert_int_equal(c->counts.whole, c->counts.lines);
		assert_int_equal(c->round_trip.n, 3 * 8);
		assert_int_equal(c->spread.n, 3 * 8);
		wide |= c->store != NULL && c->store != &wcbar_store_u64;
		assert_true(c->store == NULL || strcmp(c->store->name, "st64b") != 0);
	}
	assert_true(wide);
	assert_null(result.cells[result.n - 1].store);
	all = sum();
	assert_int_equal(all.reordered + all.wrong + all.lost, 0);
	/* both clocks go by the same looks */
	assert_true(result.ns_per_tick > 0.9 && result.ns_per_tick < 1.1);
	/* 20 ms of looks that take 100 us */
	assert_uint_in_range(result.looks, 150, 250);
}

/* Whoever waits so long may have missed that the word of a clock began again. */
static void
far_end_run__a_long_wait__does_not_count_for_the_rate_of_the_clock(void **state)
{
	const struct far_end_options o = {.rounds = 3, .seconds = 100, .store = "u64"};
	struct fake_far_end *fake;
	struct far_end_io io;

	(void)state;
	fake = make(&io);
	fake->stalls_at = 20;
	assert_int_equal(far_end_run(&io, &o, &result), 0);
	assert_true(fake->dispatches > 20);
	assert_true(result.ns_per_tick > 0.9 && result.ns_per_tick < 1.1);
}

static void
far_end_run__numbers_of_lines_that_run_out__begin_again(void **state)
{
	const struct far_end_options o = {.rounds = 3, .store = "u64"};
	struct fake_far_end *fake;
	struct far_end_io io;

	(void)state;
	fake = make(&io);
	io.first_seq = FAR_END_SEQ_MAX / 2 - 4000;
	assert_int_equal(far_end_run(&io, &o, &result), 0);
	assert_uint_in_range(fake->last_seq, 1, 10000);
	assert_int_equal(sum().whole, sum().lines);
}

static void
far_end_run__one_store__is_measured_beside_pieces(void **state)
{
	const struct far_end_options good = {.rounds = 1, .store = "u64"};
	const struct far_end_options bad = {.rounds = 1, .store = "none"};
	struct far_end_io io;

	(void)state;
	make(&io);
	assert_int_equal(far_end_run(&io, &good, &result), 0);
	assert_int_equal(result.n, 2 * FAR_END_BURSTS);
	make(&io);
	assert_int_equal(far_end_run(&io, &bad, &result), -EINVAL);
	assert_non_null(strstr(result.why, "--store none"));
}

/* In a window that somebody emulates nothing wide is stored. */
static void
far_end_run__a_window_that_is_not_direct__is_stored_into_narrowly(void **state)
{
	const struct far_end_options o = {.rounds = 1};
	struct far_end_io io;

	(void)state;
	make(&io);
	io.window.type = WCBAR_TYPE_WC;
	io.window.direct = false;
	assert_int_equal(far_end_run(&io, &o, &result), 0);
	assert_int_equal(result.n, 2 * FAR_END_BURSTS);
	assert_ptr_equal(result.cells[0].store, &wcbar_store_u64);
}

static void
far_end_run__a_line_that_never_arrives__is_lost_and_named(void **state)
{
	const struct far_end_options o = {.rounds = 1, .store = "u64"};
	struct fake_far_end *fake;
	struct far_end_io io;

	(void)state;
	fake = make(&io);
	fake->lost_line = 0;
	assert_int_equal(far_end_run(&io, &o, &result), -EIO);
	assert_non_null(strstr(result.why, "lines were lost"));
	assert_int_equal(sum().lost, 12);
	assert_int_equal(sum().missed, 0);
	assert_int_equal(result.cut, 12);
}

static void
far_end_run__a_device_that_sees_nothing_while_it_runs__has_lost_nothing(void **state)
{
	const struct far_end_options o = {.rounds = 1};
	struct fake_far_end *fake;
	struct far_end_io io;

	(void)state;
	fake = make(&io);
	fake->blind = true;
	assert_int_equal(far_end_run(&io, &o, &result), -EOPNOTSUPP);
	assert_non_null(strstr(result.why, "does not see stores of a running dispatch"));
	assert_int_equal(sum().lost, 0);
	assert_int_equal(sum().missed, sum().lines);
	assert_true(sum().lines > 0);
	/* longer and longer, but not so that a desktop waits: 8 times 20 ms */
	assert_uint_in_range(result.looks, 8 * 150, 8 * 250);
	fake = make(&io);
	fake->blind = true;
	io.renderer = true;
	assert_int_equal(far_end_run(&io, &o, &result), -EOPNOTSUPP);
	/* each time twice as many, up to a number that no clock had a part in */
	assert_int_equal(result.looks, 1 << 16);
}

/* One dispatch that was interrupted does not make all that follow too short to see anything. */
static void
far_end_run__a_wait_while_looks_are_chosen__does_not_count(void **state)
{
	const struct far_end_options o = {.rounds = 1, .store = "u64"};
	struct fake_far_end *fake;
	struct far_end_io io;

	(void)state;
	for (uint64_t at = 2; at <= 4; at++) {
		fake = make(&io);
		fake->stalls_at = at;
		assert_int_equal(far_end_run(&io, &o, &result), 0);
		assert_uint_in_range(result.looks, 150, 250);
	}
}

static void
far_end_run__a_device_that_shows_nothing_while_it_runs__is_said(void **state)
{
	const struct far_end_options o = {.rounds = 1};
	struct fake_far_end *fake;
	struct far_end_io io;

	(void)state;
	fake = make(&io);
	fake->mute = true;
	assert_int_equal(far_end_run(&io, &o, &result), -EOPNOTSUPP);
	assert_non_null(strstr(result.why, "the shader did not answer"));
	assert_int_equal(sum().lines, 0);
}

/* Whoever stores was late, as on a busy machine: nothing is concluded from that. */
static void
far_end_run__dispatches_that_end_too_soon__are_repeated(void **state)
{
	const struct far_end_options o = {.rounds = 2, .store = "u64"};
	struct fake_far_end *fake;
	struct far_end_io io;

	(void)state;
	fake = make(&io);
	fake->hasty = 11;
	assert_int_equal(far_end_run(&io, &o, &result), 0);
	assert_int_equal(fake->hasty, 0);
	assert_int_equal(sum().lost, 0);
	assert_int_equal(result.cells[0].round_trip.n, 2 * 8);
	assert_int_equal(sum().whole + sum().missed, sum().lines);
}

/* The limit of looks ends each dispatch before anything can be answered. */
static void
far_end_run__a_shader_with_one_look__never_answers(void **state)
{
	const struct far_end_options o = {.looks = 1};
	struct far_end_io io;

	(void)state;
	make(&io);
	assert_int_equal(far_end_run(&io, &o, &result), -EOPNOTSUPP);
	assert_non_null(strstr(result.why, "the shader did not answer: 12 dispatches of up to 1"));
	assert_int_equal(result.dispatches, 1 + 12);
}

static void
far_end_run__a_shader_that_takes_torn_lines_for_whole__proves_nothing(void **state)
{
	const struct far_end_options o = {.rounds = 1};
	struct fake_far_end *fake;
	struct far_end_io io;

	(void)state;
	fake = make(&io);
	fake->careless = true;
	assert_int_equal(far_end_run(&io, &o, &result), -EIO);
	assert_false(result.proved);
	assert_int_equal(result.rounds, 0);
	assert_non_null(strstr(result.why, "what it counts means nothing"));
}

static void
far_end_run__a_dispatch_that_does_not_end__is_a_time_out(void **state)
{
	const struct far_end_options o = {.answer_s = 3};
	struct fake_far_end *fake;
	struct far_end_io io;

	(void)state;
	fake = make(&io);
	fake->hangs = true;
	assert_int_equal(far_end_run(&io, &o, &result), -ETIMEDOUT);
	assert_non_null(strstr(result.why, "did not answer within 3 s"));
	assert_int_equal(fake->dispatches, 1);
}

static void
far_end_run__a_device_that_is_lost__ends_with_its_sentence(void **state)
{
	const struct far_end_options o = {.rounds = 2, .store = "u64"};
	struct fake_far_end *fake;
	uint64_t dispatches;
	struct far_end_io io;

	(void)state;
	fake = make(&io);
	assert_int_equal(far_end_run(&io, &o, &result), 0);
	dispatches = fake->dispatches;
	for (uint64_t at = 1; at <= dispatches; at++) {
		fake = make(&io);
		fake->start_fails_at = at;
		assert_int_equal(far_end_run(&io, &o, &result), -EIO);
		assert_string_equal(result.why, "start failed");
		fake = make(&io);
		fake->ended_fails_at = at;
		assert_int_equal(far_end_run(&io, &o, &result), -EIO);
		assert_string_equal(result.why, "the device was lost");
		assert_int_equal(fake->dispatches, at);
	}
}

/* ---- memory types -------------------------------------------------------------------------- */

#define VISIBLE (VULKAN_TYPE_HOST_VISIBLE | VULKAN_TYPE_HOST_COHERENT)
#define LIVE (VULKAN_TYPE_DEVICE_COHERENT | VULKAN_TYPE_DEVICE_UNCACHED)

/* A device that caches its memory where a store of the host does not find it. */
static void
vulkan_type_choose__types_that_the_device_does_not_cache__are_for_live_use_alone(void **state)
{
	static const struct vulkan_facts facts = {
		.n_devices = 1,
		.n_types = 4,
		.devices = {{.name = "a GPU", .kind = VULKAN_KIND_DISCRETE}},
		.types = {{.flags = VISIBLE | VULKAN_TYPE_DEVICE_LOCAL},
			  {.flags = VISIBLE | VULKAN_TYPE_HOST_CACHED},
			  {.flags = VISIBLE | VULKAN_TYPE_DEVICE_LOCAL | LIVE},
			  {.flags = VISIBLE | VULKAN_TYPE_HOST_CACHED | LIVE}},
	};
	char why[256];

	(void)state;
	assert_int_equal(vulkan_type_choose(&facts, 15, VULKAN_USE_PUSH_LIVE, why, sizeof(why)), 2);
	assert_int_equal(vulkan_type_choose(&facts, 15, VULKAN_USE_HOST_LIVE, why, sizeof(why)), 3);
	assert_int_equal(vulkan_type_choose(&facts, 3, VULKAN_USE_PUSH_LIVE, why, sizeof(why)), 0);
	assert_int_equal(vulkan_type_choose(&facts, 3, VULKAN_USE_HOST_LIVE, why, sizeof(why)), 1);
	assert_int_equal(vulkan_type_choose(&facts, 15, VULKAN_USE_PUSH, why, sizeof(why)), 0);
	assert_int_equal(vulkan_type_choose(&facts, 15, VULKAN_USE_HOST, why, sizeof(why)), 1);
	assert_int_equal(vulkan_type_choose(&facts, 12, VULKAN_USE_PUSH, why, sizeof(why)),
			 -ENOTSUP);
}

/* ---- reports ------------------------------------------------------------------------------- */

static struct json_object *
json_read(void)
{
	struct json_object *made = far_end_json(&result);
	struct json_object *read = json_tokener_parse(json_object_to_json_string(made));

	json_object_put(made);
	assert_non_null(read);
	return read;
}

static void
text_read(char *text, size_t bytes)
{
	FILE *out = fmemopen(text, bytes, "w");

	assert_non_null(out);
	far_end_text(out, &result);
	fclose(out);
}

static void
far_end_json__a_run__has_the_rows_of_the_card_test(void **state)
{
	static const char *const counts[] = {"lines",  "whole", "unclear",   "partial", "unwatched",
					     "missed", "lost",  "reordered", "wrong"};
	const struct far_end_options o = {.rounds = 1, .store = "u64"};
	struct json_object *read;
	struct far_end_io io;

	(void)state;
	make(&io);
	assert_int_equal(far_end_run(&io, &o, &result), 0);
	read = json_read();
	assert_null(json_at(read, "/error"));
	assert_string_equal(json_text_at(read, "/basis"), BASIS);
	assert_string_equal(json_text_at(read, "/clock"), "device");
	assert_int_equal(json_object_array_length(json_at(read, "/tests")), 14);
	assert_string_equal(json_text_at(read, "/tests/6/primitive"), "u64");
	assert_string_equal(json_text_at(read, "/tests/13/primitive"), "u64-each");
	assert_string_equal(json_text_at(read, "/tests/13/order"), "each");
	assert_int_equal(json_object_get_int(json_at(read, "/tests/13/burst")), 64);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		assert_int_equal(json_object_get_int(json_at(read, "/tests/6/%s", counts[i])),
				 i < 2 ? 8 * 64 : 0);
	assert_string_equal(json_text_at(read, "/tests/6/round_trip_ns/basis"), BASIS);
	assert_int_equal(json_object_get_int(json_at(read, "/tests/6/round_trip_ns/n")), 8);
	assert_string_equal(json_text_at(read, "/tests/6/first_to_last/unit"), "ns");
	json_object_put(read);
}

/* Without a clock a spread is in looks, and no figure has another basis than the caller's. */
static void
far_end_json__no_clock_and_another_basis__are_said_everywhere(void **state)
{
	const struct far_end_options o = {.rounds = 1, .store = "u64"};
	struct json_object *read;
	struct far_end_io io;
	char text[8192];

	(void)state;
	make(&io);
	result.kind = VULKAN_KIND_CPU;
	result.clock = false;
	strcpy(result.basis, "RAM");
	assert_int_equal(far_end_run(&io, &o, &result), 0);
	read = json_read();
	assert_null(strstr(json_object_to_json_string(read), "measured"));
	assert_string_equal(json_text_at(read, "/tests/3/first_to_last/unit"), "looks");
	assert_string_equal(json_text_at(read, "/tests/3/first_to_last/basis"), "RAM");
	assert_string_equal(json_text_at(read, "/kind"), "software renderer");
	assert_null(json_at(read, "/ns_per_tick"));
	json_object_put(read);
	text_read(text, sizeof(text));
	assert_null(strstr(text, "measured"));
	assert_non_null(strstr(text, "a fake (software renderer); RAM; 1 rounds"));
	assert_non_null(strstr(text, "in looks"));
}

static void
far_end_text__lines_in_pieces_that_look_like_others__are_said_to_tell_nothing(void **state)
{
	const struct far_end_options o = {.rounds = 1, .store = "u64"};
	struct far_end_io io;
	char text[8192];

	(void)state;
	make(&io);
	assert_int_equal(far_end_run(&io, &o, &result), 0);
	assert_false(far_end_sharp(&result));
	text_read(text, sizeof(text));
	assert_non_null(strstr(text, "so nothing here tells"));
	for (size_t i = 0; i < result.n; i++) {
		struct far_end_cell *c = &result.cells[i];

		c->counts.unclear = c->store == NULL ? c->counts.lines / 4 : c->counts.lines / 50;
	}
	assert_true(far_end_sharp(&result));
	text_read(text, sizeof(text));
	assert_null(strstr(text, "nothing here tells"));
}

static void
far_end_json__a_failure__says_why_and_has_no_basis_of_its_own(void **state)
{
	struct json_object *read;
	struct far_end_io io;
	char text[1024];

	(void)state;
	make(&io);
	result.error = -EIO;
	strcpy(result.why, "no shader");
	read = json_read();
	assert_string_equal(json_text_at(read, "/error"), "no shader");
	assert_int_equal(json_object_array_length(json_at(read, "/tests")), 0);
	json_object_put(read);
	text_read(text, sizeof(text));
	assert_string_equal(text, "far end: not measured: no shader\n");
}

static int
teardown(void **state)
{
	(void)state;
	far_end_fini(&result);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(far_end_judge__each_kind_of_line__is_counted_once),
		cmocka_unit_test(
			far_end_judge__a_line_that_a_later_dispatch_sees__was_missed_not_lost),
		cmocka_unit_test(far_end_judge__any_bits__put_each_line_into_one_count),
		cmocka_unit_test(far_end_spread__a_clock_that_wraps__is_followed),
		cmocka_unit_test(far_end_run__a_device_that_sees__has_every_line_whole),
		cmocka_unit_test(
			far_end_run__a_long_wait__does_not_count_for_the_rate_of_the_clock),
		cmocka_unit_test(far_end_run__numbers_of_lines_that_run_out__begin_again),
		cmocka_unit_test(far_end_run__one_store__is_measured_beside_pieces),
		cmocka_unit_test(far_end_run__a_window_that_is_not_direct__is_stored_into_narrowly),
		cmocka_unit_test(far_end_run__a_line_that_never_arrives__is_lost_and_named),
		cmocka_unit_test(
			far_end_run__a_device_that_sees_nothing_while_it_runs__has_lost_nothing),
		cmocka_unit_test(far_end_run__a_wait_while_looks_are_chosen__does_not_count),
		cmocka_unit_test(far_end_run__a_device_that_shows_nothing_while_it_runs__is_said),
		cmocka_unit_test(far_end_run__dispatches_that_end_too_soon__are_repeated),
		cmocka_unit_test(far_end_run__a_shader_with_one_look__never_answers),
		cmocka_unit_test(
			far_end_run__a_shader_that_takes_torn_lines_for_whole__proves_nothing),
		cmocka_unit_test(far_end_run__a_dispatch_that_does_not_end__is_a_time_out),
		cmocka_unit_test(far_end_run__a_device_that_is_lost__ends_with_its_sentence),
		cmocka_unit_test(
			vulkan_type_choose__types_that_the_device_does_not_cache__are_for_live_use_alone),
		cmocka_unit_test(far_end_json__a_run__has_the_rows_of_the_card_test),
		cmocka_unit_test(far_end_json__no_clock_and_another_basis__are_said_everywhere),
		cmocka_unit_test(
			far_end_text__lines_in_pieces_that_look_like_others__are_said_to_tell_nothing),
		cmocka_unit_test(far_end_json__a_failure__says_why_and_has_no_basis_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
