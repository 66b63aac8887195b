/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What Rx queues ask the card to do to frames, and what mbufs then say. */

#include <errno.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include <wcnic_rx_offload.h>

#include "loop.h"

#define VLAN_FLAGS (RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED)
#define QINQ_FLAGS (VLAN_FLAGS | RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED)
#define BYTES 100u

/* A frame of BYTES bytes with so many tags of TCIs 0x3000 + tag, then no known protocol. */
static struct rte_mbuf *
tagged_frame(struct loop *l, uint64_t seed, unsigned int tags)
{
	struct rte_mbuf *m = loop_frame(l, seed, BYTES, 1);
	uint8_t *at = rte_pktmbuf_mtod(m, uint8_t *) + 12;

	for (unsigned int i = 0; i < tags; i++, at += 4) {
		const uint8_t tag[4] = {i == 0 && tags == 2 ? 0x88 : 0x81,
					i == 0 && tags == 2 ? 0xa8 : 0x00, 0x30, (uint8_t)i};

		memcpy(at, tag, sizeof(tag));
	}
	at[0] = 0x88;
	at[1] = 0xb5;
	return m;
}

/* Sends a burst of frames with 0, 1, 2, 0, ... tags; receives it; `strip` of n tags are off. */
static void
burst_check(struct loop *l, uint16_t qid, unsigned int n, bool strip, bool strip_two)
{
	struct rte_mbuf *frames[64], *got[64];
	uint8_t want[64][BYTES];

	for (unsigned int i = 0; i < n; i++) {
		frames[i] = tagged_frame(l, i, i % 3);
		memcpy(want[i], rte_pktmbuf_mtod(frames[i], void *), BYTES);
	}
	loop_send(l, 0, frames, n);
	loop_receive(l, qid, got, n);
	for (unsigned int i = 0; i < n; i++) {
		const unsigned int tags = i % 3;
		const unsigned int off = tags == 2 && strip_two ? 2 : strip && tags != 0 ? 1 : 0;
		const uint8_t *data = rte_pktmbuf_mtod(got[i], uint8_t *);
		const uint64_t flags = got[i]->ol_flags & QINQ_FLAGS;

		assert_int_equal(got[i]->pkt_len, BYTES - 4 * off);
		assert_int_equal(got[i]->data_len, BYTES - 4 * off);
		assert_memory_equal(data, want[i], 12);
		assert_memory_equal(data + 12, want[i] + 12 + 4 * off, BYTES - 4 * off - 12);
		assert_int_equal(flags, off == 2 ? QINQ_FLAGS : off == 1 ? VLAN_FLAGS : 0);
		if (off != 0)
			assert_int_equal(got[i]->vlan_tci, 0x3000 + off - 1);
		if (off == 2)
			assert_int_equal(got[i]->vlan_tci_outer, 0x3000);
		/* the type is that of the data */
		assert_int_equal((got[i]->packet_type & RTE_PTYPE_L2_MASK) != RTE_PTYPE_L2_ETHER,
				 tags != off);
		rte_pktmbuf_free(got[i]);
	}
}

static void
vlan_strip__configured__tags_are_in_the_mbufs(void **state)
{
	struct loop l;

	(void)state;
	loop_open(&l, &(struct loop_config){.rx_offloads = RTE_ETH_RX_OFFLOAD_VLAN_STRIP});
	for (unsigned int n = 1; n < 64; n += 5)
		burst_check(&l, 0, n, true, false);
	loop_close(&l);
}

static void
qinq_strip__configured__both_tags_are_in_the_mbufs(void **state)
{
	struct loop l;

	(void)state;
	loop_open(&l, &(struct loop_config){.rx_offloads = RTE_ETH_RX_OFFLOAD_QINQ_STRIP});
	burst_check(&l, 0, 60, false, true);
	loop_close(&l);
	loop_open(&l, &(struct loop_config){.rx_offloads = RTE_ETH_RX_OFFLOAD_QINQ_STRIP |
							   RTE_ETH_RX_OFFLOAD_VLAN_STRIP});
	burst_check(&l, 0, 60, true, true);
	loop_close(&l);
}

