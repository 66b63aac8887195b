/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcnicd's sandbox: what it is for is done, all else ends the process. Each case is a child. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sandbox.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NO_FILTER 100

static char folder[32];
static char path[64], other[64];

static int
setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/sandbox-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(other, sizeof(other), "%s/file.part", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return rmdir(folder);
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static int pair[2];
static pthread_barrier_t barrier;

static void
do_socket(void)
{
	socket(AF_UNIX, SOCK_STREAM, 0);
}

static void
do_connect(void)
{
	connect(pair[0], &(struct sockaddr){.sa_family = AF_UNIX}, sizeof(struct sockaddr));
}

static void
do_sendto(void)
{
	sendto(pair[0], "", 1, 0, &(struct sockaddr){.sa_family = AF_UNIX},
	       sizeof(struct sockaddr));
}

static void
do_execve(void)
{
	execl("/bin/true", "true", NULL);
}

static void
do_fork(void)
{
	fork(); /* clone(2), but of a process */
}

static void
do_open_for_write(void)
{
	(void)open(path, O_WRONLY);
}

static void
do_open_read_write(void)
{
	(void)open("/dev/null", O_RDWR);
}

static void
do_create(void)
{
	(void)open(path, O_WRONLY | O_CREAT, 0600);
}

static void
do_create_for_reading(void)
{
	(void)open(path, O_RDONLY | O_CREAT, 0600);
}

static void
do_rename(void)
{
	rename(path, other);
}

static void
do_map_code(void)
{
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
do_make_code(void)
{
	mprotect((void *)((uintptr_t)folder & ~(uintptr_t)4095), 4096, PROT_READ | PROT_EXEC);
}

static void
do_kill(void)
{
	kill(getppid(), 0);
}

static void
do_tgkill(void)
{
	syscall(SYS_tgkill, getpid() + 1, getpid() + 1, 0);
}

static void
do_ptrace(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void
do_prctl(void)
{
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void
do_setuid(void)
{
	(void)setuid(getuid());
}

static void
do_chmod(void)
{
	chmod(path, 0777);
}

static void
do_dup(void)
{
	fcntl(pair[0], F_DUPFD, 10);
}

static void *
thread_main(void *arg)
{
	pthread_barrier_wait(&barrier); /* the filter is set */
	pthread_barrier_wait(&barrier);
	do_socket();
	return arg;
}

struct call {
	const char *name;
	void (*make)(void);
};
#define CALL(name)               \
	{                        \
#name, do_##name \
	}

static const struct call forbidden[] = {
	CALL(socket),
	CALL(connect),
	CALL(sendto),
	CALL(execve),
	CALL(fork),
	CALL(open_for_write),
	CALL(open_read_write),
	CALL(create),
	CALL(create_for_reading),
	CALL(rename),
	CALL(map_code),
	CALL(make_code),
	CALL(kill),
	CALL(tgkill),
	CALL(ptrace),
	CALL(prctl),
	CALL(setuid),
	CALL(chmod),
	CALL(dup),
};
#define N_FORBIDDEN (sizeof(forbidden) / sizeof(forbidden[0]))

/* In a child under the filter. Returns what waitpid() says of it; -1: there can be no filter. */
static int
in_child(enum sandbox_mode mode, bool writes, void (*make)(void))
{
	const struct rlimit none = {0, 0};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		if (sandbox_filter(mode, writes) != 0)
			_exit(NO_FILTER);
		make();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == NO_FILTER ? -1 : status;
}

static void
nothing(void)
{
}

static void
needs_filter(void)
{
	if (sandbox_missing() != NULL || in_child(SANDBOX_ON, false, nothing) == -1)
		skip(); /* sanitizers, or a kernel without seccomp */
}

static void
call__that_is_forbidden__kills(void **state)
{
	int status;

	(void)state;
	needs_filter();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (size_t i = 0; i < N_FORBIDDEN; i++) {
		status = in_child(SANDBOX_ON, false, forbidden[i].make);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: status 0x%x", forbidden[i].name, (unsigned int)status);
	}
}

static void
call__that_is_forbidden__is_done_where_it_is_only_logged(void **state)
{
	static void (*const made[])(void) = {do_socket, do_prctl, do_chmod, do_dup};

	(void)state;
	needs_filter();
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		assert_int_equal(in_child(SANDBOX_LOG, false, made[i]), 0);
}

static void
call__of_a_thread_of_before__kills(void **state)
{
	pthread_t thread;
	int status;
	pid_t pid;

	(void)state;
	needs_filter();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		pthread_barrier_init(&barrier, NULL, 2);
		if (pthread_create(&thread, NULL, thread_main, NULL) != 0)
			_exit(1);
		pthread_barrier_wait(&barrier);
		if (sandbox_filter(SANDBOX_ON, false) != 0)
			_exit(2);
		pthread_barrier_wait(&barrier);
		pthread_join(thread, NULL);
		_exit(3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

/* ---- what is needed ---------------------------------------------------------------------------
 */

static int listener, epoll, memory;

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	if (write(STDERR_FILENO, what, strlen(what)) < 0)
		_exit(2);
	_exit(1);
}

/* As a card does them. */
static void
do_what_cards_do(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct iovec iov = {"x", 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct pollfd fd = {.fd = pair[1], .events = POLLIN};
	char text[64];
	void *at;

	must(sendmsg(pair[0], &msg, 0) == 1, "sendmsg");
	must(send(pair[0], "x", 1, MSG_DONTWAIT) == 1, "send");
	must(poll(&fd, 1, -1) == 1, "poll");
	iov.iov_base = text;
	must(recvmsg(pair[1], &msg, 0) == 1, "recvmsg");
	must(accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0 && errno == EAGAIN, "accept4");
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[1], &event) == 0, "epoll_ctl");
	must(epoll_wait(epoll, &event, 1, 0) == 1, "epoll_wait");
	must(fcntl(memory, F_GETFL) >= 0, "fcntl");
	at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	must(at != MAP_FAILED, "mmap");
	must(munmap(at, 8192) == 0, "munmap");
	must(readlink("/proc/self/fd/0", text, sizeof(text)) > 0, "readlink");
	must(open("/etc/hostname", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES, "open to read");
	at = malloc(1 << 20);
	must(at != NULL, "malloc");
	free(at);
	must(unlink(path) == 0, "unlink");
}

/* As --stats-file does it. */
static void
do_replace_a_file(void)
{
	int fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

	must(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0, "new file");
	must(rename(other, path) == 0, "rename");
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	must(fd >= 0 && close(fd) == 0, "file in place");
}

static void
call__that_is_needed__is_done(void **state)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	(void)state;
	close(fd);
	needs_filter();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener, &(struct sockaddr){.sa_family = AF_UNIX}, 2), 0);
	assert_int_equal(listen(listener, 1), 0);
	epoll = epoll_create1(0);
	memory = memfd_create("memory", 0);
	assert_int_equal(ftruncate(memory, 8192), 0);
	assert_int_equal(in_child(SANDBOX_ON, false, do_what_cards_do), 0);
	assert_int_equal(in_child(SANDBOX_ON, true, do_replace_a_file), 0);
	assert_true(WIFSIGNALED(in_child(SANDBOX_ON, true, do_open_for_write)));
	assert_true(WIFSIGNALED(in_child(SANDBOX_ON, true, do_create)));
}

/* ---- files ------------------------------------------------------------------------------------
 */

/* 0: as it should be, 77: the kernel has no Landlock, else which step was not. */
static int
files_try(void)
{
	char socket_at[64], stats_at[64], elsewhere[64];
	const struct sandbox_path paths[] = {{socket_at, false}, {stats_at, true}};
	int ret;

	snprintf(socket_at, sizeof(socket_at), "%s/s/a.sock", folder);
	snprintf(stats_at, sizeof(stats_at), "%s/t/stats", folder);
	snprintf(elsewhere, sizeof(elsewhere), "%s/file", folder);
	ret = sandbox_paths(paths, 2);
	if (ret != 0)
		return ret == 1 ? 77 : 1;
	if (open(elsewhere, O_RDONLY) >= 0 || errno != EACCES)
		return 2;
	if (unlink(elsewhere) == 0 || errno != EACCES)
		return 3;
	if (open(socket_at, O_WRONLY | O_CREAT, 0600) >= 0 || unlink(socket_at) != 0)
		return 4;
	ret = open(stats_at, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (ret < 0 || write(ret, "x", 1) != 1 || unlink(stats_at) != 0)
		return 5;
	return symlink("/", stats_at) == 0 ? 6 : 0;
}

static void
files__of_others__are_out_of_reach(void **state)
{
	char name[64];
	int status;
	pid_t pid;

	(void)state;
	close(open(path, O_WRONLY | O_CREAT, 0600));
	for (const char *sub = "st"; *sub != '\0'; sub++) {
		snprintf(name, sizeof(name), "%s/%c", folder, *sub);
		assert_int_equal(mkdir(name, 0700), 0);
	}
	snprintf(name, sizeof(name), "%s/s/a.sock", folder);
	close(open(name, O_WRONLY | O_CREAT, 0600));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(files_try());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(name);
	for (const char *sub = "st"; *sub != '\0'; sub++) {
		snprintf(name, sizeof(name), "%s/%c", folder, *sub);
		assert_int_equal(rmdir(name), 0);
	}
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		CASE(call__that_is_forbidden__kills),
		CASE(call__that_is_forbidden__is_done_where_it_is_only_logged),
		CASE(call__of_a_thread_of_before__kills),
		CASE(call__that_is_needed__is_done),
		CASE(files__of_others__are_out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
