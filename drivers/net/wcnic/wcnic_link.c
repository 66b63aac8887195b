/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The wire as ethdev sees it: link, speeds, flow control. */

#include <errno.h>
#include <string.h>

#include <ethdev_driver.h>

#include "wcnic_admin.h"
#include "wcnic_hw.h"
#include "wcnic_link.h"
#include "wcnic_log.h"
#include "wcnic_port_set.h"

/* ---- speed --------------------------------------------------------------------------------- */

uint32_t
wcnic_link_speed_capa(const struct wcnic_hw *hw)
{
	return rte_eth_speed_bitflag(hw->wire_mbps, RTE_ETH_LINK_FULL_DUPLEX);
}

int
wcnic_link_configure(const struct wcnic_hw *hw, uint32_t link_speeds)
{
	const uint32_t capa = wcnic_link_speed_capa(hw);
	const uint32_t wanted = link_speeds & ~RTE_ETH_LINK_SPEED_FIXED;
	const bool fixed = (link_speeds & RTE_ETH_LINK_SPEED_FIXED) != 0;

	if (link_speeds == RTE_ETH_LINK_SPEED_AUTONEG)
		return 0;
	if (capa == 0) {
		WCNIC_LOG(ERR, hw,
			  "link_speeds 0x%x: the speed of the wire is not known; "
			  "RTE_ETH_LINK_SPEED_AUTONEG is needed",
			  link_speeds);
		return -ENOTSUP;
	}
	if (fixed ? wanted == capa : (wanted & capa) != 0)
		return 0;
	WCNIC_LOG(ERR, hw,
		  "link_speeds 0x%x: the wire has %u Mbit/s, full duplex, and nothing else; "
		  "RTE_ETH_LINK_SPEED_AUTONEG (0) or 0x%x is needed",
		  link_speeds, hw->wire_mbps, capa | (fixed ? RTE_ETH_LINK_SPEED_FIXED : 0));
	return -EINVAL;
}

/* ---- link ---------------------------------------------------------------------------------- */

void
wcnic_link_publish(struct wcnic_hw *hw)
{
	struct rte_eth_dev *dev = &rte_eth_devices[hw->port_id];
	struct rte_eth_link link;

	memset(&link, 0, sizeof(link));
	link.link_duplex = RTE_ETH_LINK_FULL_DUPLEX;
	link.link_autoneg = RTE_ETH_LINK_AUTONEG;
	if ((dev->data->dev_conf.link_speeds & RTE_ETH_LINK_SPEED_FIXED) != 0)
		link.link_autoneg = RTE_ETH_LINK_FIXED;
	link.link_speed = RTE_ETH_SPEED_NUM_NONE;
	link.link_status = RTE_ETH_LINK_DOWN;
	if (hw->link_up && hw->running && wcnic_load(&hw->card) == WCNIC_CARD_PRESENT) {
		link.link_status = RTE_ETH_LINK_UP;
		link.link_speed = hw->link_mbps != 0 ? hw->link_mbps : RTE_ETH_SPEED_NUM_UNKNOWN;
	}
	(void)rte_eth_linkstatus_set(dev, &link);
}

/* Sends the port's flags to a card that runs; else they go there with the next start. */
static int
flags_send(struct wcnic_hw *hw)
{
	if (!hw->running || wcnic_load(&hw->card) != WCNIC_CARD_PRESENT)
		return 0;
	return wcnic_port_set(hw, WCNIC_PORT_SET_FLAGS);
}

static int
link_set(struct rte_eth_dev *dev, bool up)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint16_t old;
	int ret = -ENOTSUP;

	pthread_mutex_lock(&hw->lock);
	old = hw->port_flags;
	if (!wcnic_card_since_1_1(hw) && !up) {
		WCNIC_LOG(ERR, hw, "the link cannot be set down: a card of ABI 1.1 is needed");
		goto out;
	}
	hw->port_flags &= ~WCNIC_PORTF_LINK_DOWN;
	if (!up)
		hw->port_flags |= WCNIC_PORTF_LINK_DOWN;
	ret = flags_send(hw);
	if (ret != 0)
		hw->port_flags = old;
	else if (hw->running && wcnic_load(&hw->card) == WCNIC_CARD_PRESENT)
		ret = wcnic_port_query(hw);
	wcnic_link_publish(hw);
out:
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

int
wcnic_dev_set_link_up(struct rte_eth_dev *dev)
{
	return link_set(dev, true);
}

int
wcnic_dev_set_link_down(struct rte_eth_dev *dev)
{
	return link_set(dev, false);
}

/* ---- flow control -------------------------------------------------------------------------- */

static const struct {
	enum rte_eth_fc_mode mode;
	uint16_t flags;
} fc_modes[] = {
	{RTE_ETH_FC_NONE, 0},
	{RTE_ETH_FC_RX_PAUSE, WCNIC_PORTF_PAUSE_RX},
	{RTE_ETH_FC_TX_PAUSE, WCNIC_PORTF_PAUSE_TX},
	{RTE_ETH_FC_FULL, WCNIC_PORTF_PAUSE},
};

int
wcnic_flow_ctrl_get(struct rte_eth_dev *dev, struct rte_eth_fc_conf *conf)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint16_t flags;

	pthread_mutex_lock(&hw->lock);
	flags = wcnic_port_pause_flags(hw);
	pthread_mutex_unlock(&hw->lock);
	memset(conf, 0, sizeof(*conf));
	for (size_t i = 0; i < RTE_DIM(fc_modes); i++)
		if (fc_modes[i].flags == flags)
			conf->mode = fc_modes[i].mode;
	return 0;
}

__rte_warn_unused_result static int
fc_check(const struct wcnic_hw *hw, const struct rte_eth_fc_conf *conf)
{
	if (conf->mode != RTE_ETH_FC_NONE && (hw->wire & WCNIC_WIREF_PAUSE) == 0) {
		WCNIC_LOG(ERR, hw,
			  "flow control: the wire carries no pauses; a port with flow_control=on "
			  "is needed (wcnicd --port wire:flow_control=on)");
		return -ENOTSUP;
	}
	if (conf->autoneg != 0) {
		WCNIC_LOG(ERR, hw,
			  "flow control: both ends of the wire are set, nothing is negotiated; "
			  "autoneg=0 is needed");
		return -ENOTSUP;
	}
	if (conf->mac_ctrl_frame_fwd != 0) {
		WCNIC_LOG(ERR, hw,
			  "flow control: pauses are no frames on this wire; "
			  "mac_ctrl_frame_fwd=0 is needed");
		return -ENOTSUP;
	}
	return 0;
}

int
wcnic_flow_ctrl_set(struct rte_eth_dev *dev, struct rte_eth_fc_conf *conf)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint16_t old;
	bool was_set;
	int ret;

	pthread_mutex_lock(&hw->lock);
	ret = fc_check(hw, conf);
	if (ret != 0)
		goto out;
	old = hw->pause;
	was_set = hw->pause_set;
	for (size_t i = 0; i < RTE_DIM(fc_modes); i++)
		if (fc_modes[i].mode == conf->mode)
			hw->pause = fc_modes[i].flags;
	hw->pause_set = true;
	ret = flags_send(hw);
	if (ret != 0) {
		hw->pause = old;
		hw->pause_set = was_set;
	}
out:
	pthread_mutex_unlock(&hw->lock);
	return ret;
}
