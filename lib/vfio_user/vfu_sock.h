/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_SOCK_H
#define VFU_SOCK_H

/*
 * Messages over a non-blocking stream socket, which carries them in pieces. Private to this
 * library; used by client and server. Not thread-safe: the owner of a vfu_rx or vfu_tx serialises.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>
#include <time.h>

#include <wcbase.h>

#include "vfu_wire.h"

/* A message that is being received. */
struct vfu_rx {
	uint8_t *buf;
	size_t buf_bytes;
	size_t most_bytes; /* the longest message that is taken, at most buf_bytes */
	size_t got_bytes;
	int fds[VFU_MSG_FDS_MAX]; /* -1: taken */
	unsigned int n_fds;
	bool fds_lost;        /* more came than a message may have, or this process may hold */
	unsigned int surplus; /* so many of these are discarded */
	/* Closes a descriptor that nobody took. NULL: close(2), which may take long. */
	void (*discard)(void *ctx, int fd);
	void *ctx;
};

/* A message that is being sent: a header, and what vfu_tx_put() appended. */
struct vfu_tx {
	uint8_t *buf;
	size_t buf_bytes;
	size_t bytes;
	size_t sent_bytes;
	int fds[VFU_MSG_FDS_MAX]; /* borrowed until the first byte has left */
	unsigned int n_fds;
};

/* Allocates the buffer. Returns 0 or -ENOMEM. */
WC_MUST_CHECK int vfu_rx_init(struct vfu_rx *rx, size_t buf_bytes);

/* Closes the descriptors that nobody took, and frees the buffer. */
void vfu_rx_fini(struct vfu_rx *rx);

/* Forgets the message, closing its descriptors that nobody took: the next one can be received. */
void vfu_rx_reset(struct vfu_rx *rx);

/* Takes descriptor i of the message, which is then the caller's; -1 if there is none. */
int vfu_rx_take_fd(struct vfu_rx *rx, unsigned int i);

/*
 * Reads up to the end of the message and no further; never waits. 1: the message is whole; 0: the
 * rest has not come yet; -ENOTCONN: the peer has closed; -EMSGSIZE: its length is impossible, and
 * where the next message begins is unknown; -E2BIG: hundreds of descriptors came with it; else the
 * -errno of recvmsg(2).
 */
WC_MUST_CHECK int vfu_rx_pull(struct vfu_rx *rx, int sock);

/* Allocates the buffer. Returns 0 or -ENOMEM. */
WC_MUST_CHECK int vfu_tx_init(struct vfu_tx *tx, size_t buf_bytes);

/* Frees the buffer. */
void vfu_tx_fini(struct vfu_tx *tx);

/* Starts a message with this header and no payload. */
void vfu_tx_start(struct vfu_tx *tx, uint16_t id, uint16_t cmd, uint32_t flags, uint32_t error);

/*
 * Appends `bytes` zeroed bytes to the message and returns where they are, for the caller to fill.
 * They must fit the buffer; this is asserted.
 */
void *vfu_tx_put(struct vfu_tx *tx, size_t bytes);

/*
 * Sends what has not been sent; never waits. 1: all has left; 0: the socket is full; -ENOTCONN: the
 * peer has closed; else the -errno of sendmsg(2).
 */
WC_MUST_CHECK int vfu_tx_push(struct vfu_tx *tx, int sock);

/* The header of a whole message; it stays in the buffer, until vfu_rx_reset(). */
static inline const struct vfu_hdr *
vfu_rx_hdr(const struct vfu_rx *rx)
{
	return (const struct vfu_hdr *)rx->buf;
}

/* What follows the header, likewise. */
static inline const void *
vfu_rx_payload(const struct vfu_rx *rx)
{
	return rx->buf + sizeof(struct vfu_hdr);
}

/* How long that is; 0: the message is only a header. */
static inline size_t
vfu_rx_payload_bytes(const struct vfu_rx *rx)
{
	return rx->got_bytes - sizeof(struct vfu_hdr);
}

/* Makes a socket address of a path. 0, or -EINVAL if the path is empty or too long for one. */
WC_MUST_CHECK int vfu_sock_address(const char *path, struct sockaddr_un *addr);

/* Prints to `why`, which may be NULL. */
WC_PRINTF(3, 4) void vfu_why(char *why, size_t why_bytes, const char *fmt, ...);

/* Monotonic time. */
static inline uint64_t
vfu_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The same in milliseconds. */
static inline uint64_t
vfu_now_ms(void)
{
	return vfu_now_ns() / 1000000;
}

/* Whether [off, off + bytes) lies in [from, from + size_bytes); no sum can overflow. */
static inline bool
vfu_range_contains(uint64_t off, uint64_t bytes, uint64_t from, uint64_t size_bytes)
{
	return off >= from && off - from <= size_bytes && bytes <= size_bytes - (off - from);
}

#endif /* VFU_SOCK_H */
