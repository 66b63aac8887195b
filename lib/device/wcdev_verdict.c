/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Checksums of frames that came: RFC 791, 9293, 768, 8200, 9260. */

#include <endian.h>
#include <string.h>

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

/* ---- most frames ------------------------------------------------------------------------- */

#define IPV4_OFF 14u
#define IPV4_BYTES 20u
#define ADDRS_OFF (IPV4_OFF + 12) /* both addresses are followed by layer 4 */
#define ADDRS_BYTES 8u
#define L4_OFF (IPV4_OFF + IPV4_BYTES)

/* Ones' complement in 64 bits: a carry comes back at the low end. */
static inline uint64_t
sum_add(uint64_t sum, uint64_t word)
{
	sum += word;
	return sum + (sum < word);
}

static inline uint64_t
load64(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline uint64_t
sum_of(uint64_t sum, const uint8_t *at, uint32_t bytes)
{
	uint32_t word;
	uint16_t half;

	for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t), at += sizeof(uint64_t))
		sum = sum_add(sum, load64(at));
	if ((bytes & sizeof(word)) != 0) {
		memcpy(&word, at, sizeof(word));
		sum = sum_add(sum, word);
		at += sizeof(word);
	}
	if ((bytes & sizeof(half)) != 0) {
		memcpy(&half, at, sizeof(half));
		sum = sum_add(sum, half);
		at += sizeof(half);
	}
	return (bytes & 1) != 0 ? sum_add(sum, htole16(*at)) : sum;
}

/* The sum of 16-bit words is what is left by a division by 65535; a sum of some bytes is not 0. */
static inline bool
sum_is_right(uint64_t sum)
{
	return sum % UINT16_MAX == 0;
}

static inline uint32_t
ipv4_plain_verdict(const uint8_t *ip)
{
	uint64_t sum = sum_add(load64(ip), load64(ip + 8));
	uint32_t last;

	memcpy(&last, ip + 16, sizeof(last));
	return sum_is_right(sum_add(sum, last)) ? WCDEV_VERDICT_IP_GOOD : WCDEV_VERDICT_IP_BAD;
}

uint32_t
wcdev_verdict_ipv4(const uint8_t *frame, uint32_t bytes, uint16_t ptype)
{
	const uint16_t l4 = ptype & WCDEV_PTYPE_L4_MASK;
	const uint32_t verdict = ipv4_plain_verdict(frame + IPV4_OFF);
	const uint32_t end = IPV4_OFF + be16_at(frame + IPV4_OFF + 2);
	uint32_t l4_bytes = end - L4_OFF, udp_bytes;
	uint64_t sum;

	if (l4 == WCDEV_PTYPE_TCP) {
		if (end > bytes || end < L4_OFF + WCDEV_TCP_BYTES)
			return verdict;
		sum = htobe16(PROTO_TCP);
	} else if (l4 == WCDEV_PTYPE_UDP) {
		udp_bytes = be16_at(frame + L4_OFF + 4);
		if (end > bytes || end < L4_OFF + WCDEV_UDP_BYTES || udp_bytes > l4_bytes ||
		    udp_bytes < WCDEV_UDP_BYTES || be16_at(frame + L4_OFF + 6) == 0)
			return verdict;
		l4_bytes = udp_bytes;
		sum = htobe16(PROTO_UDP);
	} else {
		return verdict;
	}
	sum = sum_of(sum + htobe16((uint16_t)l4_bytes), frame + ADDRS_OFF, ADDRS_BYTES + l4_bytes);
	return verdict | (sum_is_right(sum) ? WCDEV_VERDICT_L4_GOOD : WCDEV_VERDICT_L4_BAD);
}
