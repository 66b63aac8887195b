/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What kind of frame it is, from its first bytes. */

#include <stdbool.h>

#include "wcdev_parse.h"

#define ETHER_BYTES 14u
enum {
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_ICMPV6 = 58,
	PROTO_DSTOPTS = 60,
};

static uint16_t
be16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
parse_l4(const uint8_t *l4, size_t bytes, uint8_t proto, struct wcdev_parse *out)
{
	bool v6 = (out->ptype & WCDEV_PTYPE_L3_MASK) == WCDEV_PTYPE_IPV6;

	if (proto == PROTO_TCP) {
		out->ptype |= WCDEV_PTYPE_TCP;
		out->rss_type = v6 ? WCDEV_RSS_IPV6_TCP : WCDEV_RSS_IPV4_TCP;
	} else if (proto == PROTO_UDP) {
		out->ptype |= WCDEV_PTYPE_UDP;
		out->rss_type = v6 ? WCDEV_RSS_IPV6_UDP : WCDEV_RSS_IPV4_UDP;
	} else if (proto == (v6 ? PROTO_ICMPV6 : PROTO_ICMP)) {
		out->ptype |= WCDEV_PTYPE_ICMP;
	}
	if ((proto == PROTO_TCP || proto == PROTO_UDP) && bytes >= 4)
		out->ports = l4;
}

static void
parse_ipv4(const uint8_t *ip, size_t bytes, struct wcdev_parse *out)
{
	size_t header_bytes;

	if (bytes < 20 || ip[0] >> 4 != 4)
		return;
	header_bytes = (ip[0] & 0xf) * 4u;
	if (header_bytes < 20 || header_bytes > bytes)
		return;
	out->ptype |= WCDEV_PTYPE_IPV4;
	out->addr_bytes = 8;
	out->addr = ip + 12;
	if ((be16_at(ip + 6) & 0x3fff) != 0) /* more fragments, or an offset */
		out->ptype |= WCDEV_PTYPE_FRAG;
	else
		parse_l4(ip + header_bytes, bytes - header_bytes, ip[9], out);
}

static bool
is_extension(uint8_t proto)
{
	return proto == PROTO_HOPOPTS || proto == PROTO_ROUTING || proto == PROTO_DSTOPTS;
}

static void
parse_ipv6(const uint8_t *ip, size_t bytes, struct wcdev_parse *out)
{
	size_t off = 40;
	uint8_t proto;

	if (bytes < off || ip[0] >> 4 != 6)
		return;
	out->ptype |= WCDEV_PTYPE_IPV6;
	out->addr_bytes = 32;
	out->addr = ip + 8;
	proto = ip[6];
	while (is_extension(proto) && off + 2 <= bytes) {
		proto = ip[off];
		off += (ip[off + 1] + 1u) * 8u;
	}
	if (proto == PROTO_FRAGMENT)
		out->ptype |= WCDEV_PTYPE_FRAG;
	else if (off <= bytes)
		parse_l4(ip + off, bytes - off, proto, out);
}

void
wcdev_parse(const uint8_t *head, size_t bytes, struct wcdev_parse *out)
{
	size_t off = ETHER_BYTES;
	uint16_t type = be16_at(head + 12);

	out->ptype = WCDEV_PTYPE_L2;
	out->rss_type = 0;
	out->n_tags = 0;
	out->addr_bytes = 0;
	out->ports = NULL;
	while ((type == WCDEV_ETHERTYPE_VLAN || type == WCDEV_ETHERTYPE_QINQ) &&
	       off + WCDEV_TAG_BYTES <= bytes && out->n_tags < 2) {
		out->ptype |= WCDEV_PTYPE_VLAN;
		out->tci[out->n_tags++] = be16_at(head + off);
		type = be16_at(head + off + 2);
		off += WCDEV_TAG_BYTES;
	}
	if (type == WCDEV_ETHERTYPE_IPV4)
		parse_ipv4(head + off, bytes - off, out);
	else if (type == WCDEV_ETHERTYPE_IPV6)
		parse_ipv6(head + off, bytes - off, out);
}
