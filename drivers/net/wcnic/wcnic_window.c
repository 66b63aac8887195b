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
#include "wcnic_learn.h"
#include "wcnic_log.h"
#include "wcnic_txq.h"
#include "wcnic_window.h"

static bool
overlaps(const struct wcnic_window *win, uint64_t off, uint64_t bytes)
{
	return win->held && off < win->off + win->win.bytes && win->off < off + bytes;
}

/* Which window that we hold lies in [off, off + bytes): its id, or WCNIC_WINDOW_NONE. */
static uint16_t
overlap_find(const struct wcnic_hw *hw, uint64_t off, uint64_t bytes)
{
	if (overlaps(&hw->doorbells, off, bytes))
		return hw->doorbells.id;
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (hw->txq[i] != NULL && overlaps(&hw->txq[i]->window, off, bytes))
			return hw->txq[i]->window.id;
	}
	return WCNIC_WINDOW_NONE;
}

/* A grant becomes an address range that the CPU writes to: nothing of it is taken on trust. */
__rte_warn_unused_result static int
grant_check(const struct wcnic_hw *hw, enum wcnic_window_type type, uint16_t slot_lines,
	    const struct wcnic_window_grant *g)
{
	const uint64_t off = le64toh(g->offset);
	const uint64_t bytes = le32toh(g->bytes);
	const uint16_t slots = le16toh(g->slots);
	uint16_t other;

	if (g->type != type || le16toh(g->generation) == 0) {
		WCNIC_LOG(ERR, hw,
			  "firmware granted a window of type %u, generation %u; type %d "
			  "was asked for",
			  g->type, le16toh(g->generation), type);
		return -EPROTO;
	}
	if (bytes == 0 || off > hw->aperture_bytes || bytes > hw->aperture_bytes - off ||
	    off % hw->id.window_align != 0 || bytes % hw->id.window_align != 0) {
		WCNIC_LOG(ERR, hw,
			  "firmware granted a window of 0x%" PRIx64 " bytes at 0x%" PRIx64
			  ": not a multiple of 0x%x within the aperture of 0x%" PRIx64,
			  bytes, off, hw->id.window_align, hw->aperture_bytes);
		return -EPROTO;
	}
	other = overlap_find(hw, off, bytes);
	if (other != WCNIC_WINDOW_NONE) {
		WCNIC_LOG(ERR, hw,
			  "firmware granted a window at 0x%" PRIx64 " that overlaps window "
			  "%u",
			  off, other);
		return -EPROTO;
	}
	if (type == WCNIC_WINDOW_PUSH &&
	    (g->slot_lines != slot_lines || !rte_is_power_of_2(slots) ||
	     le16toh(g->max_burst) == 0 ||
	     (uint64_t)slots * slot_lines * WCNIC_LINE_BYTES > bytes)) {
		WCNIC_LOG(ERR, hw,
			  "firmware granted %u slots of %u lines, bursts of %u, in 0x%" PRIx64
			  " bytes; slots of %u lines were asked for",
			  slots, g->slot_lines, le16toh(g->max_burst), bytes, slot_lines);
		return -EPROTO;
	}
	return 0;
}

static int
window_tell_free(struct wcnic_hw *hw, uint16_t id, uint16_t generation)
{
	struct wcnic_cmd_window cmd = {
		.id = htole16(id),
		.generation = htole16(generation),
	};

	return wcnic_admin_exec(hw, &(struct wcnic_admin_req){.opcode = WCNIC_OP_WINDOW_FREE,
							      .params = &cmd,
							      .params_bytes = sizeof(cmd)});
}

/*
 * Doorbells are uncached wherever that can be had. Where the whole BAR has one memory type they are
 * what the push windows are, and then they are rung by a store that is fenced. Beside push windows
 * that do not combine there is nothing but uncached ones.
 */
static int
doorbells_map(struct wcnic_hw *hw, struct wcnic_window *win)
{
	const struct wcnic_learnt *l = &hw->learnt;
	const size_t bytes = win->win.bytes;
	int ret;

	ret = hw->attach->window_map(hw, win->off, bytes, WCBAR_TYPE_UC, &win->win);
	if (ret != -ENOTSUP || (l->laddered && l->type != WCBAR_TYPE_WC))
		return ret;
	ret = hw->attach->window_map(hw, win->off, bytes, WCBAR_TYPE_WC, &win->win);
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
	const size_t bytes = win->win.bytes;
	int ret;

	if (type == WCNIC_WINDOW_PUSH)
		ret = hw->attach->window_map(hw, win->off, bytes, WCBAR_TYPE_WC, &win->win);
	else
		ret = doorbells_map(hw, win);
	if (ret != 0) {
		WCNIC_LOG(ERR, hw, "cannot map window %u, 0x%zx bytes at 0x%" PRIx64 ": %s",
			  win->id, bytes, win->off, strerror(-ret));
		return ret;
	}
	win->mapped = true;
	if (type == WCNIC_WINDOW_PUSH)
		wcnic_store_choose(hw, win);
	else
		win->win.store = wcbar_stores(WCBAR_TYPE_UC)[0];
	return 0;
}

int
wcnic_window_alloc(struct wcnic_hw *hw, enum wcnic_window_type type, uint16_t qid,
		   uint16_t slot_lines, uint32_t bytes, struct wcnic_window *win)
{
	struct wcnic_cmd_window_alloc cmd = {
		.type = type,
		.slot_lines = slot_lines,
		.qid = htole16(qid),
		.bytes = htole32(bytes),
		.align = htole32(sysconf(_SC_PAGESIZE)),
	};
	struct wcnic_window_grant grant;
	int ret;

	ret = wcnic_admin_exec(hw, &(struct wcnic_admin_req){.opcode = WCNIC_OP_WINDOW_ALLOC,
							     .params = &cmd,
							     .params_bytes = sizeof(cmd),
							     .out = &grant,
							     .out_bytes = sizeof(grant)});
	if (ret != 0)
		return ret;
	ret = grant_check(hw, type, slot_lines, &grant);
	if (ret != 0) {
		(void)window_tell_free(hw, le16toh(grant.id), le16toh(grant.generation));
		return ret;
	}
	*win = (struct wcnic_window){
		.held = true,
		.id = le16toh(grant.id),
		.generation = le16toh(grant.generation),
		.slots = le16toh(grant.slots),
		.max_burst = le16toh(grant.max_burst),
		.off = le64toh(grant.offset),
		.win.bytes = le32toh(grant.bytes),
	};
	ret = window_map(hw, type, win);
	if (ret != 0)
		wcnic_window_free(hw, win);
	return ret;
}

void
wcnic_window_free(struct wcnic_hw *hw, struct wcnic_window *win)
{
	if (win->mapped)
		hw->attach->window_unmap(hw, &win->win);
	if (win->held && !win->revoked && hw->admin.up)
		(void)window_tell_free(hw, win->id, win->generation);
	memset(win, 0, sizeof(*win));
}
