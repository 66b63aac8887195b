/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef LOOP_H
#define LOOP_H

/*
 * The real queues against the real model in one process: a port of the driver with its embedded
 * card, frames whose every byte is known, and a look at both sides. Helpers fail the running test;
 * loop_teardown() then clears up. One port is open at a time, but for loop_probe().
 */

#include <patience.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <ethdev_driver.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <wcnic_attach.h>
#include <wcnic_card.h>
#include <wcnic_ethdev.h>
#include <wcnic_event.h>
#include <wcnic_hw.h>
#include <wcnic_intr.h>
#include <wcnic_log.h>
#include <wcnic_queue.h>
#include <wcnic_rss.h>
#include <wcnic_rx_sleep.h>
#include <wcnic_service.h>
#include <wcnic_stats.h>

#define LOOP_QUEUES_MAX 8
#define LOOP_TX_ROOM 9600 /* a whole frame of the longest kind in one buffer */
#define LOOP_TX_MBUFS 4096

struct loop_config {
	/* NULL: none. Without port= no frame is lost: port=loopback:flow_control=on. */
	const char *devargs;
	uint16_t n_txq;       /* 0: 1 */
	uint16_t n_rxq;       /* 0: 1 */
	uint16_t tx_depth;    /* 0: 256 */
	uint16_t rx_depth;    /* 0: 256 */
	uint16_t mtu;         /* 0: 1500 */
	uint16_t buf_bytes;   /* of an Rx buffer; 0: the longest frame */
	uint64_t rx_offloads; /* RTE_ETH_RX_OFFLOAD_*, of the port */
	bool scatter;
	bool fast_free;
	uint64_t tx_offloads; /* RTE_ETH_TX_OFFLOAD_*, beside the others here */
	bool rss;
	bool lsc;
	bool rx_intr;
	bool not_promiscuous;
	bool not_started;
};

struct loop {
	struct loop_config config;
	char name[32];
	uint16_t port_id;
	bool open;
	struct rte_mempool *tx_pool;
	struct rte_mempool *rx_pool;
	unsigned int tx_leaked; /* mbufs that failed tests before did not free */
};

/* ---- the process ------------------------------------------------------------------------- */

/* Group setup and teardown: EAL without root, hugepages, PCI or files that others see. */
int loop_group_setup(void **state);
int loop_group_teardown(void **state);
/* Test teardown: closes what a failed test left open, and shows the log of a failed test. */
int loop_teardown(void **state);
/*
 * The service does nothing from now on, until loop_service_hold(false): what happens meanwhile it
 * finds afterwards. loop_service_rounds() ends that and waits until it has looked so many times,
 * with more than one round: the first may have begun before.
 */
void loop_service_hold(bool hold);
void loop_service_rounds(unsigned int n);
/* In a teardown: whether the test failed with a port open. */
bool loop_is_open(void);

/*
 * The driver's clock is a thousand times slower than this machine's: none of the driver's times is
 * over before a test's patience is, unless the test says so. These make the driver find that a time
 * is over the next time that it looks: a look of this thread, or one in each round of the service.
 */
void loop_time_is_over(void);
void loop_time_is_over_in_service(bool on);
/* This machine's clock, for tests in which any time may be over and none decides. */
void loop_clock_is_real(bool on);
/* When a test waits no longer, in rte_get_timer_cycles(). */
uint64_t loop_patience_end(void);

#define LOOP_TEST(fn) cmocka_unit_test_teardown(fn, loop_teardown)
/* The same function over several configurations: `arg` is the test's *state. */
#define LOOP_TEST_ARG(label, fn, arg)                     \
	{                                                 \
		(label), (fn), NULL, loop_teardown, (arg) \
	}

/* The log of all components since the last loop_log_clear(); valid until the next call. */
const char *loop_log(void);
void loop_log_clear(void);
/* Fails unless the log holds every one of the words, which end with NULL. */
void loop_log_has(const char *first, ...);

/* ---- the port ---------------------------------------------------------------------------- */

