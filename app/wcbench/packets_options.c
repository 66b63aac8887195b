/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"

#define FRAMES_MAX 1000000000u
#define LATENCY_DEFAULT 10000u
#define LATENCY_MAX 10000000u
#define FRAME_MIN 64u
#define FRAME_MAX 1518u
#define DEPTH_DEFAULT 512u
#define DEPTH_MAX 4096u
#define BURST_DEFAULT 32u

static const uint32_t sizes_default[] = {64, 128, 256, 512, 1024, 1518, PACKETS_IMIX};

static const char help[] =
	"usage: wcbench packets EAL-ARGUMENT... -- [OPTION]...\n"
	"\n"
	"Sends frames through every port that EAL finds, the ports in turn, and counts them. For\n"
	"instance push against fetch, on cards that are part of this process:\n"
	"  wcbench packets --no-huge -m 256 --no-pci -d librte_net_wcnic.so \\\n"
	"      --vdev net_wcnic0,placement=push --vdev net_wcnic1,placement=fetch -- --seconds 5\n"
	"\n"
	"  --sizes LIST      of frames, with the FCS that the device adds: 64 to 1518, imix\n"
	"                    (default 64,128,256,512,1024,1518,imix)\n"
	"  --modes LIST      tx: to an address that is not the port's; loop: to the port's own,\n"
	"                    behind something that returns every frame (default tx,loop)\n"
	"  --burst N         frames to a call (default 32)\n"
	"  --depth N         of the queues (default 512)\n"
	"  --rounds N        samples of each size, mode and port (default 11)\n"
	"  --seconds S       of all rounds together (default 10)\n"
	"  --frames N        to a round, instead of --seconds: the same work each time\n"
	"  --latency N       round trips of a frame that is alone (default 10000 or a quarter of\n"
	"                    the seconds; 0: none; only with mode loop)\n"
	"  --latency-size N  its size (default 64)\n" OPTIONS_HELP "\n"
	"exit status: 0 measured; 1 frames are neither received nor counted as lost;\n"
	"             2 the arguments are wrong; 3 it could not be done\n";

enum {
	OPT_SIZES = OPT_OWN,
	OPT_MODES,
	OPT_BURST,
	OPT_DEPTH,
	OPT_FRAMES,
	OPT_LATENCY,
	OPT_LATENCY_SIZE,
};

static const struct option long_options[] = {
	OPTIONS_COMMON,
	{"sizes", required_argument, NULL, OPT_SIZES},
	{"modes", required_argument, NULL, OPT_MODES},
	{"burst", required_argument, NULL, OPT_BURST},
	{"depth", required_argument, NULL, OPT_DEPTH},
	{"frames", required_argument, NULL, OPT_FRAMES},
	{"latency", required_argument, NULL, OPT_LATENCY},
	{"latency-size", required_argument, NULL, OPT_LATENCY_SIZE},
	{0},
};

const char *
packets_size_name(uint32_t size, char text[16])
{
	if (size == PACKETS_IMIX)
		return "imix";
	snprintf(text, 16, "%u", size);
	return text;
}

const char *
packets_mode_name(enum packets_mode mode)
{
	return mode == PACKETS_TX ? "tx" : "loop";
}

static bool
size_parse(const char *text, uint32_t *size)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*size = strcmp(text, "imix") == 0 ? PACKETS_IMIX : (uint32_t)value;
	return *size == PACKETS_IMIX ? strcmp(text, "imix") == 0
				     : *end == '\0' && value >= FRAME_MIN && value <= FRAME_MAX;
}

static enum options_verdict
sizes_option(struct packets_options *o, char *list)
{
	char *save = NULL;

	o->sizes = 0;
	for (char *t = strtok_r(list, ",", &save); t != NULL; t = strtok_r(NULL, ",", &save)) {
		if (o->sizes == PACKETS_SIZES_MAX) {
			complain("--sizes: at most %u of them", PACKETS_SIZES_MAX);
			return OPTIONS_BAD;
		}
		if (!size_parse(t, &o->size[o->sizes++])) {
			complain("--sizes '%s': expected %u to %u, or imix", t, FRAME_MIN,
				 FRAME_MAX);
			return OPTIONS_BAD;
		}
	}
	if (o->sizes > 0)
		return OPTIONS_RUN;
	complain("--sizes: expected a list, for instance 64,1518,imix");
	return OPTIONS_BAD;
}

