/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef NOW_SCAN_H
#define NOW_SCAN_H

/* Which processes have a file mapped that can be a BAR, as procfs says. Only reads. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In a copy of a machine: how many of its processes could not be looked at there. */
#define NOW_HIDDEN_FILE "/wcprobe/hidden"

/* More mappings no machine has; a copy that does is not looked at to the end. */
#define NOW_VMAS_MAX 8192u

/* What a process has mapped of one such file, as a line of /proc/PID/maps says. */
struct now_vma {
	size_t process; /* its index */
	uint64_t addr, bytes;
	uint64_t off;        /* of the file */
	char path[PATH_MAX]; /* of the file */
};

/* The VFIO files that a process has open. */
struct now_process {
	int pid;
	char program[32];             /* its name; '?' for what is not printable ASCII */
	unsigned int devices;         /* files of devices, opened by their group */
	unsigned int devices_unnamed; /* those whose PCI address the kernel does not tell */
	unsigned int groups;
};

struct now_scan {
	const char *root; /* NULL: this machine */
	size_t n_vmas, n_processes;
	struct now_vma *vmas;
	struct now_process *processes;
	unsigned int hidden; /* processes that this user may not look at */
	bool all_hidden;     /* the kernel does not even show others' processes (hidepid) */
	bool cut;            /* there are more than NOW_VMAS_MAX */
	int error;           /* -errno: there is no procfs, or no memory */
};

/* Reads all of /proc below `root` (NULL: this machine), which must stay valid. Free it after. */
void now_scan_read(const char *root, struct now_scan *scan);
void now_scan_free(struct now_scan *scan);

/*
 * Whether the process has open: a VFIO device of that PCI address, as its fdinfo tells on newer
 * kernels; the file of that IOMMU group.
 */
bool now_scan_has_device(const struct now_scan *scan, const struct now_process *p, const char *bdf);
bool now_scan_has_group(const struct now_scan *scan, const struct now_process *p, int group);

/*
 * How many mappings of its process begin at the same offset of such a file, itself included;
 * whether it is the first of them.
 */
unsigned int now_scan_alike(const struct now_scan *scan, const struct now_vma *vma, bool *first);

#endif /* NOW_SCAN_H */
