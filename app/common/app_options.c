/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The command line of a program. */

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app_error.h"
#include "app_number.h"
#include "app_options.h"
#include "app_version.h"

/* What getopt_long() returns: above every character. */
#define ID_HELP 256
#define ID_VERSION 257
#define ID_FIRST 258

/* The groups' options, one after the other, as getopt_long() wants them. */
struct list {
	struct option longs[APP_OPTIONS_MAX + 3]; /* with --help, --version and the end */
	const struct app_option *options[APP_OPTIONS_MAX];
	const struct app_option_group *groups[APP_OPTIONS_MAX];
	unsigned int n;
};

static void
list_make(struct list *list, const struct app_option_group *group, const char *program)
{
	struct option *o = list->longs;

	list->n = 0;
	for (; group->table != NULL; group++) {
		for (const struct app_option *a = group->table; a->name != NULL; a++) {
			assert(list->n < APP_OPTIONS_MAX);
			*o++ = (struct option){a->name, a->kind != APP_OPTION_FLAG, NULL,
					       ID_FIRST + (int)list->n};
			list->options[list->n] = a;
			list->groups[list->n++] = group;
		}
	}
	*o++ = (struct option){"help", no_argument, NULL, ID_HELP};
	if (program != NULL)
		*o++ = (struct option){"version", no_argument, NULL, ID_VERSION};
	*o = (struct option){0};
}

/* One option into its place. 0 or -EINVAL. */
static int
option_take(const struct app_option *o, void *values, char *text)
{
	void *place = (char *)values + o->off;
	uint64_t value;

	switch (o->kind) {
	case APP_OPTION_FLAG:
		*(bool *)place = true;
		return 0;
	case APP_OPTION_TEXT:
		*(const char **)place = text;
		return 0;
	case APP_OPTION_CALL:
		return o->take(values, text);
	case APP_OPTION_INT:
	case APP_OPTION_UINT:
	case APP_OPTION_U64:
		break;
	}
	if (!app_number(text, o->min, o->max, &value)) {
		app_error("--%s '%s': expected a number from %" PRIu64 " to %" PRIu64, o->name,
			  text, o->min, o->max);
		return -EINVAL;
	}
	if (o->kind == APP_OPTION_INT)
		*(int *)place = (int)value;
	else if (o->kind == APP_OPTION_UINT)
		*(unsigned int *)place = (unsigned int)value;
	else
		*(uint64_t *)place = value;
	return 0;
}

enum app_options_verdict
app_options_parse(const struct app_option_group *groups, const char *help, const char *program,
		  int argc, char **argv, int *first)
{
	struct list list;
	int id;

	list_make(&list, groups, program);
	opterr = 0;
	optind = 0; /* begins anew, whoever called before */
	while ((id = getopt_long(argc, argv, ":", list.longs, NULL)) != -1) {
		switch (id) {
		case ID_HELP:
			fputs(help, stdout);
			return APP_OPTIONS_DONE;
		case ID_VERSION:
			app_version_print(program);
			return APP_OPTIONS_DONE;
		case ':':
			app_error("%s needs a value; see --help", argv[optind - 1]);
			return APP_OPTIONS_BAD;
		case '?':
			app_error("unknown option %s; see --help", argv[optind - 1]);
			return APP_OPTIONS_BAD;
		default:
			id -= ID_FIRST;
			if (option_take(list.options[id], list.groups[id]->values, optarg) != 0)
				return APP_OPTIONS_BAD;
		}
	}
	*first = optind;
	return APP_OPTIONS_RUN;
}

int
app_option_choice(const char *name, const char *text, const char *const *words)
{
	char expected[128] = "";
	size_t n = 0;

	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(text, words[i]) == 0)
			return i;
		/* "a", "a or b", "a, b or c" */
		if (n < sizeof(expected))
			n += (size_t)snprintf(expected + n, sizeof(expected) - n, "%s%s",
					      i == 0                 ? ""
					      : words[i + 1] == NULL ? " or "
								     : ", ",
					      words[i]);
	}
	app_error("--%s '%s': expected %s", name, text, expected);
	return -EINVAL;
}

int
app_option_range(const char *name, const char *text, unsigned int unit, uint64_t *off,
		 uint64_t *bytes)
{
	if (!app_number_pair(text, 0, off, bytes)) {
		app_error("--%s '%s': expected OFF:LEN, two numbers, for instance 0x1000:4096",
			  name, text);
		return -EINVAL;
	}
	if (*bytes == 0 || *off % unit != 0 || *bytes % unit != 0 || *off + *bytes < *off) {
		app_error("--%s '%s': OFF and LEN must be multiples of %u, LEN not 0", name, text,
			  unit);
		return -EINVAL;
	}
	return 0;
}
