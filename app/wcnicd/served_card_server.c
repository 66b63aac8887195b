/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the vfio-user server asks of its device: accesses of regions, and resets. */

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "log.h"
#include "served_card_internal.h"

#define APERTURE_BAR 2u /* of both kinds */
#define OWN_FDS 64u     /* of the process, besides those of cards */

static void
card_reset(struct served_card *card)
{
	union stats_values values;

	card->kind->stats(card, &values);
	card->kind->reset(card);
	stats_add(&card->kind->fields, &card->totals, &values);
	pci_config_reset(&card->pci);
}

/* The client emulates the table itself, and binds vectors with SET_IRQS. */
static bool
is_msix(const struct served_card *card, unsigned int bar, uint64_t off)
{
	return bar == card->description.msix_bar && off >= card->description.msix_table_off;
}

static int
bar_write(struct served_card *card, unsigned int bar, uint64_t off, const void *data, size_t bytes)
{
	const struct served_card_kind *kind = card->kind;
	union stats_values values;
	uint64_t resets;
	int ret;

	if (kind->may_reset == NULL || !kind->may_reset(bar, off, bytes))
		return kind->bar_write(card, bar, off, data, bytes);
	/* A reset clears the card's counters. */
	kind->stats(card, &values);
	resets = kind->resets(card);
	ret = kind->bar_write(card, bar, off, data, bytes);
	if (kind->resets(card) != resets)
		stats_add(&kind->fields, &card->totals, &values);
	return ret;
}

static int
server_region_read(void *ctx, unsigned int region, uint64_t off, void *data, size_t bytes)
{
	struct served_card *card = ctx;

	if (region == VFU_PCI_REGION_CONFIG) {
		pci_config_read(&card->pci, off, data, bytes);
		return 0;
	}
	if (!is_msix(card, region, off))
		return card->kind->bar_read(card, region, off, data, bytes);
	memset(data, 0, bytes);
	return 0;
}

static int
server_region_write(void *ctx, unsigned int region, uint64_t off, const void *data, size_t bytes)
{
	struct served_card *card = ctx;

	if (region == VFU_PCI_REGION_CONFIG) {
		if (pci_config_write(&card->pci, off, data, bytes))
			card_reset(card);
		return 0;
	}
	return is_msix(card, region, off) ? 0 : bar_write(card, region, off, data, bytes);
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

static void
limits_set(struct vfu_server_limits *limits, const struct card_options *options)
{
	*limits = (struct vfu_server_limits){
		.ranges = options->max_ranges,
		.files = options->max_files,
		.bytes = (uint64_t)options->max_mib << 20,
		.any_file = options->any_file,
		.greet_ms = options->greet_ms,
		.message_ms = options->message_ms,
	};
}

/* Makes sure that all cards can have their descriptors, so that none takes those of another. */
static void
descriptors_reserve(const struct served_card *card)
{
	static rlim_t needed = OWN_FDS; /* by the cards so far */
	struct rlimit limit;

	needed += VFU_SERVER_FDS_MAX + card->description.vectors;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < needed)
		wcnicd_log(LOG_LEVEL_WARNING, card->name,
			   "clients could need %llu open files, and the limit is %llu: a client "
			   "may keep others away; raise it (ulimit -Hn)",
			   (unsigned long long)needed, (unsigned long long)limit.rlim_cur);
}

int
served_card_server_create(struct served_card *card)
{
	const struct pci_description *pci = &card->description;
	struct vfu_server_config config = {
		.ops = &server_ops,
		.ctx = card,
		.msix_vectors = pci->vectors,
		.access = card->options.access,
	};
	char why[256];
	int ret;

	descriptors_reserve(card);
	limits_set(&config.limits, &card->options);
	for (unsigned int bar = 0; bar < PCI_CONFIG_BARS; bar++) {
		if (pci->bars[bar].bytes == 0)
			continue;
		config.regions[bar].bytes = pci->bars[bar].bytes;
		config.regions[bar].flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	}
	if (!card->options.bar2_trapped) {
		config.regions[APERTURE_BAR].flags |= VFU_REGION_FLAG_MMAP;
		config.regions[APERTURE_BAR].fd = card->aperture_fd;
	}
	config.regions[VFU_PCI_REGION_CONFIG].bytes = PCI_CONFIG_BYTES;
	config.regions[VFU_PCI_REGION_CONFIG].flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	pci_config_init(&card->pci, pci);
	ret = vfu_server_listen(card->options.socket, &config, &card->server, why, sizeof(why));
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "--socket: %s", why);
	else
		(void)lstat(card->options.socket, &card->socket_file);
	return ret;
}
