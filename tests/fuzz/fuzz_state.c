/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Memory that is put back between inputs. */

#include <string.h>

#include "fuzz_input.h"
#include "fuzz_state.h"

#define REGIONS_MAX 8u
#define PIECE_BYTES 65536u
#define PIECES_MAX 64u

static struct region {
	uint8_t *at;
	uint8_t *kept;
	size_t bytes;
	bool large;
	uint64_t touched; /* a bit for each piece of what is large */
} regions[REGIONS_MAX];
static unsigned int n_regions;

static void
region_add(void *at, size_t bytes, bool large)
{
	MUST(n_regions < REGIONS_MAX);
	MUST(!large || bytes <= PIECES_MAX * (size_t)PIECE_BYTES);
	regions[n_regions++] = (struct region){.at = at, .bytes = bytes, .large = large};
}

void
fuzz_state_add(void *at, size_t bytes)
{
	region_add(at, bytes, false);
}

void
fuzz_state_add_large(void *at, size_t bytes)
{
	region_add(at, bytes, true);
}

void
fuzz_state_keep(void)
{
	for (unsigned int i = 0; i < n_regions; i++) {
		free(regions[i].kept);
		regions[i].kept = malloc(regions[i].bytes);
		MUST(regions[i].kept != NULL);
		memcpy(regions[i].kept, regions[i].at, regions[i].bytes);
		regions[i].touched = 0;
	}
}

void
fuzz_state_touch(const void *at, size_t bytes)
{
	for (unsigned int i = 0; i < n_regions && bytes != 0; i++) {
		struct region *region = &regions[i];
		size_t off = (size_t)((uintptr_t)at - (uintptr_t)region->at);

		if (!region->large || off >= region->bytes)
			continue;
		for (size_t k = off / PIECE_BYTES; k <= (off + bytes - 1) / PIECE_BYTES; k++)
			region->touched |= 1ull << k % PIECES_MAX;
	}
}

static void
pieces_restore(struct region *region)
{
	for (; region->touched != 0; region->touched &= region->touched - 1) {
		size_t off = (size_t)__builtin_ctzll(region->touched) * PIECE_BYTES;
		size_t bytes = PIECE_BYTES;

		if (off >= region->bytes)
			continue;
		if (bytes > region->bytes - off)
			bytes = region->bytes - off;
		memcpy(region->at + off, region->kept + off, bytes);
	}
}

void
fuzz_state_restore(void)
{
	for (unsigned int i = 0; i < n_regions; i++) {
		if (regions[i].large)
			pieces_restore(&regions[i]);
		else
			memcpy(regions[i].at, regions[i].kept, regions[i].bytes);
		if (&fuzz_state_checks != NULL)
			MUST(memcmp(regions[i].at, regions[i].kept, regions[i].bytes) == 0);
	}
}
