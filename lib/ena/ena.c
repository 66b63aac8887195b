/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card as a whole. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wcdev_card.h>

#include "ena_card.h"

struct ena_card {
	struct wcdev dev;
	struct ena_card_config config;
};

static void
ena_port_changed(struct wcdev *dev)
{
	(void)dev;
}

static unsigned int
ena_receive_burst(struct wcdev *dev, const struct wcdev_frame *frames, unsigned int n, int *ret)
{
	(void)dev;
	(void)frames;
	(void)n;
	*ret = -ENETDOWN;
	return 0;
}

static const struct wcdev_card_ops ena_ops = {
	.port_changed = ena_port_changed,
	.receive_burst = ena_receive_burst,
};

int
ena_card_create(const struct ena_card_config *config, struct ena_card **card)
{
	*card = calloc(1, sizeof(**card));
	if (*card == NULL)
		return -ENOMEM;
	wcdev_init(&(*card)->dev, &ena_ops, config->ops, config->ctx);
	(*card)->config = *config;
	return 0;
}

void
ena_card_destroy(struct ena_card *card)
{
	free(card);
}

struct wcdev *
ena_card_dev(struct ena_card *card)
{
	return &card->dev;
}

unsigned int
ena_card_vectors(const struct ena_card *card)
{
	return (card->config.queue_pairs != 0 ? card->config.queue_pairs : 8u) + 1;
}

unsigned int
ena_card_poll(struct ena_card *card)
{
	(void)card;
	return 0;
}

unsigned int
ena_card_poll_frames(struct ena_card *card)
{
	(void)card;
	return 0;
}

bool
ena_card_has_driver(const struct ena_card *card)
{
	(void)card;
	return false;
}

bool
ena_card_waits(const struct ena_card *card)
{
	(void)card;
	return true;
}

void
ena_card_bar_read(struct ena_card *card, unsigned int bar, uint64_t off, void *data, size_t bytes)
{
	(void)card;
	(void)bar;
	(void)off;
	memset(data, 0, bytes);
}

void
ena_card_bar_write(struct ena_card *card, unsigned int bar, uint64_t off, const void *data,
		   size_t bytes)
{
	(void)card;
	(void)bar;
	(void)off;
	(void)data;
	(void)bytes;
}

void
ena_card_reset(struct ena_card *card)
{
	(void)card;
}

void
ena_card_warn(struct ena_card *card, uint16_t syndrome)
{
	(void)card;
	(void)syndrome;
}

void
ena_card_stats(const struct ena_card *card, struct ena_card_stats *stats)
{
	(void)card;
	memset(stats, 0, sizeof(*stats));
}
