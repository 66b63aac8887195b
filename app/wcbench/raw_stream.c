/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Threads that store at the same time. They wait for one another, then each looks at the clock. */

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <app_clock.h>

#include "raw_stream.h"

struct worker {
	struct raw_crew *crew;
	pthread_t thread;
	unsigned int index;
	double start, end; /* of its last job */
};

struct raw_crew {
	pthread_mutex_t lock; /* of what is down to `ready` */
	pthread_cond_t go, done;
	unsigned int turn;    /* grows with each job */
	unsigned int threads; /* that take part */
	unsigned int left;    /* that have not ended it */
	bool stop;
	struct raw_stream_job job;
	atomic_uint ready; /* that are about to begin */
	size_t n;
	struct worker workers[RAW_THREADS_MAX];
};

const alignas(64) uint8_t raw_zeroes[RAW_BURST_MAX * WCBAR_LINE_BYTES];

static void
stream(struct worker *w, unsigned int threads, const struct raw_stream_job *job)
{
	const size_t part = job->lines / threads;
	uint8_t *addr = (uint8_t *)job->addr + w->index * part * WCBAR_LINE_BYTES;
	size_t at = 0;

	atomic_fetch_add(&w->crew->ready, 1);
	while (atomic_load(&w->crew->ready) < threads)
		sched_yield();
	w->start = app_now_ns();
	for (unsigned int r = 0; r < job->repeats; r++) {
		if (at + job->burst > part)
			at = 0;
		job->store->lines(addr + at * WCBAR_LINE_BYTES, raw_zeroes, job->burst);
		job->store->drain();
		at += job->burst;
	}
	w->end = app_now_ns();
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct raw_crew *crew = w->crew;
	unsigned int seen = 0;

	pthread_mutex_lock(&crew->lock);
	while (!crew->stop) {
		struct raw_stream_job job = crew->job;
		const unsigned int threads = crew->threads;

		if (crew->turn == seen || w->index >= threads) {
			seen = crew->turn;
			pthread_cond_wait(&crew->go, &crew->lock);
			continue;
		}
		seen = crew->turn;
		pthread_mutex_unlock(&crew->lock);
		stream(w, threads, &job);
		pthread_mutex_lock(&crew->lock);
		if (--crew->left == 0)
			pthread_cond_signal(&crew->done);
	}
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

static int
worker_start(struct raw_crew *crew, unsigned int cpu)
{
	struct worker *w = &crew->workers[crew->n];
	pthread_attr_t attr;
	cpu_set_t set;
	int ret;

	*w = (struct worker){.crew = crew, .index = (unsigned int)crew->n};
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	ret = pthread_attr_init(&attr);
	if (ret != 0)
		return -ret;
	ret = pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	if (ret == 0)
		ret = pthread_create(&w->thread, &attr, work, w);
	pthread_attr_destroy(&attr);
	if (ret == 0)
		crew->n++;
	return -ret;
}

int
raw_crew_start(const unsigned int *cpus, size_t n, struct raw_crew **crew)
{
	struct raw_crew *made = calloc(1, sizeof(*made));
	int ret = 0;

	assert(n <= RAW_THREADS_MAX);
	*crew = NULL;
	if (made == NULL)
		return -ENOMEM;
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->go, NULL);
	pthread_cond_init(&made->done, NULL);
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = worker_start(made, cpus[i]);
	if (ret != 0) {
		raw_crew_stop(made);
		return ret;
	}
	*crew = made;
	return 0;
}

void
raw_crew_stop(struct raw_crew *crew)
{
	if (crew == NULL)
		return;
	pthread_mutex_lock(&crew->lock);
	crew->stop = true;
	pthread_cond_broadcast(&crew->go);
	pthread_mutex_unlock(&crew->lock);
	for (size_t i = 0; i < crew->n; i++)
		pthread_join(crew->workers[i].thread, NULL);
	pthread_cond_destroy(&crew->done);
	pthread_cond_destroy(&crew->go);
	pthread_mutex_destroy(&crew->lock);
	free(crew);
}

double
raw_crew_run(struct raw_crew *crew, unsigned int threads, const struct raw_stream_job *job)
{
	double start, end;

	assert(threads > 0 && threads <= crew->n && job->burst > 0 && job->burst <= RAW_BURST_MAX &&
	       job->lines / threads >= job->burst);
	pthread_mutex_lock(&crew->lock);
	crew->job = *job;
	crew->threads = crew->left = threads;
	atomic_store(&crew->ready, 0);
	crew->turn++;
	pthread_cond_broadcast(&crew->go);
	while (crew->left > 0)
		pthread_cond_wait(&crew->done, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
	start = crew->workers[0].start;
	end = crew->workers[0].end;
	for (unsigned int i = 1; i < threads; i++) {
		const struct worker *w = &crew->workers[i];

		start = w->start < start ? w->start : start;
		end = w->end > end ? w->end : end;
	}
	return end - start;
}
