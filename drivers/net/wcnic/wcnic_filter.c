/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Filters of addresses and VLANs (datasheet section 7). */

#include <errno.h>
#include <string.h>

#include <ethdev_driver.h>
#include <rte_malloc.h>

#include "wcnic_admin.h"
#include "wcnic_filter.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_port_set.h"

/* What one command can carry, whatever the card says. */
#define LIST_MAX (WCADMIN_DATA_BYTES / sizeof(struct wcnic_mac))
#define WIDENED (WCNIC_PORTF_PROMISC | WCNIC_PORTF_ALLMULTI)

/* The addresses for the card, and what it must let in because they do not fit. */
struct list {
	struct wcnic_mac macs[LIST_MAX];
	uint16_t count;
	uint16_t most;
	uint16_t flags; /* of WIDENED */
};

static void
list_add(struct list *list, const struct rte_ether_addr *addr, uint16_t too_many)
{
	if (list->count == list->most)
		list->flags |= too_many;
	else
		memcpy(list->macs[list->count++].addr, addr, sizeof(*addr));
}

/* Unicast addresses come first: without space for them only a promiscuous port is right. */
static void
list_make(const struct wcnic_hw *hw, struct list *list)
{
	const struct wcnic_filter *f = &hw->filter;

	memset(list, 0, sizeof(*list));
	if ((hw->id.caps & WCNIC_CAP_FILTER) != 0)
		list->most = RTE_MIN(hw->id.max_macs, LIST_MAX);
	for (unsigned int i = 1; i < WCNIC_MACS_MAX; i++)
		if (rte_is_valid_assigned_ether_addr(&f->macs[i]))
			list_add(list, &f->macs[i], WCNIC_PORTF_PROMISC);
	for (unsigned int i = 1; i < WCNIC_MACS_MAX; i++)
		if (rte_is_multicast_ether_addr(&f->macs[i]))
			list_add(list, &f->macs[i], WCNIC_PORTF_ALLMULTI);
	for (uint32_t i = 0; i < f->n_groups; i++)
		list_add(list, &f->groups[i], WCNIC_PORTF_ALLMULTI);
}

static bool
card_runs(const struct wcnic_hw *hw)
{
	return hw->running && wcnic_load(&hw->card) == WCNIC_CARD_PRESENT;
}

static int
list_send(struct wcnic_hw *hw, const struct list *list)
{
	if (list->most == 0)
		return 0;
	return wcadmin_mac_list_set(&hw->admin.client, list->macs, list->count);
}

/* Takes over which of WIDENED are needed, and counts those that were not before. */
static void
widen(struct wcnic_hw *hw, uint16_t flags)
{
	struct wcnic_filter *f = &hw->filter;
	const uint16_t set = flags & ~f->flags;

	f->flags = (f->flags & ~WIDENED) | flags;
	if ((set & WCNIC_PORTF_PROMISC) != 0) {
		f->promiscuous++;
		WCNIC_LOG(NOTICE, hw,
			  "more unicast addresses than the %u of the card's list: "
			  "the port is promiscuous until they fit",
			  hw->id.max_macs);
	}
	if ((set & WCNIC_PORTF_ALLMULTI) != 0) {
		f->allmulticast++;
		WCNIC_LOG(NOTICE, hw,
			  "more addresses than the %u of the card's list: the port "
			  "takes all multicast until they fit",
			  hw->id.max_macs);
	}
}

/*
 * The lists have changed. At no moment does the card refuse what is in both the old and the new
 * list: it is widened before the list, and narrowed after it.
 */
static int
filter_change(struct wcnic_hw *hw)
{
	const uint16_t before = hw->filter.flags;
	struct list list;
	int ret = 0;

	list_make(hw, &list);
	widen(hw, list.flags | (before & WIDENED));
	if (card_runs(hw)) {
		if (hw->filter.flags != before)
			ret = wcnic_port_set(hw, WCNIC_PORT_SET_FLAGS);
		if (ret == 0)
			ret = list_send(hw, &list);
	}
	if (ret == 0 && list.flags == (hw->filter.flags & WIDENED))
		return 0;
	widen(hw, ret == 0 ? list.flags : before & WIDENED);
	return ret == 0 && card_runs(hw) ? wcnic_port_set(hw, WCNIC_PORT_SET_FLAGS) : ret;
}

/* ---- operations of ethdev -------------------------------------------------------------------- */

/* Address `at` becomes `addr`, or stays what it is if the card refuses. */
static int
mac_change(struct wcnic_hw *hw, uint32_t at, const struct rte_ether_addr *addr)
{
	struct rte_ether_addr *mac = &hw->filter.macs[at], old = *mac;
	int ret;

	if (rte_is_same_ether_addr(mac, addr))
		return 0; /* ethdev adds all again after each start */
	*mac = *addr;
	ret = filter_change(hw);
	if (ret != 0)
		*mac = old;
	return ret;
}

