/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Frames of every shape through both placements: each comes out once, in order, byte for byte. */

#include <rte_cpuflags.h>
#include <rte_ip.h>
#include <rte_thash.h>
#include <rte_udp.h>
#include <rte_vect.h>

#include "loop.h"

/* ---- sizes ------------------------------------------------------------------------------- */

#define JUMBO_MTU 9000
#define JUMBO_MAX (JUMBO_MTU + WCNIC_L2_OVERHEAD)

/* Every size to 300, then steps, then the edges: of a slot's inline part, of Ethernet, of the MTU.
 */
static uint32_t
bytes_swept(const struct loop_stream *s, uint32_t i)
{
	static const uint32_t edges[] = {439,  440,  441,  887,  888,           889,
					 1513, 1514, 1522, 4096, JUMBO_MAX - 1, JUMBO_MAX};
	const uint32_t small = 300 - 14 + 1, steps = (JUMBO_MAX - 301) / 97;

	(void)s;
	if (i < small)
		return 14 + i;
	i -= small;
	if (i < steps)
		return 301 + i * 97;
	return edges[(i - steps) % RTE_DIM(edges)];
}

#define SWEPT_COUNT (287 + (JUMBO_MAX - 301) / 97 + 12)

static void
loop__every_size_comes_back_equal(void **state)
{
	struct loop_config config = {.devargs = *state, .mtu = JUMBO_MTU};
	struct loop_stream s = {.count = SWEPT_COUNT, .bytes = bytes_swept, .seed = 7};
	struct loop l;

	loop_open(&l, &config);
	loop_stream_run(&l, &s);
	s.segs = 5;
	loop_stream_run(&l, &s);
	assert_int_equal(loop_xstat(&l, "tx_good_packets"), 2 * SWEPT_COUNT);
	if (strstr(config.devargs, "placement=push") != NULL)
		assert_int_equal(loop_xstat(&l, "tx_pushed"), 2 * SWEPT_COUNT);
	else
		assert_int_equal(loop_xstat(&l, "tx_fetched"), 2 * SWEPT_COUNT);
	loop_close(&l);
}

/* ---- segments ---------------------------------------------------------------------------- */

static void
tx__many_unequal_segments_are_one_frame(void **state)
{
	struct loop_config config = {.devargs = *state, .mtu = JUMBO_MTU, .tx_depth = 64};
	struct loop_stream s = {
		.count = 600,
		.bytes = loop_bytes_random,
		.arg = 4000,
		.segs = 40,
		.burst = 16,
	};
	struct loop l;

	loop_open(&l, &config);
	loop_stream_run(&l, &s);
	loop_close(&l);
}

/* A frame of `segs` segments of 16 bytes each. */
static struct rte_mbuf *
frame_of_segments(struct loop *l, uint64_t seed, unsigned int segs)
{
	struct rte_mbuf *frame = NULL, *last = NULL;

	for (unsigned int i = 0; i < segs; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(l->tx_pool);

		assert_non_null(m);
		m->data_len = 16;
		loop_fill(rte_pktmbuf_mtod(m, uint8_t *), seed, i * 16, 16);
		if (frame == NULL)
			frame = m;
		else
			last->next = m;
		last = m;
	}
	frame->nb_segs = segs;
	frame->pkt_len = segs * 16;
	return frame;
}

static void
tx__too_many_segments_counted_as_malformed(void **state)
{
	struct loop_config config = {
		.devargs = "placement=fetch", .mtu = JUMBO_MTU, .tx_depth = 512};
	struct rte_mbuf *frames[3], *got[2];
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	frames[0] = frame_of_segments(&l, 1, 255);
	frames[1] = frame_of_segments(&l, 2, 256);
	frames[2] = frame_of_segments(&l, 3, 2);
	assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, frames, 3), 1);
	loop_send(&l, 0, frames, 3);
	loop_receive(&l, 0, got, 2);
	loop_frame_check(got[0], 1, 255 * 16);
	loop_frame_check(got[1], 3, 32);
	loop_receive_none(&l, 0);
	assert_int_equal(loop_xstat(&l, "tx_malformed"), 1);
	assert_int_equal(loop_xstat(&l, "tx_good_packets"), 2);
	loop_close(&l);
}

