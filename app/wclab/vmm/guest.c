/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The guest: does the jobs of its mailbox. No library is there but what is linked in. */

#include <errno.h>
#include <stdalign.h>
#include <stddef.h>

#include <wcadmin.h>
#include <wcbar.h>

#include "guest.h"

#define MAILBOX ((struct guest_mailbox *)GUEST_RAM_IPA)
#define RING_LOG2 2
#define SECOND_NS UINT64_C(1000000000)

void guest_main(void);
void guest_trapped(uint64_t esr, uint64_t far);
unsigned long getauxval(unsigned long type);

/* lib/wcbar asks what the CPU can do: nothing special. */
unsigned long
getauxval(unsigned long type)
{
	(void)type;
	return 0;
}

/* What compilers call by themselves. */

void *
memset(void *dst, int value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((unsigned char *)dst)[i] = (unsigned char)value;
	return dst;
}

void *
memcpy(void *dst, const void *src, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((unsigned char *)dst)[i] = ((const unsigned char *)src)[i];
	return dst;
}

/* ---- the driver: lib/wcadmin on bare registers --------------------------------------------- */

static struct {
	/* The guest's physical addresses are the card's: the VMM maps its memory so. */
	alignas(64) uint8_t memory[WCADMIN_MEMORY_BYTES(RING_LOG2, RING_LOG2)];
	struct wcadmin admin;
	struct wcadmin_window window; /* one at a time */
} driver;

static int
reg_read(void *ctx, uint32_t off, unsigned int bytes, uint64_t *value)
{
	void *reg = (void *)(GUEST_REGS_IPA + (uintptr_t)off);

	(void)ctx;
	*value = bytes == 8 ? wcbar_read64(reg) : wcbar_read32(reg);
	return 0;
}

static int
reg_write(void *ctx, uint32_t off, unsigned int bytes, uint64_t value)
{
	void *reg = (void *)(GUEST_REGS_IPA + (uintptr_t)off);

	(void)ctx;
	if (bytes == 8)
		wcbar_write64(reg, value);
	else
		wcbar_write32(reg, (uint32_t)value);
	return 0;
}

static void
before_doorbell(void *ctx)
{
	(void)ctx;
	wcbar_before_doorbell();
}

static uint64_t
now_ns(void *ctx)
{
	uint64_t hz, ticks;

	(void)ctx;
	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
	return ticks / hz * SECOND_NS + ticks % hz * SECOND_NS / hz;
}

static int
driver_start(void)
{
	static const struct wcadmin_ops ops = {reg_read, reg_write, before_doorbell, now_ns};
	const struct wcadmin_config config = {
		.ops = &ops,
		.memory = driver.memory,
		.iova = (uintptr_t)driver.memory,
		.ring_log2 = RING_LOG2,
		.event_log2 = RING_LOG2,
		.timeout_ms = 600000,
	};
	int ret = wcadmin_init(&driver.admin, &config);

	if (ret == 0)
		ret = wcadmin_probe(&driver.admin);
	if (ret == 0)
		ret = wcadmin_reset(&driver.admin);
	return ret != 0 ? ret : wcadmin_enable(&driver.admin);
}

static int
driver_alloc(struct guest_mailbox *m)
{
	const struct wcadmin_window_spec spec = {
		.type = WCNIC_WINDOW_PUSH, .slot_lines = 1, .bytes = (uint32_t)m->bytes};
	int ret = wcadmin_window_alloc(&driver.admin, &spec, &driver.window);

	m->off = driver.window.off;
	m->bytes = driver.window.bytes;
	return ret;
}

/* ---- jobs ---------------------------------------------------------------------------------- */

static void
lines_store(const struct guest_mailbox *m)
{
	static const struct wcnic_push_line line = {.flags = WCNIC_LINEF_LAST};

	for (uint32_t i = 0; i < m->lines; i++)
		wcbar_store_u64.lines((void *)(m->va + i * m->step), &line, 1);
	wcbar_store_u64.drain();
}

static int
job_do(struct guest_mailbox *m)
{
	switch (__atomic_load_n(&m->job, __ATOMIC_ACQUIRE)) {
	case GUEST_JOB_STORE:
		do {
			lines_store(m);
			__atomic_fetch_add(&m->rounds, 1, __ATOMIC_RELEASE);
		} while (__atomic_load_n(&m->repeat, __ATOMIC_ACQUIRE) != 0);
		return 0;
	case GUEST_JOB_START:
		return driver_start();
	case GUEST_JOB_ALLOC:
		return driver_alloc(m);
	case GUEST_JOB_FREE:
		return wcadmin_window_free(&driver.admin, &driver.window);
	default:
		return -EINVAL;
	}
}

/* KVM_RUN ends here; what the mailbox holds afterwards is another job. */
static void
done(void)
{
	wcbar_before_doorbell();
	wcbar_write32((void *)GUEST_PORT_IPA, 1);
}

void
guest_trapped(uint64_t esr, uint64_t far)
{
	MAILBOX->esr = esr;
	MAILBOX->far = far;
	for (;;)
		done();
}

void
guest_main(void)
{
	for (;;) {
		MAILBOX->error = job_do(MAILBOX);
		done();
	}
}
