/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The fit: weighted least squares over the rows, then for each parameter how far it may go while
 * the others make up for it. What the rows do not tell goes back to what was assumed.
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <app_progress.h>

#include "fit.h"
#include "fit_model.h"
#include "fit_search.h"

#define WIDER 4.0        /* looked for so far beyond the assumed bounds, as a factor */
#define LEAST_UNIT 0.01  /* of a median: no row is better than that */
#define ALIVE 0.05       /* a key that moves no row by so many units does nothing */
#define EXPLAINED 0.25   /* the mean square of the errors: rows are within half their spread */
#define WIDE 10u         /* an interval of more than a tenth to either side is wide */
#define BETTER 0.999     /* of the error: anything else is as good */
#define CALLS_WIDE 1000u /* of the model, for the search everywhere */
#define CALLS_NEAR 800u  /* and from one point on */
#define CALLS_AGAIN 250u /* when a key has become fixed */
#define CALLS_COUNT 120u /* for one count */
#define TRIED 12u        /* counts of buffers, over all of their range */
#define CALLS_LIMIT 120u /* for one value of a key: do the others make up for it? */
#define FIRST_STEP 0.004 /* away from the best value, of the range */
#define HALVINGS 3u      /* of the step in which an end lies */
#define CALLS_KEY 1000u  /* what one key takes, about; for the progress alone */

struct work {
	struct fit *fit;
	struct fit_model *model;
	size_t n; /* keys that are free */
	enum pcielink_key free[PCIELINK_KEYS];
	struct pcielink_config at; /* what is tried */
	double ns[FIT_ROWS_MAX], units[FIT_ROWS_MAX];
	double allowed[FIT_ROWS_MAX]; /* the error that each row may have */
	unsigned int expected;        /* evaluations, about */
	int error;
};

const char *
fit_told_name(enum fit_told told)
{
	static const char *const names[] = {
		[FIT_FIXED] = "fixed",     [FIT_NOT_TOLD] = "not told", [FIT_AT_LEAST] = "at least",
		[FIT_AT_MOST] = "at most", [FIT_BETWEEN] = "between",   [FIT_TOLD] = "told",
	};

	return names[told];
}

double
fit_row_unit(const struct fit_row *row)
{
	return fmax(row->half_ns, row->ns * LEAST_UNIT);
}

/* ---- values as numbers from 0 to 1 ---------------------------------------------------------- */

/* Ranges from near nothing to much are taken by their logarithms. */
static bool
by_log(const struct fit_key *key)
{
	return key->from > 0 && key->to / key->from >= 4;
}

static uint64_t
value_of(const struct fit_key *key, double x)
{
	const double from = (double)key->from, to = (double)key->to;
	const double v = by_log(key) ? from * pow(to / from, x) : from + (to - from) * x;

	return v <= from ? key->from : v >= to ? key->to : (uint64_t)llround(v);
}

static double
number_of(const struct fit_key *key, uint64_t value)
{
	const double from = (double)key->from, to = (double)key->to, v = (double)value;
	const double x = by_log(key) ? log(v / from) / log(to / from) : (v - from) / (to - from);

	return fmin(fmax(x, 0), 1);
}

static void
values_put(struct work *w, const double *x)
{
	for (size_t i = 0; i < w->n; i++)
		w->at.param[w->free[i]].value = value_of(&w->fit->keys[w->free[i]], x[i]);
}

static void
numbers_get(const struct work *w, const struct pcielink_config *config, double *x)
{
	for (size_t i = 0; i < w->n; i++)
		x[i] = number_of(&w->fit->keys[w->free[i]], config->param[w->free[i]].value);
}

/* ---- errors -------------------------------------------------------------------------------- */

/* Makes w->ns of w->at. Its bounds are the values, or the model would refuse what is outside. */
static void
rows_make(struct work *w)
{
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
		w->at.param[key].low = w->at.param[key].high = w->at.param[key].value;
	w->fit->evaluations++;
	if (w->error == 0)
		w->error = fit_model_rows(w->model, &w->at, w->ns);
	if (w->fit->evaluations > w->expected)
		w->expected += w->expected / 4; /* more keys are told than was thought */
	app_progress_step(w->fit->evaluations, w->expected);
}

