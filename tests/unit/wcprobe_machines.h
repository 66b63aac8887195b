/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCPROBE_MACHINES_H
#define WCPROBE_MACHINES_H

/* Machines, and what wcprobe is to predict and to advise on each. */

#include <judge.h>
#include <probe.h>
#include <stdbool.h>
#include <stddef.h>

#include "wcprobe_tree.h"

#define NO_RUNG WCBAR_RUNGS

struct machine {
	const char *name;
	struct tree tree;
	const char *arch;     /* NULL: aarch64 */
	enum wcbar_rung rung; /* predicted; WCBAR_RUNGS: no mapping */
	bool sure;            /* of that rung */
	enum verdict_id verdict;
	enum status status;
	const char *rung_why;  /* why sysfs-wc-vfio, or without VFIO sysfs-wc, says no; NULL: yes */
	enum effort effort;    /* of the first advice, */
	const char *advice;    /* part of its text, */
	enum wcbar_rung gives; /* and what it leads to */
};

extern const struct machine machines[];
extern const size_t n_machines;

#endif /* WCPROBE_MACHINES_H */