/* A frame that can never fit the ring must not hold up those behind it. */
static void
tx__more_segments_than_ring_counted_as_malformed(void **state)
{
	struct loop_config config = {.devargs = *state, .tx_depth = 8};
	struct rte_mbuf *frames[3], *got[2];
	struct loop l;

	loop_open(&l, &config);
	frames[0] = frame_of_segments(&l, 1, 8);
	frames[1] = frame_of_segments(&l, 2, 9 * WCNIC_SLOT_SEGS(1));
	frames[2] = frame_of_segments(&l, 3, 1);
	loop_send(&l, 0, frames, 3);
	loop_receive(&l, 0, got, 2);
	loop_frame_check(got[0], 1, 8 * 16);
	loop_frame_check(got[1], 3, 16);
	assert_int_equal(loop_xstat(&l, "tx_malformed"), 1);
	loop_close(&l);
}

static void
tx__frame_without_data_counted_as_malformed(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct rte_mbuf *frames[3], *got[2];
	struct loop l;

	loop_open(&l, &config);
	frames[0] = loop_frame(&l, 1, 64, 1);
	frames[1] = rte_pktmbuf_alloc(l.tx_pool);
	assert_non_null(frames[1]);
	frames[2] = loop_frame(&l, 2, 64, 1);
	loop_send(&l, 0, frames, 3);
	loop_receive(&l, 0, got, 2);
	loop_frame_check(got[0], 1, 64);
	loop_frame_check(got[1], 2, 64);
	assert_int_equal(loop_xstat(&l, "tx_malformed"), 1);
	loop_close(&l);
}

/* If lengths do not add up, no memory outside the data may be sent, nor too many bytes. */
static void
tx__segments_that_do_not_add_up_counted_as_malformed(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct rte_mbuf *frames[4], *got[2];
	struct loop l;

	loop_open(&l, &config);
	frames[0] = loop_frame(&l, 1, 64, 1);
	frames[1] = frame_of_segments(&l, 2, 3);
	frames[1]->pkt_len += 100;
	frames[2] = loop_frame(&l, 3, 200, 1);
	frames[2]->pkt_len = 64;
	frames[3] = loop_frame(&l, 4, 64, 1);
	loop_send(&l, 0, frames, 4);
	loop_receive(&l, 0, got, 2);
	loop_frame_check(got[0], 1, 64);
	loop_frame_check(got[1], 4, 64);
	assert_int_equal(loop_xstat(&l, "tx_malformed"), 2);
	loop_close(&l);
}

/* A frame that is pushed in pieces goes whole between two doorbells, or not at all. */
static void
tx__more_slots_than_max_burst_counted_as_malformed(void **state)
{
	struct loop_config config = {.devargs = "placement=push,slot_lines=1"};
	struct rte_mbuf *frames[2], *got[1];
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	loop_txq(&l, 0)->burst_max = 2;
	loop_txq(&l, 0)->burst_left = 2;
	frames[0] = frame_of_segments(&l, 1, 3 * WCNIC_SLOT_SEGS(1));
	frames[1] = frame_of_segments(&l, 2, 2 * WCNIC_SLOT_SEGS(1));
	loop_send(&l, 0, frames, 2);
	loop_receive(&l, 0, got, 1);
	loop_frame_check(got[0], 2, 2 * WCNIC_SLOT_SEGS(1) * 16);
	assert_int_equal(loop_xstat(&l, "tx_malformed"), 1);
	loop_close(&l);
}

static void
rx__small_buffers_are_filled_one_after_another(void **state)
{
	static const uint16_t rooms[] = {64, 100, 1000};
	struct loop_stream s = {
		.count = 300, .bytes = loop_bytes_random, .arg = JUMBO_MAX, .burst = 8};
	struct loop l;

	for (unsigned int i = 0; i < RTE_DIM(rooms); i++) {
		struct loop_config config = {.devargs = *state,
					     .mtu = JUMBO_MTU,
					     .buf_bytes = rooms[i],
					     .scatter = true,
					     .rx_depth = 256};

		loop_open(&l, &config);
		loop_stream_run(&l, &s);
		loop_close(&l);
	}
}

