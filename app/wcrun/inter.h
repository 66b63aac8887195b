/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef INTER_H
#define INTER_H

/*
 * The interposer: what libwcrun.so does with the calls of an unmodified VFIO user.
 *
 * inter_ioctl() sees the opening of a device (VFIO_GROUP_GET_DEVICE_FD, VFIO_DEVICE_BIND_IOMMUFD).
 * On x86 it holds the wanted BARs around that. inter_mmap() sees the mapping of a wanted BAR and
 * asks the ladder of lib/wcbar for a WC mapping at the caller's address; if there is none, the call
 * goes on as it was. All other calls go on at the cost of a few compares.
 *
 * Any thread. Both keep errno as the real call left it. A call from inside, that is, from lib/wcbar
 * or a signal handler meanwhile, goes straight on. The state is the process's.
 */

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <wcbase.h>

#include "report.h"

/* The calls below. Each as libc has it, with -1 or MAP_FAILED and errno. */
struct inter_calls {
	int (*ioctl)(int fd, unsigned long request, void *arg);
	void *(*mmap)(void *addr, size_t bytes, int prot, int flags, int fd, off_t off);
	int (*fstat)(int fd, struct stat *st);
	/* 0: both are the same open file; else not, or unknown. */
	int (*same_file)(int a, int b);
	void (*exit)(int status);
	/* One report; it prints and sends. */
	void (*tell)(const struct report *report);
};

/* How it got its orders: environment variables that wcrun sets. */
#define INTER_ENV_BARS "WCRUN_BARS"       /* choices_print() */
#define INTER_ENV_TABLES "WCRUN_TABLES"   /* the tables' folder */
#define INTER_ENV_SOCKET "WCRUN_SOCKET"   /* where reports go */
#define INTER_ENV_REQUIRE "WCRUN_REQUIRE" /* 1: end the program rather than map otherwise */
#define INTER_ENV_ROOT "WCRUN_ROOT"       /* as wcbar_pci_options.root */

#define INTER_STATUS_REQUIRED 4

struct inter_orders {
	const char *bars;   /* NULL: none but those of tables */
	const char *tables; /* NULL: none */
	const char *root;   /* NULL: "" */
	bool require;
};

/*
 * Sets the calls; before that, and again with NULL, both functions below do nothing but the real
 * calls by syscall(). The pointers must stay valid. `orders` are read at the first opening of a
 * device: until then nothing is read and nothing is allocated.
 */
void inter_start(const struct inter_calls *calls, const struct inter_orders *orders);
/* Forgets all devices; for tests. */
void inter_stop(void);

int inter_ioctl(int fd, unsigned long request, void *arg);
void *inter_mmap(void *addr, size_t bytes, int prot, int flags, int fd, off_t off);

/*
 * Rewrites the slots through which libraries whose names begin with `prefix` call `symbol`, to
 * `target`. Protection of read-only pages is restored. The number of slots; -errno if a page could
 * not be changed.
 */
struct inter_slot {
	const char *symbol;
	void *target;
};
int inter_slots_rewrite(const char *prefix, const struct inter_slot *slots, size_t n);

#endif /* INTER_H */
