/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The rungs: where a mapping comes from, and what to say when the kernel refuses. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "wcbar_internal.h"
#include "wcbar_store.h"

static const struct wcbar_pci_facts *
facts_of(const struct wcbar_ask *ask)
{
	return &ask->bar->pci->facts;
}

static bool
vfio_is_open(const struct wcbar_ask *ask)
{
	return ask->bar->pci->vfio.device >= 0;
}

static bool
vfio_drives(const struct wcbar_ask *ask)
{
	return vfio_is_open(ask) || strstr(facts_of(ask)->driver, "vfio") != NULL;
}

/* ---- VFIO ---------------------------------------------------------------------------------- */

static int
no_vfio(const struct wcbar_ask *ask, struct wcbar_why why)
{
	const struct wcbar_pci_facts *f = facts_of(ask);

	if (vfio_drives(ask))
		return wcbar_why_set(why, -ENOTSUP, "VFIO is left closed, as the caller asked");
	return wcbar_why_set(why, -ENOTSUP, "%s has %s, and this needs vfio-pci", f->bdf,
			     f->driver[0] != '\0' ? f->driver : "no driver");
}

static int
memattr_open(const struct wcbar_ask *ask, struct wcbar_source *src, struct wcbar_why why)
{
	int fd;

	if (!vfio_is_open(ask))
		return no_vfio(ask, why);
	fd = wcbar_vfio_memattr_wc(ask->bar->pci, ask->bar->number, ask->off, ask->bytes, why);
	if (fd < 0)
		return fd;
	*src = (struct wcbar_source){.fd = fd, .at = 0, .owned = true};
	return 0;
}

static void
memattr_refused(const struct wcbar_ask *ask, int error, struct wcbar_why why)
{
	wcbar_why_set(why, error,
		      "the kernel accepted write-combining for a dma-buf of BAR %u, but does not "
		      "map it: %s",
		      ask->bar->number, strerror(-error));
}

static int
vfio_open(const struct wcbar_ask *ask, struct wcbar_source *src, struct wcbar_why why)
{
	const struct wcbar_bar *bar = ask->bar;

	if (!vfio_is_open(ask))
		return no_vfio(ask, why);
	if (wcbar_bar_excludes_vfio(bar))
		return wcbar_why_set(why, -EBUSY,
				     "BAR %u has pieces by sysfs, which the kernel would take away "
				     "if VFIO mapped it; iomem=relaxed allows both",
				     bar->number);
	src->fd = bar->pci->vfio.device;
	return wcbar_vfio_region(bar->pci, bar->number, ask->off, ask->bytes, &src->at, why);
}

/* VFIO's own mapping, if the kernel's before it is write-combining. */
static int
vfio_pat_open(const struct wcbar_ask *ask, struct wcbar_source *src, struct wcbar_why why)
{
	const unsigned int n = ask->bar->number;
	enum wcbar_type type;
	int ret;

	if (!vfio_is_open(ask))
		return no_vfio(ask, why);
	ret = wcbar_pat_type(ask, &type, why);
	if (ret != 0)
		return ret;
	if (type == WCBAR_TYPE_UNKNOWN)
		return wcbar_why_set(why, -ENOTSUP,
				     "Linux %s has not mapped BAR %u for VFIO yet; newer kernels "
				     "do when the device is opened",
				     facts_of(ask)->kernel, n);
	if (type != WCBAR_TYPE_WC)
		return wcbar_why_set(why, -EBUSY,
				     "Linux %s mapped BAR %u %s when VFIO opened the device; it "
				     "takes WC if the opener names the BAR in wc_bars",
				     facts_of(ask)->kernel, n, wcbar_type_name(type));
	return vfio_open(ask, src, why);
}

static void
vfio_refused(const struct wcbar_ask *ask, int error, struct wcbar_why why)
{
	wcbar_why_set(why, error, "VFIO does not map BAR %u: %s%s", ask->bar->number,
		      strerror(-error),
		      error == -EBUSY ? "; another driver or process has claimed it" : "");
}

/* ---- sysfs --------------------------------------------------------------------------------- */

static int
sysfs_open(const struct wcbar_ask *ask, struct wcbar_source *src, struct wcbar_why why, bool wc)
{
	const struct wcbar_pci_facts *f = facts_of(ask);
	const unsigned int n = ask->bar->number;
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "resource%u%s", n, wc ? "_wc" : "");
	if (wc && !f->bars[n].prefetchable)
		return wcbar_why_set(why, -ENOTSUP,
				     "BAR %u of %s is not prefetchable: the kernel gives no "
				     "write-combining mapping of it, and no option changes that",
				     n, f->bdf);
	if (wc && !f->bars[n].has_sysfs_wc)
		return wcbar_why_set(why, -ENOENT,
				     "sysfs has no %s for %s: this kernel or CPU cannot map "
				     "write-combining (x86 needs PAT: boot without nopat)",
				     name, f->bdf);
	fd = wcbar_sysfs_open(ask->bar->pci->root, f->bdf, name, O_RDWR);
	if (fd < 0)
		return wcbar_why_set(why, fd, "%s of %s: %s%s", name, f->bdf, strerror(-fd),
				     fd == -EACCES ? "; it belongs to root" : "");
	*src = (struct wcbar_source){.fd = fd, .at = ask->off, .owned = true};
	return 0;
}

