/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Forwards what port 0 receives back to it, asleep between the frames: arms the Rx interrupts,
 * sleeps, and looks into a queue only when its interrupt came. A sleep that times out looks into
 * every queue; frames that are found then had no interrupt, which is what this program is for.
 *
 * rx_intr EAL-ARGS -- [--frames N] [--seconds S] [--queues Q]
 * One line of JSON; exit status 0 if frames came and none of them without an interrupt.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_debug.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <wcbase.h>

#define PORT 0
#define QUEUES_MAX 16
#define DEPTH 512
#define BURST 32
#define SLEEP_MS 500
#define SEND_SECONDS 120 /* without progress for so long, it hangs */

static uint64_t frames_wanted = 1000, seconds = 30;
static uint16_t queues = 1;

static struct {
	uint64_t frames, interrupts, wakeups, polls_without_interrupt, timeouts;
} counts;

WC_NORETURN static void
give_up(const char *what, int error)
{
	rte_exit(EXIT_FAILURE, "rx_intr: %s: %s\n", what, strerror(error < 0 ? -error : error));
}

static uint64_t
number(const char *name, const char *text, uint64_t max)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value == 0 || value > max)
		rte_exit(EXIT_FAILURE,
			 "rx_intr: --%s '%s': expected a number from 1 to %" PRIu64 "\n", name,
			 text, max);
	return value;
}

static void
arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{"frames", required_argument, NULL, 'f'},
		{"seconds", required_argument, NULL, 's'},
		{"queues", required_argument, NULL, 'q'},
		{0},
	};
	int id;

	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == 'f')
			frames_wanted = number("frames", optarg, UINT32_MAX);
		else if (id == 's')
			seconds = number("seconds", optarg, 3600);
		else if (id == 'q')
			queues = (uint16_t)number("queues", optarg, QUEUES_MAX);
		else
			exit(EXIT_FAILURE);
	}
	if (optind < argc)
		rte_exit(EXIT_FAILURE, "rx_intr: unexpected argument '%s'\n", argv[optind]);
}

