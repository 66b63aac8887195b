/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server against requests about interrupts, right and wrong. No thread: each step is known. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfu_rig.h"
#include "vfu_test.h"

static void
irq_info__counts_by_index(void **state)
{
	static const unsigned int counts[VFU_IRQS_MAX] = {0, 0, RIG_VECTORS, 1, 0};
	struct vfu_irq_info request = {.argsz = 16}, info;
	struct raw reply;

	(void)state;
	for (request.index = 0; request.index < VFU_IRQS_MAX; request.index++) {
		assert_int_equal(bench_ask(VFU_CMD_GET_IRQ_INFO, &request, sizeof(request), &reply),
				 0);
		memcpy(&info, reply.payload, sizeof(info));
		assert_int_equal(info.count, counts[request.index]);
		assert_int_equal(info.flags, info.count > 0 ? VFU_IRQ_INFO_EVENTFD : 0);
	}
	assert_int_equal(bench_ask(VFU_CMD_GET_IRQ_INFO, &request, sizeof(request), &reply),
			 EINVAL);
}

static uint64_t
event_count(int fd)
{
	uint64_t count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static void
set_irqs__armed_raised_disarmed(void **state)
{
	struct vfu_irq_set set = {20, VFU_IRQ_DATA_EVENTFD | VFU_IRQ_ACTION_TRIGGER, VFU_IRQ_MSIX,
				  RIG_VECTORS - 2, 2};
	int fds[2] = {eventfd(0, EFD_NONBLOCK), eventfd(0, EFD_NONBLOCK)};
	struct raw reply;

	(void)state;
	assert_int_equal(vfu_server_irq_trigger(bench.rig.server, RIG_VECTORS - 1), -ENOENT);
	assert_int_equal(bench_ask_fds(VFU_CMD_SET_IRQS, &set, sizeof(set), fds, 2), 0);
	assert_int_equal(vfu_server_irq_trigger(bench.rig.server, RIG_VECTORS - 1), 0);
	assert_int_equal(vfu_server_irq_trigger(bench.rig.server, RIG_VECTORS - 3), -ENOENT);
	assert_int_equal(vfu_server_irq_trigger(bench.rig.server, RIG_VECTORS), -ENOENT);
	assert_int_equal(event_count(fds[0]), 0);
	assert_int_equal(event_count(fds[1]), 1);

	set.count = 1; /* without descriptors: one is disarmed */
	assert_int_equal(bench_ask(VFU_CMD_SET_IRQS, &set, sizeof(set), &reply), 0);
	assert_int_equal(vfu_server_irq_trigger(bench.rig.server, RIG_VECTORS - 2), -ENOENT);
	assert_int_equal(vfu_server_irq_trigger(bench.rig.server, RIG_VECTORS - 1), 0);

	set = (struct vfu_irq_set){20, VFU_IRQ_DATA_NONE | VFU_IRQ_ACTION_TRIGGER, VFU_IRQ_MSIX, 0,
				   0};
	assert_int_equal(bench_ask(VFU_CMD_SET_IRQS, &set, sizeof(set), &reply), 0);
	assert_int_equal(vfu_server_irq_trigger(bench.rig.server, RIG_VECTORS - 1), -ENOENT);
	close(fds[0]);
	close(fds[1]);
}

static void
set_irqs__client_pulls_triggers(void **state)
{
	struct {
		struct vfu_irq_set set;
		uint8_t which[2];
	} bools = {{22, VFU_IRQ_DATA_BOOL | VFU_IRQ_ACTION_TRIGGER, VFU_IRQ_MSIX, 0, 2}, {0, 1}};
	struct vfu_irq_set set = {20, VFU_IRQ_DATA_EVENTFD | VFU_IRQ_ACTION_TRIGGER, VFU_IRQ_MSIX,
				  0, 2};
	int fds[2] = {eventfd(0, EFD_NONBLOCK), eventfd(0, EFD_NONBLOCK)};
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask_fds(VFU_CMD_SET_IRQS, &set, sizeof(set), fds, 2), 0);
	assert_int_equal(bench_ask(VFU_CMD_SET_IRQS, &bools, 22, &reply), 0);
	assert_int_equal(event_count(fds[0]), 0);
	assert_int_equal(event_count(fds[1]), 1);
	set.flags = VFU_IRQ_DATA_NONE | VFU_IRQ_ACTION_TRIGGER;
	assert_int_equal(bench_ask(VFU_CMD_SET_IRQS, &set, sizeof(set), &reply), 0);
	assert_int_equal(event_count(fds[0]), 1);
	assert_int_equal(event_count(fds[1]), 1);
	assert_int_equal(bench_ask(VFU_CMD_SET_IRQS, &bools, 21, &reply), EINVAL);
	close(fds[0]);
	close(fds[1]);
}

