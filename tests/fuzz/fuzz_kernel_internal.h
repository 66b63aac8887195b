/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FUZZ_KERNEL_INTERNAL_H
#define FUZZ_KERNEL_INTERNAL_H

/* The objects behind the descriptors of fuzz_kernel.h. */

#include <sys/epoll.h>

#include "fuzz_input.h"
#include "fuzz_kernel.h"

#define QUEUE_BYTES 32768u
#define PIECES 40u
#define PIECE_FDS 12u
#define WATCHES 12u
#define BACKLOG 4u

enum object_kind {
	OBJECT_NONE = 0,
	OBJECT_SOCK,
	OBJECT_LISTENER,
	OBJECT_EPOLL,
	OBJECT_FILE,
	OBJECT_EVENT,
	OBJECT_PIPE,
	OBJECT_TIMER, /* `count`: when it rings; 0: it does not */
};

/* What one sendmsg(2) brought: descriptors come with its first byte. */
struct piece {
	size_t bytes;
	struct object *objects[PIECE_FDS];
	unsigned int n_objects;
};

struct watch {
	int fd; /* 0: none */
	struct epoll_event event;
};

struct object {
	enum object_kind kind;
	unsigned int refs; /* descriptors, and those on their way */
	unsigned int number;
	/* A socket: what has come and was not received. */
	struct object *peer; /* NULL: closed, or shut down */
	uint8_t *queue;
	size_t queue_at; /* where the first byte is */
	size_t queued;
	size_t room;
	struct piece pieces[PIECES];
	unsigned int n_pieces;
	/* A listener. */
	struct object *backlog[BACKLOG];
	unsigned int n_backlog;
	/* An epoll. */
	struct watch watches[WATCHES];
	/* A file, whose memory is here. */
	uint8_t *memory;
	uint64_t bytes;
	bool sealed;
	unsigned int maps;
	/* An eventfd. */
	uint64_t count;
};

extern uint64_t fuzz_now_ns;

/* The object of a descriptor; NULL: it is not of here. */
struct object *fuzz_object(int fd);
/* A new object without references, or NULL. */
struct object *fuzz_object_make(enum object_kind kind);
/* A descriptor for an object, which gets a reference; -1: there are too many. */
int fuzz_fd_make(struct object *object);
void fuzz_object_put(struct object *object);
/* Two sockets that are connected. */
bool fuzz_object_pair(struct object *objects[2]);
/* Who listens at FUZZ_PATH, or NULL. */
struct object *fuzz_listener(void);
/* Closes; false: it is not open. */
bool fuzz_fd_close(int fd);
/* Receives from the first piece. Returns how many bytes; *objects are the caller's. */
size_t fuzz_piece_take(struct object *sock, void *data, size_t bytes, struct piece *out);
/* Sends a piece, or as much as there is room for. */
size_t fuzz_piece_put(struct object *to, const void *data, size_t bytes,
		      struct object *const *objects, unsigned int n_objects);
/* The file whose memory holds `at`, or NULL. */
struct object *fuzz_file_at(const void *at);
/* One mapping more, or one less. */
void fuzz_file_map(struct object *file);
void fuzz_file_unmap(struct object *file);
/* Of EPOLLIN, EPOLLOUT, EPOLLHUP and EPOLLRDHUP, what holds. */
uint32_t fuzz_object_ready(const struct object *object);

#endif /* FUZZ_KERNEL_INTERNAL_H */
