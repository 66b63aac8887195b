/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wclab_replay: a recorded stream of stores through any number of links, as text and JSON. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <app_error.h>
#include <app_json.h>
#include <app_options.h>
#include <app_progress.h>

#include "band.h"

#define LINKS_MAX 64u

enum {
	EXIT_BAD = 2,
	EXIT_NOT_DONE = 3
};

static const char usage[] =
	"usage: wclab_replay [--json FILE] STREAM LINK.conf...\n"
	"\n"
	"What each link makes of the stores that QEMU's plugin recorded (stream=FILE), region by\n"
	"region, with the band that the parameters' bounds leave. Modelled, never measured.\n"
	"\n"
	"  --json FILE       the figures as JSON; doc/link-model.md describes them\n"
	"  --help, --version\n"
	"\n"
	"exit status: 0 replayed; 2 the arguments are wrong; 3 it could not be done\n";

struct links {
	struct pcielink_config config[LINKS_MAX];
	struct band_result *result[LINKS_MAX];
	unsigned int n;
	unsigned int done, replays; /* of all */
};

/* ---- reports ------------------------------------------------------------------------------- */

static bool
is_time(enum figure figure)
{
	return figure >= FIGURE_CPU_PS;
}

/* Picoseconds go out as nanoseconds, all digits of them. */
static struct json_object *
figure_json(enum figure figure, uint64_t value)
{
	char text[32];

	if (!is_time(figure))
		return json_object_new_int64((int64_t)value);
	snprintf(text, sizeof(text), "%" PRIu64 ".%03u", value / 1000,
		 (unsigned int)(value % 1000));
	return json_object_new_double_s((double)value / 1000, text);
}

static struct json_object *
band_json(enum figure figure, const struct band *band)
{
	struct json_object *o = json_object_new_object();

	app_json_add(o, "value", figure_json(figure, band->value));
	app_json_add(o, "low", figure_json(figure, band->low));
	app_json_add(o, "high", figure_json(figure, band->high));
	return o;
}

/* What one parameter alone does; NULL: nothing. */
static struct json_object *
bound_json(const struct band_region *region, const struct band_bound *bound, unsigned int key)
{
	struct json_object *o = NULL;

	for (unsigned int f = 0; f < FIGURES; f++) {
		const uint64_t value = region->figure[f].value;
		struct json_object *pair;

		if (!bound->has || (bound->at_low[f] == value && bound->at_high[f] == value))
			continue;
		if (o == NULL) {
			o = json_object_new_object();
			app_json_add_text(o, "parameter", pcielink_key_info(key)->name);
		}
		pair = json_object_new_array();
		json_object_array_add(pair, figure_json(f, bound->at_low[f]));
		json_object_array_add(pair, figure_json(f, bound->at_high[f]));
		app_json_add(o, band_figure_name(f), pair);
	}
	return o;
}

static struct json_object *
region_json(const struct band_region *region, unsigned int id)
{
	struct json_object *o = json_object_new_object(), *sensitivity = json_object_new_array();

	app_json_add_u64(o, "id", id);
	app_json_add_u64(o, "visits", region->visits);
	app_json_add_u64(o, "stores", region->stores);
	app_json_add_u64(o, "store_bytes", region->store_bytes);
	for (unsigned int f = 0; f < FIGURES; f++)
		app_json_add(o, band_figure_name(f), band_json(f, &region->figure[f]));
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++) {
		struct json_object *bound = bound_json(region, &region->bound[key], key);

		if (bound != NULL)
			json_object_array_add(sensitivity, bound);
	}
	app_json_add(o, "sensitivity", sensitivity);
	return o;
}

static struct json_object *
links_json(const struct links *links)
{
	struct json_object *root = json_object_new_object(), *array = json_object_new_array();

	app_json_add_head(root, "wclab_replay", 1);
	app_json_add_text(root, "kind", "modelled");
	for (unsigned int i = 0; i < links->n; i++) {
		struct json_object *link = json_object_new_object(),
				   *regions = json_object_new_array();

		app_json_add_text(link, "name", links->config[i].name);
		for (unsigned int id = 0; id < TALLY_REGIONS; id++) {
			const struct band_region *region = &links->result[i]->regions[id];

			if (region->visits > 0)
				json_object_array_add(regions, region_json(region, id));
		}
		app_json_add(link, "regions", regions);
		json_object_array_add(array, link);
	}
	app_json_add(root, "links", array);
	return root;
}

