/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The verdict on write combining for one BAR of any PCI device. doc/tools.md explains it. */

#include <stdio.h>

#include <app_error.h>
#include <app_json.h>

#include "judge.h"
#include "list.h"
#include "now_report.h"
#include "options.h"
#include "report.h"

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

int
main(int argc, char **argv)
{
	char why[WCBAR_WHY_BYTES] = "";
	struct options options;
	struct probe probe;
	int ret, status;

	switch (options_parse(argc, argv, &options)) {
	case APP_OPTIONS_BAD:
		return STATUS_BAD;
	case APP_OPTIONS_DONE:
		return STATUS_WC;
	case APP_OPTIONS_RUN:
		break;
	}
	if (options.now)
		return now_main(&options);
	if (options.bdf[0] == '\0')
		return list_main(&options);
	ret = judge_facts(&probe, &options, why, sizeof(why));
	if (ret != 0)
		return give_up(&options, ret, why, STATUS_BAD);
	judge(&probe, &options);
	status = judge_status(&probe);
	if (probe.open_error != 0 && options.json)
		app_error("%s", probe.open_why);
	if (!options.json)
		text_probe(stdout, &probe);
	else if (app_json_print(json_probe(&probe, status)) != 0)
		status = STATUS_FAILED;
	return fflush(stdout) == 0 ? status : STATUS_FAILED;
}
