/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The command line of wcbench packets. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <app_error.h>

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

static int
sizes_take(void *values, char *list)
{
	struct packets_options *o = values;
	char *save = NULL;

	o->sizes = 0;
	for (char *t = strtok_r(list, ",", &save); t != NULL; t = strtok_r(NULL, ",", &save)) {
		if (o->sizes == PACKETS_SIZES_MAX) {
			app_error("--sizes: at most %u of them", PACKETS_SIZES_MAX);
			return -EINVAL;
		}
		if (!size_parse(t, &o->size[o->sizes++])) {
			app_error("--sizes '%s': expected %u to %u, or imix", t, FRAME_MIN,
				  FRAME_MAX);
			return -EINVAL;
		}
	}
	if (o->sizes > 0)
		return 0;
	app_error("--sizes: expected a list, for instance 64,1518,imix");
	return -EINVAL;
}

static int
modes_take(void *values, char *list)
{
	struct packets_options *o = values;
	char *save = NULL;

	o->mode[PACKETS_TX] = o->mode[PACKETS_LOOP] = false;
	for (char *t = strtok_r(list, ",", &save); t != NULL; t = strtok_r(NULL, ",", &save)) {
		if (strcmp(t, "tx") == 0) {
			o->mode[PACKETS_TX] = true;
		} else if (strcmp(t, "loop") == 0) {
			o->mode[PACKETS_LOOP] = true;
		} else {
			app_error("--modes '%s': expected tx, loop or tx,loop", t);
			return -EINVAL;
		}
	}
	if (o->mode[PACKETS_TX] || o->mode[PACKETS_LOOP])
		return 0;
	app_error("--modes: expected tx, loop or tx,loop");
	return -EINVAL;
}

static const struct app_option options_packets[] = {
	APP_CALL("sizes", sizes_take),
	APP_CALL("modes", modes_take),
	APP_UINT("burst", struct packets_options, burst, 1, PACKETS_BURST_MAX),
	APP_UINT("depth", struct packets_options, depth, 1, DEPTH_MAX),
	APP_U64("frames", struct packets_options, frames, 1, FRAMES_MAX),
	APP_U64("latency", struct packets_options, latency, 0, LATENCY_MAX),
	APP_UINT("latency-size", struct packets_options, latency_size, FRAME_MIN, FRAME_MAX),
	{0},
};

/* What must fit together. `extra`: what is no option; NULL: there is nothing. */
static enum app_options_verdict
complete(const struct packets_options *o, const char *extra)
{
	if (extra != NULL)
		app_error("unexpected argument '%s'; EAL's arguments go before --", extra);
	else if (o->depth < 2 * o->burst)
		app_error("--depth %u: must hold two bursts of %u", o->depth, o->burst);
	else if (o->frames != 0 && o->common.seconds != 0)
		app_error("--frames and --seconds: either a number of frames or a time");
	else
		return APP_OPTIONS_RUN;
	return APP_OPTIONS_BAD;
}

enum app_options_verdict
packets_options_parse(int argc, char **argv, struct packets_options *o)
{
	const struct app_option_group groups[] = {
		{options_common, &o->common}, {options_packets, o}, {0}};
	enum app_options_verdict verdict;
	int first;

	*o = (struct packets_options){.burst = BURST_DEFAULT,
				      .depth = DEPTH_DEFAULT,
				      .latency = LATENCY_DEFAULT,
				      .latency_size = FRAME_MIN,
				      .mode = {true, true},
				      .sizes = RTE_DIM(sizes_default)};
	memcpy(o->size, sizes_default, sizeof(sizes_default));
	options_init(&o->common);
	verdict = app_options_parse(groups, help, OPTIONS_PROGRAM, argc, argv, &first);
	if (verdict != APP_OPTIONS_RUN)
		return verdict;
	if (!o->mode[PACKETS_LOOP])
		o->latency = 0;
	return complete(o, first < argc ? argv[first] : NULL);
}
