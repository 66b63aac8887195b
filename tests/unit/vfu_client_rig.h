/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VFU_CLIENT_RIG_H
#define VFU_CLIENT_RIG_H

/* A client and a server with its device, for tests: the server in its own thread, a real socket. */

#include <patience.h>

#include <vfu_client.h>

#include "vfu_rig.h"

#define TIMEOUT_MS PATIENCE_MS

extern struct rig rig;
extern struct vfu_client *client; /* NULL: not connected */
extern char why[256];

/* Starts the server. */
int setup_server(void **state);
/* Starts the server and connects the client. */
int setup(void **state);
/* Ends both; fails if a descriptor or the socket's file is left. */
int teardown(void **state);

/*
 * A thread: writes a word of region 0 at the offset that `arg` points to and reads it back, 500
 * times. Returns NULL, or arg if a word was wrong.
 */
void *hammer(void *arg);

#endif /* VFU_CLIENT_RIG_H */
