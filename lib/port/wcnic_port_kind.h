/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_PORT_KIND_H
#define WCNIC_PORT_KIND_H

/*
 * For authors of a kind of port: what a kind provides, and what it may call. lib/port_ethdev is a
 * kind outside of lib/port; a plugin carries it.
 *
 * Threads: as in wcnic_port.h. All ports of a process are made and destroyed by one thread.
 */

#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>
#include <wcdev.h>

#include "wcnic_port.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wcnic_port_kind;

/* The text of a port, KIND:[FIRST,]KEY=VALUE,..., cut into words. Valid during start() only. */
struct wcnic_port_args;

/* The first member of every port, which the library fills before start(). */
struct wcnic_port {
	const struct wcnic_port_kind *kind;
	struct wcdev *dev;   /* the card: frames go to wcdev_receive() */
	uint32_t speed_mbps; /* of speed=, where the kind has that key */
	char *error;         /* set by wcnic_port_error_set() */
};

/* A kind of port. A constant. */
struct wcnic_port_kind {
	struct wcdev_port_ops
		ops;       /* ops.kind is the kind's name; each `port` is a struct wcnic_port */
	const char *keys;  /* of its text, with blanks between, as users read them; "" */
	const char *first; /* the key of the first word, which has none; NULL: it has one */
	size_t bytes;      /* of a port, which is zeroed for start() */
	/*
	 * Starts a port. Returns 0, or -errno after wcnic_port_args_refuse(); stop() is called then
	 * as well, for what was done so far. May be NULL.
	 */
	int (*start)(struct wcnic_port *port, const struct wcnic_port_args *args);
	/* Ends a port and frees what it has, but not itself. May be NULL. */
	void (*stop)(struct wcnic_port *port);
};

/* Makes a kind from outside known to wcnic_port_create(); NULL: none. There is one at a time. */
WC_PUBLIC void wcnic_port_kind_add(const struct wcnic_port_kind *kind);

/* The value of `key`, or NULL if the text does not have it. */
WC_PUBLIC const char *wcnic_port_arg_find(const struct wcnic_port_args *args, const char *key);

/*
 * The value of `key` as a decimal number from min to max; *value keeps its default if the text does
 * not have the key. Returns 0, or -EINVAL after wcnic_port_args_refuse().
 */
WC_PUBLIC WC_MUST_CHECK int
wcnic_port_arg_number(const struct wcnic_port_args *args, const char *key, uint64_t min,
		      uint64_t max, uint64_t *value);

/* The same for a key that is on or off. */
WC_PUBLIC WC_MUST_CHECK int
wcnic_port_arg_switch(const struct wcnic_port_args *args, const char *key, bool *value);

/* Prints what is wrong with the text, for the caller of wcnic_port_create(). Returns -EINVAL. */
WC_PUBLIC WC_PRINTF(2, 3) int wcnic_port_args_refuse(const struct wcnic_port_args *args,
						     const char *fmt, ...);

/* Sets the text of wcnic_port_error(), unless there is one already. */
WC_PUBLIC WC_PRINTF(2, 3) void wcnic_port_error_set(struct wcnic_port *port, const char *fmt, ...);

/*
 * A plugin: a shared object with a kind of port, which exports this struct under the name
 * WCNIC_PORT_PLUGIN_SYMBOL. It has its own copy of the objects of lib/port that it uses, so it must
 * be of the same build as the program that loads it.
 */
#define WCNIC_PORT_PLUGIN_SYMBOL "wcnic_port_plugin"

struct wcnic_port_plugin {
	const char *version; /* of this project; the program refuses another one */
	const struct wcnic_port_kind *kind;
	/* Gives the plugin its options, before the first port. NULL: its defaults. */
	void (*options_set)(const char *text);
	/* Ends the plugin, after the last port. */
	void (*fini)(void);
};

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_PORT_KIND_H */
