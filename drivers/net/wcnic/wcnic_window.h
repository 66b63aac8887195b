/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_WINDOW_H
#define WCNIC_WINDOW_H

/* Windows that firmware granted (datasheet section 4), and how they are mapped. */

#include <stdbool.h>
#include <stdint.h>

#include <wcbar.h>
#include <wcnic_abi.h>

struct wcnic_hw;

struct wcnic_window {
	bool held;    /* firmware granted it */
	bool revoked; /* ... and took it back: there is nothing to free */
	bool mapped;
	uint16_t id;
	uint16_t generation;
	uint16_t slots;
	uint16_t max_burst;
	uint64_t off;
	struct wcbar_window win;
};

int wcnic_window_alloc(struct wcnic_hw *hw, enum wcnic_window_type type, uint16_t qid,
		       uint16_t slot_lines, uint32_t bytes, struct wcnic_window *win);
/* Unmaps, and tells firmware unless it has taken the window back or is gone. */
void wcnic_window_free(struct wcnic_hw *hw, struct wcnic_window *win);

#endif /* WCNIC_WINDOW_H */