static void
set_irqs__full_blocking_eventfd_does_not_block(void **state)
{
	struct vfu_irq_set set = {20, VFU_IRQ_DATA_EVENTFD | VFU_IRQ_ACTION_TRIGGER, VFU_IRQ_MSIX,
				  0, 1};
	const uint64_t full = UINT64_MAX - 1;
	int fd = eventfd(0, 0);

	(void)state;
	assert_int_equal(bench_ask_fds(VFU_CMD_SET_IRQS, &set, sizeof(set), &fd, 1), 0);
	assert_int_equal(write(fd, &full, sizeof(full)), sizeof(full));
	assert_int_equal(vfu_server_irq_trigger(bench.rig.server, 0), 0);
	assert_int_equal(event_count(fd), UINT64_MAX); /* the end of the counter */
	close(fd);
}

/* More than the kernel keeps notices of. */
static void
trigger__thousands_all_counted(void **state)
{
	struct vfu_irq_set set = {20, VFU_IRQ_DATA_EVENTFD | VFU_IRQ_ACTION_TRIGGER, VFU_IRQ_MSIX,
				  0, 1};
	int fd = eventfd(0, 0);

	(void)state;
	assert_int_equal(bench_ask_fds(VFU_CMD_SET_IRQS, &set, sizeof(set), &fd, 1), 0);
	for (unsigned int i = 0; i < 5000; i++)
		assert_int_equal(vfu_server_irq_trigger(bench.rig.server, 0), 0);
	assert_int_equal(event_count(fd), 5000);
	close(fd);
}

/* ---- a client that does its worst -------------------------------------------------------- */

#define RACE_TRIES 200000u
#define STUCK_MS 20000u

struct race {
	int fd;
	unsigned int tries; /* of the server; atomic, as what follows */
	unsigned int fills;
	bool stop;
	bool stuck;
	bool filler_done;
};

static unsigned int
race_tries(const struct race *race)
{
	return __atomic_load_n(&race->tries, __ATOMIC_SEQ_CST);
}

/* Reads without waiting, whatever the file's flags say. */
static void
race_drain(const struct race *race)
{
	uint64_t count;
	struct iovec iov = {.iov_base = &count, .iov_len = sizeof(count)};

	(void)!preadv2(race->fd, &iov, 1, -1, RWF_NOWAIT);
}

/* A server that asks poll(2) first whether there is room: there is none when it writes. */
static int filled_after_poll = -1;

int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);

int
__wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	const uint64_t full = UINT64_MAX - 1;
	int ret = __real_poll(fds, n, timeout);

	if (n == 1 && fds->fd >= 0 && ret == 1 && filled_after_poll >= 0)
		(void)!write(filled_after_poll, &full, sizeof(full));
	return ret;
}

static void *
drain_when_stuck(void *arg)
{
	struct race *race = arg;

	for (unsigned int ms = 0; ms < STUCK_MS && race_tries(race) == 0; ms++)
		usleep(1000);
	if (race_tries(race) == 0)
		__atomic_store_n(&race->stuck, true, __ATOMIC_SEQ_CST);
	race_drain(race);
	return NULL;
}

static void
trigger__filled_right_before_never_blocks(void **state)
{
	struct vfu_irq_set set = {20, VFU_IRQ_DATA_EVENTFD | VFU_IRQ_ACTION_TRIGGER, VFU_IRQ_MSIX,
				  0, 1};
	struct race race = {.fd = eventfd(0, 0)};
	pthread_t drain;

	(void)state;
	assert_int_equal(bench_ask_fds(VFU_CMD_SET_IRQS, &set, sizeof(set), &race.fd, 1), 0);
	assert_int_equal(pthread_create(&drain, NULL, drain_when_stuck, &race), 0);
	filled_after_poll = race.fd;
	(void)vfu_server_irq_trigger(bench.rig.server, 0);
	filled_after_poll = -1;
	__atomic_fetch_add(&race.tries, 1, __ATOMIC_SEQ_CST);
	pthread_join(drain, NULL);
	assert_false(race.stuck);
	close(race.fd);
}

static unsigned int
seen(const unsigned int *number)
{
	return __atomic_load_n(number, __ATOMIC_SEQ_CST);
}

