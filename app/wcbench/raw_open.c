/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The ways to memory, and which one the options name. */

#include <stdio.h>

#include "raw_target.h"

int
raw_target_open(struct raw_target *t, const struct raw_options *o, char *why, size_t why_bytes)
{
	static const struct raw_source *const sources[] = {
		[RAW_WAY_BAR] = &raw_source_bar,
		[RAW_WAY_VULKAN] = &raw_source_vulkan,
		[RAW_WAY_DRM] = &raw_source_drm,
		[RAW_WAY_MAP] = &raw_source_map,
	};

	int ret;

	*t = (struct raw_target){.source = sources[o->way]};
	snprintf(t->now_why, sizeof(t->now_why), "no PCI device is known behind it");
	ret = t->source->open(t, o, why, why_bytes);
	if (ret != 0)
		raw_target_close(t);
	return ret;
}

void
raw_target_close(struct raw_target *t)
{
	if (t->source != NULL && t->source->close != NULL)
		t->source->close(t);
	*t = (struct raw_target){0};
}
