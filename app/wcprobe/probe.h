/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PROBE_H
#define PROBE_H

/*
 * What is known of one BAR, from the facts to the advice. Filled in this order, each step by its
 * own file; the reports only read it.
 *
 *   facts      wcbar_pci_facts_read      what sysfs says
 *   now        now.c                     who has the BAR mapped already, and how
 *   answers    predict.c, or device.c    what each rung would give, or gave
 *   timing     device.c                  what stores cost, where they were permitted
 *   card       card_test.c               what the project's own card saw of them
 *   effective  verdict.c                 what that says of the memory type
 *   verdict    verdict.c
 *   advice     advice.c
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbar_pci.h>

#include "now.h"

#define PROBE_TEXT_BYTES 512
#define PROBE_ADVICE_MAX 8

/* How much a statement is worth. */
enum confidence {
	CONFIDENCE_NONE = 0,
	CONFIDENCE_GUESS,   /* one of several explanations */
	CONFIDENCE_LIKELY,  /* what stores cost says so */
	CONFIDENCE_CERTAIN, /* the mapping itself, or a device that counted */
};

enum effective_state {
	EFFECTIVE_NOT_TESTED = 0, /* nothing was stored */
	EFFECTIVE_UNCLEAR,        /* stored, but it does not tell */
	EFFECTIVE_NOT_OBSERVABLE, /* stored, but the card cannot see single stores */
	EFFECTIVE_GATHERS,        /* stores of a line leave together */
	EFFECTIVE_SEPARATE,       /* every store leaves alone */
	EFFECTIVE_TRAPPED,        /* a hypervisor emulates each store */
	EFFECTIVE_STATES,
};

enum effective_source {
	SOURCE_NONE = 0,
	SOURCE_TIMING, /* inferred from what stores cost */
	SOURCE_CARD,   /* counted by the card: WINDOW_TEST */
};

struct effective {
	enum effective_state state;
	enum effective_source source;
	enum confidence confidence;
	char why[PROBE_TEXT_BYTES];
};

enum verdict_id {
	VERDICT_UNKNOWN = 0,   /* a WC mapping, and nothing that tells what it does */
	VERDICT_COMBINING,     /* a WC mapping, and the CPU gathers */
	VERDICT_STAGE1_DEVICE, /* the mapping itself is Device, UC */
	VERDICT_STAGE2_DEVICE, /* the hypervisor makes it Device */
	VERDICT_NOT_GATHERING, /* Normal-NC or WC, but the CPU sends each store alone */
	VERDICT_TRAPPED,       /* a hypervisor emulates each store */
	VERDICT_NOT_MAPPABLE,  /* no rung gives any mapping */
	VERDICT_KERNEL_MAPS,   /* the kernel's driver stays, and maps what is to be WC itself */
	VERDICTS,
};

struct verdict {
	enum verdict_id id;
	enum confidence confidence;
	char why[PROBE_TEXT_BYTES];
};

/* From what can be done at once to what takes another machine. */
enum effort {
	EFFORT_COMMAND = 0, /* a command on this machine */
	EFFORT_REBOOT,      /* an option of the kernel's command line */
	EFFORT_FIRMWARE,    /* a setting of the BIOS, or of the host of this virtual machine */
	EFFORT_KERNEL,      /* another kernel, here or on the host */
	EFFORT_HARDWARE,    /* another device */
	EFFORTS,
};

struct advice {
	enum effort effort;
	enum wcbar_rung gives; /* the rung that is then predicted; WCBAR_RUNGS: none is */
	char text[PROBE_TEXT_BYTES];
};

struct timing {
	bool done;
	uint64_t off, bytes;  /* of the BAR: what was overwritten */
	enum wcbar_type type; /* of the mapping that was stored into */
	enum wcbar_rung rung;
	struct wcbar_calibration cal;
	double memory_ns_per_line; /* the same 8-byte stores into this process's own memory */
};

#define CARD_TESTS_MAX WCBAR_STORES_MAX

/* One primitive, as WINDOW_TEST reports it (datasheet section 10). */
struct card_store {
	const char *name;
	uint32_t lines;
	uint32_t arrivals[8]; /* by size: 1, 2, 4, 8, 16, 32, 64, other */
	uint32_t whole, partial, lost, reordered;
	uint64_t ns; /* the card's clock, from the first arrival to the last */
};

struct card_result {
	bool done;
	bool observable;
	char model[25];
	uint64_t window_off;
	uint32_t window_bytes;
	enum wcbar_type type; /* of the window's mapping */
	enum wcbar_rung rung;
	struct wcbar_calibration cal;
	size_t stores;
	struct card_store store[CARD_TESTS_MAX];
};

struct probe {
	struct wcbar_pci_facts facts;
	char arch[66];
	unsigned int bar;
	struct now now; /* who has that BAR mapped, before anything is opened */
	bool open_asked;
	int open_error; /* of what was to be done with the open device */
	char open_why[WCBAR_WHY_BYTES];
	bool answered; /* the answers are the kernel's own, not predictions */
	struct wcbar_answer answers[WCBAR_RUNGS];
	bool sure[WCBAR_RUNGS]; /* false: a prediction for a kernel that nobody has tried */
	struct timing timing;
	struct card_result card;
	struct effective effective;
	struct verdict verdict;
	size_t n_advice;
	struct advice advice[PROBE_ADVICE_MAX];
};

/* The rung that gives WC, or else the first that gives anything; WCBAR_RUNGS: none does. */
enum wcbar_rung probe_rung(const struct wcbar_answer *answers);

/* What the mapping is meant to be; WCBAR_TYPE_UNKNOWN: there is none. */
enum wcbar_type probe_intended(const struct wcbar_answer *answers);

/* Names as they stand in the reports. */
const char *confidence_name(enum confidence confidence);
const char *effective_state_name(enum effective_state state);
const char *effective_source_name(enum effective_source source);
const char *verdict_name(enum verdict_id id);
const char *verdict_text(enum verdict_id id);
const char *effort_name(enum effort effort);
const char *access_name(enum wcbar_access access);

#endif /* PROBE_H */
