/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The system calls that are taken over: __wrap_NAME stands for NAME (ld's --wrap). */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fuzz_kernel_internal.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

/* Declares the call that is taken over, and begins what takes its place. */
#define TAKES(type, name, ...)           \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

static int
fail(int err)
{
	errno = err;
	return -1;
}

/* ---- descriptors ------------------------------------------------------------------------- */

TAKES(int, close, int fd)
{
	return fuzz_fd_close(fd) ? 0 : __real_close(fd);
}

static int
file_stat(const struct object *object, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_dev = 1;
	st->st_ino = object->number;
	st->st_mode = object->kind == OBJECT_FILE   ? S_IFREG | 0600u
		      : object->kind == OBJECT_SOCK ? S_IFSOCK | 0600u
						    : 0600u;
	st->st_size = (off_t)object->bytes;
	st->st_blksize = 4096;
	return 0;
}

TAKES(int, fstat64, int fd, struct stat *st)
{
	const struct object *object = fuzz_object(fd);

	return object != NULL ? file_stat(object, st) : __real_fstat64(fd, st);
}

TAKES(int, lstat64, const char *path, struct stat *st)
{
	if (strcmp(path, FUZZ_PATH) != 0)
		return __real_lstat64(path, st);
	if (fuzz_path == FUZZ_PATH_NONE)
		return fail(ENOENT);
	memset(st, 0, sizeof(*st));
	st->st_mode = fuzz_path == FUZZ_PATH_FILE ? S_IFREG | 0600u : S_IFSOCK | 0600u;
	st->st_ino = fuzz_path;
	return 0;
}

TAKES(int, unlink, const char *path)
{
	if (strcmp(path, FUZZ_PATH) != 0)
		return __real_unlink(path);
	if (fuzz_path == FUZZ_PATH_NONE)
		return fail(ENOENT);
	fuzz_path = FUZZ_PATH_NONE;
	return 0;
}

int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...);

int
__wrap_fcntl64(int fd, int command, ...)
{
	const struct object *object = fuzz_object(fd);
	va_list ap;
	long arg;

	va_start(ap, command);
	arg = va_arg(ap, long);
	va_end(ap);
	if (object == NULL)
		return __real_fcntl64(fd, command, arg);
	if (command == F_GETFL)
		return O_RDWR;
	if (command == F_GET_SEALS)
		return object->sealed ? F_SEAL_WRITE : 0;
	if (command == F_DUPFD_CLOEXEC || command == F_DUPFD)
		return fuzz_fd_make(fuzz_object(fd));
	return 0;
}

TAKES(ssize_t, readlink, const char *path, char *to, size_t bytes)
{
	static const char event[] = "anon_inode:[eventfd]";
	const struct object *object;
	int fd;

	if (sscanf(path, "/proc/self/fd/%d", &fd) != 1)
		return __real_readlink(path, to, bytes);
	object = fuzz_object(fd);
	if (object == NULL)
		return __real_readlink(path, to, bytes);
	if (object->kind != OBJECT_EVENT)
		return fail(EINVAL);
	if (bytes > sizeof(event) - 1)
		bytes = sizeof(event) - 1;
	memcpy(to, event, bytes);
	return (ssize_t)bytes;
}

TAKES(ssize_t, write, int fd, const void *data, size_t bytes)
{
	struct object *object = fuzz_object(fd);
	uint64_t more;

	if (object == NULL)
		return __real_write(fd, data, bytes);
	if (object->kind != OBJECT_EVENT || bytes != sizeof(more))
		return fail(EPIPE);
	memcpy(&more, data, sizeof(more));
	if (object->count >= UINT64_MAX - more)
		return fail(EAGAIN);
	object->count += more;
	return (ssize_t)bytes;
}

TAKES(int, clock_gettime, clockid_t clock, struct timespec *ts)
{
	if (clock != CLOCK_MONOTONIC)
		return __real_clock_gettime(clock, ts);
	ts->tv_sec = (time_t)(fuzz_now_ns / 1000000000);
	ts->tv_nsec = (long)(fuzz_now_ns % 1000000000);
	return 0;
}

