/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PORT_INTERNAL_H
#define PORT_INTERNAL_H

#include "wcnic_port.h"

#define PORT_ARGS_MAX 8u

/* The text of a port, cut into words. */
struct port_arg {
	const char *key;
	const char *value;
};

struct port_args {
	char *text; /* holds all words */
	struct port_arg args[PORT_ARGS_MAX];
	unsigned int n_args;
	char *why;
	size_t why_bytes;
};

/* What every kind of port begins with. */
struct wcnic_port {
	const struct port_kind *kind;
	struct wcdev *dev;
	char *error; /* first trouble with a capture */
};

struct port_kind {
	struct wcdev_port_ops ops;
	const char *keys;  /* that its text may hold, as a user reads them; "" for none */
	const char *first; /* what the first word is, if it has no key; else NULL */
	size_t bytes;      /* of the port, which is zeroed for start() */
	/* Takes the arguments. On failure leaves nothing but memory for stop(). May be NULL. */
	int (*start)(struct wcnic_port *port, const struct port_args *args);
	void (*stop)(struct wcnic_port *port); /* may be NULL */
};

extern const struct port_kind port_kind_loopback;
extern const struct port_kind port_kind_sink;
extern const struct port_kind port_kind_wire;
extern const struct port_kind port_kind_pcap;
extern const struct port_kind port_kind_generator;

/* Makes one more kind known, or NULL: none. Not while ports are made. */
void port_kind_add(const struct port_kind *kind);

/*
 * What a plugin with a kind of port exports under the name PORT_PLUGIN_SYMBOL. It has the objects
 * of lib/port and lib/model that it uses linked in, so it must be of the same build.
 */
#define PORT_PLUGIN_SYMBOL "wcnic_port_plugin"

struct port_plugin {
	const char *version; /* of this project */
	const struct port_kind *kind;
	/* Before the first port. text: for the plugin as a whole, or NULL for its defaults. */
	void (*options)(const char *text);
	/* After the last port, and before the process ends. */
	void (*fini)(void);
};

/* Cuts args->text into words. */
__attribute__((warn_unused_result)) int
port_args_split(const struct port_kind *kind, struct port_args *args);
/* The value of `key`, or NULL. */
const char *port_arg_find(const struct port_args *args, const char *key);
/* A number of min..max into *value, which keeps its default if the key is absent. */
__attribute__((warn_unused_result)) int
port_arg_number(const struct port_args *args, const char *key, uint64_t min, uint64_t max,
		uint64_t *value);
/* Says what is wrong with the text; returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int
port_args_refuse(const struct port_args *args, const char *fmt, ...);
/* Keeps the first trouble of a port. */
__attribute__((format(printf, 2, 3))) void
port_error_set(struct wcnic_port *port, const char *fmt, ...);

#endif /* PORT_INTERNAL_H */
