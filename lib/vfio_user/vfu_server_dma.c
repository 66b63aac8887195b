/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * DMA by message: ranges that the client maps without a descriptor are read and written by requests
 * to the client. Nothing here waits: a client may delay its replies until its own requests are
 * answered, so the server goes on answering them.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "vfu_server_internal.h"

#define DMA_TIMEOUT_NS 10000000000ull
#define DMA_QUEUE_BYTES_MAX (4u << 20)

struct vfu_dma_msg {
	STAILQ_ENTRY(vfu_dma_msg) link;
	uint64_t since_ns;
	uint16_t id;
	uint16_t cmd;
	int lane; /* of a read; -1: a write, or a read that was cancelled */
	uint64_t iova;
	uint32_t count;
	uint32_t bytes; /* of the message */
	uint32_t sent;
	uint8_t wire[];
};

/* Appends a message; `data` is NULL for a read. */
static int
msg_queue(struct vfu_server *server, int lane, uint64_t iova, const void *data, uint32_t count)
{
	uint32_t bytes = sizeof(struct vfu_hdr) + sizeof(struct vfu_dma_access) +
			 (data != NULL ? count : 0);
	struct vfu_hdr hdr = {
		.id = server->dma_id,
		.cmd = data != NULL ? VFU_CMD_DMA_WRITE : VFU_CMD_DMA_READ,
		.bytes = bytes,
		.flags = VFU_HDR_REQUEST,
	};
	struct vfu_dma_access access = {.iova = iova, .count = count};
	struct vfu_dma_msg *msg;

	if (server->dma_bytes + bytes > DMA_QUEUE_BYTES_MAX)
		return -ENOBUFS;
	msg = calloc(1, sizeof(*msg) + bytes);
	if (msg == NULL)
		return -ENOMEM;
	msg->since_ns = vfu_now_ns();
	msg->lane = lane;
	msg->iova = iova;
	msg->count = count;
	msg->bytes = bytes;
	msg->id = server->dma_id++;
	msg->cmd = hdr.cmd;
	memcpy(msg->wire, &hdr, sizeof(hdr));
	memcpy(msg->wire + sizeof(hdr), &access, sizeof(access));
	if (data != NULL)
		memcpy(msg->wire + sizeof(hdr) + sizeof(access), data, count);
	STAILQ_INSERT_TAIL(&server->dma_msgs, msg, link);
	server->dma_bytes += bytes;
	return 0;
}

static void
msg_free(struct vfu_server *server, struct vfu_dma_msg *msg)
{
	STAILQ_REMOVE(&server->dma_msgs, msg, vfu_dma_msg, link);
	server->dma_bytes -= msg->bytes;
	free(msg);
}

int
vfu_server_dma_read(struct vfu_server *server, unsigned int lane_idx, uint64_t iova, void *data,
		    uint32_t bytes)
{
	struct vfu_dma_lane *lane = &server->dma_lanes[lane_idx];
	enum vfu_dma_state state = lane->state;
	int ret;

	if (server->state != VFU_SERVER_SERVING || bytes > VFU_DMA_BYTES_MAX)
		return -EFAULT;
	if (state != VFU_DMA_IDLE && lane->iova == iova && lane->bytes == bytes) {
		if (state == VFU_DMA_PENDING)
			return -EAGAIN;
		lane->state = VFU_DMA_IDLE;
		if (state == VFU_DMA_REFUSED)
			return -EFAULT;
		memcpy(data, lane->data, bytes);
		return 0;
	}
	vfu_server_dma_cancel(server, lane_idx);
	ret = msg_queue(server, (int)lane_idx, iova, NULL, bytes);
	if (ret < 0)
		return -EAGAIN; /* the queue is full now */
	lane->state = VFU_DMA_PENDING;
	lane->iova = iova;
	lane->bytes = bytes;
	return -EAGAIN;
}

