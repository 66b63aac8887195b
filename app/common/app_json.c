/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* JSON reports: their values, and how they reach a file. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app_error.h"
#include "app_file.h"
#include "app_json.h"

#define STYLE (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)

void
app_json_add(struct json_object *to, const char *key, struct json_object *value)
{
	json_object_object_add(to, key, value);
}

void
app_json_add_text(struct json_object *to, const char *key, const char *text)
{
	app_json_add(to, key, json_object_new_string(text));
}

void
app_json_add_bool(struct json_object *to, const char *key, bool value)
{
	app_json_add(to, key, json_object_new_boolean(value));
}

void
app_json_add_u64(struct json_object *to, const char *key, uint64_t value)
{
	app_json_add(to, key, json_object_new_int64((int64_t)value));
}

void
app_json_add_text_or_null(struct json_object *to, const char *key, const char *text)
{
	app_json_add(to, key,
		     text != NULL && text[0] != '\0' ? json_object_new_string(text) : NULL);
}

void
app_json_add_format(struct json_object *to, const char *key, const char *format, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	app_json_add_text(to, key, text);
}

void
app_json_add_double(struct json_object *to, const char *key, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.3f", value);
	app_json_add(to, key, json_object_new_double_s(value, text));
}

int
app_json_print(struct json_object *root)
{
	const char *text = NULL;

	if (root != NULL)
		text = json_object_to_json_string_ext(root, STYLE);
	if (text != NULL)
		puts(text);
	json_object_put(root);
	return text != NULL ? 0 : -ENOMEM;
}

int
app_json_write(struct json_object *root, const char *path)
{
	const char *text = json_object_to_json_string_ext(root, STYLE);
	struct app_file file;
	int ret = -ENOMEM;

	if (text != NULL)
		ret = app_file_begin(&file, path);
	if (ret == 0) {
		if (fprintf(file.out, "%s\n", text) < 0)
			file.error = -errno;
		ret = app_file_end(&file);
	}
	json_object_put(root);
	if (ret != 0)
		app_error("%s cannot be written: %s", path, strerror(-ret));
	return ret;
}
