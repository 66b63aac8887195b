/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The configuration space of the card. */

#include <assert.h>
#include <linux/pci_regs.h>
#include <string.h>

#include <wcnic_abi.h>

#include "pci_config.h"

#define CAP_EXP 0x40
#define CAP_MSIX 0x80

/* 16 GT/s, 16 lanes: what a card of 100 Gbit/s sits in. */
#define LINK_SPEED_WIDTH (0x4 | 16 << 4)

static void
put(struct pci_config *config, size_t off, uint64_t value, size_t bytes)
{
	for (; bytes > 0; bytes--, off++, value >>= 8)
		config->bytes[off] = (uint8_t)value;
}

static void
put_writable(struct pci_config *config, size_t off, uint64_t bits, size_t bytes)
{
	for (; bytes > 0; bytes--, off++, bits >>= 8)
		config->writable[off] = (uint8_t)bits;
}

static void
put_bar(struct pci_config *config, unsigned int bar, uint64_t bytes, uint32_t type)
{
	size_t off = PCI_BASE_ADDRESS_0 + 4 * bar;

	assert((bytes & (bytes - 1)) == 0);
	put(config, off, type | PCI_BASE_ADDRESS_MEM_TYPE_64, 8);
	put_writable(config, off, ~(bytes - 1), 8);
}

static void
put_capabilities(struct pci_config *config, unsigned int vectors)
{
	put(config, PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
	put(config, PCI_CAPABILITY_LIST, CAP_EXP, 1);

	put(config, CAP_EXP, PCI_CAP_ID_EXP, 1);
	put(config, CAP_EXP + PCI_CAP_LIST_NEXT, CAP_MSIX, 1);
	put(config, CAP_EXP + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4, 2);
	put(config, CAP_EXP + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR, 4);
	put_writable(config, CAP_EXP + PCI_EXP_DEVCTL, 0x7fff, 2);
	put(config, CAP_EXP + PCI_EXP_LNKCAP, LINK_SPEED_WIDTH, 4);
	put(config, CAP_EXP + PCI_EXP_LNKSTA, LINK_SPEED_WIDTH, 2);

	put(config, CAP_MSIX, PCI_CAP_ID_MSIX, 1);
	put(config, CAP_MSIX + PCI_MSIX_FLAGS, vectors - 1, 2);
	put_writable(config, CAP_MSIX + PCI_MSIX_FLAGS,
		     PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
	put(config, CAP_MSIX + PCI_MSIX_TABLE, WCNIC_MSIX_TABLE_OFF | WCNIC_BAR_MSIX, 4);
	put(config, CAP_MSIX + PCI_MSIX_PBA, WCNIC_MSIX_PBA_OFF | WCNIC_BAR_MSIX, 4);
}

void
pci_config_init(struct pci_config *config, uint64_t aperture_bytes, unsigned int vectors)
{
	assert(vectors >= 1 && vectors <= PCI_MSIX_FLAGS_QSIZE + 1);
	memset(config, 0, sizeof(*config));
	put(config, PCI_VENDOR_ID, WCNIC_PCI_VENDOR_ID, 2);
	put(config, PCI_DEVICE_ID, WCNIC_PCI_DEVICE_ID, 2);
	put_writable(config, PCI_COMMAND,
		     PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE, 2);
	put(config, PCI_CLASS_REVISION, (uint64_t)WCNIC_PCI_CLASS << 8 | WCNIC_ABI_MAJOR, 4);
	put_writable(config, PCI_CACHE_LINE_SIZE, 0xff, 1);
	put(config, PCI_SUBSYSTEM_VENDOR_ID, WCNIC_PCI_VENDOR_ID, 2);
	put(config, PCI_SUBSYSTEM_ID, WCNIC_PCI_DEVICE_ID, 2);
	put_writable(config, PCI_INTERRUPT_LINE, 0xff, 1);
	put_bar(config, WCNIC_BAR_REGS, WCNIC_BAR_REGS_BYTES, 0);
	put_bar(config, WCNIC_BAR_WINDOWS, aperture_bytes, PCI_BASE_ADDRESS_MEM_PREFETCH);
	put_bar(config, WCNIC_BAR_MSIX, WCNIC_BAR_MSIX_BYTES, 0);
	put_capabilities(config, vectors);
}

void
pci_config_reset(struct pci_config *config)
{
	/* Whatever a write can set is zero at power-on. */
	for (size_t i = 0; i < PCI_CONFIG_BYTES; i++)
		config->bytes[i] &= (uint8_t)~config->writable[i];
}

void
pci_config_read(const struct pci_config *config, size_t off, void *data, size_t bytes)
{
	assert(off <= PCI_CONFIG_BYTES && bytes <= PCI_CONFIG_BYTES - off);
	memcpy(data, config->bytes + off, bytes);
}

bool
pci_config_write(struct pci_config *config, size_t off, const void *data, size_t bytes)
{
	const size_t flr_at = CAP_EXP + PCI_EXP_DEVCTL + 1;
	const uint8_t *from = data;
	bool reset = false;
	uint8_t mask;

	assert(off <= PCI_CONFIG_BYTES && bytes <= PCI_CONFIG_BYTES - off);
	for (size_t i = 0; i < bytes; i++) {
		mask = config->writable[off + i];
		config->bytes[off + i] = (config->bytes[off + i] & ~mask) | (from[i] & mask);
		if (off + i == flr_at && (from[i] & PCI_EXP_DEVCTL_BCR_FLR >> 8) != 0)
			reset = true;
	}
	return reset;
}
