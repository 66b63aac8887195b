/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 7: which queue a frame goes to. The hash is lib/device's. */

#include "card.h"

/* Frames are parsed and hashed by any card's rules: this card's values are the same. */
static_assert(WCNIC_PTYPE_L2 == WCDEV_PTYPE_L2 && WCNIC_PTYPE_VLAN == WCDEV_PTYPE_VLAN &&
		      WCNIC_PTYPE_IPV4 == WCDEV_PTYPE_IPV4 &&
		      WCNIC_PTYPE_IPV6 == WCDEV_PTYPE_IPV6 && WCNIC_PTYPE_TCP == WCDEV_PTYPE_TCP &&
		      WCNIC_PTYPE_UDP == WCDEV_PTYPE_UDP && WCNIC_PTYPE_ICMP == WCDEV_PTYPE_ICMP &&
		      WCNIC_PTYPE_FRAG == WCDEV_PTYPE_FRAG,
	      "a completion has the parser's ptype");
static_assert(WCNIC_RSS_IPV4 == WCDEV_RSS_IPV4 && WCNIC_RSS_IPV4_TCP == WCDEV_RSS_IPV4_TCP &&
		      WCNIC_RSS_IPV4_UDP == WCDEV_RSS_IPV4_UDP &&
		      WCNIC_RSS_IPV6 == WCDEV_RSS_IPV6 &&
		      WCNIC_RSS_IPV6_TCP == WCDEV_RSS_IPV6_TCP &&
		      WCNIC_RSS_IPV6_UDP == WCDEV_RSS_IPV6_UDP &&
		      WCNIC_RSS_KEY_BYTES == WCDEV_RSS_KEY_BYTES,
	      "what RSS_SET asks for is what is hashed");

void
card_rss_reset(struct wcnic_card *card)
{
	card->rss.hash.types = 0;
	for (unsigned int i = 0; i < WCNIC_RETA_ENTRIES; i++)
		card->rss.reta[i] = card->rxqs;
}

bool
card_rss_has_function(uint8_t function)
{
	return function == WCNIC_RSS_TOEPLITZ;
}

void
card_rss_hash_set(struct wcdev_rss *rss, uint32_t types, uint8_t function,
		  const uint8_t key[WCNIC_RSS_KEY_BYTES])
{
	(void)function;
	wcdev_rss_set(rss, types, key);
}

enum wcnic_admin_status
card_rss_set(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_rss *in = call->input;

	if ((card->features & WCNIC_CAP_RSS) == 0)
		return WCNIC_ST_UNSUPPORTED;
	if ((le32toh(in->types) & ~WCNIC_RSS_ALL) != 0) {
		call->result = offsetof(struct wcnic_admin_cmd, data_iova);
		return WCNIC_ST_INVALID_FIELD;
	}
	for (unsigned int i = 0; i < WCNIC_RETA_ENTRIES; i++) {
		if (le16toh(in->reta[i]) < card->n_queues)
			continue;
		call->result = i;
		return WCNIC_ST_INVALID_QUEUE;
	}
	for (unsigned int i = 0; i < WCNIC_RETA_ENTRIES; i++)
		card->rss.reta[i] = &card->rxqs[le16toh(in->reta[i])];
	wcdev_rss_set(&card->rss.hash, le32toh(in->types), in->key);
	return WCNIC_ST_OK;
}
