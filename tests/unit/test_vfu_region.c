/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server against requests about regions, right and wrong. No thread: each step is known. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfu_rig.h"
#include "vfu_test.h"

#define WRITE_BYTES(write) (sizeof((write).access) + sizeof((write).data))

static void
region_info__mappable_region_comes_with_its_file(void **state)
{
	struct vfu_region_info request = {.argsz = 32, .index = 2}, info;
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask(VFU_CMD_GET_REGION_INFO, &request, sizeof(request), &reply), 0);
	memcpy(&info, reply.payload, sizeof(info));
	assert_int_equal(info.bytes, RIG_WINDOW_BYTES);
	assert_int_equal(info.flags,
			 VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE | VFU_REGION_FLAG_MMAP);
	assert_int_equal(info.cap_off, 0);
	assert_int_equal(reply.n_fds, 1);
	close(reply.fds[0]);
}

static void
region_info__sparse_region_answers_in_two_steps(void **state)
{
	struct vfu_region_info request = {.argsz = 32, .index = 4}, info;
	struct vfu_cap_sparse cap;
	struct vfu_area areas[2];
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask(VFU_CMD_GET_REGION_INFO, &request, sizeof(request), &reply), 0);
	memcpy(&info, reply.payload, sizeof(info));
	assert_int_equal(reply.payload_bytes, 32);
	assert_int_equal(reply.n_fds, 0);
	assert_int_equal(info.argsz, 32 + 16 + 2 * 16);
	assert_int_equal(info.cap_off, 32);
	assert_true(info.flags & VFU_REGION_FLAG_CAPS);

	request.argsz = info.argsz;
	assert_int_equal(bench_ask(VFU_CMD_GET_REGION_INFO, &request, sizeof(request), &reply), 0);
	assert_int_equal(reply.payload_bytes, info.argsz);
	assert_int_equal(reply.n_fds, 1);
	close(reply.fds[0]);
	memcpy(&cap, reply.payload + 32, sizeof(cap));
	memcpy(areas, reply.payload + 48, sizeof(areas));
	assert_int_equal(cap.id, VFU_CAP_SPARSE_MMAP);
	assert_int_equal(cap.next, 0);
	assert_int_equal(cap.n_areas, 2);
	assert_int_equal(areas[0].off, RIG_PAGE);
	assert_int_equal(areas[1].off, 3 * RIG_PAGE);
	assert_int_equal(areas[1].bytes, RIG_PAGE);
}

static void
region_info__malformed_refused(void **state)
{
	struct vfu_region_info request = {.argsz = 32, .index = 9};
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask(VFU_CMD_GET_REGION_INFO, &request, sizeof(request), &reply),
			 EINVAL);
	request.index = UINT32_MAX;
	assert_int_equal(bench_ask(VFU_CMD_GET_REGION_INFO, &request, sizeof(request), &reply),
			 EINVAL);
	request.index = 0;
	request.argsz = 31;
	assert_int_equal(bench_ask(VFU_CMD_GET_REGION_INFO, &request, sizeof(request), &reply),
			 EINVAL);
	assert_int_equal(bench_ask(VFU_CMD_GET_REGION_INFO, &request, 31, &reply), EINVAL);
	bench_assert_sound();
}

static void
region_access__bytes_go_both_ways(void **state)
{
	struct {
		struct vfu_access access;
		uint8_t data[8];
	} write = {{0x10, 0, 8}, {1, 2, 3, 4, 5, 6, 7, 8}};
	struct vfu_access read = {0x12, 0, 4};
	struct raw reply;

	(void)state;
	bench.rig.regs[0xf] = 0xee;
	bench.rig.regs[0x18] = 0xee;
	assert_int_equal(bench_ask(VFU_CMD_REGION_WRITE, &write, 24, &reply), 0);
	assert_int_equal(reply.payload_bytes, sizeof(write.access));
	assert_memory_equal(bench.rig.regs + 0x10, write.data, 8);
	assert_int_equal(bench.rig.regs[0xf], 0xee);
	assert_int_equal(bench.rig.regs[0x18], 0xee);

	assert_int_equal(bench_ask(VFU_CMD_REGION_READ, &read, sizeof(read), &reply), 0);
	assert_int_equal(reply.payload_bytes, sizeof(read) + 4);
	assert_memory_equal(reply.payload, &read, sizeof(read));
	assert_memory_equal(reply.payload + sizeof(read), write.data + 2, 4);
}

