/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What an application may configure: limits that are told, and settings that are refused. */

#include <errno.h>

#include <ethdev_driver.h>

#include "wcnic_conf.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"

#define RX_BUF_BYTES_MIN 64
#define RING_DEFAULT 1024
#define BURST_DEFAULT 32
#define FRAME_SEGS_MAX 255 /* entries to a frame, datasheet section 6 */
#define TX_SEGS_DEPTH 256  /* least depth of a ring for frames of so many */

/* ---- settings that are refused --------------------------------------------------------------- */

/* Logs a setting that was asked for and cannot be had; returns whether it was. */
static bool
refused(const struct wcnic_hw *hw, bool asked, const char *field, const char *instead)
{
	if (asked)
		WCNIC_LOG(ERR, hw, "%s is not possible: %s", field, instead);
	return asked;
}

static bool
rx_refused(const struct wcnic_hw *hw, const struct rte_eth_rxmode *mode)
{
	const uint32_t others = mode->mq_mode & ~(uint32_t)RTE_ETH_MQ_RX_RSS_FLAG;

	return refused(hw, others != 0, "rxmode.mq_mode with VMDq or DCB",
		       "use RTE_ETH_MQ_RX_NONE or RTE_ETH_MQ_RX_RSS");
}

static bool
tx_refused(const struct wcnic_hw *hw, const struct rte_eth_txmode *mode)
{
	bool any = refused(hw, mode->mq_mode != RTE_ETH_MQ_TX_NONE,
			   "txmode.mq_mode with VMDq or DCB", "use RTE_ETH_MQ_TX_NONE");

	any |= refused(hw, mode->hw_vlan_insert_pvid != 0, "txmode.hw_vlan_insert_pvid",
		       "leave it 0; a frame gets a tag of its own by the offload VLAN_INSERT");
	any |= refused(hw, mode->hw_vlan_reject_tagged != 0, "txmode.hw_vlan_reject_tagged",
		       "leave it 0; the card sends frames with and without tags");
	any |= refused(hw, mode->hw_vlan_reject_untagged != 0, "txmode.hw_vlan_reject_untagged",
		       "leave it 0; the card sends frames with and without tags");
	return any;
}

int
wcnic_conf_check(const struct wcnic_hw *hw, const struct rte_eth_conf *conf)
{
	bool any = rx_refused(hw, &conf->rxmode);

	any |= tx_refused(hw, &conf->txmode);
	any |= refused(hw, conf->lpbk_mode != 0, "lpbk_mode",
		       "leave it 0; a card whose port is \"loopback\" sends its frames to itself");
	any |= refused(hw, conf->dcb_capability_en != 0, "dcb_capability_en", "leave it 0");
	return any ? -ENOTSUP : 0;
}

/* ---- offloads -------------------------------------------------------------------------------- */

uint64_t
wcnic_tx_offload_capa(const struct wcnic_hw *hw)
{
	uint64_t capa = 0;

	if ((hw->id.caps & WCNIC_CAP_TX_OFFLOAD) != 0)
		capa |= WCNIC_TX_OFFLOADS;
	if ((hw->id.caps & WCNIC_CAP_TX_SEGMENT) == 0)
		capa &= ~(RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_UDP_TSO);
	return capa;
}

/* ---- limits ---------------------------------------------------------------------------------- */

void
wcnic_limits_get(const struct wcnic_hw *hw, struct rte_eth_dev_info *info)
{
	const uint16_t ring = RTE_MIN(RING_DEFAULT, hw->id.max_depth);
	const uint16_t segs = RTE_MIN(FRAME_SEGS_MAX, hw->id.max_depth);

	info->max_rx_queues = hw->id.max_rxq;
	info->max_tx_queues = hw->id.max_txq;
	info->min_rx_bufsize = RX_BUF_BYTES_MIN;
	info->max_rx_pktlen = hw->id.max_frame_bytes;
	info->min_mtu = WCNIC_MTU_MIN;
	info->max_mtu = hw->id.max_frame_bytes - WCNIC_L2_OVERHEAD;
	info->dev_capa |= RTE_ETH_DEV_CAPA_RUNTIME_RX_QUEUE_SETUP |
			  RTE_ETH_DEV_CAPA_RUNTIME_TX_QUEUE_SETUP;
	/* Any number of descriptors: rings are rounded up. */
	info->rx_desc_lim.nb_min = hw->id.min_depth;
	info->rx_desc_lim.nb_max = hw->id.max_depth;
	info->rx_desc_lim.nb_align = 1;
	info->tx_desc_lim = info->rx_desc_lim;
	info->tx_desc_lim.nb_seg_max = segs;
	info->tx_desc_lim.nb_mtu_seg_max = segs;
	info->default_rxportconf.ring_size = ring;
	info->default_txportconf.ring_size = ring;
	info->default_rxportconf.burst_size = BURST_DEFAULT;
	info->default_txportconf.burst_size = BURST_DEFAULT;
	info->default_rxportconf.nb_queues = 1;
	info->default_txportconf.nb_queues = 1;
}

static uint16_t
depth_round(const struct wcnic_hw *hw, const char *kind, uint16_t qid, uint16_t depth,
	    uint16_t least)
{
	if (depth < hw->id.min_depth || depth > hw->id.max_depth) {
		WCNIC_LOG(ERR, hw, "%s queue %u: %u descriptors; %u to %u are possible", kind, qid,
			  depth, hw->id.min_depth, hw->id.max_depth);
		return 0;
	}
	/* the card's limits are powers of two */
	return RTE_MIN(rte_align32pow2(RTE_MAX(depth, least)), (uint32_t)hw->id.max_depth);
}

uint16_t
wcnic_tx_depth(const struct wcnic_hw *hw, uint16_t qid, uint16_t depth, uint64_t offloads)
{
	const bool segs = (offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;

	return depth_round(hw, "Tx", qid, depth, segs ? TX_SEGS_DEPTH : 0);
}

uint16_t
wcnic_rx_depth(const struct wcnic_hw *hw, uint16_t qid, uint16_t depth)
{
	return depth_round(hw, "Rx", qid, depth, 0);
}
