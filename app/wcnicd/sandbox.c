/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The filter of system calls. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

/* What makes a thread and no process. */
#define NEW_THREAD (CLONE_VM | CLONE_THREAD | CLONE_SIGHAND)
#define ANY_OPEN (O_ACCMODE | O_CREAT | O_TRUNC | O_TMPFILE)
/* As app/common opens files: a new one, and one that is written in place. */
#define NEW_FILE (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)
#define IN_PLACE (O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* A call with any arguments. One that a CPU's kernel does not have is left out by the library. */
static const int calls[] = {
	/* the C library: memory, locks, clocks, the end of threads and of the process */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* signals */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait),
	/* files that are open: the log, captures, memory of clients */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	/* sockets: the listener's clients and their messages */
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(shutdown),
	/* deadlines of clients, and interrupts, which the kernel raises */
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(io_submit),
	SCMP_SYS(io_getevents),
	SCMP_SYS(io_destroy),
	/* a thread that takes over from one that a client has made wait */
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	/* what kind of descriptor a client has sent */
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	/* sockets and feeds are removed at the end */
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	/* where the memory of a client is */
	SCMP_SYS(get_mempolicy),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_setaffinity),
};

/* A call whose argument `arg` is `value` where `mask` has ones. */
struct rule {
	int call;
	unsigned int arg;
	uint64_t mask;
	uint64_t value;
};

static const struct rule rules[] = {
	{SCMP_SYS(mmap), 2, PROT_EXEC, 0},
	{SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFL},
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_SETFL},
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFD},
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_SETFD},
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_GET_SEALS},
	{SCMP_SYS(sendto), 4, UINT64_MAX, 0},   /* to whom it is connected */
	{SCMP_SYS(recvfrom), 4, UINT64_MAX, 0}, /* from whom it is connected */
	{SCMP_SYS(clone), 0, NEW_THREAD, NEW_THREAD},
};

/* The same, with --stats-file. */
static const struct rule write_rules[] = {
	{SCMP_SYS(openat), 2, UINT32_MAX, NEW_FILE},
	{SCMP_SYS(openat), 2, UINT32_MAX, IN_PLACE},
	{SCMP_SYS(rename), 0, 0, 0},
	{SCMP_SYS(renameat), 0, 0, 0},
	{SCMP_SYS(renameat2), 4, UINT32_MAX, 0},
};

/*
 * Calls that fail instead: the C library tries them now and then, and does without. It looks at
 * settings in /proc when it gives memory back.
 */
static const struct rule refused[] = {
	{SCMP_SYS(openat), 2, ANY_OPEN, O_RDONLY},
};

/* Its arguments are in memory, which a filter does not see: the C library then takes clone(2). */
static const struct rule missing[] = {
	{SCMP_SYS(clone3), 0, 0, 0},
};

static int
rules_add(scmp_filter_ctx ctx, uint32_t action, const struct rule *rule, size_t n)
{
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0; i++, rule++)
		ret = rule->mask == 0 ? seccomp_rule_add(ctx, action, rule->call, 0)
				      : seccomp_rule_add(ctx, action, rule->call, 1,
							 SCMP_CMP64(rule->arg, SCMP_CMP_MASKED_EQ,
								    rule->mask, rule->value));
	return ret;
}

/* Only to this process: abort(3) and assert(3) end it so. */
static int
own_signals_add(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				SCMP_CMP64(0, SCMP_CMP_EQ, (uint64_t)getpid()));
}

static int
attributes_set(scmp_filter_ctx ctx, uint32_t otherwise)
{
	static const struct {
		enum scmp_filter_attr attr;
		uint32_t value;
	} attrs[] = {
		{SCMP_FLTATR_CTL_TSYNC, 1}, /* all threads */
		{SCMP_FLTATR_CTL_NNP, 1},
		/* No code of others runs here: loads need not be slowed down for it. */
		{SCMP_FLTATR_CTL_SSB, 1},
		{SCMP_FLTATR_CTL_OPTIMIZE, 2}, /* a tree: all calls cost the same */
	};
	int ret = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, otherwise);

	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]) && ret == 0; i++)
		ret = seccomp_attr_set(ctx, attrs[i].attr, attrs[i].value);
	return ret;
}

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))

int
sandbox_filter(enum sandbox_mode mode, bool writes)
{
	const uint32_t otherwise = mode == SANDBOX_LOG ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS;
	scmp_filter_ctx ctx = seccomp_init(otherwise);
	int ret;

	/* The library asks the kernel whether it has that action: Linux 4.14, with seccomp. */
	if (ctx == NULL)
		return -ENOSYS;
	ret = attributes_set(ctx, otherwise);
	for (size_t i = 0; i < N_OF(calls) && ret == 0; i++)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	if (ret == 0)
		ret = rules_add(ctx, SCMP_ACT_ALLOW, rules, N_OF(rules));
	if (ret == 0 && writes)
		ret = rules_add(ctx, SCMP_ACT_ALLOW, write_rules, N_OF(write_rules));
	if (ret == 0 && mode == SANDBOX_ON)
		ret = rules_add(ctx, SCMP_ACT_ERRNO(EACCES), refused, N_OF(refused));
	if (ret == 0 && mode == SANDBOX_ON)
		ret = rules_add(ctx, SCMP_ACT_ERRNO(ENOSYS), missing, N_OF(missing));
	if (ret == 0)
		ret = own_signals_add(ctx);
	if (ret == 0)
		ret = seccomp_load(ctx);
	seccomp_release(ctx);
	return ret == -EINVAL || ret == -EFAULT || ret == -EOPNOTSUPP ? -ENOSYS : ret;
}

const char *
sandbox_missing(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return "sanitizers";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer) || __has_feature(leak_sanitizer)
	return "sanitizers";
#else
	return NULL;
#endif
#else
	return NULL;
#endif
}
