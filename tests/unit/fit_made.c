/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Runs that the link model made. The rows are those of wcbench raw; each has samples around what
 * the model makes of it, from a generator with a seed, and their percentiles.
 */

#include <fit_model.h>
#include <math.h>
#include <stats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <app_json.h>

#include "fit_made.h"

#define SAMPLES 101u

static uint64_t random_state;

/* splitmix64, to 0 .. 1 without 0. */
static double
random_number(void)
{
	uint64_t x = random_state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return ((double)(x >> 11) + 1) / 9007199254740993.0;
}

/* Of the normal distribution, by Box and Muller. */
static double
random_normal(void)
{
	const double radius = sqrt(-2 * log(random_number()));

	return radius * cos(2 * 3.14159265358979 * random_number());
}

static struct json_object *
figure(double value, double noise)
{
	static const double percents[] = {10, 50, 90, 99};
	struct json_object *o = json_object_new_object();
	struct samples s;
	char key[16];

	assert_int_equal(samples_init(&s, SAMPLES), 0);
	for (unsigned int i = 0; i < SAMPLES; i++)
		samples_add(&s, value * fmax(1 + noise * random_normal(), 0.1));
	app_json_add_u64(o, "n", SAMPLES);
	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		snprintf(key, sizeof(key), "p%g", percents[i]);
		app_json_add_double(o, key, samples_percentile(&s, percents[i]));
	}
	samples_fini(&s);
	return o;
}

/* What the model makes of one row. */
static double
modelled(const struct fit_made *made, const struct fit_row *row)
{
	static struct fit_runs runs;
	struct fit_model *model;
	double ns = 0;

	memset(&runs, 0, sizeof(runs));
	runs.arm = strcmp(made->arch, "aarch64") == 0;
	runs.n_rows = 1;
	runs.rows[0] = *row;
	assert_int_equal(fit_model_create(&runs, &model), 0);
	assert_int_equal(fit_model_rows(model, made->config, &ns), 0);
	fit_model_destroy(model);
	return ns;
}

static unsigned int
width_of(const char *primitive)
{
	return strcmp(primitive, "avx512") == 0                                  ? 64
	       : strcmp(primitive, "avx2") == 0                                  ? 32
	       : strcmp(primitive, "sse2") == 0 || strcmp(primitive, "stp") == 0 ? 16
										 : 8;
}

static struct json_object *
lines(const struct fit_made *made, enum pcielink_type type, const char *const *primitives)
{
	struct json_object *array = json_object_new_array();

	for (; *primitives != NULL; primitives++) {
		struct fit_row row = {.kind = FIT_LINES, .type = type, .threads = 1};

		row.store_bytes = width_of(*primitives);
		for (unsigned int burst = 1; burst <= made->burst_most; burst *= 2) {
			for (unsigned int each = 0; each < (burst > 1 ? 2u : 1u); each++) {
				struct json_object *o = json_object_new_object();

				row.burst = each != 0 ? 1 : burst;
				app_json_add_text(o, "primitive", *primitives);
				app_json_add_text(o, "order", each != 0 ? "each" : "burst");
				app_json_add_u64(o, "burst", burst);
				app_json_add(o, "ns_per_line",
					     figure(modelled(made, &row), made->noise));
				json_object_array_add(array, o);
			}
		}
	}
	return array;
}

static struct json_object *
word(const struct fit_made *made, enum pcielink_type type, enum fit_kind kind, bool each)
{
	const struct fit_row row = {
		.kind = kind, .type = type, .store_bytes = 8, .threads = 1, .each = each};
	struct json_object *o = json_object_new_object();

	app_json_add_text(o, "order", each ? "each" : "burst");
	app_json_add(o, kind == FIT_READ ? "ns_per_read" : "ns_per_store",
		     figure(modelled(made, &row), made->noise));
	return o;
}

