/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vfu_client_priv.h"

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Waits for the socket. 0, or -ETIMEDOUT past the deadline. */
static int
sock_wait(int sock, short events, uint64_t deadline_ms)
{
	struct pollfd pfd = {.fd = sock, .events = events};
	uint64_t now = now_ms(), left;

	if (now >= deadline_ms)
		return -ETIMEDOUT;
	left = deadline_ms - now;
	if (poll(&pfd, 1, left > INT_MAX ? INT_MAX : (int)left) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

int
vfu_client_die(struct vfu_client *client, int err)
{
	__atomic_store_n(&client->dead, true, __ATOMIC_RELEASE);
	shutdown(client->sock, SHUT_RDWR);
	return err;
}

static bool
client_dead(const struct vfu_client *client)
{
	return __atomic_load_n(&client->dead, __ATOMIC_ACQUIRE);
}

int
vfu_request_begin(struct vfu_client *client, uint16_t cmd)
{
	pthread_mutex_lock(&client->lock);
	if (client_dead(client))
		return -ENOTCONN;
	vfu_rx_reset(&client->rx);
	vfu_tx_start(&client->tx, client->next_id++, cmd, VFU_HDR_REQUEST, 0);
	return 0;
}

void
vfu_request_end(struct vfu_client *client)
{
	vfu_rx_reset(&client->rx);
	pthread_mutex_unlock(&client->lock);
}

static bool
reply_matches(const struct vfu_client *client)
{
	const struct vfu_hdr *sent = (const struct vfu_hdr *)client->tx.buf;
	const struct vfu_hdr *hdr = vfu_rx_hdr(&client->rx);

	return hdr->id == sent->id && hdr->cmd == sent->cmd &&
	       (hdr->flags & VFU_HDR_TYPE_MASK) == VFU_HDR_REPLY && !client->rx.fds_lost;
}

int
vfu_request_exchange(struct vfu_client *client, size_t least, bool *refused)
{
	uint64_t deadline = now_ms() + client->timeout_ms;
	const struct vfu_hdr *hdr;
	int ret;

	*refused = false;
	while ((ret = vfu_tx_push(&client->tx, client->sock)) == 0) {
		ret = sock_wait(client->sock, POLLOUT, deadline);
		if (ret < 0)
			return vfu_client_die(client, ret);
	}
	if (ret < 0)
		return vfu_client_die(client, ret);
	while ((ret = vfu_rx_pull(&client->rx, client->sock)) == 0) {
		ret = sock_wait(client->sock, POLLIN, deadline);
		if (ret < 0)
			return vfu_client_die(client, ret);
	}
	if (ret < 0)
		return vfu_client_die(client, ret == -EMSGSIZE ? -EPROTO : ret);
	if (!reply_matches(client))
		return vfu_client_die(client, -EPROTO);
	hdr = vfu_rx_hdr(&client->rx);
	if (hdr->flags & VFU_HDR_ERROR) {
		*refused = true;
		return hdr->error > 0 && hdr->error < 4096 ? -(int)hdr->error : -EIO;
	}
	if (vfu_rx_payload_bytes(&client->rx) < least)
		return vfu_client_die(client, -EPROTO);
	return 0;
}

/* vfu_request_exchange() for those to whom a refusal is like any other error. */
static int
exchange_plain(struct vfu_client *client, size_t least)
{
	bool refused;

	return vfu_request_exchange(client, least, &refused);
}

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
		if (ret == -EAGAIN && now_ms() >= deadline_ms)
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
	unsigned int i;
	int ret;

	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		vfu_why(why, why_bytes, "out of memory");
		return -ENOMEM;
	}
	pthread_mutex_init(&c->lock, NULL);
	c->sock = -1;
	c->timeout_ms = timeout_ms;
	for (i = 0; i < VFU_REGIONS_MAX; i++)
		c->regions[i].fd = -1;
	ret = vfu_rx_init(&c->rx, VFU_CLIENT_MSG_BYTES);
	if (ret == 0)
		ret = vfu_tx_init(&c->tx, VFU_CLIENT_MSG_BYTES);
	if (ret < 0) {
		vfu_why(why, why_bytes, "out of memory");
		goto fail;
	}
	ret = sock_connect(path, now_ms() + timeout_ms, &c->sock);
	if (ret < 0) {
		connect_why(path, ret, why, why_bytes);
		goto fail;
	}
	ret = vfu_client_greet(c, path, why, why_bytes);
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
	unsigned int i;

	if (client == NULL)
		return;
	for (i = 0; i < VFU_REGIONS_MAX; i++)
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

	if (client_dead(client))
		return false;
	return poll(&pfd, 1, 0) <= 0 || !(pfd.revents & (POLLHUP | POLLRDHUP | POLLERR));
}

