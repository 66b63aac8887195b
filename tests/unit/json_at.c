/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Values of a JSON text under test, by their paths. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "json_at.h"

struct json_object *
json_at(struct json_object *root, const char *format, ...)
{
	struct json_object *value = NULL;
	char path[128];
	va_list ap;

	va_start(ap, format);
	vsnprintf(path, sizeof(path), format, ap);
	va_end(ap);
	if (json_pointer_get(root, path, &value) != 0)
		fail_msg("%s is not there", path);
	return value;
}
