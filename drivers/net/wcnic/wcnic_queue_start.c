/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Start of queues: windows are allocated, queues created on the card, buffers posted, gates opened.
 */

#include <errno.h>
#include <string.h>

#include <ethdev_driver.h>

#include "wcnic_admin.h"
#include "wcnic_attach.h"
#include "wcnic_event.h"
#include "wcnic_hw.h"
#include "wcnic_intr.h"
#include "wcnic_log.h"
#include "wcnic_port_set.h"
#include "wcnic_queue.h"
#include "wcnic_rss.h"
#include "wcnic_rx.h"
#include "wcnic_rx_offload.h"
#include "wcnic_share.h"
#include "wcnic_tx.h"
#include "wcnic_window.h"
#include "wcnic_window_caps.h"

/* So many are freed at a time, and fill a line with completions in 256 entries. */
#define HOLD_ENTRIES 64

/* ---- start ---------------------------------------------------------------------------------- */

static void *
doorbell_at(const struct wcnic_hw *hw, uint32_t off)
{
	return RTE_PTR_ADD(hw->doorbells.win.addr, off);
}

/* Tx records first, then Rx: record i is at i * WCNIC_DOORBELL_STRIDE. */
static uint32_t
tx_doorbell_off(const struct wcnic_txq *txq)
{
	return txq->qid * WCNIC_DOORBELL_STRIDE;
}

static uint32_t
rx_doorbell_off(const struct wcnic_hw *hw, const struct wcnic_rxq *rxq)
{
	return (hw->n_txq + rxq->qid) * WCNIC_DOORBELL_STRIDE;
}

static bool
txq_may_push(const struct wcnic_txq *txq)
{
	return txq->wanted != WCNIC_PLACEMENT_FETCH && !txq->hw->windows_lost &&
	       (txq->hw->id.caps & WCNIC_CAP_PUSH) != 0;
}

static void
format_choose(struct wcnic_txq *txq)
{
	const struct wcnic_window *w = &txq->ctrl.window;

	txq->format = WCNIC_FORMAT_SLOTS;
	if ((txq->hw->id.caps & WCNIC_CAP_PUSH_PACKED) == 0)
		return;
	txq->format = WCNIC_FORMAT_PACKED;
	txq->n_lines = RTE_MIN((uint32_t)w->grant.slots * txq->slot_lines, WCNIC_PACKED_LINES_MAX);
	txq->publish_lines = RTE_MIN((uint32_t)w->grant.max_burst * txq->slot_lines,
				     (uint32_t)WCNIC_STAGING_LINES);
}

/* From now on the queue may push into its window. */
static void
txq_window_use(struct wcnic_txq *txq)
{
	const struct wcadmin_window *grant = &txq->ctrl.window.grant;

	txq->slot_lines = grant->slot_lines;
	txq->slots = txq->ctrl.window.win.addr;
	txq->slot_mask = grant->slots - 1;
	txq->generation = grant->generation;
	format_choose(txq);
}

/*
 * The window of a queue that is started alone: that of its last run, or of the queue that was here
 * before it was set up anew. Without one, or if firmware took it, the queue fetches.
 */
static void
txq_window_again(struct wcnic_txq *txq)
{
	struct wcnic_window *win = &txq->ctrl.window, *parked = &txq->hw->parked[txq->qid];

	if (!win->granted && parked->granted) {
		wcnic_window_move(txq->hw, parked, win);
		txq_window_use(txq);
	}
	if (win->revoked)
		wcnic_window_free(txq->hw, win);
}

/* A queue that may push gets a window. placement=auto fetches if firmware has none left. */
static int
txq_window_start(struct wcnic_txq *txq)
{
	struct wcnic_hw *hw = txq->hw;
	const uint16_t lines = RTE_MIN(hw->args.slot_lines, hw->id.max_slot_lines);
	const uint32_t bytes = RTE_MIN((uint32_t)txq->depth * lines * WCNIC_LINE_BYTES,
				       hw->id.max_window_bytes);
	int ret;

	memset(&txq->ctrl.window, 0, sizeof(txq->ctrl.window));
	if (!txq_may_push(txq)) {
		if (txq->wanted != WCNIC_PLACEMENT_PUSH || hw->windows_lost)
			return 0;
		WCNIC_LOG(ERR, hw,
			  "Tx queue %u: placement=push, but the card has no PUSH windows; "
			  "use placement=fetch or auto",
			  txq->qid);
		return -ENOTSUP;
	}
	ret = wcnic_window_alloc(hw, WCNIC_WINDOW_PUSH, txq->qid, lines, bytes, &txq->ctrl.window);
	if (ret == -ENOSPC && txq->wanted == WCNIC_PLACEMENT_AUTO) {
		WCNIC_LOG(NOTICE, hw, "Tx queue %u: no PUSH window left, it will fetch", txq->qid);
		return 0;
	}
	if (ret == -ENOSPC)
		WCNIC_LOG(ERR, hw,
			  "Tx queue %u: no space for a PUSH window of %u bytes: use fewer queues, "
			  "descriptors or slot_lines, or placement=auto or fetch",
			  txq->qid, bytes);
	if (ret != 0)
		return ret;
	wcnic_window_store_choose(hw, &txq->ctrl.window);
	txq_window_use(txq);
	return 0;
}

