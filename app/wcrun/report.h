/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef REPORT_H
#define REPORT_H

/*
 * What became of a BAR: told by the interposer in the program to wcrun, one datagram each, and to
 * people, one line each. Needs libc and lib/wcbar.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbar_pci.h>
#include <wcbase.h>

#define REPORT_BYTES 640u /* of a datagram or a line, with the end */

enum report_event {
	REPORT_OPENED = 0, /* a device with VFIO; the BAR means nothing */
	REPORT_REFUSED,    /* a BAR that was wanted and must not be, or cannot */
	REPORT_MAPPED,
};

/* Who says which type a mapping has. */
enum report_source {
	REPORT_BY_NOBODY = 0,
	REPORT_BY_LIST,     /* the kernel's list of memory types (x86) */
	REPORT_BY_FILE,     /* the file that the mapping came from */
	REPORT_BY_FORECAST, /* nobody yet: what this kernel is expected to do */
};

struct report {
	enum report_event event;
	int pid;
	char bdf[16];
	unsigned int bar;
	uint64_t off, bytes; /* of the piece, in the BAR; MAPPED alone */
	enum wcbar_type type;
	enum wcbar_rung rung; /* WCBAR_RUNGS: none; VFIO's own mapping has WCBAR_RUNG_VFIO */
	enum report_source source;
	char why[WCBAR_WHY_BYTES]; /* why it is not WC, and what would help; "" for WC */
};

/* "list", "file", "forecast" or "nobody"; "opened", "refused" or "mapped". Static. */
const char *report_source_name(enum report_source source);
const char *report_event_name(enum report_event event);

/* The datagram; its length. And back: false if it is none. */
size_t report_pack(const struct report *report, char *text, size_t bytes);
WC_MUST_CHECK bool report_unpack(const char *text, struct report *report);

/* A sentence without "wcrun: " and without a newline. */
void report_text(const struct report *report, char *text, size_t bytes);

#endif /* REPORT_H */
