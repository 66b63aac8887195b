/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_WINDOW_CAPS_H
#define WCNIC_WINDOW_CAPS_H

/* What PUSH windows are like where the driver runs. All with hw->lock. */

#include <stdbool.h>
#include <stdint.h>

#include <wcbar.h>
#include <wcbar_pci.h>
#include <wcnic_abi.h>

struct wcnic_hw;
struct wcnic_window;

/* What WINDOW_TEST said of one way to store lines; host byte order. */
struct wcnic_test_result {
	char store[16];
	uint32_t lines; /* that were written */
	struct wcnic_window_test_report report;
};

enum wcnic_test_state {
	WCNIC_TEST_NOT_RUN = 0,
	WCNIC_TEST_DONE,
	WCNIC_TEST_NOT_OBSERVABLE, /* the card cannot see stores: nothing is known */
	WCNIC_TEST_FAILED,
};

/* Of PUSH windows; all of it is measured before the first queue gets one. */
struct wcnic_window_caps {
	bool measured; /* calibration and test are over */
	bool laddered; /* type, rung and answers are set: windows do not come as shared memory */
	enum wcbar_type type;
	enum wcbar_rung rung;
	struct wcbar_answer answers[WCBAR_RUNGS];
	bool calibrated;
	struct wcbar_calibration calibration; /* its stores are the primary process's pointers */
	enum wcnic_test_state test;
	uint32_t n_results;
	struct wcnic_test_result results[WCBAR_STORES_MAX];
};

/*
 * Maps a PUSH window for a moment, before any queue has one: which rung it comes by, whether stores
 * reach it, how fast, and, if the card can tell, how they arrive. Once for a card that is open.
 */
void wcnic_window_caps_measure(struct wcnic_hw *hw);
/*
 * Chooses how lines are stored into a mapped PUSH window: what store= names if that is safe there,
 * else the fastest that gathers. Notes and logs by which rung windows come now.
 */
void wcnic_window_store_choose(struct wcnic_hw *hw, struct wcnic_window *win);
/*
 * The window of the first Tx queue that has one, or NULL: none pushes. Reads the queues that are
 * set up: on the control path only.
 */
const struct wcnic_window *wcnic_window_push_first(const struct wcnic_hw *hw);
/* False where WINDOW_TEST saw the window's store arrive in pieces: pushing does not pay then. */
bool wcnic_window_gathers(const struct wcnic_hw *hw, const struct wcnic_window *win);
/* True where WINDOW_TEST saw each line of the window's store arrive whole. */
bool wcnic_window_sees_whole(const struct wcnic_hw *hw, const struct wcnic_window *win);
/* The result of the store that is in use, or NULL. */
const struct wcnic_test_result *
wcnic_window_test_find(const struct wcnic_hw *hw, const char *store);

#endif /* WCNIC_WINDOW_CAPS_H */
