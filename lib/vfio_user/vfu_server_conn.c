/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server: the connection of its client, from accept to close. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vfu_server_internal.h"

static int
client_watch(struct vfu_server *server, int op)
{
	struct epoll_event event = {
		.events = server->wait_writable ? EPOLLOUT : EPOLLIN,
		.data.fd = server->sock,
	};

	return epoll_ctl(server->epoll, op, server->sock, &event) < 0 ? -errno : 0;
}

int
vfu_server_conn_open(struct vfu_server *server, int sock)
{
	int ret;

	server->sock = sock;
	server->tx_pending = false;
	server->wait_writable = false;
	server->drop_after_reply = false;
	server->complaints = 0;
	server->rx.most_bytes = VFU_GREETING_BYTES_MAX;
	if (!vfu_server_waste_renew(server)) {
		server->sock = -1;
		return -EBUSY;
	}
	ret = client_watch(server, EPOLL_CTL_ADD);
	if (ret < 0) {
		server->sock = -1;
		return ret;
	}
	server->state = VFU_SERVER_NEGOTIATING;
	server->message_until_ns = 0;
	server->greet_until_ns = vfu_server_deadline(server, server->config.limits.greet_ms);
	return 0;
}

void
vfu_server_drop(struct vfu_server *server, const char *reason)
{
	bool served = server->state == VFU_SERVER_SERVING;

	if (server->state == VFU_SERVER_IDLE)
		return;
	vfu_server_log(server, VFU_LOG_INFO, "client dropped: %s", reason);
	epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->sock, NULL);
	/* The client sees the end now; descriptors that it has sent may take long to close. */
	shutdown(server->sock, SHUT_RDWR);
	vfu_server_discard(server, server->sock);
	server->sock = -1;
	server->state = VFU_SERVER_IDLE;
	vfu_rx_reset(&server->rx);
	vfu_server_irqs_clear(server, 0, server->config.msix_vectors);
	if (served && server->config.ops->disconnected != NULL)
		server->config.ops->disconnected(server->config.ctx);
	iova_map_clear(server->iova);
	vfu_server_dma_clear(server);
}

/* Waits until the socket can be written, or for requests: never for both, as a reply needs room. */
static bool
watch_update(struct vfu_server *server)
{
	bool out = server->tx_pending || server->dma_partial;

	if (out == server->wait_writable)
		return true;
	server->wait_writable = out;
	if (client_watch(server, EPOLL_CTL_MOD) == 0)
		return true;
	vfu_server_drop(server, "cannot wait for its socket");
	return false;
}

/* Sends the rest of the reply. False: the socket is full, or the client is gone. */
static bool
reply_push(struct vfu_server *server)
{
	int ret;

	ret = vfu_tx_push(&server->tx, server->sock);
	if (ret < 0 || server->drop_after_reply) {
		vfu_server_drop(server, server->drop_after_reply ? "it broke the protocol"
								 : strerror(-ret));
		return false;
	}
	server->tx_pending = ret == 0;
	return watch_update(server) && !server->tx_pending;
}

/* Sends DMA messages; no reply is being sent. False: nothing more can be sent now. */
static bool
dma_push(struct vfu_server *server)
{
	int ret;

	if (vfu_server_dma_quiet(server))
		return true;
	if (vfu_server_dma_overdue(server)) {
		vfu_server_drop(server, "it does not answer DMA messages");
		return false;
	}
	ret = vfu_server_dma_send(server);
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
			    hdr->cmd, hdr->bytes, sizeof(*hdr), server->rx.most_bytes);
	vfu_tx_start(&server->tx, hdr->id, hdr->cmd, VFU_HDR_REPLY | VFU_HDR_ERROR, EMSGSIZE);
	server->drop_after_reply = true;
	reply_push(server);
}

/* Receives a request and does it. False: there is no further one now. */
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
		vfu_server_drop(server, ret == -E2BIG      ? "a message has too many descriptors"
					: ret != -ENOTCONN ? strerror(-ret)
					: server->rx.got_bytes > 0 ? "it left in mid-message"
								   : "it closed the connection");
		return false;
	}
	if (ret == 0) {
		if (server->rx.got_bytes > 0 && server->message_until_ns == 0)
			server->message_until_ns = vfu_server_deadline(
				server, server->config.limits.message_ms);
		return false;
	}
	server->message_until_ns = 0;
	reply = vfu_server_request(server);
	vfu_rx_reset(&server->rx);
	if (before == VFU_SERVER_NEGOTIATING && server->state == VFU_SERVER_SERVING) {
		server->rx.most_bytes = server->rx.buf_bytes;
		vfu_server_log(server, VFU_LOG_INFO, "client connected");
		if (server->config.ops->connected != NULL)
			server->config.ops->connected(server->config.ctx);
	}
	if (reply)
		return reply_push(server);
	if (server->drop_after_reply)
		vfu_server_drop(server, "it broke the protocol");
	return server->state != VFU_SERVER_IDLE;
}

unsigned int
vfu_server_conn_poll(struct vfu_server *server)
{
	unsigned int done = 1, cost = 0;

	if ((server->tx_pending && !reply_push(server)) || !dma_push(server))
		return done;
	while (request_next(server)) {
		if (vfu_server_waste_full(server)) {
			vfu_server_drop(server, "it sends descriptors that cannot be closed");
			break;
		}
		cost += server->cost;
		if (cost >= VFU_COST_POLL_MAX)
			break;
		done++;
	}
	return done;
}

void
vfu_server_conn_send(struct vfu_server *server)
{
	if (server->state == VFU_SERVER_SERVING && !server->tx_pending)
		(void)dma_push(server);
}

void
vfu_server_conn_check(struct vfu_server *server)
{
	const bool greets = server->state == VFU_SERVER_NEGOTIATING;
	uint64_t until = server->message_until_ns;
	char why[64];

	if (server->state == VFU_SERVER_IDLE || (!greets && until == 0))
		return;
	if (greets)
		until = server->greet_until_ns;
	if (vfu_server_now_ns(server) < until) {
		vfu_server_time_await(server, until);
		return;
	}
	snprintf(why, sizeof(why), greets ? "it did not greet in %u ms" : "a message took %u ms",
		 greets ? server->config.limits.greet_ms : server->config.limits.message_ms);
	vfu_server_drop(server, why);
}
