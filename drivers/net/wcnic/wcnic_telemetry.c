/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Telemetry: what is known of the windows, with every rung's answer, and of the self test. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ethdev_driver.h>
#include <rte_telemetry.h>

#include "wcnic_attach.h"
#include "wcnic_compat.h"
#include "wcnic_hold.h"
#include "wcnic_hw.h"
#include "wcnic_time.h"
#include "wcnic_window_caps.h"

/* The port of "/wcnic/...,PORT", held, or NULL if it is not one of this driver. */
static struct wcnic_hw *
port_hold(const char *params)
{
	unsigned long port;
	char *end;

	if (params == NULL || *params < '0' || *params > '9')
		return NULL;
	port = strtoul(params, &end, 10);
	return *end == '\0' && port < RTE_MAX_ETHPORTS ? wcnic_hold(port) : NULL;
}

static void
put_ns(struct rte_tel_data *d, const char *name, double ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%.1f", ns);
	rte_tel_data_add_dict_string(d, name, text);
}

static void
put_container(struct rte_tel_data *d, const char *name, struct rte_tel_data *value)
{
	if (rte_tel_data_add_dict_container(d, name, value, 0) != 0)
		rte_tel_data_free(value);
}

/* A string of telemetry has 127 characters at most: a sentence comes as a list of pieces. */
static void
put_text(struct rte_tel_data *d, const char *name, const char *text)
{
	struct rte_tel_data *pieces = rte_tel_data_alloc();
	char piece[96];

	if (pieces == NULL)
		return;
	rte_tel_data_start_array(pieces, RTE_TEL_STRING_VAL);
	while (*text != '\0') {
		size_t n = strlen(text);

		if (n >= sizeof(piece)) { /* up to the last space that fits */
			for (n = sizeof(piece) - 1; n > 0 && text[n - 1] != ' '; n--)
				;
			n = n != 0 ? n : sizeof(piece) - 1;
		}
		snprintf(piece, sizeof(piece), "%.*s", (int)n, text);
		rte_tel_data_add_array_string(pieces, piece);
		text += n;
	}
	put_container(d, name, pieces);
}

static void
put_answer(struct rte_tel_data *rungs, enum wcbar_rung rung, const struct wcbar_answer *a)
{
	struct rte_tel_data *one = rte_tel_data_alloc();
	char name[32];

	if (one == NULL)
		return;
	/* a name in telemetry has no dashes */
	snprintf(name, sizeof(name), "%s", wcbar_rung_name(rung));
	for (char *c = name; *c != '\0'; c++)
		*c = *c == '-' ? '_' : *c;
	rte_tel_data_start_dict(one);
	rte_tel_data_add_dict_string(one, "type", wcbar_type_name(a->type));
	rte_tel_data_add_dict_string(one, "answer",
				     !a->tried       ? "not asked"
				     : a->error == 0 ? "yes"
						     : "no");
	rte_tel_data_add_dict_int(one, "error", a->error);
	if (a->error != 0)
		put_text(one, "why", a->why);
	put_container(rungs, name, one);
}

static void
put_ladder(struct rte_tel_data *d, const struct wcnic_window_caps *l)
{
	struct rte_tel_data *rungs = rte_tel_data_alloc();

	if (rungs == NULL)
		return;
	rte_tel_data_start_dict(rungs);
	for (size_t i = 0; i < WCBAR_RUNGS; i++)
		put_answer(rungs, i, &l->answers[i]);
	put_container(d, "rungs", rungs);
}

static void
put_calibration(struct rte_tel_data *d, const struct wcbar_calibration *c)
{
	struct rte_tel_data *ranks = rte_tel_data_alloc();

	put_ns(d, "ns_per_8_bytes", c->ns_per_store);
	put_ns(d, "ns_per_read", c->ns_per_read);
	if (ranks == NULL)
		return;
	rte_tel_data_start_dict(ranks);
	for (size_t i = 0; i < c->ranks; i++)
		put_ns(ranks, c->rank[i].store->name, c->rank[i].ns_per_line);
	put_container(d, "ns_per_line", ranks);
}

static int
window_show(const char *cmd __rte_unused, const char *params, struct rte_tel_data *d)
{
	struct wcnic_hw *hw = port_hold(params);
	const struct wcnic_window *win;
	const struct wcnic_window_caps *l;

	if (hw == NULL)
		return -EINVAL;
	rte_tel_data_start_dict(d);
	pthread_mutex_lock(&hw->lock);
	win = wcnic_window_push_first(hw);
	l = &hw->window_caps;
	rte_tel_data_add_dict_string(d, "attach", hw->attach->name);
	rte_tel_data_add_dict_string(d, "type",
				     wcbar_type_name(win != NULL ? win->win.type : l->type));
	rte_tel_data_add_dict_string(d, "rung", l->laddered ? wcbar_rung_name(l->rung) : "none");
	rte_tel_data_add_dict_int(d, "direct",
				  win != NULL ? win->win.direct : l->calibration.direct);
	rte_tel_data_add_dict_string(d, "store", win != NULL ? win->win.store->name : "none");
	rte_tel_data_add_dict_string(d, "doorbells",
				     hw->doorbells.granted ? wcbar_type_name(hw->doorbells.win.type)
							   : "none");
	if (l->calibrated)
		put_calibration(d, &l->calibration);
	if (l->laddered)
		put_ladder(d, l);
	pthread_mutex_unlock(&hw->lock);
	wcnic_hold_release(hw);
	return 0;
}

