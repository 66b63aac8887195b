/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Sockets, files and eventfds in memory. */

#include <string.h>

#include "fuzz_kernel_internal.h"

#define OBJECTS 64u
#define FILES 8u
#define SOCKS 16u
#define START_NS 1000000000ull

enum fuzz_path fuzz_path;
uint64_t fuzz_now_ns = START_NS;
void (*fuzz_kernel_waits)(int fd, short events);
int (*fuzz_kernel_serves)(void);

static struct object objects[OBJECTS];
static struct object *fds[FUZZ_FDS];
static uint8_t files[FILES][FUZZ_FILE_BYTES] WC_ALIGNED(4096);
static uint8_t queues[SOCKS][QUEUE_BYTES];
static unsigned int n_fds, n_objects_made;

/* Of AddressSanitizer, where it is. */
void __asan_poison_memory_region(const volatile void *at, size_t bytes) WC_WEAK;
void __asan_unpoison_memory_region(const volatile void *at, size_t bytes) WC_WEAK;

static void
memory_poison(uint8_t *file, bool poison)
{
	if (__asan_poison_memory_region == NULL)
		return;
	if (poison)
		__asan_poison_memory_region(file, FUZZ_FILE_BYTES);
	else
		__asan_unpoison_memory_region(file, FUZZ_FILE_BYTES);
}

struct object *
fuzz_object(int fd)
{
	unsigned int i = (unsigned int)fd - FUZZ_FD_FIRST;

	return i < FUZZ_FDS ? fds[i] : NULL;
}

static unsigned int
objects_of(enum object_kind kind, struct object **last)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < OBJECTS; i++) {
		if (objects[i].kind != kind)
			continue;
		*last = &objects[i];
		n++;
	}
	return n;
}

struct object *
fuzz_listener(void)
{
	struct object *listener = NULL;

	(void)objects_of(OBJECT_LISTENER, &listener);
	return fuzz_path == FUZZ_PATH_OURS ? listener : NULL;
}

static bool
memory_used(const uint8_t *memory)
{
	for (unsigned int i = 0; i < OBJECTS; i++)
		if (objects[i].kind != OBJECT_NONE &&
		    (objects[i].memory == memory || objects[i].queue == memory))
			return true;
	return false;
}

/* The memory of a file or a socket. */
static bool
memory_find(struct object *object)
{
	for (unsigned int i = 0; object->kind == OBJECT_FILE && i < FILES; i++) {
		if (memory_used(files[i]))
			continue;
		object->memory = files[i];
		object->bytes = FUZZ_FILE_BYTES;
		memory_poison(files[i], true);
		return true;
	}
	for (unsigned int i = 0; object->kind == OBJECT_SOCK && i < SOCKS; i++) {
		if (memory_used(queues[i]))
			continue;
		object->queue = queues[i];
		object->room = QUEUE_BYTES;
		return true;
	}
	return object->kind != OBJECT_FILE && object->kind != OBJECT_SOCK;
}

struct object *
fuzz_object_make(enum object_kind kind)
{
	struct object made = {.kind = kind, .number = ++n_objects_made};

	if (!memory_find(&made))
		return NULL;
	for (unsigned int i = 0; i < OBJECTS; i++) {
		if (objects[i].kind != OBJECT_NONE)
			continue;
		objects[i] = made;
		return &objects[i];
	}
	return NULL;
}

static void
pieces_drop(struct object *sock)
{
	struct piece piece;

	while (sock->n_pieces != 0) {
		(void)fuzz_piece_take(sock, NULL, SIZE_MAX, &piece);
		for (unsigned int i = 0; i < piece.n_objects; i++)
			fuzz_object_put(piece.objects[i]);
	}
}

void
fuzz_object_put(struct object *object)
{
	if (object->refs > 1) {
		object->refs--;
		return;
	}
	if (object->peer != NULL)
		object->peer->peer = NULL;
	pieces_drop(object);
	for (unsigned int i = 0; i < object->n_backlog; i++)
		fuzz_object_put(object->backlog[i]);
	object->refs = 0;
	/* A mapping outlives the descriptors of its file. */
	if (object->maps == 0)
		object->kind = OBJECT_NONE;
}

