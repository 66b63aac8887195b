/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What sysfs and procfs say of a device and of the machine. Reads only. */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wcfile.h>

#include "wcbar_internal.h"

/* The kernel's resource flags, as sysfs prints them. */
#define RESOURCE_IO 0x100u
#define RESOURCE_MEM 0x200u
#define RESOURCE_PREFETCH 0x2000u
#define RESOURCE_MEM_64 0x100000u

#define PCI_BASE_CLASS_BRIDGE 0x06u
#define FILE_BYTES 4096u

/* The start of a file as a string without its last newline; false: cannot be read. */
static bool
file_read(const char *path, char *text, size_t bytes)
{
	int fd = wcfile_open(path, O_RDONLY);
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	while (have < bytes - 1 && (n = read(fd, text + have, bytes - 1 - have)) > 0)
		have += (size_t)n;
	close(fd);
	text[have] = '\0';
	if (have > 0 && text[have - 1] == '\n')
		text[have - 1] = '\0';
	return true;
}

WC_PRINTF(4, 5)
static bool
text_read(const char *root, char *text, size_t bytes, const char *fmt, ...)
{
	char name[PATH_MAX], path[PATH_MAX];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	text[0] = '\0';
	return n > 0 && n < (int)sizeof(name) && wcbar_path(path, root, "%s", name) &&
	       file_read(path, text, bytes);
}

WC_PRINTF(2, 3) static bool is_there(const char *root, const char *fmt, ...)
{
	char name[PATH_MAX], path[PATH_MAX];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	return n > 0 && n < (int)sizeof(name) && wcbar_path(path, root, "%s", name) &&
	       access(path, F_OK) == 0;
}

/* A copy may hold anything, and what is kept of it goes to terminals, JSON and metrics. */
static void
text_tame(char *text)
{
	for (char *c = text; *c != '\0'; c++)
		*c = (unsigned char)*c < 0x80 && isprint((unsigned char)*c) ? *c : '?';
}

/*
 * The last component of where a link points; "" if it is none or does not fit. A copy of another
 * machine may have a file instead, which holds where the link pointed.
 */
static void
link_name(const char *root, const char *bdf, const char *name, char *text, size_t bytes)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t n;

	text[0] = '\0';
	if (!wcbar_path(path, root, "/sys/bus/pci/devices/%s/%s", bdf, name))
		return;
	n = readlink(path, target, sizeof(target) - 1);
	if (n > 0)
		target[n] = '\0';
	else if (errno != EINVAL || !file_read(path, target, sizeof(target)))
		return;
	base = strrchr(target, '/');
	base = base != NULL ? base + 1 : target;
	if (strlen(base) < bytes)
		snprintf(text, bytes, "%s", base);
	text_tame(text);
}

/* ---- the address --------------------------------------------------------------------------- */

/* "[DOMAIN:]BUS:DEVICE.FUNCTION", in hex, into sysfs' way to write it. */
static int
bdf_parse(const char *text, char bdf[16])
{
	unsigned int domain = 0, bus, dev, fn;
	int end = -1;

	if (sscanf(text, "%8x:%2x:%2x.%1x%n", &domain, &bus, &dev, &fn, &end) != 4 || end < 0) {
		domain = 0;
		end = -1;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &dev, &fn, &end) != 3 || end < 0)
			return -EINVAL;
	}
	if (text[end] != '\0' || strpbrk(text, " +-xX") != NULL || dev > 31 || fn > 7 ||
	    domain > 0xffffff)
		return -EINVAL;
	snprintf(bdf, 16, "%04x:%02x:%02x.%x", domain, bus, dev, fn);
	return 0;
}

static bool
number_read(const char *root, const char *bdf, const char *name, int base, long *value)
{
	char text[64], *end;

	if (!text_read(root, text, sizeof(text), "/sys/bus/pci/devices/%s/%s", bdf, name))
		return false;
	errno = 0;
	*value = strtol(text, &end, base);
	return errno == 0 && end != text && *end == '\0';
}

