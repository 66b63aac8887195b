/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_CLIENT_H
#define VFU_CLIENT_H

/*
 * vfio-user client: drives a PCI device that another process serves over a unix socket.
 *
 * Threads: any thread may make any call but vfu_client_close(); the client serialises requests.
 * Each request waits for its reply for at most the time-out given to vfu_client_connect(). After a
 * time-out, a closed socket or a malformed reply the client is unusable: every later call returns
 * -ENOTCONN at once.
 *
 * Errors: calls that send a request return 0, -ENOTCONN, -ETIMEDOUT, -EPROTO (a malformed reply),
 * -EINVAL (the request cannot be right and was not sent) or the -errno with which the server
 * refuses.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iova.h>
#include <wcbase.h>

#include "vfu_pci.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vfu_client;

struct vfu_region {
	uint64_t bytes; /* 0: the device has no such region */
	uint32_t flags; /* VFU_REGION_FLAG_* */
};

/*
 * Connects to the server at `path`, negotiates the version and reads what regions and vectors the
 * device has. The client is the caller's until vfu_client_close(). On failure `why` (may be NULL)
 * says what is at the path and what was expected.
 * Returns 0, -ENOENT or -ECONNREFUSED (no server), -EPROTO (no vfio-user, or another version),
 * -ETIMEDOUT, -ENOMEM, or the -errno of socket(2) or connect(2).
 */
WC_PUBLIC WC_MUST_CHECK int
vfu_client_connect(const char *path, unsigned int timeout_ms, struct vfu_client **client, char *why,
		   size_t why_bytes);

/*
 * Closes the connection and frees the client. Mappings of regions stay valid until the caller
 * unmaps them. No other call may be under way. NULL is allowed.
 */
WC_PUBLIC void vfu_client_close(struct vfu_client *client);

/* Whether the server is still connected. Sends nothing; cost: one poll(2). */
WC_PUBLIC bool vfu_client_alive(struct vfu_client *client);

/* Copies what the server said of a region at connect. 0, or -EINVAL if there is no such region. */
WC_PUBLIC int
vfu_client_region_info(struct vfu_client *client, unsigned int region, struct vfu_region *info);

/*
 * Maps [off, off + bytes) of a region, read-write and shared; the caller ends it with munmap(2).
 * -EINVAL: that part cannot be mapped; -ERANGE: the server's file ends before it; else the -errno
 * of fstat(2) or mmap(2). Sends nothing.
 */
WC_PUBLIC WC_MUST_CHECK int vfu_client_region_mmap(struct vfu_client *client, unsigned int region,
						   uint64_t off, size_t bytes, void **addr);

/*
 * The same at `at`, in place of what the caller has mapped there: whole pages, also of -EINVAL.
 */
WC_PUBLIC WC_MUST_CHECK int
vfu_client_region_mmap_at(struct vfu_client *client, unsigned int region, uint64_t off,
			  size_t bytes, void *at);

/*
 * The file that backs a region, and where the region begins in it; the file stays the client's.
 * -EINVAL: there is none.
 */
WC_PUBLIC WC_MUST_CHECK int
vfu_client_region_file(struct vfu_client *client, unsigned int region, int *file, uint64_t *off);

/* Reads [off, off + bytes) of a region. One request for each 4 KiB. */
WC_PUBLIC WC_MUST_CHECK int vfu_client_region_read(struct vfu_client *client, unsigned int region,
						   uint64_t off, void *data, size_t bytes);

/* Writes [off, off + bytes) of a region and waits until the device has it. As the read. */
WC_PUBLIC WC_MUST_CHECK int vfu_client_region_write(struct vfu_client *client, unsigned int region,
						    uint64_t off, const void *data, size_t bytes);

/*
 * Sends a write of 1 to 8 bytes that has no reply, and waits neither for the server nor for a
 * request of another thread. 0: it was sent; -EAGAIN: the socket is full of messages that the
 * server has not read; -ENOTCONN, -EINVAL. Cost: one send(2).
 */
WC_PUBLIC int vfu_client_region_post(struct vfu_client *client, unsigned int region, uint64_t off,
				     const void *data, size_t bytes);

/*
 * Lets the device access [iova, iova + bytes), which is backed by the file `fd` from fd_off; all
 * three are multiples of 4 KiB. `prot`: IOVA_READ, IOVA_WRITE or both. The server gets a copy of
 * the descriptor; the caller keeps its own. -EBADF: fd is negative.
 */
WC_PUBLIC WC_MUST_CHECK int
vfu_client_dma_map(struct vfu_client *client, uint64_t iova, uint64_t bytes, int fd,
		   uint64_t fd_off, unsigned int prot);

/* Ends the device's access to all ranges that lie in [iova, iova + bytes). */
WC_PUBLIC int vfu_client_dma_unmap(struct vfu_client *client, uint64_t iova, uint64_t bytes);

/*
 * Binds MSI-X vectors [start, start + count) to eventfds, of which the server gets copies; -1
 * disarms that vector. count 0 disarms all. On failure some vectors may be bound already.
 */
WC_PUBLIC int vfu_client_msix_set(struct vfu_client *client, unsigned int start, unsigned int count,
				  const int *eventfds);

/* Resets the device. DMA ranges and vectors stay. */
WC_PUBLIC int vfu_client_reset(struct vfu_client *client);

#ifdef __cplusplus
}
#endif

#endif /* VFU_CLIENT_H */
