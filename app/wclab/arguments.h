/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_ARGUMENTS_H
#define WCLAB_ARGUMENTS_H

/* The plugin's arguments: what follows its file name on QEMU's command line. */

#include <wcbase.h>

#include "bars.h"
#include "memtype.h"

#define ARGUMENTS_WHY_BYTES 256u

struct arguments {
	struct bar_range aperture; /* bytes 0: taken from the device's configuration */
	struct bar_range regs;     /* where marks are stored, with a given aperture */
	uint16_t vendor, device;
	unsigned int bar; /* of that device: which is watched */
	uint64_t mark;    /* offset in BAR0 */
	const char *link;
	const char *out;
	const char *trace;
	const char *stream;
	const char *feed;
	bool override;
	uint64_t override_at;
	enum memtype override_type;
};

/*
 * Parses NAME=VALUE arguments; strings point into argv. 0, or -EINVAL: `why`, of
 * ARGUMENTS_WHY_BYTES, has what was wrong and what would be right.
 */
WC_MUST_CHECK int arguments_parse(struct arguments *arguments, int argc, char **argv, char *why);

#endif /* WCLAB_ARGUMENTS_H */
