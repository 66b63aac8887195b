/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What code under test writes to standard error, as text. */

#include <assert.h>
#include <unistd.h>

#include "capture.h"

void
capture_begin(struct capture *c)
{
	int fd;

	c->file = tmpfile();
	assert(c->file != NULL);
	fflush(stderr);
	c->saved = dup(STDERR_FILENO);
	fd = dup2(fileno(c->file), STDERR_FILENO);
	assert(c->saved >= 0 && fd == STDERR_FILENO);
}

void
capture_end(struct capture *c, char *text, size_t bytes)
{
	size_t n;

	fflush(stderr);
	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	rewind(c->file);
	n = fread(text, 1, bytes - 1, c->file);
	text[n] = '\0';
	fclose(c->file);
}
