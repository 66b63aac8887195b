/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* In place of tarball.c in a program that was built without libarchive. */

#include <errno.h>
#include <stdio.h>

#include "tarball.h"

static int
none(char *why, size_t why_bytes)
{
	snprintf(why, why_bytes,
		 "this wcprobe was built without libarchive: unpack the archive with tar and give "
		 "--root the folder");
	return -ENOSYS;
}

int
tarball_gunzip(const char *path, char **data, size_t *bytes, char *why, size_t why_bytes)
{
	(void)path, (void)data, (void)bytes;
	return none(why, why_bytes);
}

int
tarball_unpack(const char *path, char folder[PATH_MAX], char *why, size_t why_bytes)
{
	(void)path, (void)folder;
	return none(why, why_bytes);
}

void
tarball_remove(const char *folder)
{
	(void)folder;
}

int
tarball_begin(struct tarball **tarball, const char *path, char *why, size_t why_bytes)
{
	(void)path;
	*tarball = NULL;
	return none(why, why_bytes);
}

void
tarball_add(struct tarball *tarball, const char *name, const void *data, size_t bytes)
{
	(void)tarball, (void)name, (void)data, (void)bytes;
}

int
tarball_end(struct tarball *tarball, char *why, size_t why_bytes)
{
	(void)tarball;
	return none(why, why_bytes);
}
