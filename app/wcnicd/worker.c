/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "placement.h"
#include "worker.h"

/* Sockets are looked at every so many polls of the cards, or at once when there is nothing to do.
 */
#define POLLS_PER_SERVE 64u
#define CHECK_PORT_NS 100000000u
/* With nothing to do the thread spins for a while, then sleeps. */
#define SPIN_NS 50000u
/* A doorbell in memory wakes nobody: the longest time until it is seen. */
#define SLEEP_BUSY_NS 100000u
/* Without a driver only sockets matter, and these wake; the heartbeat and clocks go on. */
#define SLEEP_IDLE_NS 20000000u

/* Whose memory a SIGBUS of this thread may be about. */
static __thread struct worker *own_worker;

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A driver that cuts short the file behind its memory must not take the other cards along. */
static void
on_sigbus(int sig, siginfo_t *info, void *context)
{
	unsigned int i;

	(void)context;
	for (i = 0; own_worker != NULL && i < own_worker->n_units; i++)
		if (unit_fault(own_worker->units[i], info->si_addr))
			return;
	signal(sig, SIG_DFL); /* back to the access, which now kills */
}

void
worker_init(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};

	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

/* lock is held, or the thread has ended. */
static void
stats_take(struct worker *worker)
{
	unsigned int i;

	for (i = 0; i < worker->n_units; i++) {
		struct stats_record *record = &worker->records[i];

		record->name = worker->units[i]->name;
		record->socket = worker->units[i]->options.socket;
		record->port = worker->units[i]->options.port;
		unit_stats(worker->units[i], &record->since_reset, &record->total);
	}
}

static void
stats_answer(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	if (worker->replied != worker->asked) {
		stats_take(worker);
		worker->replied = worker->asked;
		pthread_cond_broadcast(&worker->answered);
	}
	pthread_mutex_unlock(&worker->lock);
}

static void
worker_sleep(struct worker *worker)
{
	struct pollfd fds[WORKER_UNITS_MAX + 1];
	struct timespec nap = {.tv_nsec = SLEEP_IDLE_NS};
	uint64_t count;
	unsigned int i;

	for (i = 0; i < worker->n_units; i++) {
		fds[i].fd = vfu_server_fd(worker->units[i]->server);
		fds[i].events = POLLIN;
		if (unit_busy(worker->units[i]))
			nap.tv_nsec = SLEEP_BUSY_NS;
	}
	fds[i].fd = worker->wake;
	fds[i].events = POLLIN;
	if (ppoll(fds, i + 1, &nap, NULL) > 0 && (fds[i].revents & POLLIN) &&
	    read(worker->wake, &count, sizeof(count)) == sizeof(count))
		stats_answer(worker);
}

static unsigned int
worker_round(struct worker *worker)
{
	unsigned int i, polls, moved, done = 0;

	for (polls = 0; polls < POLLS_PER_SERVE; polls++) {
		moved = 0;
		for (i = 0; i < worker->n_units; i++)
			moved += unit_poll(worker->units[i]);
		done += moved;
		if (moved == 0)
			break;
	}
	for (i = 0; i < worker->n_units; i++)
		done += unit_serve(worker->units[i]);
	return done;
}

static void *
worker_main(void *arg)
{
	struct worker *worker = arg;
	uint64_t now, busy_until = 0, check_at = 0;
	unsigned int i;
	int ret;

	own_worker = worker;
	/* Else each nap takes 50 us more than was asked for. */
	prctl(PR_SET_TIMERSLACK, 1000);
	ret = worker->cpu >= 0 ? placement_cpu(worker->cpu) : 0;
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_WARNING, worker->units[0]->name, "cannot run on CPU %d: %s",
			   worker->cpu, strerror(-ret));
	while (!__atomic_load_n(&worker->stop, __ATOMIC_ACQUIRE)) {
		now = now_ns();
		if (worker_round(worker) > 0)
			busy_until = now + SPIN_NS;
		else if (now >= busy_until)
			worker_sleep(worker);
		if (now < check_at)
			continue;
		check_at = now + CHECK_PORT_NS;
		for (i = 0; i < worker->n_units; i++)
			unit_check_port(worker->units[i]);
		stats_answer(worker);
	}
	return NULL;
}

int
worker_start(struct worker *worker)
{
	int ret;

	worker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->wake < 0)
		return -errno;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->answered, NULL);
	ret = pthread_create(&worker->thread, NULL, worker_main, worker);
	if (ret != 0) {
		pthread_cond_destroy(&worker->answered);
		pthread_mutex_destroy(&worker->lock);
		close(worker->wake);
		return -ret;
	}
	return 0;
}

static void
worker_wake(struct worker *worker)
{
	const uint64_t one = 1;

	if (write(worker->wake, &one, sizeof(one)) != sizeof(one))
		wcnicd_log(LOG_LEVEL_WARNING, NULL, "cannot wake a thread: %s", strerror(errno));
}

void
worker_stop(struct worker *worker)
{
	__atomic_store_n(&worker->stop, true, __ATOMIC_RELEASE);
	worker_wake(worker);
	pthread_join(worker->thread, NULL);
	stats_take(worker);
	pthread_cond_destroy(&worker->answered);
	pthread_mutex_destroy(&worker->lock);
	close(worker->wake);
}

void
worker_ask_stats(struct worker *worker)
{
	unsigned int ticket;

	pthread_mutex_lock(&worker->lock);
	ticket = ++worker->asked;
	worker_wake(worker);
	while (worker->replied != ticket)
		pthread_cond_wait(&worker->answered, &worker->lock);
	pthread_mutex_unlock(&worker->lock);
}
