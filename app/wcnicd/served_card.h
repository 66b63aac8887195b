/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_UNIT_H
#define WCNICD_UNIT_H

/*
 * A unit is one card with all that it needs: aperture, port, configuration space, server. After
 * unit_create() it belongs to the one thread that polls it, until that has ended.
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

struct unit {
	char name[32];
	struct card_options options;
	struct wcnic_card *card;
	struct wcnic_port *port;
	struct vfu_server *server;
	void *aperture;
	uint64_t aperture_bytes;
	int aperture_fd;
	struct tlpfeed feed; /* ring NULL: none */
	bool feed_told;      /* that it is broken */
	struct pci_config pci;
	struct wcnic_stats totals; /* of what resets have cleared */
	uint64_t irqs_held[2];     /* vectors that wait for messages to be answered */
	bool irqs_wait;
	unsigned int frame_polls; /* to come before the next whole poll of the card */
	bool near;                /* the thread was placed for this client's memory */
	bool input_told;
	bool error_told;
};

/* Returns 0 or -errno; has then logged why. */
__attribute__((warn_unused_result)) int
unit_create(struct unit *unit, const struct card_options *options);
void unit_destroy(struct unit *unit);

/* Moves frames and commands; returns how many. */
unsigned int unit_poll(struct unit *unit);
/* The next poll is for all that the card does, not for frames alone. */
void unit_poll_whole_next(struct unit *unit);

/* Handles what the client asks; returns how much that was. */
unsigned int unit_serve(struct unit *unit);

/* Whether what it waits for may come through the socket at any time. */
bool unit_hurries(struct unit *unit);

/* Tells of the port what is new: input at its end, errors. For now and then. */
void unit_check_port(struct unit *unit);

/* Whether a driver may ring a doorbell in memory at any time. */
bool unit_busy(struct unit *unit);
/* Whether all that such a driver may ask for wakes, and nothing else is awaited. */
bool unit_waits(struct unit *unit);
/* The thread is about to nap: false if the driver cannot be told. Then the last look is due. */
bool unit_sleep(struct unit *unit);
void unit_awake(struct unit *unit);

/* SIGBUS at addr: true if the access can be tried again. Async-signal-safe. */
bool unit_fault(struct unit *unit, const void *addr);

/* All frames since the program began, over all resets. */
void unit_stats(struct unit *unit, struct wcnic_stats *since_reset, struct wcnic_stats *total);

#endif /* WCNICD_UNIT_H */