static int
sysfs_vfio_open(const struct wcbar_ask *ask, struct wcbar_source *src, struct wcbar_why why)
{
	const struct wcbar_pci_facts *f = facts_of(ask);
	char how[WCBAR_WHY_BYTES / 2];

	if (!vfio_drives(ask))
		return no_vfio(ask, why);
	if (wcbar_sysfs_maps_claimed(f)) {
		wcbar_sysfs_maps_claimed_why(f, how, sizeof(how));
		return wcbar_why_set(why, -ENOTSUP,
				     "the kernel %s, so the BAR need not be kept out of VFIO's "
				     "hands",
				     how);
	}
	return sysfs_open(ask, src, why, true);
}

static int
sysfs_relaxed_open(const struct wcbar_ask *ask, struct wcbar_source *src, struct wcbar_why why)
{
	if (!vfio_drives(ask))
		return no_vfio(ask, why);
	if (!wcbar_sysfs_maps_claimed(facts_of(ask)))
		return wcbar_why_set(why, -ENOTSUP,
				     "the kernel was booted without iomem=relaxed; with it sysfs "
				     "and VFIO may map one BAR");
	return sysfs_open(ask, src, why, true);
}

static int
sysfs_alone_open(const struct wcbar_ask *ask, struct wcbar_source *src, struct wcbar_why why)
{
	if (vfio_drives(ask))
		return wcbar_why_set(why, -ENOTSUP,
				     "%s is bound to %s; bound to uio_pci_generic it would map "
				     "write-combining on every kernel, but without an IOMMU",
				     facts_of(ask)->bdf, facts_of(ask)->driver);
	return sysfs_open(ask, src, why, true);
}

static int
sysfs_uc_open(const struct wcbar_ask *ask, struct wcbar_source *src, struct wcbar_why why)
{
	return sysfs_open(ask, src, why, false);
}

static void
sysfs_refused(const struct wcbar_ask *ask, int error, struct wcbar_why why)
{
	const struct wcbar_pci_facts *f = facts_of(ask);
	const unsigned int n = ask->bar->number;
	const bool locked = f->lockdown[0] != '\0' && strcmp(f->lockdown, "none") != 0;

	if (error == -EPERM && locked)
		wcbar_why_set(why, error,
			      "the kernel is locked down (%s) and gives no BARs by sysfs; turn "
			      "Secure Boot off",
			      f->lockdown);
	else if (error == -EINVAL && wcbar_bar_has(ask->bar, WCBAR_RUNG_VFIO))
		wcbar_why_set(why, error,
			      "VFIO has mapped BAR %u, so Linux %s closes it to sysfs: map the "
			      "write-combining pieces first, or boot with iomem=relaxed",
			      n, f->kernel);
	else if (error == -EINVAL && vfio_is_open(ask))
		wcbar_why_set(why, error,
			      "Linux %s holds BAR %u for VFIO (newer kernels from open on, older "
			      "ones once VFIO touched it): %sboot with iomem=relaxed, or bind "
			      "uio_pci_generic",
			      f->kernel, n, wcbar_cpu_shares_types ? "see vfio-pat, " : "");
	else if (error == -EINVAL)
		wcbar_why_set(why, error,
			      "something in the kernel has claimed BAR %u (see /proc/iomem): "
			      "release it, or boot with iomem=relaxed",
			      n);
	else
		wcbar_why_set(why, error, "sysfs does not map BAR %u: %s", n, strerror(-error));
}

/* ---- the ladder's order -------------------------------------------------------------------- */

const struct wcbar_rung_ops wcbar_rungs[WCBAR_RUNGS] = {
	[WCBAR_RUNG_VFIO_MEMATTR] = {.type = WCBAR_TYPE_WC,
				     .open = memattr_open,
				     .must_know = true,
				     .refused = memattr_refused},
	[WCBAR_RUNG_SYSFS_VFIO] = {.type = WCBAR_TYPE_WC,
				   .open = sysfs_vfio_open,
				   .refused = sysfs_refused},
	[WCBAR_RUNG_SYSFS_RELAXED] = {.type = WCBAR_TYPE_WC,
				      .open = sysfs_relaxed_open,
				      .must_know = true,
				      .refused = sysfs_refused},
	[WCBAR_RUNG_SYSFS] = {.type = WCBAR_TYPE_WC,
			      .open = sysfs_alone_open,
			      .refused = sysfs_refused},
	[WCBAR_RUNG_VFIO_PAT] = {.type = WCBAR_TYPE_WC,
				 .open = vfio_pat_open,
				 .refused = vfio_refused,
				 .must_know = true,
				 .claims = true},
	[WCBAR_RUNG_VFIO] = {.type = WCBAR_TYPE_UC,
			     .open = vfio_open,
			     .refused = vfio_refused,
			     .claims = true},
	[WCBAR_RUNG_SYSFS_UC] = {.type = WCBAR_TYPE_UC,
				 .open = sysfs_uc_open,
				 .refused = sysfs_refused},
};

const char *
wcbar_rung_name(enum wcbar_rung rung)
{
	static const char *const names[WCBAR_RUNGS] = {
		[WCBAR_RUNG_VFIO_MEMATTR] = "vfio-memattr",
		[WCBAR_RUNG_SYSFS_VFIO] = "sysfs-wc-vfio",
		[WCBAR_RUNG_SYSFS_RELAXED] = "sysfs-wc-relaxed",
		[WCBAR_RUNG_SYSFS] = "sysfs-wc",
		[WCBAR_RUNG_VFIO_PAT] = "vfio-pat",
		[WCBAR_RUNG_VFIO] = "vfio",
		[WCBAR_RUNG_SYSFS_UC] = "sysfs",
	};

	return (unsigned int)rung < WCBAR_RUNGS ? names[rung] : "none";
}