/* The longest frame needs nearly the whole ring, whatever was received before it. */
static void
rx__frame_of_nearly_all_buffers_arrives(void **state)
{
	struct loop_config config = {
		.mtu = 4064 - WCNIC_L2_OVERHEAD, .buf_bytes = 64, .scatter = true, .rx_depth = 64};
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	for (uint32_t before = 0; before < 40; before++) {
		struct loop_stream small = {
			.count = before, .bytes = loop_bytes_fixed, .arg = 64, .burst = 1};
		struct loop_stream large = {.count = 2, .bytes = loop_bytes_fixed, .arg = 4064};

		loop_stream_run(&l, &small);
		loop_stream_run(&l, &large);
	}
	loop_close(&l);
}

/* ---- rings ------------------------------------------------------------------------------- */

static void
loop__sequence_numbers_wrap(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct loop_stream s = {.count = 140000, .bytes = loop_bytes_fixed, .arg = 64};
	struct loop l;

	loop_open(&l, &config);
	loop_stream_run(&l, &s);
	assert_int_equal(loop_xstat(&l, "tx_good_packets"), s.count);
	assert_int_equal(loop_xstat(&l, "rx_good_packets"), s.count);
	loop_close(&l);
}

/* Frames of several entries, so that the wrap falls into one of them. */
static void
loop__sequence_numbers_wrap_within_frames(void **state)
{
	struct loop_config config = {
		.devargs = *state, .mtu = 3000, .scatter = true, .buf_bytes = 300};
	struct loop_stream s = {.count = 20000, .bytes = loop_bytes_random, .arg = 1200, .segs = 9};
	struct loop l;

	loop_open(&l, &config);
	loop_stream_run(&l, &s);
	loop_close(&l);
}

static void
loop__smallest_rings_forward(void **state)
{
	struct rte_eth_dev_info info;
	struct loop_config config = {.devargs = *state, .tx_depth = 8, .rx_depth = 8};
	struct loop_stream s = {.count = 3000, .bytes = loop_bytes_random, .arg = 1500};
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_info_get(l.port_id, &info), 0);
	assert_int_equal(info.tx_desc_lim.nb_min, 8);
	assert_int_equal(info.rx_desc_lim.nb_min, 8);
	for (s.burst = 1; s.burst <= 65; s.burst += 16)
		loop_stream_run(&l, &s);
	loop_close(&l);
}

static void
loop__bursts_of_1_to_300_forward(void **state)
{
	struct loop_config config = {.devargs = *state, .tx_depth = 128, .rx_depth = 512};
	struct loop l;

	loop_open(&l, &config);
	for (uint16_t burst = 1; burst <= 300; burst += burst < 34 ? 1 : 19) {
		struct loop_stream s = {.count = 1u + 2u * burst,
					.bytes = loop_bytes_random,
					.arg = 700,
					.seed = burst * 1000u,
					.burst = burst};

		loop_stream_run(&l, &s);
	}
	loop_close(&l);
}

/* ---- what the card discards -------------------------------------------------------------- */

static void
tx__oversize_and_runt_counted_by_name(void **state)
{
	struct loop_config config = {.devargs = *state};
	const uint32_t most = RTE_ETHER_MTU + WCNIC_L2_OVERHEAD;
	struct rte_mbuf *frames[6], *got[3];
	struct loop l;

	loop_open(&l, &config);
	frames[0] = loop_frame(&l, 1, 14, 1);
	frames[1] = loop_frame(&l, 2, 13, 1);
	frames[2] = loop_frame(&l, 3, most, 3);
	frames[3] = loop_frame(&l, 4, most + 1, 1);
	frames[4] = loop_frame(&l, 5, most + 1, 4);
	frames[5] = loop_frame(&l, 6, 60, 1);
	loop_send(&l, 0, frames, 6);
	loop_receive(&l, 0, got, 3);
	loop_frame_check(got[0], 1, 14);
	loop_frame_check(got[1], 3, most);
	loop_frame_check(got[2], 6, 60);
	loop_receive_none(&l, 0);
	assert_int_equal(loop_xstat(&l, "tx_runt"), 1);
	assert_int_equal(loop_xstat(&l, "tx_oversize"), 2);
	assert_int_equal(loop_xstat(&l, "tx_errors"), 3);
	assert_int_equal(loop_xstat(&l, "card_tx_errors"), 3);
	loop_close(&l);
}

