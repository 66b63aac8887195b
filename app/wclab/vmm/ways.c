/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* How a VMM may map one BAR, and what the guest's stores and its own then meet. */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wcnic_abi.h>

#include "vmm.h"

#define LINES 64u /* of each kind in each piece */
#define ROUNDS 20u
/* The piece that is replaced: any will do. */
#define PIECE_OFF 0x200000u
#define PIECE_BYTES 0x200000u

#define FLAGS_BYTES 128

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
way_begin(struct vmm *v, const char *way, const char *phase, uint64_t slots, uint64_t off,
	  uint64_t bytes)
{
	struct json_object *row = region_begin(v, v->ways, off, bytes);
	char flags[FLAGS_BYTES];

	vm_flags(v->bar.addr + off, flags);
	app_json_add_text(row, "vm_flags", flags);
	app_json_add_text(row, "way", way);
	app_json_add_text(row, "phase", phase);
	app_json_add_u64(row, "slots", slots);
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
	const uint64_t faults = vm_faults(vm), step = bytes / LINES;

	vm_lines(vm, GUEST_BAR_NC_VA + off, LINES, step);
	vm_do(vm, GUEST_JOB_STORE);
	vm_lines(vm, GUEST_BAR_DEVICE_VA + off, LINES, step);
	vm_do(vm, GUEST_JOB_STORE);
	own_store(v, off, step);
	region_end(v);
	app_json_add_u64(row, "lines", LINES);
	app_json_add_u64(row, "faults", vm_faults(vm) - faults);
}

/* Each piece of the BAR, as it is mapped now, under one machine. */
static void
pieces_try(struct vmm *v, const char *way, bool one_slot)
{
	const unsigned int pieces = bar_pieces(&v->bar);
	struct json_object *row;
	struct vm vm;
	uint64_t bytes;

	vm_create(&vm, v, one_slot, true);
	for (uint64_t off = 0; off < v->bar.bytes; off += bytes) {
		bytes = bar_piece_bytes(&v->bar, off);
		row = way_begin(v, way, "", one_slot ? 1 : pieces, off, bytes);
		piece_store(v, &vm, row, off, bytes);
	}
	vm_destroy(&vm);
	printf("  %s: %u pieces\n", way, pieces);
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
	return way_begin(v, way, phase, 1, PIECE_OFF, PIECE_BYTES);
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
	vm_do(ctx, GUEST_JOB_STORE_ON);
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
	__atomic_store_n(&vm.mailbox->stop, 1, __ATOMIC_RELEASE);
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

void
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
