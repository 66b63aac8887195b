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
#define GUEST_MAILBOX_BYTES 0x1000 /* at its beginning; the image lies behind it */
#define GUEST_BAR_IPA 0x80000000   /* BAR2 */

/* The guest's stage 1 is four blocks of 1 GiB, as they lie but for the last. */
#define GUEST_BAR_NC_VA 0x80000000     /* Normal-NC */
#define GUEST_BAR_DEVICE_VA 0xc0000000 /* Device-nGnRE, of the same BAR */

#ifndef __ASSEMBLER__

#include <stdint.h>

#include <wcnic_abi.h>

enum guest_job {
	GUEST_JOB_STORE = 1,    /* lines into the BAR */
	GUEST_JOB_STORE_ON = 2, /* the same, over and over, until `stop` */
	GUEST_JOB_START = 3,    /* as a driver: resets the card and starts the admin queue */
	GUEST_JOB_ALLOC = 4,    /* as a driver: WINDOW_ALLOC of a PUSH window */
	GUEST_JOB_FREE = 5,     /* as a driver: WINDOW_FREE of `grant` */
};

enum guest_error {
	GUEST_OK = 0,
	GUEST_TRAPPED = 1,  /* an exception: detail is ESR_EL1, at `far` */
	GUEST_UNKNOWN = 2,  /* no such job */
	GUEST_TIMEOUT = 3,  /* the card did not answer: detail is STATUS */
	GUEST_REFUSED = 4,  /* the card answered: detail is the command's status */
	GUEST_CONFUSED = 5, /* a completion of another command: detail is its id */
};

struct guest_mailbox {
	uint32_t job;
	uint32_t lines;  /* STORE: how many ... */
	uint64_t va;     /* ... from here on ... */
	uint64_t step;   /* ... every so many bytes */
	uint32_t bytes;  /* ALLOC: of the window */
	uint32_t stop;   /* STORE_ON */
	uint64_t rounds; /* STORE_ON: done so far */
	uint32_t error;  /* enum guest_error */
	uint32_t detail;
	uint64_t far;
	struct wcnic_window_grant grant; /* ALLOC: the card's answer */
};

#endif

#endif /* WCVMM_GUEST_H */
