/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_LOG_H
#define WCNICD_LOG_H

/* Lines on stderr: time, level, card, text. Any thread. Levels are those of syslog(3). */

#define LOG_LEVEL_ERROR 3
#define LOG_LEVEL_WARNING 4
#define LOG_LEVEL_INFO 6
#define LOG_LEVEL_DEBUG 7

/* Sets the level from "error", "warning", "info" or "debug"; -EINVAL if it is none of these. */
__attribute__((warn_unused_result)) int wcnicd_log_set(const char *level);

/* who: a card's name, or NULL for the whole program. */
__attribute__((format(printf, 3, 4))) void
wcnicd_log(int level, const char *who, const char *fmt, ...);

#endif /* WCNICD_LOG_H */