static bool
told(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

/*
 * Fills the counter and drains it, as fast as it can. When the server makes no try meanwhile, the
 * counter stays full until it does: a server that waits for room waits for ever.
 */
static void *
race_fill(void *arg)
{
	const uint64_t full = UINT64_MAX - 1;
	struct race *race = arg;
	unsigned int tries = 0, same = 0;

	for (unsigned int i = 0; !told(&race->stop); i++) {
		(void)!write(race->fd, &full, sizeof(full));
		same = tries == seen(&race->tries) ? same + 1 : 0;
		tries = seen(&race->tries);
		while (same > i % 4 && seen(&race->tries) == tries && !told(&race->stuck) &&
		       !told(&race->stop))
			sched_yield();
		race_drain(race);
		__atomic_fetch_add(&race->fills, 1, __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(&race->filler_done, true, __ATOMIC_SEQ_CST);
	return NULL;
}

/*
 * Whether it blocks belongs to the file: who has the file may change it. This thread also sees that
 * the server goes on, and helps the filler, which stands itself if the server came between.
 */
static void *
race_flip(void *arg)
{
	struct race *race = arg;
	unsigned int fills = 0, tries = 0, tries_before = 0, ms = 0;

	for (unsigned int i = 0; !told(&race->filler_done); i++) {
		fcntl(race->fd, F_SETFL, i % 4 == 0 ? O_NONBLOCK : 0);
		if (tries_before != seen(&race->tries)) {
			tries_before = seen(&race->tries);
			ms = 0;
		}
		if (ms > 100)
			usleep(1000);
		else
			sched_yield();
		if (++ms == STUCK_MS && !told(&race->stop))
			__atomic_store_n(&race->stuck, true, __ATOMIC_SEQ_CST);
		if (fills != seen(&race->fills)) {
			fills = seen(&race->fills);
			tries = seen(&race->tries);
		} else if (seen(&race->tries) - tries > 3 || told(&race->stuck) ||
			   told(&race->stop)) {
			race_drain(race);
		}
	}
	return NULL;
}

static void
trigger__client_fills_the_counter_and_flips_the_flag_never_blocks(void **state)
{
	struct vfu_irq_set set = {20, VFU_IRQ_DATA_EVENTFD | VFU_IRQ_ACTION_TRIGGER, VFU_IRQ_MSIX,
				  0, 1};
	struct race race = {.fd = eventfd(0, 0)};
	unsigned int fills = 0, alone = 0;
	pthread_t fill, flip;

	(void)state;
	assert_int_equal(bench_ask_fds(VFU_CMD_SET_IRQS, &set, sizeof(set), &race.fd, 1), 0);
	assert_int_equal(pthread_create(&fill, NULL, race_fill, &race), 0);
	assert_int_equal(pthread_create(&flip, NULL, race_flip, &race), 0);
	while (race.tries < RACE_TRIES && !told(&race.stuck)) {
		(void)vfu_server_irq_trigger(bench.rig.server, 0);
		__atomic_fetch_add(&race.tries, 1, __ATOMIC_SEQ_CST);
		/* A race takes two. */
		alone = seen(&race.fills) == fills ? alone + 1 : 0;
		fills = seen(&race.fills);
		if (alone > 8)
			sched_yield();
	}
	__atomic_store_n(&race.stop, true, __ATOMIC_SEQ_CST);
	pthread_join(flip, NULL);
	pthread_join(fill, NULL);
	print_message("%u tries, the counter was filled %u times\n", race.tries, race.fills);
	if (told(&race.stuck))
		fail_msg("the server stood in try %u", race.tries);
	bench_assert_sound();
	close(race.fd);
}

static void
set_irqs__malformed_refused(void **state)
{
	const uint32_t arm = VFU_IRQ_DATA_EVENTFD | VFU_IRQ_ACTION_TRIGGER;
	static const struct vfu_irq_set bad[] = {
		{19, 0x24, 2, 0, 1},           {20, 0x24, 5, 0, 1},
		{20, 0x24, 2, RIG_VECTORS, 1}, {20, 0x24, 2, RIG_VECTORS + 1, 0},
		{20, 0x24, 2, 1, UINT32_MAX},  {20, 0x24, 2, UINT32_MAX, 1},
		{20, 0x24, 2, 0, 2},           {20, 0x0c, 2, 0, 1},
		{20, 0x14, 2, 0, 1},           {20, 0, 2, 0, 1},
		{20, 0x24, 0, 0, 1},
	};
	struct vfu_irq_set set = {20, arm, VFU_IRQ_MSIX, 0, 1};
	int fd = eventfd(0, 0), file = memory_file(0x1000);
	struct raw reply;

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bench_ask_fds(VFU_CMD_SET_IRQS, &bad[i], 20, &fd, 1), EINVAL);
	assert_int_equal(bench_ask_fds(VFU_CMD_SET_IRQS, &set, 20, &file, 1), EINVAL);
	assert_int_equal(bench_ask(VFU_CMD_SET_IRQS, &set, 19, &reply), EINVAL);
	assert_int_equal(vfu_server_irq_trigger(bench.rig.server, 0), -ENOENT);
	/* The error interrupt is taken and never raised. */
	set.index = VFU_IRQ_ERR;
	assert_int_equal(bench_ask_fds(VFU_CMD_SET_IRQS, &set, 20, &fd, 1), 0);
	close(fd);
	close(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(irq_info__counts_by_index),
		BENCH_TEST(set_irqs__armed_raised_disarmed),
		BENCH_TEST(set_irqs__client_pulls_triggers),
		BENCH_TEST(set_irqs__full_blocking_eventfd_does_not_block),
		BENCH_TEST(set_irqs__malformed_refused),
		BENCH_TEST(trigger__thousands_all_counted),
		BENCH_TEST(trigger__filled_right_before_never_blocks),
		BENCH_TEST(trigger__client_fills_the_counter_and_flips_the_flag_never_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