TAKES(int, nanosleep, const struct timespec *ts, struct timespec *left)
{
	(void)left;
	fuzz_now_ns += (uint64_t)ts->tv_sec * 1000000000u + (uint64_t)ts->tv_nsec;
	return 0;
}

/* ---- mappings ---------------------------------------------------------------------------- */

TAKES(void *, mmap64, void *at, size_t bytes, int prot, int flags, int fd, off_t off)
{
	struct object *file = fuzz_object(fd);

	if (file == NULL && (flags & MAP_FIXED) != 0 && fuzz_file_at(at) != NULL) {
		memset(at, 0, bytes); /* in place of a mapping */
		return at;
	}
	if (file == NULL)
		return __real_mmap64(at, bytes, prot, flags, fd, off);
	if (file->kind != OBJECT_FILE || bytes == 0 || off < 0 || off % 4096 != 0) {
		(void)fail(EINVAL);
		return MAP_FAILED;
	}
	if (file->sealed && (prot & PROT_WRITE) != 0) {
		(void)fail(EPERM);
		return MAP_FAILED;
	}
	if (bytes > FUZZ_FILE_BYTES || (uint64_t)off > FUZZ_FILE_BYTES - bytes) {
		(void)fail(ENOMEM);
		return MAP_FAILED;
	}
	if ((flags & MAP_FIXED) != 0)
		return at;
	fuzz_file_map(file);
	return file->memory + off;
}

TAKES(int, munmap, void *at, size_t bytes)
{
	struct object *file = fuzz_file_at(at);

	if (file == NULL)
		return __real_munmap(at, bytes);
	MUST(bytes != 0 && bytes <= FUZZ_FILE_BYTES);
	fuzz_file_unmap(file);
	return 0;
}

/* ---- sockets ----------------------------------------------------------------------------- */

TAKES(int, socket, int domain, int type, int protocol)
{
	struct object *sock;

	(void)domain;
	(void)type;
	(void)protocol;
	sock = fuzz_object_make(OBJECT_SOCK);
	return sock != NULL ? fuzz_fd_make(sock) : fail(EMFILE);
}

TAKES(int, bind, int fd, const struct sockaddr *addr, socklen_t bytes)
{
	(void)bytes;
	MUST(fuzz_object(fd) != NULL);
	if (strcmp(((const struct sockaddr_un *)(const void *)addr)->sun_path, FUZZ_PATH) != 0)
		return fail(EACCES);
	if (fuzz_path != FUZZ_PATH_NONE)
		return fail(EADDRINUSE);
	fuzz_path = FUZZ_PATH_OURS;
	return 0;
}

TAKES(int, listen, int fd, int backlog)
{
	(void)backlog;
	MUST(fuzz_object(fd) != NULL);
	fuzz_object(fd)->kind = OBJECT_LISTENER;
	return 0;
}

TAKES(int, accept4, int fd, struct sockaddr *addr, socklen_t *bytes, int flags)
{
	struct object *listener = fuzz_object(fd), *sock;
	int got;

	(void)addr;
	(void)bytes;
	(void)flags;
	MUST(listener != NULL && listener->kind == OBJECT_LISTENER);
	if (listener->n_backlog == 0)
		return fail(EAGAIN);
	got = fuzz_fd_make(listener->backlog[0]);
	if (got < 0)
		return fail(EMFILE);
	sock = listener->backlog[0];
	sock->refs--; /* that of the backlog */
	listener->n_backlog--;
	memmove(listener->backlog, listener->backlog + 1,
		listener->n_backlog * sizeof(listener->backlog[0]));
	return got;
}

