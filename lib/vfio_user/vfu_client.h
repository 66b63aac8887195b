/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_CLIENT_H
#define VFU_CLIENT_H

/*
 * vfio-user client: a process that drives a PCI device served by another process over a unix
 * socket. Calls on one client are serialised inside; any thread may make them. Each request waits
 * for its reply at most the connect time-out; after a time-out, a closed socket or a malformed
 * reply the client is dead and every call returns -ENOTCONN at once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vfu_client;

#define VFU_DMA_READ 1u
#define VFU_DMA_WRITE 2u

#define VFU_REGION_READ 1u
#define VFU_REGION_WRITE 2u
#define VFU_REGION_MMAP 4u

struct vfu_region {
	uint64_t bytes;
	uint32_t flags; /* VFU_REGION_* */
};

/*
 * Connects, negotiates the version and reads the device's shape. On failure `why` tells what is at
 * the path and what was expected.
 * Returns 0, -ENOENT or -ECONNREFUSED (no server), -EPROTO (not vfio-user, or another version),
 * -ETIMEDOUT, -ENOMEM.
 */
__attribute__((warn_unused_result)) int
vfu_client_connect(const char *path, unsigned int timeout_ms, struct vfu_client **client, char *why,
		   size_t why_bytes);

/* Unmaps nothing that the caller mapped; NULL is allowed. */
void vfu_client_close(struct vfu_client *client);

/* False once the peer is gone: one poll(2) of the socket, no message. */
bool vfu_client_alive(struct vfu_client *client);

int vfu_client_region(struct vfu_client *client, unsigned int region, struct vfu_region *info);

/* Maps [off, off + bytes) of a mappable region read-write and shared; munmap(2) ends it. */
__attribute__((warn_unused_result)) int
vfu_client_region_mmap(struct vfu_client *client, unsigned int region, uint64_t off, size_t bytes,
		       void **addr);

__attribute__((warn_unused_result)) int
vfu_client_region_read(struct vfu_client *client, unsigned int region, uint64_t off, void *data,
		       size_t bytes);
__attribute__((warn_unused_result)) int
vfu_client_region_write(struct vfu_client *client, unsigned int region, uint64_t off,
			const void *data, size_t bytes);

/*
 * A write of 1 to 8 bytes that is not waited for and has no reply: neither for the peer nor for
 * another thread's call. 0: it is on its way. -EAGAIN: the socket is full of messages that the peer
 * has not read; -ENOTCONN, -EINVAL.
 */
int vfu_client_region_post(struct vfu_client *client, unsigned int region, uint64_t off,
			   const void *data, size_t bytes);

/*
 * Lets the device access [iova, iova + bytes), backed by `fd` at fd_off (page-aligned, as is all
 * else). The fd is passed on; the caller keeps its own.
 */
__attribute__((warn_unused_result)) int
vfu_client_dma_map(struct vfu_client *client, uint64_t iova, uint64_t bytes, int fd,
		   uint64_t fd_off, unsigned int prot);
int vfu_client_dma_unmap(struct vfu_client *client, uint64_t iova, uint64_t bytes);

/* Binds MSI-X vectors [start, start + count) to eventfds; count = 0 disarms all. */
int vfu_client_msix_set(struct vfu_client *client, unsigned int start, unsigned int count,
			const int *eventfds);

int vfu_client_reset(struct vfu_client *client);

#ifdef __cplusplus
}
#endif

#endif /* VFU_CLIENT_H */
