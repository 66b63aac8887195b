/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* All steps of a probe, in order. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "advice.h"
#include "card_test.h"
#include "device.h"
#include "judge.h"
#include "kernel_config.h"
#include "predict.h"
#include "verdict.h"

/* "BAR 0, BAR 2": what could have been asked for. */
static void
bars_text(const struct wcbar_pci_facts *f, char *text, size_t bytes)
{
	size_t n = 0;

	snprintf(text, bytes, "no memory BAR");
	for (unsigned int i = 0; i < WCBAR_PCI_BARS && n < bytes; i++) {
		if (f->bars[i].bytes != 0 && !f->bars[i].io)
			n += snprintf(text + n, bytes - n, "%sBAR %u", n > 0 ? ", " : "", i);
	}
}

static int
bar_choose(struct probe *p, int asked, char *why, size_t why_bytes)
{
	const struct wcbar_bar_facts *b;
	char has[64];
	int number = asked >= 0 ? asked : predict_best_bar(&p->facts);

	bars_text(&p->facts, has, sizeof(has));
	if (number < 0) {
		snprintf(why, why_bytes, "%s has no memory BAR: there is nothing to map",
			 p->facts.bdf);
		return -ENODEV;
	}
	p->bar = (unsigned int)number;
	b = &p->facts.bars[number];
	if (b->bytes != 0 && !b->io)
		return 0;
	if (b->io)
		snprintf(why, why_bytes, "BAR %d of %s is I/O ports, not memory; it has %s", number,
			 p->facts.bdf, has);
	else if (number > 0 && p->facts.bars[number - 1].bytes != 0 &&
		 p->facts.bars[number - 1].wide)
		snprintf(why, why_bytes, "BAR %d of %s is the upper half of BAR %d; it has %s",
			 number, p->facts.bdf, number - 1, has);
	else
		snprintf(why, why_bytes, "%s has no BAR %d; it has %s", p->facts.bdf, number, has);
	return b->io ? -ENOTSUP : -ENODEV;
}

static int
range_check(const struct probe *p, const struct options *o, char *why, size_t why_bytes)
{
	const uint64_t bytes = p->facts.bars[p->bar].bytes;

	if (!o->write || (o->write_off <= bytes && o->write_bytes <= bytes - o->write_off))
		return 0;
	snprintf(why, why_bytes,
		 "--write 0x%" PRIx64 ":%" PRIu64 " is not within BAR %u, which has %" PRIu64
		 " bytes",
		 o->write_off, o->write_bytes, p->bar, bytes);
	return -EINVAL;
}

int
judge_facts(struct probe *p, const struct options *o, char *why, size_t why_bytes)
{
	struct wcbar_pci_options pci = WCBAR_PCI_OPTIONS_DEFAULT;
	struct wcbar_kernel_config config;
	struct now_scan scan;
	int ret;

	memset(p, 0, sizeof(*p));
	kernel_config_read(o->root, &config);
	pci.root = o->root;
	pci.config = &config;
	predict_arch(o->root, p->arch, sizeof(p->arch));
	ret = wcbar_pci_facts_read(o->bdf, &pci, &p->facts, why, why_bytes);
	if (ret == 0 && o->card_test && card_pci_check(&p->facts, why, why_bytes) == -EINVAL)
		ret = -EINVAL;
	if (ret == 0)
		ret = bar_choose(p, o->card_test ? 2 : o->bar, why, why_bytes);
	if (ret == 0)
		ret = range_check(p, o, why, why_bytes);
	if (ret != 0)
		return ret;
	now_scan_read(o->root, &scan);
	now_judge(&scan, &p->facts, p->arch, p->bar, &p->now);
	now_scan_free(&scan);
	return 0;
}

/* The type of what was stored into, if anything was, else of what would be. */
static enum wcbar_type
type_judged(const struct probe *p)
{
	if (p->card.done)
		return p->card.type;
	if (p->timing.done)
		return p->timing.type;
	return probe_intended(p->answers);
}

/* x86 without its list of types: what was granted as uncached may have become WC. */
static void
doubt(struct probe *p)
{
	for (unsigned int i = 0; p->answered && i < WCBAR_RUNGS; i++) {
		if (p->answers[i].error != -ENODATA || p->verdict.id != VERDICT_STAGE1_DEVICE)
			continue;
		p->verdict.confidence = CONFIDENCE_GUESS;
		snprintf(p->verdict.why, sizeof(p->verdict.why),
			 "no mapping is known to be other than uncached, but the kernel's list of "
			 "memory types, which would say for sure, cannot be read");
	}
}

/* What the rungs alone do not say, because of the driver that has the device. */
static void
driver_consider(struct probe *p)
{
	const enum wcbar_rung rung = probe_rung(p->answers);

	if (predict_driver_stays(&p->facts)) {
		p->verdict.id = VERDICT_KERNEL_MAPS;
		p->verdict.confidence = CONFIDENCE_LIKELY;
		snprintf(p->verdict.why, sizeof(p->verdict.why),
			 "%s gives DPDK's driver its doorbell pages (UAR), write-combining where "
			 "the CPU has that; it stays bound",
			 p->facts.driver);
	} else if (rung < WCBAR_RUNGS && type_judged(p) == WCBAR_TYPE_UNKNOWN &&
		   p->verdict.id != VERDICT_TRAPPED) {
		verdict_of_driver(p->facts.driver, &p->effective, p->facts.hypervisor, &p->verdict);
	}
}

void
judge(struct probe *p, const struct options *o)
{
	predict_answers(&p->facts, p->arch, p->bar, p->answers, p->sure);
	snprintf(p->effective.why, sizeof(p->effective.why), "nothing was stored");
	if (o->open)
		device_ask(p, o);
	verdict_make(type_judged(p), p->answered, &p->effective, p->facts.hypervisor, &p->verdict);
	doubt(p);
	driver_consider(p);
	advice_make(p);
}

enum status
judge_status(const struct probe *p)
{
	if (p->open_error != 0)
		return STATUS_FAILED;
	if (p->verdict.id == VERDICT_KERNEL_MAPS ||
	    (p->verdict.id == VERDICT_COMBINING && type_judged(p) == WCBAR_TYPE_UNKNOWN))
		return STATUS_WC;
	if (type_judged(p) != WCBAR_TYPE_WC)
		return STATUS_NO_WC;
	return p->verdict.id == VERDICT_UNKNOWN || p->verdict.id == VERDICT_COMBINING
		       ? STATUS_WC
		       : STATUS_NO_WC;
}