void loop_open(struct loop *l, const struct loop_config *config);
/* Queues and start as loop_open() does them; for ports that have been stopped or reset. */
void loop_configure(struct loop *l);
/* Stops, closes, removes, and checks that every mbuf is back in its pool. */
void loop_close(struct loop *l);
/* The rest of it, for a test that has closed the port. */
void loop_closed(struct loop *l);
/* For ports that the test has removed itself. */
void loop_forget(struct loop *l);
/*
 * Attaches a port that is expected to fail: its name and -errno. Not by EAL's hotplug, which later
 * releases of DPDK refuse with 128 characters and more before the driver sees them.
 */
int loop_probe(const char *devargs);
#define LOOP_PROBE_NAME "net_wcnic_refused"

static inline struct wcnic_hw *
loop_hw(const struct loop *l)
{
	return rte_eth_devices[l->port_id].data->dev_private;
}

static inline struct wcnic_txq *
loop_txq(const struct loop *l, uint16_t qid)
{
	return rte_eth_devices[l->port_id].data->tx_queues[qid];
}

static inline struct wcnic_rxq *
loop_rxq(const struct loop *l, uint16_t qid)
{
	return rte_eth_devices[l->port_id].data->rx_queues[qid];
}

/* The counter of that name; fails if there is none. */
uint64_t loop_xstat(const struct loop *l, const char *name);

/* ---- the card ---------------------------------------------------------------------------- */

/*
 * Called around every poll of a card, under its lock and by whichever thread polls: no assertions
 * in there. NULL: none. Setting one waits until the former is not running any more.
 */
typedef void (*loop_hook)(struct wcnic_card *card, void *arg);
void loop_hook_set(struct loop *l, loop_hook before, loop_hook after, void *arg);
/* For a hook that does not return: it was left by longjmp(). */
void loop_hook_left(void);
/* Runs `fn` once inside a poll of the port's card. */
void loop_card_do(struct loop *l, loop_hook fn, void *arg);
/* Lets the card work for so long, by its own thread or by polls. */
void loop_run_ms(struct loop *l, unsigned int ms);
/*
 * Waits until `*value`, which another thread writes, is at least `least`, and the service is done
 * with the round in which that came about.
 */
void loop_wait_u64(struct loop *l, const uint64_t *value, uint64_t least);

/* ---- frames ------------------------------------------------------------------------------ */

uint64_t loop_random(uint64_t *state);

/* Returns byte `at` of a frame. Bytes 12 and 13 are an EtherType of no protocol. */
void loop_fill(uint8_t *data, uint64_t seed, uint32_t at, uint32_t bytes);
/* A frame in 1..max_segs segments of random lengths, some of them empty; by seed. */
struct rte_mbuf *loop_frame(struct loop *l, uint64_t seed, uint32_t bytes, unsigned int max_segs);
/* Fails unless `m` is the frame of that seed and length; frees it. */
void loop_frame_check(struct rte_mbuf *m, uint64_t seed, uint32_t bytes);

/* Sends all of them, polling until they are taken. */
void loop_send(struct loop *l, uint16_t qid, struct rte_mbuf **frames, uint16_t n);
/* Receives exactly n frames, or fails. */
void loop_receive(struct loop *l, uint16_t qid, struct rte_mbuf **frames, uint16_t n);
/* Fails if there is another frame, now or after some more polls of the card. */
void loop_receive_none(struct loop *l, uint16_t qid);

/* A stream of frames through one pair of queues: sent in bursts, received in order. */
struct loop_stream {
	uint16_t txq, rxq;
	uint64_t seed; /* of frame i: seed + i */
	uint32_t count;
	uint32_t (*bytes)(const struct loop_stream *s, uint32_t i);
	uint32_t arg;      /* of bytes() */
	unsigned int segs; /* 0: 1 */
	uint16_t burst;    /* 0: 32 */
	/* Called between bursts with the number sent so far. NULL: none. */
	void (*between)(struct loop *l, uint32_t sent);
};
void loop_stream_run(struct loop *l, const struct loop_stream *s);
/* bytes() of streams of one length, `arg`, and of random lengths from 14 to `arg`. */
uint32_t loop_bytes_fixed(const struct loop_stream *s, uint32_t i);
uint32_t loop_bytes_random(const struct loop_stream *s, uint32_t i);

/* Frees what lies in all Rx queues; returns how many frames that were. */
uint32_t loop_drop_received(struct loop *l);
/* Fails unless the port has recovered `times` times by now or soon, and forwards as new. */
void loop_recovered(struct loop *l, uint64_t times);

#endif /* LOOP_H */
