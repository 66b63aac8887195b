/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCVMM_GUEST_H
#define WCVMM_GUEST_H

/*
 * What the VMM and its guest agree on: the guest's addresses, and a mailbox in its memory. The
 * guest does the job that it finds there, stores to the port, which no memory is behind, and so
 * ends KVM_RUN; when it runs again it does the next one. Included by the assembler too.
 */

#define GUEST_PORT_IPA 0x09000000
#define GUEST_REGS_IPA 0x10000000 /* BAR0, where it is given to the guest or trapped */
#define GUEST_RAM_IPA 0x40000000
#define GUEST_RAM_BYTES 0x200000
#define GUEST_MAILBOX_BYTES 0x1000 /* at its beginning; the program lies behind it */
#define GUEST_BAR_IPA 0x80000000   /* BAR2 */

/* The guest's stage 1 is four blocks of 1 GiB, as they lie but for the last. */
#define GUEST_BAR_NC_VA 0x80000000     /* Normal-NC */
#define GUEST_BAR_DEVICE_VA 0xc0000000 /* Device-nGnRE, of the same BAR */

#ifndef __ASSEMBLER__

#include <stdint.h>

enum guest_job {
	GUEST_JOB_STORE = 1, /* lines into the BAR, again and again as long as `repeat` is set */
	GUEST_JOB_START = 2, /* as a driver: resets the card and starts the admin queue */
	GUEST_JOB_ALLOC = 3, /* as a driver: WINDOW_ALLOC of a PUSH window */
	GUEST_JOB_FREE = 4,  /* as a driver: WINDOW_FREE of that window */
};

struct guest_mailbox {
	uint32_t job;
	uint32_t lines;  /* STORE: how many ... */
	uint64_t va;     /* ... from here on ... */
	uint64_t step;   /* ... every so many bytes */
	uint64_t bytes;  /* ALLOC: asked for, then granted */
	uint64_t off;    /* ALLOC: granted */
	uint32_t repeat; /* STORE */
	int32_t error;   /* 0, or -errno as lib/wcadmin returns it */
	uint64_t rounds; /* STORE: done so far */
	uint64_t esr;    /* ESR_EL1 and FAR_EL1 of an exception; 0: none */
	uint64_t far;
};

#endif

#endif /* WCVMM_GUEST_H */
