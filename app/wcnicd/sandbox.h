/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_SANDBOX_H
#define WCNICD_SANDBOX_H

/*
 * What the process may ask of the kernel while it serves clients: a filter of system calls, and the
 * folders that it may change. A client that takes over a card's thread by a fault in this program
 * gets no more than that.
 */

#include <stdbool.h>
#include <stddef.h>

#include <wcbase.h>

enum sandbox_mode {
	SANDBOX_ON,
	SANDBOX_LOG, /* what is not allowed is logged by the kernel, and done */
	SANDBOX_OFF,
};

/* Why this program was built without a sandbox; NULL: it has one. */
const char *sandbox_missing(void);

/*
 * Filters the system calls of all threads; what is not allowed ends the process (SIGSYS). It cannot
 * be undone. `writes` says whether a file may be made, written and given another's name. Returns 0,
 * -ENOSYS (the kernel has no such filters) or -errno.
 */
WC_MUST_CHECK int sandbox_filter(enum sandbox_mode mode, bool writes);

/* A file that is removed or written. */
struct sandbox_path {
	const char *path;
	bool writes; /* it is made, written and replaced; else it is removed */
};

/*
 * Confines this thread, and those that it starts, to what these files need of their folders. 1: the
 * kernel cannot do that (Landlock, Linux 5.13) and nothing is confined. 0 or -errno.
 */
WC_MUST_CHECK int sandbox_paths(const struct sandbox_path *paths, size_t n);

#endif /* WCNICD_SANDBOX_H */
