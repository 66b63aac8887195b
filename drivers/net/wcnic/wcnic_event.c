/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Async events (datasheet section 9). An event is older than what the driver does now: the window
 * or queue that it names may be gone, and another may have its number. A window is known by its
 * generation, a queue by the events that had been sent when it was created.
 */

#include <inttypes.h>
#include <string.h>

#include <ethdev_driver.h>

#include "wcnic_event.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_queue.h"

static bool
window_is(const struct wcnic_window *win, uint32_t id, uint32_t generation)
{
	return win->granted && !win->revoked && win->grant.id == id &&
	       win->grant.generation == generation;
}

/* The Tx queue that pushes into that window, or NULL. */
static struct wcnic_txq *
pusher_find(const struct wcnic_hw *hw, uint32_t id, uint32_t generation)
{
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (hw->txq[i] != NULL && window_is(&hw->txq[i]->ctrl.window, id, generation))
			return hw->txq[i];
	}
	return NULL;
}

static void
window_revoked(struct wcnic_hw *hw, uint32_t id, uint32_t generation)
{
	struct wcnic_txq *txq = pusher_find(hw, id, generation);
	bool up;

	if (window_is(&hw->doorbells, id, generation)) {
		WCNIC_LOG(ERR, hw, "firmware took window %u of all doorbells", id);
		hw->doorbells.revoked = true;
		wcnic_store(&hw->failed, true);
		return;
	}
	for (uint16_t i = 0; i < WCNIC_QUEUES_MAX; i++) {
		if (!window_is(&hw->parked[i], id, generation))
			continue;
		WCNIC_LOG(NOTICE, hw, "firmware took window %u, which waits for Tx queue %u", id,
			  i);
		hw->parked[i].revoked = true;
		return;
	}
	if (txq == NULL) {
		WCNIC_LOG(NOTICE, hw,
			  "firmware took window %u of generation %u, which is not in use any more",
			  id, generation);
		return;
	}
	WCNIC_LOG(WARNING, hw, "firmware took window %u of Tx queue %u: it will fetch", id,
		  txq->qid);
	txq->ctrl.window.revoked = true;
	if (!txq->ctrl.on_card)
		return; /* stopped: a start lets go of the window */
	up = wcnic_gate_pause(hw, &txq->gate);
	txq->push_state = WCNIC_PUSH_REVOKED;
	if (up)
		wcnic_gate_open(&txq->gate);
}

uint64_t
wcnic_events_sent(struct wcnic_hw *hw)
{
	return hw->events + wcadmin_events_waiting(&hw->admin.client);
}

/* Whether a queue that is on the card now was there when the event was sent: the last taken. */
static bool
queue_is(const struct wcnic_hw *hw, bool tx, uint32_t qid)
{
	const struct wcnic_txq *txq = tx && qid < hw->n_txq ? hw->txq[qid] : NULL;
	const struct wcnic_rxq *rxq = !tx && qid < hw->n_rxq ? hw->rxq[qid] : NULL;

	if (txq != NULL)
		return txq->ctrl.on_card && hw->events > txq->ctrl.events_before;
	return rxq != NULL && rxq->on_card && hw->events > rxq->events_before;
}

static void
queue_error(struct wcnic_hw *hw, const struct wcnic_event *ev)
{
	const bool tx = (ev->arg0 & WCNIC_EV_QUEUE_TX) != 0;
	const uint32_t qid = ev->arg0 & ~WCNIC_EV_QUEUE_TX;

	if (!queue_is(hw, tx, qid)) {
		WCNIC_LOG(
			NOTICE, hw,
			"the card stopped %s queue %u: error %u; that queue is not there any more",
			tx ? "Tx" : "Rx", qid, ev->arg1);
		return;
	}
	WCNIC_LOG(ERR, hw, "the card stopped %s queue %u: error %u", tx ? "Tx" : "Rx", qid,
		  ev->arg1);
	wcnic_store(&hw->failed, true);
}

static void
event_handle(struct wcnic_hw *hw, const struct wcnic_event *ev, struct wcnic_notices *notices)
{
	hw->events++;
	switch (ev->type) {
	case WCNIC_EV_LINK:
		hw->link_up = ev->arg0 != 0;
		hw->link_mbps = ev->arg1;
		notices->link = true;
		break;
	case WCNIC_EV_WINDOW_REVOKED:
		window_revoked(hw, ev->arg0, ev->arg1);
		break;
	case WCNIC_EV_STRAY_WRITE:
		WCNIC_LOG(WARNING, hw,
			  "%u lines were written outside any window, the first at 0x%" PRIx64,
			  ev->arg0, ev->arg64);
		break;
	case WCNIC_EV_QUEUE_ERROR:
		queue_error(hw, ev);
		break;
	case WCNIC_EV_FATAL:
		WCNIC_LOG(ERR, hw, "the card reports a fatal error: %u", ev->arg1);
		wcnic_store(&hw->failed, true);
		break;
	case WCNIC_EV_LOST:
		/* any of them may have said that a queue stopped, or what the link is now */
		WCNIC_LOG(ERR, hw, "%u events did not fit the event ring", ev->arg0);
		wcnic_store(&hw->failed, true);
		break;
	default:
		WCNIC_LOG(WARNING, hw, "event of unknown type %u", ev->type);
		break;
	}
}

void
wcnic_events_handle(struct wcnic_hw *hw, struct wcnic_notices *notices)
{
	struct wcnic_event ev;

	/* a ring's worth at a time: a card that never stops must not hold the service up */
	for (unsigned int i = 0; i < 1u << WCNIC_EVENTS_LOG2; i++) {
		if (!wcadmin_event_take(&hw->admin.client, &ev))
			break;
		event_handle(hw, &ev, notices);
	}
}
