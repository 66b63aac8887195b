/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* All memory BARs as metrics for Prometheus. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "now.h"
#include "predict.h"
#include "prometheus.h"

/* What the metrics of one BAR are made of. */
struct bar {
	const struct wcbar_pci_facts *facts;
	const struct wcbar_bar_facts *b;
	unsigned int number;
	enum wcbar_rung rung; /* predicted; WCBAR_RUNGS: none */
	enum wcbar_type type; /* of that rung */
	enum now_state now;
};

/* A label's value: these three are all that the format wants escaped. */
static void
label(FILE *out, const char *before, const char *value)
{
	fputs(before, out);
	fputc('"', out);
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (*value == '\\' || *value == '"')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputc('"', out);
}

static void
bar_begin(FILE *out, const char *name, const struct bar *bar)
{
	fputs(name, out);
	label(out, "{device=", bar->facts->bdf);
	fprintf(out, ",bar=\"%u\"", bar->number);
}

static void
value(FILE *out, uint64_t number)
{
	fprintf(out, "} %" PRIu64 "\n", number);
}

static void
info_write(FILE *out, const char *name, const struct bar *bar)
{
	char id[16];

	bar_begin(out, name, bar);
	snprintf(id, sizeof(id), "%04x:%04x", bar->facts->vendor, bar->facts->device);
	label(out, ",id=", id);
	label(out, ",driver=", bar->facts->driver);
	value(out, 1);
}

static void
bytes_write(FILE *out, const char *name, const struct bar *bar)
{
	bar_begin(out, name, bar);
	value(out, bar->b->bytes);
}

static void
prefetchable_write(FILE *out, const char *name, const struct bar *bar)
{
	bar_begin(out, name, bar);
	value(out, bar->b->prefetchable);
}

static void
predicted_write(FILE *out, const char *name, const struct bar *bar)
{
	bar_begin(out, name, bar);
	label(out, ",type=", bar->rung < WCBAR_RUNGS ? wcbar_type_name(bar->type) : "none");
	label(out, ",rung=", wcbar_rung_name(bar->rung));
	value(out, 1);
}

static void
predicted_wc_write(FILE *out, const char *name, const struct bar *bar)
{
	bar_begin(out, name, bar);
	value(out, bar->rung < WCBAR_RUNGS && bar->type == WCBAR_TYPE_WC);
}

static void
mapped_write(FILE *out, const char *name, const struct bar *bar)
{
	bar_begin(out, name, bar);
	label(out, ",type=", now_state_name(bar->now));
	value(out, 1);
}

static void
mapped_wc_write(FILE *out, const char *name, const struct bar *bar)
{
	bar_begin(out, name, bar);
	value(out, bar->now == NOW_WC);
}

static const struct metric {
	const char *name, *help;
	void (*write)(FILE *out, const char *name, const struct bar *bar);
} metrics[] = {
	{"wcprobe_bar_info", "A memory BAR of a PCI device, and the driver that has the device.",
	 info_write},
	{"wcprobe_bar_size_bytes", "Size of the BAR.", bytes_write},
	{"wcprobe_bar_prefetchable",
	 "Whether the BAR is prefetchable; no other can be write-combining.", prefetchable_write},
	{"wcprobe_bar_predicted_info",
	 "The best memory type that a mapping is predicted to get, and the rung that gives it.",
	 predicted_write},
	{"wcprobe_bar_predicted_wc", "Whether a write-combining mapping is predicted.",
	 predicted_wc_write},
	{"wcprobe_bar_mapped_info",
	 "The memory type of the mappings there are: WC, UC, mixed, unknown, none.", mapped_write},
	{"wcprobe_bar_mapped_wc", "Whether the BAR is mapped, and write-combining for all.",
	 mapped_wc_write},
};

static void
bar_judge(const struct wcbar_pci_facts *f, const char *arch, const struct now_scan *scan,
	  unsigned int number, struct bar *bar)
{
	struct wcbar_answer answers[WCBAR_RUNGS];
	bool sure[WCBAR_RUNGS];
	struct now now;

	predict_answers(f, arch, number, answers, sure);
	now_judge(scan, f, arch, number, &now);
	*bar = (struct bar){
		f,        &f->bars[number], number, probe_rung(answers), probe_intended(answers),
		now.state};
}

/* Every memory BAR; the caller frees them. NULL: no memory. */
static struct bar *
bars_judge(const struct list *list, const char *arch, const struct now_scan *scan, size_t *n)
{
	struct bar *bars = calloc(list->n * WCBAR_PCI_BARS + 1, sizeof(*bars));

	*n = 0;
	for (size_t i = 0; bars != NULL && i < list->n; i++) {
		const struct wcbar_pci_facts *f = &list->entries[i].facts;

		for (unsigned int number = 0; number < WCBAR_PCI_BARS; number++) {
			if (f->bars[number].bytes != 0 && !f->bars[number].io)
				bar_judge(f, arch, scan, number, &bars[(*n)++]);
		}
	}
	return bars;
}

int
prometheus_write(FILE *out, const struct list *list, const char *arch, const struct now_scan *scan)
{
	size_t n;
	struct bar *bars = bars_judge(list, arch, scan, &n);

	if (bars == NULL)
		return -ENOMEM;
	for (size_t m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++) {
		fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", metrics[m].name, metrics[m].help,
			metrics[m].name);
		for (size_t i = 0; i < n; i++)
			metrics[m].write(out, metrics[m].name, &bars[i]);
	}
	fprintf(out,
		"# HELP wcprobe_hidden_processes Processes that could not be looked at for "
		"mappings.\n"
		"# TYPE wcprobe_hidden_processes gauge\n"
		"wcprobe_hidden_processes %u\n",
		scan->hidden + scan->all_hidden);
	free(bars);
	return 0;
}
