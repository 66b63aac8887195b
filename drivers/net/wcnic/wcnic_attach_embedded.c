/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The card embedded in this process: polled by the driver's bursts (deterministic, no thread), or
 * by a thread of its own. Its windows are ordinary memory.
 */

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <ethdev_driver.h>
#include <rte_cycles.h>

#include <iova.h>
#include <wcnic_card.h>
#include <wcnic_port.h>

#include "wcnic_attach.h"
#include "wcnic_compat.h"
#include "wcnic_dma.h"
#include "wcnic_gate.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_share.h"

#define APERTURE_BYTES (16u << 20)
#define IDLE_SPINS 2000
#define IDLE_SLEEP_US 50
#define LOCK_SPINS 1000      /* tries before a wait for the card's thread sleeps */
#define STAND_BACK_YIELDS 64 /* of that thread, for who waits */

struct embedded {
	struct wcnic_hw *hw;
	RTE_ATOMIC(uint32_t) owner; /* the lock around every call on card and map: see lock_try() */
	RTE_ATOMIC(uint32_t) waits; /* threads that want the lock */
	bool abandoned;             /* under the lock: the card's work was cut short, for good */
	struct wcnic_card *card;
	struct wcnic_port *port;
	struct iova_map *map;
	struct wcnic_dma dma;
	void *aperture;
	bool threaded;
	RTE_ATOMIC(bool) stop;
	bool port_error_logged;
	wcnic_thread_t thread;
	unsigned int n_vectors;
	int vectors[WCNIC_QUEUES_MAX]; /* eventfds; the driver's */
};

/* ---- the lock -------------------------------------------------------------------------------- */

/*
 * Who has the lock is in the word that is the lock: a signal that comes between any two
 * instructions finds them as one. 0: nobody; OWNER_CALL; or a burst that polls, by its stack place,
 * which is odd.
 */
#define OWNER_CALL 2u

static bool
lock_try(struct embedded *e, uint32_t owner)
{
	uint32_t nobody = 0;

	return rte_atomic_compare_exchange_strong_explicit(
		&e->owner, &nobody, owner, rte_memory_order_acquire, rte_memory_order_relaxed);
}

static void
lock_leave(struct embedded *e)
{
	rte_atomic_store_explicit(&e->owner, 0, rte_memory_order_release);
}

/*
 * Who polls may do so all the time, or be preempted while it has the lock: who wants it sleeps
 * after a while, and the others stand back for it.
 */
static void
lock_take(struct embedded *e)
{
	rte_atomic_fetch_add_explicit(&e->waits, 1, rte_memory_order_relaxed);
	for (unsigned int i = 0; !lock_try(e, OWNER_CALL); i++) {
		if (i < LOCK_SPINS)
			rte_pause();
		else
			rte_delay_us_sleep(1);
	}
	rte_atomic_fetch_sub_explicit(&e->waits, 1, rte_memory_order_relaxed);
}

/* Of the card's thread. */
static void
lock_stand_back(struct embedded *e)
{
	for (unsigned int i = 0; i < STAND_BACK_YIELDS; i++) {
		if (rte_atomic_load_explicit(&e->waits, rte_memory_order_relaxed) == 0)
			return;
		sched_yield();
	}
}

/* ---- what the card asks of its embedder ------------------------------------------------------ */

static void *
card_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot __rte_unused)
{
	struct embedded *e = ctx;

	/* the process's own memory: always readable and writable */
	return iova_map_find(e->map, iova, bytes, IOVA_READ | IOVA_WRITE);
}

static bool
card_dma_span(void *ctx, uint64_t iova, unsigned int prot __rte_unused, struct wcdev_dma_span *span)
{
	struct embedded *e = ctx;

	return iova_map_span(e->map, iova, IOVA_READ | IOVA_WRITE, &span->iova, &span->bytes,
			     &span->at);
}

