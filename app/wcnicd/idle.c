/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include "idle.h"

/* A nap costs 5 to 10 us of a CPU's time, however short it is. */
#define POLL_NS 10000u
#define SPIN_NS 50000u
#define NAP_SHARE 8u
#define NAP_MIN_NS 20000u
#define NAP_MAX_NS 2000000u
/* Without a driver only sockets matter, and these wake; the heartbeat and clocks go on. */
#define NAP_ALONE_NS 20000000u
#define PAUSES 16u

struct idle_step
idle_step(enum idle_policy policy, bool driver, uint64_t idle_ns, uint64_t silent_ns)
{
	uint64_t nap_ns = idle_ns / NAP_SHARE;

	if (idle_ns < POLL_NS || (driver && policy == IDLE_SPIN))
		return (struct idle_step){.action = IDLE_POLL};
	if (idle_ns < SPIN_NS || silent_ns < SPIN_NS)
		return (struct idle_step){.action = IDLE_PAUSE};
	if (!driver)
		nap_ns = NAP_ALONE_NS;
	else if (nap_ns < NAP_MIN_NS)
		nap_ns = NAP_MIN_NS;
	else if (nap_ns > NAP_MAX_NS)
		nap_ns = NAP_MAX_NS;
	return (struct idle_step){.action = IDLE_NAP, .nap_ns = (uint32_t)nap_ns};
}

void
idle_pause(void)
{
	unsigned int i;

	for (i = 0; i < PAUSES; i++) {
#if defined(__x86_64__)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
		__asm__ volatile("yield");
#endif
	}
}
