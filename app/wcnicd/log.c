/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The log of wcnicd. */

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};
#define N_LEVELS (int)(sizeof(level_names) / sizeof(level_names[0]))

/* So long a line waits for its reader; the ones behind it then do not. */
#define PATIENCE_MS 100

/* Set before the first thread starts. */
static int log_level = LOG_LEVEL_INFO;

int
wcnicd_log_set(const char *level)
{
	for (int i = 0; i < N_LEVELS; i++) {
		if (level_names[i] != NULL && strcmp(level, level_names[i]) == 0) {
			log_level = i;
			return 0;
		}
	}
	return -EINVAL;
}

bool
wcnicd_log_wants(int level)
{
	return level <= log_level;
}

static const char *
level_name(int level)
{
	if (level <= LOG_LEVEL_ERROR)
		return level_names[LOG_LEVEL_ERROR];
	if (level >= N_LEVELS)
		return level_names[LOG_LEVEL_DEBUG];
	return level_names[level] != NULL ? level_names[level] : level_names[LOG_LEVEL_INFO];
}

/*
 * One write, which does not wait: whoever was to read the log may have stopped, and a card must not
 * stop with him. A pipe that is ready takes a whole line.
 */
static void
line_write(const char *line, size_t bytes)
{
	static unsigned int lost; /* lines; atomic */
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	const unsigned int before = __atomic_load_n(&lost, __ATOMIC_RELAXED);
	char note[80];
	int n;

	if (poll(&out, 1, before == 0 ? PATIENCE_MS : 0) == 0) {
		__atomic_add_fetch(&lost, 1, __ATOMIC_RELAXED);
		return;
	}
	if (before > 0) {
		__atomic_sub_fetch(&lost, before, __ATOMIC_RELAXED);
		n = snprintf(note, sizeof(note), "(%u lines are missing: nobody read the log)\n",
			     before);
		if (write(STDERR_FILENO, note, (size_t)n) != n)
			return;
	}
	/* If it cannot be written there is nobody to tell. */
	if (write(STDERR_FILENO, line, bytes) != (ssize_t)bytes)
		return;
}

void
wcnicd_log(int level, const char *who, const char *fmt, ...)
{
	char text[320], stamp[32], line[512];
	struct timespec now;
	struct tm tm;
	va_list ap;
	int n;

	if (!wcnicd_log_wants(level))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = snprintf(line, sizeof(line), "%s.%03ldZ %s %.64s: %s\n", stamp, now.tv_nsec / 1000000,
		     level_name(level), who != NULL ? who : "wcnicd", text);
	line_write(line, (size_t)n);
}
