/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_DUMP_H
#define WCNIC_DUMP_H

/* The card's registers, for people. */

#include <ethdev_driver.h>
#include <rte_dev_info.h>

struct wcnic_hw;

/*
 * rte_eth_dev_get_reg_info(): the first 256 bytes of BAR0 as words of 32 bits, entry i being the
 * word at 4 * i. Words that are reserved or only written are not read, and are 0. 0; -EINVAL: a
 * range beyond them; -EIO: the card is not there. Takes hw->lock. Cost: a register read for each.
 */
int wcnic_reg_dump(struct rte_eth_dev *dev, struct rte_dev_reg_info *info);
/* The same without the words: everything else of `info`, `length` set to how many there are. */
int wcnic_reg_info(struct rte_eth_dev *dev, struct rte_dev_reg_info *info);
/* The words alone, `n` of them from number `first` on. As above. */
int wcnic_reg_words(struct wcnic_hw *hw, uint32_t first, uint32_t n, uint32_t *data);

#endif /* WCNIC_DUMP_H */
