/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The verdict on write combining for one BAR of any PCI device. doc/tools.md explains it. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <app_error.h>
#include <app_file.h>
#include <app_json.h>

#include "collect.h"
#include "judge.h"
#include "list.h"
#include "now_report.h"
#include "options.h"
#include "predict.h"
#include "prometheus.h"
#include "report.h"
#include "tarball.h"

static int
give_up(const struct options *o, int error, const char *why, int status)
{
	app_error("%s", why);
	if (o->json)
		app_json_print(json_error(error, why, status));
	return status;
}

static int
list_main(const struct options *o)
{
	char why[WCBAR_WHY_BYTES] = "";
	struct list list;
	int ret;

	ret = list_read(o->root, &list, why, sizeof(why));
	if (ret != 0)
		return give_up(o, ret, why, STATUS_BAD);
	if (o->json)
		ret = app_json_print(json_list(&list));
	else
		text_list(stdout, &list);
	list_free(&list);
	return ret == 0 ? STATUS_WC : STATUS_FAILED;
}

static int
prometheus_main(const struct options *o)
{
	char why[WCBAR_WHY_BYTES] = "", arch[66];
	struct now_scan scan;
	struct list list;
	int ret = list_read(o->root, &list, why, sizeof(why));

	if (ret != 0)
		return give_up(o, ret, why, STATUS_BAD);
	predict_arch(o->root, arch, sizeof(arch));
	now_scan_read(o->root, &scan);
	ret = prometheus_write(stdout, &list, arch, &scan);
	now_scan_free(&scan);
	list_free(&list);
	return ret == 0 ? STATUS_WC : give_up(o, ret, "no memory", STATUS_FAILED);
}

static int
collect_main(const struct options *o)
{
	char why[2 * WCBAR_WHY_BYTES] = "";
	unsigned int files;

	if (collect_write(o->root, o->collect, &files, why, sizeof(why)) != 0)
		return give_up(o, 0, why, STATUS_FAILED);
	printf("%s: %u files; wcprobe --root %s reads it\n", o->collect, files, o->collect);
	return STATUS_WC;
}

static int
probe_main(const struct options *o)
{
	char why[WCBAR_WHY_BYTES] = "";
	struct probe probe;
	int ret = judge_facts(&probe, o, why, sizeof(why)), status;

	if (ret != 0)
		return give_up(o, ret, why, STATUS_BAD);
	judge(&probe, o);
	status = judge_status(&probe);
	if (probe.open_error != 0 && o->json)
		app_error("%s", probe.open_why);
	if (!o->json)
		text_probe(stdout, &probe);
	else if (app_json_print(json_probe(&probe, status)) != 0)
		status = STATUS_FAILED;
	return status;
}

static int
run(const struct options *o)
{
	int status;

	if (o->collect != NULL)
		status = collect_main(o);
	else if (o->prometheus)
		status = prometheus_main(o);
	else if (o->now)
		status = now_main(o);
	else if (o->bdf[0] == '\0')
		status = list_main(o);
	else
		status = probe_main(o);
	return fflush(stdout) == 0 ? status : STATUS_FAILED;
}

/* The same with a copy that is a tar file. */
static int
run_unpacked(struct options *o)
{
	char folder[PATH_MAX], why[2 * WCBAR_WHY_BYTES] = "";
	int ret = tarball_unpack(o->root, folder, why, sizeof(why));
	int status;

	if (ret != 0)
		return give_up(o, ret, why,
			       ret == -ENOSYS || ret == -ENOSPC || ret == -ENOMEM ? STATUS_FAILED
										  : STATUS_BAD);
	o->root = folder;
	status = run(o);
	tarball_remove(folder);
	return status;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct stat st;

	app_file_hold_standard();
	switch (options_parse(argc, argv, &options)) {
	case APP_OPTIONS_BAD:
		for (int i = 1; i < argc; i++)
			options.json |= strcmp(argv[i], "--json") == 0;
		if (options.json)
			app_json_print(json_error(-EINVAL, app_error_last(), STATUS_BAD));
		return STATUS_BAD;
	case APP_OPTIONS_DONE:
		return STATUS_WC;
	case APP_OPTIONS_RUN:
		break;
	}
	if (options.root != NULL && stat(options.root, &st) == 0 && S_ISREG(st.st_mode))
		return run_unpacked(&options);
	return run(&options);
}
