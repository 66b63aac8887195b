/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * One frame at a time through a port whose far side sends it back, after silences: how long it
 * takes, and what share of a CPU the card's process has meanwhile. A table on standard error as it
 * comes, JSON on standard output.
 */

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <app_error.h>
#include <app_options.h>

#include "frame.h"

#define FRAME_BYTES 60
#define DEPTH 256
#define MBUFS 1023
#define ROUNDS_MAX 20000
#define PATIENCE_NS 60000000000ull
#define IDLE_S 10

static const char usage[] =
	"Usage: silence --vdev DRIVER,ARGUMENTS [--pid PID] [--lcore N] [--short]\n"
	"  --vdev   the port, e.g. net_wcnic0,socket=card.sock of a wcnicd with --port loopback\n"
	"  --pid    the card's process: its share of a CPU is printed as well\n"
	"  --lcore  the CPU that sends and receives (0)\n"
	"  --short  silences up to 100 ms, and those few times\n";

static const struct silence {
	uint64_t ns;
	unsigned int rounds;
} silences[] = {
	{0, 20000},     {100000, 1000},  {300000, 1000},   {1000000, 1000},  {10000000, 200},
	{50000000, 60}, {100000000, 60}, {1000000000, 20}, {10000000000, 6},
};

struct silence_run {
	const char *vdev;
	const char *lcore;
	uint16_t port;
	struct rte_mempool *pool;
	pid_t pid; /* of the card's process; 0: its share of a CPU is not asked for */
	bool brief;
	bool after_one; /* a result was printed */
};

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) != 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t
card_cpu_ns(const struct silence_run *run)
{
	clockid_t clock;

	if (run->pid == 0 || clock_getcpuclockid(run->pid, &clock) != 0)
		return 0;
	return clock_ns(clock);
}

static void
sleep_ns(uint64_t ns)
{
	struct timespec t = {.tv_sec = (time_t)(ns / 1000000000u),
			     .tv_nsec = (long)(ns % 1000000000u)};

	if (ns != 0)
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* The time of one frame there and back; 0: it did not come. */
static uint64_t
round_trip(const struct silence_run *run)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(run->pool), *in;
	uint64_t began, now;

	if (m == NULL)
		return 0;
	perf_frame_fill(rte_pktmbuf_mtod(m, uint8_t *), 1, FRAME_BYTES);
	m->data_len = FRAME_BYTES;
	m->pkt_len = FRAME_BYTES;
	began = clock_ns(CLOCK_MONOTONIC);
	while (rte_eth_tx_burst(run->port, 0, &m, 1) == 0)
		if (clock_ns(CLOCK_MONOTONIC) - began > PATIENCE_NS)
			goto none;
	m = NULL;
	while (rte_eth_rx_burst(run->port, 0, &in, 1) == 0)
		if (clock_ns(CLOCK_MONOTONIC) - began > PATIENCE_NS)
			goto none;
	now = clock_ns(CLOCK_MONOTONIC);
	rte_pktmbuf_free(in);
	return RTE_MAX(now - began, 1u);
none:
	rte_pktmbuf_free(m);
	fprintf(stderr, "a frame did not come back within 60 s\n");
	return 0;
}

static int
by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
result_print(struct silence_run *run, uint64_t silence_ns, uint64_t *trips, unsigned int n,
	     double share)
{
	const uint64_t median = trips[n / 2], high = trips[n - 1 - n / 100], most = trips[n - 1];

	fprintf(stderr, "%10.3f ms %6u rounds %10.1f us median %10.1f us 99 %% %10.1f us most",
		(double)silence_ns / 1e6, n, (double)median / 1e3, (double)high / 1e3,
		(double)most / 1e3);
	if (run->pid != 0)
		fprintf(stderr, " %7.2f %% of a CPU", share * 100);
	fputc('\n', stderr);
	printf("%s\n  {\"silence_ns\": %" PRIu64 ", \"rounds\": %u, \"median_ns\": %" PRIu64
	       ", \"p99_ns\": %" PRIu64 ", \"most_ns\": %" PRIu64 ", \"card_cpu\": ",
	       run->after_one ? "," : "", silence_ns, n, median, high, most);
	if (run->pid != 0)
		printf("%.5f}", share);
	else
		printf("null}");
	fflush(stdout);
	run->after_one = true;
}

