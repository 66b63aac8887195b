/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef IOVA_INTERNAL_H
#define IOVA_INTERNAL_H

/* What the map's files share: iova_file.c has the files of the peer, iova.c the ranges. */

#include <sys/queue.h>
#include <sys/types.h>

#include "iova.h"

#define IOVA_HINTS 16384u
#define IOVA_FILE_HEADS 256u

/*
 * A file of the peer, mapped once from its start to the end of what is used of it. Entries hold
 * offsets, so that the mapping may move when it grows.
 */
struct iova_file {
	LIST_ENTRY(iova_file) link;
	dev_t dev;
	ino_t ino;
	bool writable;
	uint8_t *base;
	uint64_t bytes;
	unsigned int refs;
};

struct entry {
	uint64_t first; /* IOVA */
	uint64_t last;
	struct iova_file *file; /* NULL: the memory is at `at` */
	union {
		uint8_t *at;
		uint64_t file_off;
	};
	unsigned int prot;
	bool remote; /* it has no address in this process */
};

struct iova_map {
	struct entry *entries; /* sorted, without overlap */
	size_t n;
	size_t capacity;
	bool broken;
	uint64_t generation;
	struct iova_limits limits;
	uint32_t n_files;
	uint64_t file_bytes;
	LIST_HEAD(, iova_file) files[IOVA_FILE_HEADS]; /* by number of the inode */
	/* The entry in which a page was found last. Only a hint: entries move. */
	uint16_t hints[IOVA_HINTS];
};

/*
 * The mapping of a file that serves [fd_off, fd_off + bytes) for `prot`, with one more reference.
 * Errors of iova_map_add_fd(); nothing has changed then.
 */
WC_MUST_CHECK int iova_file_get(struct iova_map *map, int fd, uint64_t fd_off, uint64_t bytes,
				unsigned int prot, struct iova_file **found);

/* Gives a reference back; the last one unmaps the file. */
void iova_file_put(struct iova_map *map, struct iova_file *file);

/* The file that is mapped at `addr`, or NULL. Async-signal-safe. */
struct iova_file *iova_file_at(const struct iova_map *map, const void *addr);

#endif /* IOVA_INTERNAL_H */
