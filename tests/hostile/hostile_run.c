/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The driver's process: a port at the card that lies, and another at one that does not. */

#include <errno.h>
#include <fcntl.h>
#include <patience.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <rte_mbuf.h>

#include "hostile_run.h"

#define PORT "net_wcnic_hostile"
#define OTHER "net_wcnic_other"
#define DEPTH 256
#define BURST 16
#define MBUFS 2047
#define FRAME_BYTES 200
#define SURVIVE_ROUNDS 120 /* of traffic under lies */
#define WAIT_MS 20000      /* for answers, where a case does not want less */

/* ---- what the driver says -------------------------------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	char text[1 << 18];
	size_t used;
	bool shown;
} said = {.lock = PTHREAD_MUTEX_INITIALIZER};

static ssize_t
log_write(void *cookie, const char *text, size_t bytes)
{
	size_t n = bytes;

	(void)cookie;
	pthread_mutex_lock(&said.lock);
	if (said.shown)
		fwrite(text, 1, bytes, stderr);
	if (n > sizeof(said.text) - 1 - said.used)
		n = sizeof(said.text) - 1 - said.used;
	memcpy(said.text + said.used, text, n);
	said.used += n;
	said.text[said.used] = '\0';
	pthread_mutex_unlock(&said.lock);
	return (ssize_t)bytes;
}

static bool
log_has(const char *words)
{
	bool found;

	pthread_mutex_lock(&said.lock);
	found = words == NULL || strstr(said.text, words) != NULL;
	pthread_mutex_unlock(&said.lock);
	return found;
}

static void
log_clear(void)
{
	pthread_mutex_lock(&said.lock);
	said.used = 0;
	said.text[0] = '\0';
	pthread_mutex_unlock(&said.lock);
}

/* The line with the words, or else the first. */
static void
log_line(const char *words, char *line, size_t bytes)
{
	const char *at, *end;

	pthread_mutex_lock(&said.lock);
	at = words != NULL ? strstr(said.text, words) : NULL;
	if (at == NULL)
		at = said.text;
	while (at > said.text && at[-1] != '\n')
		at--;
	end = strchrnul(at, '\n');
	snprintf(line, bytes, "%.*s", (int)(end - at), at);
	pthread_mutex_unlock(&said.lock);
}

/* ---- the other port -------------------------------------------------------------------------- */

static struct {
	uint16_t port;
	struct rte_mempool *pool;
	pthread_t thread;
	_Atomic uint64_t frames;
	_Atomic bool stop;
} other;

static struct rte_mempool *pool;

static uint16_t
frames_send(uint16_t port, struct rte_mempool *from)
{
	struct rte_mbuf *m[BURST];
	uint16_t sent;

	if (rte_pktmbuf_alloc_bulk(from, m, BURST) != 0)
		return 0;
	for (unsigned int i = 0; i < BURST; i++) {
		uint8_t *data = (uint8_t *)rte_pktmbuf_append(m[i], FRAME_BYTES);

		memset(data, 0xff, 6);
		memset(data + 6, 2, FRAME_BYTES - 6);
	}
	sent = rte_eth_tx_burst(port, 0, m, BURST);
	rte_pktmbuf_free_bulk(m + sent, BURST - sent);
	return sent;
}

/* Looks at every byte of what comes: it must be there. */
static unsigned int
frames_receive(uint16_t port)
{
	static atomic_uchar seen;
	struct rte_mbuf *m[2 * BURST];
	const uint16_t n = rte_eth_rx_burst(port, 0, m, 2 * BURST);
	uint8_t sum = 0;

	for (unsigned int i = 0; i < n; i++) {
		for (const struct rte_mbuf *s = m[i]; s != NULL; s = s->next)
			for (uint32_t at = 0; at < s->data_len; at++)
				sum ^= rte_pktmbuf_mtod(s, const uint8_t *)[at];
	}
	atomic_store(&seen, sum); /* so that no compiler leaves out the loads */
	rte_pktmbuf_free_bulk(m, n);
	return n;
}

static void *
other_main(void *arg)
{
	(void)arg;
	while (!other.stop) {
		(void)frames_send(other.port, other.pool);
		other.frames += frames_receive(other.port);
		rte_delay_us_sleep(500);
	}
	return NULL;
}

