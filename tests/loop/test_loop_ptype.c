/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The packet types of mbufs, against what DPDK finds in the same bytes (rte_net_get_ptype()). */

#include <rte_net.h>

#include "loop.h"

#define BURST 32u
#define BYTES_MAX 400u

struct bytes {
	uint8_t data[BYTES_MAX];
	uint32_t used;
};

static void
put16(struct bytes *b, uint16_t value)
{
	b->data[b->used++] = (uint8_t)(value >> 8);
	b->data[b->used++] = (uint8_t)value;
}

static uint8_t
pick(uint64_t *random, const uint8_t *values, size_t n)
{
	return values[loop_random(random) % n];
}

static const uint8_t protos[] = {6, 17, 132, 1, 58, 47, 4, 41, 50, 51, 59, 89, 255};

static void
ipv4_put(struct bytes *b, uint64_t *random)
{
	const unsigned int words = 5 +
				   (loop_random(random) % 3 == 0 ? loop_random(random) % 11 : 0);
	uint8_t *ip = b->data + b->used;

	ip[0] = (uint8_t)(0x40 | words);
	ip[6] = loop_random(random) % 4 == 0 ? (uint8_t)loop_random(random) : 0x40;
	ip[7] = loop_random(random) % 8 == 0 ? (uint8_t)loop_random(random) : 0;
	ip[9] = pick(random, protos, RTE_DIM(protos));
	b->used += words * 4;
}

static void
ipv6_put(struct bytes *b, uint64_t *random)
{
	static const uint8_t extensions[] = {0, 43, 60, 44};
	uint8_t *next = b->data + b->used + 6;

	b->data[b->used] = 0x60;
	b->used += 40;
	for (unsigned int n = loop_random(random) % 4; n != 0; n--) {
		*next = pick(random, extensions, RTE_DIM(extensions));
		next = b->data + b->used;
		next[1] = loop_random(random) % 4 == 0; /* eight bytes more */
		b->used += (next[1] + 1u) * 8u;
	}
	*next = pick(random, protos, RTE_DIM(protos));
}

