/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The window BAR in the VMM, put together from pieces with MAP_FIXED. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <wcnic_abi.h>

#include "vmm.h"

#define BLOCK_BYTES 0x200000u

static int
sysfs_open(const char *bdf, const char *file)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, file);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		vmm_fail(errno, "%s", path);
	return fd;
}

void
bar_open(struct bar *bar, struct wcbar_pci *pci)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = WCNIC_BAR_WINDOWS};
	const char *bdf = wcbar_pci_facts(pci)->bdf;
	uint8_t *range;

	bar->files[SOURCE_VFIO] = wcbar_pci_vfio_fd(pci);
	bar->files[SOURCE_WC] = sysfs_open(bdf, "resource2_wc");
	bar->files[SOURCE_UC] = sysfs_open(bdf, "resource2");
	if (ioctl(bar->files[SOURCE_VFIO], VFIO_DEVICE_GET_REGION_INFO, &info) != 0 ||
	    (info.flags & VFIO_REGION_INFO_FLAG_MMAP) == 0)
		vmm_fail(0, "VFIO does not offer BAR2 for mmap");
	if (info.size % BLOCK_BYTES != 0 || info.size / BAR_UNIT > BAR_UNITS_MAX)
		vmm_fail(0, "BAR2 has 0x%llx bytes; expected multiples of 2 MiB up to 64 MiB",
			 info.size);
	bar->bytes = info.size;
	bar->file_off = info.offset;
	range = mmap(NULL, bar->bytes + BLOCK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (range == MAP_FAILED)
		vmm_fail(errno, "no address range for the BAR");
	bar->addr = range + -(uintptr_t)range % BLOCK_BYTES;
}

void
bar_map(struct bar *bar, uint64_t off, uint64_t bytes, enum source source)
{
	const uint64_t from = source == SOURCE_VFIO ? bar->file_off + off : off;

	if ((off | bytes) % BAR_UNIT != 0 || off > bar->bytes || bytes > bar->bytes - off)
		vmm_fail(0, "0x%" PRIx64 " bytes at BAR2 + 0x%" PRIx64 " are no piece of it", bytes,
			 off);
	memset(bar->source + off / BAR_UNIT, source, bytes / BAR_UNIT);
	bar->mmaps++;
	if (mmap(bar->addr + off, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 bar->files[source], (off_t)from) == MAP_FAILED)
		vmm_fail(errno, "BAR2 + 0x%" PRIx64 "%s", off,
			 source == SOURCE_VFIO ? " by VFIO"
					       : " by sysfs, which a kernel allows beside VFIO "
						 "only with iomem=relaxed");
}

uint64_t
bar_piece_bytes(const struct bar *bar, uint64_t off)
{
	uint64_t end = off;

	while (end < bar->bytes && bar->source[end / BAR_UNIT] == bar->source[off / BAR_UNIT])
		end += BAR_UNIT;
	return end - off;
}

unsigned int
bar_pieces(const struct bar *bar)
{
	unsigned int n = 0;

	for (uint64_t off = 0; off < bar->bytes; off += bar_piece_bytes(bar, off))
		n++;
	return n;
}
