/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A stream goes into a file, comes back, and gives each link's figures with their bands. */

#include <band.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PA 0x8000000000ull
#define CPUS 2u
#define HEAD_BYTES 32
#define RECORD_BYTES 16

static char path[64], why[STREAM_WHY_BYTES];
static struct pcielink_config config;
static struct stream_data data;
static struct band_result *result, *other;
static struct tally direct;

static int
setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_wclab_replay.%d", (int)getpid());
	assert_int_equal(pcielink_config_load(&config, LINK_CONFIG, why, sizeof(why)), 0);
	memset(&direct, 0, sizeof(direct));
	result = other = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stream_unload(&data);
	tally_fini(&direct);
	free(result);
	free(other);
	unlink(path);
	return 0;
}

/* Lines by 8-byte stores, in a region; into the stream, and through a link at once. */
static void
lines_go(struct stream *stream, enum pcielink_type type, unsigned int lines, unsigned int cpu)
{
	for (unsigned int off = 0; off < lines * 64; off += 8) {
		stream_store(stream, cpu, PA + off, 8, type);
		tally_store(&direct, cpu, PA + off, 8, type);
	}
	stream_order(stream, cpu, PCIELINK_DMB);
	tally_order(&direct, cpu, PCIELINK_DMB);
}

static void
mark_go(struct stream *stream, unsigned int region)
{
	stream_mark(stream, region);
	assert_true(tally_mark(&direct, region));
}

static void
stream_make(void)
{
	struct stream stream;

	assert_int_equal(tally_init(&direct, &config, CPUS, NULL, NULL), 0);
	assert_int_equal(stream_create(&stream, path, CPUS), 0);
	lines_go(&stream, PCIELINK_NC, 2, 0);
	mark_go(&stream, 1);
	lines_go(&stream, PCIELINK_NC, 3, 1);
	stream_settle(&stream);
	tally_settle(&direct);
	lines_go(&stream, PCIELINK_NC, 2, 1);
	mark_go(&stream, 255);
	lines_go(&stream, PCIELINK_NGNRE, 4, 0);
	mark_go(&stream, 1);
	lines_go(&stream, PCIELINK_NC, 1, 0);
	assert_int_equal(stream_close(&stream), 0);
	tally_settle(&direct);
}

static void
bytes_put(long off, const void *bytes, size_t n)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, off, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	fclose(file);
}

/* ---- the file ------------------------------------------------------------------------------ */

static void
replay__gives_what_the_link_made_at_once(void **state)
{
	struct tally *again = malloc(sizeof(*again));

	(void)state;
	stream_make();
	assert_int_equal(stream_load(&data, path, why), 0);
	assert_int_equal(data.cpus, CPUS);
	assert_int_equal(tally_init(again, &config, data.cpus, NULL, NULL), 0);
	stream_replay(&data, again);
	assert_memory_equal(again->regions, direct.regions, sizeof(direct.regions));
	assert_int_equal(again->regions[1].visits, 2);
	assert_int_equal(again->regions[1].totals.lines_whole, 6);
	assert_int_equal(again->regions[255].totals.tlps, 32);
	tally_fini(again);
	free(again);
}

