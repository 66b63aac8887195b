/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef MAPPED_H
#define MAPPED_H

/* What the kernel says of a mapping of this process. Only reads; any thread. */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <wcbar_pci.h>

struct mapped {
	char path[PATH_MAX]; /* of the file that is mapped; "": none, or unknown */
	/*
	 * Made of ordinary pages, as RAM is: neither I/O, nor bare page frames, nor mixed with
	 * those. YES tells RAM for certain; NO tells that a driver made the mapping, of either.
	 */
	enum wcbar_setting ordinary;
	uint64_t physical;      /* of the address; 0: not told, as to all but root */
	enum wcbar_setting ram; /* what is at that physical address, as /proc/iomem says */
	enum wcbar_type type;   /* as the kernel's list of memory types says */
};

/*
 * Looks up `addr`, whose page must have been touched. `root` may be NULL: where proc and sys are;
 * tests pass a tree of their own. What cannot be read stays unknown.
 */
void mapped_read(const char *root, const void *addr, struct mapped *m);

#endif /* MAPPED_H */
