/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "wcbench_commit.h"

#define ROUNDS_MAX 100000u
#define SECONDS_MAX 86400.0

void
complain(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void
options_init(struct options *o)
{
	*o = (struct options){
		.setting = "unnamed",
		.commit = WCBENCH_COMMIT,
		.emulated = EMULATED_UNKNOWN,
	};
	opterr = 0;
	optind = 1;
}

bool
options_number(const char *name, const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *value >= 1 &&
	    *value <= max)
		return true;
	complain("--%s '%s': expected a number from 1 to %" PRIu64, name, text, max);
	return false;
}

static enum options_verdict
rounds_option(struct options *o, const char *text)
{
	uint64_t value;

	if (!options_number("rounds", text, ROUNDS_MAX, &value))
		return OPTIONS_BAD;
	o->rounds = (unsigned int)value;
	return OPTIONS_RUN;
}

static enum options_verdict
seconds_option(struct options *o, const char *text)
{
	char *end;

	o->seconds = strtod(text, &end);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && o->seconds > 0 &&
	    o->seconds <= SECONDS_MAX)
		return OPTIONS_RUN;
	complain("--seconds '%s': expected a number above 0, to %.0f", text, SECONDS_MAX);
	return OPTIONS_BAD;
}

static enum options_verdict
emulated_option(struct options *o, const char *text)
{
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0) {
		complain("--emulated '%s': expected yes or no", text);
		return OPTIONS_BAD;
	}
	o->emulated = text[0] == 'y' ? EMULATED_YES : EMULATED_NO;
	return OPTIONS_RUN;
}

static enum options_verdict
setting_option(struct options *o, const char *text)
{
	o->setting = text;
	if (text[0] != '\0')
		return OPTIONS_RUN;
	complain("--setting '': expected a name, for instance bare-metal");
	return OPTIONS_BAD;
}

enum options_verdict
options_take(struct options *o, int id, char **argv, const char *help)
{
	switch (id) {
	case OPT_SETTING:
		return setting_option(o, optarg);
	case OPT_COMMIT:
		o->commit = optarg;
		return OPTIONS_RUN;
	case OPT_HOST_KERNEL:
		o->host_kernel = optarg;
		return OPTIONS_RUN;
	case OPT_JSON:
		o->json = optarg;
		return OPTIONS_RUN;
	case OPT_EMULATED:
		return emulated_option(o, optarg);
	case OPT_ROUNDS:
		return rounds_option(o, optarg);
	case OPT_SECONDS:
		return seconds_option(o, optarg);
	case OPT_HELP:
		fputs(help, stdout);
		return OPTIONS_DONE;
	case OPT_VERSION:
		puts("wcbench " WCNIC_VERSION " (" WCBENCH_COMMIT ")");
		return OPTIONS_DONE;
	case ':':
		complain("%s needs a value; see --help", argv[optind - 1]);
		return OPTIONS_BAD;
	default:
		complain("unknown option %s; see --help", argv[optind - 1]);
		return OPTIONS_BAD;
	}
}
