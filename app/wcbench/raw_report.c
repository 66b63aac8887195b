/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What wcbench raw reports: JSON and text. */

#include <inttypes.h>
#include <stdio.h>

#include "raw_target.h"

/* ---- JSON ---------------------------------------------------------------------------------- */

/* Whether the run's two halves agree: null where it was too short to tell. */
static void
halves_add(struct json_object *to, const struct halves *h)
{
	app_json_add(to, "stable", h->judged ? json_object_new_boolean(h->agree) : NULL);
	if (!h->judged || h->agree)
		return;
	app_json_add_double(to, "first_half", h->first);
	app_json_add_double(to, "second_half", h->second);
}

static struct json_object *
cell_json(const char *basis, struct raw_cell *c)
{
	static const char *const keys[] = {"ns_per_line", "ns_per_store", "ns_per_store",
					   "ns_per_read"};
	struct json_object *o = json_object_new_object();

	if (c->what == RAW_LINES || c->what == RAW_DOORBELL) {
		app_json_add_text(o, "primitive",
				  c->what == RAW_LINES ? c->store->name : "doorbell");
		app_json_add_text(o, "order", c->each ? "each" : "burst");
		if (c->what == RAW_LINES)
			app_json_add_u64(o, "burst", c->burst);
		app_json_add(o, "mark", c->mark != 0 ? json_object_new_int((int)c->mark) : NULL);
	} else {
		app_json_add_u64(o, "bytes", sizeof(uint64_t));
		if (c->what == RAW_STORE)
			app_json_add_text(o, "order", "each");
	}
	app_json_add(o, keys[c->what], run_figure_of(basis, "ns", &c->ns, run_percents, 1));
	halves_add(o, &c->halves);
	return o;
}

static struct json_object *
streams_json(const char *basis, struct raw_mapping *m)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < m->n_streams && m->error == 0; i++) {
		struct raw_stream *s = &m->streams[i];
		struct json_object *o = json_object_new_object(), *cpus = json_object_new_array();

		app_json_add_u64(o, "threads", s->threads);
		for (unsigned int c = 0; c < s->threads; c++)
			json_object_array_add(cpus, json_object_new_int((int)m->cpus[c]));
		app_json_add(o, "cpus", cpus);
		app_json_add_text(o, "primitive", m->stream_store->name);
		app_json_add_text(o, "order", "burst");
		app_json_add_u64(o, "burst", m->stream_burst);
		app_json_add(
			o, "bytes_per_second",
			run_figure_of(basis, "bytes/s", &s->bytes_per_second, run_percents, 1));
		halves_add(o, &s->halves);
		json_object_array_add(array, o);
	}
	return array;
}

static struct json_object *
mapping_json(const char *basis, struct raw_mapping *m)
{
	/* by enum raw_what */
	static const char *const lists[] = {"lines", "doorbell", "stores", "reads"};
	struct json_object *o = json_object_new_object(), *list[4];

	app_json_add_text(o, "intended", wcbar_type_name(m->intended));
	app_json_add_text_or_null(o, "error", m->error != 0 ? m->why : "");
	app_json_add_text_or_null(o, "type", m->error == 0 ? wcbar_type_name(m->type) : "");
	app_json_add_text_or_null(o, "rung", m->rung < WCBAR_RUNGS ? wcbar_rung_name(m->rung) : "");
	app_json_add(o, "direct", m->error == 0 ? json_object_new_boolean(m->direct) : NULL);
	app_json_add(o, "cpu", m->error == 0 && m->cpu >= 0 ? json_object_new_int(m->cpu) : NULL);
	app_json_add_u64(o, "rounds", m->rounds);
	app_json_add_u64(o, "unstable", raw_unstable(m));
	for (size_t i = 0; i < 4; i++)
		list[i] = json_object_new_array();
	for (size_t i = 0; i < m->n && m->error == 0; i++)
		json_object_array_add(list[m->cells[i].what], cell_json(basis, &m->cells[i]));
	for (size_t i = 0; i < 4; i++)
		app_json_add(o, lists[i], list[i]);
	app_json_add(o, "streams", streams_json(basis, m));
	app_json_add_text_or_null(o, "streams_error", m->streams_why);
	return o;
}

static struct json_object *
device_json(const struct raw_options *o, const struct raw_target *t)
{
	struct json_object *device = json_object_new_object();

	app_json_add_text(device, "bdf", t->pci.bdf);
	app_json_add_format(device, "id", "%04x:%04x", t->pci.vendor, t->pci.device);
	app_json_add_text_or_null(device, "driver", t->pci.driver);
	app_json_add(device, "numa_node",
		     t->pci.numa_node >= 0 ? json_object_new_int(t->pci.numa_node) : NULL);
	if (o->way != RAW_WAY_BAR)
		return device;
	app_json_add_u64(device, "bar", o->bar);
	app_json_add_u64(device, "offset", o->off);
	app_json_add_u64(device, "bytes", o->bytes);
	return device;
}

