/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which ways to a card this build has: meson.build decides, and this table alone asks. */

#include <ethdev_driver.h>

#include "wcnic_attach.h"
#include "wcnic_devargs.h"
#include "wcnic_log.h"

#if WCNIC_HAS_SOCKET
#define SOCKET (&wcnic_attach_socket)
#else
#define SOCKET NULL
#endif

#if WCNIC_HAS_EMBEDDED
#define EMBEDDED (&wcnic_attach_embedded)
#define EMBEDDED_THREAD (&wcnic_attach_embedded_thread)
#else
#define EMBEDDED NULL
#define EMBEDDED_THREAD NULL
#endif

enum way {
	WAY_SOCKET,
	WAY_EMBEDDED,
	WAY_EMBEDDED_THREAD,
};

static const struct {
	const struct wcnic_attach_ops *ops; /* NULL: not in this build */
	const char *asked;                  /* what asks for it */
	const char *name;
	const char *needs; /* to be built with */
} ways[] = {
	[WAY_SOCKET] = {SOCKET, "socket=", "socket", "wcnic-vfio-user"},
	[WAY_EMBEDDED] = {EMBEDDED, "a device without socket=", "embedded",
			  "wcnic-iova, wcnic-model and wcnic-port"},
	[WAY_EMBEDDED_THREAD] = {EMBEDDED_THREAD, "thread=1", "embedded",
				 "wcnic-iova, wcnic-model and wcnic-port"},
};

const struct wcnic_attach_ops *
wcnic_attach_find(const char *name, const struct wcnic_devargs *args)
{
	const struct {
		const char *name;
	} who = {name};
	enum way way = args->thread != 0 ? WAY_EMBEDDED_THREAD : WAY_EMBEDDED;

	if (args->socket[0] != '\0')
		way = WAY_SOCKET;
	if (ways[way].ops == NULL)
		WCNIC_LOG(ERR, &who,
			  "%s: this build of the driver has no %s attach; built with %s it has",
			  ways[way].asked, ways[way].name, ways[way].needs);
	return ways[way].ops;
}
