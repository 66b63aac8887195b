/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_VFIO_ABI_H
#define WCBAR_VFIO_ABI_H

/*
 * What the kernel has and the oldest supported <linux/vfio.h> lacks, under names of our own, so
 * that newer headers do not collide. Layouts as in Linux 6.6 (devices and iommufd) and 6.19
 * (dma-bufs); the memory attribute as proposed in July 2026 and in no released kernel known here.
 */

#include <linux/ioctl.h>
#include <linux/vfio.h>
#include <stdint.h>

/* ---- devices by /dev/vfio/devices and /dev/iommu ------------------------------------------- */

#define WCBAR_VFIO_BIND_IOMMUFD _IO(';', 118)
#define WCBAR_VFIO_ATTACH_IOMMUFD _IO(';', 119)
#define WCBAR_IOMMU_DESTROY _IO(';', 0x80)
#define WCBAR_IOMMU_IOAS_ALLOC _IO(';', 0x81)
#define WCBAR_IOMMU_IOAS_MAP _IO(';', 0x85)
#define WCBAR_IOMMU_IOAS_UNMAP _IO(';', 0x86)

#define WCBAR_IOMMU_MAP_FIXED 0x1u
#define WCBAR_IOMMU_MAP_WRITE 0x2u
#define WCBAR_IOMMU_MAP_READ 0x4u

struct wcbar_vfio_bind {
	uint32_t argsz;
	uint32_t flags;
	int32_t iommufd;
	uint32_t devid; /* out */
};

struct wcbar_vfio_attach {
	uint32_t argsz;
	uint32_t flags;
	uint32_t ioas;
};

struct wcbar_ioas_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas; /* out */
};

struct wcbar_ioas_map {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas;
	uint32_t reserved;
	uint64_t addr;
	uint64_t bytes;
	uint64_t iova;
};

struct wcbar_ioas_unmap {
	uint32_t size;
	uint32_t ioas;
	uint64_t iova;
	uint64_t bytes; /* in and out */
};

/* ---- dma-bufs of a BAR --------------------------------------------------------------------- */

#define WCBAR_FEATURE_DMA_BUF 11u
#define WCBAR_FEATURE_MEMATTR 14u

#define WCBAR_MEMATTR_NC 0u
#define WCBAR_MEMATTR_WC 1u

struct wcbar_feature_dma_buf {
	uint32_t argsz;
	uint32_t flags;
	uint32_t region;
	uint32_t open_flags;
	uint32_t zero;
	uint32_t ranges;
	struct {
		uint64_t off;
		uint64_t bytes;
	} range[1];
};

struct wcbar_feature_memattr {
	uint32_t argsz;
	uint32_t flags;
	int32_t dmabuf;
	uint32_t memattr;
};

_Static_assert(sizeof(struct wcbar_vfio_bind) == 16, "as the kernel has it");
_Static_assert(sizeof(struct wcbar_vfio_attach) == 12, "as the kernel has it");
_Static_assert(sizeof(struct wcbar_ioas_alloc) == 12, "as the kernel has it");
_Static_assert(sizeof(struct wcbar_ioas_map) == 40, "as the kernel has it");
_Static_assert(sizeof(struct wcbar_ioas_unmap) == 24, "as the kernel has it");
_Static_assert(sizeof(struct wcbar_feature_dma_buf) == 40, "as the kernel has it");
_Static_assert(sizeof(struct wcbar_feature_memattr) == 16, "as the kernel has it");

#endif /* WCBAR_VFIO_ABI_H */
