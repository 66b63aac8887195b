/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Every allocation of the driver and its libraries fails in turn: the call that needed it fails,
 * and leaves nothing behind. What belongs to EAL is not touched.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <rte_bus_vdev.h>
#include <rte_malloc.h>

#include "loop.h"

/* ---- the wrapped functions --------------------------------------------------------------- */

static struct {
	bool on;
	pthread_t thread; /* whose allocations are counted and fail */
	unsigned int nth; /* the one to fail; 0: none */
	unsigned int seen;
	_Atomic int live;
} inject;

static bool
fails_now(void)
{
	if (!inject.on || pthread_equal(pthread_self(), inject.thread) == 0)
		return false;
	return ++inject.seen == inject.nth;
}

#define WRAP(ret, name, ...)            \
	ret __wrap_##name(__VA_ARGS__); \
	ret __real_##name(__VA_ARGS__); \
	ret __wrap_##name(__VA_ARGS__)

WRAP(void *, calloc, size_t n, size_t bytes)
{
	void *p = fails_now() ? NULL : __real_calloc(n, bytes);

	inject.live += p != NULL;
	return p;
}

WRAP(void *, malloc, size_t bytes)
{
	void *p = fails_now() ? NULL : __real_malloc(bytes);

	inject.live += p != NULL;
	return p;
}

WRAP(void *, realloc, void *old, size_t bytes)
{
	void *p = fails_now() ? NULL : __real_realloc(old, bytes);

	if (p != NULL && old == NULL)
		inject.live++;
	return p;
}

WRAP(char *, strdup, const char *text)
{
	char *p = fails_now() ? NULL : __real_strdup(text);

	inject.live += p != NULL;
	return p;
}

WRAP(void, free, void *p)
{
	inject.live -= p != NULL;
	__real_free(p);
}

/* mmap() is called by this name: offsets have 64 bits */
WRAP(void *, mmap64, void *addr, size_t bytes, int prot, int flags, int fd, off_t off)
{
	void *p;

	if (fails_now()) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	p = __real_mmap64(addr, bytes, prot, flags, fd, off);
	inject.live += p != MAP_FAILED;
	return p;
}

WRAP(int, munmap, void *addr, size_t bytes)
{
	inject.live--;
	return __real_munmap(addr, bytes);
}

/* ethdev frees some of it: the heap tells whether all came back. */
WRAP(void *, rte_zmalloc_socket, const char *type, size_t bytes, unsigned int align, int socket)
{
	return fails_now() ? NULL : __real_rte_zmalloc_socket(type, bytes, align, socket);
}

WRAP(const struct rte_memzone *, rte_memzone_reserve_aligned, const char *name, size_t bytes,
     int socket, unsigned int flags, unsigned int align)
{
	const struct rte_memzone *mz = NULL;

	if (!fails_now())
		mz = __real_rte_memzone_reserve_aligned(name, bytes, socket, flags, align);
	inject.live += mz != NULL;
	return mz;
}

WRAP(int, rte_memzone_free, const struct rte_memzone *mz)
{
	inject.live -= mz != NULL;
	return __real_rte_memzone_free(mz);
}

WRAP(const struct rte_memzone *, rte_eth_dma_zone_reserve, const struct rte_eth_dev *dev,
     const char *name, uint16_t qid, size_t bytes, unsigned int align, int socket)
{
	const struct rte_memzone *mz = NULL;

	if (!fails_now())
		mz = __real_rte_eth_dma_zone_reserve(dev, name, qid, bytes, align, socket);
	inject.live += mz != NULL;
	return mz;
}

WRAP(int, rte_eth_dma_zone_free, const struct rte_eth_dev *dev, const char *name, uint16_t qid)
{
	int ret = __real_rte_eth_dma_zone_free(dev, name, qid);

	inject.live -= ret == 0;
	return ret;
}

#if RTE_VERSION < RTE_VERSION_NUM(23, 11, 0, 0)
WRAP(int, rte_ctrl_thread_create, pthread_t *thread, const char *name, const pthread_attr_t *attr,
     void *(*fn)(void *), void *arg)
{
	return fails_now() ? -EAGAIN : __real_rte_ctrl_thread_create(thread, name, attr, fn, arg);
}
#else
WRAP(int, rte_thread_create_control, rte_thread_t *thread, const char *name, rte_thread_func fn,
     void *arg)
{
	return fails_now() ? -EAGAIN : __real_rte_thread_create_control(thread, name, fn, arg);
}
#endif

/* ---- tests ------------------------------------------------------------------------------- */

static void
inject_begin(unsigned int nth)
{
	inject.thread = pthread_self();
	inject.nth = nth;
	inject.seen = 0;
	inject.on = true;
}

