/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the thread of a served card does in each round, and before it naps. */

#include "served_card_internal.h"

/* Polls for frames alone between two polls of everything. */
#define FRAME_POLLS 127u

unsigned int
served_card_poll(struct served_card *card)
{
	/* The card waits until its DMA messages are answered. */
	if (!vfu_server_dma_quiet(card->server))
		return 0;
	if (card->irqs_pending)
		served_card_irqs_release(card);
	if (card->frame_polls > 0) {
		card->frame_polls--;
		return card->kind->poll_frames(card);
	}
	card->frame_polls = FRAME_POLLS;
	return card->kind->poll(card);
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
	return card->options.bar2_trapped || card->kind->doorbells_by_message ||
	       !vfu_server_dma_quiet(card->server) ||
	       iova_map_broken(vfu_server_iova(card->server));
}

bool
served_card_has_driver(struct served_card *card)
{
	return vfu_server_connected(card->server) && card->kind->has_driver(card);
}

bool
served_card_driver_wakes(struct served_card *card)
{
	return card->kind->driver_wakes(card);
}

bool
served_card_sleep(struct served_card *card)
{
	return card->kind->sleep != NULL && vfu_server_connected(card->server) &&
	       card->kind->sleep(card);
}

void
served_card_awake(struct served_card *card)
{
	if (card->kind->awake != NULL)
		card->kind->awake(card);
}
