/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"

static const char *const names[SOURCES] = {
	[SOURCE_VFIO] = "vfio",
	[SOURCE_WC] = "wc",
	[SOURCE_UC] = "uc",
};

const char *
source_name(enum source source)
{
	return names[source];
}

static int
source_parse(const char *text, size_t len, enum source *source)
{
	unsigned int i;

	for (i = 0; i < SOURCES; i++) {
		if (strlen(names[i]) == len && strncmp(names[i], text, len) == 0) {
			*source = (enum source)i;
			return 0;
		}
	}
	return -EINVAL;
}

int
layout_parse(struct layout *layout, const char *text, uint64_t bytes, char *why)
{
	struct layout new = {.bytes = bytes};
	const char *at = text;
	size_t i;

	for (;;) {
		size_t len = strcspn(at, ",");

		if (new.pieces == LAYOUT_PIECES_MAX ||
		    source_parse(at, len, &new.piece[new.pieces].source) != 0) {
			snprintf(why, LAYOUT_WHY_BYTES,
				 "'%.40s': expected 1 to %u of vfio, wc and uc, with commas", text,
				 LAYOUT_PIECES_MAX);
			return -EINVAL;
		}
		new.pieces++;
		if (at[len] == '\0')
			break;
		at += len + 1;
	}
	if (bytes == 0 || bytes % (new.pieces *LAYOUT_UNIT) != 0) {
		snprintf(why, LAYOUT_WHY_BYTES,
			 "%zu equal pieces of a BAR of 0x%llx bytes are no multiples of 0x%x",
			 new.pieces, (unsigned long long)bytes, LAYOUT_UNIT);
		return -EINVAL;
	}
	for (i = 0; i < new.pieces; i++) {
		new.piece[i].bytes = bytes / new.pieces;
		new.piece[i].off = i *new.piece[i].bytes;
	}
	*layout = new;
	return 0;
}

void
layout_whole(struct layout *layout, enum source source, uint64_t bytes)
{
	*layout = (struct layout){
		.bytes = bytes, .pieces = 1, .piece = {{.bytes = bytes, .source = source}}};
}

const struct piece *
layout_at(const struct layout *layout, uint64_t off)
{
	size_t i;

	for (i = 0; i < layout->pieces; i++)
		if (off - layout->piece[i].off < layout->piece[i].bytes)
			return &layout->piece[i];
	return NULL;
}

/* Joins it to the last one if they are alike. */
static int
piece_append(struct layout *layout, uint64_t off, uint64_t end, enum source source)
{
	struct piece *last = layout->pieces > 0 ? &layout->piece[layout->pieces - 1] : NULL;

	if (off >= end)
		return 0;
	if (last != NULL && last->source == source) {
		last->bytes += end - off;
		return 0;
	}
	if (layout->pieces == LAYOUT_PIECES_MAX)
		return -ENOSPC;
	layout->piece[layout->pieces++] = (struct piece){off, end - off, source};
	return 0;
}

static uint64_t
lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
higher(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

int
layout_replace(struct layout *layout, uint64_t off, uint64_t bytes, enum source source)
{
	struct layout new = {.bytes = layout->bytes};
	uint64_t end = off + bytes;
	size_t i;
	int ret = 0;

	if (bytes == 0 || (off | bytes) % LAYOUT_UNIT != 0 || off >= layout->bytes ||
	    bytes > layout->bytes - off)
		return -EINVAL;
	for (i = 0; i < layout->pieces && ret == 0; i++) {
		const struct piece *p = &layout->piece[i];
		uint64_t p_end = p->off + p->bytes;

		ret = piece_append(&new, p->off, lower(p_end, off), p->source);
		if (ret == 0 && off - p->off < p->bytes)
			ret = piece_append(&new, off, end, source);
		if (ret == 0)
			ret = piece_append(&new, higher(p->off, end), p_end, p->source);
	}
	if (ret == 0)
		*layout = new;
	return ret;
}
