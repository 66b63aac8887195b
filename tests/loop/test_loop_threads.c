/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Threads that ask and change a port while it is stopped, reset, started, lost and found again, and
 * while frames go through it. Every call is answered, with 0 or an error that fits; the port works
 * afterwards. `tests/checks threads` runs it under ThreadSanitizer. It counts rounds, not time.
 */

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_telemetry.h>

#include "loop.h"

#define ROUNDS 40
#define XSTATS_MAX 512

static struct loop port;
static _Atomic bool over, closing; /* closing: there may be no such port */
static _Atomic unsigned int asked, wrong;

/* ---- telemetry --------------------------------------------------------------------------- */

static telemetry_cb shown[8];
static unsigned int n_shown;

int __wrap_rte_telemetry_register_cmd(const char *cmd, telemetry_cb fn, const char *help);
int __real_rte_telemetry_register_cmd(const char *cmd, telemetry_cb fn, const char *help);

int
__wrap_rte_telemetry_register_cmd(const char *cmd, telemetry_cb fn, const char *help)
{
	if (n_shown < RTE_DIM(shown))
		shown[n_shown++] = fn;
	return __real_rte_telemetry_register_cmd(cmd, fn, help);
}

/* ---- threads ----------------------------------------------------------------------------- */

/* An answer, or the clean refusal of a port that is between two states. */
static void
answer(int ret)
{
	asked++;
	if (ret < 0 && ret != -EIO && ret != -ENODEV && ret != -EBUSY && ret != -ETIMEDOUT &&
	    ret != -EAGAIN && !(ret == -EINVAL && closing)) {
		wrong++;
		fprintf(stderr, "an answer of %d\n", ret);
	}
}

static void *
statistics_thread(void *arg)
{
	struct rte_eth_xstat xstats[XSTATS_MAX];
	struct rte_eth_stats stats;
	struct rte_eth_link link;
	struct rte_eth_dev_info info;

	(void)arg;
	for (unsigned int i = 0; !over; i++) {
		answer(rte_eth_xstats_get(port.port_id, xstats, XSTATS_MAX));
		answer(rte_eth_stats_get(port.port_id, &stats));
		answer(rte_eth_link_get_nowait(port.port_id, &link));
		answer(rte_eth_dev_info_get(port.port_id, &info));
		if (i % 16 == 0)
			answer(rte_eth_xstats_reset(port.port_id));
	}
	return NULL;
}

/* Of the sanitizer; NULL: there is none. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* What is nested in an answer is freed by telemetry's own thread, which is not in the way here. */
static int
show(telemetry_cb fn, const char *id, struct rte_tel_data *d)
{
	int ret;

	if (__lsan_disable != NULL)
		__lsan_disable();
	ret = fn("", id, d);
	if (__lsan_enable != NULL)
		__lsan_enable();
	return ret;
}

static void *
telemetry_thread(void *arg)
{
	struct rte_tel_data *d;
	char id[8];

	(void)arg;
	snprintf(id, sizeof(id), "%u", port.port_id);
	for (unsigned int i = 0; !over; i++) {
		d = rte_tel_data_alloc();
		if (d == NULL)
			continue;
		answer(show(shown[i % n_shown], id, d));
		rte_tel_data_free(d);
	}
	return NULL;
}

static void *
settings_thread(void *arg)
{
	struct rte_ether_addr mac = {{2, 0, 0, 0, 0, 1}};
	struct rte_eth_rss_conf rss = {0};

	(void)arg;
	for (unsigned int i = 0; !over; i++) {
		answer(i % 2 == 0 ? rte_eth_promiscuous_disable(port.port_id)
				  : rte_eth_promiscuous_enable(port.port_id));
		mac.addr_bytes[5] = i;
		answer(rte_eth_dev_default_mac_addr_set(port.port_id, &mac));
		answer(rte_eth_dev_set_mtu(port.port_id, 1400 + i % 100));
		answer(rte_eth_dev_rss_hash_conf_get(port.port_id, &rss));
	}
	return NULL;
}