/* ---- the device ---------------------------------------------------------------------------- */

static int
ids_read(const char *root, struct wcbar_pci_facts *f, struct wcbar_why why)
{
	long value;

	if (!is_there(root, "/sys/bus/pci/devices/%s", f->bdf))
		return wcbar_why_set(why, -ENODEV,
				     "there is no PCI device %s here; lspci -D lists them", f->bdf);
	if (!number_read(root, f->bdf, "vendor", 16, &value))
		return wcbar_why_set(why, -ENODEV, "sysfs does not say which vendor made %s",
				     f->bdf);
	f->vendor = (uint16_t)value;
	if (!number_read(root, f->bdf, "device", 16, &value))
		return wcbar_why_set(why, -ENODEV, "sysfs does not say which device %s is", f->bdf);
	f->device = (uint16_t)value;
	if (number_read(root, f->bdf, "subsystem_vendor", 16, &value))
		f->subvendor = (uint16_t)value;
	if (number_read(root, f->bdf, "subsystem_device", 16, &value))
		f->subdevice = (uint16_t)value;
	if (number_read(root, f->bdf, "class", 16, &value))
		f->class_code = (uint32_t)value;
	f->numa_node = number_read(root, f->bdf, "numa_node", 10, &value) ? (int)value : -1;
	return 0;
}

static void
memory_enabled_read(const char *root, struct wcbar_pci_facts *f)
{
	int fd = wcbar_sysfs_open(root, f->bdf, "config", O_RDONLY);
	uint8_t command;

	if (fd < 0)
		return;
	if (pread(fd, &command, 1, PCI_COMMAND_OFF) == 1)
		f->memory_enabled = (command & PCI_COMMAND_MEMORY) != 0;
	close(fd);
}

static int
bars_read(const char *root, struct wcbar_pci_facts *f, struct wcbar_why why)
{
	char text[FILE_BYTES], *line, *save = NULL;

	if (!text_read(root, text, sizeof(text), "/sys/bus/pci/devices/%s/resource", f->bdf))
		return wcbar_why_set(why, -ENODEV, "sysfs has no list of the BARs of %s", f->bdf);
	line = strtok_r(text, "\n", &save);
	for (unsigned int i = 0; i < WCBAR_PCI_BARS; i++, line = strtok_r(NULL, "\n", &save)) {
		struct wcbar_bar_facts *bar = &f->bars[i];
		uint64_t start, end, flags;

		if (line == NULL || sscanf(line, "0x%" SCNx64 " 0x%" SCNx64 " 0x%" SCNx64, &start,
					   &end, &flags) != 3)
			return wcbar_why_set(why, -EBADMSG,
					     "line %u of sysfs' resource file of %s is not three "
					     "hexadecimal numbers",
					     i + 1, f->bdf);
		if (flags == 0 || end <= start)
			continue;
		bar->address = start;
		bar->bytes = end - start + 1;
		bar->io = (flags & RESOURCE_IO) != 0 || (flags & RESOURCE_MEM) == 0;
		bar->prefetchable = (flags & RESOURCE_PREFETCH) != 0;
		bar->wide = (flags & RESOURCE_MEM_64) != 0;
		bar->has_sysfs = is_there(root, "/sys/bus/pci/devices/%s/resource%u", f->bdf, i);
		bar->has_sysfs_wc = is_there(root, "/sys/bus/pci/devices/%s/resource%u_wc", f->bdf,
					     i);
	}
	return 0;
}

/* ---- who has it ---------------------------------------------------------------------------- */

/* A driver that leaves the group to user space. */
static bool
driver_is_quiet(const char *driver)
{
	return driver[0] == '\0' || strstr(driver, "vfio") != NULL ||
	       strcmp(driver, "pci-stub") == 0;
}

