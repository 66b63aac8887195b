/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Property: what a doorbell publishes, or an entry that is its own doorbell, is whole when the card
 *     reads it; and so is a completion when the driver reads it
 * Code: lib/wcbar/wcbar.h: wcbar_before_doorbell, wcbar_order_lines
 * Code: drivers/net/wcnic/wcnic_tx_doorbell.c: publish, wcnic_tx_publish
 * Code: drivers/net/wcnic/wcnic_tx_fetch.c: desc_put
 * Code: drivers/net/wcnic/wcnic_tx_lines.h: wcnic_lines_put_shared
 * Code: drivers/net/wcnic/wcnic_queue.h: wcnic_completion_take
 * Code: lib/model/card_line.h: card_line_copy
 * Code: lib/model/card_tx_fetch.c: fetch_single
 * Assumes: x86: stores to host memory and UC stores leave in order. WC stores are in no order with
 *     anything, also the parts of a line; sfence waits for all; a UC store leaves behind the WC
 *     stores before it (SDM 3, 12.3.1). arm64: no store is ordered with another but by dmb, and by
 *     store-release and load-acquire. The same for a card that is a process. A dmb is taken for a
 *     wait until all stores are out: the orders that others can see are the same.
 * Bounds: a line of two parts, a descriptor of two words and a payload, used one lap after another;
 *     each lap takes one of the ways to publish
 * Run: x86-uc
 * Run: x86-wc: -DDB_WC
 * Run: x86-wb: -DDB_WB
 * Run: arm64: -DARM
 * Small: -DLAPS=2
 * Large: -DLAPS=3
 * Mutation: NO_DRAIN in x86-wb: no drain between lines and their doorbell
 * Mutation: NO_DMB in arm64: no barrier between descriptors and their doorbell
 * Mutation: NO_RELEASE in arm64: the second word of a descriptor is stored without release
 * Mutation: TAG_FIRST in x86-wb: the tag of a line in shared memory is stored before its payload
 * Mutation: BODY_FIRST in x86-wb: the card reads the payload of a line in shared memory before its tag
 * Mutation: PHASE_EARLY in x86-uc: the card stores the phase of a completion first
 * Mutation: PHASE_LATE in x86-uc: the driver reads the phase of a completion last
 */

#define TAG 0  /* of a line in the window: its first part */
#define BODY 1 /* of that line: the rest */
#define PAYLOAD 2 /* of a frame in host memory */
#define DESC0 3
#define DESC1 4
#define DB 5
#define CPL0 6 /* of a completion; stored by the card */
#define CPL1 7
#define LOCATIONS 8

byte mem[LOCATIONS]; /* as all see it: the lap that stored it */
byte out[LOCATIONS]; /* stored by its CPU, on its way in no order; 0: nothing is */
chan fifo = [6] of {byte, byte} /* x86: on its way in order */

mtype = {pushed, fetched, looks_at_descriptors, looks_at_lines};
mtype way; /* of this lap: the card knows it from TXQ_CREATE and the record's placement */
byte begun;

/* ---- a CPU's stores ---- */

inline store_weak(at, value)
{
	atomic { out[at] == 0 -> out[at] = value }
}

/* To host memory. */
inline store_wb(at, value)
{
#ifdef ARM
	store_weak(at, value)
#else
	fifo!at, value
#endif
}

/* All of the driver's stores are out. */
inline fence_stores()
{
	atomic {
		empty(fifo) && out[TAG] == 0 && out[BODY] == 0 && out[PAYLOAD] == 0 &&
			out[DESC0] == 0 && out[DESC1] == 0 && out[DB] == 0
	}
}

inline drain()
{
#ifndef MUTATE_NO_DRAIN
	fence_stores()
#else
	skip
#endif
}

inline before_doorbell()
{
#if defined(ARM) && !defined(MUTATE_NO_DMB)
	fence_stores()
#else
	skip
#endif
}

inline ring(value)
{
#if defined(DB_WC)
#ifndef MUTATE_NO_DMB
	fence_stores();
#endif
	store_weak(DB, value);
#ifndef MUTATE_NO_DRAIN
	fence_stores()
#endif
#else
	store_wb(DB, value)
#endif
}

