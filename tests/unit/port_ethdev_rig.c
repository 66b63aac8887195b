/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card, the device and the rings of the tests of the ethdev port. */

#include <port_internal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <ethdev_driver.h>
#include <rte_dev.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <port_ethdev_internal.h>

#include "port_ethdev_rig.h"

struct rte_mempool *rig_pool;

void
rig_rings(struct rig *r, unsigned int entries)
{
	static unsigned int made;
	char name[16];
	int id;

	snprintf(name, sizeof(name), "out%u", made);
	r->out = rte_ring_create(name, entries, SOCKET_ID_ANY, 0);
	snprintf(name, sizeof(name), "in%u", made);
	r->in = rte_ring_create(name, entries, SOCKET_ID_ANY, 0);
	assert_true(r->out != NULL && r->in != NULL);
	snprintf(name, sizeof(name), "t%u", made++);
	id = rte_eth_from_rings(name, &r->in, 1, &r->out, 1, 0);
	assert_true(id >= 0);
	r->id = (uint16_t)id;
	snprintf(r->device, sizeof(r->device), "net_ring_%s", name);
}

void
rig_open(struct rig *r, const char *more, uint16_t mtu)
{
	char spec[64];

	snprintf(spec, sizeof(spec), "ethdev:%s%s", r->device, more);
	end_open(&r->end, spec);
	assert_int_equal(fake_port_set(&r->end.h, mtu, PORT_UP), 0);
}

int
rig_setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	rig_rings(r, RING_ENTRIES);
	rig_open(r, ",mtu=9000", MTU);
	*state = r;
	return 0;
}

static void
ring_drain(struct rte_ring *ring)
{
	void *mbuf = NULL;

	while (ring != NULL && rte_ring_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
}

static void
pool_count(struct rte_mempool *mp, void *arg)
{
	(void)mp;
	++*(unsigned int *)arg;
}

unsigned int
rig_pools(void)
{
	unsigned int n = 0;

	rte_mempool_walk(pool_count, &n);
	return n;
}

void
rig_close(struct rig *r)
{
	ring_drain(r->out);
	end_close(&r->end);
	ring_drain(r->in);
	rte_ring_free(r->out);
	rte_ring_free(r->in);
	(void)rte_eal_hotplug_remove("vdev", r->device);
	free(r);
}

int
rig_teardown(void **state)
{
	rig_close(*state);
	/* Every buffer that the test or a port made is back. */
	return rig_pools() != 1 || rte_mempool_full(rig_pool) == 0;
}

/* Takes what the card has sent, if anything; it is in data then. Returns its length. */
uint32_t
rig_out_take(struct rig *r, uint8_t *data)
{
	struct rte_mbuf *mbuf;
	uint32_t bytes;
	void *taken = NULL;

	if (rte_ring_dequeue(r->out, &taken) != 0)
		return 0;
	mbuf = taken;
	bytes = mbuf->pkt_len;
	assert_int_equal(mbuf->nb_segs, 1);
	memcpy(data, rte_pktmbuf_mtod(mbuf, void *), bytes);
	rte_pktmbuf_free(mbuf);
	return bytes;
}

/* Puts in a frame, in pieces of so many bytes. */
bool
rig_in_put(struct rig *r, const uint8_t *data, uint32_t bytes, uint32_t piece)
{
	struct rte_mbuf *head = NULL, *mbuf;
	uint32_t n;

	for (uint32_t used = 0; used < bytes; used += n) {
		n = bytes - used < piece ? bytes - used : piece;
		mbuf = rte_pktmbuf_alloc(rig_pool);
		assert_non_null(mbuf);
		memcpy(rte_pktmbuf_append(mbuf, (uint16_t)n), data + used, n);
		if (head == NULL)
			head = mbuf;
		else
			assert_int_equal(rte_pktmbuf_chain(head, mbuf), 0);
	}
	if (rte_ring_enqueue(r->in, head) == 0)
		return true;
	rte_pktmbuf_free(head);
	return false;
}

int
rig_group_setup(void **state)
{
	static char eal[128];
	char why[256] = "";
	struct wcnic_port_args args = {.why = why, .why_bytes = sizeof(why)};

	(void)state;
	snprintf(eal, sizeof(eal),
		 "--no-huge -m 128 --no-shconf --no-pci --no-telemetry --log-level=critical "
		 "--file-prefix=test-port-%d",
		 getpid());
	port_ethdev_options_set(eal);
	wcnic_port_kind_add(&port_ethdev_kind);
	if (port_ethdev_eal_start(&args) != 0) {
		print_error("%s\n", why);
		return -1;
	}
	rig_pool = rte_pktmbuf_pool_create("test", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					   SOCKET_ID_ANY);
	return rig_pool == NULL;
}
