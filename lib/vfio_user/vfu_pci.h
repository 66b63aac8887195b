/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_PCI_H
#define VFU_PCI_H

/*
 * What client and server call the parts of a PCI device, with the numbers of linux/vfio.h. Access
 * rights of DMA ranges are IOVA_READ and IOVA_WRITE (iova.h), which have vfio-user's values.
 */

/* Regions: BARs 0 to 5, then these. */
#define VFU_PCI_REGION_ROM 6
#define VFU_PCI_REGION_CONFIG 7
#define VFU_PCI_REGION_VGA 8
#define VFU_PCI_REGIONS 9

/* What a region allows: reads and writes by message, and mapping. */
#define VFU_REGION_FLAG_READ 1u
#define VFU_REGION_FLAG_WRITE 2u
#define VFU_REGION_FLAG_MMAP 4u

#endif /* VFU_PCI_H */
