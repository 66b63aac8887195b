/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The log of wcnicd. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};
#define N_LEVELS (int)(sizeof(level_names) / sizeof(level_names[0]))

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

static const char *
level_name(int level)
{
	if (level <= LOG_LEVEL_ERROR)
		return level_names[LOG_LEVEL_ERROR];
	if (level >= N_LEVELS)
		return level_names[LOG_LEVEL_DEBUG];
	return level_names[level] != NULL ? level_names[level] : level_names[LOG_LEVEL_INFO];
}

void
wcnicd_log(int level, const char *who, const char *fmt, ...)
{
	char text[320], stamp[32];
	struct timespec now;
	struct tm tm;
	va_list ap;

	if (level > log_level)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s.%03ldZ %s %s: %s\n", stamp, now.tv_nsec / 1000000, level_name(level),
		who != NULL ? who : "wcnicd", text);
}
