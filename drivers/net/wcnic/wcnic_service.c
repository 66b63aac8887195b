/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The service: every WCNIC_SERVICE_US it looks whether the card is there, alive and content, takes
 * its events, and when something is wrong builds everything anew. It runs on EAL's interrupt
 * thread; events for the application are raised without any lock held.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <ethdev_driver.h>
#include <rte_alarm.h>
#include <rte_cycles.h>

#include "wcnic_admin.h"
#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_intr.h"
#include "wcnic_log.h"
#include "wcnic_queue.h"
#include "wcnic_service.h"

#define HEARTBEATS_MISSED 10
/* A card under reset does not answer either, for a second at most by the PCIe specification. */
#define GONE_MS 2000

/* Events for the application: raised once the locks are free. */
struct notices {
	bool link;
	bool recovering;
	bool recovered;
	bool removed;
};

void
wcnic_link_publish(struct wcnic_hw *hw)
{
	struct rte_eth_link link;

	memset(&link, 0, sizeof(link));
	link.link_duplex = RTE_ETH_LINK_FULL_DUPLEX;
	link.link_autoneg = RTE_ETH_LINK_FIXED;
	link.link_speed = hw->link_mbps != 0 ? hw->link_mbps : RTE_ETH_SPEED_NUM_UNKNOWN;
	link.link_status = RTE_ETH_LINK_DOWN;
	if (hw->link_up && hw->running && atomic_load(&hw->card) == WCNIC_CARD_PRESENT)
		link.link_status = RTE_ETH_LINK_UP;
	(void)rte_eth_linkstatus_set(&rte_eth_devices[hw->port_id], &link);
}

static void
window_revoked(struct wcnic_hw *hw, uint16_t id)
{
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		struct wcnic_txq *txq = hw->txq[i];

		if (hw->parked[i].granted && hw->parked[i].grant.id == id)
			hw->parked[i].revoked = true;
		if (txq == NULL || !txq->ctrl.window.granted || txq->ctrl.window.grant.id != id)
			continue;
		WCNIC_LOG(WARNING, hw, "firmware took window %u of Tx queue %u: it will fetch", id,
			  i);
		txq->ctrl.window.revoked = true;
		if (!txq->ctrl.on_card)
			return; /* stopped: a start lets go of the window */
		wcnic_gate_close(hw, &txq->gate, WCNIC_QUEUE_PAUSED);
		txq->push_state = WCNIC_PUSH_REVOKED;
		wcnic_gate_open(&txq->gate);
		return;
	}
	WCNIC_LOG(WARNING, hw, "firmware took window %u", id);
}

static void
event_handle(struct wcnic_hw *hw, const struct wcnic_event *ev, struct notices *notices)
{
	hw->events++;
	switch (ev->type) {
	case WCNIC_EV_LINK:
		hw->link_up = ev->arg0 != 0;
		hw->link_mbps = ev->arg1;
		notices->link = true;
		break;
	case WCNIC_EV_WINDOW_REVOKED:
		window_revoked(hw, ev->arg0);
		break;
	case WCNIC_EV_STRAY_WRITE:
		WCNIC_LOG(WARNING, hw,
			  "%u lines were written outside any window, the first at 0x%" PRIx64,
			  ev->arg0, ev->arg64);
		break;
	case WCNIC_EV_QUEUE_ERROR:
		WCNIC_LOG(ERR, hw, "the card stopped %s queue %u: error %u",
			  (ev->arg0 & WCNIC_EV_QUEUE_TX) != 0 ? "Tx" : "Rx", ev->arg0 & 0xffff,
			  ev->arg1);
		atomic_store(&hw->failed, true);
		break;
	case WCNIC_EV_FATAL:
		WCNIC_LOG(ERR, hw, "the card reports a fatal error: %u", ev->arg1);
		atomic_store(&hw->failed, true);
		break;
	case WCNIC_EV_LOST:
		WCNIC_LOG(WARNING, hw, "%u events did not fit the event ring", ev->arg0);
		break;
	default:
		WCNIC_LOG(WARNING, hw, "event of unknown type %u", ev->type);
		break;
	}
}

