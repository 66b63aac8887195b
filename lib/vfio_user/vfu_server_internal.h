/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_SERVER_INTERNAL_H
#define VFU_SERVER_INTERNAL_H

/* What the server's files share: connections (vfu_server_conn.c), requests (vfu_server_cmd.c). */

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
	VFU_SERVER_ALONE,    /* no client */
	VFU_SERVER_GREETING, /* connected, version not agreed */
	VFU_SERVER_SERVING,
};

enum vfu_dma_state {
	VFU_DMA_IDLE,
	VFU_DMA_ASKED,
	VFU_DMA_DONE,
	VFU_DMA_REFUSED,
};

/* A read by message, until it is taken. */
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
	int *irq_fds; /* one a vector; -1: not armed */
	int epoll;
	int listener; /* -1: the client was brought */
	struct sockaddr_un addr;
	struct stat file; /* of the socket, to unlink no other's */
	enum vfu_server_state state;
	bool leaving; /* dropped as soon as its last reply is out */
	int sock;     /* of the client; -1: none */
	bool tx_pending;
	bool watch_out;      /* the socket is waited on for room, not for requests */
	bool accept_failing; /* said once */
	unsigned int complaints;
	struct vfu_rx rx;
	struct vfu_tx tx;
	STAILQ_HEAD(, vfu_dma_msg) dma_msgs; /* to the client, in order, until it answers */
	uint32_t dma_bytes;                  /* of all of them */
	uint16_t dma_id;
	bool dma_partial; /* a piece of one is out: nothing else may be sent before the rest */
	struct vfu_dma_lane dma_lanes[VFU_DMA_LANES];
};

__attribute__((format(printf, 3, 4))) void
vfu_server_log(const struct vfu_server *server, int level, const char *fmt, ...);

/* Logs what is wrong with a client's request: only the first few of a connection. */
__attribute__((format(printf, 2, 3))) void
vfu_server_complain(struct vfu_server *server, const char *fmt, ...);

/*
 * Does the whole request in server->rx. The reply is in server->tx; returns whether there is one.
 * May move the state to SERVING, and set `leaving`.
 */
bool vfu_server_request(struct vfu_server *server);

/* ---- vfu_server_dma.c: messages of ours to the client ---- */

/* Sends what is queued. 1: all of it; 0: the socket is full; else -errno. */
__attribute__((warn_unused_result)) int vfu_dma_push(struct vfu_server *server);
/* Takes the reply in server->rx. False: it answers nothing, or something else. */
__attribute__((warn_unused_result)) bool vfu_dma_reply(struct vfu_server *server);
/* Whether the client has let a message wait for too long. */
bool vfu_dma_overdue(const struct vfu_server *server);
void vfu_dma_clear(struct vfu_server *server);

/* Disarms [start, start + count). */
void vfu_server_irqs_clear(struct vfu_server *server, unsigned int start, unsigned int count);

__attribute__((warn_unused_result)) int
vfu_server_create(const struct vfu_server_config *config, struct vfu_server **server);
__attribute__((warn_unused_result)) int vfu_client_enter(struct vfu_server *server, int sock);

#endif /* VFU_SERVER_INTERNAL_H */
