/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_PCI_H
#define WCBAR_PCI_H

/*
 * Maps the BARs of a PCI device piece by piece, each with its intended memory type, on stock
 * kernels. Works for any device.
 *
 *   facts   what sysfs and procfs say about a device; only reads, and needs no rights
 *   pci     the device, opened as its kernel driver allows: VFIO (group or cdev), UIO, or none
 *   bar     one BAR: an address range of its size, in which its pieces are mapped
 *   ladder  the ways to a mapping of the intended type, its rungs. They are tried in order for each
 *           piece, and the answer of each rung is kept
 *
 * Threads: one at a time for each pci and what belongs to it. Mapped memory is the caller's to
 * share. Cost: control path only, these are system calls. Errors: 0 or -errno. `why` (may be NULL)
 * of `why_bytes` gets a sentence that names what was wrong and what would be right.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

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

enum wcbar_setting {
	WCBAR_SETTING_UNKNOWN = 0,
	WCBAR_SETTING_NO,
	WCBAR_SETTING_YES,
};

/* How the running kernel was built. */
struct wcbar_kernel_config {
	char file[96]; /* that says so, without root: /boot/config-RELEASE; "": none was found */
	/* Sysfs maps no BAR that a part of the kernel has claimed, unless iomem=relaxed. */
	enum wcbar_setting io_strict_devmem;
	enum wcbar_setting vfio_noiommu; /* VFIO may work without an IOMMU */
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
	/* Another device of the group that a kernel driver uses; "": none. */
	char group_peer[16];
	char iommu_type[16]; /* of its group: DMA, DMA-FQ, identity, ...; "" if unknown */
	/*
	 * The group is one that VFIO made up because there is no IOMMU: /dev/vfio/noiommu-GROUP.
	 * The device's DMA then reaches all memory, and the kernel is tainted.
	 */
	bool noiommu;
	bool memory_enabled; /* PCI_COMMAND */
	/* The BARs that MSI-X is in; -1: none, or caps_known is false: nobody could look. */
	bool caps_known;
	int msix_table_bar, msix_pba_bar;
	struct wcbar_bar_facts bars[WCBAR_PCI_BARS];
	/* of the machine */
	char kernel[64];    /* release */
	bool iomem_relaxed; /* iomem=relaxed on the kernel's command line */
	char lockdown[16];  /* none, integrity, confidentiality; "" if the kernel has no lockdown */
	bool hypervisor;    /* runs in a virtual machine, as the CPU or firmware says */
	bool vfio;          /* /dev/vfio/vfio or /dev/iommu is there */
	size_t page_bytes;
	struct wcbar_kernel_config config;
	/* VFIO's parameter enable_unsafe_noiommu_mode; unknown: the module has none, or is absent
	 */
	enum wcbar_setting noiommu_mode;
};

/*
 * Whether kernels map a BAR at all: whole pages, or one that is smaller than a page and begins
 * where the page does, with the rest of that page. Pure.
 */
static inline bool
wcbar_bar_fills_pages(const struct wcbar_pci_facts *facts, const struct wcbar_bar_facts *bar)
{
	return bar->bytes % facts->page_bytes == 0 ||
	       (bar->bytes < facts->page_bytes && bar->address != 0 &&
		bar->address % facts->page_bytes == 0);
}

#define WCBAR_VFIO_OPEN (-1)   /* open VFIO here if it drives the device */
#define WCBAR_VFIO_CLOSED (-2) /* leave VFIO closed: sysfs alone, no DMA */

struct wcbar_pci_options {
	/* The folder that holds sys, proc and dev; tests pass a tree of their own. NULL: "". */
	const char *root;
	/* A VFIO device that the caller has opened and closes itself, or one of the two above. */
	int vfio_fd;
	/*
	 * BARs, a bit each, that have windows and nothing else: registers in such a BAR would
	 * become write-combining too. On x86 one physical range has one memory type, that of its
	 * first mapping, and newer kernels map every BAR when VFIO is opened. So these BARs are
	 * mapped WC by sysfs while the device is opened, or with WCBAR_VFIO_CLOSED until
	 * wcbar_pci_close(). VFIO's own mappings of them are then WC too (WCBAR_RUNG_VFIO_PAT). A
	 * caller that opens VFIO elsewhere does so between wcbar_pci_open() with WCBAR_VFIO_CLOSED
	 * and wcbar_pci_close().
	 */
	unsigned int wc_bars;
	/*
	 * The kernel's configuration, where the caller has read it (/proc/config.gz, which this
	 * library does not unpack). NULL, or one without a file: read from /boot and /lib/modules.
	 */
	const struct wcbar_kernel_config *config;
	/* With the caller's own VFIO device: writes nothing to its configuration space. */
	bool hands_off;
};

