/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the shader's report on a burst means. Pure: a report is bytes from a device. */

#include <assert.h>

#include "far_end.h"

static const uint32_t *
line_of(const struct far_end_seen *seen, unsigned int line)
{
	return &seen->word[FAR_END_LINES + line * FAR_END_LINE_REPORT];
}

void
far_end_judge(const struct far_end_seen *seen, const struct far_end_seen *later, unsigned int lines,
	      struct far_end_counts *counts)
{
	assert(lines > 0 && lines <= FAR_END_LINES_MAX);
	for (unsigned int i = 0; i < lines; i++) {
		const uint32_t flags = line_of(seen, i)[FAR_END_LINE_FLAGS];
		const bool arrived = later != NULL && (line_of(later, i)[FAR_END_LINE_FLAGS] &
						       FAR_END_SEEN_ALL) != 0;

		counts->lines++;
		counts->reordered += (flags & FAR_END_OVERTAKEN) != 0;
		counts->wrong += (flags & FAR_END_WRONG) != 0;
		if ((flags & FAR_END_SEEN_ALL) == 0)
			*(arrived ? &counts->missed : &counts->lost) += 1;
		else if ((flags & FAR_END_TORN) != 0)
			counts->partial++;
		else if ((flags & FAR_END_ALL) != FAR_END_ALL)
			counts->unclear++;
		else if ((flags & FAR_END_EARLY) != 0)
			counts->unwatched++;
		else
			counts->whole++;
	}
}

bool
far_end_spread(const struct far_end_seen *seen, unsigned int lines, uint32_t *looks,
	       uint32_t *ticks)
{
	uint32_t first = UINT32_MAX, last = 0;
	int32_t before = 0, after = 0; /* of line 0: a clock's low word may wrap */

	assert(lines > 0 && lines <= FAR_END_LINES_MAX);
	for (unsigned int i = 0; i < lines; i++) {
		const uint32_t *line = line_of(seen, i);
		const int32_t since = (int32_t)(line[FAR_END_LINE_CLOCK] -
						line_of(seen, 0)[FAR_END_LINE_CLOCK]);

		if ((line[FAR_END_LINE_FLAGS] & FAR_END_SEEN_ALL) == 0)
			return false;
		first = line[FAR_END_LINE_LAST] < first ? line[FAR_END_LINE_LAST] : first;
		last = line[FAR_END_LINE_LAST] > last ? line[FAR_END_LINE_LAST] : last;
		before = since < before ? since : before;
		after = since > after ? since : after;
	}
	*looks = last - first;
	*ticks = (uint32_t)after - (uint32_t)before;
	return true;
}
