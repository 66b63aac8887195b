/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the ladder would answer, from the facts alone. */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <wcbar_hold.h>
#include <wcbase.h>
#include <wcfile.h>

#include "predict.h"

bool
predict_is_vfio(const struct wcbar_pci_facts *facts)
{
	return facts->access == WCBAR_ACCESS_VFIO_GROUP || facts->access == WCBAR_ACCESS_VFIO_CDEV;
}

bool
predict_is_variant(const struct wcbar_pci_facts *facts)
{
	return predict_is_vfio(facts) && strcmp(facts->driver, "vfio-pci") != 0 &&
	       facts->driver[0] != '\0';
}

bool
predict_driver_stays(const struct wcbar_pci_facts *facts)
{
	static const char *const drivers[] = {"mlx4_core", "mlx5_core", "mana"};

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (strcmp(facts->driver, drivers[i]) == 0)
			return true;
	}
	return false;
}

bool
predict_is_locked(const struct wcbar_pci_facts *facts)
{
	return facts->lockdown[0] != '\0' && strcmp(facts->lockdown, "none") != 0;
}

bool
predict_kernel_version(const char *release, unsigned int *major, unsigned int *minor)
{
	return sscanf(release, "%u.%u", major, minor) == 2;
}

int
predict_best_bar(const struct wcbar_pci_facts *facts)
{
	const struct wcbar_bar_facts *b, *best = NULL;
	int number = -1;

	for (unsigned int i = 0; i < WCBAR_PCI_BARS; i++) {
		b = &facts->bars[i];
		if (b->bytes == 0 || b->io)
			continue;
		if (best == NULL || (b->prefetchable && !best->prefetchable) ||
		    (b->prefetchable == best->prefetchable && b->bytes > best->bytes)) {
			best = b;
			number = (int)i;
		}
	}
	return number;
}

/* A copy says it in /proc/sys/kernel/arch (Linux 6.1 and later), or by the words of /proc/cpuinfo.
 */
static void
copy_arch(const char *root, char *arch, size_t bytes)
{
	char path[PATH_MAX], line[512];
	FILE *in;

	arch[0] = '\0';
	snprintf(path, sizeof(path), "%s/proc/sys/kernel/arch", root);
	in = wcfile_fopen(path);
	if (in != NULL) {
		/* a name of uname's: a copy may hold anything, and this goes to terminals */
		if (fscanf(in, "%31[0-9a-zA-Z_]", line) == 1)
			snprintf(arch, bytes, "%s", line);
		fclose(in);
	}
	if (arch[0] != '\0')
		return;
	snprintf(path, sizeof(path), "%s/proc/cpuinfo", root);
	in = wcfile_fopen(path);
	while (in != NULL && arch[0] == '\0' && fgets(line, sizeof(line), in) != NULL) {
		if (strncmp(line, "vendor_id", 9) == 0)
			snprintf(arch, bytes, "x86_64");
		else if (strncmp(line, "CPU implementer", 15) == 0)
			snprintf(arch, bytes, "aarch64");
	}
	if (in != NULL)
		fclose(in);
}

void
predict_arch(const char *root, char *arch, size_t bytes)
{
	struct utsname uts;

	if (root == NULL)
		snprintf(arch, bytes, "%s", uname(&uts) == 0 ? uts.machine : "");
	else
		copy_arch(root, arch, bytes);
}

/* What a prediction is about, so that each rung's rule takes one argument. */
struct subject {
	const struct wcbar_pci_facts *facts;
	const struct wcbar_bar_facts *b;
	const char *arch;
	unsigned int bar;
	struct wcbar_answer *answer;
	bool *sure;
};

WC_PRINTF(3, 4) static int say(const struct subject *s, int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(s->answer->why, sizeof(s->answer->why), format, ap);
	va_end(ap);
	return error;
}

/* What stands against any mapping: only whole pages can be mapped, or what begins one. */
static int
size_check(const struct subject *s)
{
	if (wcbar_bar_fills_pages(s->facts, s->b))
		return 0;
	return say(s, -ENOTSUP,
		   "BAR %u has %" PRIu64 " bytes, pages have %zu: none is whole, "
		   "and it begins none",
		   s->bar, s->b->bytes, s->facts->page_bytes);
}

/*
 * A kernel driver has the device. Most have claimed its BARs, which closes them to sysfs, but not
 * on a kernel without CONFIG_IO_STRICT_DEVMEM.
 */
static int
kernel_driver_check(const struct subject *s)
{
	const struct wcbar_pci_facts *f = s->facts;
	char how[WCBAR_WHY_BYTES / 2];

	if (predict_driver_stays(f))
		return say(s, -EBUSY,
			   "%s has it, and DPDK's own driver for it needs that: %s maps "
			   "the part that is to be write-combining",
			   f->driver, f->driver);
	if (!wcbar_sysfs_maps_claimed(f)) {
		*s->sure = f->config.io_strict_devmem == WCBAR_SETTING_YES;
		return say(s, -EBUSY, "in use by driver %s; it would have to let go first",
			   f->driver);
	}
	*s->sure = false;
	wcbar_sysfs_maps_claimed_why(f, how, sizeof(how));
	return say(s, 0, "the kernel %s, so it maps the BAR although %s has the device%s", how,
		   f->driver,
		   strcmp(s->arch, "aarch64") == 0
			   ? ""
			   : "; on x86 with the type of the driver's own mapping, if it has one");
}

