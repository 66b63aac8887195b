/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Whether another program's BAR may be write-combining, what the kernel would say, and the hold. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wcbar_hold.h"
#include "wcbar_internal.h"
#include "wcbar_store.h"

/* ---- whether it may ------------------------------------------------------------------------ */

static int
msix_check(const struct wcbar_pci_facts *f, unsigned int bar, struct wcbar_why why)
{
	const bool table = f->msix_table_bar == (int)bar;

	if (!f->caps_known)
		return wcbar_why_set(
			why, -ENODATA,
			"the configuration space of %s cannot be read, so nobody knows "
			"whether MSI-X is in BAR %u; be root",
			f->bdf, bar);
	if (table || f->msix_pba_bar == (int)bar)
		return wcbar_why_set(why, -ENOTSUP,
				     "BAR %u of %s holds the MSI-X %s: registers must not be "
				     "write-combining",
				     bar, f->bdf, table ? "table" : "pending bits");
	return 0;
}

static int
bar_check(const struct wcbar_pci_facts *f, unsigned int bar, struct wcbar_why why)
{
	const struct wcbar_bar_facts *b;

	if (bar >= WCBAR_PCI_BARS || f->bars[bar].bytes == 0)
		return wcbar_why_set(why, -ENODEV, "%s has no BAR %u%s", f->bdf, bar,
				     bar > 0 && bar < WCBAR_PCI_BARS && f->bars[bar - 1].wide
					     ? ": it is the upper half of the one before"
					     : "");
	b = &f->bars[bar];
	if (b->io)
		return wcbar_why_set(why, -ENOTSUP, "BAR %u of %s is I/O ports, not memory", bar,
				     f->bdf);
	if (!b->prefetchable)
		return wcbar_why_set(why, -ENOTSUP,
				     "BAR %u of %s is not prefetchable: it may hold registers, and "
				     "the kernel gives no write-combining mapping of it",
				     bar, f->bdf);
	return msix_check(f, bar, why);
}

int
wcbar_wc_check(const struct wcbar_pci_facts *f, unsigned int bar, char *why_text, size_t why_bytes)
{
	struct wcbar_why why = {why_text, why_bytes};
	int ret = bar_check(f, bar, why);

	if (ret != 0)
		return ret;
	if (f->access == WCBAR_ACCESS_KERNEL)
		return wcbar_why_set(why, -EBUSY,
				     "%s is in use by the kernel driver %s; bind it to vfio-pci",
				     f->bdf, f->driver);
	if (f->lockdown[0] != '\0' && strcmp(f->lockdown, "none") != 0)
		return wcbar_why_set(why, -EPERM,
				     "the kernel is locked down (%s) and gives no BARs by sysfs; "
				     "turn Secure Boot off",
				     f->lockdown);
	if (!f->bars[bar].has_sysfs_wc)
		return wcbar_why_set(why, -ENOENT,
				     "sysfs has no resource%u_wc for %s: this kernel or CPU cannot "
				     "map write-combining (x86 needs PAT: boot without nopat)",
				     bar, f->bdf);
	return 0;
}

/* ---- what the kernel would say ------------------------------------------------------------- */

enum wcbar_claim
wcbar_claim_of(const char *release)
{
	unsigned int major, minor;

	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return WCBAR_CLAIM_UNKNOWN;
	if (major < 6 || (major == 6 && minor <= 12))
		return WCBAR_CLAIM_AT_MMAP;
	return major > 7 || (major == 7 && minor >= 3) ? WCBAR_CLAIM_AT_OPEN : WCBAR_CLAIM_UNKNOWN;
}

bool
wcbar_odd_kernel_was_seen(const char *release, bool x86)
{
	unsigned int major, minor;

	return x86 && sscanf(release, "%u.%u", &major, &minor) == 2 && major == 6 && minor == 1;
}

/* What stands against either way: who drives the device. */
static int
driver_check(const struct wcbar_pci_facts *f, unsigned int bar, struct wcbar_why why)
{
	int ret = wcbar_wc_check(f, bar, why.text, why.bytes);

	if (ret != 0)
		return ret;
	if (f->access == WCBAR_ACCESS_NONE)
		return wcbar_why_set(why, -ENODEV, "%s has no driver; bind it to vfio-pci first",
				     f->bdf);
	return 0;
}

