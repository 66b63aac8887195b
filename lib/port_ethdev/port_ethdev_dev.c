/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The device: found, set up with a queue for each direction, watched. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <rte_mbuf.h>

#include "port_ethdev_internal.h"

RTE_LOG_REGISTER(port_ethdev_logtype, wcnic.port.ethdev, NOTICE);

#define DESCRIPTORS 1024u
#define CACHE_MBUFS 256u
/* More than the queues can have: for bursts here and in the device. */
#define POOL_SPARE_MBUFS 1024u

WC_MUST_CHECK static int
device_text(struct port_ethdev *pe, const struct wcnic_port_args *args)
{
	const char *text = wcnic_port_arg_find(args, "device");
	char *c;

	if (text == NULL || text[0] == '\0' || text[0] == ';')
		return wcnic_port_args_refuse(
			args, "ethdev: a device is needed: ethdev:net_tap0;iface=w0, or "
			      "a PCI address");
	pe->devargs = strdup(text);
	pe->name = strndup(text, strcspn(text, ";"));
	if (pe->devargs == NULL || pe->name == NULL) {
		(void)wcnic_port_args_refuse(args, "ethdev: out of memory");
		return -ENOMEM;
	}
	for (c = pe->devargs; *c != '\0'; c++)
		if (*c == ';')
			*c = ',';
	return 0;
}

/* Finds the device's ethdev port, whose name may differ from the device's. */
static int
device_port(struct port_ethdev *pe)
{
	struct rte_dev_iterator it;
	uint16_t id;

	if (rte_eth_dev_get_port_by_name(pe->name, &pe->id) == 0)
		return 0;
	RTE_ETH_FOREACH_MATCHING_DEV(id, pe->name, &it)
	{
		rte_eth_iterator_cleanup(&it);
		pe->id = id;
		return 0;
	}
	return -ENODEV;
}

WC_MUST_CHECK static int
device_find(struct port_ethdev *pe, const struct wcnic_port_args *args)
{
	int ret;

	if (rte_eth_dev_get_port_by_name(pe->name, &pe->id) == 0) {
		if (strchr(pe->devargs, ',') == NULL)
			return 0;
		return wcnic_port_args_refuse(
			args,
			"ethdev: '%s' exists already, made by --eal or for another card: "
			"arguments cannot be given to it here",
			pe->name);
	}
	ret = rte_dev_probe(pe->devargs);
	if (ret != 0)
		return wcnic_port_args_refuse(
			args,
			"ethdev: DPDK has no device '%s' and cannot make it (%s): "
			"its driver's name and a number (net_tap0), or the address "
			"of a PCI device with an --eal that lets EAL look for it, "
			"is needed",
			pe->devargs, strerror(-ret));
	if (device_port(pe) == 0) {
		pe->created = true;
		return 0;
	}
	return wcnic_port_args_refuse(args, "ethdev: '%s' is a device, but no Ethernet device",
				      pe->name);
}

WC_MUST_CHECK static int
device_own(struct port_ethdev *pe, const struct wcnic_port_args *args)
{
	struct rte_eth_dev_owner owner = {.name = "wcnic port"};
	int ret = rte_eth_dev_owner_new(&pe->owner);

	owner.id = pe->owner;
	if (ret == 0)
		ret = rte_eth_dev_owner_set(pe->id, &owner);
	if (ret != 0)
		return wcnic_port_args_refuse(
			args, "ethdev: '%s' belongs to another card or device", pe->name);
	pe->owned = true;
	return 0;
}

