/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server against clients that take too long, too much, or what nobody can close. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfu_rig.h"
#include "vfu_test.h"

#define MS 1000000ull
#define GREET_MS 500u
#define MESSAGE_MS 3000u
#define START_NS (1000 * MS)
#define STUCK_MS 20000u

/* A server that listens, with a clock of the test's. */
static struct rig rig;
static unsigned int fds_before;

static int
setup(void **state)
{
	(void)state;
	fds_before = open_fds();
	rig_limits = (struct vfu_server_limits){
		.ranges = 8,
		.files = 3,
		.bytes = 0x80000,
		.greet_ms = GREET_MS,
		.message_ms = MESSAGE_MS,
	};
	rig_start(&rig, NULL);
	rig.now_ns = START_NS;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_stop(&rig);
	memset(&rig_limits, 0, sizeof(rig_limits));
	open_fds_expect(fds_before);
	return 0;
}

static int
caller(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, rig.path);
	assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	vfu_server_poll(rig.server);
	return sock;
}

static int
client(void)
{
	int sock = caller();

	raw_greet(&rig, sock);
	return sock;
}

static void
pass(uint64_t ms)
{
	rig.now_ns += ms * MS;
	vfu_server_poll(rig.server);
}

static bool
is_closed(int sock)
{
	char byte;
	ssize_t n = recv(sock, &byte, 1, MSG_DONTWAIT | MSG_PEEK);

	return n == 0 || (n < 0 && errno != EAGAIN);
}

static void
expect_log(const char *text)
{
	if (strstr(rig.log, text) == NULL)
		fail_msg("'%s' is not in the log:\n%s", text, rig.log);
}

static int
ask(int sock, uint16_t cmd, const void *payload, size_t bytes, const int *fd)
{
	struct raw request = raw_request(cmd, payload, bytes), reply;

	request.n_fds = fd != NULL;
	if (fd != NULL)
		request.fds[0] = *fd;
	return raw_ask(&rig, sock, &request, &reply);
}

static int
map(int sock, uint64_t iova, uint64_t bytes, const int *fd)
{
	struct vfu_dma_map request = {32, 3, 0, iova, bytes};

	return ask(sock, VFU_CMD_DMA_MAP, &request, sizeof(request), fd);
}

/* ---- time -------------------------------------------------------------------------------- */

static void
greeting__silent_connection_keeps_nobody_away(void **state)
{
	int silent = caller(), served;

	(void)state;
	served = client();
	assert_true(is_closed(silent));
	assert_int_equal(rig.connects, 1);
	assert_int_equal(ask(served, VFU_CMD_RESET, NULL, 0, NULL), 0);
	close(silent);
	close(served);
}

static void
greeting__too_late_closed(void **state)
{
	int silent = caller(), later;

	(void)state;
	pass(GREET_MS - 1);
	later = caller();
	assert_false(is_closed(silent));
	pass(1);
	assert_true(is_closed(silent));
	assert_false(is_closed(later));
	pass(GREET_MS);
	assert_true(is_closed(later));
	expect_log("did not greet in time");
	close(silent);
	close(later);
}

/* Each byte comes in time, but the whole does not. A deadline ends a wait for the server, too. */
static void
greeting__byte_by_byte_too_late_closed(void **state)
{
	const struct vfu_version version = {.major = VFU_MAJOR};
	struct raw request = raw_request(VFU_CMD_VERSION, &version, sizeof(version));
	struct pollfd pfd = {.fd = vfu_server_poll_fd(rig.server), .events = POLLIN};
	int slow = caller();

	(void)state;
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(send(slow, (uint8_t *)&request.hdr + i, 1, 0), 1);
		vfu_server_poll(rig.server);
		assert_false(is_closed(slow));
		/* What is there already does not end the next wait. */
		assert_int_equal(vfu_server_poll(rig.server), 0);
		pass(GREET_MS / 10 - 1);
	}
	/* The clock stands still at 10 ms before the end, and a real one runs out. */
	assert_int_equal(poll(&pfd, 1, STUCK_MS), 1);
	vfu_server_poll(rig.server);
	assert_false(is_closed(slow));
	pass(10);
	assert_true(is_closed(slow));
	close(slow);
}

