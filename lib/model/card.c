/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card as a whole: creation, reset, poll, accesses of the host to its BARs. */

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#include "card_rx.h"

#define APERTURE_MIN (1ull << 20)
#define APERTURE_MAX (1ull << 30)

/* splitmix64 */
static uint64_t
seed_mix(uint64_t seed)
{
	seed += 0x9e3779b97f4a7c15ull;
	seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9ull;
	seed = (seed ^ (seed >> 27)) * 0x94d049bb133111ebull;
	return seed ^ (seed >> 31);
}

static void
card_identity_init(struct wcnic_card *card, const struct wcnic_card_config *config)
{
	static const uint8_t none[6];
	uint64_t mix = seed_mix(config->seed);

	card->random = seed_mix(mix);
	card->generation = (uint16_t)(mix >> 48);
	memcpy(card->perm_mac, config->mac, sizeof(card->perm_mac));
	if (memcmp(config->mac, none, sizeof(none)) == 0) {
		for (unsigned int i = 0; i < sizeof(card->perm_mac); i++)
			card->perm_mac[i] = (uint8_t)(mix >> (8 * i));
		card->perm_mac[0] = 0x02; /* locally administered, not a group */
	}
	card->caps = WCNIC_CAP_RSS | WCNIC_CAP_PUSH | WCNIC_CAP_PUSH_PACKED | WCNIC_CAP_TX_OFFLOAD |
		     WCNIC_CAP_TX_SEGMENT;
	card->caps |= WCNIC_CAP_RX_EXTRA | WCNIC_CAP_RX_CHECKSUM | WCNIC_CAP_FILTER |
		      WCNIC_CAP_FLOW | WCNIC_CAP_CLOCK | WCNIC_CAP_PUSH_EXPRESS |
		      WCNIC_CAP_FETCH_EXPRESS;
	if (config->sees_stores)
		card->caps |= WCNIC_CAP_WINDOW_TEST;
	if (config->ops->irq != NULL)
		card->caps |= WCNIC_CAP_MSIX;
	if (config->sleeps)
		card->caps |= WCNIC_CAP_WAKE;
}

static const char *
config_fault(const struct wcnic_card_config *config)
{
	const char *fault = wcdev_ops_fault(config->ops);

	if (fault != NULL)
		return fault;
	if (config->aperture == NULL || ((uintptr_t)config->aperture & 4095) != 0)
		return "aperture: page-aligned memory is needed";
	if (!wcdev_is_pow2(config->aperture_bytes) || config->aperture_bytes < APERTURE_MIN ||
	    config->aperture_bytes > APERTURE_MAX)
		return "aperture_bytes: a power of two from 1 MiB to 1 GiB is needed";
	if (config->queue_pairs > CARD_QUEUES_MAX)
		return "queue_pairs: at most 64";
	if ((config->mac[0] & 1) != 0)
		return "mac: a group address";
	return NULL;
}

/* Everything that a reset clears: also the state of power-on. */
static void
card_clear(struct wcnic_card *card)
{
	card->ctrl = 0;
	card->status = WCNIC_STATUS_READY;
	card->settling = true;
	card->error_cause = WCNIC_ERR_NONE;
	card->error_info = 0;
	card->fw_hung = false;
	card->features = card->caps & (WCNIC_CAP_PUSH | WCNIC_CAP_RSS);
	wcdev_readers_reset(&card->dev);
	memset(&card->admin, 0, sizeof(card->admin));
	memset(&card->stats, 0, sizeof(card->stats));
	memset(&card->stray, 0, sizeof(card->stray));
	card->wake.iova = 0;
	card->wake.set = false;
	card->rx_blocked = false;
	card->sent = false;
	card_clock_reset(card);
	card_rss_reset(card);
	card_filter_reset(card);
	card_flow_reset(card);
	card_port_reset(card);
}

int
wcnic_card_create(const struct wcnic_card_config *config, struct wcnic_card **out)
{
	struct wcnic_card *card;
	const char *fault = config_fault(config);

	if (fault != NULL) {
		if (config->ops != NULL && config->ops->log != NULL)
			config->ops->log(config->ctx, LOG_ERR, fault);
		return -EINVAL;
	}
	card = calloc(1, sizeof(*card));
	if (card == NULL)
		return -ENOMEM;
	wcdev_init(&card->dev, &card_dev_ops, config->ops, config->ctx);
	card->aperture = config->aperture;
	card->aperture_bytes = config->aperture_bytes;
	card->aperture_used = config->aperture_used;
	card->n_queues = config->queue_pairs != 0 ? config->queue_pairs : CARD_QUEUES_DEFAULT;
	card->n_pages = (uint32_t)(card->aperture_bytes / WCNIC_WINDOW_ALIGN);
	card->n_windows = card->n_pages < CARD_WINDOWS_MAX ? card->n_pages : CARD_WINDOWS_MAX;
	card->push_wait_ns = config->push_wait_ns != 0 ? config->push_wait_ns : CARD_PUSH_WAIT_NS;
	card->window_bytes_max = CARD_WINDOW_BYTES_MAX;
	if (card->window_bytes_max > card->aperture_bytes / 4)
		card->window_bytes_max = (uint32_t)(card->aperture_bytes / 4);
	card->page_owner = calloc(card->n_pages, sizeof(*card->page_owner));
	if (card->page_owner == NULL)
		goto no_pages;
	card->frags = calloc(CARD_FRAGS, sizeof(*card->frags));
	if (card->frags == NULL)
		goto no_frags;
	card_identity_init(card, config);
	card_window_generation_next(card);
	card_clear(card);
	*out = card;
	return 0;
no_frags:
	free(card->page_owner);
no_pages:
	free(card);
	return -ENOMEM;
}

