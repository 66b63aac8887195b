/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server: its life, and what its owner can ask. */

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "vfu_server_internal.h"

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
	s->epoll = -1;
	s->listener = -1;
	s->sock = -1;
	STAILQ_INIT(&s->dma_msgs);
	ret = -ENOMEM;
	s->irq_fds = calloc(config->msix_vectors + 1, sizeof(*s->irq_fds));
	if (s->irq_fds == NULL)
		goto fail;
	for (unsigned int i = 0; i < config->msix_vectors; i++)
		s->irq_fds[i] = -1;
	s->iova = iova_map_create();
	if (s->iova == NULL)
		goto fail;
	ret = vfu_rx_init(&s->rx, VFU_MSG_BYTES_MAX);
	if (ret < 0)
		goto fail;
	ret = vfu_tx_init(&s->tx, VFU_MSG_BYTES_MAX);
	if (ret < 0)
		goto fail;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0) {
		ret = -errno;
		goto fail;
	}
	*server = s;
	return 0;
fail:
	vfu_server_destroy(s);
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

struct iova_map *
vfu_server_iova(struct vfu_server *server)
{
	return server->iova;
}
