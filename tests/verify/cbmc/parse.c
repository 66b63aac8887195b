/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the parser of frames says lies in the bytes that it was given. */

#include "wcdev_parse.c"

#include "prove.h"

#ifdef BOUNDED
#define BYTES_MAX 64u
#else
#define BYTES_MAX 96u
#endif

void
prove_parse(void)
{
	struct wcdev_parse out;
	const uint8_t *head;
	size_t bytes;

	ASSUME(bytes >= 14 && bytes <= BYTES_MAX);
	head = prove_memory(bytes);
	wcdev_parse(head, bytes, &out);
	PROVE(out.n_tags <= 2, "up to two tags");
	PROVE(out.addr_bytes == 0 ||
		      (out.addr >= head && out.addr + out.addr_bytes <= head + bytes),
	      "addresses are within the bytes");
	PROVE(out.ports == NULL || (out.ports >= head && out.ports + 8 <= head + bytes),
	      "ports and what follows them are within the bytes");
}
