/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_CLOCK_H
#define CARD_CLOCK_H

/*
 * Section 14: the clock that the host sets, and the time of a frame that was sent. It is made of
 * the oscillator, which is the embedder's monotonic clock.
 */

#include <stdint.h>

#include "card_admin_call.h"

struct card_clock {
	uint64_t base_ns;    /* what it showed when it was set last */
	uint64_t since_ns;   /* the oscillator then */
	int64_t rate_ppb;    /* how much faster than the oscillator it runs */
	uint64_t tx_sent_ns; /* the register TX_TIME */
};

/*
 * A reset: it goes on from what it shows, at the rate of the oscillator. Of a card that is zeroed:
 * it shows the oscillator.
 */
void card_clock_reset(struct wcnic_card *card);
/* What it shows when the oscillator is at `at_ns`, which is not before it was set last. */
uint64_t card_clock_at(const struct wcnic_card *card, uint64_t at_ns);
/* What it shows now. Reads the oscillator. */
uint64_t card_clock_now(const struct wcnic_card *card);
/* A frame that asked for its time was sent when the oscillator was at `at_ns`. */
void card_clock_sent(struct wcnic_card *card, uint64_t at_ns);
/* Does CLOCK_SET. */
enum wcnic_admin_status card_clock_set(struct wcnic_card *card, struct card_admin_call *call);

#endif /* CARD_CLOCK_H */
