/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_FILTER_H
#define WCNIC_FILTER_H

/*
 * Which frames the port takes: addresses beside its own, groups, VLANs. The application's lists may
 * be longer than the card's: then the driver widens the filter by itself.
 */

#include <stdbool.h>
#include <stdint.h>

#include <ethdev_driver.h>
#include <rte_ether.h>

#include <wcnic_abi.h>

struct wcnic_hw;

/* Addresses that ethdev can keep for a port: it has a mask of pools for so many. */
#define WCNIC_MACS_MAX RTE_ETH_NUM_RECEIVE_MAC_ADDR

struct wcnic_filter {
	struct rte_ether_addr
		ethdev[WCNIC_MACS_MAX];             /* dev->data->mac_addrs, which ethdev writes */
	struct rte_ether_addr macs[WCNIC_MACS_MAX]; /* the same, without the port's own at 0 */
	struct rte_ether_addr *groups;              /* of set_mc_addr_list */
	uint32_t n_groups;
	struct wcnic_vlan_filter vlans; /* host byte order */
	uint16_t flags;                 /* WCNIC_PORTF_* beside the application's */
	uint64_t promiscuous;           /* times that the driver set PROMISC by itself */
	uint64_t allmulticast;          /* the same of ALLMULTI */
};

/*
 * Operations of ethdev on addresses and VLANs. All take hw->lock; changes go to a card that runs at
 * once, else with the next start. 0, -EINVAL or -ENOMEM after a log, or the command's -errno.
 */
int wcnic_mac_addr_add(struct rte_eth_dev *dev, struct rte_ether_addr *addr, uint32_t at,
		       uint32_t pool);
void wcnic_mac_addr_remove(struct rte_eth_dev *dev, uint32_t at);
int
wcnic_mc_addr_list_set(struct rte_eth_dev *dev, struct rte_ether_addr *groups, uint32_t n_groups);
int wcnic_vlan_filter_set(struct rte_eth_dev *dev, uint16_t vid, int on);

/* VLAN filtering was switched on or off. The caller holds hw->lock. 0 or the command's -errno. */
int wcnic_filter_vlan_enable(struct wcnic_hw *hw, bool on);

/*
 * Sends all lists to the card, which may have been reset, before the port is up. The caller holds
 * hw->lock. 0 or the command's -errno.
 */
int wcnic_filter_start(struct wcnic_hw *hw);
/* Frees what the filter allocated. */
void wcnic_filter_fini(struct wcnic_hw *hw);

#endif /* WCNIC_FILTER_H */
