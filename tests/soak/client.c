/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A client of the soak: one port of the driver, and commands on standard input, each answered by a
 * line of JSON on standard output. What it sends and receives is in its ledger.
 *
 *   go N               sends N frames more on each queue
 *   counters           statistics of the port
 *   drain              receives until nothing is there
 *   deaf 0|1           does not receive
 *   mtu N              changes it while traffic runs
 *   configure Q MTU    stops the port, and starts it with other queues
 *   reset              rte_eth_dev_reset(), and the same configuration anew
 *   quit
 */

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "traffic.h"

#define NAME "net_wcnic0"
#define MBUFS 8191u
#define DEPTH 256u

static struct soak_traffic traffic;

/* ---- DPDK ---------------------------------------------------------------------------------- */

/* One lcore, on all CPUs that the process may use. */
static void
lcores_name(char *text, size_t bytes)
{
	cpu_set_t set;
	size_t at;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		CPU_ZERO(&set);
	at = (size_t)snprintf(text, bytes, "0@(");
	for (int cpu = 0; cpu < CPU_SETSIZE && at < bytes; cpu++)
		if (CPU_ISSET(cpu, &set))
			at += (size_t)snprintf(text + at, bytes - at, "%d,", cpu);
	if (at < bytes)
		text[at - 1] = ')';
}

static int
dpdk_start(char *program)
{
	static char lcores[4096], prefix[32];
	char *eal[] = {program,         "--no-huge",      "-m",          "96",
		       "--no-pci",      "--no-telemetry", "--no-shconf", "--log-level=notice",
		       "--file-prefix", prefix,           "--lcores",    lcores,
		       "--iova-mode=va"};

	lcores_name(lcores, sizeof(lcores));
	snprintf(prefix, sizeof(prefix), "wcnic-soak-%d", getpid());
	if (rte_eal_init(RTE_DIM(eal), eal) < 0)
		return -1;
	traffic.pool = rte_pktmbuf_pool_create("soak", MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					       SOCKET_ID_ANY);
	return traffic.pool == NULL ? -1 : 0;
}

static int
on_given_up(uint16_t port, enum rte_eth_event_type event, void *arg, void *ret)
{
	(void)port;
	(void)event;
	(void)arg;
	(void)ret;
	fprintf(stderr, "soak_client: the driver has given the card up\n");
	return 0;
}

/* ---- the port ------------------------------------------------------------------------------ */

/* Configures, sets up and starts it; 0 or -errno. The traffic is paused. */
static int
port_start(uint16_t queues, uint16_t mtu)
{
	struct rte_eth_conf conf = {
		.rxmode = {.mq_mode = RTE_ETH_MQ_RX_RSS,
			   .mtu = mtu,
			   .offloads = RTE_ETH_RX_OFFLOAD_SCATTER},
		.txmode.offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS,
		.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_NONFRAG_IPV4_UDP,
	};
	int ret = rte_eth_dev_configure(traffic.port, queues, queues, &conf);

	for (uint16_t q = 0; ret == 0 && q < queues; q++) {
		ret = rte_eth_rx_queue_setup(traffic.port, q, DEPTH, SOCKET_ID_ANY, NULL,
					     traffic.pool);
		if (ret == 0)
			ret = rte_eth_tx_queue_setup(traffic.port, q, DEPTH, SOCKET_ID_ANY, NULL);
	}
	if (ret == 0)
		ret = rte_eth_dev_start(traffic.port);
	if (ret == 0)
		ret = rte_eth_promiscuous_enable(traffic.port);
	traffic.queues = queues;
	traffic.mtu = mtu;
	return ret;
}

static int
port_open(const char *args)
{
	int ret = rte_vdev_init(NAME, args);

	if (ret == 0)
		ret = rte_eth_dev_get_port_by_name(NAME, &traffic.port);
	if (ret == 0)
		ret = rte_eth_dev_callback_register(traffic.port, RTE_ETH_EVENT_RECOVERY_FAILED,
						    on_given_up, NULL);
	return ret;
}

/* ---- commands ------------------------------------------------------------------------------ */

static void
answer(int ret)
{
	if (ret == 0)
		printf("{\"ok\": true}\n");
	else
		printf("{\"ok\": false, \"why\": \"%s\"}\n", strerror(-ret));
}

static void
counters_answer(void)
{
	struct rte_eth_xstat_name *names;
	struct rte_eth_xstat *values;
	struct rte_eth_stats stats;
	int n = rte_eth_xstats_get(traffic.port, NULL, 0);
	int ret = rte_eth_stats_get(traffic.port, &stats);

	names = n > 0 ? calloc((size_t)n, sizeof(*names)) : NULL;
	values = n > 0 ? calloc((size_t)n, sizeof(*values)) : NULL;
	if (ret != 0 || names == NULL || values == NULL ||
	    rte_eth_xstats_get_names(traffic.port, names, (unsigned int)n) != n ||
	    rte_eth_xstats_get(traffic.port, values, (unsigned int)n) != n) {
		answer(ret != 0 ? ret : -EAGAIN);
	} else {
		printf("{\"ok\": true, \"opackets\": %" PRIu64 ", \"oerrors\": %" PRIu64
		       ", \"ipackets\": %" PRIu64 ", \"imissed\": %" PRIu64
		       ", \"ierrors\": %" PRIu64 ", \"mbufs_free\": %u",
		       stats.opackets, stats.oerrors, stats.ipackets, stats.imissed, stats.ierrors,
		       rte_mempool_avail_count(traffic.pool));
		for (int i = 0; i < n; i++)
			printf(", \"%s\": %" PRIu64, names[i].name, values[i].value);
		printf("}\n");
	}
	free(names);
	free(values);
}

