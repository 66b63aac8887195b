/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The driver and its embedded card in one process, and what may stand between them. */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_dev.h>

#include "loop.h"

#define SERVICE_US 5000 /* instead of the driver's: tests of recovery need not wait so long */

/* The port that the running test has open: a copy, a failed test's own is gone with its stack. */
static struct loop current;
static struct rte_mempool *tx_pool;

/* ---- log --------------------------------------------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	char text[1 << 16];
	size_t used;
} captured = {.lock = PTHREAD_MUTEX_INITIALIZER};

static ssize_t
log_write(void *cookie, const char *text, size_t bytes)
{
	size_t n = bytes;

	(void)cookie;
	pthread_mutex_lock(&captured.lock);
	if (n > sizeof(captured.text) - 1 - captured.used)
		n = sizeof(captured.text) - 1 - captured.used;
	memcpy(captured.text + captured.used, text, n);
	captured.used += n;
	captured.text[captured.used] = '\0';
	pthread_mutex_unlock(&captured.lock);
	return bytes;
}

const char *
loop_log(void)
{
	static char copy[sizeof(captured.text)];

	pthread_mutex_lock(&captured.lock);
	memcpy(copy, captured.text, captured.used + 1);
	pthread_mutex_unlock(&captured.lock);
	return copy;
}

void
loop_log_clear(void)
{
	pthread_mutex_lock(&captured.lock);
	captured.used = 0;
	captured.text[0] = '\0';
	pthread_mutex_unlock(&captured.lock);
}

void
loop_log_has(const char *first, ...)
{
	const char *log = loop_log();
	va_list ap;

	va_start(ap, first);
	for (const char *word = first; word != NULL; word = va_arg(ap, const char *)) {
		if (strstr(log, word) == NULL)
			fail_msg("the log lacks '%s':\n%s", word, log);
	}
	va_end(ap);
}

/* ---- the driver's clock ------------------------------------------------------------------ */

#define CLOCK_SCALE 1000u

static _Atomic bool clock_is_real;
static __thread bool time_is_over;
static _Atomic bool time_is_over_in_service;

uint64_t __wrap_rte_get_tsc_hz(void);
uint64_t __real_rte_get_tsc_hz(void);

/* What the driver divides its counts of cycles by. */
uint64_t
__wrap_rte_get_tsc_hz(void)
{
	const uint64_t hz = __real_rte_get_tsc_hz();

	if (atomic_load(&clock_is_real))
		return hz;
	if (!time_is_over)
		return hz * CLOCK_SCALE;
	time_is_over = false;
	return hz / CLOCK_SCALE;
}

void
loop_clock_is_real(bool on)
{
	atomic_store(&clock_is_real, on);
}

void
loop_time_is_over(void)
{
	time_is_over = true;
}

void
loop_time_is_over_in_service(bool on)
{
	atomic_store(&time_is_over_in_service, on);
}

uint64_t
loop_patience_end(void)
{
	return rte_get_timer_cycles() + __real_rte_get_tsc_hz() * PATIENCE_S;
}

/* ---- the process ------------------------------------------------------------------------- */

/* One lcore that may run wherever this process may: several tests run at a time. */
static void
lcores_name(char *text, size_t bytes)
{
	cpu_set_t set;
	size_t used = snprintf(text, bytes, "--lcores=0@(");
	const char *comma = "";

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set) || used + 8 > bytes)
			continue;
		used += snprintf(text + used, bytes - used, "%s%d", comma, cpu);
		comma = ",";
	}
	snprintf(text + used, bytes - used, ")");
}

/* LOOP_TESTS: only the tests whose names match. For tests/loop/mutate. */
__attribute__((constructor)) static void
tests_choose(void)
{
	const char *pattern = getenv("LOOP_TESTS");

	if (pattern != NULL)
		cmocka_set_test_filter(pattern);
}