static bool
status_good(struct wcnic_hw *hw)
{
	uint32_t status, cause = 0, info = 0;

	if (wcnic_reg_read32(hw, WCNIC_REG_STATUS, &status) != 0) {
		WCNIC_LOG(ERR, hw, "the card's registers cannot be read any more");
		return false;
	}
	if ((status & WCNIC_STATUS_FW_DEAD) != 0) {
		WCNIC_LOG(ERR, hw, "the card says that its firmware is dead");
		return false;
	}
	if ((status & WCNIC_STATUS_ERROR) != 0) {
		(void)wcnic_reg_read32(hw, WCNIC_REG_ERROR_CAUSE, &cause);
		(void)wcnic_reg_read32(hw, WCNIC_REG_ERROR_INFO, &info);
		WCNIC_LOG(ERR, hw, "the card has stopped for a fatal error: %u, detail 0x%x", cause,
			  info);
		return false;
	}
	return true;
}

/* Whether firmware still counts; a register that cannot be read is no heartbeat. */
static bool
heart_beats(struct wcnic_hw *hw)
{
	const uint64_t now = rte_get_timer_cycles();
	const uint64_t limit_ns = RTE_MAX((uint64_t)hw->id.heartbeat_ns * HEARTBEATS_MISSED,
					  (uint64_t)WCNIC_SERVICE_US * 5000);
	uint32_t beat, resets;

	if (wcnic_reg_read32(hw, WCNIC_REG_HEARTBEAT, &beat) != 0 ||
	    wcnic_reg_read32(hw, WCNIC_REG_RESET_COUNT, &resets) != 0) {
		WCNIC_LOG(ERR, hw, "the card's registers cannot be read any more");
		return false;
	}
	if (resets != hw->reset_count) {
		WCNIC_LOG(ERR, hw, "the card was reset behind the driver's back");
		return false;
	}
	if (beat != hw->heartbeat) {
		hw->heartbeat = beat;
		hw->heartbeat_tsc = now;
		return true;
	}
	if ((now - hw->heartbeat_tsc) / (rte_get_timer_hz() / 1000) < limit_ns / 1000000)
		return true;
	WCNIC_LOG(ERR, hw, "firmware has had no heartbeat for %" PRIu64 " ms", limit_ns / 1000000);
	return false;
}

/* The card is gone or not to be trusted: nothing of it is used from here on. */
static void
card_lose(struct wcnic_hw *hw, bool reachable)
{
	atomic_store(&hw->card, WCNIC_CARD_ABSENT);
	if (reachable && wcnic_admin_stop(hw) == 0)
		WCNIC_LOG(NOTICE, hw, "the card was reset");
	wcadmin_shut(&hw->admin.client);
	if (hw->attach->dma_stop != NULL)
		hw->attach->dma_stop(hw); /* before buffers are freed, in case it was not reset */
	wcnic_queues_stop(hw, false);
	hw->attach->close(hw);
	hw->lost_tsc = rte_get_timer_cycles();
}

static void
card_remove(struct wcnic_hw *hw, struct notices *notices)
{
	atomic_store(&hw->removed, true);
	notices->removed = true;
}

static int
card_find(struct wcnic_hw *hw)
{
	int ret = wcnic_card_open(hw);

	if (ret != 0)
		return ret;
	atomic_store(&hw->failed, false);
	if (hw->started)
		ret = wcnic_queues_start(hw);
	if (ret != 0) {
		card_lose(hw, true);
		return ret;
	}
	atomic_store(&hw->card, WCNIC_CARD_PRESENT);
	hw->recoveries++;
	WCNIC_LOG(NOTICE, hw, "the card is back: recovered");
	return 0;
}

/* A card on a bus that has not been there for too long is not coming back by itself. */
static void
card_search(struct wcnic_hw *hw, struct notices *notices)
{
	const uint64_t now = rte_get_timer_cycles();
	int ret = card_find(hw);

	if (ret == 0) {
		notices->link = true;
		notices->recovered = true;
	} else if (hw->attach->wanted_back == NULL || ret != -ENODEV) {
		hw->lost_tsc = now; /* it is there, whatever it suffers from */
	} else if (now - hw->lost_tsc > rte_get_timer_hz() / 1000 * GONE_MS) {
		WCNIC_LOG(ERR, hw, "the card has not come back within %u ms: it was removed",
			  GONE_MS);
		card_remove(hw, notices);
	}
}