static void
greeting__by_byte_in_time_served(void **state)
{
	const struct vfu_version version = {.major = VFU_MAJOR};
	struct raw request = raw_request(VFU_CMD_VERSION, &version, sizeof(version)), reply;
	uint8_t bytes[sizeof(request.hdr) + sizeof(version)];
	int slow = caller();

	(void)state;
	memcpy(bytes, &request.hdr, sizeof(request.hdr));
	memcpy(bytes + sizeof(request.hdr), &version, sizeof(version));
	for (unsigned int i = 0; i < sizeof(bytes); i++) {
		assert_false(vfu_server_connected(rig.server));
		assert_int_equal(send(slow, bytes + i, 1, 0), 1);
		pass(GREET_MS / 100);
	}
	assert_int_equal(raw_receive(slow, &reply), 0);
	assert_true(vfu_server_connected(rig.server));
	close(slow);
}

static void
greeting__claims_a_megabyte_answered_and_dropped(void **state)
{
	struct raw request = raw_request(VFU_CMD_VERSION, NULL, 0), reply;
	int greedy = caller(), served;

	(void)state;
	request.hdr.bytes = 1u << 20;
	raw_send(greedy, &request);
	vfu_server_poll(rig.server);
	assert_int_equal(raw_receive(greedy, &reply), 0);
	assert_int_equal(reply.hdr.error, EMSGSIZE);
	assert_int_equal(raw_receive(greedy, &reply), -1);
	served = client();
	close(greedy);
	close(served);
}

static void
greeting__dozens_of_silent_ones_client_served(void **state)
{
	int silent[30], served;

	(void)state;
	for (unsigned int i = 0; i < 30; i++)
		silent[i] = caller();
	assert_true(is_closed(silent[0]));
	expect_log("more connections are not logged");
	served = client();
	for (unsigned int i = 0; i < 30; i++) {
		assert_true(is_closed(silent[i]));
		close(silent[i]);
	}
	close(served);
}

/* A server for a socket that was given. */
static void
greeting__adopted_and_silent_dropped(void **state)
{
	struct rig given;
	int sock;

	(void)state;
	rig_start(&given, &sock);
	given.now_ns = START_NS;
	vfu_server_poll(given.server); /* by the real clock it was connected later */
	given.now_ns = UINT64_MAX / 2;
	vfu_server_poll(given.server);
	assert_true(is_closed(sock));
	assert_non_null(strstr(given.log, "did not greet in 500 ms"));
	close(sock);
	rig_stop(&given);
}

static void
message__begun_and_not_ended_dropped(void **state)
{
	struct raw request = raw_request(VFU_CMD_RESET, NULL, 0);
	int sock = client();

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(send(sock, (uint8_t *)&request.hdr + i, 1, 0), 1);
		vfu_server_poll(rig.server);
		pass(MESSAGE_MS / 3 - 1);
		assert_false(is_closed(sock));
	}
	pass(3);
	assert_true(is_closed(sock));
	expect_log("a message took 3000 ms");
	assert_int_equal(rig.disconnects, 1);
	close(sock);
}

static void
message__none_begun_silent_for_a_year_served(void **state)
{
	int sock = client();

	(void)state;
	for (unsigned int i = 0; i < 365; i++)
		pass(24 * 3600 * 1000);
	assert_int_equal(ask(sock, VFU_CMD_RESET, NULL, 0, NULL), 0);
	pass(24 * 3600 * 1000);
	assert_int_equal(ask(sock, VFU_CMD_RESET, NULL, 0, NULL), 0);
	close(sock);
}

/* ---- budgets ----------------------------------------------------------------------------- */

static void
dma_map__beyond_a_limit_its_error_and_its_option(void **state)
{
	int fds[4], sock = client();

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		fds[i] = memory_file(0x90000);
	assert_int_equal(map(sock, 0x100000, 0x90000, &fds[0]), EDQUOT);
	expect_log("more than 0 MiB (--max-mib)");
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(map(sock, i * 0x10000, 0x1000, &fds[i]), 0);
	assert_int_equal(map(sock, 0x100000, 0x1000, &fds[3]), EMFILE);
	expect_log("3 files are mapped (--max-files)");
	for (unsigned int i = 3; i < 8; i++)
		assert_int_equal(map(sock, i * 0x10000, 0x1000, NULL), 0);
	assert_int_equal(map(sock, 0x100000, 0x1000, NULL), ENOSPC);
	expect_log("8 ranges are mapped (--max-ranges)");
	assert_int_equal(ask(sock, VFU_CMD_RESET, NULL, 0, NULL), 0);
	for (unsigned int i = 0; i < 4; i++)
		close(fds[i]);
	close(sock);
}

