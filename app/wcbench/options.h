/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H

/* What the subcommands have in common. */

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "machine.h"

enum status {
	STATUS_OK = 0,
	STATUS_WRONG = 1,  /* measured, but frames are missing: no figure is worth anything */
	STATUS_BAD = 2,    /* bad arguments */
	STATUS_FAILED = 3, /* could not be done */
};

struct options {
	const char *setting;
	const char *commit;
	const char *host_kernel; /* of whoever runs this virtual machine; NULL: not said */
	const char *json;        /* file, or NULL */
	enum emulated emulated;
	unsigned int rounds; /* 0: the subcommand's own number */
	double seconds;      /* 0: the subcommand's own number */
};

enum options_verdict {
	OPTIONS_RUN,
	OPTIONS_DONE, /* --help, --version: nothing else to do */
	OPTIONS_BAD,  /* and said why */
};

enum option_id {
	OPT_SETTING = 256,
	OPT_COMMIT,
	OPT_HOST_KERNEL,
	OPT_JSON,
	OPT_EMULATED,
	OPT_ROUNDS,
	OPT_SECONDS,
	OPT_HELP,
	OPT_VERSION,
	OPT_OWN, /* the first of a subcommand */
};

/* For the table of long options. */
#define OPTIONS_COMMON                                                     \
	{"setting", required_argument, NULL, OPT_SETTING},                 \
		{"commit", required_argument, NULL, OPT_COMMIT},           \
		{"host-kernel", required_argument, NULL, OPT_HOST_KERNEL}, \
		{"json", required_argument, NULL, OPT_JSON},               \
		{"emulated", required_argument, NULL, OPT_EMULATED},       \
		{"rounds", required_argument, NULL, OPT_ROUNDS},           \
		{"seconds", required_argument, NULL, OPT_SECONDS},         \
		{"help", no_argument, NULL, OPT_HELP},                     \
	{                                                                  \
		"version", no_argument, NULL, OPT_VERSION                  \
	}

#define OPTIONS_HELP                                                                         \
	"  --setting NAME    what the report calls where this ran (default: unnamed)\n"      \
	"  --host-kernel REL of the host, when this is a guest; else this kernel is noted\n" \
	"  --emulated yes|no whether the CPU is emulated, where that cannot be told\n"       \
	"  --commit ID       noted instead of the one this was built from\n"                 \
	"  --json FILE       the figures as JSON; doc/tools.md describes it\n"               \
	"  --help, --version\n"

/* The defaults. */
void options_init(struct options *o);

/* One that getopt_long returned, of those above or one that it did not know. */
enum options_verdict options_take(struct options *o, int id, char **argv, const char *help);

/* A number from 1 to max, or false and a sentence that names --name. */
__attribute__((warn_unused_result)) bool
options_number(const char *name, const char *text, uint64_t max, uint64_t *value);

/* One sentence on standard error. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

#endif /* OPTIONS_H */
