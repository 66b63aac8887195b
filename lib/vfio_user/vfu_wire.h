/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_WIRE_H
#define VFU_WIRE_H

/*
 * vfio-user on the wire, protocol version 0.0. Both ends run on one host: fields are in host byte
 * order. Private to this library. File descriptors ride on the bytes of their message.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <iova.h>

#include "vfu_pci.h"

#define VFU_MAJOR 0
#define VFU_MINOR 0

/* Descriptors in one message, and bytes that one access of a region may carry. */
#define VFU_MSG_FDS_MAX 8
#define VFU_XFER_BYTES_MAX 1048576u

#define VFU_PAGE_BYTES 4096u

#define VFU_IRQS_MAX 5 /* INTx, MSI, MSI-X, error, request */
#define VFU_IRQ_MSIX 2
#define VFU_IRQ_ERR 3

enum vfu_cmd {
	VFU_CMD_VERSION = 1,
	VFU_CMD_DMA_MAP = 2,
	VFU_CMD_DMA_UNMAP = 3,
	VFU_CMD_GET_INFO = 4,
	VFU_CMD_GET_REGION_INFO = 5,
	VFU_CMD_GET_IRQ_INFO = 7,
	VFU_CMD_SET_IRQS = 8,
	VFU_CMD_REGION_READ = 9,
	VFU_CMD_REGION_WRITE = 10,
	VFU_CMD_DMA_READ = 11,
	VFU_CMD_DMA_WRITE = 12,
	VFU_CMD_RESET = 13,
	VFU_CMD_WRITE_MULTI = 15,
};

struct vfu_hdr {
	uint16_t id;
	uint16_t cmd;
	uint32_t bytes; /* of the message, with this header */
	uint32_t flags; /* VFU_HDR_* */
	uint32_t error; /* errno, with VFU_HDR_ERROR */
};
static_assert(sizeof(struct vfu_hdr) == 16, "the header is 16 bytes");

#define VFU_HDR_TYPE_MASK 0x0fu
#define VFU_HDR_REQUEST 0x00u
#define VFU_HDR_REPLY 0x01u
#define VFU_HDR_NO_REPLY 0x10u
#define VFU_HDR_ERROR 0x20u

/* VERSION; JSON text with its NUL may follow. */
struct vfu_version {
	uint16_t major;
	uint16_t minor;
};
static_assert(sizeof(struct vfu_version) == 4, "VERSION begins with 4 bytes");

#define VFU_DMA_FLAGS_ACCESS (IOVA_READ | IOVA_WRITE) /* the protocol has the same bits */

struct vfu_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t fd_off;
	uint64_t iova;
	uint64_t bytes;
};
static_assert(sizeof(struct vfu_dma_map) == 32, "DMA_MAP is 32 bytes");

#define VFU_DMA_UNMAP_ALL 0x2u

struct vfu_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t iova;
	uint64_t bytes;
};
static_assert(sizeof(struct vfu_dma_unmap) == 24, "DMA_UNMAP is 24 bytes");

#define VFU_INFO_RESET 0x1u
#define VFU_INFO_PCI 0x2u

struct vfu_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
};
static_assert(sizeof(struct vfu_info) == 16, "GET_INFO is 16 bytes");

#define VFU_REGION_FLAG_CAPS 0x8u /* with the VFU_REGION_FLAG_* of vfu_pci.h */

struct vfu_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_off; /* first capability, from the start of this struct */
	uint64_t bytes;
	uint64_t fd_off;
};
static_assert(sizeof(struct vfu_region_info) == 32, "GET_REGION_INFO is 32 bytes");

#define VFU_CAP_SPARSE_MMAP 1

/* Only the areas that follow can be mapped. */
struct vfu_cap_sparse {
	uint16_t id;
	uint16_t version;
	uint32_t next;
	uint32_t n_areas;
	uint32_t rsvd;
};
static_assert(sizeof(struct vfu_cap_sparse) == 16, "the sparse capability is 16 bytes");

struct vfu_area {
	uint64_t off;
	uint64_t bytes;
};
static_assert(sizeof(struct vfu_area) == 16, "an area is 16 bytes");

#define VFU_IRQ_INFO_EVENTFD 0x1u

struct vfu_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};
static_assert(sizeof(struct vfu_irq_info) == 16, "GET_IRQ_INFO is 16 bytes");

#define VFU_IRQ_DATA_NONE 0x01u
#define VFU_IRQ_DATA_BOOL 0x02u
#define VFU_IRQ_DATA_EVENTFD 0x04u
#define VFU_IRQ_ACTION_TRIGGER 0x20u

/* SET_IRQS; with DATA_BOOL one byte a vector follows. */
struct vfu_irq_set {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
};
static_assert(sizeof(struct vfu_irq_set) == 20, "SET_IRQS is 20 bytes");

/* REGION_READ and REGION_WRITE; the data follow. */
struct vfu_access {
	uint64_t off;
	uint32_t region;
	uint32_t count;
};
static_assert(sizeof(struct vfu_access) == 16, "a region access begins with 16 bytes");

/* DMA_READ and DMA_WRITE, from the server; the data follow. */
struct vfu_dma_access {
	uint64_t iova;
	uint64_t count;
};
static_assert(sizeof(struct vfu_dma_access) == 16, "a DMA access begins with 16 bytes");

#define VFU_WRITE_MULTI_MAX 200u

/* WRITE_MULTI: a 64-bit count, then so many of these. */
struct vfu_write {
	uint64_t off;
	uint32_t region;
	uint32_t count;
	uint8_t data[8];
};
static_assert(sizeof(struct vfu_write) == 24, "a write of WRITE_MULTI is 24 bytes");

#define VFU_MSG_BYTES_MAX (sizeof(struct vfu_hdr) + sizeof(struct vfu_access) + VFU_XFER_BYTES_MAX)

#endif /* VFU_WIRE_H */
