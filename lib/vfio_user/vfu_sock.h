/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_SOCK_H
#define VFU_SOCK_H

/*
 * Messages over a non-blocking stream socket, in pieces as they come and go. Private to this
 * library; used by both ends.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include "vfu_wire.h"

/* A message on its way in. Descriptors that nobody took are closed by vfu_rx_reset(). */
struct vfu_rx {
	uint8_t *buf;
	size_t buf_bytes; /* the longest message that is taken */
	size_t have;
	int fds[VFU_MSG_FDS_MAX]; /* -1: taken */
	unsigned int n_fds;
	bool fds_lost; /* more came than a message may have, or this process may hold */
};

/* A message on its way out: the header, then what was put behind it. */
struct vfu_tx {
	uint8_t *buf;
	size_t buf_bytes;
	size_t bytes;
	size_t sent;
	int fds[VFU_MSG_FDS_MAX]; /* borrowed until the first byte has left */
	unsigned int n_fds;
};

__attribute__((warn_unused_result)) int vfu_rx_init(struct vfu_rx *rx, size_t buf_bytes);
void vfu_rx_fini(struct vfu_rx *rx);
/* Makes room for the next message. */
void vfu_rx_reset(struct vfu_rx *rx);
/* Takes descriptor i, which is then the caller's; -1 if there is none. */
int vfu_rx_take_fd(struct vfu_rx *rx, unsigned int i);
/*
 * Reads no further than the end of one message. 1: it is whole; 0: the rest has not come yet;
 * -ENOTCONN: the peer has closed; -EMSGSIZE: its length cannot be, framing is lost; else -errno.
 */
__attribute__((warn_unused_result)) int vfu_rx_pull(struct vfu_rx *rx, int sock);

__attribute__((warn_unused_result)) int vfu_tx_init(struct vfu_tx *tx, size_t buf_bytes);
void vfu_tx_fini(struct vfu_tx *tx);
void vfu_tx_start(struct vfu_tx *tx, uint16_t id, uint16_t cmd, uint32_t flags, uint32_t error);
/* Room for `bytes` more, zeroed; the caller knows that they fit. */
void *vfu_tx_put(struct vfu_tx *tx, size_t bytes);
/* 1: all of it has left; 0: the socket is full; else -errno (-ENOTCONN: the peer has closed). */
__attribute__((warn_unused_result)) int vfu_tx_push(struct vfu_tx *tx, int sock);

static inline const struct vfu_hdr *
vfu_rx_hdr(const struct vfu_rx *rx)
{
	return (const struct vfu_hdr *)rx->buf;
}

static inline const void *
vfu_rx_payload(const struct vfu_rx *rx)
{
	return rx->buf + sizeof(struct vfu_hdr);
}

static inline size_t
vfu_rx_payload_bytes(const struct vfu_rx *rx)
{
	return rx->have - sizeof(struct vfu_hdr);
}

/* 0, or -EINVAL if the path is empty or too long for a socket address. */
__attribute__((warn_unused_result)) int
vfu_sock_address(const char *path, struct sockaddr_un *addr);

/* Writes to `why` unless that is NULL. */
__attribute__((format(printf, 3, 4))) void
vfu_why(char *why, size_t why_bytes, const char *fmt, ...);

#endif /* VFU_SOCK_H */
