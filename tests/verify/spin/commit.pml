/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Property: pushed by doorbell over a link that delays, tears, reorders and loses lines, each frame
 *     is sent once, whole and in order; none is lost silently
 * Code: drivers/net/wcnic/wcnic_tx.c: wcnic_tx_burst, resend_drain, push_again
 * Code: drivers/net/wcnic/wcnic_tx_reap.c: completion_ok, push_refused, wcnic_tx_reap_some
 * Code: lib/model/card_tx_batch.c: batch_run, batch_wait, batch_stop
 * Code: lib/model/card_tx_record.c: record_resume, record_advance
 * Code: lib/model/card_tx_slots.c: slot_take
 * Code: lib/model/card_tx_packed.c: stream_need
 * Assumes: parts of lines are stored in any order, at any time after they were written, also after
 *     their doorbell and after newer parts in the same place, or never. Doorbells arrive in order
 *     and late. No line is later than 65535 entries, and no check of 16 bits is right by accident.
 *     Descriptors and completions are in host memory and reliable (order.pml has their order).
 * Bounds: packed: a line of two parts for each entry, with epochs; slots: two lines with a tag each.
 *     FRAMES frames in bursts of one or two; odd ones are two descriptors if fetched. A ring of LINES
 *     entries in the window, STORES pushes, LOSSES parts that never come
 * Run: packed: -DLINES=2
 * Run: slots: -DSLOTS -DLINES=2
 * Run: slots-one: -DSLOTS -DLINES=1
 * Small: -DFRAMES=3 -DSTORES=4 -DLOSSES=1
 * Large: -DFRAMES=3 -DSTORES=4 -DLOSSES=2
 * Mutation: NO_CHECK in packed: a part of a line is not compared with the other
 * Mutation: PHASE_ONLY in slots-one: the tag tells a line from that of the lap before, but not from older ones
 * Mutation: NO_EPOCH in packed: the epoch of a line is not compared
 * Mutation: SAME_EPOCH in packed: a refused queue goes on in the epoch in which it was refused
 * Mutation: ANY_RESUME in packed: a stopped queue takes any record for the one that resumes it
 * Mutation: NO_RESEND in packed: frames behind the one that was refused are taken for sent
 * Mutation: PUSH_RESENT in slots: frames that were refused are pushed again before all of them were fetched
 * Mutation: STOP_LATE in packed: the card goes on behind an entry that is not whole
 */

#define RING 8 /* entries of the descriptor ring; no number comes twice */
#define EPOCHS 4
#define MORE 2 /* entries of a frame that is fetched, at most */

mtype = {push, fetch, pushed, fetched, incomplete, runs, stopped};

/* ---- the window: which store is in each part of each line ---- */

byte part[LINES * 2]; /* number of the store + 1 */
byte line_no[STORES], line_epoch[STORES], line_frame[STORES];
bit flying[STORES * 2];
byte stores, losses;

/* ---- host memory ---- */

byte desc_frame[RING]; /* frame + 1; only the last entry of a frame has one */
chan doorbell = [2] of {byte, byte, byte, mtype}; /* on its way: tail, switch_seq, epoch, placement */
byte db_tail, db_switch, db_epoch;
mtype db_place = push;
bit db_new;
chan cq = [RING] of {mtype, byte, byte}; /* status, seq, epoch */

byte sent; /* frames that the port has */
bit settled; /* the driver has a completion of each */

#define CELL(i) ((line_no[(i) / 2] % LINES) * 2 + (i) % 2)
#define ARRIVES(i) \
	:: d_step { flying[i] -> part[CELL(i)] = (i) / 2 + 1; flying[i] = 0 } \
	:: d_step { flying[i] && losses < LOSSES -> flying[i] = 0; losses++ }

active proctype fabric()
{
end:
	do
	ARRIVES(0)
	ARRIVES(1)
	ARRIVES(2)
	ARRIVES(3)
	ARRIVES(4)
	ARRIVES(5)
	ARRIVES(6)
	ARRIVES(7)
#if STORES > 4
	ARRIVES(8)
	ARRIVES(9)
#endif
	:: d_step { doorbell?db_tail, db_switch, db_epoch, db_place -> db_new = 1 }
	od
}

/* ---- driver ---- */

