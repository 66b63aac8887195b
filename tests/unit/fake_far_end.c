/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The far end's shader in C. It does what far_end.comp does, with one thread. */

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "fake_far_end.h"

#define NONE UINT32_MAX

struct line {
	uint32_t flags, first, last, clock;
};

static struct {
	struct fake_far_end fake;
	struct far_end_order order;
	bool running;
	uint32_t left;  /* looks of the dispatch */
	uint32_t burst; /* of the order */
	uint32_t looks; /* at the burst */
	uint32_t highest, told_torn;
	double ns;
	struct line lines[FAR_END_LINES_MAX];
	uint32_t hidden[FAR_END_REPORT_WORDS]; /* of a mute device, until the dispatch ends */
	uint32_t report[FAR_END_REPORT_WORDS];
	alignas(64) uint32_t window[FAR_END_WINDOW_BYTES / 4];
	uint32_t before[FAR_END_WINDOW_BYTES / 4]; /* the window when the dispatch was submitted */
} dev;

static uint32_t *
to_report(void)
{
	return dev.fake.mute ? dev.hidden : dev.report;
}

static uint32_t
seq(void)
{
	return dev.order.seq + dev.burst * dev.order.lines;
}

static uint32_t
slot(void)
{
	return (dev.order.slot + dev.burst) % dev.order.slots;
}

static void
burst_begin(void)
{
	dev.looks = dev.highest = dev.told_torn = 0;
	for (unsigned int i = 0; i < FAR_END_LINES_MAX; i++)
		dev.lines[i] = (struct line){.first = NONE, .last = NONE};
}

static void
dispatch_end(void)
{
	dev.running = false;
	if (dev.fake.mute)
		memcpy(dev.report, dev.hidden, sizeof(dev.report));
}

/* The places of a line that hold its tag. */
static uint32_t
places(unsigned int line)
{
	const uint32_t *from = dev.fake.blind ? dev.before : dev.window;
	uint32_t saw = 0;

	if ((int)line == dev.fake.lost_line)
		return 0;
	for (unsigned int p = 0; p < FAR_END_LINE_WORDS; p++) {
		const uint32_t tag = le32toh(
			from[slot() * FAR_END_SLOT_WORDS + line * FAR_END_LINE_WORDS + p]);

		assert((tag & FAR_END_PLACE_MASK) == p &&
		       tag >> FAR_END_PLACE_BITS <= seq() + line);
		if (tag == FAR_END_TAG(seq() + line, p))
			saw |= 1u << p;
	}
	return saw;
}

static void
line_judge(unsigned int i, uint32_t before)
{
	struct line *line = &dev.lines[i];
	const uint32_t saw = places(i);

	if (line->first != NONE && saw != FAR_END_ALL) {
		line->flags |= FAR_END_TORN;
		to_report()[FAR_END_TORN_SEEN] = seq();
	}
	if (saw != FAR_END_ALL && before > i + 1)
		line->flags |= FAR_END_OVERTAKEN;
	if (saw != 0 && line->first == NONE) {
		line->first = dev.looks;
		line->flags |= saw | (dev.looks == 0 ? FAR_END_EARLY : 0);
	}
	if (saw != 0 && dev.highest < i + 1)
		dev.highest = i + 1;
	if (saw == FAR_END_ALL && (line->flags & FAR_END_SEEN_ALL) == 0) {
		line->flags |= FAR_END_SEEN_ALL;
		line->last = dev.looks;
		line->clock = (uint32_t)dev.fake.looks * (uint32_t)FAKE_LOOK_NS;
	}
}

static void
burst_report(void)
{
	uint32_t *report = to_report(), *part = &report[FAR_END_PART(slot())];

	for (unsigned int i = 0; i < dev.order.lines; i++) {
		uint32_t *to = &part[FAR_END_LINES + i * FAR_END_LINE_REPORT];
		const struct line *line = &dev.lines[i];
		const uint32_t flags = line->flags;

		to[FAR_END_LINE_FLAGS] = dev.fake.careless ? FAR_END_SEEN_ALL | FAR_END_ALL : flags;
		to[FAR_END_LINE_FIRST] = line->first;
		to[FAR_END_LINE_LAST] = line->last;
		to[FAR_END_LINE_CLOCK] = line->clock;
	}
	part[FAR_END_LOOKS] = dev.looks;
	part[FAR_END_CLOCK] = (uint32_t)dev.fake.looks * (uint32_t)FAKE_LOOK_NS;
	report[FAR_END_REPORTED] = seq();
}

static bool
all_seen(void)
{
	for (unsigned int i = 0; i < dev.order.lines; i++) {
		if ((dev.lines[i].flags & FAR_END_SEEN_ALL) == 0)
			return false;
	}
	return true;
}

static void
look(void)
{
	const uint32_t before = dev.highest;
	bool all;

	for (unsigned int i = 0; i < dev.order.lines; i++)
		line_judge(i, before);
	if (dev.looks == 0)
		to_report()[FAR_END_WATCHING] = seq();
	dev.looks++;
	dev.left--;
	dev.fake.looks++;
	if (dev.fake.hasty > 0 && dev.order.looks > 1) {
		dev.fake.hasty--;
		dev.left = 0;
	}
	all = all_seen();
	if (all)
		to_report()[FAR_END_ANSWER] = seq();
	if (!all && dev.left > 0)
		return;
	burst_report();
	dev.burst++;
	burst_begin();
	if (dev.burst == dev.order.bursts || dev.left <= dev.order.looks / 2)
		dispatch_end();
}

/* ---- how far_end.c reaches it -------------------------------------------------------------- */

static int
start(void *ctx, const struct far_end_order *order, char *why, size_t why_bytes)
{
	(void)ctx;
	assert(!dev.running);
	assert(order->lines > 0 && order->lines <= FAR_END_LINES_MAX && order->looks > 0);
	dev.fake.dispatches++;
	if (dev.fake.dispatches == dev.fake.start_fails_at) {
		snprintf(why, why_bytes, "start failed");
		return -EIO;
	}
	if (dev.fake.dispatches == dev.fake.stalls_at)
		dev.ns += FAKE_STALL_NS;
	dev.fake.last_seq = order->seq;
	dev.order = *order;
	dev.left = order->looks;
	dev.burst = 0;
	dev.running = true;
	memcpy(dev.before, dev.window, sizeof(dev.before));
	memcpy(dev.hidden, dev.report, sizeof(dev.hidden));
	burst_begin();
	return 0;
}

static int
ended(void *ctx, char *why, size_t why_bytes)
{
	(void)ctx;
	if (dev.running && dev.fake.dispatches == dev.fake.ended_fails_at) {
		snprintf(why, why_bytes, "the device was lost");
		return -EIO;
	}
	return !dev.running;
}

static void
pause_once(void *ctx)
{
	(void)ctx;
	dev.ns += FAKE_LOOK_NS;
	if (dev.running && !dev.fake.hangs)
		look();
}

static double
now_ns(void *ctx)
{
	(void)ctx;
	dev.ns += FAKE_CPU_NS;
	return dev.ns;
}

struct fake_far_end *
fake_far_end_make(struct far_end_io *io)
{
	memset(&dev, 0, sizeof(dev));
	dev.fake.lost_line = -1;
	*io = (struct far_end_io){
		.start = start,
		.ended = ended,
		.pause = pause_once,
		.now_ns = now_ns,
		.report = dev.report,
		.window = {.addr = dev.window,
			   .bytes = sizeof(dev.window),
			   .type = WCBAR_TYPE_WB,
			   .direct = true},
	};
	return &dev.fake;
}
