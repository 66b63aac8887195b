/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The client against peers that are no server, or whose replies are wrong. */

#include <errno.h>
#include <patience.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <vfu_client.h>

#include "vfu_rig.h"
#include "vfu_test.h"

/* A server that answers well, but for one command, whose reply is twisted. */
struct liar {
	uint16_t cmd;
	void (*twist)(struct raw *reply);
	const char *says; /* instead of anything else */
	bool byte_by_byte;
	bool silent;
};

static char path[64];
static int listener;
static pthread_t thread;
static struct liar liar;
static unsigned int fds_before;
static char why[256];

static void
answer(const struct raw *request, struct raw *reply)
{
	struct vfu_info info = {16, VFU_INFO_RESET | VFU_INFO_PCI, 1, 3};
	struct vfu_region_info region = {
		32,     VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE | VFU_REGION_FLAG_MMAP,
		0,      0,
		0x1000, 0};
	struct vfu_irq_info irq = {16, 1, 2, 4};

	*reply = *request;
	reply->n_fds = 0;
	reply->hdr.flags = VFU_HDR_REPLY;
	switch (request->hdr.cmd) {
	case VFU_CMD_GET_INFO:
		memcpy(reply->payload, &info, sizeof(info));
		break;
	case VFU_CMD_GET_REGION_INFO:
		memcpy(reply->payload, &region, sizeof(region));
		reply->fds[0] = memory_file(0x1000);
		reply->n_fds = 1;
		break;
	case VFU_CMD_GET_IRQ_INFO:
		memcpy(reply->payload, &irq, sizeof(irq));
		break;
	default:
		break;
	}
	if (request->hdr.cmd == liar.cmd && liar.twist != NULL)
		liar.twist(reply);
	reply->hdr.bytes += (uint32_t)(sizeof(reply->hdr) + reply->payload_bytes) -
			    request->hdr.bytes;
}

static void
dribble(int sock, const struct raw *raw)
{
	const struct timespec pause = {.tv_nsec = 200000};
	uint8_t bytes[256];
	size_t n = sizeof(raw->hdr) + raw->payload_bytes;

	memcpy(bytes, &raw->hdr, sizeof(raw->hdr));
	memcpy(bytes + sizeof(raw->hdr), raw->payload, raw->payload_bytes);
	for (size_t i = 0; i < n && send(sock, bytes + i, 1, MSG_NOSIGNAL) == 1; i++)
		nanosleep(&pause, NULL);
}

static void *
liar_main(void *arg)
{
	static struct raw request, reply;
	int sock;

	sock = accept(listener, NULL, NULL);
	if (sock < 0)
		return arg;
	while (raw_receive(sock, &request) == 0 && request.n_fds == 0) {
		if (liar.silent)
			continue;
		if (liar.says != NULL) {
			send(sock, liar.says, strlen(liar.says), MSG_NOSIGNAL);
			break;
		}
		answer(&request, &reply);
		if (liar.byte_by_byte)
			dribble(sock, &reply);
		else
			raw_send(sock, &reply);
		for (unsigned int i = 0; i < reply.n_fds; i++)
			close(reply.fds[i]);
	}
	close(sock);
	return NULL;
}

static int
setup(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	(void)state;
	fds_before = open_fds();
	memset(&liar, 0, sizeof(liar));
	snprintf(path, sizeof(path), "/tmp/wcnic-peer-%d.sock", (int)getpid());
	memcpy(addr.sun_path, path, strlen(path));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unlink(path);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(listener, 4) < 0)
		return -1;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(listener);
	unlink(path);
	return open_fds() != fds_before;
}

/* Connects to the liar; on success the client is closed again. */
static int
connect_to(unsigned int timeout_ms)
{
	struct vfu_client *client = NULL;
	unsigned int before = open_fds();
	int ret;

	assert_int_equal(pthread_create(&thread, NULL, liar_main, NULL), 0);
	ret = vfu_client_connect(path, timeout_ms, &client, why, sizeof(why));
	assert_int_equal(client != NULL, ret == 0);
	vfu_client_close(client);
	pthread_join(thread, NULL);
	assert_int_equal(open_fds(), before);
	return ret;
}

static void
connect__honest_server_accepted(void **state)
{
	(void)state;
	assert_int_equal(connect_to(PATIENCE_MS), 0);
}

