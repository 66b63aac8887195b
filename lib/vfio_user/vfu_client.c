/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The client: the connection to a server, DMA mappings, interrupts and reset. */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vfu_client_internal.h"

static int
sock_connect(const char *path, uint64_t deadline_ms, int *sock)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	struct sockaddr_un addr;
	int fd, ret;

	ret = vfu_sock_address(path, &addr);
	if (ret < 0)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	while (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		ret = -errno;
		/* EAGAIN: a server listens, but its queue is full. */
		if (ret == -EAGAIN && vfu_now_ms() >= deadline_ms)
			ret = -ETIMEDOUT;
		if (ret != -EAGAIN && ret != -EINTR) {
			close(fd);
			return ret;
		}
		nanosleep(&pause, NULL);
	}
	*sock = fd;
	return 0;
}

static void
connect_why(const char *path, int err, char *why, size_t why_bytes)
{
	struct stat st;

	if (err == -ECONNREFUSED && lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		vfu_why(why, why_bytes, "%s is no socket; expected one that wcnicd listens on",
			path);
	else if (err == -ECONNREFUSED)
		vfu_why(why, why_bytes, "%s is a socket but no server listens on it", path);
	else if (err == -ENOENT)
		vfu_why(why, why_bytes, "%s does not exist; start the server first", path);
	else if (err == -EINVAL)
		vfu_why(why, why_bytes, "a socket path has 1 to %zu characters, this one has %zu",
			sizeof(((struct sockaddr_un *)0)->sun_path) - 1, strlen(path));
	else
		vfu_why(why, why_bytes, "cannot connect to %s: %s", path, strerror(-err));
}

int
vfu_client_connect(const char *path, unsigned int timeout_ms, struct vfu_client **client, char *why,
		   size_t why_bytes)
{
	struct vfu_client *c;
	int ret;

	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		vfu_why(why, why_bytes, "out of memory");
		return -ENOMEM;
	}
	pthread_mutex_init(&c->lock, NULL);
	c->sock = -1;
	c->timeout_ms = timeout_ms;
	for (unsigned int i = 0; i < VFU_PCI_REGIONS; i++)
		c->regions[i].fd = -1;
	ret = vfu_rx_init(&c->rx, VFU_CLIENT_MSG_BYTES);
	if (ret == 0)
		ret = vfu_tx_init(&c->tx, VFU_CLIENT_MSG_BYTES);
	if (ret < 0) {
		vfu_why(why, why_bytes, "out of memory");
		goto fail;
	}
	ret = sock_connect(path, vfu_now_ms() + timeout_ms, &c->sock);
	if (ret < 0) {
		connect_why(path, ret, why, why_bytes);
		goto fail;
	}
	ret = vfu_client_negotiate(c, path, why, why_bytes);
	if (ret < 0)
		goto fail;
	*client = c;
	return 0;
fail:
	vfu_client_close(c);
	return ret;
}

void
vfu_client_close(struct vfu_client *client)
{
	if (client == NULL)
		return;
	for (unsigned int i = 0; i < VFU_PCI_REGIONS; i++)
		if (client->regions[i].fd >= 0)
			close(client->regions[i].fd);
	if (client->sock >= 0)
		close(client->sock);
	vfu_tx_fini(&client->tx);
	vfu_rx_fini(&client->rx);
	pthread_mutex_destroy(&client->lock);
	free(client);
}

bool
vfu_client_alive(struct vfu_client *client)
{
	struct pollfd pfd = {.fd = client->sock, .events = POLLRDHUP};

	if (vfu_client_failed(client))
		return false;
	return poll(&pfd, 1, 0) <= 0 || (pfd.revents & (POLLHUP | POLLRDHUP | POLLERR)) == 0;
}

int
vfu_client_dma_map(struct vfu_client *client, uint64_t iova, uint64_t bytes, int fd,
		   uint64_t fd_off, unsigned int prot)
{
	struct vfu_dma_map *map;
	int ret;

	if (fd < 0)
		return -EBADF;
	if (bytes == 0 || ((iova | bytes | fd_off) & (VFU_PAGE_BYTES - 1)) != 0 ||
	    (prot & ~VFU_DMA_FLAGS_ACCESS) != 0)
		return -EINVAL;
	ret = vfu_client_request_begin(client, VFU_CMD_DMA_MAP);
	if (ret < 0)
		goto out;
	map = vfu_tx_put(&client->tx, sizeof(*map));
	map->argsz = sizeof(*map);
	map->flags = prot;
	map->fd_off = fd_off;
	map->iova = iova;
	map->bytes = bytes;
	client->tx.fds[0] = fd;
	client->tx.n_fds = 1;
	ret = vfu_client_request_exchange(client, 0, NULL);
out:
	vfu_client_request_end(client);
	return ret;
}

int
vfu_client_dma_unmap(struct vfu_client *client, uint64_t iova, uint64_t bytes)
{
	struct vfu_dma_unmap *unmap;
	int ret;

	ret = vfu_client_request_begin(client, VFU_CMD_DMA_UNMAP);
	if (ret < 0)
		goto out;
	unmap = vfu_tx_put(&client->tx, sizeof(*unmap));
	unmap->argsz = sizeof(*unmap);
	unmap->iova = iova;
	unmap->bytes = bytes;
	ret = vfu_client_request_exchange(client, 0, NULL);
out:
	vfu_client_request_end(client);
	return ret;
}

/* Binds `count` vectors to eventfds; fds == NULL: disarms them. */
static int
msix_request(struct vfu_client *client, unsigned int start, unsigned int count, const int *fds,
	     uint32_t data_type)
{
	struct vfu_irq_set *set;
	int ret;

	ret = vfu_client_request_begin(client, VFU_CMD_SET_IRQS);
	if (ret < 0)
		goto out;
	set = vfu_tx_put(&client->tx, sizeof(*set));
	set->argsz = sizeof(*set);
	set->flags = data_type | VFU_IRQ_ACTION_TRIGGER;
	set->index = VFU_IRQ_MSIX;
	set->start = start;
	set->count = count;
	if (fds != NULL) {
		memcpy(client->tx.fds, fds, count * sizeof(*fds));
		client->tx.n_fds = count;
	}
	ret = vfu_client_request_exchange(client, 0, NULL);
out:
	vfu_client_request_end(client);
	return ret;
}

int
vfu_client_msix_set(struct vfu_client *client, unsigned int start, unsigned int count,
		    const int *eventfds)
{
	unsigned int n;
	int ret;

	if (count == 0)
		return msix_request(client, 0, 0, NULL, VFU_IRQ_DATA_NONE);
	if (!vfu_range_contains(start, count, 0, client->n_vectors))
		return -EINVAL;
	/* A message for each run of eventfds that fits one, and for each vector to disarm (-1). */
	for (unsigned int i = 0; i < count; i += n) {
		for (n = 0; n < VFU_MSG_FDS_MAX && i + n < count && eventfds[i + n] >= 0; n++)
			;
		ret = msix_request(client, start + i, n == 0 ? 1 : n, n == 0 ? NULL : eventfds + i,
				   VFU_IRQ_DATA_EVENTFD);
		if (ret < 0)
			return ret;
		if (n == 0)
			n = 1;
	}
	return 0;
}

int
vfu_client_reset(struct vfu_client *client)
{
	int ret;

	ret = vfu_client_request_begin(client, VFU_CMD_RESET);
	if (ret == 0)
		ret = vfu_client_request_exchange(client, 0, NULL);
	vfu_client_request_end(client);
	return ret;
}
