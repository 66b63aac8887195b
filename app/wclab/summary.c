/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The recorder's counts as JSON. Only numbers and names of this project: nothing to escape. */

#include <inttypes.h>
#include <stdio.h>

#include <app_file.h>

#include "recorder_internal.h"

static void
write_histogram(FILE *out, const char *name, const uint64_t *counts, unsigned int n)
{
	const char *comma = "";

	fprintf(out, "\"%s\": {", name);
	for (unsigned int i = 0; i < n; i++) {
		if (counts[i] == 0)
			continue;
		fprintf(out, "%s\"%u\": %" PRIu64, comma, i, counts[i]);
		comma = ", ";
	}
	fprintf(out, "}");
}

static void
write_types(FILE *out, const uint64_t *counts)
{
	const char *comma = "";

	fprintf(out, "\"by_type\": {");
	for (unsigned int i = 0; i < MEMTYPES; i++) {
		if (counts[i] == 0)
			continue;
		fprintf(out, "%s\"%s\": %" PRIu64, comma, memtype_name((enum memtype)i), counts[i]);
		comma = ", ";
	}
	fprintf(out, "}");
}

static void
write_attribute(FILE *out, const char *name, bool on, uint8_t attr, int digits)
{
	if (on)
		fprintf(out, "\"%s\": \"0x%0*x\", ", name, digits, attr);
	else
		fprintf(out, "\"%s\": null, ", name);
}

static void
write_mappings(FILE *out, const struct region *region)
{
	fprintf(out, "   \"mappings\": [");
	for (unsigned int i = 0; i < region->n_mappings; i++) {
		const struct mapping *m = &region->mappings[i];

		fprintf(out, "%s\n    {\"el\": %u, \"host\": %s, ", i > 0 ? "," : "", m->el,
			m->host ? "true" : "false");
		write_attribute(out, "stage1", m->s1_on, m->s1_attr, 2);
		write_attribute(out, "stage2", m->s2_on, m->s2_attr, 1);
		fprintf(out,
			"\"fwb\": %s, \"overridden\": %s, \"effective\": \"%s\", \"verdict\": "
			"\"%s\", "
			"\"stores\": %" PRIu64 "}",
			m->fwb ? "true" : "false", m->overridden ? "true" : "false",
			memtype_name(m->effective), m->verdict, m->stores);
	}
	fprintf(out, "],\n   \"stores_of_other_mappings\": %" PRIu64 ",\n", region->other_mappings);
}

static void
write_causes(FILE *out, const struct pcielink_totals *totals)
{
	fprintf(out, "    \"tlps_by_cause\": {");
	for (unsigned int i = 0; i < PCIELINK_CAUSES; i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i > 0 ? ", " : "",
			pcielink_cause_name((enum pcielink_cause)i), totals->tlps_by_cause[i]);
	fprintf(out, "},\n");
}

static void
write_ns(FILE *out, const char *name, uint64_t ps, const char *end)
{
	fprintf(out, "    \"%s\": %" PRIu64 ".%03u%s\n", name, ps / 1000, (unsigned int)(ps % 1000),
		end);
}

static void
write_modelled(FILE *out, const struct tally_region *region)
{
	const struct pcielink_totals *t = &region->totals;

	fprintf(out, "   \"modelled\": {\n    \"tlps\": %" PRIu64 ", ", t->tlps);
	write_histogram(out, "tlps_by_bytes", t->tlps_by_bytes, PCIELINK_LINE_BYTES + 1);
	fprintf(out, ",\n");
	write_causes(out, t);
	fprintf(out,
		"    \"lines_whole\": %" PRIu64 ", \"lines_partial\": %" PRIu64
		", \"payload_bytes\": %" PRIu64 ", \"wire_bytes\": %" PRIu64
		", \"overwritten_bytes\": %" PRIu64 ",\n",
		t->lines_whole, t->lines_partial, t->payload_bytes, t->wire_bytes,
		t->overwritten_bytes);
	fprintf(out,
		"    \"orders\": {\"dgh\": %" PRIu64 ", \"dmb\": %" PRIu64 ", \"dsb\": %" PRIu64
		"},\n",
		t->orders[PCIELINK_DGH], t->orders[PCIELINK_DMB], t->orders[PCIELINK_DSB]);
	write_ns(out, "link_busy_ns", t->link_busy_ps, ",");
	write_ns(out, "cpu_issue_ns", t->cpu_issue_ps, ",");
	write_ns(out, "stall_pressure_ns", t->stall_pressure_ps, ",");
	write_ns(out, "stall_device_ns", t->stall_device_ps, ",");
	write_ns(out, "stall_order_ns", t->stall_order_ps, ",");
	write_ns(out, "cpu_ns", region->cpu_ps, ",");
	write_ns(out, "link_ns", region->link_ps, ",");
	write_ns(out, "time_ns", region->time_ps, "");
	fprintf(out, "   }\n");
}

static void
write_region(FILE *out, const struct region *region, const struct tally_region *tally,
	     unsigned int id)
{
	fprintf(out,
		"  {\"id\": %u, \"visits\": %" PRIu64 ",\n"
		"   \"stores\": {\"count\": %" PRIu64 ", \"bytes\": %" PRIu64
		", \"not_walked\": %" PRIu64 ", ",
		id, tally->visits, region->stores, region->bytes, region->unwalked);
	write_histogram(out, "by_bytes", region->by_size, RECORDER_SIZES);
	fprintf(out, ", ");
	write_histogram(out, "by_el", region->by_el, 4);
	fprintf(out, ", ");
	write_types(out, region->by_type);
	fprintf(out, "},\n");
	write_mappings(out, region);
	write_modelled(out, tally);
	fprintf(out, "  }");
}

static void
write_all(FILE *out, const struct recorder *r)
{
	const char *comma = "";

	fprintf(out,
		"{\n \"kind\": \"modelled\",\n \"link\": \"%s\",\n"
		" \"aperture\": {\"address\": \"0x%" PRIx64 "\", \"bytes\": %" PRIu64
		", \"moves\": %" PRIu64 "},\n \"stores\": %" PRIu64 ",\n \"bad_marks\": %" PRIu64
		",\n \"feed\": {\"tlps\": %" PRIu64 ", \"lost\": %" PRIu64 "},\n",
		r->config.link->name, r->aperture_pa, r->aperture_bytes, r->aperture_moves,
		r->stores, r->bad_marks, r->feed_tlps, r->feed_lost);
	fprintf(out,
		" \"walks\": {\"made\": %" PRIu64 ", \"kept\": %" PRIu64 ", \"elsewhere\": %" PRIu64
		"},\n",
		r->walks.made, r->walks.kept, r->walks.elsewhere);
	if (r->last_fault.why != NULL)
		fprintf(out, " \"last_walk_fault\": \"stage %u level %d: %s\",\n",
			r->last_fault.stage, r->last_fault.level, r->last_fault.why);
	fprintf(out, " \"regions\": [\n");
	for (unsigned int i = 0; i < TALLY_REGIONS; i++) {
		if (r->tally.regions[i].visits == 0)
			continue;
		fprintf(out, "%s", comma);
		write_region(out, &r->regions[i], &r->tally.regions[i], i);
		comma = ",\n";
	}
	fprintf(out, "\n ]\n}\n");
}

int
recorder_write(struct recorder *r, const char *path)
{
	struct app_file file;
	int ret;

	recorder_settle(r);
	ret = app_file_begin(&file, path);
	if (ret != 0)
		return ret;
	write_all(file.out, r);
	return app_file_end(&file);
}
