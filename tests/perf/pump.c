/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * One end of what ./run bench measures: a port, and commands on standard input, each answered by a
 * line of JSON on standard output.
 *
 *   MODE SIZE BURST QUEUES WARM_MS MS SCHEDSTAT   tx, rx, loop or latency, timed
 *   MODE SIZE BURST QUEUES                        tx, rx or forward, until the next line comes
 *   link                                          waits for the other end
 *   drain MS                                      receives what there is
 *   patience MS                                   what has not come by then is lost
 *   quit
 *
 * SIZE includes the FCS, or is imix. SCHEDSTAT is the file of the thread at the other end, or
 * several with colons between them, or "-".
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <patience.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_version.h>

#include "pump.h"

#define MBUFS_MIN 16384
#define MBUFS(queues) RTE_MAX(MBUFS_MIN, 8192 + 3072 * (queues)) /* all queues full, and some */
#define POOL_CACHE 256
#define DEPTH 1024
#define LINK_WAIT_MS PATIENCE_MS
#define WORDS_MAX 8
#define FAR_MAX 4

/* ---- time ---------------------------------------------------------------------------------- */

struct moment {
	uint64_t tsc;
	uint64_t cpu_ns;      /* of this thread */
	uint64_t far_wait_ns; /* how long the others have waited for a CPU */
};

/* The threads at the other end. */
struct far {
	int fd[FAR_MAX];
	unsigned int n;
};

static uint64_t
ms_to_tsc(unsigned long ms)
{
	return rte_get_tsc_hz() / 1000 * ms;
}

/* The second number of the file. */
static uint64_t
wait_read(int fd)
{
	char text[96] = "";
	uint64_t ran, waited = 0;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 ||
	    sscanf(text, "%" SCNu64 " %" SCNu64, &ran, &waited) != 2)
		return 0;
	return waited;
}

static void
far_open(struct far *far, char *paths)
{
	char *save;

	far->n = 0;
	for (char *p = strtok_r(paths, ":", &save); p != NULL && far->n < FAR_MAX;
	     p = strtok_r(NULL, ":", &save)) {
		far->fd[far->n] = open(p, O_RDONLY | O_CLOEXEC);
		far->n += far->fd[far->n] >= 0;
	}
}

static void
far_close(struct far *far)
{
	while (far->n > 0)
		close(far->fd[--far->n]);
}

static void
moment_take(struct moment *m, const struct far *far)
{
	struct timespec cpu;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	m->cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
	m->far_wait_ns = 0;
	for (unsigned int i = 0; i < far->n; i++)
		m->far_wait_ns += wait_read(far->fd[i]);
	m->tsc = rte_rdtsc();
}

/* ---- the port ------------------------------------------------------------------------------ */

static int
queues_setup(struct pump *p)
{
	uint16_t rx = DEPTH, tx = DEPTH;
	int ret = rte_eth_dev_adjust_nb_rx_tx_desc(p->port, &rx, &tx);

	for (uint16_t q = 0; q < p->queues && ret == 0; q++) {
		ret = rte_eth_rx_queue_setup(p->port, q, rx, SOCKET_ID_ANY, NULL, p->pool);
		if (ret == 0)
			ret = rte_eth_tx_queue_setup(p->port, q, tx, SOCKET_ID_ANY, NULL);
	}
	return ret;
}

static int
port_open(struct pump *p)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	int ret;

	p->pool = rte_pktmbuf_pool_create("frames", MBUFS(p->queues), POOL_CACHE, 0,
					  RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (p->pool == NULL)
		return -rte_errno;
	pump_pool_fill(p->pool);
	ret = rte_eth_dev_info_get(p->port, &info);
	if (ret != 0)
		return ret;
	conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (p->spread > 1 && info.flow_type_rss_offloads != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads &
						   (RTE_ETH_RSS_IPV4 |
						    RTE_ETH_RSS_NONFRAG_IPV4_UDP);
	}
	ret = rte_eth_dev_configure(p->port, p->queues, p->queues, &conf);
	if (ret == 0)
		ret = queues_setup(p);
	if (ret == 0)
		ret = rte_eth_dev_start(p->port);
	if (ret == 0)
		(void)rte_eth_promiscuous_enable(p->port); /* not every driver has it */
	return ret;
}

