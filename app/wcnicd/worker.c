/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The thread of a card, of two wired cards, or of several. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "idle.h"
#include "log.h"
#include "placement.h"
#include "worker.h"

/*
 * Polls before the clock is looked at, of busy cards and of idle ones: these are several, as what
 * comes between two polls makes a frame wait.
 */
#define POLLS_PER_ROUND 64u
#define EMPTY_POLLS_PER_ROUND 8u
#define CHECK_PORT_NS 100000000u

/* The worker of this thread, for the handler of SIGBUS. */
static __thread struct worker *own_worker;

/* Where threads wait when they are prepared. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned int ready;
	bool open;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void
gate_pass(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.ready++;
	pthread_cond_broadcast(&gate.moved);
	while (!gate.open)
		pthread_cond_wait(&gate.moved, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

void
workers_await(unsigned int n)
{
	pthread_mutex_lock(&gate.lock);
	while (gate.ready < n)
		pthread_cond_wait(&gate.moved, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

void
workers_release(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.open = true;
	pthread_cond_broadcast(&gate.moved);
	pthread_mutex_unlock(&gate.lock);
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A driver that truncates the file behind its memory must not end the other cards. */
static void
on_sigbus(int sig, siginfo_t *info, void *context)
{
	(void)context;
	for (unsigned int i = 0; own_worker != NULL && i < own_worker->n_cards; i++)
		if (served_card_fault(own_worker->cards[i], info->si_addr))
			return;
	signal(sig, SIG_DFL); /* the access is repeated, and ends the process */
}

void
worker_init(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};

	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

