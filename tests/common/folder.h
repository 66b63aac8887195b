/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FOLDER_H
#define FOLDER_H

/* A test's own folder, made with mkdtemp(3): how it goes away. */

#include <ftw.h>
#include <stdio.h>

static inline int
folder_entry_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* Removes a folder and all that is in it. 0, or -1 with errno of nftw(3) or remove(3). */
static inline int
folder_remove(const char *path)
{
	return nftw(path, folder_entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

#endif /* FOLDER_H */
