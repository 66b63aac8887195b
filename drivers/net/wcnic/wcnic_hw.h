/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_HW_H
#define WCNIC_HW_H

/*
 * A port: one struct wcnic_hw in its ethdev's private data. How the card is reached is behind
 * struct wcnic_attach_ops.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <ethdev_driver.h>
#include <rte_ether.h>

#include <wcnic_abi.h>

#include "wcnic_admin.h"
#include "wcnic_compat.h"
#include "wcnic_devargs.h"
#include "wcnic_filter.h"
#include "wcnic_flow.h"
#include "wcnic_peer.h"
#include "wcnic_queue_stats.h"
#include "wcnic_time.h"
#include "wcnic_window.h"
#include "wcnic_window_caps.h"

enum wcnic_card_state {
	WCNIC_CARD_ABSENT = 0, /* lost; the service looks for it */
	WCNIC_CARD_PRESENT,
};

/*
 * Locks, in the order in which they are taken:
 *
 *   wcnic_hold()   the port's memory stays; for telemetry and statistics, which may come at any
 * time hw->lock       whatever changes or asks the port: configuration, queues, windows,
 * statistics, recovery. Every admin command is sent with it, every reset too: so none is reset
 *                  away. Not held while the application is told something.
 *   admin.lock     one command, event or reset at a time; by lib/wcadmin alone
 *   the attach's   the embedded card's lock, the socket's
 *
 * Bursts take none of them: the gate of a queue stops them.
 */
struct wcnic_hw {
	char name[32];
	uint16_t port_id;
	struct wcnic_devargs args;
	const struct wcnic_attach_ops *attach;
	void *ctx;
	pthread_mutex_t lock;          /* see above */
	RTE_ATOMIC(uint32_t) card;     /* enum wcnic_card_state */
	bool started;                  /* between dev_start and dev_stop */
	bool running;                  /* queues exist on the card */
	RTE_ATOMIC(bool) failed;       /* a queue asks for recovery */
	struct wcnic_service *service; /* of the process that has the card */
	struct wcnic_admin admin;
	struct wcnic_identity id; /* host byte order */
	uint32_t reset_count;
	uint32_t heartbeat;
	uint64_t heartbeat_tsc;
	unsigned int heartbeat_looks; /* that found no other heartbeat */
	uint64_t lost_tsc;            /* when the card was lost */
	uint64_t found_tsc;           /* when it was found again */
	unsigned int relapses;        /* failures in a row, each soon after a recovery */
	bool given_up;                /* no more recoveries until the application asks */
	RTE_ATOMIC(bool) removed;     /* for good: it is not looked for any more */
	bool windows_lost;            /* BAR2 was taken away: no pushes until the next start */
	struct wcnic_window_caps window_caps;
	struct rte_intr_handle *intr; /* of the Rx queues; NULL: none asked for */
	struct wcnic_window doorbells;
	/* NULL: not set up, or not again after a set-up that failed while the port runs */
	struct wcnic_txq *txq[WCNIC_QUEUES_MAX];
	struct wcnic_rxq *rxq[WCNIC_QUEUES_MAX];
	/* of Tx queues that are set up anew while the port runs: a later mapping may be worse */
	struct wcnic_window parked[WCNIC_QUEUES_MAX];
	uint16_t n_txq;
	uint16_t n_rxq;
	uint16_t mtu;
	uint16_t port_flags; /* WCNIC_PORTF_* */
	bool tx_time;        /* frames may ask for the time when they are sent */
	struct rte_ether_addr mac;
	struct wcnic_rss rss; /* host byte order */
	struct wcnic_filter filter;
	struct wcnic_flows flows;
	struct wcnic_time time;
	bool rx_extra; /* all Rx queues have extras rings: wcnic_rx_extra_want() */
	bool link_up;
	uint32_t link_mbps;
	uint32_t wire_mbps;            /* with a link or without; 0: not known */
	uint16_t wire;                 /* WCNIC_WIREF_* */
	uint16_t pause;                /* WCNIC_PORTF_PAUSE_*, where the wire carries pauses */
	bool pause_set;                /* by the application; else as the wire does by itself */
	struct wcnic_stats card_stats; /* last answer, host byte order */
	struct wcnic_stats card_stats_base; /* at the last reset of statistics */
	/* Of queues that were released since: the port's sums do not go back with a set-up. */
	struct wcnic_txq_stats tx_gone;
	struct wcnic_rxq_stats rx_gone;
	uint64_t recoveries;
	uint64_t events;
	bool membarrier;
	/* of secondary processes, by their place: what they were told last, as they say */
	RTE_ATOMIC(uint64_t) peer_seq[WCNIC_PEERS_MAX];
};

/* The driver's state of a port of this driver. Shared memory: secondary processes have it too. */
static inline struct wcnic_hw *
wcnic_hw_get(const struct rte_eth_dev_data *data)
{
	return data->dev_private;
}

/* Whether the card knows what ABI 1.1 added and has no feature bit. */
static inline bool
wcnic_card_since_1_1(const struct wcnic_hw *hw)
{
	return (hw->id.abi_version & 0xffff) >= 1;
}

#endif /* WCNIC_HW_H */
