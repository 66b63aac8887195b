/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Statistics. The port's own counters are the sums of its queues'; card_* is what firmware counts
 * (STATS_QUERY). A secondary process lets the primary one ask.
 */

#include <errno.h>
#include <string.h>

#include <ethdev_driver.h>

#include "wcnic_admin.h"
#include "wcnic_hold.h"
#include "wcnic_hw.h"
#include "wcnic_mp.h"
#include "wcnic_queue.h"
#include "wcnic_rx_missed.h"
#include "wcnic_stats.h"
#include "wcnic_window_caps.h"

struct counter {
	const char *name;
	size_t off;
};

#define TX_COUNTER(field)                                             \
	{                                                             \
		"tx_" #field, offsetof(struct wcnic_txq_stats, field) \
	}
static const struct counter tx_counters[] = {
	TX_COUNTER(pushed),      TX_COUNTER(fetched), TX_COUNTER(incomplete),
	TX_COUNTER(dropped),     TX_COUNTER(resent),  TX_COUNTER(oversize),
	TX_COUNTER(runt),        TX_COUNTER(address), TX_COUNTER(malformed),
	TX_COUNTER(bad_request), TX_COUNTER(lost),    TX_COUNTER(bad_completions),
	TX_COUNTER(rung_again),
};

#define RX_COUNTER(field)                                             \
	{                                                             \
		"rx_" #field, offsetof(struct wcnic_rxq_stats, field) \
	}
static const struct counter rx_counters[] = {
	RX_COUNTER(bad_completions),
	RX_COUNTER(discarded),
};

#define CARD_COUNTER(field)                                         \
	{                                                           \
		"card_" #field, offsetof(struct wcnic_stats, field) \
	}
static const struct counter card_counters[] = {
	CARD_COUNTER(tx_frames),    CARD_COUNTER(tx_bytes),      CARD_COUNTER(tx_pushed),
	CARD_COUNTER(tx_fetched),   CARD_COUNTER(tx_incomplete), CARD_COUNTER(tx_dropped),
	CARD_COUNTER(tx_errors),    CARD_COUNTER(tx_oversize),   CARD_COUNTER(tx_held),
	CARD_COUNTER(rx_frames),    CARD_COUNTER(rx_bytes),      CARD_COUNTER(rx_oversize),
	CARD_COUNTER(rx_runt),      CARD_COUNTER(rx_filtered),   CARD_COUNTER(rx_down),
	CARD_COUNTER(rx_held),      CARD_COUNTER(rx_errors),     CARD_COUNTER(stray_writes),
	CARD_COUNTER(stale_lines),  CARD_COUNTER(events_lost),   CARD_COUNTER(port_in_frames),
	CARD_COUNTER(port_in_done), CARD_COUNTER(first_rx_ns),   CARD_COUNTER(last_tx_ns),
	CARD_COUNTER(first_tx_ns),  CARD_COUNTER(sleeps),        CARD_COUNTER(wakes),
	CARD_COUNTER(tx_segments),  CARD_COUNTER(rx_missed),     CARD_COUNTER(rx_no_queue),
	CARD_COUNTER(flow_drops),
};

/* States, not counts: a reset leaves them. */
#define HW_COUNTER(field)                                \
	{                                                \
#field, offsetof(struct wcnic_hw, field) \
	}
static const struct counter hw_counters[] = {
	HW_COUNTER(recoveries),
	HW_COUNTER(events),
	{"filter_promiscuous", offsetof(struct wcnic_hw, filter.promiscuous)},
	{"filter_allmulticast", offsetof(struct wcnic_hw, filter.allmulticast)},
	{"late_completions", offsetof(struct wcnic_hw, admin.client.late_completions)},
};

/* Of PUSH windows; states as well. */
static const char *const window_counters[] = {
	"window_memory_type", /* 1 UC, 2 WC, 3 WB, 0 not started: enum wcbar_type */
	"window_rung",        /* enum wcbar_rung + 1; 0: not started, or shared memory */
	"window_direct",      /* stores are not trapped */
	"doorbell_memory_type",
	/* WINDOW_TEST of the store in use */
	"window_test_lines",
	"window_test_whole",
	"window_test_partial",
	"window_test_lost",
	"window_test_reordered",
};

#define XSTATS_COUNT                                                            \
	(RTE_DIM(tx_counters) + RTE_DIM(rx_counters) + RTE_DIM(card_counters) + \
	 RTE_DIM(hw_counters) + RTE_DIM(window_counters))

static uint64_t
field(const void *base, const struct counter *c)
{
	uint64_t value;

	memcpy(&value, (const uint8_t *)base + c->off, sizeof(value));
	return value;
}

void
wcnic_stats_add(void *sums, const void *more, size_t bytes)
{
	uint64_t *sum = sums;
	const uint64_t *other = more;

	for (size_t i = 0; i < bytes / sizeof(*sum); i++)
		sum[i] += other[i];
}

