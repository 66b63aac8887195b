/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Instructions per packet: a second process steps (ptrace) the thread that calls rte_eth_rx_burst()
 * and rte_eth_tx_burst(), and counts what each call executes in user space. Both ends are ports of
 * this process, so nothing runs beside the call that is counted, and a run gives the same digits as
 * the one before.
 *
 * One --vdev: a port whose frames come back to it (net_null, net_ring, net_wcnic with its embedded
 * card). Two: a pair. The mbufs that one call received are sent by the next, so that in the long
 * run as many are allocated as are freed.
 */

#include <errno.h>
#include <inttypes.h>
#include <patience.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <app_error.h>
#include <app_options.h>

#include "frame.h"
#include "instructions.h"

#define VDEVS_MAX 2
#define BURST_MAX 64
#define TX_OFFLOADS (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM)
#define POOL_CACHE 256
#define LINK_WAIT_MS PATIENCE_MS
#define TRIES_MAX 1000
#define MODEL_CYCLES 32 /* from one look at all queues to the next */
#define MBUFS 16383

static const char help[] =
	"usage: instructions [OPTION]... --vdev A [--vdev B]\n"
	"  --vdev SPEC    as EAL's; one port whose frames come back to it, or two that are joined: "
	"the\n"
	"                 second, which is set up first, serves\n"
	"  --bytes N      frames without FCS, 60 to 1514 (default 60: 64 on the wire)\n"
	"  --burst N      frames to a call, 1 to 64 (default 32)\n"
	"  --depth N      of the queues (default 1024)\n"
	"  --queues N     queue pairs, 1 to 64 (default 1); all but the first are idle\n"
	"  --calls N      calls of each kind that are counted (default 72)\n"
	"  --far          count the second port's calls too\n"
	"  --cpu N        to run on (default 0)\n"
	"  --no-fast-free do not ask for the offload MBUF_FAST_FREE\n"
	"  --offload      ask for checksum offloads of Tx, which frames then may use\n"
	"  --asks         with --offload: each frame does\n"
	"  --huge         in hugepages, as memif's zero-copy wants them\n"
	"  --verbose      every call\n"
	"Prints JSON: of each kind of call `instructions` per packet (the mean over a whole number "
	"of\n"
	"cycles, in which as many mbufs are freed as sent) and `median` of full bursts.\n";

struct options {
	const char *vdev[VDEVS_MAX];
	unsigned int n_vdevs;
	unsigned int bytes, burst, depth, queues, calls, cpu;
	bool no_fast_free, far, huge, offload, asks, verbose;
};

struct rig {
	const struct options *o;
	uint16_t port[VDEVS_MAX];
	struct rte_mempool *pool;
	struct steps *steps; /* shared with the process that counts */
	struct rte_mbuf *pkts[BURST_MAX];
	bool counting;
	unsigned int cycles; /* that were counted */
};

/* ---- calls that are counted ------------------------------------------------------------------ */

/* From the trap on the other process steps this thread, until it sees `counted`. */
#define COUNTED(s, kind_, call)                                                   \
	do {                                                                      \
		(s)->kind = (kind_);                                              \
		atomic_store(&(s)->counted, false);                               \
		__asm__ volatile("int3" ::: "memory");                            \
		(call);                                                           \
		atomic_store_explicit(&(s)->counted, true, memory_order_release); \
	} while (0)

static __rte_noinline uint16_t
counted_nothing(struct steps *s)
{
	COUNTED(s, STEPS_NOTHING, (void)0);
	return 0;
}

static __rte_noinline uint16_t
counted_rx(struct steps *s, enum steps_kind kind, uint16_t port, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t got;

	COUNTED(s, kind, got = rte_eth_rx_burst(port, 0, pkts, n));
	return got;
}

static __rte_noinline uint16_t
counted_tx(struct steps *s, enum steps_kind kind, uint16_t port, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t sent;

	COUNTED(s, kind, sent = rte_eth_tx_burst(port, 0, pkts, n));
	return sent;
}

static __rte_noinline unsigned int
counted_poll(struct steps *s)
{
	unsigned int moved;

	COUNTED(s, STEPS_MODEL, moved = card_paused_poll_frames());
	return moved;
}

