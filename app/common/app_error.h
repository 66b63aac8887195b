/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef APP_ERROR_H
#define APP_ERROR_H

/* What a program says when something is wrong. */

#include <wcbase.h>

/*
 * Prints "PROGRAM: text" and a newline on standard error. The text names what is wrong and, for bad
 * input, what would be right. Any thread.
 */
WC_PRINTF(1, 2) void app_error(const char *format, ...);

/* The last text of this thread, for a report; "": none. Until the next one. */
const char *app_error_last(void);

#endif /* APP_ERROR_H */
