/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of Rx: buffers, completions, packet types, filters, RSS. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

static void
scatter__every_size_and_fragmentation__is_byte_equal(void **state)
{
	static const uint32_t pieces[] = {40, 64, 100, 2000};
	struct fake_host *h = *state;
	struct wcnic_rx_cpl sop;
	struct fake_rxq q;
	uint8_t frame[1522], got[2048];

	assert_int_equal(fake_rxq_open(h, &q, 0, 64, 128), 0);
	fake_rx_post(h, &q, 64);
	wcnic_card_poll(h->card);
	for (uint32_t bytes = 14; bytes <= 1522; bytes++) {
		fake_frame_fill(frame, bytes, (uint8_t)bytes);
		assert_int_equal(fake_receive(h, frame, bytes, pieces[bytes % 4]), 0);
		assert_int_equal(fake_rx_frame(&q, got, &sop), bytes);
		assert_memory_equal(got, frame, bytes);
		assert_int_equal(le16toh(sop.frame_bytes), bytes);
		assert_int_equal(le16toh(sop.flags) & ~WCNIC_RXF_EOP, WCNIC_RXF_SOP);
		fake_rx_post(h, &q, (bytes + 127) / 128);
	}
}

static void
scatter__three_buffers__completions_are_per_buffer(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_rx_cpl cpl;
	struct fake_rxq q;
	uint8_t frame[300];
	uint8_t *buf;

	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 128), 0);
	fake_rx_post(h, &q, 8);
	assert_int_equal(fake_receive(h, frame, 300, 300), 0);
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(fake_rx_reap(&q, &cpl, &buf));
		assert_int_equal(le16toh(cpl.seq), i);
		assert_int_equal(le16toh(cpl.bytes), i < 2 ? 128 : 44);
		assert_int_equal(le16toh(cpl.flags), i == 0   ? WCNIC_RXF_SOP
						     : i == 2 ? WCNIC_RXF_EOP
							      : 0);
		assert_int_equal(le16toh(cpl.frame_bytes), i == 0 ? 300 : 0);
	}
	assert_int_equal(buf[44], 0); /* nothing is written past the frame */
	assert_false(fake_rx_reap(&q, &cpl, NULL));
}

static void
buffers__too_few_for_all_of_it__frame_waits_where_the_port_does(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_stats stats;
	struct wcnic_rx_cpl cpl;
	struct fake_rxq q;
	uint8_t frame[300], got[512];

	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 128), 0);
	fake_rx_post(h, &q, 2);
	assert_int_equal(fake_receive(h, frame, 300, 300), 0);
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_missed, 1);
	fake_port_waits(h);
	assert_int_equal(fake_receive(h, frame, 300, 300), -EAGAIN);
	assert_int_equal(fake_receive(h, frame, 300, 300), -EAGAIN);
	assert_false(fake_rx_reap(&q, &cpl, NULL));
	fake_rx_post(h, &q, 1);
	assert_int_equal(fake_receive(h, frame, 300, 300), 0);
	assert_int_equal(fake_rx_frame(&q, got, NULL), 300);
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_held, 1);
	assert_int_equal(stats.rx_missed, 1);
	assert_int_equal(stats.rx_frames, 1);
	assert_int_equal(stats.rx_bytes, 300);
}

static void
frame__longer_than_the_whole_ring__does_not_wait_forever(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_stats stats;
	struct fake_rxq q;
	uint8_t frame[600];

	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 64), 0);
	fake_rx_post(h, &q, 8);
	assert_int_equal(fake_receive(h, frame, 513, 600), 0);
	assert_int_equal(fake_receive(h, frame, 512, 600), 0);
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_oversize, 1);
	assert_int_equal(stats.rx_frames, 1);
}

static void
sizes__at_the_limits__are_delivered_and_beyond_counted(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_stats stats;
	struct fake_rxq q;
	static uint8_t frame[1600];

	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 2048), 0);
	fake_rx_post(h, &q, 8);
	assert_int_equal(fake_receive(h, frame, 13, 2000), 0);
	assert_int_equal(fake_receive(h, frame, 14, 2000), 0);
	assert_int_equal(fake_receive(h, frame, 1522, 2000), 0);
	assert_int_equal(fake_receive(h, frame, 1523, 2000), 0);
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_runt, 1);
	assert_int_equal(stats.rx_oversize, 1);
	assert_int_equal(stats.rx_frames, 2);
}