int
wcnic_mac_addr_add(struct rte_eth_dev *dev, struct rte_ether_addr *addr, uint32_t at,
		   uint32_t pool __rte_unused)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret;

	if (at == 0 || at >= WCNIC_MACS_MAX)
		return at == 0 ? 0 : -EINVAL; /* the port's own is mac_addr_set's */
	pthread_mutex_lock(&hw->lock);
	ret = mac_change(hw, at, addr);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

void
wcnic_mac_addr_remove(struct rte_eth_dev *dev, uint32_t at)
{
	static const struct rte_ether_addr none;
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	if (at == 0 || at >= WCNIC_MACS_MAX)
		return;
	pthread_mutex_lock(&hw->lock);
	/* ethdev forgets it whatever comes: a card that does not answer is recovered */
	if (mac_change(hw, at, &none) != 0)
		hw->filter.macs[at] = none;
	pthread_mutex_unlock(&hw->lock);
}

__rte_warn_unused_result static int
groups_check(const struct wcnic_hw *hw, const struct rte_ether_addr *groups, uint32_t n_groups)
{
	for (uint32_t i = 0; i < n_groups; i++) {
		if (rte_is_multicast_ether_addr(&groups[i]))
			continue;
		WCNIC_LOG(ERR, hw,
			  "multicast list: address %u of %u, " RTE_ETHER_ADDR_PRT_FMT
			  ", is not multicast; use rte_eth_dev_mac_addr_add()",
			  i, n_groups, RTE_ETHER_ADDR_BYTES(&groups[i]));
		return -EINVAL;
	}
	return 0;
}

int
wcnic_mc_addr_list_set(struct rte_eth_dev *dev, struct rte_ether_addr *groups, uint32_t n_groups)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct wcnic_filter *f = &hw->filter;
	struct rte_ether_addr *copy = NULL, *old;
	uint32_t n_old;
	int ret = groups_check(hw, groups, n_groups);

	if (ret != 0)
		return ret;
	if (n_groups != 0) {
		copy = rte_malloc("wcnic_groups", n_groups * sizeof(*copy), 0);
		if (copy == NULL) {
			WCNIC_LOG(ERR, hw, "multicast list: no memory for %u addresses", n_groups);
			return -ENOMEM;
		}
		memcpy(copy, groups, n_groups * sizeof(*copy));
	}
	pthread_mutex_lock(&hw->lock);
	old = f->groups;
	n_old = f->n_groups;
	f->groups = copy;
	f->n_groups = n_groups;
	ret = filter_change(hw);
	if (ret != 0) {
		f->groups = old;
		f->n_groups = n_old;
		old = copy;
	}
	pthread_mutex_unlock(&hw->lock);
	rte_free(old);
	return ret;
}

int
wcnic_vlan_filter_set(struct rte_eth_dev *dev, uint16_t vid, int on)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct wcnic_vlan_filter *vlans = &hw->filter.vlans;
	uint64_t old;
	int ret = 0;

	if (vid >= RTE_DIM(vlans->vids) * 64) {
		WCNIC_LOG(ERR, hw, "VLAN %u: 0 to 4095 are possible", vid);
		return -EINVAL;
	}
	pthread_mutex_lock(&hw->lock);
	old = vlans->vids[vid / 64];
	vlans->vids[vid / 64] &= ~(UINT64_C(1) << vid % 64);
	vlans->vids[vid / 64] |= (uint64_t)(on != 0) << vid % 64;
	if (card_runs(hw))
		ret = wcadmin_vlan_filter_set(&hw->admin.client, vlans);
	if (ret != 0)
		vlans->vids[vid / 64] = old;
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

int
wcnic_filter_vlan_enable(struct wcnic_hw *hw, bool on)
{
	const uint16_t old = hw->filter.flags;
	int ret;

	hw->filter.flags = (old & ~WCNIC_PORTF_VLAN_FILTER) | (on ? WCNIC_PORTF_VLAN_FILTER : 0);
	if (hw->filter.flags == old || !card_runs(hw))
		return 0;
	ret = wcnic_port_set(hw, WCNIC_PORT_SET_FLAGS);
	if (ret != 0)
		hw->filter.flags = old;
	return ret;
}

/* ---- start ----------------------------------------------------------------------------------- */

int
wcnic_filter_start(struct wcnic_hw *hw)
{
	const struct rte_eth_conf *conf = &rte_eth_devices[hw->port_id].data->dev_conf;
	struct list list;
	int ret;

	/* flags go with the port's */
	(void)wcnic_filter_vlan_enable(
		hw, (conf->rxmode.offloads & RTE_ETH_RX_OFFLOAD_VLAN_FILTER) != 0);
	list_make(hw, &list); /* a card that has come back may have another limit */
	widen(hw, list.flags);
	if ((hw->id.caps & WCNIC_CAP_FILTER) == 0)
		return 0;
	ret = list_send(hw, &list);
	if (ret == 0)
		ret = wcadmin_vlan_filter_set(&hw->admin.client, &hw->filter.vlans);
	return ret;
}

void
wcnic_filter_fini(struct wcnic_hw *hw)
{
	rte_free(hw->filter.groups);
	hw->filter.groups = NULL;
	hw->filter.n_groups = 0;
}
