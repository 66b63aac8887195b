/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A kernel's VFIO, preloaded below the interposer: any file opens any device, which is a memfd; and
 * /dev/null is a device's own file, a group's and the container's. It answers enough for stock DPDK
 * to map a device. FAKE_VFIO_CONFIG names the file with its configuration space.
 */

#include <dirent.h>
#include <fcntl.h>
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

#define REGION_OFF(n) ((uint64_t)(n) << 40) /* DPDK takes that for granted */
#define CONFIG_BYTES 256u
#define BAR_BYTES 0x40000u
#define VFIO_BIND_IOMMUFD _IO(';', 118)

/* libc's header gives its own attributes to ioctl(). */
int fake_ioctl(int fd, unsigned long request, ...);
int fake_open(const char *path, int flags, ...);
int fake_stat(const char *path, void *st);
DIR *fake_opendir(const char *path);

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
	const char *path = getenv("FAKE_VFIO_CONFIG");
	int fd = memfd_create("fake-vfio", MFD_CLOEXEC), from;
	char config[CONFIG_BYTES];

	if (fd < 0 || ftruncate(fd, (off_t)REGION_OFF(9)) != 0)
		return -1;
	from = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (from >= 0) {
		if (read(from, config, sizeof(config)) != sizeof(config) ||
		    pwrite(fd, config, sizeof(config),
			   (off_t)REGION_OFF(VFIO_PCI_CONFIG_REGION_INDEX)) != sizeof(config))
			return -1;
		close(from);
	}
	return fd;
}

static int
region_info(struct vfio_region_info *info)
{
	info->argsz = sizeof(*info);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		      VFIO_REGION_INFO_FLAG_MMAP;
	info->offset = REGION_OFF(info->index);
	info->size = info->index == VFIO_PCI_CONFIG_REGION_INDEX ? CONFIG_BYTES : BAR_BYTES;
	if (info->index > 2 && info->index != VFIO_PCI_CONFIG_REGION_INDEX)
		info->size = 0;
	return 0;
}

/* The device, or -1 for what it does not know. */
static int
device_ioctl(unsigned long request, void *arg)
{
	struct vfio_device_info *info = arg;

	switch (request) {
	case VFIO_DEVICE_GET_INFO:
		info->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
		info->num_regions = VFIO_PCI_NUM_REGIONS;
		info->num_irqs = VFIO_PCI_NUM_IRQS;
		return 0;
	case VFIO_DEVICE_GET_REGION_INFO:
		return region_info(arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		((struct vfio_irq_info *)arg)->flags = VFIO_IRQ_INFO_EVENTFD;
		((struct vfio_irq_info *)arg)->count = 1;
		return 0;
	case VFIO_BIND_IOMMUFD:
	case VFIO_DEVICE_SET_IRQS:
	case VFIO_DEVICE_RESET:
		return 0;
	default:
		return -1;
	}
}

/* A group and its container. */
static int
group_ioctl(unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_GROUP_GET_DEVICE_FD:
		return device_make();
	case VFIO_GROUP_GET_STATUS:
		((struct vfio_group_status *)arg)->flags = VFIO_GROUP_FLAGS_VIABLE;
		return 0;
	case VFIO_CHECK_EXTENSION:
		return (long)arg == VFIO_TYPE1_IOMMU;
	case VFIO_GET_API_VERSION: /* is 0 */
	case VFIO_GROUP_SET_CONTAINER:
	case VFIO_GROUP_UNSET_CONTAINER:
	case VFIO_SET_IOMMU:
	case VFIO_IOMMU_MAP_DMA:
	case VFIO_IOMMU_UNMAP_DMA:
		return 0;
	default:
		return -1;
	}
}

int
fake_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (is_device(fd)) {
		ret = device_ioctl(request, arg);
		if (ret < 0)
			ret = group_ioctl(request, arg);
		if (ret >= 0)
			return ret;
	}
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

/* The files of VFIO, which this machine may lack. */
int
fake_open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	if (strncmp(path, "/dev/vfio/", 10) == 0)
		path = "/dev/null";
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int
fake_stat(const char *path, void *st)
{
	if (strncmp(path, "/sys/module/vfio", 16) == 0)
		path = "/";
	return (int)syscall(SYS_newfstatat, AT_FDCWD, path, st, 0);
}

/* EAL of DPDK 25.11 looks for the folder first. */
DIR *
fake_opendir(const char *path)
{
	int fd;

	if (strcmp(path, "/dev/vfio") == 0)
		path = "/";
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	return fd >= 0 ? fdopendir(fd) : NULL;
}