/* ---- backpressure ------------------------------------------------------------------------ */

static void
loop__without_receiver_holds_back_and_loses_nothing(void **state)
{
	struct loop_config config = {.devargs = *state, .tx_depth = 64, .rx_depth = 128};
	struct rte_mbuf *m, *got[1024];
	/* what the receiver's buffers and the sender's entries hold, and no more */
	const uint64_t fits = 64 + 128;
	uint64_t seed = 0, end = loop_patience_end();
	unsigned int refused = 0;
	struct loop l;

	loop_open(&l, &config);
	while (seed < fits ? rte_get_timer_cycles() < end : refused < 200) {
		m = loop_frame(&l, seed, 200, 1);
		if (rte_eth_tx_burst(l.port_id, 0, &m, 1) == 1) {
			seed++;
			refused = 0;
			continue;
		}
		rte_pktmbuf_free(m);
		refused++;
		if (loop_hw(&l)->attach->poll == NULL)
			rte_delay_us_sleep(100);
	}
	assert_int_equal(seed, fits);
	loop_receive(&l, 0, got, seed);
	for (uint64_t i = 0; i < seed; i++)
		loop_frame_check(got[i], i, 200);
	assert_true(loop_xstat(&l, "card_tx_held") > 0);
	assert_int_equal(loop_xstat(&l, "tx_good_packets"), seed);
	loop_close(&l);
}

/* ---- RSS --------------------------------------------------------------------------------- */

#define FLOWS 64
#define FLOW_FRAMES 40

/* An IPv4/UDP frame: the flow is in its ports, its number in the payload. */
static struct rte_mbuf *
flow_frame(struct loop *l, unsigned int flow, uint32_t number)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(l->tx_pool);
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(eth + 1);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	m->pkt_len = m->data_len = 64 + flow;
	loop_fill((uint8_t *)eth, flow, 0, m->pkt_len);
	eth->ether_type = htobe16(RTE_ETHER_TYPE_IPV4);
	memset(ip, 0, sizeof(*ip));
	ip->version_ihl = 0x45;
	ip->total_length = htobe16(m->pkt_len - sizeof(*eth));
	ip->next_proto_id = IPPROTO_UDP;
	ip->src_addr = htobe32(0x0a000001);
	ip->dst_addr = htobe32(0x0a000002);
	udp->src_port = htobe16(1000 + flow);
	udp->dst_port = htobe16(2000);
	memcpy(udp + 1, &number, sizeof(number));
	return m;
}

static uint32_t
flow_hash(struct loop *l, unsigned int flow)
{
	uint8_t key[WCNIC_RSS_KEY_BYTES];
	struct rte_eth_rss_conf conf = {.rss_key = key, .rss_key_len = sizeof(key)};
	uint32_t tuple[3] = {0x0a000001, 0x0a000002, (1000 + flow) << 16 | 2000};

	assert_int_equal(rte_eth_dev_rss_hash_conf_get(l->port_id, &conf), 0);
	return rte_softrss(tuple, RTE_DIM(tuple), key);
}

