/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FIT_FILE_H
#define FIT_FILE_H

/* The file of a run that a fit reads, and sentences about it. */

#include <json.h>

#include <wcbase.h>

/* The caller's; `why` has FIT_WHY_BYTES for a sentence. */
struct fit_file {
	const char *path;
	char *why;
};

/* Writes the sentence, after the file's name. Returns -EINVAL. */
WC_PRINTF(2, 3) int fit_refuse(const struct fit_file *file, const char *format, ...);

/*
 * Reads the file. 0 and an object in *root, which the caller puts; or -errno with a sentence: it
 * cannot be read, is too long, or no JSON object. *root then is one to put too, or NULL.
 */
WC_MUST_CHECK int fit_file_json(const struct fit_file *file, struct json_object **root);

#endif /* FIT_FILE_H */
