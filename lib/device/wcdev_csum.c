/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Sums of bytes: RFC 1071, and the CRC that SCTP uses (RFC 9260). */

#include <endian.h>
#include <string.h>

#include "wcdev_csum.h"

/* ---- ones' complement sum ------------------------------------------------------------------- */

static uint16_t
fold(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

/* Words of 32 bits do as well as those of 16: the carries of either come back at the low end. */
void
wcdev_csum_add(struct wcdev_csum *csum, const void *data, size_t bytes)
{
	const uint8_t *at = data;
	uint64_t sum = 0;
	uint32_t words[4];

	if (bytes == 0)
		return; /* `data` may be NULL */
	for (size_t n = bytes / sizeof(words); n != 0; n--, at += sizeof(words)) {
		memcpy(words, at, sizeof(words));
		sum += (uint64_t)words[0] + words[1] + words[2] + words[3];
	}
	memset(words, 0, sizeof(words));
	memcpy(words, at, bytes % sizeof(words));
	sum += (uint64_t)words[0] + words[1] + words[2] + words[3];
	/* From an odd place on, high and low bytes have changed places. */
	csum->sum += csum->odd ? __builtin_bswap16(fold(sum)) : fold(sum);
	csum->odd ^= bytes % 2 != 0;
}

uint16_t
wcdev_csum_fold(const struct wcdev_csum *csum)
{
	return fold(csum->sum);
}

static void
pseudo_add(struct wcdev_csum *csum, uint8_t proto, uint32_t l4_bytes)
{
	const uint32_t words[2] = {htobe32(l4_bytes), htobe32(proto)};

	wcdev_csum_add(csum, words, sizeof(words));
}

void
wcdev_csum_add_pseudo_ipv4(struct wcdev_csum *csum, const uint8_t addrs[8], uint8_t proto,
			   uint32_t l4_bytes)
{
	wcdev_csum_add(csum, addrs, 8);
	pseudo_add(csum, proto, l4_bytes);
}

void
wcdev_csum_add_pseudo_ipv6(struct wcdev_csum *csum, const uint8_t addrs[32], uint8_t proto,
			   uint32_t l4_bytes)
{
	wcdev_csum_add(csum, addrs, 32);
	pseudo_add(csum, proto, l4_bytes);
}

/* ---- CRC32c --------------------------------------------------------------------------------- */

/* A byte's remainder is the sum of its bits'. */
#define BIT(byte, bit, remainder) ((((byte) >> (bit)) & 1u) * (remainder))
#define CRC1(byte)                                                                           \
	(BIT(byte, 0, 0xf26b8303u) ^ BIT(byte, 1, 0xe13b70f7u) ^ BIT(byte, 2, 0xc79a971fu) ^ \
	 BIT(byte, 3, 0x8ad958cfu) ^ BIT(byte, 4, 0x105ec76fu) ^ BIT(byte, 5, 0x20bd8edeu) ^ \
	 BIT(byte, 6, 0x417b1dbcu) ^ BIT(byte, 7, 0x82f63b78u))
#define CRC4(byte) CRC1(byte), CRC1((byte) + 1), CRC1((byte) + 2), CRC1((byte) + 3)
#define CRC16(byte) CRC4(byte), CRC4((byte) + 4), CRC4((byte) + 8), CRC4((byte) + 12)
#define CRC64(byte) CRC16(byte), CRC16((byte) + 16), CRC16((byte) + 32), CRC16((byte) + 48)

static const uint32_t crc_table[256] = {CRC64(0u), CRC64(64u), CRC64(128u), CRC64(192u)};

uint32_t
wcdev_crc32c(uint32_t crc, const void *data, size_t bytes)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < bytes; i++)
		crc = crc >> 8 ^ crc_table[(uint8_t)crc ^ at[i]];
	return crc;
}

/* ---- bytes of a frame ----------------------------------------------------------------------- */

/*
 * The first piece of bytes [*off, *off + *bytes), of which there is at least one, that lies in one
 * fragment; *off counts from the beginning of *frag. Moves all three behind the piece.
 */
static const uint8_t *
piece_next(const struct wcdev_frag **frag, uint32_t *off, uint32_t *bytes, uint32_t *piece_bytes)
{
	const uint8_t *at;

	for (; *off >= (*frag)->bytes; (*frag)++)
		*off -= (*frag)->bytes;
	at = (const uint8_t *)(*frag)->base + *off;
	*piece_bytes = (*frag)->bytes - *off;
	if (*piece_bytes > *bytes)
		*piece_bytes = *bytes;
	*off += *piece_bytes;
	*bytes -= *piece_bytes;
	return at;
}

void
wcdev_csum_add_frame(struct wcdev_csum *csum, const struct wcdev_frame *frame, uint32_t off,
		     uint32_t bytes)
{
	const struct wcdev_frag *frag = frame->frags;
	uint32_t piece_bytes;

	while (bytes != 0) {
		const uint8_t *at = piece_next(&frag, &off, &bytes, &piece_bytes);

		wcdev_csum_add(csum, at, piece_bytes);
	}
}

uint32_t
wcdev_crc32c_frame(uint32_t crc, const struct wcdev_frame *frame, uint32_t off, uint32_t bytes)
{
	const struct wcdev_frag *frag = frame->frags;
	uint32_t piece_bytes;

	while (bytes != 0) {
		const uint8_t *at = piece_next(&frag, &off, &bytes, &piece_bytes);

		crc = wcdev_crc32c(crc, at, piece_bytes);
	}
	return crc;
}