static void
filter__by_address_and_flags__takes_what_it_should(void **state)
{
	static const uint8_t own[6] = {2, 1, 2, 3, 4, 5};
	static const uint8_t other[6] = {2, 1, 2, 3, 4, 6};
	static const uint8_t multi[6] = {1, 0, 0x5e, 0, 0, 1};
	static const uint8_t all[6] = {255, 255, 255, 255, 255, 255};
	static const struct {
		uint16_t flags;
		const uint8_t *dst;
		bool taken;
	} cases[] = {
		{WCNIC_PORTF_UP, own, true},
		{WCNIC_PORTF_UP, other, false},
		{WCNIC_PORTF_UP, multi, false},
		{WCNIC_PORTF_UP, all, true},
		{WCNIC_PORTF_UP | WCNIC_PORTF_ALLMULTI, multi, true},
		{WCNIC_PORTF_UP | WCNIC_PORTF_ALLMULTI, other, false},
		{WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC, other, true},
		{WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC, multi, true},
	};
	struct fake_host *h = *state;
	struct wcnic_cmd_port_set p = {.valid = htole16(WCNIC_PORT_SET_MAC)};
	struct wcnic_stats stats;
	struct fake_rxq q;
	uint8_t frame[64], got[2048];
	uint64_t filtered = 0;

	memcpy(p.mac, own, 6);
	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_SET, &p, NULL, 0, NULL), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 2048), 0);
	fake_frame_fill(frame, sizeof(frame), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(fake_port_set(h, 1500, cases[i].flags), 0);
		fake_rx_post(h, &q, cases[i].taken);
		memcpy(frame, cases[i].dst, 6);
		assert_int_equal(fake_receive(h, frame, 64, 64), 0);
		assert_int_equal(fake_rx_frame(&q, got, NULL), cases[i].taken ? 64 : 0);
		filtered += !cases[i].taken;
		fake_stats(h, &stats);
		assert_int_equal(stats.rx_filtered, filtered);
	}
}

static void
receive__down_or_without_queue__is_enetdown_and_counted(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_stats stats;
	struct fake_rxq q;
	uint8_t frame[64];

	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_receive(h, frame, 64, 64), -ENETDOWN);
	assert_int_equal(fake_rxq_open(h, &q, 1, 8, 2048), 0);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0); /* for queue 0, which is not there */
	assert_int_equal(fake_port_set(h, 1500, 0), 0);
	assert_int_equal(fake_receive(h, frame, 64, 64), -ENETDOWN);
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_down, 2);
	assert_int_equal(stats.rx_no_queue, 1);
}

static void
buffer__not_writable__stops_the_queue(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_event event;
	struct wcnic_stats stats;
	struct wcnic_rx_cpl cpl;
	struct fake_rxq q;
	uint8_t frame[300];

	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 128), 0);
	fake_rx_post(h, &q, 8);
	q.ring[2].iova = htole64(FAKE_IOVA_RO);
	assert_int_equal(fake_receive(h, frame, 300, 300), 0);
	assert_false(fake_rx_reap(&q, &cpl, NULL)); /* nothing of it is visible */
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_errors, 1);
	assert_true(fake_event(h, &event));
	assert_int_equal(le16toh(event.type), WCNIC_EV_QUEUE_ERROR);
	assert_int_equal(le32toh(event.arg0), 0);
	assert_int_equal(le32toh(event.arg1), WCNIC_ERR_ADDRESS);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
	assert_false(fake_rx_reap(&q, &cpl, NULL));
	assert_int_equal(fake_rxq_close(h, &q), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 128), 0);
	fake_rx_post(h, &q, 8);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
	assert_true(fake_rx_reap(&q, &cpl, NULL));
}

/* A port with a frame for each poll. */
static unsigned int
one_a_poll(void *ctx, unsigned int budget)
{
	uint8_t frame[64];

	assert_true(budget > 0);
	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_receive(ctx, frame, 64, 64), 0);
	return 1;
}