static void
flow_check(struct loop *l, uint16_t qid, struct rte_mbuf *m, uint32_t *next, unsigned int *on)
{
	const struct rte_udp_hdr *udp = rte_pktmbuf_mtod_offset(m, struct rte_udp_hdr *, 14 + 20);
	unsigned int flow = be16toh(udp->src_port) - 1000;
	uint32_t number, hash = flow_hash(l, flow);

	assert_true(flow < FLOWS);
	memcpy(&number, udp + 1, sizeof(number));
	assert_int_equal(number, next[flow]);
	next[flow]++;
	assert_true((m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0);
	assert_int_equal(m->hash.rss, hash);
	assert_int_equal(qid, hash % WCNIC_RETA_ENTRIES % LOOP_QUEUES_MAX);
	assert_int_equal(m->packet_type, RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L4_UDP);
	*on |= 1u << qid;
	rte_pktmbuf_free(m);
}

/* Frames of one line of completions that are of several types, with each width of vectors. */
static void
rx__type_changes_within_a_line_each_frame_has_its_own(void **state)
{
	static const uint16_t widths[] = {RTE_VECT_SIMD_DISABLED, RTE_VECT_SIMD_128,
					  RTE_VECT_SIMD_256};
	static const uint8_t protos[] = {IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP};
	static const uint32_t l4[] = {RTE_PTYPE_L4_UDP, RTE_PTYPE_L4_TCP, RTE_PTYPE_L4_ICMP};
	const uint16_t most = rte_vect_get_max_simd_bitwidth();
	struct loop_config config = {.devargs = "placement=fetch"};
	uint64_t random = 11;

	(void)state;
	for (size_t w = 0; w < RTE_DIM(widths); w++) {
		struct loop l;

		assert_int_equal(rte_vect_set_max_simd_bitwidth(widths[w]), 0);
		loop_open(&l, &config);
		for (unsigned int burst = 0; burst < 100; burst++) {
			struct rte_mbuf *m[8];
			unsigned int kind[8];

			for (unsigned int i = 0; i < RTE_DIM(m); i++) {
				kind[i] = loop_random(&random) % 8;
				kind[i] = kind[i] < RTE_DIM(protos) ? kind[i] : 0;
				m[i] = flow_frame(&l, kind[i], i);
				rte_pktmbuf_mtod_offset(m[i], struct rte_ipv4_hdr *, 14)
					->next_proto_id = protos[kind[i]];
			}
			loop_send(&l, 0, m, RTE_DIM(m));
			loop_receive(&l, 0, m, RTE_DIM(m));
			for (unsigned int i = 0; i < RTE_DIM(m); i++) {
				assert_int_equal(m[i]->packet_type, RTE_PTYPE_L2_ETHER |
									    RTE_PTYPE_L3_IPV4 |
									    l4[kind[i]]);
				assert_int_equal(m[i]->pkt_len, 64 + kind[i]);
				rte_pktmbuf_free(m[i]);
			}
		}
		loop_close(&l);
	}
	rte_vect_set_max_simd_bitwidth(most);
}

static void
rss__eight_queues_keep_each_flow_in_order(void **state)
{
	struct loop_config config = {
		.devargs = *state, .n_txq = LOOP_QUEUES_MAX, .n_rxq = LOOP_QUEUES_MAX, .rss = true};
	uint32_t sent[FLOWS] = {0}, next[FLOWS] = {0}, got = 0;
	uint64_t random = 3, end = loop_patience_end();
	struct rte_mbuf *frames[32];
	unsigned int on = 0;
	struct loop l;

	loop_open(&l, &config);
	while (got < FLOWS * FLOW_FRAMES) {
		unsigned int flow = loop_random(&random) % FLOWS;

		if (sent[flow] < FLOW_FRAMES) {
			frames[0] = flow_frame(&l, flow, sent[flow]++);
			loop_send(&l, flow % LOOP_QUEUES_MAX, frames, 1);
		}
		for (uint16_t q = 0; q < LOOP_QUEUES_MAX; q++) {
			uint16_t n = rte_eth_rx_burst(l.port_id, q, frames, RTE_DIM(frames));

			got += n;
			for (uint16_t i = 0; i < n; i++)
				flow_check(&l, q, frames[i], next, &on);
		}
		assert_true(rte_get_timer_cycles() < end);
	}
	assert_int_equal(on, (1u << LOOP_QUEUES_MAX) - 1);
	loop_close(&l);
}

/* ---- the driver's choice ----------------------------------------------------------------- */

static void
placement__auto_fetches_where_windows_are_shared_memory(void **state)
{
	struct loop_config config = {.devargs = "placement=auto"};
	struct loop_stream s = {.count = 100, .bytes = loop_bytes_fixed, .arg = 64};
	struct rte_eth_burst_mode mode;
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	loop_stream_run(&l, &s);
	assert_int_equal(loop_xstat(&l, "tx_fetched"), 100);
	assert_int_equal(rte_eth_tx_burst_mode_get(l.port_id, 0, &mode), 0);
	assert_string_equal(mode.info, "fetch express");
	assert_int_equal(loop_xstat(&l, "window_memory_type"), WCBAR_TYPE_WB);
	loop_close(&l);
}

static void
placement__listed_by_queue_is_kept_by_each(void **state)
{
	struct loop_config config = {.devargs = "placement=push:fetch", .n_txq = 3};
	struct rte_mbuf *m;
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	for (uint16_t q = 0; q < 3; q++) {
		m = loop_frame(&l, q, 64, 1);
		loop_send(&l, q, &m, 1);
		loop_receive(&l, 0, &m, 1);
		loop_frame_check(m, q, 64);
	}
	assert_int_equal(loop_xstat(&l, "tx_pushed"), 1);
	assert_int_equal(loop_xstat(&l, "tx_fetched"), 2);
	loop_close(&l);
}

static const uint16_t simd_widths[] = {RTE_VECT_SIMD_128, RTE_VECT_SIMD_256, RTE_VECT_SIMD_512};

/* Whether lines go into the window by way of memory, or straight from registers. */
static bool
is_staged(const struct loop *l)
{
	return strstr(loop_txq(l, 0)->ctrl.push_vectors, " staged") != NULL;
}

/* A store that was asked for is used, unless registers of that width do just the same. */
static bool
is_staged_with(const char *store, uint16_t width)
{
#if defined(RTE_ARCH_X86)
	const bool avx512 = width >= RTE_VECT_SIMD_512 &&
			    rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) > 0;
	const bool avx2 = width >= RTE_VECT_SIMD_256 &&
			  rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) > 0;

	if ((avx512 && strcmp(store, "avx512") == 0) || (avx2 && strcmp(store, "avx2") == 0))
		return false;
	return avx2 || strcmp(store, "sse2") != 0;