static void
strip__changed_while_running__holds_for_what_comes(void **state)
{
	struct loop l;

	(void)state;
	loop_open(&l, &(struct loop_config){0});
	assert_null(loop_rxq(&l, 0)->extra);
	burst_check(&l, 0, 40, false, false);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(
			rte_eth_dev_set_vlan_offload(l.port_id, RTE_ETH_VLAN_STRIP_OFFLOAD), 0);
		burst_check(&l, 0, 40, true, false);
		assert_int_equal(
			rte_eth_dev_set_vlan_offload(l.port_id, RTE_ETH_QINQ_STRIP_OFFLOAD), 0);
		burst_check(&l, 0, 40, false, true);
		assert_int_equal(rte_eth_dev_set_vlan_offload(l.port_id, 0), 0);
		burst_check(&l, 0, 40, false, false);
	}
	assert_int_equal(rte_eth_dev_set_vlan_offload(l.port_id, RTE_ETH_VLAN_STRIP_OFFLOAD), 0);
	/* it lasts over a stop */
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	burst_check(&l, 0, 40, true, false);
	loop_close(&l);
}

static void
strip__of_one_queue__leaves_the_others(void **state)
{
	struct rte_eth_rss_reta_entry64 reta[2] = {{.mask = UINT64_MAX}, {.mask = UINT64_MAX}};
	struct loop l;

	(void)state;
	loop_open(&l, &(struct loop_config){.n_rxq = 2, .rss = true});
	assert_int_equal(rte_eth_dev_set_vlan_strip_on_queue(l.port_id, 1, 1), 0);
	burst_check(&l, 0, 40, false, false);
	for (unsigned int i = 0; i < 128; i++)
		reta[i / 64].reta[i % 64] = 1;
	assert_int_equal(rte_eth_dev_rss_reta_update(l.port_id, reta, 128), 0);
	burst_check(&l, 1, 40, true, false);
	assert_int_equal(rte_eth_dev_set_vlan_strip_on_queue(l.port_id, 1, 0), 0);
	burst_check(&l, 1, 40, false, false);
	loop_close(&l);
}

static void
strip__frame_of_many_buffers__is_in_the_first(void **state)
{
	struct rte_mbuf *sent, *got;
	uint8_t want[1000];
	struct loop l;

	(void)state;
	loop_open(&l, &(struct loop_config){.rx_offloads = RTE_ETH_RX_OFFLOAD_VLAN_STRIP,
					    .buf_bytes = 128,
					    .scatter = true});
	for (uint64_t seed = 0; seed < 20; seed++) {
		uint8_t copy[1000];
		const uint8_t *data;

		sent = loop_frame(&l, seed, 1000, 1);
		memcpy(rte_pktmbuf_mtod_offset(sent, void *, 12), "\x81\x00\x0f\xff", 4);
		memcpy(want, rte_pktmbuf_mtod(sent, void *), 1000);
		loop_send(&l, 0, &sent, 1);
		loop_receive(&l, 0, &got, 1);
		assert_int_equal(got->pkt_len, 996);
		assert_int_equal(got->nb_segs, 8);
		assert_int_equal(got->ol_flags & QINQ_FLAGS, VLAN_FLAGS);
		assert_int_equal(got->vlan_tci, 0x0fff);
		data = rte_pktmbuf_read(got, 0, 996, copy);
		assert_memory_equal(data, want, 12);
		assert_memory_equal(data + 12, want + 16, 984);
		rte_pktmbuf_free(got);
	}
	loop_close(&l);
}

/* ---- checksums ------------------------------------------------------------------------------ */

#define VERDICTS (RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK)