static double
row_error(const struct work *w, size_t i)
{
	return fabs(w->ns[i] - w->fit->runs->rows[i].ns) / w->units[i];
}

/* The mean of the squares. */
static double
squares(const struct work *w)
{
	double sum = 0;

	for (size_t i = 0; i < w->fit->runs->n_rows; i++)
		sum += row_error(w, i) * row_error(w, i);
	return sum / (double)w->fit->runs->n_rows;
}

static double
squares_of(void *ctx, const double *x, size_t n)
{
	struct work *w = ctx;

	(void)n;
	values_put(w, x);
	rows_make(w);
	return squares(w);
}

/* How far rows are beyond what they may be; 0: none is. */
static double
excess_of(void *ctx, const double *x, size_t n)
{
	struct work *w = ctx;
	double sum = 0;

	(void)n;
	values_put(w, x);
	rows_make(w);
	for (size_t i = 0; i < w->fit->runs->n_rows; i++) {
		const double over = row_error(w, i) - w->allowed[i];

		sum += over > 0 ? over * over : 0;
	}
	return sum;
}

/* ---- which keys ---------------------------------------------------------------------------- */

/*
 * Facts of link and CPU family are known. Of the rest those are looked for that the base assumes to
 * be uncertain: it gives bounds. A ratio keeps its bounds; what has a unit may be far off.
 */
static void
key_range(struct fit *fit, enum pcielink_key key)
{
	const struct pcielink_param *p = &fit->base.param[key];
	const struct pcielink_key_info *info = pcielink_key_info(key);
	struct fit_key *k = &fit->keys[key];
	const bool infinite = info->unit == PCIELINK_COUNT && p->low == 0; /* credits */
	double from = (double)p->low / WIDER, to = (double)p->high * WIDER;

	*k = (struct fit_key){.from = p->low, .to = p->high, .low = p->low, .high = p->high};
	if (p->low == p->high || infinite || key <= PCIELINK_LANES ||
	    key == PCIELINK_OVERHEAD_32_BYTES || key == PCIELINK_OVERHEAD_64_BYTES ||
	    key == PCIELINK_PARTIAL_MAX_BYTES || key == PCIELINK_UC_EVICTS_WC)
		return;
	k->told = FIT_NOT_TOLD;
	if (info->unit == PCIELINK_RATIO)
		return;
	if (info->unit == PCIELINK_COUNT)
		from = fmax(from, key == PCIELINK_DATA_CREDITS ? 4 : 1);
	k->from = (uint64_t)fmin(fmax(from, (double)info->min), (double)p->low);
	k->to = (uint64_t)fmin(to, (double)info->max);
}

/* Whether one of the rows depends on the key, where the others are as in `config`. */
static bool
key_alive(struct work *w, const struct pcielink_config *config, enum pcielink_key key)
{
	const uint64_t ends[] = {w->fit->keys[key].from, w->fit->keys[key].to};
	double ns[FIT_ROWS_MAX];

	w->at = *config;
	rows_make(w);
	memcpy(ns, w->ns, sizeof(ns));
	for (size_t e = 0; e < 2; e++) {
		w->at.param[key].value = ends[e];
		rows_make(w);
		for (size_t i = 0; i < w->fit->runs->n_rows; i++) {
			if (fabs(w->ns[i] - ns[i]) > ALIVE * w->units[i])
				return true;
		}
	}
	return false;
}

static bool
is_free(const struct work *w, enum pcielink_key key)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->free[i] == key)
			return true;
	}
	return false;
}

/* Frees the keys that do something at `config` and are not free yet. True: there were some. */
static bool
keys_free(struct work *w, const struct pcielink_config *config)
{
	const size_t n = w->n;

	for (unsigned int key = 0; key < PCIELINK_KEYS; key++) {
		if (w->fit->keys[key].told != FIT_FIXED && !is_free(w, key) &&
		    key_alive(w, config, key))
			w->free[w->n++] = key;
	}
	return w->n > n;
}

static void
key_fix(struct work *w, enum pcielink_key key)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (w->free[i] != key)
			w->free[n++] = w->free[i];
	}
	w->n = n;
}

/* ---- the best ------------------------------------------------------------------------------ */

