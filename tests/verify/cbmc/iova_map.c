/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The IOVA map: ranges of any values, with few entries. */

#include <string.h>

#include "prove.h"

#define ENTRIES 2u

/* Whole entries are moved, not bytes: CBMC is slow with a size that it does not know. */
static void entries_move(void *to, const void *from, size_t bytes);

#define memmove(to, from, bytes) entries_move(to, from, bytes)

#include "iova.c"

static void
entries_move(void *to, const void *from, size_t bytes)
{
	struct entry kept[ENTRIES + 1];
	const size_t n = bytes / sizeof(kept[0]);

	PROVE(bytes % sizeof(kept[0]) == 0 && n <= ENTRIES, "whole entries are moved");
	for (size_t i = 0; i < ENTRIES; i++)
		if (i < n)
			kept[i] = ((const struct entry *)from)[i];
	for (size_t i = 0; i < ENTRIES; i++)
		if (i < n)
			((struct entry *)to)[i] = kept[i];
}

/* Sorted, without overlap; no file's, as mmap(2) is not what is proved. */
static bool
sane(const struct iova_map *map)
{
	if (map->n > ENTRIES)
		return false;
	for (size_t i = 0; i < ENTRIES; i++)
		if (i < map->n && (map->entries[i].first > map->entries[i].last ||
				   (i > 0 && map->entries[i - 1].last >= map->entries[i].first)))
			return false;
	return true;
}

static bool
covers(const struct entry *entry, uint64_t first, uint64_t last)
{
	return entry->first <= last && first <= entry->last;
}

static struct iova_map
any_map(struct entry *entries)
{
	struct iova_map map;

	map.entries = entries;
	map.capacity = ENTRIES + 1;
	map.limits.ranges = 0;
	for (size_t i = 0; i < ENTRIES; i++)
		entries[i].file = NULL;
	ASSUME(sane(&map));
	return map;
}

void
prove_iova_add(void)
{
	struct entry entries[ENTRIES + 1];
	struct iova_map map = any_map(entries);
	const size_t n = map.n;
	uint64_t iova, bytes;
	unsigned int prot;
	bool wraps, overlaps = false;
	int ret;

	ASSUME(n < ENTRIES);
	wraps = bytes == 0 || iova > UINT64_MAX - (bytes - 1);
	for (size_t i = 0; i < n; i++)
		overlaps |= !wraps && covers(&entries[i], iova, iova + (bytes - 1));
	ret = iova_map_add_remote(&map, iova, bytes, prot);
	PROVE(ret == (wraps      ? -EINVAL
		      : overlaps ? -EEXIST
				 : 0),
	      "a range is taken if, and only if, it neither wraps nor overlaps");
	PROVE(map.n == n + (ret == 0) && sane(&map), "the map stays sorted, without overlap");
}

void
prove_iova_remove(void)
{
	struct entry entries[ENTRIES + 1];
	struct iova_map map = any_map(entries);
	const size_t n = map.n;
	uint64_t iova, bytes, last;
	bool cuts = false;
	int ret;

	ASSUME(bytes != 0);
	last = iova > UINT64_MAX - (bytes - 1) ? UINT64_MAX : iova + (bytes - 1);
	for (size_t i = 0; i < n; i++)
		cuts |= covers(&entries[i], iova, last) &&
			(entries[i].first < iova || entries[i].last > last);
	ret = iova_map_remove(&map, iova, bytes);
	PROVE(cuts ? ret == -EINVAL : ret >= 0, "only what would cut a range is refused");
	PROVE(ret < 0 ? map.n == n : map.n == n - (size_t)ret, "as many are gone as it says");
	PROVE(sane(&map), "the map stays sorted, without overlap");
	for (size_t i = 0; ret >= 0 && i < map.n; i++)
		PROVE(!covers(&entries[i], iova, last), "nothing of the range is mapped any more");
}