static void
connect__byte_by_byte_accepted(void **state)
{
	(void)state;
	liar.byte_by_byte = true;
	assert_int_equal(connect_to(PATIENCE_MS), 0);
}

static void
connect__silence_times_out(void **state)
{
	struct timespec from, to;

	(void)state;
	liar.silent = true;
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_int_equal(connect_to(150), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >=
		    150);
	assert_non_null(strstr(why, "in time"));
}

/* Each byte in time, the whole not. */
static void
connect__too_slow_times_out(void **state)
{
	(void)state;
	liar.byte_by_byte = true;
	assert_int_equal(connect_to(5), -ETIMEDOUT);
}

static void
connect__other_protocol_named(void **state)
{
	static const char *const says[] = {
		"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"hello", /* and closes */
		"",
	};

	for (unsigned int i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		if (i > 0)
			setup(state);
		liar.says = says[i];
		assert_int_equal(connect_to(PATIENCE_MS), -EPROTO);
		assert_non_null(strstr(why, "vfio-user"));
		if (i + 1 < sizeof(says) / sizeof(says[0]))
			assert_int_equal(teardown(state), 0);
	}
}

static void
twist_id(struct raw *reply)
{
	reply->hdr.id ^= 1;
}

static void
twist_cmd(struct raw *reply)
{
	reply->hdr.cmd++;
}

static void
twist_type(struct raw *reply)
{
	reply->hdr.flags = VFU_HDR_REQUEST;
}

static void
twist_error(struct raw *reply)
{
	reply->hdr.flags |= VFU_HDR_ERROR;
	reply->hdr.error = EPERM;
	reply->payload_bytes = 0;
}

static void
twist_error_nonsense(struct raw *reply)
{
	twist_error(reply);
	reply->hdr.error = 0x80000000;
}

static void
twist_major(struct raw *reply)
{
	reply->payload[0] = 1;
}

static void
twist_empty(struct raw *reply)
{
	reply->payload_bytes = 0;
}

static void
twist_short(struct raw *reply)
{
	reply->payload_bytes = 15;
}

static void
twist_huge(struct raw *reply)
{
	reply->hdr.bytes = 0x7fff0000;
}

static void
twist_tiny(struct raw *reply)
{
	reply->hdr.bytes -= 16 + (uint32_t)reply->payload_bytes;
}

static void
twist_not_pci(struct raw *reply)
{
	((struct vfu_info *)reply->payload)->flags = VFU_INFO_RESET;
}

static void
twist_argsz(struct raw *reply)
{
	((struct vfu_region_info *)reply->payload)->argsz = UINT32_MAX;
}

static void
twist_argsz_grows(struct raw *reply)
{
	static uint32_t argsz = 32;

	((struct vfu_region_info *)reply->payload)->argsz = ++argsz;
}

static void
twist_many_fds(struct raw *reply)
{
	while (reply->n_fds < VFU_MSG_FDS_MAX + 2)
		reply->fds[reply->n_fds++] = memory_file(0x1000);
}

/* Capabilities: `next` of the first, and areas that it claims. */
static void
put_caps(struct raw *reply, uint32_t cap_off, uint32_t next, uint32_t n_areas)
{
	struct vfu_region_info *info = (struct vfu_region_info *)reply->payload;
	struct vfu_cap_sparse cap = {VFU_CAP_SPARSE_MMAP, 1, next, n_areas, 0};

	info->flags |= VFU_REGION_FLAG_CAPS;
	info->cap_off = cap_off;
	memcpy(reply->payload + 32, &cap, sizeof(cap));
	reply->payload_bytes = 32 + sizeof(cap) + 16;
}

static void
twist_cap_outside(struct raw *reply)
{
	put_caps(reply, 0xfffffff0, 0, 1);
}

static void
twist_cap_low(struct raw *reply)
{
	put_caps(reply, 8, 0, 1);
}

static void
twist_cap_loop(struct raw *reply)
{
	put_caps(reply, 32, 32, 1);
}

static void
twist_cap_cut(struct raw *reply)
{
	put_caps(reply, 60, 0, 1);
}

static void
twist_areas_many(struct raw *reply)
{
	put_caps(reply, 32, 0, 0x10000001);
}

/* All there, but more than any device has. */
static void
twist_areas_long(struct raw *reply)
{
	put_caps(reply, 32, 0, 300);
	reply->payload_bytes = 32 + 16 + 300 * 16;
}