static int
search(struct work *w, enum fit_search_way way, unsigned int calls, struct pcielink_config *config,
       double *error)
{
	const struct fit_search s = {
		.fn = squares_of, .ctx = w, .way = way, .n = w->n, .calls_most = calls};
	double x[PCIELINK_KEYS];
	int ret;

	w->at = *config;
	numbers_get(w, config, x);
	ret = fit_search_run(&s, x, error);
	if (ret != 0)
		return ret;
	values_put(w, x);
	*config = w->at;
	return w->error;
}

/* The others fitted anew with one key at another value. *config becomes that if it is better. */
static int
value_try(struct work *w, enum pcielink_key key, uint64_t value, struct pcielink_config *config,
	  double *error)
{
	const struct pcielink_param *old = &config->param[key];
	struct pcielink_config other = *config;
	enum pcielink_key kept[PCIELINK_KEYS];
	const size_t n = w->n;
	double other_error;
	int ret;

	other.param[key].value = value;
	/* A line may take as long as before: fewer buffers are free sooner. */
	if (key == PCIELINK_WC_BUFFERS && is_free(w, PCIELINK_WC_RELEASE_NS))
		other.param[PCIELINK_WC_RELEASE_NS]
			.value = other.param[PCIELINK_WC_RELEASE_NS].value * value / old->value;
	memcpy(kept, w->free, sizeof(kept));
	key_fix(w, key);
	ret = search(w, FIT_SEARCH_NEAR, CALLS_COUNT, &other, &other_error);
	memcpy(w->free, kept, sizeof(kept));
	w->n = n;
	if (ret == 0 && other_error < *error) {
		*config = other;
		*error = other_error;
	}
	return ret;
}

/* Off by a share, and by 1 at least. */
static uint64_t
count_near(uint64_t count, double share)
{
	const double by = ceil((double)count * fabs(share));

	return (uint64_t)fmax((double)count + (share < 0 ? -by : by), 0);
}

/*
 * A count is a step, which a search does not climb; chance makes steps too. The values nearby are
 * tried one by one, as long as one of them is better.
 */
static int
counts_mend(struct work *w, struct pcielink_config *config)
{
	static const enum pcielink_key counts[] = {PCIELINK_WC_BUFFERS, PCIELINK_GATHER,
						   PCIELINK_QUEUE_TLPS, PCIELINK_NGNRE_OUTSTANDING};
	static const double steps[] = {-0.01, 0.01, -0.15, 0.15, -0.35, 0.5};
	double error, before;
	int ret = search(w, FIT_SEARCH_NEAR, 1, config, &error);

	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]) && ret == 0; c++) {
		const struct fit_key *k = &w->fit->keys[counts[c]];

		if (!is_free(w, counts[c]))
			continue;
		do {
			const uint64_t from = config->param[counts[c]].value;

			before = error;
			for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && ret == 0; i++) {
				const uint64_t value = count_near(from, steps[i]);

				if (value >= k->from && value <= k->to)
					ret = value_try(w, counts[c], value, config, &error);
			}
		} while (ret == 0 && error < before * BETTER);
	}
	return ret;
}

/*
 * The number of buffers from all over its range: a search that begins with far too few or too many
 * ends there, and makes up for it with the time until one is free.
 */
static int
buffers_try(struct work *w, struct pcielink_config *config, double *error)
{
	const struct fit_key *k = &w->fit->keys[PCIELINK_WC_BUFFERS];
	const struct pcielink_config from = *config;
	int ret = 0;

	if (!is_free(w, PCIELINK_WC_BUFFERS))
		return 0;
	for (unsigned int i = 0; i <= TRIED && ret == 0; i++) {
		const uint64_t value = value_of(k, (double)i / TRIED);
		struct pcielink_config other = from;
		double other_error = *error;

		ret = value_try(w, PCIELINK_WC_BUFFERS, value, &other, &other_error);
		if (ret == 0 && other_error < *error) {
			*config = other;
			*error = other_error;
		}
	}
	return ret;
}

