/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * SIGBUS in a BAR's range: the kernel took the mapping away. The handler may run in any thread at
 * any instruction, so it knows the ranges by a table of atomics, never follows a pointer that
 * somebody might free, and calls nothing but mmap and sigaction.
 */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wcbase.h>

#include "wcbar_internal.h"

#define RANGES 128
#define NO_HIT UINT64_MAX

struct range {
	WC_ATOMIC(bool) used;
	WC_ATOMIC(uintptr_t) base; /* 0: not to be looked at */
	WC_ATOMIC(size_t) bytes;
	WC_ATOMIC(uint64_t) hit; /* where the first fault was, or NO_HIT */
};

static struct range ranges[RANGES];
static struct sigaction before;
static WC_ATOMIC(int) ones_fd = -1; /* a page of ones; >= 0: the handler is there */
static size_t page_bytes;

int
wcbar_sigbus_add(const void *base, size_t bytes)
{
	for (int i = 0; i < RANGES; i++) {
		struct range *r = &ranges[i];

		if (WC_ATOMIC_EXCHANGE(&r->used, true))
			continue;
		WC_ATOMIC_STORE(&r->hit, NO_HIT);
		WC_ATOMIC_STORE(&r->bytes, bytes);
		WC_ATOMIC_STORE(&r->base, (uintptr_t)base);
		return i;
	}
	return -ENOSPC;
}

void
wcbar_sigbus_del(int slot)
{
	WC_ATOMIC_STORE(&ranges[slot].base, 0);
	WC_ATOMIC_STORE(&ranges[slot].used, false);
}

bool
wcbar_sigbus_hit(int slot, uint64_t *off)
{
	uint64_t hit = WC_ATOMIC_LOAD(&ranges[slot].hit);

	if (hit == NO_HIT)
		return false;
	if (off != NULL)
		*off = hit;
	return true;
}

/* Puts the page of ones where the fault was; false: not a BAR's range. */
static bool
fault_absorb(uintptr_t addr)
{
	for (int i = 0; i < RANGES; i++) {
		struct range *r = &ranges[i];
		uintptr_t base = WC_ATOMIC_LOAD(&r->base);
		uint64_t none = NO_HIT;

		if (base == 0 || addr < base || addr - base >= WC_ATOMIC_LOAD(&r->bytes))
			continue;
		if (mmap((void *)(addr - addr % page_bytes), page_bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_FIXED, WC_ATOMIC_LOAD(&ones_fd), 0) == MAP_FAILED)
			return false;
		WC_ATOMIC_SWAP(&r->hit, &none, addr - base);
		return true;
	}
	return false;
}

/* As if this file had never installed anything. */
static void
chain(int sig, siginfo_t *info, void *context)
{
	if ((before.sa_flags & SA_SIGINFO) != 0) {
		before.sa_sigaction(sig, info, context);
		return;
	}
	if (before.sa_handler == SIG_IGN && info->si_code <= 0)
		return; /* sent by somebody; a fault cannot be ignored */
	if (before.sa_handler != SIG_IGN && before.sa_handler != SIG_DFL) {
		before.sa_handler(sig);
		return;
	}
	signal(sig, SIG_DFL);
	if (info->si_code <= 0)
		raise(sig); /* delivered when the handler returns; a fault comes again by itself */
}

static void
on_sigbus(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	/* Alignment and memory errors, and signals that were sent, are no revoked mappings. */
	if (info->si_code != BUS_ADRERR || !fault_absorb((uintptr_t)info->si_addr))
		chain(sig, info, context);
	errno = saved;
}

static int
ones_create(void)
{
	void *page;
	int fd;

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	fd = memfd_create("wcbar-ones", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)page_bytes) != 0)
		goto fail;
	page = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		goto fail;
	memset(page, 0xff, page_bytes);
	munmap(page, page_bytes);
	return fd;
fail:
	close(fd);
	return -ENOMEM;
}

int
wcbar_sigbus_install(void)
{
	struct sigaction mine = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	int none = -1, fd;

	if (WC_ATOMIC_LOAD(&ones_fd) >= 0)
		return 0;
	fd = ones_create();
	if (fd < 0)
		return fd;
	if (!WC_ATOMIC_SWAP(&ones_fd, &none, fd)) {
		close(fd); /* another thread was faster */
		return 0;
	}
	sigemptyset(&mine.sa_mask);
	if (sigaction(SIGBUS, NULL, &before) != 0 || sigaction(SIGBUS, &mine, NULL) != 0) {
		WC_ATOMIC_STORE(&ones_fd, -1);
		close(fd);
		return -EINVAL;
	}
	return 0;
}

bool
wcbar_bar_revoked(const struct wcbar_bar *bar, uint64_t *off)
{
	return wcbar_sigbus_hit(bar->slot, off);
}