static void
record(struct rig *r, unsigned int packets, unsigned int free_before)
{
	struct steps *s = r->steps;

	if (s->n < s->max)
		s->calls[s->n++] = (struct steps_call){
			.kind = s->kind,
			.packets = packets,
			.instructions = s->instructions - s->calibration,
			.freed = (int)(rte_mempool_avail_count(r->pool) - free_before),
		};
}

/* ---- traffic --------------------------------------------------------------------------------- */

static bool
counts(const struct rig *r, unsigned int end)
{
	return r->counting && (end == 0 || r->o->n_vdevs == 1 || r->o->far);
}

/* Each frame is IPv4 and UDP, whose checksums the device is to make. */
static void
requests_set(struct rig *r)
{
	for (unsigned int i = 0; i < r->o->burst; i++) {
		r->pkts[i]->ol_flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM |
				       RTE_MBUF_F_TX_UDP_CKSUM;
		r->pkts[i]->l2_len = 14;
		r->pkts[i]->l3_len = 20;
	}
}

static int
send_all(struct rig *r, unsigned int end)
{
	const uint16_t port = r->port[end];
	uint16_t sent = 0, n;
	unsigned int before;

	if (r->o->asks)
		requests_set(r);
	for (unsigned int tries = 0; sent < r->o->burst; tries++) {
		if (tries == TRIES_MAX) {
			fprintf(stderr, "instructions: %s takes no more frames\n", r->o->vdev[end]);
			return -EIO;
		}
		if (counts(r, end)) {
			before = rte_mempool_avail_count(r->pool);
			n = counted_tx(r->steps, STEPS_NEAR_TX + 2 * end, port, r->pkts + sent,
				       r->o->burst - sent);
			record(r, n, before);
		} else {
			n = rte_eth_tx_burst(port, 0, r->pkts + sent, r->o->burst - sent);
		}
		sent += n;
	}
	return 0;
}

static int
receive_all(struct rig *r, unsigned int end)
{
	const uint16_t port = r->port[end];
	uint16_t got = 0, n;
	unsigned int before;

	for (unsigned int tries = 0; got < r->o->burst; tries++) {
		if (tries == TRIES_MAX) {
			fprintf(stderr, "instructions: only %u of %u frames came out of %s\n", got,
				r->o->burst, r->o->vdev[end]);
			return -EIO;
		}
		if (counts(r, end)) {
			before = rte_mempool_avail_count(r->pool);
			n = counted_rx(r->steps, STEPS_NEAR_RX + 2 * end, port, r->pkts + got,
				       r->o->burst - got);
			record(r, n, before);
		} else {
			n = rte_eth_rx_burst(port, 0, r->pkts + got, r->o->burst - got);
		}
		got += n;
	}
	return 0;
}

/* Until the embedded card, if there is one, has nothing to do. */
static void
card_work(struct rig *r)
{
	const bool counting = r->counting && r->cycles < MODEL_CYCLES;
	unsigned int moved;

	if (!card_embedded())
		return;
	do {
		moved = counting ? counted_poll(r->steps) : card_paused_poll();
		if (counting)
			record(r, moved, rte_mempool_avail_count(r->pool));
	} while (moved != 0);
}

/* A burst out and back. */
static int
cycle(struct rig *r)
{
	const unsigned int far = r->o->n_vdevs - 1;
	int ret;

	ret = send_all(r, 0);
	card_work(r);
	if (ret == 0)
		ret = receive_all(r, far);
	if (far == 0 || ret != 0)
		return ret;
	ret = send_all(r, far);
	if (ret == 0)
		ret = receive_all(r, 0);
	return ret;
}

