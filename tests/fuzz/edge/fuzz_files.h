/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FUZZ_FILES_H
#define FUZZ_FILES_H

/*
 * Files in memory below FUZZ_FILES_ROOT, for code that reads a kernel's files. The calls of libc
 * are wrapped at link time; every other path goes to libc. There is a base, which stays, and files
 * that an input puts over it. One thread.
 */

#include <stddef.h>
#include <stdint.h>

#define FUZZ_FILES_ROOT "/fuzz"
#define FUZZ_PATH_BYTES 192u

/*
 * Puts a file, or a link, at FUZZ_FILES_ROOT + path, and its folders. The data is not copied. A
 * path that is too long, and more files than fit, are left out. NULL: there is no such file.
 */
void fuzz_files_put(const char *path, const void *data, size_t bytes);
void fuzz_files_text(const char *path, const char *text);
void fuzz_files_link(const char *path, const char *target);
/* What was put so far is the base. */
void fuzz_files_base(void);
/* From here on no other file can be opened either, until fuzz_files_reset(). */
void fuzz_files_seal(void);
/* Takes away what was put over the base. Nothing of it may be open: that is a leak. */
void fuzz_files_reset(void);

/*
 * Puts the files that an input is made of: the index of a path, a length of two bytes and so much
 * of the input, again and again. An index past the end is a file that is not there.
 */
struct fuzz_input;
void fuzz_files_take(struct fuzz_input *in, const char *const *paths, size_t n_paths);

#endif /* FUZZ_FILES_H */
