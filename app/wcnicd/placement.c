/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* CPUs, memory nodes and time slices of threads. */

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <numa.h>
#include <numaif.h>

#include "log.h"
#include "placement.h"

/* As sched_setattr(2) has it; the C library has no name for it, or another. */
struct slice_attr {
	uint32_t bytes;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns;
	uint64_t deadline_ns;
	uint64_t period_ns;
};

#define SLICE_NS 500000u /* less than the kernel's own, which is 700 us at least */

void
placement_prepare(void)
{
	struct bitmask *cpus = numa_available() >= 0 ? numa_allocate_cpumask() : NULL;

	/* The library keeps what it reads. */
	for (int node = 0; cpus != NULL && node <= numa_max_node(); node++)
		(void)numa_node_to_cpus(node, cpus);
	if (cpus != NULL)
		numa_free_cpumask(cpus);
}

int
placement_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		return -errno;
	if (numa_available() >= 0)
		numa_set_localalloc();
	return 0;
}

void
placement_prompt(void)
{
	struct slice_attr attr = {.bytes = sizeof(attr)};

	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0 || attr.policy != SCHED_OTHER)
		return;
	attr.runtime_ns = SLICE_NS;
	(void)syscall(SYS_sched_setattr, 0, &attr, 0);
}

void
placement_near(void *addr, const char *who)
{
	int node = -1;

	if (numa_available() < 0 || numa_max_node() == 0)
		return;
	if (get_mempolicy(&node, NULL, 0, addr, MPOL_F_NODE | MPOL_F_ADDR) < 0 || node < 0)
		return;
	if (numa_run_on_node(node) < 0)
		wcnicd_log(LOG_LEVEL_WARNING, who, "cannot run on node %d, where the memory is: %s",
			   node, strerror(errno));
	else
		wcnicd_log(LOG_LEVEL_INFO, who, "runs on node %d, where the driver's memory is",
			   node);
}
