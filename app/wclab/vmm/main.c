/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * wcvmm: the card, the guest's memory, marks; how a VMM may map one BAR, and what the guest's
 * stores and its own then meet.
 */

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <app_error.h>
#include <wcnic_abi.h>

#include "vmm.h"

#define LINES 64u /* of each kind in each piece */
#define ROUNDS 20u
/* The piece that is replaced: any will do. */
#define PIECE_OFF 0x200000u
#define PIECE_BYTES 0x200000u

#define FLAGS_BYTES 128

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

struct json_object *
region_begin(struct vmm *v, struct json_object *rows, uint64_t off, uint64_t bytes)
{
	static const char *const names[SOURCES] = {"vfio", "wc", "uc"};
	struct json_object *row = json_object_new_object();

	wcbar_write32((char *)v->regs.addr + WCNIC_REG_MARK, ++v->mark);
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
	wcbar_write32((char *)v->regs.addr + WCNIC_REG_MARK, 0);
}

/* ---- ways to map the BAR ------------------------------------------------------------------- */

/* The VmFlags that /proc/self/smaps shows of the mapping at addr. */
static void
vm_flags(const void *addr, char flags[FLAGS_BYTES])
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	unsigned long begin = 0, end = 0;
	char line[512];

	if (maps == NULL)
		vmm_fail(errno, "/proc/self/smaps");
	flags[0] = '\0';
	while (fgets(line, sizeof(line), maps) != NULL) {
		sscanf(line, "%lx-%lx ", &begin, &end);
		if ((uintptr_t)addr >= begin && (uintptr_t)addr < end &&
		    sscanf(line, "VmFlags: %127[^\n]", flags) == 1)
			break;
	}
	fclose(maps);
}

static struct json_object *
way_begin(struct vmm *v, const char *way, const char *phase, uint64_t off, uint64_t bytes)
{
	struct json_object *row = region_begin(v, v->ways, off, bytes);
	char flags[FLAGS_BYTES];

	vm_flags(v->bar.addr + off, flags);
	app_json_add_text(row, "vm_flags", flags);
	app_json_add_text(row, "way", way);
	app_json_add_text(row, "phase", phase);
	return row;
}

/* The VMM's own stores: whoever watches sees what its mapping is. */
static void
own_store(const struct vmm *v, uint64_t off, uint64_t step)
{
	static const struct wcnic_push_line line = {.flags = WCNIC_LINEF_LAST};
	const struct wcbar_store *store = wcbar_store_by_name(WCBAR_TYPE_WC, "u64");

	for (uint32_t i = 0; i < LINES; i++)
		store->lines(v->bar.addr + off + i * step, &line, 1);
	store->drain();
}

/* Lines all over a piece, by each mapping that the guest has of it, and by the VMM's own. */
static void
piece_store(struct vmm *v, struct vm *vm, struct json_object *row, uint64_t off, uint64_t bytes)
{
	const uint64_t step = bytes / LINES;

	vm_lines(vm, GUEST_BAR_NC_VA + off, LINES, step);
	vm_do(vm, GUEST_JOB_STORE);
	vm_lines(vm, GUEST_BAR_DEVICE_VA + off, LINES, step);
	vm_do(vm, GUEST_JOB_STORE);
	own_store(v, off, step);
	region_end(v);
	app_json_add_u64(row, "lines", LINES);
}

/* Each piece of the BAR, as it is mapped now, under one machine. */
static void
pieces_try(struct vmm *v, const char *way, bool one_slot)
{
	struct json_object *row;
	struct vm vm;
	uint64_t bytes;

	vm_create(&vm, v, one_slot, true);
	for (uint64_t off = 0; off < v->bar.bytes; off += bytes) {
		bytes = bar_piece_bytes(&v->bar, off);
		row = way_begin(v, way, "", off, bytes);
		piece_store(v, &vm, row, off, bytes);
	}
	vm_destroy(&vm);
	printf("  %s\n", way);
}

/* ---- a piece that is replaced under the guest ---------------------------------------------- */

