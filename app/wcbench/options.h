/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H

/* What the commands of wcbench have in common: options, and the exit status. */

#include <app_options.h>

#include "machine.h"

/* The exit status. */
enum status {
	STATUS_OK = 0,
	STATUS_WRONG = 1,  /* measured, but frames are missing: no figure is worth anything */
	STATUS_BAD = 2,    /* bad arguments */
	STATUS_FAILED = 3, /* could not be done */
};

struct options {
	const char *setting;
	const char *commit;
	const char *host_kernel; /* of whoever runs this virtual machine; NULL: not given */
	const char *json;        /* file, or NULL */
	enum emulated emulated;
	unsigned int rounds; /* 0: the command's own number */
	double seconds;      /* 0: the command's own number */
};

/* The options that all commands have: a table for struct options, and their part of --help. */
extern const struct app_option options_common[];

#define OPTIONS_HELP                                                                         \
	"  --setting NAME    what the report calls where this ran (default: unnamed)\n"      \
	"  --host-kernel REL of the host, when this is a guest; else this kernel is noted\n" \
	"  --emulated yes|no whether the CPU is emulated, where that cannot be seen\n"       \
	"  --commit ID       noted instead of the one this was built from\n"                 \
	"  --json FILE       the figures as JSON; doc/tools.md describes it\n"               \
	"  --help, --version\n"

/* What --version and reports call the program, whichever of its commands is run. */
#define OPTIONS_PROGRAM "wcbench"

/* The exit status when options end the program: anything but APP_OPTIONS_RUN. */
enum status options_status(enum app_options_verdict verdict);

/* Ends a command without a run: its --json file says why. Returns `status`. */
enum status options_give_up(int argc, char *const *argv, enum status status);

/* Sets the defaults. */
void options_init(struct options *o);

#endif /* OPTIONS_H */
