/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_RECORDER_INTERNAL_H
#define WCLAB_RECORDER_INTERNAL_H

/* What the recorder and its summary share. */

#include "recorder.h"

#define RECORDER_SIZES 17u    /* a store has 1 to 16 bytes */
#define RECORDER_MAPPINGS 16u /* listed by region; the rest is counted together */

struct mapping {
	uint64_t stores;
	unsigned int el;
	bool host;
	bool overridden;
	bool fwb;
	bool s1_on, s2_on;
	uint8_t s1_attr, s2_attr;
	enum memtype effective;
	const char *verdict;
};

struct region {
	uint64_t stores, bytes;
	uint64_t by_size[RECORDER_SIZES];
	uint64_t by_el[4];
	uint64_t by_type[MEMTYPES];
	uint64_t unwalked;
	struct mapping mappings[RECORDER_MAPPINGS];
	unsigned int n_mappings;
	uint64_t other_mappings; /* stores through mappings that are not listed */
};

struct recorder {
	struct recorder_config config;
	struct tally tally;
	uint64_t stores;
	uint64_t bad_marks;
	uint64_t feed_tlps;
	uint64_t feed_lost;
	uint64_t aperture_pa, aperture_bytes;
	uint64_t aperture_moves;
	struct walk_fault last_fault;
	struct recorder_walks walks;
	struct region regions[TALLY_REGIONS];
};

/* Ends the visit that is under way and begins another of the same region. */
void recorder_settle(struct recorder *recorder);

#endif /* WCLAB_RECORDER_INTERNAL_H */
