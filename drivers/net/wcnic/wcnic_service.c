/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A round of the service: it looks whether the card is there, alive and content, takes its events,
 * and when something is wrong builds everything anew. wcnic_service_thread.c calls it.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <ethdev_driver.h>
#include <rte_cycles.h>

#include "wcnic_admin.h"
#include "wcnic_attach.h"
#include "wcnic_event.h"
#include "wcnic_hw.h"
#include "wcnic_intr.h"
#include "wcnic_link.h"
#include "wcnic_log.h"
#include "wcnic_port_set.h"
#include "wcnic_queue.h"
#include "wcnic_service.h"

#define HEARTBEATS_MISSED 10
/* Looks at least: after a time in which neither had a CPU, the driver may be the first to go on. */
#define HEARTBEAT_LOOKS 5
/* A card under reset does not answer either, for a second at most by the PCIe specification. */
#define GONE_MS 2000
/* A port that fails so often, each time so soon after its recovery, is not recovered again. */
#define RELAPSES_MAX 8
#define RELAPSE_MS 2000

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
		hw->heartbeat_looks = 0;
		return true;
	}
	hw->heartbeat_looks++;
	if ((now - hw->heartbeat_tsc) / (rte_get_timer_hz() / 1000) < limit_ns / 1000000 ||
	    hw->heartbeat_looks < HEARTBEAT_LOOKS)
		return true;
	WCNIC_LOG(ERR, hw, "firmware has had no heartbeat for %" PRIu64 " ms", limit_ns / 1000000);
	return false;
}

/* The card is gone or not to be trusted: nothing of it is used from here on. */
static void
card_lose(struct wcnic_hw *hw, bool reachable)
{
	wcnic_store(&hw->card, WCNIC_CARD_ABSENT);
	/* before the reset: afterwards no window is anybody's, and a line would go astray */
	wcnic_queues_close(hw);
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
card_remove(struct wcnic_hw *hw, struct wcnic_notices *notices)
{
	wcnic_store(&hw->removed, true);
	notices->removed = true;
}

/* A queue or the card has failed. True: it is one failure too many. */
static bool
relapse(struct wcnic_hw *hw)
{
	const uint64_t since = rte_get_timer_cycles() - hw->found_tsc;
	const bool soon = hw->found_tsc != 0 && since < rte_get_timer_hz() / 1000 * RELAPSE_MS;

	hw->relapses = soon ? hw->relapses + 1 : 0;
	if (hw->relapses < RELAPSES_MAX)
		return false;
	WCNIC_LOG(
		ERR, hw,
		"the port failed %u times in a row within %u ms of a recovery: it is left alone "
		"until it is reset (rte_eth_dev_reset) or stopped and started; the lines above say "
		"what fails",
		hw->relapses, RELAPSE_MS);
	hw->given_up = true;
	return true;
}

static int
card_find(struct wcnic_hw *hw)
{
	int ret = wcnic_card_open(hw);

	if (ret != 0)
		return ret;
	wcnic_store(&hw->failed, false);
	if (hw->started)
		ret = wcnic_queues_start(hw);
	if (ret == 0 && hw->started)
		ret = wcnic_port_query(hw); /* the link with the settings that were sent anew */
	if (ret != 0) {
		card_lose(hw, true);
		return ret;
	}
	wcnic_store(&hw->card, WCNIC_CARD_PRESENT);
	hw->recoveries++;
	hw->found_tsc = rte_get_timer_cycles();
	WCNIC_LOG(NOTICE, hw, "the card is back: recovered");
	return 0;
}

/* A card on a bus that has not been there for too long is not coming back by itself. */
static void
card_search(struct wcnic_hw *hw, struct wcnic_notices *notices)
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

/* A reset or a command that failed may have left the card without them. */
static bool
rings_up(const struct wcnic_hw *hw)
{
	if (hw->admin.client.up)
		return true;
	WCNIC_LOG(ERR, hw, "the card has no admin rings");
	return false;
}

static void
card_watch(struct wcnic_hw *hw, struct wcnic_notices *notices)
{
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
	if (reachable)
		wcnic_events_handle(hw, notices);
	if (reachable && !wcnic_load(&hw->failed) && rings_up(hw) && windows_there(hw) &&
	    status_good(hw) && heart_beats(hw)) {
		wcnic_queues_kick(hw, false);
		return;
	}
	if (reachable && wcnic_load(&hw->failed))
		notices->given_up = relapse(hw);
	card_lose(hw, reachable);
	notices->link = true;
	notices->recovering = !notices->given_up;
}

int
wcnic_service_retry(struct wcnic_hw *hw)
{
	int ret;

	if (!hw->given_up)
		return -EIO;
	ret = card_find(hw);
	if (ret != 0)
		return ret;
	hw->given_up = false;
	hw->relapses = 0;
	hw->found_tsc = 0;
	return 0;
}

void
wcnic_service_round(struct wcnic_hw *hw, struct wcnic_notices *notices)
{
	if (wcnic_load(&hw->removed))
		return; /* until it is closed */
	pthread_mutex_lock(&hw->lock);
	if (wcnic_load(&hw->card) == WCNIC_CARD_PRESENT)
		card_watch(hw, notices);
	else if (!hw->given_up)
		card_search(hw, notices);
	if (notices->link)
		wcnic_link_publish(hw);
	pthread_mutex_unlock(&hw->lock);
}
