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
reg_read(struct served_card *card, uint64_t off)
{
	uint32_t value = 0;

	if (wcnic_card_bar_read(card->model, WCNIC_BAR_REGS, off, &value, sizeof(value)) < 0)
		return 0;
	return le32toh(value);
}

static void *
card_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	struct served_card *card = ctx;
	void *at;

	if ((prot & WCNIC_DMA_WRITE) && !vfu_server_dma_quiet(card->server))
		return NULL;
	at = iova_map_find(vfu_server_iova(card->server), iova, bytes, prot);
	if (at != NULL && !card->placed_near) {
		card->placed_near = true;
		if (card->options.cpu < 0)
			placement_near(at, card->name);
	}
	return at;
}

static bool
card_dma_span(void *ctx, uint64_t iova, unsigned int prot, struct wcnic_dma_span *span)
{
	struct served_card *card = ctx;

	if ((prot & WCNIC_DMA_WRITE) && !vfu_server_dma_quiet(card->server))
		return false;
	return iova_map_span(vfu_server_iova(card->server), iova, prot, &span->iova, &span->bytes,
			     &span->at);
}

static uint64_t
card_dma_generation(void *ctx)
{
	struct served_card *card = ctx;

	return iova_map_generation(vfu_server_iova(card->server));
}

static bool
card_dma_reach(void *ctx, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	struct served_card *card = ctx;

	return iova_map_reaches(vfu_server_iova(card->server), iova, bytes, prot);
}

static int
card_dma_fetch(void *ctx, unsigned int lane, uint64_t iova, void *data, size_t bytes)
{
	struct served_card *card = ctx;

	if (!card_dma_reach(ctx, iova, bytes, WCNIC_DMA_READ))
		return -EFAULT;
	return vfu_server_dma_read(card->server, lane, iova, data, (uint32_t)bytes);
}

static void
card_dma_cancel(void *ctx, unsigned int lane)
{
	struct served_card *card = ctx;

	vfu_server_dma_cancel(card->server, lane);
}

static int
card_dma_post(void *ctx, uint64_t iova, const void *data, size_t bytes)
{
	struct served_card *card = ctx;

	if (!card_dma_reach(ctx, iova, bytes, WCNIC_DMA_WRITE))
		return -EFAULT;
	return vfu_server_dma_write(card->server, iova, data, (uint32_t)bytes);
}

static bool
card_dma_quiet(void *ctx)
{
	struct served_card *card = ctx;

	return vfu_server_dma_quiet(card->server);
}

/* An interrupt must not overtake the completion that it is about. */
static void
card_irq(void *ctx, uint16_t vector)
{
	struct served_card *card = ctx;

	if (vfu_server_dma_quiet(card->server)) {
		vfu_server_irq_trigger(card->server, vector);
		return;
	}
	card->irqs_deferred[vector / 64] |= 1ull << vector % 64;
	card->irqs_pending = true;
}

static void
irqs_release(struct served_card *card)
{
	unsigned int vector;

	card->irqs_pending = false;
	for (vector = 0; vector < 2 * card->options.queues; vector++)
		if (card->irqs_deferred[vector / 64] & 1ull << vector % 64)
			vfu_server_irq_trigger(card->server, vector);
	memset(card->irqs_deferred, 0, sizeof(card->irqs_deferred));
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
card_log(void *ctx, int level, const char *line)
{
	const struct served_card *card = ctx;

	wcnicd_log(level, card->name, "%s", line);
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
	.log = card_log,
};

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
	resets = reg_read(card, WCNIC_REG_RESET_COUNT);
	ret = wcnic_card_bar_write(card->model, WCNIC_BAR_REGS, off, data, bytes);
	if (reg_read(card, WCNIC_REG_RESET_COUNT) != resets)
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
		/* The client keeps the table itself and tells with SET_IRQS what came of it. */
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
	.log = card_log,
};

