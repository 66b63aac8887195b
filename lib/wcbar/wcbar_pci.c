/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A device: opened and closed, its configuration space, DMA and reset. */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wcbar_internal.h"

static bool
vfio_drives(const struct wcbar_pci_facts *f)
{
	return f->access == WCBAR_ACCESS_VFIO_GROUP || f->access == WCBAR_ACCESS_VFIO_CDEV;
}

/* ---- configuration space ------------------------------------------------------------------- */

/* 1, 2 or 4 bytes, aligned, inside PCI Express' configuration space. */
static bool
config_is_sane(unsigned int off, size_t bytes)
{
	return (bytes == 1 || bytes == 2 || bytes == 4) && off % bytes == 0 && off <= 4096 - bytes;
}

int
wcbar_pci_config_read(struct wcbar_pci *pci, unsigned int off, void *value, size_t bytes)
{
	ssize_t n;

	if (!config_is_sane(off, bytes))
		return -EINVAL;
	if (pci->config_fd >= 0)
		n = pread(pci->config_fd, value, bytes, (off_t)off);
	else
		n = pread(pci->vfio.device, value, bytes, (off_t)(pci->vfio.config_off + off));
	if (n < 0)
		return -errno;
	return (size_t)n == bytes ? 0 : -ENXIO;
}

int
wcbar_pci_config_write(struct wcbar_pci *pci, unsigned int off, const void *value, size_t bytes)
{
	ssize_t n;

	if (!config_is_sane(off, bytes))
		return -EINVAL;
	if (pci->config_fd >= 0)
		n = pwrite(pci->config_fd, value, bytes, (off_t)off);
	else
		n = pwrite(pci->vfio.device, value, bytes, (off_t)(pci->vfio.config_off + off));
	if (n < 0)
		return -errno;
	return (size_t)n == bytes ? 0 : -ENXIO;
}

static int
command_change(struct wcbar_pci *pci, uint16_t clear, uint16_t set)
{
	uint16_t old, new;
	int ret = wcbar_pci_config_read(pci, PCI_COMMAND_OFF, &old, sizeof(old));

	if (ret != 0)
		return ret;
	if (old == 0xffff)
		return -ENODEV; /* nobody answers */
	new = (uint16_t)((old & ~clear) | set);
	return new == old ? 0 : wcbar_pci_config_write(pci, PCI_COMMAND_OFF, &new, sizeof(new));
}

int
wcbar_pci_bus_master(struct wcbar_pci *pci, bool on)
{
	return command_change(pci, PCI_COMMAND_MASTER, on ? PCI_COMMAND_MASTER : 0);
}

/* ---- open and close ------------------------------------------------------------------------ */

/*
 * Memory decoding. Without any driver the kernel counts who enabled the device, and powers it up;
 * where a driver is bound the bit alone is missing at most.
 */
static int
memory_enable(struct wcbar_pci *pci, struct wcbar_why why)
{
	const char *bdf = pci->facts.bdf;
	int ret;

	if (pci->vfio.device < 0 && vfio_drives(&pci->facts))
		return 0; /* VFIO stays closed: only to ask */
	if (pci->vfio.device < 0 && pci->facts.driver[0] == '\0') {
		ret = wcbar_sysfs_write(pci->root, bdf, "enable", "1");
		pci->enabled = ret == 0;
	} else {
		ret = command_change(pci, 0, PCI_COMMAND_MEMORY);
	}
	if (ret != 0)
		return wcbar_why_set(why, ret, "the memory of %s could not be enabled: %s", bdf,
				     strerror(-ret));
	pci->facts.memory_enabled = true;
	return 0;
}

static int
config_open(struct wcbar_pci *pci, struct wcbar_why why)
{
	int fd = wcbar_sysfs_open(pci->root, pci->facts.bdf, "config", O_RDWR);

	if (fd < 0)
		return wcbar_why_set(why, fd, "the configuration space of %s: %s%s", pci->facts.bdf,
				     strerror(-fd),
				     fd == -EACCES || fd == -EPERM
					     ? "; without VFIO that needs root, and no lockdown"
					     : "");
	pci->config_fd = fd;
	return 0;
}

static int
without_vfio_check(const struct wcbar_pci_facts *f, struct wcbar_why why)
{
	if (f->access == WCBAR_ACCESS_KERNEL)
		return wcbar_why_set(why, -EBUSY,
				     "%s is in use by the kernel driver %s; bind vfio-pci or "
				     "uio_pci_generic instead",
				     f->bdf, f->driver);
	if (f->lockdown[0] != '\0' && strcmp(f->lockdown, "none") != 0)
		return wcbar_why_set(why, -EPERM,
				     "the kernel is locked down (%s) and gives no BARs by sysfs: "
				     "bind %s to vfio-pci, or turn Secure Boot off",
				     f->lockdown, f->bdf);
	return 0;
}

