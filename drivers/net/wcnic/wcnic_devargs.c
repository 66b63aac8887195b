/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Driver arguments. One table: what a key is called, how its value is read, what is valid. */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <ethdev_driver.h>
#include <rte_kvargs.h>

#include "wcnic_devargs.h"
#include "wcnic_log.h"
#include "wcnic_txq.h"

/* Who asks, for the log; what to fill. */
struct parse {
	char name[32];
	bool pci;
	struct wcnic_devargs *args;
};

static int
refuse(const struct parse *p, const char *key, const char *value, const char *valid)
{
	WCNIC_LOG(ERR, p, "%s=%s: must be %s", key, value, valid);
	return -EINVAL;
}

static int
number_parse(const struct parse *p, const char *key, const char *value, uint32_t min, uint32_t max,
	     uint32_t *out)
{
	const bool hex = strncmp(value, "0x", 2) == 0;
	char valid[64], *end;
	unsigned long n;

	errno = 0;
	n = strtoul(value, &end, hex ? 16 : 10);
	if (errno == 0 && isdigit((unsigned char)value[0]) && *end == '\0' && n >= min &&
	    n <= max) {
		*out = n;
		return 0;
	}
	snprintf(valid, sizeof(valid), "a number from %" PRIu32 " to %" PRIu32, min, max);
	return refuse(p, key, value, valid);
}

static int
text(const struct parse *p, const char *key, const char *value, char *out, size_t bytes)
{
	char valid[64];

	if (value[0] != '\0' && strlen(value) < bytes) {
		snprintf(out, bytes, "%s", value);
		return 0;
	}
	snprintf(valid, sizeof(valid), "1 to %zu characters", bytes - 1);
	return refuse(p, key, value, valid);
}

static int
placement_name(const char *name, size_t bytes)
{
	static const char *const names[] = {
		[WCNIC_PLACEMENT_FETCH] = "fetch",
		[WCNIC_PLACEMENT_PUSH] = "push",
		[WCNIC_PLACEMENT_AUTO] = "auto",
	};

	for (size_t i = 0; i < RTE_DIM(names); i++) {
		if (strlen(names[i]) == bytes && memcmp(names[i], name, bytes) == 0)
			return i;
	}
	return -1;
}

/* push, fetch or auto; one for each queue, joined by ':'; the last one holds for all others. */
static int
parse_placement(const char *key, const char *value, void *opaque)
{
	struct parse *p = opaque;
	const char *at = value;
	int found = WCNIC_PLACEMENT_AUTO;

	for (unsigned int q = 0; q < WCNIC_QUEUES_MAX; q++) {
		if (at != NULL) {
			found = placement_name(at, strcspn(at, ":"));
			at = strchr(at, ':');
			at = at != NULL ? at + 1 : NULL;
		}
		if (found < 0)
			return refuse(p, key, value,
				      "push, fetch or auto, or one for each queue joined by ':'");
		p->args->placement[q] = found;
	}
	return at == NULL ? 0 : refuse(p, key, value, "for at most 64 queues");
}

static int
parse_socket(const char *key, const char *value, void *opaque)
{
	struct parse *p = opaque;

	return text(p, key, value, p->args->socket, sizeof(p->args->socket));
}

/* A comma would end the argument: ';' stands for it. */
static int
parse_port(const char *key, const char *value, void *opaque)
{
	struct parse *p = opaque;
	int ret = text(p, key, value, p->args->port, sizeof(p->args->port));

	for (char *c = p->args->port; (c = strchr(c, ';')) != NULL; c++)
		*c = ',';
	return ret;
}

static int
parse_slot_lines(const char *key, const char *value, void *opaque)
{
	struct parse *p = opaque;
	uint32_t n = 0;
	int ret = number_parse(p, key, value, 1, WCNIC_SLOT_LINES_MAX, &n);

	if (ret == 0 && !rte_is_power_of_2(n))
		return refuse(p, key, value, "1, 2, 4, 8 or 16");
	p->args->slot_lines = n;
	return ret;
}

static int
parse_store(const char *key, const char *value, void *opaque)
{
	struct parse *p = opaque;
	char valid[128] = "one of";

	if (wcbar_store_by_name(WCBAR_TYPE_WC, value) != NULL)
		return text(p, key, value, p->args->store, sizeof(p->args->store));
	for (const struct wcbar_store *const *s = wcbar_stores(WCBAR_TYPE_WC); *s != NULL; s++)
		snprintf(valid + strlen(valid), sizeof(valid) - strlen(valid), " %s", (*s)->name);
	return refuse(p, key, value, valid);
}

/* Which attach an argument is for. */
enum scope {
	ANY,
	VDEV,
	EMBEDDED,
};

