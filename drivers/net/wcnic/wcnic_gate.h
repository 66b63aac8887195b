/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_GATE_H
#define WCNIC_GATE_H

/* The gate of a queue: lets the control path stop its bursts. */

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_pause.h>

#include "wcnic_compat.h"

struct wcnic_hw;

enum wcnic_queue_state {
	WCNIC_QUEUE_DOWN = 0, /* bursts do nothing */
	WCNIC_QUEUE_UP,
	WCNIC_QUEUE_PAUSED, /* bursts wait: the control path uses the queue for a moment */
};

/*
 * A burst sets busy, then reads state. The control thread sets state, makes every thread of the
 * process pass a barrier (membarrier(2)), then waits until busy is clear. So bursts need no fence.
 * The gates are the primary process's to close; bursts of secondary processes enter them too.
 */
struct wcnic_gate {
	RTE_ATOMIC(uint32_t) state; /* enum wcnic_queue_state */
	RTE_ATOMIC(uint32_t) busy;  /* 0, or the wcnic_gate_mark() of the burst that is inside */
};

/*
 * Sets the gate to `state`, DOWN or PAUSED, and waits until no burst is inside. Then the queue is
 * the caller's until wcnic_gate_open(). A secondary process that died in a burst is taken as left;
 * the queue may be in any state then, and hw->failed is set if it was to be paused only. Control
 * path: a system call, or 10 ms without membarrier(2).
 */
void wcnic_gate_close(struct wcnic_hw *hw, struct wcnic_gate *gate, enum wcnic_queue_state state);
/*
 * The same for a queue that is up, to PAUSED. False: it is down, and was left so; then there is
 * nothing to open again.
 */
__rte_warn_unused_result bool wcnic_gate_pause(struct wcnic_hw *hw, struct wcnic_gate *gate);
/*
 * Some programs end from a signal handler (rte_exit() in it): the thread that closes the port is
 * then the one whose burst it would wait for, and that burst never goes on. Takes such a burst out
 * of the gate; it is known by the stack. Control path, before all else of a stop or a close.
 */
void wcnic_gate_abandon(struct wcnic_gate *gate);
/* Whether `place` is on the stack of the calling thread. Slow. */
bool wcnic_stack_is_mine(uint32_t place);
/* Lets bursts in. What the caller stored before is visible to them. */
void wcnic_gate_open(struct wcnic_gate *gate);

/* Odd. Stacks of a process that are less than 64 GiB apart have different places. */
static inline uint32_t
wcnic_stack_place(const char *here)
{
	return (uint32_t)((uintptr_t)here >> 4) | 1;
}

/* In a secondary process the mark of its bursts, which is even; 0: this is the primary. */
extern uint32_t wcnic_gate_process;

/* The mark of a burst: of its process, or in the primary of its stack; that is odd. */
static inline uint32_t
wcnic_gate_mark(const char *here)
{
	const uint32_t process = wcnic_gate_process;

	return likely(process == 0) ? wcnic_stack_place(here) : process;
}

/* From now on bursts of this process are those of the secondary process of that number. */
static inline void
wcnic_gate_process_set(uint32_t number)
{
	wcnic_gate_process = number << 1;
}

/*
 * The burst's side. True: the burst may use the queue, and calls wcnic_gate_leave() at its end.
 * False: the queue is down. Two stores and a load, no fence.
 */
static inline bool
wcnic_gate_enter(struct wcnic_gate *gate)
{
	uint32_t state;
	char here;

	for (;;) {
		rte_atomic_store_explicit(&gate->busy, wcnic_gate_mark(&here),
					  rte_memory_order_relaxed);
		rte_compiler_barrier(); /* the other side has the real barrier */
		state = rte_atomic_load_explicit(&gate->state, rte_memory_order_acquire);
		if (likely(state == WCNIC_QUEUE_UP))
			return true;
		rte_atomic_store_explicit(&gate->busy, 0, rte_memory_order_release);
		if (state != WCNIC_QUEUE_PAUSED)
			return false;
		rte_pause();
	}
}

/* Ends what wcnic_gate_enter() began. What the burst stored is visible to who closes the gate. */
static inline void
wcnic_gate_leave(struct wcnic_gate *gate)
{
	rte_atomic_store_explicit(&gate->busy, 0, rte_memory_order_release);
}

#endif /* WCNIC_GATE_H */