static void
region_access__malformed_refused_device_untouched(void **state)
{
	static const struct {
		struct vfu_access access;
		int read_error;
		int write_error;
	} cases[] = {
		{{RIG_REGS_BYTES - 3, 0, 4}, EINVAL, EINVAL},
		{{RIG_REGS_BYTES, 0, 4}, EINVAL, EINVAL},
		{{UINT64_MAX, 0, 4}, EINVAL, EINVAL},
		{{UINT64_MAX - 1, 0, 4}, EINVAL, EINVAL},
		{{0, 1, 4}, EINVAL, EINVAL}, /* a region of size 0 */
		{{0, 9, 4}, EINVAL, EINVAL},
		{{0, UINT32_MAX, 4}, EINVAL, EINVAL},
		{{0, 3, 4}, 0, EPERM},
		{{RIG_BAD_OFF, 0, 4}, EIO, EIO},
	};
	struct {
		struct vfu_access access;
		uint8_t data[4];
	} write;
	struct vfu_access huge = {0, 5, VFU_XFER_BYTES_MAX + 1}, none = {0, 0, 0};
	struct raw reply;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&write, 0xff, sizeof(write));
		write.access = cases[i].access;
		assert_int_equal(bench_ask(VFU_CMD_REGION_READ, &cases[i].access, 16, &reply),
				 cases[i].read_error);
		assert_int_equal(
			bench_ask(VFU_CMD_REGION_WRITE, &write, WRITE_BYTES(write), &reply),
			cases[i].write_error);
	}
	assert_int_equal(bench_ask(VFU_CMD_REGION_READ, &huge, 16, &reply), EINVAL);
	assert_int_equal(bench_ask(VFU_CMD_REGION_READ, &none, 16, &reply), EINVAL);
	assert_int_equal(bench_ask(VFU_CMD_REGION_READ, &none, 15, &reply), EINVAL);
	/* count says more or less than there is */
	write.access = (struct vfu_access){0, 0, 5};
	assert_int_equal(bench_ask(VFU_CMD_REGION_WRITE, &write, WRITE_BYTES(write), &reply),
			 EINVAL);
	write.access.count = 3;
	assert_int_equal(bench_ask(VFU_CMD_REGION_WRITE, &write, WRITE_BYTES(write), &reply),
			 EINVAL);
	write.access.count = 0;
	assert_int_equal(bench_ask(VFU_CMD_REGION_WRITE, &write, 16, &reply), EINVAL);
	assert_int_equal(bench.rig.writes, 0);
	bench_assert_sound();
}

static void
write_multi__all_in_order(void **state)
{
	struct {
		uint64_t n;
		struct vfu_write writes[3];
	} multi = {3,
		   {{0, 0, 4, {1, 1, 1, 1}},
		    {2, 0, 8, {2, 2, 2, 2, 2, 2, 2, 2}},
		    {5, 0, 1, {3, 9, 9, 9, 9, 9, 9, 9}}}};
	const uint8_t expected[11] = {1, 1, 2, 2, 2, 3, 2, 2, 2, 2, 0};
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask(VFU_CMD_WRITE_MULTI, &multi, sizeof(multi), &reply), 0);
	assert_memory_equal(bench.rig.regs, expected, sizeof(expected));
}

static void
write_multi__malformed_refused(void **state)
{
	struct {
		uint64_t n;
		struct vfu_write writes[2];
	} multi = {2, {{0, 0, 4, {1}}, {0, 0, 9, {1}}}};
	struct {
		uint64_t n;
		struct vfu_write writes[VFU_WRITE_MULTI_MAX + 1];
	} many = {.n = VFU_WRITE_MULTI_MAX + 1};
	struct raw reply;

	(void)state;
	multi.n = 3;
	assert_int_equal(bench_ask(VFU_CMD_WRITE_MULTI, &multi, sizeof(multi), &reply), EINVAL);
	multi.n = UINT64_MAX;
	assert_int_equal(bench_ask(VFU_CMD_WRITE_MULTI, &multi, sizeof(multi), &reply), EINVAL);
	multi.n = 2 + (1ull << 61); /* n x 24 wraps to what is there */
	assert_int_equal(bench_ask(VFU_CMD_WRITE_MULTI, &multi, sizeof(multi), &reply), EINVAL);
	assert_int_equal(bench_ask(VFU_CMD_WRITE_MULTI, &multi, 7, &reply), EINVAL);
	assert_int_equal(bench.rig.writes, 0);
	multi.n = 2; /* the second is too long */
	assert_int_equal(bench_ask(VFU_CMD_WRITE_MULTI, &multi, sizeof(multi), &reply), EINVAL);
	assert_int_equal(bench.rig.writes, 1);
	multi.n = 0;
	assert_int_equal(bench_ask(VFU_CMD_WRITE_MULTI, &multi, 8, &reply), 0);
	assert_int_equal(bench_ask(VFU_CMD_WRITE_MULTI, &many, sizeof(many), &reply), EINVAL);
	many.n = VFU_WRITE_MULTI_MAX;
	for (unsigned int i = 0; i < many.n; i++)
		many.writes[i].count = 8;
	assert_int_equal(bench_ask(VFU_CMD_WRITE_MULTI, &many, sizeof(many) - 24, &reply), 0);
	assert_int_equal(bench.rig.writes, 1 + VFU_WRITE_MULTI_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(region_info__mappable_region_comes_with_its_file),
		BENCH_TEST(region_info__sparse_region_answers_in_two_steps),
		BENCH_TEST(region_info__malformed_refused),
		BENCH_TEST(region_access__bytes_go_both_ways),
		BENCH_TEST(region_access__malformed_refused_device_untouched),
		BENCH_TEST(write_multi__all_in_order),
		BENCH_TEST(write_multi__malformed_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
