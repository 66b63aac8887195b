/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Property: while a queue goes from push to fetch and back, its window is taken away and its card is
 *     reset at any step, each frame is sent at most once and in order, or counted as lost or refused;
 *     the record breaks no rule, and nothing is stored in a window that the queue knows to be gone
 * Code: drivers/net/wcnic/wcnic_tx.c: wcnic_tx_burst, revoked_leave, push_again, resend_drain, wcnic_tx_kick
 * Code: drivers/net/wcnic/wcnic_tx_reap.c: completion_ok, push_refused, wcnic_tx_purge
 * Code: drivers/net/wcnic/wcnic_event.c: window_revoked
 * Code: drivers/net/wcnic/wcnic_service.c: card_lose, card_find, heart_beats
 * Code: lib/model/card_tx_record.c: record_advance, record_resume, switch_allowed
 * Code: lib/model/card_tx_batch.c: batch_run, batch_step, window_is_gone, batch_end
 * Code: lib/model/card_txq.c: card_txq_window_gone
 * Assumes: lines and doorbells arrive at once and whole (commit.pml has the others). A burst and the
 *     service exclude each other (gate.pml). A frame may be one that can never be sent.
 * Bounds: packed push of one line an entry, DEPTH entries in flight, at most ALL_FRAMES frames, one
 *     revocation and RESETS resets at any step, EPOCHS epochs
 * Run: doorbell: -DRESETS=0
 * Run: express: -DRESETS=0 -DEXPRESS
 * Run: doorbell-reset: -DRESETS=1 -DFEWER=1
 * Run: express-reset: -DRESETS=1 -DFEWER=1 -DEXPRESS
 * Small: -DALL_FRAMES=4 -DEPOCHS=5 -DDEPTH=2
 * Large: -DALL_FRAMES=5 -DEPOCHS=7 -DDEPTH=2
 * Mutation: NOT_ACKED in express: a placement changes before the card has answered the last change
 * Mutation: EMPTY_SWITCH in express: a switch without entries is waited for, when the window is gone
 * Mutation: EMPTY_RUNG in express: a switch without entries is rung
 * Mutation: PUSH_ON in express: a queue whose window is gone pushes on before it is told that nothing waits
 * Mutation: NO_RESUME_AT in express: the card resumes at whatever entry the record names
 * Mutation: GONE_WAITS in express: under the express rule entries in a window that is gone are waited for
 * Mutation: NOT_LOST in express-reset: what was in flight at a reset is not counted
 * Mutation: SENT_AGAIN in express-reset: what was in flight at a reset is sent again
 */

#ifndef FEWER
#define FEWER 0
#endif
#define FRAMES (ALL_FRAMES - FEWER)

mtype = {push, fetch, pushed, fetched, dropped, none, runs, stopped};
mtype = {allowed, revoked};

/* ---- shared ---- */

byte line_frame[DEPTH], line_no[DEPTH], line_epoch[DEPTH], line_gen[DEPTH];
byte desc_frame[DEPTH], desc_seq[DEPTH];
byte db_tail, db_switch, db_epoch;
mtype db_place = push;
bit db_new;
chan cq = [DEPTH] of {mtype, byte, byte}; /* status, seq, epoch */

/* firmware's view of the window */
bit window_there = true, event_waits;
byte gen = 1;
byte resets, reset_count;
bit card_resets; /* the driver resets it, and builds everything anew */

/* frames, a bit each */
byte was_sent, was_lost, was_refused, next_allowed;

/* ---- driver ---- */

bit busy; /* a burst, or the service, is inside the gate */
byte head, tail, epoch, acked, switch_seq, line_tail, rung;
byte next, resend_to; /* frames: the next to be written; those before are to be fetched */
byte frame_at[DEPTH];
byte my_gen = 1;
mtype place = push, push_state = allowed;
bit ring_due, known_gone;
byte seq, of_epoch;
mtype status;
bit refused_one;

