/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef MACHINE_H
#define MACHINE_H

/* What a run was measured on, and whether its CPU is real or emulated. */

#include <stdbool.h>
#include <stddef.h>

#define MACHINE_WHY_BYTES 256

enum emulated {
	EMULATED_NO = 0,
	EMULATED_YES,
	EMULATED_UNKNOWN, /* the user has to say it */
};

struct machine {
	char cpu[128]; /* "" if unknown */
	char arch[65];
	char kernel[65];
	long cpus;
	long page_bytes;
	/* The first CPU's clock when the run began, and at most; 0: unknown. */
	double mhz, max_mhz;
	char governor[32];    /* of its frequency; "": none, or unknown */
	char clocksource[32]; /* what the kernel's clock, which measures, reads: tsc, ... */
	bool hypervisor;
	char hypervisor_name[65]; /* "" if unknown or none */
	enum emulated emulated;
	char emulated_why[MACHINE_WHY_BYTES];
};

/* The twelve letters by which an x86 hypervisor names itself to its guest, or "". */
void machine_signature(char signature[13]);

/*
 * Fills `m`. `root` is "" or a folder with proc and sys of another machine, `signature` is what
 * machine_signature() gives there, `given` what the user said of emulation. -EINVAL: the user said
 * no where the facts say yes; emulated_why has the sentence.
 */
int machine_read(const char *root, const char *signature, enum emulated given, struct machine *m);

/* "measured" or "measured under emulation": the basis of every figure. A static string. */
const char *machine_basis(const struct machine *m);

#endif /* MACHINE_H */
