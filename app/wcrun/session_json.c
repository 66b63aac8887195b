/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* --json: what is expected of each BAR, and what became of it. */

#include <errno.h>

#include <app_json.h>

#include "session.h"

static struct json_object *
command_json(const struct session *s)
{
	struct json_object *list = json_object_new_array();

	for (char **word = s->options->command; word != NULL && *word != NULL; word++)
		json_object_array_add(list, app_json_text(*word));
	return list;
}

static struct json_object *
expected_json(const struct session *s, const struct machine_bar *b)
{
	const struct wcbar_forecast *f = session_forecast(s, b);
	const bool works = b->refused == 0 && f->error == 0 && s->way != WAY_NONE;
	struct json_object *to = json_object_new_object();

	app_json_add_text(to, "bdf", b->facts.bdf);
	app_json_add_u64(to, "bar", b->bar);
	app_json_add_u64(to, "bytes", b->facts.bars[b->bar].bytes);
	app_json_add_text_or_null(to, "note", b->note);
	app_json_add_text(to, "type", works ? "WC" : "UC");
	app_json_add_text_or_null(to, "rung", works ? wcbar_rung_name(f->rung) : "");
	app_json_add_bool(to, "sure", f->sure);
	app_json_add_bool(to, "meant", machine_bar_is_meant(b));
	app_json_add_text_or_null(to, "why", b->refused != 0 ? b->why : f->why);
	return to;
}

static struct json_object *
report_json(const struct report *r)
{
	struct json_object *to = json_object_new_object();

	app_json_add_text(to, "event", report_event_name(r->event));
	app_json_add_u64(to, "pid", (uint64_t)r->pid);
	app_json_add_text(to, "bdf", r->bdf);
	if (r->event != REPORT_OPENED)
		app_json_add_u64(to, "bar", r->bar);
	if (r->event == REPORT_MAPPED) {
		app_json_add_u64(to, "off", r->off);
		app_json_add_u64(to, "bytes", r->bytes);
		app_json_add_text(to, "type", wcbar_type_name(r->type));
		app_json_add_text(to, "rung", wcbar_rung_name(r->rung));
		app_json_add_text(to, "source", report_source_name(r->source));
	}
	app_json_add_text_or_null(to, "why", r->why);
	return to;
}

int
session_json(const struct session *s, int status)
{
	struct json_object *to, *expected, *reports;

	if (s->options->json == NULL)
		return 0;
	to = json_object_new_object();
	expected = json_object_new_array();
	reports = json_object_new_array();
	app_json_add_head(to, "wcrun", 1);
	app_json_add_text(to, "mode", s->options->check ? "check" : "run");
	app_json_add(to, "command", command_json(s));
	app_json_add_text(to, "way", session_way_name(s->way));
	app_json_add_text_or_null(to, "way_why", s->program.why);
	app_json_add(to, "exit_status", status < 0 ? NULL : json_object_new_int(status));
	for (unsigned int i = 0; i < s->machine.n; i++)
		json_object_array_add(expected, expected_json(s, &s->machine.bars[i]));
	for (unsigned int i = 0; i < s->reports_n; i++)
		json_object_array_add(reports, report_json(&s->reports[i]));
	app_json_add(to, "expected", expected);
	app_json_add(to, "reports", reports);
	return app_json_write(to, s->options->json);
}
