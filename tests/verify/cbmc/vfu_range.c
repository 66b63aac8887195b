/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The one test of ranges that client and server of vfio-user use. */

#include "prove.h"
#include "vfu_sock.h"

void
prove_vfu_range(void)
{
	uint64_t off, bytes, from, size;
	const bool within = off >= from && bytes <= UINT64_MAX - (off - from) &&
			    off - from + bytes <= size;

	PROVE(vfu_range_contains(off, bytes, from, size) == within,
	      "a range lies in another if, and only if, its ends do");
}
