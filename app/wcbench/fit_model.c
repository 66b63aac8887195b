/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * wcbench raw's samples through lib/pcielink: the same stores and drains, one burst after the
 * other, until nothing of the beginning is left; then the time of the bursts that follow.
 */

#include <errno.h>
#include <stdlib.h>

#include "fit_model.h"

#define BASE (UINT64_C(1) << 40) /* a prefetchable BAR: its addresses have 64 bits */
#define WINDOW_LINES 512u
#define ITEMS 16u      /* doorbells, single stores, reads: as wcbench raw */
#define WARM_LINES 64u /* at least; see warm_lines() */
#define WARM_MOST 128u
#define TIMED_LINES 64u /* at least */
#define FEW_LINES 16u
#define CHANCE_LINES 256u /* where a store joins its line by chance */
#define SEED 1u

struct fit_model {
	const struct fit_runs *runs;
	size_t n;                      /* distinct rows */
	size_t distinct[FIT_ROWS_MAX]; /* the first of each */
	size_t of[FIT_ROWS_MAX];       /* which one a row is */
	double ns[FIT_ROWS_MAX];       /* of the distinct ones */
};

/* A row while it runs. */
struct sample {
	const struct fit_row *row;
	struct pcielink *link;
	bool arm;
	uint64_t at[FIT_THREADS_MAX]; /* the next line of each CPU */
	bool fenced[FIT_THREADS_MAX]; /* nothing was stored since its last barrier */
};

/* ---- what a CPU does ----------------------------------------------------------------------- */

static void
store(struct sample *s, unsigned int cpu, uint64_t addr, unsigned int bytes)
{
	/* All CPUs begin at once; an idle one would begin where the others are. */
	const uint64_t at_ps = s->at[cpu] == 0 ? 0 : PCIELINK_NOW;

	(void)pcielink_store(s->link, cpu, addr, bytes, s->row->type, at_ps);
	s->fenced[cpu] = false;
}

/* A second dmb with no store in between has nothing to do. */
static void
barrier(struct sample *s, unsigned int cpu)
{
	if (!s->arm)
		(void)pcielink_order(s->link, cpu, PCIELINK_SFENCE, PCIELINK_NOW);
	else if (!s->fenced[cpu])
		(void)pcielink_order(s->link, cpu, PCIELINK_DMB, PCIELINK_NOW);
	s->fenced[cpu] = true;
}

static void
drain(struct sample *s, unsigned int cpu)
{
	if (s->arm)
		(void)pcielink_order(s->link, cpu, PCIELINK_DGH, PCIELINK_NOW);
	barrier(s, cpu);
}

static void
line(struct sample *s, unsigned int cpu)
{
	const uint64_t part = (uint64_t)cpu * WINDOW_LINES * PCIELINK_LINE_BYTES;
	const uint64_t addr = BASE + part + s->at[cpu] % WINDOW_LINES * PCIELINK_LINE_BYTES;

	for (unsigned int off = 0; off < PCIELINK_LINE_BYTES; off += s->row->store_bytes)
		store(s, cpu, addr + off, s->row->store_bytes);
	s->at[cpu]++;
	if (s->at[cpu] % s->row->burst == 0)
		drain(s, cpu);
}

/* As wcbar_write64_wc() in a WC mapping, as wcbar_write64() in another. */
static void
doorbell(struct sample *s)
{
	const bool wc = s->row->type == PCIELINK_WC || s->row->type == PCIELINK_NC;

	if (wc)
		barrier(s, 0);
	store(s, 0, BASE, 8);
	if (wc)
		drain(s, 0);
}

/* ---- one row ------------------------------------------------------------------------------- */

/* Credits that the beginning has for nothing must be gone. */
static unsigned int
warm_lines(const struct pcielink_config *config)
{
	const uint64_t headers = config->param[PCIELINK_HEADER_CREDITS].value;
	const uint64_t data = config->param[PCIELINK_DATA_CREDITS].value / 4;
	uint64_t lines = headers != 0 && (data == 0 || headers < data) ? headers : data;

	if (lines < WARM_LINES)
		return WARM_LINES;
	return lines < WARM_MOST ? (unsigned int)lines : WARM_MOST;
}

static uint64_t
cpu_now(const struct sample *s, unsigned int cpu)
{
	return s->at[cpu] == 0 ? 0 : pcielink_now(s->link, cpu);
}

/* Of the CPUs that have lines left, the one that is done first with what it did. */
static unsigned int
cpu_next(const struct sample *s, uint64_t end)
{
	unsigned int first = s->row->threads;

	for (unsigned int cpu = 0; cpu < s->row->threads; cpu++) {
		if (s->at[cpu] < end &&
		    (first == s->row->threads || cpu_now(s, cpu) < cpu_now(s, first)))
			first = cpu;
	}
	return first;
}

