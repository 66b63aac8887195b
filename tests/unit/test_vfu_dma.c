/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* DMA by message: the server asks, the client answers. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfu_rig.h"
#include "vfu_test.h"

#define IOVA 0x40000000u
#define RANGE_BYTES 0x100000u

static time_t clock_ahead; /* seconds that the server's clock is put forward */

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	int ret = __real_clock_gettime(clock, ts);

	ts->tv_sec += clock_ahead;
	return ret;
}

/* How much of a message the server's socket takes; then it is full. 0: all of it, always. */
static size_t send_takes;
static bool send_full;

ssize_t __real_send(int sock, const void *data, size_t bytes, int flags);
ssize_t __wrap_send(int sock, const void *data, size_t bytes, int flags);

ssize_t
__wrap_send(int sock, const void *data, size_t bytes, int flags)
{
	if (send_full) {
		errno = EAGAIN;
		return -1;
	}
	if (send_takes != 0 && bytes > send_takes) {
		bytes = send_takes;
		send_full = true;
	}
	return __real_send(sock, data, bytes, flags);
}

static int
setup(void **state)
{
	struct vfu_dma_map map = {32, 3, 0, IOVA, RANGE_BYTES};
	struct raw reply;

	clock_ahead = 0;
	send_takes = 0;
	send_full = false;
	if (bench_setup(state) != 0)
		return -1;
	return bench_ask(VFU_CMD_DMA_MAP, &map, sizeof(map), &reply);
}

/* Receives a message of the server and checks what it asks for. */
static struct raw
asked(uint16_t cmd, uint64_t iova, uint64_t count)
{
	struct vfu_dma_access access;
	struct raw raw;

	vfu_server_poll(bench.rig.server);
	assert_int_equal(raw_receive(bench.sock, &raw), 0);
	assert_int_equal(raw.hdr.cmd, cmd);
	assert_int_equal(raw.hdr.flags, VFU_HDR_REQUEST);
	memcpy(&access, raw.payload, sizeof(access));
	assert_int_equal(access.iova, iova);
	assert_int_equal(access.count, count);
	assert_int_equal(raw.payload_bytes,
			 sizeof(access) + (cmd == VFU_CMD_DMA_WRITE ? count : 0));
	return raw;
}

static void
answer(const struct raw *question, uint32_t error, const void *data, size_t bytes)
{
	struct raw raw = *question;

	raw.hdr.flags = VFU_HDR_REPLY | (error != 0 ? VFU_HDR_ERROR : 0);
	raw.hdr.error = error;
	raw.payload_bytes = error != 0 ? 0 : sizeof(struct vfu_dma_access) + bytes;
	if (bytes > 0)
		memcpy(raw.payload + sizeof(struct vfu_dma_access), data, bytes);
	raw.hdr.bytes = (uint32_t)(sizeof(raw.hdr) + raw.payload_bytes);
	raw_send(bench.sock, &raw);
	vfu_server_poll(bench.rig.server);
}

static int
read_at(uint64_t iova, void *data, uint32_t bytes)
{
	return vfu_server_dma_read(bench.rig.server, 0, iova, data, bytes);
}

static void
read__answered__gives_the_data_once(void **state)
{
	uint8_t data[64], sent[64];
	struct raw question;

	(void)state;
	memset(sent, 0x5c, sizeof(sent));
	assert_true(vfu_server_dma_quiet(bench.rig.server));
	assert_int_equal(read_at(IOVA + 8, data, 64), -EAGAIN);
	assert_int_equal(read_at(IOVA + 8, data, 64), -EAGAIN);
	assert_false(vfu_server_dma_quiet(bench.rig.server));
	question = asked(VFU_CMD_DMA_READ, IOVA + 8, 64);
	answer(&question, 0, sent, 64);
	assert_true(vfu_server_dma_quiet(bench.rig.server));
	assert_int_equal(read_at(IOVA + 8, data, 64), 0);
	assert_memory_equal(data, sent, 64);
	/* It may have changed since: asked for anew. */
	assert_int_equal(read_at(IOVA + 8, data, 64), -EAGAIN);
	question = asked(VFU_CMD_DMA_READ, IOVA + 8, 64);
	bench_assert_sound();
}

