/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The driver against wcnicd in another process, which is killed in mid-traffic and started again,
 * ten times over, or as often as the second argument says. Each life of the card plays a capture of
 * numbered frames and records what it sends; this process forwards. Afterwards every frame must be
 * accounted for.
 */

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "child.h"
#include "driver.h"

#define LIVES_DEFAULT 10
#define LIVES_MAX 10000
#define FRAMES 20000
#define GAP_US 20 /* between two frames of the input */
#define FRAME_BYTES 200
#define MAGIC 0x77636e69636b696cull
#define BURST 32
#define POOL_MBUFS 8191

static struct child card;
static unsigned int lives = LIVES_DEFAULT;

/* What a frame carries at byte 20. */
struct number {
	uint64_t magic;
	uint32_t life;
	uint32_t index;
};

static const char *
path_of(const char *what, unsigned int life)
{
	char name[16];

	snprintf(name, sizeof(name), "%s.%u", what, life);
	return in_folder(name);
}

static void
input_write(unsigned int life)
{
	uint8_t frame[FRAME_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
				      0,    0,    0,    0,    1,    0x88, 0xb5};
	struct number number = {.magic = MAGIC, .life = life};
	struct pcap_pkthdr hdr = {.caplen = FRAME_BYTES, .len = FRAME_BYTES};
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *out = pcap_dump_open(dead, path_of("in", life));

	assert_non_null(out);
	for (number.index = 0; number.index < FRAMES; number.index++) {
		memcpy(frame + 20, &number, sizeof(number));
		hdr.ts.tv_sec = (uint64_t)number.index * GAP_US / 1000000;
		hdr.ts.tv_usec = (uint64_t)number.index * GAP_US % 1000000;
		pcap_dump((u_char *)out, &hdr, frame);
	}
	pcap_dump_close(out);
	pcap_close(dead);
}

static void
card_start(unsigned int life)
{
	char port[900];

	input_write(life);
	snprintf(port, sizeof(port), "pcap:in=%s,out=%s,timing=capture", path_of("in", life),
		 path_of("out", life));
	child_start(&card,
		    (const char *const[]){"--socket", in_folder("sock"), "--port", port, NULL});
}

static void
card_kill(void)
{
	/* it must have lived until then */
	assert_int_equal(child_end(&card, SIGKILL), -SIGKILL);
}

static bool
link_is_up(uint16_t port)
{
	struct rte_eth_link link;

	assert_int_equal(rte_eth_link_get_nowait(port, &link), 0);
	return link.link_status == RTE_ETH_LINK_UP;
}

/* What the forwarder has seen. */
struct forwarder {
	uint16_t port;
	struct rte_mbuf *pending[BURST]; /* received, not yet taken by Tx */
	uint16_t n_pending;
	uint64_t sent;      /* taken by tx_burst */
	uint32_t *next;     /* for each life, the index expected next: input comes in order */
	uint8_t *seen;      /* FRAMES for each life: in how many captures */
	uint64_t delivered; /* in captures */
};

static void
frame_check(struct forwarder *f, const struct rte_mbuf *m)
{
	struct number number;

	assert_int_equal(m->pkt_len, FRAME_BYTES);
	memcpy(&number, rte_pktmbuf_mtod_offset(m, const void *, 20), sizeof(number));
	assert_true(number.magic == MAGIC && number.life < lives);
	assert_true(number.index >= f->next[number.life]);
	f->next[number.life] = number.index + 1;
}

static void
forward(struct forwarder *f)
{
	uint16_t sent;

	if (f->n_pending == 0) {
		f->n_pending = rte_eth_rx_burst(f->port, 0, f->pending, BURST);
		for (uint16_t i = 0; i < f->n_pending; i++)
			frame_check(f, f->pending[i]);
	}
	sent = rte_eth_tx_burst(f->port, 0, f->pending, f->n_pending);
	f->sent += sent;
	f->n_pending -= sent;
	memmove(f->pending, f->pending + sent, f->n_pending * sizeof(f->pending[0]));
}

static void
forward_for(struct forwarder *f, unsigned int ms)
{
	uint64_t end = rte_get_timer_cycles() + rte_get_timer_hz() * ms / 1000;

	while (rte_get_timer_cycles() < end)
		forward(f);
}

/* Forwards until the link is as wanted; false if that takes too long. */
static bool
forward_until(struct forwarder *f, bool up)
{
	for (unsigned int i = 0; i < PATIENCE_MS / 10; i++) {
		if (link_is_up(f->port) == up)
			return true;
		forward_for(f, 10);
	}
	return false;
}

/* Forwards until so many have been sent in all; false if they do not come. */
static bool
forward_up_to(struct forwarder *f, uint64_t end)
{
	for (unsigned int i = 0; i < PATIENCE_MS / 10; i++) {
		for (unsigned int burst = 0; burst < 1000 && f->sent < end; burst++)
			forward(f);
		if (f->sent >= end)
			return true;
		forward_for(f, 10);
	}
	return false;
}

/* The first card, and the driver. */
static void
forwarder_open(struct forwarder *f, const char *placement)
{
	char args[512];

	card_start(0);
	child_expect(&card, "listens");
	snprintf(args, sizeof(args), "socket=%s,timeout_ms=60000,placement=%s", in_folder("sock"),
		 placement);
	f->port = port_open("net_wcnic0", args, 512);
}

static void
forwarder_close(struct forwarder *f)
{
	rte_pktmbuf_free_bulk(f->pending, f->n_pending);
	port_close(f->port, "net_wcnic0");
}