/* ---- commands ------------------------------------------------------------------------------ */

static const char *const mode_names[PUMP_MODES] = {
	[PUMP_TX] = "tx",           [PUMP_RX] = "rx",           [PUMP_LOOP] = "loop",
	[PUMP_LATENCY] = "latency", [PUMP_FORWARD] = "forward",
};

static int
u32_compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
trips_print(struct pump *p)
{
	const uint32_t n = RTE_MIN(p->n_trips, PUMP_TRIPS_MAX);

	if (n == 0)
		return;
	qsort(p->trips, n, sizeof(p->trips[0]), u32_compare);
	printf(", \"trips\": %u, \"p50_ns\": %u, \"p99_ns\": %u, \"p999_ns\": %u", n,
	       p->trips[n / 2], p->trips[(uint64_t)n * 99 / 100],
	       p->trips[(uint64_t)n * 999 / 1000]);
}

static uint64_t
moved(const struct pump_counts *n, enum pump_mode mode)
{
	return mode == PUMP_TX ? n->sent : n->received;
}

static void
timed(struct pump *p, enum pump_mode mode, unsigned long warm_ms, unsigned long ms, char *far_paths)
{
	struct moment from, to;
	struct pump_counts before, n;
	struct far far;
	double seconds;

	far_open(&far, far_paths);
	pump_run(p, mode, rte_rdtsc() + ms_to_tsc(warm_ms), false);
	p->n_trips = 0;
	before = p->n;
	moment_take(&from, &far);
	/* a rate needs a frame: on a busy machine the far end may get no CPU for so long */
	do
		pump_run(p, mode, rte_rdtsc() + ms_to_tsc(ms), false);
	while (moved(&p->n, mode) == moved(&before, mode) &&
	       rte_rdtsc() - from.tsc < ms_to_tsc(p->lost_after_ms));
	moment_take(&to, &far);
	n = p->n;
	pump_end(p, mode);
	far_close(&far);
	seconds = (double)(to.tsc - from.tsc) / rte_get_tsc_hz();
	printf("{\"packets\": %" PRIu64 ", \"calls\": %" PRIu64 ", \"empty\": %" PRIu64
	       ", \"seconds\": %.9f, \"cpu\": %.4f, \"far_waited\": %.4f, \"sent\": %" PRIu64
	       ", \"received\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"stale\": %" PRIu64,
	       moved(&n, mode) - moved(&before, mode), n.calls - before.calls,
	       n.empty - before.empty, seconds, (to.cpu_ns - from.cpu_ns) / 1e9 / seconds,
	       (to.far_wait_ns - from.far_wait_ns) / 1e9 / seconds, p->n.sent, p->n.received,
	       p->lost, p->stale);
	trips_print(p);
	puts("}");
}

static bool
number(const char *text, unsigned long min, unsigned long max, unsigned long *value)
{
	char *end;

	*value = strtoul(text, &end, 10);
	return *text != '\0' && *end == '\0' && *value >= min && *value <= max;
}

/* False: the line makes no sense. */
static bool
command_mode(struct pump *p, unsigned int n, char **word)
{
	unsigned long size = PUMP_IMIX, burst, queues, warm, ms;
	unsigned int mode;

	for (mode = 0; mode < PUMP_MODES && strcmp(word[0], mode_names[mode]) != 0; mode++)
		;
	if (mode == PUMP_MODES || (n != 4 && n != 7) ||
	    (strcmp(word[1], "imix") != 0 && !number(word[1], 64, 1518, &size)) ||
	    !number(word[2], 1, PUMP_BURST_MAX, &burst) || !number(word[3], 1, p->queues, &queues))
		return false;
	if (n == 7 && (!number(word[4], 0, 10000, &warm) || !number(word[5], 1, 60000, &ms)))
		return false;
	pump_begin(p, mode, (uint32_t)size, (uint16_t)burst, (uint16_t)queues);
	if (n == 7) {
		timed(p, mode, warm, ms, word[6]);
		return true;
	}
	pump_run(p, mode, UINT64_MAX, true);
	pump_end(p, mode);
	printf("{\"sent\": %" PRIu64 ", \"received\": %" PRIu64 "}\n", p->n.sent, p->n.received);
	return true;
}

