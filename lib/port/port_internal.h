/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PORT_INTERNAL_H
#define PORT_INTERNAL_H

/* What the files of lib/port share. */

#include "wcnic_port.h"
#include "wcnic_port_kind.h"

#define PORT_ARGS_MAX 8u
#define PORT_SPEED_DEFAULT 100000u /* Mbit/s */

struct port_arg {
	const char *key;
	const char *value;
};

struct wcnic_port_args {
	char *text; /* holds all words */
	struct port_arg args[PORT_ARGS_MAX];
	unsigned int n_args;
	char *why; /* what was wrong, for the caller of wcnic_port_create() */
	size_t why_bytes;
};

/* The kinds of this library. */
extern const struct wcnic_port_kind port_loopback_kind;
extern const struct wcnic_port_kind port_sink_kind;
extern const struct wcnic_port_kind port_wire_kind;
extern const struct wcnic_port_kind port_pcap_kind;
extern const struct wcnic_port_kind port_generator_kind;

/*
 * Cuts args->text, which may be NULL, into words. Returns 0, or -EINVAL after
 * wcnic_port_args_refuse(): a word is not key=value, or the kind has no such key, or it is
 * repeated.
 */
WC_MUST_CHECK int port_args_split(const struct wcnic_port_kind *kind, struct wcnic_port_args *args);

/*
 * Sets port->speed_mbps to the value of the key speed, or to the default. Returns 0, or -EINVAL
 * after wcnic_port_args_refuse().
 */
WC_MUST_CHECK int port_speed_take(struct wcnic_port *port, const struct wcnic_port_args *args);

/* As wcdev_port_ops.link: a wire of the port's speed. `ctx` is the port. */
void port_link(void *ctx, struct wcdev_link *link);

#endif /* PORT_INTERNAL_H */
