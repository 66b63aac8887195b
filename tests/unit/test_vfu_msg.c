/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server against each kind of request, right and wrong. No thread: each step is known. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfu_rig.h"
#include "vfu_test.h"

static void
version__agreed_reply_fits_the_request(void **state)
{
	static const char caps[] = "{\"capabilities\":{\"max_msg_fds\":16}}";
	struct {
		struct vfu_version version;
		char json[sizeof(caps)];
	} long_request = {.version = {0, 3}};
	struct raw reply;

	(void)state;
	memcpy(long_request.json, caps, sizeof(caps));
	assert_int_equal(bench.rig.connects, 0);
	assert_int_equal(bench_ask(VFU_CMD_VERSION, &long_request, sizeof(long_request), &reply),
			 0);
	assert_int_equal(((struct vfu_version *)reply.payload)->major, 0);
	assert_int_equal(((struct vfu_version *)reply.payload)->minor, 0);
	assert_true(reply.payload_bytes <= sizeof(long_request));
	assert_string_equal((char *)reply.payload + 4, "{\"capabilities\":{}}");
	assert_int_equal(bench.rig.connects, 1);
	/* Once is enough; a second time is refused, but does no harm. */
	assert_int_equal(bench_ask(VFU_CMD_VERSION, &long_request, sizeof(long_request), &reply),
			 EINVAL);
	bench_assert_sound();
}

static void
version__long_request_tells_limits(void **state)
{
	struct {
		struct vfu_version version;
		char json[200];
	} request = {.version = {0, 0}};
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask(VFU_CMD_VERSION, &request, sizeof(request), &reply), 0);
	assert_non_null(strstr((char *)reply.payload + 4, "\"max_msg_fds\":8"));
	assert_non_null(strstr((char *)reply.payload + 4, "\"write_multiple\":true"));
	assert_int_equal(reply.payload[reply.payload_bytes - 1], 0);
}

static void
version__other_major_refused_and_dropped(void **state)
{
	const struct vfu_version version = {1, 0};
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask(VFU_CMD_VERSION, &version, sizeof(version), &reply),
			 EPROTONOSUPPORT);
	bench_assert_dropped("major version must be 0");
	assert_int_equal(bench.rig.connects, 0);
	assert_int_equal(bench.rig.disconnects, 0);
}

static void
version__capabilities_without_end_refused(void **state)
{
	const char request[] = {0, 0, 0, 0, '{', '}'};
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask(VFU_CMD_VERSION, request, sizeof(request), &reply), EINVAL);
	bench_assert_dropped("do not end in NUL");
}

static void
version__other_command_first_refused(void **state)
{
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask(VFU_CMD_RESET, NULL, 0, &reply), EPROTO);
	bench_assert_dropped("must be VERSION");
	assert_int_equal(bench.rig.resets, 0);
}

static void
get_info__shape_of_a_pci_device(void **state)
{
	struct vfu_info ask_info = {.argsz = 16}, info;
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask(VFU_CMD_GET_INFO, &ask_info, sizeof(ask_info), &reply), 0);
	assert_int_equal(reply.payload_bytes, sizeof(info));
	memcpy(&info, reply.payload, sizeof(info));
	assert_int_equal(info.flags, VFU_INFO_RESET | VFU_INFO_PCI);
	assert_int_equal(info.num_regions, 9);
	assert_int_equal(info.num_irqs, 5);
	ask_info.argsz = 15;
	assert_int_equal(bench_ask(VFU_CMD_GET_INFO, &ask_info, sizeof(ask_info), &reply), EINVAL);
	assert_int_equal(bench_ask(VFU_CMD_GET_INFO, &ask_info, 15, &reply), EINVAL);
}

