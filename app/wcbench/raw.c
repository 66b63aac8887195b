/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What lines and doorbells cost in a window. The ways to store take turns, so that a busy machine
 * slows all of them alike. A burst goes to the lines after those of the last one, as in a queue,
 * and begins again at the window's first line where it would leave the window.
 */

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <app_clock.h>
#include <app_progress.h>

#include "raw.h"

#define SAMPLE_NS 20000.0 /* far above the clock's resolution */
#define REPEATS_MAX (1u << 16)
#define ROUNDS_DEFAULT 501u
#define ROUNDS_MIN 3u
#define SECONDS_DEFAULT 10.0
#define DOORBELLS 16u /* of a burst */
#define MAY_FAULT "st64b"

static const alignas(64) uint8_t zeroes[RAW_BURST_MAX * WCBAR_LINE_BYTES];

/* ---- one sample ---------------------------------------------------------------------------- */

static void
doorbells_ring(const struct raw_cell *c, void *addr)
{
	for (unsigned int i = 0; i < DOORBELLS; i++) {
		c->ring(addr, 0);
		if (c->each)
			c->store->drain();
	}
	if (!c->each)
		c->store->drain();
}

static void
lines_store(struct raw_cell *c, uint8_t *addr, size_t window_lines)
{
	uint8_t *dst;

	if (c->at + c->burst > window_lines)
		c->at = 0;
	dst = addr + c->at * WCBAR_LINE_BYTES;
	c->at += c->burst;
	if (!c->each) {
		c->store->lines(dst, zeroes, c->burst);
		c->store->drain();
		return;
	}
	for (unsigned int i = 0; i < c->burst; i++) {
		c->store->lines(dst + i * WCBAR_LINE_BYTES, zeroes + i * WCBAR_LINE_BYTES, 1);
		c->store->drain();
	}
}

/* Nanoseconds of a whole sample. */
static double
sample(struct raw_cell *c, const struct wcbar_window *win)
{
	const size_t lines = win->bytes / WCBAR_LINE_BYTES;
	const double start = app_now_ns();

	for (unsigned int r = 0; r < c->repeats; r++) {
		if (c->burst == 0)
			doorbells_ring(c, win->addr);
		else
			lines_store(c, win->addr, lines);
	}
	return app_now_ns() - start;
}

/* Marks the sample for an observer of the bus. The stores are drained before the mark ends. */
static double
sample_marked(struct raw_cell *c, const struct wcbar_window *win, void *mark)
{
	double ns;

	if (c->mark == 0)
		return sample(c, win);
	wcbar_write32(mark, c->mark);
	ns = sample(c, win);
	wcbar_write32(mark, 0);
	return ns;
}

static unsigned int
burst_items(const struct raw_cell *c)
{
	return c->burst != 0 ? c->burst : DOORBELLS;
}

static void
repeats_choose(struct raw_cell *c, const struct wcbar_window *win, uint64_t items)
{
	if (items != 0) {
		c->repeats = (unsigned int)((items + burst_items(c) - 1) / burst_items(c));
		sample(c, win); /* the first touch costs more than all that follow */
		return;
	}
	c->repeats = 1;
	sample(c, win);
	for (; c->repeats < REPEATS_MAX; c->repeats *= 2) {
		bool enough = true;

		/* one that was interrupted is no reason to make all of them short */
		for (unsigned int i = 0; i < 3 && enough; i++)
			enough = sample(c, win) >= SAMPLE_NS;
		if (enough)
			break;
	}
}

/* ---- all of them --------------------------------------------------------------------------- */

static int
cell_add(struct raw_mapping *out, const struct wcbar_store *store, unsigned int burst, bool each,
	 unsigned int rounds)
{
	struct raw_cell *c = &out->cells[out->n];

	assert(out->n < RAW_CELLS_MAX);
	*c = (struct raw_cell){.store = store, .burst = burst, .each = each};
	out->n++;
	if (out->mark != NULL && out->marks_before + out->n <= RAW_MARKS_MAX)
		c->mark = out->marks_before + (unsigned int)out->n;
	return samples_init(&c->ns, rounds);
}

