/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The thread that closes and unmaps. */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "vfu_closer.h"

/*
 * While memory is unmapped nobody else can map any: in pieces others get their turn. Where there is
 * little memory the pieces grow, as each of a thousand calls makes others wait, too.
 */
#define UNMAP_PIECE_BYTES (64u << 20)
#define UNMAP_PIECE_BYTES_MAX (1u << 30)
#define UNMAP_QUICK_NS 200000

struct job {
	STAILQ_ENTRY(job) link;
	void *base; /* NULL: a descriptor */
	uint64_t bytes;
	int fd;
};

struct vfu_closer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_cond_t idle;
	/* Under the lock: */
	STAILQ_HEAD(, job) jobs;
	struct vfu_closer_load load;
	struct timespec busy_since; /* unless it is idle */
	bool stop;
	bool alone; /* no owner: the thread frees this */
};

/* CPU time of this thread: to wait for a CPU is no work. */
static int64_t
worked_ns(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
pieces_unmap(uint8_t *base, uint64_t bytes)
{
	uint64_t piece = UNMAP_PIECE_BYTES;
	int64_t before = worked_ns(), now;

	for (; bytes > piece; before = now) {
		if (munmap(base, piece) < 0)
			break; /* its pages are larger than a piece */
		base += piece;
		bytes -= piece;
		now = worked_ns();
		if (now - before > UNMAP_QUICK_NS)
			piece = UNMAP_PIECE_BYTES;
		else if (piece < UNMAP_PIECE_BYTES_MAX)
			piece *= 2;
	}
	munmap(base, bytes);
}

static void
job_do(const struct job *job)
{
	if (job->base != NULL)
		pieces_unmap(job->base, job->bytes);
	else
		close(job->fd);
}

static void
closer_free(struct vfu_closer *closer)
{
	pthread_cond_destroy(&closer->idle);
	pthread_cond_destroy(&closer->work);
	pthread_mutex_destroy(&closer->lock);
	free(closer);
}

/* The caller holds the lock, as of the next. */
static bool
is_idle(const struct vfu_closer *closer)
{
	return closer->load.fds == 0 && closer->load.mappings == 0;
}

static void
job_insert(struct vfu_closer *closer, struct job *job)
{
	if (is_idle(closer))
		clock_gettime(CLOCK_MONOTONIC, &closer->busy_since);
	if (job->base != NULL) {
		STAILQ_INSERT_HEAD(&closer->jobs, job, link);
		closer->load.mappings++;
		closer->load.bytes += job->bytes;
	} else {
		STAILQ_INSERT_TAIL(&closer->jobs, job, link);
		closer->load.fds++;
	}
	pthread_cond_signal(&closer->work);
}

static void *
closer_main(void *arg)
{
	struct vfu_closer *closer = arg;
	struct job *job, did;
	bool alone;

	pthread_mutex_lock(&closer->lock);
	for (;;) {
		while (STAILQ_EMPTY(&closer->jobs) && !closer->stop)
			pthread_cond_wait(&closer->work, &closer->lock);
		if (STAILQ_EMPTY(&closer->jobs))
			break;
		job = STAILQ_FIRST(&closer->jobs);
		STAILQ_REMOVE_HEAD(&closer->jobs, link);
		pthread_mutex_unlock(&closer->lock);
		did = *job;
		job_do(job);
		free(job);
		pthread_mutex_lock(&closer->lock);
		if (did.base != NULL) {
			closer->load.mappings--;
			closer->load.bytes -= did.bytes;
		} else {
			closer->load.fds--;
		}
		if (is_idle(closer))
			pthread_cond_signal(&closer->idle);
	}
	alone = closer->alone;
	pthread_mutex_unlock(&closer->lock);
	if (alone)
		closer_free(closer);
	return NULL;
}

/* The thread runs wherever the process may, whatever CPU the owner is pinned to, and takes no
 * signals. */
static int
thread_start(struct vfu_closer *closer)
{
	sigset_t all, before;
	pthread_attr_t attr;
	cpu_set_t cpus;
	int ret;

	ret = pthread_attr_init(&attr);
	if (ret != 0)
		return -ret;
	if (sched_getaffinity(getpid(), sizeof(cpus), &cpus) == 0)
		pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&closer->thread, &attr, closer_main, closer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -ret;
}

int
vfu_closer_create(struct vfu_closer **closer)
{
	struct vfu_closer *c = calloc(1, sizeof(*c));
	pthread_condattr_t attr;
	int ret;

	if (c == NULL)
		return -ENOMEM;
	STAILQ_INIT(&c->jobs);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->idle, &attr);
	pthread_condattr_destroy(&attr);
	ret = thread_start(c);
	if (ret < 0) {
		closer_free(c);
		return ret;
	}
	*closer = c;
	return 0;
}

static void
job_give(struct vfu_closer *closer, const struct job *what)
{
	struct job *job = malloc(sizeof(*job));

	if (job == NULL) {
		job_do(what);
		return;
	}
	*job = *what;
	pthread_mutex_lock(&closer->lock);
	job_insert(closer, job);
	pthread_mutex_unlock(&closer->lock);
}

void
vfu_closer_fd(struct vfu_closer *closer, int fd)
{
	job_give(closer, &(struct job){.fd = fd});
}

void
vfu_closer_unmap(struct vfu_closer *closer, void *base, uint64_t bytes)
{
	job_give(closer, &(struct job){.base = base, .bytes = bytes});
}

struct vfu_closer_load
vfu_closer_load(struct vfu_closer *closer)
{
	struct vfu_closer_load load;

	pthread_mutex_lock(&closer->lock);
	load = closer->load;
	pthread_mutex_unlock(&closer->lock);
	return load;
}

void
vfu_closer_relieve(struct vfu_closer *closer, struct vfu_closer *stuck)
{
	STAILQ_HEAD(, job) mappings = STAILQ_HEAD_INITIALIZER(mappings);
	struct job *job;

	/* They are at the head. */
	pthread_mutex_lock(&stuck->lock);
	while ((job = STAILQ_FIRST(&stuck->jobs)) != NULL && job->base != NULL) {
		STAILQ_REMOVE_HEAD(&stuck->jobs, link);
		stuck->load.mappings--;
		stuck->load.bytes -= job->bytes;
		STAILQ_INSERT_TAIL(&mappings, job, link);
	}
	pthread_mutex_unlock(&stuck->lock);
	pthread_mutex_lock(&closer->lock);
	while ((job = STAILQ_FIRST(&mappings)) != NULL) {
		STAILQ_REMOVE_HEAD(&mappings, link);
		job_insert(closer, job);
	}
	pthread_mutex_unlock(&closer->lock);
}

void
vfu_closer_destroy(struct vfu_closer *closer, unsigned int patience_ms)
{
	struct timespec until;
	bool alone;

	if (closer == NULL)
		return;
	pthread_mutex_lock(&closer->lock);
	until = closer->busy_since;
	until.tv_sec += patience_ms / 1000;
	until.tv_nsec += (long)(patience_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	while (!is_idle(closer) &&
	       pthread_cond_timedwait(&closer->idle, &closer->lock, &until) == 0)
		;
	closer->stop = true;
	alone = !is_idle(closer);
	closer->alone = alone;
	if (alone)
		pthread_detach(closer->thread);
	pthread_cond_signal(&closer->work);
	pthread_mutex_unlock(&closer->lock);
	if (alone)
		return;
	pthread_join(closer->thread, NULL);
	closer_free(closer);
}
