/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef DRIVER_H
#define DRIVER_H

/* DPDK in the test's process: a card through its driver, or another device. */

#include <stdint.h>

#include <rte_mempool.h>

extern struct rte_mempool *pool;

/* For main(): DPDK without huge pages, on one CPU, and the pool. Returns 0 or -1. */
int dpdk_start(char *program, const char *name, unsigned int mbufs);
/* A virtual device: started, one queue each way of `depth` entries, promiscuous if it can be. */
uint16_t port_open(const char *name, const char *args, uint16_t depth);
void port_close(uint16_t port, const char *name);
/* Of its xstats. */
uint64_t port_counter(uint16_t port, const char *name);

#endif /* DRIVER_H */
