/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wcnic_abi.h>

#include "bar.h"

#define BLOCK_BYTES 0x200000u

static int
sysfs_open(const char *bdf, const char *suffix)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource%d%s", bdf, WCNIC_BAR_WINDOWS,
		 suffix);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fd = -errno;
		fprintf(stderr, "wcvmm: %s: %s\n", path, strerror(-fd));
	}
	return fd;
}

/* A range of the BAR's size, with nothing behind it yet. */
static int
range_reserve(struct bar *bar)
{
	const size_t all = bar->bytes + BLOCK_BYTES;
	uint8_t *range = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t head;

	if (range == MAP_FAILED) {
		fprintf(stderr, "wcvmm: no address range for the BAR: %s\n", strerror(errno));
		return -errno;
	}
	head = -(uintptr_t)range % BLOCK_BYTES;
	if (head > 0)
		munmap(range, head);
	munmap(range + head + bar->bytes, BLOCK_BYTES - head);
	bar->addr = range + head;
	return 0;
}

int
bar_open(struct bar *bar, struct wcbar_pci *pci)
{
	const struct wcbar_pci_facts *f = wcbar_pci_facts(pci);
	struct vfio_region_info info = {.argsz = sizeof(info), .index = WCNIC_BAR_WINDOWS};
	int ret;

	*bar = (struct bar){.files = {wcbar_pci_vfio_fd(pci), -1, -1}};
	if (ioctl(bar->files[SOURCE_VFIO], VFIO_DEVICE_GET_REGION_INFO, &info) != 0 ||
	    (info.flags & VFIO_REGION_INFO_FLAG_MMAP) == 0) {
		fprintf(stderr, "wcvmm: VFIO does not offer BAR2 for mmap\n");
		return -ENOTSUP;
	}
	bar->bytes = info.size;
	bar->file_off = info.offset;
	ret = bar->files[SOURCE_WC] = sysfs_open(f->bdf, "_wc");
	if (ret >= 0)
		ret = bar->files[SOURCE_UC] = sysfs_open(f->bdf, "");
	if (ret >= 0)
		ret = range_reserve(bar);
	if (ret < 0)
		bar_close(bar);
	return ret;
}

void
bar_close(struct bar *bar)
{
	if (bar->addr != NULL)
		munmap(bar->addr, bar->bytes);
	if (bar->files[SOURCE_WC] >= 0)
		close(bar->files[SOURCE_WC]);
	if (bar->files[SOURCE_UC] >= 0)
		close(bar->files[SOURCE_UC]);
	*bar = (struct bar){.files = {-1, -1, -1}};
}

static int
piece_map(struct bar *bar, const struct piece *p)
{
	uint64_t from = p->source == SOURCE_VFIO ? bar->file_off + p->off : p->off;
	void *to = mmap(bar->addr + p->off, p->bytes, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED, bar->files[p->source], (off_t)from);

	bar->mmaps++;
	if (to != MAP_FAILED)
		return 0;
	fprintf(stderr, "wcvmm: BAR2 + 0x%llx by %s: %s%s\n", (unsigned long long)p->off,
		source_name(p->source), strerror(errno),
		p->source == SOURCE_VFIO
			? ""
			: "; VFIO has this BAR, and only a kernel with iomem=relaxed lets sysfs "
			  "map it too");
	return -errno;
}

int
bar_map(struct bar *bar, const struct layout *layout)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < layout->pieces && ret == 0; i++)
		ret = piece_map(bar, &layout->piece[i]);
	bar->layout = *layout;
	return ret;
}

int
bar_replace(struct bar *bar, uint64_t off, uint64_t bytes, enum source source)
{
	const struct piece p = {off, bytes, source};
	int ret = layout_replace(&bar->layout, off, bytes, source);

	if (ret != 0) {
		fprintf(stderr, "wcvmm: 0x%llx bytes at BAR2 + 0x%llx are no piece: %s\n",
			(unsigned long long)bytes, (unsigned long long)off, strerror(-ret));
		return ret;
	}
	return piece_map(bar, &p);
}

int
bar_hole(struct bar *bar, uint64_t off, uint64_t bytes)
{
	if (mmap(bar->addr + off, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) != MAP_FAILED)
		return 0;
	fprintf(stderr, "wcvmm: a hole in BAR2: %s\n", strerror(errno));
	return -errno;
}

int
bar_vm_flags(const void *addr, char *flags, size_t bytes)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	unsigned long begin, end;
	bool inside = false;
	char line[512];
	int ret = -ENOENT;

	if (maps == NULL)
		return -errno;
	while (ret != 0 && fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2) {
			inside = (uintptr_t)addr >= begin && (uintptr_t)addr < end;
		} else if (inside && strncmp(line, "VmFlags: ", 9) == 0) {
			snprintf(flags, bytes, "%s", line + 9);
			flags[strcspn(flags, "\n")] = '\0';
			ret = 0;
		}
	}
	fclose(maps);
	return ret;
}
