/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The PCI devices with memory BARs. */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "kernel_config.h"
#include "list.h"
#include "predict.h"

static int
not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A device that is gone when its turn comes, or has nothing to map, is left out. */
static void
entry_read(const char *bdf, const struct wcbar_pci_options *options, struct list *list)
{
	struct list_entry *e = &list->entries[list->n];
	char why[WCBAR_WHY_BYTES], arch[66];

	predict_arch(options->root, arch, sizeof(arch));
	if (wcbar_pci_facts_read(bdf, options, &e->facts, why, sizeof(why)) != 0)
		return;
	list->config = e->facts.config; /* not read again for each device */
	e->bar = predict_best_bar(&e->facts);
	if (e->bar < 0)
		return;
	e->possible = advice_least(&e->facts, arch, e->bar, &e->least);
	list->n++;
}

int
list_read(const char *root, struct list *list, char *why, size_t why_bytes)
{
	struct wcbar_pci_options options = WCBAR_PCI_OPTIONS_DEFAULT;
	struct dirent **names;
	char *path;
	int n;

	*list = (struct list){0};
	kernel_config_read(root, &list->config);
	options.root = root;
	options.config = &list->config;
	if (asprintf(&path, "%s/sys/bus/pci/devices", root != NULL ? root : "") < 0)
		return -ENOMEM;
	n = scandir(path, &names, not_hidden, alphasort);
	if (n < 0) {
		n = -errno;
		snprintf(why, why_bytes, "%s: %s: expected the PCI devices of sysfs there", path,
			 strerror(-n));
		free(path);
		return n;
	}
	free(path);
	list->entries = calloc(n + 1, sizeof(*list->entries));
	for (int i = 0; i < n; i++) {
		if (list->entries != NULL)
			entry_read(names[i]->d_name, &options, list);
		free(names[i]);
	}
	free(names);
	if (list->entries != NULL)
		return 0;
	snprintf(why, why_bytes, "no memory for %d devices", n);
	return -ENOMEM;
}

void
list_free(struct list *list)
{
	free(list->entries);
	*list = (struct list){0};
}