static struct json_object *
link_json(const struct pci_link_end *end)
{
	struct json_object *o = json_object_new_object();

	app_json_add_text(o, "bdf", end->bdf);
	app_json_add_text_or_null(o, "current_speed", end->speed);
	app_json_add_text_or_null(o, "max_speed", end->max_speed);
	app_json_add(o, "current_width",
		     end->width != 0 ? json_object_new_int((int)end->width) : NULL);
	app_json_add(o, "max_width",
		     end->max_width != 0 ? json_object_new_int((int)end->max_width) : NULL);
	return o;
}

static struct json_object *
pci_json(const struct raw_target *t)
{
	struct json_object *o = json_object_new_object(), *bars = json_object_new_array();
	const struct pci_link *l = &t->link;

	app_json_add_text_or_null(o, "driver_version", l->driver_version);
	app_json_add(o, "link", link_json(&l->device));
	app_json_add(o, "narrowest_link",
		     l->narrowest.bdf[0] != '\0' ? link_json(&l->narrowest) : NULL);
	for (unsigned int i = 0; i < WCBAR_PCI_BARS; i++) {
		const struct wcbar_bar_facts *b = &t->pci.bars[i];
		struct json_object *bar;

		if (b->bytes == 0 || b->io)
			continue;
		bar = json_object_new_object();
		app_json_add_u64(bar, "bar", i);
		app_json_add_u64(bar, "bytes", b->bytes);
		app_json_add_bool(bar, "prefetchable", b->prefetchable);
		app_json_add_bool(bar, "resizable", (l->resizable & 1u << i) != 0);
		json_object_array_add(bars, bar);
	}
	app_json_add(o, "bars", bars);
	return o;
}

static struct json_object *
now_json(const struct raw_target *t)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < t->n_now; i++) {
		struct json_object *o = json_object_new_object();

		app_json_add_u64(o, "bar", t->now[i].bar);
		app_json_add_format(o, "from", "0x%" PRIx64, t->now[i].from);
		app_json_add_format(o, "to", "0x%" PRIx64, t->now[i].to);
		app_json_add_text(o, "type", wcbar_type_name(t->now[i].type));
		json_object_array_add(array, o);
	}
	return array;
}

static struct json_object *
target_json(const struct raw_target *t, enum wcbar_type type)
{
	static const char *const behind[] = {"unknown", "device", "ram"};
	struct json_object *o = json_object_new_object();

	app_json_add_text(o, "kind", t->source->kind);
	app_json_add_text(o, "name", t->name);
	app_json_add_text(o, "memory", raw_memory_name(t, type));
	app_json_add_text(o, "behind", behind[t->behind]);
	app_json_add_text(o, "behind_because", t->behind_why);
	app_json_add_bool(o, "software_renderer", t->software);
	app_json_add_text_or_null(o, "type_because", t->type_why);
	app_json_add(o, "pci", t->has_pci ? pci_json(t) : NULL);
	app_json_add(o, "now", now_json(t));
	app_json_add_text_or_null(o, "now_error", t->now_why);
	if (t->source->json != NULL)
		t->source->json(t, o);
	return o;
}

struct json_object *
raw_json(const struct raw_options *o, const struct machine *machine, const struct raw_target *t,
	 struct raw_mapping *mappings, size_t n)
{
	struct json_object *root = run_head("raw", &o->common, machine, NULL);
	struct json_object *array = json_object_new_array();
	const char *basis = raw_basis(t, machine);

	app_json_add_text(root, "basis", basis);
	app_json_add(root, "device", t->has_pci ? device_json(o, t) : NULL);
	app_json_add(root, "target", target_json(t, n > 0 ? mappings[0].type : t->types[0]));
	for (size_t i = 0; i < n; i++)
		json_object_array_add(array, mapping_json(basis, &mappings[i]));
	app_json_add(root, "mappings", array);
	return root;
}

/* ---- text ---------------------------------------------------------------------------------- */

static void
link_text(FILE *out, const char *what, const struct pci_link_end *end)
{
	fprintf(out, "  %s %s: ", what, end->bdf);
	if (end->width == 0)
		fprintf(out, "not told by sysfs\n");
	else
		fprintf(out, "%s x%u now, at most %s x%u\n",
			end->speed[0] != '\0' ? end->speed : "unknown speed", end->width,
			end->max_speed[0] != '\0' ? end->max_speed : "unknown speed",
			end->max_width);
}