inline ring()
{
	d_step {
		db_new = 1;
		db_tail = tail;
		db_switch = switch_seq;
		db_epoch = epoch;
		db_place = place;
		rung = tail;
#ifdef EXPRESS
		ring_due = 0
#else
		ring_due = 1
#endif
	}
}

inline publish()
{
	if
	:: ring_due -> ring()
	:: else
	fi
}

inline ring_again()
{
	if
#ifndef MUTATE_EMPTY_RUNG
	/* not for a switch that has no entries yet: nothing would tell that the card has seen it */
	:: head != tail && rung != tail && (acked == epoch || switch_seq != tail) -> ring()
#else
	:: head != tail && rung != tail -> ring()
#endif
	:: else
	fi
}

inline placement_set(to)
{
	d_step {
		place = to;
		ring_due = 1;
		line_tail = 0;
		if
		:: to == fetch -> desc_frame[0] = 0; desc_frame[1] = 0
		:: else
		fi
	}
}

/* Frames before `next` are in flight, in order: frame_at[] says which entry has which. */
inline reap()
{
	do
	:: cq?status, seq, of_epoch ->
		assert(seq == head && head != tail);
		assert(of_epoch == epoch || of_epoch == epoch - 1);
		acked = of_epoch;
		if
		:: status == dropped ->
			assert(place == push && of_epoch == epoch); /* completion_ok() */
			d_step { /* reached */
				resend_to = next;
				next = frame_at[head % DEPTH];
				tail = head;
				epoch++;
				switch_seq = head
			}
			placement_set(fetch);
			break
		:: else -> head++
		fi
	:: empty(cq) -> break
	od;
	status = 0;
	seq = 0;
	of_epoch = 0
}

#define SPACE (tail - head < DEPTH)

inline frame_write()
{
	d_step {
		frame_at[tail % DEPTH] = next;
		if
		:: place == push ->
			/* revoked_leave(): nothing may be stored there any more */
			assert(!known_gone);
			if
			:: window_there && my_gen == gen ->
				line_frame[line_tail % DEPTH] = next + 1;
				line_no[line_tail % DEPTH] = line_tail;
				line_epoch[line_tail % DEPTH] = epoch;
				line_gen[line_tail % DEPTH] = my_gen
			:: else /* astray: firmware's swallows it */
			fi;
			line_tail++
		:: else ->
			desc_frame[tail % DEPTH] = next + 1;
			desc_seq[tail % DEPTH] = tail
		fi;
		tail++;
		next++
	}
}

/* True: `goes_on`. */
inline revoked_leave()
{
	reap();
	if
	:: place != push
	:: place == push && head != tail -> ring_again(); goes_on = 0
	:: place == push && head == tail ->
		if
		:: acked == epoch -> epoch++; switch_seq = tail; placement_set(fetch)
#ifndef MUTATE_EMPTY_SWITCH
		/* a switch without entries, which was not rung: as if it had not been made */
		:: else -> epoch--; placement_set(fetch) /* reached */
#else
		:: else
#endif
		fi
	fi
}

inline resend()
{
	do
	:: next < resend_to && (was_refused & (1 << next)) -> next++
	:: next < resend_to && !(was_refused & (1 << next)) && SPACE -> frame_write(); written = 1
	:: next >= resend_to || !SPACE && !(was_refused & (1 << next)) -> break
	od;
	if
	:: written -> publish(); written = 0
	:: else
	fi
}

