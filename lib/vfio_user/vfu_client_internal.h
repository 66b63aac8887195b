/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_CLIENT_INTERNAL_H
#define VFU_CLIENT_INTERNAL_H

/* What the client's files share: requests (vfu_client_request.c), the version (vfu_client_negotiate.c). */

#include <pthread.h>
#include <time.h>

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
	bool dead; /* atomic */
	unsigned int timeout_ms;
	uint16_t next_id;
	struct vfu_rx rx;
	struct vfu_tx tx;
	unsigned int n_regions;
	struct client_region regions[VFU_REGIONS_MAX];
	unsigned int n_vectors;
};

/* After this the link cannot be trusted: a late reply would answer the wrong request. */
int vfu_client_die(struct vfu_client *client, int err);

/*
 * Begins a request in client->tx. The lock is held from here to vfu_request_end(), which is due
 * even if this fails.
 */
__attribute__((warn_unused_result)) int vfu_request_begin(struct vfu_client *client, uint16_t cmd);
void vfu_request_end(struct vfu_client *client);

/*
 * Sends the request and waits for its reply, whose payload has at least `least` bytes. *refused:
 * the server answered with an error, which is returned; the link is sound.
 */
__attribute__((warn_unused_result)) int
vfu_request_exchange(struct vfu_client *client, size_t least, bool *refused);

/* Negotiates the version and reads the device's shape. Errors as vfu_client_connect(). */
__attribute__((warn_unused_result)) int
vfu_client_greet(struct vfu_client *client, const char *path, char *why, size_t why_bytes);

static inline uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static inline bool
client_dead(const struct vfu_client *client)
{
	return __atomic_load_n(&client->dead, __ATOMIC_ACQUIRE);
}

static inline bool
range_in(uint64_t off, uint64_t bytes, uint64_t from, uint64_t room)
{
	return off >= from && off - from <= room && bytes <= room - (off - from);
}

/* vfu_request_exchange() for those to whom a refusal is like any other error. */
static inline int
exchange_plain(struct vfu_client *client, size_t least)
{
	bool refused;

	return vfu_request_exchange(client, least, &refused);
}

#endif /* VFU_CLIENT_INTERNAL_H */