/* The client may be unable to answer before its own request is served. */
static void
read__requests_come_first__are_served(void **state)
{
	struct vfu_access ask = {.off = 0, .region = 0, .count = 4};
	struct raw question, reply;
	uint8_t data[16];

	(void)state;
	assert_int_equal(read_at(IOVA, data, 16), -EAGAIN);
	question = asked(VFU_CMD_DMA_READ, IOVA, 16);
	assert_int_equal(bench_ask(VFU_CMD_REGION_READ, &ask, sizeof(ask), &reply), 0);
	assert_int_equal(bench_ask(VFU_CMD_RESET, NULL, 0, &reply), 0);
	answer(&question, 0, "0123456789abcdef", 16);
	assert_int_equal(read_at(IOVA, data, 16), 0);
	assert_memory_equal(data, "0123456789abcdef", 16);
}

static void
read__refused__fault_and_said(void **state)
{
	struct raw question;
	uint8_t data[16];

	(void)state;
	assert_int_equal(read_at(IOVA, data, 16), -EAGAIN);
	question = asked(VFU_CMD_DMA_READ, IOVA, 16);
	answer(&question, EPERM, NULL, 0);
	assert_int_equal(read_at(IOVA, data, 16), -EFAULT);
	assert_non_null(strstr(bench.rig.log, "denies DMA to 16 bytes at 0x40000000"));
	bench_assert_sound();
}

static void
read__another_range__takes_its_place(void **state)
{
	struct raw first, second;
	uint8_t data[16];

	(void)state;
	assert_int_equal(read_at(IOVA, data, 16), -EAGAIN);
	assert_int_equal(read_at(IOVA + 0x1000, data, 16), -EAGAIN);
	/* The other lane is on its own. */
	assert_int_equal(vfu_server_dma_read(bench.rig.server, 1, IOVA, data, 8), -EAGAIN);
	first = asked(VFU_CMD_DMA_READ, IOVA, 16);
	second = asked(VFU_CMD_DMA_READ, IOVA + 0x1000, 16);
	answer(&first, 0, "aaaaaaaaaaaaaaaa", 16);
	assert_int_equal(read_at(IOVA + 0x1000, data, 16), -EAGAIN);
	answer(&second, 0, "bbbbbbbbbbbbbbbb", 16);
	assert_int_equal(read_at(IOVA + 0x1000, data, 16), 0);
	assert_memory_equal(data, "bbbbbbbbbbbbbbbb", 16);
	first = asked(VFU_CMD_DMA_READ, IOVA, 8);
	answer(&first, 0, "cccccccc", 8);
	assert_int_equal(vfu_server_dma_read(bench.rig.server, 1, IOVA, data, 8), 0);
}

static void
read__cancelled__answer_is_dropped(void **state)
{
	struct raw question;
	uint8_t data[16];

	(void)state;
	assert_int_equal(read_at(IOVA, data, 16), -EAGAIN);
	question = asked(VFU_CMD_DMA_READ, IOVA, 16);
	vfu_server_dma_cancel(bench.rig.server, 0);
	answer(&question, 0, "aaaaaaaaaaaaaaaa", 16);
	bench_assert_sound();
	assert_int_equal(read_at(IOVA, data, 16), -EAGAIN);
}