/* Frames of any size, in as many buffers as they need, if the device can. */
static void
port_configure(void)
{
	struct rte_eth_conf conf = {.intr_conf.rxq = 1};
	struct rte_eth_dev_info info;
	int ret;

	ret = rte_eth_dev_info_get(PORT, &info);
	if (ret != 0)
		give_up("there is no port 0", ret);
	if ((info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0 &&
	    (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0) {
		conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_SCATTER;
		conf.txmode.offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
		conf.rxmode.mtu = info.max_mtu;
	}
	if (queues > 1) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads;
	}
	ret = rte_eth_dev_configure(PORT, queues, queues, &conf);
	if (ret != 0)
		give_up("the port takes no Rx interrupts or not so many queues", ret);
}

static void
port_start(void)
{
	struct rte_mempool *pool;
	int ret;

	port_configure();
	pool = rte_pktmbuf_pool_create("frames", queues * DEPTH * 4 - 1, 0, 0,
				       RTE_MBUF_DEFAULT_BUF_SIZE, rte_socket_id());
	if (pool == NULL)
		give_up("no memory for frames", rte_errno);
	for (uint16_t q = 0; q < queues; q++) {
		ret = rte_eth_rx_queue_setup(PORT, q, DEPTH, rte_socket_id(), NULL, pool);
		if (ret == 0)
			ret = rte_eth_tx_queue_setup(PORT, q, DEPTH, rte_socket_id(), NULL);
		if (ret != 0)
			give_up("a queue cannot be set up", ret);
	}
	ret = rte_eth_promiscuous_enable(PORT);
	if (ret != 0 && ret != -ENOTSUP) /* net_ena has no such mode */
		give_up("the port cannot be made promiscuous", ret);
	/* Interrupts are added before frames can come. */
	ret = rte_eth_dev_start(PORT);
	if (ret != 0)
		give_up("the port does not start", ret);
	for (uint16_t q = 0; q < queues; q++) {
		ret = rte_eth_dev_rx_intr_ctl_q(PORT, q, RTE_EPOLL_PER_THREAD, RTE_INTR_EVENT_ADD,
						(void *)(uintptr_t)q);
		if (ret != 0)
			give_up("a queue has no interrupt to wait for", ret);
	}
}

static void
send_all(uint16_t queue, struct rte_mbuf **frames, uint16_t n)
{
	const uint64_t end = rte_get_timer_cycles() + SEND_SECONDS * rte_get_timer_hz();
	uint16_t sent = 0;

	while (sent < n) {
		sent += rte_eth_tx_burst(PORT, queue, frames + sent, n - sent);
		if (rte_get_timer_cycles() > end)
			give_up("frames cannot be sent", ETIMEDOUT);
	}
	counts.frames += n;
}

/* Forwards all that waits in one queue. How many frames that were. */
static uint64_t
drain(uint16_t queue)
{
	struct rte_mbuf *frames[BURST];
	uint64_t all = 0;
	uint16_t n;

	while ((n = rte_eth_rx_burst(PORT, queue, frames, BURST)) > 0) {
		send_all(queue, frames, n);
		all += n;
	}
	return all;
}

/*
 * Arms and sleeps. A frame that came before its queue was armed must interrupt too: there is no
 * look into the queues between the two.
 */
static void
sleep_once(void)
{
	struct rte_epoll_event events[QUEUES_MAX];
	uint64_t late = 0;
	int n, ret;

	for (uint16_t q = 0; q < queues; q++) {
		ret = rte_eth_dev_rx_intr_enable(PORT, q);
		if (ret != 0)
			give_up("an interrupt cannot be armed", ret);
	}
	n = rte_epoll_wait(RTE_EPOLL_PER_THREAD, events, queues, SLEEP_MS);
	if (n < 0)
		give_up("waiting for interrupts failed", errno);
	for (uint16_t q = 0; q < queues; q++)
		rte_eth_dev_rx_intr_disable(PORT, q);
	if (n == 0) {
		counts.timeouts++;
		for (uint16_t q = 0; q < queues; q++)
			late += drain(q);
		counts.polls_without_interrupt += late > 0;
		return;
	}
	counts.wakeups++;
	counts.interrupts += n;
	for (int i = 0; i < n; i++)
		drain((uint16_t)(uintptr_t)events[i].epdata.data);
}

/* What was handed over is on its way before the port is stopped. */
static void
sent_wait(void)
{
	const uint64_t end = rte_get_timer_cycles() + SEND_SECONDS * rte_get_timer_hz();
	struct rte_eth_stats stats;

	while (rte_eth_stats_get(PORT, &stats) == 0 && stats.opackets < counts.frames &&
	       rte_get_timer_cycles() < end)
		rte_delay_us_sleep(1000);
}

int
main(int argc, char **argv)
{
	uint64_t end;
	int ret;

	ret = rte_eal_init(argc, argv);
	if (ret < 0)
		give_up("DPDK does not start", rte_errno);
	arguments(argc - ret, argv + ret);
	port_start();
	end = rte_get_timer_cycles() + seconds * rte_get_timer_hz();
	while (counts.frames < frames_wanted && rte_get_timer_cycles() < end)
		sleep_once();
	sent_wait();
	printf("{\"frames\": %" PRIu64 ", \"interrupts\": %" PRIu64 ", \"wakeups\": %" PRIu64
	       ", \"polls_without_interrupt\": %" PRIu64 ", \"timeouts\": %" PRIu64 "}\n",
	       counts.frames, counts.interrupts, counts.wakeups, counts.polls_without_interrupt,
	       counts.timeouts);
	fflush(stdout);
	rte_eth_dev_stop(PORT);
	rte_eth_dev_close(PORT);
	rte_eal_cleanup();
	return counts.frames > 0 && counts.polls_without_interrupt == 0 ? EXIT_SUCCESS
									: EXIT_FAILURE;
}
