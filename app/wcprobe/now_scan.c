/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which processes have a file mapped that can be a BAR. */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wcbase.h>
#include <wcfile.h>

#include "now_scan.h"

WC_PRINTF(3, 4)
static bool
path_make(const struct now_scan *scan, char path[PATH_MAX], const char *format, ...)
{
	int n = snprintf(path, PATH_MAX, "%s", scan->root != NULL ? scan->root : ""), more;
	va_list ap;

	if (n < 0 || n >= PATH_MAX)
		return false;
	va_start(ap, format);
	more = vsnprintf(path + n, PATH_MAX - (size_t)n, format, ap);
	va_end(ap);
	return more >= 0 && more < PATH_MAX - n;
}

/* The first line of a file without its end; "" if it cannot be read. */
static void
line_read(const char *path, char *text, int bytes)
{
	FILE *in = wcfile_fopen(path);

	if (in == NULL || fgets(text, bytes, in) == NULL)
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (in != NULL)
		fclose(in);
}

/* Grows an array of `n` elements to hold one more; NULL without memory. */
static void *
array_grow(void *array, size_t n, size_t bytes)
{
	if ((n & (n - 1)) != 0)
		return array;
	return reallocarray(array, n == 0 ? 1 : 2 * n, bytes);
}

/* ---- open files ------------------------------------------------------------------------------ */

/* Where an open file leads: a link, or in a copy of a machine a file that holds its text. */
static void
fd_target(const struct now_scan *scan, const struct now_process *p, const char *fd, char *target,
	  int bytes)
{
	char path[PATH_MAX];
	ssize_t n;

	target[0] = '\0';
	if (!path_make(scan, path, "/proc/%d/fd/%s", p->pid, fd))
		return;
	n = readlink(path, target, (size_t)bytes - 1);
	if (n >= 0)
		target[n] = '\0';
	else if (errno == EINVAL)
		line_read(path, target, bytes);
}

/* "vfio-device-syspath: /sys/devices/pci0000:00/0000:00:04.0" */
static bool
fd_syspath(const struct now_scan *scan, const struct now_process *p, const char *fd, char *bdf,
	   size_t bytes)
{
	static const char key[] = "vfio-device-syspath:";
	char path[PATH_MAX], line[PATH_MAX];
	bool found = false;
	FILE *in;

	if (!path_make(scan, path, "/proc/%d/fdinfo/%s", p->pid, fd))
		return false;
	in = wcfile_fopen(path);
	if (in == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), in) != NULL) {
		const char *base = strrchr(line, '/');

		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, key, sizeof(key) - 1) == 0 && base != NULL;
		if (found)
			snprintf(bdf, bytes, "%s", base + 1);
	}
	fclose(in);
	return found;
}

/* Calls `fn` for each open file until it returns true; whether it did. */
static bool
fds_each(const struct now_scan *scan, const struct now_process *p,
	 bool (*fn)(const struct now_scan *scan, const struct now_process *p, const char *fd,
		    const char *target, void *arg),
	 void *arg)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct dirent *entry;
	bool done = false;
	DIR *dir;

	if (!path_make(scan, path, "/proc/%d/fd", p->pid))
		return false;
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!done && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		fd_target(scan, p, entry->d_name, target, sizeof(target));
		done = fn(scan, p, entry->d_name, target, arg);
	}
	closedir(dir);
	return done;
}

static bool
is_group(const char *target)
{
	static const char folder[] = "/dev/vfio/";

	if (strncmp(target, folder, sizeof(folder) - 1) != 0)
		return false;
	target += sizeof(folder) - 1;
	return isdigit((unsigned char)target[0]) || strncmp(target, "noiommu-", 8) == 0;
}

static bool
fd_count(const struct now_scan *scan, const struct now_process *p, const char *fd,
	 const char *target, void *arg)
{
	struct now_process *counted = arg;
	char bdf[32];

	if (strstr(target, "[vfio-device]") != NULL) {
		counted->devices++;
		if (!fd_syspath(scan, p, fd, bdf, sizeof(bdf)))
			counted->devices_unnamed++;
	} else if (is_group(target)) {
		counted->groups++;
	}
	return false;
}

static bool
fd_is_device(const struct now_scan *scan, const struct now_process *p, const char *fd,
	     const char *target, void *arg)
{
	char bdf[32];

	return strstr(target, "[vfio-device]") != NULL &&
	       fd_syspath(scan, p, fd, bdf, sizeof(bdf)) && strcmp(bdf, arg) == 0;
}

bool
now_scan_has_device(const struct now_scan *scan, const struct now_process *p, const char *bdf)
{
	return fds_each(scan, p, fd_is_device, (void *)(uintptr_t)bdf);
}

static bool
fd_is_group(const struct now_scan *scan, const struct now_process *p, const char *fd,
	    const char *target, void *arg)
{
	char wanted[64];

	(void)scan, (void)p, (void)fd;
	snprintf(wanted, sizeof(wanted), "/dev/vfio/%d", *(int *)arg);
	if (strcmp(target, wanted) == 0)
		return true;
	snprintf(wanted, sizeof(wanted), "/dev/vfio/noiommu-%d", *(int *)arg);
	return strcmp(target, wanted) == 0;
}