/*
 * IPv4 and UDP, with checksums that DPDK makes; then a byte of one of them may change. Frames may
 * begin at odd addresses, where DPDK has no headers: they are made elsewhere.
 */
static struct rte_mbuf *
udp_frame(struct loop *l, uint64_t seed, bool ip_bad, bool l4_bad)
{
	struct rte_mbuf *m = loop_frame(l, seed, BYTES, 1);
	_Alignas(struct rte_ipv4_hdr) uint8_t packet[BYTES - 14];
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)packet;
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	memcpy(packet, rte_pktmbuf_mtod_offset(m, void *, 14), sizeof(packet));
	memcpy(rte_pktmbuf_mtod_offset(m, void *, 12), "\x08\x00", 2);
	*ip = (struct rte_ipv4_hdr){.version_ihl = 0x45,
				    .total_length = rte_cpu_to_be_16(BYTES - 14),
				    .time_to_live = 64,
				    .next_proto_id = IPPROTO_UDP,
				    .src_addr = (uint32_t)seed,
				    .dst_addr = 0x01020304};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->dgram_len = rte_cpu_to_be_16(BYTES - 34);
	udp->dgram_cksum = 0;
	udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
	ip->type_of_service ^= ip_bad;
	packet[sizeof(packet) - 1] ^= l4_bad;
	memcpy(rte_pktmbuf_mtod_offset(m, void *, 14), packet, sizeof(packet));
	return m;
}

static void
verdicts_check(struct loop *l, bool asked)
{
	struct rte_mbuf *m[32];

	for (unsigned int i = 0; i < RTE_DIM(m); i++)
		m[i] = udp_frame(l, i, i % 4 == 1, i % 8 >= 6);
	loop_send(l, 0, m, RTE_DIM(m));
	loop_receive(l, 0, m, RTE_DIM(m));
	for (unsigned int i = 0; i < RTE_DIM(m); i++) {
		const uint64_t want = (i % 4 == 1 ? RTE_MBUF_F_RX_IP_CKSUM_BAD
						  : RTE_MBUF_F_RX_IP_CKSUM_GOOD) |
				      (i % 8 >= 6 ? RTE_MBUF_F_RX_L4_CKSUM_BAD
						  : RTE_MBUF_F_RX_L4_CKSUM_GOOD);

		assert_int_equal(m[i]->ol_flags & VERDICTS, asked ? want : 0);
		rte_pktmbuf_free(m[i]);
	}
}

static void
checksum__asked_for__verdicts_are_in_the_mbufs(void **state)
{
	static const uint64_t offloads[] = {
		RTE_ETH_RX_OFFLOAD_CHECKSUM, RTE_ETH_RX_OFFLOAD_IPV4_CKSUM,
		RTE_ETH_RX_OFFLOAD_UDP_CKSUM, RTE_ETH_RX_OFFLOAD_SCTP_CKSUM, 0};
	struct loop l;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(offloads); i++) {
		loop_open(&l, &(struct loop_config){.rx_offloads = offloads[i]});
		verdicts_check(&l, offloads[i] != 0);
		loop_close(&l);
	}
}

/* ---- what the card may say beside ---------------------------------------------------------- */

struct forged {
	struct wcnic_rxq *rxq;
	uint16_t flags; /* that are added to a completion */
	struct wcnic_rx_extra extra;
};

static void
completion_forge(struct wcnic_card *card, void *arg)
{
	const struct forged *f = arg;
	const uint16_t at = f->rxq->head & f->rxq->mask;

	(void)card;
	if (f->rxq->extra != NULL)
		f->rxq->extra[at] = f->extra;
	f->rxq->cq[at].flags |= htole16(f->flags);
}

