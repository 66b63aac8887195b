/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Cards of kind ena, for drivers of Amazon's Elastic Network Adapter. */

#include <assert.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include <ena_card.h>

#include "log.h"
#include "served_card_internal.h"

#define CLASS_ETHERNET 0x020000u
/* Bit 0 of the revision says that registers cannot be read by DMA: they can. */
#define REVISION 0u

/* BAR 4 of a metal instance: nothing that drivers look at. */
#define BAR_METAL 4u
#define BAR_METAL_BYTES (4u << 20)

#define SUM(name)                                                     \
	{                                                             \
#name, offsetof(union stats_values, ena.name), false, \
	}
#define NEWEST(name)                                                 \
	{                                                            \
#name, offsetof(union stats_values, ena.name), true, \
	}

static const struct stats_field fields[] = {
	SUM(tx_frames),
	SUM(tx_bytes),
	SUM(tx_pushed),
	SUM(tx_llq_entries),
	SUM(tx_refused),
	SUM(tx_bad_phase),
	SUM(tx_bad_doorbell),
	SUM(tx_bad_chain),
	SUM(tx_bad_meta),
	SUM(tx_bad_req_id),
	SUM(tx_bad_length),
	SUM(tx_bad_address),
	SUM(tx_bad_offload),
	SUM(tx_llq_torn),
	SUM(tx_llq_waits),
	SUM(tx_over_burst),
	SUM(rx_frames),
	SUM(rx_bytes),
	SUM(rx_missed),
	SUM(rx_no_queue),
	SUM(rx_oversize),
	SUM(rx_runt),
	SUM(rx_down),
	SUM(rx_bad_phase),
	SUM(rx_bad_doorbell),
	SUM(rx_bad_desc),
	SUM(rx_bad_address),
	SUM(ring_unmapped),
	SUM(admin_commands),
	SUM(admin_unsupported),
	SUM(admin_malformed),
	SUM(admin_illegal),
	SUM(admin_bad_phase),
	SUM(admin_unmapped),
	SUM(aenq_events),
	SUM(aenq_lost),
	SUM(irqs),
	SUM(bad_writes),
	SUM(bad_reads),
	NEWEST(port_in_frames),
	NEWEST(port_in_done),
	SUM(resets),
	NEWEST(reset_reason),
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static_assert(sizeof(struct ena_card_stats) == N_FIELDS * sizeof(uint64_t),
	      "every counter is listed");

static int
kind_create(struct served_card *card)
{
	const struct ena_options *options = &card->options.ena;
	const struct ena_card_config config = {
		.ops = &card->ops,
		.ctx = card,
		.llq = card->aperture,
		.llq_bytes = card->aperture_bytes,
		.queue_pairs = (uint16_t)card->options.queues,
		.queue_depth = (uint16_t)options->depth,
		.llq_depth = (uint16_t)options->llq_depth,
		.llq_entries = (uint8_t)options->llq_entries,
		.llq_recommended = (uint8_t)options->llq_recommended,
		.meta_caching = options->meta_caching,
		.tx_burst_bytes = (uint16_t)options->burst_bytes,
		.llq_wait = options->llq_wait,
		.patience_ms = (uint16_t)options->patience_ms,
		.faults = options->faults,
		.seed = card->options.seed,
	};
	struct ena_card *model;
	int ret;

	ret = ena_card_create(&config, &model);
	if (ret == 0)
		card->model = model;
	else
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "cannot make the card: %s", strerror(-ret));
	return ret;
}

static void
kind_destroy(struct served_card *card)
{
	ena_card_destroy(card->model);
}

static struct wcdev *
kind_dev(struct served_card *card)
{
	return ena_card_dev(card->model);
}

static void
kind_describe(struct served_card *card, struct pci_description *pci)
{
	const struct ena_options *options = &card->options.ena;
	const uint32_t width = options->metal ? PCI_BASE_ADDRESS_MEM_TYPE_64
					      : PCI_BASE_ADDRESS_MEM_TYPE_32;

	*pci = (struct pci_description){
		.vendor_id = ENA_PCI_VENDOR_ID,
		.device_id = options->ec21 ? ENA_PCI_DEVICE_ID_RESERVED : ENA_PCI_DEVICE_ID,
		.class_code = CLASS_ETHERNET,
		.revision = REVISION,
		.bars[ENA_BAR_REGS] = {ENA_BAR_REGS_BYTES, width},
		.bars[ENA_BAR_LLQ] = {card->aperture_bytes, width | PCI_BASE_ADDRESS_MEM_PREFETCH},
		.vectors = ena_card_vectors(card->model),
		.msix_bar = ENA_BAR_REGS,
		.msix_table_off = ENA_MSIX_TABLE_OFF,
		.msix_pba_off = ENA_MSIX_PBA_OFF,
	};
	if (options->metal)
		pci->bars[BAR_METAL] = (struct pci_config_bar){
			BAR_METAL_BYTES, width | PCI_BASE_ADDRESS_MEM_PREFETCH};
}

static int
kind_bar_read(struct served_card *card, unsigned int bar, uint64_t off, void *data, size_t bytes)
{
	if (bar == BAR_METAL)
		memset(data, 0, bytes);
	else
		ena_card_bar_read(card->model, bar, off, data, bytes);
	return 0;
}

static int
kind_bar_write(struct served_card *card, unsigned int bar, uint64_t off, const void *data,
	       size_t bytes)
{
	if (bar != BAR_METAL)
		ena_card_bar_write(card->model, bar, off, data, bytes);
	return 0;
}

static void
kind_reset(struct served_card *card)
{
	ena_card_reset(card->model);
}

static unsigned int
kind_poll(struct served_card *card)
{
	return ena_card_poll(card->model);
}

static unsigned int
kind_poll_frames(struct served_card *card)
{
	return ena_card_poll_frames(card->model);
}

static bool
kind_has_driver(struct served_card *card)
{
	return ena_card_has_driver(card->model);
}

static bool
kind_driver_wakes(struct served_card *card)
{
	return ena_card_waits(card->model);
}

static void
kind_stats(struct served_card *card, union stats_values *values)
{
	ena_card_stats(card->model, &values->ena);
}

const struct served_card_kind served_card_ena = {
	.name = "ena",
	.fields = {fields, N_FIELDS},
	.doorbells_by_message = true,
	.create = kind_create,
	.destroy = kind_destroy,
	.dev = kind_dev,
	.describe = kind_describe,
	.bar_read = kind_bar_read,
	.bar_write = kind_bar_write,
	.reset = kind_reset,
	.poll = kind_poll,
	.poll_frames = kind_poll_frames,
	.has_driver = kind_has_driver,
	.driver_wakes = kind_driver_wakes,
	.stats = kind_stats,
};