static int
traffic(struct rig *r)
{
	const unsigned int warm = 4 * r->o->depth / r->o->burst;
	struct rte_mbuf *early[BURST_MAX];
	int ret = 0;

	if (rte_pktmbuf_alloc_bulk(r->pool, r->pkts, r->o->burst) != 0)
		return -ENOMEM;
	for (unsigned int i = 0; i < r->o->burst; i++) {
		perf_frame_fill((uint8_t *)rte_pktmbuf_append(r->pkts[i], r->o->bytes), i,
				r->o->bytes);
	}
	/* a memif client posts its buffers when it looks for frames */
	for (unsigned int end = 0; end < r->o->n_vdevs; end++) {
		uint16_t n = rte_eth_rx_burst(r->port[end], 0, early, BURST_MAX);

		rte_pktmbuf_free_bulk(early, n);
	}
	card_pause();
	for (unsigned int i = 0; i < warm && ret == 0; i++)
		ret = cycle(r);
	counted_nothing(r->steps);
	r->steps->calibration = r->steps->instructions;
	r->counting = true;
	for (r->cycles = 0; r->cycles < r->o->calls && ret == 0; r->cycles++)
		ret = cycle(r);
	r->counting = false;
	if (ret == 0)
		rte_pktmbuf_free_bulk(r->pkts, r->o->burst);
	card_resume();
	return ret;
}

/* ---- ports ----------------------------------------------------------------------------------- */

static int
port_start(struct rig *r, unsigned int end)
{
	const uint16_t port = r->port[end];
	uint16_t rx = r->o->depth, tx = r->o->depth;
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	int ret;

	ret = rte_eth_dev_info_get(port, &info);
	if (ret == 0 && !r->o->no_fast_free)
		conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (ret == 0 && r->o->offload)
		conf.txmode.offloads |= info.tx_offload_capa & TX_OFFLOADS;
	if (ret == 0)
		ret = rte_eth_dev_configure(port, (uint16_t)r->o->queues, (uint16_t)r->o->queues,
					    &conf);
	if (ret == 0)
		ret = rte_eth_dev_adjust_nb_rx_tx_desc(port, &rx, &tx);
	for (uint16_t q = 0; q < r->o->queues && ret == 0; q++) {
		ret = rte_eth_rx_queue_setup(port, q, rx, SOCKET_ID_ANY, NULL, r->pool);
		if (ret == 0)
			ret = rte_eth_tx_queue_setup(port, q, tx, SOCKET_ID_ANY, NULL);
	}
	if (ret == 0)
		ret = rte_eth_dev_start(port);
	if (ret != 0)
		fprintf(stderr, "instructions: %s: %s\n", r->o->vdev[end], rte_strerror(-ret));
	return ret;
}

static int
link_wait(struct rig *r, unsigned int end)
{
	struct rte_eth_link link = {0};

	for (unsigned int ms = 0; ms < LINK_WAIT_MS; ms += 10) {
		if (rte_eth_link_get_nowait(r->port[end], &link) == 0 && link.link_status != 0)
			return 0;
		usleep(10000);
	}
	fprintf(stderr, "instructions: %s has no link after %u ms\n", r->o->vdev[end],
		LINK_WAIT_MS);
	return -ETIMEDOUT;
}

/* Plugs the port in: when the other is ready for it, as virtio_user wants of vhost. */
static int
port_probe(struct rig *r, unsigned int end)
{
	char name[512];
	const char *args = strchr(r->o->vdev[end], ',');
	int ret;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(r->o->vdev[end], ","), r->o->vdev[end]);
	ret = rte_vdev_init(name, args != NULL ? args + 1 : "");
	if (ret == 0)
		ret = rte_eth_dev_get_port_by_name(name, &r->port[end]);
	if (ret != 0)
		fprintf(stderr, "instructions: %s: %s\n", r->o->vdev[end], rte_strerror(-ret));
	return ret;
}

