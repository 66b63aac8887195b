/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* One mapping of a device's BAR, measured. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "raw_target.h"

static struct wcbar_pci_options
pci_options(const struct raw_options *o)
{
	struct wcbar_pci_options options = WCBAR_PCI_OPTIONS_DEFAULT;

	options.root = o->root;
	return options;
}

int
raw_check(const struct raw_options *o, struct wcbar_pci_facts *facts, char *why, size_t why_bytes)
{
	const struct wcbar_pci_options options = pci_options(o);
	const struct wcbar_bar_facts *b = &facts->bars[o->bar];
	int ret;

	ret = wcbar_pci_facts_read(o->bdf, &options, facts, why, why_bytes);
	if (ret != 0)
		return ret;
	if (b->bytes == 0 || b->io) {
		snprintf(why, why_bytes,
			 "%s has no memory BAR %u: wcprobe %s lists the ones that it has",
			 facts->bdf, o->bar, facts->bdf);
		return -EINVAL;
	}
	if (o->off > b->bytes || o->bytes > b->bytes - o->off) {
		snprintf(why, why_bytes,
			 "--range 0x%" PRIx64 ":%" PRIu64
			 " is not within BAR %u, which has %" PRIu64 " bytes",
			 o->off, o->bytes, o->bar, b->bytes);
		return -EINVAL;
	}
	if (o->mark && (facts->bars[o->mark_bar].io || o->mark_bar == o->bar ||
			o->mark_off + sizeof(uint32_t) > facts->bars[o->mark_bar].bytes)) {
		snprintf(why, why_bytes,
			 "--mark %u:0x%" PRIx64 ": not within another memory BAR of %s",
			 o->mark_bar, o->mark_off, facts->bdf);
		return -EINVAL;
	}
	if (facts->access == WCBAR_ACCESS_KERNEL) {
		snprintf(why, why_bytes,
			 "driver %s has %s: not opened. Bind it to vfio-pci or uio_pci_generic "
			 "first",
			 facts->driver, facts->bdf);
		return -EBUSY;
	}
	return 0;
}

/* A device that was there when it was opened, and answers all ones now. */
static int
still_there(struct wcbar_pci *pci, const struct wcbar_pci_facts *facts, const struct wcbar_bar *bar,
	    struct raw_mapping *out)
{
	uint16_t vendor = 0xffff;

	if (wcbar_bar_revoked(bar, NULL)) {
		snprintf(out->why, sizeof(out->why),
			 "the kernel took the mapping away while it was stored into");
		return -ENODEV;
	}
	if (wcbar_pci_config_read(pci, 0, &vendor, sizeof(vendor)) == 0 && vendor == 0xffff) {
		snprintf(out->why, sizeof(out->why),
			 "%s has vanished: its configuration space reads all ones", facts->bdf);
		return -ENODEV;
	}
	return 0;
}

static void
answers_why(const struct wcbar_bar *bar, const struct raw_options *o, int error,
	    struct raw_mapping *out)
{
	const struct wcbar_answer *a = wcbar_bar_answers(bar);
	int n = snprintf(out->why, sizeof(out->why),
			 "BAR %u cannot be mapped %s at 0x%" PRIx64 ": %s", o->bar,
			 wcbar_type_name(out->intended), o->off, strerror(-error));

	/* The last rung that said why speaks for this type. */
	for (unsigned int i = 0; i < WCBAR_RUNGS && n < (int)sizeof(out->why); i++) {
		if (a[i].tried && a[i].error != 0)
			snprintf(out->why + n, sizeof(out->why) - (size_t)n, "; %s: %s",
				 wcbar_rung_name(i), a[i].why);
	}
}

/* Maps the register that marks; after the range, which VFIO must not have touched before. */
static int
mark_map(struct wcbar_bar *bar, const struct raw_options *o, const struct wcbar_pci_facts *facts,
	 struct raw_mapping *out)
{
	const uint64_t first = o->mark_off / facts->page_bytes * facts->page_bytes;
	struct wcbar_window win;
	int ret = wcbar_bar_map(bar, first, facts->page_bytes, WCBAR_TYPE_UC, 0, &win);

