/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "options.h"

static const char help[] =
	"usage: wcnicd --socket PATH [--port SPEC] [OPTION]... [--socket PATH ...]...\n"
	"\n"
	"Serves wcnic network cards over vfio-user, one a --socket. What stands after a --socket\n"
	"is of that card; what stands before the first is of every card that says nothing else.\n"
	"\n"
	"  --socket PATH       a card, and the unix socket that its driver connects to\n"
	"  --port SPEC         what the card is plugged into (default: loopback):\n"
	"                        loopback   its frames come back to it\n"
	"                        sink       takes everything, gives nothing\n"
	"                        wire       a cable: 1st to 2nd card with wire, 3rd to 4th ...\n"
	"                        pcap:in=FILE,out=FILE[,timing=full|capture]\n"
	"                        generator:[bytes=N][,count=N][,flows=N][,seed=N]\n"
	"                        ethdev:DEVICE[,mtu=N]   a device of DPDK, with ';' for ',' in "
	"its\n"
	"                                   arguments: ethdev:net_tap0;iface=w0\n"
	"  --queues N          queue pairs, 1 to 64 (default: 8)\n"
	"  --aperture-mib N    size of the window aperture, a power of two, 1 to 1024 (default: "
	"16)\n"
	"  --bar2 HOW          mapped (default): the driver's stores go to memory that it shares\n"
	"                        with the card; trapped: each store comes as a message, and the\n"
	"                        self test (WINDOW_TEST) can report on them. Slow.\n"
	"  --tlp-feed FILE     the self test reports on what comes through this ring, which is "
	"made\n"
	"                        here and written by the plugin of app/wclab in QEMU\n"
	"  --seed N            of the address, window offsets and generations (default: from "
	"PATH)\n"
	"  --cpu N             pins the card's thread; wired cards share a thread\n"
	"  --idle HOW          adaptive (default): the thread of an idle card naps, at most 2 ms "
	"as long\n"
	"                        as a driver is there; spin: it polls as long as a driver is "
	"there\n"
	"  --log-level LEVEL   error, warning, info (default) or debug\n"
	"  --stats-file FILE   counters as JSON, written at exit and on SIGUSR1\n"
	"  --eal ARGS          what DPDK is started with for ethdev ports, instead of\n"
	"                        --no-huge -m 256 --no-shconf --no-pci --no-telemetry\n"
	"                        --log-level=warning\n"
	"  --help, --version\n"
	"\n"
	"SIGTERM or SIGINT ends it: captures are closed, sockets removed, exit status 0.\n";

enum option_id {
	OPT_SOCKET = 256,
	OPT_PORT,
	OPT_QUEUES,
	OPT_APERTURE,
	OPT_BAR2,
	OPT_TLP_FEED,
	OPT_SEED,
	OPT_CPU,
	OPT_IDLE,
	OPT_LOG_LEVEL,
	OPT_STATS_FILE,
	OPT_EAL,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"port", required_argument, NULL, OPT_PORT},
	{"queues", required_argument, NULL, OPT_QUEUES},
	{"aperture-mib", required_argument, NULL, OPT_APERTURE},
	{"bar2", required_argument, NULL, OPT_BAR2},
	{"tlp-feed", required_argument, NULL, OPT_TLP_FEED},
	{"seed", required_argument, NULL, OPT_SEED},
	{"cpu", required_argument, NULL, OPT_CPU},
	{"idle", required_argument, NULL, OPT_IDLE},
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
	{"stats-file", required_argument, NULL, OPT_STATS_FILE},
	{"eal", required_argument, NULL, OPT_EAL},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{0},
};

static const struct card_options card_defaults = {
	.port = "loopback",
	.queues = 8,
	.aperture_mib = 16,
	.cpu = -1,
};

static int
number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *value >= min &&
	    *value <= max)
		return 0;
	fprintf(stderr, "wcnicd: --%s '%s': expected a number from %llu to %llu\n", name, text,
		(unsigned long long)min, (unsigned long long)max);
	return -EINVAL;
}

static int
cpu_number(const char *text, int *cpu)
{
	uint64_t value;
	cpu_set_t set;

	if (number("cpu", text, 0, CPU_SETSIZE - 1, &value) < 0)
		return -EINVAL;
	if (sched_getaffinity(0, sizeof(set), &set) == 0 && !CPU_ISSET((int)value, &set)) {
		fprintf(stderr,
			"wcnicd: --cpu %s: this process may not run there; see taskset -p\n", text);
		return -EINVAL;
	}
	*cpu = (int)value;
	return 0;
}

