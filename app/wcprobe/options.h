/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
	char bdf[16]; /* in full: 0000:00:02.0; "": list all */
	int bar;      /* -1: the best */
	bool open;
	bool write; /* [write_off, write_off + write_bytes) of the BAR may be overwritten */
	uint64_t write_off, write_bytes;
	bool card_test;
	bool json;
	const char *root; /* NULL: this machine */
};

enum options_verdict {
	OPTIONS_RUN,
	OPTIONS_DONE, /* --help, --version: nothing else to do */
	OPTIONS_BAD,  /* and said why */
};

enum options_verdict options_parse(int argc, char **argv, struct options *options);

/* 00:02.0 and 0000:00:02.0, hexadecimal, to the latter. false: neither. */
bool options_bdf(const char *text, char *bdf, unsigned int bytes);

#endif /* OPTIONS_H */
