/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Counts instructions of calls in another process, and makes means of them. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "instructions.h"

struct steps *
steps_create(unsigned int calls)
{
	struct steps *s = mmap(NULL, sizeof(*s) + calls * sizeof(s->calls[0]),
			       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED) {
		perror("instructions: mmap");
		return NULL;
	}
	s->max = calls;
	return s;
}

/* Lets the parent count the calling thread. 0 or -errno. */
static int
steps_me(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
		return 0;
	perror("instructions: this process may not be traced");
	return -errno;
}

/* One instruction; 0, or the status of a process that ended. */
static int
step(pid_t pid, int *status)
{
	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0 || waitpid(pid, status, __WALL) != pid)
		return -errno;
	return WIFSTOPPED(*status) ? 0 : -ECHILD;
}

/* The thread stands behind its trap: until the call has ended. */
static int
count(pid_t pid, struct steps *s, int *status)
{
	uint64_t n = 0;
	int ret = 0;

	while (ret == 0 && !atomic_load_explicit(&s->counted, memory_order_acquire)) {
		ret = step(pid, status);
		n++;
	}
	s->instructions = n;
	return ret;
}

/* Counts until the process ends. 0, its exit status, or -errno after a message. */
static int
steps_follow(pid_t pid, struct steps *s)
{
	int status, sig = 0;

	/* It is not counted before it runs into its first trap. */
	atomic_store(&s->counted, true);
	while (waitpid(pid, &status, __WALL) == pid) {
		if (WIFEXITED(status))
			return WEXITSTATUS(status);
		if (WIFSIGNALED(status)) {
			fprintf(stderr, "instructions: the process died: %s\n",
				strsignal(WTERMSIG(status)));
			return -ECHILD;
		}
		sig = WSTOPSIG(status);
		if (sig == SIGTRAP && !atomic_load(&s->counted)) {
			if (count(pid, s, &status) != 0)
				break;
			sig = 0;
		}
		if (ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)sig) != 0)
			break;
	}
	perror("instructions: the process is lost");
	return -ECHILD;
}

int
steps_run(struct steps *s, int (*counted)(void *arg, struct steps *s), void *arg)
{
	const pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0) {
		perror("instructions: fork");
		return -errno;
	}
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || steps_me() != 0)
			_exit(1);
		exit(counted(arg, s));
	}
	return steps_follow(pid, s);
}

/* How many more mbufs the driver has after the call than before. */
static int64_t
mbufs_gained(const struct steps_call *c)
{
	const bool tx = c->kind == STEPS_NEAR_TX || c->kind == STEPS_FAR_TX;

	return (tx ? (int64_t)c->packets : -(int64_t)c->packets) - c->freed;
}

/* What must be even between the bounds of a window. */
enum even {
	EVEN_EACH, /* every kind of call */
	EVEN_OWN,  /* the kind that is looked at: the cycles of all together are too long */
	EVEN_SUM,  /* all together: the port hands on the mbufs themselves (net_ring) */
};

static bool
is_even(const int64_t gained[STEPS_KINDS], unsigned int own, enum even even)
{
	int64_t sum = 0;
	bool each = true;

	for (unsigned int kind = STEPS_NEAR_RX; kind <= STEPS_FAR_TX; kind++) {
		sum += gained[kind];
		each = each && gained[kind] == 0;
	}
	return even == EVEN_SUM ? sum == 0 : even == EVEN_OWN ? gained[own] == 0 : each;
}

static bool
window_find(const struct steps_call *calls, unsigned int n, unsigned int kind, enum even even,
	    unsigned int *first, unsigned int *last)
{
	unsigned int best = 0;

	for (unsigned int i = 0; i < n; i++) {
		int64_t gained[STEPS_KINDS] = {0};

		if (calls[i].kind != kind)
			continue;
		for (unsigned int j = i + 1; j < n; j++) {
			gained[calls[j].kind] += mbufs_gained(&calls[j]);
			if (calls[j].kind != kind || j - i <= best || !is_even(gained, kind, even))
				continue;
			best = j - i;
			*first = i + 1;
			*last = j + 1;
		}
	}
	return best != 0;
}