static uint64_t
card_dma_generation(void *ctx)
{
	struct embedded *e = ctx;

	return iova_map_generation(e->map);
}

static uint64_t
card_now_ns(void *ctx __rte_unused)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

static void
card_log(void *ctx, int level, const char *line)
{
	struct embedded *e = ctx;

	if (level <= LOG_ERR)
		WCNIC_LOG(ERR, e->hw, "card: %s", line);
	else if (level == LOG_WARNING)
		WCNIC_LOG(WARNING, e->hw, "card: %s", line);
	else if (level == LOG_NOTICE)
		WCNIC_LOG(NOTICE, e->hw, "card: %s", line);
	else if (level == LOG_INFO)
		WCNIC_LOG(INFO, e->hw, "card: %s", line);
	else
		WCNIC_LOG(DEBUG, e->hw, "card: %s", line);
}

/* Inside a poll: under the lock. An eventfd that is full is as good as raised. */
static void
card_irq(void *ctx, uint16_t vector)
{
	const struct embedded *e = ctx;
	const uint64_t one = 1;

	if (vector < e->n_vectors && write(e->vectors[vector], &one, sizeof(one)) < 0 &&
	    errno != EAGAIN)
		WCNIC_LOG(ERR, e->hw, "cannot raise vector %u: %s", vector, strerror(errno));
}

static const struct wcdev_ops card_ops = {
	.dma = card_dma,
	.dma_span = card_dma_span,
	.dma_generation = card_dma_generation,
	.irq = card_irq,
	.now_ns = card_now_ns,
	.log = card_log,
};

/* ---- memory ---------------------------------------------------------------------------------- */

static int
dma_map(void *ctx, const struct wcnic_dma_range *range)
{
	struct embedded *e = ctx;
	int ret;

	lock_take(e);
	ret = iova_map_add(e->map, (uintptr_t)range->addr, range->bytes, range->addr,
			   IOVA_READ | IOVA_WRITE);
	lock_leave(e);
	return ret;
}

static void
dma_unmap(void *ctx, void *addr, size_t bytes)
{
	struct embedded *e = ctx;

	lock_take(e);
	iova_map_remove(e->map, (uintptr_t)addr, bytes);
	lock_leave(e);
}

static const struct wcnic_dma_ops dma_ops = {
	.map = dma_map,
	.unmap = dma_unmap,
};

/* ---- work ------------------------------------------------------------------------------------ */

static unsigned int
card_poll_locked(struct embedded *e)
{
	unsigned int n = wcnic_card_poll(e->card);
	const char *error;

	if (unlikely(n == 0 && !e->port_error_logged)) {
		error = wcnic_port_error(e->port);
		if (error != NULL) {
			e->port_error_logged = true;
			WCNIC_LOG(ERR, e->hw, "port: %s", error);
		}
	}
	return n;
}

static WCNIC_THREAD_RETURN
card_thread(void *arg)
{
	struct embedded *e = arg;
	unsigned int idle = 0;

	while (!rte_atomic_load_explicit(&e->stop, rte_memory_order_relaxed)) {
		lock_stand_back(e);
		while (!lock_try(e, OWNER_CALL))
			rte_pause();
		idle = card_poll_locked(e) != 0 ? 0 : idle + 1;
		lock_leave(e);
		if (idle > IDLE_SPINS)
			rte_delay_us_sleep(IDLE_SLEEP_US);
	}
	return 0;
}

/* ---- attach ---------------------------------------------------------------------------------- */

static void
embedded_free(struct wcnic_hw *hw)
{
	struct embedded *e = hw->ctx;

	if (e == NULL)
		return;
	if (e->threaded) {
		wcnic_store(&e->stop, true);
		wcnic_thread_join(e->thread);
	}
	if (e->map != NULL)
		wcnic_dma_stop(&e->dma);
	wcnic_dma_fini(&e->dma);
	wcnic_port_destroy(e->port);
	wcnic_card_destroy(e->card);
	iova_map_destroy(e->map);
	if (e->aperture != NULL)
		munmap(e->aperture, APERTURE_BYTES);
	free(e);
	hw->ctx = NULL;
}

