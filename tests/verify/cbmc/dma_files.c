/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which pieces of a peer's file are mapped, by sizes of any values. */

#include "iova_file.c"
#include "prove.h"

#define PAGE 4096u

int
getpagesize(void)
{
	return PAGE;
}

void
prove_file_range(void)
{
	struct stat st;
	uint64_t off, bytes, map_bytes;

	if (range_check(&st, off, bytes, &map_bytes) != 0)
		return;
	PROVE(off <= UINT64_MAX - bytes && st.st_size >= 0 && off + bytes <= (uint64_t)st.st_size,
	      "the file has all of the range");
	PROVE(map_bytes >= off + bytes && map_bytes % PAGE == 0, "whole pages are mapped");
}

void
prove_file_budget(void)
{
	struct iova_map map;
	uint32_t files;
	uint64_t bytes;

	ASSUME(files <= 1 && map.n_files < UINT32_MAX);
	if (budget_check(&map, files, bytes) != 0)
		return;
	PROVE(map.limits.files == 0 || map.n_files + files <= map.limits.files,
	      "no more files than may be");
	PROVE(map.limits.bytes == 0 || (bytes <= UINT64_MAX - map.file_bytes &&
					map.file_bytes + bytes <= map.limits.bytes),
	      "nor more bytes");
}
