/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FAKE_FAR_END_H
#define FAKE_FAR_END_H

/*
 * A device with the far end's shader, in C and one look at a time: it looks when the host pauses.
 * Its clock goes on by FAKE_LOOK_NS with each look, and stands still otherwise.
 */

#include <far_end.h>
#include <stdbool.h>
#include <stdint.h>

#define FAKE_LOOK_NS 100000.0
#define FAKE_STALL_NS 3e9
#define FAKE_CPU_NS 1.0 /* each time that the host asks for the time */

/* What is wrong with it. */
struct fake_far_end {
	bool blind;              /* sees what was there when its dispatch was submitted */
	bool mute;               /* what it writes is seen when the dispatch has ended */
	bool careless;           /* reports torn and overtaken lines as whole ones in their turn */
	bool hangs;              /* a dispatch never ends, and writes nothing */
	unsigned int hasty;      /* so many dispatches end as soon as they watch */
	int lost_line;           /* of each burst, never arrives; -1: all arrive */
	uint64_t stalls_at;      /* before dispatch of this number the CPU's clock jumps */
	uint32_t last_seq;       /* the last dispatch's */
	uint64_t start_fails_at; /* the number of the dispatch, from 1; 0: none */
	uint64_t ended_fails_at; /* the same, while it runs */
	uint64_t dispatches, looks; /* done so far */
};

/* A device in order, and how far_end.c reaches it. Both are valid until the next call. */
struct fake_far_end *fake_far_end_make(struct far_end_io *io);

#endif /* FAKE_FAR_END_H */
