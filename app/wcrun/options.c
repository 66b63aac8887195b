/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The command line of wcrun. */

#include <errno.h>
#include <string.h>

#include <app_error.h>

#include "options.h"

static const char help[] =
	"usage: wcrun [OPTION]... -- COMMAND ARG...   runs a program that drives PCI devices with\n"
	"                                             VFIO; its window BARs become "
	"write-combining\n"
	"       wcrun --check [OPTION]... [-- COMMAND ARG...]   says what would happen\n"
	"       wcrun hold [OPTION]... BDF:N...       keeps BARs write-combining for programs "
	"that\n"
	"                                             are started otherwise (x86 only)\n"
	"\n"
	"BDF is a PCI address: 00:02.0 or 0000:00:02.0. N is the number of a BAR.\n"
	"\n"
	"Without --bar the tables say which BARs want write combining: low-latency queues of ENA,\n"
	"controller memory of ionic, windows of Intel's NTB. For each BAR that the program maps\n"
	"there is one line on standard error: its type, how it came, who says so; or the reason\n"
	"why not, and what would help. The program runs on in every case.\n"
	"\n"
	"  --bar BDF:N    this BAR too. It must hold a window and no registers: only you know\n"
	"  --require      end the program with status 4 before it uses a BAR of these that would\n"
	"                 not be write-combining\n"
	"  --json FILE    what became of each BAR; written anew with each change\n"
	"  --check        start nothing, change nothing; see exit status\n"
	"  --tables DIR   reads DIR/*.conf instead of the installed tables\n"
	"  --library FILE the interposer, instead of the installed libwcrun.so\n"
	"  --root DIR     reads DIR/sys and DIR/proc. With --check that may be a copy of another\n"
	"                 machine's, of the same architecture; else it is to test wcrun\n"
	"  --help, --version\n"
	"\n"
	"exit status: that of the program (128 + N if signal N ended it), or\n"
	"             0 --check: all BARs would be write-combining; hold: it was told to end\n"
	"             2 the arguments or a table are wrong: no such device, program, ...\n"
	"             3 it cannot be done: a BAR with registers, a kernel driver has the device, "
	"...\n"
	"             4 --require, and a BAR would not be write-combining\n"
	"\n"
	"doc/wcrun.md tells more.\n";

static int
bar_add(struct options *o, const char *text)
{
	struct choice choice;

	if (!choice_parse(text, &choice)) {
		app_error("'%s': expected BDF:N, an address and a BAR from 0 to 5, for instance "
			  "0000:00:05.0:2",
			  text);
		return -EINVAL;
	}
	if (!choices_add(&o->choices, &choice)) {
		app_error("'%s': more than %u BARs", text, CHOICES_MAX);
		return -EINVAL;
	}
	return 0;
}

static int
bar_take(void *values, char *text)
{
	return bar_add(values, text);
}

static const struct app_option run_table[] = {
	APP_CALL("bar", bar_take),
	APP_FLAG("check", struct options, check),
	APP_FLAG("require", struct options, require),
	APP_TEXT("json", struct options, json),
	APP_TEXT("tables", struct options, tables),
	APP_TEXT("library", struct options, library),
	APP_TEXT("root", struct options, root),
	{0},
};

static const struct app_option hold_table[] = {
	APP_FLAG("check", struct options, check),
	APP_TEXT("tables", struct options, tables),
	APP_TEXT("root", struct options, root),
	{0},
};

static enum app_options_verdict
bad(const char *text)
{
	app_error("%s", text);
	return APP_OPTIONS_BAD;
}

static enum app_options_verdict
hold_parse(int argc, char **argv, struct options *o)
{
	const struct app_option_group groups[] = {{hold_table, o}, {0}};
	enum app_options_verdict verdict;
	int first;

	verdict = app_options_parse(groups, help, "wcrun", argc, argv, &first);
	if (verdict != APP_OPTIONS_RUN)
		return verdict;
	for (; first < argc; first++) {
		if (bar_add(o, argv[first]) != 0)
			return APP_OPTIONS_BAD;
	}
	if (o->choices.n == 0)
		return bad("hold which BAR? Name one as BDF:N, for instance 0000:00:05.0:2");
	return APP_OPTIONS_RUN;
}

/* Where the program begins: behind "--", which hides its options from ours. argc: there is none. */
static int
command_index(int argc, char **argv)
{
	int i = 1;

	while (i < argc && strcmp(argv[i], "--") != 0)
		i++;
	return i;
}

enum app_options_verdict
options_parse(int argc, char **argv, struct options *o)
{
	const struct app_option_group groups[] = {{run_table, o}, {0}};
	const int split = command_index(argc, argv);
	enum app_options_verdict verdict;
	int first;

	*o = (struct options){.hold = argc > 1 && strcmp(argv[1], "hold") == 0};
	if (o->hold)
		return hold_parse(argc - 1, argv + 1, o);
	verdict = app_options_parse(groups, help, "wcrun", split, argv, &first);
	if (verdict != APP_OPTIONS_RUN)
		return verdict;
	if (first < split) {
		app_error("unexpected argument '%s': the program goes behind --, as in wcrun -- "
			  "dpdk-testpmd",
			  argv[first]);
		return APP_OPTIONS_BAD;
	}
	if (split + 1 < argc)
		o->command = argv + split + 1;
	else if (!o->check)
		return bad("run which program? Name it behind --, as in wcrun -- dpdk-testpmd");
	return APP_OPTIONS_RUN;
}
