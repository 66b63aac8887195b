/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcbench raw: the command. */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <app_error.h>

#include "raw_target.h"
#include "run.h"

/* ---- the run ------------------------------------------------------------------------------- */

/* What was measured of a target. */
struct results {
	struct raw_mapping mappings[2];
	struct far_end far_end;
};

static enum status
json_write(const struct raw_options *o, const struct machine *machine, const struct raw_target *t,
	   struct results *r, size_t n)
{
	struct json_object *root = raw_json(o, machine, t, r->mappings, n);

	app_json_add(root, "far_end", o->far_end ? far_end_json(&r->far_end) : NULL);
	return app_json_write(root, o->common.json) == 0 ? STATUS_OK : STATUS_FAILED;
}

/* False: a far end was asked for, and there is none. */
static bool
far_end_done(const struct raw_options *o, const struct machine *machine, struct raw_target *t,
	     struct far_end *out)
{
	if (!o->far_end)
		return true;
	t->source->far_end(t, o, machine, out);
	if (out->error != 0)
		app_error("far end: %s", out->why);
	return out->error == 0;
}

static enum status
measure(const struct raw_options *o, const struct machine *machine, struct raw_target *t,
	struct results *r)
{
	struct raw_mapping *mappings = r->mappings;
	unsigned int measured = 0, marks = 0;
	bool far_end;
	size_t n = 0;

	for (; n < t->n_types; n++) {
		struct raw_mapping *m = &mappings[n];
		const enum wcbar_type type = t->types[n];

		t->source->measure(t, o, type, marks, m);
		marks += (unsigned int)m->n;
		if (m->error == 0)
			measured++;
		else
			app_error("%s: %s", wcbar_type_name(type), m->why);
	}
	far_end = far_end_done(o, machine, t, &r->far_end);
	raw_target_text(stdout, machine, t);
	for (size_t i = 0; i < n; i++)
		raw_text(stdout, machine, t, &mappings[i]);
	if (o->far_end)
		far_end_text(stdout, &r->far_end);
	if (o->common.json != NULL && json_write(o, machine, t, r, n) != STATUS_OK)
		return STATUS_FAILED;
	return measured > 0 && far_end && fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

/* ---- a mapping that breaks ----------------------------------------------------------------- */

static char broken[RAW_TEXT_BYTES];
static size_t broken_bytes;

/* Any thread, at any instruction: nothing can be told of what was measured until then. */
static void
broken_end(int signal)
{
	(void)signal;
	(void)!write(STDERR_FILENO, broken, broken_bytes);
	_exit(STATUS_FAILED);
}

/* Of a BAR lib/wcbar has a handler of its own. */
static void
broken_watch(const struct raw_options *o)
{
	struct sigaction action = {.sa_handler = broken_end};
	int n;

	if (o->way == RAW_WAY_BAR)
		return;
	n = snprintf(broken, sizeof(broken),
		     "%s: the mapping of %.300s broke (SIGBUS): a file was cut short, its disk is "
		     "full, or the device is gone; try again when it is whole\n",
		     program_invocation_short_name, o->file != NULL ? o->file : "the GPU's memory");
	broken_bytes = n < (int)sizeof(broken) ? (size_t)n : sizeof(broken) - 1;
	(void)sigaction(SIGBUS, &action, NULL);
}

/* ---- the command --------------------------------------------------------------------------- */

/* Wrong arguments are only those of a BAR: the machine says what else is not there. */
static enum status
refusal(const struct raw_options *o, int error)
{
	return o->way == RAW_WAY_BAR && error != -EBUSY ? STATUS_BAD : STATUS_FAILED;
}

int
raw_main(int argc, char **argv)
{
	char why[RAW_TEXT_BYTES] = "";
	enum app_options_verdict verdict;
	struct results *results;
	struct machine machine;
	struct raw_target *t;
	struct raw_options o;
	enum status status;
	int ret;

	verdict = raw_options_parse(argc, argv, &o);
	if (verdict != APP_OPTIONS_RUN)
		return options_give_up(argc, argv, options_status(verdict));
	if (run_machine(&o.common, &machine) != 0)
		return options_give_up(argc, argv, STATUS_BAD);
	if (app_json_check(o.common.json) != 0)
		return STATUS_FAILED;
	o.common.emulated = machine.emulated;
	results = calloc(1, sizeof(*results));
	t = calloc(1, sizeof(*t));
	broken_watch(&o);
	ret = results != NULL && t != NULL ? raw_target_open(t, &o, why, sizeof(why)) : -ENOMEM;
	if (ret == 0) {
		status = measure(&o, &machine, t, results);
		raw_mapping_fini(&results->mappings[0]);
		raw_mapping_fini(&results->mappings[1]);
		far_end_fini(&results->far_end);
		raw_target_close(t);
	} else {
		app_error("%s", why[0] != '\0' ? why : "no memory");
		status = options_give_up(argc, argv, refusal(&o, ret));
	}
	free(t);
	free(results);
	return status;
}