static void
rings__unmapped_between_polls__are_not_touched(void **state)
{
	static const struct wcdev_port_ops ops = {.kind = "one", .poll = one_a_poll};
	struct fake_host *h = *state;
	struct wcnic_event event;
	struct wcnic_rx_cpl cpl;
	struct fake_rxq q;

	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 128), 0);
	fake_rx_post(h, &q, 8);
	wcdev_port_set(wcnic_card_dev(h->card), &ops, h);
	assert_true(fake_event(h, &event)); /* the link */
	wcnic_card_poll(h->card);
	assert_true(fake_rx_reap(&q, &cpl, NULL));
	/* The rings go, the next buffer stays. */
	q.ring[1].iova = htole64(fake_iova(h, h->bounce));
	h->m.unmap_from = (size_t)((uint8_t *)q.ring - h->m.at);
	wcnic_card_poll(h->card);
	assert_false(fake_rx_reap(&q, &cpl, NULL));
	assert_true(fake_event(h, &event));
	assert_int_equal(le32toh(event.arg1), WCNIC_ERR_ADDRESS);
}

static void
record__tail_out_of_range__stops_the_queue(void **state)
{
	static const uint16_t tails[] = {9, 0xffff, 0x8000};
	struct fake_host *h = *state;
	struct wcnic_event event;
	struct fake_rxq q;

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		assert_int_equal(fake_rxq_open(h, &q, 0, 8, 128), 0);
		__atomic_store_n(q.db, htole64(WCNIC_RXDB_TAIL(tails[i])), __ATOMIC_RELEASE);
		wcnic_card_poll(h->card);
		assert_true(fake_event(h, &event));
		assert_int_equal(le32toh(event.arg1), WCNIC_ERR_DOORBELL);
		assert_int_equal(fake_rxq_close(h, &q), 0);
		assert_int_equal(fake_window_free(h, &q.db_grant), 0);
	}
}

static void
window__revoked__stops_the_queue(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_event event;
	struct fake_rxq q;

	assert_int_equal(fake_rxq_open(h, &q, 4, 8, 128), 0);
	assert_int_equal(wcnic_card_window_revoke(h->card, le16toh(q.db_grant.id)), 0);
	assert_true(fake_event_find(h, WCNIC_EV_QUEUE_ERROR, &event));
	assert_int_equal(le32toh(event.arg0), 4);
	wcnic_card_poll(h->card);
	assert_int_equal(fake_rxq_close(h, &q), 0);
}

static void
sequence__wraps__nothing_is_lost(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_rx_cpl cpl;
	struct fake_rxq q;
	uint8_t frame[64];
	uint8_t *buf;

	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 16, 128), 0);
	fake_rx_post(h, &q, 16);
	for (uint32_t i = 0; i < 140000; i++) {
		memcpy(frame + 20, &i, sizeof(i));
		assert_int_equal(fake_receive(h, frame, 64, 64), 0);
		assert_true(fake_rx_reap(&q, &cpl, &buf));
		assert_int_equal(le16toh(cpl.seq), (uint16_t)i);
		assert_memory_equal(buf + 20, &i, sizeof(i));
		fake_rx_post(h, &q, 1);
	}
}

/* A queue of 8 buffers, all posted, with vector 3. */
static void
interrupt_open(struct fake_host *h, struct fake_rxq *q)
{
	struct wcnic_cmd_rxq_create p = {.depth = htole16(8),
					 .vector = htole16(3),
					 .buf_bytes = htole32(128),
					 .cqe_log2 = 4};

	assert_int_equal(fake_rxq_open(h, q, 0, 8, 128), 0);
	assert_int_equal(fake_rxq_close(h, q), 0);
	p.db_window = q->db_grant.id;
	p.ring_iova = htole64(fake_iova(h, q->ring));
	p.cq_iova = htole64(fake_iova(h, q->cq));
	assert_int_equal(fake_cmd(h, WCNIC_OP_RXQ_CREATE, &p, NULL, 0, NULL), 0);
	fake_rx_post(h, q, 8);
}

