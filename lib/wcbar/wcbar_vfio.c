/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A device by VFIO: opened by its group or by its own file, or adopted from the caller. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "wcbar_internal.h"
#include "wcbar_vfio_abi.h"

#define REGION_INFO_BYTES_MAX 4096u

static void
fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- by the group -------------------------------------------------------------------------- */

static int
iommu_type(const struct wcbar_pci_facts *f)
{
	return f->noiommu ? VFIO_NOIOMMU_IOMMU : VFIO_TYPE1v2_IOMMU;
}

static int
container_open(struct wcbar_pci *pci, struct wcbar_why why)
{
	struct wcbar_vfio *v = &pci->vfio;
	char path[PATH_MAX];

	if (!wcbar_path(path, pci->root, "/dev/vfio/vfio"))
		return -ENAMETOOLONG;
	v->container = open(path, O_RDWR | O_CLOEXEC);
	if (v->container < 0)
		return wcbar_why_set(why, -errno,
				     "%s: %s; it needs root, or the module vfio_iommu_type1 loaded",
				     path, strerror(errno));
	if (ioctl(v->container, VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		return wcbar_why_set(why, -ENOTSUP, "%s speaks no known version of VFIO", path);
	if (ioctl(v->container, VFIO_CHECK_EXTENSION, iommu_type(&pci->facts)) == 1)
		return 0;
	if (pci->facts.noiommu)
		return wcbar_why_set(why, -ENOTSUP,
				     "VFIO's no-IOMMU mode has been turned off: echo 1 > "
				     "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	return wcbar_why_set(why, -ENOTSUP, "VFIO has no type 1 IOMMU here; load vfio_iommu_type1");
}

static int
group_open(struct wcbar_pci *pci, struct wcbar_why why)
{
	const struct wcbar_pci_facts *f = &pci->facts;
	struct vfio_group_status status = {.argsz = sizeof(status)};
	struct wcbar_vfio *v = &pci->vfio;
	char path[PATH_MAX];

	if (f->iommu_group < 0)
		return wcbar_why_set(why, -ENODEV,
				     "%s has no IOMMU group: turn the IOMMU on (firmware, "
				     "intel_iommu=on), turn VFIO's no-IOMMU mode on and bind the "
				     "device again, or bind uio_pci_generic",
				     f->bdf);
	if (!wcbar_path(path, pci->root, "/dev/vfio/%s%d", f->noiommu ? "noiommu-" : "",
			f->iommu_group))
		return -ENAMETOOLONG;
	v->group = open(path, O_RDWR | O_CLOEXEC);
	if (v->group < 0 && errno == EBUSY)
		return wcbar_why_set(why, -EBUSY,
				     "%s is open already: another process has group %d, or the "
				     "caller has it and should hand over its VFIO device",
				     path, f->iommu_group);
	if (v->group < 0)
		return wcbar_why_set(why, -errno, "%s: %s%s", path, strerror(errno),
				     errno == EPERM && f->noiommu
					     ? "; a group without IOMMU needs CAP_SYS_RAWIO"
					     : "");
	if (ioctl(v->group, VFIO_GROUP_GET_STATUS, &status) != 0)
		return wcbar_why_set(why, -errno, "%s is no VFIO group: %s", path, strerror(errno));
	if ((status.flags & VFIO_GROUP_FLAGS_VIABLE) == 0)
		return wcbar_why_set(why, -EPERM,
				     "IOMMU group %d is not ours alone: %s in it has a kernel "
				     "driver; unbind it or bind it to vfio-pci too",
				     f->iommu_group,
				     f->group_peer[0] != '\0' ? f->group_peer : "a device");
	return 0;
}

static int
by_group(struct wcbar_pci *pci, struct wcbar_why why)
{
	struct wcbar_vfio *v = &pci->vfio;
	int ret = group_open(pci, why);

	if (ret != 0)
		return ret;
	ret = container_open(pci, why);
	if (ret != 0)
		return ret;
	if (ioctl(v->group, VFIO_GROUP_SET_CONTAINER, &v->container) != 0)
		return wcbar_why_set(why, -errno, "VFIO did not take group %d: %s",
				     pci->facts.iommu_group, strerror(errno));
	if (ioctl(v->container, VFIO_SET_IOMMU, iommu_type(&pci->facts)) != 0)
		return wcbar_why_set(why, -errno, "VFIO did not set up the IOMMU of group %d: %s",
				     pci->facts.iommu_group, strerror(errno));
	v->noiommu = pci->facts.noiommu;
	v->device = ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, pci->facts.bdf);
	if (v->device < 0)
		return wcbar_why_set(why, -errno, "VFIO did not open %s: %s", pci->facts.bdf,
				     strerror(errno));
	return 0;
}

/* ---- by its own file ----------------------------------------------------------------------- */

static int
ioas_attach(struct wcbar_pci *pci, struct wcbar_why why)
{
	struct wcbar_vfio *v = &pci->vfio;
	struct wcbar_vfio_bind bind = {.argsz = sizeof(bind), .iommufd = v->iommufd};
	struct wcbar_ioas_alloc alloc = {.size = sizeof(alloc)};
	struct wcbar_vfio_attach attach = {.argsz = sizeof(attach)};

	if (ioctl(v->device, WCBAR_VFIO_BIND_IOMMUFD, &bind) != 0)
		return wcbar_why_set(
			why, -errno, "VFIO did not bind %s to /dev/iommu: %s%s", pci->facts.bdf,
			strerror(errno),
			errno == EPERM ? "; its group has a device with a kernel driver" : "");
	if (ioctl(v->iommufd, WCBAR_IOMMU_IOAS_ALLOC, &alloc) != 0)
		return wcbar_why_set(why, -errno, "/dev/iommu gave no address space: %s",
				     strerror(errno));
	v->ioas = alloc.ioas;
	attach.ioas = alloc.ioas;
	if (ioctl(v->device, WCBAR_VFIO_ATTACH_IOMMUFD, &attach) != 0)
		return wcbar_why_set(why, -errno, "VFIO did not attach %s to its address space: %s",
				     pci->facts.bdf, strerror(errno));
	return 0;
}

static int
by_cdev(struct wcbar_pci *pci, struct wcbar_why why)
{
	struct wcbar_vfio *v = &pci->vfio;
	char path[PATH_MAX], name[32];

	if (!wcbar_vfio_cdev_name(pci->root, pci->facts.bdf, name, sizeof(name)))
		return wcbar_why_set(why, -ENODEV, "%s has no file in /dev/vfio/devices",
				     pci->facts.bdf);
	if (!wcbar_path(path, pci->root, "/dev/iommu"))
		return -ENAMETOOLONG;
	v->iommufd = open(path, O_RDWR | O_CLOEXEC);
	if (v->iommufd < 0)
		return wcbar_why_set(why, -errno, "%s: %s", path, strerror(errno));
	if (!wcbar_path(path, pci->root, "/dev/vfio/devices/%s", name))
		return -ENAMETOOLONG;
	v->device = open(path, O_RDWR | O_CLOEXEC);
	if (v->device < 0)
		return wcbar_why_set(why, -errno, "%s: %s", path, strerror(errno));
	return ioas_attach(pci, why);
}

/* ---- the device ---------------------------------------------------------------------------- */

static int
device_check(struct wcbar_pci *pci, struct wcbar_why why)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};

	if (ioctl(pci->vfio.device, VFIO_DEVICE_GET_INFO, &info) != 0)
		return wcbar_why_set(why, -errno, "that is no VFIO device: %s", strerror(errno));
	if ((info.flags & VFIO_DEVICE_FLAGS_PCI) == 0)
		return wcbar_why_set(why, -EINVAL, "that VFIO device is no PCI device");
	if (ioctl(pci->vfio.device, VFIO_DEVICE_GET_REGION_INFO, &config) != 0)
		return wcbar_why_set(why, -errno, "VFIO shows no configuration space: %s",
				     strerror(errno));
	pci->vfio.can_reset = (info.flags & VFIO_DEVICE_FLAGS_RESET) != 0;
	pci->vfio.config_off = config.offset;
	return 0;
}