int
loop_group_setup(void **state)
{
	static char lcores[2048], prefix[64];
	static const cookie_io_functions_t io = {.write = log_write};
	char *argv[] = {"loop",           "--no-huge",   "-m",   "256",  "--no-pci",
			"--no-telemetry", "--no-shconf", prefix, lcores, NULL};

	(void)state;
	lcores_name(lcores, sizeof(lcores));
	snprintf(prefix, sizeof(prefix), "--file-prefix=wcnic-loop-%d", getpid());
	rte_openlog_stream(fopencookie(NULL, "w", io));
	if (rte_eal_init(sizeof(argv) / sizeof(argv[0]) - 1, argv) < 0) {
		fprintf(stderr, "rte_eal_init: %s\n%s", rte_strerror(rte_errno), loop_log());
		return -1;
	}
	loop_log_clear();
	tx_pool = rte_pktmbuf_pool_create("loop_tx", LOOP_TX_MBUFS, 0, 0,
					  LOOP_TX_ROOM + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	return tx_pool == NULL ? -1 : 0;
}

int
loop_group_teardown(void **state)
{
	(void)state;
	rte_mempool_free(tx_pool);
	return rte_eal_cleanup();
}

bool
loop_is_open(void)
{
	return current.open;
}

int
loop_teardown(void **state)
{
	struct loop *l = &current;

	(void)state;
	time_is_over = false;
	atomic_store(&time_is_over_in_service, false);
	loop_service_hold(false);
	loop_clock_is_real(false);
	if (!l->open) {
		loop_log_clear();
		return 0;
	}
	fprintf(stderr, "log of the failed test:\n%s", loop_log());
	loop_log_clear();
	l->open = false;
	loop_hook_set(l, NULL, NULL, NULL);
	rte_eth_dev_stop(l->port_id);
	rte_eth_dev_close(l->port_id);
	rte_vdev_uninit(l->name);
	/* the frames that the test held are lost, and with them the pool */
	return 0;
}

/* ---- the service ------------------------------------------------------------------------- */

/* Rounds of the service: how many began, and whether they do anything. */
static struct {
	pthread_mutex_t lock;
	bool held;
	uint64_t rounds;
} service = {.lock = PTHREAD_MUTEX_INITIALIZER};

void __wrap_wcnic_service_round(struct wcnic_hw *hw, struct wcnic_notices *notices);
void __real_wcnic_service_round(struct wcnic_hw *hw, struct wcnic_notices *notices);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
				  const struct timespec *end);
int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
				  const struct timespec *end);

void
__wrap_wcnic_service_round(struct wcnic_hw *hw, struct wcnic_notices *notices)
{
	pthread_mutex_lock(&service.lock);
	if (!service.held) {
		time_is_over = atomic_load(&time_is_over_in_service);
		__real_wcnic_service_round(hw, notices);
		time_is_over = false;
	}
	service.rounds++;
	pthread_mutex_unlock(&service.lock);
}

/*
 * The driver's service waits like this, only longer: the first time-out is as good as the end. By
 * the kernel's clock, as a test may have one of its own, which stands still.
 */
int
__wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
			      const struct timespec *end)
{
	struct timespec sooner;

	(void)end;
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &sooner);
	sooner.tv_nsec += SERVICE_US * 1000l;
	sooner.tv_sec += sooner.tv_nsec / 1000000000;
	sooner.tv_nsec %= 1000000000;
	return __real_pthread_cond_timedwait(cond, mutex, &sooner);
}

void
loop_service_hold(bool hold)
{
	pthread_mutex_lock(&service.lock);
	service.held = hold;
	pthread_mutex_unlock(&service.lock);
}

static uint64_t
rounds_seen(void)
{
	uint64_t rounds;

	pthread_mutex_lock(&service.lock);
	rounds = service.rounds;
	pthread_mutex_unlock(&service.lock);
	return rounds;
}

void
loop_service_rounds(unsigned int n)
{
	const uint64_t end = loop_patience_end(), rounds = rounds_seen() + n;

	loop_service_hold(false);
	while (rounds_seen() < rounds) {
		if (rte_get_timer_cycles() > end)
			fail_msg("the service does not come any more");
		usleep(200);
	}
}