/* Users that are not root see all of configuration space through VFIO alone. */
static void
caps_read(struct wcbar_pci *pci)
{
	uint32_t config[WCBAR_CONFIG_BYTES / sizeof(uint32_t)];

	for (unsigned int i = 0; i < WCBAR_CONFIG_BYTES / sizeof(uint32_t); i++) {
		if (wcbar_pci_config_read(pci, i * sizeof(uint32_t), &config[i],
					  sizeof(config[i])) != 0)
			return;
	}
	wcbar_msix_parse((const uint8_t *)config, sizeof(config), &pci->facts);
}

static int
pci_attach(struct wcbar_pci *pci, const struct wcbar_pci_options *options, struct wcbar_why why)
{
	const bool vfio = vfio_drives(&pci->facts);
	int ret;

	if (options->vfio_fd >= 0) {
		ret = wcbar_vfio_adopt(pci, options->vfio_fd, why);
	} else if (vfio && options->vfio_fd != WCBAR_VFIO_CLOSED) {
		wcbar_pat_hold(pci, options->wc_bars);
		ret = wcbar_vfio_open(pci, why);
		wcbar_pat_release(pci);
	} else {
		ret = without_vfio_check(&pci->facts, why);
		if (ret == 0)
			ret = config_open(pci, why);
		if (ret == 0 && vfio)
			wcbar_pat_hold(pci, options->wc_bars);
	}
	if (ret != 0)
		return ret;
	if (!pci->facts.caps_known)
		caps_read(pci);
	return options->hands_off ? 0 : memory_enable(pci, why);
}

int
wcbar_pci_open(const char *bdf, const struct wcbar_pci_options *options, struct wcbar_pci **out,
	       char *why_text, size_t why_bytes)
{
	const struct wcbar_pci_options defaults = WCBAR_PCI_OPTIONS_DEFAULT;
	struct wcbar_why why = {why_text, why_bytes};
	struct wcbar_pci *pci;
	int ret;

	*out = NULL;
	if (options == NULL)
		options = &defaults;
	pci = calloc(1, sizeof(*pci));
	if (pci == NULL)
		return wcbar_why_set(why, -ENOMEM, "no memory");
	pci->config_fd = -1;
	pci->vfio = (struct wcbar_vfio){
		.device = -1,
		.group = -1,
		.container = -1,
		.iommufd = -1,
	};
	if (!wcbar_path(pci->root, options->root != NULL ? options->root : "", "%s", "")) {
		ret = wcbar_why_set(why, -ENAMETOOLONG, "the root's path is too long");
		goto fail;
	}
	ret = wcbar_pci_facts_read(bdf, options, &pci->facts, why_text, why_bytes);
	if (ret != 0)
		goto fail;
	ret = pci_attach(pci, options, why);
	if (ret != 0)
		goto fail;
	*out = pci;
	return 0;
fail:
	wcbar_pci_close(pci);
	return ret;
}

void
wcbar_pci_close(struct wcbar_pci *pci)
{
	if (pci == NULL)
		return;
	while (pci->bars != NULL)
		wcbar_bar_close(pci->bars);
	wcbar_pat_release(pci);
	wcbar_vfio_close(pci);
	if (pci->enabled)
		(void)wcbar_sysfs_write(pci->root, pci->facts.bdf, "enable", "0");
	if (pci->config_fd >= 0)
		close(pci->config_fd);
	free(pci);
}

const struct wcbar_pci_facts *
wcbar_pci_facts(const struct wcbar_pci *pci)
{
	return &pci->facts;
}

int
wcbar_pci_vfio_fd(const struct wcbar_pci *pci)
{
	return pci->vfio.device;
}

/* ---- DMA and reset ------------------------------------------------------------------------- */

int
wcbar_pci_dma_map(struct wcbar_pci *pci, void *addr, size_t bytes, uint64_t iova)
{
	const size_t page = pci->facts.page_bytes;

	if (bytes == 0 || ((uintptr_t)addr | bytes | iova) % page != 0)
		return -EINVAL;
	return wcbar_vfio_dma_map(&pci->vfio, addr, bytes, iova);
}

int
wcbar_pci_dma_unmap(struct wcbar_pci *pci, size_t bytes, uint64_t iova)
{
	return wcbar_vfio_dma_unmap(&pci->vfio, bytes, iova);
}

const char *
wcbar_pci_dma_why(const struct wcbar_pci *pci)
{
	const struct wcbar_vfio *v = &pci->vfio;

	if (v->noiommu)
		return "VFIO has no IOMMU here, so no memory is mapped for DMA: the device uses "
		       "physical addresses (/proc/self/pagemap), and its DMA reaches all memory";
	if (v->device >= 0 && v->container < 0 && v->iommufd < 0)
		return "whoever opened the VFIO device maps memory for its DMA";
	if (v->device < 0)
		return "the device was not opened by VFIO, which maps memory for DMA";
	return NULL;
}

int
wcbar_pci_reset(struct wcbar_pci *pci)
{
	int ret;

	if (pci->vfio.device >= 0)
		return wcbar_vfio_reset(&pci->vfio);
	ret = wcbar_sysfs_write(pci->root, pci->facts.bdf, "reset", "1");
	return ret == -ENOENT ? -ENOTSUP : ret;
}
