/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The server: MSI-X vectors and the eventfds that a client binds to them.
 *
 * write(2) to an eventfd whose counter is full waits until somebody reads it. The client can fill
 * it at any time, and can clear O_NONBLOCK, which belongs to the file and not to the descriptor. So
 * the kernel raises the eventfd itself: it is what a read by io_submit(2) notifies, and that never
 * waits. The read is one of nothing, from an empty memfd, and is done when io_submit(2) returns.
 */

#include <errno.h>
#include <linux/aio_abi.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "vfu_server_internal.h"

/* Notices of reads that are kept until they are taken, all together. */
#define AIO_EVENTS 64

int
vfu_server_irqs_init(struct vfu_server *server)
{
	server->aio_fd = memfd_create("wcnic-irq", MFD_CLOEXEC);
	if (server->aio_fd < 0)
		return -errno;
	if (syscall(SYS_io_setup, AIO_EVENTS, &server->aio) == 0)
		return 0;
	server->aio = 0;
	vfu_server_log(server, VFU_LOG_WARNING,
		       "clients get no interrupts, as io_setup(2) fails: %s%s", strerror(errno),
		       errno == EAGAIN ? "; raise fs.aio-max-nr" : "");
	return 0;
}

void
vfu_server_irqs_fini(struct vfu_server *server)
{
	if (server->aio != 0)
		syscall(SYS_io_destroy, server->aio);
	server->aio = 0;
	if (server->aio_fd >= 0)
		close(server->aio_fd);
	server->aio_fd = -1;
}

void
vfu_server_irqs_clear(struct vfu_server *server, unsigned int start, unsigned int count)
{
	for (unsigned int i = start; i < start + count; i++) {
		/* To close an eventfd takes no time. */
		if (server->irq_fds[i] >= 0)
			close(server->irq_fds[i]);
		server->irq_fds[i] = -1;
	}
}

/* Takes the notices of reads that are done, for which there may be no room any more. */
static void
notices_take(struct vfu_server *server)
{
	struct io_event events[AIO_EVENTS];
	struct timespec now = {0};

	while (syscall(SYS_io_getevents, server->aio, 0, AIO_EVENTS, events, &now) == AIO_EVENTS)
		;
}

int
vfu_server_irq_trigger(struct vfu_server *server, unsigned int vector)
{
	struct iocb read = {
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_fildes = (uint32_t)server->aio_fd,
		.aio_flags = IOCB_FLAG_RESFD,
	};
	struct iocb *list = &read;

	if (vector >= server->config.msix_vectors || server->irq_fds[vector] < 0)
		return -ENOENT;
	read.aio_resfd = (uint32_t)server->irq_fds[vector];
	if (syscall(SYS_io_submit, server->aio, 1, &list) == 1)
		return 0;
	notices_take(server);
	return syscall(SYS_io_submit, server->aio, 1, &list) == 1 ? 0 : -EAGAIN;
}
