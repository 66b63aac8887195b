/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Rx of the ENA card: buffers, completions, frames that cannot be delivered, wrong descriptors. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"

#define DEPTH 64u

/* Offers a frame whose bytes depend on `salt`; what wcdev_receive() says. */
static int
offer(struct ena_rig *r, uint32_t bytes, uint32_t piece, uint32_t salt)
{
	static uint8_t frame[20000];

	assert_true(bytes <= sizeof(frame));
	fake_frame_fill(frame, bytes, salt);
	return fake_ena_receive(&r->e, frame, bytes, piece);
}

/* The next frame that is there is that one; how many buffers it took. */
static unsigned int
expect_frame(struct ena_rig *r, uint32_t bytes, uint32_t salt)
{
	static uint8_t expected[20000], got[20000];
	struct ena_rx_cpl last;
	unsigned int n;

	fake_frame_fill(expected, bytes, salt);
	assert_int_equal(fake_ena_rx_frame(&r->rx, got, &last, &n), bytes);
	assert_memory_equal(got, expected, bytes);
	assert_int_equal(le16toh(last.sub_qid), r->rx.idx);
	return n;
}

static void
expect_none(struct ena_rig *r)
{
	struct ena_rx_cpl cpl;

	assert_false(fake_ena_rx_reap(&r->rx, &cpl));
}

