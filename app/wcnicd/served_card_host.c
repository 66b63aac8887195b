/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the card model asks of its host: DMA, interrupts, time and the log. */

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "placement.h"
#include "served_card_internal.h"

static_assert(WCDEV_DMA_READ == IOVA_READ && WCDEV_DMA_WRITE == IOVA_WRITE,
	      "what a card asks for is passed to the IOVA map as it is");

static void *
host_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
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
host_dma_span(void *ctx, uint64_t iova, unsigned int prot, struct wcdev_dma_span *span)
{
	struct served_card *card = ctx;

	if ((prot & WCDEV_DMA_WRITE) != 0 && !vfu_server_dma_quiet(card->server))
		return false;
	return iova_map_span(vfu_server_iova(card->server), iova, prot, &span->iova, &span->bytes,
			     &span->at);
}

static uint64_t
host_dma_generation(void *ctx)
{
	struct served_card *card = ctx;

	return iova_map_generation(vfu_server_iova(card->server));
}

static bool
host_dma_reach(void *ctx, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	struct served_card *card = ctx;

	return iova_map_reaches(vfu_server_iova(card->server), iova, bytes, prot);
}

static int
host_dma_fetch(void *ctx, unsigned int lane, uint64_t iova, void *data, size_t bytes)
{
	struct served_card *card = ctx;

	if (!host_dma_reach(ctx, iova, bytes, WCDEV_DMA_READ))
		return -EFAULT;
	return vfu_server_dma_read(card->server, lane, iova, data, (uint32_t)bytes);
}

static void
host_dma_cancel(void *ctx, unsigned int lane)
{
	struct served_card *card = ctx;

	vfu_server_dma_cancel(card->server, lane);
}

static int
host_dma_post(void *ctx, uint64_t iova, const void *data, size_t bytes)
{
	struct served_card *card = ctx;

	if (!host_dma_reach(ctx, iova, bytes, WCDEV_DMA_WRITE))
		return -EFAULT;
	return vfu_server_dma_write(card->server, iova, data, (uint32_t)bytes);
}

static bool
host_dma_quiet(void *ctx)
{
	struct served_card *card = ctx;

	return vfu_server_dma_quiet(card->server);
}

/* An interrupt must not come before the completion that it announces, which may be a message. */
static void
host_irq(void *ctx, uint16_t vector)
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
	for (unsigned int vector = 0; vector < card->description.vectors; vector++)
		if ((card->irqs_deferred[vector / 64] & 1ull << vector % 64) != 0)
			vfu_server_irq_trigger(card->server, vector);
	memset(card->irqs_deferred, 0, sizeof(card->irqs_deferred));
}

static uint64_t
host_now_ns(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void
served_card_log(void *ctx, int level, const char *line)
{
	struct served_card *card = ctx;
	unsigned int left_out = 0;
	struct timespec now;

	if (!wcnicd_log_wants(level))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	/* Who asks for all that there is to say gets it. */
	if (!wcnicd_log_wants(LOG_LEVEL_DEBUG) &&
	    !log_budget_take(&card->log_budget,
			     (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, &left_out))
		return;
	if (left_out > 0)
		wcnicd_log(LOG_LEVEL_WARNING, card->name,
			   "%u lines were left out: too many came at a time", left_out);
	wcnicd_log(level, card->name, "%s", line);
}

const struct wcdev_ops served_card_ops = {
	.dma = host_dma,
	.dma_span = host_dma_span,
	.dma_generation = host_dma_generation,
	.dma_reach = host_dma_reach,
	.dma_fetch = host_dma_fetch,
	.dma_cancel = host_dma_cancel,
	.dma_post = host_dma_post,
	.dma_quiet = host_dma_quiet,
	.irq = host_irq,
	.now_ns = host_now_ns,
	.log = served_card_log,
};
