/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * External memory and a card of another process: shared memory works, also with the next card;
 * memory that is private to this process is refused when a queue is set up.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <rte_bus.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "child.h"
#include "driver.h"

#define AREA_BYTES (4u << 20)
#define PAGE 4096
#define FRAME_BYTES 200
#define NAME "net_wcnic0"

static struct child card;

static void
card_start(void)
{
	child_start(&card, (const char *const[]){"--socket", in_folder("sock"), "--port",
						 "loopback", NULL});
	child_expect(&card, "listens");
}

static struct rte_mempool *
pool_in(void *area, const char *name)
{
	struct rte_mempool *external = rte_mempool_create_empty(
		name, 500, sizeof(struct rte_mbuf) + 4096, 0,
		sizeof(struct rte_pktmbuf_pool_private), SOCKET_ID_ANY, 0);

	assert_non_null(external);
	assert_true(rte_mempool_populate_virt(external, area, AREA_BYTES, PAGE, NULL, NULL) > 0);
	rte_pktmbuf_pool_init(external, NULL);
	rte_mempool_obj_iter(external, rte_pktmbuf_init, NULL);
	return external;
}

static struct rte_device *
device_of(uint16_t port)
{
	struct rte_eth_dev_info info;

	assert_int_equal(rte_eth_dev_info_get(port, &info), 0);
	return info.device;
}

/* Sends frames out of the pool until as many have come back into it. */
static void
frames_pass(uint16_t port, struct rte_mempool *external, unsigned int count)
{
	const uint64_t end = rte_get_timer_cycles() + rte_get_timer_hz() * PATIENCE_S;
	struct rte_mbuf *m, *got[32];
	unsigned int received = 0;
	uint16_t n;

	while (received < count) {
		m = rte_pktmbuf_alloc(external);
		if (m != NULL) {
			memset(rte_pktmbuf_append(m, FRAME_BYTES), 0xff, FRAME_BYTES);
			if (rte_eth_tx_burst(port, 0, &m, 1) == 0)
				rte_pktmbuf_free(m);
		}
		n = rte_eth_rx_burst(port, 0, got, 32);
		for (uint16_t i = 0; i < n; i++) {
			assert_ptr_equal(got[i]->pool, external);
			assert_int_equal(got[i]->pkt_len, FRAME_BYTES);
		}
		rte_pktmbuf_free_bulk(got, n);
		received += n;
		assert_true(rte_get_timer_cycles() < end);
	}
}

static void
external__shared_memory_carries_frames_and_private_is_refused(void **state)
{
	int memory = memfd_create("external", MFD_CLOEXEC);
	struct rte_mempool *shared, *private;
	void *area, *own;
	char args[128];
	uint16_t port;

	(void)state;
	assert_int_equal(ftruncate(memory, AREA_BYTES), 0);
	area = mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	own = mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	assert_ptr_not_equal(own, MAP_FAILED);
	shared = pool_in(area, "shared");
	private = pool_in(own, "private");
	card_start();
	snprintf(args, sizeof(args), "socket=%s", in_folder("sock"));
	port = port_open(NAME, args, 128);
	assert_int_equal(rte_eth_dev_stop(port), 0);
	assert_int_equal(rte_eth_rx_queue_setup(port, 0, 128, 0, NULL, shared), -EFAULT);
	assert_int_equal(rte_extmem_register(area, AREA_BYTES, NULL, 0, PAGE), 0);
	assert_int_equal(rte_dev_dma_map(device_of(port), area, (uintptr_t)area, AREA_BYTES), 0);
	assert_int_equal(rte_extmem_register(own, AREA_BYTES, NULL, 0, PAGE), 0);
	assert_int_equal(rte_dev_dma_map(device_of(port), own, (uintptr_t)own, AREA_BYTES), -1);
	assert_int_equal(rte_errno, ENOTSUP);
	assert_int_equal(rte_eth_rx_queue_setup(port, 0, 128, 0, NULL, private), -EFAULT);
	assert_int_equal(rte_eth_rx_queue_setup(port, 0, 128, 0, NULL, shared), 0);
	assert_int_equal(rte_eth_dev_start(port), 0);
	frames_pass(port, shared, 500);

	/* the next card is told of it, too */
	assert_int_equal(child_end(&card, SIGKILL), -SIGKILL);
	card_start();
	frames_pass(port, shared, 500);
	assert_true(port_counter(port, "recoveries") >= 1);
	port_close(port, NAME);
	assert_int_equal(child_end(&card, SIGTERM), 0);
	rte_mempool_free(shared);
	rte_mempool_free(private);
	assert_int_equal(rte_extmem_unregister(area, AREA_BYTES), 0);
	assert_int_equal(rte_extmem_unregister(own, AREA_BYTES), 0);
	munmap(area, AREA_BYTES);
	munmap(own, AREA_BYTES);
	close(memory);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(external__shared_memory_carries_frames_and_private_is_refused),
	};

	if (argc < 2 || dpdk_start(argv[0], "memory", 1023) != 0)
		return 1;
	wcnicd_path = argv[1];
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
