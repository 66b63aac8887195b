/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_SERVICE_H
#define WCNIC_SERVICE_H

/* The service that looks after a card. */

#include <rte_common.h>

struct wcnic_hw;
struct wcnic_notices;

#define WCNIC_SERVICE_US 100000

/*
 * From now on the card is looked after every WCNIC_SERVICE_US, on a thread of the port's own:
 * events, heartbeat, loss and recovery. Events for the application are raised there without a lock.
 * 0 or -errno, logged.
 */
int wcnic_service_start(struct wcnic_hw *hw);
/*
 * Returns when the service does not touch the port and will not again. Without hw->lock. Called
 * from a callback of the service itself, it does not wait: the service ends with that callback.
 */
void wcnic_service_stop(struct wcnic_hw *hw);
/* One round; `notices`: what to tell the application. Takes hw->lock. */
void wcnic_service_round(struct wcnic_hw *hw, struct wcnic_notices *notices);
/*
 * The application asks for a port whose recoveries were given up, because each failed at once:
 * finds the card again, without queues if the port is stopped. 0; -EIO: it was not given up; else
 * what wcnic_card_open() returned. With hw->lock.
 */
int wcnic_service_retry(struct wcnic_hw *hw);

#endif /* WCNIC_SERVICE_H */
