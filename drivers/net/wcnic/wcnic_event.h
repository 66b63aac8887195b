/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_EVENT_H
#define WCNIC_EVENT_H

/* Async events of the card (datasheet section 9), and what the application is told of them. */

#include <stdbool.h>
#include <stdint.h>

struct wcnic_hw;

/* Events for the application: raised once the locks are free. */
struct wcnic_notices {
	bool link;
	bool recovering;
	bool recovered;
	bool given_up;
	bool removed;
};

/*
 * Takes what the card has sent, a ring's worth at most, and does what each event asks for. A card
 * may send any event at any time: one that names a window or a queue which is not there any more,
 * or has been made anew since, changes nothing. With hw->lock.
 */
void wcnic_events_handle(struct wcnic_hw *hw, struct wcnic_notices *notices);

/*
 * How many events the card has sent so far. Those are not about a queue that is created afterwards.
 * With hw->lock.
 */
uint64_t wcnic_events_sent(struct wcnic_hw *hw);

#endif /* WCNIC_EVENT_H */
