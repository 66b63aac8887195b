/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Dumb buffers, where libdrm's headers were not there when this was built. */

#include <errno.h>
#include <stdio.h>

#include "raw_target.h"

static int
missing_open(struct raw_target *t, const struct raw_options *o, char *why, size_t why_bytes)
{
	(void)t, (void)o;
	snprintf(why, why_bytes,
		 "this wcbench was built without DRM: install libdrm-dev and build again");
	return -ENOSYS;
}

const struct raw_source raw_source_drm = {
	.kind = "drm",
	.open = missing_open,
	.measure = raw_target_measure,
};
