/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WC_FAKE_H
#define WC_FAKE_H

/*
 * Write combining at its worst, as a way to store lines: what is stored waits in a buffer and until
 * the drain may arrive in pieces, in any order, twice, or early. A doorbell arrives at once, so a
 * drain that was left out is seen. One queue at a time; called by the thread that bursts.
 */

#include "loop.h"

struct wc_fake_config {
	uint64_t seed;
	unsigned int lose_in; /* one line in so many does not arrive whole; 0: none */
};

struct wc_fake_count {
	uint64_t lines;
	uint64_t lost;
	uint64_t doorbells;
	uint64_t burst_max; /* slots, or packed lines, between two doorbells */
};

/* Puts the fake in the place of the queue's store. Stores outside its slots fail the test. */
void wc_fake_install(struct wcnic_txq *txq, const struct wc_fake_config *config);
const struct wc_fake_count *wc_fake_count(void);
/* Fails unless all bytes of BAR2 that the queue had no reason to write are zero. */
void wc_fake_check_aperture(const struct wcnic_hw *hw);

#endif /* WC_FAKE_H */
