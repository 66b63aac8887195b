/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The host's side of the far end: stores bursts of tagged lines while a dispatch looks at them,
 * and times the answers. The ways to store take turns, a few bursts at a time.
 *
 * A burst is stored when the shader has said that it watches. A dispatch may end at any moment all
 * the same, because it has so many looks and no more, and whoever waits for it does not know the
 * future. Then one more dispatch looks at the lines once: what was stored before it was submitted
 * is visible to it, by Vulkan's rules. So a line that it does not see was lost, and a line that it
 * sees was missed. No verdict depends on a time.
 */

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <app_progress.h>

#include "far_end.h"
#include "run.h"

#define ROUNDS_DEFAULT 63u
#define ROUNDS_MIN 3u
#define SECONDS_DEFAULT 10.0
#define ANSWER_S_DEVICE 10.0
#define ANSWER_S_RENDERER 600.0 /* it ends by itself, however busy its CPUs are */
#define BURSTS 8u               /* of a cell in a round */

#define DISPATCH_NS 20e6 /* what a desktop does not notice */
#define LOOKS_FIRST 256u
#define LOOKS_MIN 16u
#define LOOKS_MAX (1u << 24)
#define LOOKS_RENDERER (1u << 16) /* however few seemed to be enough */
#define LONGER 8u   /* times DISPATCH_NS, if shorter dispatches see nothing to the end */
#define IDLES 3u    /* dispatches to which nothing is stored: the shortest one counts */
#define TRIES 12u   /* dispatches in a row that see nothing to the end */
#define RATE_NS 1e6 /* the least time over which a clock's rate is worth anything */
#define WRAP_NS 1e9 /* of a word of 4 bytes at up to 4 ticks a ns */
#define SPINS 4096u /* reads of the report before anything slower is asked */

enum outcome {
	CAME = 0,
	ENDED, /* the dispatch did, before that */
};

struct run {
	struct far_end_io *io;
	struct far_end *out;
	double answer_ns;
	uint32_t seq;  /* the next line's number; never 0 */
	uint32_t slot; /* the next burst's */
	uint32_t looks, looks_max;
	unsigned int fruitless; /* dispatches in a row */
	bool watched, answered; /* ever, while a dispatch ran */
	uint64_t lost;          /* lines that the next dispatch did not see either */
	double last_ns;         /* of an answer, by the CPU's clock */
	uint32_t last_ticks;    /* by the device's */
	double clock_ns;        /* so long took */
	uint64_t clock_ticks;   /* so many ticks */
	struct far_end_seen seen, later;
	alignas(WCBAR_LINE_BYTES) uint32_t tags[FAR_END_SLOT_WORDS];
};

/* ---- waiting ------------------------------------------------------------------------------- */

static uint32_t
report_word(const struct run *r, unsigned int word)
{
	return __atomic_load_n(&r->io->report[word], __ATOMIC_ACQUIRE);
}

static int
hangs(struct run *r)
{
	snprintf(r->out->why, sizeof(r->out->why),
		 "the shader did not answer within %g s, and its dispatch has not ended: the "
		 "device hangs, or others keep it busy: try again when nobody uses it",
		 r->answer_ns / 1e9);
	return -ETIMEDOUT;
}

/* One step of waiting for what began at `start`: whether the dispatch has ended, or -errno. */
static int
wait_step(struct run *r, double start)
{
	struct far_end_io *io = r->io;
	const int ended = io->ended(io->ctx, r->out->why, sizeof(r->out->why));

	if (ended != 0)
		return ended;
	if (io->now_ns(io->ctx) - start > r->answer_ns)
		return hangs(r);
	io->pause(io->ctx);
	return 0;
}

/* Until that word of the report names this burst. An enum outcome, or -errno. */
static int
wait_word(struct run *r, unsigned int word)
{
	const double start = r->io->now_ns(r->io->ctx);
	int ret;

	for (;;) {
		for (unsigned int i = 0; i < SPINS; i++) {
			if (report_word(r, word) == r->seq)
				return CAME;
		}
		ret = wait_step(r, start);
		if (ret != 0)
			return ret > 0 ? ENDED : ret;
	}
}

/* Until the shader has looked once, and has not ended. Else nobody would see the burst come. */
static int
wait_watching(struct run *r)
{
	int ret = wait_word(r, FAR_END_WATCHING);

	if (ret == CAME)
		ret = r->io->ended(r->io->ctx, r->out->why, sizeof(r->out->why));
	return ret > 0 ? ENDED : ret;
}

