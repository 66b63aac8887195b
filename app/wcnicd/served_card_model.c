/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the card model asks of its host: DMA, interrupts, time and the log. */

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "placement.h"
#include "served_card_internal.h"

static_assert(WCDEV_DMA_READ == IOVA_READ && WCDEV_DMA_WRITE == IOVA_WRITE,
	      "what a card asks for is passed to the IOVA map as it is");

uint32_t
served_card_reg_read(struct served_card *card, uint64_t off)
{
	uint32_t value = 0;

	if (wcnic_card_bar_read(card->model, WCNIC_BAR_REGS, off, &value, sizeof(value)) < 0)
		return 0;
	return le32toh(value);
}

static void *
model_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	struct served_card *card = ctx;
	void *at;

	if ((prot & WCDEV_DMA_WRITE) != 0 && !vfu_server_dma_quiet(card->server))
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
model_dma_span(void *ctx, uint64_t iova, unsigned int prot, struct wcdev_dma_span *span)
{
	struct served_card *card = ctx;

	if ((prot & WCDEV_DMA_WRITE) != 0 && !vfu_server_dma_quiet(card->server))
		return false;
	return iova_map_span(vfu_server_iova(card->server), iova, prot, &span->iova, &span->bytes,
			     &span->at);
}

static uint64_t
model_dma_generation(void *ctx)
{
	struct served_card *card = ctx;

	return iova_map_generation(vfu_server_iova(card->server));
}

static bool
model_dma_reach(void *ctx, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	struct served_card *card = ctx;

	return iova_map_reaches(vfu_server_iova(card->server), iova, bytes, prot);
}

static int
model_dma_fetch(void *ctx, unsigned int lane, uint64_t iova, void *data, size_t bytes)
{
	struct served_card *card = ctx;

	if (!model_dma_reach(ctx, iova, bytes, WCDEV_DMA_READ))
		return -EFAULT;
	return vfu_server_dma_read(card->server, lane, iova, data, (uint32_t)bytes);
}

static void
model_dma_cancel(void *ctx, unsigned int lane)
{
	struct served_card *card = ctx;

	vfu_server_dma_cancel(card->server, lane);
}

static int
model_dma_post(void *ctx, uint64_t iova, const void *data, size_t bytes)
{
	struct served_card *card = ctx;

	if (!model_dma_reach(ctx, iova, bytes, WCDEV_DMA_WRITE))
		return -EFAULT;
	return vfu_server_dma_write(card->server, iova, data, (uint32_t)bytes);
}

static bool
model_dma_quiet(void *ctx)
{
	struct served_card *card = ctx;

	return vfu_server_dma_quiet(card->server);
}

/* An interrupt must not come before the completion that it announces, which may be a message. */
static void
model_irq(void *ctx, uint16_t vector)
{
	struct served_card *card = ctx;

	if (vfu_server_dma_quiet(card->server)) {
		vfu_server_irq_trigger(card->server, vector);
		return;
	}
	card->irqs_deferred[vector / 64] |= 1ull << vector % 64;
	card->irqs_pending = true;
}

void
served_card_irqs_release(struct served_card *card)
{
	card->irqs_pending = false;
	for (unsigned int vector = 0; vector < 2 * card->options.queues; vector++)
		if ((card->irqs_deferred[vector / 64] & 1ull << vector % 64) != 0)
			vfu_server_irq_trigger(card->server, vector);
	memset(card->irqs_deferred, 0, sizeof(card->irqs_deferred));
}

static uint64_t
model_now_ns(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void
served_card_log(void *ctx, int level, const char *line)
{
	const struct served_card *card = ctx;

	wcnicd_log(level, card->name, "%s", line);
}

static const struct wcdev_ops model_ops = {
	.dma = model_dma,
	.dma_span = model_dma_span,
	.dma_generation = model_dma_generation,
	.dma_reach = model_dma_reach,
	.dma_fetch = model_dma_fetch,
	.dma_cancel = model_dma_cancel,
	.dma_post = model_dma_post,
	.dma_quiet = model_dma_quiet,
	.irq = model_irq,
	.now_ns = model_now_ns,
	.log = served_card_log,
};

int
served_card_model_create(struct served_card *card)
{
	struct wcnic_card_config config = {
		.ops = &model_ops,
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
	ret = wcnic_port_create(card->options.port, wcnic_card_dev(card->model), &card->port, why,
				sizeof(why));
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_ERROR, card->name, "--port %s: %s", card->options.port, why);
	return ret;
}
