/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 10: what becomes of the stores into a window, seen one by one. */

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#include "card.h"

struct card_watch_line {
	uint64_t seen; /* a bit per byte that has arrived */
	bool whole;    /* all of it in one store */
	bool late;     /* a byte of it came after one of a later line */
};

void
card_watch_stop(struct wcnic_card *card)
{
	free(card->watch.lines);
	memset(&card->watch, 0, sizeof(card->watch));
}

/* Returns false if there is no memory for the record. */
static bool
watch_start(struct wcnic_card *card, const struct card_window *w, uint32_t n_lines)
{
	card_watch_stop(card);
	card->watch.lines = calloc(n_lines, sizeof(*card->watch.lines));
	if (card->watch.lines == NULL)
		return false;
	card->watch.window = w;
	card->watch.n_lines = n_lines;
	return true;
}

/* What arrived at time ns, all of it in one line. */
static void
watch_arrival(struct wcnic_card *card, uint64_t off, size_t bytes, uint64_t ns)
{
	struct card_watch *watch = &card->watch;
	unsigned int first = off % WCNIC_LINE_BYTES;
	struct card_watch_line *line;
	unsigned int bin = 0;
	uint64_t mask;
	uint64_t idx;

	if (watch->window == NULL || off < watch->window->off)
		return;
	idx = (off - watch->window->off) / WCNIC_LINE_BYTES;
	if (idx >= watch->n_lines)
		return;
	line = &watch->lines[idx];
	mask = (bytes < WCNIC_LINE_BYTES ? (1ull << bytes) - 1 : ~0ull) << first;
	watch->last_ns = ns;
	if (!watch->begun)
		watch->first_ns = watch->last_ns;
	watch->begun = true;
	while (bin < 7 && bytes != 1u << bin)
		bin++;
	watch->arrivals[bin]++;
	if ((mask & ~line->seen) != 0 && idx < watch->highest)
		line->late = true;
	if (idx > watch->highest)
		watch->highest = idx;
	line->seen |= mask;
	line->whole |= bytes == WCNIC_LINE_BYTES;
}

void
card_watch_store(struct wcnic_card *card, uint64_t off, size_t bytes)
{
	if (card->watch.window != NULL)
		watch_arrival(card, off, bytes, wcdev_now_ns(&card->dev));
}

int
wcnic_card_arrival(struct wcnic_card *card, uint64_t off, size_t bytes, uint64_t ns)
{
	if (bytes == 0 || off >= card->aperture_bytes ||
	    off % WCNIC_LINE_BYTES + bytes > WCNIC_LINE_BYTES)
		return -EINVAL;
	watch_arrival(card, off, bytes, ns);
	return 0;
}

void
wcnic_card_arrivals_lost(struct wcnic_card *card)
{
	if (card->watch.window == NULL)
		return;
	wcdev_log(&card->dev, LOG_WARNING, "arrivals were lost: the self test ends");
	card_watch_stop(card);
}

static void
watch_report(const struct card_watch *watch, struct wcnic_window_test_report *report)
{
	uint32_t whole = 0, partial = 0, lost = 0, late = 0;

	for (uint32_t i = 0; i < watch->n_lines; i++) {
		const struct card_watch_line *line = &watch->lines[i];

		whole += line->whole;
		partial += !line->whole && line->seen == ~0ull;
		lost += line->seen != ~0ull;
		late += line->late;
	}
	for (uint32_t i = 0; i < 8; i++)
		report->arrivals[i] = htole32(watch->arrivals[i]);
	report->lines_whole = htole32(whole);
	report->lines_partial = htole32(partial);
	report->lines_lost = htole32(lost);
	report->lines_reordered = htole32(late);
	report->first_ns = htole64(watch->first_ns);
	report->last_ns = htole64(watch->last_ns);
}

enum wcnic_admin_status
card_watch_command(struct wcnic_card *card, struct card_admin_call *call,
		   const struct card_window *w)
{
	const struct wcnic_cmd_window_test *p = call->params;

	if (p->step == WCNIC_TEST_START)
		return watch_start(card, w, le32toh(p->lines)) ? WCNIC_ST_OK : WCNIC_ST_INTERNAL;
	if (card->watch.window != w)
		return WCNIC_ST_BAD_STATE;
	watch_report(&card->watch, &call->answer.test);
	card_watch_stop(card);
	return WCNIC_ST_OK;
}