static const struct client_region *
region_get(const struct vfu_client *client, unsigned int region)
{
	return region < client->n_regions ? &client->regions[region] : NULL;
}

static bool
range_in(uint64_t off, uint64_t bytes, uint64_t from, uint64_t room)
{
	return off >= from && off - from <= room && bytes <= room - (off - from);
}

int
vfu_client_region(struct vfu_client *client, unsigned int region, struct vfu_region *info)
{
	const struct client_region *r = region_get(client, region);

	if (r == NULL)
		return -EINVAL;
	*info = r->info;
	return 0;
}

/* Whether [off, off + bytes) lies in one of the areas that can be mapped. */
static bool
region_mappable(const struct client_region *region, uint64_t off, uint64_t bytes)
{
	unsigned int i;

	if (bytes == 0 || !range_in(off, bytes, 0, region->info.bytes))
		return false;
	for (i = 0; i < region->n_areas; i++)
		if (range_in(off, bytes, region->areas[i].off, region->areas[i].bytes))
			return true;
	return region->n_areas == 0;
}

int
vfu_client_region_mmap(struct vfu_client *client, unsigned int region, uint64_t off, size_t bytes,
		       void **addr)
{
	const struct client_region *r = region_get(client, region);
	struct stat st;
	void *at;

	if (r == NULL || !(r->info.flags & VFU_REGION_MMAP) || !region_mappable(r, off, bytes))
		return -EINVAL;
	/* A mapping past the end of the file would be a SIGBUS in waiting. */
	if (fstat(r->fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode) &&
	    (r->fd_off + off < off || !range_in(r->fd_off + off, bytes, 0, (uint64_t)st.st_size)))
		return -ERANGE;
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, (off_t)(r->fd_off + off));
	if (at == MAP_FAILED)
		return -errno;
	*addr = at;
	return 0;
}

/* One REGION_READ or REGION_WRITE; the other direction's pointer is NULL. */
static int
region_access(struct vfu_client *client, unsigned int region, uint64_t off, void *in,
	      const void *out, uint32_t count)
{
	const struct vfu_access *got;
	struct vfu_access *ask;
	int ret;

	ret = vfu_request_begin(client, out == NULL ? VFU_CMD_REGION_READ : VFU_CMD_REGION_WRITE);
	if (ret < 0)
		goto end;
	ask = vfu_tx_put(&client->tx, sizeof(*ask));
	ask->off = off;
	ask->region = region;
	ask->count = count;
	if (out != NULL)
		memcpy(vfu_tx_put(&client->tx, count), out, count);
	ret = exchange_plain(client, sizeof(*got) + (in != NULL ? count : 0));
	if (ret < 0)
		goto end;
	got = vfu_rx_payload(&client->rx);
	if (got->off != off || got->region != region || got->count != count)
		ret = vfu_client_die(client, -EPROTO);
	else if (in != NULL)
		memcpy(in, got + 1, count);
end:
	vfu_request_end(client);
	return ret;
}

/* Reads into `in` or writes from `out`; the other one is NULL. */
static int
region_transfer(struct vfu_client *client, unsigned int region, uint64_t off, uint8_t *in,
		const uint8_t *out, size_t bytes)
{
	const struct client_region *r = region_get(client, region);
	uint32_t count;
	int ret = 0;

	if (r == NULL || !range_in(off, bytes, 0, r->info.bytes))
		return -EINVAL;
	for (; bytes > 0 && ret == 0; bytes -= count, off += count) {
		count = bytes < VFU_CLIENT_XFER_BYTES ? (uint32_t)bytes : VFU_CLIENT_XFER_BYTES;
		ret = region_access(client, region, off, in, out, count);
		in = in != NULL ? in + count : NULL;
		out = out != NULL ? out + count : NULL;
	}
	return ret;
}