active proctype driver()
{
	bit goes_on, written;

	do
	:: next == FRAMES && head == tail && resend_to <= next && !busy -> break
	:: atomic { !busy && (next < FRAMES && SPACE || nempty(cq) ||
		    push_state == revoked && place == push && head != tail && rung != tail) -> busy = 1 }
		goes_on = 1;
		if
		:: !SPACE || acked != epoch || next == FRAMES -> reap()
		:: else
		fi;
		if
#ifdef MUTATE_PUSH_ON
		:: push_state == revoked && place == push && head != tail -> revoked_leave()
#else
		:: push_state == revoked && place == push -> revoked_leave()
#endif
		:: else
		fi;
		if
		:: goes_on && next < resend_to ->
			resend();
			goes_on = next >= resend_to
		:: else
		fi;
		if
#ifdef MUTATE_NOT_ACKED
		:: goes_on && place == fetch && push_state == allowed && epoch + 1 < EPOCHS ->
#else
		:: goes_on && place == fetch && push_state == allowed && acked == epoch &&
		   epoch + 1 < EPOCHS ->
#endif
			epoch++; /* reached */
			switch_seq = tail;
			placement_set(push)
		:: else
		fi;
		if
		:: goes_on && next < FRAMES && SPACE ->
			if
			:: frame_write();
				publish()
			:: !refused_one -> /* wcnic_tx_refuse(): nothing is written */
				d_step {
					refused_one = 1;
					was_refused = was_refused | (1 << next);
					next++
				}
			fi
		:: else
		fi;
		busy = 0
	od;
	assert((was_sent | was_lost | was_refused) == (1 << FRAMES) - 1)
}

/* The port's service thread: it takes events and notices resets. */
active proctype service()
{
	bit written;

end:
	do
	:: atomic { event_waits && !busy && my_gen == gen -> busy = 1 }
		event_waits = 0;
		push_state = revoked;
		known_gone = 1; /* reached */
		busy = 0
	/* wcnic_queues_kick() */
	:: atomic { !busy && head != tail && resets == reset_count &&
		    (nempty(cq) || next < resend_to && SPACE || rung != tail) -> busy = 1 }
		reap();
		if
		:: next < resend_to -> resend()
		:: else
		fi;
		ring_again();
		busy = 0
	/* RESET_COUNT has changed: card_lose(), card_find() */
	:: atomic { resets != reset_count && !busy -> busy = 1 }
		reap();
		d_step {
			/* wcnic_tx_purge(): in flight, and to be sent again */
			do
			:: head != tail ->
#ifndef MUTATE_NOT_LOST
				was_lost = was_lost | (1 << frame_at[head % DEPTH]);
#endif
				head++
			:: else -> break
			od;
#ifdef MUTATE_SENT_AGAIN
			next = (next > 0 -> next - 1 : 0);
#endif
			do
			:: next < resend_to && (was_refused & (1 << next)) -> next++
			:: next < resend_to && !(was_refused & (1 << next)) ->
				was_lost = was_lost | (1 << next);
				next++
			:: next >= resend_to -> break
			od
		}
		atomic { /* reached */
			reset_count = resets;
			card_resets = 1
		}
		!card_resets;
		d_step {
			head = 0; tail = 0; epoch = 0; acked = 0; switch_seq = 0; rung = 0;
			resend_to = 0;
			push_state = allowed;
			known_gone = 0;
			my_gen = gen
		}
		placement_set(push);
		ring_due = 1;
		busy = 0
	od
}

/* ---- card and firmware ---- */

bit revokes = 1;

inline card_clear()
{
	gen++;
	window_there = 1;
	db_new = 0;
	db_tail = 0; db_switch = 0; db_epoch = 0; db_place = push;
	line_frame[0] = 0; line_frame[1] = 0;
	event_waits = 0;
	c_head = 0; c_tail = 0; c_epoch = 0; c_line = 0; c_switch = 0;
	c_place = push;
	switching = 0;
	gone = 0
}

#define AT_SWITCH (switching && c_head == c_switch)
#define FRAME_SENT(f) \
	assert((f) >= next_allowed && !(was_sent & (1 << (f)))); \
	was_sent = was_sent | (1 << (f)); \
	next_allowed = (f) + 1

#ifdef EXPRESS
#define EXPRESS_RULE true
#define LINE_THERE (!gone && line_frame[c_line % DEPTH] != 0 && line_no[c_line % DEPTH] == c_line && \
		    line_epoch[c_line % DEPTH] == c_epoch && line_gen[c_line % DEPTH] == gen)
