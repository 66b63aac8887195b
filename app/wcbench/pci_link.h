/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PCI_LINK_H
#define PCI_LINK_H

/* What sysfs says of a PCI device's link and BARs beside wcbar's facts. Only reads; any thread. */

#include <stdbool.h>
#include <stddef.h>

#include <wcbar_pci.h>

struct pci_link_end {
	char bdf[16];
	char speed[32], max_speed[32]; /* "16.0 GT/s PCIe"; "": unknown */
	unsigned int width, max_width; /* lanes; 0: unknown */
};

struct pci_link {
	struct pci_link_end device;
	/*
	 * The narrowest link between the device and its root port, where that is not the device's
	 * own: a GPU may have a bridge of its own, whose inner link is always wide. bdf "": none.
	 */
	struct pci_link_end narrowest;
	unsigned int resizable;  /* BARs that can be resized, a bit each */
	char driver_version[64]; /* of the kernel's driver; "": it has none of its own */
};

/* Fills all of *link. `root` may be NULL. */
void pci_link_read(const char *root, const struct wcbar_pci_facts *facts, struct pci_link *link);

/* GB/s of one direction before any header, of what `current` says; 0: unknown. Pure. */
double pci_link_gbytes(const struct pci_link_end *end);

/*
 * The PCI device that a character device belongs to, as /dev/dri/card0 does; bdf "" and false:
 * none. `root` may be NULL.
 */
bool
pci_of_device_file(const char *root, unsigned int dev_major, unsigned int dev_minor, char bdf[16]);

#endif /* PCI_LINK_H */