/* The aperture is a file, so that the client can map it. */
static int
aperture_create(struct served_card *card)
{
	int fd, ret;

	card->aperture_bytes = (uint64_t)card->options.aperture_mib << 20;
	fd = memfd_create("wcnic-aperture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		goto fail;
	/* Sealed: a client that cut it short would kill this process. */
	if (ftruncate(fd, (off_t)card->aperture_bytes) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		goto fail_close;
	card->aperture = mmap(NULL, card->aperture_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			      0);
	if (card->aperture == MAP_FAILED)
		goto fail_close;
	card->aperture_fd = fd;
	return 0;
fail_close:
	ret = -errno;
	close(fd);
	errno = -ret;
fail:
	ret = -errno;
	card->aperture = NULL;
	wcnicd_log(LOG_LEVEL_ERROR, card->name, "no memory for an aperture of %u MiB: %s",
		   card->options.aperture_mib, strerror(-ret));
	return ret;
}

static int
feed_create(struct served_card *card)
{
	const char *path = card->options.tlp_feed;
	int ret;

	if (path == NULL)
		return 0;
	ret = tlpfeed_create(&card->feed, path);
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "--tlp-feed %s: %s", path, strerror(-ret));
	return ret;
}

static int
model_create(struct served_card *card)
{
	struct wcnic_card_config config = {
		.ops = &card_ops,
		.ctx = card,
		.aperture = card->aperture,
		.aperture_bytes = card->aperture_bytes,
		.queue_pairs = (uint16_t)card->options.queues,
		.seed = card->options.seed,
		.sees_stores = card->options.bar2_trapped || card->feed.ring != NULL,
		/* Doorbells that are trapped wake as they are. */
		.sleeps = !card->options.bar2_trapped,
	};
	char why[256];
	int ret;

	ret = wcnic_card_create(&config, &card->model);
	if (ret < 0) {
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "cannot make the card: %s", strerror(-ret));
		return ret;
	}
	ret = wcnic_port_create(card->options.port, card->model, &card->port, why, sizeof(why));
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "--port %s: %s", card->options.port, why);
	return ret;
}

static int
server_create(struct served_card *card)
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

/* The last component of the path, without ".sock"; a seed from all of it. */
static void
identity_from_path(struct served_card *card)
{
	const char *base = strrchr(card->options.socket, '/');
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
	const char *c;
	size_t len;

	base = base != NULL ? base + 1 : card->options.socket;
	len = strlen(base);
	if (len > 5 && strcmp(base + len - 5, ".sock") == 0)
		len -= 5;
	if (len >= sizeof(card->name))
		len = sizeof(card->name) - 1;
	memcpy(card->name, base, len);
	card->name[len] = '\0';
	for (c = card->options.socket; *c != '\0'; c++)
		hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
	if (!card->options.seed_given)
		card->options.seed = hash;
}

int
served_card_create(struct served_card *card, const struct card_options *options)
{
	int ret;

	memset(card, 0, sizeof(*card));
	card->options = *options;
	card->aperture_fd = -1;
	identity_from_path(card);
	ret = aperture_create(card);
	if (ret == 0)
		ret = feed_create(card);
	if (ret == 0)
		ret = model_create(card);
	if (ret == 0)
		ret = server_create(card);
	if (ret < 0) {
		served_card_destroy(card);
		return ret;
	}
	wcnicd_log(LOG_LEVEL_INFO, card->name, "listens on %s, port %s, %u queue pairs",
		   card->options.socket, card->options.port, card->options.queues);
	return 0;
}

void
served_card_destroy(struct served_card *card)
{
	vfu_server_destroy(card->server);
	if (card->port != NULL)
		served_card_check_port(card);
	wcnic_port_destroy(card->port);
	wcnic_card_destroy(card->model);
	if (card->feed.ring != NULL)
		unlink(card->options.tlp_feed);
	tlpfeed_fini(&card->feed);
	if (card->aperture != NULL)
		munmap(card->aperture, card->aperture_bytes);
	if (card->aperture_fd >= 0)
		close(card->aperture_fd);
	memset(card, 0, sizeof(*card));
	card->aperture_fd = -1;
}

