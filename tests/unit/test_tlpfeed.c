/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The ring between the plugin and the card's process, also with hostile contents. */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <tlpfeed.h>

#define APERTURE (1ull << 20)

static char path[64];
static struct tlpfeed reader, writer;

static int
setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_wclab_feed.%d", (int)getpid());
	assert_int_equal(tlpfeed_create(&reader, path), 0);
	assert_int_equal(tlpfeed_open(&writer, path), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tlpfeed_fini(&writer);
	tlpfeed_fini(&reader);
	unlink(path);
	return 0;
}

static void
push__comes_out_in_order(void **state)
{
	struct tlpfeed_tlp tlp;

	(void)state;
	assert_false(tlpfeed_pull(&reader, APERTURE, &tlp));
	for (unsigned int i = 0; i < 3; i++)
		assert_true(tlpfeed_push(&writer, 64 * i + 8, 8 + i, 100 + i));
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(tlpfeed_pull(&reader, APERTURE, &tlp));
		assert_int_equal(tlp.off, 64 * i + 8);
		assert_int_equal(tlp.bytes, 8 + i);
		assert_int_equal(tlp.ns, 100 + i);
	}
	assert_false(tlpfeed_pull(&reader, APERTURE, &tlp));
	assert_false(tlpfeed_broken(&reader));
}

static void
full__is_lost_and_counted_once(void **state)
{
	struct tlpfeed_tlp tlp;
	unsigned int i;

	(void)state;
	for (i = 0; i < TLPFEED_ENTRIES; i++)
		assert_true(tlpfeed_push(&writer, 0, 64, i));
	assert_false(tlpfeed_push(&writer, 64, 64, i));
	assert_false(tlpfeed_push(&writer, 64, 64, i));
	assert_int_equal(tlpfeed_lost(&reader), 2);
	assert_int_equal(tlpfeed_lost(&reader), 0);
	assert_true(tlpfeed_pull(&reader, APERTURE, &tlp));
	assert_int_equal(tlp.ns, 0);
	assert_true(tlpfeed_push(&writer, 128, 64, 7));
	for (i = 1; i < TLPFEED_ENTRIES; i++)
		assert_true(tlpfeed_pull(&reader, APERTURE, &tlp));
	assert_true(tlpfeed_pull(&reader, APERTURE, &tlp));
	assert_int_equal(tlp.off, 128);
}

static void
producer__comes_and_goes(void **state)
{
	(void)state;
	assert_true(tlpfeed_attached(&reader));
	tlpfeed_fini(&writer);
	assert_false(tlpfeed_attached(&reader));
	assert_int_equal(tlpfeed_open(&writer, path), 0);
	assert_true(tlpfeed_attached(&reader));
}

static void
no_ring__open_refuses(void **state)
{
	struct tlpfeed feed;
	int ret;

	(void)state;
	assert_int_equal(tlpfeed_open(&feed, "/no/such/ring"), -ENOENT);
	assert_int_equal(tlpfeed_create(&feed, "/no/such/ring"), -ENOENT);
	/* What is no file stays: it is not emptied, and not removed. */
	assert_int_equal(tlpfeed_create(&feed, "/dev/null"), -EINVAL);
	assert_int_equal(access("/dev/null", F_OK), 0);
	reader.ring->version++;
	assert_int_equal(tlpfeed_open(&feed, path), -EINVAL);
	reader.ring->version--;
	ret = truncate(path, 4096);
	assert_int_equal(ret, 0);
	assert_int_equal(tlpfeed_open(&feed, path), -EINVAL);
	/* Not to be touched any more by the other two. */
	assert_int_equal(truncate(path, sizeof(struct tlpfeed_ring)), 0);
}

static void
hostile_entries__break_the_feed(void **state)
{
	static const struct tlpfeed_tlp cases[] = {
		{.off = 0, .bytes = 0},          {.off = 0, .bytes = 65},
		{.off = 32, .bytes = 33},        {.off = APERTURE, .bytes = 8},
		{.off = UINT64_MAX, .bytes = 1}, {.off = 0, .bytes = UINT32_MAX},
	};
	struct tlpfeed_tlp tlp;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tlpfeed_push(&writer, cases[i].off, cases[i].bytes, 0);
		assert_false(tlpfeed_pull(&reader, APERTURE, &tlp));
		assert_true(tlpfeed_broken(&reader));
		assert_false(tlpfeed_attached(&reader));
		/* What is right comes too late. */
		tlpfeed_push(&writer, 0, 64, 0);
		assert_false(tlpfeed_pull(&reader, APERTURE, &tlp));
		teardown(state);
		setup(state);
	}
	__atomic_store_n(&reader.ring->head, TLPFEED_ENTRIES + 1, __ATOMIC_RELEASE);
	assert_false(tlpfeed_pull(&reader, APERTURE, &tlp));
	assert_true(tlpfeed_broken(&reader));
}

static void
on_sigbus(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	if (!tlpfeed_fault(&reader, info->si_addr))
		_exit(99);
}

static void
cut_short__is_broken_not_dead(void **state)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO}, old;
	struct tlpfeed_tlp tlp;

	(void)state;
	tlpfeed_push(&writer, 0, 64, 0);
	assert_int_equal(truncate(path, 0), 0);
	sigaction(SIGBUS, &action, &old);
	assert_false(tlpfeed_pull(&reader, APERTURE, &tlp));
	sigaction(SIGBUS, &old, NULL);
	assert_true(tlpfeed_broken(&reader));
	assert_false(tlpfeed_fault(&reader, &tlp));
	/* The other end would still meet the hole. */
	assert_int_equal(truncate(path, sizeof(struct tlpfeed_ring)), 0);
}

#define STREAM 300000u

static void *
stream_main(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < STREAM; i++)
		while (!tlpfeed_push(&writer, i % 1024 * 64, 64, i))
			sched_yield();
	return NULL;
}

static void
two_threads__nothing_is_torn_or_twice(void **state)
{
	struct tlpfeed_tlp tlp;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, stream_main, NULL), 0);
	for (unsigned int i = 0; i < STREAM; i++) {
		while (!tlpfeed_pull(&reader, APERTURE, &tlp)) {
			assert_false(tlpfeed_broken(&reader));
			sched_yield();
		}
		assert_int_equal(tlp.ns, i);
		assert_int_equal(tlp.off, i % 1024 * 64);
	}
	pthread_join(thread, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(push__comes_out_in_order),
		TEST(full__is_lost_and_counted_once),
		TEST(producer__comes_and_goes),
		TEST(no_ring__open_refuses),
		TEST(hostile_entries__break_the_feed),
		TEST(cut_short__is_broken_not_dead),
		TEST(two_threads__nothing_is_torn_or_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
