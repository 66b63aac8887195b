/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Toeplitz. The hash is linear: the contribution of each byte of the input is worked out once per
 * key, and a frame costs one look-up a byte.
 */

#include "wcdev_rss.h"

/* 32 bits of the key from bit `bit` on. */
static uint32_t
key_window(const uint8_t *key, unsigned int bit)
{
	unsigned int byte = bit / 8;
	uint64_t window = 0;

	for (unsigned int i = 0; i < 5; i++)
		window = window << 8 | (byte + i < WCDEV_RSS_KEY_BYTES ? key[byte + i] : 0);
	return (uint32_t)(window >> (8 - bit % 8));
}

static void
table_build(struct wcdev_rss *rss, const uint8_t *key)
{
	for (unsigned int byte = 0; byte < 36; byte++) {
		for (unsigned int value = 0; value < 256; value++) {
			uint32_t sum = 0;

			for (unsigned int bit = 0; bit < 8; bit++)
				if ((value & (0x80u >> bit)) != 0)
					sum ^= key_window(key, byte * 8 + bit);
			rss->table[byte][value] = sum;
		}
	}
}

/* What of IPv4 is hashed: wcdev_rss_hash_ipv4(). */
static void
ipv4_set(struct wcdev_rss *rss)
{
	const uint8_t plain = (rss->types & WCDEV_RSS_IPV4) != 0 ? 8 : 0;

	memset(rss->ipv4_bytes, plain, sizeof(rss->ipv4_bytes));
	if ((rss->types & WCDEV_RSS_IPV4_TCP) != 0)
		rss->ipv4_bytes[WCDEV_PTYPE_TCP >> 8] = 12;
	if ((rss->types & WCDEV_RSS_IPV4_UDP) != 0)
		rss->ipv4_bytes[WCDEV_PTYPE_UDP >> 8] = 12;
}

void
wcdev_rss_set(struct wcdev_rss *rss, uint32_t types, const uint8_t key[WCDEV_RSS_KEY_BYTES])
{
	rss->types = types;
	table_build(rss, key);
	ipv4_set(rss);
}

bool
wcdev_rss_hash(const struct wcdev_rss *rss, const struct wcdev_parse *parse, uint32_t *hash)
{
	const uint32_t(*table)[256] = rss->table;
	uint32_t plain = parse->addr_bytes == 8 ? WCDEV_RSS_IPV4 : WCDEV_RSS_IPV6;
	bool with_ports = parse->ports != NULL && (rss->types & parse->rss_type) != 0;
	uint32_t sum = 0;

	if (parse->addr_bytes == 0 || (!with_ports && (rss->types & plain) == 0))
		return false;
	for (unsigned int i = 0; i < parse->addr_bytes; i += 4, table += 4)
		sum ^= wcdev_rss_sum(table, parse->addr + i);
	if (with_ports)
		sum ^= wcdev_rss_sum(table, parse->ports);
	*hash = sum;
	return true;
}
