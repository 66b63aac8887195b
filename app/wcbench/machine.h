/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef MACHINE_H
#define MACHINE_H

/* What a run was measured on, and whether that is a machine at all. */

#include <stdbool.h>
#include <stddef.h>

#define MACHINE_WHY_BYTES 256

enum emulated {
	EMULATED_NO = 0,
	EMULATED_YES,
	EMULATED_UNKNOWN, /* somebody has to say it */
};

struct machine {
	char cpu[128]; /* "" if unknown */
	char arch[65];
	char kernel[65];
	long cpus;
	long page_bytes;
	bool hypervisor;
	char hypervisor_name[65]; /* "" if unknown or none */
	enum emulated emulated;
	char emulated_why[MACHINE_WHY_BYTES];
};

/* Twelve letters by which an x86 hypervisor names itself to its guest; "" elsewhere or if none. */
void machine_signature(char signature[13]);

/*
 * Fills `m`. `root` is "" or a folder with proc and sys of another machine, `signature` what its
 * machine_signature is, `told` what the user said of emulation. -EINVAL: the user said no where
 * the facts say yes; emulated_why has the sentence.
 */
int machine_read(const char *root, const char *signature, enum emulated told, struct machine *m);

/* "measured" or "measured under emulation": what stands beside every figure. */
const char *machine_basis(const struct machine *m);

#endif /* MACHINE_H */
