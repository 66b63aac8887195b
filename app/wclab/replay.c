/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wclab_replay: a recorded stream of stores through any number of links, as text and JSON. */

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <app_progress.h>

#include "band.h"
#include "run.h"

#define LINKS_MAX 64u

enum {
	EXIT_BAD = 2,
	EXIT_NOT_DONE = 3
};

static const char usage[] =
	"usage: wclab_replay [--json FILE] STREAM LINK.conf...\n"
	"What each link makes of the stores that QEMU's plugin recorded (stream=FILE), region by\n"
	"region, with the band that the parameters' bounds leave. Modelled, never measured.\n";

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
static json *
figure_json(enum figure figure, uint64_t value)
{
	char text[32];

	if (!is_time(figure))
		return json_object_new_int64((int64_t)value);
	snprintf(text, sizeof(text), "%" PRIu64 ".%03u", value / 1000,
		 (unsigned int)(value % 1000));
	return json_object_new_double_s((double)value / 1000, text);
}

static json *
band_json(enum figure figure, const struct band *band)
{
	json *o = json_object_new_object();

	add(o, "value", figure_json(figure, band->value));
	add(o, "low", figure_json(figure, band->low));
	add(o, "high", figure_json(figure, band->high));
	return o;
}

/* What one parameter alone does; NULL: nothing. */
static json *
bound_json(const struct band_region *region, const struct band_bound *bound, unsigned int key)
{
	json *o = NULL;
	unsigned int f;

	for (f = 0; f < FIGURES; f++) {
		const uint64_t value = region->figure[f].value;
		json *pair;

		if (!bound->has || (bound->at_low[f] == value && bound->at_high[f] == value))
			continue;
		if (o == NULL) {
			o = json_object_new_object();
			add_str(o, "parameter", pcielink_key_info(key)->name);
		}
		pair = json_object_new_array();
		json_object_array_add(pair, figure_json(f, bound->at_low[f]));
		json_object_array_add(pair, figure_json(f, bound->at_high[f]));
		add(o, band_figure_name(f), pair);
	}
	return o;
}

static json *
region_json(const struct band_region *region, unsigned int id)
{
	json *o = json_object_new_object(), *sensitivity = json_object_new_array();
	unsigned int f, key;

	add_u64(o, "id", id);
	add_u64(o, "visits", region->visits);
	add_u64(o, "stores", region->stores);
	add_u64(o, "store_bytes", region->store_bytes);
	for (f = 0; f < FIGURES; f++)
		add(o, band_figure_name(f), band_json(f, &region->figure[f]));
	for (key = 0; key < PCIELINK_KEYS; key++) {
		json *bound = bound_json(region, &region->bound[key], key);

		if (bound != NULL)
			json_object_array_add(sensitivity, bound);
	}
	add(o, "sensitivity", sensitivity);
	return o;
}

static json *
links_json(const struct links *links)
{
	json *root = json_object_new_object(), *array = json_object_new_array();
	unsigned int i, id;

	add_str(root, "program", "wclab_replay");
	add_str(root, "kind", "modelled");
	for (i = 0; i < links->n; i++) {
		json *link = json_object_new_object(), *regions = json_object_new_array();

		add_str(link, "name", links->config[i].name);
		for (id = 0; id < TALLY_REGIONS; id++) {
			const struct band_region *region = &links->result[i]->regions[id];

			if (region->visits > 0)
				json_object_array_add(regions, region_json(region, id));
		}
		add(link, "regions", regions);
		json_object_array_add(array, link);
	}
	add(root, "links", array);
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
	unsigned int id, i;

	printf("%s (modelled)\n  %6s %8s %10s", config->name, "region", "visits", "stores");
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		printf("  %28s", band_figure_name(shown[i]));
	printf("\n");
	for (id = 0; id < TALLY_REGIONS; id++) {
		const struct band_region *region = &result->regions[id];

		if (region->stores == 0)
			continue;
		printf("  %6u %8" PRIu64 " %10" PRIu64, id, region->visits, region->stores);
		for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
			band_text(shown[i], &region->figure[shown[i]]);
		printf("\n");
	}
}

/* ---- the run ------------------------------------------------------------------------------- */

static int
links_load(struct links *links, int n, char **paths)
{
	char why[PCIELINK_WHY_BYTES];
	int i;

	if (n > (int)LINKS_MAX) {
		fprintf(stderr, "wclab_replay: %d links; at most %u\n", n, LINKS_MAX);
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (pcielink_config_load(&links->config[i], paths[i], why, sizeof(why)) != 0) {
			fprintf(stderr, "wclab_replay: %s: %s\n", paths[i], why);
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
	unsigned int i;
	int ret = 0;

	app_progress_start("replay");
	for (i = 0; i < links->n && ret == 0; i++)
		ret = band_reckon(data, &links->config[i], step, links, &links->result[i]);
	app_progress_end();
	if (ret != 0) {
		fprintf(stderr, "wclab_replay: %s\n", strerror(-ret));
		return EXIT_NOT_DONE;
	}
	for (i = 0; i < links->n; i++)
		link_text(&links->config[i], links->result[i]);
	if (path != NULL && run_write(links_json(links), path) != 0)
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
	unsigned int i;

	if (links == NULL)
		return EXIT_NOT_DONE;
	if (stream_load(&data, path, why) != 0)
		fprintf(stderr, "wclab_replay: %s: %s\n", path, why);
	else if (links_load(links, n, configs) == 0)
		status = replay_all(links, &data, json_path);
	stream_unload(&data);
	for (i = 0; i < LINKS_MAX; i++)
		free(links->result[i]);
	free(links);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", required_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	const char *json_path = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0 ? EXIT_NOT_DONE : EXIT_SUCCESS;
		if (c != 'j') {
			fputs(usage, stderr);
			return EXIT_BAD;
		}
		json_path = optarg;
	}
	if (argc - optind < 2) {
		fputs(usage, stderr);
		return EXIT_BAD;
	}
	return replay(argv[optind], json_path, argc - optind - 1, &argv[optind + 1]);
}
