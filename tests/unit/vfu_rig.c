/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The device behind a vfio-user server, and raw messages to it. */

#include <errno.h>
#include <patience.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfu_rig.h"
#include "vfu_test.h"

static int
region_read(void *ctx, unsigned int region, uint64_t off, void *data, size_t bytes)
{
	struct rig *rig = ctx;

	if (region == 0 && off == RIG_BAD_OFF)
		return -EIO;
	if (region == 0)
		memcpy(data, rig->regs + off, bytes);
	else
		memset(data, (int)region, bytes);
	return 0;
}

static int
region_write(void *ctx, unsigned int region, uint64_t off, const void *data, size_t bytes)
{
	struct rig *rig = ctx;

	if (region == 0 && off == RIG_BAD_OFF)
		return -EIO;
	if (region == 0)
		memcpy(rig->regs + off, data, bytes);
	rig->writes++;
	return 0;
}

static int
device_reset(void *ctx)
{
	struct rig *rig = ctx;

	__atomic_fetch_add(&rig->resets, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static void
connected(void *ctx)
{
	struct rig *rig = ctx;

	__atomic_fetch_add(&rig->connects, 1, __ATOMIC_SEQ_CST);
}

static void
disconnected(void *ctx)
{
	struct rig *rig = ctx;

	rig->mapped_at_disconnect = iova_map_find(vfu_server_iova(rig->server), 0x10000, 1, 0) !=
				    NULL;
	__atomic_fetch_add(&rig->disconnects, 1, __ATOMIC_SEQ_CST);
}

static void
keep_log(void *ctx, int level, const char *line)
{
	struct rig *rig = ctx;
	size_t used = strlen(rig->log);

	(void)level;
	snprintf(rig->log + used, sizeof(rig->log) - used, "%s\n", line);
}

static uint64_t
now_ns(void *ctx)
{
	const struct rig *rig = ctx;
	struct timespec now;

	if (rig->now_ns != 0)
		return rig->now_ns;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static const struct vfu_server_ops rig_ops = {
	.region_read = region_read,
	.region_write = region_write,
	.reset = device_reset,
	.connected = connected,
	.disconnected = disconnected,
	.log = keep_log,
	.now_ns = now_ns,
};

static const struct vfu_server_area rig_areas[] = {{RIG_PAGE, RIG_PAGE}, {3 * RIG_PAGE, RIG_PAGE}};

struct vfu_server_limits rig_limits;

void
rig_start(struct rig *rig, int *peer)
{
	struct vfu_server_config config = {
		.ops = &rig_ops,
		.ctx = rig,
		.msix_vectors = RIG_VECTORS,
		.limits = rig_limits,
	};
	const uint32_t rw = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	static unsigned int count;
	char why[256] = "";
	int pair[2];

	memset(rig, 0, sizeof(*rig));
	rig->window_fd = memory_file(RIG_WINDOW_BYTES);
	rig->sparse_fd = memory_file(RIG_SPARSE_BYTES);
	config.regions[0] = (struct vfu_server_region){.bytes = RIG_REGS_BYTES, .flags = rw};
	config.regions[2] = (struct vfu_server_region){.bytes = RIG_WINDOW_BYTES,
						       .flags = rw | VFU_REGION_FLAG_MMAP,
						       .fd = rig->window_fd};
	config.regions[3] = (struct vfu_server_region){.bytes = RIG_FIXED_BYTES,
						       .flags = VFU_REGION_FLAG_READ};
	config.regions[4] = (struct vfu_server_region){.bytes = RIG_SPARSE_BYTES,
						       .flags = rw | VFU_REGION_FLAG_MMAP,
						       .fd = rig->sparse_fd,
						       .areas = rig_areas,
						       .n_areas = 2};
	config.regions[5] = (struct vfu_server_region){.bytes = RIG_LARGE_BYTES, .flags = rw};
	if (peer != NULL) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		assert_int_equal(vfu_server_adopt(pair[0], &config, &rig->server), 0);
		*peer = pair[1];
		return;
	}
	snprintf(rig->path, sizeof(rig->path), "/tmp/wcnic-rig-%d-%u.sock", (int)getpid(), count++);
	if (vfu_server_listen(rig->path, &config, &rig->server, why, sizeof(why)) < 0)
		fail_msg("%s", why);
}

static void *
rig_main(void *arg)
{
	struct rig *rig = arg;
	struct pollfd pfd = {.fd = vfu_server_poll_fd(rig->server), .events = POLLIN};

	while (!__atomic_load_n(&rig->stop, __ATOMIC_SEQ_CST)) {
		poll(&pfd, 1, 10);
		vfu_server_poll(rig->server);
	}
	return NULL;
}

void
rig_run(struct rig *rig)
{
	rig->threaded = true;
	assert_int_equal(pthread_create(&rig->thread, NULL, rig_main, rig), 0);
}

void
rig_pause(struct rig *rig)
{
	if (!rig->threaded)
		return;
	__atomic_store_n(&rig->stop, true, __ATOMIC_SEQ_CST);
	pthread_join(rig->thread, NULL);
	rig->threaded = false;
	rig->stop = false;
}

void
rig_stop(struct rig *rig)
{
	rig_pause(rig);
	vfu_server_destroy(rig->server);
	close(rig->window_fd);
	close(rig->sparse_fd);
}

void
rig_wait(const unsigned int *number, unsigned int value)
{
	for (unsigned int i = 0; i < PATIENCE_MS; i++) {
		if (__atomic_load_n(number, __ATOMIC_SEQ_CST) == value)
			return;
		usleep(1000);
	}
	fail_msg("waited in vain: %u instead of %u", *number, value);
}

struct raw
raw_request(uint16_t cmd, const void *payload, size_t bytes)
{
	static uint16_t id;
	struct raw raw = {
		.hdr = {.id = ++id, .cmd = cmd, .bytes = (uint32_t)(sizeof(raw.hdr) + bytes)},
		.payload_bytes = bytes,
	};

	assert_true(bytes <= sizeof(raw.payload));
	if (bytes > 0)
		memcpy(raw.payload, payload, bytes);
	return raw;
}

void
raw_send(int sock, const struct raw *raw)
{
	struct iovec iov[2] = {
		{.iov_base = (void *)&raw->hdr, .iov_len = sizeof(raw->hdr)},
		{.iov_base = (void *)raw->payload, .iov_len = raw->payload_bytes},
	};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(raw->fds))];
	} control;
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	struct cmsghdr *cmsg;

	if (raw->n_fds > 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * raw->n_fds);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * raw->n_fds);
		memcpy(CMSG_DATA(cmsg), raw->fds, sizeof(int) * raw->n_fds);
	}
	assert_int_equal(sendmsg(sock, &msg, MSG_NOSIGNAL), sizeof(raw->hdr) + raw->payload_bytes);
}

