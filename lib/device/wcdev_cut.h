/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_CUT_H
#define WCDEV_CUT_H

/* For card models: the segments of one frame on their way to the port. */

#include "wcdev_card.h"
#include "wcdev_offload.h"

/* How far a frame has come. All zeroes: not begun. */
struct wcdev_cut {
	uint16_t sent; /* segments that the port is done with: they are not made again */
	bool failed;   /* it refused one for good */
};

/* What the port took in a call. */
struct wcdev_cut_sent {
	uint32_t frames;
	uint64_t bytes;
};

/*
 * Makes the segments from cut->sent on, with which `s` was begun, and offers them to the port;
 * there is one. They are made at `copy`, which is aligned to 8; the last begins before `end`,
 * behind which there is space for a whole one. *sent: what was taken. True: the port is done with
 * all of them, and `cut` is that of the next frame, apart from `failed`. False: the port holds the
 * next back.
 */
WC_MUST_CHECK bool
wcdev_cut_send(struct wcdev *dev, struct wcdev_cut *cut, struct wcdev_segmenter *s, uint8_t *copy,
	       const uint8_t *end, struct wcdev_cut_sent *sent);

#endif /* WCDEV_CUT_H */
