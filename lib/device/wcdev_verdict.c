/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Checksums of frames that came: RFC 791, 9293, 768, 8200, 9260. */

#include <endian.h>

#include "wcdev_csum.h"
#include "wcdev_verdict.h"

enum {
	PROTO_TCP = 6,
	PROTO_UDP = 17,
};

#define SCTP_CRC_OFF 8u

static uint16_t
be16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
ipv4_verdict(const uint8_t *ip)
{
	struct wcdev_csum csum = {0};

	wcdev_csum_add(&csum, ip, (ip[0] & 0xf) * 4u);
	return wcdev_csum_fold(&csum) == 0xffff ? WCDEV_VERDICT_IP_GOOD : WCDEV_VERDICT_IP_BAD;
}

/* TCP and UDP of `bytes` bytes, whose sum holds their own checksum. */
static uint32_t
sum_verdict(const struct wcdev_frame *frame, const struct wcdev_parse *parse, uint8_t proto,
	    uint32_t bytes)
{
	struct wcdev_csum csum = {0};

	if (parse->addr_bytes == 8)
		wcdev_csum_add_pseudo_ipv4(&csum, parse->addr, proto, bytes);
	else
		wcdev_csum_add_pseudo_ipv6(&csum, parse->addr, proto, bytes);
	wcdev_csum_add_frame(&csum, frame, parse->l4_off, bytes);
	return wcdev_csum_fold(&csum) == 0xffff ? WCDEV_VERDICT_L4_GOOD : WCDEV_VERDICT_L4_BAD;
}

static uint32_t
udp_verdict(const struct wcdev_frame *frame, const uint8_t *udp, const struct wcdev_parse *parse,
	    uint32_t most)
{
	const uint32_t bytes = be16_at(udp + 4);

	if (bytes < WCDEV_UDP_BYTES || bytes > most || be16_at(udp + 6) == 0)
		return 0;
	return sum_verdict(frame, parse, PROTO_UDP, bytes);
}

static uint32_t
sctp_verdict(const struct wcdev_frame *frame, const uint8_t *sctp, const struct wcdev_parse *parse,
	     uint32_t bytes)
{
	static const uint8_t zeroes[4];
	uint32_t crc, found;

	memcpy(&found, sctp + SCTP_CRC_OFF, sizeof(found));
	crc = wcdev_crc32c_frame(WCDEV_CRC32C_INIT, frame, parse->l4_off, SCTP_CRC_OFF);
	crc = wcdev_crc32c(crc, zeroes, sizeof(zeroes));
	crc = wcdev_crc32c_frame(crc, frame, parse->l4_off + WCDEV_SCTP_BYTES,
				 bytes - WCDEV_SCTP_BYTES);
	return ~crc == le32toh(found) ? WCDEV_VERDICT_L4_GOOD : WCDEV_VERDICT_L4_BAD;
}

static uint32_t
l4_verdict(const struct wcdev_frame *frame, const uint8_t *head, const struct wcdev_parse *parse)
{
	const uint8_t *l4 = head + parse->l4_off;
	uint32_t bytes;

	if (parse->l4_off == 0 || parse->routed || parse->l3_end > frame->bytes ||
	    parse->l3_end <= parse->l4_off)
		return 0;
	bytes = parse->l3_end - parse->l4_off;
	switch (parse->ptype & WCDEV_PTYPE_L4_MASK) {
	case WCDEV_PTYPE_TCP:
		return bytes < WCDEV_TCP_BYTES ? 0 : sum_verdict(frame, parse, PROTO_TCP, bytes);
	case WCDEV_PTYPE_UDP:
		return udp_verdict(frame, l4, parse, bytes);
	case WCDEV_PTYPE_SCTP:
		return bytes < WCDEV_SCTP_BYTES ? 0 : sctp_verdict(frame, l4, parse, bytes);
	default:
		return 0;
	}
}

uint32_t
wcdev_verdict(const struct wcdev_frame *frame, const uint8_t *head, const struct wcdev_parse *parse)
{
	uint32_t verdict = 0;

	if ((parse->ptype & WCDEV_PTYPE_L3_MASK) == WCDEV_PTYPE_IPV4)
		verdict = ipv4_verdict(head + parse->l3_off);
	return verdict | l4_verdict(frame, head, parse);
}
