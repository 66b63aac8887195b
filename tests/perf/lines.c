/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What the way between two CPUs costs: how long a cache line takes there and back, and how many
 * whole 64-byte lines two threads can move. The bound of anything that hands packets to another
 * CPU: nothing is done here but writing and reading lines, in the ways of lines_ring.c.
 *
 *   lines CPU CPU      and then, on standard input:
 *     trip             {"ns": a line there and back}
 *     variants         {"variants": [the ways that this CPU has]}
 *     move VARIANT THERE BACK UNDER_WAY MS
 *                      bursts of THERE lines go out, each is answered by BACK lines (0: by none),
 *                      UNDER_WAY bursts at most are not answered; {"bursts": N, "seconds": S, ...}
 *     quit
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lines_ring.h"

#define AT_ONCE 64u /* lines, if a burst has not more: each end reads, then writes so many */
#define BURST_LINES_MAX 1024u
#define WARM_NS 5000000u
#define ROUNDS_A_LOOK 32u
#define TRIPS 100u
#define TRIP_BATCHES 21u

enum work {
	WORK_TRIP,
	WORK_MOVE,
	WORK_QUIT
};

/* A `move`. */
struct move {
	const struct variant *variant;
	unsigned int there, back; /* lines of a burst */
	unsigned int under_way;   /* bursts */
	unsigned int ms;
};

static struct {
	struct ring there, back;
	alignas(64) _Atomic uint64_t ping;
	alignas(64) _Atomic uint64_t pong;
	alignas(64) _Atomic bool stop;
	alignas(64) enum work work;
	struct move move;
	bool differs; /* some line that came was not what was written */
	sem_t begin, done;
	clockid_t other_clock;
} shared;

static uint64_t
cpu_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t
now_ns(void)
{
	return cpu_ns(CLOCK_MONOTONIC);
}

static inline unsigned int
bursts_at_once(unsigned int lines)
{
	return 1 + (AT_ONCE - 1) / lines;
}

/* ---- the other CPU ------------------------------------------------------------------------- */

static void
other_trip(void)
{
	uint64_t seen = 0;

	while (!atomic_load_explicit(&shared.stop, memory_order_relaxed)) {
		uint64_t ping = atomic_load_explicit(&shared.ping, memory_order_acquire);

		if (ping == seen)
			continue;
		seen = ping;
		atomic_store_explicit(&shared.pong, ping, memory_order_release);
	}
}

static void
other_move(void)
{
	const struct move move = shared.move;
	const unsigned int bursts = bursts_at_once(move.there);
	const uint64_t tell = (uint64_t)move.there * (1 + move.under_way / 8);
	struct ring_end in, out;
	uint64_t told = 0;

	ring_end_init(&in, &shared.there, move.variant, move.there, move.under_way);
	ring_end_init(&out, &shared.back, move.variant, move.back, move.under_way);
	while (!atomic_load_explicit(&shared.stop, memory_order_relaxed)) {
		unsigned int n = ring_poll(&in, move.there, bursts);

		if (n == 0)
			continue;
		ring_read(&in, n * move.there);
		if (move.back != 0) {
			ring_write(&out, n * move.back);
		} else if (in.at - told >= tell) {
			told = in.at;
			atomic_store_explicit(&shared.there.taken, told, memory_order_release);
		}
	}
	shared.differs = in.differs != 0;
}

