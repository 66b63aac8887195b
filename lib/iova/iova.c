/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The IOVA map: a sorted array of ranges. */

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "iova_internal.h"

#define SPAN_ENTRIES 64u
#define HINT_OF(iova) (((iova) >> 12) % IOVA_HINTS)
static_assert(IOVA_ENTRIES_MAX <= UINT16_MAX, "a hint is the number of an entry");

struct iova_map *
iova_map_create(void)
{
	struct iova_map *map = calloc(1, sizeof(*map));

	for (unsigned int i = 0; map != NULL && i < IOVA_FILE_HEADS; i++)
		LIST_INIT(&map->files[i]);
	return map;
}

void
iova_map_destroy(struct iova_map *map)
{
	if (map == NULL)
		return;
	iova_map_clear(map);
	free(map->entries);
	free(map);
}

void
iova_map_limit(struct iova_map *map, const struct iova_limits *limits)
{
	map->limits = *limits;
}

void
iova_map_use(const struct iova_map *map, struct iova_use *use)
{
	*use = (struct iova_use){
		.ranges = (uint32_t)map->n,
		.files = map->n_files,
		.bytes = map->file_bytes,
	};
}

/* The first entry that ends at or after `iova`; n if there is none. */
static size_t
entry_at(const struct iova_map *map, uint64_t iova)
{
	size_t lo = 0, hi = map->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (map->entries[mid].last < iova)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Finds the index of a new range, and makes sure that one more entry fits. */
static int
range_place(struct iova_map *map, uint64_t iova, uint64_t bytes, size_t *at)
{
	struct entry *grown;
	size_t capacity;

	map->generation++; /* where a file is mapped may change with the next entry */
	if (bytes == 0 || iova + (bytes - 1) < iova)
		return -EINVAL;
	*at = entry_at(map, iova);
	if (*at < map->n && map->entries[*at].first <= iova + (bytes - 1))
		return -EEXIST;
	if (map->n == IOVA_ENTRIES_MAX || (map->limits.ranges != 0 && map->n >= map->limits.ranges))
		return -ENOSPC;
	if (map->n < map->capacity)
		return 0;
	capacity = map->capacity == 0 ? 64 : map->capacity * 2;
	grown = realloc(map->entries, capacity * sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	map->entries = grown;
	map->capacity = capacity;
	return 0;
}

static void
entry_insert(struct iova_map *map, size_t at, const struct entry *entry)
{
	assert(map->n < map->capacity);
	memmove(&map->entries[at + 1], &map->entries[at], (map->n - at) * sizeof(*entry));
	map->entries[at] = *entry;
	map->n++;
}

static int
entry_add(struct iova_map *map, const struct entry *entry)
{
	size_t at;
	int ret = range_place(map, entry->first, entry->last - entry->first + 1, &at);

	if (ret == 0)
		entry_insert(map, at, entry);
	return ret;
}

int
iova_map_add(struct iova_map *map, uint64_t iova, uint64_t bytes, void *addr, unsigned int prot)
{
	return entry_add(
		map,
		&(struct entry){.first = iova, .last = iova + bytes - 1, .at = addr, .prot = prot});
}

int
iova_map_add_remote(struct iova_map *map, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	return entry_add(map, &(struct entry){.first = iova,
					      .last = iova + bytes - 1,
					      .prot = prot,
					      .remote = true});
}

int
iova_map_add_fd(struct iova_map *map, uint64_t iova, uint64_t bytes, int fd, uint64_t fd_off,
		unsigned int prot)
{
	struct entry entry = {
		.first = iova,
		.last = iova + bytes - 1,
		.file_off = fd_off,
		.prot = prot,
	};
	size_t at;
	int ret;

	ret = range_place(map, iova, bytes, &at);
	if (ret < 0)
		return ret;
	ret = iova_file_get(map, fd, fd_off, bytes, prot, &entry.file);
	if (ret == 0)
		entry_insert(map, at, &entry);
	return ret;
}

int
iova_map_remove(struct iova_map *map, uint64_t iova, uint64_t bytes)
{
	uint64_t last = iova + (bytes - 1);
	size_t from, to;

	if (bytes == 0)
		return 0;
	if (last < iova)
		last = UINT64_MAX;
	from = entry_at(map, iova);
	for (to = from; to < map->n && map->entries[to].first <= last; to++)
		if (map->entries[to].first < iova || map->entries[to].last > last)
			return -EINVAL;
	if (from == to)
		return 0;
	map->generation++;
	for (size_t i = from; i < to; i++)
		if (map->entries[i].file != NULL)
			iova_file_put(map, map->entries[i].file);
	memmove(&map->entries[from], &map->entries[to], (map->n - to) * sizeof(*map->entries));
	map->n -= to - from;
	return (int)(to - from);
}

void
iova_map_clear(struct iova_map *map)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->entries[i].file != NULL)
			iova_file_put(map, map->entries[i].file);
	map->n = 0;
	map->broken = false;
	map->generation++;
}

