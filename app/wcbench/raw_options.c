/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The command line of wcbench raw. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <app_error.h>
#include <app_number.h>

#include "raw.h"

#define LINES_MAX 10000000u

static const char help[] =
	"usage: wcbench raw BDF --bar N --range OFF:LEN [OPTION]...\n"
	"       wcbench raw --vulkan [DEVICE] [OPTION]...\n"
	"       wcbench raw --drm /dev/dri/cardN [OPTION]...\n"
	"       wcbench raw --map FILE:OFF:LEN[:TYPE] [OPTION]...\n"
	"\n"
	"Times stores of zeroes into the memory of a device: each way to store a line, bursts of\n"
	"1 to 64 lines, drained after each line or after the burst; 8-byte stores with a drain\n"
	"each; doorbells; reads; and lines stored by 1, 2, 4, ... threads at once. It says what\n"
	"the memory is, and what tells that.\n"
	"\n"
	"  BDF               a PCI address, 00:02.0 or 0000:00:02.0, of a device that no kernel\n"
	"                    driver has\n"
	"  --vulkan [DEVICE] memory of a GPU, which its own driver maps: no root, and nothing is\n"
	"                    written but an allocation of 4 MiB. DEVICE is an index, a PCI "
	"address\n"
	"                    or a part of a name; default: a discrete GPU, else an integrated "
	"one,\n"
	"                    a virtual one, a software renderer\n"
	"  --drm FILE        a dumb buffer: an allocation of 4 MiB of the display's driver\n"
	"  --map FILE:OFF:LEN[:TYPE]\n"
	"                    LEN bytes of any file that can be mapped, which are overwritten.\n"
	"                    TYPE, wc, uc or wb, is what you know of a device's file. A BAR\n"
	"                    through sysfs must have no kernel driver\n"
	"\n"
	"Of a BAR:\n"
	"  --bar N           the BAR\n"
	"  --range OFF:LEN   these bytes of it, multiples of 64, are overwritten, and the first 8\n"
	"                    are read. Only you know whether the device minds\n"
	"  --type wc|uc      only this mapping; default: both, one after the other\n"
	"  --mark BAR:OFF    writes into a 32-bit register of another BAR what is stored next, "
	"for\n"
	"                    an observer of the bus: 1 and up for each line of the tables, 0 "
	"after\n"
	"                    it. A wcnic card has a register for that: 0:0xf0\n"
	"\n"
	"Of --vulkan:\n"
	"  --far-end         a shader watches lines while they are stored, and tells which came\n"
	"                    whole, in pieces, out of order or not at all; and the time from a\n"
	"                    store to its answer. Takes its own rounds (default 63) and seconds\n"
	"\n"
	"Of all:\n"
	"  --store NAME      only this way to store; st64b is not tried unless it is named\n"
	"  --rounds N        samples of each (default 501)\n"
	"  --seconds S       for each mapping; then its rounds end early (default 10)\n"
	"  --lines N         lines (or doorbells) to a sample: every run makes the same stores, "
	"and\n"
	"                    --seconds does not count. Default: as many as take 20 "
	"us\n" OPTIONS_HELP "\n"
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

/* One way to memory at a time. */
static int
way_take(struct raw_options *o, enum raw_way way)
{
	if (o->way != RAW_WAY_BAR && o->way != way) {
		app_error("--vulkan, --drm and --map: one at a time");
		return -EINVAL;
	}
	o->way = way;
	return 0;
}

static int
drm_take(void *values, char *text)
{
	struct raw_options *o = values;

	o->file = text;
	if (text[0] != '\0')
		return way_take(o, RAW_WAY_DRM);
	app_error("--drm '': expected a file, for instance /dev/dri/card0");
	return -EINVAL;
}

