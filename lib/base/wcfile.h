/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCFILE_H
#define WCFILE_H

/*
 * Opens files that somebody else has named, without waiting. open(2) of a FIFO waits until somebody
 * opens its other end, and a read until he writes: for ever, if he never does. Any thread.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* What wcfile_open() returns for a file that is no regular one. */
#define WCFILE_ODD ESPIPE

/* The kernel's number of /dev/null, which many take for an empty file. */
#define WCFILE_NULL makedev(1, 3)

/* Whether a file never makes its reader wait for another process. */
static inline int
wcfile_is_plain(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) ||
	       (S_ISCHR(st->st_mode) && st->st_rdev == WCFILE_NULL);
}

/*
 * Opens a regular file, a folder or /dev/null that exists, with the flags of open(2); O_CLOEXEC is
 * added. Returns the descriptor, -WCFILE_ODD for any other kind of file, or -errno. The other end
 * of a FIFO does not see that somebody looked.
 */
static inline int
wcfile_open(const char *path, int flags)
{
	struct stat st;
	int fd, ret = 0;

	if (stat(path, &st) < 0)
		return -errno;
	if (!wcfile_is_plain(&st))
		return -WCFILE_ODD;
	fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	/* Another file may have got the name meanwhile. */
	if (fstat(fd, &st) < 0)
		ret = -errno;
	else if (!wcfile_is_plain(&st))
		ret = -WCFILE_ODD;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

/* As fopen(path, "re"), of such a file. NULL: errno says why. */
static inline FILE *
wcfile_fopen(const char *path)
{
	int fd = wcfile_open(path, O_RDONLY);
	FILE *file;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	file = fdopen(fd, "r");
	if (file == NULL)
		close(fd);
	return file;
}

/* What strerror() says, and of WCFILE_ODD what would be right. `error` is an errno, not negative.
 */
static inline const char *
wcfile_strerror(int error)
{
	if (error == WCFILE_ODD)
		return "it is a FIFO, a socket or a device; a regular file is needed";
	return strerror(error);
}

#endif /* WCFILE_H */
