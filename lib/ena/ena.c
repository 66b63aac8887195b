/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card as a whole: made from its configuration, polled, reset. */

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#include "ena.h"

#define QUEUE_PAIRS_DEFAULT 8u
#define QUEUE_DEPTH_DEFAULT 1024u

/* splitmix64: what is made from the seed. */
static uint64_t
random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* No driver has a say in pauses: they are used where the wire carries them. */
static void
port_changed(struct wcdev *dev)
{
	struct wcdev_link link;

	wcdev_port_link(dev, &link);
	wcdev_port_wire_set(dev, link.pauses ? WCDEV_WIRE_PAUSE_TX | WCDEV_WIRE_PAUSE_RX : 0);
	ena_of(dev)->aenq.link_told = false;
}

static const struct wcdev_card_ops ena_dev_ops = {
	.port_changed = port_changed,
	.receive_burst = ena_rx_burst,
};

/* ---- the configuration ------------------------------------------------------------------- */

static uint32_t
pow2_up(uint32_t value)
{
	uint32_t up = 1;

	while (up < value)
		up *= 2;
	return up;
}

/* Each queue has one place in the LLQ memory. */
static uint32_t
llq_place_bytes(const struct ena_card_config *config)
{
	return (uint32_t)(config->llq_bytes / pow2_up(config->queue_pairs));
}

static bool
depth_ok(uint32_t depth)
{
	return wcdev_is_pow2(depth) && depth >= ENA_QUEUE_DEPTH_MIN && depth <= ENA_QUEUE_DEPTH_MAX;
}

/* Puts defaults in the place of zeroes. */
static void
config_complete(struct ena_card_config *config)
{
	uint32_t depth;

	if (config->queue_pairs == 0)
		config->queue_pairs = QUEUE_PAIRS_DEFAULT;
	if (config->queue_depth == 0)
		config->queue_depth = QUEUE_DEPTH_DEFAULT;
	if (config->push_wait_ns == 0)
		config->push_wait_ns = ENA_PUSH_WAIT_NS;
	if (config->llq_entries == 0 || config->llq_depth != 0)
		return;
	depth = llq_place_bytes(config) / 128;
	config->llq_depth = depth < config->queue_depth ? (uint16_t)depth : config->queue_depth;
}

/* Says which field of the completed configuration is wrong, or NULL. */
static const char *
config_fault(const struct ena_card_config *config)
{
	if (config->queue_pairs > ENA_QUEUE_PAIRS_MAX)
		return "queue_pairs: expected 1 to 32";
	if (!depth_ok(config->queue_depth))
		return "queue_depth: expected a power of two, 64 to 4096";
	if ((config->llq_entries & ~(ENA_LLQ_ENTRY_128 | ENA_LLQ_ENTRY_256)) != 0)
		return "llq_entries: expected ENA_LLQ_ENTRY_*";
	if (config->llq == NULL || config->llq_bytes < ENA_LLQ_BYTES_MIN ||
	    config->llq_bytes > ENA_LLQ_BYTES_MAX || !wcdev_is_pow2(config->llq_bytes))
		return "llq_bytes: expected a power of two, 64 KiB to 1 GiB, and memory";
	if (config->llq_entries == 0)
		return NULL;
	if (config->llq_recommended != 0 && (!wcdev_is_pow2(config->llq_recommended) ||
					     (config->llq_recommended & config->llq_entries) == 0))
		return "llq_recommended: expected one of llq_entries";
	if (!depth_ok(config->llq_depth))
		return "llq_depth: expected a power of two, 64 to 4096, or more LLQ memory";
	if ((uint32_t)config->llq_depth * 128 > llq_place_bytes(config))
		return "llq_depth: with entries of 128 bytes all queues together exceed llq_bytes";
	if ((config->llq_entries & ENA_LLQ_ENTRY_256) != 0 &&
	    config->llq_depth / 2 < ENA_QUEUE_DEPTH_MIN)
		return "llq_depth: expected at least 128, as entries of 256 bytes halve it";
	return NULL;
}

static void
config_log(const struct ena_card_config *config, const char *fault)
{
	if (config->ops != NULL && config->ops->log != NULL)
		config->ops->log(config->ctx, LOG_ERR, fault);
}

/* All but the counters is as at power-on. */
static void
device_reset(struct ena_card *card)
{
	ena_queues_reset(card);
	wcdev_readers_reset(&card->dev);
	memset(&card->admin, 0, sizeof(card->admin));
	memset(&card->aenq, 0, sizeof(card->aenq));
	ena_regs_reset(card);
	ena_feature_reset(card);
	ena_rss_reset(card);
}

int
ena_card_create(const struct ena_card_config *given, struct ena_card **out)
{
	struct ena_card_config config = *given;
	const char *fault = wcdev_ops_fault(config.ops);
	struct ena_card *card;
	uint64_t random = config.seed;
	uint64_t bits;

	config_complete(&config);
	if (fault == NULL)
		fault = config_fault(&config);
	if (fault != NULL) {
		config_log(&config, fault);
		return -EINVAL;
	}
	card = calloc(1, sizeof(*card));
	if (card == NULL)
		return -ENOMEM;
	wcdev_init(&card->dev, &ena_dev_ops, config.ops, config.ctx);
	bits = random_next(&random);
	if (memcmp(config.mac, (const uint8_t[6]){0}, 6) == 0) {
		memcpy(config.mac, &bits, 6);
		config.mac[0] = (uint8_t)((config.mac[0] & 0xfcu) | 0x02u); /* local, unicast */
	}
	card->poison = random_next(&random) | 1; /* no word of a fresh mapping */
	for (unsigned int i = 0; i < sizeof(card->rss.key_at_first); i++)
		card->rss.key_at_first[i] = (uint8_t)random_next(&random);
	card->config = config;
	card->llq_place_bytes = llq_place_bytes(&config);
	device_reset(card);
	*out = card;
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
	return ena_vectors(card);
}