/* Seen with iomem=relaxed; a kernel without the protection does the same. */
static int
claimed_note(const struct wcbar_pci_facts *f, struct wcbar_forecast *out)
{
	char how[WCBAR_WHY_BYTES / 2];

	if (f->iomem_relaxed)
		return 0;
	out->sure = wcbar_odd_kernel_was_seen(f->kernel, wcbar_cpu_shares_types);
	wcbar_sysfs_maps_claimed_why(f, how, sizeof(how));
	return wcbar_why_set((struct wcbar_why){out->why, sizeof(out->why)}, 0, "the kernel %s",
			     how);
}

static int
inplace_says(const struct wcbar_pci_facts *f, unsigned int bar, struct wcbar_forecast *out)
{
	struct wcbar_why why = {out->why, sizeof(out->why)};
	int ret = driver_check(f, bar, why);

	if (ret != 0)
		return ret;
	if (f->access == WCBAR_ACCESS_UIO)
		return wcbar_why_set(why, -ENOTSUP,
				     "%s is bound to %s: nothing to replace; DPDK maps it "
				     "write-combining by itself if its driver asks for that",
				     f->bdf, f->driver);
	if (wcbar_sysfs_maps_claimed(f)) {
		out->rung = WCBAR_RUNG_SYSFS_RELAXED;
		return claimed_note(f, out);
	}
	switch (wcbar_claim_of(f->kernel)) {
	case WCBAR_CLAIM_AT_MMAP:
		out->rung = WCBAR_RUNG_SYSFS_VFIO;
		return 0;
	case WCBAR_CLAIM_AT_OPEN:
		if (!wcbar_cpu_shares_types)
			return wcbar_why_set(why, -EINVAL,
					     "Linux %s closes BAR %u to sysfs once VFIO has the "
					     "device open: boot with iomem=relaxed, or a kernel up "
					     "to 6.12",
					     f->kernel, bar);
		out->rung = WCBAR_RUNG_VFIO_PAT;
		return 0;
	case WCBAR_CLAIM_UNKNOWN:
		break;
	}
	out->sure = false;
	out->rung = wcbar_cpu_shares_types ? WCBAR_RUNG_VFIO_PAT : WCBAR_RUNG_SYSFS_VFIO;
	return wcbar_why_set(why, 0, "Linux '%s' has not been tried", f->kernel);
}

static int
hold_says(const struct wcbar_pci_facts *f, unsigned int bar, struct wcbar_forecast *out)
{
	struct wcbar_why why = {out->why, sizeof(out->why)};
	int ret;

	if (!wcbar_cpu_shares_types)
		return wcbar_why_set(why, -ENOTSUP,
				     "a hold has no effect on this CPU: each mapping has a type of "
				     "its own");
	ret = driver_check(f, bar, why);
	if (ret != 0)
		return ret;
	if (f->access == WCBAR_ACCESS_UIO) {
		out->rung = WCBAR_RUNG_SYSFS;
		return wcbar_why_set(why, 0, "it must last until the program has mapped the BAR");
	}
	out->rung = WCBAR_RUNG_VFIO_PAT;
	switch (wcbar_claim_of(f->kernel)) {
	case WCBAR_CLAIM_AT_MMAP:
		if (wcbar_sysfs_maps_claimed(f)) {
			out->sure = f->iomem_relaxed ||
				    wcbar_odd_kernel_was_seen(f->kernel, wcbar_cpu_shares_types);
			return wcbar_why_set(why, 0,
					     "it must last until the program has mapped the BAR");
		}
		out->rung = WCBAR_RUNGS;
		return wcbar_why_set(why, -EINVAL,
				     "Linux %s ends a hold before VFIO maps BAR %u: boot with "
				     "iomem=relaxed, or start a dynamically linked program with "
				     "wcrun",
				     f->kernel, bar);
	case WCBAR_CLAIM_AT_OPEN:
		return wcbar_why_set(why, 0, "it must last until the program has opened VFIO");
	case WCBAR_CLAIM_UNKNOWN:
		break;
	}
	out->sure = false;
	return wcbar_why_set(why, 0, "Linux '%s' has not been tried", f->kernel);
}

void
wcbar_inplace_forecast(const struct wcbar_pci_facts *facts, unsigned int bar,
		       struct wcbar_forecast *forecast)
{
	*forecast = (struct wcbar_forecast){.sure = true, .rung = WCBAR_RUNGS};
	forecast->error = inplace_says(facts, bar, forecast);
}

void
wcbar_hold_forecast(const struct wcbar_pci_facts *facts, unsigned int bar,
		    struct wcbar_forecast *forecast)
{
	*forecast = (struct wcbar_forecast){.sure = true, .rung = WCBAR_RUNGS};
	forecast->error = hold_says(facts, bar, forecast);
}

