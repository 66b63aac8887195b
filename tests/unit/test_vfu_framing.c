/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server against malformed messages, streams of messages, and connections that end. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfu_rig.h"
#include "vfu_test.h"

#define WRITE_BYTES(write) (sizeof((write).access) + sizeof((write).data))

static void
write_no_reply__done_without_answer(void **state)
{
	struct {
		struct vfu_access access;
		uint8_t data[4];
	} write = {{0, 0, 4}, {9, 9, 9, 9}};
	struct raw request = raw_request(VFU_CMD_REGION_WRITE, &write, WRITE_BYTES(write));

	(void)state;
	request.hdr.flags = VFU_HDR_NO_REPLY;
	raw_send(bench.sock, &request);
	/* A bad write without a reply: no error is sent. */
	write.access.off = RIG_REGS_BYTES;
	request = raw_request(VFU_CMD_REGION_WRITE, &write, WRITE_BYTES(write));
	request.hdr.flags = VFU_HDR_NO_REPLY;
	raw_send(bench.sock, &request);
	bench_assert_sound(); /* the next reply is that of the next request */
	assert_int_equal(bench.rig.writes, 1);
	assert_int_equal(bench.rig.regs[3], 9);
}

static void
complaints__do_not_fill_the_log(void **state)
{
	unsigned int lines = 0;
	struct raw reply;
	const char *c;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++)
		assert_int_equal(bench_ask(0, NULL, 0, &reply), EOPNOTSUPP);
	for (c = bench.rig.log; *c != '\0'; c++)
		lines += *c == '\n';
	assert_true(lines < 30);
	assert_non_null(strstr(bench.rig.log, "not logged"));
}

static void
framing__impossible_length_answered_and_dropped(void **state)
{
	static const uint32_t lengths[] = {0, 15, VFU_MSG_BYTES_MAX + 1, UINT32_MAX};
	struct raw request, reply;

	(void)state;
	for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		if (i > 0)
			bench_setup(state);
		request = raw_request(VFU_CMD_RESET, NULL, 0);
		request.hdr.bytes = lengths[i];
		assert_int_equal(raw_ask(&bench.rig, bench.sock, &request, &reply), EMSGSIZE);
		bench_assert_dropped("claims");
		assert_int_equal(bench.rig.disconnects, 1);
		assert_int_equal(bench.rig.resets, 0);
		if (i + 1 < sizeof(lengths) / sizeof(lengths[0]))
			assert_int_equal(bench_teardown(state), 0);
	}
}

static void
framing__reply_unasked_dropped(void **state)
{
	struct raw request = raw_request(VFU_CMD_RESET, NULL, 0);

	(void)state;
	request.hdr.flags = VFU_HDR_REPLY;
	raw_send(bench.sock, &request);
	bench_assert_dropped("nobody had asked");
	assert_int_equal(bench.rig.disconnects, 1);
}

static void
framing__byte_by_byte_understood(void **state)
{
	struct {
		struct vfu_access access;
		uint8_t data[4];
	} write = {{0, 0, 4}, {1, 2, 3, 4}};
	struct raw request = raw_request(VFU_CMD_REGION_WRITE, &write, WRITE_BYTES(write)), reply;
	uint8_t bytes[sizeof(request.hdr) + WRITE_BYTES(write)];

	(void)state;
	memcpy(bytes, &request.hdr, sizeof(request.hdr));
	memcpy(bytes + sizeof(request.hdr), &write, WRITE_BYTES(write));
	for (unsigned int i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(bench.rig.writes, 0);
		assert_int_equal(send(bench.sock, bytes + i, 1, 0), 1);
		vfu_server_poll(bench.rig.server);
	}
	assert_int_equal(raw_receive(bench.sock, &reply), 0);
	assert_int_equal(reply.hdr.id, request.hdr.id);
	assert_int_equal(bench.rig.writes, 1);
}

