/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FLOW_FRAME_H
#define FLOW_FRAME_H

/* Frames of few different fields, so that rules match them, and what the rules see of each. */

#include <stdbool.h>
#include <stdint.h>

#include <wcnic_abi.h>

struct flow_frame {
	uint32_t bytes;
	uint8_t data[160];
	struct wcnic_flow_key key; /* what was put into `data` */
};

/* The next number; *state is any. */
uint64_t flow_random(uint64_t *state);
/* A frame by *state. */
void flow_frame_make(struct flow_frame *frame, uint64_t *state);

#endif /* FLOW_FRAME_H */