/* Cuts ":WORD" off the end of `text`; NULL: there is no colon. */
static char *
last_cut(char *text)
{
	char *colon = strrchr(text, ':');

	if (colon == NULL)
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static bool
type_word(const char *word, enum wcbar_type *type)
{
	if (strcmp(word, "wc") == 0)
		*type = WCBAR_TYPE_WC;
	else if (strcmp(word, "uc") == 0)
		*type = WCBAR_TYPE_UC;
	else if (strcmp(word, "wb") == 0)
		*type = WCBAR_TYPE_WB;
	else
		return false;
	return true;
}

/* From the end, because the name of a file may have colons: /sys/bus/pci/devices/0000:... */
static int
map_take(void *values, char *text)
{
	struct raw_options *o = values;
	char range[64] = "", *off, *bytes = last_cut(text);
	uint64_t first, second;

	if (bytes != NULL && type_word(bytes, &o->said))
		bytes = last_cut(text);
	off = bytes != NULL ? last_cut(text) : NULL;
	if (off == NULL || text[0] == '\0' ||
	    snprintf(range, sizeof(range), "%s:%s", off, bytes) >= (int)sizeof(range) ||
	    !app_number_pair(range, 0, &first, &second)) {
		app_error("--map: expected FILE:OFF:LEN or FILE:OFF:LEN:TYPE, TYPE wc, uc or wb, "
			  "for instance /dev/uio0:0:4096:uc");
		return -EINVAL;
	}
	o->file = text;
	if (app_option_range("map", range, WCBAR_LINE_BYTES, &o->off, &o->bytes) != 0)
		return -EINVAL;
	if (o->bytes <= SIZE_MAX / 2 && o->off <= INT64_MAX - o->bytes)
		return way_take(o, RAW_WAY_MAP);
	app_error("--map '%s:%s': no file has so many bytes", text, range);
	return -EINVAL;
}

static const struct app_option options_raw[] = {
	APP_FLAG("vulkan", struct raw_options, vulkan_wanted),
	APP_FLAG("far-end", struct raw_options, far_end),
	APP_CALL("drm", drm_take),
	APP_CALL("map", map_take),
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
bar_complete(struct raw_options *o, int n, char **arguments)
{
	if (n > 0 && !app_pci_address(arguments[0], o->bdf))
		app_error("'%s' is not a PCI address: expected 00:02.0 or 0000:00:02.0",
			  arguments[0]);
	else if (n == 0)
		app_error("raw needs a PCI address, or --vulkan, --drm or --map: wcbench raw "
			  "00:02.0 --bar N --range OFF:LEN");
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

/* The others: at most a device of Vulkan, and none of what only a BAR has. */
static enum app_options_verdict
other_complete(struct raw_options *o, int n, char **arguments)
{
	const int most = o->way == RAW_WAY_VULKAN ? 1 : 0;

	if (n > most)
		app_error("unexpected argument '%s'; one device at a time", arguments[most]);
	else if (n > 0 && arguments[0][0] == '\0')
		app_error("--vulkan '': expected an index, a PCI address, a part of a name, or "
			  "nothing");
	else if (o->bar != WCBAR_PCI_BARS || o->mark || o->wc != o->uc ||
		 (o->bytes != 0 && o->way != RAW_WAY_MAP))
		app_error("--bar, --range, --type and --mark are of a BAR: wcbench raw 00:02.0 "
			  "--bar N --range OFF:LEN");
	else {
		o->vulkan.device = n > 0 ? arguments[0] : NULL;
		return APP_OPTIONS_RUN;
	}
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
	verdict = app_options_parse(groups, help, OPTIONS_PROGRAM, argc, argv, &first);
	if (verdict != APP_OPTIONS_RUN)
		return verdict;
	if (o->vulkan_wanted && way_take(o, RAW_WAY_VULKAN) != 0)
		return APP_OPTIONS_BAD;
	if (o->far_end && o->way != RAW_WAY_VULKAN) {
		app_error("--far-end needs a device that runs shaders: wcbench raw --vulkan "
			  "--far-end");
		return APP_OPTIONS_BAD;
	}
	return o->way == RAW_WAY_BAR ? bar_complete(o, argc - first, argv + first)
				     : other_complete(o, argc - first, argv + first);
}
