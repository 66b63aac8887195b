/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_SERVICE_H
#define WCNIC_SERVICE_H

/* The service that looks after a card. */

#include <rte_common.h>

struct wcnic_hw;

#define WCNIC_SERVICE_US 100000

/* Looks after the card every WCNIC_SERVICE_US: events, heartbeat, loss and recovery. */
int wcnic_service_start(struct wcnic_hw *hw);
void wcnic_service_stop(struct wcnic_hw *hw);
void wcnic_link_publish(struct wcnic_hw *hw);

#endif /* WCNIC_SERVICE_H */
