/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Section 4, stores outside any window. The aperture is plain memory, so they are found by looking:
 * some lines every so many polls, which comes round in the end. They were asked for the time
 * before: no frame waits until memory that nobody uses has come into the cache.
 */

#include "card.h"

#define STRAY_BYTES 512u
#define STRAY_POLLS 32u
#define STRAY_ASK_BYTES 4096u /* the embedder is asked so often what is used */
#define STRAY_EVENT_NS 100000000ull

void
card_stray_found(struct wcnic_card *card, uint64_t off, uint32_t lines)
{
	struct card_stray *stray = &card->stray;

	card->stats.stray_writes += lines;
	if (stray->lines == 0)
		stray->first_off = off;
	stray->lines += lines;
}

static bool
line_clear(uint8_t *line)
{
	uint64_t seen = 0;

	for (unsigned int i = 0; i < WCNIC_LINE_BYTES; i += 8)
		seen |= wcdev_load64(line + i);
	if (seen != 0)
		memset(line, 0, WCNIC_LINE_BYTES);
	return seen != 0;
}

void
card_stray_scan(struct wcnic_card *card, uint64_t off, uint64_t bytes)
{
	uint64_t end = off + bytes;

	for (; off < end; off += WCNIC_LINE_BYTES)
		if (line_clear(card->aperture + off))
			card_stray_found(card, off, 1);
}

static void
stray_report(struct wcnic_card *card)
{
	struct card_stray *stray = &card->stray;

	if (stray->lines == 0)
		return;
	if (stray->reported && card->now_ns - stray->reported_ns < STRAY_EVENT_NS)
		return;
	if (!card_event_fits(card))
		return; /* they are counted on, and reported together */
	card_event_post(card, WCNIC_EV_STRAY_WRITE, stray->lines, 0, stray->first_off);
	stray->lines = 0;
	stray->reported = true;
	stray->reported_ns = card->now_ns;
}

static void
stray_prefetch(const uint8_t *lines)
{
	for (unsigned int i = 0; i < STRAY_BYTES; i += WCNIC_LINE_BYTES)
		__builtin_prefetch(lines + i);
}

/* Where the search goes on that has come to `off`: there, or behind what is not used. */
static uint64_t
stray_used(struct wcnic_card *card, uint64_t off)
{
	if (card->aperture_used == NULL || off % STRAY_ASK_BYTES != 0)
		return off;
	return card->aperture_used(card->dev.ctx, off) & ~(uint64_t)(STRAY_BYTES - 1);
}

void
card_stray_poll(struct wcnic_card *card)
{
	const uint64_t mask = card->aperture_bytes - 1;
	struct card_stray *stray = &card->stray;
	uint64_t off = stray->next_off, used;

	stray_report(card);
	if (++stray->polls < STRAY_POLLS)
		return;
	stray->polls = 0;
	if (card->page_owner[off / WCNIC_WINDOW_ALIGN] != 0) {
		off = (off + WCNIC_WINDOW_ALIGN) & ~(uint64_t)(WCNIC_WINDOW_ALIGN - 1);
	} else if ((used = stray_used(card, off)) > off) {
		off = used;
	} else {
		card_stray_scan(card, off, STRAY_BYTES);
		off += STRAY_BYTES;
	}
	stray->next_off = off & mask;
	stray_prefetch(card->aperture + stray->next_off);
}