/*
 * Where the driver may choose (placement=auto), it pushes only into a window that combines. An
 * uncached window costs one TLP for every store, an emulated one an exit to the hypervisor. If the
 * card has seen lines arrive in pieces, that counts, whatever the mapping promised. A window in
 * shared memory is as far from the card as the frames themselves, so fetch saves the copy
 * (doc/performance.md).
 */
static uint8_t
placement_choose(const struct wcnic_txq *txq)
{
	enum wcbar_type type = txq->ctrl.window.win.type;

	if (!txq->ctrl.window.granted)
		return WCNIC_PLACEMENT_FETCH;
	if (txq->wanted == WCNIC_PLACEMENT_PUSH)
		return WCNIC_PLACEMENT_PUSH;
	if (!txq->ctrl.window.win.direct || !wcnic_window_gathers(txq->hw, &txq->ctrl.window))
		return WCNIC_PLACEMENT_FETCH;
	return type == WCBAR_TYPE_WC ? WCNIC_PLACEMENT_PUSH : WCNIC_PLACEMENT_FETCH;
}

/*
 * Which entries are their own doorbells. A card that looks at lines by itself may see one in
 * pieces, which its 16-bit check would not always tell: so lines must come whole.
 */
static uint8_t
commit_choose(const struct wcnic_txq *txq)
{
	const uint64_t caps = txq->hw->id.caps;
	uint8_t commit = WCNIC_COMMIT_DOORBELL;

	if ((caps & WCNIC_CAP_FETCH_EXPRESS) != 0)
		commit |= WCNIC_COMMIT_FETCH_EXPRESS;
	if ((caps & WCNIC_CAP_PUSH_EXPRESS) != 0 && txq->ctrl.window.granted &&
	    (txq->ctrl.window.win.type == WCBAR_TYPE_WB
		     ? wcnic_tx_stores_tag_last(txq->push_writer)
		     : wcnic_window_sees_whole(txq->hw, &txq->ctrl.window)))
		commit |= WCNIC_COMMIT_PUSH_EXPRESS;
	return commit;
}

static void
txq_reset(struct wcnic_txq *txq)
{
	const struct wcnic_window *win = &txq->ctrl.window;

	memset(txq->ctrl.ring_mz->addr, 0, txq->ctrl.ring_mz->len);
	memset(txq->ctrl.cq_mz->addr, 0, txq->ctrl.cq_mz->len);
	memset(txq->sw, 0, txq->depth * sizeof(*txq->sw));
	txq->run = 0;
	txq->done = 0;
	txq->chains = false;
	txq->tail = 0;
	txq->head = 0;
	txq->cq_head = 0;
	txq->ctrl.on_card = false;
	txq->epoch = 0;
	txq->acked_epoch = 0;
	txq->switch_seq = 0;
	txq->failed = false;
	txq->push_state = WCNIC_PUSH_ALLOWED;
	txq->push_again_tsc = 0;
	txq->store = wcbar_store_number((win->granted ? win : &txq->hw->doorbells)->win.store);
	txq->placement = WCNIC_PLACEMENT_FETCH;
	txq->full_head = 0;
	wcnic_tx_asks_set(txq);
	wcnic_tx_placement_set(txq, placement_choose(txq));
	wcnic_tx_commit_set(txq, commit_choose(txq));
	if (txq->wanted != WCNIC_PLACEMENT_FETCH && txq->placement == WCNIC_PLACEMENT_FETCH)
		txq->push_state = WCNIC_PUSH_NOT_CHOSEN;
	txq->burst_max = win->grant.max_burst;
	txq->burst_left = txq->burst_max;
	txq->doorbell = doorbell_at(txq->hw, tx_doorbell_off(txq));
	txq->doorbell_type = txq->hw->doorbells.win.type;
	txq->sleep = (const RTE_ATOMIC(wcnic_le32) *)&txq->hw->admin.wake->sleep;
	txq->woken = 0;
}

