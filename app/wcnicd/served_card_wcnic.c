/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Cards of kind wcnic, the card of the datasheet, and the feed that tells one of its stores. */

#include <endian.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>

#include <wcnic_card.h>

#include "log.h"
#include "served_card_internal.h"

/* The most bytes in one access through the card's interface. */
#define BAR_ACCESS_BYTES_MAX 64u

#define SUM(name)                                                       \
	{                                                               \
#name, offsetof(union stats_values, wcnic.name), false, \
	}
#define NEWEST(name)                                                   \
	{                                                              \
#name, offsetof(union stats_values, wcnic.name), true, \
	}

static const struct stats_field fields[] = {
	SUM(tx_frames),         SUM(tx_bytes),        SUM(tx_pushed),      SUM(tx_fetched),
	SUM(tx_incomplete),     SUM(tx_dropped),      SUM(tx_errors),      SUM(tx_oversize),
	SUM(tx_held),           SUM(rx_frames),       SUM(rx_bytes),       SUM(rx_oversize),
	SUM(rx_runt),           SUM(rx_filtered),     SUM(rx_down),        SUM(rx_held),
	SUM(rx_errors),         SUM(stray_writes),    SUM(stale_lines),    SUM(events_lost),
	NEWEST(port_in_frames), NEWEST(port_in_done), NEWEST(first_rx_ns), NEWEST(last_tx_ns),
	NEWEST(first_tx_ns),    SUM(sleeps),          SUM(wakes),          SUM(rx_missed),
	SUM(rx_no_queue),       SUM(flow_drops),      SUM(tx_segments),
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static_assert(sizeof(struct wcnic_stats) == (N_FIELDS + 1) * sizeof(uint64_t),
	      "every counter is listed, and the last is reserved");

/* ---- the model ------------------------------------------------------------------------------- */

/* Creates the ring in which TLPs arrive, if there is to be one. 0 or -errno, logged. */
static int
feed_create(struct served_card *card)
{
	const char *path = card->options.tlp_feed;
	int ret;

	if (path == NULL)
		return 0;
	ret = tlpfeed_create(&card->feed, path);
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "--tlp-feed %s: %s", path,
			   ret == -EINVAL ? "it exists and is no regular file; choose another path"
					  : strerror(-ret));
	return ret;
}

/* Holes of the file have no memory. What cannot be told counts as used. */
static uint64_t
aperture_used(void *ctx, uint64_t off)
{
	const struct served_card *card = ctx;
	off_t at = lseek(card->aperture_fd, (off_t)off, SEEK_DATA);

	if (at >= 0)
		return (uint64_t)at;
	return errno == ENXIO ? card->aperture_bytes : off;
}

static int
kind_create(struct served_card *card)
{
	struct wcnic_card_config config = {
		.ops = &card->ops,
		.ctx = card,
		.aperture = card->aperture,
		.aperture_bytes = card->aperture_bytes,
		.aperture_used = aperture_used,
		.queue_pairs = (uint16_t)card->options.queues,
		.seed = card->options.seed,
		/* Doorbells that are trapped wake as they are. */
		.sleeps = !card->options.bar2_trapped,
	};
	struct wcnic_card *model;
	int ret;

	ret = feed_create(card);
	if (ret < 0)
		return ret;
	config.sees_stores = card->options.bar2_trapped || card->feed.ring != NULL;
	ret = wcnic_card_create(&config, &model);
	if (ret == 0)
		card->model = model;
	else
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "cannot make the card: %s", strerror(-ret));
	return ret;
}

static void
kind_destroy(struct served_card *card)
{
	wcnic_card_destroy(card->model);
	if (card->feed.ring != NULL)
		unlink(card->options.tlp_feed);
	tlpfeed_fini(&card->feed);
}

static struct wcdev *
kind_dev(struct served_card *card)
{
	return wcnic_card_dev(card->model);
}

static void
kind_describe(struct served_card *card, struct pci_description *pci)
{
	const uint32_t wide = PCI_BASE_ADDRESS_MEM_TYPE_64;

	*pci = (struct pci_description){
		.vendor_id = WCNIC_PCI_VENDOR_ID,
		.device_id = WCNIC_PCI_DEVICE_ID,
		.class_code = WCNIC_PCI_CLASS,
		.revision = WCNIC_ABI_MAJOR,
		.bars[WCNIC_BAR_REGS] = {WCNIC_BAR_REGS_BYTES, wide},
		.bars[WCNIC_BAR_WINDOWS] = {card->aperture_bytes,
					    wide | PCI_BASE_ADDRESS_MEM_PREFETCH},
		.bars[WCNIC_BAR_MSIX] = {WCNIC_BAR_MSIX_BYTES, wide},
		/* as IDENTIFY says */
		.vectors = card->options.msix_off ? 0 : 2 * card->options.queues,
		.msix_bar = WCNIC_BAR_MSIX,
		.msix_table_off = WCNIC_MSIX_TABLE_OFF,
		.msix_pba_off = WCNIC_MSIX_PBA_OFF,
	};
}

