/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_SERVICE_H
#define WCNIC_SERVICE_H

/* The service that looks after a card. */

#include <rte_common.h>

struct wcnic_hw;

#define WCNIC_SERVICE_US 100000

/*
 * From now on the card is looked after every WCNIC_SERVICE_US, on EAL's interrupt thread: events,
 * heartbeat, loss and recovery. 0 or -errno.
 */
int wcnic_service_start(struct wcnic_hw *hw);
/* Returns when it does not run and will not again. Not from within the service. */
void wcnic_service_stop(struct wcnic_hw *hw);
/* Gives the link to ethdev: up if the card says so, is there, and queues run. With hw->lock. */
void wcnic_link_publish(struct wcnic_hw *hw);

#endif /* WCNIC_SERVICE_H */
