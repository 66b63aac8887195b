/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef IP_FRAME_H
#define IP_FRAME_H

/* IP frames made by their fields, with checksums; and sums and hashes apart from the library's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP_TCP 6u
#define IP_UDP 17u
#define IP_FRAME_BYTES_MAX 70000u

struct ip_frame {
	bool v6;
	uint8_t proto;
	unsigned int tags;        /* of VLANs */
	uint16_t fragment;        /* IPv4: flags and offset as in the header */
	bool extension;           /* IPv6: a header of destination options */
	uint8_t options;          /* IPv4: bytes of options, a multiple of 4 */
	uint8_t tcp_words;        /* of TCP's options */
	uint8_t src[16], dst[16]; /* IPv4: the first four */
	uint16_t sport, dport;
	uint32_t payload_bytes;

	/* Where what was made is. */
	uint32_t l3_off, l4_off, payload_off, bytes;
};

/* Makes the frame; the payload's bytes depend on `salt`. Returns its length. */
uint32_t ip_frame_make(struct ip_frame *f, uint8_t *out, uint8_t salt);
/* Addresses and ports by a number. */
void ip_frame_tuple(struct ip_frame *f, uint64_t seed);

/* The Internet checksum of what is there, as a number: 0 where the right checksum is in it. */
uint16_t ip_sum(const uint8_t *data, size_t bytes, uint32_t before);
/* Whether the checksums of a frame that was made, or changed since, are right. */
bool ip_frame_l3_ok(const struct ip_frame *f, const uint8_t *frame);
bool ip_frame_l4_ok(const struct ip_frame *f, const uint8_t *frame);
/* Where the checksum of TCP or UDP is. */
uint32_t ip_frame_l4_sum_off(const struct ip_frame *f);
/* The sum of the pseudo-header alone, as a driver puts it there for a partial checksum. */
uint16_t ip_frame_pseudo_sum(const struct ip_frame *f, uint32_t l4_bytes);

/* Toeplitz' hash, bit by bit. The key has 40 bytes. */
uint32_t toeplitz(const uint8_t *key, const uint8_t *data, size_t bytes);

#endif /* IP_FRAME_H */