static void
band_text(enum figure figure, const struct band *band)
{
	const double scale = is_time(figure) ? 1000.0 : 1.0;
	char text[80];

	if (band->low == band->high)
		snprintf(text, sizeof(text), "%.0f", (double)band->value / scale);
	else
		snprintf(text, sizeof(text), "%.0f (%.0f to %.0f)", (double)band->value / scale,
			 (double)band->low / scale, (double)band->high / scale);
	printf("  %28s", text);
}

static void
link_text(const struct pcielink_config *config, const struct band_result *result)
{
	static const enum figure shown[] = {FIGURE_TLPS, FIGURE_WIRE_BYTES, FIGURE_CPU_PS,
					    FIGURE_LINK_PS};

	printf("%s (modelled)\n  %6s %8s %10s", config->name, "region", "visits", "stores");
	for (unsigned int i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		printf("  %28s", band_figure_name(shown[i]));
	printf("\n");
	for (unsigned int id = 0; id < TALLY_REGIONS; id++) {
		const struct band_region *region = &result->regions[id];

		if (region->stores == 0)
			continue;
		printf("  %6u %8" PRIu64 " %10" PRIu64, id, region->visits, region->stores);
		for (unsigned int i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
			band_text(shown[i], &region->figure[shown[i]]);
		printf("\n");
	}
}

/* ---- the run ------------------------------------------------------------------------------- */

static int
links_load(struct links *links, int n, char **paths)
{
	char why[PCIELINK_WHY_BYTES];

	if (n > (int)LINKS_MAX) {
		app_error("%d links; at most %u", n, LINKS_MAX);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		if (pcielink_config_load(&links->config[i], paths[i], why, sizeof(why)) != 0) {
			app_error("%s: %s", paths[i], why);
			return -1;
		}
		links->replays += band_replays(&links->config[i]);
	}
	links->n = (unsigned int)n;
	return 0;
}

static void
step(void *ctx)
{
	struct links *links = ctx;

	app_progress_step(++links->done, links->replays);
}

static int
replay_all(struct links *links, const struct stream_data *data, const char *path)
{
	int ret = 0;

	app_progress_start("replay");
	for (unsigned int i = 0; i < links->n && ret == 0; i++)
		ret = band_compute(data, &links->config[i], step, links, &links->result[i]);
	app_progress_end();
	if (ret != 0) {
		app_error("%s", strerror(-ret));
		return EXIT_NOT_DONE;
	}
	for (unsigned int i = 0; i < links->n; i++)
		link_text(&links->config[i], links->result[i]);
	if (path != NULL && app_json_write(links_json(links), path) != 0)
		return EXIT_NOT_DONE;
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_NOT_DONE;
}

static int
replay(const char *path, const char *json_path, int n, char **configs)
{
	struct links *links = calloc(1, sizeof(*links));
	char why[STREAM_WHY_BYTES];
	struct stream_data data;
	int status = EXIT_BAD;

	if (links == NULL)
		return EXIT_NOT_DONE;
	if (stream_load(&data, path, why) != 0)
		app_error("%s: %s", path, why);
	else if (links_load(links, n, configs) == 0)
		status = replay_all(links, &data, json_path);
	stream_unload(&data);
	for (unsigned int i = 0; i < LINKS_MAX; i++)
		free(links->result[i]);
	free(links);
	return status;
}

struct options {
	const char *json;
};

static const struct app_option options_replay[] = {
	APP_TEXT("json", struct options, json),
	{0},
};

int
main(int argc, char **argv)
{
	struct options options = {0};
	const struct app_option_group groups[] = {{options_replay, &options}, {0}};
	int first;

	switch (app_options_parse(groups, usage, "wclab_replay", argc, argv, &first)) {
	case APP_OPTIONS_DONE:
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_NOT_DONE;
	case APP_OPTIONS_BAD:
		fputs(usage, stderr);
		return EXIT_BAD;
	case APP_OPTIONS_RUN:
		break;
	}
	if (argc - first < 2) {
		fputs(usage, stderr);
		return EXIT_BAD;
	}
	return replay(argv[first], options.json, argc - first - 1, &argv[first + 1]);
}
