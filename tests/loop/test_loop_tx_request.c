/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Requests of frames: which pass rte_eth_tx_prepare(), which error the others have, and that they
 * survive a refusal by the card. What the card makes of them is judged by tests/offload.
 */

#include <rte_ip.h>
#include <rte_tcp.h>

#include "loop.h"

#define OFFLOADS                                                          \
	(RTE_ETH_TX_OFFLOAD_VLAN_INSERT | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | \
	 RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM |    \
	 RTE_ETH_TX_OFFLOAD_SCTP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_TSO)
#define TCP4_CKSUM (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_CKSUM)
#define TCP4_SEG (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_SEG)
#define HEADERS 54

/* TCP over IPv4, without a checksum, to be checksummed by the card. */
static struct rte_mbuf *
tcp_frame(struct loop *l, uint16_t ident, uint16_t bytes)
{
	struct rte_mbuf *m = loop_frame(l, ident, bytes, 1);
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	struct rte_ipv4_hdr ip;

	/* by copies: a frame may begin at an odd address */
	memcpy(&ip, data + 14, sizeof(ip));
	ip.version_ihl = RTE_IPV4_VHL_DEF;
	ip.total_length = rte_cpu_to_be_16(bytes - 14);
	ip.packet_id = rte_cpu_to_be_16(ident);
	ip.fragment_offset = 0;
	ip.next_proto_id = 6;
	memcpy(data + 14, &ip, sizeof(ip));
	data[12] = RTE_ETHER_TYPE_IPV4 >> 8;
	data[13] = RTE_ETHER_TYPE_IPV4 & 0xff;
	data[14 + 20 + offsetof(struct rte_tcp_hdr, data_off)] = 0x50;
	m->ol_flags = TCP4_CKSUM;
	m->l2_len = 14;
	m->l3_len = 20;
	m->l4_len = 20;
	return m;
}

/* By DPDK's own sums. Returns the identification. */
static uint16_t
tcp_check(struct rte_mbuf *m)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, 14);

	assert_int_equal(m->nb_segs, 1);
	assert_int_equal(rte_be_to_cpu_16(ip->total_length), m->pkt_len - 14);
	assert_int_equal(rte_raw_cksum(ip, 20), 0xffff);
	assert_int_equal(rte_ipv4_udptcp_cksum_verify(ip, ip + 1), 0);
	return rte_be_to_cpu_16(ip->packet_id);
}

/* What these flags say of a frame helps whoever serves a request; alone they ask for nothing. */
static void
prepare__hints_ask_for_nothing(void **state)
{
	static const uint64_t hints[] = {
		RTE_MBUF_F_TX_IPV4,
		RTE_MBUF_F_TX_IPV6,
		RTE_MBUF_F_TX_OUTER_IPV4 | RTE_MBUF_F_TX_IPV6,
		RTE_MBUF_F_TX_OUTER_IPV6 | RTE_MBUF_F_TX_IPV4,
		RTE_MBUF_F_TX_OUTER_IPV4 | RTE_MBUF_F_TX_TUNNEL_VXLAN,
		RTE_MBUF_F_TX_TUNNEL_MASK,
		RTE_MBUF_F_RX_RSS_HASH | RTE_MBUF_F_RX_IP_CKSUM_GOOD,
	};
	struct loop_config config = {.devargs = *state};
	struct rte_mbuf *frame, *got;
	struct loop l;

	loop_open(&l, &config);
	for (size_t i = 0; i < RTE_DIM(hints); i++) {
		frame = loop_frame(&l, i, 64, 1);
		frame->ol_flags |= hints[i];
		assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, &frame, 1), 1);
		loop_send(&l, 0, &frame, 1);
		loop_receive(&l, 0, &got, 1);
		loop_frame_check(got, i, 64);
	}
	loop_close(&l);
}

static void
prepare__request_not_advertised_refused(void **state)
{
	static const uint64_t requests[] = {
		RTE_MBUF_F_TX_QINQ,
		RTE_MBUF_F_TX_MACSEC,
		RTE_MBUF_F_TX_SEC_OFFLOAD,
		RTE_MBUF_F_TX_OUTER_IP_CKSUM | RTE_MBUF_F_TX_OUTER_IPV4,
		RTE_MBUF_F_TX_OUTER_UDP_CKSUM | RTE_MBUF_F_TX_OUTER_IPV4,
	};
	struct loop_config config = {.devargs = *state};
	struct rte_mbuf *frames[2];
	struct loop l;

	loop_open(&l, &config);
	frames[0] = loop_frame(&l, 1, 64, 1);
	frames[1] = loop_frame(&l, 2, 64, 1);
	for (size_t i = 0; i < RTE_DIM(requests); i++) {
		frames[1]->ol_flags = requests[i];
		rte_errno = 0;
		assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, frames, 2), 1);
		assert_int_equal(rte_errno, ENOTSUP);
	}
	rte_pktmbuf_free_bulk(frames, 2);
	loop_close(&l);
}

