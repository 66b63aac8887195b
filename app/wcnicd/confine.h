/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_CONFINE_H
#define WCNICD_CONFINE_H

/*
 * What the process gives up, in three steps. Each says in the log what it could not do, and why. A
 * process with ethdev ports keeps its system calls and capabilities: the drivers of DPDK run in it.
 */

#include <wcbase.h>

#include "options.h"

/* Becomes --user and drops capabilities. Before the first thread and the first file. 0 or -errno.
 */
WC_MUST_CHECK int confine_rights(const struct options *options);

/* Keeps this thread, and those that it starts, to the files of `options`. 0 or -errno. */
WC_MUST_CHECK int confine_files(const struct options *options);

/* Filters the calls of all threads. Once everything is open, before the first client. 0 or -errno.
 */
WC_MUST_CHECK int confine_calls(const struct options *options);

#endif /* WCNICD_CONFINE_H */
