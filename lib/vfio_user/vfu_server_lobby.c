/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The server: connections before their first message. Each may wait for it as long as the greeting
 * may take, and so keeps nobody else away. The first message is only looked at here. The connection
 * whose message is whole becomes the client, and then the message is received.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vfu_server_internal.h"

#define ACCEPT_AGAIN_MS 100u
/* Lines of the log about connections, until one of them becomes the client. */
#define LINES_MAX 16u

enum greeting {
	GREETING_WAITS,
	GREETING_WHOLE, /* or its length is impossible, which the connection answers */
	GREETING_NEVER, /* it has closed */
};

/* Whoever connects again and again must not fill the log. */
static void
connection_log(struct vfu_server *server, int level, const char *line)
{
	if (server->lobby_lines == LINES_MAX)
		return;
	vfu_server_log(server, level, "%s", line);
	if (++server->lobby_lines == LINES_MAX)
		vfu_server_log(server, level,
			       "more connections are not logged until the next client is served");
}

static void
greeter_forget(struct vfu_server *server, unsigned int i)
{
	server->n_greeters--;
	memmove(&server->greeters[i], &server->greeters[i + 1],
		(server->n_greeters - i) * sizeof(server->greeters[0]));
}

static void
connection_close(struct vfu_server *server, int sock)
{
	shutdown(sock, SHUT_RDWR);
	vfu_server_discard(server, sock);
}

static void
greeter_close(struct vfu_server *server, unsigned int i, const char *why)
{
	const int sock = server->greeters[i].sock;
	char line[96];

	snprintf(line, sizeof(line), "a connection was closed: %s", why);
	connection_log(server, VFU_LOG_INFO, line);
	epoll_ctl(server->epoll, EPOLL_CTL_DEL, sock, NULL);
	greeter_forget(server, i);
	connection_close(server, sock);
}

void
vfu_server_lobby_clear(struct vfu_server *server)
{
	while (server->n_greeters > 0)
		greeter_close(server, server->n_greeters - 1, "the server stops");
}

static enum greeting
greeting_look(int sock)
{
	uint8_t bytes[VFU_GREETING_BYTES_MAX];
	struct vfu_hdr hdr;
	ssize_t n;

	n = recv(sock, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? GREETING_WAITS
										 : GREETING_NEVER;
	if (n == 0)
		return GREETING_NEVER;
	if ((size_t)n < sizeof(hdr))
		return GREETING_WAITS;
	memcpy(&hdr, bytes, sizeof(hdr));
	return hdr.bytes > sizeof(bytes) || hdr.bytes <= (size_t)n ? GREETING_WHOLE
								   : GREETING_WAITS;
}

/* Makes it the client, and does what it asks. Returns how many requests. */
static unsigned int
greeter_promote(struct vfu_server *server, unsigned int i)
{
	const int sock = server->greeters[i].sock;
	int ret;

	epoll_ctl(server->epoll, EPOLL_CTL_DEL, sock, NULL);
	greeter_forget(server, i);
	ret = vfu_server_conn_open(server, sock);
	if (ret == 0) {
		ret = (int)vfu_server_conn_poll(server);
		if (server->state == VFU_SERVER_SERVING)
			server->lobby_lines = 0;
		return (unsigned int)ret;
	}
	vfu_server_log(server, VFU_LOG_ERROR, "cannot serve a client: %s",
		       ret == -EBUSY ? "what others have sent cannot be closed" : strerror(-ret));
	connection_close(server, sock);
	return 0;
}

unsigned int
vfu_server_lobby_poll(struct vfu_server *server)
{
	unsigned int done = 0, i = 0;

	while (i < server->n_greeters && server->state == VFU_SERVER_IDLE) {
		switch (greeting_look(server->greeters[i].sock)) {
		case GREETING_WAITS:
			i++;
			break;
		case GREETING_WHOLE:
			done += greeter_promote(server, i);
			i = 0;
			break;
		case GREETING_NEVER:
			greeter_close(server, i, "it left without a greeting");
			break;
		}
	}
	while (server->state != VFU_SERVER_IDLE && server->n_greeters > 0)
		greeter_close(server, 0, "another one has become the client");
	return done;
}

/* ---- accepting --------------------------------------------------------------------------- */

/* Whether the client has hung up, though requests of it may still be unread. */
static bool
client_gone(const struct vfu_server *server)
{
	struct pollfd pfd = {.fd = server->sock, .events = POLLRDHUP};

	return server->state != VFU_SERVER_IDLE && poll(&pfd, 1, 0) == 1;
}

static void
listener_watch(struct vfu_server *server, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = server->listener};

	epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listener, &event);
}

/* The connection stays where it is. It is not looked at for a while: it cannot be accepted now, and
 * would end each wait. */
static void
accept_later(struct vfu_server *server, int err)
{
	if (!server->accept_failing)
		vfu_server_log(server, VFU_LOG_ERROR, "cannot accept a client: %s%s", strerror(err),
			       err == EMFILE ? "; raise the limit of open files (ulimit -n)" : "");
	server->accept_failing = true;
	listener_watch(server, 0);
	server->accept_at_ns = vfu_server_deadline(server, ACCEPT_AGAIN_MS);
}

static void
greeter_add(struct vfu_server *server, int sock)
{
	/* Each new piece ends a wait once, not the pieces that are there. */
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = sock};

	if (server->n_greeters == VFU_LOBBY_MAX)
		greeter_close(server, 0, "too many others wait");
	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, sock, &event) < 0) {
		vfu_server_log(server, VFU_LOG_ERROR, "cannot serve a client: %s", strerror(errno));
		connection_close(server, sock);
		return;
	}
	server->greeters[server->n_greeters++] = (struct vfu_greeter){
		.sock = sock,
		.until_ns = vfu_server_deadline(server, server->config.limits.greet_ms),
	};
}

void
vfu_server_lobby_accept(struct vfu_server *server)
{
	int sock;

	sock = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (sock < 0) {
		if (errno != EAGAIN && errno != EINTR)
			accept_later(server, errno);
		return;
	}
	server->accept_failing = false;
	if (client_gone(server))
		vfu_server_drop(server, "it closed the connection");
	if (server->state == VFU_SERVER_IDLE) {
		greeter_add(server, sock);
		return;
	}
	connection_log(server, VFU_LOG_WARNING,
		       "a second client was turned away: one is connected");
	connection_close(server, sock);
}

void
vfu_server_lobby_check(struct vfu_server *server)
{
	uint64_t now;

	if (server->n_greeters == 0 && server->accept_at_ns == 0)
		return;
	now = vfu_server_now_ns(server);
	if (server->accept_at_ns != 0 && now >= server->accept_at_ns) {
		server->accept_at_ns = 0;
		listener_watch(server, EPOLLIN);
	}
	if (server->accept_at_ns != 0)
		vfu_server_time_await(server, server->accept_at_ns);
	while (server->n_greeters > 0 && now >= server->greeters[0].until_ns)
		greeter_close(server, 0, "it did not greet in time");
	if (server->n_greeters > 0)
		vfu_server_time_await(server, server->greeters[0].until_ns);
}