static int
doorbells_add(struct raw_mapping *out, const struct wcbar_window *win, bool each,
	      unsigned int rounds)
{
	const size_t i = out->n;
	const int ret = cell_add(out, win->store, 0, each, rounds);

	out->cells[i].ring = wcbar_doorbell_select(win->type);
	return ret;
}

/* A store that may fault is measured only if the user names it. */
static bool
store_wanted(const struct wcbar_store *store, const char *name)
{
	return name != NULL ? strcmp(store->name, name) == 0 : strcmp(store->name, MAY_FAULT) != 0;
}

static int
cells_make(const struct wcbar_window *win, const struct raw_options *o, unsigned int rounds,
	   struct raw_mapping *out)
{
	const struct wcbar_store *const *s = wcbar_window_stores(win);
	const size_t lines = win->bytes / WCBAR_LINE_BYTES;
	int ret = 0;

	for (; *s != NULL && ret == 0; s++) {
		if (!store_wanted(*s, o->store))
			continue;
		for (unsigned int burst = 1; burst <= RAW_BURST_MAX && burst <= lines; burst *= 2) {
			ret = cell_add(out, *s, burst, false, rounds);
			if (ret == 0 && burst > 1)
				ret = cell_add(out, *s, burst, true, rounds);
			if (ret != 0)
				return ret;
		}
	}
	if (out->n == 0) {
		snprintf(out->why, sizeof(out->why),
			 "--store %s: not one that this CPU has and that is safe for a %s mapping "
			 "%s",
			 o->store, wcbar_type_name(win->type),
			 win->direct ? "that is direct" : "that is not known to be direct");
		return -EINVAL;
	}
	ret = doorbells_add(out, win, true, rounds);
	return ret != 0 ? ret : doorbells_add(out, win, false, rounds);
}

static void
rounds_run(const struct wcbar_window *win, const struct raw_options *o, unsigned int rounds,
	   struct raw_mapping *out)
{
	const double seconds = o->common.seconds > 0 ? o->common.seconds : SECONDS_DEFAULT;
	const double start = app_now_ns();

	for (size_t i = 0; i < out->n; i++)
		repeats_choose(&out->cells[i], win, o->lines);
	app_progress_start(wcbar_type_name(win->type));
	while (out->rounds < rounds) {
		for (size_t i = 0; i < out->n; i++) {
			struct raw_cell *c = &out->cells[i];

			samples_add(&c->ns, sample_marked(c, win, out->mark) /
						    ((double)c->repeats * burst_items(c)));
		}
		out->rounds++;
		app_progress_step(out->rounds, rounds);
		/* With a number of lines the run is to store the same however long it takes. */
		if (o->lines == 0 && out->rounds >= ROUNDS_MIN &&
		    app_now_ns() - start > seconds * 1e9)
			break;
	}
	app_progress_end();
}

int
raw_measure(struct wcbar_window *win, const struct raw_options *o, struct raw_mapping *out)
{
	const unsigned int rounds = o->common.rounds > 0 ? o->common.rounds : ROUNDS_DEFAULT;
	size_t lines = win->bytes / WCBAR_LINE_BYTES;
	struct wcbar_calibration cal;
	int ret;

	/* Nothing wider than 8 bytes before it is known that nobody emulates the stores. */
	ret = wcbar_calibrate(win, lines < RAW_BURST_MAX ? lines : RAW_BURST_MAX, &cal);
	if (ret != 0) {
		snprintf(out->why, sizeof(out->why), "the range has no whole line of %u bytes",
			 WCBAR_LINE_BYTES);
		return ret;
	}
	out->type = win->type;
	out->direct = win->direct;
	ret = cells_make(win, o, rounds, out);
	if (ret == 0)
		rounds_run(win, o, rounds, out);
	else if (ret == -ENOMEM)
		snprintf(out->why, sizeof(out->why), "no memory for the samples: fewer --rounds");
	return ret;
}

void
raw_mapping_fini(struct raw_mapping *m)
{
	for (size_t i = 0; i < m->n; i++)
		samples_fini(&m->cells[i].ns);
	m->n = 0;
}
