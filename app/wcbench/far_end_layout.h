/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FAR_END_LAYOUT_H
#define FAR_END_LAYOUT_H

/*
 * What the shader and the host agree on. far_end.comp includes this file too, so it holds macros
 * alone.
 */

/* ---- the window: lines of 64 bytes, in slots of as many lines as a burst may have ---------- */

#define FAR_END_LINES_MAX 64
#define FAR_END_LINE_WORDS 16
#define FAR_END_SLOT_WORDS (FAR_END_LINES_MAX * FAR_END_LINE_WORDS)

/* Each word of 4 bytes is a tag: its line's number in the bits from 4 on, its place in the line. */
#define FAR_END_PLACE_BITS 4
#define FAR_END_PLACE_MASK 15
#define FAR_END_SEQ_MAX 0x0fffffff
#define FAR_END_TAG(seq, place) (((seq) << FAR_END_PLACE_BITS) | (place))

/* All places of a line, a bit each. */
#define FAR_END_ALL 0xffff

/* ---- the report, in words of 4 bytes ------------------------------------------------------- */

/* These four have a cache line each, and hold a burst's number: that of its line 0. */
#define FAR_END_WATCHING 0   /* the shader has looked at all of the burst's lines once */
#define FAR_END_ANSWER 16    /* it has seen all of them whole */
#define FAR_END_REPORTED 32  /* its part of the report is about this burst */
#define FAR_END_TORN_SEEN 48 /* it has seen one of the lines in part, and again in part */

/*
 * Then two parts, for bursts in even slots and in odd ones. So the report on a burst stays as it is
 * until the next one was reported too.
 */
#define FAR_END_PART(slot) (64 + ((slot)&1) * FAR_END_PART_WORDS)
#define FAR_END_PART_WORDS (FAR_END_LINES + FAR_END_LINES_MAX * FAR_END_LINE_REPORT)
#define FAR_END_REPORT_WORDS (FAR_END_PART(1) + FAR_END_PART_WORDS)

/* In a part: */
#define FAR_END_LOOKS 0  /* how often it has looked at the burst */
#define FAR_END_CLOCK 1  /* the low word of its clock when the burst was over; 0: it has none */
#define FAR_END_LINES 16 /* from here on, for each line: */
#define FAR_END_LINE_FLAGS 0
#define FAR_END_LINE_FIRST 1 /* which look saw any of it first, from 0 */
#define FAR_END_LINE_LAST 2  /* which look saw all of it first */
#define FAR_END_LINE_CLOCK 3 /* the low word of the clock then; 0 without a clock */
#define FAR_END_LINE_REPORT 4

/* Flags of a line. The low 16 bits are the places that were seen by the look that saw it first. */
#define FAR_END_SEEN_ALL 0x10000  /* it came completely */
#define FAR_END_TORN 0x20000      /* one look saw a part, and a later one still not all */
#define FAR_END_OVERTAKEN 0x40000 /* a part was missing after a later line had been seen */
#define FAR_END_EARLY 0x80000     /* it was there at the first look: nobody saw it come */
#define FAR_END_WRONG 0x100000    /* a word that was neither the old tag nor the new one */

#endif /* FAR_END_LAYOUT_H */
