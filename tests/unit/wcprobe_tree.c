/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A machine that is a folder, for wcprobe. */

#include <assert.h>
#include <folder.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wcbase.h>

#include "wcprobe_tree.h"

/* BAR 0: 4 KiB of memory, BAR 1: ports, BAR 2: the one under test with BAR 3 as its upper half. */
static const char resources[] = "0x00000000fe904000 0x00000000fe904fff 0x0000000000040200\n"
				"0x000000000000c000 0x000000000000c03f 0x0000000000040101\n"
				"0x%016llx 0x%016llx 0x%016llx\n"
				"0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
				"0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
				"0x0000000000000000 0x0000000000000000 0x0000000000000000\n";

WC_PRINTF(2, 3) static char *path_of(const char *root, const char *format, ...)
{
	char name[256], *path;
	va_list ap;

	va_start(ap, format);
	vsnprintf(name, sizeof(name), format, ap);
	va_end(ap);
	if (asprintf(&path, "%s/%s", root, name) < 0)
		abort();
	return path;
}

static void
folders_make(char *path, size_t from)
{
	for (char *c = strchr(path + from, '/'); c != NULL; c = strchr(c + 1, '/')) {
		*c = '\0';
		mkdir(path, 0755);
		*c = '/';
	}
}

void
tree_put(const char *root, const char *name, const char *text)
{
	char *path = path_of(root, "%s", name);
	FILE *f;

	folders_make(path, strlen(root) + 1);
	f = fopen(path, "w");
	assert(f != NULL);
	fputs(text, f);
	fclose(f);
	free(path);
}

void
tree_put_link(const char *root, const char *name, const char *target)
{
	char *path = path_of(root, "%s", name);

	folders_make(path, strlen(root) + 1);
	if (symlink(target, path) != 0)
		abort();
	free(path);
}

static void
device_put(const char *root, const char *bdf, const char *name, const char *text)
{
	char *path = path_of("sys/bus/pci/devices", "%s/%s", bdf, name);

	tree_put(root, path, text);
	free(path);
}

static void
device_make(const char *root, const char *bdf, const char *driver, bool group)
{
	char *path, *target;

	device_put(root, bdf, "vendor", "0x1af4\n");
	device_put(root, bdf, "device", "0x1110\n");
	device_put(root, bdf, "class", "0x050000\n");
	device_put(root, bdf, "config", "\xf4\x1a\x10\x11\x02");
	if (driver != NULL) {
		path = path_of("sys/bus/pci/devices", "%s/driver", bdf);
		target = path_of("../../../bus/pci/drivers", "%s", driver);
		tree_put_link(root, path, target);
		free(path);
		free(target);
	}
	if (group) {
		path = path_of("sys/bus/pci/devices", "%s/iommu_group", bdf);
		tree_put_link(root, path, "../../../../kernel/iommu_groups/7");
		free(path);
		path = path_of("sys/kernel/iommu_groups/7/devices", "%s", bdf);
		target = path_of("../../../../bus/pci/devices", "%s", bdf);
		tree_put_link(root, path, target);
		free(path);
		free(target);
	}
}

char *
tree_make(const struct tree *t)
{
	const unsigned long long bytes = t->bar_bytes != 0 ? t->bar_bytes : 1 << 20;
	const unsigned long long first = 0x4000000000ull + t->bar_off;
	char *root = strdup("/tmp/wcprobe-tree-XXXXXX"), *path, text[sizeof(resources) + 64];

	if (root == NULL || mkdtemp(root) == NULL)
		abort();
	device_make(root, TREE_BDF, t->driver, !t->no_group);
	snprintf(text, sizeof(text), resources, first, first + bytes - 1,
		 t->not_prefetchable ? 0x140200ull : 0x14220cull);
	device_put(root, TREE_BDF, "resource", text);
	device_put(root, TREE_BDF, "resource0", "");
	device_put(root, TREE_BDF, "resource2", "");
	if (!t->not_prefetchable && !t->no_wc)
		device_put(root, TREE_BDF, "resource2_wc", "");
	if (t->noiommu)
		tree_put(root, "sys/kernel/iommu_groups/7/name", "vfio-noiommu\n");
	else if (!t->no_group)
		tree_put(root, "sys/kernel/iommu_groups/7/type", "DMA-FQ\n");
	if (t->mode != NULL)
		tree_put(root, "sys/module/vfio/parameters/enable_unsafe_noiommu_mode", t->mode);
	if (t->peer != NULL) {
		device_make(root, TREE_PEER, t->peer, !t->no_group);
		device_put(root, TREE_PEER, "resource", resources + sizeof(resources) - 1);
	}
	tree_put(root, "proc/sys/kernel/osrelease", t->kernel != NULL ? t->kernel : TREE_KERNEL);
	if (t->config != NULL) {
		path = path_of("boot", "config-%s", t->kernel != NULL ? t->kernel : TREE_KERNEL);
		tree_put(root, path, t->config);
		free(path);
	}
	tree_put(root, "proc/cmdline", t->cmdline != NULL ? t->cmdline : "quiet\n");
	tree_put(root, "proc/cpuinfo",
		 t->hypervisor ? "flags : fpu hypervisor\n" : "flags : fpu\n");
	if (t->lockdown != NULL)
		tree_put(root, "sys/kernel/security/lockdown", t->lockdown);
	if (!t->no_vfio)
		tree_put(root, "dev/vfio/vfio", "");
	return root;
}

void
tree_remove(char *root)
{
	folder_remove(root);
	free(root);
}