static void
group_peer_look(const char *root, struct wcbar_pci_facts *f, const char *peer)
{
	char driver[32];
	long class_code;

	if (number_read(root, peer, "class", 16, &class_code) &&
	    class_code >> 16 == PCI_BASE_CLASS_BRIDGE)
		return;
	f->group_devices++;
	link_name(root, peer, "driver", driver, sizeof(driver));
	if (strcmp(peer, f->bdf) != 0 && f->group_peer[0] == '\0' && !driver_is_quiet(driver) &&
	    strlen(peer) < sizeof(f->group_peer)) {
		snprintf(f->group_peer, sizeof(f->group_peer), "%.15s", peer);
		text_tame(f->group_peer);
	}
}

static void
group_read(const char *root, struct wcbar_pci_facts *f)
{
	char name[32], path[PATH_MAX], *end;
	struct dirent *entry;
	DIR *dir;

	f->iommu_group = -1;
	link_name(root, f->bdf, "iommu_group", name, sizeof(name));
	if (name[0] == '\0')
		return;
	f->iommu_group = (int)strtol(name, &end, 10);
	if (*end != '\0' || f->iommu_group < 0) {
		f->iommu_group = -1;
		return;
	}
	if (!text_read(root, f->iommu_type, sizeof(f->iommu_type),
		       "/sys/kernel/iommu_groups/%d/type", f->iommu_group))
		f->iommu_type[0] = '\0';
	text_tame(f->iommu_type);
	f->noiommu = text_read(root, name, sizeof(name), "/sys/kernel/iommu_groups/%d/name",
			       f->iommu_group) &&
		     strcmp(name, "vfio-noiommu") == 0;
	if (!wcbar_path(path, root, "/sys/kernel/iommu_groups/%d/devices", f->iommu_group))
		return;
	dir = opendir(path);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.')
			group_peer_look(root, f, entry->d_name);
	}
	closedir(dir);
}

bool
wcbar_vfio_cdev_name(const char *root, const char *bdf, char *name, size_t bytes)
{
	char path[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (!wcbar_path(path, root, "/sys/bus/pci/devices/%s/vfio-dev", bdf))
		return false;
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "vfio", 4) == 0 && strlen(entry->d_name) < bytes) {
			snprintf(name, bytes, "%s", entry->d_name);
			found = is_there(root, "/dev/vfio/devices/%s", name) &&
				is_there(root, "/dev/iommu");
		}
	}
	closedir(dir);
	return found;
}

static enum wcbar_access
access_of(const char *root, const struct wcbar_pci_facts *f)
{
	char cdev[32];

	if (f->driver[0] == '\0')
		return WCBAR_ACCESS_NONE;
	if (strstr(f->driver, "vfio") != NULL)
		return wcbar_vfio_cdev_name(root, f->bdf, cdev, sizeof(cdev))
			       ? WCBAR_ACCESS_VFIO_CDEV
			       : WCBAR_ACCESS_VFIO_GROUP;
	if (strcmp(f->driver, "uio_pci_generic") == 0 || strcmp(f->driver, "igb_uio") == 0 ||
	    is_there(root, "/sys/bus/pci/devices/%s/uio", f->bdf))
		return WCBAR_ACCESS_UIO;
	return strcmp(f->driver, "pci-stub") == 0 ? WCBAR_ACCESS_NONE : WCBAR_ACCESS_KERNEL;
}

/* ---- the machine --------------------------------------------------------------------------- */

static bool
cmdline_is_relaxed(const char *root)
{
	char text[FILE_BYTES], *word, *save = NULL;
	bool relaxed = false;

	if (!text_read(root, text, sizeof(text), "/proc/cmdline"))
		return false;
	for (word = strtok_r(text, "\n ", &save); word != NULL;
	     word = strtok_r(NULL, "\n ", &save)) {
		if (strncmp(word, "iomem=", 6) != 0)
			continue;
		if (strstr(word, "relaxed") != NULL)
			relaxed = true;
		if (strstr(word, "strict") != NULL)
			relaxed = false;
	}
	return relaxed;
}

