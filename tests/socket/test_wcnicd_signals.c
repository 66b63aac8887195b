/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcnicd: signals end it whatever it waits for, and nothing that it is given makes it wait. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "hand.h"

static struct child child;

static const char *
fifo_make(const char *name)
{
	assert_int_equal(mkfifo(in_folder(name), 0600), 0);
	return in_folder(name);
}

/* A FIFO that takes no byte more; its reader is this test, which does not read. */
static int
fifo_fill(const char *path)
{
	static const char zeroes[4096];
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	assert_true(fd >= 0);
	while (write(fd, zeroes, sizeof(zeroes)) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	return fd;
}

static void
start_with(const char *option, const char *value)
{
	const char *args[] = {"--socket", in_folder("a.sock"), option, value, NULL};

	child_start(&child, args);
}

static void
fifo__for_a_capture_or_a_feed__is_refused(void **state)
{
	static const struct {
		const char *option, *before, *says;
	} cases[] = {
		{"--port", "pcap:in=", "a regular file is needed"},
		{"--port", "pcap:out=", "a regular file is needed"},
		{"--tlp-feed", "", "is no regular file"},
	};
	const char *fifo = fifo_make("fifo");
	char value[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(value, sizeof(value), "%s%s", cases[i].before, fifo);
		start_with(cases[i].option, value);
		assert_true(child_end(&child, 0) > 0);
		assert_non_null(strstr(child.text, fifo));
		assert_non_null(strstr(child.text, cases[i].says));
		assert_int_equal(access(fifo, F_OK), 0);
	}
	unlink(fifo);
}

/* A plugin that never loads: the file to read is a FIFO, and nobody writes. */
static void
end__while_the_plugin_loads(void **state)
{
	const char *own = in_folder("wcnicd"), *plugin = fifo_make("libwcnic_port_ethdev.so");
	const char *program = wcnicd_path;
	int writer = -1;

	(void)state;
	file_copy(wcnicd_path, own);
	wcnicd_path = own;
	start_with("--port", "ethdev:net_null0");
	wcnicd_path = program;
	for (unsigned int i = 0; i < PATIENCE_MS && writer < 0; i++) {
		writer = open(plugin, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		usleep(1000);
	}
	assert_true(writer >= 0); /* it has the file open, and reads */
	assert_int_equal(child_end(&child, SIGTERM), 1);
	assert_non_null(strstr(child.text, "stops: Terminated"));
	assert_non_null(strstr(child.text, "as the plugin of ethdev ports does not"));
	close(writer);
	unlink(own);
	unlink(plugin);
}

/* The thread that serves the card, by its name; 0: it has not begun. */
static pid_t
worker_of(pid_t pid)
{
	char path[320], text[32];
	struct dirent *task;
	pid_t worker = 0;
	DIR *tasks;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	assert_non_null(tasks);
	while (worker == 0 && (task = readdir(tasks)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", (int)pid, task->d_name);
		fd = open(path, O_RDONLY);
		if (fd >= 0 && read(fd, text, sizeof(text)) > 4 && memcmp(text, "card", 4) == 0)
			worker = atoi(task->d_name);
		if (fd >= 0)
			close(fd);
	}
	closedir(tasks);
	return worker;
}

/* A thread of a card stands still, as one does that waits for memory which nobody brings. */
static void
end__while_a_thread_of_a_card_is_stuck(void **state)
{
	pid_t tid = 0;
	int status;

	(void)state;
	start_with("--card", "wcnic");
	child_expect(&child, "listens on");
	for (unsigned int i = 0; i < PATIENCE_MS && tid == 0; i++) {
		tid = worker_of(child.pid);
		usleep(1000);
	}
	assert_true(tid > 0);
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0) {
		child_end(&child, SIGTERM);
		skip(); /* not everywhere may a process stop another's thread */
	}
	assert_int_equal(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL), 0);
	assert_int_equal(waitpid(tid, &status, __WALL), tid);
	kill(child.pid, SIGTERM);
	assert_int_equal(waitpid(tid, &status, __WALL), tid);
	assert_int_equal(child_end(&child, 0), 1);
	assert_non_null(strstr(child.text, "a: does not end in order, as its thread does not"));
	/* The socket is gone: folder_teardown() looks. */
}

static void
stats__into_a_fifo__never_wait(void **state)
{
	const char *fifo = fifo_make("stats");
	char text[16384];
	ssize_t n = 0;
	int fd;

	(void)state;
	start_with("--stats-file", fifo);
	child_expect(&child, "listens on");
	kill(child.pid, SIGUSR1);
	child_expect(&child, "FIFO that nobody reads");
	/* somebody reads */
	fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	kill(child.pid, SIGUSR1);
	for (unsigned int i = 0; i < PATIENCE_MS && n <= 0; i++) {
		n = read(fd, text, sizeof(text) - 1);
		usleep(1000);
	}
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "\"cards\""));
	close(fd);
	/* somebody could, and does not */
	fd = fifo_fill(fifo);
	kill(child.pid, SIGUSR1);
	child_expect(&child, "its reader takes nothing");
	assert_int_equal(child_end(&child, SIGTERM), 1);
	close(fd);
	unlink(fifo);
}

