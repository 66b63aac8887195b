/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The server: MSI-X vectors and the eventfds that a client binds to them.
 * A write(2) to one could wait, as the client has it, too: wceventfd.h raises it.
 */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <wceventfd.h>

#include "vfu_server_internal.h"

int
vfu_server_irqs_init(struct vfu_server *server)
{
	server->aio_fd = memfd_create("wcnic-irq", MFD_CLOEXEC);
	if (server->aio_fd < 0)
		return -errno;
	if (syscall(SYS_io_setup, WCEVENTFD_NOTICES, &server->aio) == 0)
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

int
vfu_server_irq_trigger(struct vfu_server *server, unsigned int vector)
{
	if (vector >= server->config.msix_vectors || server->irq_fds[vector] < 0)
		return -ENOENT;
	return wceventfd_raise(server->aio, server->aio_fd, server->irq_fds[vector]) == 0 ? 0
											  : -EAGAIN;
}
