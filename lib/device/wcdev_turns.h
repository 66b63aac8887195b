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
 * A turn: wcdev_turn_first(), a look at each of these; if nothing has moved, a look at each of
 * wcdev_turn_rest(); wcdev_turn_end().
 */

#include <stdbool.h>
#include <stdint.h>

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

/* Whom it looks at then, if nothing has moved; `first`: what wcdev_turn_first() gave. */
static inline uint64_t
wcdev_turn_rest(const struct wcdev_turns *t, uint64_t first)
{
	return t->live & ~first;
}

/* Number `i` had something, or waits for something: it is looked at in the turns that follow. */
static inline void
wcdev_turn_found(struct wcdev_turns *t, unsigned int i)
{
	t->found |= 1ull << i;
	t->active |= 1ull << i;
}

/* A turn without anything looked at all, and lets nobody become idle. */
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

/* The next turn looks at all. */
static inline void
wcdev_turn_all_next(struct wcdev_turns *t)
{
	t->left = 0;
}

/* They take turns at being first: `set`, begun at number `first`, below 64. */
static inline uint64_t
wcdev_turn_rotated(uint64_t set, unsigned int first)
{
	return first == 0 ? set : set >> first | set << (64 - first);
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

#endif /* WCDEV_TURNS_H */
