/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The IOVA map: the files behind its ranges. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iova_internal.h"

static void
pages_unmap(const struct iova_map *map, void *base, uint64_t bytes)
{
	if (map->limits.unmap != NULL)
		map->limits.unmap(map->limits.ctx, base, bytes);
	else
		munmap(base, bytes);
}

/*
 * Whether the file is memory: a memfd, or a file of tmpfs or hugetlbfs. Only these have seals. The
 * question never leaves this kernel, while fstat(2) or fstatfs(2) may wait for the server of a FUSE
 * or network file system for ever. 0 or -errno.
 */
static int
kind_check(const struct iova_map *map, int fd)
{
	if (fcntl(fd, F_GET_SEALS) >= 0 || (errno == EINVAL && map->limits.any_file))
		return 0;
	return errno == EINVAL ? -EOPNOTSUPP : -errno;
}

/* Checks that a file can back [fd_off, fd_off + bytes); *map_bytes: whole pages of its kind. */
static int
range_check(const struct stat *st, uint64_t fd_off, uint64_t bytes, uint64_t *map_bytes)
{
	uint64_t page = (uint64_t)st->st_blksize;
	uint64_t end = fd_off + bytes;

	if (!S_ISREG(st->st_mode))
		return -EINVAL;
	if (end < fd_off || st->st_size < 0 || end > (uint64_t)st->st_size)
		return -ERANGE;
	/* For huge pages st_blksize is their size, and munmap(2) wants multiples of it. */
	if (page < (uint64_t)getpagesize() || (page & (page - 1)) != 0)
		page = (uint64_t)getpagesize();
	*map_bytes = (end + page - 1) & ~(page - 1);
	return *map_bytes < end || *map_bytes > SIZE_MAX ? -ERANGE : 0;
}

static int
budget_check(const struct iova_map *map, uint32_t more_files, uint64_t more_bytes)
{
	const struct iova_limits *limits = &map->limits;

	if (limits->files != 0 && map->n_files + more_files > limits->files)
		return -EMFILE;
	if (limits->bytes != 0 &&
	    (map->file_bytes > limits->bytes || more_bytes > limits->bytes - map->file_bytes))
		return -EDQUOT;
	return 0;
}

/*
 * A shared mapping of the file's first `bytes` bytes. Kernels before 6.13 refuse one of a file that
 * is sealed against writing even if it is only for reading. A private one shows the same bytes, as
 * nobody can change them any more.
 */
static void *
pages_map(int fd, uint64_t bytes, bool writable)
{
	const int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *base;
	int seals;

	/* Without NORESERVE huge pages would be reserved for holes of the file that are never used.
	 */
	base = mmap(NULL, bytes, prot, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (base != MAP_FAILED || errno != EPERM || writable)
		return base;
	seals = fcntl(fd, F_GET_SEALS);
	if (seals >= 0 && (seals & F_SEAL_WRITE) != 0)
		return mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	errno = EPERM;
	return MAP_FAILED;
}

/* Maps the file's first `bytes` bytes; an older, shorter mapping of it is replaced. */
static int
file_map(struct iova_map *map, struct iova_file *file, int fd, uint64_t bytes)
{
	void *base;
	int ret;

	ret = budget_check(map, file->base == NULL, bytes - file->bytes);
	if (ret < 0)
		return ret;
	base = pages_map(fd, bytes, file->writable);
	if (base == MAP_FAILED)
		return -errno;
	if (file->base != NULL)
		pages_unmap(map, file->base, file->bytes);
	else
		map->n_files++;
	map->file_bytes += bytes - file->bytes;
	file->base = base;
	file->bytes = bytes;
	return 0;
}

static struct iova_file *
file_find(const struct iova_map *map, const struct stat *st, bool writable)
{
	struct iova_file *file;

	LIST_FOREACH(file, &map->files[st->st_ino % IOVA_FILE_HEADS], link)
	{
		if (file->dev == st->st_dev && file->ino == st->st_ino &&
		    file->writable == writable)
			return file;
	}
	return NULL;
}

static int
file_create(struct iova_map *map, int fd, const struct stat *st, uint64_t map_bytes, bool writable,
	    struct iova_file **created)
{
	struct iova_file *file;
	int ret;

	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return -ENOMEM;
	file->dev = st->st_dev;
	file->ino = st->st_ino;
	file->writable = writable;
	ret = file_map(map, file, fd, map_bytes);
	if (ret < 0) {
		free(file);
		return ret;
	}
	LIST_INSERT_HEAD(&map->files[st->st_ino % IOVA_FILE_HEADS], file, link);
	*created = file;
	return 0;
}

/* A mapping that is there serves, if it is long enough; for reading one for writing does, too. */
static int
file_take(struct iova_map *map, int fd, const struct stat *st, uint64_t map_bytes, bool writable,
	  struct iova_file **found)
{
	struct iova_file *file = file_find(map, st, true);

	if (!writable && (file == NULL || file->bytes < map_bytes))
		file = file_find(map, st, false);
	*found = file;
	if (file == NULL)
		return file_create(map, fd, st, map_bytes, writable, found);
	return map_bytes > file->bytes ? file_map(map, file, fd, map_bytes) : 0;
}

int
iova_file_get(struct iova_map *map, int fd, uint64_t fd_off, uint64_t bytes, unsigned int prot,
	      struct iova_file **found)
{
	const bool writable = (prot & IOVA_WRITE) != 0;
	uint64_t map_bytes;
	struct stat st;
	int ret, mode;

	ret = kind_check(map, fd);
	if (ret < 0)
		return ret;
	mode = fcntl(fd, F_GETFL);
	if (mode < 0 || fstat(fd, &st) < 0)
		return -errno;
	mode &= O_ACCMODE;
	if (mode == O_WRONLY || (mode == O_RDONLY && writable))
		return -EACCES;
	ret = range_check(&st, fd_off, bytes, &map_bytes);
	if (ret < 0)
		return ret;
	ret = file_take(map, fd, &st, map_bytes, writable, found);
	if (ret == 0)
		(*found)->refs++;
	return ret;
}

void
iova_file_put(struct iova_map *map, struct iova_file *file)
{
	if (--file->refs > 0)
		return;
	LIST_REMOVE(file, link);
	map->n_files--;
	map->file_bytes -= file->bytes;
	pages_unmap(map, file->base, file->bytes);
	free(file);
}

struct iova_file *
iova_file_at(const struct iova_map *map, const void *addr)
{
	const uintptr_t at = (uintptr_t)addr;
	struct iova_file *file;

	for (unsigned int i = 0; i < IOVA_FILE_HEADS; i++)
		LIST_FOREACH(file, &map->files[i], link)
		{
			if (at >= (uintptr_t)file->base && at - (uintptr_t)file->base < file->bytes)
				return file;
		}
	return NULL;
}