/* A queue that was set up without the offload would send the frame as it is. */
static void
prepare__request_of_no_offload_of_the_queue_refused(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct rte_mbuf *frame;
	struct loop l;

	loop_open(&l, &config);
	frame = tcp_frame(&l, 1, 100);
	rte_errno = 0;
	assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, &frame, 1), 0);
	assert_int_equal(rte_errno, ENOTSUP);
	rte_pktmbuf_free(frame);
	loop_close(&l);
	config.tx_offloads = OFFLOADS;
	loop_open(&l, &config);
	frame = tcp_frame(&l, 1, 100);
	assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, &frame, 1), 1);
	frame->ol_flags |= RTE_MBUF_F_TX_UDP_SEG;
	assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, &frame, 1), 0);
	assert_int_equal(rte_errno, ENOTSUP);
	frame->ol_flags = TCP4_CKSUM | RTE_MBUF_F_TX_IEEE1588_TMST;
	assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, &frame, 1), 0);
	assert_int_equal(rte_errno, ENOTSUP);
	/* of a packet within another */
	frame->ol_flags = TCP4_CKSUM | RTE_MBUF_F_TX_TUNNEL_VXLAN | RTE_MBUF_F_TX_OUTER_IPV4;
	assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, &frame, 1), 0);
	assert_int_equal(rte_errno, ENOTSUP);
	rte_pktmbuf_free(frame);
	loop_close(&l);
}

struct malformed {
	uint64_t flags;
	uint16_t l2, l3, l4, mss;
	uint16_t bytes;
};

static void
prepare__malformed_request_refused(void **state)
{
	static const struct malformed bad[] = {
		{TCP4_CKSUM, 13, 20, 0, 0, 100},
		{TCP4_CKSUM, 14, 19, 0, 0, 100},
		{TCP4_CKSUM, 127, 20, 0, 0, 100},
		{RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_TCP_CKSUM, 14, 39, 0, 0, 100},
		{RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_IP_CKSUM, 14, 40, 0, 0, 100},
		{TCP4_CKSUM | RTE_MBUF_F_TX_IPV6, 14, 40, 0, 0, 100},
		{TCP4_SEG, 14, 20, 20, 0, 100},
		{TCP4_SEG, 14, 20, 19, 100, 100},
		{TCP4_SEG, 14, 20, 80, 100, 100},
		{TCP4_SEG, 14, 20, 20, 1469, 3000},
		{TCP4_SEG, 14, 20, 20, 1, HEADERS + 1025},
		{RTE_MBUF_F_TX_VLAN, 0, 0, 0, 0, 1519},
		{TCP4_CKSUM, 14, 20, 0, 0, 1523},
	};
	static const struct malformed good[] = {
		{TCP4_SEG, 14, 20, 20, 1468, 3000},
		{TCP4_SEG, 14, 20, 20, 1, HEADERS + 1024},
		{TCP4_SEG, 14, 20, 20, 9000, 1400},
		{RTE_MBUF_F_TX_VLAN, 0, 0, 0, 0, 1518},
		{RTE_MBUF_F_TX_TCP_CKSUM, 14, 20, 0, 0, 1522},
	};
	struct loop_config config = {.devargs = *state, .tx_offloads = OFFLOADS};
	struct rte_mbuf *m;
	struct loop l;

	loop_open(&l, &config);
	for (size_t i = 0; i < RTE_DIM(bad) + RTE_DIM(good); i++) {
		const bool ok = i >= RTE_DIM(bad);
		const struct malformed *c = ok ? &good[i - RTE_DIM(bad)] : &bad[i];

		m = tcp_frame(&l, 1, c->bytes);
		m->ol_flags = c->flags;
		m->l2_len = c->l2;
		m->l3_len = c->l3;
		m->l4_len = c->l4;
		m->tso_segsz = c->mss;
		rte_errno = 0;
		assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, &m, 1), ok);
		assert_int_equal(rte_errno, ok ? 0 : EINVAL);
		rte_pktmbuf_free(m);
	}
	loop_close(&l);
}