/* Where the CPUs are, on average: they need not be at the same place of a burst. */
static double
mean_ns(const struct sample *s)
{
	double ns = 0;

	for (unsigned int cpu = 0; cpu < s->row->threads; cpu++)
		ns += (double)pcielink_now(s->link, cpu) / 1000;
	return ns / s->row->threads;
}

/* All CPUs store so many lines each; the one that lags goes first. */
static void
lines_run(struct sample *s, uint64_t lines)
{
	const uint64_t end = s->at[0] + lines;

	for (uint64_t left = lines * s->row->threads; left > 0; left--)
		line(s, cpu_next(s, end));
}

static unsigned int
up_to_bursts(unsigned int lines, unsigned int burst)
{
	return (lines + burst - 1) / burst * burst;
}

static double
lines_ns(struct sample *s, const struct pcielink_config *config)
{
	const uint64_t gather = config->param[PCIELINK_GATHER].value;
	const bool chance = s->row->type == PCIELINK_NC && gather > 0 && gather < 1000000;
	const unsigned int burst = s->row->burst;
	/* Where the CPU waits after few lines, or at each store, there is never much in flight. */
	const bool few = s->row->type == PCIELINK_UC || s->row->type == PCIELINK_NGNRE ||
			 (burst < 8 && !s->arm && s->row->threads == 1);
	const unsigned int warm = up_to_bursts(few ? FEW_LINES : warm_lines(config), burst);
	const unsigned int least = few                   ? FEW_LINES
				   : s->row->threads > 1 ? TIMED_LINES * 4
							 : TIMED_LINES;
	const unsigned int lines = up_to_bursts(chance ? CHANCE_LINES : least, burst);
	double start;

	lines_run(s, warm);
	start = mean_ns(s);
	lines_run(s, lines);
	return (mean_ns(s) - start) / lines / s->row->threads;
}

static void
words_run(struct sample *s)
{
	for (unsigned int i = 0; i < ITEMS; i++) {
		switch (s->row->kind) {
		case FIT_DOORBELL:
			doorbell(s);
			if (s->row->each)
				drain(s, 0);
			break;
		case FIT_WORD:
			store(s, 0, BASE + i * 8, 8);
			drain(s, 0);
			break;
		default:
			(void)pcielink_order(s->link, 0, PCIELINK_LOAD, PCIELINK_NOW);
		}
	}
	if (s->row->kind == FIT_DOORBELL && !s->row->each)
		drain(s, 0);
}

static double
words_ns(struct sample *s)
{
	double start;

	words_run(s);
	start = mean_ns(s);
	words_run(s);
	return (mean_ns(s) - start) / ITEMS;
}

static double
row_ns(const struct fit_row *row, bool arm, const struct pcielink_config *config,
       struct pcielink *link)
{
	struct sample s = {.row = row, .link = link, .arm = arm};

	pcielink_reset(link);
	return row->kind == FIT_LINES || row->kind == FIT_STREAM ? lines_ns(&s, config)
								 : words_ns(&s);
}

/* ---- all of them --------------------------------------------------------------------------- */

/* Whether the model makes the same of both. */
static bool
same(const struct fit_row *a, const struct fit_row *b)
{
	return a->kind == b->kind && a->type == b->type && a->store_bytes == b->store_bytes &&
	       a->burst == b->burst && a->threads == b->threads &&
	       (a->kind != FIT_DOORBELL || a->each == b->each);
}

int
fit_model_create(const struct fit_runs *runs, struct fit_model **out)
{
	struct fit_model *m = calloc(1, sizeof(*m));

	*out = m;
	if (m == NULL)
		return -ENOMEM;
	m->runs = runs;
	for (size_t i = 0; i < runs->n_rows; i++) {
		size_t k = 0;

		while (k < m->n && !same(&runs->rows[m->distinct[k]], &runs->rows[i]))
			k++;
		if (k == m->n)
			m->distinct[m->n++] = i;
		m->of[i] = k;
	}
	return 0;
}

void
fit_model_destroy(struct fit_model *model)
{
	free(model);
}

int
fit_model_rows(struct fit_model *model, const struct pcielink_config *config, double *ns)
{
	struct pcielink *link;
	int ret = pcielink_create(config, FIT_THREADS_MAX, SEED, NULL, NULL, &link);

	if (ret != 0)
		return ret;
	for (size_t k = 0; k < model->n; k++)
		model->ns[k] = row_ns(&model->runs->rows[model->distinct[k]], model->runs->arm,
				      config, link);
	for (size_t i = 0; i < model->runs->n_rows; i++)
		ns[i] = model->ns[model->of[i]];
	pcielink_destroy(link);
	return 0;
}
