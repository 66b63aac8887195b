/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the far end saw, as JSON and as text. */

#include <inttypes.h>
#include <string.h>

#include <app_json.h>

#include "far_end.h"
#include "run.h"

#define PIECES "u64-each" /* lines of 8-byte stores, each with a fence around it */

/* So much oftener lines in pieces are seen in part, where others combine: chance leaves less. */
#define SHARP 2.0
#define SHARP_MORE 0.01

/* ---- names and shares ---------------------------------------------------------------------- */

static const char *
cell_name(const struct far_end_cell *c)
{
	return c->store != NULL ? c->store->name : PIECES;
}

/* What a spread is counted in, and how much of it one sample is worth. */
static const char *
spread_unit(const struct far_end *f, double *each)
{
	*each = f->clock && f->ns_per_tick > 0 ? f->ns_per_tick : 1;
	if (!f->clock)
		return "looks";
	return f->ns_per_tick > 0 ? "ns" : "ticks";
}

/* The share of lines that were seen in part, of all bursts of one way to store. */
static double
in_part(const struct far_end *f, const struct wcbar_store *store)
{
	uint64_t lines = 0, parts = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct far_end_counts *c = &f->cells[i].counts;

		if (f->cells[i].store != store)
			continue;
		lines += c->lines;
		parts += c->unclear + c->partial;
	}
	return lines > 0 ? (double)parts / (double)lines : 0;
}

/* The least share that any way to store has, but for pieces. */
static double
in_part_least(const struct far_end *f)
{
	double least = 1;

	for (size_t i = 0; i < f->n; i++) {
		const struct wcbar_store *store = f->cells[i].store;
		const double share = store != NULL ? in_part(f, store) : 1;

		least = share < least ? share : least;
	}
	return least;
}

