/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Writes what wcprobe reads of a machine into a tar file. */

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

#include <wcbase.h>
#include <wcfile.h>

#include "collect.h"
#include "now_scan.h"
#include "predict.h"
#include "tarball.h"

#define TEXT_BYTES (1u << 20) /* no file but the kernel's configuration is larger */
#define CONFIG_SPACE_BYTES 256u

struct collect {
	const char *root;
	struct tarball *tarball;
	unsigned int files;
	char *text; /* TEXT_BYTES + 1 */
};

/* The path of a name, which begins with /; false: it is too long. */
static bool
path_make(const struct collect *c, char path[PATH_MAX], const char *name)
{
	return snprintf(path, PATH_MAX, "%s%s", c->root != NULL ? c->root : "", name) < PATH_MAX;
}

static void
put(struct collect *c, const char *name, const void *data, size_t bytes)
{
	tarball_add(c->tarball, name + 1, data, bytes);
	c->files++;
}

/* The start of a file into c->text; false: it cannot be read. */
static bool
text_read(struct collect *c, const char *name, size_t max, size_t *bytes)
{
	char path[PATH_MAX];
	ssize_t n = 0;
	int fd;

	*bytes = 0;
	if (!path_make(c, path, name))
		return false;
	fd = wcfile_open(path, O_RDONLY);
	if (fd < 0)
		return false;
	while (*bytes < max && (n = read(fd, c->text + *bytes, max - *bytes)) > 0)
		*bytes += (size_t)n;
	close(fd);
	c->text[*bytes] = '\0';
	return n >= 0;
}

/* ---- kinds of files -------------------------------------------------------------------------- */

WC_PRINTF(2, 3) static void copy(struct collect *c, const char *format, ...)
{
	char name[PATH_MAX];
	size_t bytes;
	va_list ap;

	va_start(ap, format);
	vsnprintf(name, sizeof(name), format, ap);
	va_end(ap);
	if (text_read(c, name, TEXT_BYTES, &bytes))
		put(c, name, c->text, bytes);
}