	if (ret != 0)
		snprintf(out->why, sizeof(out->why), "--mark: BAR %u cannot be mapped: %s",
			 o->mark_bar, strerror(-ret));
	else
		out->mark = (char *)win.addr + (o->mark_off - first);
	return ret;
}

/* Maps the pages of the range; stores into the range alone, and marks if `marks` is a BAR. */
static int
bar_measure(struct wcbar_pci *pci, struct wcbar_bar *bar, struct wcbar_bar *marks,
	    const struct raw_options *o, const struct wcbar_pci_facts *facts,
	    struct raw_mapping *out)
{
	const uint64_t page = facts->page_bytes, first = o->off / page * page;
	const uint64_t last = (o->off + o->bytes + page - 1) / page * page;
	struct wcbar_window win, range;
	int ret;

	ret = wcbar_bar_map(bar, first, last - first, out->intended, 0, &win);
	if (ret != 0) {
		answers_why(bar, o, ret, out);
		return ret;
	}
	out->rung = wcbar_bar_rung(bar, first);
	range = win;
	range.addr = (char *)win.addr + (o->off - first);
	range.bytes = o->bytes;
	ret = marks != NULL ? mark_map(marks, o, facts, out) : 0;
	if (ret == 0)
		ret = raw_measure(&range, o, out);
	if (ret == 0)
		ret = still_there(pci, facts, bar, out);
	wcbar_bar_unmap(bar, &win);
	return ret;
}

void
raw_device(const struct raw_options *o, const struct wcbar_pci_facts *facts,
	   enum wcbar_type intended, unsigned int marks_before, struct raw_mapping *out)
{
	struct wcbar_pci_options options = pci_options(o);
	struct wcbar_pci *pci = NULL;
	struct wcbar_bar *bar = NULL, *marks = NULL;

	*out = (struct raw_mapping){.intended = intended,
				    .rung = WCBAR_RUNGS,
				    .numa_node = facts->numa_node,
				    .marks_before = marks_before};
	wcbar_sigbus_install();
	/* x86: the whole BAR is WC while the device is open. No register of it is touched. */
	if (intended == WCBAR_TYPE_WC && facts->bars[o->bar].prefetchable)
		options.wc_bars = 1u << o->bar;
	out->error = wcbar_pci_open(o->bdf, &options, &pci, out->why, sizeof(out->why));
	if (out->error == 0)
		out->error = wcbar_bar_open(pci, o->bar, &bar, out->why, sizeof(out->why));
	if (out->error == 0 && o->mark)
		out->error = wcbar_bar_open(pci, o->mark_bar, &marks, out->why, sizeof(out->why));
	if (out->error == 0)
		out->error = bar_measure(pci, bar, marks, o, facts, out);
	wcbar_bar_close(marks);
	wcbar_bar_close(bar);
	wcbar_pci_close(pci);
}

/* ---- as a target --------------------------------------------------------------------------- */

static int
bar_target_open(struct raw_target *t, const struct raw_options *o, char *why, size_t why_bytes)
{
	struct wcbar_pci_facts facts;
	int ret = raw_check(o, &facts, why, why_bytes);

	if (ret != 0)
		return ret;
	raw_target_pci(t, o, facts.bdf);
	snprintf(t->name, sizeof(t->name), "%s BAR %u", facts.bdf, o->bar);
	t->behind = RAW_BEHIND_DEVICE;
	snprintf(t->behind_why, sizeof(t->behind_why), "BAR %u of %s", o->bar, facts.bdf);
	if (o->wc)
		t->types[t->n_types++] = WCBAR_TYPE_WC;
	if (o->uc)
		t->types[t->n_types++] = WCBAR_TYPE_UC;
	return 0;
}

static void
bar_target_measure(struct raw_target *t, const struct raw_options *o, enum wcbar_type type,
		   unsigned int marks_before, struct raw_mapping *out)
{
	raw_device(o, &t->pci, type, marks_before, out);
	raw_target_doubt_reads(t, o, out); /* a hypervisor's BAR may be RAM */
}

const struct raw_source raw_source_bar = {
	.kind = "bar",
	.open = bar_target_open,
	.measure = bar_target_measure,
};
