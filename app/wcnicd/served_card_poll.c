/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the thread of a served card does in each round, and before it naps. */

#include <string.h>

#include "log.h"
#include "served_card_internal.h"

/* Polls for frames alone between two polls of everything. */
#define FRAME_POLLS 127u

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

unsigned int
served_card_poll(struct served_card *card)
{
	/* The card waits until its DMA messages are answered. */
	if (!vfu_server_dma_quiet(card->server))
		return 0;
	if (card->irqs_pending)
		served_card_irqs_release(card);
	/* TLPs that arrived before a command was given are seen before the command is done. */
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
	if (served > 0) /* one of them may be the doorbell of a command */
		served_card_poll_all_next(card);
	return served;
}

bool
served_card_needs_serving(struct served_card *card)
{
	return card->options.bar2_trapped || !vfu_server_dma_quiet(card->server);
}

bool
served_card_has_driver(struct served_card *card)
{
	return vfu_server_connected(card->server) &&
	       (served_card_reg_read(card, WCNIC_REG_STATUS) & WCNIC_STATUS_ENABLED) != 0;
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