static void *
other_main(void *cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(*(int *)cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	for (;;) {
		sem_wait(&shared.begin);
		if (shared.work == WORK_QUIT)
			return NULL;
		if (shared.work == WORK_TRIP)
			other_trip();
		else
			other_move();
		sem_post(&shared.done);
	}
}

static void
ring_clear(struct ring *ring)
{
	memset(ring->lines, 0, RING_LINES_MAX * sizeof(struct line));
	atomic_store(&ring->tail, 0);
	atomic_store(&ring->taken, 0);
}

static void
other_begin(enum work work)
{
	atomic_store(&shared.ping, 0);
	atomic_store(&shared.pong, 0);
	atomic_store(&shared.stop, false);
	shared.work = work;
	sem_post(&shared.begin);
}

static void
other_end(void)
{
	atomic_store(&shared.stop, true);
	sem_wait(&shared.done);
}

/* ---- this CPU ------------------------------------------------------------------------------ */

static int
u64_compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median of some batches: an interruption spoils one of them. */
static void
command_trip(void)
{
	uint64_t batch[TRIP_BATCHES], began, ping = 0;

	other_begin(WORK_TRIP);
	for (unsigned int b = 0; b <= TRIP_BATCHES; b++) {
		began = now_ns();
		for (unsigned int i = 0; i < TRIPS; i++) {
			atomic_store_explicit(&shared.ping, ++ping, memory_order_release);
			while (atomic_load_explicit(&shared.pong, memory_order_acquire) != ping)
				;
		}
		if (b > 0) /* the first one waits for the other thread to wake up */
			batch[b - 1] = now_ns() - began;
	}
	other_end();
	qsort(batch, TRIP_BATCHES, sizeof(batch[0]), u64_compare);
	printf("{\"ns\": %.1f}\n", (double)batch[TRIP_BATCHES / 2] / TRIPS);
}

/* This CPU's part of a move. */
struct near {
	struct move move;
	struct ring_end out, in;
	uint64_t sent, known; /* bursts: begun, known to have arrived */
};

static inline void
near_round(struct near *near)
{
	const struct move *move = &near->move;
	unsigned int n;

	if (move->back != 0) {
		n = ring_poll(&near->in, move->back, bursts_at_once(move->back));
		if (n != 0)
			ring_read(&near->in, n * move->back);
		near->known += n;
	} else if (near->sent - near->known == move->under_way) {
		near->known = atomic_load_explicit(&shared.there.taken, memory_order_acquire) /
			      move->there;
	}
	n = bursts_at_once(move->there);
	for (; n != 0 && near->sent - near->known < move->under_way; n--, near->sent++)
		ring_write(&near->out, move->there);
}

static void
near_init(struct near *near, const struct move *move)
{
	*near = (struct near){.move = *move};
	ring_end_init(&near->out, &shared.there, move->variant, move->there, move->under_way);
	ring_end_init(&near->in, &shared.back, move->variant, move->back, move->under_way);
	ring_clear(&shared.there);
	ring_clear(&shared.back);
	shared.move = *move;
}

static void
command_move(const struct move *move)
{
	uint64_t warm = 0, now, began = 0, until, own_ns = 0, other_ns = 0;
	struct near near;

	near_init(&near, move);
	other_begin(WORK_MOVE);
	until = now_ns() + WARM_NS;
	for (;;) {
		for (unsigned int i = 0; i < ROUNDS_A_LOOK; i++)
			near_round(&near);
		now = now_ns();
		if (now < until)
			continue;
		if (began != 0 && near.known != warm)
			break;
		if (began != 0)
			continue; /* the other CPU was not given to us: a rate needs a burst */
		began = now;
		own_ns = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
		other_ns = cpu_ns(shared.other_clock);
		warm = near.known;
		until = now + move->ms * 1000000ull;
	}
	own_ns = cpu_ns(CLOCK_THREAD_CPUTIME_ID) - own_ns;
	other_ns = cpu_ns(shared.other_clock) - other_ns;
	other_end();
	if (near.in.differs != 0 || shared.differs)
		printf("{\"error\": \"%s: lines came in pieces\"}\n", move->variant->name);
	else
		printf("{\"bursts\": %" PRIu64 ", \"seconds\": %.9f, \"cpu\": %.4f, "
		       "\"far_cpu\": %.4f}\n",
		       near.known - warm, (now - began) / 1e9, (double)own_ns / (now - began),
		       (double)other_ns / (now - began));
}

static void
command_variants(void)
{
	const char *comma = "";

	printf("{\"variants\": [");
	for (unsigned int i = 0; i < n_variants; i++) {
		if (!variant_runs(&variants[i]))
			continue;
		printf("%s\"%s\"", comma, variants[i].name);
		comma = ", ";
	}
	puts("]}");
}

/* NULL, or what is wrong with it. */
static const char *
move_parse(const char *text, struct move *move)
{
	char name[32];

	if (sscanf(text, "move %31s %u %u %u %u", name, &move->there, &move->back, &move->under_way,
		   &move->ms) != 5)
		return "expected: move VARIANT THERE BACK UNDER_WAY MS";
	move->variant = variant_find(name);
	if (move->variant == NULL || !variant_runs(move->variant))
		return "this CPU has no such variant; 'variants' lists them";
	if (move->there < 1 || move->there > BURST_LINES_MAX || move->back > BURST_LINES_MAX)
		return "expected 1 to 1024 lines there, 0 to 1024 back";
	if (move->under_way < 1 || move->under_way > RING_LINES_MAX ||
	    move->under_way * (uint64_t)move->there > RING_LINES_MAX ||
	    move->under_way * (uint64_t)move->back > RING_LINES_MAX)
		return "expected from 1 burst under way up to 32768 lines";
	if (move->ms < 1 || move->ms > 10000)
		return "expected 1 to 10000 ms";
	return NULL;
}

static int
cpu_take(const char *text, cpu_set_t *allowed)
{
	char *end;
	long cpu = strtol(text, &end, 10);

	if (*text != '\0' && *end == '\0' && cpu >= 0 && cpu < CPU_SETSIZE &&
	    CPU_ISSET((int)cpu, allowed))
		return (int)cpu;
	fprintf(stderr, "lines: CPU '%s': this process may not run there\n", text);
	return -1;
}

static void
commands(void)
{
	struct move move;
	const char *wrong;
	char text[128];

	while (fgets(text, sizeof(text), stdin) != NULL && strcmp(text, "quit\n") != 0) {
		if (strcmp(text, "trip\n") == 0) {
			command_trip();
		} else if (strcmp(text, "variants\n") == 0) {
			command_variants();
		} else {
			wrong = move_parse(text, &move);
			if (wrong != NULL)
				printf("{\"error\": \"%s\"}\n", wrong);
			else
				command_move(&move);
		}
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	cpu_set_t allowed, own;
	pthread_t other;
	int cpu[2];

	if (argc != 3 || sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
		fputs("usage: lines CPU CPU\n", stderr);
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		cpu[i] = cpu_take(argv[i + 1], &allowed);
		if (cpu[i] < 0)
			return 2;
	}
	ring_init();
	shared.there.lines = ring_alloc();
	shared.back.lines = ring_alloc();
	if (shared.there.lines == NULL || shared.back.lines == NULL) {
		fputs("lines: no memory\n", stderr);
		return 1;
	}
	CPU_ZERO(&own);
	CPU_SET(cpu[0], &own);
	sched_setaffinity(0, sizeof(own), &own);
	sem_init(&shared.begin, 0, 0);
	sem_init(&shared.done, 0, 0);
	if (pthread_create(&other, NULL, other_main, &cpu[1]) != 0) {
		fputs("lines: no thread\n", stderr);
		return 1;
	}
	if (pthread_getcpuclockid(other, &shared.other_clock) != 0)
		return 1;
	commands();
	shared.work = WORK_QUIT;
	sem_post(&shared.begin);
	pthread_join(other, NULL);
	return 0;
}
