/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * wcprobe over a copy of a machine, which may hold anything: the list, the verdict with its advice,
 * what is mapped now, as text, JSON and metrics. What goes out is for terminals and for parsers.
 */

#include <judge.h>
#include <list.h>
#include <now_report.h>
#include <options.h>
#include <predict.h>
#include <prometheus.h>
#include <report.h>
#include <stdlib.h>
#include <string.h>

#include <app_json.h>

#include "fuzz_machine.h"

#define OUT_BYTES (256u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static char *out_text;

static FILE *
out_begin(void)
{
	static char text[OUT_BYTES];

	out_text = text;
	return fmemopen(text, sizeof(text), "w");
}

/* No byte of a copy reaches a terminal that the terminal would obey. */
static void
out_end(FILE *out)
{
	const long n = ftell(out);

	MUST(n >= 0 && fclose(out) == 0);
	for (long i = 0; i < n; i++) {
		if (out_text[i] == '\n' || (out_text[i] >= ' ' && out_text[i] <= '~'))
			continue;
		fprintf(stderr, "byte 0x%02x behind '%.*s'\n", (uint8_t)out_text[i],
			(int)(i < 80 ? i : 80), out_text + i - (i < 80 ? i : 80));
		abort();
	}
}

static void
json_end(struct json_object *root)
{
	MUST(root != NULL && json_object_to_json_string(root) != NULL);
	json_object_put(root);
}

static void
one_try(struct options *o)
{
	static struct probe p;
	char why[WCBAR_WHY_BYTES] = "";
	FILE *out;

	if (judge_facts(&p, o, why, sizeof(why)) != 0) {
		json_end(json_error(-1, why, STATUS_BAD));
		return;
	}
	judge(&p, o);
	(void)judge_status(&p);
	if (o->json) {
		json_end(json_probe(&p, 0));
		return;
	}
	out = out_begin();
	text_probe(out, &p);
	now_text(out, "now  ", &p.facts, p.bar, &p.now);
	out_end(out);
}

static void
all_try(struct options *o)
{
	char why[WCBAR_WHY_BYTES] = "", arch[66];
	struct now_scan scan;
	struct list list;
	FILE *out;

	if (list_read(o->root, &list, why, sizeof(why)) != 0)
		return;
	if (o->json) {
		json_end(json_list(&list));
	} else {
		predict_arch(o->root, arch, sizeof(arch));
		now_scan_read(o->root, &scan);
		out = out_begin();
		text_list(out, &list);
		MUST(prometheus_write(out, &list, arch, &scan) == 0);
		out_end(out);
		now_scan_free(&scan);
	}
	list_free(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	const uint8_t how = fuzz_take8(&in);
	struct options o = {.bdf = FUZZ_BDF, .bar = -1, .root = FUZZ_FILES_ROOT};

	fuzz_machine_base();
	fuzz_machine_take(&in);
	o.json = (how & 1) != 0;
	if ((how & 4) != 0)
		o.bar = (how >> 3) % 6;
	if ((how & 2) != 0)
		all_try(&o);
	else
		one_try(&o);
	fuzz_files_reset();
	return 0;
}