static void
load__each_broken_file_is_named(void **state)
{
	static const struct {
		long off;
		uint8_t bytes[8];
		unsigned int n;
		const char *part;
	} bad[] = {
		{0, "x", 1, "not what the plugin writes"},
		{8, {2}, 1, "version 2; this program reads 1"},
		{12, {0}, 1, "0 CPUs; expected 1 to 64"},
		{12, {65}, 1, "65 CPUs"},
		{16, {1, 0}, 2, "1 records are promised"},
		{16, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 8, "not complete"},
		{HEAD_BYTES + 8, {0}, 1, "record 0: an unknown kind"},
		{HEAD_BYTES + 8, {5}, 1, "record 0: an unknown kind"},
		{HEAD_BYTES + 9, {PCIELINK_TYPES}, 1, "record 0: a store of an unknown"},
		{HEAD_BYTES + 10, {0}, 1, "record 0: a store of an unknown"},
		{HEAD_BYTES + 10, {65}, 1, "record 0: a store of an unknown"},
		{HEAD_BYTES + 11, {CPUS}, 1, "record 0: a CPU that there is not"},
		{HEAD_BYTES + 16 * RECORD_BYTES + 9,
		 {PCIELINK_ORDERS},
		 1,
		 "record 16: an unknown order"},
		{HEAD_BYTES + 16 * RECORD_BYTES + 11, {CPUS}, 1, "record 16: a CPU"},
		{HEAD_BYTES + 17 * RECORD_BYTES + 1,
		 {1},
		 1,
		 "record 17: a region that there is not"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		stream_make();
		tally_fini(&direct);
		bytes_put(bad[i].off, bad[i].bytes, bad[i].n);
		assert_int_equal(stream_load(&data, path, why), -EINVAL);
		if (strstr(why, bad[i].part) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", why, bad[i].part);
		assert_null(data.records);
	}
}

static void
load__cut_or_missing_is_refused(void **state)
{
	(void)state;
	stream_make();
	assert_int_equal(truncate(path, HEAD_BYTES + 20 * RECORD_BYTES), 0);
	assert_int_equal(stream_load(&data, path, why), -EINVAL);
	assert_non_null(strstr(why, "there are 20"));
	assert_int_equal(truncate(path, HEAD_BYTES - 1), 0);
	assert_int_equal(stream_load(&data, path, why), -EINVAL);
	unlink(path);
	assert_int_equal(stream_load(&data, path, why), -ENOENT);
	assert_string_equal(why, strerror(ENOENT));
}

static void
close__full_disk_is_eio_and_the_file_is_refused(void **state)
{
	struct stream stream;

	(void)state;
	assert_int_equal(stream_create(&stream, "/dev/full", 1), -EIO);
	assert_int_equal(stream_create(&stream, path, 1), 0);
	/* as if the disk had been full from here on */
	assert_non_null(freopen("/dev/full", "w", stream.file));
	for (unsigned int i = 0; i < 4096; i++)
		stream_mark(&stream, 1);
	assert_int_equal(stream_close(&stream), -EIO);
	assert_int_equal(stream_load(&data, path, why), -EINVAL);
	assert_non_null(strstr(why, "not complete"));
}

/* A scheduler may put the program on any CPU: the link's luck is the same. */
static void
replay__other_cpu_has_the_same_figures(void **state)
{
	struct tally other_cpu;

	(void)state;
	config.param[PCIELINK_GATHER].value = config.param[PCIELINK_GATHER].low = 500000;
	assert_int_equal(tally_init(&direct, &config, CPUS, NULL, NULL), 0);
	assert_int_equal(tally_init(&other_cpu, &config, CPUS, NULL, NULL), 0);
	for (unsigned int i = 0; i < 1000; i++) {
		assert_int_equal(tally_store(&direct, 0, PA + 8 * i, 8, PCIELINK_NC), 0);
		assert_int_equal(tally_store(&other_cpu, 1, PA + 8 * i, 8, PCIELINK_NC), 0);
	}
	assert_int_equal(tally_store(&direct, CPUS, PA, 8, PCIELINK_NC), -EINVAL);
	tally_settle(&direct);
	tally_settle(&other_cpu);
	assert_memory_equal(direct.regions, other_cpu.regions, sizeof(direct.regions));
	assert_uint_in_range(direct.regions[0].totals.tlps, 300, 900);
	tally_fini(&other_cpu);
}

/* ---- bands --------------------------------------------------------------------------------- */

static void
bounds_remove(struct pcielink_config *c)
{
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
		c->param[key].low = c->param[key].high = c->param[key].value;
}

static unsigned int steps;

static void
step(void *ctx)
{
	assert_ptr_equal(ctx, &steps);
	steps++;
}

static void
band__no_bounds_is_the_value_alone(void **state)
{
	(void)state;
	stream_make();
	bounds_remove(&config);
	steps = 0;
	assert_int_equal(stream_load(&data, path, why), 0);
	assert_int_equal(band_compute(&data, &config, step, &steps, &result), 0);
	assert_int_equal(steps, 1);
	assert_int_equal(band_replays(&config), 1);
	for (unsigned int f = 0; f < FIGURES; f++) {
		const struct band *band = &result->regions[1].figure[f];

		assert_true(band->low == band->value && band->high == band->value);
	}
	assert_int_equal(result->regions[1].figure[FIGURE_TLPS].value, 6);
	assert_int_equal(result->regions[1].figure[FIGURE_CPU_PS].value, direct.regions[1].cpu_ps);
	assert_int_equal(result->regions[1].stores, 48);
	assert_int_equal(result->regions[1].store_bytes, 384);
	assert_int_equal(result->regions[2].visits, 0);
}

static void
band__each_bound_alone_and_the_widest_of_them(void **state)
{
	struct pcielink_param *store = &config.param[PCIELINK_STORE_NS];
	struct pcielink_param *gather = &config.param[PCIELINK_GATHER];
	const struct band_region *r;

	(void)state;
	stream_make();
	bounds_remove(&config);
	store->low = store->value / 2;
	store->high = store->value * 3;
	gather->low = 0; /* each store leaves alone */
	steps = 0;
	assert_int_equal(stream_load(&data, path, why), 0);
	assert_int_equal(band_compute(&data, &config, step, &steps, &result), 0);
	assert_int_equal(steps, 5);
	r = &result->regions[1];
	assert_int_equal(r->figure[FIGURE_TLPS].low, 6);
	assert_int_equal(r->figure[FIGURE_TLPS].value, 6);
	assert_int_equal(r->figure[FIGURE_TLPS].high, 48);
	assert_int_equal(r->bound[PCIELINK_GATHER].at_low[FIGURE_TLPS], 48);
	assert_int_equal(r->bound[PCIELINK_GATHER].at_high[FIGURE_TLPS], 6);
	assert_int_equal(r->bound[PCIELINK_STORE_NS].at_low[FIGURE_TLPS], 6);
	assert_false(r->bound[PCIELINK_DRAIN_NS].has);
	assert_true(r->bound[PCIELINK_STORE_NS].at_low[FIGURE_CPU_PS] <
		    r->figure[FIGURE_CPU_PS].value);
	assert_true(r->bound[PCIELINK_STORE_NS].at_high[FIGURE_CPU_PS] >
		    r->figure[FIGURE_CPU_PS].value);
	assert_true(r->figure[FIGURE_CPU_PS].high >=
		    r->bound[PCIELINK_STORE_NS].at_high[FIGURE_CPU_PS]);
	/* Device stores do not gather, whatever the parameter. */
	assert_int_equal(result->regions[255].figure[FIGURE_TLPS].high, 32);
}

/* Somebody else's bounds change bands, and no value. */
static void
band__other_bounds_leave_the_values(void **state)
{
	struct pcielink_config patched = config;
	bool wider = false;

	(void)state;
	stream_make();
	patched.param[PCIELINK_NGNRE_SPACING_NS].high *= 4;
	patched.param[PCIELINK_GATHER].low /= 2;
	assert_int_equal(stream_load(&data, path, why), 0);
	assert_int_equal(band_compute(&data, &config, NULL, NULL, &result), 0);
	assert_int_equal(band_compute(&data, &patched, NULL, NULL, &other), 0);
	for (unsigned int id = 0; id < TALLY_REGIONS; id++) {
		for (unsigned int f = 0; f < FIGURES; f++) {
			const struct band *was = &result->regions[id].figure[f];
			const struct band *is = &other->regions[id].figure[f];

			assert_int_equal(is->value, was->value);
			assert_true(is->low <= was->low && is->high >= was->high);
			wider |= is->high > was->high;
		}
	}
	assert_true(wider);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(replay__gives_what_the_link_made_at_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(replay__other_cpu_has_the_same_figures, setup,
						teardown),
		cmocka_unit_test_setup_teardown(load__each_broken_file_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(load__cut_or_missing_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(close__full_disk_is_eio_and_the_file_is_refused,
						setup, teardown),
		cmocka_unit_test_setup_teardown(band__no_bounds_is_the_value_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(band__each_bound_alone_and_the_widest_of_them,
						setup, teardown),
		cmocka_unit_test_setup_teardown(band__other_bounds_leave_the_values, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