static void
twist_areas_past_end(struct raw *reply)
{
	put_caps(reply, 32, 0, 2);
}

static void
connect__twisted_reply_refused(void **state)
{
	static const struct {
		const char *name;
		uint16_t cmd;
		void (*twist)(struct raw *reply);
	} cases[] = {
#define CASE(cmd, twist) {#cmd " " #twist, VFU_CMD_##cmd, twist}
		CASE(VERSION, twist_id),
		CASE(VERSION, twist_cmd),
		CASE(VERSION, twist_type),
		CASE(VERSION, twist_error),
		CASE(VERSION, twist_major),
		CASE(VERSION, twist_empty),
		CASE(VERSION, twist_huge),
		CASE(VERSION, twist_tiny),
		CASE(GET_INFO, twist_error),
		CASE(GET_INFO, twist_error_nonsense),
		CASE(GET_INFO, twist_id),
		CASE(GET_INFO, twist_short),
		CASE(GET_INFO, twist_not_pci),
		CASE(GET_INFO, twist_huge),
		CASE(GET_REGION_INFO, twist_short),
		CASE(GET_REGION_INFO, twist_argsz),
		CASE(GET_REGION_INFO, twist_argsz_grows),
		CASE(GET_REGION_INFO, twist_many_fds),
		CASE(GET_REGION_INFO, twist_cap_outside),
		CASE(GET_REGION_INFO, twist_cap_low),
		CASE(GET_REGION_INFO, twist_cap_loop),
		CASE(GET_REGION_INFO, twist_cap_cut),
		CASE(GET_REGION_INFO, twist_areas_many),
		CASE(GET_REGION_INFO, twist_areas_long),
		CASE(GET_REGION_INFO, twist_areas_past_end),
		CASE(GET_IRQ_INFO, twist_short),
		CASE(GET_IRQ_INFO, twist_error),
	};
	int ret;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		liar.cmd = cases[i].cmd;
		liar.twist = cases[i].twist;
		why[0] = '\0';
		ret = connect_to(PATIENCE_MS);
		if (ret != -EPROTO || why[0] == '\0')
			fail_msg("%s: %d %s", cases[i].name, ret, why);
	}
}

static void
twist_no_fd(struct raw *reply)
{
	close(reply->fds[0]);
	reply->n_fds = 0;
}

static void
region_mmap__no_file_came_not_mappable(void **state)
{
	struct vfu_client *client = NULL;
	struct vfu_region info;
	void *at;

	(void)state;
	liar.cmd = VFU_CMD_GET_REGION_INFO;
	liar.twist = twist_no_fd;
	assert_int_equal(pthread_create(&thread, NULL, liar_main, NULL), 0);
	assert_int_equal(vfu_client_connect(path, PATIENCE_MS, &client, why, sizeof(why)), 0);
	assert_int_equal(vfu_client_region_info(client, 0, &info), 0);
	assert_int_equal(info.flags, VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE);
	assert_int_equal(vfu_client_region_mmap(client, 0, 0, 0x1000, &at), -EINVAL);
	vfu_client_close(client);
	pthread_join(thread, NULL);
}

/* After the greeting: the first wrong reply ends the link, the next call knows at once. */
static void
region_read__twisted_reply_kills_the_link(void **state)
{
	struct vfu_client *client = NULL;
	uint32_t word = 0x77777777;

	(void)state;
	liar.cmd = VFU_CMD_REGION_READ;
	liar.twist = twist_empty;
	assert_int_equal(pthread_create(&thread, NULL, liar_main, NULL), 0);
	assert_int_equal(vfu_client_connect(path, PATIENCE_MS, &client, why, sizeof(why)), 0);
	assert_int_equal(vfu_client_region_read(client, 0, 0, &word, 4), -EPROTO);
	assert_int_equal(word, 0x77777777);
	assert_false(vfu_client_alive(client));
	assert_int_equal(vfu_client_region_read(client, 0, 0, &word, 4), -ENOTCONN);
	vfu_client_close(client);
	pthread_join(thread, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(connect__honest_server_accepted),
		TEST(connect__byte_by_byte_accepted),
		TEST(connect__silence_times_out),
		TEST(connect__too_slow_times_out),
		TEST(connect__other_protocol_named),
		TEST(connect__twisted_reply_refused),
		TEST(region_mmap__no_file_came_not_mappable),
		TEST(region_read__twisted_reply_kills_the_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