static int
receive_all(int sock, void *to, size_t bytes, struct raw *raw)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(raw->fds))];
	} control;
	struct cmsghdr *cmsg;
	size_t have = 0;
	ssize_t n;

	while (have < bytes) {
		struct iovec iov = {.iov_base = (char *)to + have, .iov_len = bytes - have};
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control.bytes,
				     .msg_controllen = sizeof(control.bytes)};

		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
		if (n < 0 && errno == EAGAIN)
			fail_msg("no answer came");
		if (n <= 0)
			return -1;
		have += (size_t)n;
		cmsg = CMSG_FIRSTHDR(&msg);
		if (cmsg == NULL)
			continue;
		raw->n_fds = (unsigned int)((cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(raw->fds, CMSG_DATA(cmsg), raw->n_fds * sizeof(int));
	}
	return 0;
}

int
raw_receive(int sock, struct raw *raw)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};

	memset(raw, 0, sizeof(*raw));
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (receive_all(sock, &raw->hdr, sizeof(raw->hdr), raw) < 0)
		return -1;
	raw->payload_bytes = raw->hdr.bytes - sizeof(raw->hdr);
	assert_true(raw->payload_bytes <= sizeof(raw->payload));
	return receive_all(sock, raw->payload, raw->payload_bytes, raw);
}

int
raw_ask(struct rig *rig, int sock, struct raw *request, struct raw *reply)
{
	raw_send(sock, request);
	vfu_server_poll(rig->server);
	if (raw_receive(sock, reply) < 0)
		return -1;
	assert_int_equal(reply->hdr.id, request->hdr.id);
	assert_int_equal(reply->hdr.cmd, request->hdr.cmd);
	assert_int_equal(reply->hdr.flags & VFU_HDR_TYPE_MASK, VFU_HDR_REPLY);
	if ((reply->hdr.flags & VFU_HDR_ERROR) != 0) {
		assert_int_equal(reply->payload_bytes, 0);
		assert_int_not_equal(reply->hdr.error, 0);
	} else {
		assert_int_equal(reply->hdr.error, 0);
	}
	return (int)reply->hdr.error;
}

void
raw_greet(struct rig *rig, int sock)
{
	const struct vfu_version version = {.major = VFU_MAJOR, .minor = VFU_MINOR};
	struct raw request = raw_request(VFU_CMD_VERSION, &version, sizeof(version)), reply;

	assert_int_equal(raw_ask(rig, sock, &request, &reply), 0);
	assert_true(vfu_server_connected(rig->server));
}

struct bench bench;

int
bench_setup(void **state)
{
	bench.fds_before = open_fds();
	rig_start(&bench.rig, &bench.sock);
	raw_greet(&bench.rig, bench.sock);
	*state = &bench;
	return 0;
}

int
bench_setup_alone(void **state)
{
	bench.fds_before = open_fds();
	rig_start(&bench.rig, &bench.sock);
	*state = &bench;
	return 0;
}

int
bench_teardown(void **state)
{
	struct bench *b = *state;

	if (b->sock >= 0)
		close(b->sock);
	rig_stop(&b->rig);
	open_fds_expect(b->fds_before);
	return 0;
}

int
bench_ask(uint16_t cmd, const void *payload, size_t bytes, struct raw *reply)
{
	struct raw request = raw_request(cmd, payload, bytes);

	return raw_ask(&bench.rig, bench.sock, &request, reply);
}

int
bench_ask_fds(uint16_t cmd, const void *payload, size_t bytes, const int *fds, unsigned int n_fds)
{
	struct raw request = raw_request(cmd, payload, bytes), reply;

	memcpy(request.fds, fds, n_fds * sizeof(*fds));
	request.n_fds = n_fds;
	return raw_ask(&bench.rig, bench.sock, &request, &reply);
}

void
bench_assert_sound(void)
{
	struct raw reply;

	assert_int_equal(bench_ask(VFU_CMD_RESET, NULL, 0, &reply), 0);
	assert_int_equal(bench.rig.disconnects, 0);
}

void
bench_assert_dropped(const char *log)
{
	struct raw reply;

	vfu_server_poll(bench.rig.server);
	assert_int_equal(raw_receive(bench.sock, &reply), -1);
	assert_false(vfu_server_connected(bench.rig.server));
	if (strstr(bench.rig.log, log) == NULL)
		fail_msg("'%s' is not in the log:\n%s", log, bench.rig.log);
}