/* What stands against any mapping by sysfs. */
static int
sysfs_check(const struct subject *s)
{
	const struct wcbar_pci_facts *f = s->facts;
	int ret = f->access == WCBAR_ACCESS_KERNEL ? kernel_driver_check(s) : 0;

	if (ret != 0)
		return ret;
	if (predict_is_locked(f))
		return say(s, -EPERM,
			   "the kernel is locked down (%s) and maps no BAR through sysfs",
			   f->lockdown);
	return 0;
}

static int
sysfs_wc_check(const struct subject *s)
{
	int ret = sysfs_check(s);

	if (ret != 0)
		return ret;
	if (!s->b->prefetchable)
		ret = say(s, -ENOTSUP,
			  "BAR %u is not prefetchable: the kernel makes no resource%u_wc for it",
			  s->bar, s->bar);
	else if (!s->b->has_sysfs_wc)
		ret = say(s, -ENOENT,
			  "no resource%u_wc although BAR %u is prefetchable: this kernel maps "
			  "none so (x86: PAT is off)",
			  s->bar, s->bar);
	*s->sure |= ret != 0;
	return ret;
}

static bool
odd_kernel_was_seen(const struct subject *s)
{
	return wcbar_odd_kernel_was_seen(s->facts->kernel, strcmp(s->arch, "x86_64") == 0);
}

/* What stands against anything under VFIO. */
static int
vfio_check(const struct subject *s)
{
	const struct wcbar_pci_facts *f = s->facts;

	if (!predict_is_vfio(f))
		return say(s, -ENOTSUP, "not bound to vfio-pci");
	if (f->group_peer[0] != '\0')
		return say(s, -EPERM,
			   "IOMMU group %d also holds %s, which a kernel driver has: VFIO opens "
			   "none of them",
			   f->iommu_group, f->group_peer);
	if (predict_is_variant(f) || (f->noiommu && !odd_kernel_was_seen(s)))
		*s->sure = false;
	return 0;
}

static void
variant_answer(const struct wcbar_pci_facts *f, struct wcbar_answer *vfio)
{
	vfio->type = WCBAR_TYPE_UNKNOWN;
	snprintf(vfio->why, sizeof(vfio->why),
		 "%s is not vfio-pci and may map BARs by rules of its own: the type is not known",
		 f->driver);
}

void
predict_doubt_variant(const struct wcbar_pci_facts *facts, const char *arch,
		      struct wcbar_answer *vfio)
{
	if (predict_is_variant(facts) && strcmp(arch, "x86_64") != 0 && vfio->error == 0)
		variant_answer(facts, vfio);
}

static int
predict_vfio(const struct subject *s)
{
	int ret = vfio_check(s);

	if (ret != 0 || !predict_is_variant(s->facts))
		return ret;
	variant_answer(s->facts, s->answer);
	return 0;
}

static int
predict_memattr(const struct subject *s)
{
	int ret = vfio_check(s);

	if (ret != 0)
		return ret;
	*s->sure = false;
	return say(s, -ENOTTY, "no released kernel is known to have it; --open asks this one");
}

/*
 * Seen on Debian's kernels, which all have CONFIG_IO_STRICT_DEVMEM: 6.1 and 6.12 map a BAR by sysfs
 * while VFIO has the device open but not this BAR, 7.3 does not. Between them nobody has looked.
 * Without that option the kernel's source says what iomem=relaxed was seen to do.
 */
static int
strict_check(const struct subject *s)
{
	if (wcbar_sysfs_maps_claimed(s->facts))
		return 0;
	switch (wcbar_claim_of(s->facts->kernel)) {
	case WCBAR_CLAIM_AT_MMAP:
		return 0;
	case WCBAR_CLAIM_AT_OPEN:
		*s->sure &= s->facts->config.io_strict_devmem == WCBAR_SETTING_YES;
		return say(s, -EINVAL,
			   "since 7.3 at the latest the kernel refuses it as soon as VFIO has the "
			   "device open, unless it was booted with iomem=relaxed or built without "
			   "CONFIG_IO_STRICT_DEVMEM");
	case WCBAR_CLAIM_UNKNOWN:
		break;
	}
	*s->sure = false;
	return say(s, 0, "Linux '%s' has not been tried", s->facts->kernel);
}

static int
predict_sysfs_vfio(const struct subject *s)
{
	char how[WCBAR_WHY_BYTES / 2];
	int ret = vfio_check(s);

	if (ret == 0 && wcbar_sysfs_maps_claimed(s->facts)) {
		wcbar_sysfs_maps_claimed_why(s->facts, how, sizeof(how));
		ret = say(s, -ENOTSUP, "the kernel %s: sysfs-wc-relaxed is its name there", how);
	}
	if (ret == 0)
		ret = sysfs_wc_check(s);
	return ret == 0 ? strict_check(s) : ret;
}

