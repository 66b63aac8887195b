/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The client and the server of the tests of the client. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfu_client_rig.h"
#include "vfu_test.h"

struct rig rig;
struct vfu_client *client;
char why[256];

static unsigned int fds_before;

int
setup_server(void **state)
{
	(void)state;
	fds_before = open_fds();
	client = NULL;
	rig_start(&rig, NULL);
	rig_run(&rig);
	return 0;
}

int
setup(void **state)
{
	setup_server(state);
	return vfu_client_connect(rig.path, TIMEOUT_MS, &client, why, sizeof(why));
}

int
teardown(void **state)
{
	(void)state;
	vfu_client_close(client);
	rig_stop(&rig);
	open_fds_expect(fds_before);
	return access(rig.path, F_OK) == 0;
}

void *
hammer(void *arg)
{
	uint32_t off = *(const uint32_t *)arg, in;

	for (uint32_t i = 0; i < 500; i++) {
		if (vfu_client_region_write(client, 0, off, &i, sizeof(i)) < 0 ||
		    vfu_client_region_read(client, 0, off, &in, sizeof(in)) < 0 || in != i)
			return arg;
	}
	return NULL;
}
