/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	"  --seconds S       of each mapping, then its rounds end early (default 10)\n"
	"  --lines N         lines (or doorbells) to a sample; so the same stores are made each\n"
	"                    time, and --seconds does not count. Default: as many as take 20 us\n"
	"  --mark BAR:OFF    a 32-bit register of another BAR is told what is stored, for who\n"
	"                    watches the bus: 1 and up for each line of the tables, 0 after it.\n"
	"                    A wcnic card has one for that: 0:0xf0\n" OPTIONS_HELP "\n"
	"Nothing wider than 8 bytes is stored unless 8-byte stores were seen to be direct.\n"
	"exit status: 0 measured; 2 the arguments are wrong; 3 it could not be done\n";

enum {
	OPT_BAR = OPT_OWN,
	OPT_RANGE,
	OPT_TYPE,
	OPT_STORE,
	OPT_LINES,
	OPT_MARK,
};

static const struct option long_options[] = {
	OPTIONS_COMMON,
	{"bar", required_argument, NULL, OPT_BAR},
	{"range", required_argument, NULL, OPT_RANGE},
	{"type", required_argument, NULL, OPT_TYPE},
	{"store", required_argument, NULL, OPT_STORE},
	{"lines", required_argument, NULL, OPT_LINES},
	{"mark", required_argument, NULL, OPT_MARK},
	{0},
};

static bool
bdf_parse(const char *text, char *bdf, size_t bytes)
{
	unsigned int domain = 0, bus, slot, function;
	int end = -1;

	if (strspn(text, "0123456789abcdefABCDEF:.") != strlen(text))
		return false;
	if (sscanf(text, "%8x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &end) != 4) {
		domain = 0;
		end = -1;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &slot, &function, &end) != 3)
			return false;
	}
	if (end < 0 || text[end] != '\0' || slot > 0x1f || function > 7)
		return false;
	return snprintf(bdf, bytes, "%04x:%02x:%02x.%x", domain, bus, slot, function) < (int)bytes;
}

/* A number that `stop` ends; *text goes behind that. */
static bool
number_until(const char **text, char stop, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(*text, &end, 0);
	if (!isdigit((unsigned char)**text) || *end != stop || errno != 0)
		return false;
	*text = end + 1;
	return true;
}

static enum options_verdict
range_option(struct raw_options *o, const char *text)
{
	const char *at = text;

	if (!number_until(&at, ':', &o->off) || !number_until(&at, '\0', &o->bytes)) {
		complain("--range '%s': expected OFF:LEN, two numbers, for instance 0x1000:4096",
			 text);
		return OPTIONS_BAD;
	}
	if (o->bytes == 0 || o->off % WCBAR_LINE_BYTES != 0 || o->bytes % WCBAR_LINE_BYTES != 0 ||
	    o->off + o->bytes < o->off) {
		complain("--range '%s': OFF and LEN must be multiples of %u, LEN not 0", text,
			 WCBAR_LINE_BYTES);
		return OPTIONS_BAD;
	}
	return OPTIONS_RUN;
}

static enum options_verdict
mark_option(struct raw_options *o, const char *text)
{
	const char *at = text;
	uint64_t bar;

	if (!number_until(&at, ':', &bar) || !number_until(&at, '\0', &o->mark_off) ||
	    bar >= WCBAR_PCI_BARS || o->mark_off % sizeof(uint32_t) != 0 ||
	    o->mark_off > UINT32_MAX) {
		complain("--mark '%s': expected BAR:OFF, OFF a multiple of 4, for instance 0:0xf0",
			 text);
		return OPTIONS_BAD;
	}
	o->mark_bar = (unsigned int)bar;
	o->mark = true;
	return OPTIONS_RUN;
}

static enum options_verdict
bar_option(struct raw_options *o, const char *text)
{
	uint64_t value;

	if (!number_until(&text, '\0', &value) || value >= WCBAR_PCI_BARS) {
		complain("--bar '%s': expected a number from 0 to %u", optarg, WCBAR_PCI_BARS - 1);
		return OPTIONS_BAD;
	}
	o->bar = (unsigned int)value;
	return OPTIONS_RUN;
}

static enum options_verdict
option_do(struct raw_options *o, int id, char **argv)
{
	switch (id) {
	case OPT_BAR:
		return bar_option(o, optarg);
	case OPT_RANGE:
		return range_option(o, optarg);
	case OPT_TYPE:
		o->wc = strcmp(optarg, "wc") == 0;
		o->uc = strcmp(optarg, "uc") == 0;
		if (o->wc || o->uc)
			return OPTIONS_RUN;
		complain("--type '%s': expected wc or uc", optarg);
		return OPTIONS_BAD;
	case OPT_STORE:
		o->store = optarg;
		return OPTIONS_RUN;
	case OPT_MARK:
		return mark_option(o, optarg);
	case OPT_LINES:
		return options_number("lines", optarg, LINES_MAX, &o->lines) ? OPTIONS_RUN
									     : OPTIONS_BAD;
	default:
		return options_take(&o->common, id, argv, help);
	}
}

static enum options_verdict
complete(const struct raw_options *o, int argc, char **argv)
{
	if (o->bdf[0] == '\0')
		complain("raw needs a PCI address: wcbench raw 00:02.0 --bar N --range OFF:LEN");
	else if (optind < argc)
		complain("unexpected argument '%s'; one device at a time", argv[optind]);
	else if (o->bar == WCBAR_PCI_BARS)
		complain("--bar N is missing: which BAR of %s", o->bdf);
	else if (o->bytes == 0)
		complain("--range OFF:LEN is missing: which bytes may be overwritten");
	else
		return OPTIONS_RUN;
	return OPTIONS_BAD;
}

enum options_verdict
raw_options_parse(int argc, char **argv, struct raw_options *o)
{
	enum options_verdict verdict;
	int id;

	*o = (struct raw_options){.bar = WCBAR_PCI_BARS, .wc = true, .uc = true};
	options_init(&o->common);
	while ((id = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		verdict = option_do(o, id, argv);
		if (verdict != OPTIONS_RUN)
			return verdict;
	}
	if (optind < argc && !bdf_parse(argv[optind], o->bdf, sizeof(o->bdf))) {
		complain("'%s' is not a PCI address: expected 00:02.0 or 0000:00:02.0",
			 argv[optind]);
		return OPTIONS_BAD;
	}
	optind++;
	return complete(o, argc, argv);
}
