/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which BARs are to be write-combining. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <wcbar_hold.h>

#include "choice.h"

bool
choice_parse(const char *text, struct choice *choice)
{
	const char *colon = strrchr(text, ':');
	char bdf[32];

	if (colon == NULL || colon[1] < '0' || colon[1] >= '0' + (int)WCBAR_PCI_BARS ||
	    colon[2] != '\0' || colon - text >= (ptrdiff_t)sizeof(bdf))
		return false;
	snprintf(bdf, sizeof(bdf), "%.*s", (int)(colon - text), text);
	choice->bar = (unsigned int)(colon[1] - '0');
	return app_pci_address(bdf, choice->bdf);
}

bool
choices_add(struct choices *choices, const struct choice *choice)
{
	if ((choices_bars(choices, choice->bdf) & 1u << choice->bar) != 0)
		return true;
	if (choices->n == CHOICES_MAX)
		return false;
	choices->list[choices->n++] = *choice;
	return true;
}

bool
choices_print(const struct choices *choices, char *text, size_t bytes)
{
	size_t at = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < choices->n; i++) {
		at += (size_t)snprintf(text + at, bytes - at, "%s%s:%u", i > 0 ? " " : "",
				       choices->list[i].bdf, choices->list[i].bar);
		if (at >= bytes)
			return false;
	}
	return true;
}

bool
choices_parse(const char *text, struct choices *choices)
{
	struct choice choice;
	char word[32];
	size_t n;

	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
		n = strcspn(text, " ");
		if (n >= sizeof(word))
			return false;
		snprintf(word, sizeof(word), "%.*s", (int)n, text);
		if (!choice_parse(word, &choice) || !choices_add(choices, &choice))
			return false;
		text += n;
	}
	return true;
}

unsigned int
choices_bars(const struct choices *choices, const char *bdf)
{
	unsigned int bars = 0;

	for (unsigned int i = 0; i < choices->n; i++) {
		if (strcmp(choices->list[i].bdf, bdf) == 0)
			bars |= 1u << choices->list[i].bar;
	}
	return bars;
}

unsigned int
choice_wanted(const struct table *table, const struct choices *choices,
	      const struct wcbar_pci_facts *facts)
{
	unsigned int bars = choices_bars(choices, facts->bdf);

	for (unsigned int bar = 0; bar < WCBAR_PCI_BARS; bar++) {
		const struct table_rule *rule = table_find(table, facts->vendor, facts->device,
							   bar);

		/* A device may lack what its family has: no LLQ, no CMB. */
		if (rule != NULL && !rule->never && facts->bars[bar].bytes > 0)
			bars |= 1u << bar;
	}
	return bars;
}

int
choice_check(const struct table *table, const struct wcbar_pci_facts *facts, unsigned int bar,
	     char *why, size_t why_bytes)
{
	const struct table_rule *rule = table_find(table, facts->vendor, facts->device, bar);

	if (rule == NULL || !rule->never)
		return wcbar_wc_check(facts, bar, why, why_bytes);
	snprintf(why, why_bytes, "BAR %u of %s must never be write-combining: %s", bar, facts->bdf,
		 rule->note);
	return -EPERM;
}
