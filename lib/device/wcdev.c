/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What a card has of its embedder, apart from host memory. */

#include <stdarg.h>
#include <stdio.h>

#include "wcdev_card.h"

const char *
wcdev_ops_fault(const struct wcdev_ops *ops)
{
	if (ops == NULL)
		return "ops: needed";
	if (ops->dma == NULL || ops->now_ns == NULL)
		return "ops: dma and now_ns are needed";
	if (ops->dma_reach != NULL && (ops->dma_fetch == NULL || ops->dma_cancel == NULL ||
				       ops->dma_post == NULL || ops->dma_quiet == NULL))
		return "ops: with dma_reach the other four of its kind are needed";
	return NULL;
}

void
wcdev_init(struct wcdev *dev, const struct wcdev_card_ops *card_ops, const struct wcdev_ops *ops,
	   void *ctx)
{
	dev->card_ops = card_ops;
	dev->ops = ops;
	dev->ctx = ctx;
	dev->map_id = 1;
}

void
wcdev_log(const struct wcdev *dev, int level, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (dev->ops->log == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	dev->ops->log(dev->ctx, level, line);
}
