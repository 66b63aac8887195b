/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Files of sysfs and procfs under a root, and the sentence that says why something failed. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <wcfile.h>

#include "wcbar_internal.h"

int
wcbar_why_set(struct wcbar_why why, int error, const char *fmt, ...)
{
	va_list args;

	if (why.text != NULL && why.bytes > 0) {
		va_start(args, fmt);
		vsnprintf(why.text, why.bytes, fmt, args);
		va_end(args);
	}
	return error;
}

bool
wcbar_path(char path[PATH_MAX], const char *root, const char *fmt, ...)
{
	va_list args;
	int have, more;

	have = snprintf(path, PATH_MAX, "%s", root);
	if (have < 0 || have >= PATH_MAX)
		return false;
	va_start(args, fmt);
	more = vsnprintf(path + have, (size_t)(PATH_MAX - have), fmt, args);
	va_end(args);
	return more >= 0 && more < PATH_MAX - have;
}

int
wcbar_sysfs_open(const char *root, const char *bdf, const char *name, int flags)
{
	char path[PATH_MAX];

	if (!wcbar_path(path, root, "/sys/bus/pci/devices/%s/%s", bdf, name))
		return -ENAMETOOLONG;
	return wcfile_open(path, flags);
}

int
wcbar_sysfs_write(const char *root, const char *bdf, const char *name, const char *text)
{
	int fd = wcbar_sysfs_open(root, bdf, name, O_WRONLY);
	int ret = 0;

	if (fd < 0)
		return fd;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ret = -errno;
	close(fd);
	return ret;
}

int
wcbar_vfio_cdev_bdf(const char *root, unsigned int dev_major, unsigned int dev_minor, char bdf[16])
{
	char path[PATH_MAX], target[PATH_MAX], *end, *base;
	ssize_t n;

	if (!wcbar_path(path, root != NULL ? root : "", "/sys/dev/char/%u:%u", dev_major,
			dev_minor))
		return -ENAMETOOLONG;
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -ENOENT;
	target[n] = '\0';
	/* .../0000:00:05.0/vfio-dev/vfio3 */
	end = strstr(target, "/vfio-dev/");
	if (end == NULL)
		return -ENOENT;
	*end = '\0';
	base = strrchr(target, '/');
	base = base != NULL ? base + 1 : target;
	if (strlen(base) >= 16)
		return -ENOENT;
	memcpy(bdf, base, strlen(base) + 1);
	return 0;
}
