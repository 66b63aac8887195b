/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_PCI_H
#define WCBAR_PCI_H

/*
 * The BARs of a PCI device, mapped piece by piece by intended memory type, on stock kernels. Knows
 * no card and needs no library but libc.
 *
 *   facts   what sysfs and procfs say of a device; reads only, needs no rights
 *   pci     the device opened as its kernel driver allows: VFIO (group or cdev), UIO, or none
 *   bar     one BAR: an address range of its size, in which pieces lie side by side
 *   ladder  the ways to a mapping of the intended type, tried in order for each piece; what every
 *           rung answered is kept
 *
 * Threads: one at a time for each pci and what belongs to it; the mapped memory is the caller's.
 * Cost: control path only. Errors: 0 or -errno; `why`, where there is one, gets a sentence that
 * names what was wrong and what would be right.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wcbar.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WCBAR_PCI_BARS 6u
#define WCBAR_WHY_BYTES 256u

/* ---- facts --------------------------------------------------------------------------------- */

enum wcbar_access {
	WCBAR_ACCESS_NONE = 0,   /* no kernel driver: sysfs only, no DMA and no interrupts */
	WCBAR_ACCESS_KERNEL,     /* in use by a kernel driver */
	WCBAR_ACCESS_UIO,        /* uio_pci_generic, igb_uio: sysfs only */
	WCBAR_ACCESS_VFIO_GROUP, /* /dev/vfio/GROUP */
	WCBAR_ACCESS_VFIO_CDEV,  /* /dev/vfio/devices/vfioN with /dev/iommu */
};

struct wcbar_bar_facts {
	uint64_t address; /* CPU physical; 0 without CAP_SYS_ADMIN on some kernels */
	uint64_t bytes;   /* 0: there is no such BAR */
	bool io;          /* I/O ports: nothing to map */
	bool prefetchable;
	bool wide;         /* 64-bit: the next number is its upper half */
	bool has_sysfs;    /* resourceN is there */
	bool has_sysfs_wc; /* resourceN_wc is there */
};

struct wcbar_pci_facts {
	char bdf[16]; /* 0000:00:02.0 */
	uint16_t vendor, device, subvendor, subdevice;
	uint32_t class_code;
	int numa_node;              /* -1: the platform does not say */
	char driver[32];            /* "" if none is bound */
	enum wcbar_access access;   /* the best that the bound driver allows here */
	int iommu_group;            /* -1: no IOMMU for it */
	unsigned int group_devices; /* in that group, this one included, bridges not */
	char group_peer[16]; /* another device of the group that is in use by a kernel driver, or ""
			      */
	char iommu_type[16]; /* of its group: DMA, DMA-FQ, identity, ...; "" if unknown */
	bool memory_enabled; /* PCI_COMMAND */
	struct wcbar_bar_facts bars[WCBAR_PCI_BARS];
	/* of the machine */
	char kernel[64];    /* release */
	bool iomem_relaxed; /* iomem=relaxed on the kernel's command line */
	char lockdown[16];  /* none, integrity, confidentiality; "" if the kernel has no lockdown */
	bool hypervisor;    /* runs in a virtual machine, as the CPU or firmware says */
	bool vfio;          /* /dev/vfio/vfio or /dev/iommu is there */
	size_t page_bytes;
};

#define WCBAR_VFIO_OPEN (-1)   /* open VFIO here if it drives the device */
#define WCBAR_VFIO_CLOSED (-2) /* leave VFIO closed: sysfs alone, no DMA */

struct wcbar_pci_options {
	/* Tests put a tree of their own here, which then holds sys, proc and dev. NULL: "". */
	const char *root;
	/* A VFIO device that the caller has opened and keeps, or one of the two above. */
	int vfio_fd;
	/*
	 * BARs, a bit each, that hold windows and nothing else. On x86 one physical range has one
	 * memory type, that of its first mapping, and newer kernels map every BAR when VFIO is
	 * opened. So these BARs are mapped WC by sysfs for as long as opening takes, with
	 * WCBAR_VFIO_CLOSED until wcbar_pci_close; VFIO's own mappings of them then are WC too
	 * (WCBAR_RUNG_VFIO_PAT). Whoever opens VFIO elsewhere holds them so around that. Registers
	 * in such a BAR would be write-combining as well: name none that has any.
	 */
	unsigned int wc_bars;
};