/* First what a line costs the CPU, with the wire as assumed; then with all that is free. */
static int
best_by_steps(struct work *w, struct pcielink_config *config, double *error)
{
	enum pcielink_key kept[PCIELINK_KEYS];
	const size_t n = w->n;
	int ret;

	memcpy(kept, w->free, sizeof(kept));
	for (unsigned int key = 0; key <= PCIELINK_WC_SPACING_NS; key++) {
		if (key != PCIELINK_WC_BUFFERS && key != PCIELINK_WC_RELEASE_NS)
			key_fix(w, key);
	}
	ret = search(w, FIT_SEARCH_NEAR, CALLS_NEAR, config, error);
	if (ret == 0)
		ret = counts_mend(w, config);
	memcpy(w->free, kept, sizeof(kept));
	w->n = n;
	return ret != 0 ? ret : search(w, FIT_SEARCH_NEAR, CALLS_NEAR, config, error);
}

/* The best from the base on; where that leaves rows unexplained, of everywhere. */
static int
best_find(struct work *w, struct pcielink_config *config)
{
	struct pcielink_config other;
	double error, other_error;
	int ret = best_by_steps(w, config, &error);

	if (ret == 0 && error >= EXPLAINED)
		ret = buffers_try(w, config, &error);
	if (ret == 0 && error >= EXPLAINED)
		ret = counts_mend(w, config);
	if (ret == 0 && error >= EXPLAINED)
		ret = search(w, FIT_SEARCH_NEAR, CALLS_NEAR, config, &error);
	if (ret != 0 || error < EXPLAINED)
		return ret;
	other = *config;
	ret = search(w, FIT_SEARCH_EVERYWHERE, CALLS_WIDE, &other, &other_error);
	if (ret == 0)
		ret = search(w, FIT_SEARCH_NEAR, CALLS_NEAR, &other, &other_error);
	if (ret == 0)
		ret = counts_mend(w, &other);
	if (ret == 0)
		ret = search(w, FIT_SEARCH_NEAR, CALLS_NEAR, &other, &other_error);
	if (ret == 0 && other_error < error)
		*config = other;
	return ret;
}

/* ---- intervals ----------------------------------------------------------------------------- */

/* From the best on, no row's error may grow by more than half the row's spread. */
static void
allowed_set(struct work *w, const struct pcielink_config *best)
{
	w->at = *best;
	rows_make(w);
	for (size_t i = 0; i < w->fit->runs->n_rows; i++)
		w->allowed[i] = row_error(w, i) + 1;
}

/* Whether the other free keys, from *from on, can make up for this value. *from becomes how. */
static bool
value_does(struct work *w, enum pcielink_key key, uint64_t value, struct pcielink_config *from)
{
	const struct fit_search s = {.fn = excess_of,
				     .ctx = w,
				     .way = FIT_SEARCH_NEAR,
				     .n = w->n - 1,
				     .calls_most = CALLS_LIMIT};
	enum pcielink_key kept[PCIELINK_KEYS];
	const size_t n = w->n;
	double x[PCIELINK_KEYS], excess = 1;

	memcpy(kept, w->free, sizeof(kept));
	key_fix(w, key);
	w->at = *from;
	w->at.param[key].value = value;
	numbers_get(w, from, x);
	if (fit_search_run(&s, x, &excess) != 0)
		w->error = -ENOMEM;
	values_put(w, x);
	memcpy(w->free, kept, sizeof(kept));
	w->n = n;
	if (excess > 0)
		return false;
	*from = w->at;
	return true;
}

/* From `value` on, in either direction, the next one to try; at least one further. */
static uint64_t
value_further(const struct fit_key *k, uint64_t value, double by)
{
	const uint64_t further = value_of(k, fmin(fmax(number_of(k, value) + by, 0), 1));

	if (by < 0)
		return further < value || value == k->from ? further : value - 1;
	return further > value || value == k->to ? further : value + 1;
}

/*
 * The last value from the best one on, downwards or upwards, that does: in steps that double until
 * one does not, and then by halves.
 */
