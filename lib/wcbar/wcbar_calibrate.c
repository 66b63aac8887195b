/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Which store is the fastest into the mapping at hand. Nothing wider than 8 bytes is tried before
 * reads and 8-byte stores were seen to be direct. The stores take turns, so that a busy machine
 * slows all of them alike, and of each the median counts.
 */

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wcbar.h"
#include "wcbar_store.h"

#define ROUNDS 31u
#define BURST_NS 10000.0 /* of one store in one round: far above the clock's resolution */
#define BURST_REPEATS_MAX 256u
#define SOURCE_LINES 16u
#define TRAPPED_BUDGET_NS 2.5e8 /* for finding out that a window is emulated: by each way */
#define READS 16u               /* in one go: far above what asking the clock takes */
#define STORES_PER_LINE (WCBAR_LINE_BYTES / sizeof(uint64_t))

static const alignas(64) uint8_t zeroes[SOURCE_LINES * WCBAR_LINE_BYTES];

static double
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int
double_compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), double_compare);
	return values[n / 2];
}

/* Stores and drains the first lines of the window `repeats` times; ns per line. */
static double
burst(const struct wcbar_store *store, void *addr, size_t lines, unsigned int repeats)
{
	double start = now_ns();

	for (unsigned int r = 0; r < repeats; r++) {
		for (size_t done = 0; done < lines; done += SOURCE_LINES) {
			size_t n = lines - done < SOURCE_LINES ? lines - done : SOURCE_LINES;

			store->lines((uint8_t *)addr + done * WCBAR_LINE_BYTES, zeroes, n);
		}
		store->drain();
	}
	return (now_ns() - start) / ((double)lines * repeats);
}

/* One aligned 8-byte read, which nothing can post. */
static double
read_ns(const struct wcbar_window *win)
{
	const double start = now_ns();
	double round[ROUNDS];
	size_t n = 0;

	do {
		const double before = now_ns();

		for (unsigned int i = 0; i < READS; i++)
			(void)wcbar_read64(win->addr);
		round[n++] = (now_ns() - before) / READS;
	} while (n < ROUNDS && now_ns() - start < TRAPPED_BUDGET_NS);
	return median(round, n);
}

/* One aligned 8-byte store; an emulated window is not worth all rounds. */
static double
store_ns(const struct wcbar_window *win, size_t lines)
{
	const size_t some = lines < SOURCE_LINES ? lines : SOURCE_LINES;
	const double start = now_ns();
	double round[ROUNDS];
	size_t n = 0;

	do
		round[n++] = burst(&wcbar_store_u64, win->addr, some, 1) / STORES_PER_LINE;
	while (n < ROUNDS && now_ns() - start < TRAPPED_BUDGET_NS);
	return median(round, n);
}

static int
rank_compare(const void *a, const void *b)
{
	const struct wcbar_rank *x = a, *y = b;

	return (x->ns_per_line > y->ns_per_line) - (x->ns_per_line < y->ns_per_line);
}

static void
stores_rank(const struct wcbar_window *win, size_t lines, struct wcbar_calibration *result)
{
	const struct wcbar_store *const *stores = wcbar_window_stores(win);
	const double guess = result->ns_per_store * STORES_PER_LINE * (double)lines;
	unsigned int repeats = BURST_REPEATS_MAX;
	double round[WCBAR_STORES_MAX][ROUNDS];
	size_t n = 0;

	if (guess * repeats > BURST_NS)
		repeats = guess < BURST_NS ? (unsigned int)(BURST_NS / guess) : 1;
	for (; stores[n] != NULL; n++) {
		if (wcbar_store_may_fault(stores[n]))
			break; /* those are the last ones */
		result->rank[n].store = stores[n];
	}
	for (unsigned int r = 0; r < ROUNDS; r++) {
		for (size_t i = 0; i < n; i++)
			round[i][r] = burst(stores[i], win->addr, lines, repeats);
	}
	for (size_t i = 0; i < n; i++)
		result->rank[i].ns_per_line = median(round[i], ROUNDS);
	qsort(result->rank, n, sizeof(result->rank[0]), rank_compare);
	result->ranks = n;
}

static int
calibrate(struct wcbar_window *win, size_t lines, bool direct, struct wcbar_calibration *result)
{
	memset(result, 0, sizeof(*result));
	if (win->addr == NULL || (uintptr_t)win->addr % WCBAR_LINE_BYTES != 0 || lines == 0 ||
	    lines > win->bytes / WCBAR_LINE_BYTES)
		return -EINVAL;
	if (win->type != WCBAR_TYPE_WB)
		result->ns_per_read = read_ns(win);
	result->ns_per_store = store_ns(win, lines);
	win->direct = direct || win->type == WCBAR_TYPE_WB ||
		      (result->ns_per_store <= WCBAR_TRAPPED_NS &&
		       result->ns_per_read <= WCBAR_TRAPPED_READ_NS);
	result->direct = win->direct;
	if (win->direct) {
		stores_rank(win, lines, result);
	} else {
		result->rank[0].store = &wcbar_store_u64;
		result->rank[0].ns_per_line = result->ns_per_store * STORES_PER_LINE;
		result->ranks = 1;
	}
	win->store = result->rank[0].store;
	return 0;
}

int
wcbar_calibrate(struct wcbar_window *win, size_t lines, struct wcbar_calibration *result)
{
	return calibrate(win, lines, false, result);
}

int
wcbar_calibrate_direct(struct wcbar_window *win, size_t lines, struct wcbar_calibration *result)
{
	return calibrate(win, lines, true, result);
}
