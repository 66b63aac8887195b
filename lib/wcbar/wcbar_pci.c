/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

#include <errno.h>
#include <stdio.h>

#include "wcbar_pci.h"

static int
not_here(char *why, size_t why_bytes)
{
	if (why != NULL && why_bytes > 0)
		snprintf(why, why_bytes, "this build of wcbar cannot do that");
	return -ENOSYS;
}

int
wcbar_pci_facts_read(const char *bdf, const struct wcbar_pci_options *options,
		     struct wcbar_pci_facts *facts, char *why, size_t why_bytes)
{
	(void)bdf, (void)options, (void)facts;
	return not_here(why, why_bytes);
}

int
wcbar_pci_open(const char *bdf, const struct wcbar_pci_options *options, struct wcbar_pci **pci,
	       char *why, size_t why_bytes)
{
	(void)bdf, (void)options, (void)pci;
	return not_here(why, why_bytes);
}

void
wcbar_pci_close(struct wcbar_pci *pci)
{
	(void)pci;
}

const struct wcbar_pci_facts *
wcbar_pci_facts(const struct wcbar_pci *pci)
{
	(void)pci;
	return NULL;
}

int
wcbar_pci_vfio_fd(const struct wcbar_pci *pci)
{
	(void)pci;
	return -1;
}

int
wcbar_pci_config_read(struct wcbar_pci *pci, unsigned int off, void *value, size_t bytes)
{
	(void)pci, (void)off, (void)value, (void)bytes;
	return -ENOSYS;
}

int
wcbar_pci_config_write(struct wcbar_pci *pci, unsigned int off, const void *value, size_t bytes)
{
	(void)pci, (void)off, (void)value, (void)bytes;
	return -ENOSYS;
}

int
wcbar_pci_bus_master(struct wcbar_pci *pci, bool on)
{
	(void)pci, (void)on;
	return -ENOSYS;
}

int
wcbar_pci_dma_map(struct wcbar_pci *pci, void *addr, size_t bytes, uint64_t iova)
{
	(void)pci, (void)addr, (void)bytes, (void)iova;
	return -ENOSYS;
}

int
wcbar_pci_dma_unmap(struct wcbar_pci *pci, size_t bytes, uint64_t iova)
{
	(void)pci, (void)bytes, (void)iova;
	return -ENOSYS;
}

int
wcbar_pci_reset(struct wcbar_pci *pci)
{
	(void)pci;
	return -ENOSYS;
}

const char *
wcbar_rung_name(enum wcbar_rung rung)
{
	static const char *const names[WCBAR_RUNGS] = {
		[WCBAR_RUNG_VFIO_MEMATTR] = "vfio-memattr",
		[WCBAR_RUNG_SYSFS_VFIO] = "sysfs-wc-vfio",
		[WCBAR_RUNG_SYSFS_RELAXED] = "sysfs-wc-relaxed",
		[WCBAR_RUNG_SYSFS] = "sysfs-wc",
		[WCBAR_RUNG_VFIO] = "vfio",
		[WCBAR_RUNG_SYSFS_UC] = "sysfs",
	};

	return (unsigned int)rung < WCBAR_RUNGS ? names[rung] : "none";
}

int
wcbar_bar_open(struct wcbar_pci *pci, unsigned int number, struct wcbar_bar **bar, char *why,
	       size_t why_bytes)
{
	(void)pci, (void)number, (void)bar;
	return not_here(why, why_bytes);
}

void
wcbar_bar_close(struct wcbar_bar *bar)
{
	(void)bar;
}

int
wcbar_bar_map(struct wcbar_bar *bar, uint64_t off, size_t bytes, enum wcbar_type intended,
	      unsigned int flags, struct wcbar_window *win)
{
	(void)bar, (void)off, (void)bytes, (void)intended, (void)flags, (void)win;
	return -ENOSYS;
}

void
wcbar_bar_unmap(struct wcbar_bar *bar, struct wcbar_window *win)
{
	(void)bar, (void)win;
}

const struct wcbar_answer *
wcbar_bar_answers(const struct wcbar_bar *bar)
{
	(void)bar;
	return NULL;
}

enum wcbar_rung
wcbar_bar_rung(const struct wcbar_bar *bar, uint64_t off)
{
	(void)bar, (void)off;
	return WCBAR_RUNGS;
}

int
wcbar_bar_probe(struct wcbar_bar *bar, uint64_t off, enum wcbar_type intended,
		struct wcbar_answer *answers)
{
	(void)bar, (void)off, (void)intended, (void)answers;
	return -ENOSYS;
}

int
wcbar_sigbus_install(void)
{
	return -ENOSYS;
}

bool
wcbar_bar_revoked(const struct wcbar_bar *bar, uint64_t *off)
{
	(void)bar, (void)off;
	return false;
}
