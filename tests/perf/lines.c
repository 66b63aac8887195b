/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What the way between two CPUs costs: how long a cache line takes there and back, and how many
 * whole 64-byte lines two threads can move. The bound of anything that hands packets to another
 * CPU: nothing is done here but writing, copying and reading lines.
 *
 *   lines CPU CPU      and then, on standard input:
 *     trip             {"ns": a line there and back}
 *     one LINES MS     packets of so many lines go one way; {"packets": N, "seconds": S, ...}
 *     both LINES MS    ... and are copied back
 *     quit
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RING_LINES 2048u /* a power of two */
#define BURST 32u
#define UNDER_WAY 512u /* packets */
#define LINES_MAX 4u
#define TRIPS 100u
#define TRIP_BATCHES 21u
#define WORDS 8u

struct line {
	alignas(64) uint64_t word[WORDS]; /* the last one is the sequence number, from 1 */
};

struct ring {
	struct line lines[RING_LINES];
	alignas(64) _Atomic uint64_t taken; /* lines; only where nothing comes back */
};

enum work {
	WORK_TRIP,
	WORK_ONE,
	WORK_BOTH,
	WORK_QUIT
};

static struct {
	struct ring there, back;
	alignas(64) _Atomic uint64_t ping;
	alignas(64) _Atomic uint64_t pong;
	alignas(64) _Atomic bool stop;
	alignas(64) enum work work;
	unsigned int lines; /* to a packet */
	uint64_t torn;      /* lines whose words are not all of one packet */
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

static bool whole_lines; /* this CPU stores a line with one instruction */

/* ---- lines --------------------------------------------------------------------------------- */

/* A line with the number `seq` and seven words of `value`. */
static inline void
line_write(struct ring *ring, uint64_t seq, uint64_t value)
{
	struct line *line = &ring->lines[seq % RING_LINES];

#if defined(__x86_64__)
	if (whole_lines) {
		__asm__ volatile(
			"kmovw %[last], %%k1\n\t"
			"vpbroadcastq %[value], %%zmm0\n\t"
			"vpbroadcastq %[number], %%zmm0%{%%k1%}\n\t"
			"vmovdqa64 %%zmm0, %[line]"
			: [line] "=m"(*line)
			: [last] "r"(1u << (WORDS - 1)), [value] "r"(value), [number] "r"(seq + 1)
			: "xmm0", "memory");
		return;
	}
#endif
	/* the number last, so that a reader of the number sees the words too */
	for (unsigned int i = 0; i < WORDS - 1; i++)
		line->word[i] = value;
	__atomic_store_n(&line->word[WORDS - 1], seq + 1, __ATOMIC_RELEASE);
}

/* False: it is not there yet. */
static inline bool
line_read(struct ring *ring, uint64_t seq, struct line *copy)
{
	struct line *line = &ring->lines[seq % RING_LINES];

	if (__atomic_load_n(&line->word[WORDS - 1], __ATOMIC_ACQUIRE) != seq + 1)
		return false;
	*copy = *line;
	return true;
}

static inline bool
line_whole(const struct line *line)
{
	uint64_t differ = 0;

	for (unsigned int i = 1; i < WORDS - 1; i++)
		differ |= line->word[i] ^ line->word[0];
	return differ == 0;
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
other_take(bool give_back)
{
	uint64_t seq = 0, torn = 0;
	struct line line;

	while (!atomic_load_explicit(&shared.stop, memory_order_relaxed)) {
		unsigned int n = 0;

		while (n < BURST * shared.lines && line_read(&shared.there, seq, &line)) {
			torn += !line_whole(&line);
			if (give_back)
				line_write(&shared.back, seq, line.word[0]);
			seq++;
			n++;
		}
		if (n != 0 && !give_back)
			atomic_store_explicit(&shared.there.taken, seq, memory_order_release);
	}
	shared.torn = torn;
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
			other_take(shared.work == WORK_BOTH);
		sem_post(&shared.done);
	}
}

static void
other_begin(enum work work, unsigned int lines)
{
	memset(&shared.there, 0, sizeof(shared.there));
	memset(&shared.back, 0, sizeof(shared.back));
	atomic_store(&shared.ping, 0);
	atomic_store(&shared.pong, 0);
	atomic_store(&shared.stop, false);
	shared.work = work;
	shared.lines = lines;
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

	other_begin(WORK_TRIP, 1);
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

/* How many of the lines that were sent have arrived, as far as is known here. */
static inline uint64_t
arrived(bool both, uint64_t known, uint64_t sent, uint64_t *torn)
{
	struct line line;

	if (!both)
		return atomic_load_explicit(&shared.there.taken, memory_order_acquire);
	while (known < sent && line_read(&shared.back, known, &line)) {
		*torn += !line_whole(&line) || line.word[0] != known;
		known++;
	}
	return known;
}

static void
command_lines(bool both, unsigned int lines, unsigned int ms)
{
	const uint64_t burst = (uint64_t)BURST * lines, under_way = (uint64_t)UNDER_WAY * lines;
	uint64_t sent = 0, known = 0, warm = 0, torn = 0, now, began = 0, until;
	uint64_t own_ns = 0, other_ns = 0;

	other_begin(both ? WORK_BOTH : WORK_ONE, lines);
	now = now_ns();
	until = now + 10000000u; /* to get going */
	for (;;) {
		for (unsigned int i = 0; i < 16; i++) {
			if (sent + burst - known <= under_way) {
				for (uint64_t end = sent + burst; sent < end; sent++)
					line_write(&shared.there, sent, sent);
			}
			known = arrived(both, known, sent, &torn);
		}
		now = now_ns();
		if (now < until)
			continue;
		if (began != 0 && known != warm)
			break;
		if (began != 0)
			continue; /* the other CPU was not given to us: a rate needs a line */
		began = now;
		own_ns = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
		other_ns = cpu_ns(shared.other_clock);
		warm = known;
		until = now + ms * 1000000ull;
	}
	own_ns = cpu_ns(CLOCK_THREAD_CPUTIME_ID) - own_ns;
	other_ns = cpu_ns(shared.other_clock) - other_ns;
	other_end();
	if (torn + shared.torn != 0)
		printf("{\"error\": \"%" PRIu64 " lines came in pieces\"}\n", torn + shared.torn);
	else
		printf("{\"packets\": %.1f, \"seconds\": %.9f, \"cpu\": %.4f, \"far_cpu\": %.4f}\n",
		       (double)(known - warm) / lines, (now - began) / 1e9,
		       (double)own_ns / (now - began), (double)other_ns / (now - began));
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
	char text[64], what[8];
	unsigned int lines, ms;

	while (fgets(text, sizeof(text), stdin) != NULL) {
		int n = sscanf(text, "%7s %u %u", what, &lines, &ms);

		if (n == 1 && strcmp(what, "quit") == 0)
			break;
		if (n == 1 && strcmp(what, "trip") == 0)
			command_trip();
		else if (n == 3 && (strcmp(what, "one") == 0 || strcmp(what, "both") == 0) &&
			 lines >= 1 && lines <= LINES_MAX && ms >= 1 && ms <= 10000)
			command_lines(what[0] == 'b', lines, ms);
		else
			puts("{\"error\": \"no such command; see lines.c\"}");
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
#if defined(__x86_64__)
	whole_lines = __builtin_cpu_supports("avx512f");
#endif
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
