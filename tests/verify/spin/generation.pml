/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Property: a line of a former owner of a window is not sent, and an event of a former window or queue
 *     changes nothing for the next; and the driver learns of each queue that has failed, also where
 *     events did not fit the ring
 * Code: lib/model/card_window.c: window_open, card_window_close, card_window_generation_next
 * Code: lib/model/card_txq.c: card_txq_create, card_txq_window_gone, card_txq_fail
 * Code: lib/model/card_tx_slots.c: card_tx_lines_clear
 * Code: lib/model/card_event.c: card_event_post, card_event_poll
 * Code: lib/model/card.c: wcnic_card_window_revoke
 * Code: drivers/net/wcnic/wcnic_event.c: window_is, window_revoked, queue_is, queue_error, event_handle, wcnic_events_sent
 * Code: drivers/net/wcnic/wcnic_queue_start.c: txq_create
 * Code: lib/wcadmin/wcadmin_window.c: wcadmin_window_alloc, wcadmin_window_free
 * Assumes: a line is late by less than 65535 allocations. A queue fails only after its doorbell was
 *     rung, or because its doorbell window was taken. Commands are answered in order, and events of a
 *     former queue are in the ring before the answer that creates the next.
 * Bounds: one window id, one place in the aperture, one queue number, given out OWNERS times in turn;
 *     two lines on their way, an event ring of EVENTS
 * Run: all
 * Small: -DOWNERS=2 -DEVENTS=1
 * Large: -DOWNERS=3 -DEVENTS=2
 * Mutation: NO_GENERATION in all: the card does not compare the generation of a line
 * Mutation: SAME_GENERATION in all: the generation changes with a reset alone, and not with an allocation
 * Mutation: EVENT_BY_ID in all: the driver knows a window by its number alone
 * Mutation: EVENT_BY_QUEUE in all: the driver knows a queue by its number alone
 * Mutation: BEFORE_CREATE in all: events are counted before the command that creates the queue
 * Mutation: LOST_IGNORED in all: the driver goes on when it reads that events were lost
 */

mtype = {revoked, queue_error, doorbells_revoked, lost};

/* ---- shared ---- */

byte line; /* the owner whose line is in the window; 0: nothing */
byte line_gen;
byte fly[2], fly_gen[2]; /* on their way */
chan events = [EVENTS] of {mtype, byte}; /* generation; of a queue: which owner's it is, for the proof */

/* ---- firmware ---- */

byte generation = 1, owner; /* 0: free */
byte window_gen;
bit window_there, queue_there, queue_failed, doorbells_there = 1, rung;
byte n_lost;
byte error_of; /* the owner whose queue has failed, of which the event is not in the ring yet */

/* ---- driver ---- */

byte me; /* the owner as which it acts */
byte my_gen;
bit granted, known_revoked, on_card, failed;
byte events_taken, events_before;

#define ARRIVES(i) \
	:: d_step { fly[i] != 0 -> line = fly[i]; line_gen = fly_gen[i]; fly[i] = 0; fly_gen[i] = 0 }

active proctype fabric()
{
end:
	do
	ARRIVES(0)
	ARRIVES(1)
	od
}

inline post(type, argument)
{
	if
	:: n_lost != 0 && nfull(events) -> events!lost, n_lost; n_lost = 0
	:: n_lost == 0 || full(events)
	fi;
	if
	:: nfull(events) -> events!type, argument
	:: full(events) -> n_lost++ /* reached */
	fi
}

active proctype firmware()
{
end:
	do
	/* a line that is whole */
	:: atomic { queue_there && !queue_failed && window_there && line != 0 &&
#ifdef MUTATE_NO_GENERATION
		true ->
#else
		line_gen == window_gen ->
#endif
		assert(line == owner); /* reached */
		line = 0
	   }
	/* wcnic_card_window_revoke(): of the push window */
	:: atomic { window_there ->
		post(revoked, window_gen);
		window_there = 0; /* reached */
		line = 0
	   }
	/* of the doorbells */
	:: atomic { doorbells_there && on_card ->
		post(doorbells_revoked, 0);
		doorbells_there = 0;
		if
		:: queue_there && !queue_failed -> queue_failed = 1; error_of = owner /* reached */
		:: else
		fi
	   }
	/* a record that breaks a rule, a descriptor that cannot be read */
	:: atomic { queue_there && !queue_failed && rung ->
		queue_failed = 1;
		error_of = owner /* reached */
	   }
	:: atomic { error_of != 0 -> post(queue_error, error_of); error_of = 0 }
	/* card_event_poll() */
	:: atomic { n_lost != 0 && nfull(events) -> events!lost, n_lost; n_lost = 0 }
	od
}

