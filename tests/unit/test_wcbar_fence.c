/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The fences around a doorbell. A fence leaves no trace in memory, so the doorbell is run
 * in a child process instruction by instruction.
 */

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <wcbar.h>

#define VALUE 0x0123456789abcdefull
#define STEPS_MAX 100000

/* sfence; dmb oshst */
#if defined(__aarch64__)
#define PC(regs) ((regs)->pc)
static const uint8_t fence[] = {0xbf, 0x32, 0x03, 0xd5};
#else
#define PC(regs) ((regs)->rip)
static const uint8_t fence[] = {0x0f, 0xae, 0xf8};
#endif

struct fences {
	unsigned int before, after; /* the store */
};

static uint64_t record;

static void
child(wcbar_doorbell_fn ring)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(77);
	kill(getpid(), SIGSTOP);
	ring(&record, VALUE);
	kill(getpid(), SIGUSR1);
	_exit(0);
}

static bool
at_fence(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec iov = {&regs, sizeof(regs)};
	long word;

	assert_int_equal(ptrace(PTRACE_GETREGSET, pid, (void *)(uintptr_t)NT_PRSTATUS, &iov), 0);
	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, (void *)(uintptr_t)PC(&regs), NULL);
	return errno == 0 && memcmp(&word, fence, sizeof(fence)) == 0;
}

/* -ENOTSUP: processes cannot be stepped here. */
static int
fences_count(wcbar_doorbell_fn ring, struct fences *f)
{
	int status, ret = -ENOTSUP;
	pid_t pid = fork();

	memset(f, 0, sizeof(*f));
	assert_true(pid >= 0);
	if (pid == 0)
		child(ring);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	for (unsigned int step = 0; WIFSTOPPED(status) && step < STEPS_MAX; step++) {
		if (WSTOPSIG(status) == SIGUSR1) {
			ret = 0;
			break;
		}
		if (at_fence(pid)) {
			errno = 0;
			if (ptrace(PTRACE_PEEKDATA, pid, &record, NULL) == 0 && errno == 0)
				f->before++;
			else
				f->after++;
		}
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0)
			break;
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	return ret;
}

static void
doorbell__combining_type__is_fenced_on_both_sides(void **state)
{
	struct fences f;

	(void)state;
	if (fences_count(wcbar_doorbell_select(WCBAR_TYPE_WC), &f) != 0)
		skip();
	assert_int_equal(f.before, 1);
	assert_int_equal(f.after, 1);
}

static void
doorbell__uncached_type__costs_no_fence(void **state)
{
	struct fences f;

	(void)state;
	if (fences_count(wcbar_doorbell_select(WCBAR_TYPE_UC), &f) != 0)
		skip();
	assert_int_equal(f.before + f.after, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doorbell__combining_type__is_fenced_on_both_sides),
		cmocka_unit_test(doorbell__uncached_type__costs_no_fence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