/* Creates the pool. A buffer holds every frame that the MTU allows: no frame is sent in two. */
WC_MUST_CHECK static int
pool_make(struct port_ethdev *pe, const struct wcnic_port_args *args, uint32_t mbufs)
{
	static unsigned int made;
	uint32_t data_room = RTE_ALIGN_CEIL(pe->frame_max, RTE_CACHE_LINE_SIZE);
	char name[32];

	if (data_room < RTE_MBUF_DEFAULT_DATAROOM)
		data_room = RTE_MBUF_DEFAULT_DATAROOM;
	snprintf(name, sizeof(name), "wcnic_port_%u", made++);
	pe->pool = rte_pktmbuf_pool_create(name, mbufs, CACHE_MBUFS, 0,
					   (uint16_t)(data_room + RTE_PKTMBUF_HEADROOM),
					   rte_eth_dev_socket_id(pe->id));
	if (pe->pool != NULL)
		return 0;
	(void)wcnic_port_args_refuse(
		args,
		"ethdev: '%s': no memory for %u buffers of %u bytes (%s); give EAL "
		"more",
		pe->name, mbufs, data_room, rte_strerror(rte_errno));
	return -ENOMEM;
}

/* The MTU is part of the configuration; some devices need the call as well. */
WC_MUST_CHECK static int
device_mtu(struct port_ethdev *pe, const struct wcnic_port_args *args,
	   const struct rte_eth_dev_info *info, uint16_t *mtu)
{
	uint64_t wanted = 0;
	int ret = wcnic_port_arg_number(args, "mtu", WCDEV_MTU_MIN, WCDEV_MTU_MAX, &wanted);

	if (ret != 0)
		return ret;
	if (rte_eth_dev_get_mtu(pe->id, mtu) != 0 || *mtu == 0)
		*mtu = RTE_ETHER_MTU;
	if (wanted == 0)
		return 0;
	*mtu = (uint16_t)wanted;
	if (*mtu >= info->min_mtu && *mtu <= info->max_mtu)
		return 0;
	return wcnic_port_args_refuse(args, "ethdev: mtu=%u: '%s' takes %u to %u", *mtu, pe->name,
				      info->min_mtu, info->max_mtu);
}

WC_MUST_CHECK static int
device_failed(const struct port_ethdev *pe, const struct wcnic_port_args *args, const char *what,
	      int ret)
{
	(void)wcnic_port_args_refuse(args, "ethdev: '%s': %s: %s", pe->name, what, strerror(-ret));
	return ret;
}

WC_MUST_CHECK static int
device_queues(struct port_ethdev *pe, const struct wcnic_port_args *args, uint16_t mtu,
	      const struct rte_eth_dev_info *info)
{
	struct rte_eth_conf conf = {.rxmode.mtu = mtu};
	uint16_t rxd = DESCRIPTORS, txd = DESCRIPTORS;
	int ret;

	conf.txmode.offloads = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	ret = rte_eth_dev_configure(pe->id, 1, 1, &conf);
	if (ret != 0) {
		(void)wcnic_port_args_refuse(args,
					     "ethdev: '%s' cannot be set up with a queue for each "
					     "direction and an MTU of %u: %s",
					     pe->name, mtu, strerror(-ret));
		return ret;
	}
	if (wcnic_port_arg_find(args, "mtu") != NULL)
		ret = rte_eth_dev_set_mtu(pe->id, mtu);
	if (ret != 0 && ret != -ENOTSUP)
		return device_failed(pe, args, "does not take the MTU", ret);
	ret = rte_eth_dev_adjust_nb_rx_tx_desc(pe->id, &rxd, &txd);
	if (ret != 0)
		return device_failed(pe, args, "cannot have descriptor rings", ret);
	ret = pool_make(pe, args, rxd + txd + POOL_SPARE_MBUFS - 1);
	if (ret != 0)
		return ret;
	ret = rte_eth_rx_queue_setup(pe->id, 0, rxd, rte_eth_dev_socket_id(pe->id), NULL, pe->pool);
	if (ret != 0)
		return device_failed(pe, args, "cannot have an Rx queue", ret);
	ret = rte_eth_tx_queue_setup(pe->id, 0, txd, rte_eth_dev_socket_id(pe->id), NULL);
	if (ret != 0)
		return device_failed(pe, args, "cannot have a Tx queue", ret);
	return 0;
}

static int
on_removed(uint16_t id, enum rte_eth_event_type type, void *ctx, void *arg)
{
	struct port_ethdev *pe = ctx;

	(void)id;
	(void)type;
	(void)arg;
	__atomic_store_n(&pe->removed, true, __ATOMIC_RELEASE);
	return 0;
}

