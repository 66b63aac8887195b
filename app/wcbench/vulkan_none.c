/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Vulkan, where its headers were not there when this was built. */

#include <errno.h>
#include <stdio.h>

#include "vulkan.h"

static int
missing(char *why, size_t why_bytes)
{
	snprintf(why, why_bytes,
		 "this wcbench was built without Vulkan: install libvulkan-dev and build again");
	return -ENOSYS;
}

int
vulkan_open(const struct vulkan_options *o, struct vulkan **v, char *why, size_t why_bytes)
{
	(void)o;
	*v = NULL;
	return missing(why, why_bytes);
}

void
vulkan_close(struct vulkan *v)
{
	(void)v;
}

void
vulkan_abandon(struct vulkan *v)
{
	(void)v;
}

const struct vulkan_facts *
vulkan_facts(const struct vulkan *v)
{
	static const struct vulkan_facts none;

	(void)v;
	return &none;
}

int
vulkan_start(struct vulkan *v, const struct vulkan_start *start, char *why, size_t why_bytes)
{
	(void)v, (void)start;
	return missing(why, why_bytes);
}

bool
vulkan_has_extension(const struct vulkan *v, const char *name)
{
	(void)v, (void)name;
	return false;
}

int
vulkan_buffer_create(struct vulkan *v, enum vulkan_use use, uint64_t bytes, struct vulkan_buffer *b,
		     char *why, size_t why_bytes)
{
	(void)v, (void)use, (void)bytes;
	*b = (struct vulkan_buffer){0};
	return missing(why, why_bytes);
}

void
vulkan_buffer_destroy(struct vulkan *v, struct vulkan_buffer *b)
{
	(void)v, (void)b;
}
