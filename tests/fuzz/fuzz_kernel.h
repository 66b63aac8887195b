/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FUZZ_KERNEL_H
#define FUZZ_KERNEL_H

/*
 * What lib/vfio_user and lib/iova ask of the kernel, in memory: unix sockets that carry
 * descriptors, epoll, files that can be mapped, eventfds, pipes, the clock. A system call takes as
 * long as an input should. Calls are taken over at link time (fuzz_kernel_wrap.c); those on
 * descriptors that are not of here go to the kernel.
 *
 * A file's memory is poisoned for AddressSanitizer as long as it is not mapped.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_FD_FIRST 0x4000
#define FUZZ_FDS 96u
#define FUZZ_FILE_BYTES 0x10000u
/* The only path that is of here: a name of the root folder that no machine has. */
#define FUZZ_PATH "/fuzz.sock"

/* What is at FUZZ_PATH. */
enum fuzz_path {
	FUZZ_PATH_NONE,
	FUZZ_PATH_STALE, /* a socket on which nobody listens */
	FUZZ_PATH_BUSY,  /* one on which somebody else listens */
	FUZZ_PATH_FILE,  /* no socket */
	FUZZ_PATH_OURS,  /* what was bound here */
};
extern enum fuzz_path fuzz_path;

/* Everything as at first. Aborts if a descriptor is open or a file is mapped. */
void fuzz_kernel_reset(void);
/* How many descriptors are open. */
unsigned int fuzz_kernel_fds(void);
/* Time passes; without this it stands still. */
void fuzz_kernel_pass(uint64_t ns);

/* ---- descriptors of the test; -1: there are too many ------------------------------------- */

/* Two ends that are connected. */
bool fuzz_kernel_pair(int fds[2]);
int fuzz_kernel_file(void);
int fuzz_kernel_event(void);
int fuzz_kernel_pipe(void);
/* A client connects to the socket at FUZZ_PATH: its end, or -1. */
int fuzz_kernel_connect(void);
void fuzz_kernel_close(int fd);
/* A file becomes as short; or is sealed against writing. */
void fuzz_kernel_truncate(int fd, uint64_t bytes);
void fuzz_kernel_seal(int fd);

/* Sends a piece with descriptors, which stay the caller's. */
void fuzz_kernel_send(int fd, const void *data, size_t bytes, const int *fds, unsigned int n_fds);
/* Takes at most `bytes` bytes of what has come, and drops descriptors. Returns how many. */
size_t fuzz_kernel_recv(int fd, void *data, size_t bytes);
/* At most so many bytes may wait to be received by that end. */
void fuzz_kernel_room(int fd, size_t bytes);
/* Called by poll(2) with a time-out when nothing is ready; `fd` waits for `events`. */
extern void (*fuzz_kernel_waits)(int fd, short events);
/* Called when somebody connects to FUZZ_PATH and nobody of here listens: the other end, or -1. */
extern int (*fuzz_kernel_serves)(void);
/* Whether these bytes are mapped. */
bool fuzz_kernel_mapped(const void *at, size_t bytes);

#endif /* FUZZ_KERNEL_H */
