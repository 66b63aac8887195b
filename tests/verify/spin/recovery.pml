/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Property: when firmware dies, or the card is reset or fails, the port recovers or is given up;
 *     nothing is stored in a window, and no memory is freed, that the card of before could still
 *     use; each frame that was accepted is sent, or counted as lost
 * Code: drivers/net/wcnic/wcnic_service.c: heart_beats, status_good, card_watch, card_lose, card_search, card_find, relapse
 * Code: drivers/net/wcnic/wcnic_queue_stop.c: wcnic_queues_close, wcnic_queues_stop
 * Code: drivers/net/wcnic/wcnic_admin.c: wcnic_admin_stop, wcnic_card_open, wcnic_admin_start
 * Code: drivers/net/wcnic/wcnic_attach_pci.c: pci_dma_start, pci_dma_stop
 * Code: lib/wcadmin/wcadmin.c: reset_locked, reset_wait, command_finish, completion_wait, wcadmin_shut
 * Code: lib/model/card.c: wcnic_card_reset, card_clear
 * Code: lib/model/card_regs.c: reg_value, ctrl_write
 * Assumes: firmware that is dead does not beat, does not answer commands and sets no READY; it may
 *     still write to host memory what was on its way. A reset of the device brings it back to life.
 *     READY comes once all of that has arrived. On a bus it may not answer a reset for some time, and
 *     DMA that is switched off there stops it all the same; a card in software answers resets.
 *     Bursts are short (gate.pml has the gate).
 * Bounds: FRAMES frames, DEATHS deaths, FAULTS resets by others and errors of queues, at any
 *     step; WRITES of the card to host memory
 * Run: bus: -DDMA_STOP -DDEAF=1
 * Run: process: -DDEAF=0
 * Small: -DFRAMES=2 -DDEATHS=1 -DFAULTS=1 -DWRITES=3
 * Large: -DFRAMES=3 -DDEATHS=1 -DFAULTS=2 -DWRITES=4
 * Mutation: NO_CLOSE in bus: gates are not closed before the reset
 * Mutation: NO_READY in process: the driver does not wait for READY after a reset
 * Mutation: READY_ALONE in bus: READY is taken for the answer to a reset, whatever RESET_COUNT is
 * Mutation: NO_DMA_STOP in bus: DMA is not stopped before buffers are freed
 * Mutation: DMA_EARLY in bus: DMA is switched on before the card is reset
 * Mutation: NO_COUNT in bus: RESET_COUNT is not looked at
 * Mutation: NO_HEART in bus: the heartbeat is not looked at
 * Mutation: NO_DEADLINE in bus: a command waits for its answer without end
 * Mutation: NOT_LOST in bus: frames in flight are not counted
 */

/* ---- the card ---- */

bit alive = 1, ready = 1, rings_up = 1;
bit window = 1, queue = 1; /* that the driver has set up */
bit queue_bad; /* it has failed */
bit flies; /* a write to a buffer is on its way */
bit dma_on = 1; /* the bus lets it through */
bit deaf; /* the card does not answer a reset */
bit reset_asked, command, answer;
byte resets, deaths, faults, deafs, writes;
byte given; /* frames that it can send */

/* ---- the port ---- */

bit gate_up = 1, busy, buffers = 1, present = 1;
bit resets_it; /* the driver has asked for a reset, and its queues are not up again */
byte accepted, completed, lost; /* frames */
byte count_known;

#define ENDED (accepted == FRAMES && completed + lost == FRAMES)

inline card_cleared()
{
	resets++;
	alive = 1;
	window = 0;
	queue = 0;
	queue_bad = 0;
	rings_up = 0;
	given = 0;
	command = 0;
	answer = 0;
	ready = !flies
}

