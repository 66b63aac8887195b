/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The driver, wcnicd in another process, and a device of DPDK at the card's far side: shared memory
 * to this process (memif), the kernel (TAP), another card. What goes in at one end is compared with
 * what comes out at the other, both ways.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "child.h"
#include "driver.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define FRAMES 8000u
#define BURST 32u
#define UNDER_WAY 200 /* frames; a queue has 256 buffers */
#define FRAME_MAX 1514u
#define MAGIC 0x88b5 /* an ethertype for experiments */
#define TAP "wcnictap"

static const char *driver; /* librte_net_wcnic.so */
static struct child child, other;

/* Frame `index` of a test: from 60 to 1514 bytes, each byte known. Returns its length. */
static uint16_t
frame_make(uint8_t *data, uint32_t index)
{
	uint16_t bytes = (uint16_t)(60 + index * 37 % (FRAME_MAX - 59));

	memset(data, 0xff, 6);
	memset(data + 6, 2, 6);
	data[12] = MAGIC >> 8;
	data[13] = MAGIC & 0xff;
	memcpy(data + 14, &index, sizeof(index));
	for (uint16_t i = 18; i < bytes; i++)
		data[i] = (uint8_t)(index + i * 3u);
	return bytes;
}

static void
frame_check(const uint8_t *data, uint32_t bytes, uint32_t index)
{
	static uint8_t expected[FRAME_MAX];

	assert_int_equal(bytes, frame_make(expected, index));
	assert_memory_equal(data, expected, bytes);
}

static uint16_t
card_open(const char *name, const char *sock)
{
	char args[128];

	snprintf(args, sizeof(args), "socket=%s,timeout_ms=60000", in_folder(sock));
	return port_open(name, args, 256);
}

static void
link_expect(uint16_t port, bool up)
{
	struct rte_eth_link link;

	for (unsigned int i = 0; i < PATIENCE_MS; i++) {
		assert_int_equal(rte_eth_link_get_nowait(port, &link), 0);
		if ((link.link_status == RTE_ETH_LINK_UP) == up)
			return;
		usleep(1000);
	}
	fail_msg("port %u: the link is not %s; wcnicd said:\n%s", port, up ? "up" : "down",
		 child_text(&child));
}

static uint32_t
frames_send(uint16_t port, uint32_t sent, uint32_t end)
{
	struct rte_mbuf *mbufs[BURST];
	uint32_t n = end - sent < BURST ? end - sent : BURST;
	uint32_t taken;

	if (n == 0 || rte_pktmbuf_alloc_bulk(pool, mbufs, n) != 0)
		return sent;
	for (uint32_t i = 0; i < n; i++) {
		uint16_t bytes = frame_make(rte_pktmbuf_mtod(mbufs[i], uint8_t *), sent + i);

		mbufs[i]->data_len = bytes;
		mbufs[i]->pkt_len = bytes;
	}
	taken = rte_eth_tx_burst(port, 0, mbufs, (uint16_t)n);
	rte_pktmbuf_free_bulk(mbufs + taken, n - taken);
	return sent + taken;
}

static uint32_t
frames_take(uint16_t port, uint32_t got)
{
	struct rte_mbuf *mbufs[BURST];
	uint16_t n = rte_eth_rx_burst(port, 0, mbufs, BURST);

	for (uint16_t i = 0; i < n; i++) {
		assert_int_equal(mbufs[i]->nb_segs, 1);
		frame_check(rte_pktmbuf_mtod(mbufs[i], uint8_t *), mbufs[i]->pkt_len, got + i);
	}
	rte_pktmbuf_free_bulk(mbufs, n);
	return got + n;
}

/*
 * All frames, in order and unaltered. The receiver stops now and then; no more are under way than
 * its queue has buffers for, as a card drops others.
 */
