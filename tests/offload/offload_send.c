/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Sends frames with requests through the driver, as a file says: a line for each frame, of ol_flags
 * in hexadecimal, l2_len, l3_len, l4_len, tso_segsz, vlan_tci, the length of the mbufs but the
 * last, and the frame's bytes in hexadecimal. Prints the port's counters. What comes out of the
 * card is for others to judge.
 */

#include <errno.h>
#include <inttypes.h>
#include <patience.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define BURST 16
#define XSTATS_MAX 512

struct line {
	uint64_t flags;
	unsigned int l2, l3, l4, mss, tci, cut;
	const char *hex;
};

static struct rte_mempool *pool;
static uint16_t port;

static void
die(const char *what, int ret)
{
	fprintf(stderr, "offload_send: %s: %s\n", what, rte_strerror(-ret));
	exit(1);
}

static uint8_t
hex_byte(const char *hex)
{
	char digits[3] = {hex[0], hex[1], '\0'};

	return (uint8_t)strtoul(digits, NULL, 16);
}

static struct rte_mbuf *
frame_make(const struct line *line)
{
	struct rte_mbuf *frame = rte_pktmbuf_alloc(pool), *last = frame;
	size_t bytes = strlen(line->hex) / 2;

	for (size_t at = 0; last != NULL && at < bytes; at++) {
		if (last->data_len == line->cut) {
			last->next = rte_pktmbuf_alloc(pool);
			last = last->next;
			frame->nb_segs++;
		}
		if (last != NULL)
			rte_pktmbuf_mtod(last, uint8_t *)[last->data_len++] = hex_byte(line->hex +
										       2 * at);
	}
	if (last == NULL)
		die("mbufs", -ENOMEM);
	frame->pkt_len = bytes;
	frame->ol_flags = line->flags;
	frame->l2_len = line->l2;
	frame->l3_len = line->l3;
	frame->l4_len = line->l4;
	frame->tso_segsz = line->mss;
	frame->vlan_tci = line->tci;
	/* What no request is about may hold anything. */
	frame->outer_l2_len = 0x55;
	frame->outer_l3_len = 0xaa;
	return frame;
}

static void
frames_send(struct rte_mbuf **frames, uint16_t n)
{
	const uint64_t end = rte_get_timer_cycles() + rte_get_timer_hz() * PATIENCE_S;
	uint16_t sent = 0;

	if (rte_eth_tx_prepare(port, 0, frames, n) != n)
		die("rte_eth_tx_prepare", -rte_errno);
	while (sent < n) {
		sent += rte_eth_tx_burst(port, 0, frames + sent, n - sent);
		if (rte_get_timer_cycles() > end)
			die("frames are not taken", -ETIMEDOUT);
	}
}

static void
file_send(const char *path)
{
	FILE *file = fopen(path, "r");
	struct rte_mbuf *frames[BURST];
	struct line line;
	char *text = NULL, *hex;
	size_t room = 0;
	uint16_t n = 0;

	if (file == NULL)
		die(path, -errno);
	while (getline(&text, &room, file) > 0) {
		hex = strrchr(text, ' ');
		if (hex == NULL ||
		    sscanf(text, "%" SCNx64 " %u %u %u %u %u %u", &line.flags, &line.l2, &line.l3,
			   &line.l4, &line.mss, &line.tci, &line.cut) != 7)
			die(text, -EINVAL);
		hex[strcspn(hex, "\n")] = '\0';
		line.hex = hex + 1;
		frames[n++] = frame_make(&line);
		if (n == BURST) {
			frames_send(frames, n);
			n = 0;
		}
	}
	frames_send(frames, n);
	free(text);
	fclose(file);
}

static void
port_start(const char *devargs)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	int ret = rte_vdev_init("net_wcnic0", devargs);

	if (ret == 0)
		ret = rte_eth_dev_get_port_by_name("net_wcnic0", &port);
	if (ret == 0)
		ret = rte_eth_dev_info_get(port, &info);
	conf.txmode.offloads = info.tx_offload_capa & ~RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (ret == 0)
		ret = rte_eth_dev_configure(port, 1, 1, &conf);
	if (ret == 0)
		ret = rte_eth_rx_queue_setup(port, 0, 256, SOCKET_ID_ANY, NULL, pool);
	if (ret == 0)
		ret = rte_eth_tx_queue_setup(port, 0, 256, SOCKET_ID_ANY, NULL);
	if (ret == 0)
		ret = rte_eth_dev_start(port);
	if (ret != 0)
		die("the port", ret);
}

static void
counters_print(void)
{
	struct rte_eth_xstat_name names[XSTATS_MAX];
	struct rte_eth_xstat values[XSTATS_MAX];
	int n = rte_eth_xstats_get_names(port, names, XSTATS_MAX);

	if (n < 0 || n > XSTATS_MAX || rte_eth_xstats_get(port, values, n) != n)
		die("statistics", -EIO);
	for (int i = 0; i < n; i++)
		printf("%s %" PRIu64 "\n", names[i].name, values[i].value);
}

int
main(int argc, char **argv)
{
	char prefix[64];
	char *eal[] = {argv[0],     "--no-pci",    "--no-telemetry", "--log-level=4",
		       "--no-huge", "--no-shconf", "-m256",          prefix};
	int ret;

	if (argc != 3) {
		fprintf(stderr, "Usage: %s DEVARGS FILE\n", argv[0]);
		return 2;
	}
	snprintf(prefix, sizeof(prefix), "--file-prefix=wcnic-offload-%d", getpid());
	ret = rte_eal_init(RTE_DIM(eal), eal);
	if (ret < 0)
		die("EAL", -rte_errno);
	pool = rte_pktmbuf_pool_create("frames", 8191, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
				       SOCKET_ID_ANY);
	if (pool == NULL)
		die("mbufs", -rte_errno);
	port_start(argv[1]);
	file_send(argv[2]);
	ret = rte_eth_dev_stop(port); /* which waits until the card has sent them */
	counters_print();
	if (ret == 0)
		ret = rte_eth_dev_close(port);
	if (ret != 0)
		die("the port", ret);
	rte_eal_cleanup();
	return 0;
}
