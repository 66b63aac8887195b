/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <sched.h>
#include <string.h>

#include "log.h"
#include "placement.h"

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