static int
predict_sysfs_relaxed(const struct subject *s)
{
	char how[WCBAR_WHY_BYTES / 2];
	int ret = vfio_check(s);

	if (ret == 0 && !wcbar_sysfs_maps_claimed(s->facts)) {
		*s->sure &= s->facts->config.io_strict_devmem == WCBAR_SETTING_YES;
		ret = say(s, -ENOTSUP, "the kernel was booted without iomem=relaxed%s",
			  s->facts->config.io_strict_devmem == WCBAR_SETTING_YES
				  ? ", and has CONFIG_IO_STRICT_DEVMEM"
				  : "; whether it has CONFIG_IO_STRICT_DEVMEM is not known");
	}
	if (ret == 0 && !s->facts->iomem_relaxed) {
		*s->sure &= odd_kernel_was_seen(s);
		wcbar_sysfs_maps_claimed_why(s->facts, how, sizeof(how));
		ret = say(s, 0, "the kernel %s", how);
	}
	return ret == 0 ? sysfs_wc_check(s) : ret;
}

static int
predict_sysfs(const struct subject *s)
{
	if (predict_is_vfio(s->facts))
		return say(s, -ENOTSUP, "bound to vfio-pci: the rungs above are for that");
	return sysfs_wc_check(s);
}

/*
 * x86 gives a physical range the type of its first mapping. Kernels that map every BAR when VFIO
 * opens the device (the same that refuse resourceN_wc from then on) take over the type that
 * wcprobe's wc_bars made it have.
 */
static int
predict_vfio_pat(const struct subject *s)
{
	const enum wcbar_claim claim = wcbar_claim_of(s->facts->kernel);
	int ret = vfio_check(s);

	if (ret == 0)
		ret = sysfs_wc_check(s);
	if (ret != 0)
		return ret;
	if (s->arch[0] != '\0' && strcmp(s->arch, "x86_64") != 0) {
		*s->sure = true;
		return say(s, -ENOTSUP, "only x86 keeps one memory type for each physical range");
	}
	if (claim == WCBAR_CLAIM_AT_MMAP)
		return say(
			s, -ENOTSUP,
			wcbar_sysfs_maps_claimed(s->facts)
				? "this kernel maps no BAR when VFIO opens the device: it would "
				  "take a program that holds resource%u_wc until VFIO's mapping "
				  "is made; sysfs-wc-relaxed is the simpler way"
				: "this kernel maps no BAR when VFIO opens the device, and takes "
				  "resource%u_wc away when VFIO maps it: sysfs-wc-vfio is the way",
			s->bar);
	*s->sure &= s->arch[0] != '\0' && claim == WCBAR_CLAIM_AT_OPEN;
	return say(s, 0, "for a program that names the BAR in wc_bars when it opens VFIO");
}

static int
predict_sysfs_uc(const struct subject *s)
{
	int ret = predict_is_vfio(s->facts) ? vfio_check(s) : 0;

	if (ret == 0)
		ret = sysfs_check(s);
	if (ret == 0 && !s->b->has_sysfs) {
		*s->sure = true;
		return say(s, -ENOENT, "there is no resource%u", s->bar);
	}
	return ret == 0 && predict_is_vfio(s->facts) ? strict_check(s) : ret;
}

void
predict_answers(const struct wcbar_pci_facts *facts, const char *arch, unsigned int bar,
		struct wcbar_answer *answers, bool *sure)
{
	static const struct {
		int (*predict)(const struct subject *s);
		enum wcbar_type type;
	} rules[WCBAR_RUNGS] = {
		[WCBAR_RUNG_VFIO_MEMATTR] = {predict_memattr, WCBAR_TYPE_WC},
		[WCBAR_RUNG_SYSFS_VFIO] = {predict_sysfs_vfio, WCBAR_TYPE_WC},
		[WCBAR_RUNG_SYSFS_RELAXED] = {predict_sysfs_relaxed, WCBAR_TYPE_WC},
		[WCBAR_RUNG_SYSFS] = {predict_sysfs, WCBAR_TYPE_WC},
		[WCBAR_RUNG_VFIO_PAT] = {predict_vfio_pat, WCBAR_TYPE_WC},
		[WCBAR_RUNG_VFIO] = {predict_vfio, WCBAR_TYPE_UC},
		[WCBAR_RUNG_SYSFS_UC] = {predict_sysfs_uc, WCBAR_TYPE_UC},
	};

	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		struct subject s = {facts, &facts->bars[bar], arch, bar, &answers[i], &sure[i]};

		answers[i] = (struct wcbar_answer){.rung = i, .type = rules[i].type};
		sure[i] = true;
		answers[i].error = size_check(&s);
		if (answers[i].error == 0)
			answers[i].error = rules[i].predict(&s);
	}
}
