/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_DUMP_H
#define WCNIC_DUMP_H

/* The card's registers, for people. */

#include <ethdev_driver.h>
#include <rte_dev_info.h>

/*
 * rte_eth_dev_get_reg_info(): the first 256 bytes of BAR0 as words of 32 bits, entry i being the
 * word at 4 * i. Words that are reserved or only written are not read, and are 0. 0; -EINVAL: a
 * range beyond them; -EIO: the card is not there. Takes hw->lock. Cost: a register read for each.
 */
int wcnic_reg_dump(struct rte_eth_dev *dev, struct rte_dev_reg_info *info);

#endif /* WCNIC_DUMP_H */
