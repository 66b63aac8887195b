/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What to change to get write combining. */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <wcbase.h>

#include "advice.h"
#include "predict.h"

/* ---- changes that bear on the mapping -------------------------------------------------------- */

enum change_id {
	CHANGE_IOMMU = 0,
	CHANGE_NOIOMMU,
	CHANGE_UNLOCK,
	CHANGE_KERNEL,
	CHANGE_IOMEM,
	CHANGE_PEER,
	CHANGE_VFIO,
	CHANGE_UIO,
	CHANGES,
};

#define BIT(n) (1u << (n))

struct change {
	enum effort effort;
	/* Changes the facts as if it had been done; false: it does not apply to them. */
	bool (*apply)(struct wcbar_pci_facts *facts);
	void (*text)(const struct wcbar_pci_facts *facts, char *text, size_t bytes);
};

static bool
iommu_apply(struct wcbar_pci_facts *f)
{
	if (f->iommu_group >= 0)
		return false;
	f->iommu_group = 0;
	return true;
}

static void
iommu_text(const struct wcbar_pci_facts *f, char *text, size_t bytes)
{
	snprintf(text, bytes, "%s",
		 f->hypervisor ? "give this virtual machine an IOMMU, where its host can"
			       : "turn the IOMMU on: VT-d, AMD-Vi or SMMU in the BIOS, and "
				 "intel_iommu=on on an Intel kernel's command line");
}

static bool
noiommu_apply(struct wcbar_pci_facts *f)
{
	if (f->iommu_group >= 0 || f->config.vfio_noiommu == WCBAR_SETTING_NO)
		return false;
	f->iommu_group = 0;
	f->noiommu = true;
	return true;
}

static void
noiommu_text(const struct wcbar_pci_facts *f, char *text, size_t bytes)
{
	snprintf(text, bytes,
		 "let VFIO work without an IOMMU%s: echo 1 > "
		 "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode (the device's DMA then "
		 "reaches all memory, the kernel is tainted, programs need CAP_SYS_RAWIO)",
		 f->noiommu_mode == WCBAR_SETTING_YES ? " (it is on already)"
		 : f->config.vfio_noiommu == WCBAR_SETTING_YES
			 ? ""
			 : ", if this kernel has CONFIG_VFIO_NOIOMMU");
}

static bool
unlock_apply(struct wcbar_pci_facts *f)
{
	if (!predict_is_locked(f))
		return false;
	snprintf(f->lockdown, sizeof(f->lockdown), "none");
	return true;
}

static void
unlock_text(const struct wcbar_pci_facts *f, char *text, size_t bytes)
{
	snprintf(text, bytes,
		 "lift the kernel's lockdown (now %s): Secure Boot off in the BIOS, no lockdown= "
		 "on the kernel's command line",
		 f->lockdown);
}

static bool
kernel_apply(struct wcbar_pci_facts *f)
{
	unsigned int major, minor;

	if (!predict_kernel_version(f->kernel, &major, &minor) || major < 6 ||
	    (major == 6 && minor <= 12))
		return false;
	snprintf(f->kernel, sizeof(f->kernel), "6.12");
	return true;
}

static void
kernel_text(const struct wcbar_pci_facts *f, char *text, size_t bytes)
{
	snprintf(text, bytes, "boot a kernel of 6.12 or before (now %s)", f->kernel);
}

static bool
iomem_apply(struct wcbar_pci_facts *f)
{
	if (wcbar_sysfs_maps_claimed(f))
		return false;
	f->iomem_relaxed = true;
	return true;
}

static void
iomem_text(const struct wcbar_pci_facts *f, char *text, size_t bytes)
{
	(void)f;
	snprintf(text, bytes, "boot with iomem=relaxed on the kernel's command line");
}

static bool
peer_apply(struct wcbar_pci_facts *f)
{
	if (f->group_peer[0] == '\0')
		return false;
	f->group_peer[0] = '\0';
	return true;
}

static void
peer_text(const struct wcbar_pci_facts *f, char *text, size_t bytes)
{
	snprintf(text, bytes,
		 "take all of IOMMU group %d from their kernel drivers (%s is in use), or move "
		 "the device to a slot with a group of its own",
		 f->iommu_group, f->group_peer);
}

static bool
vfio_apply(struct wcbar_pci_facts *f)
{
	if (predict_is_vfio(f) || f->iommu_group < 0 || predict_driver_stays(f))
		return false;
	f->access = WCBAR_ACCESS_VFIO_GROUP;
	snprintf(f->driver, sizeof(f->driver), "vfio-pci");
	return true;
}

