/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_TURNS_H
#define WCDEV_TURNS_H

/*
 * Which of many a turn looks at, so that those without work cost nothing: for queues of a card, and
 * for cards of a thread.
 *
 * One is idle if it had nothing in the last WCDEV_TURNS_ALL to 2 * WCDEV_TURNS_ALL turns in which
 * something moved. Such turns look at those that are not idle, and each WCDEV_TURNS_ALL-th looks at
 * all. A turn in which nothing moves looks at the rest too, before it ends. So nobody waits for
 * more than WCDEV_TURNS_ALL turns, and nobody waits while there is nothing else to do.
 *
 * wcdev_turn() is a turn.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

#define WCDEV_TURNS_MAX 64u /* of whom one can have turns */
#define WCDEV_TURNS_ALL 32u

/* All zeroes: there is none, and the next turn looks at all. A bit for each. */
struct wcdev_turns {
	uint64_t live;     /* that exist */
	uint64_t active;   /* that are not idle */
	uint64_t found;    /* that had something since all were looked at last */
	unsigned int left; /* turns before all are looked at; 0: in the next */
};

/* Whom the turn looks at first. */
static inline uint64_t
wcdev_turn_first(const struct wcdev_turns *t)
{
	return t->left == 0 ? t->live : t->active;
}

/* Number `i` had something, or waits for something: it is looked at in the turns that follow. */
static inline void
wcdev_turn_found(struct wcdev_turns *t, unsigned int i)
{
	t->found |= 1ull << i;
	t->active |= 1ull << i;
}

/* The next turn looks at all. */
static inline void
wcdev_turn_all_next(struct wcdev_turns *t)
{
	t->left = 0;
}

static inline void
wcdev_turn_add(struct wcdev_turns *t, unsigned int i)
{
	t->live |= 1ull << i;
	wcdev_turn_found(t, i);
}

static inline void
wcdev_turn_remove(struct wcdev_turns *t, unsigned int i)
{
	t->live &= ~(1ull << i);
	t->active &= ~(1ull << i);
	t->found &= ~(1ull << i);
}

/* ---- a turn ------------------------------------------------------------------------------ */

/*
 * A look at number `i`: how much it did. Who did nothing, and waits for something, calls
 * wcdev_turn_found().
 */
typedef unsigned int (*wcdev_turn_look_t)(void *ctx, unsigned int i);

/* Looks at each of `set`, begun at number `first`, below WCDEV_TURNS_MAX. How much they did. */
static WC_ALWAYS_INLINE unsigned int
wcdev_turn_look(struct wcdev_turns *t, uint64_t set, unsigned int first, wcdev_turn_look_t look,
		void *ctx)
{
	unsigned int moved = 0;

	if (first != 0)
		set = set >> first | set << (WCDEV_TURNS_MAX - first);
	for (; set != 0; set &= set - 1) {
		const unsigned int i = (first + __builtin_ctzll(set)) % WCDEV_TURNS_MAX;
		const unsigned int done = look(ctx, i);

		if (done != 0)
			wcdev_turn_found(t, i);
		moved += done;
	}
	return moved;
}

/* The turn is over. One without anything looked at all, and lets nobody become idle. */
static inline void
wcdev_turn_end(struct wcdev_turns *t, bool moved)
{
	if (!moved)
		return;
	if (t->left != 0) {
		t->left--;
		return;
	}
	t->left = WCDEV_TURNS_ALL - 1;
	t->active = t->found;
	t->found = 0;
}

/*
 * A turn, in which number `first` is looked at before the others. `more` is done once in each turn,
 * after those that are not idle, and counts as they do; may be NULL. How much was done.
 */
static WC_ALWAYS_INLINE unsigned int
wcdev_turn(struct wcdev_turns *t, unsigned int first, wcdev_turn_look_t look,
	   unsigned int (*more)(void *ctx), void *ctx)
{
	const uint64_t set = wcdev_turn_first(t);
	unsigned int moved = wcdev_turn_look(t, set, first, look, ctx);

	if (more != NULL)
		moved += more(ctx);
	if (moved == 0)
		moved = wcdev_turn_look(t, t->live & ~set, first, look, ctx);
	wcdev_turn_end(t, moved != 0);
	return moved;
}

#endif /* WCDEV_TURNS_H */
