/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What all targets have in common: the PCI device behind, names, the basis of figures. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "raw_target.h"

/* A read that no mapping without a cache answers so soon: DRAM alone takes longer. */
#define CACHED_READ_NS 15.0

/* ---- the device behind --------------------------------------------------------------------- */

struct now_arg {
	struct raw_target *t;
	unsigned int bar;
};

static void
now_take(void *arg, uint64_t from, uint64_t to, enum wcbar_type type)
{
	const struct now_arg *a = arg;
	struct raw_target *t = a->t;

	for (size_t i = 0; i < t->n_now; i++) {
		if (t->now[i].from == from && t->now[i].to == to && t->now[i].type == type)
			return; /* one entry for each who has it mapped */
	}
	if (t->n_now < RAW_NOW_MAX)
		t->now[t->n_now++] = (struct raw_now){a->bar, from, to, type};
}

static void
now_read(struct raw_target *t, const char *root)
{
	int ret = 0;

	for (unsigned int i = 0; i < WCBAR_PCI_BARS && ret == 0; i++) {
		const struct wcbar_bar_facts *b = &t->pci.bars[i];
		struct now_arg arg = {t, i};

		if (b->bytes == 0 || b->io)
			continue;
		ret = b->address != 0
			      ? wcbar_type_ranges(root, b->address, b->bytes, now_take, &arg)
			      : -EACCES;
	}
	t->now_why[0] = '\0';
	if (ret == -ENOENT || ret == -EACCES)
		snprintf(t->now_why, sizeof(t->now_why),
			 "the kernel's list of memory types cannot be read: on x86, mount debugfs "
			 "and be root");
	else if (ret != 0)
		snprintf(t->now_why, sizeof(t->now_why),
			 "the kernel's list of memory types cannot be read: %s", strerror(-ret));
	else if (t->n_now == 0)
		snprintf(t->now_why, sizeof(t->now_why),
			 "the kernel's list of memory types has nothing in its BARs");
}

void
raw_target_pci(struct raw_target *t, const struct raw_options *o, const char *bdf)
{
	const struct wcbar_pci_options options = {.root = o->root, .vfio_fd = WCBAR_VFIO_CLOSED};

	if (bdf[0] == '\0' || wcbar_pci_facts_read(bdf, &options, &t->pci, NULL, 0) != 0)
		return;
	t->has_pci = true;
	pci_link_read(o->root, &t->pci, &t->link);
	now_read(t, o->root);
}

bool
raw_target_now(const struct raw_target *t, enum wcbar_type type)
{
	for (size_t i = 0; i < t->n_now; i++) {
		if (t->now[i].type == type && t->pci.bars[t->now[i].bar].prefetchable)
			return true;
	}
	return false;
}

/* ---- measuring ----------------------------------------------------------------------------- */

static double
read_ns(struct raw_mapping *m)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->cells[i].what == RAW_READ && m->cells[i].ns.n > 0)
			return samples_percentile(&m->cells[i].ns, 50);
	}
	return -1;
}

void
raw_target_doubt(struct raw_target *t, double ns, struct raw_mapping *out)
{
	const enum wcbar_type type = out->type;

	if (ns < 0 || ns >= CACHED_READ_NS || type == WCBAR_TYPE_WB || type == WCBAR_TYPE_UNKNOWN)
		return;
	snprintf(t->type_why, sizeof(t->type_why),
		 "8 bytes are read in %.1f ns, as from a cache; a %s mapping cannot do that, "
		 "whatever "
		 "its driver calls it",
		 ns, wcbar_type_name(type));
	t->types[0] = out->type = WCBAR_TYPE_UNKNOWN;
	if (t->behind != RAW_BEHIND_RAM) {
		t->behind = RAW_BEHIND_UNKNOWN;
		snprintf(t->behind_why, sizeof(t->behind_why), "%.200s", t->type_why);
	}
}

void
raw_target_doubt_reads(struct raw_target *t, const struct raw_options *o, struct raw_mapping *out)
{
	if (out->error == 0 && o->common.emulated != EMULATED_YES)
		raw_target_doubt(t, read_ns(out), out);
}

void
raw_target_measure(struct raw_target *t, const struct raw_options *o, enum wcbar_type type,
		   unsigned int marks_before, struct raw_mapping *out)
{
	struct wcbar_window win = t->win;

	*out = (struct raw_mapping){
		.intended = type,
		.rung = WCBAR_RUNGS,
		.numa_node = t->has_pci ? t->pci.numa_node : -1,
		.marks_before = marks_before,
	};
	out->error = raw_measure(&win, o, out);
	/* the window's type says which stores are safe there */
	out->type = type;
	raw_target_doubt_reads(t, o, out);
}

/* ---- words --------------------------------------------------------------------------------- */

const char *
raw_memory_name(const struct raw_target *t, enum wcbar_type type)
{
	if (t->software)
		return "write-back RAM (software renderer)";
	if (t->behind == RAW_BEHIND_DEVICE)
		return type == WCBAR_TYPE_WB ? "device memory, write-back"
					     : "device memory through a BAR";
	if (t->behind != RAW_BEHIND_RAM)
		return "unknown";
	switch (type) {
	case WCBAR_TYPE_WB:
		return "RAM, write-back";
	case WCBAR_TYPE_WC:
		return "RAM, mapped write-combining";
	case WCBAR_TYPE_UC:
		return "RAM, mapped uncached";
	case WCBAR_TYPE_UNKNOWN:
		break;
	}
	return "RAM, of unknown type";
}

const char *
raw_basis(const struct raw_target *t, const struct machine *machine)
{
	const bool emulated = machine->emulated == EMULATED_YES;

	switch (t->behind) {
	case RAW_BEHIND_DEVICE:
		return emulated ? "measured under emulation" : "measured";
	case RAW_BEHIND_RAM:
		return emulated ? "measured in RAM under emulation" : "measured in RAM";
	case RAW_BEHIND_UNKNOWN:
		break;
	}
	return emulated ? "measured in unknown memory under emulation"
			: "measured in unknown memory";
}
