/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the process may map, and each card's part of it. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include <app_error.h>
#include <vfu_server.h>

#include "options_limits.h"

/* Mappings of the program itself: libraries, stacks, apertures, ports. */
#define OWN_MAPPINGS 2000u
#define MAP_COUNT 65530u /* what Linux sets it to */
#define SPACE_MAX (1ull << 46)

static uint64_t
map_count(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
	uint64_t count = MAP_COUNT;

	if (file == NULL)
		return count;
	if (fscanf(file, "%" SCNu64, &count) != 1)
		count = MAP_COUNT;
	fclose(file);
	return count;
}

/* Files that all clients together may map. */
static uint64_t
files_all(const struct options *options)
{
	const uint64_t taken = OWN_MAPPINGS + (uint64_t)options->n_cards * VFU_SERVER_UNMAPS_MAX;
	const uint64_t count = map_count();

	return count > taken ? count - taken : 0;
}

/*
 * Half of the largest power of two that can be mapped; RLIMIT_AS counts, too. In MiB. The other
 * half is for what a client does not use any more, until it is unmapped. It is not looked for
 * beyond what is enough: user-mode QEMU pays for a mapping with memory.
 */
static uint64_t
space_all(uint64_t enough)
{
	uint64_t most = 2u << 20;

	while (most < SPACE_MAX && most >> 21 < enough)
		most *= 2;
	for (uint64_t bytes = most; bytes > 1u << 20; bytes /= 2) {
		void *at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				-1, 0);

		if (at == MAP_FAILED)
			continue;
		munmap(at, bytes);
		return bytes >> 21;
	}
	return 1;
}

/* What is left for a card that was given nothing. */
static uint64_t
part(uint64_t all, uint64_t given, unsigned int without)
{
	const uint64_t left = all > given ? all - given : 0;

	return without == 0 || left < without ? 1 : left / without;
}

int
options_limits_finish(struct options *options)
{
	const uint64_t files = files_all(options);
	uint64_t files_given = 0, mib_given = 0, space;
	unsigned int no_files = 0, no_mib = 0;

	for (unsigned int i = 0; i < options->n_cards; i++) {
		const struct card_options *card = &options->cards[i];

		files_given += card->max_files;
		no_files += card->max_files == 0;
		mib_given += card->max_mib;
		no_mib += card->max_mib == 0;
	}
	space = space_all(no_mib == 0 ? mib_given : UINT64_MAX);
	if (files_given + no_files > files) {
		app_error("--max-files: the cards' clients would map %" PRIu64
			  " files, and vm.max_map_count leaves %" PRIu64 "; raise it, or give less",
			  files_given + no_files, files);
		return -EINVAL;
	}
	if (mib_given + no_mib > space) {
		app_error("--max-mib: the cards' clients would map %" PRIu64
			  " MiB, and this process can map %" PRIu64 " for them; give less",
			  mib_given + no_mib, space);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < options->n_cards; i++) {
		struct card_options *card = &options->cards[i];

		if (card->max_files == 0)
			card->max_files = (unsigned int)part(files, files_given, no_files);
		if (card->max_mib == 0)
			card->max_mib = (unsigned int)part(space, mib_given, no_mib);
	}
	return 0;
}
