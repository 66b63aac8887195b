/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_GATE_H
#define WCNIC_GATE_H

/* The gate between bursts and the control path. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_pause.h>

struct wcnic_hw;

enum wcnic_queue_state {
	WCNIC_QUEUE_DOWN = 0, /* bursts do nothing */
	WCNIC_QUEUE_UP,
	WCNIC_QUEUE_PAUSED, /* bursts wait: the control path is at the queue for a moment */
};

/*
 * Lets a control thread stop bursts that run on other threads: a burst sets busy, then looks at
 * state; the control thread sets state, makes every thread pass a barrier, then waits for busy.
 */
struct wcnic_gate {
	_Atomic uint32_t state; /* enum wcnic_queue_state */
	_Atomic uint32_t busy;
};

/* Leaves the gate in `state`, not UP, and waits until no burst is inside. */
void wcnic_gate_close(struct wcnic_hw *hw, struct wcnic_gate *gate, enum wcnic_queue_state state);
void wcnic_gate_open(struct wcnic_gate *gate);

/* The gate, burst side: true if the burst may go on; then leave it at the end. */
static inline bool
wcnic_gate_enter(struct wcnic_gate *gate)
{
	uint32_t state;

	for (;;) {
		atomic_store_explicit(&gate->busy, 1, memory_order_relaxed);
		atomic_signal_fence(memory_order_seq_cst); /* the other side has the real barrier */
		state = atomic_load_explicit(&gate->state, memory_order_acquire);
		if (likely(state == WCNIC_QUEUE_UP))
			return true;
		atomic_store_explicit(&gate->busy, 0, memory_order_release);
		if (state != WCNIC_QUEUE_PAUSED)
			return false;
		rte_pause();
	}
}

static inline void
wcnic_gate_leave(struct wcnic_gate *gate)
{
	atomic_store_explicit(&gate->busy, 0, memory_order_release);
}

#endif /* WCNIC_GATE_H */
