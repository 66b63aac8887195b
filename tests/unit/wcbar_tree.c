/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A machine that is a folder, and a VFIO that answers for it; see wcbar_tree.h. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <folder.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <wcbar_vfio_abi.h>

#include "wcbar_tree.h"

static char root[64];

struct fake_vfio fake_vfio;
unsigned int fail_calloc, fail_mmap, mmaps_of_vfio;
long fake_page_bytes;

/* ---- the folder ---------------------------------------------------------------------------- */

static void
folders_make(const char *path)
{
	char part[PATH_MAX];

	for (const char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
		if (mkdir(part, 0700) != 0)
			assert_int_equal(errno, EEXIST);
	}
}

void
tree_write(const char *text, const char *format, ...)
{
	char name[PATH_MAX / 2], path[PATH_MAX];
	va_list args;
	FILE *file;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	snprintf(path, sizeof(path), "%s%s", root, name);
	folders_make(path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

void
tree_link(const char *name, const char *target)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, name);
	folders_make(path);
	unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

void
tree_unlink(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, name);
	assert_int_equal(unlink(path), 0);
}

const char *
tree_device(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "/sys/bus/pci/devices/" BDF "/%s", name);
	return path[turn];
}

void
tree_read(const char *name, void *data, size_t bytes, uint64_t off)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s%s", root, name);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, data, bytes, (off_t)off), bytes);
	close(fd);
}

static void
tree_resize(const char *name, uint64_t bytes)
{
	char path[PATH_MAX];

	tree_write("", "%s", name);
	snprintf(path, sizeof(path), "%s%s", root, name);
	assert_int_equal(truncate(path, (off_t)bytes), 0);
}

const char *
tree_make(void)
{
	memset(&fake_vfio, 0, sizeof(fake_vfio));
	fake_vfio.device = -1;
	fail_calloc = fail_mmap = mmaps_of_vfio = 0;
	fake_page_bytes = 0;
	snprintf(root, sizeof(root), "/tmp/wcbar-tree-XXXXXX");
	assert_non_null(mkdtemp(root));
	tree_write("0x1af4\n", "%s", tree_device("vendor"));
	tree_write("0x1110\n", "%s", tree_device("device"));
	tree_write("0x050000\n", "%s", tree_device("class"));
	tree_write("0x0000000000006000 0x000000000000603f 0x0000000000040101\n"
		   "0x00000000fe000000 0x00000000fe000fff 0x0000000000040200\n"
		   "0x00000000fea00000 0x00000000fea3ffff 0x000000000014220c\n"
		   "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		   "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		   "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		   "0x0000000000000000 0x0000000000000000 0x0000000000000000\n",
		   "%s", tree_device("resource"));
	tree_resize(tree_device("config"), 256);
	tree_resize(tree_device("resource1"), 0x1000);
	tree_resize(tree_device("resource2"), BAR2_BYTES);
	tree_resize(tree_device("resource2_wc"), BAR2_BYTES);
	tree_write("0", "%s", tree_device("enable"));
	tree_write("6.12.1-test\n", "/proc/sys/kernel/osrelease");
	tree_write("root=/dev/sda quiet\n", "/proc/cmdline");
	return root;
}

void
tree_remove(void)
{
	if (fake_vfio.device >= 0)
		close(fake_vfio.device);
	assert_int_equal(folder_remove(root), 0);
}

void
tree_bind(const char *driver)
{
	char target[PATH_MAX];

	snprintf(target, sizeof(target), "../../drivers/%s", driver);
	tree_link(tree_device("driver"), target);
}

void
tree_bind_vfio(bool cdev)
{
	tree_bind("vfio-pci");
	tree_link(tree_device("iommu_group"), "../../../../kernel/iommu_groups/7");
	tree_write("DMA-FQ\n", "/sys/kernel/iommu_groups/7/type");
	tree_write("", "/sys/kernel/iommu_groups/7/devices/" BDF);
	tree_write("", "/dev/vfio/vfio");
	tree_write("", "/dev/vfio/7");
	if (cdev) {
		tree_write("", "%s", tree_device("vfio-dev/vfio3/dev"));
		tree_write("", "/dev/vfio/devices/vfio3");
		tree_write("", "/dev/iommu");
	}
	fake_vfio.device = memfd_create("fake-vfio", 0);
	assert_int_equal(ftruncate(fake_vfio.device, (off_t)VFIO_REGION_OFF(9)), 0);
}

