/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vfu_server_priv.h"

#define COMPLAINTS_MAX 16u
#define POLL_REQUESTS_MAX 64u
#define LISTEN_BACKLOG 8

static void
log_va(const struct vfu_server *server, int level, const char *fmt, va_list ap)
{
	char line[256];

	if (server->config.ops->log == NULL)
		return;
	vsnprintf(line, sizeof(line), fmt, ap);
	server->config.ops->log(server->config.ctx, level, line);
}

void
vfu_server_log(const struct vfu_server *server, int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(server, level, fmt, ap);
	va_end(ap);
}

void
vfu_server_complain(struct vfu_server *server, const char *fmt, ...)
{
	va_list ap;

	if (server->complaints > COMPLAINTS_MAX)
		return;
	if (server->complaints++ == COMPLAINTS_MAX) {
		vfu_server_log(server, VFU_LOG_WARNING,
			       "more bad requests of this client are not logged");
		return;
	}
	va_start(ap, fmt);
	log_va(server, VFU_LOG_WARNING, fmt, ap);
	va_end(ap);
}

void
vfu_server_irqs_clear(struct vfu_server *server, unsigned int start, unsigned int count)
{
	unsigned int i;

	for (i = start; i < start + count; i++) {
		if (server->irq_fds[i] >= 0)
			close(server->irq_fds[i]);
		server->irq_fds[i] = -1;
	}
}

static int
client_watch(struct vfu_server *server, int op)
{
	struct epoll_event event = {
		.events = server->watch_out ? EPOLLOUT : EPOLLIN,
		.data.fd = server->sock,
	};

	return epoll_ctl(server->epoll, op, server->sock, &event) < 0 ? -errno : 0;
}

static int
client_enter(struct vfu_server *server, int sock)
{
	int ret;

	server->sock = sock;
	server->tx_pending = false;
	server->watch_out = false;
	server->leaving = false;
	server->complaints = 0;
	ret = client_watch(server, EPOLL_CTL_ADD);
	if (ret < 0) {
		server->sock = -1;
		return ret;
	}
	server->state = VFU_SERVER_GREETING;
	return 0;
}

void
vfu_server_drop(struct vfu_server *server, const char *reason)
{
	bool served = server->state == VFU_SERVER_SERVING;

	if (server->state == VFU_SERVER_ALONE)
		return;
	vfu_server_log(server, VFU_LOG_INFO, "client dropped: %s", reason);
	epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->sock, NULL);
	close(server->sock);
	server->sock = -1;
	server->state = VFU_SERVER_ALONE;
	vfu_rx_reset(&server->rx);
	vfu_server_irqs_clear(server, 0, server->config.msix_vectors);
	if (served && server->config.ops->disconnected != NULL)
		server->config.ops->disconnected(server->config.ctx);
	iova_map_clear(server->iova);
	vfu_dma_clear(server);
}

/* Whether the client has hung up, though requests of it may still be unread. */
static bool
client_gone(const struct vfu_server *server)
{
	struct pollfd pfd = {.fd = server->sock, .events = POLLRDHUP};

	return server->state != VFU_SERVER_ALONE && poll(&pfd, 1, 0) == 1;
}

static void
client_accept(struct vfu_server *server)
{
	int sock, ret;

	sock = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (sock < 0) {
		if (errno != EAGAIN && errno != EINTR && !server->accept_failing)
			vfu_server_log(server, VFU_LOG_ERROR, "cannot accept a client: %s",
				       strerror(errno));
		server->accept_failing = errno != EAGAIN && errno != EINTR;
		return;
	}
	server->accept_failing = false;
	if (client_gone(server))
		vfu_server_drop(server, "it closed the connection");
	if (server->state != VFU_SERVER_ALONE) {
		vfu_server_log(server, VFU_LOG_WARNING,
			       "a second client was turned away: one is connected");
		close(sock);
		return;
	}
	ret = client_enter(server, sock);
	if (ret < 0) {
		vfu_server_log(server, VFU_LOG_ERROR, "cannot serve a client: %s", strerror(-ret));
		close(sock);
	}
}