active proctype card()
{
end:
	do
	/* at any step: */
	:: d_step { alive && deaths < DEATHS && !ENDED -> alive = 0; deaths++ }
	:: d_step { !deaf && deafs < DEAF && !ENDED -> deaf = 1; deafs++ }
	:: d_step { deaf -> deaf = 0 }
	:: d_step { faults < FAULTS && present && !ENDED -> faults++; card_cleared() } /* by another */
	:: d_step { queue && !queue_bad && faults < FAULTS && !ENDED -> faults++; queue_bad = 1 }
	/* the driver's reset */
	:: d_step { reset_asked && !deaf -> reset_asked = 0; card_cleared() } /* reached */
	:: d_step { !ready && !flies && !reset_asked -> ready = 1 } /* reached */
	/* its work: frames out, and writes to host memory */
	:: d_step { alive && queue && !queue_bad && given != 0 ->
		given--;
		completed++;
		assert(completed + lost <= accepted) /* not one that is counted as lost */
	   }
	:: d_step { queue && !flies && writes < WRITES && !ENDED -> flies = 1; writes++ }
	:: d_step { flies ->
		assert(buffers || !dma_on); /* else memory that is freed is written */
		flies = 0
	   }
	:: d_step { alive && rings_up && command -> command = 0; answer = 1 }
	od
}

/* An application: it sends as long as the queue takes frames. */
active proctype burst()
{
end_gate:
	do
	:: accepted == FRAMES -> break
	:: atomic { accepted < FRAMES && gate_up && !queue_bad -> busy = 1; accepted++ }
		/* a line */
		assert(window || !resets_it);
		atomic {
			given = given + (queue -> 1 : 0);
			busy = 0
		}
	od;
	completed + lost == FRAMES
}

#ifdef MUTATE_NO_HEART
#define HEART_STOPS false
#else
#define HEART_STOPS (!alive)
#endif
#ifdef MUTATE_NO_COUNT
#define COUNT_DIFFERS false
#else
#define COUNT_DIFFERS (resets != count_known)
#endif

/* wcnic_admin_stop(): `good`, or the time is over. */
inline reset()
{
	resets_it = 1;
	reset_asked = 1;
	if
#ifdef MUTATE_NO_READY
	:: !reset_asked -> good = 1
#elif defined(MUTATE_READY_ALONE)
	:: ready -> good = 1
#else
	:: !reset_asked && ready -> good = 1 /* reached */
#endif
#if DEAF > 0
	:: deaf -> good = 0; reset_asked = 0 /* the write was for nothing; reached */
#endif
	fi
}

inline admin_command()
{
	command = 1;
	if
	:: answer -> answer = 0
#ifndef MUTATE_NO_DEADLINE
	:: !alive || !rings_up -> command = 0; good = 0 /* reached */
#endif
	fi
}

active proctype service()
{
	bit good;

end:
	do
	/* card_watch(), card_lose() */
	:: present && (queue_bad || HEART_STOPS || COUNT_DIFFERS) && !ENDED ->
		present = 0;
#ifdef MUTATE_NO_CLOSE
		skip;
#else
		gate_up = 0;
		!busy;
#endif
		reset();
		gate_up = 0;
		!busy;
#if defined(DMA_STOP) && !defined(MUTATE_NO_DMA_STOP)
		dma_on = 0;
#endif
		atomic {
#ifdef MUTATE_NOT_LOST
			skip;
#else
			lost = accepted - completed; /* wcnic_tx_purge(); reached */
#endif
			buffers = 0
		}
	/* card_search(), card_find() */
	:: !present && !ENDED ->
#ifdef MUTATE_DMA_EARLY
		dma_on = 1;
#endif
		reset();
		if
		:: good ->
			atomic { dma_on = 1; count_known = resets }
			atomic {
				if
				:: resets == count_known -> rings_up = 1
				:: else
				fi
			}
			admin_command() /* IDENTIFY, and all others */
		:: else
		fi;
		if
		:: good ->
			atomic {
				buffers = 1;
				queue_bad = 0;
				if
				:: resets == count_known -> window = 1; queue = 1
				:: else
				fi
			}
			admin_command()
		:: else
		fi;
		if
		:: good -> /* reached */
			atomic { resets_it = 0; present = 1; gate_up = 1 }
		:: else ->
			/* card_lose(), or the card was not opened */
			reset();
#ifdef DMA_STOP
			dma_on = 0;
#endif
			buffers = 0
		fi
	od
}