static void
write__several__in_order_and_quiet_when_all_are_answered(void **state)
{
	struct raw questions[3];

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(vfu_server_dma_write(bench.rig.server, IOVA + i, &i, 4), 0);
	for (unsigned int i = 0; i < 3; i++) {
		questions[i] = asked(VFU_CMD_DMA_WRITE, IOVA + i, 4);
		assert_memory_equal(questions[i].payload + 16, &i, 4);
	}
	for (unsigned int i = 3; i > 0; i--) {
		assert_false(vfu_server_dma_quiet(bench.rig.server));
		answer(&questions[i - 1], i == 2 ? EFAULT : 0, NULL, 0);
	}
	assert_true(vfu_server_dma_quiet(bench.rig.server));
	assert_non_null(strstr(bench.rig.log, "denies DMA to 4 bytes at 0x40000001"));
	bench_assert_sound();
}

static void
bad_answer__of_any_kind__drops_the_client(void **state)
{
	static const char *const kinds[] = {"id", "command", "short", "long", "address", "twice"};
	uint8_t data[64] = {0};
	struct raw question, bad;

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (i > 0)
			assert_int_equal(setup(state), 0);
		assert_int_equal(read_at(IOVA, data, 16), -EAGAIN);
		question = asked(VFU_CMD_DMA_READ, IOVA, 16);
		bad = question;
		if (i == 0)
			bad.hdr.id++;
		if (i == 1)
			bad.hdr.cmd = VFU_CMD_DMA_WRITE;
		if (i == 4)
			bad.payload[0] ^= 1;
		answer(&bad, 0, data, i == 2 ? 15 : i == 3 ? 17 : 16);
		if (i == 5) {
			assert_int_equal(read_at(IOVA, data, 16), 0);
			answer(&bad, 0, data, 16);
		}
		bench_assert_dropped("nobody had asked for");
		assert_true(vfu_server_dma_quiet(bench.rig.server));
		assert_int_equal(read_at(IOVA, data, 16), -EFAULT);
		if (i + 1 < sizeof(kinds) / sizeof(kinds[0]))
			assert_int_equal(bench_teardown(state), 0);
	}
}

static void
no_answer__for_ten_seconds__drops_the_client(void **state)
{
	uint8_t data[16];

	(void)state;
	assert_int_equal(read_at(IOVA, data, 16), -EAGAIN);
	asked(VFU_CMD_DMA_READ, IOVA, 16);
	clock_ahead = 9;
	bench_assert_sound();
	clock_ahead = 11;
	bench_assert_dropped("does not answer DMA messages");
	assert_true(vfu_server_dma_quiet(bench.rig.server));
}

static void
client_leaves__nothing_is_left(void **state)
{
	uint8_t data[4096] = {0};

	(void)state;
	assert_int_equal(read_at(IOVA, data, 4096), -EAGAIN);
	assert_int_equal(vfu_server_dma_write(bench.rig.server, IOVA, data, 4096), 0);
	shutdown(bench.sock, SHUT_RDWR);
	vfu_server_poll(bench.rig.server);
	vfu_server_poll(bench.rig.server);
	assert_int_equal(bench.rig.disconnects, 1);
	assert_true(vfu_server_dma_quiet(bench.rig.server));
	assert_int_equal(vfu_server_dma_write(bench.rig.server, IOVA, data, 16), -EFAULT);
}

static void
size__too_long_or_too_many__refused(void **state)
{
	static uint8_t data[VFU_DMA_BYTES_MAX + 1];
	unsigned int n = 0;
	int ret;

	(void)state;
	assert_int_equal(read_at(IOVA, data, sizeof(data)), -EFAULT);
	assert_int_equal(vfu_server_dma_write(bench.rig.server, IOVA, data, sizeof(data)), -EFAULT);
	do
		ret = vfu_server_dma_write(bench.rig.server, IOVA, data, VFU_DMA_BYTES_MAX);
	while (ret == 0 && ++n < 100000);
	assert_int_equal(ret, -ENOBUFS);
	assert_true(n >= 1000 && n < 2000);
}

