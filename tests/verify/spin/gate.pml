/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Property: a queue is used by a burst or by one control thread; each sees what the other stored; a
 *     doorbell that a control thread rings arrives before any entry that is written after it
 * Code: drivers/net/wcnic/wcnic_gate.h: wcnic_gate_enter, wcnic_gate_leave
 * Code: drivers/net/wcnic/wcnic_gate.c: wcnic_gate_close, wcnic_gate_pause, wcnic_gate_open, barrier_everywhere
 * Code: drivers/net/wcnic/wcnic_queue_stop.c: wcnic_queues_kick
 * Code: drivers/net/wcnic/wcnic_service.c: wcnic_service_round
 * Code: drivers/net/wcnic/wcnic_stats.c: settle, queue_stats_clear
 * Assumes: x86: each CPU has a buffer of stores that leaves in order, and loads pass it. arm64: stores
 *     leave in any order but for store-release and dmb. membarrier(2) empties the buffer of the CPU
 *     that runs bursts at some moment within the call, and is a full barrier for its caller. Without
 *     it the driver sleeps for 10 ms, and no store is taken to be in a buffer so long. A doorbell
 *     window is memory, or a BAR that the CPU stores into; a BAR of an emulator that answers stores
 *     before it has passed them on (wcnicd --bar2 trapped under QEMU, whose posted writes are
 *     messages in a socket) breaks the last part: see the run `posted`
 * Bounds: one thread with BURSTS bursts, two control threads with ROUNDS rounds each
 * Run: x86
 * Run: arm64: -DARM
 * Run: posted: -DPOSTED
 * Small: -DBURSTS=2 -DROUNDS=1
 * Large: -DBURSTS=2 -DROUNDS=2
 * Mutation: NO_MEMBARRIER in x86: the control thread does not make the burst's CPU pass a barrier
 * Mutation: NO_WAIT in x86: the control thread does not wait until busy is clear
 * Mutation: BUSY_LATE in x86: the burst reads the state before it sets busy
 * Mutation: OPEN_EARLY in x86: the gate is opened before the doorbell is rung
 * Mutation: NO_LOCK in x86: control threads do not exclude each other
 * Mutation: LEAVE_RELAXED in arm64: arm64: the burst leaves without release
 * Mutation: OPEN_RELAXED in arm64: arm64: the gate is opened without release
 * Mutation: POSTED_IN_ORDER in posted: doorbells that are messages are taken to arrive before later entries
 */

#define UP 0
#define PAUSED 1

#define STATE 0
#define BUSY 1
#define TAIL 2 /* of the queue, and the entries before it */
#define DB 3
#define LOCATIONS 4
#define CPUS 3 /* 0: bursts */

byte mem[LOCATIONS];
chan fifo0 = [5] of {byte, byte}
chan fifo1 = [3] of {byte, byte}
chan fifo2 = [3] of {byte, byte}
byte out[CPUS * LOCATIONS]; /* arm64: the value + 1 that is on its way */
chan message = [8] of {byte} /* doorbells, if they are messages */

byte tail; /* what TAIL has to be, for who uses the queue */
bit in_burst, in_control;
bit lock;

/* A store has become visible. */
inline perform(cpu, at, value)
{
	if
	:: at == DB && cpu != 0 ->
#ifdef POSTED
		message!value
#else
		assert(mem[TAIL] <= value); /* else the doorbell is late */
		assert(mem[DB] <= value);
		mem[DB] = value
#endif
	:: at == DB && cpu == 0 ->
#ifdef POSTED
		message!value
#else
		assert(mem[DB] <= value);
		mem[DB] = value
#endif
	:: else -> mem[at] = value
	fi
}

