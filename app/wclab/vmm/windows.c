/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Windows that move. The driver is in the guest. The VMM reads a grant from its guest's mailbox
 * when a step is over, to write it down; only in "followed" does it act on what it sees.
 */

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <wcnic_abi.h>

#include "vmm.h"

#define WINDOWS_MAX 64u
#define STEP_BYTES 1024u

/* To follow windows a VMM must take every register access, and read commands and answers. */
struct follow {
	struct vmm *v;
	uint64_t asq, acq; /* as the guest wrote them */
	uint32_t ring_mask;
	unsigned int ring_log2;
	uint16_t tail; /* free-running */
	struct {
		uint64_t off, bytes;
	} windows[WINDOWS_MAX]; /* PUSH windows by id; bytes 0: none */
};

/* What the guest calls IOVA is its own physical address; a virtual IOMMU would come in between. */
static void *
guest_memory(const struct follow *f, uint64_t iova, size_t bytes)
{
	if (iova < GUEST_RAM_IPA || iova - GUEST_RAM_IPA > GUEST_RAM_BYTES - bytes)
		vmm_fail(0, "the guest's admin queue is at 0x%" PRIx64 ", outside its memory",
			 iova);
	return f->v->ram + (iova - GUEST_RAM_IPA);
}

/* A window becomes what it needs; what was one becomes Device again. */
static void
window_set(struct follow *f, uint16_t id, uint64_t off, uint64_t bytes)
{
	if (id >= WINDOWS_MAX)
		vmm_fail(0, "window %u cannot be followed: too many", id);
	if (f->windows[id].bytes != 0)
		bar_map(&f->v->bar, f->windows[id].off, f->windows[id].bytes, SOURCE_UC);
	if (bytes != 0)
		bar_map(&f->v->bar, off, bytes, SOURCE_VFIO);
	f->windows[id].off = off;
	f->windows[id].bytes = bytes;
}

/* The card must have answered before the guest sees the answer: it is kept waiting. */
static uint16_t
status_wait(const struct follow *f, uint16_t seq)
{
	const uint8_t phase = (seq >> f->ring_log2) % 2 == 0 ? WCNIC_PHASE_BIT : 0;
	const struct wcnic_admin_cpl *cpl;

	cpl = guest_memory(f, f->acq + (seq & f->ring_mask) * sizeof(*cpl), sizeof(*cpl));
	while ((__atomic_load_n(&cpl->phase, __ATOMIC_ACQUIRE) & WCNIC_PHASE_BIT) != phase)
		usleep(50);
	return le16toh(cpl->status);
}

static void
command_follow(struct follow *f, uint16_t seq)
{
	struct wcnic_window_grant grant;
	struct wcnic_admin_cmd cmd;
	struct wcnic_cmd_window p;

	memcpy(&cmd, guest_memory(f, f->asq + (seq & f->ring_mask) * sizeof(cmd), sizeof(cmd)),
	       sizeof(cmd));
	if (status_wait(f, seq) != WCNIC_ST_OK)
		return;
	if (cmd.opcode == WCNIC_OP_WINDOW_ALLOC) {
		memcpy(&grant, guest_memory(f, le64toh(cmd.data_iova), sizeof(grant)),
		       sizeof(grant));
		if (grant.type == WCNIC_WINDOW_PUSH)
			window_set(f, le16toh(grant.id), le64toh(grant.offset),
				   le32toh(grant.bytes));
	} else if (cmd.opcode == WCNIC_OP_WINDOW_FREE) {
		memcpy(&p, cmd.params, sizeof(p));
		window_set(f, le16toh(p.id), 0, 0);
	}
}

static void
register_follow(struct follow *f, uint64_t off, uint64_t value)
{
	switch (off) {
	case WCNIC_REG_ASQ_BASE:
		f->asq = value;
		break;
	case WCNIC_REG_ACQ_BASE:
		f->acq = value;
		break;
	case WCNIC_REG_ADMIN_SIZE:
		f->ring_log2 = value & 0xff;
		f->ring_mask = (1u << f->ring_log2) - 1;
		break;
	case WCNIC_REG_CTRL:
		if ((value & WCNIC_CTRL_RESET) == 0)
			break;
		f->tail = 0;
		for (uint16_t id = 0; id < WINDOWS_MAX; id++)
			window_set(f, id, 0, 0);
		break;
	case WCNIC_REG_ASQ_TAIL:
		while (f->tail != (uint16_t)value)
			command_follow(f, f->tail++);
		break;
	}
}

