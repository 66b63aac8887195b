/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef TABLE_H
#define TABLE_H

/*
 * Which BARs of which devices are known to want write combining, and which must never have it: the
 * files of a folder (config/wcrun.d). A line is
 *
 *   wc    VENDOR:DEVICE BARS NOTE      four hexadecimal digits each; BARS as 2 or 2,4
 *   never VENDOR:DEVICE BARS NOTE
 *
 * and `#` begins a comment. Functions print nothing: reasons go to `why`. They need libc alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

#define TABLE_NOTE_BYTES 64u

struct table_rule {
	uint16_t vendor, device;
	unsigned int bars; /* a bit each */
	bool never;
	char note[TABLE_NOTE_BYTES];
};

/* Belongs to the caller; zeroes are an empty table. */
struct table {
	struct table_rule *rules;
	size_t n;
};

/*
 * One line, without its newline. 1 with a rule; 0 if it is blank or a comment; -EINVAL with what is
 * wrong.
 */
WC_MUST_CHECK int
table_line(const char *line, struct table_rule *rule, char *why, size_t why_bytes);

/*
 * Adds the rules of all files DIR/NAME.conf, in the order of their names. -EINVAL: a line is wrong,
 * or a BAR is both `wc` and `never` (file and line in `why`); -errno: a file cannot be read.
 */
WC_MUST_CHECK int table_read(struct table *table, const char *dir, char *why, size_t why_bytes);
void table_free(struct table *table);

/* The rule for a BAR; NULL: none. */
const struct table_rule *
table_find(const struct table *table, uint16_t vendor, uint16_t device, unsigned int bar);

#endif /* TABLE_H */
