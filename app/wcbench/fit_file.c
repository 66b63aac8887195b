/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The file of a run: its bytes, and that they are a JSON object. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wcfile.h>

#include "fit_file.h"
#include "fit_run.h"

#define FILE_BYTES_MAX (32u * 1024 * 1024)
#define FILE_BYTES_FIRST (16u * 1024)

int
fit_refuse(const struct fit_file *file, const char *format, ...)
{
	int used = snprintf(file->why, FIT_WHY_BYTES, "%s: ", file->path);
	va_list ap;

	if (used < 0 || (size_t)used >= FIT_WHY_BYTES)
		return -EINVAL;
	va_start(ap, format);
	vsnprintf(file->why + used, FIT_WHY_BYTES - (size_t)used, format, ap);
	va_end(ap);
	return -EINVAL;
}

/* Takes as much memory as the file needs: most are far from the limit. */
static int
all_read(FILE *f, char **text, size_t *bytes)
{
	size_t space = 0, more;
	char *grown;

	*bytes = 0;
	do {
		space = space == 0 ? FILE_BYTES_FIRST : 2 * space;
		grown = realloc(*text, space);
		if (grown == NULL)
			return -ENOMEM;
		*text = grown;
		errno = 0;
		more = fread(grown + *bytes, 1, space - *bytes, f);
		*bytes += more;
		if (ferror(f))
			return errno != 0 ? -errno : -EIO;
	} while (*bytes == space && space <= FILE_BYTES_MAX);
	return 0;
}

static int
file_read(const struct fit_file *file, char **text, size_t *bytes)
{
	FILE *f = wcfile_fopen(file->path);
	int ret;

	*text = NULL;
	if (f == NULL) {
		ret = -errno;
		(void)fit_refuse(file, "%s", wcfile_strerror(-ret));
		return ret;
	}
	ret = all_read(f, text, bytes);
	if (ret != 0)
		(void)fit_refuse(file, "%s", strerror(-ret));
	else if (*bytes > FILE_BYTES_MAX)
		ret = fit_refuse(file, "more than %u bytes: this is no run of wcbench raw",
				 FILE_BYTES_MAX);
	fclose(f);
	return ret;
}

int
fit_file_json(const struct fit_file *file, struct json_object **root)
{
	struct json_tokener *tokener = json_tokener_new();
	enum json_tokener_error error = json_tokener_error_parse_unexpected;
	size_t bytes = 0;
	char *text;
	int ret = file_read(file, &text, &bytes);

	*root = NULL;
	if (ret == 0 && tokener != NULL) {
		*root = json_tokener_parse_ex(tokener, text, (int)bytes);
		error = json_tokener_get_error(tokener);
	}
	if (ret == 0 && !json_object_is_type(*root, json_type_object))
		ret = fit_refuse(file, "not JSON: %s",
				 error == json_tokener_continue  ? "it ends too early"
				 : error == json_tokener_success ? "not an object"
								 : json_tokener_error_desc(error));
	free(text);
	if (tokener != NULL)
		json_tokener_free(tokener);
	return ret;
}
