/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 13: what flow rules say of a frame. */

#include "card.h"

#define VLAN_BYTES 4u

/* What lies behind the addresses: a type, or up to two tags and the types behind them. */
static void
tags_copy(struct wcnic_flow_key *key, const uint8_t *head, uint32_t head_bytes, uint16_t *layers)
{
	uint16_t type = (uint16_t)(head[12] << 8 | head[13]);

	memcpy(key->ether_type, head + 12, sizeof(key->ether_type));
	if ((type != WCDEV_ETHERTYPE_VLAN && type != WCDEV_ETHERTYPE_QINQ) ||
	    head_bytes < CARD_FRAME_MIN + VLAN_BYTES)
		return;
	*layers |= WCNIC_FLOWL_TAGGED;
	memcpy(key->vlan_tci, head + 14, sizeof(key->vlan_tci));
	memcpy(key->vlan_type, head + 16, sizeof(key->vlan_type));
	type = (uint16_t)(head[16] << 8 | head[17]);
	if ((type != WCDEV_ETHERTYPE_VLAN && type != WCDEV_ETHERTYPE_QINQ) ||
	    head_bytes < CARD_FRAME_MIN + 2 * VLAN_BYTES)
		return;
	*layers |= WCNIC_FLOWL_TAGGED2;
	memcpy(key->vlan2_tci, head + 18, sizeof(key->vlan2_tci));
	memcpy(key->vlan2_type, head + 20, sizeof(key->vlan2_type));
}

static void
ip_copy(struct wcnic_flow_key *key, const struct wcdev_parse *parse, uint16_t *layers)
{
	const bool v6 = parse->addr_bytes == 32;
	const uint8_t *ip = parse->addr - (v6 ? 8 : 12);
	const size_t addr_bytes = parse->addr_bytes / 2;

	*layers |= v6 ? WCNIC_FLOWL_IPV6 : WCNIC_FLOWL_IPV4;
	memcpy(key->src_addr, parse->addr, addr_bytes);
	memcpy(key->dst_addr, parse->addr + addr_bytes, addr_bytes);
	key->ip_proto = v6 ? ip[6] : ip[9];
	key->ip_tos = v6 ? (uint8_t)(ip[0] << 4 | ip[1] >> 4) : ip[1];
}

void
card_flow_key_make(struct wcnic_flow_key *key, const uint8_t *head, uint32_t head_bytes,
		   const struct wcdev_parse *parse)
{
	static const uint16_t l4_layers[8] = {
		[WCNIC_PTYPE_TCP >> 8] = WCNIC_FLOWL_TCP,
		[WCNIC_PTYPE_UDP >> 8] = WCNIC_FLOWL_UDP,
		[WCNIC_PTYPE_FRAG >> 8] = WCNIC_FLOWL_FRAGMENT,
		[WCNIC_PTYPE_SCTP >> 8] = WCNIC_FLOWL_SCTP,
	};
	uint16_t layers = 0;

	memset(key, 0, sizeof(*key));
	memcpy(key->dst_mac, head, sizeof(key->dst_mac) + sizeof(key->src_mac));
	tags_copy(key, head, head_bytes, &layers);
	if (parse->addr_bytes != 0)
		ip_copy(key, parse, &layers);
	if (parse->ports != NULL)
		memcpy(key->src_port, parse->ports, sizeof(key->src_port) + sizeof(key->dst_port));
	layers |= l4_layers[(parse->ptype & WCNIC_PTYPE_L4_MASK) >> 8];
	key->layers = htole16(layers);
}

/* Does what a rule says; true: no other rule is asked. */
static bool
rule_apply(struct card_flow_rule *rule, uint32_t counted, struct card_flow_verdict *verdict)
{
	if ((rule->actions & WCNIC_FLOWA_COUNT) != 0) {
		rule->frames += counted != 0;
		rule->bytes += counted;
	}
	if ((rule->actions & (WCNIC_FLOWA_FLAG | WCNIC_FLOWA_MARK)) != 0)
		verdict->rx_flags |= WCNIC_RXF_MATCH;
	if ((rule->actions & WCNIC_FLOWA_MARK) != 0) {
		verdict->rx_flags |= WCNIC_RXF_MARK;
		verdict->mark = rule->mark;
	}
	if ((rule->actions & WCNIC_FLOWA_FATE) == 0)
		return false;
	verdict->rule = rule;
	return true;
}

struct card_flow_verdict
card_flow_judge(struct wcnic_card *card, const uint8_t *head, uint32_t head_bytes,
		const struct wcdev_parse *parse, uint32_t counted)
{
	const struct wcdev_flow_group *group = card->flow.table.groups;
	struct card_flow_verdict verdict = {0};
	struct wcnic_flow_key fields;
	struct wcdev_flow_key key;
	struct wcdev_flow_rule *hit;

	static_assert(offsetof(struct card_flow_rule, match) == 0, "the rule begins with it");
	card_flow_key_make(&fields, head, head_bytes, parse);
	memcpy(&key, &fields, sizeof(key));
	while ((hit = wcdev_flow_hits(&group, &key)) != NULL) {
		for (; hit != NULL; hit = hit->hit)
			if (rule_apply((struct card_flow_rule *)hit, counted, &verdict))
				return verdict;
	}
	return verdict;
}

uint16_t
card_flow_queue(const struct card_flow_rule *rule, const struct wcdev_parse *parse, uint32_t *hash,
		bool *hashed)
{
	*hashed = rule->hash != NULL && wcdev_rss_hash(&rule->hash->rss, parse, hash);
	return rule->queues[*hashed ? *hash % rule->n_queues : 0];
}
