/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Everything that lib/wcbar, and what wcbench asks beside it, reads of a kernel: files of sysfs and
 * procfs, configuration space, and what VFIO answers to ioctl().
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <mapped.h>
#include <pci_link.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <wcbar_hold.h>
#include <wcbar_pci.h>

#include "fuzz_machine.h"

#define FD_OURS (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
int __wrap_ioctl(int fd, unsigned long request, ...);
void *__wrap_mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off64_t off);
void *__real_mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off64_t off);

/* What the kernel answers comes from here. */
static struct fuzz_input answers;

/* A kernel writes so much as the caller said there is space for, and its own size. */
static int
struct_answer(void *arg, size_t least, size_t most)
{
	uint32_t space, argsz;

	memcpy(&space, arg, sizeof(space));
	if (space < least) {
		errno = EINVAL;
		return -1;
	}
	argsz = fuzz_take16(&answers);
	fuzz_take(&answers, (char *)arg + sizeof(space),
		  (space < most ? space : most) - sizeof(space));
	memcpy(arg, &argsz, sizeof(argsz));
	return 0;
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	const uint8_t lot = fuzz_take8(&answers);
	void *arg;
	va_list ap;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	MUST(fd >= FD_OURS || fd < 0);
	if (lot % 16 == 15) {
		errno = lot / 16;
		return -1;
	}
	switch (request) {
	case VFIO_DEVICE_GET_INFO:
		return struct_answer(arg, 8, 20); /* newer headers have more */
	case VFIO_DEVICE_GET_REGION_INFO:
		return struct_answer(arg, sizeof(struct vfio_region_info), 4096);
	case VFIO_GROUP_GET_STATUS:
		return struct_answer(arg, sizeof(struct vfio_group_status), 8);
	case VFIO_GROUP_GET_DEVICE_FD:
		return open("/fuzz/dev/vfio/7", O_RDWR);
	case VFIO_CHECK_EXTENSION:
		return lot % 16 != 14;
	default:
		return lot % 16 == 13;
	}
}

/* A BAR is memory here. */
void *
__wrap_mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off64_t off)
{
	if (fd < FD_OURS)
		return __real_mmap64(addr, bytes, prot, flags, fd, off);
	if (fuzz_take8(&answers) % 4 == 3) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	return __real_mmap64(addr, bytes, PROT_NONE,
			     (flags & MAP_FIXED) | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			     0);
}

static void
range_take(void *arg, uint64_t from, uint64_t to, enum wcbar_type type)
{
	(void)type;
	*(uint64_t *)arg += to - from;
}

static void
strings_check(const struct wcbar_pci_facts *f)
{
	MUST(strnlen(f->driver, sizeof(f->driver)) < sizeof(f->driver));
	MUST(strnlen(f->kernel, sizeof(f->kernel)) < sizeof(f->kernel));
	MUST(strnlen(f->lockdown, sizeof(f->lockdown)) < sizeof(f->lockdown));
	MUST(strnlen(f->group_peer, sizeof(f->group_peer)) < sizeof(f->group_peer));
	MUST(f->msix_table_bar >= -1 && f->msix_table_bar < 8);
}

/* What is told of a BAR from the facts alone. */
static void
forecasts_check(const struct wcbar_pci_facts *f)
{
	struct wcbar_forecast forecast;
	char why[WCBAR_WHY_BYTES];

	for (unsigned int bar = 0; bar < WCBAR_PCI_BARS; bar++) {
		(void)wcbar_wc_check(f, bar, why, sizeof(why));
		wcbar_inplace_forecast(f, bar, &forecast);
		wcbar_hold_forecast(f, bar, &forecast);
		MUST(forecast.error != 0 || forecast.rung < WCBAR_RUNGS);
	}
}

static void
bars_try(struct wcbar_pci *pci)
{
	struct wcbar_answer tried[WCBAR_RUNGS];
	char why[WCBAR_WHY_BYTES];
	struct wcbar_window win;
	enum wcbar_type type;
	struct wcbar_bar *bar;
	unsigned int number;
	uint64_t off;

	(void)wcbar_pci_bus_master(pci, true);
	for (number = 0; number < WCBAR_PCI_BARS; number++) {
		if (wcbar_bar_open(pci, number, &bar, why, sizeof(why)) != 0)
			continue;
		(void)wcbar_bar_probe(bar, 0, WCBAR_TYPE_WC, tried);
		if (wcbar_bar_map(bar, 0, 4096, number % 2 == 0 ? WCBAR_TYPE_WC : WCBAR_TYPE_UC, 0,
				  &win) == 0)
			MUST(win.addr != NULL && win.bytes == 4096);
		(void)wcbar_bar_kernel_type(bar, 0, 4096, &type, why, sizeof(why));
	}
	if (wcbar_pci_vfio_fd(pci) >= 0)
		(void)wcbar_pci_bar_at(pci, fuzz_take64(&answers), 4096, &number, &off);
}

static void
device_try(const struct wcbar_pci_facts *facts, uint8_t how)
{
	struct wcbar_pci_options o = WCBAR_PCI_OPTIONS_DEFAULT;
	char why[WCBAR_WHY_BYTES];
	struct wcbar_pci *pci;

	o.root = FUZZ_FILES_ROOT;
	o.config = &facts->config;
	o.wc_bars = how >> 2 & 0x3f;
	o.vfio_fd = (how & 2) != 0 ? WCBAR_VFIO_CLOSED : WCBAR_VFIO_OPEN;
	if (wcbar_pci_open(FUZZ_BDF, &o, &pci, why, sizeof(why)) != 0) {
		MUST(strnlen(why, sizeof(why)) < sizeof(why));
		return;
	}
	bars_try(pci);
	(void)wcbar_pci_reset(pci);
	wcbar_pci_close(pci);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const struct wcbar_pci_options o = {.root = FUZZ_FILES_ROOT};
	struct fuzz_input in = {.data = data, .left = bytes};
	const uint8_t how = fuzz_take8(&in);
	const uint16_t n = fuzz_take16(&in);
	struct wcbar_kernel_config config;
	struct wcbar_pci_facts facts;
	char why[WCBAR_WHY_BYTES], bdf[16];
	struct pci_link link;
	struct mapped mapped;
	uint64_t sum = 0;

	fuzz_machine_base();
	answers = (struct fuzz_input){.data = in.data, .left = n < in.left ? n : in.left};
	in.data += answers.left;
	in.left -= answers.left;
	(void)wcbar_kernel_config_take(&config, (const char *)in.data, in.left, "/proc/config.gz");
	fuzz_machine_take(&in);
	if (wcbar_pci_facts_read(FUZZ_BDF, &o, &facts, why, sizeof(why)) == 0) {
		strings_check(&facts);
		pci_link_read(FUZZ_FILES_ROOT, &facts, &link);
		forecasts_check(&facts);
		if ((how & 1) != 0)
			device_try(&facts, how);
	}
	(void)wcbar_type_ranges(FUZZ_FILES_ROOT, 0x4000000000ull, 1 << 20, range_take, &sum);
	if (wcbar_vfio_cdev_bdf(FUZZ_FILES_ROOT, 10, 3, bdf) == 0)
		MUST(strnlen(bdf, sizeof(bdf)) < sizeof(bdf));
	mapped_read(FUZZ_FILES_ROOT, (void *)(uintptr_t)0x1000, &mapped);
	fuzz_files_reset();
	return 0;
}