/* Bursts as ethdev calls them; its own table of them is not made for a stop meanwhile. */
static void *
traffic_thread(void *arg)
{
	struct rte_eth_dev *dev = &rte_eth_devices[port.port_id];
	void *txq = loop_txq(&port, 0), *rxq = loop_rxq(&port, 0);
	struct rte_mbuf *frames[32];
	uint16_t n;

	(void)arg;
	while (!over) {
		n = rte_pktmbuf_alloc_bulk(port.tx_pool, frames, 8) == 0 ? 8 : 0;
		for (uint16_t i = 0; i < n; i++) {
			frames[i]->data_len = 64;
			frames[i]->pkt_len = 64;
			loop_fill(rte_pktmbuf_mtod(frames[i], uint8_t *), 1, 0, 64);
		}
		for (uint16_t sent = dev->tx_pkt_burst(txq, frames, n); sent < n; sent++)
			rte_pktmbuf_free(frames[sent]);
		n = dev->rx_pkt_burst(rxq, frames, RTE_DIM(frames));
		rte_pktmbuf_free_bulk(frames, n);
	}
	return NULL;
}

/* ---- what happens to the port meanwhile ------------------------------------------------------ */

static void
card_reset(struct wcnic_card *card, void *arg)
{
	(void)arg;
	wcnic_card_reset(card);
}

/* Starts it as soon as the card is there. */
static void
port_start(void)
{
	uint64_t end = loop_patience_end();
	int ret;

	while ((ret = rte_eth_dev_start(port.port_id)) != 0) {
		answer(ret);
		if (rte_get_timer_cycles() > end)
			fail_msg("the port does not start any more: %d\n%s", ret, loop_log());
		usleep(1000);
	}
}

static void
round_run(unsigned int i)
{
	switch (i % 4) {
	case 0:
		assert_int_equal(rte_eth_dev_stop(port.port_id), 0);
		port_start();
		break;
	case 1:
		answer(rte_eth_dev_reset(port.port_id));
		port_start();
		break;
	case 2:
		loop_card_do(&port, card_reset, NULL);
		break;
	default:
		wcnic_store(&loop_hw(&port)->failed, true);
		break;
	}
	/* until something has been asked in that state */
	for (const unsigned int until = asked + 20; asked < until;)
		usleep(100);
}

/* How often the card was found again; the service counts under the lock. */
static uint64_t
recoveries(void)
{
	uint64_t n;

	pthread_mutex_lock(&loop_hw(&port)->lock);
	n = loop_hw(&port)->recoveries;
	pthread_mutex_unlock(&loop_hw(&port)->lock);
	return n;
}

static const struct loop_stream some = {
	.count = 100, .bytes = loop_bytes_random, .arg = 600, .segs = 3};

static void
port__everything_at_once_answers_and_works(void **state)
{
	static void *(*const fns[])(void *) = {statistics_thread, statistics_thread,
					       telemetry_thread, settings_thread, traffic_thread};
	struct loop_config config = {.devargs = *state, .mtu = 1500, .buf_bytes = 2048};
	pthread_t threads[RTE_DIM(fns)];
	uint64_t found, end;

	assert_true(n_shown > 0);
	over = false;
	asked = 0;
	wrong = 0;
	loop_open(&port, &config);
	loop_clock_is_real(true); /* a command that the card's reset has swallowed times out */
	for (size_t i = 0; i < RTE_DIM(fns); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fns[i], NULL), 0);
	for (unsigned int i = 0; i < ROUNDS; i++)
		round_run(i);
	over = true;
	for (size_t i = 0; i < RTE_DIM(fns); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(wrong, 0);
	loop_clock_is_real(false); /* a card that is short of a CPU answers in time from here on */

	/* one more recovery, so that none is under way; then it forwards as new */
	found = recoveries();
	assert_true(found > 0);
	wcnic_store(&loop_hw(&port)->failed, true);
	for (end = loop_patience_end(); recoveries() == found; usleep(1000))
		assert_true(rte_get_timer_cycles() < end);
	/* a stop takes what the wire still holds of the frames of before */
	assert_int_equal(rte_eth_dev_stop(port.port_id), 0);
	port_start();
	loop_drop_received(&port);
	assert_int_equal(rte_eth_promiscuous_enable(port.port_id), 0);
	loop_stream_run(&port, &some);
	loop_log_clear();
	loop_close(&port);
}

