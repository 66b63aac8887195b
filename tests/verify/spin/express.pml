/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Property: entries that are their own doorbells are sent once and in order, whatever doorbells are
 *     late and lines are lost; no doorbell stops the queue, and no lost line holds it up for ever
 * Code: drivers/net/wcnic/wcnic_tx_doorbell.c: publish, wcnic_tx_ring_again
 * Code: drivers/net/wcnic/wcnic_tx_reap.c: doorbell_renew, push_refused
 * Code: drivers/net/wcnic/wcnic_tx_place.c: wcnic_tx_placement_set
 * Code: drivers/net/wcnic/wcnic_queue_stop.c: wcnic_queues_kick
 * Code: lib/model/card_tx_record.c: tail_covers, record_advance, record_resume
 * Code: lib/model/card_tx_batch.c: batch_step, batch_wait, batch_publish
 * Code: lib/model/card_txq.h: card_txq_rung
 * Code: lib/model/card_tx_fetch.c: card_tx_fetch_there
 * Assumes: lines arrive whole, in any order, late or never; descriptors are in host memory. Bursts
 *     and the service ring in turn (gate.pml), and their doorbells arrive in that order, but in none
 *     with lines and descriptors. A doorbell, or a line, is less than half of all numbers late.
 * Bounds: numbers count modulo NUMBERS in the place of 65536, the ring has DEPTH entries; FRAMES
 *     frames of one entry, LOSSES lines that never come
 * Run: push: -DSTART=push
 * Run: fetch: -DSTART=fetch
 * Small: -DFRAMES=8 -DLOSSES=1 -DNUMBERS=6 -DDEPTH=2
 * Large: -DFRAMES=9 -DLOSSES=2 -DNUMBERS=6 -DDEPTH=2
 * Mutation: TAIL_BEHIND in push: a tail that is more than the ring behind is an error
 * Mutation: NO_RENEW in push: no doorbell is due before tail comes round to the one that was rung last
 * Mutation: NO_SERVICE in push: the service rings for no queue that makes no progress
 * Mutation: NO_CLEAR in fetch: the descriptor ring is not cleared before a switch to fetch
 * Mutation: NO_BOUND in push: the record is not looked at before entries are
 * Mutation: NO_EPOCH in push: the epoch of a line is not compared
 */

#define EPOCHS 4
#define HALF (NUMBERS / 2)
#define SAME(a, b) ((a) % NUMBERS == (b) % NUMBERS)

mtype = {push, fetch, pushed, fetched, incomplete, runs, stopped};

/* the place in the window or in the ring: frame + 1; 0: nothing */
byte line_frame[DEPTH], line_no[DEPTH], line_epoch[DEPTH];
byte desc_frame[DEPTH], desc_seq[DEPTH];
/* lines on their way, by place */
byte fly_frame[DEPTH], fly_no[DEPTH], fly_epoch[DEPTH];
byte losses;
byte oldest; /* tail of the oldest doorbell that is on its way */

chan doorbell = [1] of {byte, byte, byte, mtype}; /* tail, switch_seq, epoch, placement */
byte db_tail, db_switch, db_epoch;
mtype db_place = START;
bit db_new;
chan cq = [DEPTH] of {mtype, byte, byte}; /* status, seq, epoch */
byte sent;
byte card_head; /* as the card's, for what is assumed of lateness */
byte i;

#define ARRIVES(i) \
	:: d_step { \
		fly_frame[i] != 0 -> \
		line_frame[i] = fly_frame[i]; \
		line_no[i] = fly_no[i]; \
		line_epoch[i] = fly_epoch[i]; \
		fly_frame[i] = 0 } \
	:: d_step { fly_frame[i] != 0 && losses < LOSSES -> fly_frame[i] = 0; losses++ }

active proctype fabric()
{
	byte t, s, e;
	mtype p;

end:
	do
	ARRIVES(0)
	ARRIVES(1)
#if DEPTH > 2
	ARRIVES(2)
#endif
	/* the record is one word: only another value is seen */
	:: d_step {
		doorbell?t, s, e, p ->
		db_new = db_new || !SAME(t, db_tail) || !SAME(s, db_switch) || e != db_epoch || p != db_place;
		db_tail = t;
		db_switch = s;
		db_epoch = e;
		db_place = p;
		oldest = 0;
		t = 0; s = 0; e = 0; p = 0
	}
	od
}

/* ---- driver ---- */

byte head, tail, epoch, acked, switch_seq, line_tail, rung;
mtype place = START;
bit ring_due;

inline to_fetch()
{
	place = fetch;
	ring_due = 1;
#ifndef MUTATE_NO_CLEAR
	for (i : 0 .. DEPTH - 1) {
		desc_frame[i] = 0
	}
	i = 0
#endif
}

inline ring()
{
	doorbell!tail, switch_seq, epoch, place;
	oldest = tail;
	rung = tail;
	ring_due = 0
}

active proctype service()
{
end:
	do
#ifndef MUTATE_NO_SERVICE
	/* wcnic_queues_kick(): numbers are compared modulo all */
	:: atomic { head != tail && !SAME(rung, tail) && empty(doorbell) -> ring() }
#else
	:: 0
#endif
	od
}

