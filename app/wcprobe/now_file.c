/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Whether a mapped file is a certain BAR. What /proc/PID/maps shows as the offset is not always
 * what the process asked for: mappings by sysfs and /proc/bus/pci have the physical address there,
 * and so have those of VFIO before Linux 6.10.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <wcfile.h>

#include "now_file.h"
#include "predict.h"

/* vfio-pci and what is built on it: the upper bits of an offset are the number of the BAR. */
#define VFIO_INDEX_SHIFT 40
#define VFIO_OFFSET_MASK ((1ull << VFIO_INDEX_SHIFT) - 1)
/* No BAR is larger: an offset that is larger is no number of a BAR with an offset, but an address.
 */
#define BAR_BYTES_MAX (1ull << 36)

struct question {
	const struct now_scan *scan;
	const struct now_vma *vma;
	const struct wcbar_pci_facts *facts;
	unsigned int bar;
	struct now_mapping *m;
};

/* The part of the BAR that a mapping from `off` on covers; false: none. */
static bool
covers(const struct question *q, uint64_t off)
{
	const uint64_t bytes = q->facts->bars[q->bar].bytes;

	if (off >= bytes)
		return false;
	q->m->off = off;
	q->m->bytes = q->vma->bytes < bytes - off ? q->vma->bytes : bytes - off;
	return true;
}

/* The same for a mapping of physical addresses from `address` on. */
static bool
covers_physical(const struct question *q, uint64_t address)
{
	const struct wcbar_bar_facts *b = &q->facts->bars[q->bar];
	uint64_t end = address + q->vma->bytes;

	if (b->address == 0 || end < address || address >= b->address + b->bytes ||
	    end <= b->address)
		return false;
	q->m->off = address > b->address ? address - b->address : 0;
	end = end < b->address + b->bytes ? end : b->address + b->bytes;
	q->m->bytes = end - (b->address + q->m->off);
	return true;
}

/* ---- sysfs ----------------------------------------------------------------------------------- */

/* ".../0000:00:04.0/resource2_wc" */
static bool
is_sysfs(const struct question *q)
{
	const char *base = strrchr(q->vma->path, '/'), *bdf = q->facts->bdf;
	const size_t n = strlen(bdf);
	char name[32];

	if (base == NULL || (size_t)(base - q->vma->path) < n + 1 || base[-(int)n - 1] != '/' ||
	    strncmp(base - n, bdf, n) != 0)
		return false;
	snprintf(name, sizeof(name), "/resource%u", q->bar);
	q->m->file = NOW_FILE_RESOURCE;
	if (strcmp(base, name) != 0) {
		snprintf(name, sizeof(name), "/resource%u_wc", q->bar);
		if (strcmp(base, name) != 0)
			return false;
		q->m->file = NOW_FILE_RESOURCE_WC;
		q->m->implied = WCBAR_TYPE_WC;
	}
	if (covers_physical(q, q->vma->off))
		return true;
	/* a kernel that does not show the address, or a user who is not told the BAR's */
	return covers(q, q->facts->bars[q->bar].address != 0 ? q->vma->off : 0);
}

/* ---- VFIO ------------------------------------------------------------------------------------ */

enum belongs {
	BELONGS_NOT = 0,
	BELONGS_PERHAPS,
	BELONGS
};

/* The file in the process that this mapping came from may be closed, or there are several. */
static enum belongs
vfio_by_files(const struct question *q)
{
	const struct now_process *p = &q->scan->processes[q->vma->process];
	const bool ours = now_scan_has_device(q->scan, p, q->facts->bdf);
	const bool group = now_scan_has_group(q->scan, p, q->facts->iommu_group);
	unsigned int alike;
	bool first = true;

	if (p->devices == 0 && p->groups == 0) {
		snprintf(q->m->why, sizeof(q->m->why), "it has closed the file of that device");
		return BELONGS_PERHAPS;
	}
	if (p->devices > 0 && p->devices_unnamed == 0 && !ours)
		return BELONGS_NOT;
	if (p->groups > 0 && !group && !ours)
		return BELONGS_NOT;
	if (ours && p->devices == 1)
		return BELONGS;
	if (p->devices <= 1 && p->groups == 1 && group && q->facts->group_devices <= 1)
		return BELONGS;
	alike = now_scan_alike(q->scan, q->vma, &first);
	if (!first)
		return BELONGS_NOT; /* one of them can be of this BAR */
	if ((ours || group) && p->devices > 1 && alike == p->devices)
		return BELONGS; /* one for each of its devices */
	snprintf(q->m->why, sizeof(q->m->why), "it has %u VFIO devices open", p->devices);
	return BELONGS_PERHAPS;
}

/* VFIO maps nothing beyond a BAR, but for the rest of the page: so it is a larger one. */
static bool
is_too_long(const struct question *q, uint64_t off)
{
	const uint64_t page = q->facts->page_bytes, bytes = q->facts->bars[q->bar].bytes;

	return q->vma->bytes > (bytes + page - 1) / page * page - off;
}

