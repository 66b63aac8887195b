/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* One BAR's range, its pieces, and the climb from rung to rung. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wcbar_internal.h"

/* ---- the range ----------------------------------------------------------------------------- */

/* The kernel maps a small BAR with all of its page, as long as the BAR is where the page begins. */
static bool
starts_page(const struct wcbar_pci_facts *f, const struct wcbar_bar_facts *b)
{
	return b->bytes < f->page_bytes && b->address != 0 && b->address % f->page_bytes == 0;
}

static int
bar_check(const struct wcbar_pci_facts *f, unsigned int number, struct wcbar_why why)
{
	const struct wcbar_bar_facts *b;

	if (number >= WCBAR_PCI_BARS)
		return wcbar_why_set(why, -ENODEV, "PCI devices have BAR 0 to %u, not %u",
				     WCBAR_PCI_BARS - 1, number);
	b = &f->bars[number];
	if (b->bytes == 0)
		return wcbar_why_set(why, -ENODEV, "%s has no BAR %u%s", f->bdf, number,
				     number > 0 && f->bars[number - 1].wide
					     ? ": it is the upper half of the one before"
					     : "");
	if (b->io)
		return wcbar_why_set(why, -ENOTSUP,
				     "BAR %u of %s is I/O ports, which cannot be mapped; name a "
				     "memory BAR",
				     number, f->bdf);
	if (b->bytes % f->page_bytes != 0 && !starts_page(f, b))
		return wcbar_why_set(why, -ENOTSUP,
				     "BAR %u of %s has 0x%llx bytes, and pages have %zu here: only "
				     "whole pages can be mapped, or a BAR that starts one",
				     number, f->bdf, (unsigned long long)b->bytes, f->page_bytes);
	if (b->bytes > SIZE_MAX / 2)
		return wcbar_why_set(why, -ENOTSUP, "BAR %u of %s is absurdly big", number, f->bdf);
	return 0;
}

int
wcbar_bar_open(struct wcbar_pci *pci, unsigned int number, struct wcbar_bar **out, char *why_text,
	       size_t why_bytes)
{
	struct wcbar_why why = {why_text, why_bytes};
	int ret = bar_check(&pci->facts, number, why);
	struct wcbar_bar *bar;
	void *base;

	*out = NULL;
	if (ret != 0)
		return ret;
	bar = calloc(1, sizeof(*bar));
	if (bar == NULL)
		return wcbar_why_set(why, -ENOMEM, "no memory");
	bar->pci = pci;
	bar->number = number;
	bar->bytes = (size_t)pci->facts.bars[number].bytes;
	if (bar->bytes < pci->facts.page_bytes)
		bar->bytes = pci->facts.page_bytes;
	base = mmap(NULL, bar->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		    0);
	if (base == MAP_FAILED) {
		ret = wcbar_why_set(why, -errno, "no address range of 0x%zx bytes for BAR %u: %s",
				    bar->bytes, number, strerror(errno));
		goto free_bar;
	}
	bar->base = base;
	bar->slot = wcbar_sigbus_add(base, bar->bytes);
	if (bar->slot < 0) {
		ret = wcbar_why_set(why, bar->slot, "too many BARs are open in this process");
		goto unreserve;
	}
	for (unsigned int i = 0; i < WCBAR_RUNGS; i++)
		bar->answers[i].rung = (enum wcbar_rung)i;
	bar->next = pci->bars;
	pci->bars = bar;
	*out = bar;
	return 0;
unreserve:
	munmap(base, bar->bytes);
free_bar:
	free(bar);
	return ret;
}

void
wcbar_bar_close(struct wcbar_bar *bar)
{
	struct wcbar_bar **at;

	if (bar == NULL)
		return;
	for (at = &bar->pci->bars; *at != bar; at = &(*at)->next)
		;
	*at = bar->next;
	wcbar_sigbus_del(bar->slot);
	munmap(bar->base, bar->bytes);
	while (bar->pieces != NULL) {
		struct wcbar_piece *piece = bar->pieces;

		bar->pieces = piece->next;
		free(piece);
	}
	free(bar);
}

bool
wcbar_bar_has(const struct wcbar_bar *bar, enum wcbar_rung rung)
{
	for (const struct wcbar_piece *p = bar->pieces; p != NULL; p = p->next) {
		if (p->rung == rung)
			return true;
	}
	return false;
}

enum wcbar_rung
wcbar_bar_rung(const struct wcbar_bar *bar, uint64_t off)
{
	for (const struct wcbar_piece *p = bar->pieces; p != NULL; p = p->next) {
		if (off >= p->off && off - p->off < p->bytes)
			return p->rung;
	}
	return WCBAR_RUNGS;
}

const struct wcbar_answer *
wcbar_bar_answers(const struct wcbar_bar *bar)
{
	return bar->answers;
}

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
	const int prot = PROT_READ | PROT_WRITE;
	uint8_t *place = ask->bar->base + ask->off;
	void *trial = mmap(NULL, ask->bytes, prot, MAP_SHARED, src->fd, (off_t)src->at);
	int ret = 0;

	if (trial == MAP_FAILED) {
		ret = -errno;
		ops->refused(ask, ret, why);
		return ret;
	}
	if (!ask->probe && mmap(place, ask->bytes, prot, MAP_SHARED | MAP_FIXED, src->fd,
				(off_t)src->at) == MAP_FAILED) {
		ret = -errno;
		ops->refused(ask, ret, why);
	}
	if (ret == 0)
		ret = wcbar_pat_check(ask, ops->type, ops->must_know, why);
	munmap(trial, ask->bytes);
	if (ret != 0 && !ask->probe)
		(void)reserve_again(place, ask->bytes);
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

int
wcbar_bar_map(struct wcbar_bar *bar, uint64_t off, size_t bytes, enum wcbar_type intended,
	      unsigned int flags, struct wcbar_window *win)
{
	const struct wcbar_ask ask = {bar, off, bytes, intended, false};
	const bool exact = (flags & WCBAR_MAP_EXACT) != 0;
	struct wcbar_piece *piece;
	enum wcbar_rung won;

	memset(win, 0, sizeof(*win));
	if (!ask_is_sane(bar, off, bytes, intended) || (flags & ~WCBAR_MAP_EXACT) != 0)
		return -EINVAL;
	if (overlaps(bar, off, bytes))
		return -EEXIST;
	piece = calloc(1, sizeof(*piece));
	if (piece == NULL)
		return -ENOMEM;
	won = climb(&ask, exact, bar->answers);
	if (won == WCBAR_RUNGS) {
		free(piece);
		return exact ? -ENOTSUP : bar->answers[WCBAR_RUNG_SYSFS_UC].error;
	}
	*piece = (struct wcbar_piece){off, bytes, won, bar->pieces};
	bar->pieces = piece;
	win->addr = bar->base + off;
	win->bytes = bytes;
	win->type = wcbar_rungs[won].type;
	win->store = wcbar_stores(WCBAR_TYPE_UNKNOWN)[0];
	return 0;
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
	const struct wcbar_ask ask = {bar, off, bar->pci->facts.page_bytes, intended, true};

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
