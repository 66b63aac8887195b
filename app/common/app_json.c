/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* JSON reports: their values, and how they reach a file. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app_error.h"
#include "app_file.h"
#include "app_json.h"
#include "app_version.h"

#define STYLE (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)

/* The bytes of the UTF-8 character at `text`; 0: it is none. */
static size_t
utf8_bytes(const unsigned char *text)
{
	const size_t n = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

	if (n == 1)
		return 1;
	/* no byte that only continues, no longer form than needed, no surrogate, at most 0x10ffff
	 */
	if (text[0] < 0xc2 || text[0] > 0xf4 || (text[0] == 0xe0 && text[1] < 0xa0) ||
	    (text[0] == 0xed && text[1] > 0x9f) || (text[0] == 0xf0 && text[1] < 0x90) ||
	    (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

struct json_object *
app_json_text(const char *text)
{
	char *copy = strdup(text);
	struct json_object *value;
	size_t n;

	for (char *c = copy; c != NULL && *c != '\0'; c += n) {
		n = utf8_bytes((const unsigned char *)c);
		if (n == 0) {
			*c = '?';
			n = 1;
		}
	}
	value = copy != NULL ? json_object_new_string(copy) : NULL;
	free(copy);
	return value;
}

void
app_json_add(struct json_object *to, const char *key, struct json_object *value)
{
	json_object_object_add(to, key, value);
}

void
app_json_add_text(struct json_object *to, const char *key, const char *text)
{
	app_json_add(to, key, app_json_text(text));
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
	app_json_add(to, key, text != NULL && text[0] != '\0' ? app_json_text(text) : NULL);
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

void
app_json_add_head(struct json_object *to, const char *program, unsigned int schema)
{
	app_json_add_text(to, "program", program);
	app_json_add_text(to, "version", app_version);
	app_json_add_text(to, "commit", app_commit);
	app_json_add_u64(to, "schema", schema);
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
app_json_check(const char *path)
{
	int ret = path != NULL ? app_file_check(path) : 0;

	if (ret != 0)
		app_error("%s cannot be written: %s", path, app_file_strerror(-ret));
	return ret;
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
		app_error("%s cannot be written: %s", path, app_file_strerror(-ret));
	return ret;
}

/* Whether two names are those of one file. */
static bool
is_same(const char *a, const char *b)
{
	struct stat one, two;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev &&
	       one.st_ino == two.st_ino;
}

void
app_json_give_up(int argc, char *const *argv, const char *program, int status)
{
	static const char option[] = "--json";
	const size_t n = sizeof(option) - 1;
	struct json_object *root;
	const char *path = NULL;
	int at = -1;

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], option, n) != 0)
			continue;
		if (argv[i][n] == '=')
			path = argv[at = i] + n + 1;
		else if (argv[i][n] == '\0' && i + 1 < argc)
			path = argv[at = ++i];
	}
	for (int i = 1; path != NULL && i < argc; i++) {
		const char *value = strchr(argv[i], '=');

		if (i != at &&
		    (is_same(argv[i], path) || (value != NULL && is_same(value + 1, path))))
			path = NULL;
	}
	if (path == NULL)
		return;
	root = json_object_new_object();
	app_json_add_text(root, "program", program);
	app_json_add_bool(root, "ok", false);
	app_json_add_text(root, "error", app_error_last());
	app_json_add_u64(root, "exit_status", (uint64_t)status);
	(void)!app_json_write(root, path); /* it says so itself */
}
