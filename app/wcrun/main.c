/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Write combining for programs that exist. doc/wcrun.md explains it. */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "session.h"

/*
 * No file may get the number of a standard stream that is closed: messages would be written into
 * it. The program finds these closed as before.
 */
static void
streams_fill(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_CLOEXEC) != fd)
			return;
	}
}

static int
work(struct session *session, const struct options *options)
{
	enum status status = session_begin(session, options);

	if (status != STATUS_OK)
		return status;
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

	streams_fill();
	switch (options_parse(argc, argv, &options)) {
	case APP_OPTIONS_BAD:
		return STATUS_BAD;
	case APP_OPTIONS_DONE:
		return STATUS_OK;
	case APP_OPTIONS_RUN:
		break;
	}
	status = work(&session, &options);
	session_end(&session);
	return status;
}
