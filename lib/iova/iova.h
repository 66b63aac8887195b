/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef IOVA_H
#define IOVA_H

/*
 * An IOVA map: what a device may reach of its host's memory, and where that is in this process.
 * Thousands of entries; look-ups are a binary search. Not thread-safe: the owner serialises.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iova_map;

#define IOVA_ENTRIES_MAX 65535u

#define IOVA_READ 1u
#define IOVA_WRITE 2u

/* Returns NULL if out of memory. */
struct iova_map *iova_map_create(void);
void iova_map_destroy(struct iova_map *map);

/*
 * Adds [iova, iova + bytes) at `addr` of this process; the memory stays the caller's.
 * Returns 0, -EINVAL (empty or wraps around), -EEXIST (overlaps an entry), -ENOSPC (holds
 * IOVA_ENTRIES_MAX already) or -ENOMEM.
 */
__attribute__((warn_unused_result)) int
iova_map_add(struct iova_map *map, uint64_t iova, uint64_t bytes, void *addr, unsigned int prot);

/*
 * Adds a range backed by a file, mapping the file here. Entries that share a file (st_dev, st_ino)
 * share one mapping. The fd may be closed afterwards. Errors as above, or those of fstat and mmap;
 * -ERANGE if the file ends before fd_off + bytes, -EACCES if the fd was not opened for `prot`,
 * -EINVAL if it is no file. A pointer found before may be stale afterwards: mappings move when
 * they grow.
 */
__attribute__((warn_unused_result)) int
iova_map_add_fd(struct iova_map *map, uint64_t iova, uint64_t bytes, int fd, uint64_t fd_off,
		unsigned int prot);

/*
 * Adds a range that can be reached, but not through an address here. Errors as iova_map_add().
 */
__attribute__((warn_unused_result)) int
iova_map_add_remote(struct iova_map *map, uint64_t iova, uint64_t bytes, unsigned int prot);

/*
 * Removes what lies wholly inside [iova, iova + bytes), unmapping files that nothing uses any more.
 * Returns how many entries went; none is not an error. -EINVAL if an entry is cut by the range:
 * then nothing is removed.
 */
int iova_map_remove(struct iova_map *map, uint64_t iova, uint64_t bytes);
void iova_map_clear(struct iova_map *map);

/*
 * Where [iova, iova + bytes) is here, or NULL unless all of it is mapped with `prot` and contiguous
 * in this process. Cost: a binary search, or a compare where the page was looked up before.
 */
void *iova_map_find(struct iova_map *map, uint64_t iova, uint64_t bytes, unsigned int prot);

/* Another number whenever a pointer that was found before may be stale. */
uint64_t iova_map_generation(const struct iova_map *map);

/*
 * The memory around `iova` that is mapped with `prot` and contiguous in this process, as far as a
 * few entries before and behind tell. Returns false if there is none.
 */
bool iova_map_span(struct iova_map *map, uint64_t iova, unsigned int prot, uint64_t *first,
		   uint64_t *bytes, void **addr);

/* Whether all of [iova, iova + bytes) is mapped with `prot`, in whatever pieces and ways. */
bool iova_map_reaches(const struct iova_map *map, uint64_t iova, uint64_t bytes, unsigned int prot);

/*
 * For a SIGBUS handler, in the thread that owns the map: the peer has cut short a file that it
 * shares. If `addr` lies in a file of this map, zeroed private memory takes the place of the whole
 * file, the map counts as broken until it is cleared, and true is returned: the access can be
 * tried again. The owner should then part from the peer.
 */
bool iova_map_fault(struct iova_map *map, const void *addr);
bool iova_map_broken(const struct iova_map *map);

#ifdef __cplusplus
}
#endif

#endif /* IOVA_H */
