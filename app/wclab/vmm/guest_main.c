/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The guest: does the jobs of its mailbox. No library is there but what is linked in. */

#include <stddef.h>

#include <wcbar.h>

#include "guest.h"
#include "guest_driver.h"

#define MAILBOX ((struct guest_mailbox *)GUEST_RAM_IPA)

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
	unsigned char *d = dst;

	for (size_t i = 0; i < bytes; i++)
		d[i] = (unsigned char)value;
	return dst;
}

void *
memcpy(void *dst, const void *src, size_t bytes)
{
	unsigned char *d = dst;
	const unsigned char *s = src;

	for (size_t i = 0; i < bytes; i++)
		d[i] = s[i];
	return dst;
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
	MAILBOX->error = GUEST_TRAPPED;
	MAILBOX->detail = (uint32_t)esr;
	MAILBOX->far = far;
	for (;;)
		done();
}

static void
lines_store(const struct guest_mailbox *m)
{
	static const struct wcnic_push_line line = {.flags = WCNIC_LINEF_LAST};

	for (uint32_t i = 0; i < m->lines; i++)
		wcbar_store_u64.lines((void *)(m->va + i * m->step), &line, 1);
	wcbar_store_u64.drain();
}

static void
lines_store_on(struct guest_mailbox *m)
{
	while (__atomic_load_n(&m->stop, __ATOMIC_ACQUIRE) == 0) {
		lines_store(m);
		__atomic_fetch_add(&m->rounds, 1, __ATOMIC_RELEASE);
	}
}

static uint32_t
job_do(struct guest_mailbox *m)
{
	switch (__atomic_load_n(&m->job, __ATOMIC_ACQUIRE)) {
	case GUEST_JOB_STORE:
		lines_store(m);
		return GUEST_OK;
	case GUEST_JOB_STORE_ON:
		lines_store_on(m);
		return GUEST_OK;
	case GUEST_JOB_START:
		return driver_start(&m->detail);
	case GUEST_JOB_ALLOC:
		return driver_window_alloc(m->bytes, &m->grant, &m->detail);
	case GUEST_JOB_FREE:
		return driver_window_free(&m->grant, &m->detail);
	default:
		return GUEST_UNKNOWN;
	}
}

void
guest_main(void)
{
	for (;;) {
		MAILBOX->error = job_do(MAILBOX);
		done();
	}
}