/* Telemetry and statistics may come while the port is closed. */
static void
port__closed_while_it_is_asked_waits_for_the_answer(void **state)
{
	pthread_t threads[2];

	(void)state;
	for (unsigned int i = 0; i < 10; i++) {
		const struct loop_config config = {.devargs = "placement=push"};

		over = false;
		closing = true;
		asked = 0;
		loop_open(&port, &config);
		for (size_t t = 0; t < RTE_DIM(threads); t++)
			assert_int_equal(pthread_create(&threads[t], NULL, telemetry_thread, NULL),
					 0);
		while (asked < 20)
			usleep(100);
		loop_close(&port);
		over = true;
		for (size_t t = 0; t < RTE_DIM(threads); t++)
			pthread_join(threads[t], NULL);
	}
	closing = false;
	assert_int_equal(wrong, 0);
	loop_log_clear();
}

/* How many threads of this process have a name that ends so. */
static unsigned int
threads_named(const char *end)
{
	char path[300], name[32];
	struct dirent *task;
	unsigned int n = 0;
	DIR *tasks = opendir("/proc/self/task");

	assert_non_null(tasks);
	while ((task = readdir(tasks)) != NULL) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
		FILE *file = fopen(path, "r");

		if (file == NULL)
			continue;
		if (fgets(name, sizeof(name), file) != NULL) {
			name[strcspn(name, "\n")] = '\0';
			n += strlen(name) >= strlen(end) &&
			     strcmp(name + strlen(name) - strlen(end), end) == 0;
		}
		fclose(file);
	}
	closedir(tasks);
	return n;
}

/* Linux keeps 15 characters, and DPDK since 23.11 puts five of its own before them. */
static void
threads__have_names_that_end_with_the_port(void **state)
{
	const struct loop_config config = {.devargs = "placement=push,thread=1"};
	char card[16], service[16];

	(void)state;
	loop_open(&port, &config);
	snprintf(card, sizeof(card), "wc-card%u", port.port_id);
	snprintf(service, sizeof(service), "wc-svc%u", port.port_id);
	assert_int_equal(threads_named(card), 1);
	assert_int_equal(threads_named(service), 1);
	loop_close(&port);
}

static _Atomic pid_t asker; /* 0: it does not ask yet */
static _Atomic bool held;

static void *
clock_thread(void *arg)
{
	uint64_t clock;

	(void)arg;
	while (!held)
		sched_yield();
	asker = gettid();
	answer(rte_eth_read_clock(port.port_id, &clock));
	return NULL;
}

/* How often a thread of this process has given the CPU away to wait for something. */
static unsigned long
sleeps_of(pid_t thread)
{
	static const char key[] = "voluntary_ctxt_switches:";
	char path[64], line[128];
	unsigned long n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", thread);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, key, sizeof(key) - 1) == 0)
			n = strtoul(line + sizeof(key) - 1, NULL, 10);
	if (file != NULL)
		fclose(file);
	return n;
}

/* In the card's thread, which has the card: until who asks for it has slept again and again. */
static void
card_hold(struct wcnic_card *card, void *arg)
{
	const uint64_t end = loop_patience_end();
	bool *slept = arg;
	unsigned long before;

	(void)card;
	held = true;
	while (asker == 0)
		sched_yield();
	for (before = sleeps_of(asker); rte_get_timer_cycles() < end && !*slept;)
		*slept = sleeps_of(asker) > before + 10;
}

/* On one CPU the card's thread may be preempted with the card: a spin would last a time slice. */
static void
card_thread__has_the_card__is_not_spun_for(void **state)
{
	const struct loop_config config = {.devargs = "thread=1"};
	pthread_t thread;
	bool slept = false;

	(void)state;
	loop_clock_is_real(true);
	loop_open(&port, &config);
	loop_service_hold(true); /* else it may be the one that waits for the card */
	assert_int_equal(pthread_create(&thread, NULL, clock_thread, NULL), 0);
	loop_card_do(&port, card_hold, &slept);
	pthread_join(thread, NULL);
	loop_service_hold(false);
	assert_true(slept);
	loop_close(&port);
}

#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ARGS(port__everything_at_once_answers_and_works, "timeout_ms=50,placement=push"),
		ARGS(port__everything_at_once_answers_and_works, "timeout_ms=50,placement=fetch"),
		ARGS(port__everything_at_once_answers_and_works,
		     "timeout_ms=50,placement=push,thread=1"),
		LOOP_TEST(port__closed_while_it_is_asked_waits_for_the_answer),
		LOOP_TEST(threads__have_names_that_end_with_the_port),
		LOOP_TEST(card_thread__has_the_card__is_not_spun_for),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