#else
	(void)store;
	(void)width;
	return true;
#endif
}

static void
store__each_of_this_cpu_forwards_with_each_width(void **state)
{
	const uint16_t most = rte_vect_get_max_simd_bitwidth();
	struct loop_stream s = {.count = 500, .bytes = loop_bytes_random, .arg = 900};

	(void)state;
	for (const struct wcbar_store *const *st = wcbar_stores(WCBAR_TYPE_WB); *st != NULL; st++) {
		char devargs[64];
		struct loop_config config = {.devargs = devargs};
		struct loop l;

		snprintf(devargs, sizeof(devargs), "placement=push,slot_lines=16,store=%s",
			 (*st)->name);
		for (size_t i = 0; i < RTE_DIM(simd_widths); i++) {
			assert_int_equal(rte_vect_set_max_simd_bitwidth(simd_widths[i]), 0);
			loop_open(&l, &config);
			assert_string_equal(wcbar_store_at(loop_txq(&l, 0)->store)->name,
					    (*st)->name);
			assert_int_equal(is_staged(&l),
					 is_staged_with((*st)->name, simd_widths[i]));
			loop_stream_run(&l, &s);
			assert_int_equal(loop_xstat(&l, "tx_pushed"), s.count);
			loop_close(&l);
		}
	}
	rte_vect_set_max_simd_bitwidth(most);
}

/* Frames of one segment and one pool go back many at a time; one of several is still freed whole.
 */
static void
tx__fast_free_gives_everything_back(void **state)
{
	struct loop_config config = {.devargs = *state, .fast_free = true, .tx_depth = 64};
	struct loop_stream s = {.count = 1000, .bytes = loop_bytes_fixed, .arg = 64, .burst = 32};
	struct loop l;

	loop_open(&l, &config);
	assert_true(loop_txq(&l, 0)->fast_free);
	loop_stream_run(&l, &s);
	assert_false(loop_txq(&l, 0)->chains);
	assert_int_equal(loop_xstat(&l, "tx_good_bytes"), 1000 * 64);
	s.segs = 3;
	loop_stream_run(&l, &s);
	assert_true(loop_txq(&l, 0)->chains);
	assert_int_equal(loop_xstat(&l, "tx_good_packets"), 2000);
	loop_close(&l);
}