/* Whoever uses the device now loses it: said wherever a kernel driver has it. */
static void
bind_text(const struct wcbar_pci_facts *f, const char *driver, const char *module, char *text,
	  size_t bytes)
{
	snprintf(text, bytes, "%sbind it to %s: dpdk-devbind.py -b %s %s%s%s%s", module, driver,
		 driver, f->bdf, f->access == WCBAR_ACCESS_KERNEL ? " (takes it from " : "",
		 f->access == WCBAR_ACCESS_KERNEL ? f->driver : "",
		 f->access == WCBAR_ACCESS_KERNEL ? ")" : "");
}

static void
vfio_text(const struct wcbar_pci_facts *f, char *text, size_t bytes)
{
	bind_text(f, "vfio-pci",
		  f->vfio ? ""
			  : "modprobe vfio-pci (a kernel without it: "
			    "CONFIG_VFIO_PCI), then ",
		  text, bytes);
}

static bool
uio_apply(struct wcbar_pci_facts *f)
{
	if ((f->access != WCBAR_ACCESS_KERNEL && !predict_is_vfio(f)) || predict_is_variant(f) ||
	    predict_driver_stays(f))
		return false;
	f->access = WCBAR_ACCESS_UIO;
	snprintf(f->driver, sizeof(f->driver), "uio_pci_generic");
	return true;
}

static void
uio_text(const struct wcbar_pci_facts *f, char *text, size_t bytes)
{
	bind_text(f, "uio_pci_generic", "modprobe uio_pci_generic, then ", text, bytes);
}

/* In the order in which they are done. */
static const struct change changes[CHANGES] = {
	[CHANGE_IOMMU] = {EFFORT_FIRMWARE, iommu_apply, iommu_text},
	[CHANGE_NOIOMMU] = {EFFORT_COMMAND, noiommu_apply, noiommu_text},
	[CHANGE_UNLOCK] = {EFFORT_FIRMWARE, unlock_apply, unlock_text},
	[CHANGE_KERNEL] = {EFFORT_KERNEL, kernel_apply, kernel_text},
	[CHANGE_IOMEM] = {EFFORT_REBOOT, iomem_apply, iomem_text},
	[CHANGE_PEER] = {EFFORT_COMMAND, peer_apply, peer_text},
	[CHANGE_VFIO] = {EFFORT_COMMAND, vfio_apply, vfio_text},
	[CHANGE_UIO] = {EFFORT_COMMAND, uio_apply, uio_text},
};

/* What the kernel has refused already and no rule knows of. */
static unsigned int
refused_rungs(const struct probe *p)
{
	unsigned int refused = 0;

	for (unsigned int i = 0; p->answered && i < WCBAR_RUNGS; i++) {
		if (p->answers[i].tried && p->answers[i].error != 0)
			refused |= BIT(i);
	}
	return refused;
}

/* Does all of `mask`. The rung that then gives WC, or WCBAR_RUNGS: none, or one does not apply. */
static enum wcbar_rung
changes_try(const struct wcbar_pci_facts *facts, const char *arch, unsigned int bar,
	    unsigned int refused, unsigned int mask, struct advice *advice)
{
	struct wcbar_pci_facts f = *facts;
	struct wcbar_answer answers[WCBAR_RUNGS];
	bool sure[WCBAR_RUNGS];
	enum wcbar_rung rung;
	size_t n = 0;

	advice->effort = EFFORT_COMMAND;
	advice->text[0] = '\0';
	for (unsigned int i = 0; i < CHANGES; i++) {
		char text[sizeof(advice->text)];
		struct wcbar_pci_facts before = f;

		if ((mask & BIT(i)) == 0)
			continue;
		if (!changes[i].apply(&f))
			return WCBAR_RUNGS;
		changes[i].text(&before, text, sizeof(text));
		n += snprintf(advice->text + n, sizeof(advice->text) - n, "%s%s",
			      n > 0 ? "; then " : "", text);
		if (n >= sizeof(advice->text))
			return WCBAR_RUNGS;
		if (changes[i].effort > advice->effort)
			advice->effort = changes[i].effort;
	}
	if ((mask & BIT(CHANGE_KERNEL)) != 0)
		refused = 0; /* that was the kernel at hand */
	if (f.access == WCBAR_ACCESS_KERNEL)
		return WCBAR_RUNGS; /* not while the driver uses it, even if the kernel maps it */
	predict_answers(&f, arch, bar, answers, sure);
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		if ((refused & BIT(i)) != 0)
			answers[i].error = -ENOTSUP;
	}
	rung = probe_rung(answers);
	return rung < WCBAR_RUNGS && answers[rung].type == WCBAR_TYPE_WC ? rung : WCBAR_RUNGS;
}

