/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server: the clock, and a timer so that deadlines end a wait. */

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "vfu_server_internal.h"

uint64_t
vfu_server_now_ns(const struct vfu_server *server)
{
	return server->config.ops->now_ns != NULL ? server->config.ops->now_ns(server->config.ctx)
						  : vfu_now_ns();
}

int
vfu_server_time_init(struct vfu_server *server)
{
	struct epoll_event event = {.events = EPOLLIN};

	server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (server->timer < 0)
		return -errno;
	event.data.fd = server->timer;
	return epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->timer, &event) < 0 ? -errno : 0;
}

void
vfu_server_time_await(struct vfu_server *server, uint64_t until_ns)
{
	struct itimerspec at = {0};
	uint64_t now, left;

	if (server->timer_ns != 0 && server->timer_ns <= until_ns)
		return;
	now = vfu_server_now_ns(server);
	left = until_ns > now ? until_ns - now : 1;
	at.it_value.tv_sec = (time_t)(left / 1000000000);
	at.it_value.tv_nsec = (long)(left % 1000000000);
	server->timer_ns = until_ns;
	timerfd_settime(server->timer, 0, &at, NULL);
}

uint64_t
vfu_server_deadline(struct vfu_server *server, uint32_t ms)
{
	const uint64_t until = vfu_server_now_ns(server) + (uint64_t)ms * 1000000;

	vfu_server_time_await(server, until);
	return until;
}

void
vfu_server_time_rung(struct vfu_server *server)
{
	uint64_t count;

	server->timer_ns = 0;
	(void)!read(server->timer, &count, sizeof(count));
}
