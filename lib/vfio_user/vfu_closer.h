/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_CLOSER_H
#define VFU_CLOSER_H

/*
 * A thread that closes descriptors and unmaps memory for an owner who must not wait. To close a
 * descriptor that somebody else made may take for ever: a TCP socket lingers, a FUSE server does
 * not answer. To unmap and free much memory takes seconds. Private to this library.
 *
 * Threads: the owner serialises its calls on one closer.
 */

#include <stdbool.h>
#include <stdint.h>

#include <wcbase.h>

struct vfu_closer;

/* Starts the thread. Returns 0, -ENOMEM or the -errno of pthread_create(3). */
WC_MUST_CHECK int vfu_closer_create(struct vfu_closer **closer);

/* Closes a descriptor, in the thread. Without memory for that it does so at once. */
void vfu_closer_fd(struct vfu_closer *closer, int fd);

/* Unmaps memory likewise, before the descriptors that wait. */
void vfu_closer_unmap(struct vfu_closer *closer, void *base, uint64_t bytes);

/* What waits, with the one that it is at. */
struct vfu_closer_load {
	unsigned int fds;
	unsigned int mappings;
	uint64_t bytes; /* of the mappings */
};

struct vfu_closer_load vfu_closer_load(struct vfu_closer *closer);

/* Takes over the mappings that wait for another closer, which may be stuck with a descriptor. */
void vfu_closer_relieve(struct vfu_closer *closer, struct vfu_closer *stuck);

/*
 * Ends the thread after what waits, if it is done so many milliseconds after the thread got busy;
 * else leaves the thread to itself, which then ends when it can. NULL is allowed.
 */
void vfu_closer_destroy(struct vfu_closer *closer, unsigned int patience_ms);

#endif /* VFU_CLOSER_H */
