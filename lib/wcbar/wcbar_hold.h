/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_HOLD_H
#define WCBAR_HOLD_H

/*
 * Write combining for a device that another program drives: whether a BAR may have it, what this
 * kernel would answer, and on x86 a mapping whose only purpose is its type.
 *
 * A *hold* maps all of `resourceN_wc` and never touches it. On x86 one physical range has one
 * memory type, that of its first mapping, so a VFIO mapping that comes later is WC too. Whether it
 * does come later depends on the kernel: see wcbar_hold_forecast().
 *
 * Control path. Threads, errors and reasons as in wcbar_pci.h.
 */

#include "wcbar_pci.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Whether BAR `bar` may be write-combining at all. 0, or with the reason: -ENODEV: no such BAR;
 * -ENOTSUP: I/O ports, not prefetchable, or the MSI-X table or its pending bits are in it;
 * -ENODATA: nobody can tell where MSI-X is; -ENOENT: the kernel has no such mapping; -EBUSY: a
 * kernel driver has the device; -EPERM: the kernel is locked down.
 */
WC_PUBLIC int
wcbar_wc_check(const struct wcbar_pci_facts *facts, unsigned int bar, char *why, size_t why_bytes);

/* When VFIO claims a BAR, so that sysfs may no longer map it. */
enum wcbar_claim {
	WCBAR_CLAIM_UNKNOWN = 0, /* nobody has looked at such a kernel */
	WCBAR_CLAIM_AT_MMAP,     /* seen: 6.1, 6.12 */
	WCBAR_CLAIM_AT_OPEN,     /* seen: 7.3 */
};

/* By the kernel's release, such as "6.12.0-1-amd64". Pure. */
WC_PUBLIC enum wcbar_claim wcbar_claim_of(const char *release);

/*
 * Whether a kernel of this release was seen without CONFIG_IO_STRICT_DEVMEM, and with VFIO without
 * an IOMMU: Linux 6.1 for x86. Of others their source tells. Pure.
 */
WC_PUBLIC bool wcbar_odd_kernel_was_seen(const char *release, bool x86);

/* What a kernel would answer, from the facts alone. */
struct wcbar_forecast {
	int error;            /* 0: WC */
	bool sure;            /* seen on this kind of kernel; false: nobody has looked */
	enum wcbar_rung rung; /* what gives it; WCBAR_RUNGS: none */
	/* With error 0: how long it must last, or a note; else the reason and what would help. */
	char why[WCBAR_WHY_BYTES];
};

/*
 * For a mapping that comes in place of a VFIO user's own, in its process, with a hold around the
 * opening of the device on x86.
 */
WC_PUBLIC void wcbar_inplace_forecast(const struct wcbar_pci_facts *facts, unsigned int bar,
				      struct wcbar_forecast *forecast);
/* For a hold by another process, made before the device is opened. */
WC_PUBLIC void wcbar_hold_forecast(const struct wcbar_pci_facts *facts, unsigned int bar,
				   struct wcbar_forecast *forecast);

/* False: a hold has no effect on this CPU, because each mapping has a type of its own. */
WC_PUBLIC bool wcbar_hold_has_effect(void);

struct wcbar_hold;

/* Only one holder of a BAR that asks for this; the other gets -EALREADY. */
#define WCBAR_HOLD_ALONE 1u

/*
 * Holds BAR `bar` until wcbar_hold_close(). Asks wcbar_wc_check(), not the forecast. `options` may
 * be NULL; only its root counts. -EALREADY: see WCBAR_HOLD_ALONE; -EBUSY: somebody has the BAR
 * mapped with another type, as far as the kernel's list can be read; else the kernel's error.
 */
WC_PUBLIC int
wcbar_hold_open(const char *bdf, const struct wcbar_pci_options *options, unsigned int bar,
		unsigned int flags, struct wcbar_hold **hold, char *why, size_t why_bytes);
/* NULL does nothing. */
WC_PUBLIC void wcbar_hold_close(struct wcbar_hold *hold);

#ifdef __cplusplus
}
#endif

#endif /* WCBAR_HOLD_H */
