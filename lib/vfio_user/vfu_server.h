/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_SERVER_H
#define VFU_SERVER_H

/*
 * vfio-user server: offers a PCI device to one client at a time over a unix socket.
 *
 * The server never blocks, whatever descriptors a client gives it. Its owner calls
 * vfu_server_poll(), every now and then or when vfu_server_poll_fd() is readable. A thread of the
 * server closes and unmaps what may take long.
 *
 * Threads: the owner serialises all calls on one server. Callbacks run inside vfu_server_poll(),
 * vfu_server_drop(), vfu_server_hang_up() and vfu_server_destroy(), and must call none of these.
 *
 * Trust: every byte from the client is treated as hostile. A wrong request gets an error reply. A
 * client that breaks framing or protocol is disconnected, and the server waits for the next one. A
 * connection that does not send its first message in time, or a later one not to its end, is
 * closed. Until it has sent the first, it keeps nobody else from becoming the client.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <iova.h>
#include <wcbase.h>

#include "vfu_pci.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vfu_server;

/* The device. `ctx` is that of the configuration. */
struct vfu_server_ops {
	/*
	 * Accesses [off, off + bytes) of a region. The range lies in the region, which has
	 * VFU_REGION_FLAG_READ or _WRITE; bytes is at most 1 MiB. Returns 0, or the -errno that the
	 * client gets.
	 */
	int (*region_read)(void *ctx, unsigned int region, uint64_t off, void *data, size_t bytes);
	int (*region_write)(void *ctx, unsigned int region, uint64_t off, const void *data,
			    size_t bytes);
	/* Resets the device, as the client asks. Returns 0, or the -errno that the client gets. */
	int (*reset)(void *ctx);
	/* A client has connected and agreed on the version. May be NULL. */
	void (*connected)(void *ctx);
	/*
	 * The client is gone. The IOVA map still has its ranges and is cleared when this returns,
	 * so the device must stop using them here: reset it. May be NULL.
	 */
	void (*disconnected)(void *ctx);
	/* Logs a line, which has no newline. Levels of syslog(3): 3 error .. 7 debug. May be NULL.
	 */
	void (*log)(void *ctx, int level, const char *line);
	/* The time for deadlines, in ns. NULL: CLOCK_MONOTONIC. */
	uint64_t (*now_ns)(void *ctx);
};

/* A part of a region that can be mapped. */
struct vfu_server_area {
	uint64_t off;
	uint64_t bytes;
};

struct vfu_server_region {
	uint64_t bytes; /* 0: the region does not exist */
	uint32_t flags; /* VFU_REGION_FLAG_* */
	/* With VFU_REGION_FLAG_MMAP: the file behind the region, the owner's, and the offset in it.
	 */
	int fd;
	uint64_t fd_off;
	/* Only these areas can be mapped; n_areas = 0: all of it. At most 64. */
	const struct vfu_server_area *areas;
	unsigned int n_areas;
};

/*
 * What a client may take. A request beyond gets an error, -ENOSPC, -EMFILE and -EDQUOT for the
 * first three, and the log says which limit it was, by the name of wcnicd's option.
 */
struct vfu_server_limits {
	uint32_t ranges;     /* mapped for DMA at a time, at most IOVA_ENTRIES_MAX; 0: that many */
	uint32_t files;      /* of these: each is a mapping of this process; 0: no limit */
	uint64_t bytes;      /* of address space that the files take; 0: no limit */
	bool any_file;       /* as in struct iova_limits: a client may then stop its server */
	uint32_t greet_ms;   /* from the connection to the end of the first message; 0: 10000 */
	uint32_t message_ms; /* from a message's first byte to its last; 0: 60000 */
};

/* Descriptors that a server holds at most, besides one for each vector. */
#define VFU_SERVER_FDS_MAX 1024u

/* Mappings that a client no longer has may wait to be unmapped, so many beyond its `files`. */
#define VFU_SERVER_UNMAPS_MAX 256u

#define VFU_ACCESS_GROUP_KEEP ((gid_t)-1)

/* Who may connect to the socket that the server makes. */
struct vfu_server_access {
	mode_t mode; /* of the file, whatever umask(2) says; who may write may connect */
	gid_t group; /* of the file; VFU_ACCESS_GROUP_KEEP: that of the process */
};

struct vfu_server_config {
	const struct vfu_server_ops *ops; /* both outlive the server */
	void *ctx;
	struct vfu_server_region regions[VFU_PCI_REGIONS];
	unsigned int msix_vectors; /* at most 2048 */
	struct vfu_server_limits limits;
	const struct vfu_server_access *access; /* outlives the server; NULL: as umask(2) has it */
};