/* What sorts the sets: the hardest change counts most, then how many there are and how hard. */
static unsigned int
changes_cost(unsigned int mask)
{
	unsigned int hardest = 0, sum = 0;

	for (unsigned int i = 0; i < CHANGES; i++) {
		if ((mask & BIT(i)) == 0)
			continue;
		sum += 1 + changes[i].effort;
		if (changes[i].effort > hardest)
			hardest = changes[i].effort;
	}
	return hardest * CHANGES * EFFORTS + sum;
}

/* Every smallest set of changes that gives WC, the cheapest first. Returns how many. */
static size_t
changes_search(const struct wcbar_pci_facts *facts, const char *arch, unsigned int bar,
	       unsigned int refused, struct advice *advice, size_t max)
{
	unsigned int found[BIT(CHANGES)];
	size_t n = 0;
	struct advice a;

	for (unsigned int mask = 1; mask < BIT(CHANGES); mask++) {
		bool superset = false;
		size_t at;

		/* A subset is a smaller number, so it was tried before. */
		for (size_t i = 0; i < n; i++)
			superset |= (mask & found[i]) == found[i];
		if (superset || n == max)
			continue;
		a.gives = changes_try(facts, arch, bar, refused, mask, &a);
		if (a.gives == WCBAR_RUNGS)
			continue;
		for (at = n; at > 0 && changes_cost(found[at - 1]) > changes_cost(mask); at--) {
			found[at] = found[at - 1];
			advice[at] = advice[at - 1];
		}
		found[at] = mask;
		advice[at] = a;
		n++;
	}
	return n;
}

bool
advice_least(const struct wcbar_pci_facts *facts, const char *arch, unsigned int bar,
	     struct advice *advice)
{
	struct advice all[PROBE_ADVICE_MAX];

	advice->gives = changes_try(facts, arch, bar, 0, 0, advice);
	if (advice->gives != WCBAR_RUNGS)
		return true;
	if (changes_search(facts, arch, bar, 0, all, PROBE_ADVICE_MAX) == 0)
		return false;
	*advice = all[0];
	return true;
}

/* ---- by verdict ------------------------------------------------------------------------------ */

WC_PRINTF(3, 4) static void add(struct probe *p, enum effort effort, const char *format, ...)
{
	struct advice *a = &p->advice[p->n_advice];
	va_list ap;

	if (p->n_advice == PROBE_ADVICE_MAX)
		return;
	p->n_advice++;
	a->effort = effort;
	a->gives = WCBAR_RUNGS;
	va_start(ap, format);
	vsnprintf(a->text, sizeof(a->text), format, ap);
	va_end(ap);
}

static bool
answered_with(const struct probe *p, int error)
{
	for (unsigned int i = 0; p->answered && i < WCBAR_RUNGS; i++) {
		if (p->answers[i].tried && p->answers[i].error == error)
			return true;
	}
	return false;
}

/* The mapping is not WC. */
static void
advise_mapping(struct probe *p)
{
	const struct wcbar_bar_facts *b = &p->facts.bars[p->bar];
	int best = predict_best_bar(&p->facts);
	size_t n;

	if (answered_with(p, -ENODATA))
		add(p, EFFORT_COMMAND,
		    "mount -t debugfs debugfs /sys/kernel/debug, as root: x86 says there which "
		    "type a mapping really has");
	if (p->open_error == -EACCES || answered_with(p, -EACCES))
		add(p, EFFORT_COMMAND,
		    "run wcprobe as root, or give this user the files: /dev/vfio/GROUP and the "
		    "memlock limit for VFIO, resource%u_wc of sysfs",
		    p->bar);
	if (!b->prefetchable) {
		if (best >= 0 && p->facts.bars[best].prefetchable)
			add(p, EFFORT_COMMAND, "ask for BAR %d, which is prefetchable: --bar %d",
			    best, best);
		add(p, EFFORT_HARDWARE,
		    "nothing on this machine makes BAR %u WC for user space: it is not "
		    "prefetchable. That is the device's own saying; another revision of it, or "
		    "its own kernel driver, would have to offer such a window",
		    p->bar);
		return;
	}
	n = changes_search(&p->facts, p->arch, p->bar, refused_rungs(p), p->advice + p->n_advice,
			   PROBE_ADVICE_MAX - p->n_advice);
	p->n_advice += n;
	if (n == 0 && !wcbar_bar_fills_pages(&p->facts, b))
		add(p, EFFORT_KERNEL,
		    "boot a kernel whose pages are not larger than BAR %u: %" PRIu64
		    " bytes, pages now %zu",
		    p->bar, b->bytes, p->facts.page_bytes);
	else if (n == 0 && !b->has_sysfs_wc)
		add(p, EFFORT_KERNEL,
		    "this kernel offers no resource%u_wc for a prefetchable BAR: boot an x86 "
		    "kernel without nopat, or an arm64 kernel of this decade",
		    p->bar);
}