static bool
any_freed(const struct steps_call *calls, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (calls[i].kind != STEPS_MODEL && calls[i].freed != 0)
			return true;
	}
	return false;
}

bool
steps_window(const struct steps_call *calls, unsigned int n, unsigned int kind, unsigned int *first,
	     unsigned int *last)
{
	if (!any_freed(calls, n))
		return window_find(calls, n, kind, EVEN_SUM, first, last);
	return window_find(calls, n, kind, EVEN_EACH, first, last) ||
	       window_find(calls, n, kind, EVEN_OWN, first, last);
}

static int
u64_compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
full_median(const struct steps *s, unsigned int kind, unsigned int burst)
{
	uint64_t *values = calloc(s->n, sizeof(*values)), median = 0;
	unsigned int n = 0;

	for (unsigned int i = 0; values != NULL && i < s->n; i++) {
		if (s->calls[i].kind == kind && s->calls[i].packets == burst)
			values[n++] = s->calls[i].instructions;
	}
	if (n > 0) {
		qsort(values, n, sizeof(*values), u64_compare);
		median = values[(n - 1) / 2];
	}
	free(values);
	return (double)median / burst;
}

static int
kind_print(FILE *out, const struct steps *s, unsigned int kind, unsigned int burst)
{
	static const char *const names[STEPS_KINDS] = {
		[STEPS_NEAR_RX] = "near_rx", [STEPS_NEAR_TX] = "near_tx", [STEPS_FAR_RX] = "far_rx",
		[STEPS_FAR_TX] = "far_tx",   [STEPS_MODEL] = "model",
	};
	const double median = full_median(s, kind, burst);
	uint64_t instructions = 0, packets = 0;
	unsigned int first = 0, last = 0, full = 0, calls = 0;
	double mean;

	if (kind == STEPS_MODEL) {
		last = s->n;
	} else if (!steps_window(s->calls, s->n, kind, &first, &last)) {
		fprintf(stderr, "instructions: no whole cycle in %u calls: more --calls\n", s->n);
		return -ENODATA;
	}
	for (unsigned int i = first; i < last; i++) {
		const struct steps_call *c = &s->calls[i];

		if (c->kind != kind || c->packets == 0)
			continue;
		instructions += c->instructions;
		packets += c->packets;
		full += c->packets == burst;
		calls++;
	}
	mean = packets > 0 ? (double)instructions / packets : 0.0;
	/* The card does all its work in each poll, but it reads a clock, so its counts vary: take
	 * the median. */
	fprintf(out,
		"\"%s\": {\"instructions\": %.2f, \"mean\": %.2f, \"median\": %.2f, \"calls\": %u, "
		"\"full\": %u}",
		names[kind], kind == STEPS_MODEL ? median : mean, mean, median, calls, full);
	return 0;
}

int
steps_print(FILE *out, const struct steps *s, unsigned int burst, bool verbose)
{
	const char *comma = "";
	bool seen[STEPS_KINDS] = {false};
	int ret = 0;

	for (unsigned int i = 0; i < s->n; i++) {
		const struct steps_call *c = &s->calls[i];

		seen[c->kind] = true;
		if (verbose)
			fprintf(stderr, "kind %u packets %u instructions %" PRIu64 " freed %d\n",
				c->kind, c->packets, c->instructions, c->freed);
	}
	fputs("{", out);
	for (unsigned int kind = STEPS_NEAR_RX; kind < STEPS_KINDS && ret == 0; kind++) {
		if (!seen[kind])
			continue;
		fputs(comma, out);
		ret = kind_print(out, s, kind, burst);
		comma = ", ";
	}
	fputs("}\n", out);
	return ret;
}