/* Of a file, so that secondary processes can map it too. */
static int
aperture_make(struct embedded *e)
{
	const int file = memfd_create("wcnic-bar2", MFD_CLOEXEC);
	void *addr;
	int ret = 0;

	if (file < 0)
		return -errno;
	if (ftruncate(file, APERTURE_BYTES) != 0) {
		ret = -errno;
		goto out;
	}
	addr = mmap(NULL, APERTURE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (addr == MAP_FAILED) {
		ret = -errno;
		goto out;
	}
	e->aperture = addr;
	ret = wcnic_share_bar(e->hw, addr, APERTURE_BYTES, file, 0);
out:
	close(file);
	return ret;
}

static int
card_make(struct embedded *e)
{
	const struct wcnic_devargs *args = &e->hw->args;
	const struct wcnic_card_config config = {
		.ops = &card_ops,
		.ctx = e,
		.aperture = e->aperture,
		.aperture_bytes = APERTURE_BYTES,
		.queue_pairs = args->queues,
		.seed = args->seed + e->hw->port_id,
		.push_wait_ns = args->push_wait_us * 1000,
	};
	char why[512];
	int ret;

	ret = wcnic_card_create(&config, &e->card);
	if (ret != 0) {
		WCNIC_LOG(ERR, e->hw, "cannot make the embedded card: %s", strerror(-ret));
		return ret;
	}
	ret = wcnic_port_create(args->port, wcnic_card_dev(e->card), &e->port, why, sizeof(why));
	if (ret != 0)
		WCNIC_LOG(ERR, e->hw, "port=%s: %s", args->port, why);
	return ret;
}

/* The card lives as long as the port: its captures go on where they were after a recovery. */
static int
embedded_open(struct wcnic_hw *hw)
{
	struct embedded *e;
	int ret = -ENOMEM;

	if (hw->ctx != NULL)
		return 0;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return -ENOMEM;
	hw->ctx = e;
	e->hw = hw;
	wcnic_dma_init(&e->dma, hw, &dma_ops, e);
	e->map = iova_map_create();
	if (e->map == NULL)
		goto fail;
	ret = wcnic_dma_start(&e->dma);
	if (ret == 0)
		ret = aperture_make(e);
	if (ret == 0)
		ret = card_make(e);
	if (ret == 0)
		return 0;
fail:
	embedded_free(hw);
	return ret;
}

static int
embedded_open_thread(struct wcnic_hw *hw)
{
	struct embedded *e;
	char name[16];
	int ret = embedded_open(hw);

	e = hw->ctx;
	if (ret != 0 || e->threaded)
		return ret;
	snprintf(name, sizeof(name), "wc-card%u", hw->port_id);
	ret = wcnic_thread_create(&e->thread, name, card_thread, e);
	if (ret != 0) {
		WCNIC_LOG(ERR, hw, "cannot start the card's thread: %s", strerror(-ret));
		return ret;
	}
	e->threaded = true;
	return 0;
}

static int
embedded_dma_map(struct wcnic_hw *hw, void *addr, uint64_t iova, size_t bytes)
{
	struct embedded *e = hw->ctx;

	return wcnic_dma_map(&e->dma, addr, iova, bytes);
}

static int
embedded_dma_unmap(struct wcnic_hw *hw, void *addr, uint64_t iova, size_t bytes)
{
	struct embedded *e = hw->ctx;

	return wcnic_dma_unmap(&e->dma, addr, iova, bytes);
}

static bool
embedded_dma_reaches(struct wcnic_hw *hw, uint64_t iova, size_t bytes)
{
	struct embedded *e = hw->ctx;

	return wcnic_dma_reaches(&e->dma, iova, bytes);
}

static void
embedded_close(struct wcnic_hw *hw __rte_unused)
{
	/* the driver has reset the card, which forgets host memory; nothing else ends */
}

static int
embedded_reg_read(struct wcnic_hw *hw, uint32_t off, void *value, size_t bytes)
{
	struct embedded *e = hw->ctx;
	int ret;

	lock_take(e);
	ret = e->abandoned ? -EIO : wcnic_card_bar_read(e->card, WCNIC_BAR_REGS, off, value, bytes);
	lock_leave(e);
	return ret;
}

static int
embedded_reg_write(struct wcnic_hw *hw, uint32_t off, const void *value, size_t bytes)
{
	struct embedded *e = hw->ctx;
	int ret;

	lock_take(e);
	ret = e->abandoned ? -EIO
			   : wcnic_card_bar_write(e->card, WCNIC_BAR_REGS, off, value, bytes);
	lock_leave(e);
	return ret;
}

static int
embedded_window_map(struct wcnic_hw *hw, uint64_t off, size_t bytes,
		    enum wcbar_type intended __rte_unused, struct wcbar_window *win)
{
	struct embedded *e = hw->ctx;

	win->addr = RTE_PTR_ADD(e->aperture, off);
	win->bytes = bytes;
	win->type = WCBAR_TYPE_WB;
	win->direct = true;
	return 0;
}

static void
embedded_window_unmap(struct wcnic_hw *hw __rte_unused, struct wcbar_window *win)
{
	win->addr = NULL;
}

/* Only for a card with a thread: one that bursts poll does nothing while they sleep. */
static int
embedded_irq_bind(struct wcnic_hw *hw, unsigned int n, const int *fds)
{
	struct embedded *e = hw->ctx;

	lock_take(e);
	e->n_vectors = n;
	for (unsigned int i = 0; i < n; i++)
		e->vectors[i] = fds[i];
	lock_leave(e);
	return 0;
}

/* Another thread's poll does as well, and one that waits for the lock comes first. */
static void
embedded_poll(struct wcnic_hw *hw)
{
	struct embedded *e = hw->ctx;
	char here;

	if (rte_atomic_load_explicit(&e->waits, rte_memory_order_relaxed) != 0 ||
	    !lock_try(e, wcnic_stack_place(&here)))
		return;
	if (likely(!e->abandoned))
		card_poll_locked(e);
	lock_leave(e);
}

static bool
embedded_abandon(struct wcnic_hw *hw)
{
	struct embedded *e = hw->ctx;
	const uint32_t owner = rte_atomic_load_explicit(&e->owner, rte_memory_order_relaxed);

	if ((owner & 1) == 0 || !wcnic_stack_is_mine(owner))
		return false;
	e->abandoned = true;
	lock_leave(e);
	return true;
}

const struct wcnic_attach_ops wcnic_attach_embedded = {
	.name = "embedded",
	.open = embedded_open,
	.close = embedded_close,
	.free = embedded_free,
	.reg_read = embedded_reg_read,
	.reg_write = embedded_reg_write,
	.window_map = embedded_window_map,
	.window_unmap = embedded_window_unmap,
	.dma_map = embedded_dma_map,
	.dma_unmap = embedded_dma_unmap,
	.dma_reaches = embedded_dma_reaches,
	.poll = embedded_poll,
	.abandon = embedded_abandon,
};

const struct wcnic_attach_ops wcnic_attach_embedded_thread = {
	.name = "embedded, own thread",
	.open = embedded_open_thread,
	.close = embedded_close,
	.free = embedded_free,
	.reg_read = embedded_reg_read,
	.reg_write = embedded_reg_write,
	.window_map = embedded_window_map,
	.window_unmap = embedded_window_unmap,
	.dma_map = embedded_dma_map,
	.dma_unmap = embedded_dma_unmap,
	.dma_reaches = embedded_dma_reaches,
	.irq_bind = embedded_irq_bind,
};
