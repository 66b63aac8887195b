/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PERF_FRAME_H
#define PERF_FRAME_H

/* The frames that the bench sends. */

#include <stdint.h>

/* Writes a broadcast UDP datagram of one of 256 flows; `bytes` without FCS, 42 or more. */
void perf_frame_fill(uint8_t *data, uint32_t flow, uint16_t bytes);

#endif /* PERF_FRAME_H */
