/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What lines, single stores, doorbells and reads cost in a window, and how many lines a second
 * several threads store. All take turns, so that a busy machine slows all of them alike. A burst
 * goes to the lines after those of the last one, as in a queue, and begins again at the window's
 * first line where it would leave the window.
 */

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <app_clock.h>
#include <app_progress.h>

#include "cores.h"
#include "raw.h"
#include "raw_stream.h"

#define SAMPLE_NS 20000.0 /* far above the clock's resolution */
#define REPEATS_MAX (1u << 16)
#define ROUNDS_DEFAULT 501u
#define ROUNDS_MIN 3u
#define SECONDS_DEFAULT 10.0
#define DOORBELLS 16u /* of a burst; single stores and reads too */
#define STREAM_NS 1e6 /* of a sample: far above what starting threads takes */

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
		c->store->lines(dst, raw_zeroes, c->burst);
		c->store->drain();
		return;
	}
	for (unsigned int i = 0; i < c->burst; i++) {
		c->store->lines(dst + i * WCBAR_LINE_BYTES, raw_zeroes + i * WCBAR_LINE_BYTES, 1);
		c->store->drain();
	}
}

/* The nearest that a WC mapping comes to Device: as many transactions as stores. */
static void
words_store(struct raw_cell *c, uint8_t *addr, size_t window_lines)
{
	const size_t bytes = (window_lines > 1 ? 2 : 1) * WCBAR_LINE_BYTES;

	for (size_t i = 0; i < DOORBELLS; i++) {
		wcbar_write64(addr + i * sizeof(uint64_t) % bytes, 0);
		c->store->drain();
	}
}

static void
words_read(const uint8_t *addr)
{
	for (unsigned int i = 0; i < DOORBELLS; i++)
		(void)wcbar_read64(addr);
}