/* Under hw->lock, as the service's rounds. */
bit lock;

active proctype driver()
{
	do
	:: failed -> break /* recovery.pml goes on from here */
	:: me == OWNERS && !on_card -> break
	:: me < OWNERS && !failed ->
		atomic { !lock -> lock = 1 }
		/* WINDOW_ALLOC */
		atomic {
			me++;
#ifndef MUTATE_SAME_GENERATION
			generation++;
#endif
			owner = me;
			window_gen = generation;
			window_there = 1;
			line = 0; /* card_stray_scan() */
			my_gen = generation;
			granted = 1;
			known_revoked = 0
		}
		/* TXQ_CREATE: events of the former queue are in the ring before the answer */
#ifdef MUTATE_BEFORE_CREATE
		events_before = events_taken + len(events);
#endif
		atomic {
			error_of == 0;
			if
			:: !doorbells_there -> failed = 1 /* INVALID_WINDOW */
			:: else -> queue_there = 1; queue_failed = 0; rung = 0; line = 0
			fi
		}
#ifndef MUTATE_BEFORE_CREATE
		events_before = events_taken + len(events);
#endif
		on_card = !failed;
		lock = 0;
		if
		:: failed -> break
		:: else
		fi;
		/* bursts: a line, and its doorbell */
		do
		:: granted && !known_revoked && fly[0] == 0 -> fly_gen[0] = my_gen; fly[0] = me; rung = 1
		:: granted && !known_revoked && fly[1] == 0 -> fly_gen[1] = my_gen; fly[1] = me; rung = 1
		:: break
		od;
		/* a stop: TXQ_DESTROY and WINDOW_FREE, unless it is known to be gone */
		atomic { !lock -> lock = 1 }
		if
		:: me < OWNERS ->
			atomic { queue_there = 0; queue_failed = 0; on_card = 0 }
			if
			:: !known_revoked ->
				atomic {
					if
					:: window_there && window_gen == my_gen ->
						window_there = 0; /* reached */
						line = 0
					:: else
					fi
				}
			:: else
			fi;
			granted = 0
		:: me == OWNERS -> lock = 0; break
		fi;
		lock = 0
	od;
	/* the service has taken what there was: it knows of a queue that failed */
	atomic { empty(events) && n_lost == 0 && error_of == 0 && !lock ->
		assert(!(queue_there && queue_failed) || failed)
	}
}

active proctype service()
{
	mtype type;
	byte argument;

end:
	do
	:: atomic { !lock && nempty(events) -> lock = 1 }
		atomic {
			events?type, argument;
			events_taken++;
			if
			:: type == revoked ->
				if
#ifdef MUTATE_EVENT_BY_ID
				:: granted && !known_revoked ->
#else
				:: granted && !known_revoked && argument == my_gen ->
#endif
					assert(!window_there); /* of the one that it has */
					known_revoked = 1 /* reached */
				:: else
				fi
			:: type == doorbells_revoked -> failed = 1
			:: type == queue_error ->
				if
#ifdef MUTATE_EVENT_BY_QUEUE
				:: on_card ->
#else
				:: on_card && events_taken > events_before ->
#endif
					assert(argument == me);
					failed = 1 /* reached */
				:: else
				fi
			:: type == lost ->
#ifndef MUTATE_LOST_IGNORED
				failed = 1; /* what did not fit may have been any of them; reached */
#else
				skip
#endif
			fi;
			type = 0;
			argument = 0;
			lock = 0
		}
	od
}
