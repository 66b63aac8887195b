/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_TREE_H
#define WCBAR_TREE_H

/*
 * A machine that is a folder: sys, proc and dev with one PCI device, whose BARs are plain files;
 * and a kernel whose VFIO answers, behind ioctl(), for the files in its dev.
 */

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include <wcbar_pci.h>
#include <wcbase.h>

#define BDF "0000:00:05.0"
#define PEER "0000:00:06.0"
#define BAR2_ADDRESS 0xfea00000ull
#define BAR2_BYTES 0x40000ull
#define PAGE ((uint64_t)sysconf(_SC_PAGESIZE))
#define VFIO_REGION_OFF(n) ((uint64_t)(n) << 24) /* where the fake VFIO device has region n */

/* The root of a new machine: the device has BAR 0 (I/O), BAR 2 (prefetchable), no driver. */
const char *tree_make(void);
void tree_remove(void);

WC_PRINTF(2, 3) void tree_write(const char *text, const char *path, ...);
void tree_link(const char *path, const char *target);
void tree_unlink(const char *path);
/* A file of the device. */
const char *tree_device(const char *name);
void tree_read(const char *path, void *data, size_t bytes, uint64_t off);

void tree_bind(const char *driver);
/* vfio-pci with group 7 and its files; with `cdev` also the device's own file and /dev/iommu. */
void tree_bind_vfio(bool cdev);
/* The same without an IOMMU: VFIO made the group up. */
void tree_noiommu(void);
void tree_iomem_relaxed(void);
/* The kernel's list of memory types says this of BAR 2; NULL: there is no list. */
void tree_pat(const char *type);

struct wcbar_pci_options tree_options(void);

/* ---- the fake VFIO ------------------------------------------------------------------------- */

struct fake_vfio {
	bool not_viable;
	bool noiommu; /* has no other IOMMU than none */
	bool not_pci;
	bool no_reset;
	bool no_mmap;      /* of BAR 2 */
	bool msix_in_bar2; /* its second page is VFIO's alone */
	unsigned int fail; /* the fail-th request from now on fails with EIO; 0: none */
	unsigned int requests;
	/* dma-bufs: 0 no such feature, 1 they exist, 2 their memory type can be set */
	int dmabuf;
	/* the feature means something else: takes any file; takes any attribute */
	bool any_file, any_attribute;
	/* what was asked for */
	long iommu_type;
	unsigned int resets, maps, unmaps, memattr;
	uint64_t map_iova, map_bytes;
	int device; /* the memfd behind the device */
};

extern struct fake_vfio fake_vfio;

/* ---- calls that fail ----------------------------------------------------------------------- */

extern unsigned int fail_calloc; /* the n-th from now on; 0: none */
extern unsigned int fail_mmap;   /* likewise */
extern unsigned int mmaps_of_vfio;
extern long fake_page_bytes; /* 0: the true size */

unsigned int fds_open(void);

#endif /* WCBAR_TREE_H */