void
tree_noiommu(void)
{
	tree_bind_vfio(false);
	tree_unlink("/sys/kernel/iommu_groups/7/type");
	tree_write("vfio-noiommu\n", "/sys/kernel/iommu_groups/7/name");
	tree_unlink("/dev/vfio/7");
	tree_write("", "/dev/vfio/noiommu-7");
	fake_vfio.noiommu = true;
}

void
tree_iomem_relaxed(void)
{
	tree_write("quiet iomem=relaxed\n", "/proc/cmdline");
}

void
tree_pat(const char *type)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "PAT memtype list:\n"
		 "PAT: [mem 0x0000000000000000-0x00000000fea00000] write-back\n"
		 "PAT: [mem 0x00000000fea00000-0x00000000fea40000] %s\n"
		 "PAT: [mem 0x00000000fea40000-0x00000000feb00000] write-back\n",
		 type);
	tree_write(text, "/sys/kernel/debug/x86/pat_memtype_list");
}

struct wcbar_pci_options
tree_options(void)
{
	struct wcbar_pci_options options = WCBAR_PCI_OPTIONS_DEFAULT;

	options.root = root;
	return options;
}

unsigned int
fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* ---- the fake VFIO ------------------------------------------------------------------------- */

static int
refuse(int error)
{
	errno = error;
	return -1;
}

static int
region_info(struct vfio_region_info *info)
{
	/* struct vfio_region_info_cap_sparse_mmap with areas */
	const struct {
		struct vfio_info_cap_header header;
		uint32_t nr_areas;
		uint32_t reserved;
		struct vfio_region_sparse_mmap_area areas[2];
	} sparse = {
		.header = {.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1},
		.nr_areas = 2,
		.areas = {{.offset = 0, .size = PAGE},
			  {.offset = 2 * PAGE, .size = BAR2_BYTES - 2 * PAGE}},
	};
	const bool has_areas = info->index == 2 && fake_vfio.msix_in_bar2;
	const uint32_t asked_bytes = info->argsz;

	info->offset = VFIO_REGION_OFF(info->index);
	info->size = info->index == 2 ? BAR2_BYTES : info->index == 7 ? 256 : 0x1000;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (info->index < 6 && !fake_vfio.no_mmap)
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	info->argsz = sizeof(*info);
	info->cap_offset = 0;
	if (!has_areas)
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	info->argsz += sizeof(sparse);
	if (asked_bytes >= info->argsz) {
		info->cap_offset = sizeof(*info);
		memcpy((char *)info + sizeof(*info), &sparse, sizeof(sparse));
	}
	return 0;
}

static int
feature_memattr(const struct wcbar_feature_memattr *set)
{
	if (set->dmabuf < 0 && !fake_vfio.any_file)
		return refuse(EBADF);
	if (set->memattr > WCBAR_MEMATTR_WC && !fake_vfio.any_attribute)
		return refuse(ENOENT);
	fake_vfio.memattr = set->memattr;
	return 0;
}

static int
feature(const struct vfio_device_feature *f)
{
	const uint32_t number = f->flags & VFIO_DEVICE_FEATURE_MASK;
	const bool probe = (f->flags & VFIO_DEVICE_FEATURE_PROBE) != 0;

	if (number == WCBAR_FEATURE_DMA_BUF && fake_vfio.dmabuf >= 1 &&
	    (f->flags & VFIO_DEVICE_FEATURE_GET) != 0) {
		const struct wcbar_feature_dma_buf *get = (const void *)f;
		char path[64];

		if (probe)
			return 0;
		assert_int_equal(get->region, 2);
		assert_int_equal(get->ranges, 1);
		/* the test looks for what was stored at the start of the device */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fake_vfio.device);
		return open(path, O_RDWR | O_CLOEXEC);
	}
	if (number == WCBAR_FEATURE_MEMATTR && fake_vfio.dmabuf >= 2 &&
	    (f->flags & VFIO_DEVICE_FEATURE_SET) != 0)
		return probe ? 0 : feature_memattr((const void *)f);
	return refuse(ENOTTY);
}

