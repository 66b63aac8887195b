/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Memory that is not DPDK's own: the card reaches it once it is mapped, and never before. */

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_malloc.h>

#include <wcnic_dma.h>

#include "loop.h"

#define AREA_BYTES (4u << 20)
#define PAGE 4096
#define MBUFS 700

static const struct loop_stream some = {
	.count = 1000, .bytes = loop_bytes_random, .arg = 1500, .segs = 2};

static void *
area_make(int flags)
{
	void *area = mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(area, MAP_FAILED);
	return area;
}

static int
area_map(const struct loop *l, void *area)
{
	struct rte_device *device = rte_eth_devices[l->port_id].device;

	return rte_dev_dma_map(device, area, (uintptr_t)area, AREA_BYTES);
}

static void
area_register(void *area)
{
	assert_int_equal(rte_extmem_register(area, AREA_BYTES, NULL, 0, PAGE), 0);
}

static void
area_unmap(const struct loop *l, void *area)
{
	struct rte_device *device = rte_eth_devices[l->port_id].device;

	assert_int_equal(rte_dev_dma_unmap(device, area, (uintptr_t)area, AREA_BYTES), 0);
}

static void
area_free(void *area)
{
	(void)rte_extmem_unregister(area, AREA_BYTES);
	munmap(area, AREA_BYTES);
}

