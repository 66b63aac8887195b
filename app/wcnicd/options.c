/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The command line of wcnicd. */

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>

#include <app_error.h>
#include <app_number.h>
#include <iova.h>

#include "log.h"
#include "options.h"
#include "options_card.h"
#include "options_limits.h"
#include "options_process.h"
#include "plugin.h"

static const char help[] =
	"usage: wcnicd --socket PATH [--card KIND] [--port SPEC] [OPTION]...\n"
	"              [--socket PATH ...]...\n"
	"\n"
	"Serves network cards over vfio-user, one for each --socket. Options after a\n"
	"--socket are for that card. Options before the first --socket are for every card\n"
	"that does not have its own.\n"
	"\n"
	"  --socket PATH       a card, and the unix socket that its driver connects to\n"
	"  --card KIND         wcnic (default), or ena[:ARG,...]: a card for drivers of\n"
	"                      Amazon's ENA. Each ARG is one of\n"
	"                        layout=vm|metal       BARs of 32 bits (default), or of 64 and a\n"
	"                                              BAR 4 that answers zeroes\n"
	"                        device=ec20|ec21      the PCI device ID (default: ec20)\n"
	"                        llq=both|128|256|off  entries of packets in BAR 2 (default:\n"
	"                                              both); off: descriptors are in host memory\n"
	"                        llq_recommend=none|128|256   what drivers are told to take\n"
	"                                              (default: none)\n"
	"                        llq_depth=N           entries of 128 bytes in a queue (default:\n"
	"                                              as many as fit for all queues)\n"
	"                        depth=N               of the deepest queue (default: 1024)\n"
	"                        meta_cache=on|off     packets may share offload fields (default:\n"
	"                                              off)\n"
	"                        burst=BYTES           the most that is pushed for one doorbell\n"
	"                                              (default: no limit)\n"
	"                        torn=drop|wait        what becomes of an entry of which a line\n"
	"                                              is missing (default: drop)\n"
	"                        patience=MS           how long drivers are told to wait before\n"
	"                                              they think that the card is dead\n"
	"                        fault=NAME            the card leaves undone: keep_alive,\n"
	"                                              tx_completions, admin or interrupts; may "
	"be\n"
	"                                              given several times\n"
	"  --port SPEC         what the card is plugged into (default: loopback):\n"
	"                        loopback:[flow_control=on|off]   its frames come back to it\n"
	"                        wire:[flow_control=on|off]   a cable: 1st to 2nd card with wire,\n"
	"                                   3rd to 4th ...\n"
	"                        sink       takes every frame unread, and gives none\n"
	"                        pcap:in=FILE,out=FILE[,timing=full|capture]\n"
	"                        generator:[bytes=N][,count=N][,flows=N][,train=N][,seed=N]\n"
	"                        ethdev:DEVICE[,mtu=N]   a device of DPDK, with ';' for ','\n"
	"                                   in its arguments: ethdev:net_tap0;iface=w0\n"
	"                      A card without buffers drops frames. With flow_control=on "
	"(default:\n"
	"                      off) it makes the sender wait; pcap and generator always wait.\n"
	"                      All but ethdev take speed=MBPS, which the link reports: 10, 100,\n"
	"                      1000, 2500, 5000, 10000, 20000, 25000, 40000, 50000, 56000,\n"
	"                      100000 (default) or 200000\n"
	"  --queues N          queue pairs, 1 to 64, ena 1 to 32 (default: 8)\n"
	"  --aperture-mib N    size of BAR 2, a power of two, 1 to 1024 (default: 16, ena 1):\n"
	"                      the aperture of windows, or the memory of LLQs\n"
	"  --bar2 HOW          mapped (default): the driver stores into memory that it shares\n"
	"                      with the card. trapped: each store comes as a message, and\n"
	"                      the self test of wcnic (WINDOW_TEST) can report on it; slow\n"
	"  --msix HOW          on (default), or off: wcnic without interrupts, which QEMU can\n"
	"                      unplug; it aborts on a device_del of one that has them\n"
	"  --tlp-feed FILE     the self test of wcnic reports on the TLPs that arrive in this\n"
	"                      file. It is created here; the plugin of app/wclab in QEMU\n"
	"                      writes it\n"
	"  --seed N            for the MAC address, window offsets and generations (default:\n"
	"                      from PATH)\n"
	"  --cpu N             pins the card's thread; wired cards share a thread\n"
	"  --thread N          cards with the same N, 0 to 15, share a thread, as wired\n"
	"                      cards do: for more cards than CPUs\n"
	"  --idle HOW          adaptive (default): the thread of an idle card naps, at most\n"
	"                      20 ms if its driver wakes it or there is none, else at\n"
	"                      most 2 ms. spin: it polls as long as there is a driver\n"
	"  --max-ranges N      ranges of memory that a client maps, 1 to 65535 (default: 65535)\n"
	"  --max-files N       files behind them (default: the card's part of vm.max_map_count)\n"
	"  --max-mib N         address space that the files take (default: the card's part of\n"
	"                      half of what there is)\n"
	"  --greet-ms N        a connection is closed that has not greeted by then (default:\n"
	"                      10000)\n"
	"  --message-ms N      a client is dropped whose message takes longer (default: 60000)\n"
	"  --any-file          clients may share files on disk, of FUSE and of networks too.\n"
	"                      Who serves these can stop the thread. Without it only memfds\n"
	"                      and files of tmpfs and hugetlbfs are taken\n"
	"  --log-level LEVEL   error, warning, info (default) or debug\n"
	"  --stats-file FILE   counters as JSON, written at exit and on SIGUSR1\n"
	"  --eal ARGS          how DPDK is started for ethdev ports, instead of\n"
	"                      --no-huge -m 256 --no-shconf --no-pci --no-telemetry\n"
	"                      --log-level=warning\n"
	"  --user NAME         become this user first, with its groups; root only\n"
	"  --socket-mode MODE  rights to the sockets, as 660 (default: by umask); who may write\n"
	"                      may connect\n"
	"  --socket-group NAME the sockets belong to this group (default: that of wcnicd)\n"
	"  --sandbox HOW       on (default): no capabilities, and the kernel ends wcnicd\n"
	"                      (SIGSYS) for any call that it has no use for. log: the\n"
	"                      kernel only logs these calls. off: to debug wcnicd\n"
	"  --help, --version\n"
	"\n"
	"SIGTERM or SIGINT ends it: captures are closed, sockets are removed.\n"
	"\n"
	"exit status: 0 it was told to end\n"
	"             1 it could not be done: a socket cannot be made, a file not be opened, ...\n"
	"             2 the arguments are wrong\n";