/* The mmio of struct vm. */
static void
follow_mmio(void *ctx, uint64_t ipa, void *data, size_t bytes, bool write)
{
	struct follow *f = ctx;
	const uint64_t off = ipa - GUEST_REGS_IPA;
	void *reg = (char *)f->v->regs.addr + off;
	uint64_t value = 0;

	if (off > f->v->regs.bytes - bytes || (bytes != 4 && bytes != 8) || off % bytes != 0)
		vmm_fail(0, "the guest reached 0x%" PRIx64 " with %zu bytes", ipa, bytes);
	if (!write) {
		value = bytes == 4 ? wcbar_read32(reg) : wcbar_read64(reg);
		memcpy(data, &value, bytes);
		return;
	}
	memcpy(&value, data, bytes);
	wcbar_before_doorbell();
	if (bytes == 4)
		wcbar_write32(reg, (uint32_t)value);
	else
		wcbar_write64(reg, value);
	register_follow(f, off, value);
}

/* ---- the experiment ------------------------------------------------------------------------- */

static const struct mode {
	const char *name;
	enum source source; /* of the BAR to begin with */
	bool piece;         /* a piece for the first window, and no other */
	bool followed;      /* a piece for each window; registers come to the VMM */
} modes[] = {
	{"whole", SOURCE_VFIO, false, false},
	{"static pieces", SOURCE_UC, true, false},
	{"followed", SOURCE_UC, false, true},
};

static const struct step {
	const char *name;
	enum guest_job first; /* what makes the window before go */
	uint32_t bytes;       /* of the new window */
} steps[] = {
	{"allocated", GUEST_JOB_START, WCNIC_WINDOW_ALIGN},
	{"freed, a larger one allocated", GUEST_JOB_FREE, 2 * WCNIC_WINDOW_ALIGN},
	{"card reset, allocated", GUEST_JOB_START, WCNIC_WINDOW_ALIGN},
};

/* The driver gets a window, and stores lines all over it. */
static void
step_try(struct vmm *v, struct vm *vm, const struct mode *mode, const struct step *step)
{
	const uint64_t mmaps = v->bar.mmaps, exits = vm->exits;
	struct guest_mailbox *m = vm->mailbox;
	struct json_object *row;
	uint32_t lines;

	vm_do(vm, step->first);
	m->bytes = step->bytes;
	vm_do(vm, GUEST_JOB_ALLOC);
	/* Here alone the VMM knows, by nothing that a driver or a card would do. */
	if (mode->piece && step == steps)
		bar_map(&v->bar, m->off, m->bytes, SOURCE_VFIO);
	lines = (uint32_t)(m->bytes / STEP_BYTES);
	row = region_begin(v, v->windows, m->off, m->bytes);
	app_json_add_text(row, "mode", mode->name);
	app_json_add_text(row, "step", step->name);
	app_json_add_u64(row, "exits", vm->exits - exits);
	app_json_add_u64(row, "mmaps", v->bar.mmaps - mmaps);
	app_json_add_u64(row, "lines", lines);
	vm_lines(vm, GUEST_BAR_NC_VA + m->off, lines, STEP_BYTES);
	vm_do(vm, GUEST_JOB_STORE);
	region_end(v);
}

void
windows_run(struct vmm *v)
{
	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct follow follow = {.v = v};
		struct vm vm;

		bar_map(&v->bar, 0, v->bar.bytes, modes[i].source);
		vm_create(&vm, v, true, !modes[i].followed);
		vm.mmio = modes[i].followed ? follow_mmio : NULL;
		vm.ctx = &follow;
		for (unsigned int j = 0; j < sizeof(steps) / sizeof(steps[0]); j++)
			step_try(v, &vm, &modes[i], &steps[j]);
		vm_destroy(&vm);
		printf("  windows, %s\n", modes[i].name);
	}
}
