/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Loads libarchive when it is first needed. */

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>

#include "archive_lib.h"

#define SONAME "libarchive.so.13"

static struct archive_lib lib;

/* dlsym() gives a pointer to an object, which POSIX lets be one to a function. */
#define TAKE(name)                                                 \
	*(void **)(void *)&lib.name = dlsym(so, "archive_" #name); \
	all &= lib.name != NULL;

const struct archive_lib *
archive_lib_get(char *why, size_t why_bytes)
{
	static bool loaded;
	bool all = true;
	void *so;

	if (loaded)
		return &lib;
	so = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
	if (so == NULL) {
		snprintf(why, why_bytes, SONAME " is not here: install libarchive13");
		return NULL;
	}
	ARCHIVE_LIB_CALLS(TAKE)
	if (!all) {
		dlclose(so);
		snprintf(why, why_bytes,
			 SONAME " lacks a function: install libarchive 3.6 or later");
		return NULL;
	}
	loaded = true;
	return &lib;
}
