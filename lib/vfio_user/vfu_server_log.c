/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The server: its log. */

#include <stdarg.h>
#include <stdio.h>

#include "vfu_server_internal.h"

#define COMPLAINTS_MAX 16u

static void
log_va(const struct vfu_server *server, int level, const char *fmt, va_list ap)
{
	char line[256];

	if (server->config.ops->log == NULL)
		return;
	vsnprintf(line, sizeof(line), fmt, ap);
	server->config.ops->log(server->config.ctx, level, line);
}

void
vfu_server_log(const struct vfu_server *server, int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(server, level, fmt, ap);
	va_end(ap);
}

void
vfu_server_complain(struct vfu_server *server, const char *fmt, ...)
{
	va_list ap;

	if (server->complaints > COMPLAINTS_MAX)
		return;
	if (server->complaints++ == COMPLAINTS_MAX) {
		vfu_server_log(server, VFU_LOG_WARNING,
			       "more bad requests of this client are not logged");
		return;
	}
	va_start(ap, fmt);
	log_va(server, VFU_LOG_WARNING, fmt, ap);
	va_end(ap);
}
