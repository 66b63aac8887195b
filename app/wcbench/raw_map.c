/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Any file that can be mapped: what it is, and what may be written there. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <app_number.h>

#include "mapped.h"
#include "raw_target.h"

#define MEMORY_MAJOR 1u /* /dev/mem, /dev/zero */
#define ZERO_MINOR 5u

enum file_kind {
	FILE_RAM,      /* pages of the page cache */
	FILE_DAX,      /* a file system whose pages are the medium itself */
	FILE_DEVICE,   /* a character device */
	FILE_RESOURCE, /* a BAR, through sysfs */
};

struct map {
	int fd;
	enum file_kind kind;
	uint64_t file_bytes; /* UINT64_MAX: a device, which does not tell */
	void *addr;          /* whole pages */
	size_t bytes;
	unsigned int bar; /* of a resource file */
	bool wc;          /* it is resourceN_wc */
	char bdf[APP_PCI_ADDRESS_BYTES];
};

/* ---- which file ---------------------------------------------------------------------------- */

/* ".../0000:00:05.0/resource2_wc" below sys of the root */
static bool
resource_parse(const char *real, const char *root, struct map *m)
{
	const size_t skip = strlen(root);
	char folder[PATH_MAX], *slash, *name, *end;
	unsigned long bar;

	if (strncmp(real, root, skip) != 0 || strncmp(real + skip, "/sys/", 5) != 0)
		return false;
	snprintf(folder, sizeof(folder), "%s", real);
	slash = strrchr(folder, '/');
	name = slash + 1;
	if (strncmp(name, "resource", 8) != 0 || name[8] < '0' || name[8] > '9')
		return false;
	bar = strtoul(name + 8, &end, 10);
	m->wc = strcmp(end, "_wc") == 0;
	if (bar >= WCBAR_PCI_BARS || (*end != '\0' && !m->wc))
		return false;
	m->bar = (unsigned int)bar;
	*slash = '\0';
	slash = strrchr(folder, '/');
	return slash != NULL && app_pci_address(slash + 1, m->bdf);
}

static int
device_kind(const struct stat *st, const char *file, struct map *m, char *why, size_t why_bytes)
{
	m->kind = FILE_DEVICE;
	m->file_bytes = UINT64_MAX;
	if (major(st->st_rdev) != MEMORY_MAJOR)
		return 0;
	m->kind = FILE_RAM;
	if (minor(st->st_rdev) == ZERO_MINOR)
		return 0;
	snprintf(
		why, why_bytes,
		"%s is refused: a device like /dev/mem shows what others own; name the file of the "
		"device that is meant",
		file);
	return -EPERM;
}

static int
regular_kind(const char *file, const struct stat *st, struct map *m, char *why, size_t why_bytes)
{
	struct statx sx;
	struct statfs fs;

	if (fstatfs(m->fd, &fs) == 0 &&
	    (fs.f_type == SYSFS_MAGIC || fs.f_type == PROC_SUPER_MAGIC)) {
		snprintf(why, why_bytes,
			 "%s cannot be measured: of sysfs and procfs only a PCI device's "
			 "resourceN and resourceN_wc can",
			 file);
		return -ENOTSUP;
	}
	m->kind = FILE_RAM;
	m->file_bytes = (uint64_t)st->st_size;
	if (statx(m->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx) == 0 &&
	    (sx.stx_attributes & STATX_ATTR_DAX) != 0)
		m->kind = FILE_DAX;
	return 0;
}