#define WCBAR_PCI_OPTIONS_DEFAULT ((struct wcbar_pci_options){.vfio_fd = WCBAR_VFIO_OPEN})

/*
 * Fills `facts` about the device at `bdf` ("[DOMAIN:]BUS:DEVICE.FUNCTION"). `options` may be NULL;
 * only its root and config count. -ENODEV: no such device; -EINVAL: not a PCI address; -EBADMSG:
 * sysfs describes its BARs in another form than expected.
 */
WC_PUBLIC int wcbar_pci_facts_read(const char *bdf, const struct wcbar_pci_options *options,
				   struct wcbar_pci_facts *facts, char *why, size_t why_bytes);

/*
 * Takes a kernel configuration as plain text of `bytes`. `file`: where it is from. False: it has no
 * line of a configuration, and all of *config is unknown. Reads only `text`.
 */
WC_PUBLIC bool wcbar_kernel_config_take(struct wcbar_kernel_config *config, const char *text,
					size_t bytes, const char *file);

/*
 * Whether sysfs maps a BAR that a part of the kernel has claimed: iomem=relaxed, or a kernel that
 * is known to be without CONFIG_IO_STRICT_DEVMEM. The other function writes how it comes, as the
 * end of a sentence about the kernel: "was booted with iomem=relaxed". Pure.
 */
WC_PUBLIC bool wcbar_sysfs_maps_claimed(const struct wcbar_pci_facts *facts);
WC_PUBLIC void
wcbar_sysfs_maps_claimed_why(const struct wcbar_pci_facts *facts, char *text, size_t bytes);

/* ---- a device ------------------------------------------------------------------------------ */

struct wcbar_pci;

/*
 * Opens the device; close it with wcbar_pci_close(). Turns memory decoding on, and leaves bus
 * mastering off. Maps nothing: no BAR is touched through VFIO before wcbar_bar_map().
 * `options` may be NULL. -EBUSY: a kernel driver has it, or another process; -EPERM: the kernel is
 * locked down, or a kernel driver has another device of its IOMMU group; -EACCES: no permission.
 */
WC_PUBLIC int wcbar_pci_open(const char *bdf, const struct wcbar_pci_options *options,
			     struct wcbar_pci **pci, char *why, size_t why_bytes);
/* Closes the device and all BARs that were opened of it. NULL does nothing. */
WC_PUBLIC void wcbar_pci_close(struct wcbar_pci *pci);

/* What was read about the device when it was opened. Belongs to `pci`. */
WC_PUBLIC const struct wcbar_pci_facts *wcbar_pci_facts(const struct wcbar_pci *pci);
/* The VFIO device, or -1. Belongs to `pci`, unless the caller passed it in. */
WC_PUBLIC int wcbar_pci_vfio_fd(const struct wcbar_pci *pci);

/*
 * Which BAR has [at, at + bytes) of the VFIO device's file, and where in it: asks VFIO. -ENOENT:
 * none, or not all of it; -ENOTTY and others: that is no VFIO device any more.
 */
WC_PUBLIC int wcbar_pci_bar_at(const struct wcbar_pci *pci, uint64_t at, size_t bytes,
			       unsigned int *bar, uint64_t *off);
/*
 * The PCI address, as sysfs writes it, of the device whose file in /dev/vfio/devices has this
 * number. `root` may be NULL. -ENOENT: it is no such file.
 */
WC_PUBLIC int
wcbar_vfio_cdev_bdf(const char *root, unsigned int dev_major, unsigned int dev_minor, char bdf[16]);

/*
 * Configuration space, by VFIO or sysfs: 1, 2 or 4 aligned bytes at `off`, in the device's
 * (little-endian) order. -EINVAL: not that; -ENXIO: the kernel gave less.
 */
WC_PUBLIC int
wcbar_pci_config_read(struct wcbar_pci *pci, unsigned int off, void *value, size_t bytes);
WC_PUBLIC int
wcbar_pci_config_write(struct wcbar_pci *pci, unsigned int off, const void *value, size_t bytes);
/* Sets or clears bus mastering in PCI_COMMAND: whether the device may do DMA. -ENODEV: no answer.
 */
WC_PUBLIC int wcbar_pci_bus_master(struct wcbar_pci *pci, bool on);

