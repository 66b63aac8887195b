/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

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

static const struct wcbar_store *stores_wide[WCBAR_STORES_MAX];
static const struct wcbar_store *stores_narrow[WCBAR_STORES_MAX];

/*
 * Which stores this CPU can do, asked once before main(). Where combining is known or not needed
 * the widest goes first; an uncached or unknown window gets nothing wider than 8 bytes, which every
 * hypervisor and every BAR takes.
 */
__attribute__((constructor)) static void
stores_probe(void)
{
	size_t n = 0;

	for (const struct wcbar_store_probe *p = wcbar_store_probes; p->store != NULL; p++) {
		if (p->supported() && n < WCBAR_STORES_MAX - 2)
			stores_wide[n++] = p->store;
	}
	stores_wide[n] = &wcbar_store_u64;
	stores_narrow[0] = &wcbar_store_u64;
}

const struct wcbar_store *const *
wcbar_stores(enum wcbar_type type)
{
	return type == WCBAR_TYPE_WC || type == WCBAR_TYPE_WB ? stores_wide : stores_narrow;
}

const struct wcbar_store *const *
wcbar_window_stores(const struct wcbar_window *win)
{
	return wcbar_stores(win->direct ? win->type : WCBAR_TYPE_UNKNOWN);
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
