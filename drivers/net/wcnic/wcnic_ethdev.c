/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The port as ethdev sees it: configuration, start, stop, addresses, link. */

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ethdev_driver.h>

#include "wcnic_attach.h"
#include "wcnic_compat.h"
#include "wcnic_conf.h"
#include "wcnic_dump.h"
#include "wcnic_ethdev.h"
#include "wcnic_hold.h"
#include "wcnic_hw.h"
#include "wcnic_intr.h"
#include "wcnic_link.h"
#include "wcnic_log.h"
#include "wcnic_port_set.h"
#include "wcnic_queue.h"
#include "wcnic_queue_ctl.h"
#include "wcnic_queue_status.h"
#include "wcnic_rss.h"
#include "wcnic_rx_offload.h"
#include "wcnic_rx_sleep.h"
#include "wcnic_secondary.h"
#include "wcnic_serve.h"
#include "wcnic_service.h"
#include "wcnic_share.h"
#include "wcnic_stats.h"
#include "wcnic_time.h"
#include "wcnic_vlan.h"

static int
dev_configure(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	const struct rte_eth_conf *conf = &dev->data->dev_conf;
	struct rte_eth_rss_conf none = {0};
	const bool rss = (conf->rxmode.mq_mode & RTE_ETH_MQ_RX_RSS_FLAG) != 0;
	int ret = wcnic_conf_check(hw, conf);

	if (ret == 0)
		ret = wcnic_link_configure(hw, conf->link_speeds);
	if (ret != 0)
		return ret;
	/* queue limits have been checked against dev_infos_get by ethdev, which names them */
	pthread_mutex_lock(&hw->lock);
	hw->n_txq = dev->data->nb_tx_queues;
	hw->n_rxq = dev->data->nb_rx_queues;
	ret = wcnic_rss_configure(hw, rss ? &conf->rx_adv_conf.rss_conf : &none, hw->n_rxq);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

/* For whoever watches the bus: between a start and a stop there is nothing but packets. */
static void
mark_write(struct wcnic_hw *hw, uint32_t mark)
{
	if (hw->args.mark != 0 && wcnic_load(&hw->card) == WCNIC_CARD_PRESENT)
		(void)wcnic_reg_write32(hw, WCNIC_REG_MARK, mark);
}

static int
dev_start(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret;

	pthread_mutex_lock(&hw->lock);
	hw->mtu = dev->data->mtu;
	if (wcnic_load(&hw->card) != WCNIC_CARD_PRESENT && wcnic_service_retry(hw) != 0) {
		WCNIC_LOG(ERR, hw, "cannot start: the card is gone; %s",
			  wcnic_load(&hw->removed) ? "close the port" : "it is looked for");
		ret = -EIO;
		goto out;
	}
	hw->windows_lost = false;
	hw->relapses = 0; /* the application has acted */
	wcnic_queues_defer(dev);
	ret = wcnic_intr_start(dev);
	if (ret == 0)
		ret = wcnic_queues_start(hw);
	if (ret == 0) {
		ret = wcnic_port_query(hw);
		if (ret != 0)
			wcnic_queues_stop(hw, true);
	}
	hw->started = ret == 0;
	if (ret != 0)
		wcnic_intr_stop(dev);
	wcnic_link_publish(hw);
	if (ret == 0) {
		wcnic_queues_state_set(dev, true);
		mark_write(hw, hw->args.mark);
	}
out:
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

static int
dev_stop(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	wcnic_queues_abandon(hw);
	pthread_mutex_lock(&hw->lock);
	mark_write(hw, 0);
	hw->started = false;
	wcnic_queues_stop(hw, wcnic_load(&hw->card) == WCNIC_CARD_PRESENT);
	wcnic_share_bursts(hw, false);
	wcnic_intr_stop(dev);
	wcnic_link_publish(hw);
	wcnic_queues_state_set(dev, false);
	pthread_mutex_unlock(&hw->lock);
	return 0;
}

/* A reset of the stopped port: the card begins anew, the configuration is the application's. */
static int
dev_reset(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret;

	pthread_mutex_lock(&hw->lock);
	if (wcnic_load(&hw->card) == WCNIC_CARD_PRESENT) {
		ret = wcnic_admin_stop(hw);
		if (ret == 0)
			ret = wcnic_admin_start(hw);
		/* the service tries until the card does it */
		if (ret != 0)
			wcnic_store(&hw->failed, true);
	} else {
		ret = wcnic_service_retry(hw);
	}
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

int
wcnic_dev_close(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	wcnic_queues_abandon(hw);
	wcnic_service_stop(hw);
	wcnic_hold_end(hw);
	pthread_mutex_lock(&hw->lock);
	if (wcnic_load(&hw->card) == WCNIC_CARD_PRESENT) {
		wcnic_queues_stop(hw, true);
		(void)wcnic_admin_stop(hw);
		hw->attach->close(hw);
	}
	wcnic_intr_stop(dev);
	wcnic_share_end(hw);
	pthread_mutex_unlock(&hw->lock);
	for (uint16_t i = 0; i < dev->data->nb_tx_queues; i++)
		wcnic_tx_queue_release(dev, i);
	for (uint16_t i = 0; i < dev->data->nb_rx_queues; i++)
		wcnic_rx_queue_release(dev, i);
	wcnic_admin_fini(hw);
	wcnic_filter_fini(hw);
	wcnic_flow_fini(hw);
	pthread_mutex_destroy(&hw->admin.lock);
	pthread_mutex_destroy(&hw->lock);
	dev->data->mac_addrs = NULL; /* part of hw */
	/*
	 * Last: the kernel may wait for a vanished card for a minute in here, and an application
	 * that does not wait meanwhile closes the port once more, and frees hw.
	 */
	hw->attach->free(hw);
	return 0;
}

/* Whoever changes the link publishes it: there is nothing to ask for, and nothing to wait for. */
static int
link_update(struct rte_eth_dev *dev __rte_unused, int wait __rte_unused)
{
	return -1; /* ethdev's word for "as it was" */
}

/* Sends settings to a card that runs; else they go there with the next start. Holds hw->lock. */
static int
port_change(struct wcnic_hw *hw, uint16_t valid)
{
	if (!hw->running || wcnic_load(&hw->card) != WCNIC_CARD_PRESENT)
		return 0;
	return wcnic_port_set(hw, valid);
}

static int
flags_change(struct rte_eth_dev *dev, uint16_t set, uint16_t clear)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint16_t old;
	int ret;

	pthread_mutex_lock(&hw->lock);
	old = hw->port_flags;
	hw->port_flags = (old & ~clear) | set;
	ret = port_change(hw, WCNIC_PORT_SET_FLAGS);
	if (ret != 0)
		hw->port_flags = old;
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

static int
promiscuous_enable(struct rte_eth_dev *dev)
{
	return flags_change(dev, WCNIC_PORTF_PROMISC, 0);
}

static int
promiscuous_disable(struct rte_eth_dev *dev)
{
	return flags_change(dev, 0, WCNIC_PORTF_PROMISC);
}

static int
allmulticast_enable(struct rte_eth_dev *dev)
{
	return flags_change(dev, WCNIC_PORTF_ALLMULTI, 0);
}

static int
allmulticast_disable(struct rte_eth_dev *dev)
{
	return flags_change(dev, 0, WCNIC_PORTF_ALLMULTI);
}

static int
mac_addr_set(struct rte_eth_dev *dev, struct rte_ether_addr *addr)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct rte_ether_addr old;
	int ret;

	pthread_mutex_lock(&hw->lock);
	old = hw->mac;
	hw->mac = *addr;
	ret = port_change(hw, WCNIC_PORT_SET_MAC);
	if (ret != 0)
		hw->mac = old;
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

static int
infos_get(struct rte_eth_dev *dev, struct rte_eth_dev_info *info)
{
	const struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	wcnic_limits_get(hw, info);
	info->max_mac_addrs = WCNIC_MACS_MAX;
	info->rx_offload_capa = RTE_ETH_RX_OFFLOAD_SCATTER;
	info->rx_queue_offload_capa = wcnic_rx_offload_capa(hw->id.caps);
	info->rx_offload_capa |= info->rx_queue_offload_capa;
	info->tx_queue_offload_capa = wcnic_tx_offload_capa(hw);
	info->tx_offload_capa = RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE |
				info->tx_queue_offload_capa;
	info->speed_capa = wcnic_link_speed_capa(hw);
	if ((hw->id.caps & WCNIC_CAP_FILTER) != 0)
		info->rx_offload_capa |= RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
	if ((hw->id.caps & WCNIC_CAP_FLOW) != 0)
		info->dev_capa |= RTE_ETH_DEV_CAPA_FLOW_RULE_KEEP;
	info->err_handle_mode = RTE_ETH_ERROR_HANDLE_MODE_PROACTIVE;
	if ((hw->id.caps & WCNIC_CAP_RSS) != 0) {
		info->rx_offload_capa |= RTE_ETH_RX_OFFLOAD_RSS_HASH;
		info->flow_type_rss_offloads = wcnic_rss_offloads(hw);
		WCNIC_RSS_ALGO_CAPA_SET(info);
		info->hash_key_size = WCNIC_RSS_KEY_BYTES;
		info->reta_size = WCNIC_RETA_ENTRIES;
	}
	return 0;
}

/* What the card is may change with a recovery. */
static int
infos_get_locked(struct rte_eth_dev *dev, struct rte_eth_dev_info *info)
{
	struct wcnic_hw *hw = wcnic_hold_locked(dev);
	int ret;

	if (hw == NULL)
		return -ENODEV;
	ret = infos_get(dev, info);
	wcnic_unlock_release(hw);
	return ret;
}

static const uint32_t *
ptypes_get(WCNIC_PTYPES_ARGS(dev __rte_unused))
{
	static const uint32_t ptypes[] = {RTE_PTYPE_L2_ETHER,      RTE_PTYPE_L2_ETHER_TIMESYNC,
					  RTE_PTYPE_L2_ETHER_ARP,  RTE_PTYPE_L2_ETHER_VLAN,
					  RTE_PTYPE_L2_ETHER_QINQ, RTE_PTYPE_L3_IPV4,
					  RTE_PTYPE_L3_IPV4_EXT,   RTE_PTYPE_L3_IPV6,
					  RTE_PTYPE_L3_IPV6_EXT,   RTE_PTYPE_L4_TCP,
					  RTE_PTYPE_L4_UDP,        RTE_PTYPE_L4_FRAG,
					  RTE_PTYPE_L4_SCTP,       RTE_PTYPE_L4_ICMP,
					  RTE_PTYPE_UNKNOWN};

	WCNIC_PTYPES_COUNT(RTE_DIM(ptypes));
	return ptypes;
}

static int
fw_version_get(struct rte_eth_dev *dev, char *text, size_t bytes)
{
	struct wcnic_hw *hw = wcnic_hold_locked(dev);
	int n;

	if (hw == NULL)
		return -ENODEV;
	n = snprintf(text, bytes, "%s %u.%u", hw->id.model, hw->id.fw_version >> 16,
		     hw->id.fw_version & 0xffff);
	wcnic_unlock_release(hw);
	return n < 0 ? -EINVAL : (size_t)n >= bytes ? n + 1 : 0;
}

const struct eth_dev_ops wcnic_dev_ops = {
	.dev_configure = dev_configure,
	.dev_start = dev_start,
	.dev_stop = dev_stop,
	.dev_close = wcnic_dev_close,
	.dev_reset = dev_reset,
	.link_update = link_update,
	.dev_set_link_up = wcnic_dev_set_link_up,
	.dev_set_link_down = wcnic_dev_set_link_down,
	.flow_ctrl_get = wcnic_flow_ctrl_get,
	.flow_ctrl_set = wcnic_flow_ctrl_set,
	.promiscuous_enable = promiscuous_enable,
	.promiscuous_disable = promiscuous_disable,
	.allmulticast_enable = allmulticast_enable,
	.allmulticast_disable = allmulticast_disable,
	.mac_addr_set = mac_addr_set,
	.mac_addr_add = wcnic_mac_addr_add,
	.mac_addr_remove = wcnic_mac_addr_remove,
	.set_mc_addr_list = wcnic_mc_addr_list_set,
	.vlan_filter_set = wcnic_vlan_filter_set,
	.vlan_offload_set = wcnic_vlan_offload_set,
	.flow_ops_get = wcnic_flow_ops_get,
	.mtu_set = wcnic_mtu_set,
	.vlan_strip_queue_set = wcnic_vlan_strip_queue_set,
	.stats_get = wcnic_stats_get,
	.stats_reset = wcnic_stats_reset,
	.xstats_get = wcnic_xstats_get,
	.xstats_get_names = wcnic_xstats_get_names,
	.xstats_reset = wcnic_stats_reset,
	.dev_infos_get = infos_get_locked,
	.dev_supported_ptypes_get = ptypes_get,
	.fw_version_get = fw_version_get,
	.rxq_info_get = wcnic_rxq_info_get,
	.txq_info_get = wcnic_txq_info_get,
	.rx_burst_mode_get = wcnic_rx_burst_mode,
	.tx_burst_mode_get = wcnic_tx_burst_mode,
	.rx_queue_setup = wcnic_rx_queue_setup,
	.rx_queue_release = wcnic_rx_queue_release,
	.rx_queue_start = wcnic_rx_queue_start,
	.rx_queue_stop = wcnic_rx_queue_stop,
	.tx_queue_start = wcnic_tx_queue_start,
	.tx_queue_stop = wcnic_tx_queue_stop,
	.rx_queue_intr_enable = wcnic_rx_intr_enable,
	.rx_queue_intr_disable = wcnic_rx_intr_disable,
	.get_monitor_addr = wcnic_rx_monitor_get,
	.tx_queue_setup = wcnic_tx_queue_setup,
	.tx_queue_release = wcnic_tx_queue_release,
	.tx_done_cleanup = wcnic_tx_done_cleanup,
	.get_reg = wcnic_reg_dump,
	.rss_hash_update = wcnic_rss_hash_update,
	.rss_hash_conf_get = wcnic_rss_hash_conf_get,
	.reta_update = wcnic_reta_update,
	.reta_query = wcnic_reta_query,
	.read_clock = wcnic_read_clock,
	.timesync_enable = wcnic_timesync_enable,
	.timesync_disable = wcnic_timesync_disable,
	.timesync_read_rx_timestamp = wcnic_timesync_read_rx,
	.timesync_read_tx_timestamp = wcnic_timesync_read_tx,
	.timesync_adjust_time = wcnic_timesync_adjust_time,
	WCNIC_TIMESYNC_ADJUST_FREQ(wcnic_timesync_adjust_freq)
		.timesync_read_time = wcnic_timesync_read_time,
	.timesync_write_time = wcnic_timesync_write_time,
};

/* ---- of a secondary process ------------------------------------------------------------------ */

/* What works on shared memory, or by asking the primary. */
static const struct eth_dev_ops secondary_ops = {
	.link_update = link_update,
	.stats_get = wcnic_stats_get,
	.stats_reset = wcnic_secondary_stats_reset,
	.xstats_get = wcnic_xstats_get,
	.xstats_get_names = wcnic_xstats_get_names,
	.xstats_reset = wcnic_secondary_stats_reset,
	.get_reg = wcnic_secondary_reg_dump,
	.dev_infos_get = infos_get_locked,
	.dev_supported_ptypes_get = ptypes_get,
	.fw_version_get = fw_version_get,
	.rxq_info_get = wcnic_rxq_info_get,
	.txq_info_get = wcnic_txq_info_get,
	.rss_hash_conf_get = wcnic_rss_hash_conf_get,
	.reta_query = wcnic_reta_query,
	.rx_queue_intr_enable = wcnic_rx_intr_secondary,
	.rx_queue_intr_disable = wcnic_rx_intr_secondary,
};

void
wcnic_dev_init_secondary(struct rte_eth_dev *dev)
{
	dev->dev_ops = &secondary_ops;
	wcnic_secondary_start(dev);
}

/* ---- of the primary -------------------------------------------------------------------------- */

static void
hw_init(struct wcnic_hw *hw, struct rte_eth_dev *dev, const struct wcnic_attach_ops *attach,
	const struct wcnic_devargs *args)
{
	memset(hw, 0, sizeof(*hw));
	snprintf(hw->name, sizeof(hw->name), "%.*s", (int)sizeof(hw->name) - 1, dev->data->name);
	hw->port_id = dev->data->port_id;
	hw->attach = attach;
	hw->args = *args;
	hw->mtu = RTE_ETHER_MTU;
	pthread_mutex_init(&hw->lock, NULL);
	pthread_mutex_init(&hw->admin.lock, NULL);
	hw->membarrier = syscall(__NR_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0,
				 0) == 0;
}

/* Beside bursts: a card without a thread works when it is polled. */
static void
fast_ops_set(struct rte_eth_dev *dev, bool polled)
{
	dev->rx_queue_count = polled ? wcnic_rx_queue_count_poll : wcnic_rx_queue_count;
	dev->rx_descriptor_status = polled ? wcnic_rx_descriptor_status_poll
					   : wcnic_rx_descriptor_status;
	dev->tx_descriptor_status = polled ? wcnic_tx_descriptor_status_poll
					   : wcnic_tx_descriptor_status;
}

int
wcnic_dev_init(struct rte_eth_dev *dev, const struct wcnic_attach_ops *attach,
	       const struct wcnic_devargs *args)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret;

	hw_init(hw, dev, attach, args);
	ret = wcnic_admin_init(hw);
	if (ret != 0)
		goto locks;
	ret = wcnic_card_open(hw);
	if (ret != 0)
		goto admin;
	memcpy(&hw->mac, hw->id.mac, sizeof(hw->mac));
	hw->filter.ethdev[0] = hw->mac;
	wcnic_flow_init(hw);
	wcnic_store(&hw->card, WCNIC_CARD_PRESENT);

	dev->dev_ops = &wcnic_dev_ops;
	dev->rx_pkt_burst = attach->poll != NULL ? wcnic_rx_burst_poll : wcnic_rx_burst;
	dev->tx_pkt_burst = attach->poll != NULL ? wcnic_tx_burst_poll : wcnic_tx_burst;
	dev->tx_pkt_prepare = wcnic_tx_prepare;
	fast_ops_set(dev, attach->poll != NULL);
	dev->data->mac_addrs = hw->filter.ethdev;
	dev->data->dev_flags |= RTE_ETH_DEV_INTR_LSC | RTE_ETH_DEV_AUTOFILL_QUEUE_XSTATS;
	ret = wcnic_service_start(hw);
	if (ret == 0) {
		wcnic_hold_allow(hw);
		ret = wcnic_serve_start();
		if (ret != 0)
			WCNIC_LOG(WARNING, hw, "secondary processes will have no answers: %s",
				  strerror(-ret));
		return 0;
	}
	dev->data->mac_addrs = NULL;
	(void)wcnic_admin_stop(hw);
	hw->attach->close(hw);
admin:
	wcnic_admin_fini(hw);
locks:
	wcnic_share_end(hw);
	hw->attach->free(hw);
	pthread_mutex_destroy(&hw->admin.lock);
	pthread_mutex_destroy(&hw->lock);
	return ret;
}