WC_MUST_CHECK static int
device_start(struct port_ethdev *pe, const struct wcnic_port_args *args)
{
	struct rte_eth_dev_info info;
	uint16_t mtu;
	int ret = rte_eth_dev_info_get(pe->id, &info);

	if (ret != 0)
		return device_failed(pe, args, "does not tell its properties", ret);
	ret = device_mtu(pe, args, &info, &mtu);
	if (ret != 0)
		return ret;
	pe->frame_max = mtu + WCDEV_L2_BYTES_MAX;
	ret = device_queues(pe, args, mtu, &info);
	if (ret != 0)
		return ret;
	ret = rte_eth_dev_callback_register(pe->id, RTE_ETH_EVENT_INTR_RMV, on_removed, pe);
	if (ret != 0)
		return device_failed(pe, args, "cannot report its removal", ret);
	pe->watched = true;
	ret = rte_eth_dev_start(pe->id);
	if (ret != 0)
		return device_failed(pe, args, "does not start", ret);
	pe->started = true;
	/* The card must see every frame. Devices without a filter do not have this mode. */
	ret = rte_eth_promiscuous_enable(pe->id);
	if (ret != 0 && ret != -ENOTSUP)
		return device_failed(pe, args, "cannot be put into promiscuous mode", ret);
	port_ethdev_link_read(pe);
	return 0;
}

int
port_ethdev_start(struct port_ethdev *pe, const struct wcnic_port_args *args)
{
	int ret;

	ret = device_text(pe, args);
	if (ret != 0)
		return ret;
	ret = port_ethdev_eal_start(args);
	if (ret != 0)
		return ret;
	ret = device_find(pe, args);
	if (ret != 0)
		return ret;
	ret = device_own(pe, args);
	if (ret != 0)
		return ret;
	return device_start(pe, args);
}

void
port_ethdev_link_read(struct port_ethdev *pe)
{
	struct rte_eth_link link = {0};
	int ret = rte_eth_link_get_nowait(pe->id, &link);

	pe->link_up = ret != 0 || link.link_status == RTE_ETH_LINK_UP;
	pe->link_mbps = ret == 0 && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN ? link.link_speed
										 : 0;
}

/* Drops the frames that wait, and logs how many. */
static void
frames_drop(struct port_ethdev *pe)
{
	if (pe->n_tx != 0)
		rte_log(RTE_LOG_WARNING, port_ethdev_logtype,
			"wcnic: %s: %u frames of the card were not taken before the end\n",
			pe->name, pe->n_tx);
	if (pe->rx_next != pe->n_rx)
		rte_log(RTE_LOG_INFO, port_ethdev_logtype,
			"wcnic: %s: %u frames for the card were not taken before the end\n",
			pe->name, pe->n_rx - pe->rx_next);
	rte_pktmbuf_free_bulk(pe->tx, pe->n_tx);
	rte_pktmbuf_free_bulk(pe->rx + pe->rx_next, pe->n_rx - pe->rx_next);
	pe->n_tx = 0;
	pe->n_rx = 0;
	pe->rx_next = 0;
}

void
port_ethdev_stop(struct port_ethdev *pe)
{
	struct rte_eth_dev_info info = {0};

	frames_drop(pe);
	if (pe->watched)
		rte_eth_dev_callback_unregister(pe->id, RTE_ETH_EVENT_INTR_RMV, on_removed, pe);
	if (pe->started)
		(void)rte_eth_dev_stop(pe->id);
	if ((pe->owned || pe->created) && rte_eth_dev_info_get(pe->id, &info) != 0)
		info.device = NULL;
	if (pe->owned) {
		(void)rte_eth_dev_owner_unset(pe->id, pe->owner);
		(void)rte_eth_dev_close(pe->id);
	}
	if (pe->created && info.device != NULL)
		(void)rte_dev_remove(info.device);
	/* Other devices of the process may still have buffers of the pool: it stays then. */
	if (pe->pool != NULL && rte_mempool_full(pe->pool) != 0)
		rte_mempool_free(pe->pool);
	free(pe->name);
	free(pe->devargs);
}
