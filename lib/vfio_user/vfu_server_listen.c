/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server: how it gets a client, by a socket that it listens on or one that is given. */

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vfu_server_internal.h"

#define LISTEN_BACKLOG 8

/* Removes the socket file if no server listens on it. */
static int
stale_remove(const struct sockaddr_un *addr, char *why, size_t why_bytes)
{
	struct stat st;
	int sock, ret;

	if (lstat(addr->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		vfu_why(why, why_bytes,
			"%s exists and is no socket; remove it or choose another path",
			addr->sun_path);
		return -EEXIST;
	}
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	ret = connect(sock, (const struct sockaddr *)addr, sizeof(*addr)) < 0 ? -errno : 0;
	close(sock);
	if (ret == -ECONNREFUSED)
		return unlink(addr->sun_path) < 0 && errno != ENOENT ? -errno : 0;
	if (ret == -ENOENT)
		return 0;
	vfu_why(why, why_bytes, "a server answers at %s already; stop it or choose another path",
		addr->sun_path);
	return -EADDRINUSE;
}

static int
listener_open(struct vfu_server *server, char *why, size_t why_bytes)
{
	const struct sockaddr *addr = (const struct sockaddr *)&server->addr;
	struct epoll_event event = {.events = EPOLLIN};
	int sock, ret;

	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	if (bind(sock, addr, sizeof(server->addr)) < 0) {
		ret = errno == EADDRINUSE ? stale_remove(&server->addr, why, why_bytes) : -errno;
		if (ret == 0 && bind(sock, addr, sizeof(server->addr)) < 0)
			ret = -errno;
		if (ret < 0)
			goto fail;
	}
	event.data.fd = sock;
	if (lstat(server->addr.sun_path, &server->file) < 0 || listen(sock, LISTEN_BACKLOG) < 0 ||
	    epoll_ctl(server->epoll, EPOLL_CTL_ADD, sock, &event) < 0) {
		ret = -errno;
		unlink(server->addr.sun_path);
		goto fail;
	}
	server->listener = sock;
	return 0;
fail:
	close(sock);
	return ret;
}

int
vfu_server_listen(const char *path, const struct vfu_server_config *config,
		  struct vfu_server **server, char *why, size_t why_bytes)
{
	struct vfu_server *s;
	int ret;

	ret = vfu_server_create(config, &s);
	if (ret < 0) {
		vfu_why(why, why_bytes, "cannot make a server for %s: %s", path, strerror(-ret));
		return ret;
	}
	ret = vfu_sock_address(path, &s->addr);
	if (ret < 0) {
		vfu_why(why, why_bytes, "a socket path has 1 to %zu characters, this one has %zu",
			sizeof(s->addr.sun_path) - 1, strlen(path));
		goto fail;
	}
	vfu_why(why, why_bytes, "%s", "");
	ret = listener_open(s, why, why_bytes);
	if (ret < 0 && why != NULL && why[0] == '\0')
		vfu_why(why, why_bytes, "cannot listen on %s: %s", path, strerror(-ret));
	if (ret < 0)
		goto fail;
	*server = s;
	return 0;
fail:
	vfu_server_destroy(s);
	return ret;
}

int
vfu_server_adopt(int sock, const struct vfu_server_config *config, struct vfu_server **server)
{
	struct vfu_server *s;
	int ret;

	ret = vfu_server_create(config, &s);
	if (ret < 0)
		return ret;
	ret = vfu_server_conn_open(s, sock);
	if (ret < 0) {
		vfu_server_destroy(s);
		return ret;
	}
	*server = s;
	return 0;
}
