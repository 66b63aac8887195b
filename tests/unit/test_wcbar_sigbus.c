/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Real SIGBUS: the file behind a mapping is truncated, as the kernel takes a BAR away. Each body
 * runs in a child, whose handlers are its own: cmocka has one for SIGBUS.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "wcbar_tree.h"

static struct wcbar_pci *pci;
static struct wcbar_bar *bar;
static struct wcbar_window win;
static const char *root;

static int
setup(void **state)
{
	struct wcbar_pci_options options;

	(void)state;
	root = tree_make();
	options = tree_options();
	assert_int_equal(wcbar_pci_open(BDF, &options, &pci, NULL, 0), 0);
	assert_int_equal(wcbar_bar_open(pci, 2, &bar, NULL, 0), 0);
	assert_int_equal(wcbar_bar_map(bar, PAGE, 4 * PAGE, WCBAR_TYPE_WC, 0, &win), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	wcbar_pci_close(pci);
	tree_remove();
	return 0;
}

static void
take_away(uint64_t from)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, tree_device("resource2_wc"));
	assert_int_equal(truncate(path, (off_t)from), 0);
}

#define CHECK(condition)                                                            \
	do {                                                                        \
		if (!(condition)) {                                                 \
			fprintf(stderr, "line %d: not %s\n", __LINE__, #condition); \
			_exit(1);                                                   \
		}                                                                   \
	} while (0)

/* What a child that runs `body` ends with. */
static int
child_run(void (*body)(void))
{
	const struct rlimit no_core = {0, 0};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGBUS, SIG_DFL);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool
is_killed(void (*body)(void))
{
	int status = child_run(body);

	return WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS;
}

static void
body_ones(void)
{
	uint64_t off = 0;

	CHECK(wcbar_sigbus_install() == 0);
	CHECK(wcbar_sigbus_install() == 0);
	wcbar_write64(win.addr, 5);
	CHECK(!(wcbar_bar_revoked(bar, &off)));
	take_away(2 * PAGE);
	CHECK(wcbar_read64(win.addr) == 5); /* that page is still there */
	CHECK(!(wcbar_bar_revoked(bar, &off)));
	CHECK(wcbar_read64((char *)win.addr + PAGE + 8) == UINT64_MAX);
	CHECK(wcbar_bar_revoked(bar, &off));
	CHECK(off == 2 * PAGE + 8);
	CHECK(wcbar_read32((char *)win.addr + 2 * PAGE - 4) == UINT32_MAX);
	/* the next page is another fault; the first one is reported */
	wcbar_write64((char *)win.addr + 3 * PAGE, 7);
	CHECK(wcbar_read64((char *)win.addr + 3 * PAGE + 64) == UINT64_MAX);
	CHECK(wcbar_bar_revoked(bar, &off));
	CHECK(off == 2 * PAGE + 8);
}

static void
body_lines(void)
{
	_Alignas(64) uint8_t lines[2 * WCBAR_LINE_BYTES] = {1};
	const struct wcbar_store *const *s;

	CHECK(wcbar_sigbus_install() == 0);
	take_away(0);
	errno = 123;
	for (s = wcbar_stores(WCBAR_TYPE_WB); *s != NULL; s++) {
		(*s)->lines((char *)win.addr + PAGE, lines, 2);
		(*s)->drain();
	}
	CHECK(errno == 123);
	CHECK(wcbar_bar_revoked(bar, NULL));
}

static void
body_other_bar(void)
{
	struct wcbar_bar *other;
	struct wcbar_window reg;

	CHECK(wcbar_sigbus_install() == 0);
	CHECK(wcbar_bar_open(pci, 1, &other, NULL, 0) == 0);
	CHECK(wcbar_bar_map(other, 0, PAGE, WCBAR_TYPE_UC, 0, &reg) == 0);
	take_away(0);
	CHECK(wcbar_read64(win.addr) == UINT64_MAX);
	CHECK(wcbar_read64(reg.addr) == 0);
	CHECK(wcbar_bar_revoked(bar, NULL));
	CHECK(!(wcbar_bar_revoked(other, NULL)));
	/* mapped anew it is as fresh as the kernel lets it be */
	wcbar_bar_unmap(bar, &win);
	wcbar_bar_close(bar);
	CHECK(wcbar_bar_open(pci, 2, &bar, NULL, 0) == 0);
	CHECK(!(wcbar_bar_revoked(bar, NULL)));
}

static void *
thread_read(void *arg)
{
	(void)arg;
	CHECK(wcbar_read64((char *)win.addr + 2 * PAGE) == UINT64_MAX);
	return NULL;
}

static void
body_threads(void)
{
	pthread_t threads[8];

	CHECK(wcbar_sigbus_install() == 0);
	take_away(0);
	for (unsigned int i = 0; i < 8; i++)
		CHECK(pthread_create(&threads[i], NULL, thread_read, NULL) == 0);
	for (unsigned int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	CHECK(wcbar_bar_revoked(bar, NULL));
}

/* ---- who else wants SIGBUS ----------------------------------------------------------------- */

/* A mapping of somebody else that gives SIGBUS. */
static uint64_t *
foreign_mapping(void)
{
	int fd = memfd_create("foreign", 0);
	void *addr = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	return addr;
}

static sigjmp_buf jump;
static unsigned int others;

static void
other_handler(int sig, siginfo_t *info, void *context)
{
	(void)context;
	others += sig == SIGBUS && info->si_code == BUS_ADRERR;
	siglongjmp(jump, 1);
}

static void
any_handler(int sig, siginfo_t *info, void *context)
{
	(void)info, (void)context;
	others += sig == SIGBUS;
	errno = EIO;
}

static void
plain_handler(int sig)
{
	others += sig == SIGBUS;
	siglongjmp(jump, 1);
}

static void
body_chained(void)
{
	struct sigaction action = {.sa_sigaction = other_handler, .sa_flags = SA_SIGINFO};

	sigaction(SIGBUS, &action, NULL);
	if (wcbar_sigbus_install() != 0)
		_exit(1);
	take_away(0);
	if (sigsetjmp(jump, 1) == 0)
		(void)wcbar_read64(foreign_mapping());
	if (others != 1 || wcbar_bar_revoked(bar, NULL))
		_exit(2);
	if (wcbar_read64(win.addr) != UINT64_MAX || others != 1)
		_exit(3);
}

/* A fault at the window that is no missing page. */
static void
body_alignment(void)
{
	struct sigaction action = {.sa_sigaction = any_handler, .sa_flags = SA_SIGINFO};
	siginfo_t info = {.si_signo = SIGBUS, .si_code = BUS_ADRALN};

	sigaction(SIGBUS, &action, NULL);
	CHECK(wcbar_sigbus_install() == 0);
	info.si_addr = win.addr;
	errno = 123;
	CHECK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGBUS, &info) == 0);
	CHECK(others == 1 && errno == 123);
	CHECK(!wcbar_bar_revoked(bar, NULL));
	info.si_code = BUS_ADRERR;
	CHECK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGBUS, &info) == 0);
	CHECK(others == 1);
	CHECK(wcbar_bar_revoked(bar, NULL));
}

