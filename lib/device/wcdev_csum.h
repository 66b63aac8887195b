/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_CSUM_H
#define WCDEV_CSUM_H

/*
 * For card models: the Internet checksum (RFC 1071) and CRC32c (SCTP) of bytes that may come in
 * pieces. Bytes are read once each, so they may be in memory that the host changes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wcdev.h"

/* The ones' complement sum of some bytes. All zeroes: of none. */
struct wcdev_csum {
	uint64_t sum; /* of 16-bit words in memory order, not folded */
	bool odd;     /* an odd number of bytes so far */
};

/* Adds what follows the bytes that were added before. */
void wcdev_csum_add(struct wcdev_csum *csum, const void *data, size_t bytes);

/* Adds bytes [off, off + bytes) of a frame, which must have them. */
void wcdev_csum_add_frame(struct wcdev_csum *csum, const struct wcdev_frame *frame, uint32_t off,
			  uint32_t bytes);

/*
 * Adds a pseudo header: `addrs` are source and destination as in the IP header, `proto` is the
 * protocol of layer 4, `l4_bytes` the length of its header and payload.
 */
void wcdev_csum_add_pseudo_ipv4(struct wcdev_csum *csum, const uint8_t addrs[8], uint8_t proto,
				uint32_t l4_bytes);
void wcdev_csum_add_pseudo_ipv6(struct wcdev_csum *csum, const uint8_t addrs[32], uint8_t proto,
				uint32_t l4_bytes);

/*
 * The sum in 16 bits, in memory order: its complement is the checksum, to be stored as it is. The
 * sum of bytes that hold their own, right checksum is 0xffff.
 */
uint16_t wcdev_csum_fold(const struct wcdev_csum *csum);

/*
 * CRC32c. The first piece is given WCDEV_CRC32C_INIT, others what the last call returned. SCTP
 * stores the complement of the result, little-endian; its own field counts as zeroes.
 */
#define WCDEV_CRC32C_INIT 0xffffffffu
uint32_t wcdev_crc32c(uint32_t crc, const void *data, size_t bytes);
/* The same for bytes [off, off + bytes) of a frame, which must have them. */
uint32_t
wcdev_crc32c_frame(uint32_t crc, const struct wcdev_frame *frame, uint32_t off, uint32_t bytes);

#endif /* WCDEV_CSUM_H */