static struct json_object *
streams(const struct fit_made *made, enum pcielink_type type)
{
	struct json_object *rows = json_object_new_array();

	for (unsigned int threads = 1; threads <= made->threads_most; threads *= 2) {
		const struct fit_row row = {.kind = FIT_STREAM,
					    .type = type,
					    .store_bytes = width_of(made->primitives[0]),
					    .burst = made->burst_most,
					    .threads = threads};
		struct json_object *o = json_object_new_object();

		app_json_add_u64(o, "threads", threads);
		app_json_add_text(o, "primitive", made->primitives[0]);
		app_json_add_u64(o, "burst", made->burst_most);
		app_json_add(o, "bytes_per_second",
			     figure(64e9 / modelled(made, &row), made->noise));
		json_object_array_add(rows, o);
	}
	return rows;
}

static struct json_object *
mapping(const struct fit_made *made, bool wc)
{
	static const char *const narrow[] = {"u64", NULL};
	const bool arm = strcmp(made->arch, "aarch64") == 0;
	const enum pcielink_type type = wc ? (arm ? PCIELINK_NC : PCIELINK_WC)
					   : (arm ? PCIELINK_NGNRE : PCIELINK_UC);
	struct json_object *m = json_object_new_object(), *doorbell = json_object_new_array();

	app_json_add_text(m, "intended", wc ? "WC" : "UC");
	app_json_add(m, "error", NULL);
	app_json_add_text(m, "type", wc ? "WC" : "UC");
	app_json_add_text(m, "rung", wc ? "sysfs-wc" : "sysfs");
	app_json_add_bool(m, "direct", true);
	app_json_add(m, "lines", lines(made, type, wc ? made->primitives : narrow));
	json_object_array_add(doorbell, word(made, type, FIT_DOORBELL, true));
	json_object_array_add(doorbell, word(made, type, FIT_DOORBELL, false));
	app_json_add(m, "doorbell", doorbell);
	if (made->words) {
		struct json_object *store = json_object_new_array(),
				   *read = json_object_new_array();

		json_object_array_add(store, word(made, type, FIT_WORD, true));
		json_object_array_add(read, word(made, type, FIT_READ, true));
		app_json_add(m, "stores", store);
		app_json_add(m, "reads", read);
	}
	if (wc && made->threads_most > 0)
		app_json_add(m, "streams", streams(made, type));
	return m;
}

void
fit_made_write(const struct fit_made *made, const char *path)
{
	struct json_object *root = json_object_new_object(), *machine = json_object_new_object();
	struct json_object *device = json_object_new_object(), *link = json_object_new_object();
	struct json_object *target = json_object_new_object(), *pci = json_object_new_object();
	struct json_object *mappings = json_object_new_array();

	random_state = made->seed;
	app_json_add_text(root, "program", "wcbench");
	app_json_add_text(root, "commit", "c0ffee");
	app_json_add_u64(root, "schema", 1);
	app_json_add_text(root, "kind", "raw");
	app_json_add_text(root, "ended", "2026-11-30T05:00:00Z");
	app_json_add_text(root, "basis", made->basis);
	app_json_add_bool(root, "ok", true);
	app_json_add_text(machine, "cpu", "A CPU of the model");
	app_json_add_text(machine, "arch", made->arch);
	app_json_add(root, "machine", machine);
	app_json_add_text(device, "id", "1234:57c1");
	if (made->speed != NULL) {
		app_json_add_text(link, "current_speed", made->speed);
		app_json_add_u64(link, "current_width", made->width);
	}
	app_json_add(pci, "link", link);
	app_json_add(target, "pci", pci);
	app_json_add(root, "target", target);
	app_json_add(root, "device", device);
	json_object_array_add(mappings, mapping(made, true));
	if (made->uc)
		json_object_array_add(mappings, mapping(made, false));
	app_json_add(root, "mappings", mappings);
	assert_int_equal(app_json_write(root, path), 0);
}