/* "none [integrity] confidentiality" */
static void
lockdown_read(const char *root, struct wcbar_pci_facts *f)
{
	char text[128], *from, *to;

	if (!text_read(root, text, sizeof(text), "/sys/kernel/security/lockdown"))
		return;
	from = strchr(text, '[');
	to = from != NULL ? strchr(from, ']') : NULL;
	if (to != NULL && (size_t)(to - from) <= sizeof(f->lockdown))
		snprintf(f->lockdown, sizeof(f->lockdown), "%.*s", (int)(to - from - 1), from + 1);
	text_tame(f->lockdown);
}

static bool
file_has(const char *root, const char *name, const char *word)
{
	char text[FILE_BYTES];
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	if (!wcbar_path(path, root, "%s", name))
		return false;
	fd = wcfile_open(path, O_RDONLY);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text)); /* may hold zeroes: a device tree's list of strings */
	close(fd);
	return n > 0 && memmem(text, (size_t)n, word, strlen(word)) != NULL;
}

static bool
is_virtual(const char *root)
{
	return file_has(root, "/proc/cpuinfo", " hypervisor") ||
	       is_there(root, "/sys/hypervisor/type") ||
	       is_there(root, "/sys/firmware/devicetree/base/hypervisor") ||
	       file_has(root, "/sys/firmware/devicetree/base/compatible", "dummy-virt") ||
	       file_has(root, "/sys/class/dmi/id/sys_vendor", "QEMU") ||
	       file_has(root, "/sys/class/dmi/id/product_name", "KVM");
}

static enum wcbar_setting
noiommu_mode_read(const char *root)
{
	char text[8];

	if (!text_read(root, text, sizeof(text),
		       "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"))
		return WCBAR_SETTING_UNKNOWN;
	return text[0] == 'Y' || text[0] == '1' ? WCBAR_SETTING_YES : WCBAR_SETTING_NO;
}

static void
machine_read(const char *root, const struct wcbar_kernel_config *config, struct wcbar_pci_facts *f)
{
	if (!text_read(root, f->kernel, sizeof(f->kernel), "/proc/sys/kernel/osrelease"))
		f->kernel[0] = '\0';
	text_tame(f->kernel);
	f->iomem_relaxed = cmdline_is_relaxed(root);
	lockdown_read(root, f);
	f->hypervisor = is_virtual(root);
	f->vfio = is_there(root, "/dev/vfio/vfio") || is_there(root, "/dev/iommu");
	f->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	if (config != NULL && config->file[0] != '\0')
		f->config = *config;
	else
		wcbar_kernel_config_read(&f->config, root, f->kernel);
	f->noiommu_mode = noiommu_mode_read(root);
	/* the parameter is there only where the option is */
	if (f->noiommu_mode != WCBAR_SETTING_UNKNOWN || f->noiommu)
		f->config.vfio_noiommu = WCBAR_SETTING_YES;
}

int
wcbar_pci_facts_read(const char *bdf, const struct wcbar_pci_options *options,
		     struct wcbar_pci_facts *facts, char *why_text, size_t why_bytes)
{
	const char *root = options != NULL && options->root != NULL ? options->root : "";
	struct wcbar_why why = {why_text, why_bytes};
	int ret;

	memset(facts, 0, sizeof(*facts));
	facts->numa_node = -1;
	facts->iommu_group = -1;
	facts->msix_table_bar = -1;
	facts->msix_pba_bar = -1;
	if (bdf_parse(bdf, facts->bdf) != 0)
		return wcbar_why_set(why, -EINVAL,
				     "\"%.32s\" is not a PCI address like 0000:00:02.0", bdf);
	ret = ids_read(root, facts, why);
	if (ret != 0)
		return ret;
	ret = bars_read(root, facts, why);
	if (ret != 0)
		return ret;
	memory_enabled_read(root, facts);
	wcbar_msix_read(root, facts);
	link_name(root, facts->bdf, "driver", facts->driver, sizeof(facts->driver));
	group_read(root, facts);
	facts->access = access_of(root, facts);
	machine_read(root, options != NULL ? options->config : NULL, facts);
	return 0;
}
