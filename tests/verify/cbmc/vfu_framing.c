/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Messages of vfio-user are cut out of a stream that comes in pieces of any size. */

#include "vfu_sock.c"

#include "prove.h"

#define BUF 48u
#define PIECES 3u

static struct vfu_rx rx;
static unsigned int pieces;

/* Any number of bytes up to those that were asked for, with up to two descriptors. */
ssize_t
recvmsg(int sock, struct msghdr *msg, int flags)
{
	ssize_t n;
	size_t fds;

	(void)sock;
	(void)flags;
	PROVE((uint8_t *)msg->msg_iov->iov_base >= rx.buf &&
		      (uint8_t *)msg->msg_iov->iov_base + msg->msg_iov->iov_len <=
			      rx.buf + rx.buf_bytes,
	      "bytes are received into the buffer");
	if (pieces++ == PIECES) {
		errno = EAGAIN;
		return -1;
	}
	ASSUME(n >= -1 && n <= (ssize_t)msg->msg_iov->iov_len);
	ASSUME(n >= 0 || errno == EAGAIN || errno == ECONNRESET);
	ASSUME(fds <= 2);
	msg->msg_controllen = 0;
	msg->msg_flags = 0;
	if (n > 0 && fds > 0) {
		struct cmsghdr *cmsg = msg->msg_control;

		cmsg->cmsg_len = CMSG_LEN(fds * sizeof(int));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		msg->msg_controllen = CMSG_SPACE(fds * sizeof(int));
	}
	return n;
}

int
close(int fd)
{
	(void)fd;
	return 0;
}

void
prove_vfu_framing(void)
{
	uint8_t buf[BUF] WC_ALIGNED(8);
	size_t before;
	int ret;

	rx.buf = buf;
	rx.buf_bytes = BUF;
	/* A part of the message has come already. */
	ASSUME(before < BUF);
	rx.got_bytes = before;
	ASSUME(before < sizeof(struct vfu_hdr) || (vfu_rx_hdr(&rx)->bytes <= BUF &&
						   vfu_rx_hdr(&rx)->bytes >= before));
	ASSUME(rx.n_fds <= VFU_MSG_FDS_MAX);
	ret = vfu_rx_pull(&rx, 0);
	PROVE(rx.got_bytes <= BUF && rx.got_bytes >= before, "no more than the buffer holds");
	PROVE(rx.n_fds <= VFU_MSG_FDS_MAX, "nor more descriptors");
	PROVE(ret != 1 || rx.got_bytes == vfu_rx_hdr(&rx)->bytes,
	      "a message is whole when all of its bytes are there, and none of the next");
	PROVE(ret != -EMSGSIZE || vfu_rx_hdr(&rx)->bytes < sizeof(struct vfu_hdr) ||
		      vfu_rx_hdr(&rx)->bytes > BUF,
	      "only a length that cannot be is refused");
}
