/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The options that all commands of wcbench have. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include <app_error.h>
#include <app_json.h>
#include <app_version.h>

#include "options.h"

#define ROUNDS_MAX 100000u
#define SECONDS_MAX 86400.0

void
options_init(struct options *o)
{
	*o = (struct options){
		.setting = "unnamed",
		.commit = app_commit,
		.emulated = EMULATED_UNKNOWN,
	};
}

enum status
options_status(enum app_options_verdict verdict)
{
	return verdict == APP_OPTIONS_DONE ? STATUS_OK : STATUS_BAD;
}

enum status
options_give_up(int argc, char *const *argv, enum status status)
{
	if (status != STATUS_OK)
		app_json_give_up(argc, argv, OPTIONS_PROGRAM, (int)status);
	return status;
}

static int
seconds_take(void *values, char *text)
{
	struct options *o = values;
	char *end;

	o->seconds = strtod(text, &end);
	if (isdigit((unsigned char)text[0]) && *end == '\0' && o->seconds > 0 &&
	    o->seconds <= SECONDS_MAX)
		return 0;
	app_error("--seconds '%s': expected a number above 0, to %.0f", text, SECONDS_MAX);
	return -EINVAL;
}

static int
emulated_take(void *values, char *text)
{
	static const char *const words[] = {"yes", "no", NULL};
	struct options *o = values;
	int choice = app_option_choice("emulated", text, words);

	if (choice < 0)
		return choice;
	o->emulated = choice == 0 ? EMULATED_YES : EMULATED_NO;
	return 0;
}

static int
setting_take(void *values, char *text)
{
	struct options *o = values;

	o->setting = text;
	if (text[0] != '\0')
		return 0;
	app_error("--setting '': expected a name, for instance bare-metal");
	return -EINVAL;
}

const struct app_option options_common[] = {
	APP_CALL("setting", setting_take),
	APP_TEXT("commit", struct options, commit),
	APP_TEXT("host-kernel", struct options, host_kernel),
	APP_TEXT("json", struct options, json),
	APP_CALL("emulated", emulated_take),
	APP_UINT("rounds", struct options, rounds, 1, ROUNDS_MAX),
	APP_CALL("seconds", seconds_take),
	{0},
};