void
wcbar_vfio_close(struct wcbar_pci *pci)
{
	struct wcbar_vfio *v = &pci->vfio;

	if (v->adopted)
		v->device = -1;
	v->adopted = false;
	v->noiommu = false;
	fd_close(&v->device);
	fd_close(&v->group);
	fd_close(&v->container);
	fd_close(&v->iommufd);
}

/* The best way first; if no way works, what the best one said counts. */
int
wcbar_vfio_open(struct wcbar_pci *pci, struct wcbar_why why)
{
	const struct wcbar_why nobody = {NULL, 0};
	int ret = -ENODEV;

	if (pci->facts.access == WCBAR_ACCESS_VFIO_CDEV) {
		ret = by_cdev(pci, why);
		if (ret == 0)
			ret = device_check(pci, why);
		if (ret == 0)
			return 0;
		wcbar_vfio_close(pci);
		if (by_group(pci, nobody) != 0 || device_check(pci, nobody) != 0)
			goto fail;
		pci->facts.access = WCBAR_ACCESS_VFIO_GROUP;
		return 0;
	}
	ret = by_group(pci, why);
	if (ret == 0)
		ret = device_check(pci, why);
	if (ret == 0)
		return 0;
fail:
	wcbar_vfio_close(pci);
	return ret;
}