active proctype driver()
{
	byte head, tail, epoch, acked, switch_seq, line_tail, lines_done, burst;
	byte next; /* frame to be written */
	byte done; /* frames with completions */
	byte resend_to; /* frames before it are to be fetched: resend_drain() */
	byte entries[FRAMES];
	byte part_done; /* entries of frame `done` that are complete */
	byte seq, of_epoch;
	mtype place = push, status;

	do
	:: done == FRAMES -> break
	/* a burst */
	:: next < FRAMES && len(doorbell) < 2 &&
	   (place == fetch || stores < STORES && line_tail - lines_done < LINES) ->
		burst = 0;
		do
		:: next < FRAMES && burst < 2 && place == push && stores < STORES &&
		   line_tail - lines_done < LINES ->
			d_step {
#ifdef SLOTS
				line_no[stores] = tail;
#else
				line_no[stores] = line_tail;
#endif
				line_epoch[stores] = epoch;
				line_frame[stores] = next;
				flying[stores * 2] = 1;
				flying[stores * 2 + 1] = 1;
				stores++;
				entries[next] = 1;
				line_tail++;
				tail++;
				next++;
				burst++
			}
		:: next < FRAMES && burst < 2 && place == fetch ->
			d_step {
				entries[next] = 1 + next % 2;
				if
				:: next % 2 -> desc_frame[tail] = 0; tail++
				:: else
				fi;
				desc_frame[tail] = next + 1;
				tail++;
				next++;
				burst++
			}
		:: burst > 0 -> break
		:: next == FRAMES || place == push && (stores == STORES || line_tail - lines_done == LINES) ->
			break
		od;
		if
		:: burst > 0 -> doorbell!tail, switch_seq, epoch, place
		:: else
		fi
	/* a completion */
	:: cq?status, seq, of_epoch ->
		assert(seq == head && head != tail); /* completion_ok() */
		assert(of_epoch == epoch || of_epoch == epoch - 1);
		acked = of_epoch;
		d_step {
			if
			:: status == incomplete ->
				/* push_refused() */
				assert(place == push && of_epoch == epoch && part_done == 0);
#ifndef MUTATE_NO_RESEND
#ifndef MUTATE_PUSH_RESENT
				resend_to = next;
#endif
				next = done;
#else
				done = next;
#endif
				tail = head;
#ifndef MUTATE_SAME_EPOCH
				epoch++;
#endif
				switch_seq = head;
				place = fetch;
				line_tail = 0;
				lines_done = 0
			:: else ->
				head++;
				if
				:: place == push && of_epoch == epoch -> lines_done++
				:: else
				fi;
				part_done++;
				if
				:: part_done == entries[done] -> done++; part_done = 0
				:: else
				fi
			fi
		}
	/* push_again() */
	:: place == fetch && acked == epoch && epoch + 1 < EPOCHS && next < FRAMES &&
	   next >= resend_to && tail - head < LINES && stores < STORES ->
		d_step { /* reached */
			epoch++;
			switch_seq = tail;
			place = push;
			line_tail = 0;
			lines_done = 0
		}
	/* no window to spare: that is the end of pushes, not of frames */
	:: place == push && stores == STORES && head == tail && acked == epoch && next < FRAMES ->
		d_step { epoch++; switch_seq = tail; place = fetch }
	od;
	settled = 1;
	assert(sent == FRAMES) /* the driver frees what it takes for sent */
}

/* ---- card ---- */

/* Whether the tag of store `i` - 1 is that of the line which the card expects. */
#ifdef MUTATE_PHASE_ONLY
#define NUMBER_RIGHT(i) (line_no[(i)-1] % (2 * LINES) == line % (2 * LINES))
#else
#define NUMBER_RIGHT(i) (line_no[(i)-1] == line)
#endif
#if defined(SLOTS) || defined(MUTATE_NO_EPOCH)
#define RIGHT(i) NUMBER_RIGHT(i)
#else
#define RIGHT(i) (NUMBER_RIGHT(i) && line_epoch[(i)-1] == epoch)
#endif
/* Packed: the check, which is over both parts. Slots: a tag in each. */
#ifdef SLOTS
#define TAGS_RIGHT (RIGHT(one) && RIGHT(two))
#elif defined(MUTATE_NO_CHECK)
#define TAGS_RIGHT RIGHT(one)
#else
#define TAGS_RIGHT (RIGHT(one) && one == two)
#endif

active proctype card()
{
	byte head, tail, epoch, switch_seq, line, one, two;
	bit switching, waiting;
	mtype state = runs, place = push, next_place = push;

end:
	do
	/* card_txq_refresh() */
	:: db_new ->
		d_step {
			db_new = 0;
			if
			:: state == runs && db_epoch == epoch + 1 ->
				assert(db_switch >= head && db_switch <= db_tail);
				switching = 1;
				switch_seq = db_switch;
				next_place = db_place;
				tail = db_tail
			:: state == runs && db_epoch == epoch ->
				assert(db_tail >= head);
				tail = db_tail
#ifdef MUTATE_ANY_RESUME
			:: state == stopped ->
#else
			:: state == stopped && db_epoch == epoch + 1 && db_switch == head ->
#endif
				epoch = db_epoch;
				place = db_place;
				tail = db_tail;
				line = 0;
				state = runs
#ifdef MUTATE_SAME_EPOCH
			:: state == stopped && db_epoch == epoch && db_switch == head && db_place == fetch ->
				place = fetch;
				tail = db_tail;
				line = 0;
				state = runs
#endif
			:: else
			fi
		}
	:: state == runs && switching && head == switch_seq ->
		d_step { /* reached */
			switching = 0;
			epoch++;
			place = next_place;
			line = 0
		}
	:: state == runs && place == fetch && head != tail && !(switching && head == switch_seq) ->
		d_step {
			if
			:: desc_frame[head] == 0 -> skip
			:: else ->
				assert(desc_frame[head] == sent + 1);
				sent++
			fi
		}
		cq!fetched, head, epoch; /* reached */
		head++
	:: state == runs && place == push && head != tail && !(switching && head == switch_seq) ->
		/* what is in the window is read once, part by part */
#ifdef SLOTS
		line = head;
#endif
		one = part[(line % LINES) * 2];
		two = part[(line % LINES) * 2 + 1];
		if
		:: one != 0 && two != 0 && TAGS_RIGHT ->
			d_step {
				assert(one == two); /* else parts of two frames */
				assert(line_frame[one - 1] == sent);
				sent++;
				waiting = 0
			}
			cq!pushed, head, epoch; /* reached */
			head++;
			line++
		:: else ->
			if
			:: !waiting -> waiting = 1
			:: waiting -> skip /* push_wait_ns is not over */
			:: waiting -> waiting = 0; /* reached */
				cq!incomplete, head, epoch;
#ifdef MUTATE_STOP_LATE
				head++;
#endif
				d_step {
					state = stopped;
					switching = 0;
					tail = head
				}
			fi
		fi;
		one = 0;
		two = 0
	od
}