static void
put_result(struct rte_tel_data *d, const struct wcnic_test_result *res)
{
	static const char *const sizes[] = {"1", "2", "4", "8", "16", "32", "64", "other"};
	const struct wcnic_window_test_report *r = &res->report;
	struct rte_tel_data *arrivals = rte_tel_data_alloc();
	struct rte_tel_data *one = rte_tel_data_alloc();

	if (arrivals == NULL || one == NULL) {
		rte_tel_data_free(arrivals);
		rte_tel_data_free(one);
		return;
	}
	rte_tel_data_start_dict(arrivals);
	for (size_t i = 0; i < RTE_DIM(sizes); i++)
		rte_tel_data_add_dict_int(arrivals, sizes[i], r->arrivals[i]);
	rte_tel_data_start_dict(one);
	rte_tel_data_add_dict_int(one, "lines", res->lines);
	rte_tel_data_add_dict_int(one, "whole", r->lines_whole);
	rte_tel_data_add_dict_int(one, "whole_percent", r->lines_whole * 100ull / res->lines);
	rte_tel_data_add_dict_int(one, "partial", r->lines_partial);
	rte_tel_data_add_dict_int(one, "missing", r->lines_lost);
	rte_tel_data_add_dict_int(one, "reordered", r->lines_reordered);
	put_ns(one, "ns_first_to_last", r->last_ns - r->first_ns);
	put_container(one, "arrivals_by_bytes", arrivals);
	put_container(d, res->store, one);
}

static int
test_show(const char *cmd __rte_unused, const char *params, struct rte_tel_data *d)
{
	static const char *const states[] = {
		[WCNIC_TEST_NOT_RUN] = "not run",
		[WCNIC_TEST_DONE] = "done",
		[WCNIC_TEST_NOT_OBSERVABLE] = "not observable",
		[WCNIC_TEST_FAILED] = "failed",
	};
	struct rte_tel_data *stores;
	struct wcnic_hw *hw = port_hold(params);

	if (hw == NULL)
		return -EINVAL;
	stores = rte_tel_data_alloc();
	if (stores == NULL) {
		wcnic_hold_release(hw);
		return -ENOMEM;
	}
	rte_tel_data_start_dict(d);
	rte_tel_data_start_dict(stores);
	pthread_mutex_lock(&hw->lock);
	rte_tel_data_add_dict_string(d, "state", states[hw->window_caps.test]);
	for (uint32_t i = 0; i < hw->window_caps.n_results; i++)
		put_result(stores, &hw->window_caps.results[i]);
	pthread_mutex_unlock(&hw->lock);
	wcnic_hold_release(hw);
	put_container(d, "stores", stores);
	return 0;
}

static int
clock_show(const char *cmd __rte_unused, const char *params, struct rte_tel_data *d)
{
	struct wcnic_hw *hw = port_hold(params);
	uint64_t ns = 0;
	int ret;

	if (hw == NULL)
		return -EINVAL;
	rte_tel_data_start_dict(d);
	pthread_mutex_lock(&hw->lock);
	ret = wcnic_clock_get(hw, &ns);
	rte_tel_data_add_dict_string(d, "clock",
				     ret == 0          ? "readable"
				     : ret == -ENOTSUP ? "none"
						       : "not readable");
	wcnic_tel_add_u64(d, "ns", ns);
	rte_tel_data_add_dict_int(d, "rate_ppb", (int)hw->time.rate_ppb);
	rte_tel_data_add_dict_int(d, "timesync", wcnic_load(&hw->time.timesync));
	rte_tel_data_add_dict_int(d, "rx_interrupts", hw->intr != NULL);
	rte_tel_data_add_dict_int(d, "rx_intr_usecs", (int)hw->args.rx_intr_usecs);
	pthread_mutex_unlock(&hw->lock);
	wcnic_hold_release(hw);
	return 0;
}

RTE_INIT(wcnic_telemetry_init)
{
	rte_telemetry_register_cmd("/wcnic/clock", clock_show,
				   "A wcnic port's clock, timesync and moderation of interrupts. "
				   "Parameters: int port_id");
	rte_telemetry_register_cmd("/wcnic/window", window_show,
				   "How a wcnic port's push windows are mapped and stored to. "
				   "Parameters: int port_id");
	rte_telemetry_register_cmd("/wcnic/window_test", test_show,
				   "How lines arrived at a wcnic card, by way to store them. "
				   "Parameters: int port_id");
}
