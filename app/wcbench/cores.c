/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Cores and NUMA nodes, from sysfs. */

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wcbase.h>
#include <wcfile.h>

#include "cores.h"

#define CPU "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list"
#define NODE "/sys/devices/system/node/node%u/cpulist"

/* "0-3,8" into `set`; false: the file cannot be read. */
static bool
list_read(const char *root, const char *format, unsigned int number, cpu_set_t *set)
{
	char path[PATH_MAX], name[128], text[4096], *at = text;
	FILE *f;

	CPU_ZERO(set);
	snprintf(name, sizeof(name), format, number);
	if (snprintf(path, sizeof(path), "%s%s", root, name) >= (int)sizeof(path))
		return false;
	f = wcfile_fopen(path);
	if (f == NULL)
		return false;
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	fclose(f);
	while (*at >= '0' && *at <= '9') {
		unsigned long first = strtoul(at, &at, 10), last = first;

		if (*at == '-')
			last = strtoul(at + 1, &at, 10);
		for (unsigned long i = first; i <= last && i < CPU_SETSIZE; i++)
			CPU_SET(i, set);
		at += *at == ',';
	}
	return true;
}

/* Adds `cpu` unless its core has one already. */
static size_t
core_add(const char *root, unsigned int cpu, cpu_set_t *taken, unsigned int *cpus, size_t n)
{
	cpu_set_t siblings;

	if (CPU_ISSET(cpu, taken))
		return n;
	(void)list_read(root, CPU, cpu, &siblings);
	CPU_SET(cpu, &siblings);
	CPU_OR(taken, taken, &siblings);
	cpus[n] = cpu;
	return n + 1;
}

size_t
cores_choose(const char *root, const cpu_set_t *allowed, int node, unsigned int *cpus, size_t max)
{
	cpu_set_t near, taken;
	size_t n = 0;

	root = root != NULL ? root : "";
	CPU_ZERO(&taken);
	CPU_ZERO(&near);
	if (node >= 0)
		(void)list_read(root, NODE, (unsigned int)node, &near);
	for (int pass = 0; pass < 2; pass++) {
		for (unsigned int i = 0; i < CPU_SETSIZE && n < max; i++) {
			if (CPU_ISSET(i, allowed) && (pass == 1 || CPU_ISSET(i, &near)))
				n = core_add(root, i, &taken, cpus, n);
		}
	}
	return n;
}
