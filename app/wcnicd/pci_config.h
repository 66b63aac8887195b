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

struct pci_config {
	uint8_t bytes[PCI_CONFIG_BYTES];
	uint8_t writable[PCI_CONFIG_BYTES]; /* the bits that a write changes */
};

/*
 * Sets the values of power-on, for an aperture of a power of two of bytes and 1 to 2048 MSI-X
 * vectors.
 */
void pci_config_init(struct pci_config *config, uint64_t aperture_bytes, unsigned int vectors);

/* Resets the device: every bit that a write can change is 0 again. */
void pci_config_reset(struct pci_config *config);

/* Copies [off, off + bytes), which the caller has checked. */
void pci_config_read(const struct pci_config *config, size_t off, void *data, size_t bytes);

/* Writes [off, off + bytes), which the caller has checked. Returns whether it asks for a function
 * level reset. */
bool pci_config_write(struct pci_config *config, size_t off, const void *data, size_t bytes);

#endif /* WCNICD_PCI_CONFIG_H */
