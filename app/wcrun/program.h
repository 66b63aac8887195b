/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PROGRAM_H
#define PROGRAM_H

/* The program to run: where it is, and whether a preloaded library gets into it. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include <wcbase.h>

#define PROGRAM_WHY_BYTES 256u

enum program_kind {
	PROGRAM_DYNAMIC = 0, /* glibc's loader: it preloads */
	PROGRAM_STATIC,      /* no loader */
	PROGRAM_MUSL,        /* musl's loader cannot take a library made for glibc */
	PROGRAM_FOREIGN,     /* another architecture, another loader, or no ELF at all */
	PROGRAM_SECURE,      /* set-user-id and the like: the loader ignores LD_PRELOAD */
};

struct program {
	char path[PATH_MAX];
	enum program_kind kind;
	char why[PROGRAM_WHY_BYTES]; /* for all but DYNAMIC: why the interposer does not get in */
};

/*
 * Finds `name` as execvp() does and reads its ELF header. For a script, that of its interpreter:
 * what a script starts inherits LD_PRELOAD. -ENOENT: there is none; -EACCES: it cannot be run.
 */
WC_MUST_CHECK int program_find(const char *name, struct program *program);

/* Whether a file looks like a library that this architecture's loader takes. */
bool program_takes_library(const char *path);

#endif /* PROGRAM_H */
