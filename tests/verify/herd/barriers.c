/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the compiler makes of the few lines that the litmus tests stand for: one function each. */

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <wcbar.h>
#include <wcdev_ring.h>

void before_doorbell(void);
uint64_t load_acquire(const uint64_t *at);
void store_release(uint64_t *at, uint64_t value);
void publish16(void *to, const void *from);
void fence_full(void);
uint32_t state_acquire(_Atomic uint32_t *at);
void state_release(_Atomic uint32_t *at, uint32_t value);

void
before_doorbell(void)
{
	wcbar_before_doorbell();
}

uint64_t
load_acquire(const uint64_t *at)
{
	return wcdev_load64_acquire(at);
}

void
store_release(uint64_t *at, uint64_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
}

void
publish16(void *to, const void *from)
{
	wcdev_publish16(to, from);
}

void
fence_full(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

uint32_t
state_acquire(_Atomic uint32_t *at)
{
	return atomic_load_explicit(at, memory_order_acquire);
}

void
state_release(_Atomic uint32_t *at, uint32_t value)
{
	atomic_store_explicit(at, value, memory_order_release);
}
