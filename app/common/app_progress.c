/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The progress line of a long run, on standard error. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "app_clock.h"
#include "app_progress.h"

#define QUIET_NS 2e9
#define TERMINAL_NS 0.5e9
#define FILE_NS 10e9

static struct {
	const char *what;
	double began, said;
	bool terminal;
} progress;

void
app_progress_start(const char *what)
{
	progress.what = what;
	progress.began = app_now_ns();
	progress.said = 0;
	progress.terminal = isatty(STDERR_FILENO) != 0;
}

void
app_progress_step(unsigned int done, unsigned int total)
{
	const double now = app_now_ns();

	if (now - progress.began < QUIET_NS ||
	    now - progress.said < (progress.terminal ? TERMINAL_NS : FILE_NS))
		return;
	progress.said = now;
	fprintf(stderr, "%s%s: %s: %u of %u rounds, %.0f s%s", progress.terminal ? "\r" : "",
		program_invocation_short_name, progress.what, done, total,
		(now - progress.began) / 1e9, progress.terminal ? "\033[K" : "\n");
}

void
app_progress_end(void)
{
	if (progress.terminal && progress.said > 0)
		fputs("\r\033[K", stderr);
}