/* ---- reset ------------------------------------------------------------------------------- */

void
ena_card_reset(struct ena_card *card)
{
	device_reset(card);
	memset(card->regs, 0, sizeof(card->regs));
	memset(&card->stats, 0, sizeof(card->stats));
}

/* ---- polling ----------------------------------------------------------------------------- */

static unsigned int
tx_poll(void *ctx, unsigned int i)
{
	struct ena_card *card = ctx;
	struct ena_sq *sq = &card->sqs[i];
	const unsigned int done = ena_tx_poll(card, sq);

	if (sq->head != sq->tail)
		wcdev_turn_found(&card->tx_turns, i);
	return done;
}

static unsigned int
port_poll(void *ctx)
{
	struct ena_card *card = ctx;

	if (!card->admin.on)
		return 0;
	return wcdev_port_poll(&card->dev, card->rx_live != 0 ? ENA_BURST : 0);
}

/*
 * Frames both ways. Queues take turns at being first, so that none starves when buffers are few.
 */
static unsigned int
frames_turn(struct ena_card *card)
{
	return wcdev_turn(&card->tx_turns, card->poll_id % WCDEV_TURNS_MAX, tx_poll, port_poll,
			  card);
}

unsigned int
ena_card_poll(struct ena_card *card)
{
	unsigned int moved;

	card->poll_id++;
	card->now_ns = wcdev_now_ns(&card->dev);
	if (!card->admin.on)
		return 0;
	wcdev_enter(&card->dev);
	wcdev_readers_sweep(&card->dev);
	moved = ena_admin_poll(card);
	moved += frames_turn(card);
	if (card->irq_due != 0)
		ena_cq_poll(card);
	ena_aenq_poll(card);
	wcdev_leave(&card->dev);
	return moved;
}

unsigned int
ena_card_poll_frames(struct ena_card *card)
{
	unsigned int moved;

	if (!card->admin.on)
		return 0;
	card->poll_id++;
	wcdev_enter(&card->dev);
	moved = frames_turn(card);
	wcdev_leave(&card->dev);
	return moved;
}

bool
ena_card_has_driver(const struct ena_card *card)
{
	return card->admin.on;
}

bool
ena_card_waits(const struct ena_card *card)
{
	if (!card->admin.on)
		return true;
	if (wcdev_port_has_input(&card->dev) || card->irq_due != 0 ||
	    !wcdev_dma_quiet(&card->dev) || card->admin.head != card->admin.db)
		return false;
	for (uint64_t live = card->tx_turns.live; live != 0; live &= live - 1) {
		const struct ena_sq *sq = &card->sqs[__builtin_ctzll(live)];

		if (sq->state == ENA_SQ_RUN && sq->head != sq->tail)
			return false;
	}
	return true;
}

/* ---- accesses ---------------------------------------------------------------------------- */

/* Where an access of BAR 2 is, or NULL: it is not within the BAR. */
static uint8_t *
llq_at(const struct ena_card *card, uint64_t off, size_t bytes)
{
	if (off > card->config.llq_bytes || bytes > card->config.llq_bytes - off)
		return NULL;
	return (uint8_t *)card->config.llq + off;
}

void
ena_card_bar_read(struct ena_card *card, unsigned int bar, uint64_t off, void *data, size_t bytes)
{
	const uint8_t *at = bar == ENA_BAR_LLQ ? llq_at(card, off, bytes) : NULL;

	memset(data, 0, bytes);
	if (bar == ENA_BAR_REGS)
		ena_regs_read(card, off, data, bytes);
	else if (at != NULL)
		memcpy(data, at, bytes);
}

static void
regs_write(struct ena_card *card, uint64_t off, const void *data, size_t bytes)
{
	if (!ena_regs_write(card, off, data, bytes))
		return;
	device_reset(card);
	card->status |= ENA_DEV_STS_RESET_IN_PROGRESS;
}

void
ena_card_bar_write(struct ena_card *card, unsigned int bar, uint64_t off, const void *data,
		   size_t bytes)
{
	uint8_t *at = bar == ENA_BAR_LLQ ? llq_at(card, off, bytes) : NULL;

	if (bar == ENA_BAR_REGS)
		regs_write(card, off, data, bytes);
	else if (at != NULL)
		memcpy(at, data, bytes);
	else
		card->stats.bad_writes++;
}

void
ena_card_warn(struct ena_card *card, uint16_t syndrome)
{
	static const uint32_t nothing[12];

	(void)ena_aenq_post(card, ENA_AENQ_WARNING, syndrome, nothing);
}

void
ena_card_stats(const struct ena_card *card, struct ena_card_stats *stats)
{
	uint64_t frames = 0;
	bool done = false;

	*stats = card->stats;
	wcdev_port_input(&card->dev, &frames, &done);
	stats->port_in_frames = frames;
	stats->port_in_done = done;
}