/* A store to host memory behind all that was stored before. */
inline store_release(at, value)
{
#if defined(ARM) && !defined(MUTATE_NO_RELEASE)
	fence_stores();
#endif
	store_wb(at, value)
}

#define LEAVES(at) :: atomic { out[at] != 0 -> mem[at] = out[at]; out[at] = 0 }

active proctype fabric()
{
	byte at, value;

end:
	do
	LEAVES(TAG)
	LEAVES(BODY)
	LEAVES(PAYLOAD)
	LEAVES(DESC0)
	LEAVES(DESC1)
	LEAVES(DB)
	LEAVES(CPL0)
	LEAVES(CPL1)
#if defined(DB_WB)
	:: d_step { fifo?at, value -> mem[at] = value; at = 0; value = 0 }
#else
	/* a doorbell is a UC store: it flushes the WC buffers */
	:: d_step {
		nempty(fifo) && (!(fifo?[DB, _]) || (out[TAG] == 0 && out[BODY] == 0)) ->
		fifo?at, value;
		mem[at] = value;
		at = 0;
		value = 0
	}
#endif
	od
}

/* ---- driver ---- */

inline begin(how)
{
	d_step {
		way = how;
		begun = lap
	}
}

active proctype driver()
{
	byte lap = 1, word;

	do
	:: lap > LAPS -> break
	:: else ->
		if
		:: begin(pushed);
			store_weak(TAG, lap);
			store_weak(BODY, lap);
			drain();
			before_doorbell();
			ring(lap)
		:: begin(fetched);
			store_wb(PAYLOAD, lap);
			store_wb(DESC0, lap);
			store_wb(DESC1, lap);
			before_doorbell();
			ring(lap)
		:: begin(looks_at_descriptors);
			store_wb(PAYLOAD, lap);
			store_wb(DESC0, lap);
			store_release(DESC1, lap)
#ifndef ARM
		/* commit_choose(): only where wcnic_tx_stores_tag_last(), which no arm64 writer does */
		:: begin(looks_at_lines);
#ifdef MUTATE_TAG_FIRST
			store_wb(TAG, lap);
			store_wb(BODY, lap)
#else
			store_wb(BODY, lap);
			store_wb(TAG, lap)
#endif
#endif
		fi;
#ifdef MUTATE_PHASE_LATE
		word = mem[CPL0];
		mem[CPL1] == lap ->
#else
		mem[CPL1] == lap -> /* load-acquire: what follows is loaded later */
		word = mem[CPL0];
#endif
		assert(word == lap);
		word = 0;
		lap++
	od
}

/* ---- card ---- */

inline complete()
{
	one = 0;
	two = 0;
#ifdef MUTATE_PHASE_EARLY
	store_weak(CPL1, lap);
	out[CPL1] == 0;
	store_weak(CPL0, lap);
#else
	store_weak(CPL0, lap);
	out[CPL0] == 0; /* wcdev_ring_publish(): the last word with release */
	store_weak(CPL1, lap);
#endif
	lap++
}

active proctype card()
{
	byte lap = 1, one, two;

	do
	:: lap > LAPS -> break
	:: lap == begun && way == pushed && mem[DB] == lap ->
		one = mem[TAG]; /* reached */
		two = mem[BODY];
		assert(one == lap && two == lap); /* else INCOMPLETE, for no fault of the link */
		complete()
	:: lap == begun && way == fetched && mem[DB] == lap ->
		one = mem[DESC0]; /* reached */
		two = mem[PAYLOAD];
		assert(mem[DESC1] == lap && one == lap && two == lap);
		complete()
	:: lap == begun && way == looks_at_descriptors && mem[DESC1] == lap ->
		one = mem[DESC0]; /* reached */
		two = mem[PAYLOAD];
		assert(one == lap && two == lap);
		complete()
#ifndef ARM
	:: lap == begun && way == looks_at_lines ->
#ifdef MUTATE_BODY_FIRST
		two = mem[BODY];
		mem[TAG] == lap ->
#else
		mem[TAG] == lap -> /* load, fence(acquire): the rest is loaded later */
		two = mem[BODY]; /* reached */
#endif
		assert(two == lap);
		complete()
#endif
	od
}
