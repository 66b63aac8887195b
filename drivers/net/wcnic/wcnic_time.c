/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card's clock, and the times of PTP frames. */

#include <errno.h>
#include <inttypes.h>

#include <ethdev_driver.h>
#include <rte_time.h>

#include "wcnic_admin.h"
#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_queue.h"
#include "wcnic_rx_offload.h"
#include "wcnic_time.h"

/* ---- the clock ------------------------------------------------------------------------------- */

static int
clock_check(const struct wcnic_hw *hw)
{
	if ((hw->id.caps & WCNIC_CAP_CLOCK) == 0)
		return -ENOTSUP;
	return wcnic_load(&hw->card) == WCNIC_CARD_PRESENT ? 0 : -EIO;
}

static int
reg_read64(struct wcnic_hw *hw, uint32_t off, uint64_t *value)
{
	wcnic_le64 raw = 0;
	int ret = hw->attach->reg_read(hw, off, &raw, sizeof(raw));

	*value = le64toh(raw);
	return ret;
}

int
wcnic_clock_get(struct wcnic_hw *hw, uint64_t *ns)
{
	int ret = clock_check(hw);

	return ret != 0 ? ret : reg_read64(hw, WCNIC_REG_CLOCK, ns);
}

static int
clock_set(struct wcnic_hw *hw, enum wcnic_clock_step step, uint64_t ns)
{
	int ret;

	pthread_mutex_lock(&hw->lock);
	ret = clock_check(hw);
	if (ret == 0)
		ret = wcadmin_clock_set(&hw->admin.client, step, ns);
	if (ret == 0 && step == WCNIC_CLOCK_RATE)
		hw->time.rate_ppb = (int64_t)ns;
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

int
wcnic_time_restore(struct wcnic_hw *hw)
{
	if ((hw->id.caps & WCNIC_CAP_CLOCK) == 0 || hw->time.rate_ppb == 0)
		return 0;
	return wcadmin_clock_set(&hw->admin.client, WCNIC_CLOCK_RATE, (uint64_t)hw->time.rate_ppb);
}

int
wcnic_read_clock(struct rte_eth_dev *dev, uint64_t *clock)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret;

	pthread_mutex_lock(&hw->lock);
	ret = wcnic_clock_get(hw, clock);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

int
wcnic_timesync_read_time(struct rte_eth_dev *dev, struct timespec *time)
{
	uint64_t ns;
	int ret = wcnic_read_clock(dev, &ns);

	if (ret == 0)
		*time = rte_ns_to_timespec(ns);
	return ret;
}

int
wcnic_timesync_write_time(struct rte_eth_dev *dev, const struct timespec *time)
{
	return clock_set(wcnic_hw_get(dev->data), WCNIC_CLOCK_SET, rte_timespec_to_ns(time));
}

int
wcnic_timesync_adjust_time(struct rte_eth_dev *dev, int64_t ns)
{
	return clock_set(wcnic_hw_get(dev->data), WCNIC_CLOCK_ADD, (uint64_t)ns);
}

int
wcnic_timesync_adjust_freq(struct rte_eth_dev *dev, int64_t ppm)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	/* Whole ppm and the rest apart: no product overflows. */
	const int64_t one = 1 << 16, ppb = ppm / one * 1000 + ppm % one * 1000 / one;

	if (ppb > WCNIC_CLOCK_RATE_MAX || ppb < -WCNIC_CLOCK_RATE_MAX) {
		WCNIC_LOG(ERR, hw, "clock: %" PRId64 " ppm; from -%d to %d can be had", ppm / one,
			  (int)(WCNIC_CLOCK_RATE_MAX / 1000), (int)(WCNIC_CLOCK_RATE_MAX / 1000));
		return -EINVAL;
	}
	return clock_set(hw, WCNIC_CLOCK_RATE, (uint64_t)ppb);
}

/* ---- PTP frames ------------------------------------------------------------------------------ */

