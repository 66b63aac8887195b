/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_WATCH_H
#define CARD_WATCH_H

/* Section 10, the self test: what becomes of the stores into a window, one by one. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "card_admin_call.h"

struct card_window;
struct card_watch_line;

/* The self test that runs, if any. */
struct card_watch {
	const struct card_window *window; /* NULL: none */
	struct card_watch_line *lines;
	uint32_t n_lines;
	uint32_t arrivals[8];
	uint64_t highest; /* line that has been written to */
	uint64_t first_ns;
	uint64_t last_ns;
	bool begun;
};

/* Does WINDOW_TEST for a window that no queue uses, on a card that sees stores. */
enum wcnic_admin_status card_watch_command(struct wcnic_card *card, struct card_admin_call *call,
					   const struct card_window *w);
/* A store, within one line, is about to be done to the aperture. */
void card_watch_store(struct wcnic_card *card, uint64_t off, size_t bytes);
/* Ends the test without a report. */
void card_watch_stop(struct wcnic_card *card);

#endif /* CARD_WATCH_H */
