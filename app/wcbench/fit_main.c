/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * wcbench-fit, which wcbench fit runs: a program of its own, so that wcbench does without the
 * library that it is linked with.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <app_error.h>
#include <app_file.h>

#include "fit_report.h"
#include "fit_search.h"
#include "fit_set.h"
#include "options.h"

static const char help[] =
	"usage: wcbench fit RUN.json... -o SET.conf [OPTION]...\n"
	"\n"
	"Fits the parameters of the link model to runs of wcbench raw on one machine and device, "
	"and\n"
	"writes a parameter set like those of config/link. Each parameter gets the interval in "
	"which\n"
	"no row leaves its own spread. What the rows do not tell stays as assumed, and says so.\n"
	"\n"
	"  -o, --out FILE    the parameter set\n"
	"  --base NAME|FILE  the set to start from: one of config/link, or a file; default: by "
	"CPU\n"
	"                    and link of the runs\n"
	"  --generation N    of the link, where the runs do not say it or say what it is at rest\n"
	"  --lanes N         the same\n"
	"  --allow-ram       also takes figures that no device stood behind; for tests: the set "
	"says\n"
	"                    that it is no link's\n"
	"  --json FILE       parameters and rows as JSON; doc/tools.md describes it\n"
	"  --help, --version\n"
	"\n"
	"exit status: 0 fitted; 2 the arguments are wrong; 3 it could not be done\n";

struct fit_options {
	const char *out, *base, *json;
	unsigned int generation, lanes;
	bool allow_ram;
};

static const struct app_option options_fit[] = {
	APP_TEXT("out", struct fit_options, out),
	APP_TEXT("base", struct fit_options, base),
	APP_TEXT("json", struct fit_options, json),
	APP_UINT("generation", struct fit_options, generation, 1, 5),
	APP_UINT("lanes", struct fit_options, lanes, 1, 16),
	APP_FLAG("allow-ram", struct fit_options, allow_ram),
	{0},
};

static enum app_options_verdict
options_parse(int argc, char **argv, struct fit_options *o, int *first)
{
	const struct app_option_group groups[] = {{options_fit, o}, {0}};
	static char out[] = "--out";
	enum app_options_verdict verdict;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-o") == 0)
			argv[i] = out;
	}
	*o = (struct fit_options){0};
	verdict = app_options_parse(groups, help, OPTIONS_PROGRAM, argc, argv, first);
	if (verdict != APP_OPTIONS_RUN)
		return verdict;
	if (*first == argc)
		app_error("fit needs runs: wcbench fit RUN.json... -o SET.conf");
	else if (o->out == NULL)
		app_error("-o SET.conf is missing: where the parameter set is to go");
	else if ((o->lanes & (o->lanes - 1)) != 0)
		app_error("--lanes %u: expected 1, 2, 4, 8 or 16", o->lanes);
	else
		return APP_OPTIONS_RUN;
	return APP_OPTIONS_BAD;
}

static bool
same_file(const char *a, const char *b)
{
	struct stat one, two;

	return strcmp(a, b) == 0 || (stat(a, &one) == 0 && stat(b, &two) == 0 &&
				     one.st_dev == two.st_dev && one.st_ino == two.st_ino);
}

/* Before the minute that the fit takes: nothing that is to be read may be written. */
static enum status
outputs_check(const struct fit_options *o, int n, char **paths)
{
	const char *const outs[] = {o->out, o->json};

	for (size_t k = 0; k < 2 && outs[k] != NULL; k++) {
		struct stat st;

		for (int i = 0; i < n; i++) {
			if (!same_file(outs[k], paths[i]))
				continue;
			app_error("%s is a run that is to be read: name another file for the %s",
				  outs[k], k == 0 ? "set" : "JSON");
			return STATUS_BAD;
		}
		if (o->base != NULL && same_file(outs[k], o->base)) {
			app_error("%s is the set to start from: name another file for the %s",
				  outs[k], k == 0 ? "set" : "JSON");
			return STATUS_BAD;
		}
		if (stat(outs[k], &st) == 0 && S_ISDIR(st.st_mode)) {
			app_error("%s cannot be written: it is a folder; expected a file", outs[k]);
			return STATUS_FAILED;
		}
	}
	if (o->json == NULL || !same_file(o->out, o->json))
		return app_json_check(o->out) == 0 && app_json_check(o->json) == 0 ? STATUS_OK
										   : STATUS_FAILED;
	app_error("%s is named for both the set and the JSON: name two files", o->out);
	return STATUS_BAD;
}

static enum status
runs_read(const struct fit_options *o, int n, char **paths, struct fit_runs *runs)
{
	char why[FIT_WHY_BYTES] = "";
	int ret = 0;

	for (int i = 0; i < n && ret == 0; i++)
		ret = fit_runs_add(runs, paths[i], o->allow_ram, why);
	if (ret == 0)
		ret = fit_runs_check(runs, why);
	if (ret != 0) {
		app_error("%s", why);
		return STATUS_FAILED;
	}
	if (o->generation != 0)
		runs->generation = o->generation;
	if (o->lanes != 0)
		runs->lanes = o->lanes;
	return STATUS_OK;
}

static enum status
fit_all(const struct fit_options *o, struct fit *fit)
{
	char why[FIT_WHY_BYTES] = "";
	int ret = fit_set_base(fit, o->base, why);

	if (ret != 0) {
		app_error("%s", why);
		return ret == -EINVAL ? STATUS_BAD : STATUS_FAILED;
	}
	ret = fit_run(fit);
	if (ret != 0) {
		app_error("the fit failed: %s", strerror(-ret));
		return STATUS_FAILED;
	}
	if (fit_set_write(fit, o->out, why) != 0) {
		app_error("%s", why);
		return STATUS_FAILED;
	}
	fit_report_text(stdout, fit);
	if (o->json != NULL && app_json_write(fit_report_json(fit, o->out), o->json) != 0)
		return STATUS_FAILED;
	return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

int
main(int argc, char **argv)
{
	struct fit_runs *runs;
	struct fit_options o;
	enum status status;
	struct fit *fit;
	int first;
	const enum app_options_verdict verdict = options_parse(argc, argv, &o, &first);

	app_file_hold_standard();
	if (verdict != APP_OPTIONS_RUN)
		return options_give_up(argc, argv, options_status(verdict));
	if (fit_search_missing() != NULL) {
		app_error("%s", fit_search_missing());
		return options_give_up(argc, argv, STATUS_FAILED);
	}
	runs = calloc(1, sizeof(*runs));
	fit = calloc(1, sizeof(*fit));
	status = runs == NULL || fit == NULL ? STATUS_FAILED
					     : outputs_check(&o, argc - first, argv + first);
	if (status == STATUS_OK)
		status = runs_read(&o, argc - first, argv + first, runs);
	if (status == STATUS_OK) {
		fit->runs = runs;
		status = fit_all(&o, fit);
	}
	free(fit);
	free(runs);
	return options_give_up(argc, argv, status);
}
