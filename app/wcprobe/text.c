/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Reports as text. */

#include <inttypes.h>
#include <string.h>

#include "now_report.h"
#include "predict.h"
#include "report.h"
#include "verdict.h"

#define LABEL "%-10s "

static void
text_device(FILE *out, const struct wcbar_pci_facts *f)
{
	fprintf(out, LABEL "%s  %04x:%04x, class %06x (%s)\n", "device", f->bdf, f->vendor,
		f->device, f->class_code, report_class(f->class_code));
	fprintf(out, LABEL "%s\n", "driver", f->driver[0] != '\0' ? f->driver : "none");
	if (!f->memory_enabled)
		fprintf(out, LABEL "off: the device does not answer to its BARs now\n", "decoding");
}

static void
text_bars(FILE *out, const struct probe *p)
{
	const char *label = "BARs";
	char kind[64], size[32];

	for (unsigned int i = 0; i < WCBAR_PCI_BARS; i++) {
		const struct wcbar_bar_facts *b = &p->facts.bars[i];

		if (b->bytes == 0)
			continue;
		report_bar_kind(b, kind, sizeof(kind));
		report_size(b->bytes, size, sizeof(size));
		fprintf(out, LABEL "%c %u  %8s  %s", label, i == p->bar ? '>' : ' ', i, size, kind);
		if (b->address != 0)
			fprintf(out, ", at 0x%" PRIx64, b->address);
		fputc('\n', out);
		label = "";
	}
}

static void
text_machine(FILE *out, const struct probe *p)
{
	const struct wcbar_pci_facts *f = &p->facts;

	fprintf(out, LABEL, "IOMMU");
	if (f->iommu_group < 0) {
		fputs("none for this device\n", out);
	} else if (f->noiommu) {
		fprintf(out,
			"none: group %d (vfio-noiommu) is /dev/vfio/noiommu-%d; the device's DMA "
			"reaches all memory\n",
			f->iommu_group, f->iommu_group);
	} else {
		fprintf(out, "group %d (%s), %u device%s", f->iommu_group,
			f->iommu_type[0] != '\0' ? f->iommu_type : "type unknown", f->group_devices,
			f->group_devices == 1 ? "" : "s");
		if (f->group_peer[0] != '\0')
			fprintf(out, "; a kernel driver has %s", f->group_peer);
		fputc('\n', out);
	}
	if (f->iommu_group < 0 || f->noiommu)
		fprintf(out, LABEL "VFIO's no-IOMMU mode: %s\n", "", report_noiommu_mode(f));
	if (f->numa_node >= 0)
		fprintf(out, LABEL "%d\n", "NUMA node", f->numa_node);
	fprintf(out, LABEL "kernel %s%s%s, pages of %zu, %s\n", "machine", f->kernel,
		p->arch[0] != '\0' ? " " : "", p->arch, f->page_bytes,
		f->hypervisor ? "a virtual machine" : "not a virtual machine");
	fprintf(out, LABEL "lockdown %s, iomem=relaxed %s, VFIO %s\n", "",
		f->lockdown[0] != '\0' ? f->lockdown : "not in this kernel",
		f->iomem_relaxed ? "yes" : "no", f->vfio ? "present" : "absent");
	if (f->config.file[0] != '\0')
		fprintf(out, LABEL "CONFIG_IO_STRICT_DEVMEM %s, CONFIG_VFIO_NOIOMMU %s, by %s\n",
			"", report_setting(f->config.io_strict_devmem),
			report_setting(f->config.vfio_noiommu), f->config.file);
	else
		fprintf(out,
			LABEL
			"CONFIG_IO_STRICT_DEVMEM unknown: no /proc/config.gz that can be read, "
			"no /boot/config-%s\n",
			"", f->kernel);
}

static void
text_rungs(FILE *out, const struct probe *p)
{
	const enum wcbar_rung won = probe_rung(p->answers);
	const char *label = p->answered ? "answers" : "predicted";

	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		const struct wcbar_answer *a = &p->answers[i];

		fprintf(out, LABEL "%c %-16s  %-2s  %s%s", label,
			i == (unsigned int)won ? '>' : ' ', wcbar_rung_name(i),
			wcbar_type_name(a->type), a->error == 0 ? "yes" : "no",
			p->sure[i] ? "" : ", perhaps");
		if (a->why[0] != '\0')
			fprintf(out, ": %s", a->why);
		else if (a->error != 0)
			fprintf(out, ": %s", strerror(-a->error));
		fputc('\n', out);
		label = "";
	}
}

static void
text_timing(FILE *out, const struct probe *p)
{
	const struct timing *t = &p->timing;

	fprintf(out, LABEL "at 0x%" PRIx64 ", %" PRIu64 " bytes, mapped %s by %s\n", "measured",
		t->off, t->bytes, wcbar_type_name(t->type),
		t->rung < WCBAR_RUNGS ? wcbar_rung_name(t->rung) : "none");
	fprintf(out, LABEL "  8-byte store %10.1f ns, %s\n", "", t->cal.ns_per_store,
		t->cal.direct ? "direct" : "too slow to be direct");
	for (size_t i = 0; i < t->cal.ranks; i++)
		fprintf(out, LABEL "  %-12s %10.1f ns a line\n", "", t->cal.rank[i].store->name,
			t->cal.rank[i].ns_per_line);
	fprintf(out, LABEL "  %-12s %10.1f ns a line of u64\n", "", "(memory)",
		t->memory_ns_per_line);
	if (timing_ratio(&t->cal) > 0)
		fprintf(out, LABEL "  u64 : wide   %10.2f\n", "", timing_ratio(&t->cal));
}

