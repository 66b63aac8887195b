/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "placement.h"
#include "stats.h"
#include "served_card.h"

/* What one access through the card's interface may carry. */
#define BAR_ACCESS_BYTES_MAX 64u
#define FRAME_POLLS 127u /* between two whole ones */

static uint32_t
reg_read(struct unit *unit, uint64_t off)
{
	uint32_t value = 0;

	if (wcnic_card_bar_read(unit->card, WCNIC_BAR_REGS, off, &value, sizeof(value)) < 0)
		return 0;
	return le32toh(value);
}

static void *
card_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	struct unit *unit = ctx;
	void *at;

	if ((prot & WCNIC_DMA_WRITE) && !vfu_server_dma_quiet(unit->server))
		return NULL;
	at = iova_map_find(vfu_server_iova(unit->server), iova, bytes, prot);
	if (at != NULL && !unit->near) {
		unit->near = true;
		if (unit->options.cpu < 0)
			placement_near(at, unit->name);
	}
	return at;
}

static bool
card_dma_span(void *ctx, uint64_t iova, unsigned int prot, struct wcnic_dma_span *span)
{
	struct unit *unit = ctx;

	if ((prot & WCNIC_DMA_WRITE) && !vfu_server_dma_quiet(unit->server))
		return false;
	return iova_map_span(vfu_server_iova(unit->server), iova, prot, &span->iova, &span->bytes,
			     &span->at);
}

static uint64_t
card_dma_generation(void *ctx)
{
	struct unit *unit = ctx;

	return iova_map_generation(vfu_server_iova(unit->server));
}

static bool
card_dma_reach(void *ctx, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	struct unit *unit = ctx;

	return iova_map_reaches(vfu_server_iova(unit->server), iova, bytes, prot);
}

static int
card_dma_fetch(void *ctx, unsigned int lane, uint64_t iova, void *data, size_t bytes)
{
	struct unit *unit = ctx;

	if (!card_dma_reach(ctx, iova, bytes, WCNIC_DMA_READ))
		return -EFAULT;
	return vfu_server_dma_read(unit->server, lane, iova, data, (uint32_t)bytes);
}

static void
card_dma_cancel(void *ctx, unsigned int lane)
{
	struct unit *unit = ctx;

	vfu_server_dma_cancel(unit->server, lane);
}

static int
card_dma_post(void *ctx, uint64_t iova, const void *data, size_t bytes)
{
	struct unit *unit = ctx;

	if (!card_dma_reach(ctx, iova, bytes, WCNIC_DMA_WRITE))
		return -EFAULT;
	return vfu_server_dma_write(unit->server, iova, data, (uint32_t)bytes);
}

static bool
card_dma_quiet(void *ctx)
{
	struct unit *unit = ctx;

	return vfu_server_dma_quiet(unit->server);
}

/* An interrupt must not overtake the completion that it is about. */
static void
card_irq(void *ctx, uint16_t vector)
{
	struct unit *unit = ctx;

	if (vfu_server_dma_quiet(unit->server)) {
		vfu_server_irq_trigger(unit->server, vector);
		return;
	}
	unit->irqs_held[vector / 64] |= 1ull << vector % 64;
	unit->irqs_wait = true;
}

static void
irqs_release(struct unit *unit)
{
	unsigned int vector;

	unit->irqs_wait = false;
	for (vector = 0; vector < 2 * unit->options.queues; vector++)
		if (unit->irqs_held[vector / 64] & 1ull << vector % 64)
			vfu_server_irq_trigger(unit->server, vector);
	memset(unit->irqs_held, 0, sizeof(unit->irqs_held));
}

