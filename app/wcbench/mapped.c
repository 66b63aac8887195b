/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A mapping of this process, from procfs: smaps has the kernel's flags of it, and needs no rights.
 * pagemap has the physical address for root, though not of bare page frames.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <wcfile.h>

#include "mapped.h"

#define FRAME_MASK ((1ull << 55) - 1)
#define PRESENT (1ull << 63)

static FILE *
file_open(const char *root, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s%s", root, name) >= (int)sizeof(path))
		return NULL;
	return wcfile_fopen(path);
}

/* "7f00-7f10 rw-s 0000 00:0d 12    /dev/dri/card0"; false: another line. */
static bool
head_parse(const char *line, uint64_t *from, uint64_t *to, int *path)
{
	*path = -1;
	return sscanf(line, "%" SCNx64 "-%" SCNx64 " %*4s %*s %*s %*s %n", from, to, path) == 2 &&
	       *path >= 0;
}

/* "VmFlags: rd wr sh mr mw me ms io pf" */
static enum wcbar_setting
flags_parse(char *words)
{
	char *save = NULL;

	for (char *w = strtok_r(words, " \n", &save); w != NULL; w = strtok_r(NULL, " \n", &save)) {
		if (strcmp(w, "io") == 0 || strcmp(w, "pf") == 0 || strcmp(w, "mm") == 0)
			return WCBAR_SETTING_NO;
	}
	return WCBAR_SETTING_YES;
}

static void
smaps_read(const char *root, uint64_t addr, struct mapped *m)
{
	FILE *f = file_open(root, "/proc/self/smaps");
	char line[PATH_MAX + 128];
	bool inside = false;
	uint64_t from, to;
	int path;

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (head_parse(line, &from, &to, &path)) {
			inside = addr >= from && addr < to;
			line[strcspn(line, "\n")] = '\0';
			if (inside)
				snprintf(m->path, sizeof(m->path), "%s", line + path);
		} else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
			m->ordinary = flags_parse(line + 8);
			break;
		}
	}
	fclose(f);
}

static void
physical_read(const char *root, uint64_t addr, struct mapped *m)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char path[PATH_MAX];
	uint64_t entry = 0;
	int fd;

	if (snprintf(path, sizeof(path), "%s/proc/self/pagemap", root) >= (int)sizeof(path))
		return;
	fd = wcfile_open(path, O_RDONLY);
	if (fd < 0)
		return;
	if (pread(fd, &entry, sizeof(entry), (off_t)(addr / page * sizeof(entry))) ==
		    (ssize_t)sizeof(entry) &&
	    (entry & PRESENT) != 0 && (entry & FRAME_MASK) != 0)
		m->physical = (entry & FRAME_MASK) * page + addr % page;
	close(fd);
}

/* "00100000-7ffdcfff : System RAM"; all zeroes to anybody but root. */
static void
iomem_read(const char *root, struct mapped *m)
{
	FILE *f = file_open(root, "/proc/iomem");
	uint64_t from, to;
	char line[256];
	int name;

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		name = -1;
		if (sscanf(line, " %" SCNx64 "-%" SCNx64 " : %n", &from, &to, &name) != 2 ||
		    name < 0 || m->physical < from || m->physical > to)
			continue;
		if (strncmp(line + name, "System RAM", 10) == 0) {
			m->ram = WCBAR_SETTING_YES;
			break;
		}
		m->ram = WCBAR_SETTING_NO;
	}
	fclose(f);
}

/* The last one; ranges that overlap agree. */
static void
type_take(void *arg, uint64_t from, uint64_t to, enum wcbar_type type)
{
	(void)from, (void)to;
	*(enum wcbar_type *)arg = type;
}

void
mapped_read(const char *root, const void *addr, struct mapped *m)
{
	const char *at = root != NULL ? root : "";

	*m = (struct mapped){.type = WCBAR_TYPE_UNKNOWN};
	smaps_read(at, (uintptr_t)addr, m);
	physical_read(at, (uintptr_t)addr, m);
	if (m->physical == 0)
		return;
	iomem_read(at, m);
	(void)wcbar_type_ranges(at, m->physical, 1, type_take, &m->type);
}
