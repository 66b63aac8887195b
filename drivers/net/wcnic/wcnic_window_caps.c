/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What PUSH windows are like where the driver runs: how they come to be mapped, whether stores
 * reach the card, which way to store is the fastest, and, if the card can tell, how lines arrive
 * (datasheet section 10). Measured in a window of its own, which no queue uses, and given back.
 */

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include <ethdev_driver.h>

#include "wcnic_admin.h"
#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_txq.h"
#include "wcnic_window_caps.h"

#define CALIBRATE_LINES 64
#define TEST_LINES 256u
#define TEST_LINES_TRAPPED 16u /* each takes many exits to a hypervisor */

/* ---- the ladder ----------------------------------------------------------------------------- */

static void
ladder_log(const struct wcnic_hw *hw)
{
	const struct wcnic_window_caps *l = &hw->window_caps;
	const bool wc = l->type == WCBAR_TYPE_WC;

	WCNIC_LOG(NOTICE, hw, "push windows are %s, rung %s", wcbar_type_name(l->type),
		  wcbar_rung_name(l->rung));
	if (wc)
		return;
	WCNIC_LOG(WARNING, hw,
		  "no write combining: every store into a push window is a transaction of its own; "
		  "auto placement fetches. Why:");
	for (size_t i = 0; i < WCBAR_RUNGS; i++) {
		if (l->answers[i].error != 0 && l->answers[i].type == WCBAR_TYPE_WC)
			WCNIC_LOG(WARNING, hw, "  %s: %s", wcbar_rung_name(i), l->answers[i].why);
	}
}

/* Windows come the same way as the one before, unless somebody took that way from them. */
static void
ladder_note(struct wcnic_hw *hw, const struct wcnic_window *win)
{
	struct wcnic_window_caps *l = &hw->window_caps;
	enum wcbar_rung rung;

	if (hw->attach->window_rung == NULL)
		return;
	rung = hw->attach->window_rung(hw, win->grant.off, l->answers);
	if (l->laddered && l->rung == rung && l->type == win->win.type)
		return;
	l->laddered = true;
	l->rung = rung;
	l->type = win->win.type;
	l->calibrated = false;
	ladder_log(hw);
}

/* ---- calibration ---------------------------------------------------------------------------- */

/* Lines of zeroes have generation 0, which no window has: the card takes none of them. */
static void
calibrate(struct wcnic_hw *hw, struct wcnic_window *win)
{
	struct wcnic_window_caps *l = &hw->window_caps;
	struct wcbar_calibration *c = &l->calibration;
	int ret;

	if (win->win.type == WCBAR_TYPE_WB)
		return;
	ret = wcbar_calibrate(&win->win, CALIBRATE_LINES, c);
	if (ret != 0) {
		WCNIC_LOG(
			WARNING, hw,
			"cannot time stores into a push window: %s; they are 8 bytes wide at most",
			strerror(-ret));
		return;
	}
	l->calibrated = true;
}

static void
calibration_log(const struct wcnic_hw *hw)
{
	const struct wcbar_calibration *c = &hw->window_caps.calibration;

	if (!hw->window_caps.calibrated)
		return;
	if (!c->direct && hw->window_caps.test == WCNIC_TEST_DONE)
		WCNIC_LOG(WARNING, hw,
			  "push windows do not combine, and 8 bytes take %.0f ns to store and "
			  "%.0f ns to read: they are trapped, or Device on a slow machine. Stores "
			  "are no wider than that, and auto placement fetches",
			  c->ns_per_store, c->ns_per_read);
	else if (!c->direct)
		WCNIC_LOG(WARNING, hw,
			  "push windows are trapped: %.0f ns for 8 bytes, %.0f ns to read them. "
			  "Stores are no wider than that, and auto placement fetches",
			  c->ns_per_store, c->ns_per_read);
	else if (c->ranks > 0)
		WCNIC_LOG(NOTICE, hw,
			  "push windows are direct; the fastest store is %s with %.1f ns a line",
			  c->rank[0].store->name, c->rank[0].ns_per_line);
}

/* ---- WINDOW_TEST ---------------------------------------------------------------------------- */

static void
test_write(const struct wcnic_window *win, const struct wcbar_store *store, uint32_t lines)
{
	alignas(WCNIC_LINE_BYTES) struct wcnic_push_line line;

	for (uint32_t i = 0; i < lines; i++) {
		wcadmin_window_test_line(&win->grant, i, &line);
		store->lines(RTE_PTR_ADD(win->win.addr, (size_t)i * WCNIC_LINE_BYTES), &line, 1);
	}
	store->drain();
}

