/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_SERVED_CARD_H
#define WCNICD_SERVED_CARD_H

/*
 * A card model that is served over vfio-user, with all that it needs: aperture, port, configuration
 * space, server.
 *
 * Threads: after served_card_create() one thread owns the card. It makes all calls until it ends;
 * then served_card_destroy() may be called by another one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <tlpfeed.h>
#include <vfu_server.h>
#include <wcbase.h>
#include <wcnic_port.h>

#include "log_budget.h"
#include "options.h"
#include "pci_config.h"
#include "stats.h"

struct served_card_kind;

struct served_card {
	char name[32]; /* in the log */
	struct log_budget log_budget;
	const struct served_card_kind *kind;
	struct card_options options;
	struct wcdev_ops ops; /* what the model asks of its host */
	void *model;          /* the kind's */
	struct wcnic_port *port;
	struct vfu_server *server;
	struct stat socket_file; /* st_ino 0: not there */
	void *aperture;
	uint64_t aperture_bytes;
	int aperture_fd;
	struct tlpfeed feed; /* ring NULL: none */
	bool feed_reported;  /* the log says that it is broken */
	struct pci_description description;
	struct pci_config pci;
	union stats_values totals; /* counters that resets have cleared */
	uint64_t irqs_deferred[2]; /* vectors that wait until DMA messages are answered */
	bool irqs_pending;         /* there are any */
	unsigned int frame_polls;  /* polls for frames alone before the next poll of everything */
	bool placed_near;          /* the thread has moved to this client's memory */
	bool input_reported;       /* the log says that the port's input has ended */
	bool error_reported;       /* the log has the port's first error */
};

/*
 * Makes the card and listens on its socket. The texts of `options` must outlive the card. Returns 0
 * or -errno; the log then says why, and nothing is left behind.
 */
WC_MUST_CHECK int served_card_create(struct served_card *card, const struct card_options *options);

/* Disconnects the client and removes the socket. What is left for served_card_destroy() waits for
 * nobody else's card. */
void served_card_hang_up(struct served_card *card);

/* Disconnects the client, removes the socket and the feed's file, frees everything. */
void served_card_destroy(struct served_card *card);

/*
 * Removes the card's files and nothing else: the process ends, and another thread may be at work on
 * the card. Any thread.
 */
void served_card_abandon(const struct served_card *card);

/*
 * Moves frames, and in some polls handles commands and timers too. Returns how many frames and
 * commands. Does nothing while DMA messages are unanswered.
 */
unsigned int served_card_poll(struct served_card *card);

/* Makes the next poll one of everything, not of frames alone. */
void served_card_poll_all_next(struct served_card *card);

/* Handles requests and connections of the client. Returns how many. */
unsigned int served_card_serve(struct served_card *card);

/* Whether the card waits for messages of its client: serve it in every round. */
bool served_card_needs_serving(struct served_card *card);

/* Logs what is new of the port: the end of its input, its first error. Called now and then. */
void served_card_check_port(struct served_card *card);

/* Whether a client is connected that has enabled the card: it may ring a doorbell at any time. */
bool served_card_has_driver(struct served_card *card);

/* Whether everything that the card waits for wakes the thread: the driver promises to wake it. */
bool served_card_driver_wakes(struct served_card *card);

/*
 * Asks the driver to wake the card from now on. False: it cannot be asked. True: poll once more
 * before the nap, as a doorbell may have been rung meanwhile.
 */
bool served_card_sleep(struct served_card *card);

/* The nap is over: the driver need not wake the card any more. */
void served_card_awake(struct served_card *card);

/* Handles SIGBUS at `addr`: true if the access can be repeated. Async-signal-safe. */
bool served_card_fault(struct served_card *card, const void *addr);

/* The card's name, and its counters since the last reset and since it was made. */
void served_card_stats(struct served_card *card, struct stats_record *record);

#endif /* WCNICD_SERVED_CARD_H */
