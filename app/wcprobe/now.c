/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Who has a BAR mapped at this moment, and with which memory type. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "now.h"
#include "now_file.h"
#include "predict.h"

const char *
now_state_name(enum now_state state)
{
	static const char *const names[NOW_STATES] = {
		[NOW_NONE] = "none",   [NOW_WC] = "WC",           [NOW_UC] = "UC",
		[NOW_MIXED] = "mixed", [NOW_UNKNOWN] = "unknown",
	};

	return names[state];
}

const char *
now_file_name(enum now_file file)
{
	static const char *const names[] = {
		[NOW_FILE_RESOURCE] = "resource", [NOW_FILE_RESOURCE_WC] = "resource_wc",
		[NOW_FILE_VFIO] = "vfio",         [NOW_FILE_VFIO_CDEV] = "vfio-cdev",
		[NOW_FILE_MEM] = "dev-mem",       [NOW_FILE_BUS_PCI] = "bus-pci",
		[NOW_FILE_UIO] = "uio",
	};

	return names[file];
}

/* ---- who ------------------------------------------------------------------------------------- */

/* A piece of what this process has mapped through this file already is added to it. */
static void
mapping_add(struct now *now, const struct now_mapping *m)
{
	for (size_t i = 0; i < now->n_mappings; i++) {
		struct now_mapping *had = &now->mappings[i];

		if (had->pid != m->pid || had->file != m->file || had->perhaps != m->perhaps)
			continue;
		had->bytes += m->bytes;
		had->off = m->off < had->off ? m->off : had->off;
		return;
	}
	if (now->n_mappings == NOW_MAPPINGS_MAX)
		now->cut = true;
	else
		now->mappings[now->n_mappings++] = *m;
}

static void
mappings_read(const struct now_scan *scan, const struct wcbar_pci_facts *f, unsigned int bar,
	      struct now *now)
{
	for (size_t i = 0; i < scan->n_vmas; i++) {
		const struct now_process *p = &scan->processes[scan->vmas[i].process];
		struct now_mapping m;

		if (!now_file_is_bar(scan, &scan->vmas[i], f, bar, &m))
			continue;
		m.pid = p->pid;
		snprintf(m.program, sizeof(m.program), "%s", p->program);
		mapping_add(now, &m);
	}
}

/* ---- which type ------------------------------------------------------------------------------ */

static void
range_take(void *arg, uint64_t from, uint64_t to, enum wcbar_type type)
{
	struct now *now = arg;

	for (size_t i = 0; i < now->n_ranges; i++) {
		const struct now_range *r = &now->ranges[i];

		if (r->from == from && r->to == to && r->type == type)
			return; /* one entry for each who has it mapped */
	}
	if (now->n_ranges == NOW_RANGES_MAX)
		now->cut = true;
	else
		now->ranges[now->n_ranges++] = (struct now_range){from, to, type};
}

WC_PRINTF(3, 4)
static void
set(struct now *now, enum now_state state, const char *format, ...)
{
	va_list ap;

	now->state = state;
	va_start(ap, format);
	vsnprintf(now->why, sizeof(now->why), format, ap);
	va_end(ap);
}

/* All WC, all UC, or neither; UNKNOWN: one is neither WC nor UC. */
static enum now_state
state_join(enum now_state so_far, enum wcbar_type type)
{
	const enum now_state one = type == WCBAR_TYPE_WC   ? NOW_WC
				   : type == WCBAR_TYPE_UC ? NOW_UC
							   : NOW_UNKNOWN;

	if (so_far == NOW_NONE || so_far == one)
		return one;
	return so_far == NOW_UNKNOWN || one == NOW_UNKNOWN ? NOW_UNKNOWN : NOW_MIXED;
}

static void
by_list(const struct wcbar_pci_facts *f, struct now *now)
{
	enum now_state state = NOW_NONE;

	now->by_list = true;
	for (size_t i = 0; i < now->n_ranges; i++)
		state = state_join(state, now->ranges[i].type);
	if (state == NOW_NONE && now->n_mappings == 0)
		set(now, state, "the kernel's list of memory types has no range in this BAR");
	else if (state == NOW_NONE)
		set(now, NOW_UNKNOWN,
		    "a process has it mapped, but the kernel's list of memory types has no range "
		    "in this BAR: the kernel has taken the mapping away, or it is another "
		    "device's");
	else if (now->n_mappings == 0)
		set(now, state,
		    "by the kernel's list of memory types; no process that can be seen has it "
		    "mapped%s%s%s",
		    f->driver[0] != '\0' ? ", so most likely the driver " : "", f->driver,
		    predict_is_vfio(f) ? ", for a program that has opened the device" : "");
	else
		set(now, state, "by the kernel's list of memory types");
}

static void
by_files(struct now *now)
{
	enum now_state sure = NOW_NONE, any = NOW_NONE;

	for (size_t i = 0; i < now->n_mappings; i++) {
		const struct now_mapping *m = &now->mappings[i];

		any = state_join(any, m->implied);
		if (!m->perhaps)
			sure = state_join(sure, m->implied);
	}
	if (any == NOW_NONE)
		set(now, NOW_NONE, "no process that can be seen has it mapped");
	else if (any != sure)
		set(now, NOW_UNKNOWN, "a process has such a BAR mapped, perhaps another device's");
	else
		set(now, any,
		    "by the files that are mapped: on arm64 each implies a type (stage 1)");
}

static void
type_unknown(const struct wcbar_pci_facts *f, const char *arch, unsigned int bar, struct now *now)
{
	const bool mapped = now->n_mappings > 0;

	if (f->bars[bar].address == 0)
		set(now, mapped ? NOW_UNKNOWN : NOW_NONE,
		    "sysfs does not tell this user the BAR's address, which the kernel's list of "
		    "memory types goes by: run as root");
	else if (!mapped)
		set(now, NOW_NONE,
		    "no process that can be seen has it mapped; the kernel's list of memory types "
		    "cannot be read");
	else if (arch[0] == '\0')
		set(now, NOW_UNKNOWN,
		    "the copy tells neither the architecture nor has it a list "
		    "of memory types");
	else
		set(now, NOW_UNKNOWN,
		    "on x86 the first mapping of a BAR decides, not the file, and the kernel's "
		    "list "
		    "of memory types cannot be read: mount -t debugfs debugfs /sys/kernel/debug, "
		    "and "
		    "run as root");
}

void
now_judge(const struct now_scan *scan, const struct wcbar_pci_facts *f, const char *arch,
	  unsigned int bar, struct now *now)
{
	const struct wcbar_bar_facts *b = &f->bars[bar];

	*now = (struct now){
		.list_error = b->address == 0 ? -EACCES : 0,
		.cut = scan->cut,
		.hidden = scan->hidden,
		.all_hidden = scan->all_hidden,
	};
	mappings_read(scan, f, bar, now);
	if (b->address != 0)
		now->list_error = wcbar_type_ranges(scan->root, b->address, b->bytes, range_take,
						    now);
	if (strcmp(arch, "aarch64") == 0)
		by_files(now);
	else if (now->list_error == 0)
		by_list(f, now);
	else
		type_unknown(f, arch, bar, now);
	if (scan->error != 0 && now->state == NOW_NONE)
		set(now, NOW_NONE, "no process can be looked at: /proc: %s",
		    strerror(-scan->error));
}