/* What only a look at the headers tells is the card's to find; the queue goes on. */
static void
tx__request_that_headers_contradict_counted(void **state)
{
	struct loop_config config = {.devargs = *state, .tx_offloads = OFFLOADS};
	struct rte_mbuf *frames[3], *got[2];
	struct loop l;

	loop_open(&l, &config);
	for (uint16_t i = 0; i < 3; i++)
		frames[i] = tcp_frame(&l, i, 100 + i);
	*rte_pktmbuf_mtod_offset(frames[1], uint8_t *, 23) = 17;
	assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, frames, 3), 3);
	loop_send(&l, 0, frames, 3);
	loop_receive(&l, 0, got, 2);
	assert_int_equal(tcp_check(got[0]), 0);
	assert_int_equal(tcp_check(got[1]), 2);
	rte_pktmbuf_free_bulk(got, 2);
	assert_int_equal(loop_xstat(&l, "tx_bad_request"), 1);
	assert_int_equal(loop_xstat(&l, "tx_malformed"), 0);
	loop_close(&l);
}

/* By the flag of the mbuf, in a queue that has no offload; only while timesync is on. */
static void
tx__time_of_frame_that_asks_is_noted(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct rte_mbuf *frame, *got;
	struct timespec time;
	struct loop l;

	loop_open(&l, &config);
	for (unsigned int round = 0; round < 3; round++) {
		if (round == 1)
			assert_int_equal(rte_eth_timesync_enable(l.port_id), 0);
		if (round == 2)
			assert_int_equal(rte_eth_timesync_disable(l.port_id), 0);
		frame = loop_frame(&l, round, 100, 1);
		frame->ol_flags |= RTE_MBUF_F_TX_IEEE1588_TMST;
		assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, &frame, 1), round == 1);
		loop_send(&l, 0, &frame, 1);
		loop_receive(&l, 0, &got, 1);
		loop_frame_check(got, round, 100);
		assert_int_equal(rte_eth_timesync_read_tx_timestamp(l.port_id, &time),
				 round == 1 ? 0 : -EINVAL);
	}
	loop_close(&l);
}

static uint16_t revoke_id;

/* Once, when lines have been pushed and the card has not looked at them. */
static void
revoke_before(struct wcnic_card *card, void *arg)
{
	const struct wcnic_txq *txq = arg;

	if (revoke_id == WCNIC_WINDOW_NONE || txq->tail < 40)
		return;
	(void)wcnic_card_window_revoke(card, revoke_id);
	revoke_id = WCNIC_WINDOW_NONE;
}

/* Frames that the card refuses because it took the window away are fetched, as they were asked. */
static void
push__refused_frames_keep_their_requests(void **state)
{
	struct loop_config config = {.devargs = *state, .tx_offloads = OFFLOADS};
	struct rte_mbuf *frames[64], *got[64];
	struct loop l;

	loop_open(&l, &config);
	revoke_id = loop_txq(&l, 0)->ctrl.window.grant.id;
	loop_hook_set(&l, revoke_before, NULL, loop_txq(&l, 0));
	for (uint16_t sent = 0; sent < 640; sent += 64) {
		for (uint16_t i = 0; i < 64; i++) {
			frames[i] = tcp_frame(&l, sent + i, HEADERS + (sent + i) % 800);
			if (i % 3 == 0)
				frames[i]->ol_flags = 0;
		}
		loop_send(&l, 0, frames, 64);
		loop_receive(&l, 0, got, 64);
		for (uint16_t i = 0; i < 64; i++)
			if (i % 3 != 0)
				assert_int_equal(tcp_check(got[i]), sent + i);
		rte_pktmbuf_free_bulk(got, 64);
	}
	assert_int_equal(revoke_id, WCNIC_WINDOW_NONE);
	assert_true(loop_xstat(&l, "tx_dropped") > 0);
	assert_true(loop_xstat(&l, "tx_resent") > 0);
	loop_close(&l);
}

#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)
#define BOTH(fn) ARGS(fn, "placement=push"), ARGS(fn, "placement=fetch")

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(prepare__hints_ask_for_nothing),
		BOTH(prepare__request_not_advertised_refused),
		BOTH(prepare__request_of_no_offload_of_the_queue_refused),
		BOTH(prepare__malformed_request_refused),
		BOTH(tx__request_that_headers_contradict_counted),
		BOTH(tx__time_of_frame_that_asks_is_noted),
		ARGS(tx__time_of_frame_that_asks_is_noted, "placement=push,packed=0"),
		ARGS(push__refused_frames_keep_their_requests, "placement=push"),
		ARGS(push__refused_frames_keep_their_requests, "placement=push,packed=0"),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
