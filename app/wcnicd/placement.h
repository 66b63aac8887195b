/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_PLACEMENT_H
#define WCNICD_PLACEMENT_H

/*
 * Where and when the thread of a card runs. Each call but the first is about the calling thread.
 */

#include <wcbase.h>

/* Reads of the machine what later calls need, which may then open no file. Once. */
void placement_prepare(void);

/* Pins the thread to a CPU, and its memory to the node of that CPU. Returns 0 or -errno. */
WC_MUST_CHECK int placement_cpu(int cpu);

/*
 * Asks for short time slices, so that the thread runs soon after it is woken: on a machine with few
 * CPUs the kernel may wake it on the CPU of its driver, whose time slice lasts some ms. Kernels
 * before 6.12 ignore it. Does nothing for real-time threads.
 */
void placement_prompt(void);

/*
 * Moves the thread to the CPUs of the memory node that has the page at `addr`, and logs that under
 * the name `who`. Does nothing on a machine with one node.
 */
void placement_near(void *addr, const char *who);

#endif /* WCNICD_PLACEMENT_H */