int
vfu_client_region_read(struct vfu_client *client, unsigned int region, uint64_t off, void *data,
		       size_t bytes)
{
	return region_transfer(client, region, off, data, NULL, bytes);
}

int
vfu_client_region_write(struct vfu_client *client, unsigned int region, uint64_t off,
			const void *data, size_t bytes)
{
	return region_transfer(client, region, off, NULL, data, bytes);
}

/*
 * Beside a request of another thread and without its lock, which may be held for as long as the
 * peer takes to answer: what one call gives to a unix socket, and is shorter than half of its
 * buffer, is taken in one piece or not at all. So are requests.
 */
int
vfu_client_region_post(struct vfu_client *client, unsigned int region, uint64_t off,
		       const void *data, size_t bytes)
{
	const struct client_region *r = region_get(client, region);
	struct {
		struct vfu_hdr hdr;
		struct vfu_access access;
		uint8_t data[8];
	} msg;
	const size_t msg_bytes = offsetof(__typeof__(msg), data) + bytes;
	ssize_t sent;

	if (r == NULL || bytes == 0 || bytes > sizeof(msg.data) ||
	    !range_in(off, bytes, 0, r->info.bytes))
		return -EINVAL;
	if (client_dead(client))
		return -ENOTCONN;
	memset(&msg, 0, sizeof(msg));
	msg.hdr.cmd = VFU_CMD_REGION_WRITE;
	msg.hdr.bytes = (uint32_t)msg_bytes;
	msg.hdr.flags = VFU_HDR_REQUEST | VFU_HDR_NO_REPLY;
	msg.access.off = off;
	msg.access.region = region;
	msg.access.count = (uint32_t)bytes;
	memcpy(msg.data, data, bytes);
	sent = send(client->sock, &msg, msg_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == (ssize_t)msg_bytes)
		return 0;
	if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return -EAGAIN;
	/* A part of a message cannot be taken back. */
	return vfu_client_die(client, -ENOTCONN);
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
	ret = vfu_request_begin(client, VFU_CMD_DMA_MAP);
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
	ret = exchange_plain(client, 0);
out:
	vfu_request_end(client);
	return ret;
}

int
vfu_client_dma_unmap(struct vfu_client *client, uint64_t iova, uint64_t bytes)
{
	struct vfu_dma_unmap *unmap;
	int ret;

	ret = vfu_request_begin(client, VFU_CMD_DMA_UNMAP);
	if (ret < 0)
		goto out;
	unmap = vfu_tx_put(&client->tx, sizeof(*unmap));
	unmap->argsz = sizeof(*unmap);
	unmap->iova = iova;
	unmap->bytes = bytes;
	ret = exchange_plain(client, 0);
out:
	vfu_request_end(client);
	return ret;
}

/* Binds `count` vectors to descriptors; without descriptors they are disarmed. */
static int
msix_request(struct vfu_client *client, unsigned int start, unsigned int count, const int *fds,
	     uint32_t data_type)
{
	struct vfu_irq_set *set;
	int ret;

	ret = vfu_request_begin(client, VFU_CMD_SET_IRQS);
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
	ret = exchange_plain(client, 0);
out:
	vfu_request_end(client);
	return ret;
}

int
vfu_client_msix_set(struct vfu_client *client, unsigned int start, unsigned int count,
		    const int *eventfds)
{
	unsigned int i, n;
	int ret;

	if (count == 0)
		return msix_request(client, 0, 0, NULL, VFU_IRQ_DATA_NONE);
	if (!range_in(start, count, 0, client->n_vectors))
		return -EINVAL;
	/* Runs of descriptors as long as a message carries; a hole (-1) is a vector to disarm. */
	for (i = 0; i < count; i += n) {
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

	ret = vfu_request_begin(client, VFU_CMD_RESET);
	if (ret == 0)
		ret = exchange_plain(client, 0);
	vfu_request_end(client);
	return ret;
}
