/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Parameter sets: which one a fit starts from, and how a fitted one is written. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <app_file.h>

#include "fit_bases.h"
#include "fit_set.h"

#define ORIGIN_CHARS (PCIELINK_ORIGIN_BYTES - 1)
#define VALUE_CHARS 42 /* where origins begin, as in config/link */

/* ---- the base ------------------------------------------------------------------------------ */

/* Which of the sets that are built in stands for such a machine; NULL: its link is not known. */
static const char *
base_choose(const struct fit_runs *runs)
{
	static const char *const x86[] = {NULL,       "gen1-x4",  "gen1-x4",
					  "gen3-x16", "gen4-x16", "gen5-x16"};

	return runs->arm ? "arm64-gathers-well" : x86[runs->generation];
}

static int
base_parse(struct fit *fit, const char *name, char *why)
{
	char problem[PCIELINK_WHY_BYTES] = "", names[FIT_WHY_BYTES / 2] = "";
	size_t used = 0;

	for (size_t i = 0; i < sizeof(fit_bases) / sizeof(fit_bases[0]); i++) {
		if (strcmp(fit_bases[i].name, name) == 0)
			return pcielink_config_parse(&fit->base, name, fit_bases[i].text,
						     strlen(fit_bases[i].text), problem,
						     sizeof(problem));
		if (used < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 i > 0 ? ", " : "", fit_bases[i].name);
	}
	if (strchr(name, '/') == NULL && strstr(name, ".conf") == NULL) {
		snprintf(why, FIT_WHY_BYTES,
			 "--base %.64s: expected a file that ends in .conf, or one of %s", name,
			 names);
		return -EINVAL;
	}
	if (pcielink_config_load(&fit->base, name, problem, sizeof(problem)) == 0)
		return 0;
	snprintf(why, FIT_WHY_BYTES, "--base %.128s: %s", name, problem);
	return -EINVAL;
}

/* A fact of the run in place of what the base says. */
static void
fact_put(struct fit *fit, enum pcielink_key key, unsigned int value)
{
	struct pcielink_param *p = &fit->base.param[key];

	if (value == 0)
		return;
	*p = (struct pcielink_param){.value = value, .low = value, .high = value};
	snprintf(p->origin, sizeof(p->origin), "the link of %s when it was measured",
		 fit->runs->device[0] != '\0' ? fit->runs->device : "the device");
}

int
fit_set_base(struct fit *fit, const char *name, char *why)
{
	char problem[PCIELINK_WHY_BYTES];
	int ret;

	if (name == NULL)
		name = base_choose(fit->runs);
	if (name == NULL) {
		snprintf(why, FIT_WHY_BYTES,
			 "%s: the generation of the device's link is not in it: name the set to "
			 "start "
			 "from, for instance --base gen4-x16",
			 fit->runs->names);
		return -ENODATA;
	}
	ret = base_parse(fit, name, why);
	if (ret != 0)
		return ret;
	fact_put(fit, PCIELINK_GENERATION, fit->runs->generation);
	fact_put(fit, PCIELINK_LANES, fit->runs->lanes);
	if (pcielink_config_check(&fit->base, problem, sizeof(problem)) == 0)
		return 0;
	snprintf(why, FIT_WHY_BYTES, "%s: its link: %s", fit->runs->names, problem);
	return -ENODATA;
}

/* ---- the fitted set ------------------------------------------------------------------------ */

void
fit_set_bounds(const struct fit *fit, enum pcielink_key key, uint64_t *low, uint64_t *high)
{
	const struct pcielink_param *base = &fit->base.param[key];
	const uint64_t value = fit->config.param[key].value;
	const struct fit_key *k = &fit->keys[key];

	*low = base->low;
	*high = base->high;
	if (k->told == FIT_TOLD || k->told == FIT_BETWEEN || k->told == FIT_AT_LEAST)
		*low = k->low;
	if (k->told == FIT_TOLD || k->told == FIT_BETWEEN || k->told == FIT_AT_MOST)
		*high = k->high;
	*low = value < *low ? value : *low;
	*high = value > *high ? value : *high;
}