TAKES(int, connect, int fd, const struct sockaddr *addr, socklen_t bytes)
{
	struct object *sock = fuzz_object(fd), *other;
	int far;

	(void)bytes;
	if (sock == NULL)
		return __real_connect(fd, addr, bytes);
	if (strcmp(((const struct sockaddr_un *)(const void *)addr)->sun_path, FUZZ_PATH) != 0 ||
	    fuzz_path == FUZZ_PATH_NONE)
		return fail(ENOENT);
	if (fuzz_path != FUZZ_PATH_BUSY)
		return fail(ECONNREFUSED);
	far = fuzz_kernel_serves != NULL ? fuzz_kernel_serves() : -1;
	if (fuzz_kernel_serves != NULL && far < 0)
		return fail(EAGAIN);
	other = fuzz_object(far);
	if (other != NULL) {
		sock->peer = other;
		other->peer = sock;
	}
	return 0;
}

TAKES(int, shutdown, int fd, int how)
{
	struct object *sock = fuzz_object(fd);

	if (sock == NULL)
		return __real_shutdown(fd, how);
	if (sock->peer != NULL)
		sock->peer->peer = NULL;
	sock->peer = NULL;
	return 0;
}

static void
control_fill(struct msghdr *msg, struct piece *piece)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	unsigned int space = 0, n = 0;
	int fd;

	if (cmsg != NULL && msg->msg_controllen >= CMSG_LEN(sizeof(int)))
		space = (unsigned int)((msg->msg_controllen - CMSG_LEN(0)) / sizeof(int));
	for (unsigned int i = 0; i < piece->n_objects; i++) {
		fd = n < space ? fuzz_fd_make(piece->objects[i]) : -1;
		if (fd >= 0)
			memcpy(CMSG_DATA(cmsg) + n++ * sizeof(int), &fd, sizeof(fd));
		else
			msg->msg_flags |= MSG_CTRUNC;
		fuzz_object_put(piece->objects[i]);
	}
	msg->msg_controllen = n != 0 ? CMSG_SPACE(n * sizeof(int)) : 0;
	if (n == 0)
		return;
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
}

TAKES(ssize_t, recvmsg, int fd, struct msghdr *msg, int flags)
{
	struct object *sock = fuzz_object(fd);
	struct piece piece;
	size_t n;

	if (sock == NULL)
		return __real_recvmsg(fd, msg, flags);
	msg->msg_flags = 0;
	if (sock->n_pieces == 0 && sock->peer != NULL)
		return fail(EAGAIN);
	n = fuzz_piece_take(sock, msg->msg_iov[0].iov_base, msg->msg_iov[0].iov_len, &piece);
	control_fill(msg, &piece);
	return (ssize_t)n;
}

static ssize_t
sock_send(struct object *sock, const void *data, size_t bytes, struct object *const *with,
	  unsigned int n_with)
{
	size_t n;

	if (sock->peer == NULL)
		return fail(EPIPE);
	n = fuzz_piece_put(sock->peer, data, bytes, with, n_with);
	return n != 0 ? (ssize_t)n : fail(EAGAIN);
}

TAKES(ssize_t, sendmsg, int fd, const struct msghdr *msg, int flags)
{
	struct object *sock = fuzz_object(fd), *with[PIECE_FDS];
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	unsigned int n = 0;
	int sent;

	if (sock == NULL)
		return __real_sendmsg(fd, msg, flags);
	if (cmsg != NULL) {
		for (; n < (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int); n++) {
			memcpy(&sent, CMSG_DATA(cmsg) + n * sizeof(int), sizeof(sent));
			with[n] = fuzz_object(sent);
			if (with[n] == NULL)
				return fail(EBADF);
		}
	}
	return sock_send(sock, msg->msg_iov[0].iov_base, msg->msg_iov[0].iov_len, with, n);
}

TAKES(ssize_t, send, int fd, const void *data, size_t bytes, int flags)
{
	struct object *sock = fuzz_object(fd);

	if (sock == NULL)
		return __real_send(fd, data, bytes, flags);
	return sock_send(sock, data, bytes, NULL, 0);
}