static const struct card_options card_defaults = {
	.port = "loopback",
	.cpu = -1,
	.thread = -1,
};

static int
card_take(void *values, char *text)
{
	return options_card_take(values, text);
}

static int
aperture_take(void *values, char *text)
{
	struct card_options *card = values;
	uint64_t value;

	if (!app_number(text, 1, 1024, &value)) {
		app_error("--aperture-mib '%s': expected a number from 1 to 1024", text);
		return -EINVAL;
	}
	if ((value & (value - 1)) != 0) {
		app_error("--aperture-mib '%s': expected a power of two, 1 to 1024", text);
		return -EINVAL;
	}
	card->aperture_mib = (unsigned int)value;
	return 0;
}

static int
msix_take(void *values, char *text)
{
	static const char *const words[] = {"on", "off", NULL};
	struct card_options *card = values;
	int word = app_option_choice("msix", text, words);

	if (word < 0)
		return word;
	card->msix_off = word == 1;
	return 0;
}

static int
bar2_take(void *values, char *text)
{
	static const char *const words[] = {"mapped", "trapped", NULL};
	struct card_options *card = values;
	int word = app_option_choice("bar2", text, words);

	if (word < 0)
		return word;
	card->bar2_trapped = word == 1;
	return 0;
}

static int
seed_take(void *values, char *text)
{
	struct card_options *card = values;

	if (!app_number(text, 0, UINT64_MAX, &card->seed)) {
		app_error("--seed '%s': expected a number from 0 to 18446744073709551615", text);
		return -EINVAL;
	}
	card->seed_given = true;
	return 0;
}

static int
cpu_take(void *values, char *text)
{
	struct card_options *card = values;
	uint64_t cpu;
	cpu_set_t set;

	if (!app_number(text, 0, CPU_SETSIZE - 1, &cpu)) {
		app_error("--cpu '%s': expected a number from 0 to %d", text, CPU_SETSIZE - 1);
		return -EINVAL;
	}
	if (sched_getaffinity(0, sizeof(set), &set) == 0 && !CPU_ISSET((int)cpu, &set)) {
		app_error("--cpu %s: this process may not run there; see taskset -p", text);
		return -EINVAL;
	}
	card->cpu = (int)cpu;
	return 0;
}