#define DRAINS(cpu) \
	:: atomic { fifo##cpu?at, value -> perform(cpu, at, value); at = 0; value = 0 }
#define LEAVES(cpu, location) \
	:: atomic { out[cpu * LOCATIONS + location] != 0 -> \
		at = location; \
		value = out[cpu * LOCATIONS + location] - 1; \
		out[cpu * LOCATIONS + location] = 0; \
		perform(cpu, at, value); at = 0; value = 0 }

active proctype fabric()
{
	byte at, value;

end:
	do
#ifdef ARM
	LEAVES(0, BUSY)
	LEAVES(0, TAIL)
	LEAVES(0, DB)
	LEAVES(1, STATE)
	LEAVES(1, TAIL)
	LEAVES(1, DB)
	LEAVES(2, STATE)
	LEAVES(2, TAIL)
	LEAVES(2, DB)
#else
	DRAINS(0)
	DRAINS(1)
	DRAINS(2)
#endif
	/* the card reads a message; what it sees of entries is in memory */
	:: atomic { message?value ->
#ifdef MUTATE_POSTED_IN_ORDER
		assert(mem[TAIL] <= value);
#endif
		assert(mem[DB] <= value); /* yet doorbells do not overtake each other */
		mem[DB] = value;
		value = 0
	   }
	od
}

#ifdef ARM
#define QUIET(cpu) \
	(out[cpu * LOCATIONS] == 0 && out[cpu * LOCATIONS + 1] == 0 && \
	 out[cpu * LOCATIONS + 2] == 0 && out[cpu * LOCATIONS + 3] == 0)
#define STORE(cpu, fifo, at, value) \
	atomic { out[cpu * LOCATIONS + at] == 0 -> out[cpu * LOCATIONS + at] = (value) + 1 }
#define STORE_RELEASE(cpu, fifo, at, value) QUIET(cpu); STORE(cpu, fifo, at, value)
#define TAIL_IN_MEMORY (out[TAIL] == 0)
#define TAIL_IN_BUFFER (out[TAIL] != 0)
#else
#define QUIET(cpu) empty(fifo##cpu)
#define STORE(cpu, fifo, at, value) fifo!at, value
#define STORE_RELEASE(cpu, fifo, at, value) fifo!at, value
#define TAIL_IN_MEMORY empty(fifo0)
#define TAIL_IN_BUFFER nempty(fifo0)
#endif

active proctype burst()
{
	byte bursts, state, t;

	do
	:: bursts == BURSTS -> break
	:: else ->
again:
#ifdef MUTATE_BUSY_LATE
		state = mem[STATE];
		STORE(0, fifo0, BUSY, 1);
#else
		STORE(0, fifo0, BUSY, 1);
		state = mem[STATE]; /* acquire */
#endif
		if
		:: state != UP ->
			STORE_RELEASE(0, fifo0, BUSY, 0); /* reached */
			mem[STATE] == UP; /* to look again sooner changes nothing */
			goto again
		:: else
		fi;
		atomic {
			in_burst = 1;
			assert(!in_control)
		}
		/* its own stores are visible to itself; those of others are in memory */
		if
		:: TAIL_IN_MEMORY -> assert(mem[TAIL] == tail)
		:: TAIL_IN_BUFFER
		fi;
		tail++;
		STORE(0, fifo0, TAIL, tail);
		STORE(0, fifo0, DB, tail);
		atomic {
			in_burst = 0;
			assert(!in_control)
		}
#ifdef MUTATE_LEAVE_RELAXED
		STORE(0, fifo0, BUSY, 0);
#else
		STORE_RELEASE(0, fifo0, BUSY, 0);
#endif
		bursts++
	od
}

#define CONTROL(name, cpu) \
active proctype name() \
{ \
	byte rounds; \
	do \
	:: rounds == ROUNDS -> break \
	:: else -> \
		LOCK; \
		if \
		:: mem[STATE] != UP -> skip /* wcnic_gate_pause(): it is somebody else's */ \
		:: mem[STATE] == UP -> \
			STORE_RELEASE(cpu, fifo##cpu, STATE, PAUSED); \
			QUIET(cpu); \
			MEMBARRIER; \
			WAIT; \
			in_control++; \
			assert(!in_burst && mem[TAIL] == tail); \
			tail++; \
			STORE(cpu, fifo##cpu, TAIL, tail); \
			OPEN_FIRST(cpu); \
			STORE(cpu, fifo##cpu, DB, tail); \
			in_control--; \
			OPEN_LAST(cpu) \
		fi; \
		QUIET(cpu); \
		lock = 0; \
		rounds++ \
	od \
}

#ifdef MUTATE_NO_LOCK
#define LOCK skip
#else
#define LOCK atomic { !lock -> lock = 1 }
#endif
#ifdef MUTATE_NO_MEMBARRIER
#define MEMBARRIER skip
#else
#define MEMBARRIER QUIET(0)
#endif
#ifdef MUTATE_NO_WAIT
#define WAIT skip
#else
#define WAIT mem[BUSY] == 0
#endif
#ifdef MUTATE_OPEN_EARLY
#define OPEN_FIRST(cpu) STORE_RELEASE(cpu, fifo##cpu, STATE, UP)
#define OPEN_LAST(cpu) skip
#else
#define OPEN_FIRST(cpu) skip
#ifdef MUTATE_OPEN_RELAXED
#define OPEN_LAST(cpu) STORE(cpu, fifo##cpu, STATE, UP)
#else
#define OPEN_LAST(cpu) STORE_RELEASE(cpu, fifo##cpu, STATE, UP)
#endif
#endif

CONTROL(service, 1)
CONTROL(stats, 2)