/* As wait_word(), for what may well be the last that the dispatch wrote. */
static int
wait_last_word(struct run *r, unsigned int word)
{
	const int ret = wait_word(r, word);

	return ret == ENDED && report_word(r, word) == r->seq ? CAME : ret;
}

/* Until the dispatch has ended. 0 or -errno. */
static int
wait_end(struct run *r)
{
	const double start = r->io->now_ns(r->io->ctx);
	int ret;

	do
		ret = wait_step(r, start);
	while (ret == 0);
	return ret > 0 ? 0 : ret;
}

/*
 * The report on this burst. False, and all zero: there is none, or a dispatch that still runs had
 * reported on the next burst before it was copied, and may have begun to write over it.
 */
static bool
report_copy(const struct run *r, struct far_end_seen *to)
{
	const volatile uint32_t *from = r->io->report + FAR_END_PART(r->slot);

	if (report_word(r, FAR_END_REPORTED) == r->seq) {
		for (unsigned int i = 0; i < FAR_END_PART_WORDS; i++)
			to->word[i] = from[i];
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (report_word(r, FAR_END_REPORTED) == r->seq)
			return true;
	}
	memset(to, 0, sizeof(*to));
	return false;
}

/* ---- dispatches ---------------------------------------------------------------------------- */

static int
dispatch(struct run *r, unsigned int bursts, unsigned int lines, uint32_t looks)
{
	const struct far_end_order order = {
		.seq = r->seq,
		.bursts = bursts,
		.lines = lines,
		.slot = r->slot,
		.slots = FAR_END_SLOTS,
		.looks = looks,
	};

	r->out->dispatches++;
	return r->io->start(r->io->ctx, &order, r->out->why, sizeof(r->out->why));
}

static void
burst_next(struct run *r, unsigned int lines)
{
	r->seq += lines;
	r->slot = (r->slot + 1) % FAR_END_SLOTS;
}

/* Nothing is stored: what a dispatch of so many looks takes. */
static int
idle(struct run *r, uint32_t looks, double *ns)
{
	const double start = r->io->now_ns(r->io->ctx);
	int ret = dispatch(r, 1, FAR_END_LINES_MAX, looks);

	if (ret == 0)
		ret = wait_end(r);
	*ns = r->io->now_ns(r->io->ctx) - start;
	burst_next(r, FAR_END_LINES_MAX);
	return ret;
}

/* The shortest of some: one that was interrupted is no reason to make all of them short. */
static int
idle_shortest(struct run *r, uint32_t looks, double *ns)
{
	double once;
	int ret;

	ret = idle(r, looks, ns);
	for (unsigned int i = 1; i < IDLES && ret == 0; i++) {
		ret = idle(r, looks, &once);
		*ns = once < *ns ? once : *ns;
	}
	return ret;
}

/* How many looks a dispatch may take: long enough to see a burst, too short to be noticed. */
static int
looks_choose(struct run *r, const struct far_end_options *o)
{
	uint32_t looks = LOOKS_FIRST;
	double ns = 0, fit;
	int ret;

	r->looks = r->looks_max = o->looks;
	ret = idle(r, 1, &ns); /* the first one may compile the shader */
	if (ret != 0 || o->looks != 0)
		return ret;
	for (;; looks *= 4) {
		ret = idle_shortest(r, looks, &ns);
		if (ret != 0)
			return ret;
		if (ns > DISPATCH_NS / 4 || looks >= LOOKS_MAX / 4)
			break;
	}
	r->out->ns_per_look = ns / looks;
	fit = looks * (DISPATCH_NS / ns);
	if (r->io->renderer && fit > LOOKS_RENDERER)
		fit = LOOKS_RENDERER;
	r->looks = fit < LOOKS_MIN ? LOOKS_MIN : fit > LOOKS_MAX ? LOOKS_MAX : (uint32_t)fit;
	/* A renderer shares its CPUs with whoever stores, and no desktop waits for it. */
	r->looks_max = r->io->renderer ? LOOKS_RENDERER : r->looks * LONGER;
	return 0;
}

/* ---- stores -------------------------------------------------------------------------------- */

static uint32_t
tag(uint32_t seq, unsigned int place)
{
	return FAR_END_TAG(seq, place);
}

static void *
line_addr(const struct run *r, unsigned int line)
{
	return (uint8_t *)r->io->window.addr +
	       ((size_t)r->slot * FAR_END_LINES_MAX + line) * WCBAR_LINE_BYTES;
}

static void
tags_make(struct run *r, uint32_t seq, unsigned int lines)
{
	for (unsigned int i = 0; i < lines * FAR_END_LINE_WORDS; i++)
		r->tags[i] = htole32(tag(seq + i / FAR_END_LINE_WORDS, i % FAR_END_LINE_WORDS));
}