/* Nanoseconds of a whole sample. */
static double
sample(struct raw_cell *c, const struct wcbar_window *win)
{
	const size_t lines = win->bytes / WCBAR_LINE_BYTES;
	const double start = app_now_ns();

	for (unsigned int r = 0; r < c->repeats; r++) {
		switch (c->what) {
		case RAW_LINES:
			lines_store(c, win->addr, lines);
			break;
		case RAW_DOORBELL:
			doorbells_ring(c, win->addr);
			break;
		case RAW_STORE:
			words_store(c, win->addr, lines);
			break;
		case RAW_READ:
			words_read(win->addr);
			break;
		}
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

/* ---- streams ------------------------------------------------------------------------------- */

/* Nanoseconds of a sample of one number of threads. */
static double
stream_sample(struct raw_crew *crew, const struct wcbar_window *win, const struct raw_mapping *m,
	      const struct raw_stream *s)
{
	const struct raw_stream_job job = {
		.store = m->stream_store,
		.addr = win->addr,
		.lines = win->bytes / WCBAR_LINE_BYTES,
		.burst = m->stream_burst,
		.repeats = s->repeats,
	};

	return raw_crew_run(crew, s->threads, &job);
}

static void
stream_repeats_choose(struct raw_crew *crew, const struct wcbar_window *win, uint64_t lines,
		      const struct raw_mapping *m, struct raw_stream *s)
{
	if (lines != 0) {
		s->repeats = (unsigned int)((lines + m->stream_burst - 1) / m->stream_burst);
		return;
	}
	for (s->repeats = 1; s->repeats < REPEATS_MAX; s->repeats *= 2) {
		if (stream_sample(crew, win, m, s) >= STREAM_NS)
			break;
	}
}

static void
stream_add(struct raw_crew *crew, const struct wcbar_window *win, const struct raw_mapping *m,
	   struct raw_stream *s)
{
	const double bytes = (double)s->repeats * m->stream_burst * WCBAR_LINE_BYTES * s->threads;
	const double ns = stream_sample(crew, win, m, s);

	samples_add(&s->bytes_per_second, bytes * 1e9 / (ns > 0 ? ns : 1));
}

/* Threads, as many as there are cores that this process may use and parts in the window. */
static int
streams_make(const struct wcbar_window *win, const struct raw_options *o, unsigned int rounds,
	     struct raw_mapping *out, struct raw_crew **crew)
{
	const size_t lines = win->bytes / WCBAR_LINE_BYTES;
	cpu_set_t allowed;
	int ret;

	*crew = NULL;
	if (out->mark != NULL) {
		snprintf(out->streams_why, sizeof(out->streams_why), "left out with --mark");
		return 0;
	}
	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		CPU_ZERO(&allowed);
	out->stream_burst = (unsigned int)(lines < RAW_BURST_MAX ? lines : RAW_BURST_MAX);
	out->n_cpus = cores_choose(o->root, &allowed, out->numa_node, out->cpus, RAW_THREADS_MAX);
	if (out->n_cpus > lines / out->stream_burst)
		out->n_cpus = lines / out->stream_burst;
	ret = raw_crew_start(out->cpus, out->n_cpus, crew);
	if (ret != 0 || out->n_cpus == 0) {
		out->n_cpus = 0;
		snprintf(out->streams_why, sizeof(out->streams_why),
			 "no thread can be started on a core of its own: %s",
			 ret != 0 ? strerror(-ret) : "the CPUs of this process are not known");
		return 0;
	}
	for (unsigned int threads = 1; threads <= out->n_cpus; threads *= 2) {
		struct raw_stream *s = &out->streams[out->n_streams++];

		*s = (struct raw_stream){.threads = threads};
		ret = samples_init(&s->bytes_per_second, rounds);
		if (ret != 0)
			return ret;
	}
	return 0;
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

/* What has no mark, for a clock and not for an observer. */
static int
words_add(struct raw_mapping *out, unsigned int rounds)
{
	static const enum raw_what what[] = {RAW_STORE, RAW_READ};
	int ret = 0;

	for (size_t i = 0; i < 2 && ret == 0 && out->mark == NULL; i++) {
		const size_t at = out->n;

		ret = cell_add(out, &wcbar_store_u64, 0, true, rounds);
		out->cells[at].what = what[i];
	}
	return ret;
}

static int
doorbells_add(struct raw_mapping *out, const struct wcbar_window *win, bool each,
	      unsigned int rounds)
{
	const size_t i = out->n;
	const int ret = cell_add(out, win->store, 0, each, rounds);

	out->cells[i].what = RAW_DOORBELL;
	out->cells[i].ring = wcbar_doorbell_select(win->type);
	return ret;
}

static int
cells_make(const struct wcbar_window *win, const struct raw_options *o, unsigned int rounds,
	   struct raw_mapping *out)
{
	const struct wcbar_store *const *s = wcbar_window_stores(win);
	const size_t lines = win->bytes / WCBAR_LINE_BYTES;
	int ret = 0;

	for (; *s != NULL && ret == 0; s++) {
		if (!run_store_wanted(*s, o->store))
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
	if (ret == 0)
		ret = doorbells_add(out, win, false, rounds);
	return ret != 0 ? ret : words_add(out, rounds);
}

/* One line of each page: the first touch of a page costs more than all that follow. */
static void
pages_touch(const struct wcbar_window *win)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t at = 0; at + WCBAR_LINE_BYTES <= win->bytes; at += page)
		wcbar_store_u64.lines((uint8_t *)win->addr + at, raw_zeroes, 1);
	wcbar_store_u64.drain();
}

static void
round_run(const struct wcbar_window *win, struct raw_crew *crew, struct raw_mapping *out)
{
	for (size_t i = 0; i < out->n; i++) {
		struct raw_cell *c = &out->cells[i];

		samples_add(&c->ns, sample_marked(c, win, out->mark) /
					    ((double)c->repeats * burst_items(c)));
	}
	for (size_t i = 0; i < out->n_streams; i++)
		stream_add(crew, win, out, &out->streams[i]);
	out->rounds++;
}

static void
halves_judge(struct raw_mapping *out)
{
	for (size_t i = 0; i < out->n; i++)
		out->cells[i].halves = samples_halves(&out->cells[i].ns);
	for (size_t i = 0; i < out->n_streams; i++)
		out->streams[i].halves = samples_halves(&out->streams[i].bytes_per_second);
}

static void
rounds_run(const struct wcbar_window *win, const struct raw_options *o, unsigned int rounds,
	   struct raw_crew *crew, struct raw_mapping *out)
{
	const double seconds = o->common.seconds > 0 ? o->common.seconds : SECONDS_DEFAULT;
	const double start = app_now_ns();

	if (win->direct && out->mark == NULL)
		pages_touch(win);
	for (size_t i = 0; i < out->n; i++)
		repeats_choose(&out->cells[i], win, o->lines);
	for (size_t i = 0; i < out->n_streams; i++)
		stream_repeats_choose(crew, win, o->lines, out, &out->streams[i]);
	app_progress_start(wcbar_type_name(win->type));
	while (out->rounds < rounds) {
		round_run(win, crew, out);
		app_progress_step(out->rounds, rounds);
		/* With a number of lines the run is to store the same however long it takes. */
		if (o->lines == 0 && out->rounds >= ROUNDS_MIN &&
		    app_now_ns() - start > seconds * 1e9)
			break;
	}
	app_progress_end();
	halves_judge(out);
}

/*
 * Runs the rounds on the first CPU of the streams, which is near the device, so that all rows are
 * of one core. Where that is refused they run anywhere, and it is noted.
 */
static void
rounds_run_pinned(const struct wcbar_window *win, const struct raw_options *o, unsigned int rounds,
		  struct raw_crew *crew, struct raw_mapping *out)
{
	cpu_set_t before, one;

	CPU_ZERO(&one);
	if (out->n_cpus > 0)
		CPU_SET(out->cpus[0], &one);
	if (out->n_cpus > 0 && sched_getaffinity(0, sizeof(before), &before) == 0 &&
	    sched_setaffinity(0, sizeof(one), &one) == 0)
		out->cpu = (int)out->cpus[0];
	rounds_run(win, o, rounds, crew, out);
	if (out->cpu >= 0)
		(void)sched_setaffinity(0, sizeof(before), &before);
}

int
raw_measure(struct wcbar_window *win, const struct raw_options *o, struct raw_mapping *out)
{
	const unsigned int rounds = o->common.rounds > 0 ? o->common.rounds : ROUNDS_DEFAULT;
	size_t lines = win->bytes / WCBAR_LINE_BYTES;
	struct wcbar_calibration cal;
	struct raw_crew *crew = NULL;
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
	out->cpu = -1;
	ret = cells_make(win, o, rounds, out);
	out->stream_store = ret == 0 ? out->cells[0].store : NULL;
	if (o->store == NULL)
		out->stream_store = win->store;
	if (ret == 0)
		ret = streams_make(win, o, rounds, out, &crew);
	if (ret == 0)
		rounds_run_pinned(win, o, rounds, crew, out);
	else if (ret == -ENOMEM)
		snprintf(out->why, sizeof(out->why), "no memory for the samples: fewer --rounds");
	raw_crew_stop(crew);
	return ret;
}

void
raw_mapping_fini(struct raw_mapping *m)
{
	for (size_t i = 0; i < m->n; i++)
		samples_fini(&m->cells[i].ns);
	for (size_t i = 0; i < m->n_streams; i++)
		samples_fini(&m->streams[i].bytes_per_second);
	m->n = m->n_streams = 0;
}

size_t
raw_unstable(const struct raw_mapping *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->cells[i].halves.judged && !m->cells[i].halves.agree;
	for (size_t i = 0; i < m->n_streams; i++)
		n += m->streams[i].halves.judged && !m->streams[i].halves.agree;
	return n;
}
