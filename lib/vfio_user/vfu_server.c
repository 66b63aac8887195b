/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server: its life, and what its owner can ask. */

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "vfu_server_internal.h"

#define GREET_MS 10000u
#define MESSAGE_MS 60000u

static int
config_check(const struct vfu_server_config *config)
{
	if (config->msix_vectors > VFU_SERVER_VECTORS_MAX)
		return -EINVAL;
	for (unsigned int i = 0; i < VFU_PCI_REGIONS; i++) {
		const struct vfu_server_region *region = &config->regions[i];

		if (region->n_areas > VFU_SERVER_AREAS_MAX ||
		    ((region->flags & VFU_REGION_FLAG_MMAP) != 0 && region->fd < 0))
			return -EINVAL;
		for (unsigned int j = 0; j < region->n_areas; j++)
			if (region->areas[j].off > region->bytes ||
			    region->areas[j].bytes > region->bytes - region->areas[j].off)
				return -EINVAL;
	}
	return 0;
}

static int
iova_create(struct vfu_server *s)
{
	const struct vfu_server_limits *limits = &s->config.limits;

	s->iova = iova_map_create();
	if (s->iova == NULL)
		return -ENOMEM;
	iova_map_limit(s->iova, &(struct iova_limits){
					.ranges = limits->ranges,
					.files = limits->files,
					.bytes = limits->bytes,
					.any_file = limits->any_file,
					.unmap = vfu_server_unmap,
					.ctx = s,
				});
	return 0;
}

/* What a server consists of. After an error vfu_server_destroy() undoes it. */
static int
parts_create(struct vfu_server *s)
{
	int ret;

	s->irq_fds = calloc(s->config.msix_vectors + 1, sizeof(*s->irq_fds));
	if (s->irq_fds == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < s->config.msix_vectors; i++)
		s->irq_fds[i] = -1;
	ret = vfu_server_waste_init(s);
	if (ret == 0)
		ret = iova_create(s);
	if (ret == 0)
		ret = vfu_rx_init(&s->rx, VFU_MSG_BYTES_MAX);
	if (ret == 0)
		ret = vfu_tx_init(&s->tx, VFU_MSG_BYTES_MAX);
	if (ret < 0)
		return ret;
	s->rx.discard = vfu_server_discard;
	s->rx.ctx = s;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return -errno;
	ret = vfu_server_time_init(s);
	return ret == 0 ? vfu_server_irqs_init(s) : ret;
}

int
vfu_server_create(const struct vfu_server_config *config, struct vfu_server **server)
{
	struct vfu_server *s;
	int ret;

	ret = config_check(config);
	if (ret < 0)
		return ret;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	s->config = *config;
	if (s->config.limits.greet_ms == 0)
		s->config.limits.greet_ms = GREET_MS;
	if (s->config.limits.message_ms == 0)
		s->config.limits.message_ms = MESSAGE_MS;
	s->epoll = -1;
	s->listener = -1;
	s->sock = -1;
	s->timer = -1;
	s->aio_fd = -1;
	STAILQ_INIT(&s->dma_msgs);
	ret = parts_create(s);
	if (ret < 0) {
		vfu_server_destroy(s);
		return ret;
	}
	*server = s;
	return 0;
}

void
vfu_server_hang_up(struct vfu_server *server)
{
	struct stat st;

	vfu_server_drop(server, "the server stops");
	vfu_server_lobby_clear(server);
	if (server->listener < 0)
		return;
	if (lstat(server->addr.sun_path, &st) == 0 && st.st_dev == server->file.st_dev &&
	    st.st_ino == server->file.st_ino)
		unlink(server->addr.sun_path);
	/* What connections that nobody accepted have brought is closed with it. */
	epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->listener, NULL);
	vfu_server_discard(server, server->listener);
	server->listener = -1;
}

void
vfu_server_destroy(struct vfu_server *server)
{
	if (server == NULL)
		return;
	vfu_server_hang_up(server);
	vfu_server_irqs_fini(server);
	if (server->timer >= 0)
		close(server->timer);
	if (server->epoll >= 0)
		close(server->epoll);
	vfu_tx_fini(&server->tx);
	vfu_rx_fini(&server->rx);
	iova_map_destroy(server->iova);
	vfu_server_waste_fini(server);
	free(server->irq_fds);
	free(server);
}

int
vfu_server_poll_fd(const struct vfu_server *server)
{
	return server->epoll;
}

bool
vfu_server_connected(const struct vfu_server *server)
{
	return server->state == VFU_SERVER_SERVING;
}

unsigned int
vfu_server_poll(struct vfu_server *server)
{
	struct epoll_event events[3 + VFU_LOBBY_MAX]; /* listener, timer, client */
	bool accepting = false, greeting = false;
	unsigned int done = 0;
	int n;

	vfu_server_conn_send(server);
	n = epoll_wait(server->epoll, events, 3 + VFU_LOBBY_MAX, 0);
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == server->listener)
			accepting = true;
		else if (events[i].data.fd == server->timer)
			vfu_server_time_rung(server);
		else if (events[i].data.fd == server->sock)
			done += vfu_server_conn_poll(server);
		else
			greeting = true;
	}
	/* After the client's events: it may have left, so that another one can be served. */
	if (greeting)
		done += vfu_server_lobby_poll(server);
	if (accepting) {
		vfu_server_lobby_accept(server);
		done += 1 + vfu_server_lobby_poll(server);
	}
	vfu_server_conn_check(server);
	vfu_server_lobby_check(server);
	return done;
}

struct iova_map *
vfu_server_iova(struct vfu_server *server)
{
	return server->iova;
}
