/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_CLIENT_INTERNAL_H
#define VFU_CLIENT_INTERNAL_H

/*
 * What the client's files share. vfu_client_request.c does one request; vfu_client_negotiate.c and
 * vfu_client_region.c use it; vfu_client.c uses all of them.
 */

#include <pthread.h>

#include "vfu_client.h"
#include "vfu_sock.h"

/* Longest message that is sent or taken; longer region accesses are made in pieces. */
#define VFU_CLIENT_MSG_BYTES 8192u
#define VFU_CLIENT_XFER_BYTES 4096u
#define VFU_CLIENT_AREAS_MAX 64u

static_assert(VFU_CLIENT_MSG_BYTES >= sizeof(struct vfu_hdr) + sizeof(struct vfu_region_info) +
					      sizeof(struct vfu_cap_sparse) +
					      VFU_CLIENT_AREAS_MAX * sizeof(struct vfu_area),
	      "all areas fit one message");

struct client_region {
	struct vfu_region info;
	int fd; /* -1: not mappable */
	uint64_t fd_off;
	unsigned int n_areas; /* 0: all of it can be mapped */
	struct vfu_area areas[VFU_CLIENT_AREAS_MAX];
};

struct vfu_client {
	pthread_mutex_t lock; /* one exchange at a time */
	int sock;
	bool failed; /* atomic: set by vfu_client_fail() */
	unsigned int timeout_ms;
	uint16_t next_id;
	struct vfu_rx rx;
	struct vfu_tx tx;
	unsigned int n_regions;
	struct client_region regions[VFU_PCI_REGIONS];
	unsigned int n_vectors;
};

/*
 * Makes the client unusable and returns `err`. Due after every failure in mid-exchange: a reply
 * that comes late would be taken for the answer to the next request. Any thread.
 */
int vfu_client_fail(struct vfu_client *client, int err);

/* Whether vfu_client_fail() was called. Any thread. */
static inline bool
vfu_client_failed(const struct vfu_client *client)
{
	return __atomic_load_n(&client->failed, __ATOMIC_ACQUIRE);
}

/*
 * Locks the client and starts a request in client->tx, to which the caller appends the payload.
 * The lock is held until vfu_client_request_end(), which must be called even if this fails.
 * Returns 0 or -ENOTCONN.
 */
WC_MUST_CHECK int vfu_client_request_begin(struct vfu_client *client, uint16_t cmd);

/* Drops the reply with the descriptors that were not taken from it, and unlocks the client. */
void vfu_client_request_end(struct vfu_client *client);

/*
 * Sends the request and waits for its reply in client->rx, whose payload has at least `least`
 * bytes. *refused (may be NULL): the server answered with an error, which is returned; the
 * connection is sound. Every other error is that of vfu_client_fail().
 */
WC_MUST_CHECK int
vfu_client_request_exchange(struct vfu_client *client, size_t least, bool *refused);

/*
 * Negotiates the version and reads what the device has, into the client. Errors and `why` as
 * vfu_client_connect().
 */
WC_MUST_CHECK int
vfu_client_negotiate(struct vfu_client *client, const char *path, char *why, size_t why_bytes);

#endif /* VFU_CLIENT_INTERNAL_H */
