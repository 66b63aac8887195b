/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ETHDEV_H
#define WCNIC_ETHDEV_H

/* The port as ethdev sees it. */

#include <ethdev_driver.h>

struct wcnic_attach_ops;
struct wcnic_devargs;

/* Of every port in a primary process; whose ops these are is a port of this driver. */
extern const struct eth_dev_ops wcnic_dev_ops;

/*
 * Makes the port, whatever the bus, once its private data is allocated: opens the card and starts
 * the service. 0, or -errno after undoing everything; the error has been logged.
 */
int wcnic_dev_init(struct rte_eth_dev *dev, const struct wcnic_attach_ops *attach,
		   const struct wcnic_devargs *args);
/* Stops what runs, resets the card and frees what init made. Waits for the service. */
int wcnic_dev_close(struct rte_eth_dev *dev);

/* The port in a secondary process; see wcnic_secondary.h. */
void wcnic_dev_init_secondary(struct rte_eth_dev *dev);

#endif /* WCNIC_ETHDEV_H */