/* What would take long takes a poll alone. */
static void
poll__ends_after_so_much(void **state)
{
	struct vfu_access read = {0, 5, 1u << 20};
	struct raw request = raw_request(VFU_CMD_REGION_READ, &read, sizeof(read));
	struct raw reset = raw_request(VFU_CMD_RESET, NULL, 0);
	unsigned int polls = 0;
	int sock = client();

	(void)state;
	request.hdr.flags = reset.hdr.flags = VFU_HDR_NO_REPLY;
	for (unsigned int i = 0; i < 10; i++)
		raw_send(sock, &request);
	for (unsigned int i = 0; i < 30; i++)
		raw_send(sock, &reset);
	while (rig.resets == 0 && polls++ < 100)
		assert_true(vfu_server_poll(rig.server) > 0);
	assert_int_equal(polls, 11); /* the last has the first resets */
	while (rig.resets < 30 && polls++ < 100)
		assert_true(vfu_server_poll(rig.server) > 0);
	assert_true(polls > 15);
	close(sock);
}

/* ---- descriptors ------------------------------------------------------------------------- */

static void
set_irqs__no_eventfd_refused(void **state)
{
	struct vfu_irq_set set = {20, VFU_IRQ_DATA_EVENTFD | VFU_IRQ_ACTION_TRIGGER, VFU_IRQ_MSIX,
				  0, 1};
	int pair[2], pipes[2], sock = client();
	sigset_t none;

	(void)state;
	sigemptyset(&none);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(pipe(pipes), 0);
	const int others[] = {
		pipes[0],
		pipes[1],
		pair[0],
		timerfd_create(CLOCK_MONOTONIC, 0),
		epoll_create1(0),
		inotify_init1(0),
		signalfd(-1, &none, 0),
		memory_file(0x1000),
		open("/", O_RDONLY | O_DIRECTORY),
		open("/", O_PATH),
		open("/dev/zero", O_RDWR),
		open("/proc/self/status", O_RDONLY),
	};

	for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_true(others[i] >= 0);
		assert_int_equal(ask(sock, VFU_CMD_SET_IRQS, &set, sizeof(set), &others[i]),
				 EINVAL);
		assert_int_equal(vfu_server_irq_trigger(rig.server, 0), -ENOENT);
		close(others[i]);
	}
	close(pipes[0] == others[0] ? pair[1] : pipes[0]);
	close(sock);
}

/*
 * A TCP socket that waits an hour for its last bytes to be taken when it is closed, and the end
 * that does not take them.
 */