static void
rx_add(struct rte_eth_stats *stats, const struct wcnic_rxq_stats *s)
{
	stats->ipackets += s->packets;
	stats->ibytes += s->bytes;
	stats->rx_nombuf += s->nombuf;
	stats->ierrors += s->bad_completions;
	stats->imissed += s->missed + s->discarded;
}

static void
tx_add(struct rte_eth_stats *stats, const struct wcnic_txq_stats *s)
{
	stats->opackets += s->packets;
	stats->obytes += s->bytes;
	stats->oerrors += s->oversize + s->runt + s->address + s->bad_request + s->malformed +
			  s->lost;
}

/*
 * What queues have not reaped yet, and what the card alone counts, would be missing from the sums.
 * The primary does it for a secondary process, which else sees what there is.
 */
static void
settle(struct wcnic_hw *hw)
{
	struct wcnic_mp_msg ask = {.what = WCNIC_MP_STATS_FRESH, .port_id = hw->port_id};

	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		(void)wcnic_mp_ask(&ask, -1, NULL);
		return;
	}
	if (wcnic_load(&hw->card) != WCNIC_CARD_PRESENT)
		return;
	wcnic_queues_kick(hw, true);
	wcnic_rx_missed_update(hw);
}

int
wcnic_stats_get(WCNIC_STATS_ARGS(dev, stats))
{
	struct wcnic_hw *hw = wcnic_hold_locked(dev);

	if (hw == NULL)
		return -ENODEV;
	settle(hw);
	rx_add(stats, &hw->rx_gone);
	tx_add(stats, &hw->tx_gone);
	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		const struct wcnic_rxq *rxq = hw->rxq[i];

		if (rxq == NULL)
			continue;
		rx_add(stats, &rxq->stats);
		if (i < RTE_ETHDEV_QUEUE_STAT_CNTRS && WCNIC_QSTATS(stats) != NULL) {
			WCNIC_QSTATS(stats)->q_ipackets[i] = rxq->stats.packets;
			WCNIC_QSTATS(stats)->q_ibytes[i] = rxq->stats.bytes;
			WCNIC_QSTATS(stats)->q_errors[i] = rxq->stats.bad_completions;
		}
	}
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		const struct wcnic_txq *txq = hw->txq[i];

		if (txq == NULL)
			continue;
		tx_add(stats, &txq->stats);
		if (i < RTE_ETHDEV_QUEUE_STAT_CNTRS && WCNIC_QSTATS(stats) != NULL) {
			WCNIC_QSTATS(stats)->q_opackets[i] = txq->stats.packets;
			WCNIC_QSTATS(stats)->q_obytes[i] = txq->stats.bytes;
		}
	}
	wcnic_unlock_release(hw);
	return 0;
}

static void
card_refresh(struct wcnic_hw *hw)
{
	/* a card that is away keeps its last figures */
	if (rte_eal_process_type() == RTE_PROC_PRIMARY &&
	    wcnic_load(&hw->card) == WCNIC_CARD_PRESENT)
		(void)wcadmin_stats_query(&hw->admin.client, &hw->card_stats);
}

int
wcnic_stats_fresh(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hold_locked(dev);

	if (hw == NULL)
		return -ENODEV;
	settle(hw);
	card_refresh(hw);
	wcnic_unlock_release(hw);
	return 0;
}

/* A burst in between would bring the old counts back. */
static void
queue_stats_clear(struct wcnic_hw *hw, struct wcnic_gate *gate, void *stats, size_t bytes)
{
	const bool up = wcnic_gate_pause(hw, gate);

	memset(stats, 0, bytes);
	if (up)
		wcnic_gate_open(gate);
}

int
wcnic_stats_reset(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hold_locked(dev);

	if (hw == NULL)
		return -ENODEV;
	settle(hw);
	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		struct wcnic_rxq *rxq = hw->rxq[i];

		if (rxq != NULL)
			queue_stats_clear(hw, &rxq->gate, &rxq->stats, sizeof(rxq->stats));
	}
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		struct wcnic_txq *txq = hw->txq[i];

		if (txq != NULL)
			queue_stats_clear(hw, &txq->gate, &txq->stats, sizeof(txq->stats));
	}
	memset(&hw->tx_gone, 0, sizeof(hw->tx_gone));
	memset(&hw->rx_gone, 0, sizeof(hw->rx_gone));
	card_refresh(hw);
	hw->card_stats_base = hw->card_stats;
	wcnic_unlock_release(hw);
	return 0;
}

/* Times and the end of input are not differences. */
static uint64_t
card_value(const struct wcnic_hw *hw, const struct counter *c)
{
	const uint64_t now = field(&hw->card_stats, c);
	const uint64_t base = field(&hw->card_stats_base, c);

	if ((c->off >= offsetof(struct wcnic_stats, port_in_done) &&
	     c->off <= offsetof(struct wcnic_stats, first_tx_ns)) ||
	    base > now)
		return now; /* the card has been reset since */
	return now - base;
}

