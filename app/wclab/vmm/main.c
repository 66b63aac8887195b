/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcvmm: the card, the guest's memory that the card reaches too, marks and results. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <app_error.h>
#include <wcnic_abi.h>

#include "vmm.h"

static struct vmm vmm;

void
vmm_fail(int error, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	app_error(error != 0 ? "%s: %s" : "%s", text, strerror(abs(error)));
	exit(1);
}

/* A card that was given memory is reset before the memory goes (datasheet, section 2). */
static void
card_reset(void)
{
	wcbar_write32((char *)vmm.regs.addr + WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
	while (wcbar_read32((char *)vmm.regs.addr + WCNIC_REG_STATUS) == 0)
		usleep(1000);
	wcbar_pci_bus_master(vmm.pci, false);
	wcbar_pci_dma_unmap(vmm.pci, GUEST_RAM_BYTES, GUEST_RAM_IPA);
}

static void
card_open(struct vmm *v, const char *bdf)
{
	char why[WCBAR_WHY_BYTES] = "";
	const struct wcbar_pci_facts *f;
	struct wcbar_bar *regs;

	if (wcbar_pci_open(bdf, NULL, &v->pci, why, sizeof(why)) != 0)
		vmm_fail(0, "%s: %s", bdf, why);
	f = wcbar_pci_facts(v->pci);
	if (f->vendor != WCNIC_PCI_VENDOR_ID || f->device != WCNIC_PCI_DEVICE_ID ||
	    wcbar_pci_vfio_fd(v->pci) < 0)
		vmm_fail(0, "%s: it must be a wcnic card that vfio-pci drives", bdf);
	if (wcbar_bar_open(v->pci, WCNIC_BAR_REGS, &regs, why, sizeof(why)) != 0)
		vmm_fail(0, "the card's registers: %s", why);
	if (wcbar_bar_map(regs, 0, WCNIC_BAR_REGS_BYTES, WCBAR_TYPE_UC, 0, &v->regs) != 0)
		vmm_fail(0, "the card's registers cannot be mapped");
	bar_open(&v->bar, v->pci);
}

/* The guest's physical addresses are the card's, as with any machine without a virtual IOMMU. */
static void
ram_make(struct vmm *v)
{
	int ret;

	v->ram = mmap(NULL, GUEST_RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (v->ram == MAP_FAILED)
		vmm_fail(errno, "the guest's memory");
	ret = wcbar_pci_dma_map(v->pci, v->ram, GUEST_RAM_BYTES, GUEST_RAM_IPA);
	if (ret == 0)
		ret = wcbar_pci_bus_master(v->pci, true);
	if (ret != 0)
		vmm_fail(ret, "the guest's memory for the card");
	atexit(card_reset);
}

static void
mark_set(const struct vmm *v, unsigned int mark)
{
	wcbar_write32((char *)v->regs.addr + WCNIC_REG_MARK, mark);
}

struct json_object *
region_begin(struct vmm *v, struct json_object *rows, uint64_t off, uint64_t bytes)
{
	static const char *const names[SOURCES] = {"vfio", "wc", "uc"};
	struct json_object *row = json_object_new_object();

	mark_set(v, ++v->mark);
	app_json_add_u64(row, "mark", v->mark);
	app_json_add_u64(row, "offset", off);
	app_json_add_u64(row, "bytes", bytes);
	app_json_add_text(row, "source", names[v->bar.source[off / BAR_UNIT]]);
	json_object_array_add(rows, row);
	return row;
}

void
region_end(struct vmm *v)
{
	mark_set(v, 0);
}

int
main(int argc, char **argv)
{
	struct json_object *all = json_object_new_object();

	if (argc != 4) {
		app_error("usage: wcvmm BDF GUEST FILE: the card's PCI address (on vfio-pci), the "
			  "guest's program, and where to write what was done under which mark");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	vmm.guest = argv[2];
	vmm.ways = json_object_new_array();
	vmm.windows = json_object_new_array();
	card_open(&vmm, argv[1]);
	ram_make(&vmm);
	ways_run(&vmm);
	windows_run(&vmm);
	app_json_add_text(all, "kernel", wcbar_pci_facts(vmm.pci)->kernel);
	app_json_add_bool(all, "iomem_relaxed", wcbar_pci_facts(vmm.pci)->iomem_relaxed);
	app_json_add_u64(all, "bar_bytes", vmm.bar.bytes);
	app_json_add(all, "ways", vmm.ways);
	app_json_add(all, "windows", vmm.windows);
	return app_json_write(all, argv[3]) == 0 ? 0 : 1;
}
