/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef JUDGE_H
#define JUDGE_H

/* All steps of a probe, in order, and the exit status. */

#include "options.h"
#include "probe.h"

enum status {
	STATUS_WC = 0,     /* a WC mapping is to be had, and nothing speaks against it */
	STATUS_NO_WC = 1,  /* it is not, or stores do not combine */
	STATUS_BAD = 2,    /* bad arguments */
	STATUS_FAILED = 3, /* what was asked for could not be done */
};

/*
 * Reads the facts, chooses the BAR and looks who has it mapped. 0, or -errno with a sentence in
 * `why`: no such device, no such BAR, a range that is not in it.
 */
int judge_facts(struct probe *p, const struct options *options, char *why, size_t why_bytes);

/*
 * After judge_facts(): predicts each rung, opens the device if `options` asks for it, concludes and
 * advises.
 */
void judge(struct probe *p, const struct options *options);

/* The exit status for a judged probe. */
enum status judge_status(const struct probe *p);

#endif /* JUDGE_H */
