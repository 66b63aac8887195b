/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_SERVER_INTERNAL_H
#define VFU_SERVER_INTERNAL_H

/*
 * What the server's files share. Each file calls only those above it:
 *   vfu_server_log.c     the log, vfu_server_time.c  deadlines
 *   vfu_server_waste.c   what is closed and unmapped by another thread
 *   vfu_server_irq.c     vectors, vfu_server_dma.c  DMA by message
 *   vfu_server_cmd.c     the client's requests
 *   vfu_server_conn.c    the connection
 *   vfu_server_lobby.c   connections before the first message, of which one becomes the client
 *   vfu_server.c         the server's life
 *   vfu_server_listen.c  how it gets a client
 */

#include <linux/aio_abi.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "vfu_closer.h"
#include "vfu_server.h"
#include "vfu_sock.h"

#define VFU_LOG_ERROR 3
#define VFU_LOG_WARNING 4
#define VFU_LOG_INFO 6

#define VFU_SERVER_AREAS_MAX 64u
#define VFU_SERVER_VECTORS_MAX 2048u

/* The longest message before the version is agreed on. */
#define VFU_GREETING_BYTES_MAX 4096u
/* Connections that have not sent it. */
#define VFU_LOBBY_MAX 8u
/* Threads that still close what former clients left. */
#define VFU_CLOSERS_LEFT_MAX 8u

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

/* A connection that has not sent its first message. */
struct vfu_greeter {
	int sock;
	uint64_t until_ns; /* when it must have */
};

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
	bool accept_failing;   /* it has been logged; the listener is not waited for */
	uint64_t accept_at_ns; /* when it is tried again */
	unsigned int complaints;
	unsigned int cost;                          /* of the last request: VFU_COST_* */
	struct vfu_greeter greeters[VFU_LOBBY_MAX]; /* the oldest first */
	unsigned int n_greeters;
	unsigned int lobby_lines;  /* of the log, since the last client */
	uint64_t greet_until_ns;   /* while negotiating */
	uint64_t message_until_ns; /* when the message must be whole that has begun; 0: none has */
	int timer;                 /* ends the wait when a deadline has come */
	uint64_t timer_ns;         /* which; 0: it is not set */
	aio_context_t aio;         /* 0: the kernel has none, and there are no interrupts */
	int aio_fd;                /* a file of no bytes */
	struct vfu_closer *closer;
	struct vfu_closer *left[VFU_CLOSERS_LEFT_MAX]; /* that are not done; NULL: none */
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

/* ---- vfu_server_time.c ---- */

/* The owner's clock, or CLOCK_MONOTONIC. */
uint64_t vfu_server_now_ns(const struct vfu_server *server);

/* Makes the timer. Returns 0 or -errno. */
WC_MUST_CHECK int vfu_server_time_init(struct vfu_server *server);

/* From now on so many milliseconds, by the clock; the timer ends a wait by then. */
uint64_t vfu_server_deadline(struct vfu_server *server, uint32_t ms);

/* The timer has rung: no deadline has it set any more. */
void vfu_server_time_rung(struct vfu_server *server);

/* Sets the timer for a deadline that it was not set for. */
void vfu_server_time_await(struct vfu_server *server, uint64_t until_ns);

/* ---- vfu_server_waste.c ---- */

/* Starts the thread. Returns 0 or -errno. */
WC_MUST_CHECK int vfu_server_waste_init(struct vfu_server *server);

/* Closes a descriptor that a client made, which may take long: not in this thread. */
void vfu_server_discard(void *server, int fd);

/* Unmaps memory of a file likewise. */
void vfu_server_unmap(void *server, void *base, uint64_t bytes);

/* Whether the client has sent so much that cannot be closed that it is to go. */
bool vfu_server_waste_full(struct vfu_server *server);

/*
 * Gives a new client a thread that is not busy with what the last one left. False: all threads are
 * busy.
 */
WC_MUST_CHECK bool vfu_server_waste_renew(struct vfu_server *server);

/* Ends the threads, or leaves them to themselves. */
void vfu_server_waste_fini(struct vfu_server *server);

/* ---- vfu_server_irq.c ---- */

/* Prepares to raise vectors. Returns 0, also if the kernel cannot, or -errno. */
WC_MUST_CHECK int vfu_server_irqs_init(struct vfu_server *server);

void vfu_server_irqs_fini(struct vfu_server *server);

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
 * What a request costs, in units of about what a small one takes. A poll ends after so much, so
 * that other clients of the thread get their turn.
 */
#define VFU_COST_POLL_MAX 64u
#define VFU_COST_BYTES 16384u /* read or written by the device, for 1 */
#define VFU_COST_RANGES 2048u /* in the map, when it changes, for 1 */
#define VFU_COST_FEW 8u       /* writes of WRITE_MULTI, vectors, ranges that are unmapped, for 1 */
#define VFU_COST_RESET 16u

/*
 * Does the request in server->rx and makes the reply in server->tx. Returns whether there is one.
 * May move the state to SERVING, and set drop_after_reply. Sets `cost`.
 */
bool vfu_server_request(struct vfu_server *server);

/* ---- vfu_server_conn.c ---- */

/* Takes a client, whose socket is the server's on success. Returns 0 or the -errno of epoll. */
WC_MUST_CHECK int vfu_server_conn_open(struct vfu_server *server, int sock);

/* Does what the client asks, up to VFU_COST_POLL_MAX. Returns how many requests, at least 1. */
unsigned int vfu_server_conn_poll(struct vfu_server *server);

/* Sends DMA messages that wait, if a reply does not. */
void vfu_server_conn_send(struct vfu_server *server);

/* Drops the client if it took too long to greet or to end a message. */
void vfu_server_conn_check(struct vfu_server *server);

/* ---- vfu_server_lobby.c ---- */

/* Accepts a connection, if one waits. */
void vfu_server_lobby_accept(struct vfu_server *server);

/* Makes the first who has sent a whole message the client. Returns how many requests it made. */
unsigned int vfu_server_lobby_poll(struct vfu_server *server);

/* Closes connections that took too long, and accepts again if that had failed. */
void vfu_server_lobby_check(struct vfu_server *server);

/* Closes all. */
void vfu_server_lobby_clear(struct vfu_server *server);

/* ---- vfu_server.c ---- */

/* Makes a server without a client. Returns 0, -EINVAL, -ENOMEM or the -errno of epoll_create1. */
WC_MUST_CHECK int
vfu_server_create(const struct vfu_server_config *config, struct vfu_server **server);

#endif /* VFU_SERVER_INTERNAL_H */
