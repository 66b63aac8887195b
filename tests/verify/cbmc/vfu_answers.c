/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The vfio-user client's checks of what a server answers, of any bytes. */

#include "vfu_client_negotiate.c"

#include "prove.h"

#define REPLY_MAX 96u

int
vfu_client_fail(struct vfu_client *client, int err)
{
	client->failed = true;
	return err;
}

void
prove_vfu_areas(void)
{
	struct client_region region;
	size_t bytes;
	uint32_t cap_off;
	uint8_t *answer;
	int ret;

	ASSUME(bytes >= sizeof(struct vfu_region_info) && bytes <= REPLY_MAX);
	answer = prove_memory(bytes);
	region.n_areas = 0;
	ret = region_areas(&region, answer, bytes, cap_off);
	PROVE(ret == 0 || ret == -EPROTO, "a chain is right or malformed");
	PROVE(region.n_areas * sizeof(struct vfu_area) <= bytes,
	      "no more areas than the answer has");
	PROVE(region.n_areas <= VFU_CLIENT_AREAS_MAX, "and than there is space for");
}

void
prove_vfu_range(void)
{
	uint64_t off, bytes, from, size;
	const bool within = off >= from && bytes <= UINT64_MAX - (off - from) &&
			    off - from + bytes <= size;

	PROVE(vfu_range_contains(off, bytes, from, size) == within,
	      "a range lies in another if, and only if, its ends do");
}
