/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server: how it gets a client, by a socket that it listens on or one that is given. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

/*
 * Gives the file its group and its mode. Nobody but its owner could use it before. It is the file
 * itself that is changed, not what may have got its name meanwhile.
 */
static int
access_set(const struct sockaddr_un *addr, const struct vfu_server_access *access)
{
	int fd = open(addr->sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char self[32];
	struct stat st;
	int ret = 0;

	if (fd < 0)
		return -errno;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) < 0)
		ret = -errno;
	else if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		ret = -EEXIST;
	else if (access->group != VFU_ACCESS_GROUP_KEEP &&
		 fchownat(fd, "", (uid_t)-1, access->group, AT_EMPTY_PATH) < 0)
		ret = -errno;
	else if (chmod(self, access->mode) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Makes the file; a socket that does not listen yet accepts nobody. */
static int
listener_bind(const struct vfu_server *server, int sock)
{
	const struct vfu_server_access *access = server->config.access;

	/* The file starts with the mode of the socket: what its owner gets, and nobody else. */
	if (access != NULL && fchmod(sock, access->mode & 0700) < 0)
		return -errno;
	return bind(sock, (const struct sockaddr *)&server->addr, sizeof(server->addr)) < 0 ? -errno
											    : 0;
}

static int
listener_open(struct vfu_server *server, char *why, size_t why_bytes)
{
	const struct vfu_server_access *access = server->config.access;
	struct epoll_event event = {.events = EPOLLIN};
	int sock, ret;

	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	ret = listener_bind(server, sock);
	if (ret == -EADDRINUSE) {
		ret = stale_remove(&server->addr, why, why_bytes);
		if (ret == 0)
			ret = listener_bind(server, sock);
	}
	if (ret < 0)
		goto fail;
	ret = access != NULL ? access_set(&server->addr, access) : 0;
	if (ret < 0) {
		vfu_why(why, why_bytes, "mode %03o%s cannot be given to %s: %s",
			(unsigned int)access->mode,
			access->group != VFU_ACCESS_GROUP_KEEP ? " and the group" : "",
			server->addr.sun_path, strerror(-ret));
		unlink(server->addr.sun_path);
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
