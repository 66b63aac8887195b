/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H

/* The command line of wcprobe. */

#include <stdbool.h>
#include <stdint.h>

#include <app_number.h>
#include <app_options.h>

struct options {
	char bdf[APP_PCI_ADDRESS_BYTES]; /* in full: 0000:00:02.0; "": list all */
	int bar;                         /* -1: the best */
	bool open;
	bool write; /* [write_off, write_off + write_bytes) of the BAR may be overwritten */
	uint64_t write_off, write_bytes;
	bool card_test;
	bool now; /* only what is mapped now */
	bool json;
	bool prometheus;     /* all BARs as metrics */
	const char *root;    /* NULL: this machine */
	const char *collect; /* a tar file to write; NULL: none */
};

/* Fills `options`; strings point into argv. */
WC_MUST_CHECK enum app_options_verdict
options_parse(int argc, char **argv, struct options *options);

#endif /* OPTIONS_H */
