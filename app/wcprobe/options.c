/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The command line of wcprobe. */

#include <errno.h>

#include <app_error.h>
#include <app_number.h>
#include <wcbar.h>
#include <wcbar_pci.h>

#include "options.h"

static const char help[] =
	"usage: wcprobe [OPTION]...            lists the PCI devices with memory BARs\n"
	"       wcprobe BDF [OPTION]...        one BAR: does it get write combining, and if not, "
	"why\n"
	"\n"
	"BDF is a PCI address: 00:02.0 or 0000:00:02.0. Without --open, --write and --card-test\n"
	"nothing is opened, mapped or stored: facts are read from /sys and /proc, and what each\n"
	"rung of the mapping ladder would answer is predicted.\n"
	"\n"
	"  --bar N          the BAR to judge (default: the largest prefetchable one)\n"
	"  --open           opens the device and asks the kernel for each rung; stores nothing.\n"
	"                   Only a device that no kernel driver has: one that is bound to\n"
	"                   vfio-pci or UIO, or to nothing. vfio-pci resets the device when it is\n"
	"                   opened and closed, and refuses if another process has it\n"
	"  --write OFF:LEN  these bytes of the BAR may be overwritten, with zeroes; OFF and LEN\n"
	"                   are multiples of 64. Times stores there and ranks the ways to store.\n"
	"                   Only you know whether the device minds. Implies --open\n"
	"  --card-test      for a wcnic card (1234:57c1) on vfio-pci: resets it, lets it count\n"
	"                   what arrives of each way to store, resets it again. Implies --open\n"
	"  --now            only who has the BAR mapped at this moment, and with which memory\n"
	"                   type; without BDF every BAR that is mapped. Root sees most\n"
	"  --json           one JSON object on standard output; doc/tools.md describes it\n"
	"  --prometheus     all memory BARs as metrics, for node_exporter's textfile collector\n"
	"  --root PLACE     reads PLACE/sys and PLACE/proc instead, for instance a copy of "
	"another\n"
	"                   machine's, as a folder or as a tar file; never opens a device\n"
	"  --collect FILE   writes what wcprobe reads of this machine into a tar file for --root,\n"
	"                   and nothing else of it\n"
	"  --help, --version\n"
	"\n"
	"exit status: 0 a WC mapping is to be had (predicted, or with --open given), or the list;\n"
	"             1 it is not, or stores were found not to combine\n"
	"             with --now: 0 what is mapped now is WC; 1 it is not, nobody has it mapped, "
	"or\n"
	"             the type cannot be told\n"
	"             2 the arguments are wrong: no such device or BAR, ...\n"
	"             3 what was asked for could not be done: the device cannot be opened, ...\n";

static int
write_take(void *values, char *text)
{
	struct options *o = values;

	if (app_option_range("write", text, WCBAR_LINE_BYTES, &o->write_off, &o->write_bytes) != 0)
		return -EINVAL;
	o->write = true;
	return 0;
}

static const struct app_option options_table[] = {
	APP_INT("bar", struct options, bar, 0, WCBAR_PCI_BARS - 1),
	APP_FLAG("open", struct options, open),
	APP_CALL("write", write_take),
	APP_FLAG("card-test", struct options, card_test),
	APP_FLAG("now", struct options, now),
	APP_FLAG("json", struct options, json),
	APP_FLAG("prometheus", struct options, prometheus),
	APP_TEXT("root", struct options, root),
	APP_TEXT("collect", struct options, collect),
	{0},
};

/* What does not go together. */
static enum app_options_verdict
options_check(const struct options *o)
{
	const char *error = NULL;

	if (o->now && o->open)
		error = "--now only looks: no --open, --write or --card-test with it";
	else if (o->collect != NULL &&
		 (o->bdf[0] != '\0' || o->open || o->now || o->json || o->prometheus))
		error = "--collect takes all of the machine into a file: only --root goes with it";
	else if (o->prometheus && (o->bdf[0] != '\0' || o->open || o->now || o->json))
		error = "--prometheus is about all BARs, in a format of its own: only --root goes "
			"with it";
	else if (o->bdf[0] == '\0' && (o->open || o->bar >= 0))
		error = "--bar, --open, --write and --card-test are about one device: give its "
			"address";
	else if (o->root != NULL && o->open)
		error = "--root is a copy: a device is opened on its own machine only";
	else if (o->card_test && o->write)
		error = "--card-test stores into a window that the card hands out: no --write";
	else if (o->card_test && o->bar >= 0 && o->bar != 2)
		error = "--card-test is about BAR 2, which holds the card's windows";
	if (error == NULL)
		return APP_OPTIONS_RUN;
	app_error("%s", error);
	return APP_OPTIONS_BAD;
}

enum app_options_verdict
options_parse(int argc, char **argv, struct options *options)
{
	const struct app_option_group groups[] = {{options_table, options}, {0}};
	enum app_options_verdict verdict;
	int first;

	*options = (struct options){.bar = -1};
	verdict = app_options_parse(groups, help, "wcprobe", argc, argv, &first);
	if (verdict != APP_OPTIONS_RUN)
		return verdict;
	if (options->write || options->card_test)
		options->open = true;
	if (first < argc && !app_pci_address(argv[first], options->bdf)) {
		app_error("'%s' is not a PCI address: expected 00:02.0 or 0000:00:02.0; "
			  "wcprobe alone lists the devices",
			  argv[first]);
		return APP_OPTIONS_BAD;
	}
	if (first + 1 < argc) {
		app_error("unexpected argument '%s'; one device at a time", argv[first + 1]);
		return APP_OPTIONS_BAD;
	}
	return options_check(options);
}