static int
thread_take(void *values, char *text)
{
	struct card_options *card = values;
	uint64_t thread;

	if (!app_number(text, 0, CARDS_MAX - 1, &thread)) {
		app_error("--thread '%s': expected a number from 0 to %u", text, CARDS_MAX - 1);
		return -EINVAL;
	}
	card->thread = (int)thread;
	return 0;
}

static int
idle_take(void *values, char *text)
{
	static const char *const words[] = {
		[IDLE_ADAPTIVE] = "adaptive", [IDLE_SPIN] = "spin", NULL};
	struct card_options *card = values;
	int word = app_option_choice("idle", text, words);

	if (word < 0)
		return word;
	card->idle = (enum idle_policy)word;
	return 0;
}

static const struct app_option card_table[] = {
	APP_CALL("card", card_take),
	APP_TEXT("port", struct card_options, port),
	APP_UINT("queues", struct card_options, queues, 1, 64),
	APP_CALL("aperture-mib", aperture_take),
	APP_CALL("bar2", bar2_take),
	APP_CALL("msix", msix_take),
	APP_TEXT("tlp-feed", struct card_options, tlp_feed),
	APP_CALL("seed", seed_take),
	APP_CALL("cpu", cpu_take),
	APP_CALL("thread", thread_take),
	APP_CALL("idle", idle_take),
	APP_UINT("max-ranges", struct card_options, max_ranges, 1, IOVA_ENTRIES_MAX),
	APP_UINT("max-files", struct card_options, max_files, 1, INT_MAX),
	APP_UINT("max-mib", struct card_options, max_mib, 1, INT_MAX),
	APP_UINT("greet-ms", struct card_options, greet_ms, 1, INT_MAX),
	APP_UINT("message-ms", struct card_options, message_ms, 1, INT_MAX),
	APP_FLAG("any-file", struct card_options, any_file),
	{0},
};

static int
log_level_take(void *values, char *text)
{
	int ret = wcnicd_log_set(text);

	(void)values;
	if (ret < 0)
		app_error("--log-level '%s': expected error, warning, info or debug", text);
	return ret;
}

static const struct app_option program_table[] = {
	APP_CALL("log-level", log_level_take),
	APP_TEXT("stats-file", struct options, stats_file),
	APP_TEXT("eal", struct options, eal),
	{0},
};

/*
 * Options of a card go to the last card that a --socket began; before the first one they go to the
 * defaults, from which each card starts.
 */
enum {
	GROUP_CARD,
	GROUP_PROGRAM,
	GROUP_SOCKET,
	GROUP_PROCESS,
	GROUPS,
};

struct parse {
	struct options *options;
	struct card_options defaults;
	struct app_option_group groups[GROUPS + 1];
};

static int
socket_take(void *values, char *path)
{
	struct parse *parse = values;
	struct options *options = parse->options;
	struct card_options *card = &options->cards[options->n_cards];

	if (options->n_cards == CARDS_MAX) {
		app_error("--socket '%s': at most %u cards in one process", path, CARDS_MAX);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < options->n_cards; i++) {
		if (strcmp(options->cards[i].socket, path) == 0) {
			app_error("--socket '%s' is given twice", path);
			return -EINVAL;
		}
	}
	*card = parse->defaults;
	card->socket = path;
	options->n_cards++;
	parse->groups[GROUP_CARD].values = card;
	return 0;
}

static const struct app_option socket_table[] = {
	APP_CALL("socket", socket_take),
	{0},
};

/* A card has one way to learn of its stores, and a feed one card. */
static int
feeds_check(const struct options *options)
{
	for (unsigned int i = 0; i < options->n_cards; i++) {
		const struct card_options *card = &options->cards[i];

		if (card->tlp_feed == NULL)
			continue;
		if (card->bar2_trapped) {
			app_error("--tlp-feed %s needs --bar2 mapped: a trapped aperture "
				  "shows each store itself",
				  card->tlp_feed);
			return -EINVAL;
		}
		for (unsigned int j = 0; j < i; j++) {
			if (options->cards[j].tlp_feed == NULL ||
			    strcmp(options->cards[j].tlp_feed, card->tlp_feed) != 0)
				continue;
			app_error("--tlp-feed %s is given to two cards", card->tlp_feed);
			return -EINVAL;
		}
	}
	return 0;
}

