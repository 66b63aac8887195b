/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Attributes and patterns of rte_flow as keys and masks of the card. */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_flow.h>
#include <rte_ip.h>
#include <rte_sctp.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "wcnic_compat.h"
#include "wcnic_flow_parse.h"

/* Items come in the order of the layers. */
enum layer {
	LAYER_NONE,
	LAYER_ETH,
	LAYER_VLAN,
	LAYER_VLAN2,
	LAYER_IP,
	LAYER_L4,
};

/* Copies what a header's `spec`, or its `mask`, says to the key, or to the mask. */
typedef void (*item_copy_fn)(struct wcnic_flow_key *key, const void *header, bool second);

struct item_kind {
	enum rte_flow_item_type type;
	enum layer layer;
	size_t bytes;
	const void *mask; /* if the application gives none */
	const void *supported;
	uint16_t layers; /* WCNIC_FLOWL_*: what the item says by being there */
	item_copy_fn copy;
	const char *fields; /* that may be in a mask */
};

static void
eth_copy(struct wcnic_flow_key *key, const void *header, bool second __rte_unused)
{
	const struct rte_flow_item_eth *eth = header;

	memcpy(key->dst_mac, &eth->hdr.dst_addr, sizeof(key->dst_mac));
	memcpy(key->src_mac, &eth->hdr.src_addr, sizeof(key->src_mac));
	memcpy(key->ether_type, &eth->hdr.ether_type, sizeof(key->ether_type));
	key->layers |= eth->has_vlan != 0 ? WCNIC_FLOWL_TAGGED : 0;
}

static void
vlan_copy(struct wcnic_flow_key *key, const void *header, bool second)
{
	const struct rte_flow_item_vlan *vlan = header;

	memcpy(second ? key->vlan2_tci : key->vlan_tci, &vlan->hdr.vlan_tci, 2);
	memcpy(second ? key->vlan2_type : key->vlan_type, &vlan->hdr.eth_proto, 2);
	if (!second)
		key->layers |= vlan->has_more_vlan != 0 ? WCNIC_FLOWL_TAGGED2 : 0;
}

static void
ipv4_copy(struct wcnic_flow_key *key, const void *header, bool second __rte_unused)
{
	const struct rte_flow_item_ipv4 *ip = header;

	memcpy(key->src_addr, &ip->hdr.src_addr, 4);
	memcpy(key->dst_addr, &ip->hdr.dst_addr, 4);
	key->ip_proto = ip->hdr.next_proto_id;
	key->ip_tos = ip->hdr.type_of_service;
}

static void
ipv6_copy(struct wcnic_flow_key *key, const void *header, bool second __rte_unused)
{
	const struct rte_flow_item_ipv6 *ip = header;

	memcpy(key->src_addr, &ip->hdr.src_addr, 16);
	memcpy(key->dst_addr, &ip->hdr.dst_addr, 16);
	key->ip_proto = ip->hdr.proto;
	key->ip_tos = (uint8_t)(rte_be_to_cpu_32(ip->hdr.vtc_flow) >> RTE_IPV6_HDR_TC_SHIFT);
}

/* TCP, UDP and SCTP begin with their ports. */
static void
ports_copy(struct wcnic_flow_key *key, const void *header, bool second __rte_unused)
{
	memcpy(key->src_port, header, sizeof(key->src_port) + sizeof(key->dst_port));
}

#define ALL16 RTE_BE16(UINT16_MAX)
#define ALL32 RTE_BE32(UINT32_MAX)
#define ALL_MAC                                                                          \
	{                                                                                \
		{                                                                        \
			UINT8_MAX, UINT8_MAX, UINT8_MAX, UINT8_MAX, UINT8_MAX, UINT8_MAX \
		}                                                                        \
	}

static const struct rte_flow_item_eth eth_supported = {
	.hdr.dst_addr = ALL_MAC,
	.hdr.src_addr = ALL_MAC,
	.hdr.ether_type = ALL16,
	.has_vlan = 1,
};
static const struct rte_flow_item_vlan vlan_supported = {
	.hdr.vlan_tci = ALL16,
	.hdr.eth_proto = ALL16,
	.has_more_vlan = 1,
};
static const struct rte_flow_item_ipv4 ipv4_supported = {
	.hdr.src_addr = ALL32,
	.hdr.dst_addr = ALL32,
	.hdr.next_proto_id = UINT8_MAX,
	.hdr.type_of_service = UINT8_MAX,
};
static const struct rte_flow_item_ipv6 ipv6_supported = {
	.hdr.vtc_flow = RTE_BE32(RTE_IPV6_HDR_TC_MASK),
	.hdr.proto = UINT8_MAX,
	.hdr.src_addr = WCNIC_IPV6_ADDR_ALL,
	.hdr.dst_addr = WCNIC_IPV6_ADDR_ALL,
};
static const struct rte_flow_item_tcp tcp_supported = {
	.hdr.src_port = ALL16,
	.hdr.dst_port = ALL16,
};
static const struct rte_flow_item_udp udp_supported = {
	.hdr.src_port = ALL16,
	.hdr.dst_port = ALL16,
};
static const struct rte_flow_item_sctp sctp_supported = {
	.hdr.src_port = ALL16,
	.hdr.dst_port = ALL16,
};