/* A client that reads slowly: each message and each reply comes whole, none inside another. */
static void
socket_full__messages_stay_whole(void **state)
{
	struct vfu_access ask = {.off = 0, .region = 0, .count = 64};
	struct raw request = raw_request(VFU_CMD_REGION_READ, &ask, sizeof(ask)), raw;
	static uint8_t data[VFU_DMA_BYTES_MAX];
	unsigned int seen = 0, replies = 0;

	(void)state;
	for (unsigned int i = 0; i < 900; i++) {
		memset(data, (int)i, sizeof(data));
		assert_int_equal(vfu_server_dma_write(bench.rig.server, IOVA, data, sizeof(data)),
				 0);
	}
	vfu_server_poll(bench.rig.server);
	for (unsigned int i = 0; i < 5; i++)
		raw_send(bench.sock, &request);
	while (seen < 900 || replies < 5) {
		vfu_server_poll(bench.rig.server);
		assert_int_equal(raw_receive(bench.sock, &raw), 0);
		if (raw.hdr.cmd == VFU_CMD_DMA_WRITE) {
			assert_int_equal(raw.payload_bytes, 16 + sizeof(data));
			assert_int_equal(raw.payload[16], (uint8_t)seen);
			assert_int_equal(raw.payload[16 + sizeof(data) - 1], (uint8_t)seen);
			seen++;
		} else {
			assert_int_equal(raw.hdr.cmd, VFU_CMD_REGION_READ);
			assert_int_equal(raw.payload_bytes, 16 + 64);
			replies++;
		}
	}
	bench_assert_sound();
}

/* Half a message is out: no reply may come before the other half. */
static void
socket_full__in_mid_message__the_reply_waits(void **state)
{
	struct vfu_access ask = {.off = 0, .region = 0, .count = 4};
	struct raw request = raw_request(VFU_CMD_REGION_READ, &ask, sizeof(ask)), raw;
	uint8_t byte, data[16];

	(void)state;
	send_takes = 7;
	assert_int_equal(read_at(IOVA, data, 16), -EAGAIN);
	vfu_server_poll(bench.rig.server);
	raw_send(bench.sock, &request);
	vfu_server_poll(bench.rig.server);
	vfu_server_poll(bench.rig.server);
	assert_int_equal(recv(bench.sock, &raw, 7, 0), 7);
	assert_int_equal(recv(bench.sock, &byte, 1, MSG_DONTWAIT), -1);
	send_takes = 0;
	send_full = false;
	vfu_server_poll(bench.rig.server);
	vfu_server_poll(bench.rig.server);
	assert_int_equal(recv(bench.sock, &raw, 32 - 7, MSG_WAITALL), 32 - 7);
	assert_int_equal(raw_receive(bench.sock, &raw), 0);
	assert_int_equal(raw.hdr.cmd, VFU_CMD_REGION_READ);
}

static void
answer__before_the_question__drops_the_client(void **state)
{
	struct vfu_dma_access access = {.iova = IOVA, .count = 16};
	struct raw raw = raw_request(VFU_CMD_DMA_READ, &access, sizeof(access));
	uint8_t data[16];

	(void)state;
	send_full = true;
	assert_int_equal(read_at(IOVA, data, 16), -EAGAIN);
	raw.hdr.id = 0;
	answer(&raw, 0, "0123456789abcdef", 16);
	bench_assert_dropped("nobody had asked for");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
		CASE(read__answered__gives_the_data_once),
		CASE(read__requests_come_first__are_served),
		CASE(read__refused__fault_and_said),
		CASE(read__another_range__takes_its_place),
		CASE(read__cancelled__answer_is_dropped),
		CASE(write__several__in_order_and_quiet_when_all_are_answered),
		CASE(bad_answer__of_any_kind__drops_the_client),
		CASE(no_answer__for_ten_seconds__drops_the_client),
		CASE(client_leaves__nothing_is_left),
		CASE(size__too_long_or_too_many__refused),
		CASE(socket_full__messages_stay_whole),
		CASE(socket_full__in_mid_message__the_reply_waits),
		CASE(answer__before_the_question__drops_the_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
