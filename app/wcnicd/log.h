/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_LOG_H
#define WCNICD_LOG_H

/* Lines on standard error: time, level, card, text. Levels are those of syslog(3). */

#include <stdbool.h>

#include <wcbase.h>

#define LOG_LEVEL_ERROR 3
#define LOG_LEVEL_WARNING 4
#define LOG_LEVEL_INFO 6
#define LOG_LEVEL_DEBUG 7

/*
 * Sets the least severe level that is logged: "error", "warning", "info" or "debug". Returns 0, or
 * -EINVAL for any other word. Only before the first thread starts.
 */
WC_MUST_CHECK int wcnicd_log_set(const char *level);

/* Whether lines of this level are logged. Any thread. */
bool wcnicd_log_wants(int level);

/* Logs a line of a card, or of the whole program if `who` is NULL. Any thread. */
WC_PRINTF(3, 4) void wcnicd_log(int level, const char *who, const char *fmt, ...);

#endif /* WCNICD_LOG_H */