static uint8_t *
entry_addr(const struct entry *entry)
{
	return entry->file != NULL ? entry->file->base + entry->file_off : entry->at;
}

static bool
entry_serves(const struct entry *entry, unsigned int prot)
{
	return (entry->prot & prot) == prot && !entry->remote;
}

/* The entry that holds `iova` and serves `prot`, or NULL. */
static const struct entry *
entry_of(struct iova_map *map, uint64_t iova, unsigned int prot)
{
	size_t at = map->hints[HINT_OF(iova)];
	const struct entry *entry;

	if (at >= map->n || iova < map->entries[at].first || iova > map->entries[at].last) {
		at = entry_at(map, iova);
		if (at >= map->n)
			return NULL;
		map->hints[HINT_OF(iova)] = (uint16_t)at;
	}
	entry = &map->entries[at];
	return entry->first <= iova && entry_serves(entry, prot) ? entry : NULL;
}

/* Whether the next entry begins where this one ends, as an IOVA and as an address. */
static bool
entry_continues(const struct entry *entry)
{
	const struct entry *next = entry + 1;

	return next->first == entry->last + 1 &&
	       entry_addr(next) == entry_addr(entry) + (entry->last - entry->first) + 1;
}

void *
iova_map_find(struct iova_map *map, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	uint64_t last = iova + (bytes - 1);
	const struct entry *entry;
	uint8_t *addr;

	if (bytes == 0 || last < iova)
		return NULL;
	entry = entry_of(map, iova, prot);
	if (entry == NULL)
		return NULL;
	addr = entry_addr(entry) + (iova - entry->first);
	/* The rest may be in further entries, if they are contiguous in this process as well. */
	for (; entry->last < last; entry++)
		if (entry + 1 == map->entries + map->n || !entry_serves(entry + 1, prot) ||
		    !entry_continues(entry))
			return NULL;
	return addr;
}

uint64_t
iova_map_generation(const struct iova_map *map)
{
	return map->generation;
}

bool
iova_map_span(struct iova_map *map, uint64_t iova, unsigned int prot, uint64_t *first,
	      uint64_t *bytes, void **addr)
{
	const struct entry *from = entry_of(map, iova, prot);
	const struct entry *to = from;

	if (from == NULL)
		return false;
	for (unsigned int i = 0; i < SPAN_ENTRIES && from != map->entries; i++, from--)
		if (!entry_serves(from - 1, prot) || !entry_continues(from - 1))
			break;
	for (unsigned int i = 0; i < SPAN_ENTRIES && to + 1 != map->entries + map->n; i++, to++)
		if (!entry_serves(to + 1, prot) || !entry_continues(to))
			break;
	*first = from->first;
	*bytes = to->last - from->first + 1;
	*addr = entry_addr(from);
	return true;
}

bool
iova_map_reaches(const struct iova_map *map, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	uint64_t last = iova + (bytes - 1);

	if (bytes == 0 || last < iova)
		return false;
	for (size_t at = entry_at(map, iova); at < map->n; at++) {
		const struct entry *entry = &map->entries[at];

		if (entry->first > iova || (entry->prot & prot) != prot)
			return false;
		if (entry->last >= last)
			return true;
		iova = entry->last + 1;
	}
	return false;
}

bool
iova_map_fault(struct iova_map *map, const void *addr)
{
	struct iova_file *file = iova_file_at(map, addr);
	void *base;

	if (file == NULL)
		return false;
	base = mmap(file->base, file->bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return false;
	map->broken = true;
	return true;
}

bool
iova_map_broken(const struct iova_map *map)
{
	return map->broken;
}