static int
silence_measure(struct silence_run *run, const struct silence *silence)
{
	const unsigned int n = run->brief ? RTE_MIN(silence->rounds, 20u) : silence->rounds;
	static uint64_t trips[ROUNDS_MAX];
	uint64_t used, passed;

	(void)round_trip(run);
	used = card_cpu_ns(run);
	passed = clock_ns(CLOCK_MONOTONIC);
	for (unsigned int i = 0; i < n; i++) {
		sleep_ns(silence->ns);
		trips[i] = round_trip(run);
		if (trips[i] == 0)
			return -1;
	}
	used = card_cpu_ns(run) - used;
	passed = clock_ns(CLOCK_MONOTONIC) - passed;
	qsort(trips, n, sizeof(trips[0]), by_value);
	result_print(run, silence->ns, trips, n, (double)used / (double)passed);
	return 0;
}

/* No frame at all. */
static void
idle_measure(struct silence_run *run)
{
	uint64_t used = card_cpu_ns(run), passed = clock_ns(CLOCK_MONOTONIC);

	if (run->pid == 0)
		return;
	sleep(run->brief ? 1 : IDLE_S);
	used = card_cpu_ns(run) - used;
	passed = clock_ns(CLOCK_MONOTONIC) - passed;
	fprintf(stderr, "no frame for %u s: %.2f %% of a CPU\n", run->brief ? 1 : IDLE_S,
		(double)used * 100 / (double)passed);
	printf(",\n  {\"silence_ns\": null, \"card_cpu\": %.5f}", (double)used / (double)passed);
}

static int
port_start(struct silence_run *run)
{
	const struct rte_eth_conf conf = {0};
	char *name = strdup(run->vdev);
	char *args = name != NULL ? strchr(name, ',') : NULL;
	int ret = -1;

	if (args != NULL)
		*args++ = '\0';
	run->pool = rte_pktmbuf_pool_create("silence", MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					    SOCKET_ID_ANY);
	if (name == NULL || run->pool == NULL ||
	    rte_vdev_init(name, args != NULL ? args : "") != 0 ||
	    rte_eth_dev_get_port_by_name(name, &run->port) != 0)
		goto out;
	ret = rte_eth_dev_configure(run->port, 1, 1, &conf);
	if (ret == 0)
		ret = rte_eth_rx_queue_setup(run->port, 0, DEPTH, SOCKET_ID_ANY, NULL, run->pool);
	if (ret == 0)
		ret = rte_eth_tx_queue_setup(run->port, 0, DEPTH, SOCKET_ID_ANY, NULL);
	if (ret == 0)
		ret = rte_eth_dev_start(run->port);
	if (ret == 0)
		ret = rte_eth_promiscuous_enable(run->port);
out:
	free(name);
	return ret;
}

static int
measure(struct silence_run *run)
{
	int ret = 0;

	printf("[");
	for (unsigned int i = 0; i < RTE_DIM(silences) && ret == 0; i++)
		if (!run->brief || silences[i].ns <= 100000000)
			ret = silence_measure(run, &silences[i]);
	if (ret == 0)
		idle_measure(run);
	printf("\n]\n");
	return ret;
}

static const struct app_option options_table[] = {
	APP_TEXT("vdev", struct silence_run, vdev),
	APP_INT("pid", struct silence_run, pid, 1, INT_MAX),
	APP_TEXT("lcore", struct silence_run, lcore),
	APP_FLAG("short", struct silence_run, brief),
	{0},
};

/* False, after an error: the arguments are wrong. */
static bool
args_parse(struct silence_run *run, int argc, char **argv)
{
	const struct app_option_group groups[] = {{options_table, run}, {0}};
	int first;

	if (app_options_parse(groups, usage, NULL, argc, argv, &first) != APP_OPTIONS_RUN)
		return false;
	if (run->vdev == NULL || first != argc) {
		fputs(usage, stderr);
		return false;
	}
	if (run->pid != 0 && card_cpu_ns(run) == 0) {
		app_error("--pid %d: no process with that id, or it has never run", run->pid);
		return false;
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct silence_run run = {.lcore = "0"};
	char prefix[32];
	char *eal[] = {argv[0],
		       "--no-huge",
		       "-m",
		       "64",
		       "--no-pci",
		       "--no-shconf",
		       "-l",
		       NULL,
		       "--log-level",
		       "warning",
		       "--file-prefix",
		       prefix,
		       "--no-telemetry",
		       "--iova-mode=va"};
	int ret;

	if (!args_parse(&run, argc, argv))
		return 2;
	eal[7] = (char *)(uintptr_t)run.lcore;
	snprintf(prefix, sizeof(prefix), "wcnic-silence-%d", getpid());
	if (rte_eal_init(RTE_DIM(eal), eal) < 0 || port_start(&run) != 0) {
		fprintf(stderr, "silence: cannot start the port %s\n", run.vdev);
		return 1;
	}
	ret = measure(&run);
	if (rte_eth_dev_stop(run.port) != 0 || rte_eth_dev_close(run.port) != 0)
		ret = -1;
	return ret == 0 ? 0 : 1;
}