/* ---- waiting ----------------------------------------------------------------------------- */

static int
poll_ready(struct pollfd *fds, nfds_t n)
{
	int ready = 0;

	for (nfds_t i = 0; i < n; i++) {
		const struct object *object = fuzz_object(fds[i].fd);

		fds[i].revents = 0;
		if (object != NULL) /* the bits of epoll(7) are those of poll(2) */
			fds[i].revents = (short)(fuzz_object_ready(object) &
						 ((uint32_t)(uint16_t)fds[i].events | POLLHUP));
		ready += fds[i].revents != 0;
	}
	return ready;
}

TAKES(int, poll, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	int ready;

	if (n == 0 || fuzz_object(fds[0].fd) == NULL)
		return __real_poll(fds, n, timeout_ms);
	ready = poll_ready(fds, n);
	if (ready == 0 && timeout_ms != 0 && fuzz_kernel_waits != NULL) {
		fuzz_kernel_waits(fds[0].fd, fds[0].events);
		ready = poll_ready(fds, n);
	}
	return ready;
}

TAKES(int, epoll_create1, int flags)
{
	int fd;

	(void)flags;
	fd = fuzz_fd_make(fuzz_object_make(OBJECT_EPOLL));
	return fd >= 0 ? fd : fail(EMFILE);
}

TAKES(int, epoll_ctl, int epfd, int op, int fd, struct epoll_event *event)
{
	struct object *epoll = fuzz_object(epfd);
	struct watch *slot = NULL;

	MUST(epoll != NULL && epoll->kind == OBJECT_EPOLL && fuzz_object(fd) != NULL);
	for (unsigned int i = 0; i < WATCHES; i++)
		if (epoll->watches[i].fd == (op == EPOLL_CTL_ADD ? 0 : fd))
			slot = &epoll->watches[i];
	if (slot == NULL)
		return fail(op == EPOLL_CTL_ADD ? ENOSPC : ENOENT);
	slot->fd = op == EPOLL_CTL_DEL ? 0 : fd;
	if (op != EPOLL_CTL_DEL)
		slot->event = *event;
	return 0;
}

TAKES(int, epoll_wait, int epfd, struct epoll_event *events, int max, int timeout_ms)
{
	const struct object *epoll = fuzz_object(epfd);
	int n = 0;

	(void)timeout_ms;
	MUST(epoll != NULL);
	for (unsigned int i = 0; i < WATCHES && n < max; i++) {
		const struct watch *watch = &epoll->watches[i];
		const struct object *object = watch->fd != 0 ? fuzz_object(watch->fd) : NULL;
		uint32_t ready = object != NULL ? fuzz_object_ready(object) : 0;

		ready &= watch->event.events | EPOLLHUP;
		if (ready == 0)
			continue;
		events[n] = watch->event;
		events[n++].events = ready;
	}
	return n;
}

/* ---- large buffers ----------------------------------------------------------------------- */

#define LARGE_BYTES (256u << 10)

/* Two buffers of a server, which the allocator would map and unmap each time. */
static struct {
	void *at;
	size_t bytes;
	bool used;
} large[2];

TAKES(void *, malloc, size_t bytes)
{
	for (unsigned int i = 0; bytes >= LARGE_BYTES && i < 2; i++) {
		if (large[i].at == NULL) {
			large[i].at = __real_malloc(bytes);
			large[i].bytes = bytes;
		}
		if (large[i].at == NULL || large[i].used || large[i].bytes != bytes)
			continue;
		large[i].used = true;
		memset(large[i].at, 0xbe, 4096);
		return large[i].at;
	}
	return __real_malloc(bytes);
}

TAKES(void, free, void *at)
{
	for (unsigned int i = 0; at != NULL && i < 2; i++) {
		if (large[i].at != at)
			continue;
		MUST(large[i].used);
		large[i].used = false;
		return;
	}
	__real_free(at);
}