bool
far_end_sharp(const struct far_end *f)
{
	return in_part(f, NULL) > SHARP * in_part_least(f) + SHARP_MORE;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static struct json_object *
cell_json(const struct far_end *f, struct far_end_cell *c)
{
	struct json_object *o = json_object_new_object();
	double each;
	const char *unit = spread_unit(f, &each);

	app_json_add_text(o, "basis", f->basis);
	app_json_add_text(o, "primitive", cell_name(c));
	app_json_add_text(o, "order", c->store != NULL ? "burst" : "each");
	app_json_add_u64(o, "burst", c->burst);
	app_json_add_u64(o, "lines", c->counts.lines);
	app_json_add_u64(o, "whole", c->counts.whole);
	app_json_add_u64(o, "unclear", c->counts.unclear);
	app_json_add_u64(o, "partial", c->counts.partial);
	app_json_add_u64(o, "unwatched", c->counts.unwatched);
	app_json_add_u64(o, "missed", c->counts.missed);
	app_json_add_u64(o, "lost", c->counts.lost);
	app_json_add_u64(o, "reordered", c->counts.reordered);
	app_json_add_u64(o, "wrong", c->counts.wrong);
	app_json_add(o, "round_trip_ns",
		     run_figure_of(f->basis, "ns", &c->round_trip, run_percents, 1));
	app_json_add(o, "first_to_last",
		     run_figure_of(f->basis, unit, &c->spread, run_percents, each));
	return o;
}

struct json_object *
far_end_json(struct far_end *f)
{
	struct json_object *o = json_object_new_object(), *tests = json_object_new_array();
	char text[256];

	app_json_add_text_or_null(o, "error", f->error != 0 ? f->why : "");
	app_json_add_text_or_null(o, "device", f->device);
	app_json_add_text(o, "kind", vulkan_kind_name(f->kind));
	app_json_add_text(o, "basis", f->basis);
	app_json_add_text(o, "window", vulkan_type_flags(f->window_flags, text, sizeof(text)));
	app_json_add_text(o, "report", vulkan_type_flags(f->report_flags, text, sizeof(text)));
	app_json_add_bool(o, "direct", f->direct);
	app_json_add_text(o, "clock", f->clock ? "device" : "looks");
	app_json_add(o, "ns_per_tick",
		     f->ns_per_tick > 0 ? json_object_new_double(f->ns_per_tick) : NULL);
	app_json_add(o, "ns_per_look",
		     f->ns_per_look > 0 ? json_object_new_double(f->ns_per_look) : NULL);
	app_json_add_u64(o, "looks", f->looks);
	app_json_add_u64(o, "dispatches", f->dispatches);
	app_json_add_u64(o, "cut", f->cut);
	app_json_add_u64(o, "rounds", f->rounds);
	app_json_add_bool(o, "proved", f->proved);
	app_json_add_bool(o, "sharp", far_end_sharp(f));
	for (size_t i = 0; i < f->n; i++)
		json_object_array_add(tests, cell_json(f, &f->cells[i]));
	app_json_add(o, "tests", tests);
	return o;
}

/* ---- text ---------------------------------------------------------------------------------- */

static void
cell_text(FILE *out, const struct far_end *f, struct far_end_cell *c)
{
	const struct far_end_counts *n = &c->counts;
	double each;

	spread_unit(f, &each);
	fprintf(out, "  %-10s %3u %7" PRIu64 " %7" PRIu64, cell_name(c), c->burst, n->lines,
		n->whole);
	fprintf(out, " %7" PRIu64 " %7" PRIu64 " %6" PRIu64 " %6" PRIu64, n->unclear, n->partial,
		n->lost, n->reordered);
	if (c->round_trip.n > 0)
		fprintf(out, " %9.0f %9.0f", samples_percentile(&c->round_trip, 50),
			samples_percentile(&c->round_trip, 99));
	else
		fprintf(out, " %9s %9s", "-", "-");
	if (c->spread.n > 0)
		fprintf(out, " %9.0f", samples_percentile(&c->spread, 50) * each);
	else
		fprintf(out, " %9s", "-");
	fputc('\n', out);
}

/* What is not in the table because it is hardly ever there. */
static void
rest_text(FILE *out, const struct far_end *f)
{
	struct far_end_counts all = {0};

	for (size_t i = 0; i < f->n; i++) {
		all.unwatched += f->cells[i].counts.unwatched;
		all.missed += f->cells[i].counts.missed;
		all.wrong += f->cells[i].counts.wrong;
	}
	if (all.unwatched > 0)
		fprintf(out, "  %" PRIu64 " lines were there when the shader began to look\n",
			all.unwatched);
	if (all.missed > 0)
		fprintf(out,
			"  %" PRIu64 " lines came after their dispatch had ended, %" PRIu64
			" bursts: not in whole, not lost\n",
			all.missed, f->cut);
	if (all.wrong > 0)
		fprintf(out, "  %" PRIu64 " lines held a word that nobody had stored there\n",
			all.wrong);
}

static void
sharp_text(FILE *out, const struct far_end *f)
{
	fprintf(out,
		"  proved: a line in two halves is seen as torn, one that a later line overtook "
		"as reordered\n");
	fprintf(out,
		"  seen in part (unclear or partial): %.2f %% of lines in pieces (" PIECES
		"),\n  %.2f %% of lines by the way to store that has fewest%s\n",
		100 * in_part(f, NULL), 100 * in_part_least(f),
		far_end_sharp(f) ? ": it sees a difference"
				 : ": these hardly differ,\n  so nothing here tells whether stores "
				   "combine");
}

void
far_end_text(FILE *out, struct far_end *f)
{
	double each;

	fprintf(out, "far end: ");
	if (f->error != 0)
		fprintf(out, "not measured: %s\n", f->why);
	if (f->rounds == 0)
		return;
	fprintf(out, "%s (%s); %s; %u rounds\n", f->device, vulkan_kind_name(f->kind), f->basis,
		f->rounds);
	fprintf(out, "  %-10s %3s %7s %7s %7s %7s %6s %6s %9s %9s %9s\n", "", "", "lines", "lines",
		"lines", "lines", "lines", "lines", "answer ns", "answer ns", "spread");
	fprintf(out, "  %-10s %3s %7s %7s %7s %7s %6s %6s %9s %9s %9s\n", "primitive", "", "stored",
		"whole", "unclear", "partial", "lost", "reord.", "p50", "p99", "p50");
	for (size_t i = 0; i < f->n; i++)
		cell_text(out, f, &f->cells[i]);
	fprintf(out, "  spread: from the first line seen to the last, in %s\n",
		spread_unit(f, &each));
	rest_text(out, f);
	sharp_text(out, f);
}
