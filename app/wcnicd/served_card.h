/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_SERVED_CARD_H
#define WCNICD_SERVED_CARD_H

/*
 * A card is one card with all that it needs: aperture, port, configuration space, server. After
 * served_card_create() it belongs to the one thread that polls it, until that has ended.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tlpfeed.h"
#include "options.h"
#include "pci_config.h"
#include "vfu_server.h"
#include "wcnic_card.h"
#include "wcnic_port.h"

struct served_card {
	char name[32];
	struct card_options options;
	struct wcnic_card *model;
	struct wcnic_port *port;
	struct vfu_server *server;
	void *aperture;
	uint64_t aperture_bytes;
	int aperture_fd;
	struct tlpfeed feed; /* ring NULL: none */
	bool feed_reported;  /* that it is broken */
	struct pci_config pci;
	struct wcnic_stats totals; /* of what resets have cleared */
	uint64_t irqs_deferred[2]; /* vectors that wait for messages to be answered */
	bool irqs_pending;
	unsigned int frame_polls; /* to come before the next whole poll of the card */
	bool placed_near;         /* the thread was placed for this client's memory */
	bool input_reported;
	bool error_reported;
};

/* Returns 0 or -errno; has then logged why. */
__attribute__((warn_unused_result)) int
served_card_create(struct served_card *card, const struct card_options *options);
void served_card_destroy(struct served_card *card);

/* Moves frames and commands; returns how many. */
unsigned int served_card_poll(struct served_card *card);
/* The next poll is for all that the card does, not for frames alone. */
void served_card_poll_all_next(struct served_card *card);

/* Handles what the client asks; returns how much that was. */
unsigned int served_card_serve(struct served_card *card);

/* Whether what it waits for may come through the socket at any time. */
bool served_card_needs_serving(struct served_card *card);

/* Tells of the port what is new: input at its end, errors. For now and then. */
void served_card_check_port(struct served_card *card);

/* Whether a driver may ring a doorbell in memory at any time. */
bool served_card_has_driver(struct served_card *card);
/* Whether all that such a driver may ask for wakes, and nothing else is awaited. */
bool served_card_driver_wakes(struct served_card *card);
/* The thread is about to nap: false if the driver cannot be told. Then the last look is due. */
bool served_card_sleep(struct served_card *card);
void served_card_awake(struct served_card *card);

/* SIGBUS at addr: true if the access can be tried again. Async-signal-safe. */
bool served_card_fault(struct served_card *card, const void *addr);

/* All frames since the program began, over all resets. */
void served_card_stats(struct served_card *card, struct wcnic_stats *since_reset,
		       struct wcnic_stats *total);

#endif /* WCNICD_SERVED_CARD_H */