int
vfu_server_dma_write(struct vfu_server *server, uint64_t iova, const void *data, uint32_t bytes)
{
	if (server->state != VFU_SERVER_SERVING || bytes > VFU_DMA_BYTES_MAX)
		return -EFAULT;
	return msg_queue(server, -1, iova, data, bytes);
}

void
vfu_server_dma_cancel(struct vfu_server *server, unsigned int lane)
{
	struct vfu_dma_msg *msg;

	server->dma_lanes[lane].state = VFU_DMA_IDLE;
	STAILQ_FOREACH(msg, &server->dma_msgs, link) {
		if (msg->lane == (int)lane)
			msg->lane = -1;
	}
}

bool
vfu_server_dma_quiet(const struct vfu_server *server)
{
	return STAILQ_EMPTY(&server->dma_msgs);
}

void
vfu_server_dma_clear(struct vfu_server *server)
{
	while (!STAILQ_EMPTY(&server->dma_msgs))
		msg_free(server, STAILQ_FIRST(&server->dma_msgs));
	for (unsigned int i = 0; i < VFU_DMA_LANES; i++)
		server->dma_lanes[i].state = VFU_DMA_IDLE;
	server->dma_partial = false;
}

int
vfu_server_dma_send(struct vfu_server *server)
{
	struct vfu_dma_msg *msg;
	ssize_t n;

	STAILQ_FOREACH(msg, &server->dma_msgs, link) {
		while (msg->sent < msg->bytes) {
			n = send(server->sock, msg->wire + msg->sent, msg->bytes - msg->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n < 0 && errno == EINTR)
				continue;
			server->dma_partial = n < 0 && msg->sent > 0;
			if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
				return 0;
			if (n < 0)
				return errno == EPIPE || errno == ECONNRESET ? -ENOTCONN : -errno;
			msg->sent += (uint32_t)n;
		}
		server->dma_partial = false;
	}
	return 1;
}

bool
vfu_server_dma_overdue(const struct vfu_server *server)
{
	const struct vfu_dma_msg *first = STAILQ_FIRST(&server->dma_msgs);

	return first != NULL && vfu_now_ns() - first->since_ns > DMA_TIMEOUT_NS;
}

/* Whether the reply is to this read and has its data. */
static bool
data_matches(const struct vfu_server *server, const struct vfu_dma_msg *msg)
{
	const struct vfu_dma_access *echo = vfu_rx_payload(&server->rx);

	return vfu_rx_payload_bytes(&server->rx) == sizeof(*echo) + msg->count &&
	       echo->iova == msg->iova && echo->count == msg->count;
}

bool
vfu_server_dma_complete(struct vfu_server *server)
{
	const struct vfu_hdr *hdr = vfu_rx_hdr(&server->rx);
	bool refused = hdr->flags & VFU_HDR_ERROR;
	struct vfu_dma_msg *msg;
	struct vfu_dma_lane *lane;

	STAILQ_FOREACH(msg, &server->dma_msgs, link) {
		if (msg->id == hdr->id && msg->sent == msg->bytes)
			break;
	}
	if (msg == NULL || msg->cmd != hdr->cmd)
		return false;
	if (hdr->cmd == VFU_CMD_DMA_READ && !refused && !data_matches(server, msg))
		return false;
	if (refused)
		vfu_server_complain(server, "the client denies DMA to %u bytes at 0x%llx: %s",
				    msg->count, (unsigned long long)msg->iova,
				    strerror((int)hdr->error));
	if (msg->lane >= 0) {
		lane = &server->dma_lanes[msg->lane];
		lane->state = refused ? VFU_DMA_REFUSED : VFU_DMA_DONE;
		if (!refused)
			memcpy(lane->data,
			       (const uint8_t *)vfu_rx_payload(&server->rx) +
				       sizeof(struct vfu_dma_access),
			       msg->count);
	}
	msg_free(server, msg);
	return true;
}