int
fuzz_fd_make(struct object *object)
{
	for (unsigned int i = 0; object != NULL && i < FUZZ_FDS; i++) {
		if (fds[i] != NULL)
			continue;
		fds[i] = object;
		object->refs++;
		n_fds++;
		return (int)(FUZZ_FD_FIRST + i);
	}
	if (object != NULL && object->refs == 0) {
		object->refs = 1;
		fuzz_object_put(object);
	}
	return -1;
}

bool
fuzz_fd_close(int fd)
{
	struct object *object = fuzz_object(fd);

	if (object == NULL)
		return false;
	fds[(unsigned int)fd - FUZZ_FD_FIRST] = NULL;
	n_fds--;
	fuzz_object_put(object);
	return true;
}

bool
fuzz_object_pair(struct object *pair[2])
{
	pair[0] = fuzz_object_make(OBJECT_SOCK);
	pair[1] = pair[0] != NULL ? fuzz_object_make(OBJECT_SOCK) : NULL;
	if (pair[1] == NULL) {
		if (pair[0] != NULL)
			pair[0]->kind = OBJECT_NONE;
		return false;
	}
	pair[0]->peer = pair[1];
	pair[1]->peer = pair[0];
	return true;
}

size_t
fuzz_piece_put(struct object *to, const void *data, size_t bytes, struct object *const *with,
	       unsigned int n_with)
{
	size_t room = to->room > to->queued ? to->room - to->queued : 0;
	struct piece *piece = &to->pieces[to->n_pieces];

	if (bytes > room)
		bytes = room;
	if (bytes == 0 || to->n_pieces == PIECES)
		return 0;
	if (to->queue_at + to->queued + bytes > QUEUE_BYTES) {
		memmove(to->queue, to->queue + to->queue_at, to->queued);
		to->queue_at = 0;
	}
	memcpy(to->queue + to->queue_at + to->queued, data, bytes);
	to->queued += bytes;
	piece->bytes = bytes;
	piece->n_objects = n_with < PIECE_FDS ? n_with : PIECE_FDS;
	for (unsigned int i = 0; i < piece->n_objects; i++) {
		piece->objects[i] = with[i];
		with[i]->refs++;
	}
	to->n_pieces++;
	return bytes;
}

size_t
fuzz_piece_take(struct object *sock, void *data, size_t bytes, struct piece *out)
{
	struct piece *first = &sock->pieces[0];

	out->n_objects = 0;
	if (sock->n_pieces == 0)
		return 0;
	if (bytes > first->bytes)
		bytes = first->bytes;
	if (data != NULL)
		memcpy(data, sock->queue + sock->queue_at, bytes);
	out->n_objects = first->n_objects;
	memcpy(out->objects, first->objects, first->n_objects * sizeof(first->objects[0]));
	first->n_objects = 0;
	first->bytes -= bytes;
	sock->queued -= bytes;
	sock->queue_at = sock->queued != 0 ? sock->queue_at + bytes : 0;
	if (first->bytes == 0) {
		sock->n_pieces--;
		memmove(first, first + 1, sock->n_pieces * sizeof(*first));
	}
	return bytes;
}

struct object *
fuzz_file_at(const void *at)
{
	for (unsigned int i = 0; i < OBJECTS; i++)
		if (objects[i].kind == OBJECT_FILE &&
		    (uintptr_t)at - (uintptr_t)objects[i].memory < FUZZ_FILE_BYTES)
			return &objects[i];
	return NULL;
}

void
fuzz_file_map(struct object *file)
{
	if (file->maps++ == 0)
		memory_poison(file->memory, false);
}

void
fuzz_file_unmap(struct object *file)
{
	MUST(file->maps != 0);
	if (--file->maps != 0)
		return;
	memory_poison(file->memory, true);
	if (file->refs == 0)
		file->kind = OBJECT_NONE;
}

