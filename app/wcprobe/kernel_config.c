/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* How the running kernel was built, as /proc/config.gz says. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel_config.h"
#include "tarball.h"

#define FILE_NAME "/proc/config.gz"

void
kernel_config_read(const char *root, struct wcbar_kernel_config *config)
{
	char path[PATH_MAX], why[WCBAR_WHY_BYTES], *text = NULL;
	size_t bytes = 0;

	*config = (struct wcbar_kernel_config){0};
	if (snprintf(path, sizeof(path), "%s" FILE_NAME, root != NULL ? root : "") >=
		    (int)sizeof(path) ||
	    access(path, R_OK) != 0)
		return;
	if (tarball_gunzip(path, &text, &bytes, why, sizeof(why)) == 0)
		(void)wcbar_kernel_config_take(config, text, bytes, FILE_NAME);
	free(text);
}