/* Whether the allocation that was to fail was reached. */
static bool
inject_end(void)
{
	inject.on = false;
	return inject.seen >= inject.nth;
}

static int
alloc_teardown(void **state)
{
	inject.on = false;
	return loop_teardown(state);
}

/* What EAL's heap holds; it has one on a machine without NUMA, and --no-huge is one anyhow. */
static size_t
heap_bytes(void)
{
	struct rte_malloc_socket_stats stats;

	assert_int_equal(rte_malloc_get_socket_stats(0, &stats), 0);
	return stats.heap_allocsz_bytes;
}

static void
probe__allocation_fails_leaves_nothing(void **state)
{
	const char *devargs = *state;
	unsigned int nth;
	size_t heap;
	int live, ret;
	bool reached;

	/* what ethdev and EAL keep from the first port on */
	assert_int_equal(loop_probe(devargs), 0);
	assert_int_equal(rte_vdev_uninit(LOOP_PROBE_NAME), 0);
	live = inject.live;
	heap = heap_bytes();
	for (nth = 1;; nth++) {
		inject_begin(nth);
		ret = loop_probe(devargs);
		reached = inject_end();
		if (!reached)
			break;
		if (ret == 0)
			fail_msg("allocation %u of probe failed, and nobody noticed", nth);
		assert_int_equal(rte_eth_dev_count_total(), 0);
		if (inject.live != live)
			fail_msg("allocation %u of probe failed: %d are left", nth,
				 inject.live - live);
		assert_int_equal(heap_bytes(), heap);
	}
	assert_int_equal(ret, 0);
	assert_true(nth > 8);
	assert_int_equal(rte_vdev_uninit(LOOP_PROBE_NAME), 0);
	assert_int_equal(inject.live, live);
	assert_int_equal(heap_bytes(), heap);
}

static int
queues_set_up(struct loop *l)
{
	struct rte_eth_conf conf = {.rxmode.mtu = RTE_ETHER_MTU};
	int ret = rte_eth_dev_configure(l->port_id, 2, 2, &conf);

	for (uint16_t q = 0; ret == 0 && q < 2; q++)
		ret = rte_eth_rx_queue_setup(l->port_id, q, 64, 0, NULL, l->rx_pool);
	for (uint16_t q = 0; ret == 0 && q < 2; q++)
		ret = rte_eth_tx_queue_setup(l->port_id, q, 64, 0, NULL);
	return ret == 0 ? rte_eth_dev_start(l->port_id) : ret;
}

static void
queues__allocation_fails_leaves_nothing(void **state)
{
	static const struct loop_stream some = {
		.count = 100, .bytes = loop_bytes_random, .arg = 1400, .segs = 3};
	struct loop_config config = {.devargs = *state, .not_started = true, .n_rxq = 2};
	unsigned int nth;
	struct loop l;
	size_t heap;
	bool reached;
	int live, ret;

	/*
	 * From 23.11 on ethdev's table of ports goes with the last port. It comes again with the
	 * next question by name, which the removal of a closed device asks, and then stays.
	 */
	loop_open(&l, &config);
	loop_close(&l);
	heap = heap_bytes();
	live = inject.live;
	loop_open(&l, &config);
	for (nth = 1;; nth++) {
		inject_begin(nth);
		ret = queues_set_up(&l);
		reached = inject_end();
		if (!reached)
			break;
		if (ret == 0)
			fail_msg("allocation %u failed, and nobody noticed", nth);
		loop_log_has("no memory for 64 entries", NULL);
		assert_int_equal(rte_mempool_in_use_count(l.rx_pool), 0);
		/* what is not complete does not start */
		assert_int_equal(rte_eth_dev_start(l.port_id), -EINVAL);
		loop_log_has("has not been set up", NULL);
		loop_log_clear();
	}
	assert_int_equal(ret, 0);
	assert_true(nth > 2 * 4 + 2 * 5);
	loop_stream_run(&l, &some);
	loop_close(&l);
	assert_int_equal(inject.live, live);
	assert_int_equal(heap_bytes(), heap);
}

#define ALLOC_TEST(fn, args)                                                    \
	{                                                                       \
#fn " " args, fn, NULL, alloc_teardown, (void *)(uintptr_t)args \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ALLOC_TEST(probe__allocation_fails_leaves_nothing, ""),
		ALLOC_TEST(probe__allocation_fails_leaves_nothing, "thread=1,store=u64"),
		ALLOC_TEST(probe__allocation_fails_leaves_nothing,
			   "port=generator:bytes=64;count=3"),
		ALLOC_TEST(queues__allocation_fails_leaves_nothing, "placement=push"),
		ALLOC_TEST(queues__allocation_fails_leaves_nothing, "placement=fetch,thread=1"),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
