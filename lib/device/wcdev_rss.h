/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_RSS_H
#define WCDEV_RSS_H

/* For card models: the Toeplitz hash of a frame's addresses and ports. */

#include <stdbool.h>

#include "wcdev_parse.h"

#define WCDEV_RSS_KEY_BYTES 40u

/*
 * What is hashed: packets of a kind, by addresses; those of TCP, UDP and SCTP by ports too. IPV4
 * and IPV6 are all packets of that version whose own kind is not named: by addresses.
 */
#define WCDEV_RSS_IPV4 0x0001u
#define WCDEV_RSS_IPV4_TCP 0x0002u
#define WCDEV_RSS_IPV4_UDP 0x0004u
#define WCDEV_RSS_IPV6 0x0008u
#define WCDEV_RSS_IPV6_TCP 0x0010u
#define WCDEV_RSS_IPV6_UDP 0x0020u
#define WCDEV_RSS_IPV4_SCTP 0x0040u
#define WCDEV_RSS_IPV6_SCTP 0x0080u
#define WCDEV_RSS_IPV4_FRAG 0x0100u
#define WCDEV_RSS_IPV6_FRAG 0x0200u
#define WCDEV_RSS_IPV4_OTHER 0x0400u /* neither a fragment nor TCP, UDP or SCTP */
#define WCDEV_RSS_IPV6_OTHER 0x0800u

/* All zeroes: nothing is hashed. */
struct wcdev_rss {
	uint32_t types; /* WCDEV_RSS_* */
	/* How many bytes of addresses and ports are hashed, by L4 of the ptype. */
	uint8_t ipv4_bytes[8];
	uint8_t ipv6_bytes[8];
	/* What each byte of the input adds to the hash: addresses, then ports. */
	uint32_t ipv4_table[12][256];
	uint32_t ipv6_table[36][256];
};

/*
 * Takes a key, which may not be changed by the host during the call, and what is to be hashed.
 * `symmetric`: source and destination are both replaced by their exclusive-or, addresses and ports
 * alike, so both directions have the same hash.
 */
void wcdev_rss_set(struct wcdev_rss *rss, uint32_t types, bool symmetric,
		   const uint8_t key[WCDEV_RSS_KEY_BYTES]);

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
	*hash = wcdev_rss_sum(rss->ipv4_table, tuple) ^
		wcdev_rss_sum(rss->ipv4_table + 4, tuple + 4);
	if (bytes == 12)
		*hash ^= wcdev_rss_sum(rss->ipv4_table + 8, tuple + 8);
	return true;
}

#endif /* WCDEV_RSS_H */
