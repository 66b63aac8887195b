/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Property: no card sleeps for ever over a doorbell, nor over a completion that it holds back; where
 *     the driver orders its doorbell before it looks at the record, not even until the nap is over
 * Code: drivers/net/wcnic/wcnic_tx_doorbell.c: card_wake, card_wake_check, publish
 * Code: drivers/net/wcnic/wcnic_rx_sleep.c: card_wake
 * Code: lib/model/card_wake.c: wcnic_card_sleep, wcnic_card_awake, record_write
 * Code: lib/model/card_tx_batch.c: card_txq_hold_end, batch_holds
 * Code: app/wcnicd/worker.c: worker_nap_begin, worker_nap, worker_nap_end, worker_idle
 * Assumes: a doorbell, or an entry that is its own, may stay in the buffer of its CPU while the driver
 *     loads the record. WAKE goes through the kernel, and what was stored before it is there first.
 *     Numbers of sleeps do not come round. The daemon's nap ends with a message or after 20 ms.
 * Bounds: two queues, each rung by a thread of its own; FRAMES doorbells each, SLEEPS sleeps
 * Run: nap-ends: -DTIMER
 * Run: fenced: -DFENCE
 * Small: -DFRAMES=2 -DSLEEPS=3
 * Large: -DFRAMES=2 -DSLEEPS=4
 * Mutation: NO_TIMER in nap-ends: a nap has no end, though the driver orders nothing
 * Mutation: NO_LAST_LOOK in fenced: the card does not look once more after it has set the record
 * Mutation: NO_CARD_FENCE in fenced: that look may come before the record is set
 * Mutation: SAME_NUMBER in fenced: each sleep has the same number
 * Mutation: LOOK_FIRST in fenced: the driver looks at the record before it rings
 * Mutation: NO_HOLD_END in fenced: the card sleeps over completions that it holds back
 */

byte db[2], db_out[2]; /* tails; on their way: 0, nothing is */
byte cpl[2]; /* tails that are complete */
byte record, record_out; /* the wake record; in the card's buffer, + 1 */
chan wake = [2] of {bit}

active proctype fabric()
{
end:
	do
	:: atomic { db_out[0] != 0 -> db[0] = db_out[0]; db_out[0] = 0 }
	:: atomic { db_out[1] != 0 -> db[1] = db_out[1]; db_out[1] = 0 }
	:: atomic { record_out != 0 -> record = record_out - 1; record_out = 0 }
	od
}

active [2] proctype driver()
{
	byte rung, woken, sleep;
	byte q = _pid - 1;

	do
	:: rung == FRAMES -> break
	:: else ->
#ifdef MUTATE_LOOK_FIRST
		sleep = record;
#endif
		rung++;
		db_out[q] == 0;
		db_out[q] = rung;
#ifdef FENCE
		db_out[q] == 0; /* as for an interrupt: a full barrier */
#endif
#ifndef MUTATE_LOOK_FIRST
		sleep = record;
#endif
		if
		:: sleep != 0 && sleep != woken ->
			db_out[q] == 0; /* reached */
			wake!1;
			woken = sleep
		:: else
		fi;
		sleep = 0;
		cpl[q] == rung
	od
}

#define WORK (db[0] != seen[0] || db[1] != seen[1])

inline look()
{
	atomic {
		if
		:: db[0] != seen[0] -> seen[0] = db[0]; moved = 1
		:: else
		fi
	};
	atomic {
		if
		:: db[1] != seen[1] -> seen[1] = db[1]; moved = 1
		:: else
		fi
	}
}

inline publish_all()
{
	cpl[0] = seen[0];
	cpl[1] = seen[1]
}

active proctype card()
{
	byte seen[2];
	byte number, sleeps;
	bit moved;

end:
	do
	:: WORK ->
		look();
		moved = 0;
		if
		:: publish_all()
		:: cpl[0] != 0 || cpl[1] != 0 -> skip /* held back: not the first of an epoch; reached */
		fi
	/* HOLD_POLLS polls have found nothing */
	:: !WORK && (cpl[0] != seen[0] || cpl[1] != seen[1]) && sleeps == SLEEPS -> publish_all()
	:: sleeps < SLEEPS && record_out == 0 ->
#ifndef MUTATE_NO_HOLD_END
		publish_all();
#endif
#ifdef MUTATE_SAME_NUMBER
		number = 1;
#else
		number++;
#endif
		sleeps++;
#ifdef MUTATE_NO_CARD_FENCE
		record_out = number + 1;
#else
		record = number;
#endif
#ifndef MUTATE_NO_LAST_LOOK
		look();
#endif
		if
		:: moved -> publish_all() /* no nap; reached */
		:: else ->
end_nap:
			do
			:: wake?_ -> break /* reached */
#if defined(TIMER) && !defined(MUTATE_NO_TIMER)
			:: timeout -> break
			:: WORK -> break /* the nap ends now: 20 ms is not long */
#endif
			od
		fi;
		moved = 0;
		record_out == 0;
		record = 0
	:: sleeps == SLEEPS && nempty(wake) -> wake?_
	od
}