/* "source: ..." or "assumed: ...", cut to what a set may have. */
static void
origin_make(const struct fit *fit, enum pcielink_key key, char *text, size_t bytes)
{
	const struct pcielink_param *base = &fit->base.param[key];
	const struct fit_runs *runs = fit->runs;
	const enum fit_told told = fit->keys[key].told;
	const bool fitted = told == FIT_TOLD || fit->config.param[key].value != base->value;
	const char *says = told == FIT_AT_LEAST  ? "less than the low bound would not do"
			   : told == FIT_AT_MOST ? "more than the high bound would not do"
			   : told == FIT_BETWEEN ? "the run tells its bounds alone"
						 : "the run does not tell it";

	if (told == FIT_FIXED)
		snprintf(text, bytes, "%s: %.*s", base->assumed ? "assumed" : "source",
			 (int)ORIGIN_CHARS, base->origin);
	else if (fitted && runs->no_link)
		snprintf(text, bytes, "assumed: a test: fitted to %.60s, which is no link's",
			 runs->names);
	else if (fitted)
		snprintf(text, bytes, "source: fitted to %.32s, wcbench %.24s, %.10s, %.12s%s%s",
			 runs->names, runs->commit, runs->ended, runs->device,
			 told == FIT_TOLD ? "" : ": ", told == FIT_TOLD ? "" : says);
	else
		snprintf(text, bytes, "assumed: %s; as in %.30s", says, fit->base.name);
}

static void
key_write(FILE *out, const struct fit *fit, enum pcielink_key key)
{
	char text[192], origin[PCIELINK_ORIGIN_BYTES + 16];
	char value[32], from[32], to[32];
	uint64_t low, high;

	fit_set_bounds(fit, key, &low, &high);
	pcielink_value_text(key, fit->config.param[key].value, value, sizeof(value));
	if (low == high)
		snprintf(text, sizeof(text), "%s = %s", pcielink_key_info(key)->name, value);
	else
		snprintf(text, sizeof(text), "%s = %s [%s .. %s]", pcielink_key_info(key)->name,
			 value, pcielink_value_text(key, low, from, sizeof(from)),
			 pcielink_value_text(key, high, to, sizeof(to)));
	origin_make(fit, key, origin, sizeof(origin));
	fprintf(out, "%-*s # %s\n", VALUE_CHARS, text, origin);
}

static void
set_write(FILE *out, const struct fit *fit)
{
	const struct fit_runs *runs = fit->runs;

	if (runs->no_link)
		fprintf(out,
			"# A TEST, not a link: fitted to figures that are '%s'. Do not use it.\n",
			runs->basis);
	fprintf(out, "# Fitted by wcbench fit to %s: %s on %s, %s.\n", runs->names,
		runs->device[0] != '\0' ? runs->device : "no PCI device", runs->cpu, runs->ended);
	fprintf(out,
		"# From the set %s. Root mean square error: %.2f of half a row's spread, before "
		"%.2f.\n",
		fit->base.name, fit->error_after, fit->error_before);
	if (fit->error_after > FIT_UNEXPLAINED)
		fputs("# The model does not explain the rows: do not rely on the values.\n", out);
	fputs("# Figures made with this are modelled. doc/link-model.md explains keys, units and "
	      "the "
	      "fit.\n",
	      out);
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
		key_write(out, fit, key);
}

/* Nobody is to find out later that a set cannot be read. */
static int
set_check(const char *text, size_t bytes, char *why)
{
	struct pcielink_config config;
	char problem[PCIELINK_WHY_BYTES];
	int ret = pcielink_config_parse(&config, "fitted", text, bytes, problem, sizeof(problem));

	if (ret != 0)
		snprintf(why, FIT_WHY_BYTES, "the fitted set would be refused: %s", problem);
	return ret;
}

int
fit_set_write(const struct fit *fit, const char *path, char *why)
{
	struct app_file file;
	char *text = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&text, &bytes);
	int ret = memory == NULL ? -ENOMEM : 0;

	why[0] = '\0';
	if (memory != NULL) {
		set_write(memory, fit);
		if (fclose(memory) != 0)
			ret = -ENOMEM;
	}
	if (ret == 0)
		ret = set_check(text, bytes, why);
	if (ret == 0)
		ret = app_file_begin(&file, path);
	if (ret == 0) {
		if (fwrite(text, 1, bytes, file.out) != bytes)
			file.error = -EIO;
		ret = app_file_end(&file);
	}
	free(text);
	if (ret != 0 && why[0] == '\0')
		snprintf(why, FIT_WHY_BYTES, "%s cannot be written: %s", path, strerror(-ret));
	return ret;
}
