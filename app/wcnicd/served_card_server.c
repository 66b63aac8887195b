/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the vfio-user server asks of its device: accesses of regions, and resets. */

#include <errno.h>
#include <string.h>

#include "log.h"
#include "served_card_internal.h"
#include "stats.h"

/* The most bytes in one access through the card's interface. */
#define BAR_ACCESS_BYTES_MAX 64u

static void
card_reset(struct served_card *card)
{
	struct wcnic_stats stats;

	wcnic_card_stats(card->model, &stats);
	wcnic_card_reset(card->model);
	stats_add(&card->totals, &stats);
	pci_config_reset(&card->pci);
}

static int
regs_write(struct served_card *card, uint64_t off, const void *data, size_t bytes)
{
	struct wcnic_stats stats;
	uint32_t resets;
	int ret;

	/* A reset clears the card's counters, and any write may ask for one. */
	if (off > WCNIC_REG_CTRL || off + bytes <= WCNIC_REG_CTRL)
		return wcnic_card_bar_write(card->model, WCNIC_BAR_REGS, off, data, bytes);
	wcnic_card_stats(card->model, &stats);
	resets = served_card_reg_read(card, WCNIC_REG_RESET_COUNT);
	ret = wcnic_card_bar_write(card->model, WCNIC_BAR_REGS, off, data, bytes);
	if (served_card_reg_read(card, WCNIC_REG_RESET_COUNT) != resets)
		stats_add(&card->totals, &stats);
	return ret;
}

static int
windows_access(struct served_card *card, uint64_t off, uint8_t *in, const uint8_t *out,
	       size_t bytes)
{
	size_t piece;
	int ret = 0;

	for (; bytes > 0 && ret == 0; bytes -= piece, off += piece) {
		piece = bytes < BAR_ACCESS_BYTES_MAX ? bytes : BAR_ACCESS_BYTES_MAX;
		if (in != NULL) {
			ret = wcnic_card_bar_read(card->model, WCNIC_BAR_WINDOWS, off, in, piece);
			in += piece;
		} else {
			ret = wcnic_card_bar_write(card->model, WCNIC_BAR_WINDOWS, off, out, piece);
			out += piece;
		}
	}
	return ret;
}

static int
server_region_read(void *ctx, unsigned int region, uint64_t off, void *data, size_t bytes)
{
	struct served_card *card = ctx;

	switch (region) {
	case WCNIC_BAR_REGS:
		/* The card answers a malformed access with zeroes and remembers it. */
		if (wcnic_card_bar_read(card->model, region, off, data, bytes) < 0)
			memset(data, 0, bytes);
		return 0;
	case WCNIC_BAR_WINDOWS:
		return windows_access(card, off, data, NULL, bytes);
	case WCNIC_BAR_MSIX:
		/* The client emulates the table itself, and binds vectors with SET_IRQS. */
		memset(data, 0, bytes);
		return 0;
	case VFU_PCI_REGION_CONFIG:
		pci_config_read(&card->pci, off, data, bytes);
		return 0;
	default:
		return -EINVAL;
	}
}

static int
server_region_write(void *ctx, unsigned int region, uint64_t off, const void *data, size_t bytes)
{
	struct served_card *card = ctx;

	switch (region) {
	case WCNIC_BAR_REGS:
		/* Section 2: a malformed write changes nothing and is no error on the bus. */
		regs_write(card, off, data, bytes);
		return 0;
	case WCNIC_BAR_WINDOWS:
		return windows_access(card, off, NULL, data, bytes);
	case WCNIC_BAR_MSIX:
		return 0;
	case VFU_PCI_REGION_CONFIG:
		if (pci_config_write(&card->pci, off, data, bytes))
			card_reset(card);
		return 0;
	default:
		return -EINVAL;
	}
}

static int
server_reset(void *ctx)
{
	card_reset(ctx);
	return 0;
}

static void
server_disconnected(void *ctx)
{
	struct served_card *card = ctx;

	card_reset(card);
	card->placed_near = false;
}

static const struct vfu_server_ops server_ops = {
	.region_read = server_region_read,
	.region_write = server_region_write,
	.reset = server_reset,
	.disconnected = server_disconnected,
	.log = served_card_log,
};

int
served_card_server_create(struct served_card *card)
{
	unsigned int vectors = 2 * card->options.queues; /* as IDENTIFY says */
	struct vfu_server_config config = {
		.ops = &server_ops,
		.ctx = card,
		.msix_vectors = vectors,
	};
	char why[256];
	int ret;

	config.regions[WCNIC_BAR_REGS].bytes = WCNIC_BAR_REGS_BYTES;
	config.regions[WCNIC_BAR_REGS].flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	config.regions[WCNIC_BAR_WINDOWS].bytes = card->aperture_bytes;
	config.regions[WCNIC_BAR_WINDOWS].flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	if (!card->options.bar2_trapped) {
		config.regions[WCNIC_BAR_WINDOWS].flags |= VFU_REGION_FLAG_MMAP;
		config.regions[WCNIC_BAR_WINDOWS].fd = card->aperture_fd;
	}
	config.regions[WCNIC_BAR_MSIX].bytes = WCNIC_BAR_MSIX_BYTES;
	config.regions[WCNIC_BAR_MSIX].flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	config.regions[VFU_PCI_REGION_CONFIG].bytes = PCI_CONFIG_BYTES;
	config.regions[VFU_PCI_REGION_CONFIG].flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	pci_config_init(&card->pci, card->aperture_bytes, vectors);
	ret = vfu_server_listen(card->options.socket, &config, &card->server, why, sizeof(why));
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "--socket: %s", why);
	return ret;
}