static void
frames_cross(uint16_t from, uint16_t to)
{
	time_t end = time(NULL) + PATIENCE_MS / 1000;
	uint32_t sent = 0, got = 0, turn = 0;

	while (got < FRAMES) {
		if (time(NULL) > end)
			fail_msg("%u of %u frames came in time, %u were sent", got, FRAMES, sent);
		if (sent - got <= UNDER_WAY - BURST)
			sent = frames_send(from, sent, FRAMES);
		if (turn++ % 64 >= 16)
			got = frames_take(to, got);
	}
}

static void
memif__frames_cross_unaltered_both_ways(void **state)
{
	char spec[128], args[128];
	uint16_t card, memif;

	(void)state;
	snprintf(spec, sizeof(spec), "ethdev:net_memif0;role=server;socket-abstract=no;socket=%s",
		 in_folder("m.sock"));
	snprintf(args, sizeof(args), "role=client,socket-abstract=no,socket=%s",
		 in_folder("m.sock"));
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--port", spec));
	child_expect(&child, "listens");
	card = card_open("net_wcnic0", "a.sock");
	link_expect(card, false);
	memif = port_open("net_memif1", args, 256);
	link_expect(memif, true);
	link_expect(card, true);
	frames_cross(card, memif);
	frames_cross(memif, card);
	port_close(memif, "net_memif1");
	link_expect(card, false);
	port_close(card, "net_wcnic0");
	assert_int_equal(child_end(&child, SIGTERM), 0);
	unlink(in_folder("m.sock"));
}

static void
vhost__frames_cross_unaltered_both_ways(void **state)
{
	char spec[128], args[192];
	uint16_t card, virtio;

	(void)state;
	snprintf(spec, sizeof(spec), "ethdev:net_vhost0;iface=%s;queues=1", in_folder("v.sock"));
	snprintf(args, sizeof(args), "path=%s,queues=1,queue_size=256,mrg_rxbuf=1",
		 in_folder("v.sock"));
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--port", spec));
	child_expect(&child, "listens");
	card = card_open("net_wcnic0", "a.sock");
	link_expect(card, false);
	virtio = port_open("net_virtio_user1", args, 256);
	link_expect(card, true);
	frames_cross(card, virtio);
	frames_cross(virtio, card);
	port_close(virtio, "net_virtio_user1");
	link_expect(card, false);
	port_close(card, "net_wcnic0");
	assert_int_equal(child_end(&child, SIGTERM), 0);
}

/* The far side of the first card's wire is a driver in wcnicd itself, for the second card. */
static void
wcnic__a_card_is_the_wire_of_another(void **state)
{
	char spec[128], eal[512];
	uint16_t card;

	(void)state;
	child_start(&other, ARGS("--socket", in_folder("b.sock")));
	child_expect(&other, "listens");
	snprintf(spec, sizeof(spec), "ethdev:net_wcnic5;socket=%s;timeout_ms=60000",
		 in_folder("b.sock"));
	snprintf(eal, sizeof(eal), "--no-huge -m 128 --no-shconf --no-pci --no-telemetry -d %s",
		 driver);
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--port", spec, "--eal", eal));
	if (child_expect_either(&child, "world-writable", "listens")) {
		child_end(&child, 0);
		child_end(&other, SIGTERM);
		skip();
	}
	card = card_open("net_wcnic0", "a.sock");
	link_expect(card, true);
	frames_cross(card, card); /* the other card is plugged into itself */
	/* That card dies: the link of this one goes down, and nobody else is harmed. */
	assert_int_equal(child_end(&other, SIGKILL), -SIGKILL);
	link_expect(card, false);
	child_start(&other, ARGS("--socket", in_folder("b.sock")));
	child_expect(&other, "listens");
	link_expect(card, true);
	port_close(card, "net_wcnic0");
	assert_int_equal(child_end(&child, SIGTERM), 0);
	assert_int_equal(child_end(&other, SIGTERM), 0);
}

/* ---- TAP --------------------------------------------------------------------------------- */

/* What the kernel sends and receives on the TAP, for frames of MAGIC alone. */
static int
tap_socket(void)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(MAGIC)};
	int sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(MAGIC));
	int bytes = 8 << 20;

	assert_true(sock >= 0);
	addr.sll_ifindex = (int)if_nametoindex(TAP);
	assert_int_not_equal(addr.sll_ifindex, 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	(void)setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return sock;
}