#define PORTS_ONLY "mask: of this item src and dst can be matched"

static const struct item_kind kinds[] = {
	{RTE_FLOW_ITEM_TYPE_ETH, LAYER_ETH, sizeof(eth_supported), &rte_flow_item_eth_mask,
	 &eth_supported, 0, eth_copy, "mask: of eth dst, src, type and has_vlan can be matched"},
	{RTE_FLOW_ITEM_TYPE_VLAN, LAYER_VLAN, sizeof(vlan_supported), &rte_flow_item_vlan_mask,
	 &vlan_supported, WCNIC_FLOWL_TAGGED, vlan_copy,
	 "mask: of vlan tci, inner_type and has_more_vlan can be matched"},
	{RTE_FLOW_ITEM_TYPE_IPV4, LAYER_IP, sizeof(ipv4_supported), &rte_flow_item_ipv4_mask,
	 &ipv4_supported, WCNIC_FLOWL_IPV4, ipv4_copy,
	 "mask: of ipv4 src, dst, proto and tos can be matched"},
	{RTE_FLOW_ITEM_TYPE_IPV6, LAYER_IP, sizeof(ipv6_supported), &rte_flow_item_ipv6_mask,
	 &ipv6_supported, WCNIC_FLOWL_IPV6, ipv6_copy,
	 "mask: of ipv6 src, dst, proto and tc can be matched"},
	{RTE_FLOW_ITEM_TYPE_TCP, LAYER_L4, sizeof(tcp_supported), &rte_flow_item_tcp_mask,
	 &tcp_supported, WCNIC_FLOWL_TCP, ports_copy, PORTS_ONLY},
	{RTE_FLOW_ITEM_TYPE_UDP, LAYER_L4, sizeof(udp_supported), &rte_flow_item_udp_mask,
	 &udp_supported, WCNIC_FLOWL_UDP, ports_copy, PORTS_ONLY},
	{RTE_FLOW_ITEM_TYPE_SCTP, LAYER_L4, sizeof(sctp_supported), &rte_flow_item_sctp_mask,
	 &sctp_supported, WCNIC_FLOWL_SCTP, ports_copy, PORTS_ONLY},
};

static const struct item_kind *
kind_find(const struct rte_flow_item *item)
{
	for (size_t i = 0; i < RTE_DIM(kinds); i++)
		if (kinds[i].type == item->type)
			return &kinds[i];
	return NULL;
}

static bool
mask_ok(const struct item_kind *kind, const void *mask)
{
	const uint8_t *asked = mask, *supported = kind->supported;

	for (size_t i = 0; i < kind->bytes; i++)
		if ((asked[i] & ~supported[i]) != 0)
			return false;
	return true;
}

__rte_warn_unused_result static int
item_check(const struct item_kind *kind, const struct rte_flow_item *item,
	   struct rte_flow_error *error)
{
	const void *mask = item->mask != NULL ? item->mask : kind->mask;

	if (item->spec == NULL) {
		if (item->mask == NULL && item->last == NULL)
			return 0;
		return rte_flow_error_set(error, EINVAL, RTE_FLOW_ERROR_TYPE_ITEM_SPEC, item,
					  "an item with mask or last needs a spec");
	}
	if (item->last != NULL && memcmp(item->last, item->spec, kind->bytes) != 0)
		return rte_flow_error_set(error, ENOTSUP, RTE_FLOW_ERROR_TYPE_ITEM_LAST, item,
					  "no ranges: use a spec with a mask, as for a prefix");
	if (!mask_ok(kind, mask))
		return rte_flow_error_set(error, ENOTSUP, RTE_FLOW_ERROR_TYPE_ITEM_MASK, item,
					  kind->fields);
	return 0;
}

/* The item's layer, if it may follow `before`; else LAYER_NONE. */
static enum layer
layer_next(const struct item_kind *kind, enum layer before)
{
	if (kind->layer == LAYER_VLAN && before == LAYER_VLAN)
		return LAYER_VLAN2;
	return kind->layer > before ? kind->layer : LAYER_NONE;
}

static uint16_t
item_layers(const struct item_kind *kind, enum layer layer)
{
	return layer == LAYER_VLAN2 ? WCNIC_FLOWL_TAGGED2 : kind->layers;
}

