/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The far end of a window: looks at tagged lines in the device's memory while the host stores them,
 * and tells in host memory what it saw.
 *
 * One workgroup looks at all words of a burst, each invocation at some of them, and then meets at
 * a barrier. So what one look saw was read before anything that the next look reads. A line of
 * which a look saw a part, and a later look not all, was torn: a line that had come at once would
 * have been whole by then. A part in one look and all in the next proves nothing, because the line
 * may have come at once while the look went over it.
 *
 * What makes the host's stores visible here. Vulkan promises it for what was stored before a
 * dispatch was submitted, and for nothing that is stored while it runs, coherent memory or not. In
 * practice a load that no cache of the compute unit answers finds it. `volatile` makes each look
 * load anew, `coherent` makes the load go to memory that the whole device shares. Whether that is
 * enough is a property of the device: the host finds out, and says so.
 *
 * All loops end: after order.looks looks, whatever was seen. All branches around barriers are the
 * same in each invocation.
 */

#version 450
#extension GL_GOOGLE_include_directive : require
#ifdef FAR_END_HAS_CLOCK
#extension GL_EXT_shader_realtime_clock : require
#endif

#include "far_end_layout.h"

/* At least FAR_END_LINES_MAX: an invocation is the owner of the line of its number. */
layout(local_size_x_id = 0) in;

layout(std430, set = 0, binding = 0) readonly volatile coherent buffer window_block
{
	uint window[];
};

layout(std430, set = 0, binding = 1) volatile coherent buffer report_block
{
	uint report[];
};

/* struct far_end_order, word by word. */
layout(push_constant) uniform order_block
{
	uint seq;    /* of the first burst's first line */
	uint bursts; /* how many to watch */
	uint lines;  /* of each, 1 to FAR_END_LINES_MAX */
	uint slot;   /* the first burst's; the next ones follow */
	uint slots;
	uint looks; /* of this dispatch, at most */
} order;

const uint NONE = 0xffffffffu;

shared uint places[FAR_END_LINES_MAX]; /* that this look saw, a bit each */
shared uint wrong[FAR_END_LINES_MAX];
shared uint whole;   /* lines that were seen completely */
shared uint highest; /* the last line of which anything was seen, from 1; 0: none */
shared uint torn;

/* What the owner of a line knows of it. */
struct line_state {
	uint flags;
	uint first, last;
	uint clock;
};

uint
clock_now()
{
#ifdef FAR_END_HAS_CLOCK
	return clockRealtime2x32EXT().x;
#else
	return 0;
#endif
}

void
look(uint me, uint seq, uint base)
{
	for (uint i = me; i < order.lines * FAR_END_LINE_WORDS; i += gl_WorkGroupSize.x) {
		const uint line = i / FAR_END_LINE_WORDS, place = i % FAR_END_LINE_WORDS;
		const uint tag = window[base + i];

		if (tag == FAR_END_TAG(seq + line, place))
			atomicOr(places[line], 1u << place);
		else if ((tag & FAR_END_PLACE_MASK) != place ||
			 (tag >> FAR_END_PLACE_BITS) > seq + line)
			wrong[line] = FAR_END_WRONG;
	}
}

/* The owner's part; `before` is what `highest` was before this look. */
void
judge(uint me, uint looks, uint before, inout line_state line)
{
	const uint saw = places[me];

	places[me] = 0;
	if (line.first != NONE && saw != FAR_END_ALL) {
		line.flags |= FAR_END_TORN;
		torn = 1;
	}
	if (saw != FAR_END_ALL && before > me + 1)
		line.flags |= FAR_END_OVERTAKEN;
	if (saw != 0 && line.first == NONE) {
		line.first = looks;
		line.flags |= saw | (looks == 0 ? FAR_END_EARLY : 0);
	}
	if (saw != 0)
		atomicMax(highest, me + 1);
	if (saw == FAR_END_ALL && (line.flags & FAR_END_SEEN_ALL) == 0) {
		line.flags |= FAR_END_SEEN_ALL;
		line.last = looks;
		line.clock = clock_now();
		atomicAdd(whole, 1);
	}
}

void
line_report(uint me, uint part, line_state line)
{
	const uint at = part + FAR_END_LINES + me * FAR_END_LINE_REPORT;

	report[at + FAR_END_LINE_FLAGS] = line.flags | wrong[me];
	report[at + FAR_END_LINE_FIRST] = line.first;
	report[at + FAR_END_LINE_LAST] = line.last;
	report[at + FAR_END_LINE_CLOCK] = line.clock;
}

/* Watches one burst until all of it was seen, or `limit` looks are over. Returns the looks. */
uint
watch(uint me, uint seq, uint slot, uint limit)
{
	const uint base = slot * FAR_END_SLOT_WORDS, part = FAR_END_PART(slot);
	line_state line = line_state(0, NONE, NONE, 0);
	uint looks = 0, before = 0;
	bool all = false, told = false;

	if (me < FAR_END_LINES_MAX) {
		places[me] = 0;
		wrong[me] = 0;
	}
	if (me == 0) {
		whole = 0;
		highest = 0;
		torn = 0;
	}
	barrier();
	while (!all && looks < limit) {
		look(me, seq, base);
		barrier();
		if (me < order.lines)
			judge(me, looks, before, line);
		barrier();
		all = whole == order.lines;
		before = highest;
		if (me == 0 && looks == 0)
			report[FAR_END_WATCHING] = seq;
		if (me == 0 && torn != 0 && !told) {
			report[FAR_END_TORN_SEEN] = seq;
			told = true;
		}
		looks++;
	}
	if (me == 0 && all)
		report[FAR_END_ANSWER] = seq;
	if (me < order.lines)
		line_report(me, part, line);
	memoryBarrierBuffer();
	barrier();
	if (me == 0) {
		report[part + FAR_END_LOOKS] = looks;
		report[part + FAR_END_CLOCK] = clock_now();
		memoryBarrierBuffer();
		report[FAR_END_REPORTED] = seq;
	}
	return looks;
}

void
main()
{
	const uint me = gl_LocalInvocationIndex;
	uint left = order.looks;

	/* A burst that is begun has at least half of the looks. */
	for (uint i = 0; i < order.bursts && left > order.looks / 2; i++)
		left -= watch(me, order.seq + i * order.lines,
			      (order.slot + i) % order.slots, left);
}
