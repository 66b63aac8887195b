/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_PLACEMENT_H
#define WCNICD_PLACEMENT_H

/* Where and when a card's thread runs. All act on the calling thread. */

/* Pins the thread to a CPU. Returns 0 or -errno. */
__attribute__((warn_unused_result)) int placement_cpu(int cpu);

/*
 * A thread that is woken need not wait until another's turn on the CPU is over: on a machine with
 * few CPUs the kernel may wake it where its driver runs, which goes on for ms. It asks for short
 * turns; kernels before 6.12 ignore that. Not for real-time threads.
 */
void placement_prompt(void);

/*
 * Moves the thread to the memory node of the page at addr, and logs it; on a machine with one node:
 * nothing.
 */
void placement_near(void *addr, const char *who);

#endif /* WCNICD_PLACEMENT_H */