/* ---- the card ---------------------------------------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	loop_hook before;
	loop_hook after;
	void *arg;
	loop_hook once;
	void *once_arg;
} hooks = {.lock = PTHREAD_MUTEX_INITIALIZER};

unsigned int __wrap_wcnic_card_poll(struct wcnic_card *card);
unsigned int __real_wcnic_card_poll(struct wcnic_card *card);

unsigned int
__wrap_wcnic_card_poll(struct wcnic_card *card)
{
	unsigned int moved;

	pthread_mutex_lock(&hooks.lock);
	if (hooks.once != NULL) {
		hooks.once(card, hooks.once_arg);
		hooks.once = NULL;
	}
	if (hooks.before != NULL)
		hooks.before(card, hooks.arg);
	moved = __real_wcnic_card_poll(card);
	if (hooks.after != NULL)
		hooks.after(card, hooks.arg);
	pthread_mutex_unlock(&hooks.lock);
	return moved;
}

void
loop_hook_set(struct loop *l, loop_hook before, loop_hook after, void *arg)
{
	(void)l;
	pthread_mutex_lock(&hooks.lock);
	hooks.before = before;
	hooks.after = after;
	hooks.arg = arg;
	hooks.once = NULL;
	pthread_mutex_unlock(&hooks.lock);
}

void
loop_hook_left(void)
{
	pthread_mutex_unlock(&hooks.lock);
}

static void
card_poll(struct loop *l)
{
	const struct wcnic_attach_ops *attach = loop_hw(l)->attach;

	if (attach->poll != NULL)
		attach->poll(loop_hw(l));
	else
		usleep(50);
}

void
loop_card_do(struct loop *l, loop_hook fn, void *arg)
{
	bool done = false;

	pthread_mutex_lock(&hooks.lock);
	hooks.once = fn;
	hooks.once_arg = arg;
	pthread_mutex_unlock(&hooks.lock);
	while (!done) {
		card_poll(l);
		pthread_mutex_lock(&hooks.lock);
		done = hooks.once == NULL;
		pthread_mutex_unlock(&hooks.lock);
	}
}

void
loop_run_ms(struct loop *l, unsigned int ms)
{
	uint64_t end = rte_get_timer_cycles() + __real_rte_get_tsc_hz() * ms / 1000;

	while (rte_get_timer_cycles() < end)
		card_poll(l);
}

void
loop_wait_u64(struct loop *l, const uint64_t *value, uint64_t least)
{
	uint64_t end = loop_patience_end();

	while (__atomic_load_n(value, __ATOMIC_ACQUIRE) < least) {
		if (rte_get_timer_cycles() > end)
			fail_msg("waited in vain for %" PRIu64 ", found %" PRIu64, least, *value);
		usleep(200);
	}
	pthread_mutex_lock(&loop_hw(l)->lock);
	pthread_mutex_unlock(&loop_hw(l)->lock);
}

/* ---- the port ---------------------------------------------------------------------------- */

static void
config_default(uint16_t *value, uint16_t if_zero)
{
	if (*value == 0)
		*value = if_zero;
}

void
loop_configure(struct loop *l)
{
	const struct loop_config *c = &l->config;
	struct rte_eth_conf conf = {.rxmode.mtu = c->mtu,
				    .intr_conf = {.lsc = c->lsc, .rxq = c->rx_intr}};

	conf.rxmode.offloads = c->rx_offloads | (c->scatter ? RTE_ETH_RX_OFFLOAD_SCATTER : 0);
	/* which makes rings of 256 and more: tests of smaller ones do without the promise */
	conf.txmode.offloads = c->tx_depth < 256 ? 0 : RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	conf.txmode.offloads |= c->tx_offloads;
	if (c->fast_free)
		conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (c->rss) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_RSS_HASH;
		conf.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_UDP;
	}
	assert_int_equal(rte_eth_dev_configure(l->port_id, c->n_rxq, c->n_txq, &conf), 0);
	for (uint16_t q = 0; q < c->n_rxq; q++)
		assert_int_equal(rte_eth_rx_queue_setup(l->port_id, q, c->rx_depth, SOCKET_ID_ANY,
							NULL, l->rx_pool),
				 0);
	for (uint16_t q = 0; q < c->n_txq; q++)
		assert_int_equal(
			rte_eth_tx_queue_setup(l->port_id, q, c->tx_depth, SOCKET_ID_ANY, NULL), 0);
	if (!c->not_promiscuous)
		assert_int_equal(rte_eth_promiscuous_enable(l->port_id), 0);
	if (!c->not_started)
		assert_int_equal(rte_eth_dev_start(l->port_id), 0);
}