static void
dma_map__mapped_until_unmapped(void **state)
{
	struct vfu_dma_map map = {32, 3, 0x1000, 0x10000, 0x2000};
	struct vfu_dma_unmap unmap = {24, 0, 0x10000, 0x2000};
	struct iova_map *iova = vfu_server_iova(bench.rig.server);
	int fd = memory_file(0x4000);
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask_fds(VFU_CMD_DMA_MAP, &map, sizeof(map), &fd, 1), 0);
	assert_int_equal(pwrite(fd, "x", 1, 0x1000), 1);
	assert_int_equal(*(char *)iova_map_find(iova, 0x10000, 0x2000, 3), 'x');
	assert_int_equal(bench_ask_fds(VFU_CMD_DMA_MAP, &map, sizeof(map), &fd, 1), EEXIST);

	unmap.bytes = 0x1000;
	assert_int_equal(bench_ask(VFU_CMD_DMA_UNMAP, &unmap, sizeof(unmap), &reply), EINVAL);
	assert_non_null(iova_map_find(iova, 0x10000, 0x2000, 3));
	unmap.bytes = 0x2000;
	assert_int_equal(bench_ask(VFU_CMD_DMA_UNMAP, &unmap, sizeof(unmap), &reply), 0);
	assert_int_equal(reply.payload_bytes, sizeof(unmap));
	assert_memory_equal(reply.payload, &unmap, sizeof(unmap));
	assert_null(iova_map_find(iova, 0x10000, 1, 0));
	/* Blanket ranges and ranges that match nothing are what clients send. */
	assert_int_equal(bench_ask(VFU_CMD_DMA_UNMAP, &unmap, sizeof(unmap), &reply), 0);
	unmap.iova = 0;
	unmap.bytes = UINT64_MAX;
	assert_int_equal(bench_ask(VFU_CMD_DMA_UNMAP, &unmap, sizeof(unmap), &reply), 0);
	close(fd);
}

static void
dma_unmap__all_empties_the_map(void **state)
{
	struct vfu_dma_map map = {32, 3, 0, 0x10000, 0x2000};
	struct vfu_dma_unmap unmap = {24, VFU_DMA_UNMAP_ALL, 0, 0};
	int fd = memory_file(0x4000);
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask_fds(VFU_CMD_DMA_MAP, &map, sizeof(map), &fd, 1), 0);
	assert_int_equal(bench_ask(VFU_CMD_DMA_UNMAP, &unmap, sizeof(unmap), &reply), 0);
	assert_null(iova_map_find(vfu_server_iova(bench.rig.server), 0x10000, 1, 0));
	unmap.flags = 1;
	assert_int_equal(bench_ask(VFU_CMD_DMA_UNMAP, &unmap, sizeof(unmap), &reply), EOPNOTSUPP);
	unmap.flags = 0;
	assert_int_equal(bench_ask(VFU_CMD_DMA_UNMAP, &unmap, 23, &reply), EINVAL);
	unmap.argsz = 0;
	assert_int_equal(bench_ask(VFU_CMD_DMA_UNMAP, &unmap, sizeof(unmap), &reply), EINVAL);
	close(fd);
}