/* A plain number within bounds, or what a function of its own reads. */
static const struct {
	const char *key;
	enum scope scope;
	arg_handler_t parse;
	size_t off; /* of the number in struct wcnic_devargs */
	uint32_t min;
	uint32_t max;
} table[] = {
	{"placement", ANY, .parse = parse_placement},
	{"slot_lines", ANY, .parse = parse_slot_lines},
	{"store", ANY, .parse = parse_store},
	{"timeout_ms", ANY, NULL, offsetof(struct wcnic_devargs, timeout_ms), 10, 60000},
	{"self_test", ANY, NULL, offsetof(struct wcnic_devargs, self_test), 0, 1},
	{"packed", ANY, NULL, offsetof(struct wcnic_devargs, packed), 0, 1},
	{"express", ANY, NULL, offsetof(struct wcnic_devargs, express), 0, 1},
	{"mark", ANY, NULL, offsetof(struct wcnic_devargs, mark), 0, UINT32_MAX},
	{"rx_intr_usecs", ANY, NULL, offsetof(struct wcnic_devargs, rx_intr_usecs), 0, UINT16_MAX},
	{"socket", VDEV, .parse = parse_socket},
	{"port", EMBEDDED, .parse = parse_port},
	{"queues", EMBEDDED, NULL, offsetof(struct wcnic_devargs, queues), 1, WCNIC_QUEUES_MAX},
	{"thread", EMBEDDED, NULL, offsetof(struct wcnic_devargs, thread), 0, 1},
	{"seed", EMBEDDED, NULL, offsetof(struct wcnic_devargs, seed), 0, UINT32_MAX},
	{"push_wait_us", EMBEDDED, NULL, offsetof(struct wcnic_devargs, push_wait_us), 1, 1000000},
};

static int
key_find(const struct parse *p, const char *key)
{
	char valid[256] = "";

	for (size_t i = 0; i < RTE_DIM(table); i++) {
		if (strcmp(key, table[i].key) == 0)
			return i;
		snprintf(valid + strlen(valid), sizeof(valid) - strlen(valid), " %s", table[i].key);
	}
	WCNIC_LOG(ERR, p, "unknown argument '%s'; valid are:%s", key, valid);
	return -EINVAL;
}

/* rte_kvargs ends a key at every '=', also inside a value: meanwhile '\1' stands for those. */
static char *
equals_hide(const char *arguments)
{
	char *copy = strdup(arguments);
	bool in_value = false;

	for (char *c = copy; c != NULL && *c != '\0'; c++) {
		if (in_value && *c == '=')
			*c = '\1';
		in_value = *c != ',' && (in_value || *c == '=');
	}
	return copy;
}

static int
pair_parse(struct parse *p, const struct rte_kvargs *kvlist, const char *key, char *value)
{
	int i = key_find(p, key);

	if (i < 0)
		return i;
	if (rte_kvargs_count(kvlist, key) > 1) {
		WCNIC_LOG(ERR, p, "%s is given twice", key);
		return -EINVAL;
	}
	if (table[i].scope != ANY && p->pci) {
		WCNIC_LOG(ERR, p, "%s= is for --vdev: this card is on the PCI bus", key);
		return -EINVAL;
	}
	if (table[i].scope == EMBEDDED && rte_kvargs_count(kvlist, "socket") != 0) {
		WCNIC_LOG(ERR, p, "%s= shapes the embedded card; with socket= give it to wcnicd",
			  key);
		return -EINVAL;
	}
	if (value == NULL)
		return refuse(p, key, "", "followed by a value");
	for (char *c = value; (c = strchr(c, '\1')) != NULL; c++)
		*c = '=';
	if (table[i].parse != NULL)
		return table[i].parse(key, value, p);
	return number_parse(p, key, value, table[i].min, table[i].max,
			    RTE_PTR_ADD(p->args, table[i].off));
}

int
wcnic_devargs_parse(const char *name, const char *arguments, bool pci, struct wcnic_devargs *args)
{
	struct parse p = {.pci = pci, .args = args};
	struct rte_kvargs *kvlist;
	char *hidden;
	int ret = 0;

	snprintf(p.name, sizeof(p.name), "%s", name);
	memset(args, 0, sizeof(*args));
	memset(args->placement, WCNIC_PLACEMENT_AUTO, sizeof(args->placement));
	args->queues = 16;
	args->slot_lines = 4;
	args->timeout_ms = 1000;
	args->seed = 1;
	args->self_test = 1;
	args->packed = 1;
	args->express = 1;
	snprintf(args->port, sizeof(args->port), "loopback");
	if (arguments == NULL || arguments[0] == '\0')
		return 0;
	hidden = equals_hide(arguments);
	if (hidden == NULL)
		return -ENOMEM;
	kvlist = rte_kvargs_parse(hidden, NULL);
	free(hidden);
	if (kvlist == NULL) {
		WCNIC_LOG(ERR, &p, "'%s' is not a list of key=value joined by commas", arguments);
		return -EINVAL;
	}
	for (unsigned int i = 0; ret == 0 && i < kvlist->count; i++)
		ret = pair_parse(&p, kvlist, kvlist->pairs[i].key, kvlist->pairs[i].value);
	rte_kvargs_free(kvlist);
	return ret;
}

bool
wcnic_devargs_may_push(const struct wcnic_devargs *args)
{
	for (unsigned int i = 0; i < WCNIC_QUEUES_MAX; i++) {
		if (args->placement[i] != WCNIC_PLACEMENT_FETCH)
			return true;
	}
	return false;
}