static enum options_verdict
modes_option(struct packets_options *o, char *list)
{
	char *save = NULL;

	o->mode[PACKETS_TX] = o->mode[PACKETS_LOOP] = false;
	for (char *t = strtok_r(list, ",", &save); t != NULL; t = strtok_r(NULL, ",", &save)) {
		if (strcmp(t, "tx") == 0) {
			o->mode[PACKETS_TX] = true;
		} else if (strcmp(t, "loop") == 0) {
			o->mode[PACKETS_LOOP] = true;
		} else {
			complain("--modes '%s': expected tx, loop or tx,loop", t);
			return OPTIONS_BAD;
		}
	}
	if (o->mode[PACKETS_TX] || o->mode[PACKETS_LOOP])
		return OPTIONS_RUN;
	complain("--modes: expected tx, loop or tx,loop");
	return OPTIONS_BAD;
}

static enum options_verdict
number_option(struct packets_options *o, int id)
{
	static const struct {
		const char *name;
		uint64_t max;
	} limits[] = {
		[OPT_BURST - OPT_OWN] = {"burst", PACKETS_BURST_MAX},
		[OPT_DEPTH - OPT_OWN] = {"depth", DEPTH_MAX},
		[OPT_FRAMES - OPT_OWN] = {"frames", FRAMES_MAX},
		[OPT_LATENCY - OPT_OWN] = {"latency", LATENCY_MAX},
		[OPT_LATENCY_SIZE - OPT_OWN] = {"latency-size", FRAME_MAX},
	};
	uint64_t value = 0;

	if ((id != OPT_LATENCY || strcmp(optarg, "0") != 0) &&
	    !options_number(limits[id - OPT_OWN].name, optarg, limits[id - OPT_OWN].max, &value))
		return OPTIONS_BAD;
	if (id == OPT_BURST)
		o->burst = (unsigned int)value;
	else if (id == OPT_DEPTH)
		o->depth = (unsigned int)value;
	else if (id == OPT_FRAMES)
		o->frames = value;
	else if (id == OPT_LATENCY)
		o->latency = value;
	else
		o->latency_size = (uint32_t)value;
	return OPTIONS_RUN;
}

static enum options_verdict
option_do(struct packets_options *o, int id, char **argv)
{
	if (id == OPT_SIZES)
		return sizes_option(o, optarg);
	if (id == OPT_MODES)
		return modes_option(o, optarg);
	if (id >= OPT_BURST && id <= OPT_LATENCY_SIZE)
		return number_option(o, id);
	return options_take(&o->common, id, argv, help);
}

static enum options_verdict
complete(struct packets_options *o, int argc, char **argv)
{
	if (optind < argc)
		complain("unexpected argument '%s'; EAL's arguments go before --", argv[optind]);
	else if (o->latency_size < FRAME_MIN)
		complain("--latency-size %u: expected %u to %u", o->latency_size, FRAME_MIN,
			 FRAME_MAX);
	else if (o->depth < 2 * o->burst)
		complain("--depth %u: must hold two bursts of %u", o->depth, o->burst);
	else if (o->frames != 0 && o->common.seconds != 0)
		complain("--frames and --seconds: either a number of frames or a time");
	else
		return OPTIONS_RUN;
	return OPTIONS_BAD;
}

enum options_verdict
packets_options_parse(int argc, char **argv, struct packets_options *o)
{
	enum options_verdict verdict;
	int id;

	*o = (struct packets_options){.burst = BURST_DEFAULT,
				      .depth = DEPTH_DEFAULT,
				      .latency = LATENCY_DEFAULT,
				      .latency_size = FRAME_MIN,
				      .mode = {true, true},
				      .sizes = RTE_DIM(sizes_default)};
	memcpy(o->size, sizes_default, sizeof(sizes_default));
	options_init(&o->common);
	while ((id = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		verdict = option_do(o, id, argv);
		if (verdict != OPTIONS_RUN)
			return verdict;
	}
	if (!o->mode[PACKETS_LOOP])
		o->latency = 0;
	return complete(o, argc, argv);
}
