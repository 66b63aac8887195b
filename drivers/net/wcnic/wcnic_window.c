/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Windows (datasheet section 4): asked of firmware, checked, mapped. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <ethdev_driver.h>

#include "wcnic_admin.h"
#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_txq.h"
#include "wcnic_window.h"
#include "wcnic_window_caps.h"

/*
 * Doorbells are uncached wherever that can be had. Where the whole BAR has one memory type they are
 * what the push windows are, and then they are rung by a store that is fenced. Beside push windows
 * that do not combine there is nothing but uncached ones.
 */
static int
doorbells_map(struct wcnic_hw *hw, struct wcnic_window *win)
{
	const struct wcnic_window_caps *l = &hw->window_caps;
	const size_t bytes = win->grant.bytes;
	int ret;

	ret = hw->attach->window_map(hw, win->grant.off, bytes, WCBAR_TYPE_UC, &win->win);
	if (ret != -ENOTSUP || (l->laddered && l->type != WCBAR_TYPE_WC))
		return ret;
	ret = hw->attach->window_map(hw, win->grant.off, bytes, WCBAR_TYPE_WC, &win->win);
	if (ret == 0)
		WCNIC_LOG(NOTICE, hw,
			  "doorbells are %s, because no part of BAR 2 can be UC: each is fenced on "
			  "both sides",
			  wcbar_type_name(win->win.type));
	return ret;
}

static int
window_map(struct wcnic_hw *hw, enum wcnic_window_type type, struct wcnic_window *win)
{
	const size_t bytes = win->grant.bytes;
	int ret;

	if (type == WCNIC_WINDOW_PUSH)
		ret = hw->attach->window_map(hw, win->grant.off, bytes, WCBAR_TYPE_WC, &win->win);
	else
		ret = doorbells_map(hw, win);
	if (ret != 0) {
		WCNIC_LOG(ERR, hw, "cannot map window %u, 0x%zx bytes at 0x%" PRIx64 ": %s",
			  win->grant.id, bytes, win->grant.off, strerror(-ret));
		return ret;
	}
	win->mapped = true;
	if (type == WCNIC_WINDOW_DOORBELL)
		win->win.store = wcbar_stores(WCBAR_TYPE_UC)[0];
	return 0;
}

int
wcnic_window_alloc(struct wcnic_hw *hw, enum wcnic_window_type type, uint16_t qid,
		   uint16_t slot_lines, uint32_t bytes, struct wcnic_window *win)
{
	const struct wcadmin_window_spec spec = {
		.type = type,
		.slot_lines = slot_lines,
		.qid = qid,
		.bytes = bytes,
		.align = sysconf(_SC_PAGESIZE),
	};
	int ret;

	memset(win, 0, sizeof(*win));
	ret = wcadmin_window_alloc(&hw->admin.client, &spec, &win->grant);
	if (ret != 0)
		return ret;
	win->granted = true;
	ret = window_map(hw, type, win);
	if (ret != 0)
		wcnic_window_free(hw, win);
	return ret;
}

void
wcnic_window_move(struct wcnic_hw *hw, struct wcnic_window *from, struct wcnic_window *to)
{
	*to = *from;
	if (from->granted)
		wcadmin_window_move(&hw->admin.client, &from->grant, &to->grant);
	memset(from, 0, sizeof(*from));
}

void
wcnic_window_free(struct wcnic_hw *hw, struct wcnic_window *win)
{
	if (win->mapped)
		hw->attach->window_unmap(hw, &win->win);
	if (win->granted && win->revoked)
		wcadmin_window_forget(&hw->admin.client, &win->grant);
	else if (win->granted && wcadmin_window_free(&hw->admin.client, &win->grant) == -EBUSY)
		wcnic_store(&hw->failed, true); /* it has a queue there that it denied */
	memset(win, 0, sizeof(*win));
}
