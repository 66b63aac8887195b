/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_PCI_CONFIG_H
#define WCNICD_PCI_CONFIG_H

/*
 * The configuration space of the card as a PCI Express endpoint: identity, BARs, MSI-X. A mask says
 * which bits a write changes. Only function level reset has an effect beyond that. The owner
 * serialises calls.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_CONFIG_BYTES 4096u
#define PCI_CONFIG_BARS 6u

/* A base address register. */
struct pci_config_bar {
	uint64_t bytes; /* a power of two; 0: there is none */
	uint32_t type;  /* PCI_BASE_ADDRESS_MEM_*; one of 64 bits takes the number behind it too */
};

/* What the function is. */
struct pci_description {
	uint16_t vendor_id;
	uint16_t device_id;
	uint32_t class_code;
	uint8_t revision;
	struct pci_config_bar bars[PCI_CONFIG_BARS];
	unsigned int vectors; /* of MSI-X, at most 2048; 0: none, and no capability */
	unsigned int msix_bar;
	uint32_t msix_table_off; /* in that BAR, multiples of 8 */
	uint32_t msix_pba_off;
};

struct pci_config {
	uint8_t bytes[PCI_CONFIG_BYTES];
	uint8_t writable[PCI_CONFIG_BYTES]; /* the bits that a write changes */
};

/* Sets the values of power-on. */
void pci_config_init(struct pci_config *config, const struct pci_description *pci);

/* Resets the device: every bit that a write can change is 0 again. */
void pci_config_reset(struct pci_config *config);

/* Copies [off, off + bytes), which the caller has checked. */
void pci_config_read(const struct pci_config *config, size_t off, void *data, size_t bytes);

/* Writes [off, off + bytes), which the caller has checked. Returns whether it asks for a function
 * level reset. */
bool pci_config_write(struct pci_config *config, size_t off, const void *data, size_t bytes);

#endif /* WCNICD_PCI_CONFIG_H */