int
wcbar_vfio_adopt(struct wcbar_pci *pci, int fd, struct wcbar_why why)
{
	int ret;

	pci->vfio.device = fd;
	pci->vfio.adopted = true;
	ret = device_check(pci, why);
	if (ret != 0)
		wcbar_vfio_close(pci);
	return ret;
}

/* ---- DMA and reset ------------------------------------------------------------------------- */

int
wcbar_vfio_dma_map(struct wcbar_vfio *vfio, void *addr, size_t bytes, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map type1 = {
		.argsz = sizeof(type1),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)addr,
		.iova = iova,
		.size = bytes,
	};
	struct wcbar_ioas_map ioas = {
		.size = sizeof(ioas),
		.flags = WCBAR_IOMMU_MAP_FIXED | WCBAR_IOMMU_MAP_READ | WCBAR_IOMMU_MAP_WRITE,
		.ioas = vfio->ioas,
		.addr = (uintptr_t)addr,
		.bytes = bytes,
		.iova = iova,
	};
	int ret;

	if (vfio->noiommu)
		return -ENOTSUP;
	if (vfio->container >= 0)
		ret = ioctl(vfio->container, VFIO_IOMMU_MAP_DMA, &type1);
	else if (vfio->iommufd >= 0)
		ret = ioctl(vfio->iommufd, WCBAR_IOMMU_IOAS_MAP, &ioas);
	else
		return -ENOTSUP;
	return ret == 0 ? 0 : -errno;
}

int
wcbar_vfio_dma_unmap(struct wcbar_vfio *vfio, size_t bytes, uint64_t iova)
{
	struct vfio_iommu_type1_dma_unmap type1 = {
		.argsz = sizeof(type1),
		.iova = iova,
		.size = bytes,
	};
	struct wcbar_ioas_unmap ioas = {
		.size = sizeof(ioas),
		.ioas = vfio->ioas,
		.iova = iova,
		.bytes = bytes,
	};

	if (vfio->noiommu)
		return -ENOTSUP;
	if (vfio->container >= 0) {
		if (ioctl(vfio->container, VFIO_IOMMU_UNMAP_DMA, &type1) != 0)
			return -errno;
		return type1.size == bytes ? 0 : -ENOENT; /* type 1 does not call it an error */
	}
	if (vfio->iommufd < 0)
		return -ENOTSUP;
	return ioctl(vfio->iommufd, WCBAR_IOMMU_IOAS_UNMAP, &ioas) == 0 ? 0 : -errno;
}

int
wcbar_vfio_reset(struct wcbar_vfio *vfio)
{
	if (!vfio->can_reset)
		return -ENOTSUP;
	return ioctl(vfio->device, VFIO_DEVICE_RESET) == 0 ? 0 : -errno;
}

/* ---- BARs ---------------------------------------------------------------------------------- */