static void
body_chained_plain(void)
{
	signal(SIGBUS, plain_handler);
	if (wcbar_sigbus_install() != 0)
		_exit(1);
	if (sigsetjmp(jump, 1) == 0)
		(void)wcbar_read64(foreign_mapping());
	if (others != 1)
		_exit(2);
}

static void
body_foreign(void)
{
	if (wcbar_sigbus_install() == 0)
		(void)wcbar_read64(foreign_mapping());
}

static void
body_sent(void)
{
	if (wcbar_sigbus_install() == 0)
		raise(SIGBUS);
}

static void
body_sent_ignored(void)
{
	signal(SIGBUS, SIG_IGN);
	if (wcbar_sigbus_install() == 0)
		raise(SIGBUS);
}

static void
body_not_installed(void)
{
	take_away(0);
	(void)wcbar_read64(win.addr);
}

static void
body_closed(void)
{
	void *addr = win.addr;

	if (wcbar_sigbus_install() != 0)
		_exit(1);
	wcbar_bar_close(bar);
	/* a later mapping of the range is not ours: its SIGBUS is not absorbed */
	if (mmap(addr, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, memfd_create("later", 0), 0) !=
	    addr)
		_exit(2);
	(void)wcbar_read64(addr);
}

/* ---- the tests ----------------------------------------------------------------------------- */

static void
revoked__reads_ones_and_lives(void **state)
{
	(void)state;
	assert_int_equal(child_run(body_ones), 0);
}

static void
revoked__whole_lines_and_errno_survive(void **state)
{
	(void)state;
	assert_int_equal(child_run(body_lines), 0);
}

static void
revoked__other_bar_is_not(void **state)
{
	(void)state;
	assert_int_equal(child_run(body_other_bar), 0);
}

static void
revoked__in_threads_is_absorbed_in_each(void **state)
{
	(void)state;
	assert_int_equal(child_run(body_threads), 0);
}

static void
fault_elsewhere__goes_to_the_handler_before(void **state)
{
	(void)state;
	assert_int_equal(child_run(body_chained), 0);
	assert_int_equal(child_run(body_chained_plain), 0);
}

static void
fault_elsewhere__without_handler_kills(void **state)
{
	(void)state;
	assert_true(is_killed(body_foreign));
	assert_true(is_killed(body_closed));
	/* and so does a revoked BAR if nobody asked for the handler */
	assert_true(is_killed(body_not_installed));
}

static void
fault_of_another_kind__goes_to_the_handler_before(void **state)
{
	(void)state;
	assert_int_equal(child_run(body_alignment), 0);
}

static void
sent_signal__does_what_it_did_before(void **state)
{
	(void)state;
	assert_true(is_killed(body_sent));
	assert_int_equal(child_run(body_sent_ignored), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fault_elsewhere__goes_to_the_handler_before),
		TEST(fault_elsewhere__without_handler_kills),
		TEST(fault_of_another_kind__goes_to_the_handler_before),
		TEST(sent_signal__does_what_it_did_before),
		TEST(revoked__reads_ones_and_lives),
		TEST(revoked__whole_lines_and_errno_survive),
		TEST(revoked__other_bar_is_not),
		TEST(revoked__in_threads_is_absorbed_in_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
