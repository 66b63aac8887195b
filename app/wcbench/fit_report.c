/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The report on a fit, as text and as JSON. */

#include <math.h>
#include <string.h>

#include "fit_report.h"
#include "fit_set.h"
#include "options.h"
#include "run.h"

/* ---- text ---------------------------------------------------------------------------------- */

static void
key_text(FILE *out, const struct fit *fit, enum pcielink_key key)
{
	const struct fit_key *k = &fit->keys[key];
	char before[32], after[32], low[32], high[32], interval[72];
	uint64_t from, to;

	fit_set_bounds(fit, key, &from, &to);
	snprintf(interval, sizeof(interval), "%s .. %s",
		 pcielink_value_text(key, from, low, sizeof(low)),
		 pcielink_value_text(key, to, high, sizeof(high)));
	fprintf(out, "  %-18s %12s %12s  %-22s %s%s\n", pcielink_key_info(key)->name,
		pcielink_value_text(key, fit->base.param[key].value, before, sizeof(before)),
		pcielink_value_text(key, fit->config.param[key].value, after, sizeof(after)),
		interval, fit_told_name(k->told),
		k->at_edge ? "; at the end of the range that was searched: start from another set "
			     "(--base)"
			   : "");
}

/* How far the model is off, in percent of what was measured. */
static double
percent(double modelled, double measured)
{
	return (modelled - measured) / measured * 100;
}

static void
row_text(FILE *out, const struct fit *fit, size_t i)
{
	const struct fit_row *row = &fit->runs->rows[i];

	fprintf(out, "  %-38s %9.2f %8.2f  %9.2f %+7.1f%%  %9.2f %+7.1f%%%s\n", row->name, row->ns,
		row->half_ns, fit->before[i], percent(fit->before[i], row->ns), fit->after[i],
		percent(fit->after[i], row->ns),
		fabs(fit->after[i] - row->ns) > fit_row_unit(row) ? " *" : "");
}

void
fit_report_text(FILE *out, const struct fit *fit)
{
	const struct fit_runs *runs = fit->runs;

	if (runs->no_link)
		fprintf(out, "A TEST: the figures are '%s', no link's.\n", runs->basis);
	fprintf(out,
		"%s: %s on %s, %s; %zu rows (%zu that the model does not make are left out)\n"
		"from the set %s; the model made all rows %u times\n",
		runs->names, runs->device[0] != '\0' ? runs->device : "no PCI device", runs->cpu,
		runs->ended, runs->n_rows, runs->left_out, fit->base.name, fit->evaluations);
	fprintf(out, "\n  %-18s %12s %12s  %-22s %s\n", "parameter", "before", "after", "interval",
		"by the rows");
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
		key_text(out, fit, key);
	fprintf(out, "\n  %-38s %9s %8s  %18s  %18s\n", "row: ns a line, store or read", "median",
		"+-", "modelled before", "modelled after");
	for (size_t i = 0; i < runs->n_rows; i++)
		row_text(out, fit, i);
	fprintf(out, "  * further off than half of p10 to p90, or 1 %% where that is more\n");
	fprintf(out,
		"root mean square error, in units of that: %.2f before, %.2f after (1: as the rows "
		"spread)\n",
		fit->error_before, fit->error_after);
	if (fit->error_after > FIT_UNEXPLAINED)
		fputs("The model does not explain these rows: do not rely on the values.\n", out);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

/* A value in the unit of the files. */
static void
value_json(struct json_object *to, const char *name, enum pcielink_key key, uint64_t value)
{
	char text[32];

	pcielink_value_text(key, value, text, sizeof(text));
	if (strchr(text, '.') == NULL)
		app_json_add_u64(to, name, (uint64_t)strtoull(text, NULL, 10));
	else
		app_json_add(to, name, json_object_new_double_s(strtod(text, NULL), text));
}

static struct json_object *
key_json(const struct fit *fit, enum pcielink_key key)
{
	struct json_object *o = json_object_new_object();
	uint64_t low, high;

	fit_set_bounds(fit, key, &low, &high);
	app_json_add_text(o, "parameter", pcielink_key_info(key)->name);
	value_json(o, "before", key, fit->base.param[key].value);
	value_json(o, "after", key, fit->config.param[key].value);
	value_json(o, "low", key, low);
	value_json(o, "high", key, high);
	app_json_add_text(o, "told", fit_told_name(fit->keys[key].told));
	app_json_add_bool(o, "at_edge", fit->keys[key].at_edge);
	return o;
}

static struct json_object *
row_json(const struct fit *fit, size_t i)
{
	const struct fit_row *row = &fit->runs->rows[i];
	struct json_object *o = json_object_new_object();

	app_json_add_text(o, "row", row->name);
	app_json_add_double(o, "ns", row->ns);
	app_json_add_double(o, "half_spread_ns", row->half_ns);
	app_json_add_double(o, "modelled_ns_before", fit->before[i]);
	app_json_add_double(o, "modelled_ns_after", fit->after[i]);
	app_json_add_bool(o, "within", fabs(fit->after[i] - row->ns) <= fit_row_unit(row));
	return o;
}

struct json_object *
fit_report_json(const struct fit *fit, const char *set)
{
	struct json_object *root = json_object_new_object(), *keys = json_object_new_array(),
			   *rows = json_object_new_array();

	app_json_add_head(root, OPTIONS_PROGRAM, RUN_SCHEMA);
	app_json_add_text(root, "kind", "fit");
	app_json_add_text(root, "set", set);
	app_json_add_text(root, "base", fit->base.name);
	app_json_add_text(root, "runs", fit->runs->names);
	app_json_add_text(root, "basis", fit->runs->basis);
	app_json_add_bool(root, "test", fit->runs->no_link);
	app_json_add_text_or_null(root, "device", fit->runs->device);
	app_json_add_text_or_null(root, "cpu", fit->runs->cpu);
	app_json_add_u64(root, "left_out", fit->runs->left_out);
	app_json_add_u64(root, "evaluations", fit->evaluations);
	app_json_add_double(root, "error_before", fit->error_before);
	app_json_add_double(root, "error_after", fit->error_after);
	app_json_add_bool(root, "explained", fit->error_after <= FIT_UNEXPLAINED);
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
		json_object_array_add(keys, key_json(fit, key));
	app_json_add(root, "parameters", keys);
	for (size_t i = 0; i < fit->runs->n_rows; i++)
		json_object_array_add(rows, row_json(fit, i));
	app_json_add(root, "rows", rows);
	return root;
}