bool
wcbar_hold_has_effect(void)
{
	return wcbar_cpu_shares_types;
}

/* ---- the hold ------------------------------------------------------------------------------ */

struct wcbar_hold {
	void *addr;
	size_t bytes;
	int lock; /* resourceN_wc, locked; -1: not asked for */
};

static int
hold_lock(struct wcbar_hold *hold, const struct wcbar_pci *pci, unsigned int bar,
	  struct wcbar_why why)
{
	int ret;

	hold->lock = wcbar_wc_file_open(pci, bar);
	if (hold->lock < 0)
		return wcbar_why_set(why, hold->lock, "resource%u_wc of %s: %s", bar,
				     pci->facts.bdf, strerror(-hold->lock));
	if (flock(hold->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	ret = errno == EWOULDBLOCK ? -EALREADY : -errno;
	return wcbar_why_set(why, ret, "BAR %u of %s %s", bar, pci->facts.bdf,
			     ret == -EALREADY ? "is held by another wcrun already"
					      : "cannot be locked");
}

/* The list has the hold itself now: another type means that somebody was there before. */
static int
hold_type_check(struct wcbar_pci *pci, unsigned int bar, size_t bytes, struct wcbar_why why)
{
	struct wcbar_bar all = {.pci = pci, .number = bar};
	const struct wcbar_ask ask = {.bar = &all, .bytes = bytes};
	enum wcbar_type type;

	if (wcbar_pat_type(&ask, &type, (struct wcbar_why){NULL, 0}) != 0 ||
	    type == WCBAR_TYPE_UNKNOWN || type == WCBAR_TYPE_WC)
		return 0;
	return wcbar_why_set(why, -EBUSY,
			     "BAR %u of %s is mapped %s by somebody already (a program has the "
			     "device open): end that program first",
			     bar, pci->facts.bdf, wcbar_type_name(type));
}

static int
hold_make(struct wcbar_hold *hold, struct wcbar_pci *pci, unsigned int bar, unsigned int flags,
	  struct wcbar_why why)
{
	int ret = wcbar_wc_check(&pci->facts, bar, why.text, why.bytes);

	if (ret == 0 && (flags & WCBAR_HOLD_ALONE) != 0)
		ret = hold_lock(hold, pci, bar, why);
	if (ret != 0)
		return ret;
	hold->bytes = (size_t)pci->facts.bars[bar].bytes;
	ret = wcbar_wc_file_map(pci, bar, &hold->addr);
	if (ret != 0)
		return wcbar_why_set(
			why, ret, "resource%u_wc of %s: %s%s", bar, pci->facts.bdf, strerror(-ret),
			ret == -EACCES   ? "; it belongs to root"
			: ret == -EINVAL ? "; something has claimed the BAR: a program has the "
					   "device open"
					 : "");
	return hold_type_check(pci, bar, hold->bytes, why);
}

int
wcbar_hold_open(const char *bdf, const struct wcbar_pci_options *options, unsigned int bar,
		unsigned int flags, struct wcbar_hold **out, char *why_text, size_t why_bytes)
{
	const char *root = options != NULL && options->root != NULL ? options->root : "";
	struct wcbar_why why = {why_text, why_bytes};
	struct wcbar_hold *hold = calloc(1, sizeof(*hold));
	struct wcbar_pci *pci = calloc(1, sizeof(*pci)); /* for its facts and root alone */
	int ret;

	*out = NULL;
	if (hold == NULL || pci == NULL) {
		free(hold);
		free(pci);
		return wcbar_why_set(why, -ENOMEM, "no memory");
	}
	hold->lock = -1;
	ret = wcbar_path(pci->root, root, "%s", "")
		      ? wcbar_pci_facts_read(bdf, options, &pci->facts, why_text, why_bytes)
		      : wcbar_why_set(why, -ENAMETOOLONG, "the root's path is too long");
	if (ret == 0)
		ret = hold_make(hold, pci, bar, flags, why);
	free(pci);
	if (ret == 0)
		*out = hold;
	else
		wcbar_hold_close(hold);
	return ret;
}

void
wcbar_hold_close(struct wcbar_hold *hold)
{
	if (hold == NULL)
		return;
	if (hold->addr != NULL)
		munmap(hold->addr, hold->bytes);
	if (hold->lock >= 0)
		close(hold->lock);
	free(hold);
}