/* Places `from` to `to` of a line, by 8-byte stores that leave one by one. */
static void
line_store_pieces(const struct run *r, unsigned int line, unsigned int from, unsigned int to)
{
	uint8_t *at = line_addr(r, line);

	for (unsigned int p = from; p < to; p += 2)
		wcbar_write64_wc(at + p * sizeof(uint32_t),
				 tag(r->seq + line, p) | (uint64_t)tag(r->seq + line, p + 1) << 32);
}

static void
burst_store(struct run *r, const struct far_end_cell *c)
{
	if (c->store != NULL) {
		c->store->lines(line_addr(r, 0), r->tags, c->burst);
		c->store->drain();
		return;
	}
	for (unsigned int i = 0; i < c->burst; i++)
		line_store_pieces(r, i, 0, FAR_END_LINE_WORDS);
}

/* Lines of number 0 in the whole window. */
static void
window_fill(struct run *r)
{
	for (unsigned int i = 0; i < FAR_END_SLOT_WORDS; i++)
		r->tags[i] = htole32(tag(0, i % FAR_END_LINE_WORDS));
	for (r->slot = 0; r->slot < FAR_END_SLOTS; r->slot++)
		wcbar_store_u64.lines(line_addr(r, 0), r->tags, FAR_END_LINES_MAX);
	wcbar_store_u64.drain();
	r->slot = 0;
	r->seq = 1;
}

/* ---- a burst ------------------------------------------------------------------------------- */

/*
 * The device's clock beside the CPU's, from answer to answer. Its low word alone: there are drivers
 * whose high word stays 0. So what is long enough for a wrap does not count.
 */
static void
clock_note(struct run *r, double ns)
{
	const uint32_t ticks = r->seen.word[FAR_END_CLOCK];

	if (r->answered && ns - r->last_ns < WRAP_NS) {
		r->clock_ns += ns - r->last_ns;
		r->clock_ticks += (uint32_t)(ticks - r->last_ticks);
	}
	r->last_ns = ns;
	r->last_ticks = ticks;
}

static void
burst_count(struct run *r, struct far_end_cell *c, double ns)
{
	uint32_t looks, ticks;

	samples_add(&c->round_trip, ns);
	if (far_end_spread(&r->seen, c->burst, &looks, &ticks))
		samples_add(&c->spread, r->out->clock ? ticks : looks);
}

/* One more dispatch looks at what the last one did not see to the end. */
static int
burst_later(struct run *r, struct far_end_cell *c)
{
	const uint64_t lost = c->counts.lost;
	int ret;

	(void)report_copy(r, &r->seen);
	ret = dispatch(r, 1, c->burst, 1);
	if (ret == 0)
		ret = wait_end(r);
	if (ret != 0)
		return ret;
	(void)report_copy(r, &r->later);
	far_end_judge(&r->seen, &r->later, c->burst, &c->counts);
	r->lost += c->counts.lost - lost;
	r->out->cut++;
	return ENDED;
}

/* The shader watches. An enum outcome, or -errno; after ENDED the lines are counted too. */
static int
burst_do(struct run *r, struct far_end_cell *c)
{
	double start, ns;
	int ret;

	tags_make(r, r->seq, c->burst);
	start = r->io->now_ns(r->io->ctx);
	burst_store(r, c);
	ret = wait_last_word(r, FAR_END_ANSWER);
	ns = r->io->now_ns(r->io->ctx) - start;
	if (ret == CAME)
		ret = wait_last_word(r, FAR_END_REPORTED);
	if (ret == ENDED)
		return burst_later(r, c);
	if (ret < 0)
		return ret;
	if (!report_copy(r, &r->seen)) {
		ret = wait_end(r);
		return ret == 0 ? burst_later(r, c) : ret;
	}
	far_end_judge(&r->seen, NULL, c->burst, &c->counts);
	burst_count(r, c, ns);
	clock_note(r, start + ns);
	r->answered = true;
	return CAME;
}

/* ---- a cell's turn ------------------------------------------------------------------------- */

/* Bursts while this dispatch watches. How many it saw to the end, or -errno. */
static int
dispatch_serve(struct run *r, struct far_end_cell *c, unsigned int bursts)
{
	unsigned int seen = 0;
	int ret = CAME;

	while (ret == CAME && seen < bursts) {
		ret = wait_watching(r);
		if (ret == CAME) {
			r->watched = true;
			ret = burst_do(r, c);
			seen += ret == CAME;
		}
		/* Also if nothing was stored: what this dispatch said of it is no other's word. */
		burst_next(r, c->burst);
	}
	if (ret >= 0)
		ret = wait_end(r);
	return ret < 0 ? ret : (int)seen;
}