/* Somebody took the windows' mapping: doorbells ring no more either, so all is built anew. */
static bool
windows_there(struct wcnic_hw *hw)
{
	uint64_t off;

	if (hw->attach->window_revoked == NULL || !hw->attach->window_revoked(hw, &off))
		return true;
	WCNIC_LOG(ERR, hw,
		  "the mapping of the windows was taken away, noticed at 0x%" PRIx64
		  " of BAR2: queues will fetch until the next start",
		  off);
	hw->windows_lost = true;
	memset(&hw->window_caps, 0, sizeof(hw->window_caps));
	return false;
}

static void
card_watch(struct wcnic_hw *hw, struct notices *notices)
{
	struct wcnic_event ev;
	bool reachable = hw->attach->alive == NULL || hw->attach->alive(hw);

	if (!reachable)
		WCNIC_LOG(ERR, hw, "the card is gone");
	if (reachable && hw->attach->wanted_back != NULL && hw->attach->wanted_back(hw)) {
		WCNIC_LOG(WARNING, hw, "somebody unbinds or removes the card: it is given back");
		card_lose(hw, true);
		card_remove(hw, notices);
		notices->link = true;
		return;
	}
	if (hw->attach->poll != NULL)
		hw->attach->poll(hw);
	/* a ring's worth at a time: a card that never stops must not hold the service up */
	for (unsigned int i = 0; reachable && i < 1u << WCNIC_EVENTS_LOG2; i++) {
		if (!wcadmin_event_take(&hw->admin.client, &ev))
			break;
		event_handle(hw, &ev, notices);
	}
	if (reachable && !atomic_load(&hw->failed) && windows_there(hw) && status_good(hw) &&
	    heart_beats(hw)) {
		wcnic_queues_kick(hw, false);
		return;
	}
	card_lose(hw, reachable);
	notices->link = true;
	notices->recovering = true;
}

static void
event_raise(struct wcnic_hw *hw, enum rte_eth_event_type type)
{
	(void)rte_eth_dev_callback_process(&rte_eth_devices[hw->port_id], type, NULL);
}

static void
service(void *arg)
{
	struct wcnic_hw *hw = arg;
	struct notices notices = {0};

	if (atomic_load(&hw->removed))
		return; /* until it is closed */
	pthread_mutex_lock(&hw->lock);
	if (atomic_load(&hw->card) == WCNIC_CARD_PRESENT) {
		card_watch(hw, &notices);
	} else {
		card_search(hw, &notices);
	}
	if (notices.link)
		wcnic_link_publish(hw);
	pthread_mutex_unlock(&hw->lock);

	if (notices.recovering)
		event_raise(hw, RTE_ETH_EVENT_ERR_RECOVERING);
	if (notices.recovered)
		event_raise(hw, RTE_ETH_EVENT_RECOVERY_SUCCESS);
	if (notices.link)
		event_raise(hw, RTE_ETH_EVENT_INTR_LSC);
	if (notices.removed)
		event_raise(hw, RTE_ETH_EVENT_INTR_RMV);
	if (!atomic_load(&hw->closing) && rte_eal_alarm_set(WCNIC_SERVICE_US, service, hw) != 0)
		WCNIC_LOG(ERR, hw, "the service ends: no alarm can be set");
}

int
wcnic_service_start(struct wcnic_hw *hw)
{
	int ret = rte_eal_alarm_set(WCNIC_SERVICE_US, service, hw);

	if (ret != 0)
		WCNIC_LOG(ERR, hw, "no alarm can be set for the service: %s", strerror(-ret));
	return ret;
}

void
wcnic_service_stop(struct wcnic_hw *hw)
{
	atomic_store(&hw->closing, true);
	rte_eal_alarm_cancel(service, hw);
}