/* The caller holds the lock, or the thread has ended. */
static void
stats_take(struct worker *worker)
{
	for (unsigned int i = 0; i < worker->n_cards; i++)
		served_card_stats(worker->cards[i], &worker->records[i]);
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

/* When the sockets are due again that were looked at `now`. */
static uint64_t
serve_next(const struct worker *worker, uint64_t now)
{
	return now + idle_serve_ns(now - worker->served_at_ns);
}

static enum idle_watch
worker_watch(struct worker *worker)
{
	enum idle_watch watch = IDLE_NO_DRIVER;

	for (unsigned int i = 0; i < worker->n_cards; i++) {
		if (!served_card_has_driver(worker->cards[i]))
			continue;
		if (!served_card_driver_wakes(worker->cards[i]))
			return IDLE_MUST_POLL;
		watch = IDLE_DRIVER_WAKES;
	}
	return watch;
}

static enum idle_policy
worker_policy(const struct worker *worker)
{
	for (unsigned int i = 0; i < worker->n_cards; i++)
		if (worker->cards[i]->options.idle == IDLE_SPIN)
			return IDLE_SPIN;
	return IDLE_ADAPTIVE;
}

/* What the sockets of the cards have to say is to be asked for. */
static void
sockets_list(const struct worker *worker, struct pollfd *fds)
{
	for (unsigned int i = 0; i < worker->n_cards; i++) {
		fds[i].fd = vfu_server_poll_fd(worker->cards[i]->server);
		fds[i].events = POLLIN;
	}
}

static void
worker_nap(struct worker *worker, uint32_t nap_ns)
{
	struct pollfd fds[WORKER_CARDS_MAX + 1];
	struct pollfd *wake = &fds[worker->n_cards];
	struct timespec nap = {.tv_nsec = nap_ns};
	uint64_t count;

	sockets_list(worker, fds);
	*wake = (struct pollfd){.fd = worker->wake, .events = POLLIN};
	if (ppoll(fds, worker->n_cards + 1, &nap, NULL) <= 0) {
		worker->serve_at_ns = serve_next(worker, now_ns());
		return;
	}
	worker->serve_at_ns = 0;
	if ((wake->revents & POLLIN) != 0 &&
	    read(worker->wake, &count, sizeof(count)) == sizeof(count))
		stats_answer(worker);
}

/*
 * Asks the drivers to wake their cards, and polls once more. False: there was something to do, or
 * something else to wait for: no nap now.
 */
static bool
worker_nap_begin(struct worker *worker, struct idle_step step, enum idle_watch watch)
{
	unsigned int moved = 0;
	bool asked = false;

	for (unsigned int i = 0; i < worker->n_cards && idle_asks_wake(step); i++)
		asked |= served_card_sleep(worker->cards[i]);
	for (unsigned int i = 0; i < worker->n_cards && asked; i++) {
		served_card_poll_all_next(worker->cards[i]);
		moved += served_card_poll(worker->cards[i]);
	}
	return moved == 0 && (!asked || worker_watch(worker) == watch);
}

static void
worker_nap_end(struct worker *worker)
{
	for (unsigned int i = 0; i < worker->n_cards; i++) {
		served_card_awake(worker->cards[i]);
		served_card_poll_all_next(worker->cards[i]); /* much may have happened meanwhile */
	}
}

static unsigned int
card_look(void *ctx, unsigned int i)
{
	struct worker *worker = ctx;

	return served_card_poll(worker->cards[i]);
}

/* A poll of the cards; those without work are not polled in each turn: wcdev_turns.h. */
static unsigned int
cards_turn(struct worker *worker)
{
	struct wcdev_turns *turns = &worker->turns;

	/* One that was left out for some turns has more to do than frames. */
	for (uint64_t idle = wcdev_turn_first(turns) & ~turns->active; idle != 0; idle &= idle - 1)
		served_card_poll_all_next(worker->cards[__builtin_ctzll(idle)]);
	return wcdev_turn(turns, 0, card_look, NULL, worker);
}

/* Polls the cards until there was nothing to do, or so often. Returns how much was done. */
static unsigned int
worker_poll(struct worker *worker)
{
	unsigned int moved, done = 0, empty = 0;

	for (unsigned int polls = 0; polls < POLLS_PER_ROUND && empty < EMPTY_POLLS_PER_ROUND;
	     polls++) {
		moved = cards_turn(worker);
		done += moved;
		empty = moved == 0 ? empty + 1 : 0;
	}
	return done;
}

/* The cards whose sockets have something to say: one call of the kernel, not one for each. */
static uint64_t
sockets_ready(const struct worker *worker)
{
	struct pollfd fds[WORKER_CARDS_MAX];
	uint64_t ready = 0;

	if (worker->n_cards == 1)
		return 1;
	sockets_list(worker, fds);
	if (poll(fds, worker->n_cards, 0) <= 0)
		return 0;
	for (unsigned int i = 0; i < worker->n_cards; i++)
		ready |= (uint64_t)(fds[i].revents != 0) << i;
	return ready;
}

static unsigned int
worker_serve(struct worker *worker, uint64_t now)
{
	const bool due = now >= worker->serve_at_ns;
	const uint64_t ready = due ? sockets_ready(worker) : 0;
	unsigned int done = 0;

	for (unsigned int i = 0; i < worker->n_cards; i++)
		if ((ready & 1ull << i) != 0 || served_card_needs_serving(worker->cards[i]))
			done += served_card_serve(worker->cards[i]);
	if (done > 0)
		worker->served_at_ns = now;
	if (due || done > 0)
		worker->serve_at_ns = serve_next(worker, now);
	return done;
}

/* Nothing has moved in the round that began at `now`. */
static void
worker_idle(struct worker *worker, uint64_t now)
{
	enum idle_watch watch = worker_watch(worker);
	struct idle_step step = idle_step(worker_policy(worker), watch, now - worker->worked_at_ns,
					  now - worker->served_at_ns);

	if (step.action == IDLE_PAUSE)
		idle_pause();
	if (step.action != IDLE_NAP)
		return;
	if (worker_nap_begin(worker, step, watch))
		worker_nap(worker, step.nap_ns);
	else
		worker->worked_at_ns = now;
	worker_nap_end(worker);
}

/* What takes system calls that are not allowed later. */
static void
worker_prepare(const struct worker *worker)
{
	void *volatile piece = malloc(1); /* makes the thread's part of the heap */
	char name[16];                    /* so much does Linux keep */
	int ret;

	free(piece);
	snprintf(name, sizeof(name), "card-%.10s", worker->cards[0]->name);
	(void)pthread_setname_np(pthread_self(), name);
	/* The default slack would make each nap 50 us longer. */
	prctl(PR_SET_TIMERSLACK, 1000);
	placement_prompt();
	ret = worker->cpu >= 0 ? placement_cpu(worker->cpu) : 0;
	if (ret < 0)
		wcnicd_log(LOG_LEVEL_WARNING, worker->cards[0]->name, "cannot run on CPU %d: %s",
			   worker->cpu, strerror(-ret));
}

static void *
worker_main(void *arg)
{
	struct worker *worker = arg;
	uint64_t now, check_at = 0;
	unsigned int moved;

	own_worker = worker;
	for (unsigned int i = 0; i < worker->n_cards; i++)
		wcdev_turn_add(&worker->turns, i);
	worker_prepare(worker);
	gate_pass();
	worker->worked_at_ns = now_ns();
	worker->served_at_ns = worker->worked_at_ns;
	while (!__atomic_load_n(&worker->stop, __ATOMIC_ACQUIRE)) {
		now = now_ns();
		moved = worker_poll(worker);
		if (worker_serve(worker, now) == 0 && moved == 0)
			worker_idle(worker, now);
		if (moved > 0)
			worker->worked_at_ns = now;
		if (now < check_at)
			continue;
		check_at = now + CHECK_PORT_NS;
		for (unsigned int i = 0; i < worker->n_cards; i++)
			served_card_check_port(worker->cards[i]);
		stats_answer(worker);
	}
	/* What was rung before the end is seen, at idle queues too. */
	for (unsigned int turn = 0; turn < WCDEV_TURNS_ALL && cards_turn(worker) != 0; turn++)
		;
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
worker_ask_stop(struct worker *worker)
{
	__atomic_store_n(&worker->stop, true, __ATOMIC_RELEASE);
	workers_release();
	worker_wake(worker);
}

void
worker_stop(struct worker *worker)
{
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
