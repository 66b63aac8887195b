/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 7: which queue a frame goes to. The hash is lib/device's. */

#include "card.h"

/* Frames are parsed and hashed by any card's rules: this card's values are the same. */
#define SAME(prefix, name) (WCNIC_##prefix##_##name == WCDEV_##prefix##_##name)
static_assert(SAME(PTYPE, L2) && SAME(PTYPE, VLAN) && SAME(PTYPE, QINQ) && SAME(PTYPE, PTP) &&
		      SAME(PTYPE, ARP) && SAME(PTYPE, IPV4) && SAME(PTYPE, IPV6) &&
		      SAME(PTYPE, IP_PLAIN) && SAME(PTYPE, IP_EXT) && SAME(PTYPE, TCP) &&
		      SAME(PTYPE, UDP) && SAME(PTYPE, ICMP) && SAME(PTYPE, FRAG) &&
		      SAME(PTYPE, SCTP),
	      "a completion has the parser's ptype");
static_assert(SAME(RSS, IPV4) && SAME(RSS, IPV4_TCP) && SAME(RSS, IPV4_UDP) &&
		      SAME(RSS, IPV4_SCTP) && SAME(RSS, IPV4_FRAG) && SAME(RSS, IPV4_OTHER) &&
		      SAME(RSS, IPV6) && SAME(RSS, IPV6_TCP) && SAME(RSS, IPV6_UDP) &&
		      SAME(RSS, IPV6_SCTP) && SAME(RSS, IPV6_FRAG) && SAME(RSS, IPV6_OTHER) &&
		      SAME(RSS, KEY_BYTES),
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
	return function == WCNIC_RSS_TOEPLITZ || function == WCNIC_RSS_SYMMETRIC;
}

void
card_rss_hash_set(struct wcdev_rss *rss, uint32_t types, uint8_t function,
		  const uint8_t key[WCNIC_RSS_KEY_BYTES])
{
	wcdev_rss_set(rss, types, function == WCNIC_RSS_SYMMETRIC, key);
}

enum wcnic_admin_status
card_rss_set(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_rss *in = call->input;

	if ((card->features & WCNIC_CAP_RSS) == 0)
		return WCNIC_ST_UNSUPPORTED;
	if ((le32toh(in->types) & ~WCNIC_RSS_ALL) != 0 || !card_rss_has_function(in->function)) {
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
	card_rss_hash_set(&card->rss.hash, le32toh(in->types), in->function, in->key);
	return WCNIC_ST_OK;
}
