/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The driver in this process, over a card of wcnicd. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#include <rte_bus.h>
#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "driver.h"

struct rte_mempool *pool;

int
dpdk_start(char *program, const char *name, unsigned int mbufs)
{
	static char prefix[32];
	char *eal[] = {program,         "--no-huge",      "-m",          "128",
		       "--no-pci",      "--no-telemetry", "--no-shconf", "--log-level=warning",
		       "--file-prefix", prefix,           "-l",          "0",
		       "--iova-mode=va"};

	snprintf(prefix, sizeof(prefix), "wcnic-%s-%d", name, getpid());
	if (rte_eal_init(RTE_DIM(eal), eal) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create(name, mbufs, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	return pool == NULL ? -1 : 0;
}

uint16_t
port_open(const char *name, const char *args, uint16_t depth)
{
	struct rte_eth_conf conf = {0};
	uint16_t port;
	int ret;

	/* EAL's hotplug refuses 128 characters and more in later releases of DPDK */
	assert_int_equal(rte_vdev_init(name, args), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name(name, &port), 0);
	assert_int_equal(rte_eth_dev_configure(port, 1, 1, &conf), 0);
	assert_int_equal(rte_eth_rx_queue_setup(port, 0, depth, 0, NULL, pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup(port, 0, depth, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start(port), 0);
	ret = rte_eth_promiscuous_enable(port);
	assert_true(ret == 0 || ret == -ENOTSUP);
	return port;
}

void
port_close(uint16_t port, const char *name)
{
	assert_int_equal(rte_eth_dev_stop(port), 0);
	assert_int_equal(rte_eth_dev_close(port), 0);
	assert_int_equal(rte_vdev_uninit(name), 0);
}

uint64_t
port_counter(uint16_t port, const char *name)
{
	uint64_t id, value;

	assert_int_equal(rte_eth_xstats_get_id_by_name(port, name, &id), 0);
	assert_int_equal(rte_eth_xstats_get_by_id(port, &id, &value, 1), 1);
	return value;
}