static void
interrupt__armed__fires_once_a_record(void **state)
{
	struct fake_host *h = *state;
	struct fake_rxq q;
	uint8_t frame[64];
	uint64_t armed = WCNIC_RXDB_TAIL(8) | WCNIC_RXDB_ARM;

	fake_frame_fill(frame, sizeof(frame), 0);
	interrupt_open(h, &q);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
	wcnic_card_poll(h->card);
	assert_int_equal(h->m.irqs[3], 0);
	__atomic_store_n(q.db, htole64(armed | WCNIC_RXDB_CQ_HEAD(1)), __ATOMIC_RELEASE);
	wcnic_card_poll(h->card);
	assert_int_equal(h->m.irqs[3], 0); /* nothing at or after 1 yet */
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
	wcnic_card_poll(h->card);
	wcnic_card_poll(h->card);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
	wcnic_card_poll(h->card);
	assert_int_equal(h->m.irqs[3], 1);
	__atomic_store_n(q.db, htole64(armed | WCNIC_RXDB_CQ_HEAD(2)), __ATOMIC_RELEASE);
	wcnic_card_poll(h->card);
	assert_int_equal(h->m.irqs[3], 2);
}

/* After 65536 completions the record is the same again, and others were there between. */
static void
interrupt__same_record_comes_back__fires_again(void **state)
{
	const uint64_t armed = WCNIC_RXDB_TAIL(8) | WCNIC_RXDB_ARM;
	struct fake_host *h = *state;
	struct fake_rxq q;
	uint8_t frame[64];

	fake_frame_fill(frame, sizeof(frame), 0);
	interrupt_open(h, &q);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
	for (int lap = 1; lap <= 3; lap++) {
		__atomic_store_n(q.db, htole64(armed), __ATOMIC_RELEASE);
		wcnic_card_poll(h->card);
		wcnic_card_poll(h->card);
		assert_int_equal(h->m.irqs[3], lap);
		/* not armed; or armed by a driver that has seen all completions */
		__atomic_store_n(
			q.db,
			htole64(lap == 1 ? WCNIC_RXDB_TAIL(8) : armed | WCNIC_RXDB_CQ_HEAD(1)),
			__ATOMIC_RELEASE);
		wcnic_card_poll(h->card);
		assert_int_equal(h->m.irqs[3], lap);
	}
}

/* ---- classification and RSS -------------------------------------------------------------- */

struct build {
	uint8_t data[256];
	uint32_t bytes;
};

static void
put(struct build *b, const void *data, uint32_t bytes)
{
	memcpy(b->data + b->bytes, data, bytes);
	b->bytes += bytes;
}

static void
put_ether(struct build *b, unsigned int vlans, uint16_t type)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	uint16_t tag[2] = {htobe16(0x8100), htobe16(7)};

	memset(b, 0, sizeof(*b));
	put(b, macs, 12);
	for (; vlans != 0; vlans--)
		put(b, tag, 4);
	type = htobe16(type);
	put(b, &type, 2);
}

static void
put_ipv4(struct build *b, uint8_t proto, uint8_t words, uint16_t frag, const uint8_t *src,
	 const uint8_t *dst)
{
	uint8_t ip[60] = {0};

	ip[0] = 0x40 | words;
	ip[6] = (uint8_t)(frag >> 8);
	ip[7] = (uint8_t)frag;
	ip[9] = proto;
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	put(b, ip, words * 4u);
}

static void
put_ipv6(struct build *b, uint8_t proto, const uint8_t *src, const uint8_t *dst)
{
	uint8_t ip[40] = {0x60};

	ip[6] = proto;
	memcpy(ip + 8, src, 16);
	memcpy(ip + 24, dst, 16);
	put(b, ip, 40);
}

static void
put_ports(struct build *b, uint16_t src, uint16_t dst)
{
	uint8_t l4[20] = {src >> 8, src & 255, dst >> 8, dst & 255};

	put(b, l4, sizeof(l4));
}

static struct wcnic_rx_cpl
classify(struct fake_host *h, struct fake_rxq *q, const struct build *b)
{
	struct wcnic_rx_cpl cpl = {0};

	fake_rx_post(h, q, 1);
	assert_int_equal(fake_receive(h, b->data, b->bytes, 33), 0);
	assert_true(fake_rx_reap(q, &cpl, NULL));
	return cpl;
}

#define IPV4_PLAIN (WCNIC_PTYPE_IPV4 | WCNIC_PTYPE_IP_PLAIN)
#define IPV4_EXT (WCNIC_PTYPE_IPV4 | WCNIC_PTYPE_IP_EXT)
#define IPV6_PLAIN (WCNIC_PTYPE_IPV6 | WCNIC_PTYPE_IP_PLAIN)
#define IPV6_EXT (WCNIC_PTYPE_IPV6 | WCNIC_PTYPE_IP_EXT)

