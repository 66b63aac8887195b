/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The driver against wcnicd in another process, which is killed in mid-traffic and started again,
 * ten times over. Each life of the card plays a capture of numbered frames and records what it
 * sends; this process forwards. Afterwards every frame must be accounted for.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define LIVES 10
#define FRAMES 20000
#define GAP_US 20 /* between two frames of the input */
#define FRAME_BYTES 200
#define MAGIC 0x77636e69636b696cull
#define BURST 32
#define POOL_MBUFS 8191

static const char *wcnicd;
static char folder[] = "wcnic-kill-XXXXXX";
static struct rte_mempool *pool;

/* What a frame carries at byte 20. */
struct number {
	uint64_t magic;
	uint32_t life;
	uint32_t index;
};

static void
path_of(char *path, size_t bytes, const char *what, unsigned int life)
{
	snprintf(path, bytes, "%s/%s.%u", folder, what, life);
}

static void
input_write(unsigned int life)
{
	uint8_t frame[FRAME_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
				      0,    0,    0,    0,    1,    0x88, 0xb5};
	struct number number = {.magic = MAGIC, .life = life};
	struct pcap_pkthdr hdr = {.caplen = FRAME_BYTES, .len = FRAME_BYTES};
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	char path[128];
	pcap_dumper_t *out;

	path_of(path, sizeof(path), "in", life);
	out = pcap_dump_open(dead, path);
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

static pid_t
card_start(unsigned int life)
{
	char in[128], out[128], port[300], sock[128], log[128];
	pid_t pid;

	path_of(in, sizeof(in), "in", life);
	path_of(out, sizeof(out), "out", life);
	path_of(log, sizeof(log), "log", life);
	snprintf(sock, sizeof(sock), "%s/sock", folder);
	snprintf(port, sizeof(port), "pcap:in=%s,out=%s,timing=capture", in, out);
	pid = fork();
	if (pid == 0) {
		if (freopen(log, "w", stderr) != NULL)
			execl(wcnicd, wcnicd, "--socket", sock, "--port", port, (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

static void
card_kill(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* it must have lived until then */
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
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
	struct rte_mbuf *held[BURST]; /* received, not yet taken by Tx */
	uint16_t n_held;
	uint64_t sent;        /* taken by tx_burst */
	uint32_t next[LIVES]; /* index expected next: input comes in order and whole */
};

static void
frame_check(struct forwarder *f, const struct rte_mbuf *m)
{
	struct number number;

	assert_int_equal(m->pkt_len, FRAME_BYTES);
	memcpy(&number, rte_pktmbuf_mtod_offset(m, const void *, 20), sizeof(number));
	assert_true(number.magic == MAGIC && number.life < LIVES);
	assert_true(number.index >= f->next[number.life]);
	f->next[number.life] = number.index + 1;
}

static void
forward(struct forwarder *f)
{
	uint16_t sent;

	if (f->n_held == 0) {
		f->n_held = rte_eth_rx_burst(f->port, 0, f->held, BURST);
		for (uint16_t i = 0; i < f->n_held; i++)
			frame_check(f, f->held[i]);
	}
	sent = rte_eth_tx_burst(f->port, 0, f->held, f->n_held);
	f->sent += sent;
	f->n_held -= sent;
	memmove(f->held, f->held + sent, f->n_held * sizeof(f->held[0]));
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
	for (unsigned int i = 0; i < 1000; i++) {
		if (link_is_up(f->port) == up)
			return true;
		forward_for(f, 10);
	}
	return false;
}

static uint16_t
port_start(const char *placement)
{
	struct rte_eth_conf conf = {0};
	char args[256];
	uint16_t port;

	snprintf(args, sizeof(args), "socket=%s/sock,placement=%s", folder, placement);
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_wcnic0", args), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_wcnic0", &port), 0);
	assert_int_equal(rte_eth_dev_configure(port, 1, 1, &conf), 0);
	assert_int_equal(rte_eth_rx_queue_setup(port, 0, 512, 0, NULL, pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup(port, 0, 512, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start(port), 0);
	assert_int_equal(rte_eth_promiscuous_enable(port), 0);
	return port;
}

static uint64_t
xstat(uint16_t port, const char *name)
{
	uint64_t id, value;

	assert_int_equal(rte_eth_xstats_get_id_by_name(port, name, &id), 0);
	assert_int_equal(rte_eth_xstats_get_by_id(port, &id, &value, 1), 1);
	return value;
}

/* Counts a life's output; no frame may be in any output twice. */
static uint64_t
output_count(unsigned int life, uint8_t *seen)
{
	char path[128], why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *hdr;
	const u_char *data;
	struct number number;
	uint64_t n = 0;
	pcap_t *in;

	path_of(path, sizeof(path), "out", life);
	in = pcap_open_offline(path, why);
	if (in == NULL) /* killed before its first frame */
		return 0;
	while (pcap_next_ex(in, &hdr, &data) == 1) { /* a torn last record ends it */
		assert_int_equal(hdr->caplen, FRAME_BYTES);
		memcpy(&number, data + 20, sizeof(number));
		assert_true(number.magic == MAGIC && number.life < LIVES && number.index < FRAMES);
		assert_int_equal(seen[number.life * FRAMES + number.index]++, 0);
		n++;
	}
	pcap_close(in);
	return n;
}

static void
account(struct forwarder *f)
{
	uint8_t *seen = calloc(LIVES, FRAMES);
	struct rte_eth_stats stats;
	uint64_t delivered = 0, lost;

	assert_non_null(seen);
	for (unsigned int life = 0; life < LIVES; life++)
		delivered += output_count(life, seen);
	free(seen);
	assert_int_equal(rte_eth_stats_get(f->port, &stats), 0);
	lost = xstat(f->port, "tx_lost");
	print_message("received %" PRIu64 ", sent %" PRIu64 ", in captures %" PRIu64
		      ", acknowledged %" PRIu64 ", lost or unknown %" PRIu64 "\n",
		      stats.ipackets, f->sent, delivered, stats.opackets, lost);
	/* every frame is acknowledged or counted as lost ... */
	assert_int_equal(f->sent, stats.opackets + lost);
	assert_int_equal(stats.oerrors, lost);
	/* ... what was acknowledged is in a capture, and nothing is there that was not sent */
	assert_true(delivered >= stats.opackets);
	assert_true(delivered <= f->sent);
	assert_true(delivered > (uint64_t)LIVES * 100); /* there was traffic to lose */
}

static void
kill_ten_times(const char *placement)
{
	struct forwarder f = {0};
	pid_t pid;

	pid = card_start(0);
	rte_delay_ms(300);
	f.port = port_start(placement);
	for (unsigned int life = 0; life < LIVES; life++) {
		if (life > 0)
			pid = card_start(life);
		assert_true(forward_until(&f, true));
		forward_for(&f, 40 + life * 23);
		card_kill(pid);
		assert_true(forward_until(&f, false));
	}
	assert_int_equal(xstat(f.port, "recoveries"), LIVES - 1);
	account(&f);
	for (uint16_t i = 0; i < f.n_held; i++)
		rte_pktmbuf_free(f.held[i]);
	assert_int_equal(rte_eth_dev_stop(f.port), 0);
	assert_int_equal(rte_eth_dev_close(f.port), 0);
	assert_int_equal(rte_eal_hotplug_remove("vdev", "net_wcnic0"), 0);
	assert_int_equal(rte_mempool_avail_count(pool), POOL_MBUFS);
}

static void
pmd__card_killed_ten_times_push_accounts_for_all(void **state)
{
	(void)state;
	kill_ten_times("push");
}

static void
pmd__card_killed_ten_times_fetch_accounts_for_all(void **state)
{
	(void)state;
	kill_ten_times("fetch");
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
	struct forwarder f = {0};
	unsigned long kib;
	pid_t pid;

	(void)state;
	pid = card_start(0);
	rte_delay_ms(300);
	f.port = port_start("push");
	assert_true(forward_until(&f, true));
	forward_for(&f, 1000);
	kib = resident_kib(pid);
	print_message("%lu KiB\n", kib);
	assert_true(f.sent > 1000);
	assert_true(kib < 64 * 1024);
	for (uint16_t i = 0; i < f.n_held; i++)
		rte_pktmbuf_free(f.held[i]);
	assert_int_equal(rte_eth_dev_stop(f.port), 0);
	assert_int_equal(rte_eth_dev_close(f.port), 0);
	assert_int_equal(rte_eal_hotplug_remove("vdev", "net_wcnic0"), 0);
	card_kill(pid);
}

static int
folder_make(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	for (unsigned int life = 0; life < LIVES; life++)
		input_write(life);
	return 0;
}

static int
folder_remove(void **state)
{
	static const char *const what[] = {"in", "out", "log"};
	char path[128];

	(void)state;
	for (unsigned int life = 0; life < LIVES; life++) {
		for (size_t i = 0; i < RTE_DIM(what); i++) {
			path_of(path, sizeof(path), what[i], life);
			unlink(path);
		}
	}
	snprintf(path, sizeof(path), "%s/sock", folder);
	unlink(path);
	return rmdir(folder);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pmd__card_of_eight_queues_stays_under_64_mib),
		cmocka_unit_test(pmd__card_killed_ten_times_push_accounts_for_all),
		cmocka_unit_test(pmd__card_killed_ten_times_fetch_accounts_for_all),
	};
	char prefix[32];
	char *eal[] = {argv[0],       "--no-huge",     "-m",   "128", "--no-pci", "--no-telemetry",
		       "--no-shconf", "--file-prefix", prefix, "-l",  "0",        "--iova-mode=va"};

	if (argc != 2) {
		fprintf(stderr, "usage: %s WCNICD\n", argv[0]);
		return 2;
	}
	wcnicd = argv[1];
	snprintf(prefix, sizeof(prefix), "wcnic-kill-%d", getpid());
	if (rte_eal_init(RTE_DIM(eal), eal) < 0)
		return 1;
	pool = rte_pktmbuf_pool_create("kill", POOL_MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
				       SOCKET_ID_ANY);
	if (pool == NULL)
		return 1;
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
