/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The configuration space of the card. */

#include <assert.h>
#include <linux/pci_regs.h>
#include <string.h>

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

static bool
bar_is_64_bit(const struct pci_config_bar *bar)
{
	return (bar->type & PCI_BASE_ADDRESS_MEM_TYPE_64) != 0;
}

static void
put_bars(struct pci_config *config, const struct pci_config_bar *bars)
{
	for (unsigned int i = 0; i < PCI_CONFIG_BARS; i++) {
		const size_t off = PCI_BASE_ADDRESS_0 + 4 * i;
		const size_t bytes = bar_is_64_bit(&bars[i]) ? 8 : 4;

		if (bars[i].bytes == 0)
			continue;
		assert((bars[i].bytes & (bars[i].bytes - 1)) == 0);
		assert(bytes == 4 || (i + 1 < PCI_CONFIG_BARS && bars[i + 1].bytes == 0));
		put(config, off, bars[i].type, bytes);
		put_writable(config, off, ~(bars[i].bytes - 1), bytes);
	}
}

static void
put_capabilities(struct pci_config *config, const struct pci_description *pci)
{
	put(config, PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
	put(config, PCI_CAPABILITY_LIST, CAP_EXP, 1);

	put(config, CAP_EXP, PCI_CAP_ID_EXP, 1);
	put(config, CAP_EXP + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4, 2);
	put(config, CAP_EXP + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR, 4);
	put_writable(config, CAP_EXP + PCI_EXP_DEVCTL, 0x7fff, 2);
	put(config, CAP_EXP + PCI_EXP_LNKCAP, LINK_SPEED_WIDTH, 4);
	put(config, CAP_EXP + PCI_EXP_LNKSTA, LINK_SPEED_WIDTH, 2);

	if (pci->vectors == 0)
		return;
	put(config, CAP_EXP + PCI_CAP_LIST_NEXT, CAP_MSIX, 1);
	put(config, CAP_MSIX, PCI_CAP_ID_MSIX, 1);
	put(config, CAP_MSIX + PCI_MSIX_FLAGS, pci->vectors - 1, 2);
	put_writable(config, CAP_MSIX + PCI_MSIX_FLAGS,
		     PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
	put(config, CAP_MSIX + PCI_MSIX_TABLE, pci->msix_table_off | pci->msix_bar, 4);
	put(config, CAP_MSIX + PCI_MSIX_PBA, pci->msix_pba_off | pci->msix_bar, 4);
}

void
pci_config_init(struct pci_config *config, const struct pci_description *pci)
{
	assert(pci->vectors <= PCI_MSIX_FLAGS_QSIZE + 1);
	memset(config, 0, sizeof(*config));
	put(config, PCI_VENDOR_ID, pci->vendor_id, 2);
	put(config, PCI_DEVICE_ID, pci->device_id, 2);
	put_writable(config, PCI_COMMAND,
		     PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE, 2);
	put(config, PCI_CLASS_REVISION, (uint64_t)pci->class_code << 8 | pci->revision, 4);
	put_writable(config, PCI_CACHE_LINE_SIZE, 0xff, 1);
	put(config, PCI_SUBSYSTEM_VENDOR_ID, pci->vendor_id, 2);
	put(config, PCI_SUBSYSTEM_ID, pci->device_id, 2);
	put_writable(config, PCI_INTERRUPT_LINE, 0xff, 1);
	put_bars(config, pci->bars);
	put_capabilities(config, pci);
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
