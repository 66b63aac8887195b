/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * How a thread sleeps until an Rx queue has a frame: with an interrupt (datasheet section 5), or
 * with the CPU's monitor on the next completion.
 */

#include <errno.h>

#include <ethdev_driver.h>
#include <rte_power_intrinsics.h>

#include "wcnic_attach.h"
#include "wcnic_ethdev.h"
#include "wcnic_hw.h"
#include "wcnic_intr.h"
#include "wcnic_log.h"
#include "wcnic_queue.h"
#include "wcnic_rx_sleep.h"

/* ---- interrupts ------------------------------------------------------------------------------ */

/*
 * The card sees the record no sooner than it looks. A driver that leaves the interrupt to the card
 * wakes it, as the card may have begun to sleep before.
 */
static void
card_wake(struct wcnic_hw *hw)
{
	if ((hw->id.caps & WCNIC_CAP_WAKE) == 0)
		return;
	/* The record is out before it is seen whether the card sleeps. */
	rte_atomic_thread_fence(rte_memory_order_seq_cst);
	if (rte_atomic_load_explicit((const RTE_ATOMIC(wcnic_le32) *)&hw->admin.wake->sleep,
				     rte_memory_order_relaxed) != 0)
		(void)hw->attach->wake(hw);
}

/*
 * A completion may have come since the application's last burst. None is lost: the card raises an
 * interrupt for any completion at or after the record's cq_head, and each record that this makes
 * differs from the last.
 *
 * For a completion that is here already the driver raises the event itself, which is sooner. With
 * moderation that is for the card to do, which knows when it raised the last.
 */
void
wcnic_rx_arm(struct wcnic_rxq *rxq)
{
	struct wcnic_hw *hw = rxq->hw;
	struct wcnic_rx_cpl cpl;

	if (!wcnic_gate_enter(&rxq->gate))
		return; /* wcnic_intr_wake() follows when the queue starts or stops */
	rxq->arm = WCNIC_RXDB_ARM | WCNIC_RXDB_ARM_NUMBER(++rxq->arms);
	wcnic_rx_doorbell(rxq);
	if (wcnic_completion_take(rxq->cq, rxq->head, rxq->depth, &cpl)) {
		if (hw->args.rx_intr_usecs != 0)
			card_wake(hw);
		else
			wcnic_intr_raise(hw, rxq->qid);
	}
	wcnic_gate_leave(&rxq->gate);
}

void
wcnic_rx_disarm(struct wcnic_rxq *rxq)
{
	if (!wcnic_gate_enter(&rxq->gate))
		return;
	rxq->arm = 0;
	wcnic_gate_leave(&rxq->gate);
}

/* What an application reads that asks for interrupts where there are none. */
static int
intr_check(const struct wcnic_hw *hw, uint16_t qid)
{
	if (hw->intr != NULL)
		return 0;
	WCNIC_LOG(ERR, hw,
		  "Rx queue %u: no interrupts: the port was started without "
		  "rte_eth_conf.intr_conf.rxq",
		  qid);
	return -ENOTSUP;
}

int
wcnic_rx_intr_enable(struct rte_eth_dev *dev, uint16_t qid)
{
	int ret = intr_check(wcnic_hw_get(dev->data), qid);

	if (ret == 0)
		wcnic_rx_arm(dev->data->rx_queues[qid]);
	return ret;
}

int
wcnic_rx_intr_disable(struct rte_eth_dev *dev, uint16_t qid)
{
	int ret = intr_check(wcnic_hw_get(dev->data), qid);

	if (ret == 0)
		wcnic_rx_disarm(dev->data->rx_queues[qid]);
	return ret;
}

int
wcnic_rx_intr_secondary(struct rte_eth_dev *dev, uint16_t qid)
{
	WCNIC_LOG(ERR, wcnic_hw_get(dev->data),
		  "Rx queue %u: interrupts are for the primary process: the eventfds are its", qid);
	return -ENOTSUP;
}

/* ---- monitor --------------------------------------------------------------------------------- */

/* What the last byte of a completion is compared with. */
enum {
	OPAQUE_PHASE,
};

/* Says whether the thread may sleep: 0, or -1 as the completion is here. */
static int
phase_differs(const uint64_t value, const uint64_t opaque[RTE_POWER_MONITOR_OPAQUE_SZ])
{
	return (value & WCNIC_PHASE_BIT) == opaque[OPAQUE_PHASE] ? -1 : 0;
}

/* The card writes the phase last, so the frame is there when it changes. */
int
wcnic_rx_monitor_get(void *queue, struct rte_power_monitor_cond *pmc)
{
	const struct wcnic_rxq *rxq = queue;
	const struct wcnic_rx_cpl *next = &rxq->cq[rxq->head & rxq->mask];

	if (rxq->hw->attach->poll != NULL) {
		WCNIC_LOG(ERR, rxq->hw,
			  "Rx queue %u: nothing to monitor: the embedded card works only while a "
			  "burst polls it; thread=1 gives it a thread",
			  rxq->qid);
		return -ENOTSUP;
	}
	pmc->addr = (volatile void *)(uintptr_t)&next->phase;
	pmc->size = sizeof(next->phase);
	pmc->fn = phase_differs;
	pmc->opaque[OPAQUE_PHASE] = (rxq->head & rxq->depth) == 0 ? WCNIC_PHASE_BIT : 0;
	return 0;
}
