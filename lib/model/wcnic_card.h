/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_CARD_H
#define WCNIC_CARD_H

/*
 * The card of doc/datasheet.md as a library: registers, firmware, windows, queues, port.
 *
 * It has no threads, sockets or clock of its own: the embedder polls it and hands it memory, time
 * and interrupts through struct wcdev_ops. Threads: all calls on one card, and on cards wired
 * together, must be serialised by the embedder; only the aperture and host memory are shared with
 * a running driver. Every byte found there is taken as hostile.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>
#include <wcdev.h>
#include <wcnic_abi.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wcnic_card;

struct wcnic_card_config {
	const struct wcdev_ops *ops;
	void *ctx;
	/*
	 * BAR2: zeroed memory of aperture_bytes (power of two, 1 MiB..1 GiB), page-aligned, owned
	 * by the embedder, alive as long as the card.
	 */
	void *aperture;
	uint64_t aperture_bytes;
	/*
	 * The first byte of the aperture from `off` on that has memory behind it, or the size of
	 * the aperture: the search for stray writes leaves the rest alone, as a look at it would
	 * take memory, and time. May be NULL: all of it has.
	 */
	uint64_t (*aperture_used)(void *ctx, uint64_t off);
	uint16_t queue_pairs;  /* 1..64; 0: 16 */
	uint8_t mac[6];        /* all zero: made from the seed */
	uint64_t seed;         /* of window offsets and the first generation */
	uint32_t push_wait_ns; /* 0: 100 us */
	bool sleeps;           /* the embedder calls wcnic_card_sleep() before it does: WAKE */
	/*
	 * WINDOW_TEST: each store to BAR2 comes through wcnic_card_bar_write(), as it was made; or
	 * wcnic_card_arrival() tells what the link saw of them, and none comes that way.
	 */
	bool sees_stores;
};

/*
 * Allocates a card in the state of power-on. *card is set on success only.
 * Returns 0, -EINVAL (the log names the field) or -ENOMEM.
 */
WC_PUBLIC WC_MUST_CHECK int
wcnic_card_create(const struct wcnic_card_config *config, struct wcnic_card **card);

/* Frees the card; NULL is allowed. The port and the aperture are the embedder's. */
WC_PUBLIC void wcnic_card_destroy(struct wcnic_card *card);

/* The card as ports know it: wcdev_port_set(), wcdev_receive(). It lives as long as the card. */
WC_PUBLIC struct wcdev *wcnic_card_dev(struct wcnic_card *card);

/*
 * Lets the card work: admin commands, doorbells, Tx, port input, Rx, events, heartbeat, a slice of
 * the search for stray writes. Returns how many frames and commands moved; 0 means idle.
 */
WC_PUBLIC unsigned int wcnic_card_poll(struct wcnic_card *card);

/*
 * The part of it that moves frames: Tx and port input, by the clock of the last wcnic_card_poll().
 * For embedders that poll all the time; every few of these must be a whole poll.
 */
WC_PUBLIC unsigned int wcnic_card_poll_frames(struct wcnic_card *card);

/*
 * For embedders that stop polling for a while (config.sleeps). wcnic_card_waits(): the card has
 * nothing to do before its driver asks for something, and its driver can wake it: apart from the
 * heartbeat it may be left alone. Without, it has to be looked at as often as ever.
 *
 * wcnic_card_sleep() writes to the wake record that doorbells are not seen from here on, so that
 * the driver writes to WAKE. A doorbell may have been rung before the driver saw that: poll the
 * card once more, then sleep. Returns false if there is no record, or it cannot be written.
 * wcnic_card_awake() takes it back.
 */
WC_PUBLIC bool wcnic_card_waits(struct wcnic_card *card);
WC_PUBLIC bool wcnic_card_sleep(struct wcnic_card *card);
WC_PUBLIC void wcnic_card_awake(struct wcnic_card *card);

/*
 * A register or window access by the host that does not go through mapped memory. bar is
 * WCNIC_BAR_REGS or WCNIC_BAR_WINDOWS, bytes 1..64. Reads of what is not there give zeroes, writes
 * to it are counted. Returns 0, or -EINVAL if the access is malformed (and the card says so in
 * ERROR_CAUSE). Commands behind a doorbell are done by wcnic_card_poll(), not here.
 */
WC_PUBLIC int wcnic_card_bar_read(struct wcnic_card *card, unsigned int bar, uint64_t off,
				  void *data, size_t bytes);
WC_PUBLIC int wcnic_card_bar_write(struct wcnic_card *card, unsigned int bar, uint64_t off,
				   const void *data, size_t bytes);

/*
 * For the self test alone: the link brought a write of bytes 1..64 to the aperture, within one
 * line, at time ns. Its bytes are in the aperture already. Returns 0, or -EINVAL if it is not so.
 */
WC_PUBLIC WC_MUST_CHECK int
wcnic_card_arrival(struct wcnic_card *card, uint64_t off, size_t bytes, uint64_t ns);

/* Arrivals are missing: a self test that runs ends, as its report would be wrong. */
WC_PUBLIC void wcnic_card_arrivals_lost(struct wcnic_card *card);

/* Function level reset: as if CTRL.RESET had been written. */
WC_PUBLIC void wcnic_card_reset(struct wcnic_card *card);

/* Takes a window away from the driver, as firmware may: its queues stop with DROPPED. */
WC_PUBLIC int wcnic_card_window_revoke(struct wcnic_card *card, uint16_t window_id);

/* A copy of the counters as STATS_QUERY gives them, in host byte order. */
WC_PUBLIC void wcnic_card_stats(struct wcnic_card *card, struct wcnic_stats *stats);

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_CARD_H */