static int
port_start(uint16_t port, struct rte_mempool *buffers, bool interrupts)
{
	struct rte_eth_conf conf = {.intr_conf.rxq = interrupts};
	struct rte_eth_dev_info info;
	int ret;

	ret = rte_eth_dev_info_get(port, &info);
	if (ret == 0 && (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0)
		conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_SCATTER;
	if (ret == 0)
		ret = rte_eth_dev_configure(port, 1, 1, &conf);
	if (ret == 0)
		ret = rte_eth_rx_queue_setup(port, 0, DEPTH, SOCKET_ID_ANY, NULL, buffers);
	if (ret == 0)
		ret = rte_eth_tx_queue_setup(port, 0, DEPTH, SOCKET_ID_ANY, NULL);
	if (ret == 0)
		ret = rte_eth_dev_start(port);
	if (ret == 0)
		(void)rte_eth_promiscuous_enable(port);
	return ret;
}

int
hostile_run_init(void)
{
	static char name[] = "hostile";
	char prefix[32];
	char *eal[] = {name,          "--no-huge",          "-m",
		       "128",         "--no-pci",           "--no-telemetry",
		       "--no-shconf", "--log-level=notice", "--file-prefix",
		       prefix,        "--lcores=0@0",       "--iova-mode=va"};
	static const cookie_io_functions_t writer = {.write = log_write};
	FILE *stream = fopencookie(NULL, "w", writer);
	int ret;

	setvbuf(stream, NULL, _IOLBF, 0);
	rte_openlog_stream(stream);
	snprintf(prefix, sizeof(prefix), "wcnic-hostile-%d", getpid());
	ret = rte_eal_init(RTE_DIM(eal), eal);
	if (ret >= 0) {
		pool = rte_pktmbuf_pool_create("hostile", MBUFS, 0, 0, 2048, SOCKET_ID_ANY);
		other.pool = rte_pktmbuf_pool_create("other", MBUFS, 0, 0, 2048, SOCKET_ID_ANY);
		ret = pool == NULL || other.pool == NULL ? -1 : 0;
	}
	if (ret == 0)
		ret = rte_vdev_init(OTHER, "port=loopback,thread=1");
	if (ret == 0)
		ret = rte_eth_dev_get_port_by_name(OTHER, &other.port);
	if (ret == 0)
		ret = port_start(other.port, other.pool, false);
	if (ret == 0)
		ret = pthread_create(&other.thread, NULL, other_main, NULL);
	if (ret != 0)
		fprintf(stderr, "cannot start: %s\n", said.text);
	return ret == 0 ? 0 : -1;
}

void
hostile_run_fini(void)
{
	other.stop = true;
	pthread_join(other.thread, NULL);
	(void)rte_eth_dev_stop(other.port);
	(void)rte_eth_dev_close(other.port);
	(void)rte_vdev_uninit(OTHER);
	(void)rte_eal_cleanup();
}

/* ---- a case ---------------------------------------------------------------------------------- */

struct run {
	const struct hostile_case *lie;
	struct hostile_shared *shared;
	struct hostile_result *result;
	int shared_fd;
	pid_t card;
	uint16_t port;
	bool attached;
	bool started;
	unsigned int woken; /* by interrupts */
	char socket[128];
	char args[256];
};

__rte_format_printf(2, 3) static bool failed(struct run *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (r->result->ok)
		vsnprintf(r->result->came, sizeof(r->result->came), format, ap);
	va_end(ap);
	r->result->ok = false;
	return false;
}

static uint64_t
patience_end(void)
{
	return rte_get_timer_cycles() + rte_get_timer_hz() * PATIENCE_S;
}

static bool
card_begin(struct run *r, unsigned int seed, bool verbose)
{
	const uint64_t end = patience_end();
	char number[16];

	r->shared_fd = memfd_create("shared", 0);
	if (ftruncate(r->shared_fd, sizeof(*r->shared)) < 0)
		return failed(r, "no memory");
	r->shared = mmap(NULL, sizeof(*r->shared), PROT_READ | PROT_WRITE, MAP_SHARED, r->shared_fd,
			 0);
	r->shared->seed = seed;
	snprintf(number, sizeof(number), "%d", r->shared_fd);
	r->card = fork();
	if (r->card == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!verbose) {
			const int null = open("/dev/null", O_WRONLY);

			dup2(null, STDERR_FILENO);
		}
		execl("/proc/self/exe", "hostile", "--card", r->lie->name, r->socket, number, NULL);
		_exit(127);
	}
	while (!r->shared->listening && rte_get_timer_cycles() < end &&
	       waitpid(r->card, NULL, WNOHANG) == 0)
		rte_delay_us_sleep(1000);
	return r->shared->listening || failed(r, "the card does not start");
}

static bool
attach(struct run *r)
{
	const int ret = rte_vdev_init(PORT, r->args);

	if (ret != 0)
		return false;
	r->attached = rte_eth_dev_get_port_by_name(PORT, &r->port) == 0;
	return r->attached;
}

static bool
start(struct run *r)
{
	r->started = port_start(r->port, pool, r->lie->interrupts) == 0;
	if (r->started && r->lie->interrupts)
		(void)rte_eth_dev_rx_intr_ctl_q(r->port, 0, RTE_EPOLL_PER_THREAD,
						RTE_INTR_EVENT_ADD, NULL);
	return r->started;
}

