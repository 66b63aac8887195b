/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfu_rig.h"
#include "vfu_test.h"

/* The server against each request, right and wrong; no thread, so that each step is known. */

#define WRITE_BYTES(write) (sizeof((write).access) + sizeof((write).data))

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
region_info__mappable_region_comes_with_its_file(void **state)
{
	struct vfu_region_info request = {.argsz = 32, .index = 2}, info;
	struct raw reply;

	(void)state;
	assert_int_equal(bench_ask(VFU_CMD_GET_REGION_INFO, &request, sizeof(request), &reply), 0);
	memcpy(&info, reply.payload, sizeof(info));
	assert_int_equal(info.bytes, RIG_WINDOW_BYTES);
	assert_int_equal(info.flags, VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE | VFU_REGION_FLAG_MMAP);
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
	assert_int_equal(areas[0].off, 0x1000);
	assert_int_equal(areas[1].off, 0x3000);
	assert_int_equal(areas[1].bytes, 0x1000);
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
	unsigned int i;
	struct vfu_dma_unmap unmap = {24, 0, 0x10000, 0x1000};
	struct raw reply;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
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
	unsigned int i, before;

	(void)state;
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fds[i] = memory_file(0x1000);
	before = open_fds();
	assert_int_equal(bench_ask_fds(VFU_CMD_DMA_MAP, &map, 32, fds, VFU_MSG_FDS_MAX + 3),
			 EMFILE);
	assert_int_equal(open_fds(), before);
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
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
	unsigned int i;
	struct raw reply;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
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
	unsigned int i;

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
	for (i = 0; i < many.n; i++)
		many.writes[i].count = 8;
	assert_int_equal(bench_ask(VFU_CMD_WRITE_MULTI, &many, sizeof(many) - 24, &reply), 0);
	assert_int_equal(bench.rig.writes, 1 + VFU_WRITE_MULTI_MAX);
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
	unsigned int i;
	struct raw reply;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
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

static void
reset__told_to_the_device(void **state)
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
	unsigned int i;
	struct raw reply;

	(void)state;
	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
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
		BENCH_TEST(region_info__mappable_region_comes_with_its_file),
		BENCH_TEST(region_info__sparse_region_answers_in_two_steps),
		BENCH_TEST(region_info__malformed_refused),
		BENCH_TEST(irq_info__counts_by_index),
		BENCH_TEST(dma_map__mapped_until_unmapped),
		BENCH_TEST(dma_unmap__all_empties_the_map),
		BENCH_TEST(dma_map__malformed_refused_nothing_mapped),
		BENCH_TEST(dma_map__too_many_descriptors_refused_and_closed),
		BENCH_TEST(region_access__bytes_go_both_ways),
		BENCH_TEST(region_access__malformed_refused_device_untouched),
		BENCH_TEST(write_multi__all_in_order),
		BENCH_TEST(write_multi__malformed_refused),
		BENCH_TEST(set_irqs__armed_raised_disarmed),
		BENCH_TEST(set_irqs__client_pulls_triggers),
		BENCH_TEST(set_irqs__full_blocking_eventfd_does_not_block),
		BENCH_TEST(set_irqs__malformed_refused),
		BENCH_TEST(reset__told_to_the_device),
		BENCH_TEST(unknown_command__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
