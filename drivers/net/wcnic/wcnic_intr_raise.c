/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Raising an eventfd that another process has, too. Whether a write(2) waits is a flag that both
 * may change at any time, and so is whether the counter is full: a card that lies could stop the
 * thread that writes. The kernel's own signal of an eventfd never waits: it is what an
 * asynchronous read of nothing ends with.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "wcnic_intr.h"

#define EVENTS 16

static struct {
	pthread_mutex_t lock;
	pid_t pid; /* whose it is: a child of fork(2) makes its own */
	aio_context_t context;
	int nothing; /* a file that is at its end */
} aio = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Once a process. Returns 0 or -errno. */
static int
aio_make(void)
{
	aio_context_t context = 0;
	int fd, ret;

	if (aio.pid == getpid())
		return 0;
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_io_setup, EVENTS, &context) != 0) {
		ret = -errno;
		close(fd);
		return ret;
	}
	aio.context = context;
	aio.nothing = fd;
	aio.pid = getpid();
	return 0;
}

static int
signal_submit(int fd)
{
	static char byte;
	struct iocb iocb = {
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_fildes = aio.nothing,
		.aio_buf = (uintptr_t)&byte,
		.aio_nbytes = 1,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = fd,
	};
	struct iocb *list[] = {&iocb};
	struct timespec now = {0};
	struct io_event events[EVENTS];

	if (syscall(SYS_io_submit, aio.context, 1, list) != 1)
		return -errno;
	/* it has ended already: room for the next */
	(void)syscall(SYS_io_getevents, aio.context, 0, EVENTS, events, &now);
	return 0;
}

int
wcnic_intr_signal(int fd)
{
	int ret;

	pthread_mutex_lock(&aio.lock);
	ret = aio_make();
	if (ret == 0)
		ret = signal_submit(fd);
	pthread_mutex_unlock(&aio.lock);
	return ret;
}
