/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CHOICE_H
#define CHOICE_H

/* Which BARs are to be write-combining: those that the user names and those that a table has. */

#include <app_number.h>
#include <wcbar_pci.h>
#include <wcbase.h>

#include "table.h"

#define CHOICES_MAX 64u

/* A BAR that the user named. */
struct choice {
	char bdf[APP_PCI_ADDRESS_BYTES];
	unsigned int bar;
};

struct choices {
	struct choice list[CHOICES_MAX];
	unsigned int n;
};

/* "BDF:N" into `choice`. False: it is something else. */
WC_MUST_CHECK bool choice_parse(const char *text, struct choice *choice);

/* Adds one that is not there yet. False: there are CHOICES_MAX. */
WC_MUST_CHECK bool choices_add(struct choices *choices, const struct choice *choice);

/*
 * The list as one text, blanks in between, and back. False: it does not fit; a word is no choice.
 */
WC_MUST_CHECK bool choices_print(const struct choices *choices, char *text, size_t bytes);
WC_MUST_CHECK bool choices_parse(const char *text, struct choices *choices);

/* The BARs of a device that the user named, a bit each. */
unsigned int choices_bars(const struct choices *choices, const char *bdf);

/* The BARs of a device that somebody wants write-combining, allowed or not, a bit each. */
unsigned int choice_wanted(const struct table *table, const struct choices *choices,
			   const struct wcbar_pci_facts *facts);

/*
 * Whether this one may be: wcbar_wc_check(), and no table says never. 0, or -errno with the reason;
 * -EPERM: a table says never.
 */
WC_MUST_CHECK int choice_check(const struct table *table, const struct wcbar_pci_facts *facts,
			       unsigned int bar, char *why, size_t why_bytes);

#endif /* CHOICE_H */