/* Why nothing came of so many dispatches. */
static int
give_up(struct run *r)
{
	struct far_end *out = r->out;

	if (r->answered)
		snprintf(out->why, sizeof(out->why),
			 "the shader saw bursts to their ends, and then none in %u dispatches of "
			 "up to %" PRIu32 " looks, and %" PRIu64 " lines of them were lost%s",
			 TRIES, r->looks, r->lost,
			 r->lost == 0 ? ": try again on a quieter machine" : "");
	else if (!r->watched)
		snprintf(out->why, sizeof(out->why),
			 "the shader did not answer: %u dispatches of up to %" PRIu32
			 " looks ended before this CPU saw a store of theirs, so the device does "
			 "not show stores of a running dispatch, or this machine is too busy",
			 TRIES, r->looks);
	else if (r->lost == 0)
		snprintf(out->why, sizeof(out->why),
			 "the device does not see stores of a running dispatch: in %u dispatches "
			 "of up to %" PRIu32 " looks a burst was never complete, and each time the "
			 "next dispatch found it",
			 TRIES, r->looks);
	else
		snprintf(out->why, sizeof(out->why),
			 "lines were lost: %u dispatches of up to %" PRIu32 " looks saw no burst "
			 "completely, and the dispatches after them missed %" PRIu64 " lines too",
			 TRIES, r->looks, r->lost);
	return !r->answered && r->lost == 0 ? -EOPNOTSUPP : -EIO;
}

/* A dispatch saw no burst to the end. 0: once more, with more looks. */
static int
fruitless(struct run *r)
{
	r->fruitless++;
	if (r->fruitless >= TRIES)
		return give_up(r);
	r->looks = r->looks > r->looks_max / 2 ? r->looks_max : r->looks * 2;
	return 0;
}