/* What has_vlan and has_more_vlan say must hold with the vlan items that follow. */
__rte_warn_unused_result static int
tags_check(const struct item_kind *kind, const struct rte_flow_item *item, enum layer layer,
	   const struct wcnic_flow *rule, struct rte_flow_error *error)
{
	const struct rte_flow_item_vlan *mask = item->mask;
	const uint16_t layers = item_layers(kind, layer);

	if ((rule->mask.layers & layers & ~rule->key.layers) != 0)
		return rte_flow_error_set(error, EINVAL, RTE_FLOW_ERROR_TYPE_ITEM, item,
					  "a vlan item needs has_vlan or has_more_vlan of the "
					  "item before to be 1, or not in its mask");
	if (layer == LAYER_VLAN2 && mask != NULL && mask->has_more_vlan != 0)
		return rte_flow_error_set(error, ENOTSUP, RTE_FLOW_ERROR_TYPE_ITEM_MASK, item,
					  "has_more_vlan can be matched in the first of two vlan "
					  "items: the card looks at two tags");
	return 0;
}

static void
item_copy(const struct item_kind *kind, const struct rte_flow_item *item, enum layer layer,
	  enum layer before, struct wcnic_flow *rule)
{
	const bool second = layer == LAYER_VLAN2;
	const uint16_t layers = item_layers(kind, layer);

	if (item->spec != NULL) {
		kind->copy(&rule->key, item->spec, second);
		kind->copy(&rule->mask, item->mask != NULL ? item->mask : kind->mask, second);
	}
	/* IP right behind one tag: there is no second one, unless has_more_vlan said so. */
	if (kind->layer == LAYER_IP && before == LAYER_VLAN)
		rule->mask.layers |= WCNIC_FLOWL_TAGGED2;
	rule->key.layers |= layers;
	rule->mask.layers |= layers;
}

int
wcnic_flow_pattern_parse(const struct rte_flow_item *items, struct wcnic_flow *rule,
			 struct rte_flow_error *error)
{
	uint8_t *key = (uint8_t *)&rule->key;
	const uint8_t *mask = (const uint8_t *)&rule->mask;
	enum layer layer = LAYER_NONE, before;
	const struct item_kind *kind;
	int ret;

	for (; items->type != RTE_FLOW_ITEM_TYPE_END; items++) {
		if (items->type == RTE_FLOW_ITEM_TYPE_VOID)
			continue;
		kind = kind_find(items);
		if (kind == NULL)
			return rte_flow_error_set(
				error, ENOTSUP, RTE_FLOW_ERROR_TYPE_ITEM, items,
				"items are eth, vlan, ipv4, ipv6, tcp, udp, sctp");
		before = layer;
		layer = layer_next(kind, before);
		if (layer == LAYER_NONE)
			return rte_flow_error_set(
				error, ENOTSUP, RTE_FLOW_ERROR_TYPE_ITEM, items,
				"order of items: eth, up to two vlan, ipv4 or ipv6, one of tcp, "
				"udp, sctp");
		ret = item_check(kind, items, error);
		if (ret == 0)
			ret = tags_check(kind, items, layer, rule, error);
		if (ret != 0)
			return ret;
		item_copy(kind, items, layer, before, rule);
	}
	for (size_t i = 0; i < sizeof(rule->key); i++)
		key[i] &= mask[i];
	return 0;
}

__rte_warn_unused_result static int
attr_check(const struct rte_flow_attr *attr, struct rte_flow_error *error)
{
	if (attr->group != 0)
		return rte_flow_error_set(error, ENOTSUP, RTE_FLOW_ERROR_TYPE_ATTR_GROUP, attr,
					  "there is group 0 only; use priorities");
	if (attr->transfer != 0)
		return rte_flow_error_set(error, ENOTSUP, RTE_FLOW_ERROR_TYPE_ATTR_TRANSFER, attr,
					  "no transfer rules: the card has one port");
	if (attr->egress != 0)
		return rte_flow_error_set(error, ENOTSUP, RTE_FLOW_ERROR_TYPE_ATTR_EGRESS, attr,
					  "rules are for ingress only");
	if (attr->ingress == 0)
		return rte_flow_error_set(error, EINVAL, RTE_FLOW_ERROR_TYPE_ATTR_INGRESS, attr,
					  "set ingress");
	return 0;
}

int
wcnic_flow_parse(const struct wcnic_hw *hw, const struct rte_flow_attr *attr,
		 const struct rte_flow_item *items, const struct rte_flow_action *actions,
		 struct wcnic_flow *rule, struct rte_flow_error *error)
{
	int ret = attr_check(attr, error);

	memset(rule, 0, sizeof(*rule));
	rule->priority = attr->priority;
	if (ret == 0)
		ret = wcnic_flow_pattern_parse(items, rule, error);
	if (ret == 0)
		ret = wcnic_flow_actions_parse(hw, actions, rule, error);
	return ret;
}
