/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef LIST_H
#define LIST_H

/* The PCI devices that have memory BARs, and which of them could get write combining. */

#include "probe.h"

struct list_entry {
	struct wcbar_pci_facts facts;
	int bar;
	bool possible;
	struct advice least; /* if possible: the least change that gives WC, "" if none is needed */
};

struct list {
	size_t n;
	struct list_entry *entries;
	struct wcbar_kernel_config config; /* of the machine's kernel */
};

/*
 * Reads the devices below `root` (NULL: this machine), in the order of their addresses. 0, or
 * -errno with a sentence in `why`; -ENOENT: there is no PCI bus. list_free() releases the entries.
 */
int list_read(const char *root, struct list *list, char *why, size_t why_bytes);

/* Releases the entries. */
void list_free(struct list *list);

#endif /* LIST_H */