static int
ports_open(struct rig *r)
{
	int ret = 0;

	r->pool = rte_pktmbuf_pool_create("frames", MBUFS + (r->o->queues - 1) * r->o->depth,
					  POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (r->pool == NULL)
		return -rte_errno;
	for (unsigned int end = r->o->n_vdevs; end > 0 && ret == 0; end--) {
		ret = port_probe(r, end - 1);
		if (ret == 0)
			ret = port_start(r, end - 1);
	}
	for (unsigned int end = 0; end < r->o->n_vdevs && ret == 0; end++)
		ret = link_wait(r, end);
	return ret;
}

/* ---- the process ----------------------------------------------------------------------------- */

static int
eal_start(const struct options *o)
{
	static char prefix[64], cpu[16];
	char *argv[] = {"instructions",
			"-l",
			cpu,
			"--no-pci",
			"--no-telemetry",
			"--log-level=4",
			o->huge ? "--in-memory" : "--no-huge",
			o->huge ? "--single-file-segments" : "--no-shconf",
			o->huge ? "--iova-mode=va" : "-m512",
			prefix,
			NULL};

	snprintf(cpu, sizeof(cpu), "%u", o->cpu);
	/* a name of its own for what --no-huge leaves to be found */
	snprintf(prefix, sizeof(prefix), "--file-prefix=wcnic-steps-%d", getpid());
	if (rte_eal_init(RTE_DIM(argv) - 1, argv) >= 0)
		return 0;
	fprintf(stderr, "instructions: EAL does not start: %s\n", rte_strerror(rte_errno));
	return -EIO;
}

static int
counted_process(void *options, struct steps *steps)
{
	const struct options *o = options;
	struct rig r = {.o = o, .steps = steps};
	int ret;

	ret = eal_start(o);
	if (ret == 0)
		ret = ports_open(&r);
	if (ret == 0)
		ret = traffic(&r);
	for (unsigned int i = 0; i < o->n_vdevs && r.pool != NULL; i++) {
		rte_eth_dev_stop(r.port[i]);
		rte_eth_dev_close(r.port[i]);
	}
	rte_eal_cleanup();
	return ret == 0 ? 0 : 1;
}

/* ---- the command line ------------------------------------------------------------------------ */

static int
vdev_take(void *values, char *text)
{
	struct options *o = values;

	if (o->n_vdevs == VDEVS_MAX) {
		app_error("--vdev '%s': at most %d", text, VDEVS_MAX);
		return -EINVAL;
	}
	o->vdev[o->n_vdevs++] = text;
	return 0;
}

static const struct app_option options_table[] = {
	APP_CALL("vdev", vdev_take),
	APP_UINT("bytes", struct options, bytes, 60, 1514),
	APP_UINT("burst", struct options, burst, 1, BURST_MAX),
	APP_UINT("depth", struct options, depth, 128, 4096),
	APP_UINT("queues", struct options, queues, 1, 64),
	APP_UINT("calls", struct options, calls, 1, 100000),
	APP_UINT("cpu", struct options, cpu, 0, CPU_SETSIZE - 1),
	APP_FLAG("no-fast-free", struct options, no_fast_free),
	APP_FLAG("far", struct options, far),
	APP_FLAG("huge", struct options, huge),
	APP_FLAG("offload", struct options, offload),
	APP_FLAG("asks", struct options, asks),
	APP_FLAG("verbose", struct options, verbose),
	{0},
};

static enum app_options_verdict
options_parse(int argc, char **argv, struct options *o)
{
	const struct app_option_group groups[] = {{options_table, o}, {0}};
	enum app_options_verdict verdict;
	int first;

	verdict = app_options_parse(groups, help, NULL, argc, argv, &first);
	if (verdict != APP_OPTIONS_RUN || (first == argc && o->n_vdevs > 0))
		return verdict;
	app_error("one --vdev or two are needed, and no other arguments; see --help");
	return APP_OPTIONS_BAD;
}

int
main(int argc, char **argv)
{
	struct options o = {.bytes = 60, .burst = 32, .depth = 1024, .queues = 1, .calls = 72};
	struct steps *steps;
	cpu_set_t cpus;

	switch (options_parse(argc, argv, &o)) {
	case APP_OPTIONS_BAD:
		return 2;
	case APP_OPTIONS_DONE:
		return 0;
	case APP_OPTIONS_RUN:
		break;
	}
	steps = steps_create(16 * o.calls);
	if (steps == NULL)
		return 1;
	/* Both on one CPU: the switch between them is cheaper than between two. */
	CPU_ZERO(&cpus);
	CPU_SET(o.cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0) {
		fprintf(stderr, "instructions: CPU %u: this process may not run there\n", o.cpu);
		return 2;
	}
	if (steps_run(steps, counted_process, &o) != 0)
		return 1;
	return steps_print(stdout, steps, o.burst, o.verbose) == 0 ? 0 : 1;
}
