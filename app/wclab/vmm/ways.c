/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* How a VMM may map one BAR, and what the guest's and its own stores then meet. */

#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <wcnic_abi.h>

#include "experiment.h"

#define LINES 64u /* of each kind in each piece */
#define POLL_US 1000
#define POLLS_MAX 20000
#define ROUNDS 20u
/* What the running guest stores into meanwhile: any piece of the BAR will do. */
#define RUNNING_OFF 0x200000u
#define RUNNING_BYTES 0x200000u

struct stretch {
	const char *way, *phase;
	bool one_slot;
};

static struct json_object *
row_make(struct experiment *e, const struct stretch *s, const struct piece *p)
{
	struct json_object *row = json_object_new_object();
	char flags[128] = "";

	bar_vm_flags(e->bar.addr + p->off, flags, sizeof(flags));
	row_number(row, "mark", e->mark);
	json_object_object_add(row, "way", json_object_new_string(s->way));
	json_object_object_add(row, "phase", json_object_new_string(s->phase));
	row_number(row, "slots", s->one_slot ? 1 : e->bar.layout.pieces);
	json_object_object_add(row, "source", json_object_new_string(source_name(p->source)));
	json_object_object_add(row, "vm_flags", json_object_new_string(flags));
	row_number(row, "offset", p->off);
	row_number(row, "bytes", p->bytes);
	return row;
}

/* The VMM's own stores: whoever watches sees what its mapping is. */
static void
own_store(const struct experiment *e, const struct piece *p)
{
	static const struct wcnic_push_line line = {.flags = WCNIC_LINEF_LAST};
	const struct wcbar_store *store = wcbar_store_by_name(WCBAR_TYPE_WC, "u64");

	for (uint64_t i = 0; i < LINES; i++)
		store->lines(e->bar.addr + p->off + i * (p->bytes / LINES), &line, 1);
	store->drain();
}

/* Lines all over the piece, by each mapping that the guest has of it, and by the VMM's own. */
static int
piece_try(struct experiment *e, struct vm *vm, const struct stretch *s, const struct piece *p)
{
	const uint64_t step = p->bytes / LINES;
	struct vm_counts before, after;
	struct json_object *row;
	int ret = vm_counts(vm, &before);

	experiment_mark(e);
	if (ret == 0)
		ret = guest_store(vm, GUEST_BAR_NC_VA, p->off, LINES, step);
	if (ret == 0)
		ret = guest_store(vm, GUEST_BAR_DEVICE_VA, p->off, LINES, step);
	if (ret == 0)
		own_store(e, p);
	experiment_unmark(e);
	if (ret == 0)
		ret = vm_counts(vm, &after);
	if (ret != 0)
		return ret;
	row = row_make(e, s, p);
	row_number(row, "lines", LINES);
	row_number(row, "faults", after.faults - before.faults);
	json_object_array_add(e->ways, row);
	return 0;
}

/* All pieces of a layout under one machine. */
static int
way_try(struct experiment *e, const struct stretch *s, const struct layout *layout)
{
	struct vm vm;
	size_t i;
	int ret = bar_map(&e->bar, layout);

	if (ret == 0)
		ret = experiment_vm(e, &vm, s->one_slot, true);
	if (ret != 0)
		return ret;
	for (i = 0; i < layout->pieces && ret == 0; i++)
		ret = piece_try(e, &vm, s, &layout->piece[i]);
	vm_destroy(&vm);
	printf("  %s: %zu pieces\n", s->way, layout->pieces);
	return ret;
}

/* ---- a piece that is replaced under the guest ---------------------------------------------- */

/* A machine that has the whole BAR by VFIO, in one slot. */
static int
whole_vm(struct experiment *e, struct vm *vm)
{
	struct layout whole;
	int ret;

	layout_whole(&whole, SOURCE_VFIO, e->bar.bytes);
	ret = bar_map(&e->bar, &whole);
	return ret != 0 ? ret : experiment_vm(e, vm, true, true);
}

/* Between two of the guest's stores: it has used the piece, and uses it again. */
static int
replaced_try(struct experiment *e)
{
	static const struct {
		const char *phase;
		enum source source;
	} steps[] = {{"before", SOURCE_VFIO}, {"after", SOURCE_WC}, {"and back", SOURCE_VFIO}};
	struct vm vm;
	size_t i;
	int ret;

	ret = whole_vm(e, &vm);
	if (ret != 0)
		return ret;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && ret == 0; i++) {
		const struct piece p = {RUNNING_OFF, RUNNING_BYTES, steps[i].source};
		const struct stretch s = {"replaced", steps[i].phase, true};

		ret = i == 0 ? 0 : bar_replace(&e->bar, p.off, p.bytes, p.source);
		if (ret == 0)
			ret = piece_try(e, &vm, &s, &p);
	}
	vm_destroy(&vm);
	return ret;
}