static void
ptype__of_each_kind__is_reported(void **state)
{
	static const uint8_t a[16] = {1};
	static const uint8_t ext[8] = {6, 0};   /* then TCP */
	static const uint8_t frag[8] = {17, 0}; /* a fragment of UDP */
	struct fake_host *h = *state;
	struct fake_rxq q;
	struct build b;

	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 256), 0);
#define EXPECT(want) assert_int_equal(le16toh(classify(h, &q, &b).ptype), want)
	put_ether(&b, 0, 0x0806);
	EXPECT(WCNIC_PTYPE_ARP);
	put_ether(&b, 1, 0x0806);
	EXPECT(WCNIC_PTYPE_VLAN | WCNIC_PTYPE_ARP);
	put_ether(&b, 0, 0x88f7);
	EXPECT(WCNIC_PTYPE_PTP);
	put_ether(&b, 2, 0x0806);
	EXPECT(WCNIC_PTYPE_VLAN | WCNIC_PTYPE_ARP);
	b.data[12] = 0x88;
	b.data[13] = 0xa8;
	EXPECT(WCNIC_PTYPE_VLAN | WCNIC_PTYPE_QINQ | WCNIC_PTYPE_ARP);
	put_ether(&b, 0, 0x0800);
	EXPECT(0); /* nothing after the type */
	put_ether(&b, 0, 0x0800);
	put_ipv4(&b, 132, 5, 0, a, a);
	put_ports(&b, 1, 2);
	EXPECT(IPV4_PLAIN | WCNIC_PTYPE_SCTP);
	put_ether(&b, 0, 0x0800);
	put_ipv4(&b, 6, 5, 0, a, a);
	put_ports(&b, 1, 2);
	b.bytes--; /* not all of the header */
	EXPECT(IPV4_PLAIN);
	put_ether(&b, 0, 0x0800);
	put_ipv4(&b, 89, 5, 0, a, a);
	EXPECT(IPV4_PLAIN);
	put_ether(&b, 0, 0x0800);
	put_ipv4(&b, 6, 5, 0x4000, a, a); /* do not fragment */
	put_ports(&b, 1, 2);
	EXPECT(IPV4_PLAIN | WCNIC_PTYPE_TCP);
	put_ether(&b, 2, 0x0800);
	put_ipv4(&b, 17, 15, 0, a, a);
	put_ports(&b, 1, 2);
	EXPECT(WCNIC_PTYPE_VLAN | IPV4_EXT | WCNIC_PTYPE_UDP);
	put_ether(&b, 0, 0x0800);
	put_ipv4(&b, 1, 5, 0, a, a);
	put_ports(&b, 1, 2);
	EXPECT(IPV4_PLAIN | WCNIC_PTYPE_ICMP);
	put_ether(&b, 0, 0x0800);
	put_ipv4(&b, 17, 5, 0x2000, a, a);
	EXPECT(IPV4_PLAIN | WCNIC_PTYPE_FRAG);
	put_ether(&b, 0, 0x0800);
	put_ipv4(&b, 17, 5, 0x0001, a, a);
	EXPECT(IPV4_PLAIN | WCNIC_PTYPE_FRAG);
	put_ether(&b, 0, 0x0800);
	put_ipv4(&b, 17, 4, 0, a, a); /* header length too small */
	put_ports(&b, 1, 2);
	EXPECT(0);
	put_ether(&b, 0, 0x0800);
	put_ipv4(&b, 17, 15, 0, a, a); /* header longer than the frame */
	b.bytes -= 30;
	EXPECT(0);
	put_ether(&b, 0, 0x86dd);
	put_ipv6(&b, 58, a, a);
	put_ports(&b, 1, 2);
	EXPECT(IPV6_PLAIN | WCNIC_PTYPE_ICMP);
	put_ether(&b, 1, 0x86dd);
	put_ipv6(&b, 0, a, a);
	put(&b, ext, 8);
	put_ports(&b, 1, 2);
	EXPECT(WCNIC_PTYPE_VLAN | IPV6_EXT | WCNIC_PTYPE_TCP);
	put_ether(&b, 0, 0x86dd);
	put_ipv6(&b, 44, a, a);
	put(&b, frag, 8);
	put_ports(&b, 1, 2);
	EXPECT(IPV6_EXT | WCNIC_PTYPE_FRAG);
