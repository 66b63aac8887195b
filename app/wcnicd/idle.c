/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* How long an idle thread polls, pauses and naps. */

#include "idle.h"

/* A nap costs 5 to 10 us of a CPU's time, however short it is. */
#define POLL_NS 10000u
#define SPIN_NS 50000u
#define NAP_PART_OF_IDLE 8u
#define NAP_MIN_NS 20000u
#define NAP_MAX_NS 2000000u
/* Without a driver only sockets matter, and these wake; the heartbeat needs a poll now and then. */
#define NAP_NO_DRIVER_NS 20000000u
/* The longest delay of a doorbell that is rung during the card's last poll (datasheet section 5).
 */
#define NAP_DRIVER_WAKES_NS 20000000u
#define NAP_ASKS_WAKE_MIN_NS 50000u
#define PAUSES 16u
/* A look at a socket is a system call: as long as a frame of a card that is busy takes. */
#define SERVE_PART_OF_SILENCE 64u
#define SERVE_MIN_NS 50000u
#define SERVE_MAX_NS 1000000u

struct idle_step
idle_step(enum idle_policy policy, enum idle_watch watch, uint64_t idle_ns, uint64_t silent_ns)
{
	uint64_t nap_ns = idle_ns / NAP_PART_OF_IDLE;

	if (idle_ns < POLL_NS || (watch != IDLE_NO_DRIVER && policy == IDLE_SPIN))
		return (struct idle_step){.action = IDLE_POLL};
	if (idle_ns < SPIN_NS || silent_ns < (watch == IDLE_DRIVER_WAKES ? POLL_NS : SPIN_NS))
		return (struct idle_step){.action = IDLE_PAUSE};
	if (watch == IDLE_NO_DRIVER)
		nap_ns = NAP_NO_DRIVER_NS;
	else if (watch == IDLE_DRIVER_WAKES)
		nap_ns = NAP_DRIVER_WAKES_NS;
	else if (nap_ns < NAP_MIN_NS)
		nap_ns = NAP_MIN_NS;
	else if (nap_ns > NAP_MAX_NS)
		nap_ns = NAP_MAX_NS;
	return (struct idle_step){.action = IDLE_NAP, .nap_ns = (uint32_t)nap_ns};
}

bool
idle_asks_wake(struct idle_step step)
{
	return step.action == IDLE_NAP && step.nap_ns >= NAP_ASKS_WAKE_MIN_NS;
}

uint32_t
idle_serve_ns(uint64_t silent_ns)
{
	uint64_t serve_ns = silent_ns / SERVE_PART_OF_SILENCE;

	if (serve_ns < SERVE_MIN_NS)
		return SERVE_MIN_NS;
	return serve_ns < SERVE_MAX_NS ? (uint32_t)serve_ns : SERVE_MAX_NS;
}

void
idle_pause(void)
{
	for (unsigned int i = 0; i < PAUSES; i++) {
#if defined(__x86_64__)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
		__asm__ volatile("yield");
#endif
	}
}