/* A pool whose mbufs lie in the area. */
static struct rte_mempool *
pool_in(void *area)
{
	struct rte_mempool *pool = rte_mempool_create_empty(
		"external", MBUFS, sizeof(struct rte_mbuf) + 2048 + RTE_PKTMBUF_HEADROOM, 0,
		sizeof(struct rte_pktmbuf_pool_private), SOCKET_ID_ANY, 0);

	assert_non_null(pool);
	assert_true(rte_mempool_populate_virt(pool, area, AREA_BYTES, PAGE, NULL, NULL) > 0);
	rte_pktmbuf_pool_init(pool, NULL);
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

static int
pool_use(const struct loop *l, struct rte_mempool *pool)
{
	return rte_eth_rx_queue_setup(l->port_id, 0, 256, SOCKET_ID_ANY, NULL, pool);
}

static void
address_in_log(const void *area)
{
	char text[32];

	snprintf(text, sizeof(text), "at %p", area);
	loop_log_has("Rx queue 0", text, "rte_extmem_register", "rte_dev_dma_map", NULL);
	loop_log_clear();
}

/* ---- receive buffers --------------------------------------------------------------------- */

static void
rx__pool_of_external_memory_must_be_mapped(void **state)
{
	struct loop_config config = {.devargs = *state, .not_started = true};
	void *area = area_make(MAP_PRIVATE);
	struct rte_mempool *pool;
	struct loop l;

	loop_open(&l, &config);
	pool = pool_in(area);
	assert_int_equal(pool_use(&l, pool), -EFAULT);
	address_in_log(area);
	/* registered alone it is not mapped yet */
	area_register(area);
	assert_int_equal(pool_use(&l, pool), -EFAULT);
	assert_int_equal(area_map(&l, area), 0);
	assert_int_equal(pool_use(&l, pool), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	loop_stream_run(&l, &some);
	wcnic_store(&loop_hw(&l)->failed, true);
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	loop_drop_received(&l);
	loop_stream_run(&l, &some);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	area_unmap(&l, area);
	assert_int_equal(pool_use(&l, pool), -EFAULT);
	loop_close(&l);
	rte_mempool_free(pool);
	area_free(area);
}

/* Of such a pool the mbufs are DPDK's memory, and their buffers are not. */
static void
rx__pinned_buffers_must_be_mapped(void **state)
{
	struct loop_config config = {.devargs = *state, .not_started = true};
	void *area = area_make(MAP_PRIVATE);
	const struct rte_pktmbuf_extmem ext = {.buf_ptr = area,
					       .buf_iova = (uintptr_t)area,
					       .buf_len = AREA_BYTES,
					       .elt_size = 4096};
	struct rte_mempool *pool;
	struct loop l;

	loop_open(&l, &config);
	pool = rte_pktmbuf_pool_create_extbuf("pinned", MBUFS, 0, 0, 4096, SOCKET_ID_ANY, &ext, 1);
	assert_non_null(pool);
	assert_int_equal(pool_use(&l, pool), -EFAULT);
	address_in_log(area);
	area_register(area);
	assert_int_equal(area_map(&l, area), 0);
	assert_int_equal(pool_use(&l, pool), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	loop_stream_run(&l, &some);
	loop_close(&l);
	rte_mempool_free(pool);
	area_free(area);
}

/* Memory of a heap that the application adds to is mapped by itself. */
static void
rx__pool_of_an_external_heap_works(void **state)
{
	struct loop_config config = {.devargs = *state, .not_started = true};
	void *area = area_make(MAP_PRIVATE);
	struct rte_mempool *pool;
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_malloc_heap_create("heap"), 0);
	assert_int_equal(rte_malloc_heap_memory_add("heap", area, AREA_BYTES, NULL, 0, PAGE), 0);
	pool = rte_pktmbuf_pool_create("heap", MBUFS, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM,
				       rte_malloc_heap_get_socket("heap"));
	assert_non_null(pool);
	assert_int_equal(pool_use(&l, pool), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	loop_stream_run(&l, &some);
	loop_close(&l);
	rte_mempool_free(pool);
	assert_int_equal(rte_malloc_heap_memory_remove("heap", area, AREA_BYTES), 0);
	assert_int_equal(rte_malloc_heap_destroy("heap"), 0);
	munmap(area, AREA_BYTES);
}

static void
map__to_another_iova_refused(void **state)
{
	struct loop_config config = {.devargs = *state};
	void *area = area_make(MAP_PRIVATE);
	struct rte_device *device;
	struct loop l;

	loop_open(&l, &config);
	device = rte_eth_devices[l.port_id].device;
	area_register(area);
	assert_int_equal(rte_dev_dma_map(device, area, 0x1000, AREA_BYTES), -1);
	assert_int_equal(rte_errno, EINVAL);
	loop_log_has("IOVA 0x1000", "virtual addresses", NULL);
	assert_int_equal(rte_dev_dma_map(device, area, 0, AREA_BYTES), 0);
	assert_int_equal(area_map(&l, area), 0);
	area_unmap(&l, area);
	loop_close(&l);
	area_free(area);
}

/* ---- frames to send ---------------------------------------------------------------------- */

static void
ext_free(void *addr, void *arg)
{
	(void)addr;
	++*(unsigned int *)arg;
}

/* A frame in the application's own memory. */
static struct rte_mbuf *
ext_frame(struct loop *l, uint8_t *area, uint64_t seed, uint32_t bytes,
	  struct rte_mbuf_ext_shared_info *shared)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(l->tx_pool);

	assert_non_null(m);
	loop_fill(area, seed, 0, bytes);
	rte_mbuf_ext_refcnt_set(shared, 1);
	rte_pktmbuf_attach_extbuf(m, area, (uintptr_t)area, 8192, shared);
	m->data_len = bytes;
	m->pkt_len = bytes;
	return m;
}

static void
tx__unmapped_buffer_is_an_address_error_and_the_queue_goes_on(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct rte_mbuf_ext_shared_info shared[2];
	uint8_t *area = area_make(MAP_PRIVATE);
	struct rte_mbuf *frames[3], *got[2];
	unsigned int freed = 0;
	struct loop l;

	loop_open(&l, &config);
	for (unsigned int i = 0; i < RTE_DIM(shared); i++)
		shared[i] = (struct rte_mbuf_ext_shared_info){.free_cb = ext_free,
							      .fcb_opaque = &freed};
	frames[0] = loop_frame(&l, 1, 1400, 1);
	frames[1] = ext_frame(&l, area, 2, 1400, &shared[0]);
	frames[2] = loop_frame(&l, 3, 1400, 1);
	loop_send(&l, 0, frames, 3);
	loop_receive(&l, 0, got, 2);
	loop_frame_check(got[0], 1, 1400);
	loop_frame_check(got[1], 3, 1400);
	assert_int_equal(loop_xstat(&l, "tx_address"), 1);
	assert_int_equal(loop_xstat(&l, "recoveries"), 0);
	assert_int_equal(freed, 1);
	area_register(area);
	assert_int_equal(area_map(&l, area), 0);
	frames[0] = ext_frame(&l, area, 4, 1400, &shared[1]);
	loop_send(&l, 0, frames, 1);
	loop_receive(&l, 0, got, 1);
	loop_frame_check(got[0], 4, 1400);
	assert_int_equal(loop_xstat(&l, "tx_address"), 1);
	loop_close(&l);
	assert_int_equal(freed, 2);
	area_free(area);
}

/* ---- a port that fails again and again --------------------------------------------------- */

static uint64_t given_up;

static int
given_up_callback(uint16_t port, enum rte_eth_event_type type, void *arg, void *out)
{
	(void)port;
	(void)type;
	(void)arg;
	(void)out;
	__atomic_fetch_add(&given_up, 1, __ATOMIC_RELEASE);
	return 0;
}

/* Its buffers vanish: each recovery fails with the first frame. */
static void
recovery__is_given_up_after_some_in_a_row(void **state)
{
	struct loop_config config = {.devargs = *state, .not_started = true};
	void *area = area_make(MAP_PRIVATE);
	struct rte_mempool *pool;
	struct rte_mbuf *m;
	uint64_t recoveries, end;
	struct loop l;

	given_up = 0;
	loop_open(&l, &config);
	pool = pool_in(area);
	area_register(area);
	assert_int_equal(area_map(&l, area), 0);
	assert_int_equal(pool_use(&l, pool), 0);
	assert_int_equal(rte_eth_dev_callback_register(l.port_id, RTE_ETH_EVENT_RECOVERY_FAILED,
						       given_up_callback, NULL),
			 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	area_unmap(&l, area);
	end = loop_patience_end();
	while (__atomic_load_n(&given_up, __ATOMIC_ACQUIRE) == 0) {
		m = loop_frame(&l, 1, 100, 1);
		if (rte_eth_tx_burst(l.port_id, 0, &m, 1) == 0)
			rte_pktmbuf_free(m);
		assert_true(rte_get_timer_cycles() < end);
		usleep(500);
	}
	recoveries = loop_xstat(&l, "recoveries");
	assert_uint_in_range(recoveries, 2, 20);
	loop_log_has("in a row", "rte_eth_dev_reset", NULL);
	loop_log_clear();
	usleep(100000);
	assert_int_equal(loop_xstat(&l, "recoveries"), recoveries);
	assert_string_equal(loop_log(), "");
	assert_int_equal(given_up, 1);

	/* the application mends it */
	assert_int_equal(area_map(&l, area), 0);
	assert_int_equal(rte_eth_dev_reset(l.port_id), 0);
	loop_configure(&l);
	assert_int_equal(pool_use(&l, pool), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	loop_stream_run(&l, &some);
	assert_int_equal(rte_eth_dev_callback_unregister(l.port_id, RTE_ETH_EVENT_RECOVERY_FAILED,
							 given_up_callback, NULL),
			 0);
	loop_close(&l);
	rte_mempool_free(pool);
	area_free(area);
}

/* ---- files ------------------------------------------------------------------------------- */

static void
file__of_shared_memory_is_found(void **state)
{
	int memory = memfd_create("shared", MFD_CLOEXEC), fd = -1;
	void *shared, *private = area_make(MAP_PRIVATE), *anonymous = area_make(MAP_SHARED);
	uint32_t word = 0;
	uint64_t off;
	int ret;

	(void)state;
	assert_int_equal(ftruncate(memory, AREA_BYTES), 0);
	shared = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, PAGE);
	assert_ptr_not_equal(shared, MAP_FAILED);
	*(uint32_t *)RTE_PTR_ADD(shared, 2 * PAGE) = 0x12345678;
	assert_int_equal(wcnic_dma_file_find(RTE_PTR_ADD(shared, 2 * PAGE), PAGE, &fd, &off), 0);
	assert_int_equal(off, 3 * PAGE);
	assert_int_equal(pread(fd, &word, sizeof(word), off), sizeof(word));
	assert_int_equal(word, 0x12345678);
	close(fd);
	assert_int_equal(wcnic_dma_file_find(shared, 5 * PAGE, &fd, &off), -ENOTSUP);
	assert_int_equal(wcnic_dma_file_find(private, PAGE, &fd, &off), -ENOTSUP);
	/* nobody has it open: the kernel lets some processes do so */
	ret = wcnic_dma_file_find(anonymous, PAGE, &fd, &off);
	if (ret == 0)
		close(fd);
	else
		assert_int_equal(ret, -EACCES);
	munmap(shared, 4 * PAGE);
	munmap(private, AREA_BYTES);
	munmap(anonymous, AREA_BYTES);
	close(memory);
}

#define PUSH "placement=push"
#define FETCH "placement=fetch"
#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ARGS(rx__pool_of_external_memory_must_be_mapped, PUSH),
		ARGS(rx__pool_of_external_memory_must_be_mapped, FETCH ",thread=1"),
		ARGS(rx__pinned_buffers_must_be_mapped, PUSH),
		ARGS(rx__pool_of_an_external_heap_works, PUSH),
		ARGS(map__to_another_iova_refused, PUSH),
		ARGS(tx__unmapped_buffer_is_an_address_error_and_the_queue_goes_on, PUSH),
		ARGS(tx__unmapped_buffer_is_an_address_error_and_the_queue_goes_on, FETCH),
		ARGS(recovery__is_given_up_after_some_in_a_row, PUSH),
		ARGS(recovery__is_given_up_after_some_in_a_row, FETCH ",thread=1"),
		LOOP_TEST(file__of_shared_memory_is_found),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
