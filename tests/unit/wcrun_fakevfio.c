/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A kernel's VFIO, preloaded below the interposer: any file opens any device, which is a memfd; and
 * /dev/null is a device's own file. Its regions do not lie where Linux puts them.
 */

#include <linux/vfio.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REGION_OFF(n) ((uint64_t)(n) << 24)
#define BAR_BYTES 0x40000u
#define VFIO_BIND_IOMMUFD _IO(';', 118)

/* libc's header gives its own attributes to ioctl(). */
int fake_ioctl(int fd, unsigned long request, ...);

static bool
is_device(int fd)
{
	char link[64], path[256];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return strstr(path, "fake-vfio") != NULL || strcmp(path, "/dev/null") == 0;
}

static int
device_make(void)
{
	int fd = memfd_create("fake-vfio", MFD_CLOEXEC);

	return fd >= 0 && ftruncate(fd, (off_t)REGION_OFF(9)) == 0 ? fd : -1;
}

static int
region_info(struct vfio_region_info *info)
{
	info->argsz = sizeof(*info);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		      VFIO_REGION_INFO_FLAG_MMAP;
	info->offset = REGION_OFF(info->index);
	info->size = info->index == VFIO_PCI_CONFIG_REGION_INDEX ? 256 : BAR_BYTES;
	return 0;
}

int
fake_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == VFIO_GROUP_GET_DEVICE_FD)
		return device_make();
	if (is_device(fd)) {
		switch (request) {
		case VFIO_BIND_IOMMUFD:
			return 0;
		case VFIO_DEVICE_GET_INFO:
			((struct vfio_device_info *)arg)->flags = VFIO_DEVICE_FLAGS_PCI;
			return 0;
		case VFIO_DEVICE_GET_REGION_INFO:
			return region_info(arg);
		default:
			break;
		}
	}
	return (int)syscall(SYS_ioctl, fd, request, arg);
}
