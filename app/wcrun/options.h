/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H

/* The command line of wcrun. */

#include <stdbool.h>

#include <app_options.h>

#include "choice.h"

/* What wcrun exits with; of a program that ran it passes on the program's own status. */
enum status {
	STATUS_OK = 0,
	STATUS_BAD = 2,      /* the arguments or a table are wrong */
	STATUS_FAILED = 3,   /* it cannot be done */
	STATUS_REQUIRED = 4, /* --require, and a BAR would not be write-combining */
};

struct options {
	struct choices choices; /* --bar, or the BARs to hold */
	bool hold;              /* wcrun hold */
	bool check;
	bool require;
	const char *json;    /* NULL: none */
	const char *tables;  /* NULL: those that are installed */
	const char *library; /* NULL: beside the program, else the installed one */
	const char *root;    /* NULL: this machine */
	char **command;      /* ends with NULL; NULL: none was given */
};

/* Fills `options`; strings point into argv. */
WC_MUST_CHECK enum app_options_verdict
options_parse(int argc, char **argv, struct options *options);

#endif /* OPTIONS_H */