static void
lingering_pair(int *lingering, int *peer)
{
	const struct linger linger = {.l_onoff = 1, .l_linger = 3600};
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t bytes = sizeof(addr);
	static const char data[65536];
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &bytes), 0);
	*lingering = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(*lingering, (struct sockaddr *)&addr, sizeof(addr)), 0);
	*peer = accept(listener, NULL, NULL);
	assert_true(*peer >= 0);
	while (send(*lingering, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	setsockopt(*lingering, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(listener);
}

/* Ends the lingering when the server seems to stand. */
struct rescue {
	int peer;
	bool done; /* atomic, as the next */
	bool needed;
};

static void *
rescue_main(void *arg)
{
	struct rescue *rescue = arg;

	for (unsigned int ms = 0; ms < STUCK_MS; ms++) {
		if (__atomic_load_n(&rescue->done, __ATOMIC_SEQ_CST))
			return NULL;
		usleep(1000);
	}
	__atomic_store_n(&rescue->needed, true, __ATOMIC_SEQ_CST);
	close(rescue->peer);
	return NULL;
}

static void
descriptor__cannot_be_closed_server_goes_on(void **state)
{
	struct rescue rescue = {0};
	pthread_t thread;
	int lingering, sock = client(), fd = memory_file(0x1000);

	(void)state;
	lingering_pair(&lingering, &rescue.peer);
	assert_int_equal(pthread_create(&thread, NULL, rescue_main, &rescue), 0);
	{
		struct vfu_dma_map request = {32, 3, 0, 0, 0x1000};
		struct raw raw = raw_request(VFU_CMD_DMA_MAP, &request, sizeof(request)), reply;

		raw.fds[0] = lingering;
		raw.n_fds = 1;
		raw_send(sock, &raw);
		close(lingering); /* the server's is the last */
		vfu_server_poll(rig.server);
		assert_int_equal(raw_receive(sock, &reply), 0);
		assert_int_equal(reply.hdr.error, EOPNOTSUPP);
	}
	assert_int_equal(map(sock, 0, 0x1000, &fd), 0);
	close(sock);
	vfu_server_poll(rig.server);
	assert_int_equal(rig.disconnects, 1);
	/* The next client has a thread of its own for what it leaves. */
	sock = client();
	assert_int_equal(map(sock, 0, 0x1000, &fd), 0);
	__atomic_store_n(&rescue.done, true, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	assert_false(rescue.needed);
	close(rescue.peer);
	close(sock);
	close(fd);
}

static void
descriptors__hundreds_that_cannot_be_closed_client_dropped(void **state)
{
	struct raw raw = raw_request(VFU_CMD_RESET, NULL, 0), reply;
	int lingering, peer, sock = client();
	unsigned int sent;

	(void)state;
	lingering_pair(&lingering, &peer);
	raw.fds[0] = lingering;
	raw.n_fds = 1;
	raw_send(sock, &raw);
	close(lingering);
	vfu_server_poll(rig.server);
	assert_int_equal(raw_receive(sock, &reply), 0);
	for (unsigned int i = 0; i < 8; i++)
		raw.fds[i] = rig.window_fd;
	raw.n_fds = 8;
	for (sent = 0; sent < 200 && vfu_server_connected(rig.server); sent++) {
		raw_send(sock, &raw);
		vfu_server_poll(rig.server);
	}
	expect_log("it sends descriptors that cannot be closed");
	assert_true(sent > 20 && sent < 50);
	close(peer);
	close(sock);
	sock = client();
	close(sock);
}

/* ---- waste ------------------------------------------------------------------------------- */

/* Sends what cannot be closed, so that the server has the last descriptor of it. */
static void
lingering_send(int sock, int *peer)
{
	struct raw raw = raw_request(VFU_CMD_RESET, NULL, 0);
	int lingering;

	lingering_pair(&lingering, peer);
	raw.fds[0] = lingering;
	raw.n_fds = 1;
	raw_send(sock, &raw);
	close(lingering);
}

/* How many mappings this process has of memory_file()s. */
static unsigned int
files_mapped(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned int n = 0;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		n += strstr(line, "/memfd:test") != NULL;
	fclose(maps);
	return n;
}

/* A client's mappings that wait to be unmapped take addresses that others need. */
static void
dma_unmap__more_than_the_limit_waits_for_nobody(void **state)
{
	const struct vfu_dma_unmap all = {.argsz = 24, .flags = 2};
	struct raw reply;
	int peer, sock = client();

	(void)state;
	lingering_send(sock, &peer);
	vfu_server_poll(rig.server);
	assert_int_equal(raw_receive(sock, &reply), 0);
	for (unsigned int i = 0; i < 8; i++) {
		int fd = memory_file(0x50000);

		assert_int_equal(map(sock, 0, 0x50000, &fd), 0);
		assert_int_equal(ask(sock, VFU_CMD_DMA_UNMAP, &all, sizeof(all), NULL), 0);
		close(fd);
	}
	/* 0x80000 bytes may. */
	assert_true(files_mapped() <= 1);
	close(peer);
	close(sock);
}

static unsigned int unmaps; /* atomic */

int __real_munmap(void *base, size_t bytes);
int __wrap_munmap(void *base, size_t bytes);

int
__wrap_munmap(void *base, size_t bytes)
{
	__atomic_add_fetch(&unmaps, 1, __ATOMIC_SEQ_CST);
	return __real_munmap(base, bytes);
}

/* Each call makes others wait, and there is nothing to free. */
static void
dma_unmap__empty_terabyte_few_calls(void **state)
{
	const uint64_t bytes = 1ull << 40, piece = 64u << 20;
	int fd = memory_file(bytes), sock;

	(void)state;
	rig_stop(&rig);
	rig_limits.bytes = 0;
	rig_start(&rig, NULL);
	sock = client();
	assert_int_equal(map(sock, 0, bytes, &fd), 0);
	__atomic_store_n(&unmaps, 0, __ATOMIC_SEQ_CST);
	close(sock);
	vfu_server_poll(rig.server);
	for (unsigned int ms = 0; ms < STUCK_MS && files_mapped() != 0; ms++)
		usleep(1000);
	assert_int_equal(files_mapped(), 0);
	assert_true(__atomic_load_n(&unmaps, __ATOMIC_SEQ_CST) < bytes / piece / 2);
	close(fd);
}

/* When a wait for the thread that closes ends at the latest. */
static struct timespec waited_until;

int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
				  const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
				  const struct timespec *until);

int
__wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
			      const struct timespec *until)
{
	waited_until = *until;
	return __real_pthread_cond_timedwait(cond, lock, until);
}

static int64_t
ms_of(const struct timespec *at)
{
	return (int64_t)at->tv_sec * 1000 + at->tv_nsec / 1000000;
}

/* Who ends several servers waits once, not once for each. */
static void
destroy__after_hang_up_waits_from_then(void **state)
{
	struct timespec hung_up;
	int peer, sock = client();

	(void)state;
	lingering_send(sock, &peer);
	vfu_server_hang_up(rig.server);
	assert_int_equal(rig.disconnects, 1);
	clock_gettime(CLOCK_MONOTONIC, &hung_up);
	vfu_server_destroy(rig.server);
	rig.server = NULL;
	assert_true(waited_until.tv_sec != 0);
	assert_true(ms_of(&waited_until) <= ms_of(&hung_up) + 200);
	close(peer);
	close(sock);
}

/* Nobody has accepted the connection: what it brought is closed with the listener. */
static void
destroy__connection_that_nobody_accepted_waits_for_nobody(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct rescue rescue = {0};
	pthread_t thread;

	(void)state;
	strcpy(addr.sun_path, rig.path);
	assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	lingering_send(sock, &rescue.peer);
	assert_int_equal(pthread_create(&thread, NULL, rescue_main, &rescue), 0);
	vfu_server_destroy(rig.server);
	rig.server = NULL;
	__atomic_store_n(&rescue.done, true, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	assert_false(rescue.needed);
	close(rescue.peer);
	close(sock);
}

/* A message in a million pieces may bring descriptors with each. */
static void
descriptors__with_each_piece_client_dropped(void **state)
{
	struct raw raw = raw_request(VFU_CMD_RESET, NULL, 0);
	int sock = client();

	(void)state;
	raw.hdr.bytes = 1u << 20;
	for (unsigned int i = 0; i < 64; i++)
		raw.fds[i] = rig.window_fd;
	raw.n_fds = 64;
	for (unsigned int i = 0; i < 6 && vfu_server_connected(rig.server); i++) {
		raw_send(sock, &raw);
		vfu_server_poll(rig.server);
	}
	expect_log("a message has too many descriptors");
	close(sock);
}

static void
accept__no_descriptor_left_nobody_is_kept_busy(void **state)
{
	struct pollfd pfd = {.fd = vfu_server_poll_fd(rig.server), .events = POLLIN};
	struct rlimit before, none;
	struct raw reply;
	int sock;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); /* the lowest that is free */
	none = before;
	none.rlim_cur = (rlim_t)sock + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(dup(sock), -1);
	{
		struct sockaddr_un addr = {.sun_family = AF_UNIX};

		strcpy(addr.sun_path, rig.path);
		assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	}
	vfu_server_poll(rig.server);
	expect_log("cannot accept a client: Too many open files; raise the limit");
	/* Nothing to do until it is tried again. */
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(vfu_server_poll(rig.server), 0);
	setrlimit(RLIMIT_NOFILE, &before);
	/* The timer, of the real clock, ends a wait. */
	assert_int_equal(poll(&pfd, 1, STUCK_MS), 1);
	pass(100);
	vfu_server_poll(rig.server);
	{
		const struct vfu_version version = {.major = VFU_MAJOR};
		struct raw request = raw_request(VFU_CMD_VERSION, &version, sizeof(version));

		assert_int_equal(raw_ask(&rig, sock, &request, &reply), 0);
	}
	assert_true(vfu_server_connected(rig.server));
	close(sock);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(greeting__silent_connection_keeps_nobody_away),
		TEST(greeting__too_late_closed),
		TEST(greeting__byte_by_byte_too_late_closed),
		TEST(greeting__by_byte_in_time_served),
		TEST(greeting__claims_a_megabyte_answered_and_dropped),
		TEST(greeting__dozens_of_silent_ones_client_served),
		TEST(greeting__adopted_and_silent_dropped),
		TEST(message__begun_and_not_ended_dropped),
		TEST(message__none_begun_silent_for_a_year_served),
		TEST(dma_map__beyond_a_limit_its_error_and_its_option),
		TEST(poll__ends_after_so_much),
		TEST(set_irqs__no_eventfd_refused),
		TEST(descriptor__cannot_be_closed_server_goes_on),
		TEST(descriptors__hundreds_that_cannot_be_closed_client_dropped),
		TEST(descriptors__with_each_piece_client_dropped),
		TEST(dma_unmap__more_than_the_limit_waits_for_nobody),
		TEST(dma_unmap__empty_terabyte_few_calls),
		TEST(destroy__after_hang_up_waits_from_then),
		TEST(destroy__connection_that_nobody_accepted_waits_for_nobody),
		TEST(accept__no_descriptor_left_nobody_is_kept_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