static int
cell_turn(struct run *r, struct far_end_cell *c)
{
	unsigned int left = BURSTS;
	int ret;

	while (left > 0) {
		ret = dispatch(r, left, c->burst, r->looks);
		if (ret == 0)
			ret = dispatch_serve(r, c, left);
		if (ret < 0)
			return ret;
		left -= (unsigned int)ret;
		if (ret > 0)
			r->fruitless = 0;
		else
			ret = fruitless(r);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* ---- the proof ----------------------------------------------------------------------------- */

/*
 * Line 1 in two halves, and line 0 in between, each when the shader has seen what was before. An
 * enum outcome, or -errno.
 */
static int
proof_store(struct run *r)
{
	int ret = wait_watching(r);

	if (ret != CAME)
		return ret;
	line_store_pieces(r, 1, 0, FAR_END_LINE_WORDS / 2);
	ret = wait_word(r, FAR_END_TORN_SEEN);
	if (ret != CAME)
		return ret;
	line_store_pieces(r, 0, 0, FAR_END_LINE_WORDS);
	line_store_pieces(r, 1, FAR_END_LINE_WORDS / 2, FAR_END_LINE_WORDS);
	ret = wait_last_word(r, FAR_END_REPORTED);
	if (ret == CAME && report_word(r, FAR_END_ANSWER) != r->seq)
		return ENDED;
	return ret;
}

/* Whether the shader sees a torn line as torn, and one that was overtaken as overtaken. */
static int
proof(struct run *r)
{
	struct far_end_counts counts = {0};
	int ret, end;

	do {
		ret = dispatch(r, 1, 2, r->looks);
		if (ret == 0)
			ret = proof_store(r);
		end = ret >= 0 ? wait_end(r) : ret;
		if (end == 0 && ret == ENDED)
			end = fruitless(r);
		(void)report_copy(r, &r->seen);
		burst_next(r, 2);
	} while (end == 0 && ret == ENDED);
	if (end != 0)
		return end;
	r->fruitless = 0;
	far_end_judge(&r->seen, NULL, 2, &counts);
	r->out->proved = counts.partial >= 1 && counts.reordered == 1 && counts.wrong == 0;
	if (r->out->proved)
		return 0;
	snprintf(
		r->out->why, sizeof(r->out->why),
		"the shader took a line that came in two halves, or after a later one, for a whole "
		"line in its turn: what it counts means nothing");
	return -EIO;
}

/* ---- the run ------------------------------------------------------------------------------- */

static int
cell_add(struct far_end *out, const struct wcbar_store *store, unsigned int burst,
	 unsigned int rounds)
{
	struct far_end_cell *c = &out->cells[out->n];
	int ret;

	assert(out->n < FAR_END_CELLS_MAX);
	*c = (struct far_end_cell){.store = store, .burst = burst};
	out->n++;
	ret = samples_init(&c->round_trip, (size_t)rounds * BURSTS);
	return ret != 0 ? ret : samples_init(&c->spread, (size_t)rounds * BURSTS);
}

/* Each way to store that is safe, and 8-byte stores one by one. */
static int
cells_make(const struct run *r, const struct far_end_options *o, unsigned int rounds)
{
	const struct wcbar_store *const *s = wcbar_window_stores(&r->io->window);
	struct far_end *out = r->out;
	int ret = 0;

	for (; *s != NULL && ret == 0; s++) {
		if (!run_store_wanted(*s, o->store))
			continue;
		for (unsigned int burst = 1; burst <= FAR_END_LINES_MAX && ret == 0; burst *= 2)
			ret = cell_add(out, *s, burst, rounds);
	}
	if (out->n == 0) {
		snprintf(out->why, sizeof(out->why),
			 "--store %s: not one that this CPU has and that is safe for a %s mapping",
			 o->store, wcbar_type_name(r->io->window.type));
		return -EINVAL;
	}
	for (unsigned int burst = 1; burst <= FAR_END_LINES_MAX && ret == 0; burst *= 2)
		ret = cell_add(out, NULL, burst, rounds);
	if (ret != 0)
		snprintf(out->why, sizeof(out->why), "no memory for the samples: fewer --rounds");
	return ret;
}

/* The first touch costs more than all that follow, and shows whether the shader sees at all. */
static int
warm_up(struct run *r)
{
	struct far_end_cell *c = &r->out->cells[0];
	int ret = cell_turn(r, c);

	if (ret != 0)
		return ret;
	c->counts = (struct far_end_counts){0};
	c->round_trip.n = c->spread.n = 0;
	return proof(r);
}

static int
rounds_run(struct run *r, unsigned int rounds, double seconds)
{
	const double start = r->io->now_ns(r->io->ctx);
	struct far_end *out = r->out;
	int ret = 0;

	app_progress_start("far end");
	while (ret == 0 && out->rounds < rounds) {
		for (size_t i = 0; i < out->n && ret == 0; i++) {
			/* Numbers begin again before they run out, on lines that hold none. */
			if (r->seq > FAR_END_SEQ_MAX / 2)
				window_fill(r);
			ret = cell_turn(r, &out->cells[i]);
		}
		out->rounds += ret == 0;
		app_progress_step(out->rounds, rounds);
		if (out->rounds >= ROUNDS_MIN && r->io->now_ns(r->io->ctx) - start > seconds * 1e9)
			break;
	}
	app_progress_end();
	return ret;
}

int
far_end_run(struct far_end_io *io, const struct far_end_options *o, struct far_end *out)
{
	const unsigned int rounds = o->rounds > 0 ? o->rounds : ROUNDS_DEFAULT;
	struct run *r = aligned_alloc(WCBAR_LINE_BYTES, sizeof(*r));
	int ret = -ENOMEM;

	snprintf(out->why, sizeof(out->why), "no memory");
	if (r == NULL)
		goto out;
	memset(r, 0, sizeof(*r));
	r->io = io;
	r->out = out;
	r->answer_ns = (io->renderer ? ANSWER_S_RENDERER : ANSWER_S_DEVICE) * 1e9;
	if (o->answer_s > 0)
		r->answer_ns = o->answer_s * 1e9;
	out->direct = io->window.direct;
	ret = cells_make(r, o, rounds);
	if (ret == 0) {
		window_fill(r);
		if (io->first_seq != 0)
			r->seq = io->first_seq;
		ret = looks_choose(r, o);
	}
	if (ret == 0)
		ret = warm_up(r);
	if (ret == 0)
		ret = rounds_run(r, rounds, o->seconds > 0 ? o->seconds : SECONDS_DEFAULT);
	out->looks = r->looks;
	if (out->clock && r->clock_ticks > 0 && r->clock_ns > RATE_NS)
		out->ns_per_tick = r->clock_ns / (double)r->clock_ticks;
out:
	free(r);
	out->error = ret;
	if (ret == 0)
		out->why[0] = '\0';
	return ret;
}

void
far_end_fini(struct far_end *f)
{
	for (size_t i = 0; i < f->n; i++) {
		samples_fini(&f->cells[i].round_trip);
		samples_fini(&f->cells[i].spread);
	}
	f->n = 0;
}
