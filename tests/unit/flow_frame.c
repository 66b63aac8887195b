/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Frames whose every field is known: each is written into the frame and into a key. */

#include <string.h>

#include "flow_frame.h"

/* splitmix64 */
uint64_t
flow_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ull;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static unsigned int
below(uint64_t *state, unsigned int n)
{
	return (unsigned int)(flow_random(state) % n);
}

static void
put(struct flow_frame *f, const void *bytes, uint32_t n)
{
	memcpy(f->data + f->bytes, bytes, n);
	f->bytes += n;
}

static void
put16(struct flow_frame *f, uint16_t value, uint8_t field[2])
{
	const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	if (field != NULL)
		memcpy(field, bytes, 2);
	put(f, bytes, 2);
}

static void
ports_put(struct flow_frame *f, uint64_t *state, uint8_t proto)
{
	static const uint8_t rest[20];

	if (proto != 6 && proto != 17 && proto != 132) {
		put(f, rest, 8);
		return;
	}
	f->key.layers |= proto == 6    ? WCNIC_FLOWL_TCP
			 : proto == 17 ? WCNIC_FLOWL_UDP
				       : WCNIC_FLOWL_SCTP;
	put16(f, (uint16_t)(1000 + below(state, 4)), f->key.src_port);
	put16(f, (uint16_t)(2000 + below(state, 4)), f->key.dst_port);
	put(f, rest, proto == 6 ? 16 : proto == 17 ? 4 : 8);
}

static void
addr_make(uint8_t *addr, unsigned int bytes, uint64_t *state)
{
	memset(addr, 10, bytes);
	addr[1] = (uint8_t)below(state, 2);
	addr[bytes - 1] = (uint8_t)(below(state, 8) << 4);
}

static uint8_t
proto_make(uint64_t *state)
{
	static const uint8_t protos[] = {6, 6, 6, 17, 17, 17, 1, 58, 47};

	return protos[below(state, sizeof(protos))];
}

static void
ipv4_put(struct flow_frame *f, uint64_t *state)
{
	const unsigned int options = below(state, 4) == 0 ? 4 : 0;
	const bool fragment = below(state, 6) == 0;
	uint8_t ip[24] = {0}, proto = proto_make(state);

	ip[0] = (uint8_t)(0x45 + options / 4);
	ip[1] = (uint8_t)(below(state, 3) << 2);
	ip[6] = fragment ? 0x20 : 0x40;
	ip[8] = 64;
	ip[9] = proto;
	addr_make(ip + 12, 4, state);
	addr_make(ip + 16, 4, state);
	memcpy(f->key.src_addr, ip + 12, 4);
	memcpy(f->key.dst_addr, ip + 16, 4);
	f->key.ip_proto = proto;
	f->key.ip_tos = ip[1];
	f->key.layers |= WCNIC_FLOWL_IPV4 | (fragment ? WCNIC_FLOWL_FRAGMENT : 0);
	put(f, ip, 20 + options);
	ports_put(f, state, fragment ? 255 : proto);
}

static void
ipv6_put(struct flow_frame *f, uint64_t *state)
{
	const bool fragment = below(state, 6) == 0, hop = !fragment && below(state, 6) == 0;
	const uint8_t tos = (uint8_t)(below(state, 3) << 2), proto = proto_make(state);
	uint8_t ip[40] = {0}, extension[8] = {0};

	ip[0] = (uint8_t)(0x60 | tos >> 4);
	ip[1] = (uint8_t)(tos << 4 | below(state, 2));
	ip[6] = fragment ? 44 : hop ? 0 : proto;
	ip[7] = 64;
	addr_make(ip + 8, 16, state);
	addr_make(ip + 24, 16, state);
	memcpy(f->key.src_addr, ip + 8, 16);
	memcpy(f->key.dst_addr, ip + 24, 16);
	f->key.ip_proto = ip[6];
	f->key.ip_tos = tos;
	f->key.layers |= WCNIC_FLOWL_IPV6 | (fragment ? WCNIC_FLOWL_FRAGMENT : 0);
	put(f, ip, sizeof(ip));
	extension[0] = proto;
	if (fragment || hop)
		put(f, extension, sizeof(extension));
	ports_put(f, state, fragment ? 255 : proto);
}

void
flow_frame_make(struct flow_frame *f, uint64_t *state)
{
	static const uint16_t types[] = {0x0800, 0x0800, 0x0800, 0x86dd, 0x86dd, 0x0806};
	const unsigned int tags = below(state, 2) == 0 ? 0 : below(state, 3);
	const uint16_t type = types[below(state, sizeof(types) / sizeof(types[0]))];
	const uint8_t dst[6] = {2, 0, 0, 0, 0, (uint8_t)below(state, 4)};
	const uint8_t src[6] = {2, 0, 0, 1, 0, (uint8_t)below(state, 4)};

	memset(f, 0, sizeof(*f));
	put(f, dst, 6);
	put(f, src, 6);
	memcpy(f->key.dst_mac, dst, 6);
	memcpy(f->key.src_mac, src, 6);
	put16(f, tags == 2 ? 0x88a8 : tags == 1 ? 0x8100 : type, f->key.ether_type);
	if (tags != 0) {
		f->key.layers |= WCNIC_FLOWL_TAGGED;
		put16(f, (uint16_t)(below(state, 2) << 13 | below(state, 3)), f->key.vlan_tci);
		put16(f, tags == 2 ? 0x8100 : type, f->key.vlan_type);
	}
	if (tags == 2) {
		f->key.layers |= WCNIC_FLOWL_TAGGED2;
		put16(f, (uint16_t)below(state, 3), f->key.vlan2_tci);
		put16(f, type, f->key.vlan2_type);
	}
	if (type == 0x0800)
		ipv4_put(f, state);
	else if (type == 0x86dd)
		ipv6_put(f, state);
	if (f->bytes < 60)
		f->bytes = 60;
	f->key.layers = htole16(f->key.layers);
}