static int
test_store(struct wcnic_hw *hw, const struct wcnic_window *win, const struct wcbar_store *store)
{
	const uint32_t fit = win->win.bytes / WCNIC_LINE_BYTES;
	const uint32_t lines = RTE_MIN(fit, win->win.direct ? TEST_LINES : TEST_LINES_TRAPPED);
	struct wcnic_test_result *res = &hw->window_caps.results[hw->window_caps.n_results];
	int ret;

	memset(res, 0, sizeof(*res));
	snprintf(res->store, sizeof(res->store), "%s", store->name);
	res->lines = lines;
	ret = wcadmin_window_test_observe(&hw->admin.client, &win->grant, lines);
	if (ret != 0)
		return ret;
	test_write(win, store, lines);
	ret = wcadmin_window_test_report(&hw->admin.client, &win->grant, lines, &res->report);
	if (ret != 0)
		return ret;
	hw->window_caps.n_results++;
	WCNIC_LOG(NOTICE, hw,
		  "window test, %s: of %u lines %u arrived whole, %u in pieces, %u not completely, "
		  "%u out of order",
		  res->store, lines, res->report.lines_whole, res->report.lines_partial,
		  res->report.lines_lost, res->report.lines_reordered);
	return 0;
}

static bool
test_wanted(const struct wcnic_hw *hw)
{
	return hw->args.self_test != 0 && (hw->id.caps & WCNIC_CAP_WINDOW_TEST) != 0;
}

static void
test_run(struct wcnic_hw *hw, const struct wcnic_window *win)
{
	struct wcnic_window_caps *l = &hw->window_caps;
	int ret = 0;

	if (!test_wanted(hw))
		return;
	for (const struct wcbar_store *const *s = wcbar_window_stores(&win->win);
	     ret == 0 && *s != NULL; s++)
		ret = test_store(hw, win, *s);
	l->test = ret == 0 ? WCNIC_TEST_DONE : WCNIC_TEST_FAILED;
	if (ret == -ENODATA || ret == -ENOTSUP) {
		l->test = WCNIC_TEST_NOT_OBSERVABLE;
		WCNIC_LOG(NOTICE, hw,
			  "window test: the card cannot see single stores; whether they combine "
			  "is not known");
	} else if (ret != 0) {
		WCNIC_LOG(WARNING, hw, "window test: failed: %s", strerror(-ret));
	}
}

const struct wcnic_test_result *
wcnic_window_test_find(const struct wcnic_hw *hw, const char *store)
{
	for (uint32_t i = 0; i < hw->window_caps.n_results; i++) {
		if (strcmp(hw->window_caps.results[i].store, store) == 0)
			return &hw->window_caps.results[i];
	}
	return NULL;
}

/* Of so many lines one in ten may come in pieces, and the store still gathers. */
#define GATHERS_PERCENT 90

static bool
result_gathers(const struct wcnic_test_result *res)
{
	return (uint64_t)res->report.lines_whole * 100 >= (uint64_t)res->lines * GATHERS_PERCENT;
}

/*
 * The clock took the window for trapped, so only 8-byte stores were tried. If the card saw their
 * lines whole, the machine is slow and nothing more: a hypervisor hands on each store alone.
 */
static void
clock_overrule(struct wcnic_hw *hw, struct wcnic_window *win)
{
	struct wcnic_window_caps *l = &hw->window_caps;

	if (!l->calibrated || l->calibration.direct || l->test != WCNIC_TEST_DONE ||
	    l->n_results == 0 || !result_gathers(&l->results[0]))
		return;
	WCNIC_LOG(NOTICE, hw,
		  "8 bytes take %.0f ns to store and %.0f ns to read, yet lines arrive whole: the "
		  "machine is slow, the window is direct",
		  l->calibration.ns_per_store, l->calibration.ns_per_read);
	if (wcbar_calibrate_direct(&win->win, CALIBRATE_LINES, &l->calibration) != 0)
		return;
	l->n_results = 0;
	test_run(hw, win);
}

const struct wcnic_window *
wcnic_window_push_first(const struct wcnic_hw *hw)
{
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (hw->txq[i] != NULL && hw->txq[i]->ctrl.window.granted)
			return &hw->txq[i]->ctrl.window;
	}
	return NULL;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static bool