active proctype driver()
{
	byte seq, of_epoch;
	mtype status;

	do
	:: head == FRAMES -> break
	/* a burst of one; the gate makes it one step for the service */
	:: atomic {
		tail < FRAMES && tail - head < DEPTH && (!ring_due || empty(doorbell)) &&
			(place == fetch || fly_frame[line_tail % DEPTH] == 0) ->
		if
		:: place == push ->
			fly_frame[line_tail % DEPTH] = tail + 1;
			fly_no[line_tail % DEPTH] = line_tail % NUMBERS;
			fly_epoch[line_tail % DEPTH] = epoch;
			line_tail++
		:: else ->
			desc_frame[tail % DEPTH] = tail + 1;
			desc_seq[tail % DEPTH] = tail % NUMBERS
		fi;
		tail++;
		if
		:: ring_due -> ring() /* reached */
		:: else
		fi
	   }
	:: atomic {
		cq?status, seq, of_epoch ->
		assert(seq == head && head < tail);
		acked = of_epoch;
		if
		:: status == incomplete ->
			assert(place == push && of_epoch == epoch);
			tail = head; /* reached */
			epoch++;
			switch_seq = head;
			line_tail = 0;
			to_fetch()
		:: else ->
			head++;
#ifndef MUTATE_NO_RENEW
			if
			:: (tail + NUMBERS - rung) % NUMBERS >= HALF -> ring_due = 1
			:: else
			fi
#endif
		fi;
		status = 0;
		seq = 0;
		of_epoch = 0
	   }
	:: atomic { place == fetch && acked == epoch && epoch + 1 < EPOCHS && tail < FRAMES ->
		epoch++; /* push_again() */
		switch_seq = tail;
		place = push;
		line_tail = 0;
		ring_due = 1
	   }
	od;
	assert(sent == FRAMES)
}

/* ---- card ---- */

#define RUNG (c_tail > card_head)
#ifdef MUTATE_NO_EPOCH
#define EPOCH_RIGHT true
#else
#define EPOCH_RIGHT (line_epoch[c_line % DEPTH] == c_epoch)
#endif
#define LINE_THERE \
	(line_frame[c_line % DEPTH] != 0 && SAME(line_no[c_line % DEPTH], c_line) && EPOCH_RIGHT)
/* The record is looked at before each entry; that the one on its way is not too late is assumed. */
#ifdef MUTATE_NO_BOUND
#define LOOKS (empty(doorbell) || card_head < oldest || card_head - oldest < HALF)
#else
#define LOOKS (!db_new && (empty(doorbell) || card_head < oldest || card_head - oldest < HALF))
#endif

inline decided()
{
	d_step {
		waiting = 0;
		card_head++;
		if
		:: c_tail < card_head -> c_tail = card_head
		:: else
		fi
	}
}

active proctype card()
{
	byte c_tail, c_epoch, c_switch, c_line, covers;
	bit switching, waiting;
	mtype state = runs, c_place = START, c_next;

end:
	do
	/* what is assumed: no doorbell is later than half of all numbers */
	:: db_new ->
		d_step {
			db_new = 0;
			waiting = 0;
			if
			:: state == stopped && db_epoch == c_epoch + 1 && SAME(db_switch, card_head) ->
				c_epoch = db_epoch;
				c_place = db_place;
				c_tail = db_tail;
				c_line = 0;
				state = runs
			:: state == stopped -> skip
			:: else ->
				covers = (db_tail + NUMBERS - card_head % NUMBERS) % NUMBERS;
				if
#ifdef MUTATE_TAIL_BEHIND
				:: NUMBERS - covers <= DEPTH -> covers = 0
#else
				:: covers >= HALF -> covers = 0
#endif
				:: else
				fi;
				assert(covers <= DEPTH); /* else QUEUE_ERROR */
				if
				:: db_epoch == c_epoch + 1 ->
					assert((db_switch + NUMBERS - card_head % NUMBERS) % NUMBERS <= covers);
					switching = 1;
					c_switch = db_switch;
					c_next = db_place
				:: else -> assert(db_epoch == c_epoch)
				fi;
				c_tail = card_head + covers
			fi;
			covers = 0
		}
	:: state == runs && switching && SAME(card_head, c_switch) ->
		d_step {
			switching = 0; /* reached */
			c_epoch++;
			c_place = c_next;
			c_line = 0
		}
	:: atomic { state == runs && LOOKS && c_place == fetch && !(switching && SAME(card_head, c_switch)) &&
	   desc_frame[card_head % DEPTH] != 0 && SAME(desc_seq[card_head % DEPTH], card_head) ->
			assert(desc_frame[card_head % DEPTH] == sent + 1);
			sent++;
			cq!fetched, card_head, c_epoch; /* reached */
			decided()
	   }
	:: atomic { state == runs && LOOKS && c_place == push && !(switching && SAME(card_head, c_switch)) &&
	   LINE_THERE ->
			assert(line_frame[c_line % DEPTH] == sent + 1);
			sent++;
			cq!pushed, card_head, c_epoch; /* reached */
			c_line++;
			decided()
	   }
	:: state == runs && c_place == push && !(switching && SAME(card_head, c_switch)) && RUNG &&
	   !LINE_THERE ->
		if
		:: !waiting -> waiting = 1
		:: waiting ->
			atomic {
				waiting = 0; /* reached */
				cq!incomplete, card_head, c_epoch;
				state = stopped;
				switching = 0;
				c_tail = card_head
			}
		fi
	od
}
