/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcbench raw: the run. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <app_error.h>

#include "raw_target.h"

static enum status
measure(const struct raw_options *o, const struct machine *machine, struct raw_target *t,
	struct raw_mapping *mappings)
{
	unsigned int measured = 0, marks = 0;
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
	raw_target_text(stdout, machine, t);
	for (size_t i = 0; i < n; i++)
		raw_text(stdout, machine, t, &mappings[i]);
	if (o->common.json != NULL &&
	    app_json_write(raw_json(o, machine, t, mappings, n), o->common.json) != 0)
		return STATUS_FAILED;
	return measured > 0 && fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

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
	struct raw_mapping *mappings;
	struct machine machine;
	struct raw_target *t;
	struct raw_options o;
	enum status status;
	int ret;

	verdict = raw_options_parse(argc, argv, &o);
	if (verdict != APP_OPTIONS_RUN)
		return options_status(verdict);
	if (run_machine(&o.common, &machine) != 0)
		return STATUS_BAD;
	o.common.emulated = machine.emulated;
	mappings = calloc(2, sizeof(*mappings));
	t = calloc(1, sizeof(*t));
	ret = mappings != NULL && t != NULL ? raw_target_open(t, &o, why, sizeof(why)) : -ENOMEM;
	if (ret == 0) {
		status = measure(&o, &machine, t, mappings);
		raw_mapping_fini(&mappings[0]);
		raw_mapping_fini(&mappings[1]);
		raw_target_close(t);
	} else {
		app_error("%s", why[0] != '\0' ? why : "no memory");
		status = refusal(&o, ret);
	}
	free(t);
	free(mappings);
	return status;
}
