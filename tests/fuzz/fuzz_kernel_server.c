/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The calls that only a server makes: timers, interrupts by io_submit(2), a look at a message that
 * stays where it is. What its thread closes and unmaps is closed and unmapped at once.
 */

#include <errno.h>
#include <linux/aio_abi.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <vfu_closer.h>

#include "fuzz_kernel_internal.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static int
fail(int err)
{
	errno = err;
	return -1;
}

/* ---- timers ------------------------------------------------------------------------------ */

int
__wrap_timerfd_create(int clock, int flags)
{
	int fd = fuzz_fd_make(fuzz_object_make(OBJECT_TIMER));

	(void)clock;
	(void)flags;
	return fd >= 0 ? fd : fail(EMFILE);
}

int
__wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *before)
{
	struct object *timer = fuzz_object(fd);

	(void)flags;
	(void)before;
	MUST(timer != NULL && timer->kind == OBJECT_TIMER);
	timer->count = fuzz_now_ns + (uint64_t)at->it_value.tv_sec * 1000000000u +
		       (uint64_t)at->it_value.tv_nsec;
	return 0;
}

ssize_t __real_read(int fd, void *data, size_t bytes);

ssize_t
__wrap_read(int fd, void *data, size_t bytes)
{
	struct object *timer = fuzz_object(fd);

	if (timer == NULL)
		return __real_read(fd, data, bytes);
	MUST(timer->kind == OBJECT_TIMER && bytes == sizeof(uint64_t));
	memset(data, 0, bytes);
	timer->count = 0;
	return (ssize_t)bytes;
}

/* ---- interrupts -------------------------------------------------------------------------- */

int __real_memfd_create(const char *name, unsigned int flags);

int
__wrap_memfd_create(const char *name, unsigned int flags)
{
	int fd;

	if (strcmp(name, "wcnic-irq") != 0)
		return __real_memfd_create(name, flags);
	fd = fuzz_fd_make(fuzz_object_make(OBJECT_PIPE));
	return fd >= 0 ? fd : fail(EMFILE);
}

static long
aio_submit(struct iocb **list)
{
	struct object *event = fuzz_object((int)list[0]->aio_resfd);

	MUST((list[0]->aio_flags & IOCB_FLAG_RESFD) != 0);
	if (event == NULL || event->kind != OBJECT_EVENT)
		return fail(EINVAL);
	event->count += event->count != UINT64_MAX;
	return 1;
}

/* The server makes no other calls by number. */
long
__wrap_syscall(long number, ...)
{
	aio_context_t *made;
	struct iocb **list;
	va_list ap;
	long ret = 0;

	va_start(ap, number);
	if (number == SYS_io_setup) {
		(void)va_arg(ap, unsigned int);
		made = va_arg(ap, aio_context_t *);
		*made = 1;
	} else if (number == SYS_io_submit) {
		(void)va_arg(ap, aio_context_t);
		MUST(va_arg(ap, int) == 1);
		list = va_arg(ap, struct iocb **);
		ret = aio_submit(list);
	} else if (number != SYS_io_destroy && number != SYS_io_getevents) {
		ret = fail(ENOSYS);
	}
	va_end(ap);
	return ret;
}

/* ---- looks ------------------------------------------------------------------------------- */

ssize_t __real_recv(int fd, void *data, size_t bytes, int flags);

/* As Linux: up to the end of the first piece that has descriptors. */
ssize_t
__wrap_recv(int fd, void *data, size_t bytes, int flags)
{
	const struct object *sock = fuzz_object(fd);
	size_t n = 0;

	if (sock == NULL)
		return __real_recv(fd, data, bytes, flags);
	MUST((flags & MSG_PEEK) != 0);
	if (sock->n_pieces == 0)
		return sock->peer != NULL ? fail(EAGAIN) : 0;
	for (unsigned int i = 0; i < sock->n_pieces; i++) {
		n += sock->pieces[i].bytes;
		if (sock->pieces[i].n_objects != 0)
			break;
	}
	if (n > bytes)
		n = bytes;
	memcpy(data, sock->queue + sock->queue_at, n);
	return (ssize_t)n;
}

/* ---- the thread -------------------------------------------------------------------------- */

static char no_thread;

int
__wrap_vfu_closer_create(struct vfu_closer **closer)
{
	*closer = (struct vfu_closer *)&no_thread;
	return 0;
}

void
__wrap_vfu_closer_fd(struct vfu_closer *closer, int fd)
{
	(void)closer;
	close(fd);
}

void
__wrap_vfu_closer_unmap(struct vfu_closer *closer, void *base, uint64_t bytes)
{
	(void)closer;
	munmap(base, bytes);
}

struct vfu_closer_load
__wrap_vfu_closer_load(struct vfu_closer *closer)
{
	(void)closer;
	return (struct vfu_closer_load){0};
}

void
__wrap_vfu_closer_destroy(struct vfu_closer *closer, unsigned int patience_ms)
{
	(void)closer;
	(void)patience_ms;
}