/*
 * Makes [addr, addr + bytes) reachable for the device at `iova`, all in whole pages. The pages stay
 * pinned until unmap or close. -EINVAL: not whole pages; -ENOTSUP: this library did not open VFIO
 * itself, or nothing has an IOMMU here; wcbar_pci_dma_why() says which. Unmap takes exactly what
 * was mapped; -ENOENT: it was not.
 */
WC_PUBLIC int wcbar_pci_dma_map(struct wcbar_pci *pci, void *addr, size_t bytes, uint64_t iova);
WC_PUBLIC int wcbar_pci_dma_unmap(struct wcbar_pci *pci, size_t bytes, uint64_t iova);
/* Why no memory can be mapped for this device's DMA, as a sentence; NULL: it can. Static. */
WC_PUBLIC const char *wcbar_pci_dma_why(const struct wcbar_pci *pci);

/*
 * Function-level reset, or what the kernel does instead. Mappings stay; the device loses its state.
 * -ENOTSUP: the kernel cannot reset it.
 */
WC_PUBLIC int wcbar_pci_reset(struct wcbar_pci *pci);

/* ---- the ladder ---------------------------------------------------------------------------- */

enum wcbar_rung {
	WCBAR_RUNG_VFIO_MEMATTR = 0, /* a dma-buf of the BAR whose memory attribute is WC */
	WCBAR_RUNG_SYSFS_VFIO,       /* resourceN_wc of a VFIO device; VFIO does not map this BAR */
	WCBAR_RUNG_SYSFS_RELAXED,    /* the same while VFIO maps it: iomem=relaxed */
	WCBAR_RUNG_SYSFS,            /* resourceN_wc, no VFIO: UIO or no driver */
	WCBAR_RUNG_VFIO_PAT,         /* VFIO's own mapping, made WC on x86: see wc_bars */
	WCBAR_RUNG_VFIO,             /* VFIO's own mapping: Device, UC */
	WCBAR_RUNG_SYSFS_UC,         /* resourceN: Device, UC */
	WCBAR_RUNGS,
};

/* What one rung answered. */
struct wcbar_answer {
	enum wcbar_rung rung;
	enum wcbar_type type; /* what a mapping by this rung would be */
	/* 0: it works; -ENOTSUP: not for this device as it is bound; else what the kernel said */
	int error;
	bool tried;                /* false: a rung before it won, or it does not apply */
	char why[WCBAR_WHY_BYTES]; /* for error != 0: the reason, and what would change it */
};

/*
 * "vfio-memattr", "sysfs-wc-vfio", "sysfs-wc-relaxed", "sysfs-wc", "vfio-pat", "vfio", "sysfs", in
 * the order of the enum; "none" for WCBAR_RUNGS. Static.
 */
WC_PUBLIC const char *wcbar_rung_name(enum wcbar_rung rung);

struct wcbar_bar;

/*
 * Reserves an address range of the size of BAR `number`, and maps nothing yet. Close it with
 * wcbar_bar_close(), or with its device. A BAR that is smaller than a page can be mapped if a page
 * begins with it; all of the page is mapped then, and the rest of it may be another device's.
 * -ENODEV: no such BAR; -ENOTSUP: I/O ports, or not in whole pages; -ENOSPC: too many are open.
 */
WC_PUBLIC int wcbar_bar_open(struct wcbar_pci *pci, unsigned int number, struct wcbar_bar **bar,
			     char *why, size_t why_bytes);
/* Unmaps all of it and frees `bar`. NULL does nothing. */
WC_PUBLIC void wcbar_bar_close(struct wcbar_bar *bar);

#define WCBAR_MAP_EXACT 1u /* fail with -ENOTSUP rather than give another type than intended */

/*
 * Maps [off, off + bytes), whole pages that no other piece has, at its place in the BAR's range, by
 * the first rung that gives `intended` (WC or UC). Fills `win`: address, bytes, the type that came
 * out, `direct` false, and a store that is safe everywhere. `flags`: WCBAR_MAP_EXACT or 0. Without
 * it a request for WC may end in UC: look at win->type, and at wcbar_bar_answers() for the reasons.
 * Pieces of one BAR never come by VFIO and by sysfs if the kernel would then revoke one of them.
 * -EINVAL: not whole pages of this BAR; -EEXIST: a piece is there; -ENOTSUP: EXACT, and no rung
 * gives it; else the error of the last rung.
 */
WC_PUBLIC int wcbar_bar_map(struct wcbar_bar *bar, uint64_t off, size_t bytes,
			    enum wcbar_type intended, unsigned int flags, struct wcbar_window *win);