uint32_t
fuzz_object_ready(const struct object *object)
{
	uint32_t ready = 0;

	switch (object->kind) {
	case OBJECT_SOCK:
		ready |= object->n_pieces != 0 || object->peer == NULL ? EPOLLIN : 0;
		ready |= object->peer == NULL ? EPOLLHUP | EPOLLRDHUP | EPOLLOUT : 0;
		if (object->peer != NULL && object->peer->n_pieces < PIECES &&
		    object->peer->queued < object->peer->room)
			ready |= EPOLLOUT;
		break;
	case OBJECT_LISTENER:
		ready |= object->n_backlog != 0 ? EPOLLIN : 0;
		break;
	case OBJECT_EVENT:
		ready |= object->count != 0 ? EPOLLIN : 0;
		ready |= object->count < UINT64_MAX - 1 ? EPOLLOUT : 0;
		break;
	case OBJECT_TIMER:
		ready |= object->count != 0 && fuzz_now_ns >= object->count ? EPOLLIN : 0;
		break;
	default:
		break;
	}
	return ready;
}

/* ---- what tests call --------------------------------------------------------------------- */

void
fuzz_kernel_reset(void)
{
	MUST(n_fds == 0);
	for (unsigned int i = 0; i < OBJECTS; i++)
		MUST(objects[i].kind == OBJECT_NONE);
	n_objects_made = 0;
	fuzz_now_ns = START_NS;
	fuzz_path = FUZZ_PATH_NONE;
}

unsigned int
fuzz_kernel_fds(void)
{
	return n_fds;
}

void
fuzz_kernel_pass(uint64_t ns)
{
	fuzz_now_ns += ns;
}

bool
fuzz_kernel_pair(int pair[2])
{
	struct object *ends[2];

	if (n_fds + 2 > FUZZ_FDS || !fuzz_object_pair(ends))
		return false;
	pair[0] = fuzz_fd_make(ends[0]);
	pair[1] = fuzz_fd_make(ends[1]);
	return true;
}

int
fuzz_kernel_file(void)
{
	return fuzz_fd_make(fuzz_object_make(OBJECT_FILE));
}

int
fuzz_kernel_event(void)
{
	return fuzz_fd_make(fuzz_object_make(OBJECT_EVENT));
}

int
fuzz_kernel_pipe(void)
{
	return fuzz_fd_make(fuzz_object_make(OBJECT_PIPE));
}

int
fuzz_kernel_connect(void)
{
	struct object *listener = fuzz_listener();
	struct object *ends[2];

	if (listener == NULL || listener->n_backlog == BACKLOG || n_fds == FUZZ_FDS ||
	    !fuzz_object_pair(ends))
		return -1;
	ends[0]->refs = 1;
	listener->backlog[listener->n_backlog++] = ends[0];
	return fuzz_fd_make(ends[1]);
}

void
fuzz_kernel_close(int fd)
{
	MUST(fuzz_fd_close(fd));
}

void
fuzz_kernel_truncate(int fd, uint64_t bytes)
{
	fuzz_object(fd)->bytes = bytes;
}

void
fuzz_kernel_seal(int fd)
{
	fuzz_object(fd)->sealed = true;
}

void
fuzz_kernel_send(int fd, const void *data, size_t bytes, const int *with, unsigned int n_with)
{
	struct object *sock = fuzz_object(fd);
	struct object *sent[PIECE_FDS];

	if (sock->peer == NULL)
		return;
	if (n_with > PIECE_FDS)
		n_with = PIECE_FDS;
	for (unsigned int i = 0; i < n_with; i++)
		sent[i] = fuzz_object(with[i]);
	(void)fuzz_piece_put(sock->peer, data, bytes, sent, n_with);
}

size_t
fuzz_kernel_recv(int fd, void *data, size_t bytes)
{
	struct object *sock = fuzz_object(fd);
	struct piece piece;
	size_t n, all = 0;

	while (sock->n_pieces != 0 && all < bytes) {
		n = fuzz_piece_take(sock, (uint8_t *)data + all, bytes - all, &piece);
		for (unsigned int i = 0; i < piece.n_objects; i++)
			fuzz_object_put(piece.objects[i]);
		all += n;
	}
	return all;
}

void
fuzz_kernel_room(int fd, size_t bytes)
{
	fuzz_object(fd)->room = bytes < QUEUE_BYTES ? bytes : QUEUE_BYTES;
}

bool
fuzz_kernel_mapped(const void *at, size_t bytes)
{
	const struct object *file = fuzz_file_at(at);

	return file != NULL && file->maps != 0 &&
	       bytes <= FUZZ_FILE_BYTES - (size_t)((const uint8_t *)at - file->memory);
}