/* A machine that has the whole BAR by VFIO, in one slot. */
static void
whole_vm(struct vmm *v, struct vm *vm)
{
	bar_map(&v->bar, 0, v->bar.bytes, SOURCE_VFIO);
	vm_create(vm, v, true, true);
}

static struct json_object *
piece_begin(struct vmm *v, const char *way, const char *phase)
{
	return way_begin(v, way, phase, PIECE_OFF, PIECE_BYTES);
}

/* Between two of the guest's stores: it has used the piece, and uses it again. */
static void
replaced_try(struct vmm *v)
{
	static const char *const phases[] = {"before", "after", "and back"};
	static const enum source sources[] = {SOURCE_VFIO, SOURCE_WC, SOURCE_VFIO};
	struct vm vm;

	whole_vm(v, &vm);
	for (unsigned int i = 0; i < 3; i++) {
		bar_map(&v->bar, PIECE_OFF, PIECE_BYTES, sources[i]);
		piece_store(v, &vm, piece_begin(v, "replaced", phases[i]), PIECE_OFF, PIECE_BYTES);
	}
	vm_destroy(&vm);
}

static void *
guest_run(void *ctx)
{
	vm_do(ctx, GUEST_JOB_STORE);
	return NULL;
}

/* Waits until the guest has stored more rounds. */
static void
rounds_wait(struct vm *vm)
{
	const uint64_t from = __atomic_load_n(&vm->mailbox->rounds, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&vm->mailbox->rounds, __ATOMIC_ACQUIRE) - from < ROUNDS)
		usleep(1000);
}

/* While the guest's CPU stores into it: "meanwhile" begins before the change and ends behind it. */
static void
running_try(struct vmm *v)
{
	static const char *const phases[] = {"before", "meanwhile", "after"};
	pthread_t thread;
	struct vm vm;

	whole_vm(v, &vm);
	vm_lines(&vm, GUEST_BAR_NC_VA + PIECE_OFF, LINES, PIECE_BYTES / LINES);
	vm.mailbox->repeat = 1;
	if (pthread_create(&thread, NULL, guest_run, &vm) != 0)
		vmm_fail(0, "no thread for the guest");
	rounds_wait(&vm);
	for (unsigned int i = 0; i < 3; i++) {
		piece_begin(v, "replaced, running", phases[i]);
		rounds_wait(&vm);
		if (i == 1) {
			bar_map(&v->bar, PIECE_OFF, PIECE_BYTES, SOURCE_WC);
			rounds_wait(&vm);
		}
	}
	region_end(v);
	__atomic_store_n(&vm.mailbox->repeat, 0, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	vm_destroy(&vm);
}

/* Unmapped first and mapped later: what the guest's store meets in between is the result. */
static void
hole_try(struct vmm *v)
{
	struct json_object *row;
	struct vm vm;

	whole_vm(v, &vm);
	if (mmap(v->bar.addr + PIECE_OFF, PIECE_BYTES, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		vmm_fail(errno, "a hole in BAR2");
	row = piece_begin(v, "unmapped meanwhile", "");
	vm_lines(&vm, GUEST_BAR_NC_VA + PIECE_OFF, 1, 0);
	app_json_add_text(row, "kvm_run", strerror(-vm_try(&vm, GUEST_JOB_STORE)));
	region_end(v);
	vm_destroy(&vm);
}

static void
ways_run(struct vmm *v)
{
	static const enum source pieces[] = {SOURCE_VFIO, SOURCE_WC, SOURCE_UC, SOURCE_VFIO};
	const uint64_t quarter = v->bar.bytes / 4;

	bar_map(&v->bar, 0, v->bar.bytes, SOURCE_VFIO);
	pieces_try(v, "whole, vfio", true);
	bar_map(&v->bar, 0, v->bar.bytes, SOURCE_WC);
	pieces_try(v, "whole, wc", true);
	for (uint64_t i = 0; i < 4; i++)
		bar_map(&v->bar, i * quarter, quarter, pieces[i]);
	pieces_try(v, "pieces, one slot", true);
	pieces_try(v, "pieces, slot each", false);
	replaced_try(v);
	running_try(v);
	hole_try(v);
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
