/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wcnic_abi.h>

#include "experiment.h"

#define RESET_POLLS 5000u
#define RESET_POLL_US 1000

static int
fail(const char *what, int error, const char *why)
{
	fprintf(stderr, "wcvmm: %s: %s\n", what, why[0] != '\0' ? why : strerror(-error));
	return error;
}

/* The guest's physical addresses are the card's, as with any machine without an IOMMU of its own.
 */
static int
ram_make(struct experiment *e)
{
	int ret;

	e->ram = mmap(NULL, GUEST_RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (e->ram == MAP_FAILED) {
		e->ram = NULL;
		return fail("the guest's memory", -errno, "");
	}
	ret = wcbar_pci_dma_map(e->pci, e->ram, GUEST_RAM_BYTES, GUEST_RAM_IPA);
	if (ret != 0)
		return fail("the guest's memory for the card", ret, "");
	e->dma = true;
	return 0;
}

static int
card_open(struct experiment *e, const char *bdf)
{
	char why[WCBAR_WHY_BYTES] = "";
	const struct wcbar_pci_facts *f;
	int ret = wcbar_pci_open(bdf, NULL, &e->pci, why, sizeof(why));

	if (ret != 0)
		return fail(bdf, ret, why);
	f = wcbar_pci_facts(e->pci);
	if (f->vendor != WCNIC_PCI_VENDOR_ID || f->device != WCNIC_PCI_DEVICE_ID ||
	    wcbar_pci_vfio_fd(e->pci) < 0)
		return fail(bdf, -ENODEV, "it must be a wcnic card that vfio-pci drives");
	ret = wcbar_bar_open(e->pci, WCNIC_BAR_REGS, &e->regs_bar, why, sizeof(why));
	if (ret == 0)
		ret = wcbar_bar_map(e->regs_bar, 0, WCNIC_BAR_REGS_BYTES, WCBAR_TYPE_UC, 0,
				    &e->regs);
	if (ret != 0)
		return fail("the card's registers", ret, why);
	return bar_open(&e->bar, e->pci);
}

int
experiment_open(struct experiment *e, const struct options *options)
{
	int ret;

	*e = (struct experiment){.ways = json_object_new_array(),
				 .windows = json_object_new_array(),
				 .bar.files = {-1, -1, -1}};
	ret = vm_image_load(&e->image, options->guest);
	if (ret == 0)
		ret = card_open(e, options->bdf);
	if (ret == 0)
		ret = ram_make(e);
	if (ret == 0) {
		ret = wcbar_pci_bus_master(e->pci, true);
		if (ret != 0)
			fail("bus mastering", ret, "");
	}
	if (ret != 0)
		experiment_close(e);
	return ret;
}

/* A card that was given memory is reset before it is taken away (datasheet, section 2). */
static void
card_reset(const struct experiment *e)
{
	wcbar_write32((char *)e->regs.addr + WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
	for (unsigned int i = 0; i < RESET_POLLS; i++) {
		if (wcbar_read32((char *)e->regs.addr + WCNIC_REG_STATUS) != 0)
			return;
		usleep(RESET_POLL_US);
	}
	fprintf(stderr, "wcvmm: the card does not come back from its reset\n");
}

void
experiment_close(struct experiment *e)
{
	if (e->dma) {
		card_reset(e);
		wcbar_pci_bus_master(e->pci, false);
		wcbar_pci_dma_unmap(e->pci, GUEST_RAM_BYTES, GUEST_RAM_IPA);
	}
	bar_close(&e->bar);
	wcbar_bar_close(e->regs_bar);
	wcbar_pci_close(e->pci);
	if (e->ram != NULL)
		munmap(e->ram, GUEST_RAM_BYTES);
	vm_image_free(&e->image);
	json_object_put(e->ways);
	json_object_put(e->windows);
	*e = (struct experiment){.bar.files = {-1, -1, -1}};
}

void
row_number(struct json_object *row, const char *key, uint64_t value)
{
	json_object_object_add(row, key, json_object_new_int64((int64_t)value));
}

int
experiment_write(const struct experiment *e, const char *path)
{
	struct json_object *all = json_object_new_object();
	int ret = 0;

	json_object_object_add(all, "kernel",
			       json_object_new_string(wcbar_pci_facts(e->pci)->kernel));
	json_object_object_add(all, "iomem_relaxed",
			       json_object_new_boolean(wcbar_pci_facts(e->pci)->iomem_relaxed));
	row_number(all, "bar_bytes", e->bar.bytes);
	json_object_object_add(all, "ways", json_object_get(e->ways));
	json_object_object_add(all, "windows", json_object_get(e->windows));
	if (json_object_to_file_ext(path, all, JSON_C_TO_STRING_PRETTY) != 0)
		ret = fail(path, -EIO, json_util_get_last_err());
	json_object_put(all);
	return ret;
}

/* ---- stretches ----------------------------------------------------------------------------- */

unsigned int
experiment_mark(struct experiment *e)
{
	wcbar_write32((char *)e->regs.addr + WCNIC_REG_MARK, ++e->mark);
	return e->mark;
}

void
experiment_unmark(struct experiment *e)
{
	wcbar_write32((char *)e->regs.addr + WCNIC_REG_MARK, 0);
}

/* ---- machines ------------------------------------------------------------------------------ */

static int
bar_slots(struct experiment *e, struct vm *vm, bool one)
{
	const struct layout *l = &e->bar.layout;
	size_t i;
	int ret = 0;

	if (one)
		return vm_slot(vm, GUEST_BAR_IPA, e->bar.addr, e->bar.bytes);
	for (i = 0; i < l->pieces && ret == 0; i++)
		ret = vm_slot(vm, GUEST_BAR_IPA + l->piece[i].off, e->bar.addr + l->piece[i].off,
			      l->piece[i].bytes);
	return ret;
}

int
experiment_vm(struct experiment *e, struct vm *vm, bool one_slot, bool regs)
{
	int ret = vm_create(vm, &e->image, e->ram);

	if (ret != 0)
		return ret;
	ret = bar_slots(e, vm, one_slot);
	if (ret == 0 && regs)
		ret = vm_slot(vm, GUEST_REGS_IPA, e->regs.addr, e->regs.bytes);
	if (ret != 0)
		vm_destroy(vm);
	return ret;
}

int
guest_store(struct vm *vm, uint64_t base_va, uint64_t off, uint32_t lines, uint64_t step)
{
	struct guest_mailbox *m = vm_mailbox(vm);

	m->va = base_va + off;
	m->lines = lines;
	m->step = step;
	return vm_job(vm, GUEST_JOB_STORE);
}