static void
dma_map__malformed_refused_nothing_mapped(void **state)
{
	static const struct {
		struct vfu_dma_map map;
		int error;
	} cases[] = {
		{{31, 3, 0, 0x10000, 0x1000}, EINVAL},
		{{32, 0, 0, 0x10000, 0x1000}, EINVAL},
		{{32, 4, 0, 0x10000, 0x1000}, EINVAL},
		{{32, 3, 0, 0x10000, 0}, EINVAL},
		{{32, 3, 0, 0x10000, 0x1001}, EINVAL},
		{{32, 3, 1, 0x10000, 0x1000}, EINVAL},
		{{32, 3, 0, 0x10001, 0x1000}, EINVAL},
		{{32, 3, 0, 0xfffffffffffff000, 0x2000}, EINVAL},
		{{32, 3, 0x4000, 0x10000, 0x1000}, ERANGE},
		{{32, 3, 0, 0x10000, 0x5000}, ERANGE},
		{{32, 3, 0xfffffffffffff000, 0x10000, 0x2000}, ERANGE},
		{{32, 3, 0, 0x10000, 0x8000000000000000}, ERANGE},
	};
	struct vfu_dma_map good = {32, 3, 0, 0x10000, 0x1000};
	int fds[2] = {memory_file(0x4000), memory_file(0x4000)};
	struct vfu_dma_unmap unmap = {24, 0, 0x10000, 0x1000};
	struct raw reply;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(bench_ask_fds(VFU_CMD_DMA_MAP, &cases[i].map, 32, fds, 1),
				 cases[i].error);
	assert_int_equal(bench_ask_fds(VFU_CMD_DMA_MAP, &good, 31, fds, 1), EINVAL);
	assert_int_equal(bench_ask_fds(VFU_CMD_DMA_MAP, &good, 32, fds, 2), EINVAL);
	/* Without a file: accepted, and nowhere here. */
	assert_int_equal(bench_ask(VFU_CMD_DMA_MAP, &good, 32, &reply), 0);
	assert_null(iova_map_find(vfu_server_iova(bench.rig.server), 0x10000, 1, 0));
	assert_true(iova_map_reaches(vfu_server_iova(bench.rig.server), 0x10000, 0x1000, 3));
	assert_int_equal(bench_ask_fds(VFU_CMD_DMA_MAP, &good, 32, fds, 1), EEXIST);
	assert_int_equal(bench_ask(VFU_CMD_DMA_UNMAP, &unmap, sizeof(unmap), &reply), 0);
	assert_false(iova_map_reaches(vfu_server_iova(bench.rig.server), 0x10000, 1, 1));
	assert_int_equal(bench_ask_fds(VFU_CMD_DMA_MAP, &good, 32, fds, 1), 0);
	close(fds[0]);
	close(fds[1]);
}

static void
dma_map__too_many_descriptors_refused_and_closed(void **state)
{
	struct vfu_dma_map map = {32, 3, 0, 0x10000, 0x1000};
	int fds[VFU_MSG_FDS_MAX + 3];
	unsigned int before;

	(void)state;
	for (unsigned int i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fds[i] = memory_file(0x1000);
	before = open_fds();
	assert_int_equal(bench_ask_fds(VFU_CMD_DMA_MAP, &map, 32, fds, VFU_MSG_FDS_MAX + 3),
			 EMFILE);
	open_fds_expect(before);
	for (unsigned int i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
	bench_assert_sound();
}

static void
reset__reaches_the_device(void **state)
{
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask(VFU_CMD_RESET, "x", 1, &reply), EINVAL);
	assert_int_equal(bench.rig.resets, 0);
	assert_int_equal(bench_ask(VFU_CMD_RESET, NULL, 0, &reply), 0);
	assert_int_equal(reply.payload_bytes, 0);
	assert_int_equal(bench.rig.resets, 1);
}

static void
unknown_command__refused(void **state)
{
	static const uint16_t unknown[] = {0, 6, 11, 12, 14, 16, 17, 0xffff};
	struct raw reply;

	(void)state;
	for (unsigned int i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_int_equal(bench_ask(unknown[i], "1234567890123456", 16, &reply), EOPNOTSUPP);
	bench_assert_sound();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST_ALONE(version__agreed_reply_fits_the_request),
		BENCH_TEST_ALONE(version__long_request_tells_limits),
		BENCH_TEST_ALONE(version__other_major_refused_and_dropped),
		BENCH_TEST_ALONE(version__capabilities_without_end_refused),
		BENCH_TEST_ALONE(version__other_command_first_refused),
		BENCH_TEST(get_info__shape_of_a_pci_device),
		BENCH_TEST(dma_map__mapped_until_unmapped),
		BENCH_TEST(dma_unmap__all_empties_the_map),
		BENCH_TEST(dma_map__malformed_refused_nothing_mapped),
		BENCH_TEST(dma_map__too_many_descriptors_refused_and_closed),
		BENCH_TEST(reset__reaches_the_device),
		BENCH_TEST(unknown_command__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
