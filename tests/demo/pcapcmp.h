/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PCAPCMP_H
#define PCAPCMP_H

/*
 * Compares what went into a network with what came out of it. A frame is known by a 64-bit hash of
 * its bytes, so memory is about 30 bytes a frame whatever its length, and time is linear.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <wcbase.h>

#define PCAPCMP_MIN_FRAME_BYTES 14u

struct pcapcmp_result {
	uint64_t packets_in;
	uint64_t packets_out;
	uint64_t oversize;   /* of the input, longer than max_frame: expected to be missing */
	uint64_t runts;      /* of the input, shorter than a header: expected to be missing */
	uint64_t lost;       /* nothing came out for it */
	uint64_t altered;    /* came out with bytes that no frame of the input has */
	uint64_t duplicated; /* came out more often than it went in */
	uint64_t reordered;  /* came out after a later frame of its own flow */
	bool in_order;       /* of all flows together */
	bool truncated;      /* the input ends in the middle of a frame, or is damaged there */
	bool out_truncated;
};

/*
 * Reads both captures to their end; out_path NULL only counts the input. The first few differences
 * are written to `details` if it is not NULL. On failure `why` names the file and what is wrong
 * with it. Returns 0, -ENOENT, -EINVAL (no capture, or not of Ethernet) or -ENOMEM.
 */
WC_MUST_CHECK int
pcapcmp_compare(const char *in_path, const char *out_path, uint32_t max_frame_bytes, FILE *details,
		struct pcapcmp_result *result, char *why, size_t why_bytes);

/* Nothing lost, altered, duplicated or reordered. */
bool pcapcmp_same(const struct pcapcmp_result *result);

#endif /* PCAPCMP_H */
