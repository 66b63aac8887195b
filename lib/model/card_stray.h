/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_STRAY_H
#define CARD_STRAY_H

/* Section 4: stores outside any window. */

#include <stdbool.h>
#include <stdint.h>

struct wcnic_card;

struct card_stray {
	uint64_t next_off; /* where the search goes on */
	uint32_t polls;
	uint32_t lines;     /* found and not yet reported */
	uint64_t first_off; /* of these lines */
	bool reported;      /* ever */
	uint64_t reported_ns;
};

/* Searches the next piece of the aperture, every few polls, and reports what was found. */
void card_stray_poll(struct wcnic_card *card);
/* Counts lines that were written outside any window. */
void card_stray_found(struct wcnic_card *card, uint64_t off, uint32_t lines);
/* Counts and clears what lies in a piece of the aperture that is no window. */
void card_stray_scan(struct wcnic_card *card, uint64_t off, uint64_t bytes);

#endif /* CARD_STRAY_H */
