/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What kind of frame it is, from its first bytes. */

#include <stdbool.h>

#include "wcdev_parse.h"

#define ETHER_BYTES 14u
#define IPV4_BYTES 20u
#define IPV6_BYTES 40u
/* More extension headers than this are not looked through. */
#define EXTENSIONS_MAX 5u

enum {
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_ESP = 50,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_DSTOPTS = 60,
	PROTO_SCTP = 132,
};

enum {
	OPTION_END = 0,
	OPTION_NOP = 1,           /* of IPv4: one byte, as OPTION_END */
	OPTION_LOOSE_ROUTE = 131, /* of IPv4 */
	OPTION_STRICT_ROUTE = 137,
	OPTION_PAD1 = 0, /* of IPv6: one byte */
	OPTION_HOME_ADDRESS = 201,
};

static uint16_t
be16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Layer 4 is what `proto` says, if all of its header is here. */
static void
parse_l4(const uint8_t *head, size_t off, size_t bytes, uint8_t proto, struct wcdev_parse *out)
{
	const bool v6 = (out->ptype & WCDEV_PTYPE_L3_MASK) == WCDEV_PTYPE_IPV6;
	uint16_t ptype = 0;
	size_t needed = 4;

	if (proto == PROTO_TCP) {
		ptype = WCDEV_PTYPE_TCP;
		needed = WCDEV_TCP_BYTES;
	} else if (proto == PROTO_UDP) {
		ptype = WCDEV_PTYPE_UDP;
		needed = WCDEV_UDP_BYTES;
	} else if (proto == PROTO_SCTP) {
		ptype = WCDEV_PTYPE_SCTP;
		needed = WCDEV_SCTP_BYTES;
	} else if (proto == (v6 ? PROTO_ICMPV6 : PROTO_ICMP)) {
		ptype = WCDEV_PTYPE_ICMP;
	}
	if (ptype == 0 || off > bytes || bytes - off < needed)
		return;
	out->ptype |= ptype;
	out->l4_off = (uint16_t)off;
	if (ptype != WCDEV_PTYPE_ICMP)
		out->ports = head + off;
}

/* Whether one of the options of an IPv4 header is a route: the destination is not the last one. */
static bool
options_have_route(const uint8_t *option, size_t bytes)
{
	while (bytes != 0 && *option != OPTION_END) {
		size_t used = *option == OPTION_NOP ? 1 : bytes < 2 ? 0 : option[1];

		if (*option == OPTION_LOOSE_ROUTE || *option == OPTION_STRICT_ROUTE)
			return true;
		if (used == 0 || used > bytes)
			return false;
		option += used;
		bytes -= used;
	}
	return false;
}

static void
parse_ipv4(const uint8_t *head, size_t off, size_t bytes, struct wcdev_parse *out)
{
	const uint8_t *ip = head + off;
	size_t header_bytes;

	if (bytes - off < IPV4_BYTES || ip[0] >> 4 != 4)
		return;
	header_bytes = (ip[0] & 0xf) * 4u;
	if (header_bytes < IPV4_BYTES || header_bytes > bytes - off)
		return;
	out->ptype |= WCDEV_PTYPE_IPV4;
	out->ptype |= header_bytes == IPV4_BYTES ? WCDEV_PTYPE_IP_PLAIN : WCDEV_PTYPE_IP_EXT;
	out->l3_off = (uint16_t)off;
	out->l3_end = (uint32_t)off + be16_at(ip + 2);
	out->addr_bytes = 8;
	out->addr = ip + 12;
	out->routed = options_have_route(ip + IPV4_BYTES, header_bytes - IPV4_BYTES);
	if ((be16_at(ip + 6) & 0x3fff) != 0) /* more fragments, or an offset */
		out->ptype |= WCDEV_PTYPE_FRAG;
	else
		parse_l4(head, off + header_bytes, bytes, ip[9], out);
}

static bool
is_extension(uint8_t proto)
{
	return proto == PROTO_HOPOPTS || proto == PROTO_ROUTING || proto == PROTO_DSTOPTS;
}