/*
 * The same at `place`, whole pages that the caller owns and unmaps itself, with `prot` as for
 * mmap(). What was there is gone if the kernel granted a mapping, also one that is then refused.
 * The piece may be mapped many times. It counts for the rule above until the bar is closed, because
 * nobody knows when it is unmapped.
 */
WC_PUBLIC int
wcbar_bar_map_at(struct wcbar_bar *bar, uint64_t off, size_t bytes, enum wcbar_type intended,
		 unsigned int flags, void *place, int prot, struct wcbar_window *win);
/* Unmaps the piece and clears `win`. */
WC_PUBLIC void wcbar_bar_unmap(struct wcbar_bar *bar, struct wcbar_window *win);

/*
 * What each rung answered when the last piece was mapped: WCBAR_RUNGS of them, by enum. Belongs to
 * `bar`, and changes with its next wcbar_bar_map().
 */
WC_PUBLIC const struct wcbar_answer *wcbar_bar_answers(const struct wcbar_bar *bar);
/*
 * Whether the kernel would take pieces of this BAR away if VFIO mapped any of it: they came by
 * sysfs, and it runs without iomem=relaxed.
 */
WC_PUBLIC bool wcbar_bar_excludes_vfio(const struct wcbar_bar *bar);
/* The rung that mapped the piece at `off`; WCBAR_RUNGS: no piece is there. */
WC_PUBLIC enum wcbar_rung wcbar_bar_rung(const struct wcbar_bar *bar, uint64_t off);

/*
 * Reads from the kernel's list of memory types (x86) what [off, off + bytes) is mapped as now;
 * UNKNOWN: it is not mapped. -ENOTSUP: this CPU has no such list; -ENODATA: it cannot be read.
 */
WC_PUBLIC int wcbar_bar_kernel_type(const struct wcbar_bar *bar, uint64_t off, size_t bytes,
				    enum wcbar_type *type, char *why, size_t why_bytes);

/*
 * Asks every rung, in order, whether it would give `intended` for the page of the BAR at `off`.
 * Undoes each mapping again, and stores nothing to the device. Fills WCBAR_RUNGS `answers`.
 * -EINVAL: there is no such page.
 */
WC_PUBLIC int wcbar_bar_probe(struct wcbar_bar *bar, uint64_t off, enum wcbar_type intended,
			      struct wcbar_answer *answers);

/*
 * Whether only one way leads to a WC mapping: to open VFIO again with this BAR in wc_bars. So it is
 * if no answer to a WC mapping or probe is WC, and WCBAR_RUNG_VFIO_PAT answered -EBUSY: the kernel
 * made the BAR UC when VFIO was opened.
 */
WC_PUBLIC bool wcbar_wc_bars_would_help(const struct wcbar_answer *answers);

/* ---- what is mapped now ---------------------------------------------------------------------- */

/* A range of physical addresses, [from, to), and the type that all its mappings have. */
typedef void (*wcbar_type_range_fn)(void *arg, uint64_t from, uint64_t to, enum wcbar_type type);

/*
 * Calls `fn` for each range of x86's list of memory types that has an address in common with
 * [address, address + bytes): whole ranges, as the list has them, which may overlap. `root` may be
 * NULL. Needs debugfs and root. -ENOENT: there is no list; -EACCES: no right to read it.
 */
WC_PUBLIC int wcbar_type_ranges(const char *root, uint64_t address, uint64_t bytes,
				wcbar_type_range_fn fn, void *arg);

/* ---- mappings that the kernel takes away ---------------------------------------------------- */

/*
 * The kernel revokes a sysfs mapping when another part of it claims the BAR, and a VFIO mapping
 * while the device's memory decoding is off: the next access gets SIGBUS. From the first call on,
 * this process handles such a fault in a BAR's range: it replaces the page by memory that reads all
 * ones until something is stored there, nearly as a device does that is gone, and marks the bar.
 * Other SIGBUS go to the handler that was there before. Install yours before, or let it pass on
 * what is not its own. Calling it again does nothing. Any thread. -ENOMEM, -EINVAL: not installed.
 */
WC_PUBLIC int wcbar_sigbus_install(void);
/*
 * Whether the kernel revoked a piece of this BAR and somebody noticed. *off (may be NULL) gets the
 * offset in the BAR of the first fault.
 */
WC_PUBLIC bool wcbar_bar_revoked(const struct wcbar_bar *bar, uint64_t *off);

#ifdef __cplusplus
}
#endif

#endif /* WCBAR_PCI_H */