bool
now_scan_has_group(const struct now_scan *scan, const struct now_process *p, int group)
{
	return fds_each(scan, p, fd_is_group, &group);
}

/* ---- mappings -------------------------------------------------------------------------------- */

static bool
may_be_bar(const char *path)
{
	const char *base = strrchr(path, '/');

	return (base != NULL && strncmp(base, "/resource", 9) == 0 &&
		isdigit((unsigned char)base[9])) ||
	       strstr(path, "[vfio-device]") != NULL ||
	       strncmp(path, "/dev/vfio/devices/", 18) == 0 || strcmp(path, "/dev/mem") == 0 ||
	       strncmp(path, "/dev/uio", 8) == 0 || strstr(path, "/proc/bus/pci/") != NULL;
}

/* "7f0000000000-7f0000100000 rw-s 20000000000 00:0d 12 anon_inode:[vfio-device]" */
static bool
vma_parse(char *line, struct now_vma *vma)
{
	uint64_t end;
	int at = -1;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*4s %" SCNx64 " %*s %*s %n", &vma->addr, &end,
		   &vma->off, &at) != 3 ||
	    at < 0 || end <= vma->addr || !may_be_bar(line + at))
		return false;
	vma->bytes = end - vma->addr;
	snprintf(vma->path, sizeof(vma->path), "%s", line + at);
	return true;
}

static bool
vma_add(struct now_scan *scan, const struct now_vma *vma)
{
	struct now_vma *more;

	scan->cut = scan->n_vmas == NOW_VMAS_MAX;
	if (scan->cut)
		return true;
	more = array_grow(scan->vmas, scan->n_vmas, sizeof(*more));
	if (more == NULL)
		return false;
	scan->vmas = more;
	scan->vmas[scan->n_vmas++] = *vma;
	return true;
}

/* Anybody may give his process a name that a terminal would obey. */
static void
program_read(const char *path, char program[32])
{
	line_read(path, program, 32);
	for (char *c = program; *c != '\0'; c++)
		*c = (unsigned char)*c < 0x80 && isprint((unsigned char)*c) ? *c : '?';
}

static bool
process_add(struct now_scan *scan, int pid)
{
	struct now_process *more = array_grow(scan->processes, scan->n_processes, sizeof(*more));
	struct now_process p = {.pid = pid};
	char path[PATH_MAX];

	if (more == NULL)
		return false;
	scan->processes = more;
	if (path_make(scan, path, "/proc/%d/comm", pid))
		program_read(path, p.program);
	(void)fds_each(scan, &p, fd_count, &p);
	scan->processes[scan->n_processes++] = p;
	return true;
}

static int
process_read(struct now_scan *scan, int pid)
{
	struct now_vma vma = {.process = scan->n_processes};
	char path[PATH_MAX], *line = NULL;
	const size_t before = scan->n_vmas;
	size_t bytes = 0;
	bool ok = true;
	FILE *maps;

	if (!path_make(scan, path, "/proc/%d/maps", pid))
		return 0;
	maps = wcfile_fopen(path);
	if (maps == NULL) {
		scan->hidden += errno == EACCES || errno == EPERM;
		return 0;
	}
	while (ok && !scan->cut && getline(&line, &bytes, maps) > 0) {
		if (vma_parse(line, &vma))
			ok = vma_add(scan, &vma);
	}
	/* a kernel that opens the file to anybody refuses when it is read */
	scan->hidden += ferror(maps) != 0 && (errno == EACCES || errno == EPERM);
	free(line);
	fclose(maps);
	if (ok && scan->n_vmas > before)
		ok = process_add(scan, pid);
	return ok ? 0 : -ENOMEM;
}

void
now_scan_read(const char *root, struct now_scan *scan)
{
	char path[PATH_MAX], hidden[16];
	struct dirent *entry;
	DIR *dir;

	*scan = (struct now_scan){.root = root};
	if (!path_make(scan, path, "/proc"))
		return;
	dir = opendir(path);
	if (dir == NULL) {
		scan->error = -errno;
		return;
	}
	while (scan->error == 0 && (entry = readdir(dir)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0]))
			scan->error = process_read(scan, atoi(entry->d_name));
	}
	closedir(dir);
	if (root != NULL && path_make(scan, path, NOW_HIDDEN_FILE)) {
		line_read(path, hidden, sizeof(hidden));
		scan->hidden += (unsigned int)strtoul(hidden, NULL, 10);
	}
	/* there is always a first process, here and in a container */
	scan->all_hidden = root == NULL && access("/proc/1", F_OK) != 0;
}

void
now_scan_free(struct now_scan *scan)
{
	free(scan->vmas);
	free(scan->processes);
	*scan = (struct now_scan){0};
}

unsigned int
now_scan_alike(const struct now_scan *scan, const struct now_vma *vma, bool *first)
{
	unsigned int n = 0;

	for (size_t i = 0; i < scan->n_vmas; i++) {
		const struct now_vma *other = &scan->vmas[i];

		if (other->process != vma->process || other->off != vma->off ||
		    strcmp(other->path, vma->path) != 0)
			continue;
		if (other == vma)
			*first = n == 0;
		n++;
	}
	return n;
}