#undef EXPECT
}

/* The verification suite that Microsoft publishes with receive side scaling. */
static const uint8_t rss_key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
				    0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
				    0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
				    0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

static const struct {
	uint8_t dst[4];
	uint16_t dst_port;
	uint8_t src[4];
	uint16_t src_port;
	uint32_t plain, ports;
} rss_v4[] = {
	{{161, 142, 100, 80}, 1766, {66, 9, 149, 187}, 2794, 0x323e8fc2, 0x51ccc178},
	{{65, 69, 140, 83}, 4739, {199, 92, 111, 2}, 14230, 0xd718262a, 0xc626b0ea},
	{{12, 22, 207, 184}, 38024, {24, 19, 198, 95}, 12898, 0xd2d0a5de, 0x5c2b394a},
	{{209, 142, 163, 6}, 2217, {38, 27, 205, 30}, 48228, 0x82989176, 0xafc7327f},
	{{202, 188, 127, 2}, 1303, {153, 39, 163, 191}, 44251, 0x5d1809c5, 0x10e828a2},
};

static const struct {
	uint16_t dst[8];
	uint16_t dst_port;
	uint16_t src[8];
	uint16_t src_port;
	uint32_t plain, ports;
} rss_v6[] = {
	{{0x3ffe, 0x2501, 0x200, 3, 0, 0, 0, 1},
	 1766,
	 {0x3ffe, 0x2501, 0x200, 0x1fff, 0, 0, 0, 7},
	 2794,
	 0x2cc18cd5,
	 0x40207d3d},
	{{0xff02, 0, 0, 0, 0, 0, 0, 1},
	 4739,
	 {0x3ffe, 0x501, 8, 0, 0x260, 0x97ff, 0xfe40, 0xefab},
	 14230,
	 0x0f0c461c,
	 0xdde51bbf},
	{{0xfe80, 0, 0, 0, 0x200, 0xf8ff, 0xfe21, 0x67cf},
	 38024,
	 {0x3ffe, 0x1900, 0x4545, 3, 0x200, 0xf8ff, 0xfe21, 0x67cf},
	 44251,
	 0x4b61e985,
	 0x02d1feef},
};

static void
rss_types(struct fake_host *h, uint32_t types)
{
	struct wcnic_rss rss = {.types = htole32(types)};

	memcpy(rss.key, rss_key, sizeof(rss_key));
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL), 0);
}

static void
expect_hash(struct fake_host *h, struct fake_rxq *q, const struct build *b, uint32_t hash)
{
	struct wcnic_rx_cpl cpl = classify(h, q, b);

	assert_true(le16toh(cpl.flags) & WCNIC_RXF_HASH);
	assert_int_equal(le32toh(cpl.hash), hash);
}

static void
rss__verification_vectors__give_their_hashes(void **state)
{
	struct fake_host *h = *state;
	struct fake_rxq q;
	struct build b;

	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 256), 0);
	for (uint8_t proto = 6; proto <= 17; proto += 11) {
		for (size_t i = 0; i < 5; i++) {
			put_ether(&b, i % 3, 0x0800);
			put_ipv4(&b, proto, 5 + i, 0, rss_v4[i].src, rss_v4[i].dst);
			put_ports(&b, rss_v4[i].src_port, rss_v4[i].dst_port);
			rss_types(h, WCNIC_RSS_ALL);
			expect_hash(h, &q, &b, rss_v4[i].ports);
			rss_types(h, WCNIC_RSS_IPV4);
			expect_hash(h, &q, &b, rss_v4[i].plain);
		}
		for (size_t i = 0; i < 3; i++) {
			uint16_t src[8], dst[8];

			for (size_t k = 0; k < 8; k++) {
				src[k] = htobe16(rss_v6[i].src[k]);
				dst[k] = htobe16(rss_v6[i].dst[k]);
			}
			put_ether(&b, i, 0x86dd);
			put_ipv6(&b, proto, (uint8_t *)src, (uint8_t *)dst);
			put_ports(&b, rss_v6[i].src_port, rss_v6[i].dst_port);
			rss_types(h, WCNIC_RSS_ALL);
			expect_hash(h, &q, &b, rss_v6[i].ports);
			rss_types(h, WCNIC_RSS_IPV6);
			expect_hash(h, &q, &b, rss_v6[i].plain);
		}
	}
}

