/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include "card_internal.h"

/*
 * Section 7, Toeplitz. The hash is linear: the contribution of each byte of the input is worked out
 * once per key, and a frame costs one look-up a byte.
 */

void
rss_reset(struct wcnic_card *card)
{
	unsigned int i;

	card->rss.types = 0;
	for (i = 0; i < WCNIC_RETA_ENTRIES; i++)
		card->rss.reta[i] = card->rxqs;
}

/* 32 bits of the key from bit `bit` on. */
static uint32_t
key_window(const uint8_t *key, unsigned int bit)
{
	unsigned int byte = bit / 8;
	uint64_t window = 0;
	unsigned int i;

	for (i = 0; i < 5; i++)
		window = window << 8 | (byte + i < WCNIC_RSS_KEY_BYTES ? key[byte + i] : 0);
	return (uint32_t)(window >> (8 - bit % 8));
}

static void
table_build(struct rss_state *rss, const uint8_t *key)
{
	unsigned int byte, value, bit;

	for (byte = 0; byte < 36; byte++) {
		for (value = 0; value < 256; value++) {
			uint32_t sum = 0;

			for (bit = 0; bit < 8; bit++)
				if (value & (0x80u >> bit))
					sum ^= key_window(key, byte * 8 + bit);
			rss->table[byte][value] = sum;
		}
	}
}

enum wcnic_admin_status
rss_set(struct wcnic_card *card, struct admin_call *call)
{
	const struct wcnic_rss *in = call->input;
	unsigned int i;

	if (!(card->features & WCNIC_CAP_RSS))
		return WCNIC_ST_UNSUPPORTED;
	if (le32toh(in->types) & ~WCNIC_RSS_ALL) {
		call->result = offsetof(struct wcnic_admin_cmd, data_iova);
		return WCNIC_ST_INVALID_FIELD;
	}
	for (i = 0; i < WCNIC_RETA_ENTRIES; i++) {
		if (le16toh(in->reta[i]) < card->n_queues)
			continue;
		call->result = i;
		return WCNIC_ST_INVALID_QUEUE;
	}
	card->rss.types = le32toh(in->types);
	for (i = 0; i < WCNIC_RETA_ENTRIES; i++)
		card->rss.reta[i] = &card->rxqs[le16toh(in->reta[i])];
	table_build(&card->rss, in->key);
	return WCNIC_ST_OK;
}

static inline uint32_t
table_sum(const uint32_t (*table)[256], const uint8_t *bytes)
{
	return table[0][bytes[0]] ^ table[1][bytes[1]] ^ table[2][bytes[2]] ^ table[3][bytes[3]];
}

bool
rss_hash(const struct rss_state *rss, const struct rx_parse *parse, uint32_t *hash)
{
	const uint32_t(*table)[256] = rss->table;
	uint32_t plain = parse->addr_bytes == 8 ? WCNIC_RSS_IPV4 : WCNIC_RSS_IPV6;
	bool with_ports = parse->ports != NULL && (rss->types & parse->rss_type);
	uint32_t sum = 0;
	unsigned int i;

	if (parse->addr_bytes == 0 || (!with_ports && !(rss->types & plain)))
		return false;
	for (i = 0; i < parse->addr_bytes; i += 4, table += 4)
		sum ^= table_sum(table, parse->addr + i);
	if (with_ports)
		sum ^= table_sum(table, parse->ports);
	*hash = sum;
	return true;
}

bool
rss_hash_ipv4(const struct rss_state *rss, uint16_t ptype, const uint8_t *tuple, uint32_t *hash)
{
	uint32_t ported = (ptype & WCNIC_PTYPE_L4_MASK) == WCNIC_PTYPE_UDP   ? WCNIC_RSS_IPV4_UDP
			  : (ptype & WCNIC_PTYPE_L4_MASK) == WCNIC_PTYPE_TCP ? WCNIC_RSS_IPV4_TCP
									     : 0;

	if ((ptype & WCNIC_PTYPE_L3_MASK) != WCNIC_PTYPE_IPV4 ||
	    !(rss->types & (ported | WCNIC_RSS_IPV4)))
		return false;
	*hash = table_sum(rss->table, tuple) ^ table_sum(rss->table + 4, tuple + 4);
	if (rss->types & ported)
		*hash ^= table_sum(rss->table + 8, tuple + 8);
	return true;
}
