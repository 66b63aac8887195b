/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_PCI_CONFIG_H
#define WCNICD_PCI_CONFIG_H

/*
 * Configuration space of the card as a PCI Express endpoint: identity, BARs, MSI-X. What a write
 * may change is a mask; nothing but function level reset has an effect of its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_CONFIG_BYTES 4096u

struct pci_config {
	uint8_t bytes[PCI_CONFIG_BYTES];
	uint8_t writable[PCI_CONFIG_BYTES]; /* the bits that a write changes */
};

/* vectors: at least 1. */
void pci_config_init(struct pci_config *config, uint64_t aperture_bytes, unsigned int vectors);

/* What a reset does: back to power-on, the same device. */
void pci_config_reset(struct pci_config *config);

/* The caller has checked that [off, off + bytes) lies inside. */
void pci_config_read(const struct pci_config *config, size_t off, void *data, size_t bytes);
/* Returns whether the write asks for a function level reset. */
bool pci_config_write(struct pci_config *config, size_t off, const void *data, size_t bytes);

#endif /* WCNICD_PCI_CONFIG_H */
