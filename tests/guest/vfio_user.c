/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A user of VFIO without DPDK: opens a device by its group, with or without an IOMMU, maps a BAR
 * where the kernel likes, and stores zeroes at an offset until it is killed. It knows nothing of
 * memory types. On CPU 1, whose page tables are looked at meanwhile.
 */

#include <fcntl.h>
#include <linux/vfio.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wcbar.h>
#include <wcbase.h>

WC_NORETURN static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* The file of the device's group; *type: what its container is set up with. */
static int
group_open(const char *bdf, int *type)
{
	char path[96], target[256];
	const char *number;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.15s/iommu_group", bdf);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		die(path);
	target[n] = '\0';
	number = strrchr(target, '/') + 1;
	snprintf(path, sizeof(path), "/dev/vfio/%.15s", number);
	*type = VFIO_TYPE1_IOMMU;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/dev/vfio/noiommu-%.15s", number);
	*type = VFIO_NOIOMMU_IOMMU;
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd >= 0 ? fd : (die(path), -1);
}

static int
device_open(const char *bdf)
{
	int type, device;
	int group = group_open(bdf, &type);
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	if (container < 0)
		die("/dev/vfio/vfio");
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) != 0 ||
	    ioctl(container, VFIO_SET_IOMMU, type) != 0)
		die("container");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	return device >= 0 ? device : (die(bdf), -1);
}

int
main(int argc, char **argv)
{
	struct vfio_region_info info = {.argsz = sizeof(info)};
	unsigned long off;
	cpu_set_t one;
	uint8_t *bar;
	int device;

	if (argc != 4) {
		fprintf(stderr, "usage: vfio_user BDF BAR OFFSET\n");
		return 2;
	}
	CPU_ZERO(&one);
	CPU_SET(1, &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0)
		die("CPU 1");
	device = device_open(argv[1]);
	info.index = (uint32_t)strtoul(argv[2], NULL, 0);
	off = strtoul(argv[3], NULL, 0);
	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info) != 0 || off + 4 > info.size)
		die("region");
	bar = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, device, (off_t)info.offset);
	if (bar == MAP_FAILED)
		die("mmap");
	puts("mapped");
	fflush(stdout);
	for (;;)
		wcbar_write32(bar + off, 0);
}
