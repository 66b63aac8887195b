/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What wcrun knows before the program runs, and what --check says of it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <app_error.h>

#include "session.h"

/* ---- where things are ---------------------------------------------------------------------- */

/* Beside the program, as in a build, else where it was installed. */
static void
place_find(const char *beside, const char *installed, char path[PATH_MAX])
{
	char self[PATH_MAX], joined[2 * PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	snprintf(path, PATH_MAX, "%s", installed);
	if (n <= 0)
		return;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	snprintf(joined, sizeof(joined), "%s/%s", self, beside);
	if (strlen(joined) < PATH_MAX && access(joined, R_OK) == 0)
		snprintf(path, PATH_MAX, "%.*s", PATH_MAX - 1, joined);
}

static enum status
tables_begin(struct session *s)
{
	char dir[PATH_MAX], why[MACHINE_WHY_BYTES];

	if (s->options->tables != NULL)
		snprintf(dir, sizeof(dir), "%s", s->options->tables);
	else
		place_find("wcrun.d", WCRUN_TABLES_DIR, dir);
	/* The program may change its working directory before the interposer reads them. */
	if (realpath(dir, s->tables_dir) == NULL) {
		app_error("the tables' folder %s: %s; --tables names another", dir,
			  strerror(errno));
		return STATUS_BAD;
	}
	if (table_read(&s->table, s->tables_dir, why, sizeof(why)) != 0) {
		app_error("%s", why);
		return STATUS_BAD;
	}
	return STATUS_OK;
}

static enum status
library_begin(struct session *s)
{
	char path[PATH_MAX];

	if (s->options->library != NULL)
		snprintf(path, sizeof(path), "%s", s->options->library);
	else
		place_find("libwcrun.so", WCRUN_LIBRARY, path);
	if (realpath(path, s->library) == NULL) {
		app_error("the interposer %s: %s; --library names another", path, strerror(errno));
		return STATUS_FAILED;
	}
	/* The loader would start the program without it, whatever --require says. */
	if (!program_takes_library(s->library)) {
		app_error("the interposer %s is no library for this architecture that can be read; "
			  "--library names another",
			  s->library);
		return STATUS_FAILED;
	}
	if (strpbrk(s->library, " :") != NULL) {
		app_error("'%s': LD_PRELOAD takes no path with a blank or a colon; move it",
			  s->library);
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

/* ---- the session --------------------------------------------------------------------------- */

static enum status
program_begin(struct session *s)
{
	const char *name = s->options->command[0];
	int ret = program_find(name, &s->program);

	if (ret != 0) {
		app_error("'%s' cannot be run: %s%s", name, strerror(-ret),
			  ret == -ENOENT && strchr(name, '/') == NULL ? "; it is not in PATH" : "");
		return STATUS_BAD;
	}
	if (s->program.kind == PROGRAM_DYNAMIC)
		return library_begin(s);
	s->way = wcbar_hold_has_effect() ? WAY_HOLD : WAY_NONE;
	return STATUS_OK;
}

/* What the user asked for by name, and what must not be, ends it before it begins. */
static enum status
named_check(const struct session *s)
{
	for (unsigned int i = 0; i < s->machine.n; i++) {
		const struct machine_bar *b = &s->machine.bars[i];

		if (b->named && b->refused != 0 && b->refused != -ENODATA) {
			app_error("%s", b->why);
			return STATUS_FAILED;
		}
	}
	return STATUS_OK;
}

enum status
session_begin(struct session *s, const struct options *options)
{
	char why[MACHINE_WHY_BYTES];
	enum status status;

	*s = (struct session){.options = options, .way = options->hold ? WAY_HOLD : WAY_INTERPOSE};
	status = tables_begin(s);
	if (status == STATUS_OK && options->command != NULL)
		status = program_begin(s);
	if (status != STATUS_OK)
		return status;
	/* A holder holds what it is told to; tables only say what it must not. */
	if (machine_read(&s->machine, options->root, &s->table, &options->choices, why,
			 sizeof(why)) != 0) {
		app_error("%s", why);
		return STATUS_BAD;
	}
	if (options->hold) {
		while (s->machine.n > 0 && !s->machine.bars[s->machine.n - 1].named)
			s->machine.n--;
	}
	return options->check ? STATUS_OK : named_check(s);
}

void
session_end(struct session *s)
{
	machine_free(&s->machine);
	table_free(&s->table);
}

const char *
session_way_name(enum way way)
{
	static const char *const names[] = {
		[WAY_INTERPOSE] = "interpose",
		[WAY_HOLD] = "hold",
		[WAY_NONE] = "none",
	};

	return names[way];
}

const struct wcbar_forecast *
session_forecast(const struct session *s, const struct machine_bar *bar)
{
	return s->way == WAY_INTERPOSE ? &bar->inplace : &bar->hold;
}

bool
session_report(struct session *s, const struct report *r)
{
	struct report *at = NULL;

	if (r->event == REPORT_OPENED) {
		const bool first = !s->opened;

		s->opened = true;
		if (s->reports_n == SESSION_REPORTS)
			return first;
	}
	for (unsigned int i = 0; i < s->reports_n && at == NULL; i++) {
		if (s->reports[i].pid == r->pid && s->reports[i].bar == r->bar &&
		    s->reports[i].event == r->event && strcmp(s->reports[i].bdf, r->bdf) == 0)
			at = &s->reports[i];
	}
	if (at == NULL && s->reports_n < SESSION_REPORTS)
		at = &s->reports[s->reports_n++];
	if (at != NULL)
		*at = *r;
	return at != NULL;
}

/* ---- --check ------------------------------------------------------------------------------- */

static bool
bar_check(const struct session *s, const struct machine_bar *b)
{
	const struct wcbar_forecast *f = session_forecast(s, b);
	const bool works = b->refused == 0 && f->error == 0 && s->way != WAY_NONE;
	char name[128];

	snprintf(name, sizeof(name), "%s BAR %u%s%s%s", b->facts.bdf, b->bar,
		 b->note[0] != '\0' ? " (" : "", b->note, b->note[0] != '\0' ? ")" : "");
	if (works)
		printf("%s: WC by %s, %s%s%s\n", name, wcbar_rung_name(f->rung),
		       f->sure ? "as seen on such kernels" : "likely",
		       f->why[0] != '\0' ? ": " : "", f->why);
	else
		printf("%s: not WC: %s\n", name,
		       b->refused != 0      ? b->why
		       : s->way == WAY_NONE ? "no library gets into the program, and a hold has "
					      "no effect on this CPU"
					    : f->why);
	return works;
}

enum status
session_check(const struct session *s)
{
	unsigned int meant = 0, works = 0;

	if (s->options->command != NULL)
		printf("%s: %s%s\n", s->program.path,
		       s->program.kind == PROGRAM_DYNAMIC
			       ? "dynamic, so its calls can be interposed"
			       : "libwcrun.so does not get into it: ",
		       s->program.why);
	if (s->machine.n == 0)
		printf("no device here has a BAR that %s or --bar names\n", s->tables_dir);
	for (unsigned int i = 0; i < s->machine.n; i++) {
		const bool is_meant = machine_bar_is_meant(&s->machine.bars[i]);

		works += bar_check(s, &s->machine.bars[i]) && is_meant;
		meant += is_meant;
	}
	return meant > 0 && works == meant ? STATUS_OK : STATUS_FAILED;
}
