/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Property: no thread sleeps for ever on an Rx queue whose interrupt it has armed while a completion
 *     is there
 * Code: drivers/net/wcnic/wcnic_rx_sleep.c: wcnic_rx_arm, wcnic_rx_disarm, card_wake
 * Code: drivers/net/wcnic/wcnic_rx.c: wcnic_rx_burst, wcnic_rx_doorbell, refill
 * Code: drivers/net/wcnic/wcnic_intr.c: wcnic_intr_raise
 * Code: lib/model/card_rxq.c: card_rxq_poll, irq_moderated
 * Code: lib/model/card.c: card_poll_rx
 * Code: lib/model/card_wake.c: wcnic_card_waits, wcnic_card_sleep
 * Assumes: the record may stay in the buffer of its CPU while the driver looks for a completion. A
 *     frame wakes a card that sleeps, as its port tells. The card looks again when a nap is over. An
 *     event stays until it is read.
 * Bounds: one queue, FRAMES frames, ARMS times armed; a thread may arm without taking what is there,
 *     and take frames after it has armed. `ordered`: the driver orders the record before it looks,
 *     and a nap has no end
 * Run: at-once
 * Run: moderated: -DMODERATED
 * Run: ordered: -DMODERATED -DORDERED
 * Small: -DFRAMES=2 -DARMS=4 -DSLEEPS=2
 * Large: -DFRAMES=4 -DARMS=7 -DSLEEPS=4
 * Mutation: NO_NUMBER in ordered: a record that arms again is what it was
 * Mutation: EDGE in at-once: the card raises an interrupt for completions alone that come after the arming
 * Mutation: NOT_STICKY in at-once: doorbells that follow the arming do not have ARM
 * Mutation: FIRED_ONCE in at-once: the card does not see that a record is a new one
 * Mutation: NO_WAKE in ordered: with moderation the driver does not wake a card that sleeps
 * Mutation: HELD_SLEEPS in ordered: the card sleeps while it holds an interrupt back
 * Mutation: NO_TIMER in at-once: a nap has no end
 */

/* the record, and what of it is in the buffer of the driver's CPU */
byte rec_head, rec_number, out_head, out_number;
bit rec_arm, out_arm, out_there;

byte completed; /* completions that are there */
bit event; /* the eventfd */
bit asleep; /* the wake record */
chan wake = [1] of {bit}
byte arrived; /* frames that the port has given the card */

active proctype fabric()
{
end:
	do
	:: atomic { out_there ->
		rec_head = out_head;
		rec_number = out_number;
		rec_arm = out_arm;
		out_there = 0; out_head = 0; out_number = 0; out_arm = 0
	   }
	/* frames come at any time, each at last */
	:: arrived < FRAMES -> arrived++
	od
}

inline doorbell()
{
	atomic {
		!out_there ->
		out_there = 1;
		out_head = head;
		out_number = number;
		out_arm = arm
	}
}

active proctype driver()
{
	byte head, number, arms;
	bit arm, raised;

	do
	:: head == FRAMES -> break
	:: else ->
		/* a burst, which posts buffers */
		if
		:: head < completed -> head++; doorbell() /* reached */
		:: head == completed && arms < ARMS
		:: arms < ARMS - FRAMES /* an application may arm though there is more */
		fi;
		if
		:: arms == ARMS -> head < completed || head == FRAMES /* polls from here on */
		:: arms < ARMS -> skip
		:: arms < ARMS ->
			/* wcnic_rx_arm() */
			arms++;
			arm = 1;
#ifndef MUTATE_NO_NUMBER
			number++;
#endif
			doorbell();
#ifdef ORDERED
			!out_there;
#endif
			if
			:: head < completed ->
#ifdef MODERATED
				!out_there; /* a full barrier; reached */
#ifndef MUTATE_NO_WAKE
				if
				:: asleep -> wake!1
				:: else
				fi
#endif
#else
				event = 1 /* wcnic_intr_raise(); reached */
#endif
			:: else
			fi;
			/* frames that came meanwhile */
			if
			:: head < completed ->
				head++;
#ifdef MUTATE_NOT_STICKY
				arm = 0;
#endif
				doorbell() /* reached */
			:: true
			fi;
			if
			:: head < FRAMES -> atomic { event -> event = 0 } /* sleeps */
			:: head == FRAMES
			fi;
			arm = 0 /* wcnic_rx_disarm(): from the next doorbell on */
		fi
	od
}

#define ARMED (rec_arm && !(fired && SAME_RECORD))
#ifdef MUTATE_FIRED_ONCE
#define SAME_RECORD true
#else
#define SAME_RECORD (rec_head == fired_head && rec_number == fired_number)
#endif
#ifdef MUTATE_EDGE
#define READY (rec_head < completed && delivered)
#else
#define READY (rec_head < completed)
#endif

/* card_rxq_poll() */
inline poll()
{
	atomic {
		held = 0;
		if
		:: ARMED && READY ->
			if
#ifdef MODERATED
			:: held = 1 /* irq_moderated() */
#endif
			:: fired = 1;
				fired_head = rec_head;
				fired_number = rec_number;
				event = 1 /* reached */
			fi
		:: else
		fi;
		delivered = 0
	}
}

active proctype card()
{
	byte fired_head, fired_number, sleeps;
	bit fired, held, delivered;

end:
	do
	:: completed < arrived -> completed++; delivered = 1; poll()
	:: (ARMED && READY || held) && completed == arrived -> poll() /* reached */
	/* nothing moves: it may sleep */
#ifdef MUTATE_HELD_SLEEPS
	:: sleeps < SLEEPS && completed == arrived ->
#else
	:: sleeps < SLEEPS && completed == arrived && !held ->
#endif
		sleeps++;
		asleep = 1;
		poll(); /* once more */
		if
#ifndef MUTATE_HELD_SLEEPS
		:: held -> skip /* worker_watch() says so; no nap */
		:: else ->
#else
		:: true ->
#endif
end_nap:
			do
			:: wake?_ -> break
			:: completed < arrived -> break /* reached */
#if !defined(MUTATE_NO_TIMER) && !defined(ORDERED)
			:: timeout -> break
#endif
			od
		fi;
		asleep = 0
	:: nempty(wake) -> wake?_
	od
}