/* Counts a life's output, and removes its captures; no frame may be in any output twice. */
static void
output_count(struct forwarder *f, unsigned int life)
{
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *hdr;
	const u_char *data;
	struct number number;
	pcap_t *in;

	in = pcap_open_offline(path_of("out", life), why);
	while (in != NULL && pcap_next_ex(in, &hdr, &data) == 1) { /* a torn last record ends it */
		assert_int_equal(hdr->caplen, FRAME_BYTES);
		memcpy(&number, data + 20, sizeof(number));
		assert_true(number.magic == MAGIC && number.life < lives && number.index < FRAMES);
		assert_int_equal(f->seen[number.life * FRAMES + number.index]++, 0);
		f->delivered++;
	}
	if (in != NULL) /* else it was killed before its first frame */
		pcap_close(in);
	unlink(path_of("in", life));
	unlink(path_of("out", life));
}

static void
account(struct forwarder *f)
{
	struct rte_eth_stats stats;
	uint64_t lost;

	assert_int_equal(rte_eth_stats_get(f->port, &stats), 0);
	lost = port_counter(f->port, "tx_lost");
	print_message("%u deaths, %" PRIu64 " recoveries; received %" PRIu64 ", sent %" PRIu64
		      ", in captures %" PRIu64 ", acknowledged %" PRIu64
		      ", lost or unknown %" PRIu64 "\n",
		      lives, port_counter(f->port, "recoveries"), stats.ipackets, f->sent,
		      f->delivered, stats.opackets, lost);
	/* every frame is acknowledged or counted as lost ... */
	assert_int_equal(f->sent, stats.opackets + lost);
	assert_int_equal(stats.oerrors, lost);
	/* ... what was acknowledged is in a capture, and nothing is there that was not sent */
	assert_true(f->delivered >= stats.opackets);
	assert_true(f->delivered <= f->sent);
	assert_true(f->delivered > (uint64_t)lives * 100); /* there was traffic to lose */
}

static void
kill_many_times(const char *placement)
{
	struct forwarder f = {.next = calloc(lives, sizeof(*f.next)),
			      .seen = calloc(lives, FRAMES)};

	assert_true(f.next != NULL && f.seen != NULL);
	forwarder_open(&f, placement);
	for (unsigned int life = 0; life < lives; life++) {
		/* frames may come long before the link is seen to be up, and a capture ends */
		const uint64_t end = f.sent + 1000 + life % LIVES_DEFAULT * 1000;

		if (life > 0)
			card_start(life);
		assert_true(forward_until(&f, true));
		assert_true(forward_up_to(&f, end));
		/* each card was found once: none was given up that lived */
		assert_int_equal(port_counter(f.port, "recoveries"), life);
		card_kill();
		assert_true(forward_until(&f, false));
		output_count(&f, life);
		if (life % 100 == 99)
			print_message("%u deaths of %u\n", life + 1, lives);
	}
	account(&f);
	assert_int_equal(port_counter(f.port, "recoveries"), lives - 1);
	forwarder_close(&f);
	assert_int_equal(rte_mempool_avail_count(pool), POOL_MBUFS);
	free(f.next);
	free(f.seen);
}

static void
pmd__card_killed_ten_times_push_accounts_for_all(void **state)
{
	(void)state;
	kill_many_times("push");
}

static void
pmd__card_killed_ten_times_fetch_accounts_for_all(void **state)
{
	(void)state;
	kill_many_times("fetch");
}

/* What the process keeps in memory, without the memory that the driver maps into it. */
static unsigned long
resident_kib(pid_t pid)
{
	char path[64], line[512];
	unsigned long sum = 0, kib;
	bool drivers = false, found = false;
	FILE *smaps;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	smaps = fopen(path, "r");
	assert_non_null(smaps);
	while (fgets(line, sizeof(line), smaps) != NULL) {
		if (sscanf(line, "%*x-%*x %*4s %lx", &kib) == 1) {
			drivers = strstr(line, "nohuge") != NULL;
			found |= drivers;
		} else if (sscanf(line, "Rss: %lu kB", &kib) == 1 && !drivers) {
			sum += kib;
		}
	}
	fclose(smaps);
	assert_true(found); /* else nothing would have been left out */
	return sum;
}

static void
pmd__card_of_eight_queues_stays_under_64_mib(void **state)
{
	uint32_t next = 0;
	struct forwarder f = {.next = &next};
	unsigned long kib;

	(void)state;
	forwarder_open(&f, "push");
	assert_true(forward_until(&f, true));
	assert_true(forward_up_to(&f, FRAMES * 9 / 10));
	kib = resident_kib(card.pid);
	print_message("%lu KiB\n", kib);
	assert_true(f.sent > 1000);
	assert_true(kib < 64 * 1024);
	forwarder_close(&f);
	card_kill();
}

static int
folder_remove(void **state)
{
	for (unsigned int life = 0; life < lives; life++) {
		unlink(path_of("in", life));
		unlink(path_of("out", life));
	}
	unlink(in_folder("sock"));
	return folder_teardown(state);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pmd__card_of_eight_queues_stays_under_64_mib),
		cmocka_unit_test(pmd__card_killed_ten_times_push_accounts_for_all),
		cmocka_unit_test(pmd__card_killed_ten_times_fetch_accounts_for_all),
	};

	if (argc > 2)
		lives = (unsigned int)strtoul(argv[2], NULL, 10);
	if (argc < 2 || argc > 3 || lives == 0 || lives > LIVES_MAX) {
		fprintf(stderr, "usage: %s WCNICD [LIVES, 1 to %d]\n", argv[0], LIVES_MAX);
		return 2;
	}
	wcnicd_path = argv[1];
	if (dpdk_start(argv[0], "kill", POOL_MBUFS) != 0)
		return 1;
	return cmocka_run_group_tests(tests, folder_setup, folder_remove);
}
