/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_INTERNAL_H
#define WCBAR_INTERNAL_H

/* The files behind wcbar_pci.h share this. Nothing here is thread-safe, or for a data path. */

#include <limits.h>

#include <wcbase.h>

#include "wcbar_pci.h"

#define PCI_COMMAND_OFF 4u
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u
#define WCBAR_CONFIG_BYTES 256u /* where the list of capabilities is */

/* ---- one sentence of reason ---------------------------------------------------------------- */

struct wcbar_why {
	char *text; /* NULL: the caller wants no reason */
	size_t bytes;
};

/* Writes the sentence and returns `error`, so that it can be returned in one line. */
WC_PRINTF(3, 4) int wcbar_why_set(struct wcbar_why why, int error, const char *fmt, ...);

/* ---- files --------------------------------------------------------------------------------- */

/* Writes root + the path that fmt makes; false if it does not fit. */
WC_PRINTF(3, 4)
WC_MUST_CHECK bool wcbar_path(char path[PATH_MAX], const char *root, const char *fmt, ...);

/* Opens root + "/sys/bus/pci/devices/BDF/NAME". An fd, which is the caller's to close, or -errno.
 */
int wcbar_sysfs_open(const char *root, const char *bdf, const char *name, int flags);
/* Writes `text` to such a file; 0 or -errno. */
int wcbar_sysfs_write(const char *root, const char *bdf, const char *name, const char *text);

/* Reads the configuration of the kernel `release` under root; all unknown if no file has it. */
void
wcbar_kernel_config_read(struct wcbar_kernel_config *config, const char *root, const char *release);
/*
 * Fills caps_known and the two MSI-X facts, from the first `bytes` of configuration space or from
 * sysfs.
 */
void wcbar_msix_parse(const uint8_t *config, size_t bytes, struct wcbar_pci_facts *f);
void wcbar_msix_read(const char *root, struct wcbar_pci_facts *f);

/* ---- a device ------------------------------------------------------------------------------ */

struct wcbar_vfio {
	int device;   /* -1: VFIO is not open */
	bool adopted; /* the caller opened it, and keeps it */
	int group;
	int container;
	int iommufd;
	uint32_t ioas;
	bool noiommu; /* opened by a group without IOMMU: the device uses physical addresses */
	bool can_reset;
	uint64_t config_off;
};

struct wcbar_pci {
	char root[PATH_MAX];
	struct wcbar_pci_facts facts;
	struct wcbar_vfio vfio;
	int config_fd; /* sysfs; -1 if VFIO has the configuration space */
	bool enabled;  /* by this library, with sysfs "enable" */
	/* WC mappings that make VFIO's own mappings WC, or NULL. */
	void *wc_maps[WCBAR_PCI_BARS];
	struct wcbar_bar *bars;
};

/* Writes the device's name under /dev/vfio/devices; false: this kernel has no such file. */
WC_MUST_CHECK bool
wcbar_vfio_cdev_name(const char *root, const char *bdf, char *name, size_t bytes);

/*
 * Opens the device by its own file or by its group, whichever works; facts.access tells which.
 * 0, or -errno with the reason of the better way.
 */
int wcbar_vfio_open(struct wcbar_pci *pci, struct wcbar_why why);
/* Uses a VFIO device that the caller opened, and that the caller closes. 0 or -errno. */
int wcbar_vfio_adopt(struct wcbar_pci *pci, int fd, struct wcbar_why why);
/* Closes what wcbar_vfio_open() opened. May be called again. */
void wcbar_vfio_close(struct wcbar_pci *pci);
/* As wcbar_pci_dma_map(), wcbar_pci_dma_unmap() and wcbar_pci_reset(). */
int wcbar_vfio_dma_map(struct wcbar_vfio *vfio, void *addr, size_t bytes, uint64_t iova);
int wcbar_vfio_dma_unmap(struct wcbar_vfio *vfio, size_t bytes, uint64_t iova);
int wcbar_vfio_reset(struct wcbar_vfio *vfio);

/*
 * Sets *at to the offset for mmap() of the VFIO device that gives [off, off + bytes) of a BAR.
 * -ENOTSUP: VFIO does not map that part. Only asks; maps and claims nothing.
 */
int wcbar_vfio_region(const struct wcbar_pci *pci, unsigned int bar, uint64_t off, size_t bytes,
		      uint64_t *at, struct wcbar_why why);