static uint64_t
end_find(struct work *w, const struct pcielink_config *best, enum pcielink_key key, bool up)
{
	const struct fit_key *k = &w->fit->keys[key];
	const uint64_t edge = up ? k->to : k->from;
	uint64_t does = best->param[key].value, does_not = does;
	struct pcielink_config from = *best;
	double by = up ? FIRST_STEP : -FIRST_STEP;

	while (does != edge && w->error == 0) {
		does_not = value_further(k, does, by);
		if (!value_does(w, key, does_not, &from))
			break;
		does = does_not;
		by *= 2;
	}
	for (unsigned int i = 0; i < HALVINGS && does != does_not && w->error == 0; i++) {
		const uint64_t value = value_of(k,
						(number_of(k, does) + number_of(k, does_not)) / 2);

		if (value == does || value == does_not)
			break;
		if (value_does(w, key, value, &from))
			does = value;
		else
			does_not = value;
	}
	return does;
}

static void
interval_find(struct work *w, const struct pcielink_config *best, enum pcielink_key key)
{
	struct fit_key *k = &w->fit->keys[key];

	allowed_set(w, best);
	k->low = end_find(w, best, key, false);
	k->high = end_find(w, best, key, true);
}

/* value_does() from the best on, which stays as it is. */
static bool
does(struct work *w, const struct pcielink_config *best, enum pcielink_key key, uint64_t value)
{
	struct pcielink_config from = *best;

	return value_does(w, key, value, &from);
}

/* Whether all that is assumed does, but for a tenth at either end. */
static bool
covers(const struct fit_key *k, const struct pcielink_param *assumed)
{
	const uint64_t tenth = (assumed->high - assumed->low) / 10;

	return k->low <= assumed->low + tenth && k->high >= assumed->high - tenth;
}

/* Whether neither so much less nor so much more does, with few attempts. */
static bool
is_told(struct work *w, const struct pcielink_config *best, enum pcielink_key key)
{
	const uint64_t value = best->param[key].value, by = value / WIDE;
	const struct fit_key *k = &w->fit->keys[key];

	return value - by > k->from && value + by < k->to &&
	       !does(w, best, key, value - (by > 0 ? by : 1)) &&
	       !does(w, best, key, value + (by > 0 ? by : 1));
}

/* What the rows tell of a key, by its interval. */
static enum fit_told
told_of(const struct fit_key *k, const struct pcielink_param *assumed, uint64_t value)
{
	if (covers(k, assumed) || (k->low == k->from && k->high == k->to))
		return FIT_NOT_TOLD;
	if (k->low == k->from)
		return FIT_AT_MOST;
	if (k->high == k->to)
		return FIT_AT_LEAST;
	return k->high > value + value / WIDE || k->low < value - value / WIDE ? FIT_BETWEEN
									       : FIT_TOLD;
}

/*
 * Fills the interval of a free key, and what it tells. True: the key goes back to what was assumed,
 * because the rows do not tell its value and do not contradict that one.
 */
static bool
goes_back(struct work *w, const struct pcielink_config *best, enum pcielink_key key)
{
	const struct pcielink_param *assumed = &w->fit->base.param[key];
	struct fit_key *k = &w->fit->keys[key];

	interval_find(w, best, key);
	k->told = told_of(k, assumed, best->param[key].value);
	return k->told == FIT_NOT_TOLD ||
	       (k->told != FIT_TOLD && assumed->value >= k->low && assumed->value <= k->high);
}

/* The same, but what is told stays so when others become fixed: a few attempts tell that. */
static bool
goes_back_now(struct work *w, const struct pcielink_config *best, enum pcielink_key key)
{
	struct fit_key *k = &w->fit->keys[key];

	if (k->told == FIT_TOLD)
		return false;
	allowed_set(w, best);
	if (!is_told(w, best, key))
		return goes_back(w, best, key);
	k->told = FIT_TOLD;
	return false;
}

/* The key as assumed, the others fitted anew. */
static int
put_back(struct work *w, struct pcielink_config *best, enum pcielink_key key)
{
	double error;

	key_fix(w, key);
	best->param[key].value = w->fit->base.param[key].value;
	return search(w, FIT_SEARCH_NEAR, CALLS_AGAIN, best, &error);
}

/*
 * One pass over the free keys, those of the wire first. A key that is not told goes back to what
 * was assumed, and the others are fitted anew before the next one is looked at: of two keys that
 * make up for one another the first one keeps its assumed value and the second one is told.
 */
