/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The gate between bursts and the control path: the control path's side. */

#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "wcnic_gate.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_peer.h"

#define LONG_WAIT_US 10000
#define LOOKS 1000 /* of 10 us each, before it is asked whether a process still lives */

uint32_t wcnic_gate_process;

/*
 * Makes every thread of the process pass a full barrier, and those of secondary processes, which
 * have registered for it: afterwards the busy flag of a burst that did not see the closed gate is
 * visible. Without membarrier(2) a long wait has to do, also if it is refused only now: by a filter
 * of system calls, for instance, that the application has set since.
 */
static void
barrier_everywhere(const struct wcnic_hw *hw)
{
	bool all = hw->membarrier &&
		   syscall(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;

	if (wcnic_peer_any())
		all &= syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0;
	if (!all)
		rte_delay_us_sleep(LONG_WAIT_US);
	rte_atomic_thread_fence(rte_memory_order_seq_cst);
}

/*
 * Takes a burst out of the gate whose process has died. The queue may be in any state: if it is to
 * go on, the card is reset and all is built anew.
 */
static void
dead_leave(struct wcnic_hw *hw, struct wcnic_gate *gate, uint32_t mark, bool goes_on)
{
	if ((mark & 1) != 0 || wcnic_peer_place(mark >> 1) != WCNIC_PEERS_MAX)
		return;
	if (!rte_atomic_compare_exchange_strong_explicit(
		    &gate->busy, &mark, 0, rte_memory_order_seq_cst, rte_memory_order_seq_cst))
		return;
	if (goes_on)
		wcnic_store(&hw->failed, true);
	WCNIC_LOG(ERR, hw, "a secondary process died within a burst: its frames are lost%s",
		  goes_on ? ", and the card is reset" : "");
}

void
wcnic_gate_close(struct wcnic_hw *hw, struct wcnic_gate *gate, enum wcnic_queue_state state)
{
	uint32_t mark;

	rte_atomic_store_explicit(&gate->state, state, rte_memory_order_release);
	barrier_everywhere(hw);
	for (unsigned int looks = 1;; looks++) {
		mark = rte_atomic_load_explicit(&gate->busy, rte_memory_order_acquire);
		if (mark == 0)
			return;
		if (looks % LOOKS == 0)
			dead_leave(hw, gate, mark, state != WCNIC_QUEUE_DOWN);
		rte_delay_us_sleep(10);
	}
}

bool
wcnic_stack_is_mine(uint32_t place)
{
	pthread_attr_t attr;
	void *stack = NULL;
	size_t bytes = 0;

	if (pthread_getattr_np(pthread_self(), &attr) != 0)
		return false;
	(void)pthread_attr_getstack(&attr, &stack, &bytes);
	pthread_attr_destroy(&attr);
	return place - (uint32_t)((uintptr_t)stack >> 4) <= bytes >> 4;
}

void
wcnic_gate_abandon(struct wcnic_gate *gate)
{
	const uint32_t place = rte_atomic_load_explicit(&gate->busy, rte_memory_order_relaxed);

	if ((place & 1) != 0 && wcnic_stack_is_mine(place))
		rte_atomic_store_explicit(&gate->busy, 0, rte_memory_order_relaxed);
}

bool
wcnic_gate_pause(struct wcnic_hw *hw, struct wcnic_gate *gate)
{
	if (rte_atomic_load_explicit(&gate->state, rte_memory_order_relaxed) != WCNIC_QUEUE_UP)
		return false;
	wcnic_gate_close(hw, gate, WCNIC_QUEUE_PAUSED);
	return true;
}

void
wcnic_gate_open(struct wcnic_gate *gate)
{
	rte_atomic_store_explicit(&gate->state, WCNIC_QUEUE_UP, rte_memory_order_release);
}
