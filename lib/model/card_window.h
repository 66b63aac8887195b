/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_WINDOW_H
#define CARD_WINDOW_H

/* Section 4: windows, and the aperture as the host accesses it by message. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "card_admin_call.h"

struct card_window {
	bool used;
	uint8_t type;
	uint8_t slot_lines;
	uint16_t generation;
	uint16_t qid;
	uint16_t slots;
	uint16_t users; /* queues that use it: it cannot be freed */
	uint32_t bytes;
	uint64_t off; /* in the aperture */
};

/* These do the command of their name. */
enum wcnic_admin_status card_window_alloc(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_window_free(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_window_test(struct wcnic_card *card, struct card_admin_call *call);

/* Takes a window back, whoever uses it: its bytes are zeroed, its pages are free. */
void card_window_close(struct wcnic_card *card, struct card_window *w);
/* card_window_close() of all. */
void card_window_reset_all(struct wcnic_card *card);

/* The window `id` if there is one of that type, else NULL. */
struct card_window *
card_window_find(struct wcnic_card *card, uint16_t id, enum wcnic_window_type type);

/* A doorbell record for a new queue: a verdict, and the word in the aperture. */
WC_MUST_CHECK enum wcnic_admin_status
card_window_record(struct wcnic_card *card, uint16_t id, uint32_t off, uint64_t **record);

/*
 * An access to the aperture that does not go through mapped memory, 1 to 64 bytes. Reads give
 * zeroes outside any window, writes there are counted. 0, or -EINVAL: not within the aperture.
 */
int card_window_read(struct wcnic_card *card, uint64_t off, void *data, size_t bytes);
int card_window_write(struct wcnic_card *card, uint64_t off, const void *data, size_t bytes);

/* The next window has another generation than every recent one. */
void card_window_generation_next(struct wcnic_card *card);

#endif /* CARD_WINDOW_H */