static uint64_t
card_now_ns(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
unit_log(void *ctx, int level, const char *line)
{
	const struct unit *unit = ctx;

	wcnicd_log(level, unit->name, "%s", line);
}

static const struct wcnic_card_ops card_ops = {
	.dma = card_dma,
	.dma_span = card_dma_span,
	.dma_generation = card_dma_generation,
	.dma_reach = card_dma_reach,
	.dma_fetch = card_dma_fetch,
	.dma_cancel = card_dma_cancel,
	.dma_post = card_dma_post,
	.dma_quiet = card_dma_quiet,
	.irq = card_irq,
	.now_ns = card_now_ns,
	.log = unit_log,
};

static void
unit_reset(struct unit *unit)
{
	struct wcnic_stats stats;

	wcnic_card_stats(unit->card, &stats);
	wcnic_card_reset(unit->card);
	stats_add(&unit->totals, &stats);
	pci_config_reset(&unit->pci);
}

static int
regs_write(struct unit *unit, uint64_t off, const void *data, size_t bytes)
{
	struct wcnic_stats stats;
	uint32_t resets;
	int ret;

	/* A reset clears the card's counters, and any write may ask for one. */
	if (off > WCNIC_REG_CTRL || off + bytes <= WCNIC_REG_CTRL)
		return wcnic_card_bar_write(unit->card, WCNIC_BAR_REGS, off, data, bytes);
	wcnic_card_stats(unit->card, &stats);
	resets = reg_read(unit, WCNIC_REG_RESET_COUNT);
	ret = wcnic_card_bar_write(unit->card, WCNIC_BAR_REGS, off, data, bytes);
	if (reg_read(unit, WCNIC_REG_RESET_COUNT) != resets)
		stats_add(&unit->totals, &stats);
	return ret;
}

static int
windows_access(struct unit *unit, uint64_t off, uint8_t *in, const uint8_t *out, size_t bytes)
{
	size_t piece;
	int ret = 0;

	for (; bytes > 0 && ret == 0; bytes -= piece, off += piece) {
		piece = bytes < BAR_ACCESS_BYTES_MAX ? bytes : BAR_ACCESS_BYTES_MAX;
		if (in != NULL) {
			ret = wcnic_card_bar_read(unit->card, WCNIC_BAR_WINDOWS, off, in, piece);
			in += piece;
		} else {
			ret = wcnic_card_bar_write(unit->card, WCNIC_BAR_WINDOWS, off, out, piece);
			out += piece;
		}
	}
	return ret;
}

static int
server_region_read(void *ctx, unsigned int region, uint64_t off, void *data, size_t bytes)
{
	struct unit *unit = ctx;

	switch (region) {
	case WCNIC_BAR_REGS:
		/* The card answers a malformed access with zeroes and remembers it. */
		if (wcnic_card_bar_read(unit->card, region, off, data, bytes) < 0)
			memset(data, 0, bytes);
		return 0;
	case WCNIC_BAR_WINDOWS:
		return windows_access(unit, off, data, NULL, bytes);
	case WCNIC_BAR_MSIX:
		/* The client keeps the table itself and tells with SET_IRQS what came of it. */
		memset(data, 0, bytes);
		return 0;
	case VFU_PCI_REGION_CONFIG:
		pci_config_read(&unit->pci, off, data, bytes);
		return 0;
	default:
		return -EINVAL;
	}
}

static int
server_region_write(void *ctx, unsigned int region, uint64_t off, const void *data, size_t bytes)
{
	struct unit *unit = ctx;

	switch (region) {
	case WCNIC_BAR_REGS:
		/* Section 2: a malformed write changes nothing and is no error on the bus. */
		regs_write(unit, off, data, bytes);
		return 0;
	case WCNIC_BAR_WINDOWS:
		return windows_access(unit, off, NULL, data, bytes);
	case WCNIC_BAR_MSIX:
		return 0;
	case VFU_PCI_REGION_CONFIG:
		if (pci_config_write(&unit->pci, off, data, bytes))
			unit_reset(unit);
		return 0;
	default:
		return -EINVAL;
	}
}

static int
server_reset(void *ctx)
{
	unit_reset(ctx);
	return 0;
}

static void
server_disconnected(void *ctx)
{
	struct unit *unit = ctx;

	unit_reset(unit);
	unit->near = false;
}

static const struct vfu_server_ops server_ops = {
	.region_read = server_region_read,
	.region_write = server_region_write,
	.reset = server_reset,
	.disconnected = server_disconnected,
	.log = unit_log,
};

/* The aperture is a file, so that the client can map it. */
static int
aperture_create(struct unit *unit)
{
	int fd, ret;

	unit->aperture_bytes = (uint64_t)unit->options.aperture_mib << 20;
	fd = memfd_create("wcnic-aperture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		goto fail;
	/* Sealed: a client that cut it short would kill this process. */
	if (ftruncate(fd, (off_t)unit->aperture_bytes) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		goto fail_close;
	unit->aperture = mmap(NULL, unit->aperture_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			      0);
	if (unit->aperture == MAP_FAILED)
		goto fail_close;
	unit->aperture_fd = fd;
	return 0;
fail_close:
	ret = -errno;
	close(fd);
	errno = -ret;
fail:
	ret = -errno;
	unit->aperture = NULL;
	wcnicd_log(LOG_LEVEL_ERROR, unit->name, "no memory for an aperture of %u MiB: %s",
		   unit->options.aperture_mib, strerror(-ret));
	return ret;
}

static int
unit_feed_create(struct unit *unit)
{
	const char *path = unit->options.tlp_feed;
	int ret;

	if (path == NULL)
		return 0;
	ret = tlpfeed_create(&unit->feed, path);
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, unit->name, "--tlp-feed %s: %s", path, strerror(-ret));
	return ret;
}

static int
card_create(struct unit *unit)
{
	struct wcnic_card_config config = {
		.ops = &card_ops,
		.ctx = unit,
		.aperture = unit->aperture,
		.aperture_bytes = unit->aperture_bytes,
		.queue_pairs = (uint16_t)unit->options.queues,
		.seed = unit->options.seed,
		.sees_stores = unit->options.bar2_trapped || unit->feed.ring != NULL,
		/* Doorbells that are trapped wake as they are. */
		.sleeps = !unit->options.bar2_trapped,
	};
	char why[256];
	int ret;

	ret = wcnic_card_create(&config, &unit->card);
	if (ret < 0) {
		wcnicd_log(LOG_LEVEL_ERROR, unit->name, "cannot make the card: %s", strerror(-ret));
		return ret;
	}
	ret = wcnic_port_create(unit->options.port, unit->card, &unit->port, why, sizeof(why));
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, unit->name, "--port %s: %s", unit->options.port, why);
	return ret;
}

static int
server_create(struct unit *unit)
{
	unsigned int vectors = 2 * unit->options.queues; /* as IDENTIFY says */
	struct vfu_server_config config = {
		.ops = &server_ops,
		.ctx = unit,
		.msix_vectors = vectors,
	};
	char why[256];
	int ret;

	config.regions[WCNIC_BAR_REGS].bytes = WCNIC_BAR_REGS_BYTES;
	config.regions[WCNIC_BAR_REGS].flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	config.regions[WCNIC_BAR_WINDOWS].bytes = unit->aperture_bytes;
	config.regions[WCNIC_BAR_WINDOWS].flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	if (!unit->options.bar2_trapped) {
		config.regions[WCNIC_BAR_WINDOWS].flags |= VFU_REGION_FLAG_MMAP;
		config.regions[WCNIC_BAR_WINDOWS].fd = unit->aperture_fd;
	}
	config.regions[WCNIC_BAR_MSIX].bytes = WCNIC_BAR_MSIX_BYTES;
	config.regions[WCNIC_BAR_MSIX].flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	config.regions[VFU_PCI_REGION_CONFIG].bytes = PCI_CONFIG_BYTES;
	config.regions[VFU_PCI_REGION_CONFIG].flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	pci_config_init(&unit->pci, unit->aperture_bytes, vectors);
	ret = vfu_server_listen(unit->options.socket, &config, &unit->server, why, sizeof(why));
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, unit->name, "--socket: %s", why);
	return ret;
}

