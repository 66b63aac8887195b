/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What is found out with the device open. */

#include <errno.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "card_test.h"
#include "device.h"
#include "predict.h"
#include "verdict.h"

/* Enough to time, little enough for a BAR whose every store is emulated. */
#define TIMING_LINES_MAX 64u

/* -ENODEV: the device was there when it was opened, and reads all ones now. */
static int
device_still_there(struct probe *p, struct wcbar_pci *pci)
{
	uint16_t vendor = 0xffff;
	int ret = wcbar_pci_config_read(pci, 0, &vendor, sizeof(vendor));

	if (ret == 0 && vendor == p->facts.vendor)
		return 0;
	snprintf(p->open_why, sizeof(p->open_why),
		 "%s has vanished: its configuration space reads 0x%04x as vendor, expected 0x%04x",
		 p->facts.bdf, vendor, p->facts.vendor);
	return -ENODEV;
}

/* Times the same stores into this process's memory: that shows whether memory is behind the BAR. */
static int
memory_measure(struct timing *t, size_t lines)
{
	static alignas(WCBAR_LINE_BYTES) uint8_t memory[TIMING_LINES_MAX * WCBAR_LINE_BYTES];
	struct wcbar_window win = {.addr = memory, .bytes = sizeof(memory), .type = WCBAR_TYPE_WB};
	struct wcbar_calibration cal;
	int ret = wcbar_calibrate(&win, lines, &cal);

	for (size_t i = 0; ret == 0 && i < cal.ranks; i++) {
		if (strcmp(cal.rank[i].store->name, "u64") == 0)
			t->memory_ns_per_line = cal.rank[i].ns_per_line;
	}
	return ret;
}

/* Stores into the permitted range and nowhere else. */
static int
range_measure(struct probe *p, struct wcbar_pci *pci, struct wcbar_bar *bar, uint64_t off,
	      uint64_t bytes)
{
	const uint64_t page = p->facts.page_bytes, first = off / page * page;
	const uint64_t last = (off + bytes + page - 1) / page * page;
	size_t lines = bytes / WCBAR_LINE_BYTES;
	struct wcbar_window win, range;
	int ret;

	if (lines > TIMING_LINES_MAX)
		lines = TIMING_LINES_MAX;
	ret = wcbar_bar_map(bar, first, last - first, WCBAR_TYPE_WC, 0, &win);
	if (ret != 0) {
		snprintf(p->open_why, sizeof(p->open_why),
			 "BAR %u cannot be mapped at 0x%" PRIx64 ": %s", p->bar, first,
			 strerror(-ret));
		return ret;
	}
	p->timing.type = win.type;
	p->timing.rung = wcbar_bar_rung(bar, first);
	if (p->timing.rung == WCBAR_RUNG_VFIO)
		p->timing.type = p->answers[WCBAR_RUNG_VFIO].type;
	range = win;
	range.addr = (char *)win.addr + (off - first);
	range.bytes = lines * WCBAR_LINE_BYTES;
	p->timing.off = off;
	p->timing.bytes = range.bytes;
	ret = wcbar_calibrate(&range, lines, &p->timing.cal);
	if (ret == 0)
		ret = memory_measure(&p->timing, lines);
	if (ret != 0)
		snprintf(p->open_why, sizeof(p->open_why), "stores cannot be timed: %s",
			 strerror(-ret));
	else if (wcbar_bar_revoked(bar, NULL)) {
		ret = -ENODEV;
		snprintf(p->open_why, sizeof(p->open_why),
			 "the kernel took the mapping of BAR %u away while it was stored into",
			 p->bar);
	} else
		ret = device_still_there(p, pci);
	p->timing.done = ret == 0;
	wcbar_bar_unmap(bar, &win);
	return ret;
}

/* With the device open: asks for every rung, then does what was permitted. */
static int
pci_ask(struct probe *p, struct wcbar_pci *pci, const struct options *o)
{
	const uint64_t page = p->facts.page_bytes;
	struct wcbar_answer answers[WCBAR_RUNGS];
	struct wcbar_bar *bar;
	int ret;

	ret = wcbar_bar_open(pci, p->bar, &bar, p->open_why, sizeof(p->open_why));
	if (ret != 0)
		return ret;
	ret = wcbar_bar_probe(bar, o->write_off / page * page, WCBAR_TYPE_WC, answers);
	if (ret != 0)
		snprintf(p->open_why, sizeof(p->open_why), "the rungs cannot be asked: %s",
			 strerror(-ret));
	else
		ret = device_still_there(p, pci);
	if (ret == 0) {
		memcpy(p->answers, answers, sizeof(answers));
		memset(p->sure, true, sizeof(p->sure));
		predict_doubt_variant(&p->facts, p->arch, &p->answers[WCBAR_RUNG_VFIO]);
		p->answered = true;
	}
	if (ret == 0 && o->write)
		ret = range_measure(p, pci, bar, o->write_off, o->write_bytes);
	wcbar_bar_close(bar);
	if (ret == 0 && o->card_test)
		ret = card_pci_test(pci, &p->card, p->open_why, sizeof(p->open_why));
	return ret;
}

static int
device_check(struct probe *p, const struct options *o)
{
	if (p->facts.access == WCBAR_ACCESS_KERNEL) {
		snprintf(p->open_why, sizeof(p->open_why),
			 "driver %s has %s: not opened. Bind it to vfio-pci or uio_pci_generic "
			 "first",
			 p->facts.driver, p->facts.bdf);
		return -EBUSY;
	}
	if (o->card_test)
		return card_pci_check(&p->facts, p->open_why, sizeof(p->open_why));
	return 0;
}

void
device_ask(struct probe *p, const struct options *o)
{
	struct wcbar_pci_options options = WCBAR_PCI_OPTIONS_DEFAULT;
	struct wcbar_pci *pci;

	p->open_asked = true;
	p->open_error = device_check(p, o);
	if (p->open_error != 0)
		return;
	wcbar_sigbus_install();
	options.config = &p->facts.config;
	/* What is asked is whether this BAR can be WC; registers are not touched meanwhile. */
	if (p->facts.bars[p->bar].prefetchable)
		options.wc_bars = 1u << p->bar;
	p->open_error = wcbar_pci_open(p->facts.bdf, &options, &pci, p->open_why,
				       sizeof(p->open_why));
	if (p->open_error != 0)
		return;
	p->open_error = pci_ask(p, pci, o);
	wcbar_pci_close(pci);
	if (p->timing.done)
		effective_from_timing(&p->timing, p->facts.hypervisor, &p->effective);
	if (p->card.done)
		effective_from_card(&p->card, p->facts.hypervisor, &p->effective);
}