static struct rte_mbuf *
forged_frame(struct loop *l, struct forged *f)
{
	struct rte_mbuf *m = loop_frame(l, 1, BYTES, 1);
	const uint64_t end = loop_patience_end();

	f->rxq = loop_rxq(l, 0);
	loop_send(l, 0, &m, 1);
	/* A poll does nothing while the service polls. */
	while (rte_eth_rx_queue_count(l->port_id, 0) == 0) {
		assert_true(rte_get_timer_cycles() < end);
		loop_hw(l)->attach->poll(loop_hw(l));
	}
	completion_forge(NULL, f);
	m = NULL;
	rte_eth_rx_burst(l->port_id, 0, &m, 1);
	return m;
}

static void
extra__marks_and_times__are_in_the_mbuf(void **state)
{
	struct forged f = {
		.flags = WCNIC_RXF_MARK | WCNIC_RXF_MATCH | WCNIC_RXF_TIME | WCNIC_RXF_PTP |
			 WCNIC_RXF_L4_GOOD | WCNIC_RXF_IP_BAD,
		.extra = {.mark = htole32(0x12345678), .time_ns = htole64(0x1122334455667788ull)},
	};
	const uint64_t plain = RTE_MBUF_F_RX_FDIR | RTE_MBUF_F_RX_FDIR_ID |
			       RTE_MBUF_F_RX_IEEE1588_PTP | RTE_MBUF_F_RX_L4_CKSUM_GOOD |
			       RTE_MBUF_F_RX_IP_CKSUM_BAD;
	struct rte_mbuf *m;
	uint64_t time_flag;
	int time_off, ret;
	struct loop l;

	(void)state;
	loop_open(&l, &(struct loop_config){0});
	pthread_mutex_lock(&loop_hw(&l)->lock);
	ret = wcnic_rx_extra_add(loop_rxq(&l, 0));
	pthread_mutex_unlock(&loop_hw(&l)->lock);
	assert_int_equal(ret, 0);
	m = forged_frame(&l, &f);
	assert_non_null(m);
	assert_int_equal(m->ol_flags, plain);
	assert_int_equal(m->hash.fdir.hi, 0x12345678);
	rte_pktmbuf_free(m);
	assert_int_equal(rte_mbuf_dyn_rx_timestamp_register(&time_off, &time_flag), 0);
	loop_rxq(&l, 0)->time_off = (int16_t)time_off;
	loop_rxq(&l, 0)->time_flag = time_flag;
	m = forged_frame(&l, &f);
	assert_non_null(m);
	assert_int_equal(m->ol_flags, plain | time_flag);
	assert_int_equal(*RTE_MBUF_DYNFIELD(m, time_off, rte_mbuf_timestamp_t *),
			 0x1122334455667788ull);
	rte_pktmbuf_free(m);
	loop_close(&l);
}

static void
extra__flag_without_a_ring__is_impossible(void **state)
{
	static const uint16_t flags[] = {WCNIC_RXF_VLAN, WCNIC_RXF_QINQ, WCNIC_RXF_MARK,
					 WCNIC_RXF_TIME};
	struct loop l;

	(void)state;
	loop_open(&l, &(struct loop_config){0});
	for (size_t i = 0; i < RTE_DIM(flags); i++) {
		assert_null(forged_frame(&l, &(struct forged){.flags = flags[i]}));
		assert_int_equal(loop_xstat(&l, "rx_bad_completions"), i + 1);
		loop_recovered(&l, i + 1);
	}
	loop_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(vlan_strip__configured__tags_are_in_the_mbufs),
		LOOP_TEST(qinq_strip__configured__both_tags_are_in_the_mbufs),
		LOOP_TEST(strip__changed_while_running__holds_for_what_comes),
		LOOP_TEST(strip__of_one_queue__leaves_the_others),
		LOOP_TEST(strip__frame_of_many_buffers__is_in_the_first),
		LOOP_TEST(checksum__asked_for__verdicts_are_in_the_mbufs),
		LOOP_TEST(extra__marks_and_times__are_in_the_mbuf),
		LOOP_TEST(extra__flag_without_a_ring__is_impossible),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