queues_may_push(const struct wcnic_hw *hw)
{
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (hw->txq[i] != NULL && hw->txq[i]->wanted != WCNIC_PLACEMENT_FETCH)
			return (hw->id.caps & WCNIC_CAP_PUSH) != 0;
	}
	return false;
}

void
wcnic_window_caps_measure(struct wcnic_hw *hw)
{
	struct wcnic_window_caps *l = &hw->window_caps;
	struct wcnic_window win;
	int ret;

	/* a card that sees no stores says so beforehand, or when asked: neither is "combining" */
	if ((hw->id.caps & WCNIC_CAP_WINDOW_TEST) == 0)
		l->test = WCNIC_TEST_NOT_OBSERVABLE;
	if (!queues_may_push(hw) || (hw->attach->window_rung == NULL && !test_wanted(hw)))
		return;
	/* anew at each start and after each reset: what is under a mapping may have changed */
	l->measured = false;
	l->calibrated = false;
	l->n_results = 0;
	ret = wcnic_window_alloc(hw, WCNIC_WINDOW_PUSH, 0, 1, WCNIC_WINDOW_ALIGN, &win);
	if (ret != 0) {
		WCNIC_LOG(WARNING, hw, "no push window to measure: %s", strerror(-ret));
		return;
	}
	wcnic_window_store_choose(hw, &win);
	calibrate(hw, &win);
	test_run(hw, &win);
	clock_overrule(hw, &win);
	calibration_log(hw);
	l->measured = true;
	/* late stores carry the generation of a window that is gone */
	wcnic_window_free(hw, &win);
}

/* The card's own count decides. Without one, the mapping is taken to do what its type allows. */
static bool
store_gathers(const struct wcnic_hw *hw, const struct wcbar_store *store)
{
	const struct wcnic_test_result *res = wcnic_window_test_find(hw, store->name);

	return hw->window_caps.test != WCNIC_TEST_DONE || res == NULL || result_gathers(res);
}

bool
wcnic_window_gathers(const struct wcnic_hw *hw, const struct wcnic_window *win)
{
	return win->win.type == WCBAR_TYPE_WB || store_gathers(hw, win->win.store);
}

bool
wcnic_window_sees_whole(const struct wcnic_hw *hw, const struct wcnic_window *win)
{
	const struct wcnic_test_result *res = wcnic_window_test_find(hw, win->win.store->name);

	return hw->window_caps.test == WCNIC_TEST_DONE && res != NULL &&
	       res->report.lines_whole == res->lines;
}

/* The fastest that the card sees gather, else the fastest. */
static const struct wcbar_store *
store_ranked(const struct wcnic_hw *hw)
{
	const struct wcbar_calibration *c = &hw->window_caps.calibration;

	for (size_t i = 0; i < c->ranks; i++) {
		if (store_gathers(hw, c->rank[i].store))
			return c->rank[i].store;
	}
	return c->rank[0].store;
}

static const struct wcbar_store *
store_named(const struct wcbar_window *win, const char *name)
{
	for (const struct wcbar_store *const *s = wcbar_window_stores(win); *s != NULL; s++) {
		if (strcmp((*s)->name, name) == 0)
			return *s;
	}
	return NULL;
}

void
wcnic_window_store_choose(struct wcnic_hw *hw, struct wcnic_window *win)
{
	const struct wcnic_window_caps *l = &hw->window_caps;
	const struct wcbar_store *named;

	ladder_note(hw, win);
	/* what was measured holds for windows that came the same way; of others nothing is known */
	if (win->win.type != WCBAR_TYPE_WB)
		win->win.direct = l->calibrated && l->calibration.direct;
	win->win.store = wcbar_window_stores(&win->win)[0];
	if (win->win.type != WCBAR_TYPE_WB && win->win.direct && l->calibration.ranks > 0)
		win->win.store = store_ranked(hw);
	if (hw->args.store[0] == '\0')
		return;
	named = store_named(&win->win, hw->args.store);
	if (named != NULL)
		win->win.store = named;
	else if (l->measured) /* else this is the window that is measured */
		WCNIC_LOG(WARNING, hw, "store=%s is not safe for a window that is %s%s: %s is used",
			  hw->args.store, wcbar_type_name(win->win.type),
			  win->win.direct ? "" : ", trapped or not known to be direct",
			  win->win.store->name);
}
