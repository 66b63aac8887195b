/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Kinds of ports, and ports that are made of a text. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "port_internal.h"

static const struct wcnic_port_kind *const port_kinds[] = {
	&port_loopback_kind, &port_sink_kind,      &port_wire_kind,
	&port_pcap_kind,     &port_generator_kind,
};

#define PORT_KIND_NAMES "loopback, sink, wire, pcap or generator"

/* The kind of a plugin; NULL: none. */
static const struct wcnic_port_kind *added_kind;

void
wcnic_port_kind_add(const struct wcnic_port_kind *kind)
{
	added_kind = kind;
}

static bool
kind_is(const struct wcnic_port_kind *kind, const char *spec, size_t bytes)
{
	return strlen(kind->ops.kind) == bytes && memcmp(kind->ops.kind, spec, bytes) == 0;
}

static const struct wcnic_port_kind *
kind_find(const char *spec, size_t bytes)
{
	for (unsigned int i = 0; i < sizeof(port_kinds) / sizeof(port_kinds[0]); i++)
		if (kind_is(port_kinds[i], spec, bytes))
			return port_kinds[i];
	if (added_kind != NULL && kind_is(added_kind, spec, bytes))
		return added_kind;
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
	struct wcnic_port_args args = {.why = why, .why_bytes = why_bytes};
	size_t kind_bytes = strcspn(spec, ":");
	const struct wcnic_port_kind *kind = kind_find(spec, kind_bytes);
	struct wcnic_port *port;
	int ret;

	if (kind == NULL)
		return wcnic_port_args_refuse(
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
	if (ret == 0)
		ret = port_speed_take(port, &args);
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
	(void)wcnic_port_args_refuse(&args, "out of memory");
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