static void
pci_text(FILE *out, const struct raw_target *t)
{
	const struct wcbar_pci_facts *f = &t->pci;

	fprintf(out, "  PCI device %s, %04x:%04x, driver %s%s%s, ", f->bdf, f->vendor, f->device,
		f->driver[0] != '\0' ? f->driver : "none",
		t->link.driver_version[0] != '\0' ? " " : "", t->link.driver_version);
	if (f->numa_node >= 0)
		fprintf(out, "NUMA node %d\n", f->numa_node);
	else
		fprintf(out, "NUMA node unknown\n");
	link_text(out, "link of", &t->link.device);
	if (t->link.narrowest.bdf[0] != '\0')
		link_text(out, "narrowest link on the way, of", &t->link.narrowest);
	for (unsigned int i = 0; i < WCBAR_PCI_BARS; i++) {
		const struct wcbar_bar_facts *b = &f->bars[i];

		if (b->bytes != 0 && !b->io && b->prefetchable)
			fprintf(out, "  BAR %u: %" PRIu64 " KiB, prefetchable, %s\n", i,
				b->bytes >> 10,
				(t->link.resizable & 1u << i) != 0 ? "resizable" : "not resizable");
	}
	for (size_t i = 0; i < t->n_now; i++)
		fprintf(out, "  mapped now: BAR %u, 0x%" PRIx64 " to 0x%" PRIx64 ", %s\n",
			t->now[i].bar, t->now[i].from, t->now[i].to,
			wcbar_type_name(t->now[i].type));
	if (t->now_why[0] != '\0')
		fprintf(out, "  mapped now: %s\n", t->now_why);
}

void
raw_target_text(FILE *out, const struct machine *machine, const struct raw_target *t)
{
	fprintf(out, "%s: %s\n", t->name, raw_memory_name(t, t->types[0]));
	fprintf(out, "  because: %s\n", t->behind_why);
	if (t->type_why[0] != '\0')
		fprintf(out, "  type %s because: %s\n", wcbar_type_name(t->types[0]), t->type_why);
	if (t->source->text != NULL)
		t->source->text(t, out);
	if (t->has_pci)
		pci_text(out, t);
	fprintf(out, "  on %s%s", machine->cpu[0] != '\0' ? machine->cpu : machine->arch,
		machine->hypervisor ? ", in a virtual machine" : "");
	if (machine->mhz > 0)
		fprintf(out, ", at %.0f MHz", machine->mhz);
	fputc('\n', out);
}

static void
row_text(FILE *out, const char *name, const char *burst, const char *drain, struct samples *s,
	 double scale, const struct halves *h)
{
	fprintf(out, "  %-12s %6s %-6s", name, burst, drain);
	for (const double *p = run_percents; *p != 0; p++)
		fprintf(out, " %10.1f", samples_percentile(s, *p) * scale);
	fprintf(out, "%s\n", h->judged && !h->agree ? " !" : "");
}

static void
cell_text(FILE *out, struct raw_cell *c)
{
	static const char *const names[] = {NULL, "doorbell", "store of 8", "read of 8"};
	char burst[16] = "-";

	if (c->what == RAW_LINES)
		snprintf(burst, sizeof(burst), "%u", c->burst);
	row_text(out, c->what == RAW_LINES ? c->store->name : names[c->what], burst,
		 c->what == RAW_READ ? "-"
		 : c->each           ? "each"
				     : "burst",
		 &c->ns, 1, &c->halves);
}

static void
streams_text(FILE *out, struct raw_mapping *m)
{
	if (m->n_streams == 0) {
		if (m->streams_why[0] != '\0')
			fprintf(out, "  streams: %s\n", m->streams_why);
		return;
	}
	fprintf(out, "  MB/s of all threads, %s, bursts of %u lines, a core for each thread\n",
		m->stream_store->name, m->stream_burst);
	for (size_t i = 0; i < m->n_streams; i++) {
		char threads[16];

		snprintf(threads, sizeof(threads), "%u", m->streams[i].threads);
		row_text(out, "threads", threads, "burst", &m->streams[i].bytes_per_second, 1e-6,
			 &m->streams[i].halves);
	}
}

void
raw_text(FILE *out, const struct machine *machine, const struct raw_target *t,
	 struct raw_mapping *m)
{
	const size_t unstable = raw_unstable(m);

	if (m->intended == WCBAR_TYPE_UNKNOWN || t->source != &raw_source_bar)
		fprintf(out, "type %s: ", wcbar_type_name(m->type));
	else
		fprintf(out, "intended %s: ", wcbar_type_name(m->intended));
	if (m->error != 0) {
		fprintf(out, "not measured: %s\n", m->why);
		return;
	}
	if (t->source == &raw_source_bar)
		fprintf(out, "%s by %s, ", wcbar_type_name(m->type),
			m->rung < WCBAR_RUNGS ? wcbar_rung_name(m->rung) : "-");
	fprintf(out, "%s; ns per line, doorbell, store or read, %s, %u rounds\n",
		m->direct ? "direct"
			  : "not known to be direct (a hypervisor emulates the stores, or they are "
			    "slow)",
		raw_basis(t, machine), m->rounds);
	fprintf(out, "  %-12s %6s %-6s %10s %10s %10s %10s\n", "primitive", "lines", "drain", "p10",
		"p50", "p90", "p99");
	for (size_t i = 0; i < m->n; i++)
		cell_text(out, &m->cells[i]);
	streams_text(out, m);
	if (unstable > 0)
		fprintf(out,
			"  !: in %zu rows the medians of the run's two halves differ by more than "
			"the spread; run it again on a quieter machine\n",
			unstable);
}