static void
rss__fragment__is_hashed_by_addresses(void **state)
{
	struct fake_host *h = *state;
	struct fake_rxq q;
	struct build b;

	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 256), 0);
	rss_types(h, WCNIC_RSS_ALL);
	put_ether(&b, 0, 0x0800);
	put_ipv4(&b, 17, 5, 0x2000, rss_v4[0].src, rss_v4[0].dst);
	put_ports(&b, rss_v4[0].src_port, rss_v4[0].dst_port);
	expect_hash(h, &q, &b, rss_v4[0].plain);
}

static void
rss__type_not_enabled__has_no_hash_and_goes_to_entry_0(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_rss rss = {.types = htole32(WCNIC_RSS_IPV6 | WCNIC_RSS_IPV4_TCP)};
	struct wcnic_rx_cpl cpl;
	struct fake_rxq q;
	struct build b;

	assert_int_equal(fake_rxq_open(h, &q, 9, 8, 256), 0);
	for (unsigned int i = 0; i < 128; i++)
		rss.reta[i] = htole16(i == 0 ? 9 : 3);
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL), 0);
	put_ether(&b, 0, 0x0800);
	put_ipv4(&b, 17, 5, 0, rss_v4[0].src, rss_v4[0].dst);
	put_ports(&b, 1, 2);
	cpl = classify(h, &q, &b);
	assert_int_equal(le16toh(cpl.flags) & WCNIC_RXF_HASH, 0);
	assert_int_equal(cpl.hash, 0);
}

static void
rss__table__spreads_by_low_bits(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_rss rss = {.types = htole32(WCNIC_RSS_ALL)};
	struct wcnic_rx_cpl cpl;
	struct fake_rxq q[4];
	struct build b;

	memcpy(rss.key, rss_key, sizeof(rss_key));
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(fake_rxq_open(h, &q[i], (uint16_t)(i * 5), 64, 256), 0);
		fake_rx_post(h, &q[i], 64);
	}
	for (unsigned int i = 0; i < 128; i++)
		rss.reta[i] = htole16(i * 7 % 4 * 5);
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL), 0);
	for (unsigned int i = 0; i < 5; i++) {
		unsigned int want = rss_v4[i].ports % 128 * 7 % 4;

		put_ether(&b, 0, 0x0800);
		put_ipv4(&b, 6, 5, 0, rss_v4[i].src, rss_v4[i].dst);
		put_ports(&b, rss_v4[i].src_port, rss_v4[i].dst_port);
		assert_int_equal(fake_receive(h, b.data, b.bytes, 256), 0);
		assert_true(fake_rx_reap(&q[want], &cpl, NULL));
		assert_int_equal(le32toh(cpl.hash), rss_v4[i].ports);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fake_setup_up, fake_teardown)
		CASE(scatter__every_size_and_fragmentation__is_byte_equal),
		CASE(scatter__three_buffers__completions_are_per_buffer),
		CASE(buffers__too_few_for_all_of_it__frame_waits_where_the_port_does),
		CASE(frame__longer_than_the_whole_ring__does_not_wait_forever),
		CASE(sizes__at_the_limits__are_delivered_and_beyond_counted),
		CASE(filter__by_address_and_flags__takes_what_it_should),
		CASE(receive__down_or_without_queue__is_enetdown_and_counted),
		CASE(buffer__not_writable__stops_the_queue),
		CASE(rings__unmapped_between_polls__are_not_touched),
		CASE(record__tail_out_of_range__stops_the_queue),
		CASE(window__revoked__stops_the_queue),
		CASE(sequence__wraps__nothing_is_lost),
		CASE(interrupt__armed__fires_once_a_record),
		CASE(interrupt__same_record_comes_back__fires_again),
		CASE(ptype__of_each_kind__is_reported),
		CASE(rss__verification_vectors__give_their_hashes),
		CASE(rss__fragment__is_hashed_by_addresses),
		CASE(rss__type_not_enabled__has_no_hash_and_goes_to_entry_0),
		CASE(rss__table__spreads_by_low_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