/* Waits for room in the socket, or for requests: never for both, replies must have room. */
static bool
watch_update(struct vfu_server *server)
{
	bool out = server->tx_pending || server->dma_partial;

	if (out == server->watch_out)
		return true;
	server->watch_out = out;
	if (client_watch(server, EPOLL_CTL_MOD) == 0)
		return true;
	vfu_server_drop(server, "cannot wait for its socket");
	return false;
}

/* Sends what is left of the reply. False: not all of it now, or the client is gone. */
static bool
reply_push(struct vfu_server *server)
{
	int ret;

	ret = vfu_tx_push(&server->tx, server->sock);
	if (ret < 0 || server->leaving) {
		vfu_server_drop(server, server->leaving ? "it broke the protocol" : strerror(-ret));
		return false;
	}
	server->tx_pending = ret == 0;
	return watch_update(server) && !server->tx_pending;
}

/* Sends messages of ours, once no reply is on its way out. False: nothing can be sent now. */
static bool
dma_push(struct vfu_server *server)
{
	int ret;

	if (vfu_server_dma_quiet(server))
		return true;
	if (vfu_dma_overdue(server)) {
		vfu_server_drop(server, "it does not answer DMA messages");
		return false;
	}
	ret = vfu_dma_push(server);
	if (ret < 0) {
		vfu_server_drop(server, strerror(-ret));
		return false;
	}
	return watch_update(server) && !server->dma_partial;
}

static void
framing_lost(struct vfu_server *server)
{
	const struct vfu_hdr *hdr = vfu_rx_hdr(&server->rx);

	vfu_server_complain(server,
			    "a message (command %u) claims %u bytes; possible are %zu to %zu",
			    hdr->cmd, hdr->bytes, sizeof(*hdr), server->rx.buf_bytes);
	vfu_tx_start(&server->tx, hdr->id, hdr->cmd, VFU_HDR_REPLY | VFU_HDR_ERROR, EMSGSIZE);
	server->leaving = true;
	reply_push(server);
}

/* Reads and does one request. False: no more now. */
static bool
request_next(struct vfu_server *server)
{
	enum vfu_server_state before = server->state;
	bool reply;
	int ret;

	ret = vfu_rx_pull(&server->rx, server->sock);
	if (ret == -EMSGSIZE) {
		framing_lost(server);
		return false;
	}
	if (ret < 0) {
		vfu_server_drop(server, ret != -ENOTCONN      ? strerror(-ret)
					: server->rx.have > 0 ? "it left in mid-message"
							      : "it closed the connection");
		return false;
	}
	if (ret == 0)
		return false;
	reply = vfu_server_request(server);
	vfu_rx_reset(&server->rx);
	if (before == VFU_SERVER_GREETING && server->state == VFU_SERVER_SERVING) {
		vfu_server_log(server, VFU_LOG_INFO, "client connected");
		if (server->config.ops->connected != NULL)
			server->config.ops->connected(server->config.ctx);
	}
	if (reply)
		return reply_push(server);
	if (server->leaving)
		vfu_server_drop(server, "it broke the protocol");
	return server->state != VFU_SERVER_ALONE;
}

static unsigned int
client_poll(struct vfu_server *server)
{
	unsigned int done = 1;

	if ((server->tx_pending && !reply_push(server)) || !dma_push(server))
		return done;
	while (request_next(server) && done < POLL_REQUESTS_MAX)
		done++;
	return done;
}

unsigned int
vfu_server_poll(struct vfu_server *server)
{
	struct epoll_event events[2];
	unsigned int done = 0;
	bool knock = false;
	int i, n;

	if (server->state == VFU_SERVER_SERVING && !server->tx_pending)
		(void)dma_push(server);
	n = epoll_wait(server->epoll, events, 2, 0);
	for (i = 0; i < n; i++) {
		if (events[i].data.fd == server->listener)
			knock = true;
		else
			done += client_poll(server);
	}
	/* Last: the client that was here may just have left. */
	if (knock) {
		client_accept(server);
		done++;
	}
	return done;
}

