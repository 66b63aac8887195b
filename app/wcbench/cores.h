/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CORES_H
#define CORES_H

/* Which CPUs threads are pinned to, one on each core. */

#include <sched.h>
#include <stddef.h>

/*
 * One CPU of each core that has any of the `allowed` ones, those of NUMA node `node` (-1: unknown)
 * first, else in ascending order. Fills at most `max` of `cpus` and returns how many. `root` may be
 * NULL. Where sysfs does not tell the cores, each CPU counts as one. Only reads; any thread.
 */
size_t
cores_choose(const char *root, const cpu_set_t *allowed, int node, unsigned int *cpus, size_t max);

#endif /* CORES_H */
