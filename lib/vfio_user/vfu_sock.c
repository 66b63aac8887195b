/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Messages over a stream socket, in pieces, with their descriptors. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vfu_sock.h"

/* The most that Linux sends at a time (SCM_MAX_FD). */
#define SENT_FDS_MAX 253

/*
 * Control data that holds descriptors, aligned for struct cmsghdr. There is room for all that can
 * come: what finds none is closed inside recvmsg(2), and that may take for ever.
 */
union fd_buffer {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * SENT_FDS_MAX)];
};

int
vfu_rx_init(struct vfu_rx *rx, size_t buf_bytes)
{
	memset(rx, 0, sizeof(*rx));
	rx->buf = malloc(buf_bytes);
	if (rx->buf == NULL)
		return -ENOMEM;
	rx->buf_bytes = buf_bytes;
	rx->most_bytes = buf_bytes;
	return 0;
}

static void
fd_discard(struct vfu_rx *rx, int fd)
{
	if (rx->discard != NULL)
		rx->discard(rx->ctx, fd);
	else
		close(fd);
}

void
vfu_rx_fini(struct vfu_rx *rx)
{
	vfu_rx_reset(rx);
	free(rx->buf);
	rx->buf = NULL;
}

void
vfu_rx_reset(struct vfu_rx *rx)
{
	for (unsigned int i = 0; i < rx->n_fds; i++)
		if (rx->fds[i] >= 0)
			fd_discard(rx, rx->fds[i]);
	rx->n_fds = 0;
	rx->surplus = 0;
	rx->fds_lost = false;
	rx->got_bytes = 0;
}

int
vfu_rx_take_fd(struct vfu_rx *rx, unsigned int i)
{
	int fd;

	if (i >= rx->n_fds)
		return -1;
	fd = rx->fds[i];
	rx->fds[i] = -1;
	return fd;
}

static void
fds_keep(struct vfu_rx *rx, struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	size_t n;
	int fd;

	if ((msg->msg_flags & MSG_CTRUNC) != 0)
		rx->fds_lost = true;
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
			if (rx->n_fds < VFU_MSG_FDS_MAX) {
				rx->fds[rx->n_fds++] = fd;
			} else {
				rx->fds_lost = true;
				rx->surplus++;
				fd_discard(rx, fd);
			}
		}
	}
}

/* Reads at most up to `want` bytes of the message. 1: they are there; else as vfu_rx_pull(). */
static int
rx_pull_to(struct vfu_rx *rx, int sock, size_t want)
{
	union fd_buffer control;
	struct iovec iov;
	struct msghdr msg;
	ssize_t n;

	while (rx->got_bytes < want) {
		iov.iov_base = rx->buf + rx->got_bytes;
		iov.iov_len = want - rx->got_bytes;
		memset(&msg, 0, sizeof(msg));
		msg.msg_iov = &iov;
		msg.msg_iovlen = 1;
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0)
			return errno == ECONNRESET ? -ENOTCONN : -errno;
		fds_keep(rx, &msg);
		if (n == 0)
			return -ENOTCONN;
		rx->got_bytes += (size_t)n;
		/* Each piece may bring as many, and there may be a million pieces. */
		if (rx->surplus > SENT_FDS_MAX)
			return -E2BIG;
	}
	return 1;
}

int
vfu_rx_pull(struct vfu_rx *rx, int sock)
{
	uint32_t bytes;
	int ret;

	ret = rx_pull_to(rx, sock, sizeof(struct vfu_hdr));
	if (ret <= 0)
		return ret;
	bytes = vfu_rx_hdr(rx)->bytes;
	if (bytes < sizeof(struct vfu_hdr) || bytes > rx->most_bytes)
		return -EMSGSIZE;
	return rx_pull_to(rx, sock, bytes);
}

int
vfu_tx_init(struct vfu_tx *tx, size_t buf_bytes)
{
	memset(tx, 0, sizeof(*tx));
	tx->buf = malloc(buf_bytes);
	if (tx->buf == NULL)
		return -ENOMEM;
	tx->buf_bytes = buf_bytes;
	return 0;
}

void
vfu_tx_fini(struct vfu_tx *tx)
{
	free(tx->buf);
	tx->buf = NULL;
}

void
vfu_tx_start(struct vfu_tx *tx, uint16_t id, uint16_t cmd, uint32_t flags, uint32_t error)
{
	struct vfu_hdr *hdr;

	tx->bytes = 0;
	tx->sent_bytes = 0;
	tx->n_fds = 0;
	hdr = vfu_tx_put(tx, sizeof(*hdr));
	hdr->id = id;
	hdr->cmd = cmd;
	hdr->flags = flags;
	hdr->error = error;
}

void *
vfu_tx_put(struct vfu_tx *tx, size_t bytes)
{
	void *at = tx->buf + tx->bytes;

	assert(bytes <= tx->buf_bytes - tx->bytes);
	memset(at, 0, bytes);
	tx->bytes += bytes;
	((struct vfu_hdr *)tx->buf)->bytes = (uint32_t)tx->bytes;
	return at;
}

static void
fds_attach(const struct vfu_tx *tx, struct msghdr *msg, union fd_buffer *control)
{
	size_t bytes = sizeof(int) * tx->n_fds;
	struct cmsghdr *cmsg;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control->bytes;
	msg->msg_controllen = CMSG_SPACE(bytes);
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(cmsg), tx->fds, bytes);
}

int
vfu_tx_push(struct vfu_tx *tx, int sock)
{
	union fd_buffer control;
	struct iovec iov;
	struct msghdr msg;
	ssize_t n;

	while (tx->sent_bytes < tx->bytes) {
		iov.iov_base = tx->buf + tx->sent_bytes;
		iov.iov_len = tx->bytes - tx->sent_bytes;
		memset(&msg, 0, sizeof(msg));
		msg.msg_iov = &iov;
		msg.msg_iovlen = 1;
		if (tx->sent_bytes == 0 && tx->n_fds > 0)
			fds_attach(tx, &msg, &control);
		n = sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0)
			return errno == EPIPE || errno == ECONNRESET ? -ENOTCONN : -errno;
		tx->sent_bytes += (size_t)n;
	}
	return 1;
}

int
vfu_sock_address(const char *path, struct sockaddr_un *addr)
{
	size_t len = strlen(path);

	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	if (len == 0 || len >= sizeof(addr->sun_path))
		return -EINVAL;
	memcpy(addr->sun_path, path, len);
	return 0;
}

void
vfu_why(char *why, size_t why_bytes, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(why, why_bytes, fmt, ap);
	va_end(ap);
}