/* The limit of a file's size is met as a full disk is. */
static void
stats__over_the_limit_of_files__is_an_error_and_no_end(void **state)
{
	/* The log fits, the counters do not. */
	const struct rlimit small = {1500, 1500}, large = {RLIM_INFINITY, RLIM_INFINITY};
	const char *stats = in_folder("stats");

	(void)state;
	start_with("--stats-file", stats);
	child_expect(&child, "listens on");
	if (prlimit(child.pid, RLIMIT_FSIZE, &small, NULL) < 0)
		fail_msg("prlimit: %s", strerror(errno));
	kill(child.pid, SIGUSR1);
	child_expect(&child, "File too large");
	assert_int_equal(access(stats, F_OK), -1);
	if (prlimit(child.pid, RLIMIT_FSIZE, &large, NULL) < 0) {
		assert_int_equal(child_end(&child, SIGTERM), 1); /* only root may raise it */
	} else {
		assert_int_equal(child_end(&child, SIGTERM), 0);
		assert_int_equal(unlink(stats), 0);
	}
}

static void
signals__that_mean_nothing__do_nothing(void **state)
{
	static const int harmless[] = {SIGPIPE, SIGXFSZ, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF};
	const char *stats = in_folder("stats");

	(void)state;
	start_with("--stats-file", stats);
	child_expect(&child, "listens on");
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		kill(child.pid, harmless[i]);
	kill(child.pid, SIGUSR1);
	for (unsigned int i = 0; i < PATIENCE_MS && access(stats, F_OK) < 0; i++)
		usleep(1000);
	assert_int_equal(child_end(&child, SIGTERM), 0);
	assert_int_equal(unlink(stats), 0);
}

static void
signals__that_end_it__end_it_in_order(void **state)
{
	static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGXCPU};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		start_with("--card", "wcnic");
		child_expect(&child, "listens on");
		if (child_end(&child, ends[i]) != 0)
			fail_msg("signal %d: %s", ends[i], child.text);
		assert_non_null(strstr(child.text, "stops: "));
		assert_int_equal(access(in_folder("a.sock"), F_OK), -1);
	}
}

/* As nohup(1) starts it. */
static void
signals__hangup_that_is_ignored__stays_so(void **state)
{
	(void)state;
	signal(SIGHUP, SIG_IGN);
	start_with("--card", "wcnic");
	signal(SIGHUP, SIG_DFL);
	child_expect(&child, "listens on");
	kill(child.pid, SIGHUP);
	assert_int_equal(child_end(&child, SIGTERM), 0);
	assert_null(strstr(child.text, "Hangup"));
}

/* Who reads its log has stopped, and all that it says is debug: it works, and it ends. */
static void
log__that_nobody_reads__stops_nothing(void **state)
{
	const char *fifo = fifo_make("log");
	int fd = fifo_fill(fifo), status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(open(fifo, O_RDWR), STDERR_FILENO); /* blocks when it is full */
		execl(wcnicd_path, "wcnicd", "--socket", in_folder("a.sock"), "--log-level",
		      "debug", NULL);
		_exit(127);
	}
	for (unsigned int i = 0; i < PATIENCE_MS && access(in_folder("a.sock"), F_OK) < 0; i++)
		usleep(1000);
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(fd);
	unlink(in_folder("log"));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fifo__for_a_capture_or_a_feed__is_refused),
		cmocka_unit_test(end__while_the_plugin_loads),
		cmocka_unit_test(end__while_a_thread_of_a_card_is_stuck),
		cmocka_unit_test(stats__into_a_fifo__never_wait),
		cmocka_unit_test(stats__over_the_limit_of_files__is_an_error_and_no_end),
		cmocka_unit_test(signals__that_mean_nothing__do_nothing),
		cmocka_unit_test(signals__that_end_it__end_it_in_order),
		cmocka_unit_test(signals__hangup_that_is_ignored__stays_so),
		cmocka_unit_test(log__that_nobody_reads__stops_nothing),
	};

	if (argc != 2)
		return 2;
	wcnicd_path = argv[1];
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
