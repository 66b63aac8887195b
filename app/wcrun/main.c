/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Write combining for programs that exist. doc/wcrun.md explains it. */

#include <stdio.h>

#include <app_file.h>
#include <app_json.h>

#include "session.h"

static int
work(struct session *session, const struct options *options, int argc, char **argv)
{
	enum status status = session_begin(session, options);

	if (status != STATUS_OK) {
		app_json_give_up(argc, argv, "wcrun", (int)status);
		return status;
	}
	if (options->check) {
		status = session_check(session);
		if (session_json(session, status) != 0 || fflush(stdout) != 0)
			return STATUS_FAILED;
		return status;
	}
	return options->hold ? hold_bars(session) : run_program(session);
}

int
main(int argc, char **argv)
{
	static struct session session;
	struct options options;
	int status;

	app_file_hold_standard();
	switch (options_parse(argc, argv, &options)) {
	case APP_OPTIONS_BAD:
		app_json_give_up(argc, argv, "wcrun", STATUS_BAD);
		return STATUS_BAD;
	case APP_OPTIONS_DONE:
		return STATUS_OK;
	case APP_OPTIONS_RUN:
		break;
	}
	status = work(&session, &options, argc, argv);
	session_end(&session);
	return status;
}
