/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef HOSTILE_RUN_H
#define HOSTILE_RUN_H

/* One case: a card that lies, the real driver at the other end, and what became of it. */

#include "hostile.h"

struct hostile_result {
	bool ok;
	char came[160];      /* what came out, or what was wrong */
	char said[320];      /* the driver's first error, or its first warning */
	unsigned int told;   /* lies */
	uint64_t recoveries; /* of the port */
	uint64_t other;      /* frames that the other port forwarded meanwhile */
};

/* EAL, the other port and its traffic. Returns 0, or -1 and has said why. */
int hostile_run_init(void);
void hostile_run_fini(void);

/* Runs a case; `folder` is for its socket. */
void hostile_run(const struct hostile_case *lie, const char *folder, unsigned int seed,
		 bool verbose, struct hostile_result *result);

#endif /* HOSTILE_RUN_H */