/* That a file is there. It is not opened: to read a BAR may have effects. */
WC_PRINTF(2, 3) static void mark(struct collect *c, const char *format, ...)
{
	char name[PATH_MAX], path[PATH_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(name, sizeof(name), format, ap);
	va_end(ap);
	if (path_make(c, path, name) && access(path, F_OK) == 0)
		put(c, name, "", 0);
}

/* Where a link leads, or what stands in the file that a copy has in its place. */
static bool
target_read(struct collect *c, const char *name, char *target, size_t target_bytes)
{
	char path[PATH_MAX];
	size_t bytes;
	ssize_t n;

	if (!path_make(c, path, name))
		return false;
	n = readlink(path, target, target_bytes - 1);
	if (n >= 0)
		target[n] = '\0';
	else if (errno == EINVAL && text_read(c, name, target_bytes - 1, &bytes))
		snprintf(target, target_bytes, "%.*s", (int)strcspn(c->text, "\n"), c->text);
	else
		return false;
	return target[0] != '\0';
}

/* A link becomes a file that says where it leads: an archive without links does no harm. */
WC_PRINTF(2, 3) static void follow(struct collect *c, const char *format, ...)
{
	char name[PATH_MAX], target[PATH_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(name, sizeof(name), format, ap);
	va_end(ap);
	if (target_read(c, name, target, sizeof(target)))
		put(c, name, target, strlen(target));
}

/* The lines of a file that begin with one of the words; only the first of each if `once`. */
static void
filter(struct collect *c, const char *name, const char *const *words, bool once)
{
	char *out = NULL, *line, *save = NULL;
	size_t bytes;
	unsigned int had = 0;
	FILE *f;

	if (!text_read(c, name, TEXT_BYTES, &bytes))
		return;
	f = open_memstream(&out, &bytes);
	if (f == NULL)
		return;
	for (line = strtok_r(c->text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		for (unsigned int i = 0; words[i] != NULL; i++) {
			if (strncmp(line, words[i], strlen(words[i])) != 0 ||
			    (once && (had & 1u << i) != 0))
				continue;
			had |= 1u << i;
			fprintf(f, "%s\n", line);
			break;
		}
	}
	if (fclose(f) == 0)
		put(c, name, out, bytes);
	free(out);
}

/* Calls `fn` with the name of each entry of a folder. */
static void
each(struct collect *c, const char *name, void (*fn)(struct collect *, const char *, const char *))
{
	char path[PATH_MAX];
	struct dirent **entries;
	int n;

	if (!path_make(c, path, name))
		return;
	n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.')
			fn(c, name, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static void
each_mark(struct collect *c, const char *folder, const char *name)
{
	mark(c, "%s/%s", folder, name);
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* Of the command line only what wcprobe reads: the rest may hold secrets. */
static void
cmdline_write(struct collect *c)
{
	char kept[256] = "", *word, *save = NULL;
	size_t bytes, n = 0;

	if (!text_read(c, "/proc/cmdline", TEXT_BYTES, &bytes))
		return;
	for (word = strtok_r(c->text, " \n", &save); word != NULL;
	     word = strtok_r(NULL, " \n", &save)) {
		if (strncmp(word, "iomem=", 6) == 0 && n + strlen(word) + 2 < sizeof(kept))
			n += (size_t)snprintf(kept + n, sizeof(kept) - n, "%s ", word);
	}
	put(c, "/proc/cmdline", kept, n);
}

static void
config_write(struct collect *c)
{
	static const char *const words[] = {"CONFIG_IO_STRICT_DEVMEM",
					    "CONFIG_STRICT_DEVMEM",
					    "CONFIG_VFIO",
					    "CONFIG_PCI=",
					    "CONFIG_X86_PAT",
					    NULL};
	static const char *const places[] = {"/boot/config-%.*s%s",
					     "/usr/lib/modules/%.*s/config%s",
					     "/lib/modules/%.*s/config%s"};
	char release[128], name[PATH_MAX];
	size_t bytes;

	if (!text_read(c, "/proc/sys/kernel/osrelease", sizeof(release) - 1, &bytes) ||
	    strchr(c->text, '/') != NULL)
		return;
	snprintf(release, sizeof(release), "%.*s", (int)strcspn(c->text, "\n"), c->text);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *hole = strstr(places[i], "%.*s");

		snprintf(name, sizeof(name), "%.*s%s%.*s", (int)(hole - places[i]), places[i],
			 release, (int)strlen(hole) - 6, hole + 4);
		filter(c, name, words, true);
	}
	copy(c, "/proc/config.gz");
}

static void
machine_write(struct collect *c)
{
	static const char *const cpu[] = {"vendor_id",       "model name", "flags",
					  "CPU implementer", "CPU part",   NULL};
	char arch[66];

	copy(c, "/proc/sys/kernel/osrelease");
	predict_arch(c->root, arch, sizeof(arch));
	put(c, "/proc/sys/kernel/arch", arch, strlen(arch));
	filter(c, "/proc/cpuinfo", cpu, true);
	cmdline_write(c);
	config_write(c);
	copy(c, "/sys/kernel/security/lockdown");
	copy(c, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	copy(c, "/sys/kernel/debug/x86/pat_memtype_list");
	copy(c, "/sys/class/dmi/id/sys_vendor");
	copy(c, "/sys/class/dmi/id/product_name");
	mark(c, "/sys/hypervisor/type");
	mark(c, "/sys/firmware/devicetree/base/hypervisor");
	copy(c, "/sys/firmware/devicetree/base/compatible");
	mark(c, "/dev/vfio/vfio");
	mark(c, "/dev/iommu");
	each(c, "/dev/vfio/devices", each_mark);
}

/* ---- devices --------------------------------------------------------------------------------- */

static void
group_write(struct collect *c, const char *folder, const char *group)
{
	char devices[PATH_MAX];

	copy(c, "%s/%s/type", folder, group);
	copy(c, "%s/%s/name", folder, group);
	snprintf(devices, sizeof(devices), "%s/%s/devices", folder, group);
	each(c, devices, each_mark);
}

static void
uio_map_write(struct collect *c, const char *folder, const char *map)
{
	copy(c, "%s/%s/addr", folder, map);
}

static void
uio_write(struct collect *c, const char *folder, const char *uio)
{
	char maps[PATH_MAX];

	mark(c, "%s/%s/name", folder, uio);
	snprintf(maps, sizeof(maps), "%s/%s/maps", folder, uio);
	each(c, maps, uio_map_write);
}

static void
vfio_dev_write(struct collect *c, const char *folder, const char *device)
{
	mark(c, "%s/%s/dev", folder, device);
}

static void
device_write(struct collect *c, const char *folder, const char *bdf)
{
	static const char *const files[] = {"vendor",  "device",    "subsystem_vendor",
					    "class",   "numa_node", "subsystem_device",
					    "resource"};
	char name[PATH_MAX];
	size_t bytes;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		copy(c, "%s/%s/%s", folder, bdf, files[i]);
	snprintf(name, sizeof(name), "%s/%s/config", folder, bdf);
	if (text_read(c, name, CONFIG_SPACE_BYTES, &bytes))
		put(c, name, c->text, bytes);
	for (unsigned int i = 0; i < 6; i++) {
		mark(c, "%s/%s/resource%u", folder, bdf, i);
		mark(c, "%s/%s/resource%u_wc", folder, bdf, i);
	}
	follow(c, "%s/%s/driver", folder, bdf);
	follow(c, "%s/%s/iommu_group", folder, bdf);
	snprintf(name, sizeof(name), "%s/%s/uio", folder, bdf);
	each(c, name, uio_write);
	snprintf(name, sizeof(name), "%s/%s/vfio-dev", folder, bdf);
	each(c, name, vfio_dev_write);
}

/* ---- processes ------------------------------------------------------------------------------- */

static void
fd_write(struct collect *c, const char *folder, const char *fd)
{
	static const char *const words[] = {"vfio-device-syspath:", NULL};
	char target[PATH_MAX], name[PATH_MAX];

	snprintf(name, sizeof(name), "%s/%s", folder, fd);
	if (!target_read(c, name, target, sizeof(target)))
		return;
	if (strstr(target, "[vfio-device]") == NULL && strncmp(target, "/dev/vfio/", 10) != 0)
		return;
	put(c, name, target, strlen(target));
	snprintf(name, sizeof(name), "%sinfo/%s", folder, fd);
	filter(c, name, words, true);
}

static void
process_write(struct collect *c, const struct now_scan *scan, size_t index)
{
	const int pid = scan->processes[index].pid;
	char name[64], *maps = NULL;
	size_t bytes;
	FILE *f = open_memstream(&maps, &bytes);

	if (f == NULL)
		return;
	for (size_t i = 0; i < scan->n_vmas; i++) {
		const struct now_vma *v = &scan->vmas[i];

		if (v->process == index)
			fprintf(f, "%" PRIx64 "-%" PRIx64 " rw-s %" PRIx64 " 00:00 0 %s\n", v->addr,
				v->addr + v->bytes, v->off, v->path);
	}
	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	if (fclose(f) == 0)
		put(c, name, maps, bytes);
	free(maps);
	copy(c, "/proc/%d/comm", pid);
	snprintf(name, sizeof(name), "/proc/%d/fd", pid);
	each(c, name, fd_write);
}

static void
processes_write(struct collect *c)
{
	struct now_scan scan;
	char hidden[32];
	int n;

	now_scan_read(c->root, &scan);
	for (size_t i = 0; i < scan.n_processes; i++)
		process_write(c, &scan, i);
	n = snprintf(hidden, sizeof(hidden), "%u\n", scan.hidden + scan.all_hidden);
	put(c, NOW_HIDDEN_FILE, hidden, (size_t)n);
	now_scan_free(&scan);
}

int
collect_write(const char *root, const char *path, unsigned int *files, char *why, size_t why_bytes)
{
	struct collect c = {.root = root, .text = malloc(TEXT_BYTES + 1)};
	int ret;

	if (c.text == NULL) {
		snprintf(why, why_bytes, "no memory");
		return -ENOMEM;
	}
	ret = tarball_begin(&c.tarball, path, why, why_bytes);
	if (ret == 0) {
		machine_write(&c);
		each(&c, "/sys/bus/pci/devices", device_write);
		each(&c, "/sys/kernel/iommu_groups", group_write);
		processes_write(&c);
		ret = tarball_end(c.tarball, why, why_bytes);
	}
	free(c.text);
	*files = c.files;
	return ret;
}