static int
fake_ioctl(unsigned long request, void *arg)
{
	struct vfio_device_info *info = arg;

	if (++fake_vfio.requests == fake_vfio.fail)
		return refuse(EIO);
	switch (request) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return (long)arg == (fake_vfio.noiommu ? VFIO_NOIOMMU_IOMMU : VFIO_TYPE1v2_IOMMU);
	case VFIO_GROUP_GET_STATUS:
		((struct vfio_group_status *)arg)->flags = fake_vfio.not_viable
								   ? 0
								   : VFIO_GROUP_FLAGS_VIABLE;
		return 0;
	case VFIO_GROUP_GET_DEVICE_FD:
		assert_string_equal(arg, BDF);
		return dup(fake_vfio.device);
	case VFIO_DEVICE_GET_INFO:
		info->flags = fake_vfio.not_pci ? VFIO_DEVICE_FLAGS_PLATFORM
						: VFIO_DEVICE_FLAGS_PCI;
		info->flags |= fake_vfio.no_reset ? 0 : VFIO_DEVICE_FLAGS_RESET;
		return 0;
	case VFIO_DEVICE_GET_REGION_INFO:
		return region_info(arg);
	case VFIO_DEVICE_RESET:
		fake_vfio.resets++;
		return 0;
	case VFIO_DEVICE_FEATURE:
		return feature(arg);
	case VFIO_IOMMU_MAP_DMA:
		fake_vfio.maps++;
		fake_vfio.map_iova = ((struct vfio_iommu_type1_dma_map *)arg)->iova;
		fake_vfio.map_bytes = ((struct vfio_iommu_type1_dma_map *)arg)->size;
		return 0;
	case WCBAR_IOMMU_IOAS_ALLOC:
		((struct wcbar_ioas_alloc *)arg)->ioas = 42;
		return 0;
	case WCBAR_IOMMU_IOAS_MAP:
		assert_int_equal(((struct wcbar_ioas_map *)arg)->ioas, 42);
		fake_vfio.maps++;
		fake_vfio.map_iova = ((struct wcbar_ioas_map *)arg)->iova;
		fake_vfio.map_bytes = ((struct wcbar_ioas_map *)arg)->bytes;
		return 0;
	case VFIO_IOMMU_UNMAP_DMA:
	case WCBAR_IOMMU_IOAS_UNMAP:
		fake_vfio.unmaps++;
		return 0;
	case VFIO_SET_IOMMU:
		fake_vfio.iommu_type = (long)arg;
		return 0;
	case VFIO_GROUP_SET_CONTAINER:
	case WCBAR_VFIO_BIND_IOMMUFD:
	case WCBAR_VFIO_ATTACH_IOMMUFD:
		return 0;
	default:
		return refuse(ENOTTY);
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...);

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	/* Without VFIO in the tree no ioctl is answered. */
	if (fd < 0 || fake_vfio.device < 0)
		return refuse(ENOTTY);
	return fake_ioctl(request, arg);
}

/* ---- calls that fail ----------------------------------------------------------------------- */

void *__real_calloc(size_t n, size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
/* mmap has this name where offsets have 64 bits. */
void *__real_mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off_t off);
void *__wrap_mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off_t off);
long __real_sysconf(int name);
long __wrap_sysconf(int name);

void *
__wrap_calloc(size_t n, size_t bytes)
{
	if (fail_calloc > 0 && --fail_calloc == 0)
		return NULL;
	return __real_calloc(n, bytes);
}

static bool
is_vfio(int fd)
{
	struct stat a, b;

	return fd >= 0 && fake_vfio.device >= 0 && fstat(fd, &a) == 0 &&
	       fstat(fake_vfio.device, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

void *
__wrap_mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off_t off)
{
	if (fail_mmap > 0 && --fail_mmap == 0) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	if (is_vfio(fd))
		mmaps_of_vfio++;
	return __real_mmap64(addr, bytes, prot, flags, fd, off);
}

long
__wrap_sysconf(int name)
{
	if (name == _SC_PAGESIZE && fake_page_bytes != 0)
		return fake_page_bytes;
	return __real_sysconf(name);
}
