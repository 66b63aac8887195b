/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_SERVER_H
#define VFU_SERVER_H

/*
 * vfio-user server: offers a PCI device to one client at a time over a unix socket. It has no
 * threads and never blocks: the embedder calls vfu_server_poll(), now and then or when
 * vfu_server_fd() is readable. All calls on one server are serialised by the embedder; callbacks
 * run inside vfu_server_poll(), _drop() and _destroy(), and must not call one of these.
 *
 * Every byte from the client is taken as hostile. A request that is wrong gets an error reply; a
 * client that breaks the framing or the protocol is dropped, and the next one is waited for.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfu_client.h"
#include "iova.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vfu_server;

/* Regions of a vfio PCI device: BARs 0 to 5, then these. */
#define VFU_REGION_ROM 6
#define VFU_REGION_CONFIG 7
#define VFU_REGION_VGA 8
#define VFU_REGIONS 9

struct vfu_server_ops {
	/*
	 * [off, off + bytes) lies in the region, which has VFU_REGION_READ or _WRITE. bytes is at
	 * most 1 MiB. Returns 0, or -errno for the client.
	 */
	int (*region_read)(void *ctx, unsigned int region, uint64_t off, void *data, size_t bytes);
	int (*region_write)(void *ctx, unsigned int region, uint64_t off, const void *data,
			    size_t bytes);
	/* The client resets the device. Returns 0, or -errno for the client. */
	int (*reset)(void *ctx);
	/* A client has come and agreed on the version. May be NULL. */
	void (*connected)(void *ctx);
	/*
	 * The client that had come is gone. The IOVA map still holds what it shared and is cleared
	 * when this returns: the device must be reset here. May be NULL.
	 */
	void (*disconnected)(void *ctx);
	/* One line of log without newline. level as in syslog(3): 3 error .. 7 debug. May be NULL.
	 */
	void (*log)(void *ctx, int level, const char *line);
};

/* A piece of a region that can be mapped. */
struct vfu_server_area {
	uint64_t off;
	uint64_t bytes;
};

struct vfu_server_region {
	uint64_t bytes; /* 0: the region does not exist */
	uint32_t flags; /* VFU_REGION_* */
	/* With VFU_REGION_MMAP: the file behind the region, the embedder's, and the offset in it.
	 */
	int fd;
	uint64_t fd_off;
	/* Only these areas can be mapped; n_areas = 0: all of it. At most 64. */
	const struct vfu_server_area *areas;
	unsigned int n_areas;
};

struct vfu_server_config {
	const struct vfu_server_ops *ops; /* both outlive the server */
	void *ctx;
	struct vfu_server_region regions[VFU_REGIONS];
	unsigned int msix_vectors; /* at most 2048 */
};

/*
 * Listens on `path`. A socket file that nobody answers on is replaced. On failure `why` says what
 * is in the way. Returns 0, -EADDRINUSE (a server answers there), -EEXIST (a file that is no
 * socket), -EINVAL (path or config), -ENOMEM, or the -errno of socket(2), bind(2) and so on.
 */
__attribute__((warn_unused_result)) int
vfu_server_listen(const char *path, const struct vfu_server_config *config,
		  struct vfu_server **server, char *why, size_t why_bytes);

/*
 * Serves the one client at the other end of `sock`, a connected stream socket, which becomes the
 * server's on success. Returns 0, -EINVAL or -ENOMEM or another -errno.
 */
__attribute__((warn_unused_result)) int
vfu_server_adopt(int sock, const struct vfu_server_config *config, struct vfu_server **server);

/* Parts from the client (with the callback), removes the socket file. NULL is allowed. */
void vfu_server_destroy(struct vfu_server *server);

/* Readable when vfu_server_poll() has something to do. The server's: only to be waited on. */
int vfu_server_fd(const struct vfu_server *server);

/*
 * Handles what has come: connections and requests, some dozens at most. Returns how many; 0: none.
 * Cost: one system call when idle.
 */
unsigned int vfu_server_poll(struct vfu_server *server);

/* Whether a client is there and has agreed on the version. */
bool vfu_server_connected(const struct vfu_server *server);

/* Parts from the client, for the reason that the log line then gives. */
void vfu_server_drop(struct vfu_server *server, const char *reason);

/* What the client shares. Valid as long as the server. */
struct iova_map *vfu_server_iova(struct vfu_server *server);

/*
 * Memory that the client maps without a descriptor has no address here, and is reached by messages.
 * Neither call waits; vfu_server_poll() sends them and takes the answers, and a client that answers
 * none for 10 s is dropped.
 *
 * A read: 0 with the data; -EAGAIN: asked for, to be called again with the same range after some
 * vfu_server_poll() (another range in the same lane takes its place); -EFAULT: the client refuses,
 * or there is none. At most VFU_DMA_BYTES_MAX bytes, lane < VFU_DMA_LANES.
 */
#define VFU_DMA_BYTES_MAX 4096u
#define VFU_DMA_LANES 2u

__attribute__((warn_unused_result)) int
vfu_server_dma_read(struct vfu_server *server, unsigned int lane, uint64_t iova, void *data,
		    uint32_t bytes);
/* Nobody waits for the lane any more. */
void vfu_server_dma_cancel(struct vfu_server *server, unsigned int lane);
/* Writes take place in the order of the calls. 0, -EFAULT, -ENOMEM or -ENOBUFS. */
int
vfu_server_dma_write(struct vfu_server *server, uint64_t iova, const void *data, uint32_t bytes);
/* The client has answered all of them. */
bool vfu_server_dma_quiet(const struct vfu_server *server);

/*
 * Raises an MSI-X vector. Returns 0; -ENOENT: the client has not armed it; -EAGAIN: it is raised
 * so often already that its counter is full.
 */
int vfu_server_irq(struct vfu_server *server, unsigned int vector);

#ifdef __cplusplus
}
#endif

#endif /* VFU_SERVER_H */
