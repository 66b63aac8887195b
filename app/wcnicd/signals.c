/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The thread that takes signals, and that ends a process which cannot end itself. */

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "signals.h"

/*
 * The end has come to a stop when nothing else of the process has got on for so many turns of this
 * thread: no step was done and no CPU time was used. A thread that waits for a CPU gets one sooner,
 * however short the machine is of them. Those who sent the signal lose their patience in the end
 * (10 s is usual).
 */
#define TURN_NS 10000000
#define TURNS_STILL 50u
#define STILL_NS 20000 /* of CPU time in a turn: the two clocks are read one after the other */
#define TURNS_MAX 800u

/* Ends the thread, for another one. */
#define SIGNAL_LEAVE SIGRTMIN

static struct {
	void (*abandon)(const char *what, const char *who);
	int status;
	sigset_t taken;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t asked;
	bool stats_asked;   /* under the lock, as the next */
	bool runs;          /* the thread waits for signals */
	bool left;          /* it has ended */
	bool end_asked;     /* written under the lock, atomic */
	unsigned int steps; /* atomic */
	const char *what;   /* atomic, as the next */
	const char *who;
} signals = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.asked = PTHREAD_COND_INITIALIZER,
	.what = "the start",
};

static void
ask(int sig)
{
	pthread_mutex_lock(&signals.lock);
	if (sig == SIGUSR1)
		signals.stats_asked = true;
	else if (sig == SIGNAL_LEAVE)
		signals.left = true;
	else
		__atomic_store_n(&signals.end_asked, true, __ATOMIC_RELEASE);
	pthread_cond_signal(&signals.asked);
	pthread_mutex_unlock(&signals.lock);
}

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now = {0};

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* CPU time that the other threads have used. */
static uint64_t
others_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID) - clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* The process ends while this waits, or it does not get on. */
static WC_NORETURN void
end_watch(void)
{
	const struct timespec turn = {.tv_nsec = TURN_NS};
	unsigned int still = 0, steps = 0, steps_now;
	uint64_t used = others_ns(), used_now;

	for (unsigned int turns = 0; turns < TURNS_MAX && still < TURNS_STILL; turns++) {
		(void)nanosleep(&turn, NULL);
		steps_now = __atomic_load_n(&signals.steps, __ATOMIC_ACQUIRE);
		used_now = others_ns();
		still = steps_now == steps && used_now - used < STILL_NS ? still + 1 : 0;
		if (steps_now != steps)
			turns = 0;
		steps = steps_now;
		used = used_now;
	}
	signals.abandon(__atomic_load_n(&signals.what, __ATOMIC_ACQUIRE),
			__atomic_load_n(&signals.who, __ATOMIC_ACQUIRE));
	_exit(signals.status);
}

static void *
signals_main(void *arg)
{
	int sig;

	(void)arg;
	(void)pthread_setname_np(pthread_self(), "signals");
	pthread_mutex_lock(&signals.lock);
	signals.runs = true;
	pthread_cond_signal(&signals.asked);
	pthread_mutex_unlock(&signals.lock);
	while (sigwait(&signals.taken, &sig) == 0) {
		ask(sig);
		if (sig == SIGNAL_LEAVE)
			break;
		if (sig == SIGUSR1)
			continue;
		wcnicd_log(LOG_LEVEL_INFO, NULL, "stops: %s", strsignal(sig));
		end_watch();
	}
	return NULL;
}

/* What a thread does first takes system calls that are not allowed later: waits until it is done.
 */
static int
thread_start(void)
{
	int ret = pthread_create(&signals.thread, NULL, signals_main, NULL);

	pthread_mutex_lock(&signals.lock);
	while (ret == 0 && !signals.runs)
		pthread_cond_wait(&signals.asked, &signals.lock);
	signals.runs = false;
	pthread_mutex_unlock(&signals.lock);
	return -ret;
}

/* Whether a signal does what it does by default: nohup(1) or a profiler may have set it. */
static bool
is_default(int sig)
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_DFL;
}

int
signals_start(void (*abandon)(const char *what, const char *who), int status)
{
	/* These end a process by default, and none is a reason: writes fail instead, or nothing. */
	static const int harmless[] = {SIGPIPE, SIGXFSZ, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF};
	static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGXCPU};

	signals.abandon = abandon;
	signals.status = status;
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (is_default(harmless[i]))
			signal(harmless[i], SIG_IGN);
	sigemptyset(&signals.taken);
	sigaddset(&signals.taken, SIGUSR1);
	sigaddset(&signals.taken, SIGNAL_LEAVE);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i] != SIGHUP || is_default(SIGHUP))
			sigaddset(&signals.taken, ends[i]);
	pthread_sigmask(SIG_BLOCK, &signals.taken, NULL);
	return thread_start();
}

int
signals_renew(void)
{
	bool left;

	pthread_kill(signals.thread, SIGNAL_LEAVE);
	pthread_mutex_lock(&signals.lock);
	while (!signals.left && !signals.end_asked)
		pthread_cond_wait(&signals.asked, &signals.lock);
	left = signals.left;
	pthread_mutex_unlock(&signals.lock);
	if (!left)
		return 0; /* it watches the end, and does not come back */
	pthread_join(signals.thread, NULL);
	return thread_start();
}

enum signals_ask
signals_wait(void)
{
	enum signals_ask what = SIGNALS_END;

	pthread_mutex_lock(&signals.lock);
	while (!signals.end_asked && !signals.stats_asked)
		pthread_cond_wait(&signals.asked, &signals.lock);
	if (!signals.end_asked)
		what = SIGNALS_STATS;
	signals.stats_asked = false;
	pthread_mutex_unlock(&signals.lock);
	return what;
}

bool
signals_end_asked(void)
{
	return __atomic_load_n(&signals.end_asked, __ATOMIC_ACQUIRE);
}

void
signals_progress(const char *what, const char *who)
{
	__atomic_store_n(&signals.who, who, __ATOMIC_RELEASE);
	__atomic_store_n(&signals.what, what, __ATOMIC_RELEASE);
	__atomic_add_fetch(&signals.steps, 1, __ATOMIC_RELEASE);
}