/* Each variant of packed push: the card checks every line. */
static void
push__each_width_of_vectors_forwards(void **state)
{
	const uint16_t most = rte_vect_get_max_simd_bitwidth();
	struct loop_config config = {.devargs = "placement=push,slot_lines=16"};
	struct loop_stream s = {.count = 2000, .bytes = loop_bytes_random, .arg = 900, .segs = 2};
	const char *seen = NULL;
	struct loop l;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(simd_widths); i++) {
		assert_int_equal(rte_vect_set_max_simd_bitwidth(simd_widths[i]), 0);
		loop_open(&l, &config);
		seen = loop_txq(&l, 0)->ctrl.push_vectors;
		if (i == 0)
			assert_true(strcmp(seen, "scalar") == 0 || strcmp(seen, "neon") == 0);
		assert_false(is_staged(&l)); /* host memory */
		s.seed = i;
		loop_stream_run(&l, &s);
		assert_int_equal(loop_xstat(&l, "tx_pushed"), s.count);
		loop_close(&l);
	}
#if defined(RTE_ARCH_X86)
	if (rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) > 0)
		assert_string_equal(seen, "avx512");
	else if (rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) > 0)
		assert_string_equal(seen, "avx2");
#endif
	rte_vect_set_max_simd_bitwidth(most);
}

#define PUSH "placement=push"
#define FETCH "placement=fetch"
#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)
#define BOTH(fn) ARGS(fn, PUSH), ARGS(fn, FETCH)
#define ALL(fn) BOTH(fn), ARGS(fn, PUSH ",thread=1"), ARGS(fn, FETCH ",thread=1")

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(loop__every_size_comes_back_equal),
		ARGS(loop__every_size_comes_back_equal, "placement=auto"),
		ARGS(loop__every_size_comes_back_equal, PUSH ",packed=0"),
		ARGS(loop__every_size_comes_back_equal, PUSH ",packed=0,slot_lines=1"),
		ARGS(loop__every_size_comes_back_equal, PUSH ",packed=0,thread=1"),
		ALL(tx__fast_free_gives_everything_back),
		LOOP_TEST(rx__type_changes_within_a_line_each_frame_has_its_own),
		LOOP_TEST(push__each_width_of_vectors_forwards),
		ARGS(loop__every_size_comes_back_equal, PUSH ",slot_lines=1"),
		ARGS(loop__every_size_comes_back_equal, PUSH ",slot_lines=2"),
		ARGS(loop__every_size_comes_back_equal, PUSH ",slot_lines=16"),
		ARGS(loop__every_size_comes_back_equal, PUSH ",slot_lines=1,thread=1"),
		ARGS(loop__every_size_comes_back_equal, PUSH ",slot_lines=16,thread=1"),
		BOTH(tx__many_unequal_segments_are_one_frame),
		ARGS(tx__many_unequal_segments_are_one_frame, PUSH ",slot_lines=1"),
		ARGS(tx__many_unequal_segments_are_one_frame, PUSH ",slot_lines=16,thread=1"),
		LOOP_TEST(tx__too_many_segments_counted_as_malformed),
		ARGS(tx__more_segments_than_ring_counted_as_malformed, PUSH ",slot_lines=1"),
		ARGS(tx__more_segments_than_ring_counted_as_malformed, FETCH),
		BOTH(tx__frame_without_data_counted_as_malformed),
		BOTH(tx__segments_that_do_not_add_up_counted_as_malformed),
		LOOP_TEST(tx__more_slots_than_max_burst_counted_as_malformed),
		ALL(rx__small_buffers_are_filled_one_after_another),
		LOOP_TEST(rx__frame_of_nearly_all_buffers_arrives),
		ALL(loop__sequence_numbers_wrap),
		BOTH(loop__sequence_numbers_wrap_within_frames),
		ARGS(loop__sequence_numbers_wrap_within_frames, PUSH ",slot_lines=1"),
		ALL(loop__smallest_rings_forward),
		BOTH(loop__bursts_of_1_to_300_forward),
		ALL(tx__oversize_and_runt_counted_by_name),
		ALL(loop__without_receiver_holds_back_and_loses_nothing),
		ALL(rss__eight_queues_keep_each_flow_in_order),
		LOOP_TEST(placement__auto_fetches_where_windows_are_shared_memory),
		LOOP_TEST(placement__listed_by_queue_is_kept_by_each),
		LOOP_TEST(store__each_of_this_cpu_forwards_with_each_width),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
