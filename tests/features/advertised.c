/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Prints what the driver advertises of an embedded card, one capability a line: the functions in
 * its tables, offloads, flags, and the flow items and actions that it accepts.
 */

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <bus_vdev_driver.h>
#include <ethdev_driver.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_flow.h>

#include "ops.h"

/* Of each kind of flow rule more than DPDK has; most are unknown. */
#define FLOW_TYPES 256
#define CONF_BYTES 256

static void
names_print(const char *kind, uint64_t bits, const char *(*name)(uint64_t))
{
	for (unsigned int i = 0; i < 64; i++)
		if ((bits & RTE_BIT64(i)) != 0)
			printf("%s %s\n", kind, name(RTE_BIT64(i)));
}

static void
ops_print(const struct rte_eth_dev *dev)
{
#define OP(name)                        \
	if (dev->dev_ops->name != NULL) \
		printf("op %s\n", #name);
	OPS
#undef OP
#define FAST(name)             \
	if (dev->name != NULL) \
		printf("op %s\n", #name);
	FAST(tx_pkt_prepare) FAST(rx_queue_count) FAST(rx_descriptor_status)
		FAST(tx_descriptor_status)
#undef FAST
}

static void
info_print(const struct rte_eth_dev *dev)
{
	const uint32_t flags = dev->data->dev_flags;
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(dev->data->port_id, &info) != 0)
		return;
	names_print("rx", info.rx_offload_capa, rte_eth_dev_rx_offload_name);
	names_print("tx", info.tx_offload_capa, rte_eth_dev_tx_offload_name);
	names_print("dev", info.dev_capa, rte_eth_dev_capability_name);
	if (info.speed_capa != 0)
		printf("info speed_capa\n");
	if (info.flow_type_rss_offloads != 0)
		printf("info flow_type_rss_offloads\n");
	if (info.max_mac_addrs > 1)
		printf("info max_mac_addrs\n");
	if (info.max_lro_pkt_size != 0)
		printf("info max_lro_pkt_size\n");
	if ((flags & RTE_ETH_DEV_INTR_LSC) != 0)
		printf("flag INTR_LSC\n");
	if ((flags & RTE_ETH_DEV_INTR_RMV) != 0)
		printf("flag INTR_RMV\n");
	if ((flags & RTE_ETH_DEV_AUTOFILL_QUEUE_XSTATS) != 0)
		printf("flag AUTOFILL_QUEUE_XSTATS\n");
}

static bool
flow_accepted(uint16_t port_id, const struct rte_flow_item *items,
	      const struct rte_flow_action *action)
{
	const struct rte_flow_action actions[] = {*action, {.type = RTE_FLOW_ACTION_TYPE_END}};
	const struct rte_flow_attr attr = {.ingress = 1};
	struct rte_flow_error error;

	return rte_flow_validate(port_id, &attr, items, actions, &error) == 0;
}

/* Accepted alone, or behind the headers that come before it. */
static bool
item_accepted(uint16_t port_id, enum rte_flow_item_type type)
{
	static const enum rte_flow_item_type before[] = {
		RTE_FLOW_ITEM_TYPE_ETH, RTE_FLOW_ITEM_TYPE_IPV4, RTE_FLOW_ITEM_TYPE_UDP};
	const struct rte_flow_action drop = {.type = RTE_FLOW_ACTION_TYPE_DROP};

	for (unsigned int n = 0; n <= RTE_DIM(before); n++) {
		struct rte_flow_item items[RTE_DIM(before) + 2] = {{0}};

		for (unsigned int i = 0; i < n; i++)
			items[i].type = before[i];
		items[n].type = type;
		items[n + 1].type = RTE_FLOW_ITEM_TYPE_END;
		if (flow_accepted(port_id, items, &drop))
			return true;
	}
	return false;
}

static bool
action_accepted(uint16_t port_id, enum rte_flow_action_type type)
{
	static const uint8_t zeros[CONF_BYTES];
	static const uint16_t queue;
	const struct rte_flow_action_rss rss = {
		.types = RTE_ETH_RSS_IP, .queue_num = 1, .queue = &queue};
	const struct rte_flow_item items[] = {{.type = RTE_FLOW_ITEM_TYPE_ETH},
					      {.type = RTE_FLOW_ITEM_TYPE_END}};
	const struct rte_flow_action action = {
		.type = type,
		.conf = type == RTE_FLOW_ACTION_TYPE_RSS ? (const void *)&rss : zeros,
	};

	return flow_accepted(port_id, items, &action);
}

static void
flow_print(const char *kind, enum rte_flow_conv_op op, int type)
{
	const char *name = NULL;
	struct rte_flow_error error;

	if (rte_flow_conv(op, &name, sizeof(name), (const void *)(uintptr_t)type, &error) <= 0 ||
	    name == NULL)
		return;
	printf("%s ", kind);
	for (; *name != '\0'; name++)
		putchar(tolower((unsigned char)*name));
	putchar('\n');
}

static void
flows_print(uint16_t port_id)
{
	for (int i = RTE_FLOW_ITEM_TYPE_VOID + 1; i < FLOW_TYPES; i++)
		if (item_accepted(port_id, i))
			flow_print("item", RTE_FLOW_CONV_OP_ITEM_NAME_PTR, i);
	for (int i = RTE_FLOW_ACTION_TYPE_VOID + 1; i < FLOW_TYPES; i++)
		if (action_accepted(port_id, i))
			flow_print("action", RTE_FLOW_CONV_OP_ACTION_NAME_PTR, i);
}

int
main(void)
{
	char program[] = "advertised", lcores[] = "--lcores=0@0", no_huge[] = "--no-huge";
	char memory[] = "-m64", no_pci[] = "--no-pci", no_shconf[] = "--no-shconf";
	char no_telemetry[] = "--no-telemetry", quiet[] = "--log-level=critical";
	char *argv[] = {program, lcores, no_huge, memory, no_pci, no_shconf, no_telemetry, quiet};
	uint16_t port_id;

	if (rte_eal_init(RTE_DIM(argv), argv) < 0 || rte_vdev_init("net_wcnic0", NULL) != 0 ||
	    rte_eth_dev_get_port_by_name("net_wcnic0", &port_id) != 0)
		return 1;
	ops_print(&rte_eth_devices[port_id]);
	info_print(&rte_eth_devices[port_id]);
	flows_print(port_id);
	return rte_vdev_uninit("net_wcnic0") == 0 && rte_eal_cleanup() == 0 ? 0 : 1;
}