/*
 * Makes a dma-buf of [off, off + bytes) of a BAR whose mappings are write-combining. An fd, which
 * is the caller's to close, or -errno: -ENOTTY where the kernel cannot.
 */
int wcbar_vfio_memattr_wc(const struct wcbar_pci *pci, unsigned int bar, uint64_t off, size_t bytes,
			  struct wcbar_why why);

/* ---- a BAR --------------------------------------------------------------------------------- */

/* A mapped part of a BAR. */
struct wcbar_piece {
	uint64_t off;
	size_t bytes;
	enum wcbar_rung rung;
	struct wcbar_piece *next;
};

struct wcbar_bar {
	struct wcbar_pci *pci;
	unsigned int number;
	uint8_t *base; /* the reserved range */
	size_t bytes;
	int slot; /* its entry in the SIGBUS handler's table */
	struct wcbar_piece *pieces;
	struct wcbar_answer answers[WCBAR_RUNGS];
	struct wcbar_bar *next; /* of the same device */
};

/* ---- types that x86 keeps for each range ---------------------------------------------------- */

struct wcbar_ask;

/*
 * Reads from the kernel's list the type that this part is mapped as now; UNKNOWN: it is not mapped.
 * -ENOTSUP: not x86; -ENODATA: the list cannot be read.
 */
int wcbar_pat_type(const struct wcbar_ask *ask, enum wcbar_type *type, struct wcbar_why why);
/*
 * 0 if this part is mapped as wanted, or nobody can tell and it need not be known (`must_know`).
 * -EBUSY: the kernel gave another type; -ENODATA: it must be known, and is not.
 */
int wcbar_pat_check(const struct wcbar_ask *ask, enum wcbar_type wanted, bool must_know,
		    struct wcbar_why why);
/*
 * Maps these BARs (a bit each) WC by sysfs until wcbar_pat_release(). A BAR where that fails is
 * left out: the ladder finds out what its mappings are.
 */
void wcbar_pat_hold(struct wcbar_pci *pci, unsigned int bars);
void wcbar_pat_release(struct wcbar_pci *pci);

/* Opens resourceN_wc: an fd, which is the caller's, or -errno. Maps all of it: 0 or -errno. */
int wcbar_wc_file_open(const struct wcbar_pci *pci, unsigned int bar);
int wcbar_wc_file_map(const struct wcbar_pci *pci, unsigned int bar, void **addr);

/*
 * The SIGBUS handler's table of ranges in which a fault means that the kernel revoked a mapping.
 * add: a slot or -ENOSPC; hit: whether there was a fault, *off (may be NULL) where the first was.
 * Any thread.
 */
int wcbar_sigbus_add(const void *base, size_t bytes);
void wcbar_sigbus_del(int slot);
bool wcbar_sigbus_hit(int slot, uint64_t *off);

/* ---- one way to map ------------------------------------------------------------------------ */

struct wcbar_ask {
	struct wcbar_bar *bar;
	uint64_t off;
	size_t bytes;
	enum wcbar_type intended;
	/* Only ask: leave nothing mapped and nothing claimed. */
	bool probe;
	/* Where it goes, and how it may be accessed. */
	void *place;
	int prot;
};

/* What a rung opened: mapping `fd` at `at` gives the piece. The ladder closes fd if `owned`. */
struct wcbar_source {
	int fd;
	uint64_t at;
	bool owned;
};

struct wcbar_rung_ops {
	enum wcbar_type type;
	/* 0 with the source, or -errno with the reason; -ENOTSUP: does not apply here. */
	int (*open)(const struct wcbar_ask *ask, struct wcbar_source *src, struct wcbar_why why);
	/* The sentence for a mapping that the kernel refused with `error`. */
	void (*refused)(const struct wcbar_ask *ask, int error, struct wcbar_why why);
	/* Others may have set the type before: without the kernel's word it is not believed. */
	bool must_know;
	/* Mapping leaves a trace in the kernel that unmapping does not undo. */
	bool claims;
};

/* By enum wcbar_rung, in the order in which they are tried. */
extern const struct wcbar_rung_ops wcbar_rungs[WCBAR_RUNGS];

/* Whether a piece of the BAR was mapped by that rung. */
bool wcbar_bar_has(const struct wcbar_bar *bar, enum wcbar_rung rung);

#endif /* WCBAR_INTERNAL_H */
