/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_SERVED_CARD_KIND_H
#define WCNICD_SERVED_CARD_KIND_H

/*
 * A kind of card: what a served card asks of the model behind it. card->model is the kind's.
 * Thread: the one that has the card.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcdev.h>

#include "pci_config.h"
#include "stats.h"

struct served_card;

struct served_card_kind {
	const char *name; /* as --card has it */
	struct stats_fields fields;
	/* Doorbells are registers: each comes through the socket. */
	bool doorbells_by_message;

	/*
	 * Makes the model and what else the kind needs; served_card_ops and the card are its host.
	 * Returns 0 or -errno, and has logged why. destroy() undoes what was done, also after a
	 * failure.
	 */
	int (*create)(struct served_card *card);
	void (*destroy)(struct served_card *card);
	struct wcdev *(*dev)(struct served_card *card);
	/* What it is on the bus. BAR 2 is card->aperture. */
	void (*describe)(struct served_card *card, struct pci_description *pci);

	/*
	 * An access of a BAR, apart from its MSI-X table. Returns 0, or the -errno that the client
	 * gets.
	 */
	int (*bar_read)(struct served_card *card, unsigned int bar, uint64_t off, void *data,
			size_t bytes);
	int (*bar_write)(struct served_card *card, unsigned int bar, uint64_t off, const void *data,
			 size_t bytes);
	/*
	 * Whether this write may make counters 0, and how often that has happened. NULL: no write
	 * does.
	 */
	bool (*may_reset)(unsigned int bar, uint64_t off, size_t bytes);
	uint64_t (*resets)(struct served_card *card);
	void (*reset)(struct served_card *card); /* function level reset: counters are 0 again */

	unsigned int (*poll)(struct served_card *card);
	unsigned int (*poll_frames)(struct served_card *card);

	/* As served_card_has_driver() and so on. sleep(), awake(): NULL if it needs neither. */
	bool (*has_driver)(struct served_card *card);
	bool (*driver_wakes)(struct served_card *card);
	bool (*sleep)(struct served_card *card);
	void (*awake)(struct served_card *card);

	void (*stats)(struct served_card *card, union stats_values *values);
};

extern const struct served_card_kind served_card_wcnic;
extern const struct served_card_kind served_card_ena;

#endif /* WCNICD_SERVED_CARD_KIND_H */