/* Descriptor and completion as bytes, as the drivers' public headers have them. */
static void
frame__bytes_of_descriptor_and_completion(void **state)
{
	struct ena_rig *r = *state;
	uint8_t *desc, *cpl;
	uint64_t iova;

	ena_rig_rx(r, DEPTH, 2048);
	desc = (uint8_t *)r->rx.ring;
	cpl = r->rx.cq.ring;
	iova = fake_ena_iova(&r->e, r->rx.bufs + 77);
	desc[0] = 0x00;
	desc[1] = 0x06; /* 1536 bytes */
	desc[3] = 0x1d; /* phase, first, last, completion */
	desc[4] = 41;   /* request */
	memcpy(desc + 8, &iova, 6);
	fake_ena_reg_set(&r->e, r->rx.doorbell_off, 1);
	assert_int_equal(offer(r, 0x123, 1000, 5), 0);
	assert_int_equal(cpl[3], 0x4d); /* buffer, last, first, phase */
	assert_memory_equal(cpl + 4, "\x23\x01\x29\x00", 4);
	assert_int_equal(cpl[12] | cpl[13] << 8, r->rx.idx);
	assert_int_equal(cpl[14] | cpl[15], 0); /* no offset in the buffer */
	assert_int_equal(r->rx.bufs[76], 0);
	assert_int_equal(r->rx.bufs[77], 2);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
frames__lengths_and_pieces__delivered_over_many_laps(void **state)
{
	static const uint32_t pieces[] = {9000, 1, 13, 100, 1448};
	struct ena_rig *r = *state;
	struct ena_card_stats stats;
	uint64_t bytes = 0;
	uint32_t n = 0;

	ena_rig_rx(r, DEPTH, 9216);
	fake_ena_rx_post(&r->e, &r->rx, DEPTH);
	for (uint32_t length = 14; length <= 9022; length += 1 + length / 60, n++) {
		uint32_t piece = pieces[n % 5];

		if (length / piece >= 256)
			piece = length;
		assert_int_equal(offer(r, length, piece, n), 0);
		assert_int_equal(expect_frame(r, length, n), 1);
		expect_none(r);
		fake_ena_rx_post(&r->e, &r->rx, 1);
		bytes += length;
	}
	assert_true(n > 3 * DEPTH);
	fake_ena_stats(&r->e, &stats);
	assert_int_equal(stats.rx_frames, n);
	assert_int_equal(stats.rx_bytes, bytes);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
frames__whole_rings__in_order_over_65536_descriptors(void **state)
{
	struct ena_rig *r = *state;
	uint32_t n = 0;

	ena_rig_rx(r, DEPTH, 128);
	while (n < 70000) {
		fake_ena_rx_post(&r->e, &r->rx, DEPTH);
		for (unsigned int i = 0; i < DEPTH; i++)
			assert_int_equal(offer(r, 60 + i, 2000, n + i), 0);
		for (unsigned int i = 0; i < DEPTH; i++)
			assert_int_equal(expect_frame(r, 60 + i, n + i), 1);
		expect_none(r);
		n += DEPTH;
	}
	ENA_EXPECT_CLEAN(&r->e);
}

static void
frame__over_buffers__as_many_as_it_needs(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_rx(r, DEPTH, 256);
	fake_ena_rx_post(&r->e, &r->rx, DEPTH);
	for (uint32_t length = 14; length <= 17 * 256; length += length < 300 ? 1 : 31) {
		const unsigned int n = (length + 255) / 256;

		assert_int_equal(offer(r, length, 100, length), 0);
		assert_int_equal(expect_frame(r, length, length), n);
		fake_ena_rx_post(&r->e, &r->rx, n);
	}
	ENA_EXPECT_CLEAN(&r->e);
	/* One byte more takes 18. */
	assert_int_equal(offer(r, 17 * 256 + 1, 100, 0), 0);
	expect_none(r);
	ENA_EXPECT(&r->e, rx_oversize, 1);
	assert_int_equal(offer(r, 60, 100, 1), 0);
	assert_int_equal(expect_frame(r, 60, 1), 1);
}

/* Buffers of different sizes, also one of 65536 bytes, which is written as 0. */
static void
buffers__each_of_its_size(void **state)
{
	static const uint16_t sizes[] = {1, 13, 300, 0};
	struct ena_rig *r = *state;
	uint8_t *bufs = fake_ena_alloc(&r->e, 4 * 65536, 4096);
	struct ena_rx_cpl cpl;
	uint8_t frame[9000];

	ena_rig_rx(r, DEPTH, 64);
	for (unsigned int i = 0; i < 4; i++) {
		const uint64_t iova = fake_ena_iova(&r->e, bufs + i * 65536ul);
		const struct ena_rx_desc desc = {.bytes = htole16(sizes[i]),
						 .req_id = htole16((uint16_t)(60 - i)),
						 .addr_lo = htole32((uint32_t)iova),
						 .addr_hi = htole16((uint16_t)(iova >> 32))};

		fake_ena_rx_raw(&r->rx, &desc);
	}
	fake_ena_rx_ring(&r->e, &r->rx);
	fake_frame_fill(frame, sizeof(frame), 3);
	assert_int_equal(offer(r, sizeof(frame), 1000, 3), 0);
	for (unsigned int i = 0, used = 0; i < 4; i++) {
		const uint32_t bytes = i == 3 ? 9000 - 314 : sizes[i];

		assert_true(fake_ena_rx_reap(&r->rx, &cpl));
		assert_int_equal(le16toh(cpl.req_id), 60 - i);
		assert_int_equal(le16toh(cpl.bytes), bytes);
		assert_int_equal(le32toh(cpl.status) & (ENA_RXC_FIRST | ENA_RXC_LAST),
				 i == 0   ? ENA_RXC_FIRST
				 : i == 3 ? ENA_RXC_LAST
					  : 0);
		assert_memory_equal(bufs + i * 65536ul, frame + used, bytes);
		assert_int_equal(bufs[i * 65536ul + bytes], 0); /* and not a byte more */
		used += bytes;
	}
	expect_none(r);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
completions__of_32_bytes__the_rest_is_zero(void **state)
{
	struct ena_rig *r = *state;
	struct fake_ena_cq cq;
	union ena_cmd cmd = {.create_sq = {.common.opcode = ENA_CREATE_SQ}};
	struct ena_cpl_create_sq out;
	static const uint8_t zeroes[16];

	/* A queue as the rig makes it, with wide completions. */
	ena_rig_rx(r, DEPTH, 128);
	assert_int_equal(fake_ena_rxq_close(&r->e, &r->rx), ENA_ST_OK);
	assert_int_equal(fake_ena_cq_open(&r->e, &cq, DEPTH, 8, FAKE_NO_VECTOR), ENA_ST_OK);
	cmd.create_sq.identity = ENA_SQ_RX << ENA_SQ_DIRECTION_SHIFT;
	cmd.create_sq.caps = ENA_PLACEMENT_HOST;
	cmd.create_sq.cq_idx = htole16(cq.idx);
	cmd.create_sq.depth = htole16(DEPTH);
	cmd.create_sq.base.lo = htole32((uint32_t)fake_ena_iova(&r->e, r->rx.ring));
	cmd.create_sq.base.hi = htole16((uint16_t)(FAKE_IOVA >> 32));
	assert_int_equal(fake_ena_cmd(&r->e, &cmd, &out, sizeof(out)), ENA_ST_OK);
	r->rx.cq = cq;
	r->rx.idx = le16toh(out.sq_idx);
	r->rx.doorbell_off = le32toh(out.doorbell_off);
	memset(cq.ring, 0xe0, DEPTH * 32ul);
	fake_ena_rx_post(&r->e, &r->rx, DEPTH);
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(offer(r, 100, 100, i), 0);
		assert_int_equal(expect_frame(r, 100, i), 1);
		assert_memory_equal(cq.ring + i * 32ul + 16, zeroes, 16);
	}
	assert_int_equal(cq.ring[10 * 32], 0xe0);
}

/* ---- frames that cannot be delivered ----------------------------------------------------- */

static void
no_buffers__dropped_or_kept_by_the_port(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_rx(r, DEPTH, 256);
	assert_int_equal(offer(r, 100, 100, 0), 0);
	ENA_EXPECT(&r->e, rx_missed, 1);
	fake_ena_rx_post(&r->e, &r->rx, 2);
	assert_int_equal(offer(r, 700, 100, 0), 0); /* needs three */
	ENA_EXPECT(&r->e, rx_missed, 2);
	r->port.waits = true;
	assert_int_equal(offer(r, 700, 100, 0), -EAGAIN);
	ENA_EXPECT(&r->e, rx_missed, 2);
	expect_none(r);
	fake_ena_rx_post(&r->e, &r->rx, 1);
	assert_int_equal(offer(r, 700, 100, 9), 0);
	assert_int_equal(expect_frame(r, 700, 9), 3);
	ENA_EXPECT(&r->e, rx_missed, 2);
}

static void
no_queue__down(void **state)
{
	struct ena_rig *r = *state;

	assert_int_equal(offer(r, 100, 100, 0), -ENETDOWN);
	ENA_EXPECT(&r->e, rx_down, 1);
	ena_rig_tx_host(r, DEPTH); /* not that direction */
	assert_int_equal(offer(r, 100, 100, 0), -ENETDOWN);
	ENA_EXPECT(&r->e, rx_down, 2);
	ena_rig_rx(r, DEPTH, 256);
	fake_ena_rx_post(&r->e, &r->rx, 1);
	assert_int_equal(offer(r, 100, 100, 0), 0);
	assert_int_equal(fake_ena_rxq_close(&r->e, &r->rx), ENA_ST_OK);
	assert_int_equal(offer(r, 100, 100, 0), -ENETDOWN);
	ENA_EXPECT(&r->e, rx_down, 3);
}

static void
length__too_short_or_long__dropped(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_rx(r, DEPTH, 9216);
	fake_ena_rx_post(&r->e, &r->rx, 8);
	assert_int_equal(offer(r, 1, 100, 0), 0);
	assert_int_equal(offer(r, 13, 100, 0), 0);
	expect_none(r);
	ENA_EXPECT(&r->e, rx_runt, 2);
	assert_int_equal(offer(r, 14, 100, 0), 0);
	assert_int_equal(expect_frame(r, 14, 0), 1);
	assert_int_equal(fake_ena_mtu_set(&r->e, 1500), ENA_ST_OK);
	assert_int_equal(offer(r, 1522, 100, 0), 0);
	assert_int_equal(expect_frame(r, 1522, 0), 1);
	assert_int_equal(offer(r, 1523, 100, 0), 0);
	assert_int_equal(offer(r, 20000, 100, 0), 0);
	expect_none(r);
}

static void
length__beyond_the_mtu__oversize(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_rx(r, DEPTH, 9216);
	fake_ena_rx_post(&r->e, &r->rx, 8);
	assert_int_equal(offer(r, 9023, 100, 0), 0);
	expect_none(r);
	ENA_EXPECT(&r->e, rx_oversize, 1);
}

/* ---- what drivers do wrong --------------------------------------------------------------- */

static struct ena_rx_desc
good_desc(const struct ena_rig *r)
{
	const uint64_t iova = fake_ena_iova(&r->e, r->rx.bufs);

	return (struct ena_rx_desc){.bytes = htole16(256),
				    .ctrl = 0x1c,
				    .addr_lo = htole32((uint32_t)iova),
				    .addr_hi = htole16((uint16_t)(iova >> 32))};
}

static void
expect_stopped(struct ena_rig *r)
{
	assert_true((fake_ena_reg(&r->e, ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR) != 0);
	expect_none(r);
	/* No frame comes to it any more, whatever it posts. */
	fake_ena_rx_post(&r->e, &r->rx, 4);
	assert_int_equal(offer(r, 100, 100, 0), 0);
	expect_none(r);
}

static void
descriptor__with_bits_that_must_be_zero__queue_stops(void **state)
{
	for (unsigned int i = 0; i < 8; i++) {
		struct ena_rig *r = *state;
		struct ena_card_stats stats;
		struct ena_rx_desc desc;

		ena_rig_rx(r, DEPTH, 256);
		desc = good_desc(r);
		desc.mbz = i == 0;
		desc.mbz2 = htole16(i == 1);
		desc.mbz3 = htole16(i == 2 ? 0x8000 : 0);
		desc.ctrl |= i == 3 ? 0x02 : i == 4 ? 0x40 : i == 5 ? 0x80 : 0;
		desc.req_id = htole16(i == 6 ? DEPTH : i == 7 ? 0xffff : 0);
		fake_ena_rx_raw(&r->rx, &desc);
		fake_ena_rx_ring(&r->e, &r->rx);
		assert_int_equal(offer(r, 100, 100, 0), 0);
		expect_stopped(r);
		fake_ena_stats(&r->e, &stats);
		assert_int_equal(stats.rx_bad_desc, 1);
		assert_int_equal(stats.rx_frames, 0);
		ena_rig_again(state);
	}
}

static void
descriptor__of_another_lap__queue_stops(void **state)
{
	struct ena_rig *r = *state;
	struct ena_card_stats stats;

	ena_rig_rx(r, DEPTH, 256);
	fake_ena_rx_post(&r->e, &r->rx, DEPTH);
	for (unsigned int i = 0; i < DEPTH; i++)
		assert_int_equal(offer(r, 100, 100, i), 0);
	for (unsigned int i = 0; i < DEPTH; i++)
		assert_int_equal(expect_frame(r, 100, i), 1);
	/* Rung without being written anew. */
	r->rx.tail++;
	fake_ena_rx_ring(&r->e, &r->rx);
	assert_int_equal(offer(r, 100, 100, 0), 0);
	expect_stopped(r);
	fake_ena_stats(&r->e, &stats);
	assert_int_equal(stats.rx_bad_phase, 1);
	assert_int_equal(stats.rx_frames, DEPTH);
}

static void
doorbell__not_in_the_ring__queue_stops(void **state)
{
	static const uint16_t tails[] = {DEPTH + 1, 0x8000, 0xffff};

	for (unsigned int i = 0; i < 3; i++) {
		struct ena_rig *r = *state;
		struct ena_card_stats stats;

		ena_rig_rx(r, DEPTH, 256);
		fake_ena_reg_set(&r->e, r->rx.doorbell_off, tails[i]);
		expect_stopped(r);
		fake_ena_stats(&r->e, &stats);
		assert_int_equal(stats.rx_bad_doorbell, 1);
		ena_rig_again(state);
	}
}

/* Nothing is written beside the buffer, and the next frame has the next buffers. */
static void
buffer__not_mapped__frame_is_dropped(void **state)
{
	static const uint64_t iovas[] = {FAKE_IOVA_NONE, FAKE_IOVA_RO, 0,
					 FAKE_IOVA + FAKE_MEM_BYTES - 99, 0xfffffffff000};

	for (unsigned int i = 0; i < sizeof(iovas) / sizeof(iovas[0]); i++) {
		struct ena_rig *r = *state;
		uint8_t *before = malloc(FAKE_MEM_BYTES);
		struct ena_rx_desc desc;

		assert_non_null(before);
		ena_rig_rx(r, DEPTH, 256);
		fake_ena_rx_post(&r->e, &r->rx, 1);
		desc = good_desc(r);
		desc.addr_lo = htole32((uint32_t)iovas[i]);
		desc.addr_hi = htole16((uint16_t)(iovas[i] >> 32));
		fake_ena_rx_raw(&r->rx, &desc);
		fake_ena_rx_post(&r->e, &r->rx, 1);
		memcpy(before, r->e.m.at, FAKE_MEM_BYTES);
		assert_int_equal(offer(r, 256 + 100, 100, 0), 0);
		assert_memory_equal(before, r->e.m.at, FAKE_MEM_BYTES);
		ENA_EXPECT(&r->e, rx_bad_address, 1);
		assert_int_equal(offer(r, 60, 100, 4), 0);
		assert_int_equal(expect_frame(r, 60, 4), 1);
		free(before);
		ena_rig_again(state);
	}
}

static void
ring_or_completions__unmapped_later__queue_stops(void **state)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct ena_rig *r = *state;
		struct ena_card_stats stats;

		ena_rig_rx(r, DEPTH, 256);
		fake_ena_rx_post(&r->e, &r->rx, 4);
		r->e.m.unmap_from = (size_t)((i == 0 ? (uint8_t *)r->rx.ring : r->rx.cq.ring) -
					     r->e.m.at);
		assert_int_equal(offer(r, 60, 60, 0), 0);
		r->e.m.unmap_from = r->e.m.bytes;
		expect_stopped(r);
		fake_ena_stats(&r->e, &stats);
		assert_int_equal(stats.ring_unmapped, 1);
		ena_rig_again(state);
	}
}

/* Of a queue that has stopped, the others know nothing. */
static void
stopped__others_go_on_and_it_can_be_made_again(void **state)
{
	struct ena_rig *r = *state;
	struct fake_ena_rxq other;
	struct ena_rx_cpl cpl;

	ena_rig_rx(r, DEPTH, 256);
	assert_int_equal(fake_ena_rxq_open(&r->e, &other, DEPTH, 256, FAKE_NO_VECTOR), ENA_ST_OK);
	fake_ena_rx_post(&r->e, &other, 4);
	fake_ena_reg_set(&r->e, r->rx.doorbell_off, 0xffff);
	assert_int_equal(fake_ena_rxq_close(&r->e, &r->rx), ENA_ST_OK);
	assert_int_equal(offer(r, 100, 100, 0), 0); /* to the first that there is */
	assert_true(fake_ena_rx_reap(&other, &cpl));
	ena_rig_rx(r, DEPTH, 256);
	fake_ena_rx_post(&r->e, &r->rx, 4);
	assert_int_equal(offer(r, 100, 100, 8), 0);
	assert_int_equal(expect_frame(r, 100, 8), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ena_rig_setup, ena_rig_teardown)
		TEST(frame__bytes_of_descriptor_and_completion),
		TEST(frames__lengths_and_pieces__delivered_over_many_laps),
		TEST(frames__whole_rings__in_order_over_65536_descriptors),
		TEST(frame__over_buffers__as_many_as_it_needs),
		TEST(buffers__each_of_its_size),
		TEST(completions__of_32_bytes__the_rest_is_zero),
		TEST(no_buffers__dropped_or_kept_by_the_port),
		TEST(no_queue__down),
		TEST(length__too_short_or_long__dropped),
		TEST(length__beyond_the_mtu__oversize),
		TEST(descriptor__with_bits_that_must_be_zero__queue_stops),
		TEST(descriptor__of_another_lap__queue_stops),
		TEST(doorbell__not_in_the_ring__queue_stops),
		TEST(buffer__not_mapped__frame_is_dropped),
		TEST(ring_or_completions__unmapped_later__queue_stops),
		TEST(stopped__others_go_on_and_it_can_be_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
