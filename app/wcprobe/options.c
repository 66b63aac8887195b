/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	"  --json           one JSON object on standard output; doc/tools.md describes it\n"
	"  --root DIR       reads DIR/sys and DIR/proc instead, for instance a copy of another\n"
	"                   machine's; never opens a device\n"
	"  --help, --version\n"
	"\n"
	"exit status: 0 a WC mapping is to be had (predicted, or with --open given), or the list;\n"
	"             1 it is not, or stores were found not to combine\n"
	"             2 the arguments are wrong: no such device or BAR, ...\n"
	"             3 what was asked for could not be done: the device cannot be opened, ...\n";

enum option_id {
	OPT_BAR = 256,
	OPT_OPEN,
	OPT_WRITE,
	OPT_CARD_TEST,
	OPT_JSON,
	OPT_ROOT,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{"bar", required_argument, NULL, OPT_BAR},
	{"open", no_argument, NULL, OPT_OPEN},
	{"write", required_argument, NULL, OPT_WRITE},
	{"card-test", no_argument, NULL, OPT_CARD_TEST},
	{"json", no_argument, NULL, OPT_JSON},
	{"root", required_argument, NULL, OPT_ROOT},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{0},
};

bool
options_bdf(const char *text, char *bdf, unsigned int bytes)
{
	unsigned int domain = 0, bus, slot, function;
	int end = -1;

	for (const char *c = text; *c != '\0'; c++) {
		if (!isxdigit((unsigned char)*c) && *c != ':' && *c != '.')
			return false;
	}
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

static bool
number(const char *text, char stop, uint64_t *value, const char **after)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	*after = end + 1;
	return text[0] >= '0' && text[0] <= '9' && *end == stop && errno == 0;
}

static enum options_verdict
bar_option(struct options *options, const char *text)
{
	const char *after;
	uint64_t value;

	if (!number(text, '\0', &value, &after) || value >= WCBAR_PCI_BARS) {
		fprintf(stderr, "wcprobe: --bar '%s': expected a number from 0 to %u\n", text,
			WCBAR_PCI_BARS - 1);
		return OPTIONS_BAD;
	}
	options->bar = (int)value;
	return OPTIONS_RUN;
}

static enum options_verdict
write_option(struct options *options, const char *text)
{
	const char *after;

	if (!number(text, ':', &options->write_off, &after) ||
	    !number(after, '\0', &options->write_bytes, &after)) {
		fprintf(stderr,
			"wcprobe: --write '%s': expected OFF:LEN, two numbers, for instance "
			"0x1000:4096\n",
			text);
		return OPTIONS_BAD;
	}
	if (options->write_bytes == 0 || options->write_off % WCBAR_LINE_BYTES != 0 ||
	    options->write_bytes % WCBAR_LINE_BYTES != 0 ||
	    options->write_off + options->write_bytes < options->write_off) {
		fprintf(stderr,
			"wcprobe: --write '%s': OFF and LEN must be multiples of %u, LEN not 0\n",
			text, WCBAR_LINE_BYTES);
		return OPTIONS_BAD;
	}
	options->write = true;
	return OPTIONS_RUN;
}

static enum options_verdict
option_do(struct options *options, int id, char **argv)
{
	switch (id) {
	case OPT_HELP:
		fputs(help, stdout);
		return OPTIONS_DONE;
	case OPT_VERSION:
		puts("wcprobe " WCNIC_VERSION);
		return OPTIONS_DONE;
	case OPT_BAR:
		return bar_option(options, optarg);
	case OPT_WRITE:
		return write_option(options, optarg);
	case OPT_OPEN:
		options->open = true;
		break;
	case OPT_CARD_TEST:
		options->card_test = true;
		break;
	case OPT_JSON:
		options->json = true;
		break;
	case OPT_ROOT:
		options->root = optarg;
		break;
	case ':':
		fprintf(stderr, "wcprobe: %s needs a value; see --help\n", argv[optind - 1]);
		return OPTIONS_BAD;
	default:
		fprintf(stderr, "wcprobe: unknown option %s; see --help\n", argv[optind - 1]);
		return OPTIONS_BAD;
	}
	return OPTIONS_RUN;
}

/* What does not go together. */
static enum options_verdict
options_check(const struct options *o)
{
	const char *error = NULL;

	if (o->bdf[0] == '\0' && (o->open || o->bar >= 0))
		error = "--bar, --open, --write and --card-test are about one device: give its "
			"address";
	else if (o->root != NULL && o->open)
		error = "--root is a copy: a device is opened on its own machine only";
	else if (o->card_test && o->write)
		error = "--card-test stores into a window that the card hands out: no --write";
	else if (o->card_test && o->bar >= 0 && o->bar != 2)
		error = "--card-test is about BAR 2, which holds the card's windows";
	if (error == NULL)
		return OPTIONS_RUN;
	fprintf(stderr, "wcprobe: %s\n", error);
	return OPTIONS_BAD;
}

enum options_verdict
options_parse(int argc, char **argv, struct options *options)
{
	enum options_verdict verdict;
	int id;

	*options = (struct options){.bar = -1};
	opterr = 0;
	optind = 1;
	while ((id = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		verdict = option_do(options, id, argv);
		if (verdict != OPTIONS_RUN)
			return verdict;
	}
	if (options->write || options->card_test)
		options->open = true;
	if (optind < argc && !options_bdf(argv[optind], options->bdf, sizeof(options->bdf))) {
		fprintf(stderr,
			"wcprobe: '%s' is not a PCI address: expected 00:02.0 or 0000:00:02.0; "
			"wcprobe alone lists the devices\n",
			argv[optind]);
		return OPTIONS_BAD;
	}
	if (optind + 1 < argc) {
		fprintf(stderr, "wcprobe: unexpected argument '%s'; one device at a time\n",
			argv[optind + 1]);
		return OPTIONS_BAD;
	}
	return options_check(options);
}