static void
stop(struct run *r)
{
	if (r->lie->interrupts)
		(void)rte_eth_dev_rx_intr_ctl_q(r->port, 0, RTE_EPOLL_PER_THREAD,
						RTE_INTR_EVENT_DEL, NULL);
	(void)rte_eth_dev_stop(r->port);
	r->started = false;
}

static void
detach(struct run *r)
{
	if (r->started)
		stop(r);
	if (r->attached) {
		(void)rte_eth_dev_close(r->port);
		(void)rte_vdev_uninit(PORT);
	}
	r->attached = false;
}

static uint64_t
recoveries(const struct run *r)
{
	uint64_t id, value = 0;

	if (rte_eth_xstats_get_id_by_name(r->port, "recoveries", &id) != 0 ||
	    rte_eth_xstats_get_by_id(r->port, &id, &value, 1) != 1)
		return 0;
	return value;
}

/* Sends, receives, and asks what an application asks. Returns how many frames came back. */
static unsigned int
traffic(struct run *r)
{
	struct rte_epoll_event event;
	struct rte_eth_stats stats;
	struct rte_eth_link link;
	uint64_t clock;
	unsigned int n;
	int ret;

	if (r->lie->interrupts)
		(void)rte_eth_dev_rx_intr_enable(r->port, 0);
	(void)frames_send(r->port, pool);
	if (r->lie->interrupts)
		r->woken += rte_epoll_wait(RTE_EPOLL_PER_THREAD, &event, 1, 10) > 0;
	else
		rte_delay_us_sleep(200);
	n = frames_receive(r->port);
	(void)rte_eth_stats_get(r->port, &stats);
	ret = rte_eth_link_get_nowait(r->port, &link);
	(void)ret; /* whatever a card that lies makes of it */
	(void)rte_eth_read_clock(r->port, &clock);
	return n;
}

/* The card tells the truth: the port must forward, at the latest when it is started anew. */
static bool
forwards(struct run *r)
{
	const uint64_t end = patience_end();
	const unsigned int idle_most = r->lie->interrupts ? 500 : 3000;
	unsigned int frames = 0, idle = 0, n, woken;

	r->shared->on = false;
	r->woken = 0;
	while (!r->started && rte_get_timer_cycles() < end) {
		/* a port that does not start may have been attached by a lie */
		if (r->attached && !start(r))
			detach(r);
		else if (!r->attached)
			(void)attach(r);
	}
	while (r->started && (frames < 300 || (r->lie->interrupts && r->woken < 5))) {
		if (rte_get_timer_cycles() > end)
			return failed(r, "does not forward again");
		woken = r->woken;
		n = traffic(r);
		frames += n;
		idle = n == 0 || (r->lie->interrupts && r->woken == woken) ? idle + 1 : 0;
		if (n == 0)
			rte_delay_us_sleep(1000);
		if (idle < idle_most && !log_has("it is left alone"))
			continue;
		/* nothing will come by itself */
		snprintf(r->result->came, sizeof(r->result->came), "%s",
			 log_has("it is left alone") ? "gave up, forwards when started anew"
						     : "forwards when started anew");
		log_clear();
		idle = 0;
		stop(r);
		while (!r->started && rte_get_timer_cycles() < end)
			(void)start(r);
	}
	return r->started || failed(r, "cannot be attached and started again");
}

static bool
words_said(const struct run *r)
{
	return log_has(r->lie->says[0]) && log_has(r->lie->says[1]);
}

static void
words_keep(struct run *r)
{
	log_line(r->lie->says[0], r->result->said, sizeof(r->result->said));
}

static bool
case_refused(struct run *r)
{
	r->shared->on = true;
	if (attach(r))
		return failed(r, "was attached");
	words_keep(r);
	if (!words_said(r))
		return failed(r, "refused, but not by name");
	snprintf(r->result->came, sizeof(r->result->came), "refused by name");
	return forwards(r);
}

static bool
case_stopped(struct run *r)
{
	if (!attach(r))
		return failed(r, "cannot be attached");
	r->shared->on = true;
	if (start(r))
		return failed(r, "was started");
	words_keep(r);
	if (!words_said(r))
		return failed(r, "did not start, but did not say why");
	snprintf(r->result->came, sizeof(r->result->came), "not started, by name");
	return forwards(r);
}

/* Forwards under lies until enough were told and the driver has said so. */
static bool
lies_told(struct run *r, unsigned int rounds)
{
	const uint64_t end = patience_end();
	const unsigned int before = r->shared->told;
	unsigned int done = 0;

	r->shared->on = true;
	while (done++ < rounds || r->shared->told == before || !words_said(r)) {
		if (rte_get_timer_cycles() > end)
			return failed(r, "%s",
				      r->shared->told == before ? "the lie was not told"
								: "the lie was not named");
		(void)traffic(r);
	}
	words_keep(r);
	return true;
}