/* Whether the options of an extension header, which is all here, hold a home address. */
static bool
options_have_home(const uint8_t *header, size_t bytes)
{
	size_t off = 2;

	while (off < bytes) {
		if (header[off] == OPTION_HOME_ADDRESS)
			return true;
		if (header[off] == OPTION_PAD1)
			off++;
		else if (off + 1 < bytes)
			off += header[off + 1] + 2u;
		else
			break;
	}
	return false;
}

/* Whether the addresses that layer 4 is summed with are others than those of the IP header. */
static bool
extension_routes(const uint8_t *header, size_t bytes, uint8_t proto)
{
	if (proto == PROTO_ROUTING)
		return header[3] != 0; /* segments left */
	return proto == PROTO_DSTOPTS && options_have_home(header, bytes);
}

static void
parse_ipv6(const uint8_t *head, size_t off, size_t bytes, struct wcdev_parse *out)
{
	const uint8_t *ip = head + off;
	uint8_t proto;

	if (bytes - off < IPV6_BYTES || ip[0] >> 4 != 6)
		return;
	proto = ip[6];
	out->ptype |= WCDEV_PTYPE_IPV6;
	out->ptype |= is_extension(proto) || proto == PROTO_FRAGMENT || proto == PROTO_ESP ||
				      proto == PROTO_AH
			      ? WCDEV_PTYPE_IP_EXT
			      : WCDEV_PTYPE_IP_PLAIN;
	out->l3_off = (uint16_t)off;
	if (be16_at(ip + 4) != 0) /* not a jumbogram */
		out->l3_end = (uint32_t)off + IPV6_BYTES + be16_at(ip + 4);
	out->addr_bytes = 32;
	out->addr = ip + 8;
	off += IPV6_BYTES;
	for (unsigned int i = 0; i < EXTENSIONS_MAX && is_extension(proto); i++) {
		size_t header_bytes;

		if (bytes - off < 8)
			return;
		header_bytes = (head[off + 1] + 1u) * 8u;
		if (header_bytes > bytes - off)
			return;
		out->routed |= extension_routes(head + off, header_bytes, proto);
		proto = head[off];
		off += header_bytes;
	}
	if (proto != PROTO_FRAGMENT)
		parse_l4(head, off, bytes, proto, out);
	else if (bytes - off >= 8)
		out->ptype |= WCDEV_PTYPE_FRAG;
}

void
wcdev_parse(const uint8_t *head, size_t bytes, struct wcdev_parse *out)
{
	size_t off = ETHER_BYTES;
	uint16_t type = be16_at(head + 12);
	const uint16_t first = type;

	memset(out, 0, sizeof(*out));
	while ((type == WCDEV_ETHERTYPE_VLAN || type == WCDEV_ETHERTYPE_QINQ) &&
	       off + WCDEV_TAG_BYTES <= bytes && out->n_tags < 2) {
		out->ptype |= WCDEV_PTYPE_VLAN;
		out->tci[out->n_tags++] = be16_at(head + off);
		type = be16_at(head + off + 2);
		off += WCDEV_TAG_BYTES;
	}
	if (out->n_tags == 2 && first == WCDEV_ETHERTYPE_QINQ)
		out->ptype |= WCDEV_PTYPE_QINQ;
	if (type == WCDEV_ETHERTYPE_IPV4)
		parse_ipv4(head, off, bytes, out);
	else if (type == WCDEV_ETHERTYPE_IPV6)
		parse_ipv6(head, off, bytes, out);
	else if (type == WCDEV_ETHERTYPE_ARP)
		out->ptype |= WCDEV_PTYPE_ARP;
	else if (type == WCDEV_ETHERTYPE_PTP)
		out->ptype |= WCDEV_PTYPE_PTP;
}

const uint8_t *
wcdev_frame_head(const struct wcdev_frame *frame, uint8_t *buf)
{
	size_t used = 0;

	if ((frame->flags & WCDEV_FRAME_STABLE) != 0 && frame->n_frags == 1)
		return frame->frags[0].base;
	for (uint32_t i = 0; i < frame->n_frags && used < WCDEV_HEAD_BYTES; i++) {
		size_t piece = frame->frags[i].bytes;

		if (piece > WCDEV_HEAD_BYTES - used)
			piece = WCDEV_HEAD_BYTES - used;
		memcpy(buf + used, frame->frags[i].base, piece);
		used += piece;
	}
	return buf;
}
