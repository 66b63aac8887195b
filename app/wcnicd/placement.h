/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_PLACEMENT_H
#define WCNICD_PLACEMENT_H

/* Where a card's thread runs. Both act on the calling thread and log what they did. */

/* Pins the thread to a CPU. Returns 0 or -errno. */
__attribute__((warn_unused_result)) int placement_cpu(int cpu);

/* Moves the thread to the memory node of the page at addr; on a machine with one node: nothing. */
void placement_near(void *addr, const char *who);

#endif /* WCNICD_PLACEMENT_H */
