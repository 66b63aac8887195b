/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which of a GPU's memory types is meant. Pure; needs no Vulkan. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vulkan.h"

#define NEVER \
	0xfffffff0u /* protected, lazily allocated, a vendor's own: not to be mapped as usual */
#define LOCAL_VISIBLE (VULKAN_TYPE_DEVICE_LOCAL | VULKAN_TYPE_HOST_VISIBLE)

const char *
vulkan_kind_name(enum vulkan_kind kind)
{
	switch (kind) {
	case VULKAN_KIND_INTEGRATED:
		return "integrated GPU";
	case VULKAN_KIND_DISCRETE:
		return "discrete GPU";
	case VULKAN_KIND_VIRTUAL:
		return "virtual GPU";
	case VULKAN_KIND_CPU:
		return "software renderer";
	case VULKAN_KIND_OTHER:
		break;
	}
	return "other device";
}

const char *
vulkan_type_flags(uint32_t flags, char *text, size_t bytes)
{
	static const char *const names[] = {
		"DEVICE_LOCAL", "HOST_VISIBLE", "HOST_COHERENT", "HOST_CACHED", "LAZY",
		"PROTECTED",    "AMD_COHERENT", "AMD_UNCACHED",  "NV_RDMA",
	};
	const size_t known = sizeof(names) / sizeof(names[0]);
	size_t n = 0;

	snprintf(text, bytes, "-");
	for (size_t i = 0; i < known && n < bytes; i++) {
		if ((flags & 1u << i) != 0)
			n += (size_t)snprintf(text + n, bytes - n, "%s%s", n > 0 ? " " : "",
					      names[i]);
	}
	if (flags >> known != 0 && n < bytes)
		snprintf(text + n, bytes - n, "%s0x%x", n > 0 ? " " : "", flags >> known << known);
	return text;
}

/* The first type with all of `with` and none of `without`, a coherent one before others; or -1. */
static int
type_find(const struct vulkan_facts *f, uint32_t allowed, uint32_t with, uint32_t without)
{
	int found = -1;

	for (unsigned int i = 0; i < f->n_types && i < VULKAN_TYPES_MAX; i++) {
		const uint32_t flags = f->types[i].flags;

		if ((allowed & 1u << i) == 0 || (flags & with) != with ||
		    (flags & (without | NEVER)) != 0)
			continue;
		if ((flags & VULKAN_TYPE_HOST_COHERENT) != 0)
			return (int)i;
		if (found < 0)
			found = (int)i;
	}
	return found;
}

static int
push_choose(const struct vulkan_facts *f, uint32_t allowed, char *why, size_t why_bytes)
{
	const struct vulkan_device *d = &f->devices[f->device];
	int found = type_find(f, allowed, LOCAL_VISIBLE, VULKAN_TYPE_HOST_CACHED);

	if (found >= 0) {
		snprintf(why, why_bytes, "DEVICE_LOCAL and HOST_VISIBLE and not HOST_CACHED");
		return found;
	}
	found = type_find(f, allowed, LOCAL_VISIBLE, 0);
	if (found >= 0) {
		snprintf(why, why_bytes,
			 "%s has no type that is DEVICE_LOCAL and HOST_VISIBLE and not "
			 "HOST_CACHED; this one is HOST_CACHED too",
			 d->name);
		return found;
	}
	if (d->kind != VULKAN_KIND_DISCRETE)
		found = type_find(f, allowed, VULKAN_TYPE_HOST_VISIBLE, 0);
	if (found >= 0) {
		snprintf(why, why_bytes,
			 "%s has no type that is DEVICE_LOCAL and HOST_VISIBLE; this one is "
			 "HOST_VISIBLE",
			 d->name);
		return found;
	}
	snprintf(
		why, why_bytes,
		"%s has no memory type that is DEVICE_LOCAL and HOST_VISIBLE, so the CPU cannot "
		"store into its memory: a driver that gives one, or Resizable BAR in the firmware, "
		"would do",
		d->name);
	return -ENOTSUP;
}

static int
host_choose(const struct vulkan_facts *f, uint32_t allowed, char *why, size_t why_bytes)
{
	const uint32_t cached = VULKAN_TYPE_HOST_VISIBLE | VULKAN_TYPE_HOST_COHERENT |
				VULKAN_TYPE_HOST_CACHED;
	const uint32_t coherent = VULKAN_TYPE_HOST_VISIBLE | VULKAN_TYPE_HOST_COHERENT;
	int found = type_find(f, allowed, cached, VULKAN_TYPE_DEVICE_LOCAL);

	if (found < 0)
		found = type_find(f, allowed, cached, 0);
	if (found < 0)
		found = type_find(f, allowed, coherent, VULKAN_TYPE_DEVICE_LOCAL);
	if (found < 0)
		found = type_find(f, allowed, coherent, 0);
	if (found < 0) {
		snprintf(why, why_bytes,
			 "%s has no memory type that is HOST_VISIBLE and HOST_COHERENT, so it "
			 "cannot report into the host's memory: another driver would do",
			 f->devices[f->device].name);
		return -ENOTSUP;
	}
	snprintf(why, why_bytes, "HOST_VISIBLE and HOST_COHERENT%s%s",
		 (f->types[found].flags & VULKAN_TYPE_HOST_CACHED) != 0 ? " and HOST_CACHED" : "",
		 (f->types[found].flags & VULKAN_TYPE_DEVICE_LOCAL) != 0 ? "" : ", the host's own");
	return found;
}

/* A coherent type that no cache of the device holds: with all of `with`; or -1. */
static int
live_find(const struct vulkan_facts *f, uint32_t allowed, uint32_t with, uint32_t without)
{
	const uint32_t live = VULKAN_TYPE_DEVICE_COHERENT | VULKAN_TYPE_DEVICE_UNCACHED;

	with |= VULKAN_TYPE_HOST_VISIBLE | VULKAN_TYPE_HOST_COHERENT | live;
	for (unsigned int i = 0; i < f->n_types && i < VULKAN_TYPES_MAX; i++) {
		const uint32_t flags = f->types[i].flags;

		if ((allowed & 1u << i) != 0 && (flags & with) == with &&
		    (flags & (without | (NEVER & ~live))) == 0)
			return (int)i;
	}
	return -1;
}

static int
live_choose(const struct vulkan_facts *f, uint32_t allowed, bool push, char *why, size_t why_bytes)
{
	int found;

	if (push)
		found = live_find(f, allowed, VULKAN_TYPE_DEVICE_LOCAL, VULKAN_TYPE_HOST_CACHED);
	else
		found = live_find(f, allowed, VULKAN_TYPE_HOST_CACHED, VULKAN_TYPE_DEVICE_LOCAL);
	if (found >= 0)
		snprintf(why, why_bytes, "no cache of the device holds it");
	return found;
}

int
vulkan_type_choose(const struct vulkan_facts *facts, uint32_t allowed, enum vulkan_use use,
		   char *why, size_t why_bytes)
{
	const bool push = use == VULKAN_USE_PUSH || use == VULKAN_USE_PUSH_LIVE;
	const bool live = use == VULKAN_USE_PUSH_LIVE || use == VULKAN_USE_HOST_LIVE;
	const int found = live ? live_choose(facts, allowed, push, why, why_bytes) : -1;

	if (found >= 0)
		return found;
	return push ? push_choose(facts, allowed, why, why_bytes)
		    : host_choose(facts, allowed, why, why_bytes);
}