/* Takes the time of a frame that was sent; 0: there is none. The caller holds hw->lock. */
static int
tx_time_take(struct wcnic_hw *hw, uint64_t *ns)
{
	const wcnic_le64 none = 0;
	int ret = reg_read64(hw, WCNIC_REG_TX_TIME, ns);

	if (ret == 0 && *ns == 0 && hw->attach->poll != NULL) {
		hw->attach->poll(hw);
		ret = reg_read64(hw, WCNIC_REG_TX_TIME, ns);
	}
	if (ret == 0 && *ns != 0)
		ret = hw->attach->reg_write(hw, WCNIC_REG_TX_TIME, &none, sizeof(none));
	return ret;
}

/* Tells all queues. One that fails leaves timesync off. The caller holds hw->lock. */
static int
timesync_set(struct wcnic_hw *hw, bool on)
{
	int ret = 0;

	wcnic_store(&hw->time.timesync, on);
	for (uint16_t i = 0; ret == 0 && i < hw->n_rxq; i++) {
		if (hw->rxq[i] != NULL)
			ret = wcnic_rx_timesync_set(hw->rxq[i]);
	}
	if (ret != 0)
		wcnic_store(&hw->time.timesync, false);
	return ret;
}

int
wcnic_timesync_enable(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint64_t old_ns;
	int ret;

	pthread_mutex_lock(&hw->lock);
	ret = clock_check(hw);
	if (ret == 0)
		ret = tx_time_take(hw, &old_ns);
	for (unsigned int i = 0; ret == 0 && i < WCNIC_TIME_SLOTS; i++)
		wcnic_store(&hw->time.rx_ns[i], 0);
	if (ret == 0)
		ret = timesync_set(hw, true);
	if (ret == 0)
		wcnic_queues_tx_time(hw, true);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

int
wcnic_timesync_disable(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret = 0;

	pthread_mutex_lock(&hw->lock);
	if (wcnic_load(&hw->time.timesync))
		ret = timesync_set(hw, false);
	if (ret == 0)
		wcnic_queues_tx_time(hw, false);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

int
wcnic_timesync_read_rx(struct rte_eth_dev *dev, struct timespec *time, uint32_t slot)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint64_t ns = rte_atomic_exchange_explicit(&hw->time.rx_ns[slot % WCNIC_TIME_SLOTS], 0,
						   rte_memory_order_seq_cst);

	if (ns == 0 || !wcnic_load(&hw->time.timesync))
		return -EINVAL;
	*time = rte_ns_to_timespec(ns);
	return 0;
}

int
wcnic_timesync_read_tx(struct rte_eth_dev *dev, struct timespec *time)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint64_t ns = 0;
	int ret;

	pthread_mutex_lock(&hw->lock);
	ret = clock_check(hw);
	if (ret == 0)
		ret = wcnic_load(&hw->time.timesync) ? tx_time_take(hw, &ns) : -EINVAL;
	pthread_mutex_unlock(&hw->lock);
	if (ret == 0 && ns == 0)
		return -EINVAL;
	if (ret == 0)
		*time = rte_ns_to_timespec(ns);
	return ret;
}

void
wcnic_time_ptp_note(struct wcnic_hw *hw, struct rte_mbuf *m, uint64_t ns)
{
	struct wcnic_time *t = &hw->time;
	uint32_t slot;

	if (!rte_atomic_load_explicit(&t->timesync, rte_memory_order_relaxed))
		return;
	slot = rte_atomic_fetch_add_explicit(&t->next_slot, 1, rte_memory_order_relaxed) %
	       WCNIC_TIME_SLOTS;
	rte_atomic_store_explicit(&t->rx_ns[slot], ns, rte_memory_order_relaxed);
	m->timesync = (uint16_t)slot;
	m->ol_flags |= RTE_MBUF_F_RX_IEEE1588_TMST;
}