/* By the BAR's number: every device's looks alike. */
static bool
covers_by_number(const struct question *q)
{
	const uint64_t off = q->vma->off & VFIO_OFFSET_MASK;

	return q->vma->off >> VFIO_INDEX_SHIFT == q->bar && covers(q, off) && !is_too_long(q, off);
}

/* By its address: this BAR and no other, unless the address could be a number as well. */
static enum belongs
vfio_by_address(const struct question *q)
{
	const uint64_t off = q->vma->off;

	if (!covers_physical(q, off) || is_too_long(q, q->m->off))
		return BELONGS_NOT;
	return off >> VFIO_INDEX_SHIFT == 0 || (off & VFIO_OFFSET_MASK) >= BAR_BYTES_MAX
		       ? BELONGS
		       : BELONGS_PERHAPS;
}

static bool
is_vfio(const struct question *q)
{
	enum belongs belongs;

	if (strstr(q->vma->path, "[vfio-device]") == NULL || !predict_is_vfio(q->facts))
		return false;
	q->m->file = NOW_FILE_VFIO;
	belongs = vfio_by_address(q);
	if (belongs == BELONGS)
		return true;
	if (belongs == BELONGS_NOT && !covers_by_number(q))
		return false;
	belongs = vfio_by_files(q);
	q->m->perhaps = belongs == BELONGS_PERHAPS;
	return belongs != BELONGS_NOT;
}

static bool
is_there(const struct question *q, const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	return snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/%s/%s",
			q->scan->root != NULL ? q->scan->root : "", q->facts->bdf, folder,
			name) < (int)sizeof(path) &&
	       stat(path, &st) == 0;
}

static bool
is_vfio_cdev(const struct question *q)
{
	static const char folder[] = "/dev/vfio/devices/";

	if (strncmp(q->vma->path, folder, sizeof(folder) - 1) != 0 ||
	    !is_there(q, "vfio-dev", q->vma->path + sizeof(folder) - 1))
		return false;
	q->m->file = NOW_FILE_VFIO_CDEV;
	return covers_by_number(q) || covers_physical(q, q->vma->off);
}

/* ---- the others ------------------------------------------------------------------------------ */

static bool
is_mem(const struct question *q)
{
	q->m->file = NOW_FILE_MEM;
	return strcmp(q->vma->path, "/dev/mem") == 0 && covers_physical(q, q->vma->off);
}

/* /proc/bus/pci/00/04.0, or with another domain /proc/bus/pci/0001:00/04.0 */
static bool
is_bus_pci(const struct question *q)
{
	const char *name = strstr(q->vma->path, "/proc/bus/pci/"), *bdf = q->facts->bdf;
	char wanted[32], with_domain[32];

	if (name == NULL || strlen(bdf) != 12)
		return false;
	snprintf(wanted, sizeof(wanted), "/proc/bus/pci/%.2s/%s", bdf + 5, bdf + 8);
	snprintf(with_domain, sizeof(with_domain), "/proc/bus/pci/%.7s/%s", bdf, bdf + 8);
	q->m->file = NOW_FILE_BUS_PCI;
	/* whether such a mapping combines was asked of the file, and cannot be seen from outside */
	q->m->implied = WCBAR_TYPE_UNKNOWN;
	return ((strncmp(bdf, "0000:", 5) == 0 && strcmp(name, wanted) == 0) ||
		strcmp(name, with_domain) == 0) &&
	       covers_physical(q, q->vma->off);
}

/* Map m of /dev/uioN is mapped at offset m pages; sysfs says where it is. */
static bool
is_uio(const struct question *q)
{
	static const char folder[] = "/dev/";
	const char *name = q->vma->path + sizeof(folder) - 1;
	char path[PATH_MAX];
	uint64_t address;
	bool got;
	FILE *in;

	if (strncmp(q->vma->path, "/dev/uio", 8) != 0 || !is_there(q, "uio", name))
		return false;
	q->m->file = NOW_FILE_UIO;
	if (snprintf(path, sizeof(path),
		     "%s/sys/bus/pci/devices/%s/uio/%s/maps/map%" PRIu64 "/addr",
		     q->scan->root != NULL ? q->scan->root : "", q->facts->bdf, name,
		     q->vma->off / q->facts->page_bytes) >= (int)sizeof(path))
		return false;
	in = wcfile_fopen(path);
	if (in == NULL)
		return false;
	got = fscanf(in, "0x%" SCNx64, &address) == 1;
	fclose(in);
	return got && covers_physical(q, address);
}

bool
now_file_is_bar(const struct now_scan *scan, const struct now_vma *vma,
		const struct wcbar_pci_facts *facts, unsigned int bar, struct now_mapping *m)
{
	static bool (*const is[])(const struct question *) = {is_sysfs, is_vfio,    is_vfio_cdev,
							      is_mem,   is_bus_pci, is_uio};
	const struct question q = {scan, vma, facts, bar, m};

	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		*m = (struct now_mapping){.implied = WCBAR_TYPE_UC};
		if (!is[i](&q))
			continue;
		if (predict_is_variant(facts) &&
		    (m->file == NOW_FILE_VFIO || m->file == NOW_FILE_VFIO_CDEV))
			m->implied = WCBAR_TYPE_UNKNOWN;
		return true;
	}
	return false;
}