/* Whether [off, off + bytes) is in one of the areas of a list, which is at `at` of *info. */
static bool
sparse_has(const struct vfio_region_info *info, size_t at, uint64_t off, size_t bytes)
{
	struct vfio_region_info_cap_sparse_mmap sparse;
	struct vfio_region_sparse_mmap_area area;

	if (at + sizeof(sparse) > info->argsz)
		return false;
	memcpy(&sparse, (const char *)info + at, sizeof(sparse));
	at += sizeof(sparse);
	if (sparse.nr_areas > (info->argsz - at) / sizeof(area))
		return false;
	for (uint32_t i = 0; i < sparse.nr_areas; i++, at += sizeof(area)) {
		memcpy(&area, (const char *)info + at, sizeof(area));
		if (off >= area.offset && bytes <= area.size &&
		    off - area.offset <= area.size - bytes)
			return true;
	}
	return false;
}

/* Whether [off, off + bytes) may be mapped. Nobody promises that capabilities are aligned. */
static bool
areas_have(const struct vfio_region_info *info, uint64_t off, size_t bytes)
{
	struct vfio_info_cap_header cap;
	uint32_t at = info->cap_offset;

	if ((info->flags & VFIO_REGION_INFO_FLAG_CAPS) == 0)
		return true;
	while (at >= sizeof(*info) && at + sizeof(cap) <= info->argsz) {
		memcpy(&cap, (const char *)info + at, sizeof(cap));
		if (cap.id == VFIO_REGION_INFO_CAP_SPARSE_MMAP)
			return sparse_has(info, at, off, bytes);
		if (cap.next <= at)
			break;
		at = cap.next;
	}
	return true;
}

int
wcbar_vfio_region(const struct wcbar_pci *pci, unsigned int bar, uint64_t off, size_t bytes,
		  uint64_t *at, struct wcbar_why why)
{
	struct vfio_region_info first = {.argsz = sizeof(first), .index = bar}, *info;
	int ret = 0;

	if (ioctl(pci->vfio.device, VFIO_DEVICE_GET_REGION_INFO, &first) != 0)
		return wcbar_why_set(why, -errno, "VFIO does not describe BAR %u: %s", bar,
				     strerror(errno));
	if (first.argsz < sizeof(first) || first.argsz > REGION_INFO_BYTES_MAX)
		return wcbar_why_set(why, -EBADMSG, "VFIO's description of BAR %u has an odd size",
				     bar);
	info = calloc(1, first.argsz);
	if (info == NULL)
		return wcbar_why_set(why, -ENOMEM, "no memory");
	*info = (struct vfio_region_info){.argsz = first.argsz, .index = bar};
	if (ioctl(pci->vfio.device, VFIO_DEVICE_GET_REGION_INFO, info) != 0)
		ret = wcbar_why_set(why, -errno, "VFIO does not describe BAR %u: %s", bar,
				    strerror(errno));
	else if (off > info->size || bytes > info->size - off)
		ret = wcbar_why_set(why, -EINVAL, "for VFIO BAR %u has only 0x%" PRIx64 " bytes",
				    bar, (uint64_t)info->size);
	else if ((info->flags & VFIO_REGION_INFO_FLAG_MMAP) == 0)
		ret = wcbar_why_set(why, -ENOTSUP,
				    "VFIO lets nobody map BAR %u: it shares a page, or its address "
				    "is not page-aligned",
				    bar);
	else if (info->argsz > first.argsz || !areas_have(info, off, bytes))
		ret = wcbar_why_set(why, -ENOTSUP,
				    "VFIO keeps that part of BAR %u to itself: MSI-X lies there",
				    bar);
	*at = info->offset + off;
	free(info);
	return ret;
}

int
wcbar_pci_bar_at(const struct wcbar_pci *pci, uint64_t at, size_t bytes, unsigned int *bar,
		 uint64_t *off)
{
	for (unsigned int i = 0; i < WCBAR_PCI_BARS; i++) {
		struct vfio_region_info info = {.argsz = sizeof(info), .index = i};

		if (ioctl(pci->vfio.device, VFIO_DEVICE_GET_REGION_INFO, &info) != 0)
			return -errno;
		if (at < info.offset || at - info.offset >= info.size ||
		    bytes > info.size - (at - info.offset))
			continue;
		*bar = i;
		*off = at - info.offset;
		return 0;
	}
	return -ENOENT;
}