void
loop_open(struct loop *l, const struct loop_config *config)
{
	static unsigned int serial;
	struct loop_config *c = &l->config;
	const char *devargs = config->devargs != NULL ? config->devargs : "";
	char pool[32], args[512];

	assert_false(current.open);
	memset(l, 0, sizeof(*l));
	*c = *config;
	config_default(&c->n_txq, 1);
	config_default(&c->n_rxq, 1);
	config_default(&c->tx_depth, 256);
	config_default(&c->rx_depth, 256);
	config_default(&c->mtu, RTE_ETHER_MTU);
	config_default(&c->buf_bytes, c->mtu + WCNIC_L2_OVERHEAD);
	l->tx_pool = tx_pool;
	snprintf(pool, sizeof(pool), "loop_rx%u", serial);
	l->rx_pool = rte_pktmbuf_pool_create(pool, c->n_rxq * c->rx_depth + 1024, 0, 0,
					     c->buf_bytes + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	assert_non_null(l->rx_pool);
	snprintf(l->name, sizeof(l->name), "net_wcnic%u", serial++);
	if (strstr(devargs, "port=") == NULL) {
		snprintf(args, sizeof(args), "%s%sport=loopback:flow_control=on", devargs,
			 devargs[0] != '\0' ? "," : "");
		devargs = args;
	}
	if (rte_vdev_init(l->name, devargs) != 0)
		fail_msg("cannot attach %s with %s:\n%s", l->name, devargs, loop_log());
	assert_int_equal(rte_eth_dev_get_port_by_name(l->name, &l->port_id), 0);
	l->open = true;
	l->tx_leaked = rte_mempool_in_use_count(tx_pool);
	current = *l;
	loop_configure(l);
}

void
loop_close(struct loop *l)
{
	loop_hook_set(l, NULL, NULL, NULL);
	(void)rte_eth_dev_stop(l->port_id);
	assert_int_equal(rte_eth_dev_close(l->port_id), 0);
	loop_closed(l);
}

void
loop_closed(struct loop *l)
{
	current.open = false;
	assert_int_equal(rte_vdev_uninit(l->name), 0);
	assert_int_equal(rte_mempool_in_use_count(l->rx_pool), 0);
	assert_int_equal(rte_mempool_in_use_count(l->tx_pool), l->tx_leaked);
	rte_mempool_free(l->rx_pool);
}

void
loop_forget(struct loop *l)
{
	l->open = false;
	current.open = false;
}

int
loop_probe(const char *devargs)
{
	return rte_vdev_init(LOOP_PROBE_NAME, devargs);
}

uint64_t
loop_xstat(const struct loop *l, const char *name)
{
	uint64_t id, value;

	if (rte_eth_xstats_get_id_by_name(l->port_id, name, &id) != 0)
		fail_msg("no counter is called %s", name);
	assert_int_equal(rte_eth_xstats_get_by_id(l->port_id, &id, &value, 1), 1);
	return value;
}

/* ---- frames ------------------------------------------------------------------------------ */

/* splitmix64 */
uint64_t
loop_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ull;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

void
loop_fill(uint8_t *data, uint64_t seed, uint32_t at, uint32_t bytes)
{
	static const uint8_t head[14] = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x88, 0xb5};
	uint64_t state, word = 0;

	for (uint32_t i = at; i < at + bytes; i++) {
		if (i < sizeof(head)) {
			*data++ = head[i];
			continue;
		}
		if (i % 8 == 0 || i == at || i == sizeof(head)) {
			state = seed * 0x2545f4914f6cdd1dull + i / 8;
			word = loop_random(&state);
		}
		*data++ = word >> (i % 8 * 8);
	}
}

static struct rte_mbuf *
mbuf_take(struct loop *l)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(l->tx_pool);

	assert_non_null(m);
	return m;
}

struct rte_mbuf *
loop_frame(struct loop *l, uint64_t seed, uint32_t bytes, unsigned int max_segs)
{
	uint64_t random = seed ^ 0x5eed;
	unsigned int segs = 1 + loop_random(&random) % RTE_MAX(max_segs, 1u);
	struct rte_mbuf *frame = mbuf_take(l), *m = frame;
	uint32_t at = 0;

	frame->pkt_len = bytes;
	frame->nb_segs = segs;
	for (unsigned int i = 0; i < segs; i++) {
		uint32_t n = i == segs - 1 ? bytes - at : loop_random(&random) % (bytes - at + 1);

		if (i < segs - 1 && loop_random(&random) % 8 == 0)
			n = 0;
		m->data_off = loop_random(&random) % 8 == 0 ? loop_random(&random) % 64
							    : RTE_PKTMBUF_HEADROOM;
		m->data_len = n;
		loop_fill(rte_pktmbuf_mtod(m, uint8_t *), seed, at, n);
		at += n;
		if (i == segs - 1)
			break;
		m->next = mbuf_take(l);
		m = m->next;
	}
	return frame;
}

void
loop_frame_check(struct rte_mbuf *m, uint64_t seed, uint32_t bytes)
{
	static uint8_t expected[UINT16_MAX];
	uint32_t at = 0;
	unsigned int segs = 0;

	if (m->pkt_len != bytes)
		fail_msg("frame of seed %" PRIu64 ": %u bytes instead of %u", seed, m->pkt_len,
			 bytes);
	loop_fill(expected, seed, 0, bytes);
	for (struct rte_mbuf *s = m; s != NULL; at += s->data_len, s = s->next, segs++) {
		if (at + s->data_len > bytes ||
		    memcmp(rte_pktmbuf_mtod(s, void *), expected + at, s->data_len) != 0)
			fail_msg("frame of seed %" PRIu64 ", %u bytes: segment %u at %u differs",
				 seed, bytes, segs, at);
	}
	assert_int_equal(at, bytes);
	assert_int_equal(m->nb_segs, segs);
	rte_pktmbuf_free(m);
}

