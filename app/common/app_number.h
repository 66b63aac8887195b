/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef APP_NUMBER_H
#define APP_NUMBER_H

/*
 * Numbers and PCI addresses from the command line. These functions print nothing: the caller knows
 * what the number is for. Any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

/*
 * An unsigned number from `min` to `max`: decimal, 0x... hexadecimal or 0... octal, without sign,
 * blanks or anything behind it. False: `text` is not one, and *value is not defined.
 */
WC_MUST_CHECK bool app_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/*
 * Two numbers with a colon in between, "FIRST:SECOND". `base` is 0 for numbers as above, or 16 for
 * hexadecimal ones with or without 0x. False: `text` is something else.
 */
WC_MUST_CHECK bool app_number_pair(const char *text, int base, uint64_t *first, uint64_t *second);

/*
 * A number that the colon ends; *after then points behind the colon. False: `text` is something
 * else.
 */
WC_MUST_CHECK bool app_number_colon(const char *text, uint64_t *value, const char **after);

#define APP_PCI_ADDRESS_BYTES 16u

/*
 * A PCI address, "00:02.0" or "0000:00:02.0", to the longer form in lower case. False: `text` is
 * neither.
 */
WC_MUST_CHECK bool app_pci_address(const char *text, char address[APP_PCI_ADDRESS_BYTES]);

#endif /* APP_NUMBER_H */