/* A frame with tags, headers of IP and 40 bytes behind them. */
static void
frame_make(struct bytes *b, uint64_t *random)
{
	static const uint16_t types[] = {0x0800, 0x0800, 0x0800, 0x86dd,
					 0x86dd, 0x0806, 0x88f7, 0x88b5};
	const uint16_t type = types[loop_random(random) % RTE_DIM(types)];
	const unsigned int tags = loop_random(random) % 4;

	for (uint32_t i = 0; i < sizeof(b->data); i++)
		b->data[i] = (uint8_t)loop_random(random);
	memcpy(b->data, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
	b->used = 12;
	if (tags == 1) {
		put16(b, 0x8100);
		put16(b, 5);
	} else if (tags == 2) {
		put16(b, 0x88a8);
		put16(b, 5);
		put16(b, 0x8100);
		put16(b, 6);
	}
	put16(b, type);
	if (type == 0x0800)
		ipv4_put(b, random);
	else if (type == 0x86dd)
		ipv6_put(b, random);
	b->used += 40;
}

/* Bytes of the headers change, or the frame ends early. */
static void
frame_harm(struct bytes *b, uint64_t *random)
{
	for (unsigned int n = loop_random(random) % 4; n != 0; n--)
		b->data[12 + loop_random(random) % 80] = (uint8_t)loop_random(random);
	if (loop_random(random) % 2 == 0)
		b->used = 14 + loop_random(random) % (b->used - 14);
}

/* DPDK looks for a second tag behind 0x88a8 only, whatever is there. */
static bool
tags_are_alike(const struct bytes *b)
{
	const uint16_t first = (uint16_t)(b->data[12] << 8 | b->data[13]);
	const uint16_t second = (uint16_t)(b->data[16] << 8 | b->data[17]);
	const bool tag = second == 0x8100 || second == 0x88a8;

	if (first == 0x8100)
		return b->used >= 18 && !tag;
	return first != 0x88a8 || (b->used >= 22 && tag);
}

static void
ptype_compare(const struct rte_mbuf *m, const struct bytes *b, bool harmed)
{
	uint32_t want = rte_net_get_ptype(
		m, NULL, RTE_PTYPE_L2_MASK | RTE_PTYPE_L3_MASK | RTE_PTYPE_L4_MASK);
	uint32_t got = m->packet_type, l2 = got & RTE_PTYPE_L2_MASK;

	assert_memory_equal(rte_pktmbuf_mtod(m, void *), b->data, b->used);
	if (!tags_are_alike(b))
		return;
	/* DPDK does not know these */
	if (l2 == RTE_PTYPE_L2_ETHER_ARP || l2 == RTE_PTYPE_L2_ETHER_TIMESYNC)
		l2 = RTE_PTYPE_L2_ETHER;
	got = l2 | (got & (RTE_PTYPE_L3_MASK | RTE_PTYPE_L4_MASK));
	if ((got & RTE_PTYPE_L4_MASK) == RTE_PTYPE_L4_ICMP)
		got &= ~RTE_PTYPE_L4_MASK;
	/* DPDK 26.07 joins the numbers of Ethernet and of a VLAN by OR, which is that of QinQ */
	if (b->data[12] == 0x81 && b->data[13] == 0x00 &&
	    (want & RTE_PTYPE_L2_MASK) == (RTE_PTYPE_L2_ETHER | RTE_PTYPE_L2_ETHER_VLAN))
		want ^= RTE_PTYPE_L2_ETHER;
	/* DPDK takes a fragment of protocol 0 for none */
	if ((got & RTE_PTYPE_L4_MASK) == RTE_PTYPE_L4_FRAG && (want & RTE_PTYPE_L4_MASK) == 0)
		got &= ~RTE_PTYPE_L4_MASK;
	/* of a frame that is not whole the card may say less */
	if (harmed && (got & RTE_PTYPE_L4_MASK) == 0)
		want &= ~RTE_PTYPE_L4_MASK;
	if (harmed && (got & RTE_PTYPE_L3_MASK) == 0)
		want &= ~(RTE_PTYPE_L3_MASK | RTE_PTYPE_L4_MASK);
	assert_int_equal(got, want);
}

static void
frames_compare(uint64_t offloads, bool harm, unsigned int bursts)
{
	struct bytes b[BURST];
	struct rte_mbuf *m[BURST];
	uint64_t random = 7 + harm;
	struct loop l;

	loop_open(&l, &(struct loop_config){.rx_offloads = offloads});
	for (unsigned int burst = 0; burst < bursts; burst++) {
		for (unsigned int i = 0; i < BURST; i++) {
			frame_make(&b[i], &random);
			if (harm)
				frame_harm(&b[i], &random);
			m[i] = loop_frame(&l, i, b[i].used, 1);
			memcpy(rte_pktmbuf_mtod(m[i], void *), b[i].data, b[i].used);
		}
		loop_send(&l, 0, m, BURST);
		loop_receive(&l, 0, m, BURST);
		for (unsigned int i = 0; i < BURST; i++) {
			ptype_compare(m[i], &b[i], harm);
			rte_pktmbuf_free(m[i]);
		}
	}
	loop_close(&l);
}

static void
ptype__whole_frames__are_as_dpdk_finds(void **state)
{
	(void)state;
	frames_compare(0, false, 200);
	frames_compare(RTE_ETH_RX_OFFLOAD_CHECKSUM, false, 100);
}

static void
ptype__hostile_frames__claim_nothing_wrong(void **state)
{
	(void)state;
	frames_compare(0, true, 500);
	frames_compare(RTE_ETH_RX_OFFLOAD_CHECKSUM | RTE_ETH_RX_OFFLOAD_SCTP_CKSUM, true, 500);
}

/* What is made is what is told, and the other way round. */
static void
ptype__each_that_is_told__is_made(void **state)
{
	uint32_t told[32], seen[32] = {0};
	uint64_t random = 1;
	struct loop l;
	int n;

	(void)state;
	loop_open(&l, &(struct loop_config){0});
	n = rte_eth_dev_get_supported_ptypes(l.port_id, RTE_PTYPE_ALL_MASK, told, RTE_DIM(told));
	assert_uint_in_range(n, 1, RTE_DIM(told));
	for (unsigned int burst = 0; burst < 200; burst++) {
		struct rte_mbuf *m;
		struct bytes b;
		uint32_t left;

		frame_make(&b, &random);
		m = loop_frame(&l, 0, b.used, 1);
		memcpy(rte_pktmbuf_mtod(m, void *), b.data, b.used);
		loop_send(&l, 0, &m, 1);
		loop_receive(&l, 0, &m, 1);
		left = m->packet_type;
		for (int i = 0; i < n; i++) {
			const uint32_t mask = (told[i] & RTE_PTYPE_L2_MASK) != 0 ? RTE_PTYPE_L2_MASK
					      : (told[i] & RTE_PTYPE_L3_MASK) != 0
						      ? RTE_PTYPE_L3_MASK
						      : RTE_PTYPE_L4_MASK;

			if ((m->packet_type & mask) != told[i])
				continue;
			seen[i]++;
			left &= ~mask;
		}
		assert_int_equal(left, 0);
		rte_pktmbuf_free(m);
	}
	for (int i = 0; i < n; i++)
		assert_int_not_equal(seen[i], 0);
	loop_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(ptype__whole_frames__are_as_dpdk_finds),
		LOOP_TEST(ptype__hostile_frames__claim_nothing_wrong),
		LOOP_TEST(ptype__each_that_is_told__is_made),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
