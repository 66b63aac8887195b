/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Messages of vfio-user between the driver and the server, one by one, with their descriptors. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vfu_wire.h>

#include "hostile.h"

#define MSG_BYTES 16384u
#define FDS_MAX 16u

struct message {
	union {
		struct vfu_hdr hdr;
		uint8_t bytes[MSG_BYTES];
	};
	size_t got;
	int fds[FDS_MAX];
	unsigned int n_fds;
};

struct hostile_relay {
	struct hostile_card *card;
	int client;
	int server;
	pthread_t thread;
	_Atomic bool over;
	_Atomic bool stop;
	uint16_t asked;       /* the command that waits for its answer */
	unsigned int answers; /* so far */
};

static bool
pull(int sock, struct message *m, size_t want)
{
	char control[CMSG_SPACE(sizeof(int) * FDS_MAX)];

	while (m->got < want) {
		struct iovec iov = {m->bytes + m->got, want - m->got};
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control,
				     .msg_controllen = sizeof(control)};
		const ssize_t n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);

		if (n <= 0)
			return false;
		m->got += (size_t)n;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
			const unsigned int n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

			for (unsigned int i = 0; i < n_fds && m->n_fds < FDS_MAX; i++)
				memcpy(&m->fds[m->n_fds++], CMSG_DATA(c) + i * sizeof(int),
				       sizeof(int));
		}
	}
	return true;
}

static bool
message_read(int sock, struct message *m)
{
	m->got = 0;
	m->n_fds = 0;
	return pull(sock, m, sizeof(m->hdr)) && m->hdr.bytes >= sizeof(m->hdr) &&
	       m->hdr.bytes <= MSG_BYTES && pull(sock, m, m->hdr.bytes);
}

static void
push(int sock, const void *bytes, size_t n, const int *fds, unsigned int n_fds)
{
	char control[CMSG_SPACE(sizeof(int) * FDS_MAX)] = {0};
	struct iovec iov = {(void *)(uintptr_t)bytes, n};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (n_fds != 0) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	/* blocking sockets and short messages: all of it, or the peer is gone */
	(void)sendmsg(sock, &msg, MSG_NOSIGNAL);
}

static void
message_send(int sock, const struct message *m)
{
	push(sock, m->bytes, m->got, m->fds, m->n_fds);
}

static void
message_end(struct message *m)
{
	for (unsigned int i = 0; i < m->n_fds; i++)
		close(m->fds[i]);
	m->n_fds = 0;
}

/* The lies about what is sent; false: the message is not to be sent. */
static bool
deed_do(struct hostile_relay *r, struct message *m)
{
	struct hostile_card *card = r->card;
	int fds[FDS_MAX];

	switch (card->lie->deed) {
	case HOSTILE_PASS:
		return true;
	case HOSTILE_CLOSE:
		shutdown(r->client, SHUT_RDWR);
		return false;
	case HOSTILE_SILENT:
		return false;
	case HOSTILE_HALF:
		push(r->client, m->bytes, m->got / 2, NULL, 0);
		return false;
	case HOSTILE_TWICE:
		message_send(r->client, m);
		return true;
	case HOSTILE_OTHER:
		m->hdr.id ^= 0x5555;
		return true;
	case HOSTILE_REQUEST:
		m->hdr.flags = VFU_HDR_REQUEST;
		return true;
	case HOSTILE_ERROR:
		m->hdr.flags |= VFU_HDR_ERROR;
		m->hdr.error = EIO;
		m->hdr.bytes = sizeof(m->hdr);
		m->got = sizeof(m->hdr);
		return true;
	case HOSTILE_SHORT:
		m->hdr.bytes = sizeof(m->hdr);
		m->got = sizeof(m->hdr);
		return true;
	case HOSTILE_LONG:
		m->hdr.bytes = UINT32_MAX;
		return true;
	case HOSTILE_TINY:
		m->hdr.bytes = 3;
		return true;
	case HOSTILE_BYTES:
		for (size_t i = 0; i < m->got; i++)
			push(r->client, m->bytes + i, 1, m->fds, i == 0 ? m->n_fds : 0);
		return false;
	case HOSTILE_FILES:
		for (unsigned int i = 0; i < FDS_MAX; i++)
			fds[i] = card->aperture_fd;
		push(r->client, m->bytes, m->got, fds, FDS_MAX);
		return false;
	case HOSTILE_NO_FILE:
		message_end(m);
		return true;
	case HOSTILE_NOISE:
		for (unsigned int i = 0; i < 3; i++)
			m->bytes[hostile_random(card) % m->got] ^= (uint8_t)(1u << hostile_random(
											   card) %
											   8);
		return true;
	}
	return true;
}