int
vfu_server_fd(const struct vfu_server *server)
{
	return server->epoll;
}

bool
vfu_server_connected(const struct vfu_server *server)
{
	return server->state == VFU_SERVER_SERVING;
}

struct iova_map *
vfu_server_iova(struct vfu_server *server)
{
	return server->iova;
}

int
vfu_server_irq(struct vfu_server *server, unsigned int vector)
{
	const uint64_t one = 1;
	struct pollfd pfd;

	if (vector >= server->config.msix_vectors || server->irq_fds[vector] < 0)
		return -ENOENT;
	/* The client's eventfd may be blocking and full: it must not stop the device. */
	pfd.fd = server->irq_fds[vector];
	pfd.events = POLLOUT;
	if (poll(&pfd, 1, 0) != 1 || !(pfd.revents & POLLOUT))
		return -EAGAIN;
	return write(pfd.fd, &one, sizeof(one)) == sizeof(one) ? 0 : -EAGAIN;
}

static int
config_check(const struct vfu_server_config *config)
{
	unsigned int i, j;

	if (config->msix_vectors > VFU_SERVER_VECTORS_MAX)
		return -EINVAL;
	for (i = 0; i < VFU_REGIONS; i++) {
		const struct vfu_server_region *region = &config->regions[i];

		if (region->n_areas > VFU_SERVER_AREAS_MAX ||
		    ((region->flags & VFU_REGION_MMAP) && region->fd < 0))
			return -EINVAL;
		for (j = 0; j < region->n_areas; j++)
			if (region->areas[j].off > region->bytes ||
			    region->areas[j].bytes > region->bytes - region->areas[j].off)
				return -EINVAL;
	}
	return 0;
}

static int
server_create(const struct vfu_server_config *config, struct vfu_server **server)
{
	struct vfu_server *s;
	unsigned int i;
	int ret;

	ret = config_check(config);
	if (ret < 0)
		return ret;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	s->config = *config;
	s->epoll = -1;
	s->listener = -1;
	s->sock = -1;
	STAILQ_INIT(&s->dma_msgs);
	s->irq_fds = calloc(config->msix_vectors + 1, sizeof(*s->irq_fds));
	s->iova = iova_map_create();
	ret = s->irq_fds == NULL || s->iova == NULL ? -ENOMEM : 0;
	for (i = 0; ret == 0 && i < config->msix_vectors; i++)
		s->irq_fds[i] = -1;
	if (ret == 0)
		ret = vfu_rx_init(&s->rx, VFU_MSG_BYTES_MAX);
	if (ret == 0)
		ret = vfu_tx_init(&s->tx, VFU_MSG_BYTES_MAX);
	if (ret == 0) {
		s->epoll = epoll_create1(EPOLL_CLOEXEC);
		ret = s->epoll < 0 ? -errno : 0;
	}
	if (ret < 0)
		vfu_server_destroy(s);
	else
		*server = s;
	return ret;
}

void
vfu_server_destroy(struct vfu_server *server)
{
	struct stat st;

	if (server == NULL)
		return;
	vfu_server_drop(server, "the server stops");
	if (server->listener >= 0) {
		close(server->listener);
		if (lstat(server->addr.sun_path, &st) == 0 && st.st_dev == server->file.st_dev &&
		    st.st_ino == server->file.st_ino)
			unlink(server->addr.sun_path);
	}
	if (server->epoll >= 0)
		close(server->epoll);
	vfu_tx_fini(&server->tx);
	vfu_rx_fini(&server->rx);
	iova_map_destroy(server->iova);
	free(server->irq_fds);
	free(server);
}

/* Removes a socket file that no server answers on. */
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

	ret = server_create(config, &s);
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

	ret = server_create(config, &s);
	if (ret < 0)
		return ret;
	ret = client_enter(s, sock);
	if (ret < 0) {
		vfu_server_destroy(s);
		return ret;
	}
	*server = s;
	return 0;
}
