/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Maps the pieces of a BAR: asks rung after rung for the intended memory type. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wcbar_internal.h"

/* ---- one rung ------------------------------------------------------------------------------ */

/* Puts reserved memory back where nothing must be mapped. */
static bool
reserve_again(void *at, size_t bytes)
{
	return mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		    -1, 0) != MAP_FAILED;
}

/*
 * Maps the source into the BAR's range, or only anywhere to see whether that works. A refused
 * MAP_FIXED may leave a hole in the range on some kernels, so the first try is always elsewhere.
 */
static int
source_map(const struct wcbar_ask *ask, const struct wcbar_source *src,
	   const struct wcbar_rung_ops *ops, struct wcbar_why why)
{
	void *trial = mmap(NULL, ask->bytes, ask->prot, MAP_SHARED, src->fd, (off_t)src->at);
	int ret = 0;

	if (trial == MAP_FAILED) {
		ret = -errno;
		ops->refused(ask, ret, why);
		return ret;
	}
	if (!ask->probe && mmap(ask->place, ask->bytes, ask->prot, MAP_SHARED | MAP_FIXED, src->fd,
				(off_t)src->at) == MAP_FAILED) {
		ret = -errno;
		ops->refused(ask, ret, why);
	}
	if (ret == 0)
		ret = wcbar_pat_check(ask, ops->type, ops->must_know, why);
	munmap(trial, ask->bytes);
	if (ret != 0 && !ask->probe)
		(void)reserve_again(ask->place, ask->bytes);
	return ret;
}

static void
rung_try(const struct wcbar_ask *ask, struct wcbar_answer *answer)
{
	const struct wcbar_rung_ops *ops = &wcbar_rungs[answer->rung];
	struct wcbar_why why = {answer->why, sizeof(answer->why)};
	struct wcbar_source src = {.fd = -1};

	answer->type = ops->type;
	answer->error = ops->open(ask, &src, why);
	answer->tried = answer->error != -ENOTSUP;
	if (answer->error == 0 && ask->probe && ops->claims)
		answer->error = wcbar_pat_check(ask, ops->type, ops->must_know, why);
	else if (answer->error == 0)
		answer->error = source_map(ask, &src, ops, why);
	if (src.owned)
		close(src.fd);
}

static void
rung_skip(struct wcbar_answer *answer, int error, const char *why)
{
	answer->type = wcbar_rungs[answer->rung].type;
	answer->error = error;
	answer->tried = false;
	snprintf(answer->why, sizeof(answer->why), "%s", why);
}

/* ---- the climb ----------------------------------------------------------------------------- */

static bool
ask_is_sane(const struct wcbar_bar *bar, uint64_t off, size_t bytes, enum wcbar_type intended)
{
	const size_t page = bar->pci->facts.page_bytes;

	return bytes > 0 && (off | bytes) % page == 0 && off <= bar->bytes &&
	       bytes <= bar->bytes - off &&
	       (intended == WCBAR_TYPE_WC || intended == WCBAR_TYPE_UC);
}

static bool
overlaps(const struct wcbar_bar *bar, uint64_t off, size_t bytes)
{
	for (const struct wcbar_piece *p = bar->pieces; p != NULL; p = p->next) {
		if (off < p->off + p->bytes && p->off < off + bytes)
			return true;
	}
	return false;
}

/* The rung that won, or WCBAR_RUNGS. A type that was not intended is taken only if not exact. */
static enum wcbar_rung
climb(const struct wcbar_ask *ask, bool exact, struct wcbar_answer *answers)
{
	enum wcbar_rung won = WCBAR_RUNGS;

	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		struct wcbar_answer *answer = &answers[i];

		*answer = (struct wcbar_answer){.rung = (enum wcbar_rung)i};
		if (won != WCBAR_RUNGS)
			rung_skip(answer, -ECANCELED, "not asked: an earlier rung won");
		else if (wcbar_rungs[i].type != ask->intended && ask->intended == WCBAR_TYPE_UC)
			rung_skip(answer, -ENOTSUP, "it gives WC, and UC is intended");
		else if (wcbar_rungs[i].type != ask->intended && exact)
			rung_skip(answer, -ENOTSUP, "it gives UC, and nothing but WC is wanted");
		else
			rung_try(ask, answer);
		if (won == WCBAR_RUNGS && answer->error == 0)
			won = (enum wcbar_rung)i;
	}
	return won;
}

static int
ask_climb(const struct wcbar_ask *ask, bool exact, enum wcbar_rung *won, struct wcbar_window *win)
{
	struct wcbar_bar *bar = ask->bar;

	*won = climb(ask, exact, bar->answers);
	if (*won == WCBAR_RUNGS)
		return exact ? -ENOTSUP : bar->answers[WCBAR_RUNG_SYSFS_UC].error;
	win->addr = ask->place;
	win->bytes = ask->bytes;
	win->type = wcbar_rungs[*won].type;
	win->store = wcbar_stores(WCBAR_TYPE_UNKNOWN)[0];
	return 0;
}

