/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server against requests about interrupts, right and wrong. No thread: each step is known. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
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
	assert_int_equal(vfu_server_irq_trigger(bench.rig.server, 0), -EAGAIN);
	close(fd);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