static int
untold_fix(struct work *w, struct pcielink_config *best, bool *fixed)
{
	int ret = 0;

	*fixed = false;
	for (unsigned int key = 0; key < PCIELINK_KEYS && ret == 0; key++) {
		if (!is_free(w, key) || !goes_back_now(w, best, key))
			continue;
		*fixed = true;
		ret = put_back(w, best, key);
	}
	return ret != 0 ? ret : w->error;
}

/* The intervals of all that is left. One that turns out to tell too little goes back too. */
static int
intervals_find(struct work *w, struct pcielink_config *best)
{
	int ret = 0;

	for (size_t i = 0; i < w->n && ret == 0; i++) {
		const enum pcielink_key key = w->free[i];

		if (!goes_back(w, best, key))
			continue;
		ret = put_back(w, best, key);
		i = (size_t)-1; /* from the first one on again */
	}
	return ret != 0 ? ret : w->error;
}

/*
 * A value that is told while others are as assumed need not be told when those are free as well.
 * Then its interval becomes the one that it has with them. The value stays.
 */
static void
told_doubt(struct work *w, const struct pcielink_config *best)
{
	(void)keys_free(w, best);
	allowed_set(w, best);
	for (unsigned int key = 0; key < PCIELINK_KEYS && w->error == 0; key++) {
		struct fit_key *k = &w->fit->keys[key];

		if (k->told != FIT_TOLD || is_told(w, best, key))
			continue;
		interval_find(w, best, key);
		k->told = FIT_BETWEEN;
	}
}

/* ---- all of it ----------------------------------------------------------------------------- */

/* The rows, and the error, of a configuration. */
static double
rows_keep(struct work *w, const struct pcielink_config *config, double *ns)
{
	w->at = *config;
	rows_make(w);
	memcpy(ns, w->ns, w->fit->runs->n_rows * sizeof(*ns));
	return sqrt(squares(w));
}

static int
values_find(struct work *w, struct pcielink_config *best)
{
	bool fixed = true;
	double error;
	int ret;

	keys_free(w, best);
	w->expected = CALLS_WIDE + 2 * CALLS_NEAR + (unsigned int)w->n * CALLS_KEY;
	ret = best_find(w, best);
	/* Some do something only where others are right. */
	if (ret == 0 && keys_free(w, best))
		ret = search(w, FIT_SEARCH_NEAR, CALLS_NEAR, best, &error);
	if (ret == 0)
		ret = counts_mend(w, best);
	while (ret == 0 && fixed)
		ret = untold_fix(w, best, &fixed);
	if (ret == 0)
		ret = counts_mend(w, best);
	if (ret == 0)
		ret = intervals_find(w, best);
	if (ret == 0)
		told_doubt(w, best);
	return ret != 0 ? ret : w->error;
}

static void
result_take(struct work *w, const struct pcielink_config *best)
{
	struct fit *fit = w->fit;

	fit->error_before = rows_keep(w, &fit->base, fit->before);
	fit->error_after = rows_keep(w, best, fit->after);
	fit->config = fit->base;
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++) {
		const uint64_t base = fit->base.param[key].value;
		struct fit_key *k = &fit->keys[key];

		fit->config.param[key].value = best->param[key].value;
		k->at_edge = k->told != FIT_FIXED && best->param[key].value != base &&
			     (best->param[key].value == k->from || best->param[key].value == k->to);
	}
}

int
fit_run(struct fit *fit)
{
	struct pcielink_config best = fit->base;
	struct work *w = calloc(1, sizeof(*w));
	int ret = w == NULL ? -ENOMEM : fit_search_missing() != NULL ? -ENOTSUP : 0;

	fit->evaluations = 0;
	if (ret == 0) {
		w->fit = fit;
		w->expected = CALLS_WIDE;
		ret = fit_model_create(fit->runs, &w->model);
	}
	for (size_t i = 0; i < fit->runs->n_rows && ret == 0; i++)
		w->units[i] = fit_row_unit(&fit->runs->rows[i]);
	for (unsigned int key = 0; key < PCIELINK_KEYS; key++)
		key_range(fit, key);
	app_progress_start("fit");
	if (ret == 0)
		ret = values_find(w, &best);
	if (ret == 0) {
		result_take(w, &best);
		ret = w->error;
	}
	app_progress_end();
	if (w != NULL)
		fit_model_destroy(w->model);
	free(w);
	return ret;
}