/* ---- accesses -------------------------------------------------------------------------------- */

/* A 32-bit register of the card; 0 if the offset is not one. */
static uint32_t
reg_read(struct served_card *card, uint64_t off)
{
	uint32_t value = 0;

	if (wcnic_card_bar_read(card->model, WCNIC_BAR_REGS, off, &value, sizeof(value)) < 0)
		return 0;
	return le32toh(value);
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
kind_bar_read(struct served_card *card, unsigned int bar, uint64_t off, void *data, size_t bytes)
{
	if (bar == WCNIC_BAR_WINDOWS)
		return windows_access(card, off, data, NULL, bytes);
	/* The card answers a malformed access with zeroes and remembers it. */
	if (wcnic_card_bar_read(card->model, bar, off, data, bytes) < 0)
		memset(data, 0, bytes);
	return 0;
}

static int
kind_bar_write(struct served_card *card, unsigned int bar, uint64_t off, const void *data,
	       size_t bytes)
{
	if (bar == WCNIC_BAR_WINDOWS)
		return windows_access(card, off, NULL, data, bytes);
	/* Section 2: a malformed write changes nothing and is no error on the bus. */
	(void)wcnic_card_bar_write(card->model, bar, off, data, bytes);
	return 0;
}

static bool
kind_may_reset(unsigned int bar, uint64_t off, size_t bytes)
{
	return bar == WCNIC_BAR_REGS && off <= WCNIC_REG_CTRL && off + bytes > WCNIC_REG_CTRL;
}

static uint64_t
kind_resets(struct served_card *card)
{
	return reg_read(card, WCNIC_REG_RESET_COUNT);
}

static void
kind_reset(struct served_card *card)
{
	wcnic_card_reset(card->model);
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static void
feed_take(struct served_card *card)
{
	struct tlpfeed_tlp tlp;
	uint64_t lost;

	/* At most one ring of TLPs, however fast the producer writes. */
	for (unsigned int n = 0;
	     n < TLPFEED_ENTRIES && tlpfeed_pull(&card->feed, card->aperture_bytes, &tlp); n++)
		if (wcnic_card_arrival(card->model, tlp.off, tlp.bytes, tlp.ns) < 0)
			break; /* tlpfeed_pull() has checked the range: does not happen */
	lost = tlpfeed_lost(&card->feed);
	if (lost != 0) {
		wcnicd_log(LOG_LEVEL_WARNING, card->name,
			   "--tlp-feed: the ring was full, %llu TLPs were lost",
			   (unsigned long long)lost);
		wcnic_card_arrivals_lost(card->model);
	}
	/* Without a producer a self test must not report that its lines were lost. */
	if (!tlpfeed_attached(&card->feed))
		wcnic_card_arrivals_lost(card->model);
	if (!tlpfeed_broken(&card->feed) || card->feed_reported)
		return;
	card->feed_reported = true;
	wcnicd_log(LOG_LEVEL_ERROR, card->name,
		   "--tlp-feed %s: the file has entries that are no TLPs of this card; it is "
		   "not read any more",
		   card->options.tlp_feed);
}

/* TLPs that arrived before a command was given are seen before the command is done. */
static unsigned int
kind_poll(struct served_card *card)
{
	if (card->feed.ring != NULL)
		feed_take(card);
	return wcnic_card_poll(card->model);
}

static unsigned int
kind_poll_frames(struct served_card *card)
{
	if (card->feed.ring != NULL)
		feed_take(card);
	return wcnic_card_poll_frames(card->model);
}

static bool
kind_has_driver(struct served_card *card)
{
	return (reg_read(card, WCNIC_REG_STATUS) & WCNIC_STATUS_ENABLED) != 0;
}

static bool
kind_driver_wakes(struct served_card *card)
{
	return card->feed.ring == NULL && wcnic_card_waits(card->model);
}

static bool
kind_sleep(struct served_card *card)
{
	return wcnic_card_sleep(card->model);
}

static void
kind_awake(struct served_card *card)
{
	wcnic_card_awake(card->model);
}

static void
kind_stats(struct served_card *card, union stats_values *values)
{
	wcnic_card_stats(card->model, &values->wcnic);
}

const struct served_card_kind served_card_wcnic = {
	.name = "wcnic",
	.fields = {fields, N_FIELDS},
	.create = kind_create,
	.destroy = kind_destroy,
	.dev = kind_dev,
	.describe = kind_describe,
	.bar_read = kind_bar_read,
	.bar_write = kind_bar_write,
	.may_reset = kind_may_reset,
	.resets = kind_resets,
	.reset = kind_reset,
	.poll = kind_poll,
	.poll_frames = kind_poll_frames,
	.has_driver = kind_has_driver,
	.driver_wakes = kind_driver_wakes,
	.sleep = kind_sleep,
	.awake = kind_awake,
	.stats = kind_stats,
};