static void *
guest_run(void *ctx)
{
	return (void *)(intptr_t)vm_job(ctx, GUEST_JOB_STORE_ON);
}

/* Waits until the guest has stored more rounds. */
static int
rounds_wait(struct vm *vm)
{
	struct guest_mailbox *m = vm_mailbox(vm);
	const uint64_t until = __atomic_load_n(&m->rounds, __ATOMIC_ACQUIRE) + ROUNDS;

	for (unsigned int i = 0; i < POLLS_MAX; i++) {
		if (__atomic_load_n(&m->rounds, __ATOMIC_ACQUIRE) >= until)
			return 0;
		usleep(POLL_US);
	}
	fprintf(stderr, "wcvmm: the guest does not go on\n");
	return -ETIMEDOUT;
}

/* One more stretch of the guest that stores all the time. */
static void
running_row(struct experiment *e, const char *phase, enum source source)
{
	const struct piece p = {RUNNING_OFF, RUNNING_BYTES, source};
	const struct stretch s = {"replaced, running", phase, true};

	json_object_array_add(e->ways, row_make(e, &s, &p));
}

static int
running_replace(struct experiment *e, struct vm *vm)
{
	int ret;

	experiment_mark(e);
	running_row(e, "before", SOURCE_VFIO);
	ret = rounds_wait(vm);
	if (ret != 0)
		return ret;
	experiment_mark(e);
	running_row(e, "meanwhile", SOURCE_VFIO);
	ret = rounds_wait(vm);
	if (ret == 0)
		ret = bar_replace(&e->bar, RUNNING_OFF, RUNNING_BYTES, SOURCE_WC);
	if (ret == 0)
		ret = rounds_wait(vm);
	if (ret != 0)
		return ret;
	experiment_mark(e);
	running_row(e, "after", SOURCE_WC);
	ret = rounds_wait(vm);
	experiment_unmark(e);
	return ret;
}

/* While the guest's CPU stores into it. */
static int
running_try(struct experiment *e)
{
	struct guest_mailbox *m;
	pthread_t thread;
	struct vm vm;
	void *result;
	int ret;

	ret = whole_vm(e, &vm);
	if (ret != 0)
		return ret;
	m = vm_mailbox(&vm);
	m->va = GUEST_BAR_NC_VA + RUNNING_OFF;
	m->lines = LINES;
	m->step = RUNNING_BYTES / LINES;
	ret = -pthread_create(&thread, NULL, guest_run, &vm);
	if (ret == 0) {
		ret = rounds_wait(&vm);
		if (ret == 0)
			ret = running_replace(e, &vm);
		__atomic_store_n(&m->stop, 1, __ATOMIC_RELEASE);
		pthread_join(thread, &result);
		if (ret == 0)
			ret = (int)(intptr_t)result;
	}
	vm_destroy(&vm);
	return ret;
}

/* Unmapped first and mapped later: what the guest's store meets in between. */
static int
hole_try(struct experiment *e)
{
	const struct piece p = {RUNNING_OFF, RUNNING_BYTES, SOURCE_VFIO};
	const struct stretch s = {"unmapped meanwhile", "", true};
	struct json_object *row;
	struct vm vm;
	int ret;

	ret = whole_vm(e, &vm);
	if (ret != 0)
		return ret;
	ret = bar_hole(&e->bar, p.off, p.bytes);
	if (ret == 0) {
		experiment_mark(e);
		row = row_make(e, &s, &p);
		ret = guest_store(&vm, GUEST_BAR_NC_VA, p.off, 1, 0);
		experiment_unmark(e);
		json_object_object_add(row, "kvm_run", json_object_new_string(strerror(-ret)));
		json_object_array_add(e->ways, row);
		ret = 0; /* a result, whatever it is */
	}
	vm_destroy(&vm);
	return ret;
}

int
ways_run(struct experiment *e, const struct layout *pieces)
{
	struct layout whole;
	int ret;

	layout_whole(&whole, SOURCE_VFIO, e->bar.bytes);
	ret = way_try(e, &(struct stretch){"whole, vfio", "", true}, &whole);
	if (ret != 0)
		return ret;
	layout_whole(&whole, SOURCE_WC, e->bar.bytes);
	ret = way_try(e, &(struct stretch){"whole, wc", "", true}, &whole);
	if (ret == 0)
		ret = way_try(e, &(struct stretch){"pieces, one slot", "", true}, pieces);
	if (ret == 0)
		ret = way_try(e, &(struct stretch){"pieces, slot each", "", false}, pieces);
	if (ret == 0)
		ret = replaced_try(e);
	if (ret == 0)
		ret = running_try(e);
	if (ret == 0)
		ret = hole_try(e);
	return ret;
}
