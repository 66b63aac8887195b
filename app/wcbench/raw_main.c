/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcbench raw: reports, and the run. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <app_error.h>

#include "raw.h"

/* ---- reports ------------------------------------------------------------------------------- */

static struct json_object *
mapping(const struct machine *machine, struct raw_mapping *m)
{
	struct json_object *o = json_object_new_object(), *lines = json_object_new_array();
	struct json_object *doorbell = json_object_new_array();

	app_json_add_text(o, "intended", wcbar_type_name(m->intended));
	app_json_add_text_or_null(o, "error", m->error != 0 ? m->why : "");
	app_json_add_text_or_null(o, "type", m->error == 0 ? wcbar_type_name(m->type) : "");
	app_json_add_text_or_null(o, "rung", m->rung < WCBAR_RUNGS ? wcbar_rung_name(m->rung) : "");
	app_json_add(o, "direct", m->error == 0 ? json_object_new_boolean(m->direct) : NULL);
	for (size_t i = 0; i < m->n && m->error == 0; i++) {
		struct raw_cell *c = &m->cells[i];
		struct json_object *cell = json_object_new_object();

		app_json_add_text(cell, "primitive", c->burst != 0 ? c->store->name : "doorbell");
		app_json_add_text(cell, "order", c->each ? "each" : "burst");
		if (c->burst != 0)
			app_json_add_u64(cell, "burst", c->burst);
		app_json_add(cell, "mark", c->mark != 0 ? json_object_new_int((int)c->mark) : NULL);
		app_json_add(cell, c->burst != 0 ? "ns_per_line" : "ns_per_store",
			     run_figure(machine, "ns", &c->ns, run_percents));
		json_object_array_add(c->burst != 0 ? lines : doorbell, cell);
	}
	app_json_add(o, "lines", lines);
	app_json_add(o, "doorbell", doorbell);
	return o;
}

struct json_object *
raw_json(const struct raw_options *o, const struct machine *machine,
	 const struct wcbar_pci_facts *facts, struct raw_mapping *mappings, size_t n)
{
	struct json_object *root = run_head("raw", &o->common, machine, NULL);
	struct json_object *device = json_object_new_object(), *array = json_object_new_array();
	char text[16];

	app_json_add_text(device, "bdf", facts->bdf);
	snprintf(text, sizeof(text), "%04x:%04x", facts->vendor, facts->device);
	app_json_add_text(device, "id", text);
	app_json_add_text_or_null(device, "driver", facts->driver);
	app_json_add(device, "numa_node",
		     facts->numa_node >= 0 ? json_object_new_int(facts->numa_node) : NULL);
	app_json_add_u64(device, "bar", o->bar);
	app_json_add_u64(device, "offset", o->off);
	app_json_add_u64(device, "bytes", o->bytes);
	app_json_add(root, "device", device);
	for (size_t i = 0; i < n; i++)
		json_object_array_add(array, mapping(machine, &mappings[i]));
	app_json_add(root, "mappings", array);
	return root;
}

void
raw_text(FILE *out, const struct machine *machine, struct raw_mapping *m)
{
	fprintf(out, "intended %s: ", wcbar_type_name(m->intended));
	if (m->error != 0) {
		fprintf(out, "not measured: %s\n", m->why);
		return;
	}
	fprintf(out, "%s by %s, %s; ns per line or doorbell, %s, %u rounds\n",
		wcbar_type_name(m->type), m->rung < WCBAR_RUNGS ? wcbar_rung_name(m->rung) : "-",
		m->direct ? "direct" : "not direct (a hypervisor emulates the stores)",
		machine_basis(machine), m->rounds);
	fprintf(out, "  %-12s %6s %-6s %10s %10s %10s %10s\n", "primitive", "lines", "drain", "p10",
		"p50", "p90", "p99");
	for (size_t i = 0; i < m->n; i++) {
		struct raw_cell *c = &m->cells[i];
		char burst[16] = "-";

		if (c->burst != 0)
			snprintf(burst, sizeof(burst), "%u", c->burst);
		fprintf(out, "  %-12s %6s %-6s", c->burst != 0 ? c->store->name : "doorbell", burst,
			c->each ? "each" : "burst");
		for (const double *p = run_percents; *p != 0; p++)
			fprintf(out, " %10.1f", samples_percentile(&c->ns, *p));
		fputc('\n', out);
	}
}

/* ---- the run ------------------------------------------------------------------------------- */

static enum status
measure(const struct raw_options *o, const struct machine *machine,
	const struct wcbar_pci_facts *facts, struct raw_mapping *mappings)
{
	const enum wcbar_type types[] = {WCBAR_TYPE_WC, WCBAR_TYPE_UC};
	const bool wanted[] = {o->wc, o->uc};
	unsigned int measured = 0, marks = 0;
	size_t n = 0;

	for (size_t i = 0; i < 2; i++) {
		if (!wanted[i])
			continue;
		raw_device(o, facts, types[i], marks, &mappings[n]);
		marks += (unsigned int)mappings[n].n;
		if (mappings[n].error == 0)
			measured++;
		else
			app_error("%s: %s", wcbar_type_name(types[i]), mappings[n].why);
		raw_text(stdout, machine, &mappings[n]);
		n++;
	}
	if (o->common.json != NULL &&
	    app_json_write(raw_json(o, machine, facts, mappings, n), o->common.json) != 0)
		return STATUS_FAILED;
	return measured > 0 && fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

int
raw_main(int argc, char **argv)
{
	char why[WCBAR_WHY_BYTES] = "";
	struct wcbar_pci_facts facts;
	enum app_options_verdict verdict;
	struct raw_mapping *mappings;
	struct machine machine;
	struct raw_options o;
	enum status status;
	int ret;

	verdict = raw_options_parse(argc, argv, &o);
	if (verdict != APP_OPTIONS_RUN)
		return options_status(verdict);
	if (run_machine(&o.common, &machine) != 0)
		return STATUS_BAD;
	ret = raw_check(&o, &facts, why, sizeof(why));
	if (ret != 0) {
		app_error("%s", why);
		return ret == -EBUSY ? STATUS_FAILED : STATUS_BAD;
	}
	mappings = calloc(2, sizeof(*mappings));
	if (mappings == NULL)
		return STATUS_FAILED;
	status = measure(&o, &machine, &facts, mappings);
	raw_mapping_fini(&mappings[0]);
	raw_mapping_fini(&mappings[1]);
	free(mappings);
	return status;
}
