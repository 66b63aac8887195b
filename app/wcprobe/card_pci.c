/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The registers and memory of a wcnic card that vfio-pci or UIO drives, for its self test. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "card_test.h"
#include "predict.h"

/* Where the card finds the host's memory: any page that is no interrupt's address does. */
#define IOVA 0x100000u
#define PAUSE_NS 20000

struct reach {
	struct wcbar_pci *pci;
	struct wcbar_bar *regs, *windows;
	struct wcbar_window regs_win;
	struct card_memory *memory;
	size_t memory_bytes;
	char *why;
	size_t why_bytes;
};

static void *
reg(const struct reach *r, uint32_t off)
{
	return (char *)r->regs_win.addr + off;
}

static uint64_t
reg_read(void *ctx, uint32_t off, unsigned int bytes)
{
	return bytes == 8 ? wcbar_read64(reg(ctx, off)) : wcbar_read32(reg(ctx, off));
}

static void
reg_write(void *ctx, uint32_t off, unsigned int bytes, uint64_t value)
{
	if (bytes == 8)
		wcbar_write64(reg(ctx, off), value);
	else
		wcbar_write32(reg(ctx, off), (uint32_t)value);
}

static int
window_map(void *ctx, uint64_t off, size_t bytes, struct wcbar_window *win, enum wcbar_rung *rung)
{
	struct reach *r = ctx;
	int ret = wcbar_bar_map(r->windows, off, bytes, WCBAR_TYPE_WC, 0, win);

	*rung = ret == 0 ? wcbar_bar_rung(r->windows, off) : WCBAR_RUNGS;
	return ret;
}

static void
window_unmap(void *ctx, struct wcbar_window *win)
{
	struct reach *r = ctx;

	wcbar_bar_unmap(r->windows, win);
}

static void
pause_card(void *ctx)
{
	const struct timespec moment = {.tv_nsec = PAUSE_NS};

	(void)ctx;
	nanosleep(&moment, NULL);
}

static int
reach_fail(const struct reach *r, int error, const char *what)
{
	snprintf(r->why, r->why_bytes, "%s: %s", what, strerror(-error));
	return error;
}

int
card_pci_check(const struct wcbar_pci_facts *f, char *why, size_t why_bytes)
{
	if (f->vendor != WCNIC_PCI_VENDOR_ID || f->device != WCNIC_PCI_DEVICE_ID) {
		snprintf(why, why_bytes,
			 "--card-test is for a wcnic card (%04x:%04x); %s is %04x:%04x",
			 WCNIC_PCI_VENDOR_ID, WCNIC_PCI_DEVICE_ID, f->bdf, f->vendor, f->device);
		return -EINVAL;
	}
	if (!predict_is_vfio(f)) {
		snprintf(
			why, why_bytes,
			"--card-test needs vfio-pci, through which the card reaches memory; %s has "
			"%s: dpdk-devbind.py -b vfio-pci %s",
			f->driver[0] != '\0' ? f->driver : "no driver", f->bdf, f->bdf);
		return -ENOTSUP;
	}
	return 0;
}

static int
memory_make(struct reach *r)
{
	const size_t page = wcbar_pci_facts(r->pci)->page_bytes;
	const char *dma_why = wcbar_pci_dma_why(r->pci);
	int ret;

	if (dma_why != NULL)
		return reach_fail(r, -ENOTSUP, dma_why);
	r->memory_bytes = (sizeof(*r->memory) + page - 1) / page * page;
	r->memory = mmap(NULL, r->memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	if (r->memory == MAP_FAILED)
		return reach_fail(r, -errno, "no memory for the card's rings");
	ret = wcbar_pci_dma_map(r->pci, r->memory, r->memory_bytes, IOVA);
	if (ret != 0) {
		munmap(r->memory, r->memory_bytes);
		return reach_fail(r, ret, "the card cannot be given memory");
	}
	return 0;
}

/* With the BARs open: registers, memory, bus mastering, the test, and all of it back. */
static int
reach_test(struct reach *r, struct card_result *result)
{
	struct card_io io = {
		.ctx = r,
		.reg_read = reg_read,
		.reg_write = reg_write,
		.window_map = window_map,
		.window_unmap = window_unmap,
		.pause = pause_card,
		.iova = IOVA,
	};
	int ret;

	ret = wcbar_bar_map(r->regs, 0, WCNIC_BAR_REGS_BYTES, WCBAR_TYPE_UC, 0, &r->regs_win);
	if (ret != 0)
		return reach_fail(r, ret, "the registers cannot be mapped");
	ret = memory_make(r);
	if (ret != 0)
		goto unmap;
	io.memory = r->memory;
	ret = wcbar_pci_bus_master(r->pci, true);
	if (ret != 0)
		reach_fail(r, ret, "bus mastering cannot be turned on");
	else
		ret = card_test_run(&io, result, r->why, r->why_bytes);
	wcbar_pci_bus_master(r->pci, false);
	wcbar_pci_dma_unmap(r->pci, r->memory_bytes, IOVA);
	munmap(r->memory, r->memory_bytes);
unmap:
	wcbar_bar_unmap(r->regs, &r->regs_win);
	return ret;
}

int
card_pci_test(struct wcbar_pci *pci, struct card_result *result, char *why, size_t why_bytes)
{
	struct reach r = {.pci = pci, .why = why, .why_bytes = why_bytes};
	int ret;

	ret = wcbar_bar_open(pci, WCNIC_BAR_REGS, &r.regs, why, why_bytes);
	if (ret == 0)
		ret = wcbar_bar_open(pci, WCNIC_BAR_WINDOWS, &r.windows, why, why_bytes);
	if (ret == 0)
		ret = reach_test(&r, result);
	if (ret == 0 && wcbar_bar_revoked(r.windows, NULL)) {
		ret = reach_fail(&r, -ENODEV, "the kernel took the window's mapping away");
		result->done = false;
	}
	wcbar_bar_close(r.windows);
	wcbar_bar_close(r.regs);
	return ret;
}
