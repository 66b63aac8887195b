/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Checksums, VLAN tags and segments of frames on their way out. */

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "wcdev_csum.h"
#include "wcdev_offload.h"
#include "wcdev_parse.h"

#define ETHER_BYTES 14u
#define ADDRS_BYTES 12u
#define IPV4_BYTES 20u
#define IPV6_BYTES 40u
#define TCP_BYTES 20u
#define UDP_BYTES 8u
#define SCTP_BYTES 12u
#define TCP_FIN_PSH 0x09u
#define TCP_CWR 0x80u

enum {
	PROTO_HOPOPTS = 0,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_AH = 51,
	PROTO_DSTOPTS = 60,
	PROTO_SCTP = 132,
	PROTO_NONE = -1,
};

static const uint8_t protos[] = {
	[WCDEV_OFFLOAD_TCP] = PROTO_TCP,
	[WCDEV_OFFLOAD_SCTP] = PROTO_SCTP,
	[WCDEV_OFFLOAD_UDP] = PROTO_UDP,
};

static uint16_t
be16_get(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void
be16_put(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t
be32_get(const uint8_t *at)
{
	return (uint32_t)be16_get(at) << 16 | be16_get(at + 2);
}

static void
be32_put(uint8_t *at, uint32_t value)
{
	be16_put(at, value >> 16);
	be16_put(at + 2, value);
}

/* ---- headers ----------------------------------------------------------------------------- */

/* Layer 3 of a frame, found to be what a request says. */
struct layer3 {
	uint8_t *ip;
	uint32_t bytes; /* that the packet has behind its header; as its length says */
	bool v6;
};

/* The protocol behind `l3_bytes` of extension headers, or PROTO_NONE if there is no such place. */
static int
ipv6_proto(const uint8_t *ip, uint32_t l3_bytes)
{
	uint32_t off = IPV6_BYTES;
	uint8_t proto = ip[6];

	while (off + 8 <= l3_bytes) {
		const uint8_t *ext = ip + off;

		switch (proto) {
		case PROTO_ROUTING:
			/* The checksum would be that of the final destination. */
			if (ext[3] != 0)
				return PROTO_NONE;
			/* fallthrough */
		case PROTO_HOPOPTS:
		case PROTO_DSTOPTS:
			off += (ext[1] + 1u) * 8;
			break;
		case PROTO_FRAGMENT:
			if ((be16_get(ext + 2) & 0xfff9) != 0)
				return PROTO_NONE;
			off += 8;
			break;
		case PROTO_AH:
			off += (ext[1] + 2u) * 4;
			break;
		default:
			return PROTO_NONE;
		}
		proto = ext[0];
	}
	return off == l3_bytes ? proto : PROTO_NONE;
}

/*
 * Layer 3 of `bytes` that begin with it, of which `headers` are here. The lengths in a header that
 * is to be segmented are not looked at: they are made anew.
 */
WC_MUST_CHECK static int
ipv4_check(const struct wcdev_offload *o, uint32_t headers, uint32_t bytes, struct layer3 *l3)
{
	uint32_t total;

	if (o->l3_bytes < IPV4_BYTES || o->l3_bytes > headers ||
	    (l3->ip[0] & 0xfu) * 4u != o->l3_bytes)
		return -EINVAL;
	total = o->segment ? bytes : be16_get(l3->ip + 2);
	if (total < o->l3_bytes || total > bytes)
		return -EINVAL;
	if (o->l4 != WCDEV_OFFLOAD_NONE &&
	    (l3->ip[9] != protos[o->l4] || (be16_get(l3->ip + 6) & 0x3fff) != 0))
		return -EINVAL;
	l3->bytes = total - o->l3_bytes;
	return 0;
}

WC_MUST_CHECK static int
ipv6_check(const struct wcdev_offload *o, uint32_t headers, uint32_t bytes, struct layer3 *l3)
{
	uint32_t total;

	if (o->ipv4 || o->l3_bytes < IPV6_BYTES || o->l3_bytes > headers)
		return -EINVAL;
	total = o->segment ? bytes : IPV6_BYTES + be16_get(l3->ip + 4);
	if (total < o->l3_bytes || total > bytes ||
	    ipv6_proto(l3->ip, o->l3_bytes) != protos[o->l4])
		return -EINVAL;
	l3->bytes = total - o->l3_bytes;
	return 0;
}

/* `headers` bytes of the frame's `bytes` are at `frame`. */
WC_MUST_CHECK static int
layer3_find(const struct wcdev_offload *o, uint8_t *frame, uint32_t headers, uint32_t bytes,
	    struct layer3 *l3)
{
	if (o->l2_bytes < ETHER_BYTES || o->l2_bytes >= headers)
		return -EINVAL;
	l3->ip = frame + o->l2_bytes;
	headers -= o->l2_bytes;
	bytes -= o->l2_bytes;
	l3->v6 = l3->ip[0] >> 4 == 6;
	if (l3->v6)
		return ipv6_check(o, headers, bytes, l3);
	return l3->ip[0] >> 4 == 4 ? ipv4_check(o, headers, bytes, l3) : -EINVAL;
}

/* Whether layer 2 is Ethernet with nothing but VLAN tags, and says that IP follows. */
static bool
layer2_plain(const struct wcdev_offload *o, const uint8_t *frame, bool v6)
{
	for (uint32_t at = ADDRS_BYTES;; at += WCDEV_VLAN_BYTES) {
		uint16_t type = be16_get(frame + at);

		if (at + 2 == o->l2_bytes)
			return type == (v6 ? WCDEV_ETHERTYPE_IPV6 : WCDEV_ETHERTYPE_IPV4);
		if (at + 2 > o->l2_bytes ||
		    (type != WCDEV_ETHERTYPE_VLAN && type != WCDEV_ETHERTYPE_QINQ))
			return false;
	}
}

/* ---- checksums --------------------------------------------------------------------------- */

static void
ipv4_sum(uint8_t *ip, uint32_t l3_bytes)
{
	struct wcdev_csum csum = {0};
	uint16_t sum;

	memset(ip + 10, 0, 2);
	wcdev_csum_add(&csum, ip, l3_bytes);
	sum = ~wcdev_csum_fold(&csum);
	memcpy(ip + 10, &sum, sizeof(sum));
}

/* `l4` is l4_bytes long, with the checksum at `at` of it. */
static void
internet_sum(const struct layer3 *l3, uint8_t *l4, uint32_t l4_bytes, uint32_t at, uint8_t proto)
{
	struct wcdev_csum csum = {0};
	uint16_t sum;

	memset(l4 + at, 0, sizeof(sum));
	if (l3->v6)
		wcdev_csum_add_pseudo_ipv6(&csum, l3->ip + 8, proto, l4_bytes);
	else
		wcdev_csum_add_pseudo_ipv4(&csum, l3->ip + 12, proto, l4_bytes);
	wcdev_csum_add(&csum, l4, l4_bytes);
	sum = ~wcdev_csum_fold(&csum);
	/* UDP: 0 would say that there is no checksum. */
	if (sum == 0 && proto == PROTO_UDP)
		sum = 0xffff;
	memcpy(l4 + at, &sum, sizeof(sum));
}

static void
sctp_sum(uint8_t *l4, uint32_t l4_bytes)
{
	uint32_t sum;

	memset(l4 + 8, 0, sizeof(sum));
	sum = htole32(~wcdev_crc32c(WCDEV_CRC32C_INIT, l4, l4_bytes));
	memcpy(l4 + 8, &sum, sizeof(sum));
}

WC_MUST_CHECK static int
layer4_sum(const struct wcdev_offload *o, const struct layer3 *l3)
{
	uint8_t *l4 = l3->ip + o->l3_bytes;
	uint32_t udp_bytes;

	switch (o->l4) {
	case WCDEV_OFFLOAD_TCP:
		if (l3->bytes < TCP_BYTES)
			return -EINVAL;
		internet_sum(l3, l4, l3->bytes, 16, PROTO_TCP);
		return 0;
	case WCDEV_OFFLOAD_UDP:
		udp_bytes = l3->bytes < UDP_BYTES ? 0 : be16_get(l4 + 4);
		if (udp_bytes < UDP_BYTES || udp_bytes > l3->bytes)
			return -EINVAL;
		internet_sum(l3, l4, udp_bytes, 6, PROTO_UDP);
		return 0;
	case WCDEV_OFFLOAD_SCTP:
		if (l3->bytes < SCTP_BYTES)
			return -EINVAL;
		sctp_sum(l4, l3->bytes);
		return 0;
	default:
		return 0;
	}
}

/* ---- a frame that stays one -------------------------------------------------------------- */

/* Copies `bytes` from `*off` of `*frag` on, and moves both behind them. */
static void
frags_copy(const struct wcdev_frag **frag, uint32_t *off, uint8_t *to, uint32_t bytes)
{
	while (bytes != 0) {
		uint32_t piece = (*frag)->bytes - *off;

		if (piece > bytes)
			piece = bytes;
		memcpy(to, (const uint8_t *)(*frag)->base + *off, piece);
		to += piece;
		bytes -= piece;
		*off += piece;
		if (*off == (*frag)->bytes) {
			(*frag)++;
			*off = 0;
		}
	}
}

/* Copies the first `bytes` bytes, at least the addresses, and the tag if one is to be inserted. */
static uint32_t
head_copy(const struct wcdev_offload *o, const struct wcdev_frag **frag, uint32_t *off, uint8_t *to,
	  uint32_t bytes)
{
	if (!o->vlan) {
		frags_copy(frag, off, to, bytes);
		return bytes;
	}
	frags_copy(frag, off, to, ADDRS_BYTES);
	be16_put(to + ADDRS_BYTES, WCDEV_ETHERTYPE_VLAN);
	be16_put(to + ADDRS_BYTES + 2, o->vlan_tci);
	frags_copy(frag, off, to + ADDRS_BYTES + WCDEV_VLAN_BYTES, bytes - ADDRS_BYTES);
	return bytes + WCDEV_VLAN_BYTES;
}

int
wcdev_offload_copy(const struct wcdev_offload *o, const struct wcdev_frame *frame, uint8_t *to)
{
	const struct wcdev_frag *frag = frame->frags;
	struct wcdev_offload tagged = *o;
	uint32_t off = 0, bytes;
	struct layer3 l3;
	int ret;

	bytes = head_copy(o, &frag, &off, to, frame->bytes);
	if (!o->ipv4 && o->l4 == WCDEV_OFFLOAD_NONE)
		return 0;
	tagged.l2_bytes += bytes - frame->bytes;
	ret = layer3_find(&tagged, to, bytes, bytes, &l3);
	if (ret == 0)
		ret = layer4_sum(&tagged, &l3);
	if (ret == 0 && o->ipv4)
		ipv4_sum(l3.ip, o->l3_bytes);
	return ret;
}

/* ---- a frame that is cut ----------------------------------------------------------------- */

WC_MUST_CHECK static int
segment_check(const struct wcdev_segmenter *s, const struct layer3 *l3)
{
	const struct wcdev_offload *o = &s->o;
	const uint8_t *l4 = l3->ip + o->l3_bytes;

	if (o->mss == 0 || !layer2_plain(o, s->headers, l3->v6))
		return -EINVAL;
	if (o->l4 == WCDEV_OFFLOAD_TCP)
		return o->l4_bytes >= TCP_BYTES && (l4[12] >> 4) * 4u == o->l4_bytes ? 0 : -EINVAL;
	return o->l4 == WCDEV_OFFLOAD_UDP && o->l4_bytes == UDP_BYTES ? 0 : -EINVAL;
}

/* The payload before segment `first` is another's. */
static void
payload_skip(struct wcdev_segmenter *s, uint32_t first)
{
	uint32_t bytes = first * s->o.mss;

	for (; bytes != 0 && bytes >= s->frag->bytes - s->frag_off; s->frag++) {
		bytes -= s->frag->bytes - s->frag_off;
		s->frag_off = 0;
	}
	s->frag_off += bytes;
}

int
wcdev_segmenter_init(struct wcdev_segmenter *s, const struct wcdev_offload *o,
		     const struct wcdev_frame *frame, uint32_t first)
{
	uint32_t headers = (uint32_t)o->l2_bytes + o->l3_bytes + o->l4_bytes;
	struct layer3 l3;
	uint32_t tagged;
	int ret;

	if (headers > frame->bytes || headers < ETHER_BYTES + IPV4_BYTES + UDP_BYTES ||
	    headers > WCDEV_HEADERS_BYTES_MAX - WCDEV_VLAN_BYTES)
		return -EINVAL;
	s->o = *o;
	s->frag = frame->frags;
	s->frag_off = 0;
	s->header_bytes = head_copy(o, &s->frag, &s->frag_off, s->headers, headers);
	tagged = s->header_bytes - headers;
	s->o.l2_bytes += tagged;
	s->payload_bytes = frame->bytes - headers;
	ret = layer3_find(&s->o, s->headers, s->header_bytes, frame->bytes + tagged, &l3);
	if (ret == 0)
		ret = segment_check(s, &l3);
	if (ret != 0)
		return ret;
	s->n = s->payload_bytes == 0 ? 1 : (s->payload_bytes + s->o.mss - 1) / s->o.mss;
	s->next = first;
	if (first < s->n)
		payload_skip(s, first);
	return 0;
}

void
wcdev_segment_make(struct wcdev_segmenter *s, uint8_t *to)
{
	const struct wcdev_offload *o = &s->o;
	uint32_t i = s->next++;
	uint32_t bytes = wcdev_segment_bytes(s, i);
	struct layer3 l3 = {.ip = to + o->l2_bytes};
	uint8_t *l4 = l3.ip + o->l3_bytes;

	memcpy(to, s->headers, s->header_bytes);
	frags_copy(&s->frag, &s->frag_off, to + s->header_bytes, bytes - s->header_bytes);
	l3.v6 = l3.ip[0] >> 4 == 6;
	l3.bytes = bytes - o->l2_bytes - o->l3_bytes;
	if (l3.v6) {
		be16_put(l3.ip + 4, o->l3_bytes - IPV6_BYTES + l3.bytes);
	} else {
		be16_put(l3.ip + 2, o->l3_bytes + l3.bytes);
		be16_put(l3.ip + 4, be16_get(l3.ip + 4) + i);
		ipv4_sum(l3.ip, o->l3_bytes);
	}
	if (o->l4 == WCDEV_OFFLOAD_UDP) {
		be16_put(l4 + 4, l3.bytes);
		internet_sum(&l3, l4, l3.bytes, 6, PROTO_UDP);
		return;
	}
	be32_put(l4 + 4, be32_get(l4 + 4) + i * o->mss);
	if (i != 0)
		l4[13] &= (uint8_t)~TCP_CWR;
	if (i != s->n - 1)
		l4[13] &= (uint8_t)~TCP_FIN_PSH;
	internet_sum(&l3, l4, l3.bytes, 16, PROTO_TCP);
}
