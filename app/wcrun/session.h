/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef SESSION_H
#define SESSION_H

/* What wcrun knows before and while the program runs. */

#include <limits.h>
#include <stdbool.h>

#include <wcbase.h>

#include "machine.h"
#include "options.h"
#include "program.h"
#include "report.h"
#include "table.h"

#define SESSION_REPORTS 256u

/* How the BARs become write-combining. */
enum way {
	WAY_INTERPOSE = 0, /* inside the program */
	WAY_HOLD,          /* from outside, x86 */
	WAY_NONE,
};

struct session {
	const struct options *options;
	char tables_dir[PATH_MAX];
	char library[PATH_MAX]; /* "": not looked for */
	struct table table;
	struct machine machine;
	struct program program; /* if there is a command */
	enum way way;
	/* What came of it: the last report of each BAR of each process. */
	struct report reports[SESSION_REPORTS];
	unsigned int reports_n;
	bool opened; /* a device was, with VFIO */
};

/*
 * Reads tables, devices and program. STATUS_OK, or what to exit with after app_error(). Release it
 * with session_end() in either case.
 */
WC_MUST_CHECK enum status session_begin(struct session *session, const struct options *options);
void session_end(struct session *session);

/* "interpose", "hold" or "none". Static. */
const char *session_way_name(enum way way);

/*
 * Prints on standard output what would happen. STATUS_OK if all BARs that are meant would be
 * write-combining, and there are any; else STATUS_FAILED.
 */
WC_MUST_CHECK enum status session_check(const struct session *session);

/* What is expected of this BAR in that way. */
const struct wcbar_forecast *
session_forecast(const struct session *session, const struct machine_bar *bar);

/* Takes a report in. False: it tells nothing new. */
bool session_report(struct session *session, const struct report *report);

/* Writes --json; `status` < 0: the program runs. 0 or -errno after app_error(). */
WC_MUST_CHECK int session_json(const struct session *session, int status);

/* Runs the program to its end. What wcrun exits with. */
WC_MUST_CHECK int run_program(struct session *session);

/* Holds BARs until SIGTERM or SIGINT. What wcrun exits with. */
WC_MUST_CHECK int hold_bars(struct session *session);

#endif /* SESSION_H */
