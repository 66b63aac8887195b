/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which stores this CPU has, and which are safe for a mapping. */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "wcbar.h"
#include "wcbar_store.h"

const char *
wcbar_type_name(enum wcbar_type type)
{
	switch (type) {
	case WCBAR_TYPE_UC:
		return "UC";
	case WCBAR_TYPE_WC:
		return "WC";
	case WCBAR_TYPE_WB:
		return "WB";
	case WCBAR_TYPE_UNKNOWN:
		break;
	}
	return "unknown";
}

/* Each ends with NULL. */
static const struct wcbar_store *stores_wc[WCBAR_STORES_MAX + 1];
static const struct wcbar_store *stores_wb[WCBAR_STORES_MAX + 1];
static const struct wcbar_store *stores_narrow[2];
static pthread_once_t stores_probed = PTHREAD_ONCE_INIT;

static size_t
stores_add(const struct wcbar_store **list, size_t n, enum store_kind kind, bool any)
{
	for (const struct wcbar_store_probe *p = wcbar_store_probes; p->store != NULL; p++) {
		bool fits = any ? p->kind != STORE_DEVICE_ONLY : p->kind == kind;

		if (fits && p->supported() && n < WCBAR_STORES_MAX)
			list[n++] = p->store;
	}
	return n;
}

/*
 * Asks this CPU which stores it can do, once. Where combining is known or not needed
 * the widest goes first, in host memory those that leave it in the cache; what may fault goes last.
 * An uncached or unknown window gets nothing wider than 8 bytes, which every hypervisor and every
 * BAR takes.
 */
static void
stores_probe(void)
{
	size_t n;

	n = stores_add(stores_wc, 0, STORE_PLAIN, true);
	stores_wc[n++] = &wcbar_store_u64;
	stores_add(stores_wc, n, STORE_DEVICE_ONLY, false);
	n = stores_add(stores_wb, 0, STORE_PLAIN, false);
	stores_wb[n++] = &wcbar_store_u64;
	stores_add(stores_wb, n, STORE_AROUND_CACHE, false);
	stores_narrow[0] = &wcbar_store_u64;
}

const struct wcbar_store *const *
wcbar_stores(enum wcbar_type type)
{
	pthread_once(&stores_probed, stores_probe);
	if (type == WCBAR_TYPE_WC)
		return stores_wc;
	return type == WCBAR_TYPE_WB ? stores_wb : stores_narrow;
}

const struct wcbar_store *const *
wcbar_window_stores(const struct wcbar_window *win)
{
	return wcbar_stores(win->direct ? win->type : WCBAR_TYPE_UNKNOWN);
}

int
wcbar_window_over(void *addr, size_t bytes, enum wcbar_type type, struct wcbar_window *win)
{
	*win = (struct wcbar_window){0};
	if (addr == NULL || (uintptr_t)addr % WCBAR_LINE_BYTES != 0 || bytes < WCBAR_LINE_BYTES)
		return -EINVAL;
	win->addr = addr;
	win->bytes = bytes;
	win->type = type;
	win->direct = type == WCBAR_TYPE_WB;
	win->store = wcbar_window_stores(win)[0];
	return 0;
}

bool
wcbar_store_is_plain(const struct wcbar_store *store)
{
	for (const struct wcbar_store_probe *p = wcbar_store_probes; p->store != NULL; p++) {
		if (strcmp(p->store->name, store->name) == 0)
			return p->kind == STORE_PLAIN;
	}
	return strcmp(store->name, wcbar_store_u64.name) == 0;
}

bool
wcbar_store_may_fault(const struct wcbar_store *store)
{
	for (const struct wcbar_store_probe *p = wcbar_store_probes; p->store != NULL; p++) {
		if (p->store == store)
			return p->kind == STORE_DEVICE_ONLY;
	}
	return false;
}

const struct wcbar_store *
wcbar_store_by_name(enum wcbar_type type, const char *name)
{
	for (const struct wcbar_store *const *s = wcbar_stores(type); *s != NULL; s++) {
		if (strcmp((*s)->name, name) == 0)
			return *s;
	}
	return NULL;
}

/* Number 0 is wcbar_store_u64, the others are those of the table of stores. */
uint8_t
wcbar_store_number(const struct wcbar_store *store)
{
	for (uint8_t i = 0; wcbar_store_probes[i].store != NULL; i++) {
		if (wcbar_store_probes[i].store == store)
			return i + 1;
	}
	return 0;
}

const struct wcbar_store *
wcbar_store_at(uint8_t number)
{
	return number == 0 || number > wcbar_store_count ? &wcbar_store_u64
							 : wcbar_store_probes[number - 1].store;
}

wcbar_doorbell_fn
wcbar_doorbell_select(enum wcbar_type type)
{
	return type == WCBAR_TYPE_WC ? wcbar_write64_wc : wcbar_write64;
}
