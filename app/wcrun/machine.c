/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The BARs of this machine that are wanted. */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

static int
bar_add(struct machine *machine, const struct wcbar_pci_facts *facts, const struct table *table,
	unsigned int bar, bool named)
{
	const struct table_rule *rule = table_find(table, facts->vendor, facts->device, bar);
	struct machine_bar *more, *b;

	more = realloc(machine->bars, (machine->n + 1) * sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	machine->bars = more;
	b = &more[machine->n++];
	*b = (struct machine_bar){.facts = *facts, .bar = bar, .named = named};
	if (rule != NULL)
		snprintf(b->note, sizeof(b->note), "%s", rule->note);
	b->refused = choice_check(table, facts, bar, b->why, sizeof(b->why));
	wcbar_inplace_forecast(facts, bar, &b->inplace);
	wcbar_hold_forecast(facts, bar, &b->hold);
	return 0;
}

static int
named_add(struct machine *machine, const struct wcbar_pci_options *options,
	  const struct table *table, const struct choice *choice, char *why, size_t why_bytes)
{
	struct wcbar_pci_facts facts;
	int ret = wcbar_pci_facts_read(choice->bdf, options, &facts, why, why_bytes);

	if (ret != 0)
		return ret;
	machine->config = facts.config;
	/* What does not exist is bad input; what may not be comes with its reason. */
	if (facts.bars[choice->bar].bytes == 0) {
		ret = wcbar_wc_check(&facts, choice->bar, why, why_bytes);
		return ret != 0 ? ret : -ENODEV;
	}
	return bar_add(machine, &facts, table, choice->bar, true);
}

static int
device_add(struct machine *machine, const struct wcbar_pci_options *options,
	   const struct table *table, const struct choices *choices, const char *bdf)
{
	char why[WCBAR_WHY_BYTES];
	struct wcbar_pci_facts facts;
	unsigned int bars;
	int ret = 0;

	if (wcbar_pci_facts_read(bdf, options, &facts, why, sizeof(why)) != 0)
		return 0; /* gone, or odd: not one that a table knows */
	machine->config = facts.config;
	bars = choice_wanted(table, choices, &facts) & ~choices_bars(choices, facts.bdf);
	for (unsigned int bar = 0; bar < WCBAR_PCI_BARS && ret == 0; bar++) {
		if ((bars & 1u << bar) != 0)
			ret = bar_add(machine, &facts, table, bar, false);
	}
	return ret;
}

static int
is_device(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
tables_add(struct machine *machine, const struct wcbar_pci_options *options,
	   const struct table *table, const struct choices *choices)
{
	struct dirent **names;
	char path[PATH_MAX];
	int n, ret = 0;

	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices",
		 options->root != NULL ? options->root : "");
	n = scandir(path, &names, is_device, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : -errno; /* a machine without PCI */
	for (int i = 0; i < n; i++) {
		if (ret == 0)
			ret = device_add(machine, options, table, choices, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return ret;
}

int
machine_read(struct machine *machine, const char *root, const struct table *table,
	     const struct choices *choices, char *why, size_t why_bytes)
{
	const struct wcbar_pci_options options = {.root = root, .config = &machine->config};
	int ret = 0;

	for (unsigned int i = 0; i < choices->n && ret == 0; i++)
		ret = named_add(machine, &options, table, &choices->list[i], why, why_bytes);
	if (ret != 0)
		return ret;
	ret = tables_add(machine, &options, table, choices);
	if (ret != 0)
		snprintf(why, why_bytes, "the PCI devices cannot be listed: %s", strerror(-ret));
	return ret;
}

bool
machine_bar_is_meant(const struct machine_bar *bar)
{
	return bar->named || bar->facts.access != WCBAR_ACCESS_KERNEL;
}

void
machine_free(struct machine *machine)
{
	free(machine->bars);
	*machine = (struct machine){0};
}
