/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What a program says when something is wrong. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "app_error.h"

static __thread char last[1024];

void
app_error(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	va_start(ap, format);
	vsnprintf(last, sizeof(last), format, ap);
	va_end(ap);
}

const char *
app_error_last(void)
{
	return last;
}
