/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The far end, where Vulkan's headers or the compiler of shaders were not there at build time. */

#include <errno.h>
#include <stdio.h>

#include "far_end.h"

const struct vulkan_start *
far_end_start(const struct vulkan *v)
{
	(void)v;
	return NULL;
}

void
far_end_measure(struct vulkan *v, const struct far_end_options *o, struct far_end *out)
{
	(void)v, (void)o;
	*out = (struct far_end){.error = -ENOSYS};
	snprintf(out->why, sizeof(out->why),
		 "this wcbench was built without its shader: install glslang-tools and "
		 "libvulkan-dev, and build again");
}
