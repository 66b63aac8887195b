/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_WINDOW_H
#define WCNIC_WINDOW_H

/* Windows that firmware granted (datasheet section 4), and how they are mapped. */

#include <stdbool.h>
#include <stdint.h>

#include <wcadmin.h>
#include <wcbar.h>
#include <wcnic_abi.h>

struct wcnic_hw;

/* Moved by wcnic_window_move() alone while it is granted: lib/wcadmin keeps a list of grants. */
struct wcnic_window {
	bool granted;
	bool revoked; /* firmware took it back: there is nothing to free */
	bool mapped;
	struct wcadmin_window grant; /* valid while granted */
	struct wcbar_window win;     /* valid while mapped */
};

/*
 * Asks firmware for a window, checks the grant and maps it: PUSH as write-combining if that can be
 * had, DOORBELL as uncached. How lines are stored into a PUSH window is chosen afterwards, by
 * wcnic_window_store_choose(). 0 or -errno, logged; -ENOSPC: firmware has none left. With hw->lock.
 */
__rte_warn_unused_result int
wcnic_window_alloc(struct wcnic_hw *hw, enum wcnic_window_type type, uint16_t qid,
		   uint16_t slot_lines, uint32_t bytes, struct wcnic_window *win);
/*
 * Unmaps, and tells firmware unless it has taken the window back or is gone. A window that is not
 * granted is left alone. With hw->lock; no burst uses the window.
 */
void wcnic_window_free(struct wcnic_hw *hw, struct wcnic_window *win);

/* The window, granted or not, is at `to` from now on; `from` has none. With hw->lock. */
void wcnic_window_move(struct wcnic_hw *hw, struct wcnic_window *from, struct wcnic_window *to);

#endif /* WCNIC_WINDOW_H */
