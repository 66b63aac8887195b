/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_RSS_H
#define WCDEV_RSS_H

/* For card models: the Toeplitz hash of a frame's addresses and ports. */

#include <stdbool.h>

#include "wcdev_parse.h"

#define WCDEV_RSS_KEY_BYTES 40u

/* All zeroes: nothing is hashed. */
struct wcdev_rss {
	uint32_t types;          /* WCDEV_RSS_* */
	uint32_t table[36][256]; /* hash contribution of each input byte */
	uint8_t ipv4_bytes[8];   /* of addresses and ports that are hashed, by L4 of the ptype */
};

/* Takes a key, which may not be changed by the host during the call, and what is to be hashed. */
void wcdev_rss_set(struct wcdev_rss *rss, uint32_t types, const uint8_t key[WCDEV_RSS_KEY_BYTES]);

/* Whether the frame has a hash, and which. */
bool wcdev_rss_hash(const struct wcdev_rss *rss, const struct wcdev_parse *parse, uint32_t *hash);

/* What four bytes of the input add to the hash. `table`: of the first of them. */
static inline uint32_t
wcdev_rss_sum(const uint32_t (*table)[256], const uint8_t *bytes)
{
	return table[0][bytes[0]] ^ table[1][bytes[1]] ^ table[2][bytes[2]] ^ table[3][bytes[3]];
}

/*
 * wcdev_rss_hash() by the ptype, for IPv4 with addresses and ports at `tuple`: each byte is read
 * once.
 */
static inline bool
wcdev_rss_hash_ipv4(const struct wcdev_rss *rss, uint16_t ptype, const uint8_t *tuple,
		    uint32_t *hash)
{
	const unsigned int bytes = rss->ipv4_bytes[(ptype & WCDEV_PTYPE_L4_MASK) >> 8];

	if ((ptype & WCDEV_PTYPE_L3_MASK) != WCDEV_PTYPE_IPV4 || bytes == 0)
		return false;
	*hash = wcdev_rss_sum(rss->table, tuple) ^ wcdev_rss_sum(rss->table + 4, tuple + 4);
	if (bytes == 12)
		*hash ^= wcdev_rss_sum(rss->table + 8, tuple + 8);
	return true;
}

#endif /* WCDEV_RSS_H */
