/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ETHDEV_H
#define WCNIC_ETHDEV_H

/* The port as ethdev sees it. */

#include <ethdev_driver.h>

struct wcnic_attach_ops;
struct wcnic_devargs;

extern const struct eth_dev_ops wcnic_dev_ops;
extern const struct eth_dev_ops wcnic_dev_ops_secondary;

/* The port, whatever the bus: allocates nothing but what hw holds. */
int wcnic_dev_init(struct rte_eth_dev *dev, const struct wcnic_attach_ops *attach,
		   const struct wcnic_devargs *args);
int wcnic_dev_close(struct rte_eth_dev *dev);

#endif /* WCNIC_ETHDEV_H */
