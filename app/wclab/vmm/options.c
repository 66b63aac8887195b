/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"
#include "options.h"

static const char help[] =
	"usage: wcvmm BDF --json FILE [OPTION]...\n"
	"\n"
	"A virtual machine monitor for one experiment: gives the window BAR of a wcnic card to a\n"
	"guest in several ways, lets the guest store into it, and marks each stretch for whoever\n"
	"watches the bus (app/wclab). BDF is a full PCI address, 0000:00:10.0, on vfio-pci.\n"
	"\n"
	"  --json FILE    what was done under which mark\n"
	"  --pieces LIST  of what the BAR is put together: pieces of equal size, each vfio "
	"(VFIO's\n"
	"                 mmap), wc (sysfs resource2_wc) or uc (sysfs resource2)\n"
	"                 (default: vfio,wc,uc,vfio)\n"
	"  --guest FILE   the guest's program (default: /wcnic/wcvmm-guest)\n"
	"  --help\n"
	"\n"
	"Pieces from VFIO and from sysfs at once need iomem=relaxed on the kernel's command "
	"line.\n";

/* Any number of pieces up to LAYOUT_PIECES_MAX divides it. */
#define ANY_PIECES 720720ull

enum option_id {
	OPT_JSON = 256,
	OPT_PIECES,
	OPT_GUEST,
	OPT_HELP,
};

static const struct option long_options[] = {
	{"json", required_argument, NULL, OPT_JSON},
	{"pieces", required_argument, NULL, OPT_PIECES},
	{"guest", required_argument, NULL, OPT_GUEST},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

static bool
bdf_check(const char *text)
{
	unsigned int domain, bus, slot, function;
	int end = -1;

	return sscanf(text, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &end) == 4 &&
	       end == 12 && text[end] == '\0';
}

static enum options_result
complete(struct options *o, int argc, char **argv)
{
	if (argc - optind != 1 || !bdf_check(argv[optind])) {
		fprintf(stderr,
			"wcvmm: '%s': expected one PCI address such as 0000:00:10.0; "
			"see wcvmm --help\n",
			argc > optind ? argv[argc - 1] : "");
		return OPTIONS_WRONG;
	}
	o->bdf = argv[optind];
	if (o->json == NULL) {
		fprintf(stderr, "wcvmm: --json FILE is needed: marks mean nothing without it\n");
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}

enum options_result
options_parse(struct options *o, int argc, char **argv)
{
	char why[LAYOUT_WHY_BYTES];
	struct layout layout;
	int id;

	*o = (struct options){.pieces = "vfio,wc,uc,vfio", .guest = "/wcnic/wcvmm-guest"};
	optind = 0;
	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (id) {
		case OPT_JSON:
			o->json = optarg;
			break;
		case OPT_PIECES:
			o->pieces = optarg;
			break;
		case OPT_GUEST:
			o->guest = optarg;
			break;
		case OPT_HELP:
			fputs(help, stdout);
			return OPTIONS_HELP;
		default:
			fprintf(stderr, "see wcvmm --help\n");
			return OPTIONS_WRONG;
		}
	}
	/* Whether they suit the BAR is seen when its size is known. */
	if (layout_parse(&layout, o->pieces, ANY_PIECES * LAYOUT_UNIT, why) != 0) {
		fprintf(stderr, "wcvmm: --pieces %s\n", why);
		return OPTIONS_WRONG;
	}
	return complete(o, argc, argv);
}