/* The last component of the path, without ".sock"; a seed from all of it. */
static void
identity_from_path(struct unit *unit)
{
	const char *base = strrchr(unit->options.socket, '/');
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
	const char *c;
	size_t len;

	base = base != NULL ? base + 1 : unit->options.socket;
	len = strlen(base);
	if (len > 5 && strcmp(base + len - 5, ".sock") == 0)
		len -= 5;
	if (len >= sizeof(unit->name))
		len = sizeof(unit->name) - 1;
	memcpy(unit->name, base, len);
	unit->name[len] = '\0';
	for (c = unit->options.socket; *c != '\0'; c++)
		hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
	if (!unit->options.seed_given)
		unit->options.seed = hash;
}

int
unit_create(struct unit *unit, const struct card_options *options)
{
	int ret;

	memset(unit, 0, sizeof(*unit));
	unit->options = *options;
	unit->aperture_fd = -1;
	identity_from_path(unit);
	ret = aperture_create(unit);
	if (ret == 0)
		ret = unit_feed_create(unit);
	if (ret == 0)
		ret = card_create(unit);
	if (ret == 0)
		ret = server_create(unit);
	if (ret < 0) {
		unit_destroy(unit);
		return ret;
	}
	wcnicd_log(LOG_LEVEL_INFO, unit->name, "listens on %s, port %s, %u queue pairs",
		   unit->options.socket, unit->options.port, unit->options.queues);
	return 0;
}

void
unit_destroy(struct unit *unit)
{
	vfu_server_destroy(unit->server);
	if (unit->port != NULL)
		unit_check_port(unit);
	wcnic_port_destroy(unit->port);
	wcnic_card_destroy(unit->card);
	if (unit->feed.ring != NULL)
		unlink(unit->options.tlp_feed);
	tlpfeed_fini(&unit->feed);
	if (unit->aperture != NULL)
		munmap(unit->aperture, unit->aperture_bytes);
	if (unit->aperture_fd >= 0)
		close(unit->aperture_fd);
	memset(unit, 0, sizeof(*unit));
	unit->aperture_fd = -1;
}