/*
 * Makes a server that listens on `path`. It replaces a socket file on which no server listens. The
 * server is the caller's until vfu_server_destroy(). On failure `why` (may be NULL) says what is in
 * the way. Returns 0, -EADDRINUSE (a server listens there), -EEXIST (the file is no socket),
 * -EINVAL (path or config), -ENOMEM, or the -errno of socket(2), bind(2) and so on.
 */
WC_PUBLIC WC_MUST_CHECK int
vfu_server_listen(const char *path, const struct vfu_server_config *config,
		  struct vfu_server **server, char *why, size_t why_bytes);

/*
 * Makes a server for the one client at the other end of `sock`, a connected stream socket, which
 * the server owns on success. Returns 0, -EINVAL (config), -ENOMEM or the -errno of epoll(7).
 */
WC_PUBLIC WC_MUST_CHECK int
vfu_server_adopt(int sock, const struct vfu_server_config *config, struct vfu_server **server);

/*
 * Disconnects the client (with the callback), removes the socket file, and takes no other client.
 * What they left is closed meanwhile, for which vfu_server_destroy() waits 0.2 s from here: an
 * owner of several servers calls this for all of them first.
 */
WC_PUBLIC void vfu_server_hang_up(struct vfu_server *server);

/* As vfu_server_hang_up(), and frees. NULL is allowed. */
WC_PUBLIC void vfu_server_destroy(struct vfu_server *server);

/* Readable when vfu_server_poll() has something to do. Owned by the server: only wait for it. */
WC_PUBLIC int vfu_server_poll_fd(const struct vfu_server *server);

/*
 * Accepts clients and handles requests that have come, and sends DMA messages. Handles at most some
 * dozens of small requests, or one large one. Returns the number of connections and requests; 0:
 * there were none. Cost: one system call when idle.
 */
WC_PUBLIC unsigned int vfu_server_poll(struct vfu_server *server);

/* Whether a client is connected and has agreed on the version. */
WC_PUBLIC bool vfu_server_connected(const struct vfu_server *server);

/* Disconnects the client, if there is one, and logs `reason`. */
WC_PUBLIC void vfu_server_drop(struct vfu_server *server, const char *reason);

/* The ranges that the client lets the device access. The map lives as long as the server. */
WC_PUBLIC struct iova_map *vfu_server_iova(struct vfu_server *server);

/*
 * DMA by message: how a range is reached that the client mapped without a descriptor
 * (iova_map_find() does not find it). None of these calls waits: vfu_server_poll() sends the
 * messages and takes the replies. A client that leaves a message unanswered for 10 s is
 * disconnected.
 */
#define VFU_DMA_BYTES_MAX 4096u
#define VFU_DMA_LANES 2u /* reads that can be under way at a time */

/*
 * Reads at most VFU_DMA_BYTES_MAX bytes through a lane, a number below VFU_DMA_LANES. 0: `data` is
 * filled. -EAGAIN: the read is under way; repeat the call with the same range after
 * vfu_server_poll(). A call with another range in the same lane replaces the read. -EFAULT: the
 * client refuses, or no client is connected.
 */
WC_PUBLIC WC_MUST_CHECK int vfu_server_dma_read(struct vfu_server *server, unsigned int lane,
						uint64_t iova, void *data, uint32_t bytes);

/* Gives up the read that is under way in a lane. */
WC_PUBLIC void vfu_server_dma_cancel(struct vfu_server *server, unsigned int lane);

/*
 * Queues a write of at most VFU_DMA_BYTES_MAX bytes, which are copied. Writes take place in the
 * order of the calls. Returns 0, -EFAULT (as the read), -ENOMEM, or -ENOBUFS (4 MiB are queued).
 */
WC_PUBLIC int
vfu_server_dma_write(struct vfu_server *server, uint64_t iova, const void *data, uint32_t bytes);

/* Whether the client has answered every read and write. */
WC_PUBLIC bool vfu_server_dma_quiet(const struct vfu_server *server);

/*
 * Raises an MSI-X vector; an eventfd whose counter is at its end stays there. Returns 0, -ENOENT
 * (the client has bound no eventfd to it), or -EAGAIN (the kernel has no memory). Cost: one system
 * call.
 */
WC_PUBLIC int vfu_server_irq_trigger(struct vfu_server *server, unsigned int vector);

#ifdef __cplusplus
}
#endif

#endif /* VFU_SERVER_H */
