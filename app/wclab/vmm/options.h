/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCVMM_OPTIONS_H
#define WCVMM_OPTIONS_H

struct options {
	const char *bdf;
	const char *pieces; /* as layout_parse takes them */
	const char *guest;  /* the guest's image */
	const char *json;
};

enum options_result {
	OPTIONS_RUN = 0,
	OPTIONS_HELP,
	OPTIONS_WRONG, /* said on stderr */
};

enum options_result options_parse(struct options *options, int argc, char **argv);

#endif /* WCVMM_OPTIONS_H */
