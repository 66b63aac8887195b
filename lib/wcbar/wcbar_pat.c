/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * On x86 the kernel keeps one memory type for each physical range. A process that maps a range
 * which is mapped already gets the type of the first mapping, without an error. So a
 * write-combining mapping that the kernel granted may be uncached, because VFIO's own mapping of
 * the BAR came first. The other way round, VFIO's mappings of a BAR are write-combining if such a
 * mapping existed while VFIO opened the device. The kernel's list of ranges says what came out
 * (Linux: arch/x86/mm/pat/memtype.c).
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wcfile.h>

#include "wcbar_internal.h"
#include "wcbar_store.h"

#define LIST "/sys/kernel/debug/x86/pat_memtype_list"

/* "PAT: [mem 0x00000000fea00000-0x00000000feb00000] write-combining"; the end is exclusive. */
static bool
line_parse(const char *line, uint64_t *from, uint64_t *to, enum wcbar_type *type)
{
	char name[32];

	if (sscanf(line, "PAT: [mem 0x%" SCNx64 "-0x%" SCNx64 "] %31s", from, to, name) != 3)
		return false;
	if (strcmp(name, "write-combining") == 0)
		*type = WCBAR_TYPE_WC;
	else if (strncmp(name, "uncached", 8) == 0)
		*type = WCBAR_TYPE_UC;
	else
		*type = WCBAR_TYPE_WB;
	return true;
}

int
wcbar_type_ranges(const char *root, uint64_t addr, uint64_t bytes, wcbar_type_range_fn fn,
		  void *arg)
{
	char path[PATH_MAX], line[256];
	enum wcbar_type type;
	uint64_t from, to;
	FILE *list;

	if (!wcbar_path(path, root != NULL ? root : "", LIST))
		return -ENAMETOOLONG;
	list = wcfile_fopen(path);
	if (list == NULL)
		return -errno;
	while (fgets(line, sizeof(line), list) != NULL) {
		if (line_parse(line, &from, &to, &type) && addr < to && from < addr + bytes)
			fn(arg, from, to, type);
	}
	fclose(list);
	return 0;
}

/* Ranges that overlap agree; parts of ours may differ, and the worst counts. */
static void
worst_take(void *arg, uint64_t from, uint64_t to, enum wcbar_type type)
{
	enum wcbar_type *worst = arg;

	(void)from;
	(void)to;
	if (*worst == WCBAR_TYPE_UNKNOWN || type != WCBAR_TYPE_WC)
		*worst = type;
}

/* The type of [addr, addr + bytes); UNKNOWN: nobody has it mapped. -errno: no list to be read. */
static int
type_read(const struct wcbar_pci *pci, uint64_t addr, size_t bytes, enum wcbar_type *type)
{
	*type = WCBAR_TYPE_UNKNOWN;
	return wcbar_type_ranges(pci->root, addr, bytes, worst_take, type);
}

int
wcbar_pat_type(const struct wcbar_ask *ask, enum wcbar_type *type, struct wcbar_why why)
{
	const struct wcbar_bar *bar = ask->bar;
	const struct wcbar_bar_facts *b = &bar->pci->facts.bars[bar->number];
	int ret;

	*type = WCBAR_TYPE_UNKNOWN;
	if (!wcbar_cpu_shares_types)
		return wcbar_why_set(why, -ENOTSUP,
				     "on this CPU each mapping has a type of its own; only x86 "
				     "keeps one for each range");
	ret = b->address != 0 ? type_read(bar->pci, b->address + ask->off, ask->bytes, type)
			      : -EACCES;
	if (ret != 0)
		return wcbar_why_set(why, -ENODATA,
				     "the kernel's list of memory types cannot be read, so nobody "
				     "knows the true one: mount debugfs (" LIST ") and be root");
	return 0;
}

int
wcbar_pat_check(const struct wcbar_ask *ask, enum wcbar_type wanted, bool must_know,
		struct wcbar_why why)
{
	char unknown[WCBAR_WHY_BYTES];
	struct wcbar_why why_unknown = {unknown, sizeof(unknown)};
	enum wcbar_type type;
	int ret = wcbar_pat_type(ask, &type, why_unknown);

	if (ret == -ENODATA && must_know)
		return wcbar_why_set(why, ret, "%s", unknown);
	if (ret == 0 && type == WCBAR_TYPE_UNKNOWN && must_know)
		return wcbar_why_set(why, -ENODATA,
				     "the kernel's list of memory types (" LIST ") does not have "
				     "this mapping, so nobody knows its true type");
	if (ret != 0 || type == WCBAR_TYPE_UNKNOWN || type == wanted)
		return 0;
	if (wanted == WCBAR_TYPE_WC)
		return wcbar_why_set(
			why, -EBUSY,
			"the kernel granted it, but made it %s, as a mapping that came "
			"first; if that is VFIO's, name the BAR in wc_bars at open",
			wcbar_type_name(type));
	return wcbar_why_set(why, -EBUSY,
			     "the kernel granted it, but made it %s, as a mapping that came first: "
			     "registers must not be in a BAR that is named in wc_bars",
			     wcbar_type_name(type));
}

int
wcbar_bar_kernel_type(const struct wcbar_bar *bar, uint64_t off, size_t bytes,
		      enum wcbar_type *type, char *why, size_t why_bytes)
{
	struct wcbar_bar same = *bar;
	const struct wcbar_ask ask = {.bar = &same, .off = off, .bytes = bytes};

	return wcbar_pat_type(&ask, type, (struct wcbar_why){why, why_bytes});
}

/* ---- mappings that keep the type ----------------------------------------------------------- */

int
wcbar_wc_file_open(const struct wcbar_pci *pci, unsigned int bar)
{
	char name[32];

	snprintf(name, sizeof(name), "resource%u_wc", bar);
	return wcbar_sysfs_open(pci->root, pci->facts.bdf, name, O_RDWR);
}

int
wcbar_wc_file_map(const struct wcbar_pci *pci, unsigned int bar, void **addr)
{
	const struct wcbar_bar_facts *b = &pci->facts.bars[bar];
	int fd, ret = 0;
	void *got;

	*addr = NULL;
	if (!b->has_sysfs_wc || b->bytes > SIZE_MAX / 2)
		return -ENOENT;
	fd = wcbar_wc_file_open(pci, bar);
	if (fd < 0)
		return fd;
	got = mmap(NULL, (size_t)b->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (got == MAP_FAILED)
		ret = -errno;
	else
		*addr = got;
	close(fd);
	return ret;
}

void
wcbar_pat_hold(struct wcbar_pci *pci, unsigned int bars)
{
	for (unsigned int i = 0; i < WCBAR_PCI_BARS; i++) {
		if ((bars & 1u << i) != 0)
			(void)wcbar_wc_file_map(pci, i, &pci->wc_maps[i]);
	}
}

void
wcbar_pat_release(struct wcbar_pci *pci)
{
	for (unsigned int i = 0; i < WCBAR_PCI_BARS; i++) {
		if (pci->wc_maps[i] != NULL)
			munmap(pci->wc_maps[i], (size_t)pci->facts.bars[i].bytes);
		pci->wc_maps[i] = NULL;
	}
}