static void
frames_pass(uint16_t port)
{
	struct rte_mbuf *mbufs[BURST];

	rte_pktmbuf_free_bulk(mbufs, rte_eth_rx_burst(port, 0, mbufs, BURST));
}

static void
tap_to_kernel(uint16_t card, int sock)
{
	time_t end = time(NULL) + PATIENCE_MS / 1000;
	uint8_t data[2048];
	uint32_t sent = 0, got = 0;
	ssize_t n;

	while (got < 500) {
		struct pollfd fd = {.fd = sock, .events = POLLIN};

		assert_true(time(NULL) <= end);
		if (sent - got < 64)
			sent = frames_send(card, sent, 500);
		while (got < 500 && poll(&fd, 1, sent == 500 ? 100 : 0) == 1) {
			n = recv(sock, data, sizeof(data), 0);
			assert_true(n > 0);
			frame_check(data, (uint32_t)n, got++);
		}
		frames_pass(card); /* what the kernel says unasked */
	}
}

/* Other frames than ours may come from the kernel, as from any. */
static void
tap_from_kernel(uint16_t card, int sock)
{
	time_t end = time(NULL) + PATIENCE_MS / 1000;
	uint8_t data[2048];
	struct rte_mbuf *mbuf;
	uint32_t sent = 0, got = 0;
	uint8_t *at;

	while (got < 500) {
		assert_true(time(NULL) <= end);
		if (sent < 500 && sent - got < 64) {
			uint16_t bytes = frame_make(data, sent);

			assert_int_equal(send(sock, data, bytes, 0), bytes);
			sent++;
		}
		if (rte_eth_rx_burst(card, 0, &mbuf, 1) != 1)
			continue;
		at = rte_pktmbuf_mtod(mbuf, uint8_t *);
		if (at[12] == MAGIC >> 8 && at[13] == (MAGIC & 0xff))
			frame_check(at, mbuf->pkt_len, got++);
		rte_pktmbuf_free(mbuf);
	}
}

static void
tap_up(void)
{
	struct ifreq request = {.ifr_name = TAP};
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(sock >= 0);
	assert_int_equal(ioctl(sock, SIOCGIFFLAGS, &request), 0);
	request.ifr_flags |= IFF_UP;
	assert_int_equal(ioctl(sock, SIOCSIFFLAGS, &request), 0);
	close(sock);
}

static void
tap__frames_cross_unaltered_both_ways(void **state)
{
	uint16_t card;
	int sock;

	(void)state;
	if (access("/dev/net/tun", R_OK | W_OK) != 0 || unshare(CLONE_NEWNET) != 0) {
		print_message("skipped: TAPs and network namespaces are root's\n");
		skip();
	}
	child_start(&child,
		    ARGS("--socket", in_folder("a.sock"), "--port", "ethdev:net_tap0;iface=" TAP));
	child_expect(&child, "listens");
	card = card_open("net_wcnic0", "a.sock");
	tap_up();
	link_expect(card, true);
	sock = tap_socket();
	tap_to_kernel(card, sock);
	tap_from_kernel(card, sock);
	close(sock);
	port_close(card, "net_wcnic0");
	assert_int_equal(child_end(&child, SIGTERM), 0);
	assert_int_equal(if_nametoindex(TAP), 0); /* gone with wcnicd */
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
		TEST(memif__frames_cross_unaltered_both_ways),
		TEST(vhost__frames_cross_unaltered_both_ways),
		TEST(wcnic__a_card_is_the_wire_of_another),
		TEST(tap__frames_cross_unaltered_both_ways),
	};

	if (argc != 3) {
		fprintf(stderr, "usage: %s WCNICD DRIVER\n", argv[0]);
		return 2;
	}
	wcnicd_path = argv[1];
	driver = argv[2];
	if (dpdk_start(argv[0], "ethdev", 4095) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