static void
framing__many_requests_at_once_all_answered(void **state)
{
	struct raw request, reply;

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		request = raw_request(VFU_CMD_RESET, NULL, 0);
		request.hdr.id = (uint16_t)i;
		raw_send(bench.sock, &request);
	}
	for (unsigned int i = 0; i < 100 && bench.rig.resets < 100; i++)
		vfu_server_poll(bench.rig.server);
	assert_int_equal(bench.rig.resets, 100);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(raw_receive(bench.sock, &reply), 0);
		assert_int_equal(reply.hdr.id, i);
	}
}

/* A client that asks and does not read: the server must neither block nor lose an answer. */
static void
framing__slow_reader_gets_every_answer(void **state)
{
	const struct vfu_access read = {0, 0, 0x1000};
	struct raw request, reply;
	unsigned int polls = 0, got = 0;

	(void)state;
	for (unsigned int i = 0; i < 150; i++) {
		request = raw_request(VFU_CMD_REGION_READ, &read, sizeof(read));
		raw_send(bench.sock, &request);
	}
	for (unsigned int i = 0; i < 20; i++)
		vfu_server_poll(bench.rig.server);
	assert_true(vfu_server_connected(bench.rig.server));
	while (got < 150 && polls++ < 10000) {
		assert_int_equal(raw_receive(bench.sock, &reply), 0);
		assert_int_equal(reply.payload_bytes, sizeof(read) + 0x1000);
		got++;
		vfu_server_poll(bench.rig.server);
	}
	assert_int_equal(got, 150);
}

/* Descriptors that come with a later piece of a message count as its own. */
static void
framing__descriptors_in_pieces_counted_and_closed(void **state)
{
	struct vfu_dma_map map = {32, 3, 0, 0x10000, 0x1000};
	struct raw head = raw_request(VFU_CMD_DMA_MAP, &map, sizeof(map)), reply;
	struct raw tail = head;
	unsigned int before = open_fds();

	(void)state;
	for (unsigned int i = 0; i < 5; i++)
		head.fds[i] = tail.fds[i] = bench.rig.window_fd;
	head.n_fds = tail.n_fds = 5;
	head.payload_bytes = 0;
	/* The rest goes in the place of a header: 16 bytes, and 16. */
	memcpy(&tail.hdr, &map, sizeof(tail.hdr));
	memcpy(tail.payload, (uint8_t *)&map + 16, 16);
	tail.payload_bytes = 16;
	raw_send(bench.sock, &head);
	vfu_server_poll(bench.rig.server);
	raw_send(bench.sock, &tail);
	vfu_server_poll(bench.rig.server);
	assert_int_equal(raw_receive(bench.sock, &reply), 0);
	assert_int_equal(reply.hdr.error, EMFILE);
	open_fds_expect(before);
}

static int
connect_raw(const struct rig *rig)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, rig->path);
	assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return sock;
}

/* A client that left with requests unread is gone when the next one connects. */
static void
disconnect__with_requests_unread_next_client_served(void **state)
{
	struct raw request = raw_request(VFU_CMD_RESET, NULL, 0);
	unsigned int before = open_fds();
	int first, second;
	struct rig rig;

	(void)state;
	rig_start(&rig, NULL);
	first = connect_raw(&rig);
	vfu_server_poll(rig.server);
	raw_greet(&rig, first);
	request.hdr.flags = VFU_HDR_NO_REPLY;
	for (unsigned int i = 0; i < 100; i++)
		raw_send(first, &request);
	close(first);
	second = connect_raw(&rig);
	vfu_server_poll(rig.server);
	assert_int_equal(rig.disconnects, 1);
	raw_greet(&rig, second);
	assert_int_equal(rig.connects, 2);
	close(second);
	rig_stop(&rig);
	open_fds_expect(before);
}