void
loop_send(struct loop *l, uint16_t qid, struct rte_mbuf **frames, uint16_t n)
{
	uint64_t end = loop_patience_end();
	uint16_t sent = 0;

	while (sent < n) {
		sent += rte_eth_tx_burst(l->port_id, qid, frames + sent, n - sent);
		if (rte_get_timer_cycles() > end)
			fail_msg("only %u of %u frames were taken", sent, n);
	}
}

void
loop_receive(struct loop *l, uint16_t qid, struct rte_mbuf **frames, uint16_t n)
{
	uint64_t end = loop_patience_end();
	uint16_t got = 0;

	while (got < n) {
		got += rte_eth_rx_burst(l->port_id, qid, frames + got, n - got);
		for (uint16_t q = 0; q < l->config.n_txq; q++)
			rte_eth_tx_burst(l->port_id, q, NULL, 0); /* resends what was refused */
		if (rte_get_timer_cycles() > end)
			fail_msg("only %u of %u frames came", got, n);
	}
}

static void
nothing_do(struct wcnic_card *card, void *arg)
{
	(void)card;
	(void)arg;
}

void
loop_receive_none(struct loop *l, uint16_t qid)
{
	struct rte_mbuf *m;

	for (unsigned int i = 0; i < 20; i++) {
		loop_card_do(l, nothing_do, NULL); /* the card has polled once more */
		assert_int_equal(rte_eth_rx_burst(l->port_id, qid, &m, 1), 0);
	}
}

uint32_t
loop_bytes_fixed(const struct loop_stream *s, uint32_t i)
{
	(void)i;
	return s->arg;
}

uint32_t
loop_bytes_random(const struct loop_stream *s, uint32_t i)
{
	uint64_t random = s->seed + i;

	return 14 + loop_random(&random) % (s->arg - 13);
}

static uint32_t
stream_send(struct loop *l, const struct loop_stream *s, uint32_t sent)
{
	struct rte_mbuf *frames[512];
	uint16_t burst = RTE_MIN(s->burst != 0 ? s->burst : 32u, s->count - sent);
	uint16_t taken;

	assert_true(burst <= RTE_DIM(frames));
	for (uint16_t i = 0; i < burst; i++)
		frames[i] = loop_frame(l, s->seed + sent + i, s->bytes(s, sent + i), s->segs);
	taken = rte_eth_tx_burst(l->port_id, s->txq, frames, burst);
	rte_pktmbuf_free_bulk(frames + taken, burst - taken);
	return taken;
}

void
loop_stream_run(struct loop *l, const struct loop_stream *s)
{
	struct rte_mbuf *frames[64];
	uint64_t end = loop_patience_end();
	uint32_t sent = 0, got = 0;

	while (got < s->count) {
		uint32_t before = sent + got;
		uint16_t n;

		if (sent < s->count)
			sent += stream_send(l, s, sent);
		else
			rte_eth_tx_burst(l->port_id, s->txq, NULL, 0);
		if (s->between != NULL)
			s->between(l, sent);
		n = rte_eth_rx_burst(l->port_id, s->rxq, frames, RTE_DIM(frames));
		for (uint16_t i = 0; i < n; i++, got++)
			loop_frame_check(frames[i], s->seed + got, s->bytes(s, got));
		if (sent + got != before)
			end = loop_patience_end();
		else if (rte_get_timer_cycles() > end)
			fail_msg("stuck with %u of %u frames sent, %u received", sent, s->count,
				 got);
	}
	loop_receive_none(l, s->rxq);
}

uint32_t
loop_drop_received(struct loop *l)
{
	struct rte_mbuf *frames[64];
	uint32_t sum = 0;
	uint16_t n;

	for (uint16_t q = 0; q < l->config.n_rxq; q++) {
		while ((n = rte_eth_rx_burst(l->port_id, q, frames, RTE_DIM(frames))) > 0) {
			rte_pktmbuf_free_bulk(frames, n);
			sum += n;
		}
	}
	return sum;
}

void
loop_recovered(struct loop *l, uint64_t times)
{
	struct loop_stream s = {.seed = 1ull << 40,
				.count = 200,
				.bytes = loop_bytes_random,
				.arg = 900,
				.segs = 3};

	loop_wait_u64(l, &loop_hw(l)->recoveries, times);
	loop_drop_received(l);
	loop_stream_run(l, &s);
	assert_int_equal(loop_xstat(l, "recoveries"), times);
}