static void
advise_effective(struct probe *p)
{
	switch (p->verdict.id) {
	case VERDICT_UNKNOWN:
		if (p->facts.access == WCBAR_ACCESS_KERNEL)
			add(p, EFFORT_COMMAND,
			    "only you know whether %s minds: map resource%u_wc of sysfs while it "
			    "has the device; wcprobe leaves such a device alone",
			    p->facts.driver, p->bar);
		else if (predict_is_variant(&p->facts) && !p->timing.done &&
			 probe_intended(p->answers) == WCBAR_TYPE_UNKNOWN)
			add(p, EFFORT_COMMAND,
			    "no file of the kernel tells how %s maps it: time stores, into a part "
			    "of the BAR that may be overwritten: wcprobe %s --bar %u --write "
			    "OFF:LEN",
			    p->facts.driver, p->facts.bdf, p->bar);
		else if (!p->open_asked)
			add(p, EFFORT_COMMAND,
			    "ask the kernel instead of predicting: wcprobe %s --bar %u --open",
			    p->facts.bdf, p->bar);
		else if (p->effective.state == EFFECTIVE_NOT_TESTED)
			add(p, EFFORT_COMMAND,
			    "let it store into a part of the BAR that may be overwritten: "
			    "wcprobe %s --bar %u --write OFF:LEN",
			    p->facts.bdf, p->bar);
		else
			add(p, EFFORT_HARDWARE,
			    "only the far end knows: count arrivals in the device, or with a "
			    "PCIe analyser");
		break;
	case VERDICT_STAGE2_DEVICE:
		add(p, EFFORT_KERNEL,
		    "on the host (arm64): Linux 6.9 or later, and the device given to this "
		    "virtual machine by vfio-pci; before 6.9 KVM maps every BAR as Device");
		break;
	case VERDICT_TRAPPED:
		add(p, EFFORT_FIRMWARE,
		    "on the host: give this virtual machine the device itself (vfio-pci), or a "
		    "device model whose BAR is mapped memory; an emulated BAR never combines");
		break;
	case VERDICT_NOT_GATHERING:
		add(p, EFFORT_COMMAND,
		    "store whole lines with the widest store of this CPU%s%s: it needs no "
		    "gathering",
		    p->timing.done && p->timing.cal.ranks > 0 ? "; the fastest here was " : "",
		    p->timing.done && p->timing.cal.ranks > 0 ? p->timing.cal.rank[0].store->name
							      : "");
		break;
	case VERDICT_KERNEL_MAPS:
		add(p, EFFORT_COMMAND,
		    "nothing: leave %s bound, and run DPDK's driver for it, which asks it for the "
		    "mapping",
		    p->facts.driver);
		break;
	case VERDICT_COMBINING:
	case VERDICT_STAGE1_DEVICE:
	case VERDICT_NOT_MAPPABLE:
	case VERDICTS:
		break;
	}
}

void
advice_make(struct probe *p)
{
	p->n_advice = 0;
	if (p->verdict.id == VERDICT_UNKNOWN && predict_is_variant(&p->facts))
		advise_effective(p);
	if (p->verdict.id != VERDICT_KERNEL_MAPS &&
	    (probe_intended(p->answers) != WCBAR_TYPE_WC ||
	     (!p->answered && p->facts.access == WCBAR_ACCESS_KERNEL)))
		advise_mapping(p);
	if (p->verdict.id != VERDICT_UNKNOWN || !predict_is_variant(&p->facts))
		advise_effective(p);
}
