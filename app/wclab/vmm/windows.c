/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Windows that move. The driver is in the guest: it resets the card and has firmware allocate,
 * free and allocate anew, by rings in its memory. What the VMM writes down here of a grant it
 * reads from its guest's mailbox when all is over; only in "followed" does it act on what it sees.
 */

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>

#include "follow.h"

#define TRIES_MAX 32u
#define STEP 1024u

enum mode {
	MODE_WHOLE,    /* all of the BAR by VFIO */
	MODE_STATIC,   /* pieces, laid for the first window */
	MODE_FOLLOWED, /* pieces, laid anew for each window */
};

static const struct {
	const char *name;
	enum source source; /* of the BAR to begin with */
	bool regs;          /* the guest reaches the registers by itself */
} modes[] = {
	[MODE_WHOLE] = {"whole", SOURCE_VFIO, true},
	[MODE_STATIC] = {"static pieces", SOURCE_UC, true},
	[MODE_FOLLOWED] = {"followed", SOURCE_UC, false},
};

struct moving {
	struct experiment *e;
	struct vm vm;
	struct follow follow;
	enum mode mode;
	uint64_t off, bytes; /* of the window now */
	uint64_t first_off, first_bytes;
	unsigned int tries; /* allocations until the window was elsewhere */
};

static bool
elsewhere(const struct moving *m)
{
	return m->off >= m->first_off + m->first_bytes || m->off + m->bytes <= m->first_off;
}

static int
alloc(struct moving *m, uint32_t bytes)
{
	struct guest_mailbox *box = vm_mailbox(&m->vm);
	int ret;

	box->bytes = bytes;
	ret = vm_job(&m->vm, GUEST_JOB_ALLOC);
	if (ret != 0)
		return ret;
	m->tries++;
	m->off = le64toh(box->grant.offset);
	m->bytes = le32toh(box->grant.bytes);
	if (m->bytes == 0 || m->off > m->e->bar.bytes || m->bytes > m->e->bar.bytes - m->off) {
		fprintf(stderr, "wcvmm: the card grants a window outside its aperture\n");
		return -EPROTO;
	}
	return 0;
}

/* Where firmware puts a window is its own affair: allocates until it is not the first place. */
static int
alloc_elsewhere(struct moving *m, uint32_t bytes)
{
	int ret = alloc(m, bytes);

	while (ret == 0 && !elsewhere(m)) {
		if (m->tries == TRIES_MAX) {
			fprintf(stderr, "wcvmm: the card always puts the window at 0x%llx\n",
				(unsigned long long)m->off);
			return -EAGAIN;
		}
		ret = vm_job(&m->vm, GUEST_JOB_FREE);
		if (ret == 0)
			ret = alloc(m, bytes);
	}
	return ret;
}

static int
first(struct moving *m)
{
	int ret = vm_job(&m->vm, GUEST_JOB_START);

	if (ret == 0)
		ret = alloc(m, WCNIC_WINDOW_ALIGN);
	m->first_off = m->off;
	m->first_bytes = m->bytes;
	/* Here alone the VMM is told, by nothing that a driver or a card would do. */
	if (ret == 0 && m->mode == MODE_STATIC)
		ret = bar_replace(&m->e->bar, m->off, m->bytes, SOURCE_VFIO);
	return ret;
}

static int
freed(struct moving *m)
{
	int ret = vm_job(&m->vm, GUEST_JOB_FREE);

	return ret != 0 ? ret : alloc_elsewhere(m, 2 * WCNIC_WINDOW_ALIGN);
}

static int
reset(struct moving *m)
{
	int ret = vm_job(&m->vm, GUEST_JOB_START);

	return ret != 0 ? ret : alloc_elsewhere(m, WCNIC_WINDOW_ALIGN);
}

static const struct {
	const char *name;
	int (*run)(struct moving *m);
} steps[] = {
	{"allocated", first},
	{"freed, a larger one allocated", freed},
	{"card reset, allocated", reset},
};

static void
row_add(const struct moving *m, const char *step, const struct vm_counts *count, uint64_t mmaps,
	uint32_t lines)
{
	const struct piece *p = layout_at(&m->e->bar.layout, m->off);
	struct json_object *row = json_object_new_object();

	row_number(row, "mark", m->e->mark);
	json_object_object_add(row, "mode", json_object_new_string(modes[m->mode].name));
	json_object_object_add(row, "step", json_object_new_string(step));
	row_number(row, "offset", m->off);
	row_number(row, "bytes", m->bytes);
	json_object_object_add(row, "source", json_object_new_string(source_name(p->source)));
	row_number(row, "pieces", m->e->bar.layout.pieces);
	row_number(row, "allocations", m->tries);
	row_number(row, "exits", count[1].exits - count[0].exits);
	row_number(row, "mmaps", mmaps);
	row_number(row, "lines", lines);
	row_number(row, "faults", count[2].faults - count[1].faults);
	json_object_array_add(m->e->windows, row);
}

/* The driver gets a window, and stores lines all over it. */
static int
step_try(struct moving *m, size_t step)
{
	const uint64_t mmaps = m->e->bar.mmaps;
	struct vm_counts count[3];
	uint32_t lines;
	int ret = vm_counts(&m->vm, &count[0]);

	m->tries = 0;
	if (ret == 0)
		ret = steps[step].run(m);
	if (ret == 0)
		ret = vm_counts(&m->vm, &count[1]);
	if (ret != 0)
		return ret;
	lines = (uint32_t)(m->bytes / STEP);
	experiment_mark(m->e);
	ret = guest_store(&m->vm, GUEST_BAR_NC_VA, m->off, lines, STEP);
	experiment_unmark(m->e);
	if (ret == 0)
		ret = vm_counts(&m->vm, &count[2]);
	if (ret == 0)
		row_add(m, steps[step].name, count, m->e->bar.mmaps - mmaps, lines);
	return ret;
}

static int
mode_try(struct experiment *e, enum mode mode)
{
	struct moving m = {.e = e, .mode = mode, .follow = {.e = e}};
	struct layout whole;
	size_t i;
	int ret;

	layout_whole(&whole, modes[mode].source, e->bar.bytes);
	ret = bar_map(&e->bar, &whole);
	if (ret == 0)
		ret = experiment_vm(e, &m.vm, true, modes[mode].regs);
	if (ret != 0)
		return ret;
	if (mode == MODE_FOLLOWED) {
		m.vm.mmio = follow_mmio;
		m.vm.ctx = &m.follow;
	}
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && ret == 0; i++)
		ret = step_try(&m, i);
	vm_destroy(&m.vm);
	printf("  windows, %s: %zu steps\n", modes[mode].name, i);
	return ret;
}

int
windows_run(struct experiment *e)
{
	int ret = mode_try(e, MODE_WHOLE);

	if (ret == 0)
		ret = mode_try(e, MODE_STATIC);
	if (ret == 0)
		ret = mode_try(e, MODE_FOLLOWED);
	return ret;
}
