/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The client: regions of the device, their size, mapping and access by message. */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "vfu_client_internal.h"

static const struct client_region *
region_get(const struct vfu_client *client, unsigned int region)
{
	return region < client->n_regions ? &client->regions[region] : NULL;
}

int
vfu_client_region_info(struct vfu_client *client, unsigned int region, struct vfu_region *info)
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
	if (bytes == 0 || !vfu_range_contains(off, bytes, 0, region->info.bytes))
		return false;
	for (unsigned int i = 0; i < region->n_areas; i++)
		if (vfu_range_contains(off, bytes, region->areas[i].off, region->areas[i].bytes))
			return true;
	return region->n_areas == 0;
}

static int
region_mmap(struct vfu_client *client, unsigned int region, uint64_t off, size_t bytes, int flags,
	    void **addr)
{
	const struct client_region *r = region_get(client, region);
	struct stat st;
	void *at;

	if (r == NULL || (r->info.flags & VFU_REGION_FLAG_MMAP) == 0 ||
	    !region_mappable(r, off, bytes))
		return -EINVAL;
	/* An access past the end of the file would raise SIGBUS. */
	if (fstat(r->fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode) &&
	    (r->fd_off + off < off ||
	     !vfu_range_contains(r->fd_off + off, bytes, 0, (uint64_t)st.st_size)))
		return -ERANGE;
	at = mmap(*addr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | flags, r->fd,
		  (off_t)(r->fd_off + off));
	if (at == MAP_FAILED)
		return -errno;
	*addr = at;
	return 0;
}

int
vfu_client_region_mmap(struct vfu_client *client, unsigned int region, uint64_t off, size_t bytes,
		       void **addr)
{
	void *at = NULL;
	int ret = region_mmap(client, region, off, bytes, 0, &at);

	if (ret == 0)
		*addr = at;
	return ret;
}

int
vfu_client_region_mmap_at(struct vfu_client *client, unsigned int region, uint64_t off,
			  size_t bytes, void *at)
{
	return region_mmap(client, region, off, bytes, MAP_FIXED, &at);
}

int
vfu_client_region_file(struct vfu_client *client, unsigned int region, int *file, uint64_t *off)
{
	const struct client_region *r = region_get(client, region);

	if (r == NULL || r->fd < 0)
		return -EINVAL;
	*file = r->fd;
	*off = r->fd_off;
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

	ret = vfu_client_request_begin(client,
				       out == NULL ? VFU_CMD_REGION_READ : VFU_CMD_REGION_WRITE);
	if (ret < 0)
		goto end;
	ask = vfu_tx_put(&client->tx, sizeof(*ask));
	ask->off = off;
	ask->region = region;
	ask->count = count;
	if (out != NULL)
		memcpy(vfu_tx_put(&client->tx, count), out, count);
	ret = vfu_client_request_exchange(client, sizeof(*got) + (in != NULL ? count : 0), NULL);
	if (ret < 0)
		goto end;
	got = vfu_rx_payload(&client->rx);
	if (got->off != off || got->region != region || got->count != count)
		ret = vfu_client_fail(client, -EPROTO);
	else if (in != NULL)
		memcpy(in, got + 1, count);
end:
	vfu_client_request_end(client);
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

	if (r == NULL || !vfu_range_contains(off, bytes, 0, r->info.bytes))
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
 * Does not take the client's lock, which another thread may hold until the server answers its
 * request. Messages do not mix: a unix socket takes the data of one send(2) whole or not at all if
 * they are shorter than half of its buffer, as this message and all requests are.
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
	    !vfu_range_contains(off, bytes, 0, r->info.bytes))
		return -EINVAL;
	if (vfu_client_failed(client))
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
	/* A part of the message was sent, which cannot be undone. */
	return vfu_client_fail(client, -ENOTCONN);
}
