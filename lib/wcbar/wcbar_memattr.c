/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * VFIO's memory attribute of a dma-buf. The feature was proposed and is not final: its number may
 * come to mean something else. So a kernel has to behave like the proposal before it is believed:
 * it has dma-bufs of BARs, the number can be set, a file that is no dma-buf is refused as such, a
 * made-up attribute is refused, uncached is accepted, and only then write-combining.
 * What is set belongs to a dma-buf of our own, which nobody else has.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "wcbar_internal.h"
#include "wcbar_vfio_abi.h"

#define MEMATTR_MADE_UP 0x7ead0000u

/* Whether the kernel has a feature for `how`; has no effect. */
static bool
feature_has(int device, uint32_t feature, uint32_t how)
{
	struct vfio_device_feature ask = {
		.argsz = sizeof(ask),
		.flags = VFIO_DEVICE_FEATURE_PROBE | how | feature,
	};

	return ioctl(device, VFIO_DEVICE_FEATURE, &ask) == 0;
}

static int
memattr_set(int device, int dmabuf, uint32_t memattr)
{
	struct wcbar_feature_memattr set = {
		.argsz = sizeof(set),
		.flags = VFIO_DEVICE_FEATURE_SET | WCBAR_FEATURE_MEMATTR,
		.dmabuf = dmabuf,
		.memattr = memattr,
	};

	return ioctl(device, VFIO_DEVICE_FEATURE, &set) == 0 ? 0 : -errno;
}

static int
dmabuf_get(int device, unsigned int bar, uint64_t off, size_t bytes)
{
	struct wcbar_feature_dma_buf get = {
		.argsz = sizeof(get),
		.flags = VFIO_DEVICE_FEATURE_GET | WCBAR_FEATURE_DMA_BUF,
		.region = bar,
		.open_flags = O_RDWR | O_CLOEXEC,
		.ranges = 1,
		.range = {{off, bytes}},
	};
	int fd = ioctl(device, VFIO_DEVICE_FEATURE, &get);

	return fd < 0 ? -errno : fd;
}

int
wcbar_vfio_memattr_wc(const struct wcbar_pci *pci, unsigned int bar, uint64_t off, size_t bytes,
		      struct wcbar_why why)
{
	const int device = pci->vfio.device;
	const char *kernel = pci->facts.kernel;
	int fd, ret;

	if (!feature_has(device, WCBAR_FEATURE_DMA_BUF, VFIO_DEVICE_FEATURE_GET))
		return wcbar_why_set(why, -ENOTTY,
				     "Linux %s has no dma-bufs of BARs for this device; 6.19 and "
				     "later may (CONFIG_VFIO_PCI_DMABUF)",
				     kernel);
	if (!feature_has(device, WCBAR_FEATURE_MEMATTR, VFIO_DEVICE_FEATURE_SET) ||
	    memattr_set(device, -1, WCBAR_MEMATTR_NC) != -EBADF)
		return wcbar_why_set(why, -ENOTTY,
				     "Linux %s cannot set the memory type of a dma-buf; that was "
				     "proposed in 2026 and needs a newer kernel",
				     kernel);
	fd = dmabuf_get(device, bar, off, bytes);
	if (fd < 0)
		return wcbar_why_set(why, fd, "VFIO gave no dma-buf of BAR %u: %s", bar,
				     strerror(-fd));
	if (memattr_set(device, fd, MEMATTR_MADE_UP) == 0 ||
	    memattr_set(device, fd, WCBAR_MEMATTR_NC) != 0)
		ret = wcbar_why_set(why, -ENOTTY,
				    "VFIO feature %u of Linux %s is something else than the "
				    "memory type of a dma-buf",
				    WCBAR_FEATURE_MEMATTR, kernel);
	else
		ret = memattr_set(device, fd, WCBAR_MEMATTR_WC);
	if (ret == 0)
		return fd;
	if (ret != -ENOTTY)
		wcbar_why_set(why, ret, "VFIO refused write-combining for BAR %u: %s", bar,
			      strerror(-ret));
	close(fd);
	return ret;
}