static void
command_drain(struct pump *p, const char *text)
{
	unsigned long ms;

	if (!number(text, 1, 10000, &ms)) {
		puts("{\"error\": \"drain MS\"}");
		return;
	}
	printf("{\"received\": %" PRIu64 "}\n", pump_drain(p, rte_rdtsc() + ms_to_tsc(ms)));
}

static void
command_patience(struct pump *p, const char *text)
{
	unsigned long ms;

	if (!number(text, 1, PATIENCE_MS, &ms)) {
		printf("{\"error\": \"patience MS, up to %u\"}\n", PATIENCE_MS);
		return;
	}
	p->lost_after_ms = (uint32_t)ms;
	printf("{\"patience_ms\": %lu}\n", ms);
}

static void
command_link(struct pump *p)
{
	struct rte_eth_link link = {0};

	for (unsigned int ms = 0; ms < LINK_WAIT_MS; ms += 10) {
		if (rte_eth_link_get_nowait(p->port, &link) == 0 && link.link_status != 0) {
			puts("{\"link\": true}");
			return;
		}
		usleep(10000);
	}
	printf("{\"error\": \"no link after %u ms\"}\n", LINK_WAIT_MS);
}

static void
commands(struct pump *p)
{
	char line[512], *word[WORDS_MAX], *save;
	unsigned int n;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		n = 0;
		for (char *w = strtok_r(line, " \n", &save); w != NULL && n < WORDS_MAX;
		     w = strtok_r(NULL, " \n", &save))
			word[n++] = w;
		if (n == 0)
			continue;
		if (n == 1 && strcmp(word[0], "quit") == 0)
			break;
		if (n == 1 && strcmp(word[0], "link") == 0)
			command_link(p);
		else if (n == 2 && strcmp(word[0], "drain") == 0)
			command_drain(p, word[1]);
		else if (n == 2 && strcmp(word[0], "patience") == 0)
			command_patience(p, word[1]);
		else if (!command_mode(p, n, word))
			puts("{\"error\": \"no such command; see pump.c\"}");
		fflush(stdout);
	}
}

static int
usage(void)
{
	fprintf(stderr,
		"usage: pump EAL-ARGUMENT... [-- QUEUES [one]]: 1 to %u queues; one: all "
		"frames come to the first\n",
		PUMP_QUEUES_MAX);
	return 2;
}

int
main(int argc, char **argv)
{
	struct pump p = {.lost_after_ms = PATIENCE_MS};
	unsigned long queues = 1;
	int used, ret;

	setvbuf(stdin, NULL, _IONBF, 0);
	used = rte_eal_init(argc, argv);
	if (used < 0) {
		fprintf(stderr, "pump: EAL does not start: %s\n", rte_strerror(rte_errno));
		return 1;
	}
	if (argc - used > 1 && !number(argv[used + 1], 1, PUMP_QUEUES_MAX, &queues))
		return usage();
	if (argc - used > 3 || (argc - used == 3 && strcmp(argv[used + 2], "one") != 0))
		return usage();
	p.queues = (uint16_t)queues;
	p.spread = argc - used == 3 ? 1 : p.queues;
	p.trips = calloc(PUMP_TRIPS_MAX, sizeof(p.trips[0]));
	ret = p.trips == NULL ? -ENOMEM : rte_eth_dev_count_avail() == 1 ? port_open(&p) : -ENODEV;
	if (ret != 0) {
		fprintf(stderr, "pump: the port cannot be used: %s\n", rte_strerror(-ret));
		return 1;
	}
	printf("{\"ready\": true, \"dpdk\": \"%s\"}\n", rte_version());
	fflush(stdout);
	commands(&p);
	rte_eth_dev_stop(p.port);
	rte_eth_dev_close(p.port);
	rte_eal_cleanup();
	return 0;
}