#define WCBAR_PCI_OPTIONS_DEFAULT ((struct wcbar_pci_options){.vfio_fd = WCBAR_VFIO_OPEN})

/* `options` may be NULL. -ENODEV: no such device; -EINVAL: not a PCI address. */
int wcbar_pci_facts_read(const char *bdf, const struct wcbar_pci_options *options,
			 struct wcbar_pci_facts *facts, char *why, size_t why_bytes);

/* ---- a device ------------------------------------------------------------------------------ */

struct wcbar_pci;

/*
 * Opens the device. With VFIO it is the user's from here on: its memory decoding is on, bus
 * mastering is not. Maps nothing: no BAR is touched through VFIO before wcbar_bar_map.
 * -EBUSY: a kernel driver has it; -EPERM: locked down, or a group with a device in other hands.
 */
int wcbar_pci_open(const char *bdf, const struct wcbar_pci_options *options, struct wcbar_pci **pci,
		   char *why, size_t why_bytes);
/* All BARs are closed with it. NULL does nothing. */
void wcbar_pci_close(struct wcbar_pci *pci);

const struct wcbar_pci_facts *wcbar_pci_facts(const struct wcbar_pci *pci);
/* The VFIO device, or -1. Stays the library's. */
int wcbar_pci_vfio_fd(const struct wcbar_pci *pci);

/* Configuration space, by VFIO or sysfs; 1, 2 or 4 bytes, aligned. */
int wcbar_pci_config_read(struct wcbar_pci *pci, unsigned int off, void *value, size_t bytes);
int
wcbar_pci_config_write(struct wcbar_pci *pci, unsigned int off, const void *value, size_t bytes);
/* PCI_COMMAND bus master: whether the device may do DMA. */
int wcbar_pci_bus_master(struct wcbar_pci *pci, bool on);

/*
 * Makes [addr, addr + bytes) reachable for the device at `iova`; pages stay pinned until unmap or
 * close. Only where this library opened VFIO itself; -ENOTSUP otherwise.
 */
int wcbar_pci_dma_map(struct wcbar_pci *pci, void *addr, size_t bytes, uint64_t iova);
int wcbar_pci_dma_unmap(struct wcbar_pci *pci, size_t bytes, uint64_t iova);

/* Function-level reset (or what the kernel has instead). Mappings stay; the device forgets. */
int wcbar_pci_reset(struct wcbar_pci *pci);

/* ---- the ladder ---------------------------------------------------------------------------- */

enum wcbar_rung {
	WCBAR_RUNG_VFIO_MEMATTR = 0, /* a dma-buf of the BAR whose memory attribute is WC */
	WCBAR_RUNG_SYSFS_VFIO,    /* resourceN_wc under VFIO; the BAR is kept out of VFIO's hands */
	WCBAR_RUNG_SYSFS_RELAXED, /* the same while VFIO has it: iomem=relaxed */
	WCBAR_RUNG_SYSFS,         /* resourceN_wc, no VFIO: UIO or no driver */
	WCBAR_RUNG_VFIO_PAT,      /* VFIO's own mapping, made WC on x86: see wc_bars */
	WCBAR_RUNG_VFIO,          /* VFIO's own mapping: Device, UC */
	WCBAR_RUNG_SYSFS_UC,      /* resourceN: Device, UC */
	WCBAR_RUNGS,
};