static int
ask_map(const struct wcbar_ask *ask, unsigned int flags, struct wcbar_window *win)
{
	struct wcbar_piece *piece = calloc(1, sizeof(*piece));
	enum wcbar_rung won;
	int ret;

	if (piece == NULL)
		return -ENOMEM;
	ret = ask_climb(ask, (flags & WCBAR_MAP_EXACT) != 0, &won, win);
	if (ret != 0) {
		free(piece);
		return ret;
	}
	*piece = (struct wcbar_piece){ask->off, ask->bytes, won, ask->bar->pieces};
	ask->bar->pieces = piece;
	return 0;
}

int
wcbar_bar_map(struct wcbar_bar *bar, uint64_t off, size_t bytes, enum wcbar_type intended,
	      unsigned int flags, struct wcbar_window *win)
{
	struct wcbar_ask ask = {.bar = bar,
				.off = off,
				.bytes = bytes,
				.intended = intended,
				.prot = PROT_READ | PROT_WRITE};

	memset(win, 0, sizeof(*win));
	if (!ask_is_sane(bar, off, bytes, intended) || (flags & ~WCBAR_MAP_EXACT) != 0)
		return -EINVAL;
	if (overlaps(bar, off, bytes))
		return -EEXIST;
	ask.place = bar->base + off;
	return ask_map(&ask, flags, win);
}

/* The piece of exactly these bytes, or NULL. */
static struct wcbar_piece *
piece_find(const struct wcbar_bar *bar, uint64_t off, size_t bytes)
{
	struct wcbar_piece *p = bar->pieces;

	while (p != NULL && (p->off != off || p->bytes != bytes))
		p = p->next;
	return p;
}

int
wcbar_bar_map_at(struct wcbar_bar *bar, uint64_t off, size_t bytes, enum wcbar_type intended,
		 unsigned int flags, void *place, int prot, struct wcbar_window *win)
{
	const struct wcbar_ask ask = {.bar = bar,
				      .off = off,
				      .bytes = bytes,
				      .intended = intended,
				      .place = place,
				      .prot = prot};
	struct wcbar_piece *again;
	enum wcbar_rung won;
	int ret;

	memset(win, 0, sizeof(*win));
	if (!ask_is_sane(bar, off, bytes, intended) || (flags & ~WCBAR_MAP_EXACT) != 0 ||
	    (uintptr_t)place % bar->pci->facts.page_bytes != 0)
		return -EINVAL;
	again = piece_find(bar, off, bytes);
	if (again == NULL)
		return ask_map(&ask, flags, win);
	ret = ask_climb(&ask, (flags & WCBAR_MAP_EXACT) != 0, &won, win);
	if (ret == 0)
		again->rung = won;
	return ret;
}

void
wcbar_bar_unmap(struct wcbar_bar *bar, struct wcbar_window *win)
{
	struct wcbar_piece **at, *piece;

	for (at = &bar->pieces; *at != NULL; at = &(*at)->next) {
		if (bar->base + (*at)->off == win->addr && (*at)->bytes == win->bytes)
			break;
	}
	piece = *at;
	memset(win, 0, sizeof(*win));
	/* A piece that could not be unmapped keeps its place, so that nothing else goes there. */
	if (piece == NULL || !reserve_again(bar->base + piece->off, piece->bytes))
		return;
	*at = piece->next;
	free(piece);
}

int
wcbar_bar_probe(struct wcbar_bar *bar, uint64_t off, enum wcbar_type intended,
		struct wcbar_answer *answers)
{
	const struct wcbar_ask ask = {.bar = bar,
				      .off = off,
				      .bytes = bar->pci->facts.page_bytes,
				      .intended = intended,
				      .probe = true,
				      .prot = PROT_READ | PROT_WRITE};

	if (!ask_is_sane(bar, off, ask.bytes, intended))
		return -EINVAL;
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		answers[i] = (struct wcbar_answer){.rung = (enum wcbar_rung)i};
		if (intended == WCBAR_TYPE_UC && wcbar_rungs[i].type != intended)
			rung_skip(&answers[i], -ENOTSUP, "it gives WC, and UC is intended");
		else
			rung_try(&ask, &answers[i]);
	}
	return 0;
}

bool
wcbar_wc_bars_would_help(const struct wcbar_answer *answers)
{
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++) {
		if (answers[i].type == WCBAR_TYPE_WC && answers[i].error == 0)
			return false;
	}
	return answers[WCBAR_RUNG_VFIO_PAT].error == -EBUSY;
}
