/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "port_internal.h"

static const struct port_kind *const port_kinds[] = {
	&port_kind_loopback, &port_kind_sink,      &port_kind_wire,
	&port_kind_pcap,     &port_kind_generator,
};

#define PORT_KIND_NAMES "loopback, sink, wire, pcap or generator"

/* One that needs more than this library. */
static const struct port_kind *port_kind_more;

void
port_kind_add(const struct port_kind *kind)
{
	port_kind_more = kind;
}

static bool
kind_is(const struct port_kind *kind, const char *spec, size_t bytes)
{
	return strlen(kind->ops.kind) == bytes && memcmp(kind->ops.kind, spec, bytes) == 0;
}

static const struct port_kind *
kind_find(const char *spec, size_t bytes)
{
	unsigned int i;

	for (i = 0; i < sizeof(port_kinds) / sizeof(port_kinds[0]); i++)
		if (kind_is(port_kinds[i], spec, bytes))
			return port_kinds[i];
	if (port_kind_more != NULL && kind_is(port_kind_more, spec, bytes))
		return port_kind_more;
	return NULL;
}

static void
port_free(struct wcnic_port *port)
{
	if (port->kind->stop != NULL)
		port->kind->stop(port);
	free(port->error);
	free(port);
}

int
wcnic_port_create(const char *spec, struct wcdev *dev, struct wcnic_port **out, char *why,
		  size_t why_bytes)
{
	struct port_args args = {.why = why, .why_bytes = why_bytes};
	size_t kind_bytes = strcspn(spec, ":");
	const struct port_kind *kind = kind_find(spec, kind_bytes);
	struct wcnic_port *port;
	int ret;

	if (kind == NULL)
		return port_args_refuse(
			&args, "unknown kind of port '%.*s': " PORT_KIND_NAMES " is needed",
			(int)kind_bytes, spec);
	port = calloc(1, kind->bytes);
	if (port == NULL)
		goto no_memory;
	port->kind = kind;
	port->dev = dev;
	if (spec[kind_bytes] != '\0' && spec[kind_bytes + 1] != '\0') {
		args.text = strdup(spec + kind_bytes + 1);
		if (args.text == NULL)
			goto no_memory;
	}
	ret = port_args_split(kind, &args);
	if (ret == 0 && kind->start != NULL)
		ret = kind->start(port, &args);
	free(args.text);
	if (ret != 0) {
		port_free(port);
		return ret;
	}
	wcdev_port_set(dev, &kind->ops, port);
	*out = port;
	return 0;
no_memory:
	free(port);
	(void)port_args_refuse(&args, "out of memory");
	return -ENOMEM;
}

void
wcnic_port_destroy(struct wcnic_port *port)
{
	if (port == NULL)
		return;
	wcdev_port_set(port->dev, NULL, NULL);
	port_free(port);
}

const char *
wcnic_port_error(const struct wcnic_port *port)
{
	return port->error;
}
