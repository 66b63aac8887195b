/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_PARSE_H
#define WCDEV_PARSE_H

/*
 * For card models: what kind of frame it is, by its first bytes. A card whose completions have
 * other values than these translates them.
 */

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wcdev.h"

/* Packet types: bits of layer 2, one value of L3 with a bit that says more of it, one of L4. */
#define WCDEV_PTYPE_L2 0x0000u
#define WCDEV_PTYPE_VLAN 0x0001u /* one or two tags */
#define WCDEV_PTYPE_QINQ 0x0002u /* with VLAN: two tags, the first of them 0x88a8 */
#define WCDEV_PTYPE_PTP 0x0004u
#define WCDEV_PTYPE_ARP 0x0008u
#define WCDEV_PTYPE_IPV4 0x0010u
#define WCDEV_PTYPE_IPV6 0x0020u
#define WCDEV_PTYPE_L3_MASK 0x0030u
#define WCDEV_PTYPE_IP_PLAIN 0x0040u /* no options, no extension headers */
#define WCDEV_PTYPE_IP_EXT 0x0080u   /* some */
#define WCDEV_PTYPE_TCP 0x0100u
#define WCDEV_PTYPE_UDP 0x0200u
#define WCDEV_PTYPE_ICMP 0x0300u
#define WCDEV_PTYPE_FRAG 0x0400u
#define WCDEV_PTYPE_SCTP 0x0500u
#define WCDEV_PTYPE_L4_MASK 0x0700u

#define WCDEV_ETHERTYPE_IPV4 0x0800u
#define WCDEV_ETHERTYPE_ARP 0x0806u
#define WCDEV_ETHERTYPE_VLAN 0x8100u
#define WCDEV_ETHERTYPE_IPV6 0x86ddu
#define WCDEV_ETHERTYPE_QINQ 0x88a8u
#define WCDEV_ETHERTYPE_PTP 0x88f7u
/* A VLAN tag: the addresses are followed by its EtherType and TCI. */
#define WCDEV_TAG_BYTES 4u

/* Headers without options. */
#define WCDEV_TCP_BYTES 20u
#define WCDEV_UDP_BYTES 8u
#define WCDEV_SCTP_BYTES 12u

/*
 * What the parser found. Of TCP, UDP and SCTP the whole header without options is in the bytes that
 * were parsed, else the ptype does not name them.
 */
struct wcdev_parse {
	uint16_t ptype;       /* WCDEV_PTYPE_* */
	uint8_t n_tags;       /* VLAN tags, up to two */
	uint8_t addr_bytes;   /* 0: no addresses were found */
	uint16_t tci[2];      /* of the outer tag, of the inner one; host byte order */
	uint16_t l3_off;      /* of the IP header, if there is one */
	uint16_t l4_off;      /* of the header of layer 4, if the ptype names it */
	uint32_t l3_end;      /* where the packet ends, by the IP header; 0: it does not say */
	bool routed;          /* a route or a home address is in the way: see wcdev_verdict() */
	const uint8_t *addr;  /* source and destination, in the first bytes of the frame */
	const uint8_t *ports; /* both, or NULL */
};

/*
 * Classifies a frame by its first bytes, at least 14. They must not change during the call nor as
 * long as *out is used, which points at them.
 */
void wcdev_parse(const uint8_t *head, size_t bytes, struct wcdev_parse *out);

/* ---- the first bytes of a frame ---------------------------------------------------------- */

/* Ethernet, two VLAN tags, IPv4 with options or IPv6 with some extension headers, layer 4. */
#define WCDEV_HEAD_BYTES 192u

/* How many of them a frame has. */
static inline uint32_t
wcdev_frame_head_bytes(const struct wcdev_frame *frame)
{
	return frame->bytes < WCDEV_HEAD_BYTES ? frame->bytes : WCDEV_HEAD_BYTES;
}

/*
 * The first bytes, which nobody else can change: as they are, or copied to `buf`, which has space
 * for WCDEV_HEAD_BYTES.
 */
const uint8_t *wcdev_frame_head(const struct wcdev_frame *frame, uint8_t *buf);

/* ---- most frames ------------------------------------------------------------------------- */

/* wcdev_ptype_of() cannot tell. */
#define WCDEV_PTYPE_UNKNOWN 0xffffu
/* Where addresses and ports are in an IPv4 frame without tag or options. */
#define WCDEV_IPV4_TUPLE_OFF 26u

/*
 * Most frames are IPv4 without tag or options, and no fragment, or nothing that the parser knows: a
 * few comparisons tell. The ptype of such a frame, or WCDEV_PTYPE_UNKNOWN: then it is for
 * wcdev_parse(). Each byte is read once, so it may be in memory that the host changes.
 */
static inline uint16_t
wcdev_ptype_of(const uint8_t *head, uint32_t bytes)
{
	static const uint16_t by_proto[256] = {[1] = WCDEV_PTYPE_ICMP,
					       [6] = WCDEV_PTYPE_TCP,
					       [17] = WCDEV_PTYPE_UDP,
					       [132] = WCDEV_PTYPE_SCTP};
	uint16_t fragment, ethertype;
	uint32_t type;

	if (bytes < 34 + WCDEV_TCP_BYTES)
		return WCDEV_PTYPE_UNKNOWN;
	memcpy(&type, head + 12, sizeof(type));
	if ((type & htobe32(0xffffff00)) != htobe32(0x08004500)) {
		ethertype = (uint16_t)(be32toh(type) >> 16);
		if (ethertype == WCDEV_ETHERTYPE_IPV4 || ethertype == WCDEV_ETHERTYPE_IPV6 ||
		    ethertype == WCDEV_ETHERTYPE_VLAN || ethertype == WCDEV_ETHERTYPE_QINQ ||
		    ethertype == WCDEV_ETHERTYPE_ARP || ethertype == WCDEV_ETHERTYPE_PTP)
			return WCDEV_PTYPE_UNKNOWN;
		return WCDEV_PTYPE_L2;
	}
	memcpy(&fragment, head + 20, sizeof(fragment));
	if ((fragment & htobe16(0x3fff)) != 0)
		return WCDEV_PTYPE_UNKNOWN;
	return WCDEV_PTYPE_IPV4 | WCDEV_PTYPE_IP_PLAIN | by_proto[head[23]];
}

#endif /* WCDEV_PARSE_H */