static unsigned int
window_values(const struct wcnic_hw *hw, struct rte_eth_xstat *xstats)
{
	static const struct wcnic_test_result none;
	const struct wcnic_window *win = wcnic_window_push_first(hw);
	const struct wcnic_window_caps *l = &hw->window_caps;
	const struct wcnic_test_result *test = &none;
	unsigned int at = 0;

	/* a store's name is the primary's: another process may have it elsewhere */
	if (win != NULL && rte_eal_process_type() == RTE_PROC_PRIMARY)
		test = wcnic_window_test_find(hw, win->win.store->name);
	if (test == NULL)
		test = &none;
	if (win == NULL)
		win = &hw->doorbells;
	xstats[at++].value = win->granted ? win->win.type : WCBAR_TYPE_UNKNOWN;
	xstats[at++].value = win->granted && l->laddered ? l->rung + 1 : 0;
	xstats[at++].value = win->granted && win->win.direct;
	xstats[at++].value = hw->doorbells.granted ? hw->doorbells.win.type : WCBAR_TYPE_UNKNOWN;
	xstats[at++].value = test->lines;
	xstats[at++].value = test->report.lines_whole;
	xstats[at++].value = test->report.lines_partial;
	xstats[at++].value = test->report.lines_lost;
	xstats[at++].value = test->report.lines_reordered;
	return at;
}

static uint64_t
tx_sum(const struct wcnic_hw *hw, const struct counter *c)
{
	uint64_t sum = field(&hw->tx_gone, c);

	for (uint16_t i = 0; i < hw->n_txq; i++) {
		const struct wcnic_txq *txq = hw->txq[i];

		sum += txq != NULL ? field(&txq->stats, c) : 0;
	}
	return sum;
}

static uint64_t
rx_sum(const struct wcnic_hw *hw, const struct counter *c)
{
	uint64_t sum = field(&hw->rx_gone, c);

	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		const struct wcnic_rxq *rxq = hw->rxq[i];

		sum += rxq != NULL ? field(&rxq->stats, c) : 0;
	}
	return sum;
}

int
wcnic_xstats_get(struct rte_eth_dev *dev, struct rte_eth_xstat *xstats, unsigned int n)
{
	/* read once: another thread may configure the port */
	const uint16_t n_rxq = *(const volatile uint16_t *)&dev->data->nb_rx_queues;
	struct wcnic_hw *hw;
	unsigned int at = 0;

	if (n < XSTATS_COUNT + n_rxq)
		return XSTATS_COUNT + n_rxq;
	hw = wcnic_hold_locked(dev);
	if (hw == NULL)
		return -ENODEV;
	settle(hw);
	card_refresh(hw);
	for (size_t i = 0; i < RTE_DIM(tx_counters); i++)
		xstats[at++].value = tx_sum(hw, &tx_counters[i]);
	for (size_t i = 0; i < RTE_DIM(rx_counters); i++)
		xstats[at++].value = rx_sum(hw, &rx_counters[i]);
	for (size_t i = 0; i < RTE_DIM(card_counters); i++)
		xstats[at++].value = card_value(hw, &card_counters[i]);
	for (size_t i = 0; i < RTE_DIM(hw_counters); i++)
		xstats[at++].value = field(hw, &hw_counters[i]);
	at += window_values(hw, &xstats[at]);
	for (uint16_t i = 0; i < n_rxq; i++)
		xstats[at++].value = hw->rxq[i] != NULL ? hw->rxq[i]->stats.missed : 0;
	for (unsigned int i = 0; i < at; i++)
		xstats[i].id = i;
	wcnic_unlock_release(hw);
	return at;
}

static unsigned int
names_add(struct rte_eth_xstat_name *names, unsigned int at, const struct counter *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snprintf(names[at++].name, sizeof(names->name), "%s", c[i].name);
	return at;
}

int
wcnic_xstats_get_names(struct rte_eth_dev *dev, struct rte_eth_xstat_name *names, unsigned int n)
{
	const uint16_t n_rxq = *(const volatile uint16_t *)&dev->data->nb_rx_queues;
	unsigned int at = 0;

	if (names == NULL || n < XSTATS_COUNT + n_rxq)
		return XSTATS_COUNT + n_rxq;
	at = names_add(names, at, tx_counters, RTE_DIM(tx_counters));
	at = names_add(names, at, rx_counters, RTE_DIM(rx_counters));
	at = names_add(names, at, card_counters, RTE_DIM(card_counters));
	at = names_add(names, at, hw_counters, RTE_DIM(hw_counters));
	for (size_t i = 0; i < RTE_DIM(window_counters); i++)
		snprintf(names[at++].name, sizeof(names->name), "%s", window_counters[i]);
	for (uint16_t i = 0; i < n_rxq; i++)
		snprintf(names[at++].name, sizeof(names->name), "rx_q%u_missed", i);
	return at;
}