static void
unit_feed_take(struct unit *unit)
{
	struct tlpfeed_tlp tlp;
	unsigned int n;
	uint64_t lost;

	/* No more than there can be now, however fast a producer may be. */
	for (n = 0; n < TLPFEED_ENTRIES && tlpfeed_pull(&unit->feed, unit->aperture_bytes, &tlp);
	     n++)
		if (wcnic_card_arrival(unit->card, tlp.off, tlp.bytes, tlp.ns) < 0)
			break; /* not after the checks of tlpfeed_pull() */
	lost = tlpfeed_lost(&unit->feed);
	if (lost != 0) {
		wcnicd_log(LOG_LEVEL_WARNING, unit->name, "--tlp-feed: %llu TLPs found it full",
			   (unsigned long long)lost);
		wcnic_card_arrivals_lost(unit->card);
	}
	/* A test that nobody watches must not report that all lines were lost. */
	if (!tlpfeed_attached(&unit->feed))
		wcnic_card_arrivals_lost(unit->card);
	if (!tlpfeed_broken(&unit->feed) || unit->feed_told)
		return;
	unit->feed_told = true;
	wcnicd_log(LOG_LEVEL_ERROR, unit->name,
		   "--tlp-feed %s: what is in it is no TLP of this card; not read any more",
		   unit->options.tlp_feed);
}

unsigned int
unit_poll(struct unit *unit)
{
	/* The card is as fast as its memory: it goes on when its messages are answered. */
	if (!vfu_server_dma_quiet(unit->server))
		return 0;
	if (unit->irqs_wait)
		irqs_release(unit);
	/* What arrived before a command was given is seen before it is done. */
	if (unit->feed.ring != NULL)
		unit_feed_take(unit);
	if (unit->frame_polls > 0) {
		unit->frame_polls--;
		return wcnic_card_poll_frames(unit->card);
	}
	unit->frame_polls = FRAME_POLLS;
	return wcnic_card_poll(unit->card);
}

void
unit_poll_whole_next(struct unit *unit)
{
	unit->frame_polls = 0;
}

unsigned int
unit_serve(struct unit *unit)
{
	unsigned int served;

	if (iova_map_broken(vfu_server_iova(unit->server)))
		vfu_server_drop(unit->server, "it cut short a file that it shares");
	served = vfu_server_poll(unit->server);
	if (served > 0) /* perhaps a command's doorbell */
		unit_poll_whole_next(unit);
	return served;
}

bool
unit_hurries(struct unit *unit)
{
	return unit->options.bar2_trapped || !vfu_server_dma_quiet(unit->server);
}

void
unit_check_port(struct unit *unit)
{
	const char *error = wcnic_port_error(unit->port);
	struct wcnic_stats stats;

	if (error != NULL && !unit->error_told) {
		unit->error_told = true;
		wcnicd_log(LOG_LEVEL_ERROR, unit->name, "port: %s", error);
	}
	if (unit->input_told)
		return;
	wcnic_card_stats(unit->card, &stats);
	if (stats.port_in_done == 0)
		return;
	unit->input_told = true;
	wcnicd_log(LOG_LEVEL_INFO, unit->name, "port: the input has ended after %llu frames",
		   (unsigned long long)stats.port_in_frames);
}

bool
unit_busy(struct unit *unit)
{
	return vfu_server_connected(unit->server) &&
	       (reg_read(unit, WCNIC_REG_STATUS) & WCNIC_STATUS_ENABLED);
}

bool
unit_waits(struct unit *unit)
{
	return unit->feed.ring == NULL && wcnic_card_waits(unit->card);
}

bool
unit_sleep(struct unit *unit)
{
	return vfu_server_connected(unit->server) && wcnic_card_sleep(unit->card);
}

void
unit_awake(struct unit *unit)
{
	wcnic_card_awake(unit->card);
}

bool
unit_fault(struct unit *unit, const void *addr)
{
	return tlpfeed_fault(&unit->feed, addr) ||
	       iova_map_fault(vfu_server_iova(unit->server), addr);
}

void
unit_stats(struct unit *unit, struct wcnic_stats *since_reset, struct wcnic_stats *total)
{
	wcnic_card_stats(unit->card, since_reset);
	*total = unit->totals;
	stats_add(total, since_reset);
}