/* A BAR is nobody's but who may have the whole device. */
static int
resource_kind(const struct raw_options *o, const struct stat *st, struct map *m, char *why,
	      size_t why_bytes)
{
	const struct wcbar_pci_options options = {.root = o->root, .vfio_fd = WCBAR_VFIO_CLOSED};
	struct wcbar_pci_facts facts;
	int ret = wcbar_pci_facts_read(m->bdf, &options, &facts, why, why_bytes);

	if (ret != 0)
		return ret;
	m->kind = FILE_RESOURCE;
	m->file_bytes = (uint64_t)st->st_size;
	if (facts.access == WCBAR_ACCESS_KERNEL) {
		snprintf(why, why_bytes,
			 "driver %s has %s: not mapped. Bind it to vfio-pci or uio_pci_generic "
			 "first",
			 facts.driver, m->bdf);
		return -EBUSY;
	}
	if (!facts.memory_enabled) {
		snprintf(why, why_bytes,
			 "%s does not decode memory now: wcbench raw %s --bar %u turns it on",
			 m->bdf, m->bdf, m->bar);
		return -ENXIO;
	}
	return 0;
}

static int
file_open(const struct raw_options *o, struct map *m, char *why, size_t why_bytes)
{
	char real[PATH_MAX];
	struct stat st;
	int ret;

	if (stat(o->file, &st) != 0) {
		ret = -errno;
		snprintf(why, why_bytes, "%s cannot be measured: %s", o->file, strerror(-ret));
		return ret;
	}
	/* a file without a name, of /proc/PID/fd, has no path either */
	if (realpath(o->file, real) == NULL)
		snprintf(real, sizeof(real), "%s", o->file);
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) {
		snprintf(why, why_bytes,
			 "%s cannot be measured: expected a file or a character device", o->file);
		return -ENOTSUP;
	}
	if (resource_parse(real, o->root != NULL ? o->root : "", m)) {
		ret = resource_kind(o, &st, m, why, why_bytes);
		if (ret != 0)
			return ret;
	}
	m->fd = open(real, O_RDWR | O_CLOEXEC);
	if (m->fd < 0 || fstat(m->fd, &st) != 0) {
		ret = -errno;
		snprintf(why, why_bytes, "%s cannot be opened for writing: %s%s", o->file,
			 strerror(-ret), ret == -EACCES ? "; be its owner, or root" : "");
		return ret;
	}
	if (m->kind == FILE_RESOURCE)
		return 0;
	return S_ISCHR(st.st_mode) ? device_kind(&st, o->file, m, why, why_bytes)
				   : regular_kind(o->file, &st, m, why, why_bytes);
}

/* ---- the mapping --------------------------------------------------------------------------- */

static int
range_map(const struct raw_options *o, struct map *m, struct raw_target *t, char *why,
	  size_t why_bytes)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), first = o->off / page * page;
	void *addr;
	int ret;

	if (o->off > m->file_bytes || o->bytes > m->file_bytes - o->off) {
		snprintf(why, why_bytes,
			 "0x%" PRIx64 ":%" PRIu64 " is not within %s, which has %" PRIu64 " bytes",
			 o->off, o->bytes, o->file, m->file_bytes);
		return -ENXIO;
	}
	m->bytes = o->bytes + (o->off - first);
	addr = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, (off_t)first);
	if (addr == MAP_FAILED) {
		ret = -errno;
		snprintf(why, why_bytes,
			 "%s cannot be mapped at 0x%" PRIx64
			 ": %s; expected a file whose driver maps these bytes",
			 o->file, first, strerror(-ret));
		return ret;
	}
	m->addr = addr;
	ret = wcbar_window_over((char *)addr + (o->off - first), o->bytes, t->types[0], &t->win);
	if (ret != 0)
		snprintf(why, why_bytes, "%s: the range has no whole line of %u bytes", o->file,
			 WCBAR_LINE_BYTES);
	return ret;
}

/* ---- what it is ---------------------------------------------------------------------------- */

static void
behind_judge(struct raw_target *t, const struct map *m)
{
	static const char *const why[] = {
		[FILE_RAM] = "ordinary pages, as of any file",
		[FILE_DAX] = "a file system without a page cache (DAX), whose medium may be either",
		[FILE_DEVICE] = "a character device, whose driver may map either",
		[FILE_RESOURCE] = "a BAR of a PCI device",
	};

	t->behind = m->kind == FILE_RAM        ? RAW_BEHIND_RAM
		    : m->kind == FILE_RESOURCE ? RAW_BEHIND_DEVICE
					       : RAW_BEHIND_UNKNOWN;
	snprintf(t->behind_why, sizeof(t->behind_why), "%s", why[m->kind]);
}

