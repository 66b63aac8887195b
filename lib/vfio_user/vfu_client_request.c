/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The client: one request to the server and its reply. */

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include "vfu_client_internal.h"

/* Waits for the socket. 0, or -ETIMEDOUT past the deadline. */
static int
sock_wait(int sock, short events, uint64_t deadline_ms)
{
	struct pollfd pfd = {.fd = sock, .events = events};
	uint64_t now = vfu_now_ms(), left;

	if (now >= deadline_ms)
		return -ETIMEDOUT;
	left = deadline_ms - now;
	if (poll(&pfd, 1, left > INT_MAX ? INT_MAX : (int)left) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

int
vfu_client_fail(struct vfu_client *client, int err)
{
	__atomic_store_n(&client->failed, true, __ATOMIC_RELEASE);
	shutdown(client->sock, SHUT_RDWR);
	return err;
}

int
vfu_client_request_begin(struct vfu_client *client, uint16_t cmd)
{
	pthread_mutex_lock(&client->lock);
	if (vfu_client_failed(client))
		return -ENOTCONN;
	vfu_rx_reset(&client->rx);
	vfu_tx_start(&client->tx, client->next_id++, cmd, VFU_HDR_REQUEST, 0);
	return 0;
}

void
vfu_client_request_end(struct vfu_client *client)
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
vfu_client_request_exchange(struct vfu_client *client, size_t least, bool *refused)
{
	uint64_t deadline = vfu_now_ms() + client->timeout_ms;
	const struct vfu_hdr *hdr;
	int ret;

	if (refused != NULL)
		*refused = false;
	while ((ret = vfu_tx_push(&client->tx, client->sock)) == 0) {
		ret = sock_wait(client->sock, POLLOUT, deadline);
		if (ret < 0)
			return vfu_client_fail(client, ret);
	}
	if (ret < 0)
		return vfu_client_fail(client, ret);
	while ((ret = vfu_rx_pull(&client->rx, client->sock)) == 0) {
		ret = sock_wait(client->sock, POLLIN, deadline);
		if (ret < 0)
			return vfu_client_fail(client, ret);
	}
	if (ret < 0)
		return vfu_client_fail(client, ret == -EMSGSIZE ? -EPROTO : ret);
	if (!reply_matches(client))
		return vfu_client_fail(client, -EPROTO);
	hdr = vfu_rx_hdr(&client->rx);
	if ((hdr->flags & VFU_HDR_ERROR) != 0) {
		if (refused != NULL)
			*refused = true;
		return hdr->error > 0 && hdr->error < 4096 ? -(int)hdr->error : -EIO;
	}
	if (vfu_rx_payload_bytes(&client->rx) < least)
		return vfu_client_fail(client, -EPROTO);
	return 0;
}
