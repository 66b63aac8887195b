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
table_build(uint32_t (*table)[256], unsigned int bytes, const uint8_t *key)
{
	for (unsigned int byte = 0; byte < bytes; byte++) {
		table[byte][0] = 0;
		/* Each bit doubles what is known: with it, the sum of the other bits and its own.
		 */
		for (unsigned int bit = 0; bit < 8; bit++) {
			const uint32_t window = key_window(key, byte * 8 + 7 - bit);

			for (unsigned int value = 0; value < 1u << bit; value++)
				table[byte][1u << bit | value] = table[byte][value] ^ window;
		}
	}
}

/*
 * Bytes [first, first + n) are of the source, the next n of the destination. If both are replaced
 * by their exclusive-or, each byte of either adds what both places would add for it.
 */
static void
table_fold(uint32_t (*table)[256], unsigned int first, unsigned int n)
{
	for (unsigned int byte = first; byte < first + n; byte++) {
		for (unsigned int value = 0; value < 256; value++) {
			const uint32_t sum = table[byte][value] ^ table[byte + n][value];

			table[byte][value] = sum;
			table[byte + n][value] = sum;
		}
	}
}

/* How much is hashed of each kind: `all` is the bit of the version of IP, `kinds` those by L4. */
static void
bytes_set(uint8_t bytes[8], uint32_t types, uint32_t all, const uint32_t kinds[8], uint8_t addrs)
{
	for (unsigned int l4 = 0; l4 < 8; l4++) {
		const unsigned int ptype = l4 << 8;
		const bool ports = ptype == WCDEV_PTYPE_TCP || ptype == WCDEV_PTYPE_UDP ||
				   ptype == WCDEV_PTYPE_SCTP;

		bytes[l4] = 0;
		if ((types & kinds[l4]) != 0)
			bytes[l4] = ports ? addrs + 4 : addrs;
		else if ((types & all) != 0)
			bytes[l4] = addrs;
	}
}

#define KINDS(ip)                                                                            \
	{                                                                                    \
		[0] = WCDEV_RSS_##ip##_OTHER, [WCDEV_PTYPE_TCP >> 8] = WCDEV_RSS_##ip##_TCP, \
		[WCDEV_PTYPE_UDP >> 8] = WCDEV_RSS_##ip##_UDP,                               \
		[WCDEV_PTYPE_ICMP >> 8] = WCDEV_RSS_##ip##_OTHER,                            \
		[WCDEV_PTYPE_FRAG >> 8] = WCDEV_RSS_##ip##_FRAG,                             \
		[WCDEV_PTYPE_SCTP >> 8] = WCDEV_RSS_##ip##_SCTP,                             \
	}

void
wcdev_rss_set(struct wcdev_rss *rss, uint32_t types, bool symmetric,
	      const uint8_t key[WCDEV_RSS_KEY_BYTES])
{
	static const uint32_t ipv4[8] = KINDS(IPV4), ipv6[8] = KINDS(IPV6);

	rss->types = types;
	bytes_set(rss->ipv4_bytes, types, WCDEV_RSS_IPV4, ipv4, 8);
	bytes_set(rss->ipv6_bytes, types, WCDEV_RSS_IPV6, ipv6, 32);
	table_build(rss->ipv4_table, 12, key);
	table_build(rss->ipv6_table, 36, key);
	if (!symmetric)
		return;
	table_fold(rss->ipv4_table, 0, 4);
	table_fold(rss->ipv4_table, 8, 2);
	table_fold(rss->ipv6_table, 0, 16);
	table_fold(rss->ipv6_table, 32, 2);
}

bool
wcdev_rss_hash(const struct wcdev_rss *rss, const struct wcdev_parse *parse, uint32_t *hash)
{
	const bool v4 = parse->addr_bytes == 8;
	const uint32_t(*table)[256] = v4 ? rss->ipv4_table : rss->ipv6_table;
	const uint8_t *by_l4 = v4 ? rss->ipv4_bytes : rss->ipv6_bytes;
	const unsigned int bytes = by_l4[(parse->ptype & WCDEV_PTYPE_L4_MASK) >> 8];
	uint32_t sum = 0;

	if (parse->addr_bytes == 0 || bytes == 0)
		return false;
	for (unsigned int i = 0; i < parse->addr_bytes; i += 4, table += 4)
		sum ^= wcdev_rss_sum(table, parse->addr + i);
	if (bytes > parse->addr_bytes)
		sum ^= wcdev_rss_sum(table, parse->ports);
	*hash = sum;
	return true;
}