struct wcbar_answer {
	enum wcbar_rung rung;
	enum wcbar_type type; /* what a mapping by this rung would be */
	/* 0: it works; -ENOTSUP: not for this device as it is bound; else what the kernel said */
	int error;
	bool tried;                /* false: a rung before it won, or it does not apply */
	char why[WCBAR_WHY_BYTES]; /* for error != 0: the reason, and what would change it */
};

/* "vfio-memattr", "sysfs-wc-vfio", "sysfs-wc-relaxed", "sysfs-wc", "vfio-pat", "vfio", "sysfs". */
const char *wcbar_rung_name(enum wcbar_rung rung);

struct wcbar_bar;

/*
 * One BAR: reserves an address range of its size, maps nothing yet. -ENODEV: no such BAR; -ENOTSUP:
 * I/O ports, or smaller than a page of this machine, unless it begins one: then all of the page is
 * mapped, and what lies behind the BAR in it may be another device's.
 */
int wcbar_bar_open(struct wcbar_pci *pci, unsigned int number, struct wcbar_bar **bar, char *why,
		   size_t why_bytes);
/* Unmaps all of it. NULL does nothing. */
void wcbar_bar_close(struct wcbar_bar *bar);

#define WCBAR_MAP_EXACT 1u /* fail with -ENOTSUP rather than give another type than intended */

/*
 * Maps [off, off + bytes), whole pages that no other piece has, at its place in the BAR's range.
 * Fills `win`: address, bytes, the type that came out, `direct` false, and a store that is safe
 * everywhere. Whoever asked for WC and did not say EXACT looks at win->type: there is no silence
 * about it in wcbar_bar_answers. A rung that a later mapping of the same BAR would take away is
 * not mixed with one that does that: pieces of a BAR that is kept out of VFIO's hands come all
 * through sysfs.
 */
int wcbar_bar_map(struct wcbar_bar *bar, uint64_t off, size_t bytes, enum wcbar_type intended,
		  unsigned int flags, struct wcbar_window *win);
void wcbar_bar_unmap(struct wcbar_bar *bar, struct wcbar_window *win);

/* What each rung answered when the last piece was mapped: WCBAR_RUNGS of them, by enum. */
const struct wcbar_answer *wcbar_bar_answers(const struct wcbar_bar *bar);
/* The rung that the piece at `off` came by; WCBAR_RUNGS if none is mapped there. */
enum wcbar_rung wcbar_bar_rung(const struct wcbar_bar *bar, uint64_t off);

/*
 * Asks every rung whether it would give `intended` for one page of the BAR at `off`, in ladder
 * order, and undoes each mapping again; stores nothing. `answers` has WCBAR_RUNGS entries.
 */
int wcbar_bar_probe(struct wcbar_bar *bar, uint64_t off, enum wcbar_type intended,
		    struct wcbar_answer *answers);

/*
 * Whether a WC mapping can be had by opening VFIO again with this BAR in wc_bars, and no other way:
 * nothing in the answers to a WC mapping or probe is WC, and WCBAR_RUNG_VFIO_PAT says -EBUSY, as
 * it does where the kernel is known to have made the BAR UC when VFIO was opened.
 */
bool wcbar_wc_bars_would_help(const struct wcbar_answer *answers);

/* ---- mappings that the kernel takes away ---------------------------------------------------- */

/*
 * The kernel revokes a sysfs mapping when another part of it claims the BAR, and a VFIO mapping
 * while the device's memory is off: the next access gets SIGBUS. From the first call on this
 * process recognises such a fault in a BAR's range: the page is replaced by memory that reads all
 * ones until something is stored there, as a device that is gone nearly does, and the bar is
 * marked. Other SIGBUS go to the handler that was there before; whoever installs one later passes
 * on what is not theirs. Idempotent.
 */
int wcbar_sigbus_install(void);
/* Whether a piece of this BAR was taken away; *off (may be NULL) gets where the first fault was. */
bool wcbar_bar_revoked(const struct wcbar_bar *bar, uint64_t *off);

#ifdef __cplusplus
}
#endif

#endif /* WCBAR_PCI_H */
