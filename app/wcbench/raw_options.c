/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The command line of wcbench raw. */

#include <errno.h>

#include <app_error.h>
#include <app_number.h>

#include "raw.h"

#define LINES_MAX 10000000u

static const char help[] =
	"usage: wcbench raw BDF --bar N --range OFF:LEN [OPTION]...\n"
	"\n"
	"Times stores of zeroes into a BAR of any PCI device: each way to store a line, bursts of\n"
	"1 to 64 lines, drained after each line or after the burst; and 8-byte doorbells.\n"
	"BDF is a PCI address, 00:02.0 or 0000:00:02.0, of a device that no kernel driver has.\n"
	"\n"
	"  --bar N           the BAR\n"
	"  --range OFF:LEN   these bytes of it, multiples of 64, are overwritten, and the first 8\n"
	"                    are read. Only you know whether the device minds\n"
	"  --type wc|uc      only this mapping; default: both, one after the other\n"
	"  --store NAME      only this way to store; st64b is not tried unless it is named\n"
	"  --rounds N        samples of each (default 501)\n"
	"  --seconds S       for each mapping; then its rounds end early (default 10)\n"
	"  --lines N         lines (or doorbells) to a sample: every run makes the same stores, "
	"and\n"
	"                    --seconds does not count. Default: as many as take 20 us\n"
	"  --mark BAR:OFF    writes into a 32-bit register of another BAR what is stored next, "
	"for\n"
	"                    an observer of the bus: 1 and up for each line of the tables, 0 "
	"after\n"
	"                    it. A wcnic card has a register for that: 0:0xf0\n" OPTIONS_HELP "\n"
	"Nothing wider than 8 bytes is stored unless 8-byte stores were seen to be direct.\n"
	"exit status: 0 measured; 2 the arguments are wrong; 3 it could not be done\n";

static int
range_take(void *values, char *text)
{
	struct raw_options *o = values;

	return app_option_range("range", text, WCBAR_LINE_BYTES, &o->off, &o->bytes);
}

static int
mark_take(void *values, char *text)
{
	struct raw_options *o = values;
	uint64_t bar;

	if (!app_number_pair(text, 0, &bar, &o->mark_off) || bar >= WCBAR_PCI_BARS ||
	    o->mark_off % sizeof(uint32_t) != 0 || o->mark_off > UINT32_MAX) {
		app_error("--mark '%s': expected BAR:OFF, OFF a multiple of 4, for instance 0:0xf0",
			  text);
		return -EINVAL;
	}
	o->mark_bar = (unsigned int)bar;
	o->mark = true;
	return 0;
}

static int
type_take(void *values, char *text)
{
	static const char *const words[] = {"wc", "uc", NULL};
	struct raw_options *o = values;
	int choice = app_option_choice("type", text, words);

	if (choice < 0)
		return choice;
	o->wc = choice == 0;
	o->uc = choice == 1;
	return 0;
}

static const struct app_option options_raw[] = {
	APP_UINT("bar", struct raw_options, bar, 0, WCBAR_PCI_BARS - 1),
	APP_CALL("range", range_take),
	APP_CALL("type", type_take),
	APP_TEXT("store", struct raw_options, store),
	APP_U64("lines", struct raw_options, lines, 1, LINES_MAX),
	APP_CALL("mark", mark_take),
	{0},
};

/* What is no option: one PCI address. And what must be given. */
static enum app_options_verdict
complete(struct raw_options *o, int n, char **arguments)
{
	if (n > 0 && !app_pci_address(arguments[0], o->bdf))
		app_error("'%s' is not a PCI address: expected 00:02.0 or 0000:00:02.0",
			  arguments[0]);
	else if (n == 0)
		app_error("raw needs a PCI address: wcbench raw 00:02.0 --bar N --range OFF:LEN");
	else if (n > 1)
		app_error("unexpected argument '%s'; one device at a time", arguments[1]);
	else if (o->bar == WCBAR_PCI_BARS)
		app_error("--bar N is missing: which BAR of %s", o->bdf);
	else if (o->bytes == 0)
		app_error("--range OFF:LEN is missing: which bytes may be overwritten");
	else
		return APP_OPTIONS_RUN;
	return APP_OPTIONS_BAD;
}

enum app_options_verdict
raw_options_parse(int argc, char **argv, struct raw_options *o)
{
	const struct app_option_group groups[] = {
		{options_common, &o->common}, {options_raw, o}, {0}};
	enum app_options_verdict verdict;
	int first;

	*o = (struct raw_options){.bar = WCBAR_PCI_BARS, .wc = true, .uc = true};
	options_init(&o->common);
	verdict = app_options_parse(groups, help, options_version, argc, argv, &first);
	if (verdict != APP_OPTIONS_RUN)
		return verdict;
	return complete(o, argc - first, argv + first);
}