static void
from_client(struct hostile_relay *r, const struct message *m)
{
	const struct vfu_irq_set *set = (const void *)(m->bytes + sizeof(m->hdr));

	if ((m->hdr.flags & VFU_HDR_NO_REPLY) == 0)
		r->asked = m->hdr.cmd;
	if (m->hdr.cmd == VFU_CMD_SET_IRQS && m->got >= sizeof(m->hdr) + sizeof(*set)) {
		for (unsigned int i = 0; i < m->n_fds && set->start + i < 4; i++)
			r->card->client_irq[set->start + i] = fcntl(m->fds[i], F_DUPFD_CLOEXEC, 0);
	}
	message_send(r->server, m);
}

static void
from_server(struct hostile_relay *r, struct message *m)
{
	const struct hostile_case *lie = r->card->lie;

	r->answers++;
	if (lie->end == HOSTILE_EACH && r->answers != r->card->shared->nth) {
		message_send(r->client, m);
		return;
	}
	if (lie->deed != HOSTILE_PASS && (lie->command == 0 || lie->command == r->asked) &&
	    hostile_tell(r->card) && !deed_do(r, m))
		return;
	message_send(r->client, m);
}

static void *
relay_main(void *arg)
{
	struct hostile_relay *r = arg;
	struct pollfd fds[2] = {{r->client, POLLIN, 0}, {r->server, POLLIN, 0}};
	struct message *m = malloc(sizeof(*m));
	bool alive = m != NULL;

	while (alive && !r->stop) {
		if (poll(fds, 2, 100) <= 0)
			continue;
		for (unsigned int i = 0; alive && i < 2; i++) {
			if (fds[i].revents == 0)
				continue;
			alive = message_read(fds[i].fd, m);
			if (alive && i == 0)
				from_client(r, m);
			else if (alive)
				from_server(r, m);
			message_end(m);
		}
	}
	free(m);
	shutdown(r->client, SHUT_RDWR);
	r->over = true;
	return NULL;
}

struct hostile_relay *
hostile_relay_start(struct hostile_card *card, int client, int *server_end)
{
	struct hostile_relay *r = calloc(1, sizeof(*r));
	int pair[2];

	if (r == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return NULL;
	r->card = card;
	r->client = client;
	r->server = pair[0];
	*server_end = pair[1];
	/* what is accepted does not block; the server's end is not to either */
	fcntl(client, F_SETFL, fcntl(client, F_GETFL) & ~O_NONBLOCK);
	fcntl(pair[1], F_SETFL, fcntl(pair[1], F_GETFL) | O_NONBLOCK);
	if (pthread_create(&r->thread, NULL, relay_main, r) != 0)
		return NULL;
	return r;
}

bool
hostile_relay_over(const struct hostile_relay *relay)
{
	return relay->over;
}

void
hostile_relay_end(struct hostile_relay *relay)
{
	relay->stop = true;
	shutdown(relay->client, SHUT_RDWR);
	shutdown(relay->server, SHUT_RDWR);
	pthread_join(relay->thread, NULL);
	close(relay->client);
	close(relay->server);
	for (unsigned int i = 0; i < 4; i++)
		if (relay->card->client_irq[i] >= 0)
			close(relay->card->client_irq[i]);
	free(relay);
}