/* Before anything is stored: what the file is, or what the user says. */
static void
type_say(struct raw_target *t, const struct raw_options *o, const struct map *m)
{
	const char *said = wcbar_type_name(o->said);

	t->n_types = 1;
	t->types[0] = o->said;
	if (m->kind == FILE_RAM) {
		t->types[0] = WCBAR_TYPE_WB;
		snprintf(t->type_why, sizeof(t->type_why), "the kernel maps such pages so%s%s",
			 o->said != WCBAR_TYPE_UNKNOWN && o->said != WCBAR_TYPE_WB
				 ? "; it is not what was said, "
				 : "",
			 o->said != WCBAR_TYPE_UNKNOWN && o->said != WCBAR_TYPE_WB ? said : "");
	} else if (o->said != WCBAR_TYPE_UNKNOWN) {
		snprintf(t->type_why, sizeof(t->type_why), "as you said");
	} else {
		snprintf(t->type_why, sizeof(t->type_why),
			 "nothing tells it; say it behind FILE:OFF:LEN, as :wc or :uc");
	}
}

/* The kernel's list of types knows better than who calls it something. */
static void
type_now(struct raw_target *t, const struct raw_options *o, const struct map *m)
{
	struct mapped mapped = {.type = WCBAR_TYPE_UNKNOWN};
	const struct wcbar_bar_facts *b = &t->pci.bars[m->bar];

	if (m->kind == FILE_RAM)
		return;
	if (m->kind != FILE_RESOURCE) {
		mapped_read(o->root, t->win.addr, &mapped);
		if (mapped.ram == WCBAR_SETTING_YES) {
			t->behind = RAW_BEHIND_RAM;
			snprintf(t->behind_why, sizeof(t->behind_why),
				 "its physical address is System RAM");
		}
	}
	for (size_t i = 0; i < t->n_now && m->kind == FILE_RESOURCE; i++) {
		if (t->now[i].bar == m->bar && t->now[i].from < b->address + o->off + o->bytes &&
		    t->now[i].to > b->address + o->off)
			mapped.type = t->now[i].type;
	}
	if (mapped.type == WCBAR_TYPE_UNKNOWN)
		return;
	t->types[0] = t->win.type = mapped.type;
	snprintf(t->type_why, sizeof(t->type_why),
		 "the kernel's list of memory types has its physical address");
}

static void
map_close(struct raw_target *t)
{
	struct map *m = t->state;

	if (m == NULL)
		return;
	if (m->addr != NULL)
		munmap(m->addr, m->bytes);
	if (m->fd >= 0)
		close(m->fd);
	free(m);
	t->state = NULL;
}

static int
map_open(struct raw_target *t, const struct raw_options *o, char *why, size_t why_bytes)
{
	struct map *m = calloc(1, sizeof(*m));
	struct stat st;
	int ret;

	if (m == NULL) {
		snprintf(why, why_bytes, "no memory");
		return -ENOMEM;
	}
	m->fd = -1;
	t->state = m;
	ret = file_open(o, m, why, why_bytes);
	if (ret == 0) {
		snprintf(t->name, sizeof(t->name), "%.250s at 0x%" PRIx64, o->file, o->off);
		behind_judge(t, m);
		type_say(t, o, m);
		ret = range_map(o, m, t, why, why_bytes);
	}
	if (ret != 0)
		return ret;
	if (m->kind == FILE_DEVICE && fstat(m->fd, &st) == 0)
		(void)pci_of_device_file(o->root, major(st.st_rdev), minor(st.st_rdev), m->bdf);
	raw_target_pci(t, o, m->bdf);
	type_now(t, o, m);
	return 0;
}

const struct raw_source raw_source_map = {
	.kind = "map",
	.open = map_open,
	.measure = raw_target_measure,
	.close = map_close,
};