static bool
case_running(struct run *r, bool recovers)
{
	const uint64_t end = patience_end();

	if (!attach(r) || !start(r) || !forwards(r))
		return failed(r, "does not forward at first");
	if (!lies_told(r, recovers ? 0 : SURVIVE_ROUNDS))
		return false;
	while (recovers && recoveries(r) == 0) {
		if (rte_get_timer_cycles() > end)
			return failed(r, "has not recovered");
		r->shared->on = false;
		(void)traffic(r);
		rte_delay_us_sleep(1000);
	}
	r->result->recoveries = recoveries(r);
	if (!recovers && r->result->recoveries != 0)
		return failed(r, "recovered where nothing was wrong");
	snprintf(r->result->came, sizeof(r->result->came), "%s",
		 recovers ? "recovered" : "went on");
	return forwards(r);
}

/* First from the attach on, then in traffic. */
static bool
case_survives(struct run *r)
{
	const char *came = "went on";

	r->shared->on = true;
	if (!attach(r))
		came = "refused";
	else if (!start(r))
		came = "not started";
	for (unsigned int i = 0; r->started && i < SURVIVE_ROUNDS; i++)
		(void)traffic(r);
	words_keep(r);
	snprintf(r->result->came, sizeof(r->result->came), "%s", came);
	if (!forwards(r))
		return false;
	r->shared->on = true;
	for (unsigned int i = 0; i < SURVIVE_ROUNDS; i++)
		(void)traffic(r);
	if (r->result->said[0] == '\0')
		words_keep(r);
	if (r->shared->told == 0)
		return failed(r, "the lie was not told");
	if (!forwards(r))
		return false;
	r->result->recoveries = recoveries(r);
	if (r->result->recoveries != 0 && strcmp(r->result->came, "went on") == 0)
		snprintf(r->result->came, sizeof(r->result->came), "recovered");
	return true;
}

/* From the first answer of a connection on, until a port's life has no more of them. */
static bool
case_each(struct run *r)
{
	const uint64_t end = patience_end();
	unsigned int told;

	do {
		told = r->shared->told;
		r->shared->nth++;
		r->shared->on = true;
		if (attach(r) && start(r)) {
			(void)traffic(r);
			(void)rte_eth_promiscuous_disable(r->port);
		}
		detach(r);
		r->shared->on = false;
		if (rte_get_timer_cycles() > end)
			return failed(r, "still at answer %u", r->shared->nth);
	} while (r->shared->told != told);
	words_keep(r);
	snprintf(r->result->came, sizeof(r->result->came), "at each of %u answers",
		 r->shared->told);
	return forwards(r);
}

static void
case_run(struct run *r)
{
	switch (r->lie->end) {
	case HOSTILE_REFUSED:
		(void)case_refused(r);
		break;
	case HOSTILE_STOPPED:
		(void)case_stopped(r);
		break;
	case HOSTILE_RECOVERS:
		(void)case_running(r, true);
		break;
	case HOSTILE_HARMLESS:
		(void)case_running(r, false);
		break;
	case HOSTILE_SURVIVES:
		(void)case_survives(r);
		break;
	case HOSTILE_EACH:
		(void)case_each(r);
		break;
	}
}

/* The other port has forwarded meanwhile, and goes on. */
static void
other_check(struct run *r, uint64_t before)
{
	const uint64_t end = patience_end(), now = other.frames;

	while (other.frames < now + 100 && rte_get_timer_cycles() < end)
		rte_delay_us_sleep(1000);
	r->result->other = other.frames - before;
	if (other.frames < now + 100)
		failed(r, "the other port stands still");
}

void
hostile_run(const struct hostile_case *lie, const char *folder, unsigned int seed, bool verbose,
	    struct hostile_result *result)
{
	struct run r = {.lie = lie, .result = result};
	const uint64_t before = other.frames;

	memset(result, 0, sizeof(*result));
	result->ok = true;
	said.shown = verbose;
	log_clear();
	snprintf(r.socket, sizeof(r.socket), "%s/sock", folder);
	snprintf(r.args, sizeof(r.args), "socket=%s,%s", r.socket,
		 lie->args != NULL ? lie->args : "timeout_ms=" RTE_STR(WAIT_MS));
	if (card_begin(&r, seed, verbose)) {
		case_run(&r);
		result->told = r.shared->told;
		detach(&r);
		if (rte_mempool_avail_count(pool) != MBUFS)
			failed(&r, "%u mbufs are missing", MBUFS - rte_mempool_avail_count(pool));
		other_check(&r, before);
	}
	if (r.card > 0) {
		kill(r.card, SIGKILL);
		waitpid(r.card, NULL, 0);
	}
	munmap(r.shared, sizeof(*r.shared));
	close(r.shared_fd);
	unlink(r.socket);
}
