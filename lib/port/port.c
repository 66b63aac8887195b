/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port_internal.h"

static const struct port_kind *const port_kinds[] = {
	&port_kind_loopback, &port_kind_sink,      &port_kind_wire,
	&port_kind_pcap,     &port_kind_generator,
};

#define PORT_KIND_NAMES "loopback, sink, wire, pcap or generator"

int
port_args_refuse(const struct port_args *args, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (args->why_bytes != 0)
		vsnprintf(args->why, args->why_bytes, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void
port_error_set(struct wcnic_port *port, const char *fmt, ...)
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
port_arg_find(const struct port_args *args, const char *key)
{
	unsigned int i;

	for (i = 0; i < args->n_args; i++)
		if (strcmp(args->args[i].key, key) == 0)
			return args->args[i].value;
	return NULL;
}

int
port_arg_number(const struct port_args *args, const char *key, uint64_t min, uint64_t max,
		uint64_t *value)
{
	const char *text = port_arg_find(args, key);
	unsigned long long number;
	char *end;

	if (text == NULL)
		return 0;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < min ||
	    number > max)
		return port_args_refuse(args,
					"%s=%s: a number from %" PRIu64 " to %" PRIu64 " is needed",
					key, text, min, max);
	*value = number;
	return 0;
}

/* Whether `key` is one of the words of `keys`, which are parted by blanks. */
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

__attribute__((warn_unused_result)) static int
args_split(const struct port_kind *kind, struct port_args *args)
{
	char *rest = args->text;
	char *word;

	while ((word = strsep(&rest, ",")) != NULL) {
		char *value = strchr(word, '=');

		if (value == NULL)
			return port_args_refuse(args,
						"%s: '%s' is not key=value (a path may not hold "
						"a comma)",
						kind->ops.kind, word);
		*value++ = '\0';
		if (!key_known(kind->keys, word))
			return port_args_refuse(args, "%s: unknown key '%s'; it takes: %s",
						kind->ops.kind, word,
						kind->keys[0] != '\0' ? kind->keys : "none");
		if (port_arg_find(args, word) != NULL)
			return port_args_refuse(args, "%s: '%s' is given twice", kind->ops.kind,
						word);
		args->args[args->n_args].key = word;
		args->args[args->n_args].value = value;
		args->n_args++;
	}
	return 0;
}

static const struct port_kind *
kind_find(const char *spec, size_t bytes)
{
	unsigned int i;

	for (i = 0; i < sizeof(port_kinds) / sizeof(port_kinds[0]); i++)
		if (strlen(port_kinds[i]->ops.kind) == bytes &&
		    memcmp(port_kinds[i]->ops.kind, spec, bytes) == 0)
			return port_kinds[i];
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
wcnic_port_create(const char *spec, struct wcnic_card *card, struct wcnic_port **out, char *why,
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
	port->card = card;
	if (spec[kind_bytes] != '\0' && spec[kind_bytes + 1] != '\0') {
		args.text = strdup(spec + kind_bytes + 1);
		if (args.text == NULL)
			goto no_memory;
	}
	ret = args_split(kind, &args);
	if (ret == 0 && kind->start != NULL)
		ret = kind->start(port, &args);
	free(args.text);
	if (ret != 0) {
		port_free(port);
		return ret;
	}
	wcnic_card_set_port(card, &kind->ops, port);
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
	wcnic_card_set_port(port->card, NULL, NULL);
	port_free(port);
}

const char *
wcnic_port_error(const struct wcnic_port *port)
{
	return port->error;
}
