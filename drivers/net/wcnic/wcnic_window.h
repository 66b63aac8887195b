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

/* Not moved or copied while it is granted: lib/wcadmin keeps a list of grants. */
struct wcnic_window {
	bool granted;
	bool revoked; /* firmware took it back: there is nothing to free */
	bool mapped;
	struct wcadmin_window grant; /* valid while granted */
	struct wcbar_window win;     /* valid while mapped */
};

int wcnic_window_alloc(struct wcnic_hw *hw, enum wcnic_window_type type, uint16_t qid,
		       uint16_t slot_lines, uint32_t bytes, struct wcnic_window *win);
/* Unmaps, and tells firmware unless it has taken the window back or is gone. */
void wcnic_window_free(struct wcnic_hw *hw, struct wcnic_window *win);

#endif /* WCNIC_WINDOW_H */