/* How many entries may wait for their completion: none where no other CPU runs the card. */
static uint16_t
hold_choose(const struct wcnic_txq *txq)
{
	return txq->hw->attach->poll == NULL ? RTE_MIN(txq->depth / 4, HOLD_ENTRIES) : 0;
}

static int
txq_create(struct wcnic_txq *txq)
{
	struct wcnic_hw *hw = txq->hw;
	struct wcnic_cmd_txq_create cmd;
	int ret;

	txq_reset(txq);
	cmd = (struct wcnic_cmd_txq_create){
		.qid = txq->qid,
		.placement = txq->placement,
		.commit = txq->commit,
		.depth = txq->depth,
		.vector = WCNIC_VECTOR_NONE,
		.db_window = hw->doorbells.grant.id,
		.push_window = txq->ctrl.window.granted ? txq->ctrl.window.grant.id
							: WCNIC_WINDOW_NONE,
		.db_off = tx_doorbell_off(txq),
		.ring_iova = txq->ctrl.ring_mz->iova,
		.cq_iova = txq->ctrl.cq_mz->iova,
		.format = txq->ctrl.window.granted ? txq->format : WCNIC_FORMAT_SLOTS,
		.offload_iova = txq->ctrl.requests_mz != NULL ? txq->ctrl.requests_mz->iova : 0,
		.hold = hold_choose(txq),
	};
	ret = wcadmin_txq_create(&hw->admin.client, &cmd);
	if (ret == -ENOTSUP && (cmd.commit & WCNIC_COMMIT_FETCH_EXPRESS) != 0) {
		/* it reaches this memory by messages alone */
		cmd.commit &= ~WCNIC_COMMIT_FETCH_EXPRESS;
		wcnic_tx_commit_set(txq, cmd.commit);
		ret = wcadmin_txq_create(&hw->admin.client, &cmd);
	}
	txq->ctrl.events_before = wcnic_events_sent(hw);
	txq->ctrl.on_card = ret == 0;
	return ret; /* queues_stop() frees the window */
}

/* Posts its buffers too: with rx_drop_en the card drops what finds none. */
static int
rxq_create(struct wcnic_rxq *rxq)
{
	struct wcnic_hw *hw = rxq->hw;
	const uint32_t db_off = rx_doorbell_off(hw, rxq);
	struct wcnic_cmd_rxq_create cmd = {
		.qid = rxq->qid,
		.depth = rxq->depth,
		.db_window = hw->doorbells.grant.id,
		.vector = wcnic_intr_vector(hw, rxq->qid),
		.db_off = db_off,
		.buf_bytes = rxq->buf_bytes,
		.ring_iova = rxq->ring_mz->iova,
		.cq_iova = rxq->cq_mz->iova,
		.cqe_log2 = 4,
		.moderation_usecs = (uint16_t)hw->args.rx_intr_usecs,
		.offloads = wcnic_rx_card_offloads(rxq),
		.extra_iova = rxq->extra_mz != NULL ? rxq->extra_mz->iova : 0,
		.flags = rxq->conf.rx_drop_en != 0 ? WCNIC_RXQF_DROP : 0,
	};
	int ret;

	memset(rxq->cq_mz->addr, 0, rxq->cq_mz->len);
	rxq->head = 0;
	rxq->posted = 0;
	rxq->missing_seq = 0;
	rxq->first = NULL;
	rxq->missed_seen = 0;
	rxq->failed = false;
	rxq->on_card = false;
	rxq->arm = 0;
	rxq->doorbell = doorbell_at(hw, db_off);
	rxq->doorbell_type = hw->doorbells.win.type;
	ret = wcadmin_rxq_create(&hw->admin.client, &cmd);
	rxq->events_before = wcnic_events_sent(hw);
	rxq->on_card = ret == 0;
	if (ret == 0)
		wcnic_rx_refill(rxq);
	return ret;
}

static bool
txq_wanted(const struct wcnic_txq *txq)
{
	return txq != NULL && !txq->ctrl.stopped;
}