struct wcdev *
wcnic_card_dev(struct wcnic_card *card)
{
	return &card->dev;
}

void
wcnic_card_destroy(struct wcnic_card *card)
{
	if (card == NULL)
		return;
	card_watch_stop(card);
	card_flow_reset(card);
	free(card->frags);
	free(card->page_owner);
	free(card);
}

void
wcnic_card_reset(struct wcnic_card *card)
{
	card_txq_reset_all(card);
	card_rxq_reset_all(card);
	card_window_reset_all(card);
	card_window_generation_next(card);
	card_clear(card);
	card->reset_count++;
	wcdev_log(&card->dev, LOG_INFO, "reset %u", card->reset_count);
}

int
wcnic_card_window_revoke(struct wcnic_card *card, uint16_t id)
{
	uint16_t generation;

	if (id >= card->n_windows || !card->windows[id].used)
		return -ENOENT;
	generation = card->windows[id].generation;
	wcdev_log(&card->dev, LOG_WARNING, "window %u is revoked", id);
	card_event_post(card, WCNIC_EV_WINDOW_REVOKED, id, generation, 0);
	card_txq_window_gone(card, id);
	card_rxq_window_gone(card, id);
	card_window_close(card, &card->windows[id]);
	return 0;
}

static unsigned int
card_poll_tx(void *ctx, unsigned int qid)
{
	struct wcnic_card *card = ctx;
	struct card_txq *q = &card->txqs[qid];
	const unsigned int done = card_txq_poll(card, q);

	if (q->undecided || q->held.count != 0)
		wcdev_turn_found(&card->tx_turns, qid);
	return done;
}

static unsigned int
card_poll_port(void *ctx)
{
	struct wcnic_card *card = ctx;

	if (!card_port_is_open(&card->port))
		return 0;
	return wcdev_port_poll(&card->dev, card->rxq_live != 0 ? CARD_BURST : 0);
}

/*
 * Frames both ways. Queues take turns at being first, so that none starves when buffers are few.
 */
static unsigned int
card_turn(struct wcnic_card *card)
{
	return wcdev_turn(&card->tx_turns, card->poll_id % WCDEV_TURNS_MAX, card_poll_tx,
			  card_poll_port, card);
}

/*
 * A queue whose interrupt is not armed has no need of a look: buffers that it is given are found
 * when there are none left. That it is armed now is found as work of a Tx queue is: in a turn
 * without frames, or some turns later.
 */
static void
card_poll_rx(struct wcnic_card *card, bool moved)
{
	uint64_t queues = card->rxq_armed;

	if (!moved || card->poll_id - card->rxq_poll_id >= WCDEV_TURNS_ALL) {
		queues = card->rxq_live;
		card->rxq_poll_id = card->poll_id;
	}
	for (; queues != 0; queues &= queues - 1)
		card_rxq_poll(card, &card->rxqs[__builtin_ctzll(queues)]);
}

unsigned int
wcnic_card_poll(struct wcnic_card *card)
{
	unsigned int moved;

	card->poll_id++;
	card_beat(card);
	if ((card->status & (WCNIC_STATUS_ENABLED | WCNIC_STATUS_ERROR)) != WCNIC_STATUS_ENABLED)
		return 0;
	wcdev_enter(&card->dev);
	wcdev_readers_sweep(&card->dev);
	moved = card_admin_poll(card);
	moved += card_turn(card);
	card_poll_rx(card, moved != 0);
	card_port_link_poll(card);
	card_stray_poll(card);
	card_event_poll(card);
	wcdev_leave(&card->dev);
	return moved;
}

unsigned int
wcnic_card_poll_frames(struct wcnic_card *card)
{
	unsigned int moved;

	if ((card->status & (WCNIC_STATUS_ENABLED | WCNIC_STATUS_ERROR)) != WCNIC_STATUS_ENABLED)
		return 0;
	card->poll_id++;
	wcdev_enter(&card->dev);
	moved = card_turn(card);
	wcdev_leave(&card->dev);
	return moved;
}

int
wcnic_card_bar_read(struct wcnic_card *card, unsigned int bar, uint64_t off, void *data,
		    size_t bytes)
{
	if (bar == WCNIC_BAR_REGS)
		return card_regs_read(card, off, data, bytes);
	if (bar == WCNIC_BAR_WINDOWS)
		return card_window_read(card, off, data, bytes);
	return -EINVAL;
}

static int
regs_write(struct wcnic_card *card, uint64_t off, const void *data, size_t bytes)
{
	bool reset = false;
	int ret = card_regs_write(card, off, data, bytes, &reset);

	if (reset)
		wcnic_card_reset(card);
	return ret;
}

int
wcnic_card_bar_write(struct wcnic_card *card, unsigned int bar, uint64_t off, const void *data,
		     size_t bytes)
{
	if (bar == WCNIC_BAR_REGS)
		return regs_write(card, off, data, bytes);
	if (bar == WCNIC_BAR_WINDOWS)
		return card_window_write(card, off, data, bytes);
	return -EINVAL;
}
