/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcvmm: a VMM that maps pieces of one BAR itself. See doc/vmm-mapping.md. */

#include <stdio.h>

#include "experiment.h"

static int
run(struct experiment *e, const struct options *options)
{
	char why[LAYOUT_WHY_BYTES];
	struct layout pieces;
	int ret = layout_parse(&pieces, options->pieces, e->bar.bytes, why);

	if (ret != 0) {
		fprintf(stderr, "wcvmm: --pieces %s\n", why);
		return ret;
	}
	ret = ways_run(e, &pieces);
	if (ret == 0)
		ret = windows_run(e);
	if (ret == 0)
		ret = experiment_write(e, options->json);
	return ret;
}

int
main(int argc, char **argv)
{
	enum options_result asked;
	struct options options;
	struct experiment e;
	int ret;

	setvbuf(stdout, NULL, _IOLBF, 0);
	asked = options_parse(&options, argc, argv);
	if (asked != OPTIONS_RUN)
		return asked == OPTIONS_HELP ? 0 : 2;
	ret = experiment_open(&e, &options);
	if (ret != 0)
		return 1;
	ret = run(&e, &options);
	experiment_close(&e);
	return ret == 0 ? 0 : 1;
}