static bool
rxq_wanted(const struct wcnic_rxq *rxq)
{
	return rxq != NULL && !rxq->stopped;
}

static int
doorbells_start(struct wcnic_hw *hw)
{
	const uint32_t bytes = (hw->n_txq + hw->n_rxq) * WCNIC_DOORBELL_STRIDE;
	int ret;

	ret = wcnic_window_alloc(hw, WCNIC_WINDOW_DOORBELL, WCNIC_QUEUE_NONE, 0, bytes,
				 &hw->doorbells);
	if (ret == 0 && hw->doorbells.win.bytes < bytes) {
		WCNIC_LOG(ERR, hw, "firmware granted %zu bytes for doorbells, %u are needed",
			  hw->doorbells.win.bytes, bytes);
		wcnic_window_free(hw, &hw->doorbells);
		ret = -ENOSPC;
	}
	return ret;
}

/*
 * All queues must have been set up, with buffers for the present MTU. Only the application can set
 * up again one that it could not while the port ran: a recovery goes on without it.
 */
__rte_warn_unused_result static int
queues_check(const struct wcnic_hw *hw)
{
	int ret = 0;

	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (hw->txq[i] == NULL && !hw->started) {
			WCNIC_LOG(ERR, hw, "Tx queue %u of %u has not been set up", i, hw->n_txq);
			return -EINVAL;
		}
	}
	for (uint16_t i = 0; ret == 0 && i < hw->n_rxq; i++) {
		if (hw->rxq[i] == NULL && !hw->started) {
			WCNIC_LOG(ERR, hw, "Rx queue %u of %u has not been set up", i, hw->n_rxq);
			return -EINVAL;
		}
		ret = wcnic_rx_mtu_check(hw, i, hw->mtu);
	}
	return ret;
}

int
wcnic_queues_start(struct wcnic_hw *hw)
{
	int ret = queues_check(hw);

	if (ret == 0)
		ret = wcnic_intr_bind(hw);
	if (ret != 0)
		return ret;
	wcnic_window_caps_measure(hw);
	/* Before the doorbells: some rungs give WC only of a BAR that is not mapped yet. */
	for (uint16_t i = 0; ret == 0 && i < hw->n_txq; i++)
		ret = hw->txq[i] != NULL ? txq_window_start(hw->txq[i]) : 0;
	if (ret == 0)
		ret = doorbells_start(hw);
	for (uint16_t i = 0; ret == 0 && i < hw->n_txq; i++)
		ret = txq_wanted(hw->txq[i]) ? txq_create(hw->txq[i]) : 0;
	for (uint16_t i = 0; ret == 0 && i < hw->n_rxq; i++)
		ret = rxq_wanted(hw->rxq[i]) ? rxq_create(hw->rxq[i]) : 0;
	if (ret == 0 && (hw->id.caps & WCNIC_CAP_RSS) != 0)
		ret = wcadmin_rss_set(&hw->admin.client, &hw->rss);
	if (ret == 0)
		ret = wcnic_filter_start(hw);
	if (ret == 0)
		ret = wcnic_flow_start(hw);
	if (ret == 0) {
		hw->port_flags |= WCNIC_PORTF_UP;
		ret = wcnic_port_set(hw, WCNIC_PORT_SET_MTU | WCNIC_PORT_SET_MAC |
						 WCNIC_PORT_SET_FLAGS);
	}
	hw->running = true; /* also to unwind */
	if (ret != 0) {
		wcnic_queues_stop(hw, true);
		return ret;
	}
	wcnic_share_bursts(hw, true);
	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		if (rxq_wanted(hw->rxq[i]))
			wcnic_gate_open(&hw->rxq[i]->gate);
	}
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (txq_wanted(hw->txq[i]))
			wcnic_gate_open(&hw->txq[i]->gate);
	}
	wcnic_intr_wake(hw);
	return 0;
}

int
wcnic_txq_start(struct wcnic_txq *txq)
{
	int ret;

	txq_window_again(txq);
	ret = txq_create(txq);
	if (ret != 0)
		return ret;
	wcnic_share_bursts(txq->hw, true);
	wcnic_gate_open(&txq->gate);
	return 0;
}

int
wcnic_rxq_start(struct wcnic_rxq *rxq)
{
	int ret = rxq_create(rxq);

	if (ret != 0)
		return ret;
	wcnic_share_bursts(rxq->hw, true);
	wcnic_gate_open(&rxq->gate);
	return 0;
}
