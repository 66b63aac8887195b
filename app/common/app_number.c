/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Numbers and PCI addresses from the command line. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_number.h"

/* A number that `stop` ends; *after is behind it. */
static bool
number_until(const char *text, int base, char stop, uint64_t *value, const char **after)
{
	const unsigned char first = (unsigned char)text[0];
	char *end;

	errno = 0;
	*value = strtoull(text, &end, base);
	*after = end + 1;
	return (base == 16 ? isxdigit(first) : isdigit(first)) != 0 && *end == stop && errno == 0;
}

bool
app_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *after;

	return number_until(text, 0, '\0', value, &after) && *value >= min && *value <= max;
}

bool
app_number_colon(const char *text, uint64_t *value, const char **after)
{
	return number_until(text, 0, ':', value, after);
}

bool
app_number_pair(const char *text, int base, uint64_t *first, uint64_t *second)
{
	const char *after;

	return number_until(text, base, ':', first, &after) &&
	       number_until(after, base, '\0', second, &after);
}

bool
app_pci_address(const char *text, char address[APP_PCI_ADDRESS_BYTES])
{
	unsigned int domain = 0, bus, slot, function;
	int end = -1;

	if (strspn(text, "0123456789abcdefABCDEF:.") != strlen(text))
		return false;
	if (sscanf(text, "%8x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &end) != 4) {
		domain = 0;
		end = -1;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &slot, &function, &end) != 3)
			return false;
	}
	if (end < 0 || text[end] != '\0' || slot > 0x1f || function > 7)
		return false;
	return snprintf(address, APP_PCI_ADDRESS_BYTES, "%04x:%02x:%02x.%x", domain, bus, slot,
			function) < (int)APP_PCI_ADDRESS_BYTES;
}
