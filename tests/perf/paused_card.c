/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The embedded card has a thread of its own (thread=1), so that the driver's bursts are those that
 * they are with a card in another process. While the card is paused its thread goes on in circles,
 * but the card is polled by the counting loop. Without such a thread only bursts poll the card, so
 * there is nothing to wait for. Calls are wrapped at link time.
 */

#include <sched.h>

#include <rte_lcore.h>

#include <wcnic_card.h>
#include <wcnic_service.h>

#include "instructions.h"

static struct wcnic_card *_Atomic card_seen;
static atomic_bool paused;
static atomic_bool threaded;  /* a thread of the card's own polls it */
static atomic_uint turns;     /* of the card's thread since the pause began */
static __thread bool serving; /* this thread is that of the service */

unsigned int __real_wcnic_card_poll(struct wcnic_card *card);
unsigned int __wrap_wcnic_card_poll(struct wcnic_card *card);
void __real_wcnic_service_round(struct wcnic_hw *hw, struct wcnic_notices *notices);
void __wrap_wcnic_service_round(struct wcnic_hw *hw, struct wcnic_notices *notices);

/*
 * Neither an lcore nor the driver's service. Its name would not do: DPDK gives a thread its name
 * after it has begun, and since 23.11 puts one of its own before it.
 */
static bool
thread_is_the_cards(void)
{
	return !serving && rte_lcore_id() == LCORE_ID_ANY;
}

unsigned int
__wrap_wcnic_card_poll(struct wcnic_card *card)
{
	if (thread_is_the_cards())
		atomic_store(&threaded, true);
	atomic_store(&card_seen, card);
	if (!atomic_load(&paused))
		return __real_wcnic_card_poll(card);
	if (thread_is_the_cards())
		atomic_fetch_add(&turns, 1);
	return 0;
}

/* The service does nothing meanwhile. */
void
__wrap_wcnic_service_round(struct wcnic_hw *hw, struct wcnic_notices *notices)
{
	serving = true;
	if (!atomic_load(&paused))
		__real_wcnic_service_round(hw, notices);
	serving = false;
}

bool
card_embedded(void)
{
	return atomic_load(&card_seen) != NULL;
}

void
card_pause(void)
{
	atomic_store(&paused, true);
	while (atomic_load(&threaded) && atomic_load(&turns) == 0)
		sched_yield();
}

void
card_resume(void)
{
	atomic_store(&paused, false);
}

unsigned int
card_paused_poll(void)
{
	return __real_wcnic_card_poll(atomic_load_explicit(&card_seen, memory_order_relaxed));
}

unsigned int
card_paused_poll_frames(void)
{
	return wcnic_card_poll_frames(atomic_load_explicit(&card_seen, memory_order_relaxed));
}
