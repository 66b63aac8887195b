/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCPROBE_TREE_H
#define WCPROBE_TREE_H

/* A machine with one PCI device of interest, 0000:00:04.0, as sysfs and procfs tell of it. */

#include <stdbool.h>

#define TREE_BDF "0000:00:04.0"
#define TREE_KERNEL "6.1.0-56-amd64"
#define TREE_PEER "0000:00:05.0"

struct tree {
	const char *kernel;   /* NULL: TREE_KERNEL */
	const char *cmdline;  /* NULL: nothing of interest */
	const char *lockdown; /* NULL: not in this kernel */
	const char *driver;   /* NULL: none */
	bool no_group;        /* no IOMMU */
	bool noiommu;         /* the group is one that VFIO made up without an IOMMU */
	const char *mode;     /* VFIO's no-IOMMU mode: "Y", "N"; NULL: no such file */
	const char *config;   /* how the kernel was built, as /boot has it; NULL: it does not */
	bool hypervisor;      /* it is a virtual machine */
	const char *peer;     /* the driver of another device in the group; NULL: there is none */
	bool no_vfio;
	bool no_wc;             /* no resource2_wc */
	unsigned int bar_bytes; /* of BAR 2; 0: 1 MiB */
	unsigned int bar_off;   /* where in a page it begins */
	bool not_prefetchable;  /* BAR 2 */
};

/* A new folder that holds it; tree_remove frees the path. */
char *tree_make(const struct tree *tree);
void tree_remove(char *root);
/* Files, and links, that a machine has besides. */
void tree_put(const char *root, const char *name, const char *text);
void tree_put_link(const char *root, const char *name, const char *target);

#endif /* WCPROBE_TREE_H */