/* Drivers of ENA do not start without interrupts. */
static int
interrupts_check(const struct options *options)
{
	for (unsigned int i = 0; i < options->n_cards; i++) {
		if (!options->cards[i].msix_off || options->cards[i].kind == CARD_WCNIC)
			continue;
		app_error("--msix off needs --card wcnic: %s is of another kind",
			  options->cards[i].socket);
		return -EINVAL;
	}
	return 0;
}

/* Cards with wires are joined in pairs. */
static int
wires_check(const struct options *options)
{
	const struct card_options *end = NULL;

	for (unsigned int i = 0; i < options->n_cards; i++) {
		const struct card_options *card = &options->cards[i];

		if (!card_options_wired(card))
			continue;
		if (end != NULL && end->cpu >= 0 && card->cpu >= 0 && end->cpu != card->cpu) {
			app_error("--cpu %d and --cpu %d: the wired cards %s and %s share a "
				  "thread; give one CPU",
				  end->cpu, card->cpu, end->socket, card->socket);
			return -EINVAL;
		}
		if (end != NULL && strcmp(end->port, card->port) != 0) {
			app_error("--port %s and --port %s: %s and %s are the ends of one wire; "
				  "give both the same",
				  end->port, card->port, end->socket, card->socket);
			return -EINVAL;
		}
		end = end == NULL ? card : NULL;
	}
	if (end != NULL) {
		app_error("--port %s of %s has no other end; a second card needs it too", end->port,
			  end->socket);
		return -EINVAL;
	}
	return 0;
}

/* The ends of a wire share a thread, and a thread has one CPU. */
static int
threads_check(struct options *options)
{
	struct card_options *end = NULL;

	for (unsigned int i = 0; i < options->n_cards; i++) {
		struct card_options *card = &options->cards[i];

		for (unsigned int j = 0; j < i && card->thread >= 0; j++) {
			const struct card_options *other = &options->cards[j];

			if (other->thread != card->thread || other->cpu == card->cpu)
				continue;
			app_error("--thread %d of %s and %s: give both the same --cpu",
				  card->thread, other->socket, card->socket);
			return -EINVAL;
		}
		if (!card_options_wired(card))
			continue;
		if (end != NULL && end->thread != card->thread) {
			app_error("--thread: the wired cards %s and %s share a thread; give both "
				  "the same, or none",
				  end->socket, card->socket);
			return -EINVAL;
		}
		end = end == NULL ? card : NULL;
	}
	return 0;
}

/* Completes the options of each card, and finds what is wrong between options that are each right.
 */
static int
options_finish(struct options *options)
{
	int ret = 0;

	for (unsigned int i = 0; ret == 0 && i < options->n_cards; i++) {
		ret = options_card_finish(&options->cards[i]);
		options->cards[i].access = options_process_access(&options->process);
	}
	if (ret == 0)
		ret = wires_check(options);
	if (ret == 0)
		ret = threads_check(options);
	if (ret == 0 && options->eal != NULL && !plugin_needed(options)) {
		app_error("--eal '%s' needs a --port ethdev:DEVICE that uses DPDK", options->eal);
		ret = -EINVAL;
	}
	if (ret == 0)
		ret = feeds_check(options);
	if (ret == 0)
		ret = interrupts_check(options);
	return ret == 0 ? options_limits_finish(options) : ret;
}

enum app_options_verdict
options_parse(int argc, char **argv, struct options *options)
{
	struct parse parse = {.options = options, .defaults = card_defaults};
	enum app_options_verdict verdict;
	int first;

	memset(options, 0, sizeof(*options));
	options_process_init(&options->process);
	parse.groups[GROUP_CARD] = (struct app_option_group){card_table, &parse.defaults};
	parse.groups[GROUP_PROGRAM] = (struct app_option_group){program_table, options};
	parse.groups[GROUP_SOCKET] = (struct app_option_group){socket_table, &parse};
	parse.groups[GROUP_PROCESS] = (struct app_option_group){options_process_table,
								&options->process};
	verdict = app_options_parse(parse.groups, help, "wcnicd", argc, argv, &first);
	if (verdict != APP_OPTIONS_RUN)
		return verdict;
	if (first < argc) {
		app_error("unexpected argument '%s'; see --help", argv[first]);
		return APP_OPTIONS_BAD;
	}
	if (options->n_cards == 0) {
		app_error("no --socket PATH; each card needs one; see --help");
		return APP_OPTIONS_BAD;
	}
	return options_finish(options) == 0 ? APP_OPTIONS_RUN : APP_OPTIONS_BAD;
}
