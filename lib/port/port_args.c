/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The text of a port, cut into words, and the messages about it. */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port_internal.h"

int
wcnic_port_args_refuse(const struct wcnic_port_args *args, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (args->why_bytes != 0)
		vsnprintf(args->why, args->why_bytes, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void
wcnic_port_error_set(struct wcnic_port *port, const char *fmt, ...)
{
	va_list ap;

	if (port->error != NULL)
		return;
	va_start(ap, fmt);
	if (vasprintf(&port->error, fmt, ap) < 0)
		port->error = NULL;
	va_end(ap);
}

const char *
wcnic_port_arg_find(const struct wcnic_port_args *args, const char *key)
{
	for (unsigned int i = 0; i < args->n_args; i++)
		if (strcmp(args->args[i].key, key) == 0)
			return args->args[i].value;
	return NULL;
}

int
wcnic_port_arg_number(const struct wcnic_port_args *args, const char *key, uint64_t min,
		      uint64_t max, uint64_t *value)
{
	const char *text = wcnic_port_arg_find(args, key);
	unsigned long long number;
	char *end;

	if (text == NULL)
		return 0;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < min ||
	    number > max)
		return wcnic_port_args_refuse(
			args, "%s=%s: a number from %" PRIu64 " to %" PRIu64 " is needed", key,
			text, min, max);
	*value = number;
	return 0;
}

int
wcnic_port_arg_switch(const struct wcnic_port_args *args, const char *key, bool *value)
{
	const char *text = wcnic_port_arg_find(args, key);

	if (text == NULL)
		return 0;
	if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		return wcnic_port_args_refuse(args, "%s=%s: on or off is needed", key, text);
	*value = strcmp(text, "on") == 0;
	return 0;
}

int
port_speed_take(struct wcnic_port *port, const struct wcnic_port_args *args)
{
	static const uint32_t speeds[] = {10,    100,   1000,  2500,  5000,   10000, 20000,
					  25000, 40000, 50000, 56000, 100000, 200000};
	const char *text = wcnic_port_arg_find(args, "speed");
	uint64_t speed = PORT_SPEED_DEFAULT;
	int ret = wcnic_port_arg_number(args, "speed", speeds[0], UINT32_MAX, &speed);

	for (unsigned int i = 0; ret == 0 && i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (speeds[i] != speed)
			continue;
		port->speed_mbps = speeds[i];
		return 0;
	}
	return wcnic_port_args_refuse(args,
				      "speed=%s: 10, 100, 1000, 2500, 5000, 10000, 20000, 25000, "
				      "40000, 50000, 56000, 100000 or 200000 is needed: Mbit/s",
				      text);
}

/* Whether `key` is one of the words of `keys`, which have blanks between. */
static bool
key_known(const char *keys, const char *key)
{
	size_t bytes = strlen(key);
	const char *at = keys;

	while (bytes != 0 && (at = strstr(at, key)) != NULL) {
		if ((at == keys || at[-1] == ' ') && (at[bytes] == ' ' || at[bytes] == '\0'))
			return true;
		at += bytes;
	}
	return false;
}

static void
arg_add(struct wcnic_port_args *args, const char *key, const char *value)
{
	args->args[args->n_args].key = key;
	args->args[args->n_args].value = value;
	args->n_args++;
}

int
port_args_split(const struct wcnic_port_kind *kind, struct wcnic_port_args *args)
{
	char *rest = args->text;
	char *word;

	if (kind->first != NULL && rest != NULL)
		arg_add(args, kind->first, strsep(&rest, ","));
	while ((word = strsep(&rest, ",")) != NULL) {
		char *value = strchr(word, '=');

		if (value == NULL)
			return wcnic_port_args_refuse(
				args,
				"%s: '%s' is not key=value (a path may not hold "
				"a comma)",
				kind->ops.kind, word);
		*value++ = '\0';
		if (!key_known(kind->keys, word))
			return wcnic_port_args_refuse(args, "%s: unknown key '%s'; it takes: %s",
						      kind->ops.kind, word,
						      kind->keys[0] != '\0' ? kind->keys : "none");
		if (wcnic_port_arg_find(args, word) != NULL)
			return wcnic_port_args_refuse(args, "%s: '%s' is given twice",
						      kind->ops.kind, word);
		arg_add(args, word, value);
	}
	return 0;
}

void
port_link(void *ctx, struct wcdev_link *link)
{
	const struct wcnic_port *port = ctx;

	link->speed_mbps = port->speed_mbps;
}