#define DESC_THERE (desc_frame[c_head % DEPTH] != 0 && desc_seq[c_head % DEPTH] == c_head)
#else
#define EXPRESS_RULE false
#define LINE_THERE (c_head != c_tail)
#define DESC_THERE (c_head != c_tail)
#endif

active proctype card()
{
	byte c_head, c_tail, c_epoch, c_line, c_switch;
	mtype state = runs, c_place = push, c_next;
	bit switching, gone;

end:
	do
	/* at any step: */
	:: d_step { window_there && revokes && state != none ->
		revokes = 0;
		window_there = 0;
		event_waits = 1;
		gone = 1;
		line_frame[0] = 0;
		line_frame[1] = 0
	   }
	:: d_step { resets < RESETS && state != none && !card_resets ->
		resets++;
		state = none;
		window_there = 0;
		event_waits = 0;
		db_new = 0
	   }
	:: d_step { card_resets ->
		card_clear();
		state = runs;
		card_resets = 0
	   }
	:: d_step { db_new && state == none -> db_new = 0 }
	:: d_step { db_new && state == runs ->
		db_new = 0;
		assert(db_tail >= c_head || EXPRESS_RULE);
		assert(db_tail <= c_head + DEPTH);
		if
		:: switching ->
			assert(db_epoch == c_epoch + 1 && db_switch == c_switch && db_place == c_next)
		:: !switching && db_epoch == c_epoch + 1 ->
			assert(db_switch >= c_head && db_switch <= db_tail);
			assert(db_place == fetch || c_place != push); /* switch_allowed() */
			switching = 1;
			c_switch = db_switch;
			c_next = db_place
		:: else -> assert(db_epoch == c_epoch)
		fi;
		c_tail = (db_tail > c_head -> db_tail : c_head)
	   }
	:: d_step { db_new && state == stopped ->
		db_new = 0;
		assert(db_epoch == c_epoch || db_epoch == c_epoch + 1);
		if
#ifdef MUTATE_NO_RESUME_AT
		:: true ->
#else
		:: db_epoch == c_epoch + 1 && db_switch == c_head ->
#endif
			c_epoch = db_epoch; /* reached */
			c_place = db_place;
			c_line = 0;
			c_tail = db_tail;
			state = runs
		:: else
		fi
	   }
	:: d_step { state == runs && !db_new && AT_SWITCH ->
		switching = 0; /* reached */
		c_epoch++;
		c_place = c_next;
		c_line = 0
	   }
	:: atomic { state == runs && !db_new && !AT_SWITCH && c_place == fetch && DESC_THERE ->
		FRAME_SENT(desc_frame[c_head % DEPTH] - 1);
		cq!fetched, c_head, c_epoch; /* reached */
		c_head++;
		c_tail = (c_tail < c_head -> c_head : c_tail)
	   }
	:: atomic { state == runs && !db_new && !AT_SWITCH && c_place == push && !gone && LINE_THERE ->
		assert(line_no[c_line % DEPTH] == c_line && line_epoch[c_line % DEPTH] == c_epoch);
		FRAME_SENT(line_frame[c_line % DEPTH] - 1);
		cq!pushed, c_head, c_epoch; /* reached */
		c_head++;
		c_line++;
		c_tail = (c_tail < c_head -> c_head : c_tail)
	   }
#ifndef MUTATE_GONE_WAITS
	:: atomic { state == runs && !db_new && !AT_SWITCH && c_place == push && gone && c_head != c_tail ->
#else
	:: atomic { state == runs && !db_new && !AT_SWITCH && c_place == push && gone && LINE_THERE && false ->
#endif
		cq!dropped, c_head, c_epoch; /* reached */
		state = stopped;
		switching = 0;
		c_tail = c_head
	   }
	od
}