static void
disconnect__mid_message_resets_device_and_clears_map(void **state)
{
	struct vfu_dma_map map = {32, 3, 0, 0x10000, 0x1000};
	struct vfu_irq_set set = {20, VFU_IRQ_DATA_EVENTFD | VFU_IRQ_ACTION_TRIGGER, VFU_IRQ_MSIX,
				  0, 1};
	struct raw request = raw_request(VFU_CMD_DMA_MAP, &map, sizeof(map));
	int fd = memory_file(0x1000), event = eventfd(0, 0);

	(void)state;
	assert_int_equal(bench_ask_fds(VFU_CMD_DMA_MAP, &map, sizeof(map), &fd, 1), 0);
	assert_int_equal(bench_ask_fds(VFU_CMD_SET_IRQS, &set, sizeof(set), &event, 1), 0);
	request.fds[0] = fd;
	request.n_fds = 1;
	request.payload_bytes = 5; /* of 32 */
	raw_send(bench.sock, &request);
	close(bench.sock);
	bench.sock = -1;
	vfu_server_poll(bench.rig.server);

	assert_int_equal(bench.rig.disconnects, 1);
	assert_true(bench.rig.mapped_at_disconnect);
	assert_null(iova_map_find(vfu_server_iova(bench.rig.server), 0x10000, 1, 0));
	assert_int_equal(vfu_server_irq_trigger(bench.rig.server, 0), -ENOENT);
	assert_non_null(strstr(bench.rig.log, "mid-message"));
	close(fd);
	close(event);
}

static void
disconnect__unread_answer_no_harm(void **state)
{
	struct raw request = raw_request(VFU_CMD_RESET, NULL, 0);

	(void)state;
	raw_send(bench.sock, &request);
	close(bench.sock);
	bench.sock = -1;
	vfu_server_poll(bench.rig.server);
	vfu_server_poll(bench.rig.server);
	assert_int_equal(bench.rig.resets, 1);
	assert_int_equal(bench.rig.disconnects, 1);
	assert_int_equal(vfu_server_poll(bench.rig.server), 0);
}

static void
adopt__each_allocation_fails_clean(void **state)
{
	static const struct vfu_server_ops ops;
	struct vfu_server_config config = {.ops = &ops, .msix_vectors = 3};
	unsigned int nth, before;
	int pair[2], ret;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	before = open_fds();
	for (nth = 0;; nth++) {
		struct vfu_server *server = NULL;

		alloc_fail_after(nth);
		ret = vfu_server_adopt(pair[0], &config, &server);
		if (alloc_fail_end() == 0) {
			assert_int_equal(ret, 0);
			vfu_server_destroy(server);
			break;
		}
		assert_int_equal(ret, -ENOMEM);
		assert_null(server);
		open_fds_expect(before);
	}
	assert_true(nth >= 5);
	open_fds_expect(before - 1);
	close(pair[1]);
}

static void
adopt__bad_config_refused(void **state)
{
	static const struct vfu_server_ops ops;
	static const struct vfu_server_area outside = {0x1000, 0x1000};
	struct vfu_server_config config = {.ops = &ops, .msix_vectors = 2049};
	struct vfu_server *server = NULL;

	(void)state;
	assert_int_equal(vfu_server_adopt(bench.sock, &config, &server), -EINVAL);
	config.msix_vectors = 0;
	config.regions[2] = (struct vfu_server_region){0x1000, VFU_REGION_FLAG_MMAP, -1, 0, NULL,
						       0};
	assert_int_equal(vfu_server_adopt(bench.sock, &config, &server), -EINVAL);
	config.regions[2] = (struct vfu_server_region){0x1000, VFU_REGION_FLAG_MMAP, 0, 0, &outside,
						       1};
	assert_int_equal(vfu_server_adopt(bench.sock, &config, &server), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(write_no_reply__done_without_answer),
		BENCH_TEST(complaints__do_not_fill_the_log),
		BENCH_TEST(framing__impossible_length_answered_and_dropped),
		BENCH_TEST(framing__reply_unasked_dropped),
		BENCH_TEST(framing__byte_by_byte_understood),
		BENCH_TEST(framing__many_requests_at_once_all_answered),
		BENCH_TEST(framing__slow_reader_gets_every_answer),
		BENCH_TEST(framing__descriptors_in_pieces_counted_and_closed),
		BENCH_TEST(disconnect__with_requests_unread_next_client_served),
		BENCH_TEST(disconnect__mid_message_resets_device_and_clears_map),
		BENCH_TEST(disconnect__unread_answer_no_harm),
		BENCH_TEST(adopt__each_allocation_fails_clean),
		BENCH_TEST(adopt__bad_config_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
