/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Windows that move. The driver is in the guest: it resets the card and has firmware allocate,
 * free and allocate anew, by rings in its memory. The VMM reads a grant from its guest's mailbox
 * when a step is over, to write it down; only in "followed" does it act on what it sees.
 */

#include <stdio.h>
#include <stdlib.h>

#include <wcnic_abi.h>

#include "vmm.h"

#define TRIES_MAX 32u
#define STEP_BYTES 1024u

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

struct moving {
	struct vmm *v;
	struct vm vm;
	uint64_t off, bytes; /* of the window now */
	uint64_t first_off, first_bytes;
	unsigned int tries; /* allocations until the window was elsewhere */
};

static bool
elsewhere(const struct moving *m)
{
	return m->off >= m->first_off + m->first_bytes || m->off + m->bytes <= m->first_off;
}

static void
alloc(struct moving *m, uint32_t bytes)
{
	m->vm.mailbox->bytes = bytes;
	vm_do(&m->vm, GUEST_JOB_ALLOC);
	m->tries++;
	m->off = m->vm.mailbox->off;
	m->bytes = m->vm.mailbox->bytes;
}

/* Where firmware puts a window is its own affair: allocates until it is not the first place. */
static void
window_get(struct moving *m, const struct step *step)
{
	m->tries = 0;
	vm_do(&m->vm, step->first);
	alloc(m, step->bytes);
	while (!elsewhere(m)) {
		if (m->tries == TRIES_MAX)
			vmm_fail(0, "the card always puts the window at 0x%llx",
				 (unsigned long long)m->off);
		vm_do(&m->vm, GUEST_JOB_FREE);
		alloc(m, step->bytes);
	}
}

/* The driver gets a window, and stores lines all over it. */
static void
step_try(struct moving *m, const struct mode *mode, const struct step *step)
{
	struct json_object *row = json_object_new_object();
	const uint64_t mmaps = m->v->bar.mmaps, exits = m->vm.exits;
	uint64_t faults;
	uint32_t lines;

	window_get(m, step);
	if (step == steps) {
		m->first_off = m->off;
		m->first_bytes = m->bytes;
		/* Here alone the VMM knows, by nothing that a driver or a card would do. */
		if (mode->piece)
			bar_map(&m->v->bar, m->off, m->bytes, SOURCE_VFIO);
	}
	app_json_add_u64(row, "mark", m->v->mark + 1);
	app_json_add_text(row, "mode", mode->name);
	app_json_add_text(row, "step", step->name);
	app_json_add_u64(row, "offset", m->off);
	app_json_add_u64(row, "bytes", m->bytes);
	app_json_add_text(row, "source", bar_source(&m->v->bar, m->off));
	app_json_add_u64(row, "pieces", bar_pieces(&m->v->bar));
	app_json_add_u64(row, "allocations", m->tries);
	app_json_add_u64(row, "exits", m->vm.exits - exits);
	app_json_add_u64(row, "mmaps", m->v->bar.mmaps - mmaps);
	lines = (uint32_t)(m->bytes / STEP_BYTES);
	faults = vm_faults(&m->vm);
	vmm_mark(m->v);
	if (vm_store(&m->vm, GUEST_BAR_NC_VA + m->off, lines, STEP_BYTES) != 0)
		exit(1);
	vmm_unmark(m->v);
	app_json_add_u64(row, "lines", lines);
	app_json_add_u64(row, "faults", vm_faults(&m->vm) - faults);
	json_object_array_add(m->v->windows, row);
}

static void
mode_try(struct vmm *v, const struct mode *mode)
{
	struct moving m = {.v = v};
	struct follow follow = {.v = v};

	bar_map(&v->bar, 0, v->bar.bytes, mode->source);
	vm_create(&m.vm, v, true, !mode->followed);
	m.vm.mmio = mode->followed ? follow_mmio : NULL;
	m.vm.ctx = &follow;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		step_try(&m, mode, &steps[i]);
	vm_destroy(&m.vm);
	printf("  windows, %s: %zu steps\n", mode->name, sizeof(steps) / sizeof(steps[0]));
}

void
windows_run(struct vmm *v)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		mode_try(v, &modes[i]);
}
