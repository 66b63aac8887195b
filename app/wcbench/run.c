/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What every run has in common. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <app_error.h>

#include "run.h"

#define MAY_FAULT "st64b"

const double run_percents[] = {10, 50, 90, 99, 0};

static struct json_object *
machine(const struct machine *m)
{
	struct json_object *o = json_object_new_object();

	app_json_add_text_or_null(o, "cpu", m->cpu);
	app_json_add_text(o, "arch", m->arch);
	app_json_add_text(o, "kernel", m->kernel);
	app_json_add_u64(o, "cpus", (uint64_t)m->cpus);
	app_json_add_u64(o, "page_bytes", (uint64_t)m->page_bytes);
	app_json_add_bool(o, "hypervisor", m->hypervisor);
	app_json_add(o, "mhz", m->mhz > 0 ? json_object_new_int((int)m->mhz) : NULL);
	app_json_add(o, "max_mhz", m->max_mhz > 0 ? json_object_new_int((int)m->max_mhz) : NULL);
	app_json_add_text_or_null(o, "governor", m->governor);
	app_json_add_text_or_null(o, "clocksource", m->clocksource);
	app_json_add_text_or_null(o, "hypervisor_name", m->hypervisor_name);
	app_json_add_bool(o, "emulated", m->emulated == EMULATED_YES);
	app_json_add_text(o, "emulated_why", m->emulated_why);
	return o;
}

struct json_object *
run_head(const char *kind, const struct options *o, const struct machine *m, const char *error)
{
	const char *host = o->host_kernel;
	struct json_object *root = json_object_new_object();
	time_t now = time(NULL);
	char text[32] = "";
	struct tm tm;

	if (host == NULL && !m->hypervisor)
		host = m->kernel;
	if (gmtime_r(&now, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	app_json_add_head(root, OPTIONS_PROGRAM, RUN_SCHEMA);
	app_json_add_text(root, "commit", o->commit); /* --commit names another */
	app_json_add_text(root, "kind", kind);
	app_json_add_text(root, "setting", o->setting);
	app_json_add_text(root, "ended", text);
	app_json_add_text_or_null(root, "host_kernel", host);
	app_json_add_text(root, "basis", machine_basis(m));
	app_json_add(root, "machine", machine(m));
	app_json_add_bool(root, "ok", error == NULL);
	app_json_add_text_or_null(root, "error", error);
	return root;
}

struct json_object *
run_figure_of(const char *basis, const char *unit, struct samples *s, const double *percents,
	      double each)
{
	char key[16];
	struct json_object *o;

	if (s->n == 0)
		return NULL;
	o = json_object_new_object();
	app_json_add_text(o, "basis", basis);
	app_json_add_text(o, "unit", unit);
	app_json_add_u64(o, "n", s->n);
	for (; *percents != 0; percents++) {
		snprintf(key, sizeof(key), "p%g", *percents);
		app_json_add_double(o, key, samples_percentile(s, *percents) * each);
	}
	return o;
}

struct json_object *
run_figure(const struct machine *m, const char *unit, struct samples *s, const double *percents)
{
	return run_figure_of(machine_basis(m), unit, s, percents, 1);
}

int
run_machine(const struct options *o, struct machine *m)
{
	char signature[13];
	int ret;

	machine_signature(signature);
	ret = machine_read("", signature, o->emulated, m);
	if (ret == 0 && m->emulated == EMULATED_UNKNOWN)
		ret = -EINVAL;
	if (ret != 0)
		app_error("%s", m->emulated_why);
	return ret;
}

bool
run_store_wanted(const struct wcbar_store *store, const char *name)
{
	return name != NULL ? strcmp(store->name, name) == 0 : strcmp(store->name, MAY_FAULT) != 0;
}