static int
command_configure(unsigned int queues, unsigned int mtu)
{
	int ret;

	if (queues == 0 || queues > SOAK_QUEUES_MAX || mtu < 68 || mtu > UINT16_MAX)
		return -EINVAL;
	soak_traffic_pause(&traffic);
	ret = rte_eth_dev_stop(traffic.port);
	if (ret == 0)
		ret = port_start((uint16_t)queues, (uint16_t)mtu);
	soak_traffic_resume(&traffic);
	return ret;
}

static int
command_reset(void)
{
	int ret;

	soak_traffic_pause(&traffic);
	ret = rte_eth_dev_reset(traffic.port);
	if (ret == 0)
		ret = port_start(traffic.queues, traffic.mtu);
	soak_traffic_resume(&traffic);
	return ret;
}

/* Frames of the old length may wait still: the card discards those that are too long, and counts
 * them. */
static int
command_mtu(unsigned int mtu)
{
	int ret = rte_eth_dev_set_mtu(traffic.port, (uint16_t)mtu);

	if (ret != 0)
		return ret;
	soak_traffic_pause(&traffic);
	traffic.mtu = (uint16_t)mtu;
	soak_traffic_resume(&traffic);
	return 0;
}

/* False: the last one. */
static bool
command_run(char *line)
{
	unsigned int a, b;

	if (strcmp(line, "quit\n") == 0)
		return false;
	if (strcmp(line, "counters\n") == 0) {
		counters_answer();
		return true;
	}
	if (sscanf(line, "go %u", &a) == 1) {
		soak_traffic_go(&traffic, a);
		answer(0);
	} else if (sscanf(line, "deaf %u", &a) == 1) {
		atomic_store(&traffic.deaf, a != 0);
		answer(0);
	} else if (strcmp(line, "drain\n") == 0) {
		soak_traffic_drain(&traffic);
		answer(0);
	} else if (sscanf(line, "mtu %u", &a) == 1) {
		answer(command_mtu(a));
	} else if (sscanf(line, "configure %u %u", &a, &b) == 2) {
		answer(command_configure(a, b));
	} else if (strcmp(line, "reset\n") == 0) {
		answer(command_reset());
	} else {
		answer(-EINVAL);
	}
	return true;
}

static int
commands_take(void)
{
	char line[128];

	answer(0);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL && command_run(line))
		fflush(stdout);
	return 0;
}

static int
port_close(void)
{
	int ret = rte_eth_dev_stop(traffic.port);

	if (ret == 0)
		ret = rte_eth_dev_close(traffic.port);
	if (ret == 0)
		ret = rte_vdev_uninit(NAME);
	if (ret == 0 && rte_mempool_avail_count(traffic.pool) != MBUFS) {
		fprintf(stderr, "soak_client: %u of %u mbufs have come back\n",
			rte_mempool_avail_count(traffic.pool), MBUFS);
		ret = -EBUSY;
	}
	return ret;
}

static int
client_run(const char *args, uint16_t queues, uint16_t mtu)
{
	int ret = port_open(args);

	if (ret == 0)
		ret = soak_traffic_start(&traffic);
	if (ret == 0) {
		while (!atomic_load(&traffic.paused))
			usleep(1000);
		ret = port_start(queues, mtu);
	}
	if (ret == 0) {
		soak_traffic_resume(&traffic);
		ret = commands_take();
		soak_traffic_stop(&traffic);
		ret = ret == 0 ? port_close() : ret;
	}
	if (ret != 0)
		fprintf(stderr, "soak_client: %s\n", strerror(-ret));
	return ret == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr,
			"usage: %s LEDGER ARGUMENTS-OF-THE-DRIVER SENDER PEER QUEUES MTU SEED\n",
			argv[0]);
		return 2;
	}
	traffic.ledger = soak_ledger_map(argv[1]);
	if (traffic.ledger == NULL) {
		fprintf(stderr, "%s: %s: %s\n", argv[0], argv[1], strerror(errno));
		return 1;
	}
	traffic.sender = (uint16_t)atoi(argv[3]);
	traffic.peer = (uint16_t)atoi(argv[4]);
	traffic.seed = strtoull(argv[7], NULL, 10) | 1;
	if (dpdk_start(argv[0]) != 0)
		return 1;
	return client_run(argv[2], (uint16_t)atoi(argv[5]), (uint16_t)atoi(argv[6]));
}
