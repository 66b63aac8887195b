/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Segments: made some at a time, offered to the port, and resumed where it held one back. */

#include <errno.h>

#include "wcdev_cut.h"

#define BURST 64u

/* Makes as many segments as there is space for, at most BURST. Returns how many. */
static unsigned int
segments_make(struct wcdev_segmenter *s, uint8_t *copy, const uint8_t *end,
	      struct wcdev_frame *frames, struct wcdev_frag *frags)
{
	unsigned int n = 0;

	for (; n < BURST && s->next < s->n && copy < end; n++) {
		const uint32_t bytes = wcdev_segment_bytes(s, s->next);

		wcdev_segment_make(s, copy);
		frags[n] = (struct wcdev_frag){copy, bytes};
		frames[n] = (struct wcdev_frame){.frags = &frags[n],
						 .n_frags = 1,
						 .bytes = bytes,
						 .flags = WCDEV_FRAME_STABLE};
		copy += (bytes + 7) & ~7u;
	}
	return n;
}

/* Offers `n` segments. False: the port holds one back. */
static bool
segments_send(struct wcdev *dev, struct wcdev_cut *cut, const struct wcdev_frame *frames,
	      unsigned int n, struct wcdev_cut_sent *sent)
{
	unsigned int end = 0;

	while (end < n) {
		unsigned int first = end;
		int ret = 0;

		end += wcdev_port_send(dev, frames + first, n - first, &ret);
		cut->sent += (uint16_t)(end - first);
		sent->frames += end - first;
		for (; first < end; first++)
			sent->bytes += frames[first].bytes;
		if (end == n)
			break;
		if (ret == -EAGAIN)
			return false;
		cut->failed = true;
		cut->sent++;
		end++;
	}
	return true;
}

bool
wcdev_cut_send(struct wcdev *dev, struct wcdev_cut *cut, struct wcdev_segmenter *s, uint8_t *copy,
	       const uint8_t *end, struct wcdev_cut_sent *sent)
{
	struct wcdev_frame frames[BURST];
	struct wcdev_frag frags[BURST];
	unsigned int n;

	*sent = (struct wcdev_cut_sent){0};
	while (s->next < s->n) {
		n = segments_make(s, copy, end, frames, frags);
		if (!segments_send(dev, cut, frames, n, sent))
			return false;
	}
	cut->sent = 0;
	return true;
}
