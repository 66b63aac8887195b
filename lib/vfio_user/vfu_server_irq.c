/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server: MSI-X vectors and the eventfds that a client binds to them. */

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "vfu_server_internal.h"

void
vfu_server_irqs_clear(struct vfu_server *server, unsigned int start, unsigned int count)
{
	for (unsigned int i = start; i < start + count; i++) {
		if (server->irq_fds[i] >= 0)
			close(server->irq_fds[i]);
		server->irq_fds[i] = -1;
	}
}

int
vfu_server_irq_trigger(struct vfu_server *server, unsigned int vector)
{
	const uint64_t one = 1;
	struct pollfd pfd;

	if (vector >= server->config.msix_vectors || server->irq_fds[vector] < 0)
		return -ENOENT;
	/* A client may give an eventfd that blocks when it is full: write only if it does not. */
	pfd.fd = server->irq_fds[vector];
	pfd.events = POLLOUT;
	if (poll(&pfd, 1, 0) != 1 || (pfd.revents & POLLOUT) == 0)
		return -EAGAIN;
	return write(pfd.fd, &one, sizeof(one)) == sizeof(one) ? 0 : -EAGAIN;
}
