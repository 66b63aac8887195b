/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Raising an eventfd that another process has, too: see wceventfd.h. A context for each process. */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <wceventfd.h>

#include "wcnic_intr.h"

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
	if (syscall(SYS_io_setup, WCEVENTFD_NOTICES, &context) != 0) {
		ret = -errno;
		close(fd);
		return ret;
	}
	aio.context = context;
	aio.nothing = fd;
	aio.pid = getpid();
	return 0;
}

int
wcnic_intr_signal(int fd)
{
	int ret;

	pthread_mutex_lock(&aio.lock);
	ret = aio_make();
	if (ret == 0)
		ret = wceventfd_raise(aio.context, aio.nothing, fd);
	pthread_mutex_unlock(&aio.lock);
	return ret;
}
