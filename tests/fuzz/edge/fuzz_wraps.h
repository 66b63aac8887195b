/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FUZZ_WRAPS_H
#define FUZZ_WRAPS_H

/* What the linker makes of the calls that fuzz_files.c takes over: see fuzz_wraps in meson.build.
 */

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

#define FUZZ_WRAP(type, name, ...)       \
	type __wrap_##name(__VA_ARGS__); \
	type __real_##name(__VA_ARGS__)

FUZZ_WRAP(int, open64, const char *path, int flags, ...);
FUZZ_WRAP(ssize_t, read, int fd, void *to, size_t bytes);
FUZZ_WRAP(ssize_t, pread64, int fd, void *to, size_t bytes, off64_t off);
FUZZ_WRAP(ssize_t, write, int fd, const void *from, size_t bytes);
FUZZ_WRAP(int, close, int fd);
FUZZ_WRAP(FILE *, fopen64, const char *path, const char *mode);
FUZZ_WRAP(FILE *, fdopen, int fd, const char *mode);
FUZZ_WRAP(int, fileno, FILE *stream);
FUZZ_WRAP(int, fstat64, int fd, struct stat64 *st);
FUZZ_WRAP(int, stat64, const char *path, struct stat64 *st);
FUZZ_WRAP(int, access, const char *path, int mode);
FUZZ_WRAP(ssize_t, readlink, const char *path, char *to, size_t bytes);
FUZZ_WRAP(int, mkdir, const char *path, mode_t mode);
FUZZ_WRAP(DIR *, opendir, const char *path);
FUZZ_WRAP(struct dirent64 *, readdir64, DIR *dir);
FUZZ_WRAP(int, closedir, DIR *dir);
FUZZ_WRAP(int, scandir64, const char *path, struct dirent64 ***out,
	  int (*filter)(const struct dirent64 *),
	  int (*order)(const struct dirent64 **, const struct dirent64 **));

#endif /* FUZZ_WRAPS_H */