static void
feed_take(struct served_card *card)
{
	struct tlpfeed_tlp tlp;
	unsigned int n;
	uint64_t lost;

	/* No more than there can be now, however fast a producer may be. */
	for (n = 0; n < TLPFEED_ENTRIES && tlpfeed_pull(&card->feed, card->aperture_bytes, &tlp);
	     n++)
		if (wcnic_card_arrival(card->model, tlp.off, tlp.bytes, tlp.ns) < 0)
			break; /* not after the checks of tlpfeed_pull() */
	lost = tlpfeed_lost(&card->feed);
	if (lost != 0) {
		wcnicd_log(LOG_LEVEL_WARNING, card->name, "--tlp-feed: %llu TLPs found it full",
			   (unsigned long long)lost);
		wcnic_card_arrivals_lost(card->model);
	}
	/* A test that nobody watches must not report that all lines were lost. */
	if (!tlpfeed_attached(&card->feed))
		wcnic_card_arrivals_lost(card->model);
	if (!tlpfeed_broken(&card->feed) || card->feed_reported)
		return;
	card->feed_reported = true;
	wcnicd_log(LOG_LEVEL_ERROR, card->name,
		   "--tlp-feed %s: what is in it is no TLP of this card; not read any more",
		   card->options.tlp_feed);
}

unsigned int
served_card_poll(struct served_card *card)
{
	/* The card is as fast as its memory: it goes on when its messages are answered. */
	if (!vfu_server_dma_quiet(card->server))
		return 0;
	if (card->irqs_pending)
		irqs_release(card);
	/* What arrived before a command was given is seen before it is done. */
	if (card->feed.ring != NULL)
		feed_take(card);
	if (card->frame_polls > 0) {
		card->frame_polls--;
		return wcnic_card_poll_frames(card->model);
	}
	card->frame_polls = FRAME_POLLS;
	return wcnic_card_poll(card->model);
}

void
served_card_poll_all_next(struct served_card *card)
{
	card->frame_polls = 0;
}

unsigned int
served_card_serve(struct served_card *card)
{
	unsigned int served;

	if (iova_map_broken(vfu_server_iova(card->server)))
		vfu_server_drop(card->server, "it cut short a file that it shares");
	served = vfu_server_poll(card->server);
	if (served > 0) /* perhaps a command's doorbell */
		served_card_poll_all_next(card);
	return served;
}

bool
served_card_needs_serving(struct served_card *card)
{
	return card->options.bar2_trapped || !vfu_server_dma_quiet(card->server);
}

void
served_card_check_port(struct served_card *card)
{
	const char *error = wcnic_port_error(card->port);
	struct wcnic_stats stats;

	if (error != NULL && !card->error_reported) {
		card->error_reported = true;
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "port: %s", error);
	}
	if (card->input_reported)
		return;
	wcnic_card_stats(card->model, &stats);
	if (stats.port_in_done == 0)
		return;
	card->input_reported = true;
	wcnicd_log(LOG_LEVEL_INFO, card->name, "port: the input has ended after %llu frames",
		   (unsigned long long)stats.port_in_frames);
}

bool
served_card_has_driver(struct served_card *card)
{
	return vfu_server_connected(card->server) &&
	       (reg_read(card, WCNIC_REG_STATUS) & WCNIC_STATUS_ENABLED);
}

bool
served_card_driver_wakes(struct served_card *card)
{
	return card->feed.ring == NULL && wcnic_card_waits(card->model);
}

bool
served_card_sleep(struct served_card *card)
{
	return vfu_server_connected(card->server) && wcnic_card_sleep(card->model);
}

void
served_card_awake(struct served_card *card)
{
	wcnic_card_awake(card->model);
}

bool
served_card_fault(struct served_card *card, const void *addr)
{
	return tlpfeed_fault(&card->feed, addr) ||
	       iova_map_fault(vfu_server_iova(card->server), addr);
}

void
served_card_stats(struct served_card *card, struct wcnic_stats *since_reset,
		  struct wcnic_stats *total)
{
	wcnic_card_stats(card->model, since_reset);
	*total = card->totals;
	stats_add(total, since_reset);
}
