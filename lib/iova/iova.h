/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef IOVA_H
#define IOVA_H

/*
 * An IOVA map: which addresses a device may access by DMA, with which permissions, and where that
 * memory is in this process. It holds thousands of ranges; a look-up is a binary search.
 *
 * Threads: none of the calls is thread-safe; the owner serialises them. iova_map_fault() may be
 * called from a signal handler.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iova_map;

#define IOVA_ENTRIES_MAX 65535u /* ranges in one map */

/* Permissions: what the device may do. vfio-user and VFIO use the same bits. */
#define IOVA_READ 1u
#define IOVA_WRITE 2u

/* What a map may hold, and what it takes. All 0: ranges and files without limit, of memory only. */
struct iova_limits {
	uint32_t ranges; /* at most IOVA_ENTRIES_MAX; 0: that many */
	uint32_t files;  /* mappings of files: each is one of this process; 0: no limit */
	uint64_t bytes;  /* of address space that these take; 0: no limit */
	/*
	 * Takes files on disk and of other file systems too. Who serves these, a FUSE process or a
	 * machine on the network, can stop any call here, and any access to the memory, for ever.
	 */
	bool any_file;
	/*
	 * Unmaps memory of files, at once or later, in place of munmap(2), which takes long if
	 * there is much of it. NULL: munmap(2).
	 */
	void (*unmap)(void *ctx, void *base, uint64_t bytes);
	void *ctx;
};

/* What of its limits a map uses. */
struct iova_use {
	uint32_t ranges;
	uint32_t files;
	uint64_t bytes;
};

/* Makes an empty map, the caller's until iova_map_destroy(). NULL: out of memory. */
WC_PUBLIC struct iova_map *iova_map_create(void);

/* Sets the limits, which are copied. What the map holds already is not touched. */
WC_PUBLIC void iova_map_limit(struct iova_map *map, const struct iova_limits *limits);

/* Tells what the map uses. */
WC_PUBLIC void iova_map_use(const struct iova_map *map, struct iova_use *use);

/* Unmaps all files and frees the map. NULL is allowed. */
WC_PUBLIC void iova_map_destroy(struct iova_map *map);

/*
 * Adds [iova, iova + bytes), which is memory at `addr` of this process and stays the caller's. It
 * must outlive the entry.
 * Returns 0, -EINVAL (empty or wraps around), -EEXIST (overlaps an entry), -ENOSPC (as many ranges
 * as it may hold) or -ENOMEM.
 */
WC_PUBLIC WC_MUST_CHECK int
iova_map_add(struct iova_map *map, uint64_t iova, uint64_t bytes, void *addr, unsigned int prot);

/*
 * Adds a range that is backed by a file from offset fd_off, and maps the file into this process.
 * Entries of one file (st_dev, st_ino) share a mapping, but for those that are only read where
 * there is none for writing. The caller keeps the fd and may close it afterwards. Errors of
 * iova_map_add(), -EOPNOTSUPP (no memfd or file of tmpfs or hugetlbfs; see any_file), -ERANGE (the
 * file ends before fd_off + bytes), -EACCES (the fd was not opened for `prot`), -EINVAL (no regular
 * file), -EMFILE and -EDQUOT (`files` and `bytes` of the limits), or the -errno of fcntl(2),
 * fstat(2) and mmap(2): -EPERM for a file that is sealed against `prot`.
 * Pointers that were found before may be stale afterwards: a mapping moves when it grows.
 */
WC_PUBLIC WC_MUST_CHECK int iova_map_add_fd(struct iova_map *map, uint64_t iova, uint64_t bytes,
					    int fd, uint64_t fd_off, unsigned int prot);

/*
 * Adds a range that the device may access, but which has no address in this process: only
 * iova_map_reaches() tells of it. Errors as iova_map_add().
 */
WC_PUBLIC WC_MUST_CHECK int
iova_map_add_remote(struct iova_map *map, uint64_t iova, uint64_t bytes, unsigned int prot);

/*
 * Removes the entries inside [iova, iova + bytes) and unmaps files that no entry uses any more.
 * Returns how many entries were removed, which may be 0. -EINVAL: the range would cut an entry;
 * nothing is removed then.
 */
WC_PUBLIC int iova_map_remove(struct iova_map *map, uint64_t iova, uint64_t bytes);

/* Removes all entries. The map is not broken any more. */
WC_PUBLIC void iova_map_clear(struct iova_map *map);

/*
 * The address of [iova, iova + bytes) in this process. NULL unless all of it is mapped with `prot`
 * and contiguous here. The pointer is valid while iova_map_generation() stays the same. Cost: a
 * binary search, or one compare if the page was looked up before.
 */
WC_PUBLIC void *
iova_map_find(struct iova_map *map, uint64_t iova, uint64_t bytes, unsigned int prot);

/* A number that changes whenever a pointer that was found before may be stale. */
WC_PUBLIC uint64_t iova_map_generation(const struct iova_map *map);

/*
 * The memory around `iova` that is mapped with `prot` and contiguous in this process: an IOVA, a
 * size and an address, valid as a pointer of iova_map_find(). It looks at no more than 64 entries
 * in each direction, so the memory may go on beyond. False: `iova` is not mapped so.
 */
WC_PUBLIC bool iova_map_span(struct iova_map *map, uint64_t iova, unsigned int prot,
			     uint64_t *first, uint64_t *bytes, void **addr);

/* Whether all of [iova, iova + bytes) has permission `prot`, in any number of entries of any kind.
 */
WC_PUBLIC bool
iova_map_reaches(const struct iova_map *map, uint64_t iova, uint64_t bytes, unsigned int prot);

/*
 * Handles SIGBUS at `addr`: the peer has truncated a file that it shares. If `addr` lies in a file
 * of this map, zeroed private memory replaces the whole file, the map is broken until it is
 * cleared, and true is returned: the access can be repeated. Called in the thread that owns the
 * map; async-signal-safe.
 */
WC_PUBLIC bool iova_map_fault(struct iova_map *map, const void *addr);

/* Whether iova_map_fault() replaced a file. The owner should then disconnect the peer. */
WC_PUBLIC bool iova_map_broken(const struct iova_map *map);

#ifdef __cplusplus
}
#endif

#endif /* IOVA_H */