static void
text_card(FILE *out, const struct card_result *c)
{
	static const char *const sizes[] = {"1", "2", "4", "8", "16", "32", "64", "other"};

	fprintf(out, LABEL "%s: window of %u bytes at 0x%" PRIx64 ", mapped %s by %s\n", "card",
		c->model, c->window_bytes, c->window_off, wcbar_type_name(c->type),
		c->rung < WCBAR_RUNGS ? wcbar_rung_name(c->rung) : "none");
	if (!c->observable) {
		fprintf(out, LABEL "  NOT_OBSERVABLE: this card cannot see single stores\n", "");
		return;
	}
	for (size_t i = 0; i < c->stores; i++) {
		const struct card_store *s = &c->store[i];

		fprintf(out,
			LABEL "  %-10s %6.2f %% whole: %u lines, %u whole, %u partial, %u lost, %u "
			      "reordered, %" PRIu64 " ns\n",
			"", s->name, s->lines > 0 ? 100.0 * s->whole / s->lines : 0.0, s->lines,
			s->whole, s->partial, s->lost, s->reordered, s->ns);
		fprintf(out, LABEL "             arrivals by size:", "");
		for (unsigned int k = 0; k < 8; k++) {
			if (s->arrivals[k] != 0)
				fprintf(out, " %s: %u", sizes[k], s->arrivals[k]);
		}
		fputc('\n', out);
	}
}

static void
text_conclusion(FILE *out, const struct probe *p)
{
	const enum wcbar_rung rung = probe_rung(p->answers);

	fprintf(out, LABEL "%s%s%s%s\n", "intended",
		rung < WCBAR_RUNGS ? wcbar_type_name(p->answers[rung].type) : "no mapping",
		rung < WCBAR_RUNGS ? " by " : "", rung < WCBAR_RUNGS ? wcbar_rung_name(rung) : "",
		p->answered ? "" : " (predicted)");
	fprintf(out, LABEL "%s", "effective", effective_state_name(p->effective.state));
	if (p->effective.source != SOURCE_NONE)
		fprintf(out, " (%s, %s)", effective_source_name(p->effective.source),
			confidence_name(p->effective.confidence));
	fprintf(out, ": %s\n", p->effective.why);
	fprintf(out, LABEL "%s (%s)\n", "verdict", verdict_text(p->verdict.id),
		p->verdict.confidence == CONFIDENCE_NONE ? "nothing to tell from"
							 : confidence_name(p->verdict.confidence));
	fprintf(out, LABEL "%s\n", "reason", p->verdict.why);
	for (size_t i = 0; i < p->n_advice; i++) {
		const struct advice *a = &p->advice[i];

		fprintf(out, LABEL "%zu. [%s] %s", i == 0 ? "to do" : "", i + 1,
			effort_name(a->effort), a->text);
		if (a->gives < WCBAR_RUNGS)
			fprintf(out, " -> %s (predicted)", wcbar_rung_name(a->gives));
		fputc('\n', out);
	}
}

void
text_probe(FILE *out, const struct probe *p)
{
	char label[16];

	text_device(out, &p->facts);
	text_bars(out, p);
	text_machine(out, p);
	snprintf(label, sizeof(label), LABEL, "now");
	now_text(out, label, &p->facts, p->bar, &p->now);
	fputc('\n', out);
	if (p->open_error != 0)
		fprintf(out, LABEL "%s\n", "not done", p->open_why);
	text_rungs(out, p);
	if (p->timing.done)
		text_timing(out, p);
	if (p->card.done)
		text_card(out, &p->card);
	fputc('\n', out);
	text_conclusion(out, p);
}

void
text_list(FILE *out, const struct list *list)
{
	char size[32];

	if (list->n == 0) {
		fputs("no PCI device has a memory BAR\n", out);
		return;
	}
	fprintf(out, "%-12s  %-9s  %-12s  %-16s  %-3s  %8s  %s\n", "device", "id", "class",
		"driver", "BAR", "size", "write combining (predicted)");
	for (size_t i = 0; i < list->n; i++) {
		const struct list_entry *e = &list->entries[i];
		const struct wcbar_bar_facts *b = &e->facts.bars[e->bar];

		report_size(b->bytes, size, sizeof(size));
		fprintf(out, "%-12s  %04x:%04x  %-12s  %-16s  %3d  %8s  ", e->facts.bdf,
			e->facts.vendor, e->facts.device, report_class(e->facts.class_code),
			e->facts.driver[0] != '\0' ? e->facts.driver : "-", e->bar, size);
		if (predict_driver_stays(&e->facts))
			fprintf(out, "by the kernel: %s maps it for DPDK's driver\n",
				e->facts.driver);
		else if (!e->possible)
			fprintf(out, "no%s\n", b->prefetchable ? "" : ": not prefetchable");
		else if (e->least.text[0] == '\0')
			fprintf(out, "yes: %s\n", wcbar_rung_name(e->least.gives));
		else
			fprintf(out, "could: %s, %s\n", wcbar_rung_name(e->least.gives),
				e->least.text);
	}
}
