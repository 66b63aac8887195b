/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The file behind a piece of memory. EAL knows the files of its own memory; for external memory the
 * kernel tells: the mapping's device, inode and offset in /proc/self/maps, and the file itself in
 * /proc/self/map_files, for those who may open it there.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "wcnic_dma.h"

struct mapping {
	uintptr_t from, to;
	uint64_t off;
	bool shared;
	dev_t dev;
	ino_t ino;
};

static bool
line_parse(const char *line, struct mapping *map)
{
	unsigned int major, minor;
	char perms[5];
	uint64_t ino;

	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %" SCNx64 " %x:%x %" SCNu64, &map->from,
		   &map->to, perms, &map->off, &major, &minor, &ino) != 7)
		return false;
	map->shared = perms[3] == 's' && ino != 0;
	map->dev = makedev(major, minor);
	map->ino = ino;
	return true;
}

/* The mapping that holds all of it. */
static int
mapping_find(uintptr_t addr, size_t bytes, struct mapping *map)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	int ret = -ENOTSUP;

	if (maps == NULL)
		return -errno;
	while (ret != 0 && fgets(line, sizeof(line), maps) != NULL) {
		if (line_parse(line, map) && addr >= map->from && addr < map->to &&
		    bytes <= map->to - addr && map->shared)
			ret = 0;
	}
	fclose(maps);
	return ret;
}

/* A descriptor that this process has open for the mapping's file, as a copy; or -1. */
static int
own_fd_copy(const struct mapping *map)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int fd = -1;

	if (dir == NULL)
		return -1;
	while (fd < 0 && (entry = readdir(dir)) != NULL) {
		const int number = atoi(entry->d_name);
		struct stat st;

		if (entry->d_name[0] == '.' || number == dirfd(dir) || fstat(number, &st) != 0 ||
		    st.st_dev != map->dev || st.st_ino != map->ino ||
		    (fcntl(number, F_GETFL) & O_ACCMODE) != O_RDWR)
			continue;
		fd = fcntl(number, F_DUPFD_CLOEXEC, 0);
	}
	closedir(dir);
	return fd;
}

int
wcnic_dma_file_find(const void *addr, size_t bytes, int *fd, uint64_t *fd_off)
{
	struct mapping map;
	char path[64];
	int ret = mapping_find((uintptr_t)addr, bytes, &map);

	if (ret != 0)
		return ret;
	*fd_off = map.off + ((uintptr_t)addr - map.from);
	*fd = own_fd_copy(&map);
	if (*fd < 0) {
		snprintf(path, sizeof(path), "/proc/self/map_files/%" PRIxPTR "-%" PRIxPTR,
			 map.from, map.to);
		*fd = open(path, O_RDWR | O_CLOEXEC);
	}
	return *fd < 0 ? -EACCES : 0;
}
