/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CAPTURE_H
#define CAPTURE_H

/* What code under test writes to standard error, as text. One capture at a time. */

#include <stddef.h>
#include <stdio.h>

struct capture {
	FILE *file;
	int saved; /* standard error as it was */
};

/* From here on standard error goes into a file. */
void capture_begin(struct capture *c);

/* Gives standard error back. `text` gets what was written, cut to `bytes` with its end. */
void capture_end(struct capture *c, char *text, size_t bytes);

#endif /* CAPTURE_H */