/* An option of a card. 0 or -EINVAL. */
static int
card_option(struct card_options *card, int id, const char *text)
{
	uint64_t value = 0;
	int ret = 0;

	switch (id) {
	case OPT_PORT:
		card->port = text;
		break;
	case OPT_QUEUES:
		ret = number("queues", text, 1, 64, &value);
		card->queues = (unsigned int)value;
		break;
	case OPT_APERTURE:
		ret = number("aperture-mib", text, 1, 1024, &value);
		if (ret == 0 && (value & (value - 1)) != 0) {
			fprintf(stderr,
				"wcnicd: --aperture-mib '%s': expected a power of two, 1 to 1024\n",
				text);
			ret = -EINVAL;
		}
		card->aperture_mib = (unsigned int)value;
		break;
	case OPT_BAR2:
		card->bar2_trapped = strcmp(text, "trapped") == 0;
		if (!card->bar2_trapped && strcmp(text, "mapped") != 0) {
			fprintf(stderr, "wcnicd: --bar2 '%s': expected mapped or trapped\n", text);
			ret = -EINVAL;
		}
		break;
	case OPT_TLP_FEED:
		card->tlp_feed = text;
		break;
	case OPT_SEED:
		ret = number("seed", text, 0, UINT64_MAX, &card->seed);
		card->seed_given = true;
		break;
	case OPT_CPU:
		ret = cpu_number(text, &card->cpu);
		break;
	case OPT_IDLE:
		card->idle = strcmp(text, "spin") == 0 ? IDLE_SPIN : IDLE_ADAPTIVE;
		if (card->idle != IDLE_SPIN && strcmp(text, "adaptive") != 0) {
			fprintf(stderr, "wcnicd: --idle '%s': expected adaptive or spin\n", text);
			ret = -EINVAL;
		}
		break;
	default:
		ret = -EINVAL;
	}
	return ret;
}

static int
card_begin(struct options *options, const struct card_options *defaults, const char *path)
{
	unsigned int i;

	if (options->n_cards == CARDS_MAX) {
		fprintf(stderr, "wcnicd: --socket '%s': at most %u cards in one process\n", path,
			CARDS_MAX);
		return -EINVAL;
	}
	for (i = 0; i < options->n_cards; i++) {
		if (strcmp(options->cards[i].socket, path) == 0) {
			fprintf(stderr, "wcnicd: --socket '%s' is given twice\n", path);
			return -EINVAL;
		}
	}
	options->cards[options->n_cards] = *defaults;
	options->cards[options->n_cards++].socket = path;
	return 0;
}

static void
bad_option(int id, char **argv)
{
	const char *given = argv[optind - 1];

	if (id == ':')
		fprintf(stderr, "wcnicd: %s needs a value; see --help\n", given);
	else
		fprintf(stderr, "wcnicd: unknown option %s; see --help\n", given);
}

/* One option. OPTIONS_RUN: go on with the next. */
static enum options_verdict
option_do(struct options *options, struct card_options *defaults, int id, char **argv)
{
	int ret = 0;

	switch (id) {
	case OPT_HELP:
		fputs(help, stdout);
		return OPTIONS_DONE;
	case OPT_VERSION:
		puts("wcnicd " WCNIC_VERSION);
		return OPTIONS_DONE;
	case OPT_LOG_LEVEL:
		ret = wcnicd_log_set(optarg);
		if (ret < 0)
			fprintf(stderr,
				"wcnicd: --log-level '%s': expected error, warning, info or "
				"debug\n",
				optarg);
		break;
	case OPT_STATS_FILE:
		options->stats_file = optarg;
		break;
	case OPT_EAL:
		options->eal = optarg;
		break;
	case OPT_SOCKET:
		ret = card_begin(options, defaults, optarg);
		break;
	case ':':
	case '?':
		bad_option(id, argv);
		return OPTIONS_BAD;
	default:
		ret = card_option(options->n_cards > 0 ? &options->cards[options->n_cards - 1]
						       : defaults,
				  id, optarg);
	}
	return ret < 0 ? OPTIONS_BAD : OPTIONS_RUN;
}

enum options_verdict
options_parse(int argc, char **argv, struct options *options)
{
	struct card_options defaults = card_defaults;
	enum options_verdict verdict;
	int id;

	memset(options, 0, sizeof(*options));
	opterr = 0;
	while ((id = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		verdict = option_do(options, &defaults, id, argv);
		if (verdict != OPTIONS_RUN)
			return verdict;
	}
	if (optind < argc) {
		fprintf(stderr, "wcnicd: unexpected argument '%s'; see --help\n", argv[optind]);
		return OPTIONS_BAD;
	}
	if (options->n_cards == 0) {
		fputs("wcnicd: no --socket PATH; each card needs one; see --help\n", stderr);
		return OPTIONS_BAD;
	}
	return OPTIONS_RUN;
}
