/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCEVENTFD_H
#define WCEVENTFD_H

/*
 * Raises an eventfd that another process has, too, without waiting. Whether a write(2) to it waits
 * is a flag of the open file, O_NONBLOCK, which both may change at any time, and so is whether its
 * counter is full. So the kernel raises it: an eventfd is what a read by io_submit(2) notifies, and
 * that never waits. The read is one of nothing, and is done when io_submit(2) returns.
 */

#include <errno.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Notices of reads that a context of io_setup(2) keeps until they are taken, all together. */
#define WCEVENTFD_NOTICES 64

/* Takes the notices of reads that are done, for which there may be no room any more. */
static inline void
wceventfd_notices_take(aio_context_t context)
{
	struct io_event events[WCEVENTFD_NOTICES];
	struct timespec now = {0};

	while (syscall(SYS_io_getevents, context, 0, WCEVENTFD_NOTICES, events, &now) ==
	       WCEVENTFD_NOTICES)
		;
}

/*
 * Adds 1 to the counter of `fd`, or leaves it full. `context` is one of io_setup(2) for
 * WCEVENTFD_NOTICES, `nothing` a file without bytes; the caller serialises calls on a context.
 * Returns 0 or -errno of io_submit(2). Cost: a system call.
 */
static inline int
wceventfd_raise(aio_context_t context, int nothing, int fd)
{
	struct iocb read = {
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_fildes = (uint32_t)nothing,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)fd,
	};
	struct iocb *list = &read;

	if (syscall(SYS_io_submit, context, 1, &list) == 1)
		return 0;
	wceventfd_notices_take(context);
	return syscall(SYS_io_submit, context, 1, &list) == 1 ? 0 : -errno;
}

#endif /* WCEVENTFD_H */
