/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The server: what is closed and unmapped by another thread. Each client has one of its own, so
 * that what it leaves delays nobody else.
 */

#include <sys/mman.h>

#include "vfu_server_internal.h"

/* Descriptors of a client that wait to be closed: more are no accident. */
#define FDS_MAX 256u
/* From when the thread got busy. Owners may have a deadline for their end, too. */
#define LAST_PATIENCE_MS 200u

int
vfu_server_waste_init(struct vfu_server *server)
{
	return vfu_closer_create(&server->closer);
}

void
vfu_server_discard(void *ctx, int fd)
{
	struct vfu_server *server = ctx;

	vfu_closer_fd(server->closer, fd);
}

/* Whether so much more may wait: it takes addresses that other servers' clients need. */
static bool
unmap_may_wait(const struct vfu_server *server, uint64_t bytes)
{
	const uint64_t most = server->config.limits.bytes;
	struct vfu_closer_load all = vfu_closer_load(server->closer), load;

	for (unsigned int i = 0; i < VFU_CLOSERS_LEFT_MAX; i++) {
		if (server->left[i] == NULL)
			continue;
		load = vfu_closer_load(server->left[i]);
		all.mappings += load.mappings;
		all.bytes += load.bytes;
	}
	return all.mappings < VFU_SERVER_UNMAPS_MAX &&
	       (most == 0 || (all.bytes <= most && bytes <= most - all.bytes));
}

void
vfu_server_unmap(void *ctx, void *base, uint64_t bytes)
{
	struct vfu_server *server = ctx;

	if (unmap_may_wait(server, bytes))
		vfu_closer_unmap(server->closer, base, bytes);
	else
		munmap(base, bytes);
}

bool
vfu_server_waste_full(struct vfu_server *server)
{
	return vfu_closer_load(server->closer).fds > FDS_MAX;
}

static bool
is_busy(struct vfu_closer *closer)
{
	struct vfu_closer_load load = vfu_closer_load(closer);

	return load.fds > 0 || load.mappings > 0;
}

bool
vfu_server_waste_renew(struct vfu_server *server)
{
	struct vfu_closer *next, **left = NULL;

	for (unsigned int i = 0; i < VFU_CLOSERS_LEFT_MAX; i++) {
		if (server->left[i] != NULL && !is_busy(server->left[i])) {
			vfu_closer_destroy(server->left[i], 0);
			server->left[i] = NULL;
		}
		if (server->left[i] == NULL)
			left = &server->left[i];
	}
	if (!is_busy(server->closer))
		return true;
	if (left == NULL || vfu_closer_create(&next) < 0)
		return false;
	vfu_closer_relieve(next, server->closer);
	*left = server->closer;
	server->closer = next;
	return true;
}

void
vfu_server_waste_fini(struct vfu_server *server)
{
	vfu_closer_destroy(server->closer, LAST_PATIENCE_MS);
	server->closer = NULL;
	for (unsigned int i = 0; i < VFU_CLOSERS_LEFT_MAX; i++)
		vfu_closer_destroy(server->left[i], 0);
}
