/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_SERVER_INTERNAL_H
#define VFU_SERVER_INTERNAL_H

/*
 * What the server's files share. Each file calls only those above it:
 *   vfu_server_log.c     the log
 *   vfu_server_irq.c     vectors, vfu_server_dma.c  DMA by message
 *   vfu_server_cmd.c     the client's requests
 *   vfu_server_conn.c    the connection
 *   vfu_server.c         the server's life
 *   vfu_server_listen.c  how it gets a client
 */

#include <sys/queue.h>
#include <sys/stat.h>

#include "vfu_server.h"
#include "vfu_sock.h"

#define VFU_LOG_ERROR 3
#define VFU_LOG_WARNING 4
#define VFU_LOG_INFO 6

#define VFU_SERVER_AREAS_MAX 64u
#define VFU_SERVER_VECTORS_MAX 2048u

enum vfu_server_state {
	VFU_SERVER_IDLE,        /* no client */
	VFU_SERVER_NEGOTIATING, /* connected, version not agreed */
	VFU_SERVER_SERVING,
};

enum vfu_dma_state {
	VFU_DMA_IDLE,
	VFU_DMA_PENDING, /* the client has not answered */
	VFU_DMA_DONE,    /* the data are here */
	VFU_DMA_REFUSED,
};

/* A read by message, until vfu_server_dma_read() returns its result. */
struct vfu_dma_lane {
	enum vfu_dma_state state;
	uint32_t bytes;
	uint64_t iova;
	uint8_t data[VFU_DMA_BYTES_MAX];
};

struct vfu_dma_msg;

struct vfu_server {
	struct vfu_server_config config;
	struct iova_map *iova;
	int *irq_fds; /* one for each vector; -1: not armed */
	int epoll;
	int listener; /* -1: the client was given by its socket */
	struct sockaddr_un addr;
	struct stat file; /* of the socket: another server's is not removed */
	enum vfu_server_state state;
	int sock;              /* of the client; -1: none */
	bool tx_pending;       /* a part of a reply has not been sent */
	bool drop_after_reply; /* the client broke the protocol and is told so */
	bool wait_writable;    /* epoll waits until the socket can be written, not for requests */
	bool accept_failing;   /* it has been logged */
	unsigned int complaints;
	struct vfu_rx rx;
	struct vfu_tx tx;
	STAILQ_HEAD(, vfu_dma_msg) dma_msgs; /* to the client, in order, until it answers */
	uint32_t dma_bytes;                  /* of all of them */
	uint16_t dma_id;
	bool dma_partial; /* a part of one is sent: nothing else may be sent before the rest */
	struct vfu_dma_lane dma_lanes[VFU_DMA_LANES];
};

/* ---- vfu_server_log.c ---- */

/* Gives a line to ops->log. */
WC_PRINTF(3, 4)
void vfu_server_log(const struct vfu_server *server, int level, const char *fmt, ...);

/* Logs what is wrong with a client's request: only the first 16 of a connection. */
WC_PRINTF(2, 3) void vfu_server_complain(struct vfu_server *server, const char *fmt, ...);

/* ---- vfu_server_irq.c ---- */

/* Disarms [start, start + count), closing the eventfds. */
void vfu_server_irqs_clear(struct vfu_server *server, unsigned int start, unsigned int count);

/* ---- vfu_server_dma.c ---- */

/* Sends what is queued. 1: all of it; 0: the socket is full; else -errno. */
WC_MUST_CHECK int vfu_server_dma_send(struct vfu_server *server);

/* Takes the reply in server->rx. False: it answers no message, or not as it should. */
WC_MUST_CHECK bool vfu_server_dma_complete(struct vfu_server *server);

/* Whether the client has left a message unanswered for too long. */
bool vfu_server_dma_overdue(const struct vfu_server *server);

/* Forgets all messages and lanes: the client is gone. */
void vfu_server_dma_clear(struct vfu_server *server);

/* ---- vfu_server_cmd.c ---- */

/*
 * Does the request in server->rx and makes the reply in server->tx. Returns whether there is one.
 * May move the state to SERVING, and set drop_after_reply.
 */
bool vfu_server_request(struct vfu_server *server);

/* ---- vfu_server_conn.c ---- */

/* Takes a client, whose socket is the server's on success. Returns 0 or the -errno of epoll. */
WC_MUST_CHECK int vfu_server_conn_open(struct vfu_server *server, int sock);

/* ---- vfu_server.c ---- */

/* Makes a server without a client. Returns 0, -EINVAL, -ENOMEM or the -errno of epoll_create1. */
WC_MUST_CHECK int
vfu_server_create(const struct vfu_server_config *config, struct vfu_server **server);

#endif /* VFU_SERVER_INTERNAL_H */
