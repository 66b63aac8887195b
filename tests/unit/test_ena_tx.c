/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tx of the ENA card with descriptors in host memory, also wrong ones. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"

#define DEPTH 64u

/* Descriptors and completion as bytes, as the drivers' public headers have them. */
static void
frame__bytes_of_descriptor_and_completion(void **state)
{
	struct ena_rig *r = *state;
	const uint64_t iova = fake_ena_iova(&r->e, r->frame + 3);
	uint8_t *desc, *cpl;

	ena_rig_tx_host(r, 2048 / 2);
	desc = r->tx.ring;
	cpl = r->tx.cq.ring;
	desc[0] = 100; /* bytes */
	desc[1] = 0;
	desc[2] = 0;    /* request 15:10 */
	desc[3] = 0x1d; /* phase, first, last, completion */
	desc[4] = 0;
	desc[6] = 0x40; /* request 9:0, from bit 22 on */
	desc[7] = 0xa9;
	memcpy(desc + 8, &iova, 6);
	r->tx.tail = 1;
	ena_rig_go(r);
	ena_rig_expect_frame(r, 0, r->frame + 3, 100);
	assert_memory_equal(cpl, "\xa5\x02\x00\x01", 4); /* request 677, status, phase */
	assert_int_equal(cpl[4] | cpl[5] << 8, r->tx.idx);
	assert_memory_equal(cpl + 6, "\x01\x00", 2); /* the head */
	ENA_EXPECT_CLEAN(&r->e);
}

static void
frames__lengths_and_laps__all_sent_and_completed(void **state)
{
	struct ena_rig *r = *state;
	struct ena_card_stats stats;
	uint64_t bytes = 0;
	uint32_t n = 0;

	ena_rig_tx_host(r, DEPTH);
	for (uint32_t length = 14; length <= 9022; length += 1 + length / 50, n++) {
		ena_rig_send(r, (uint16_t)(n * 5 % DEPTH), n * 3, (uint16_t)length, 0);
		ena_rig_go(r);
		assert_int_equal(r->port.flushed, n + 1);
		ena_rig_expect_frame(r, n, r->frame + n * 3ul, length);
		ena_rig_expect_cpl(r, (uint16_t)(n * 5 % DEPTH), true);
		bytes += length;
	}
	assert_true(n > 3 * DEPTH);
	fake_ena_stats(&r->e, &stats);
	assert_int_equal(stats.tx_frames, n);
	assert_int_equal(stats.tx_bytes, bytes);
	assert_int_equal(stats.tx_pushed, 0);
	assert_int_equal(stats.tx_llq_entries, 0);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
frames__whole_rings__in_order_over_65536_descriptors(void **state)
{
	struct ena_rig *r = *state;
	uint32_t sent = 0, done = 0;

	ena_rig_tx_host(r, DEPTH);
	while (sent < 70000) {
		for (unsigned int i = 0; i < DEPTH; i++, sent++) {
			/* Its number is in the frame. */
			memcpy(r->frame + 64ul * (sent % DEPTH) + 14, &sent, sizeof(sent));
			ena_rig_send(r, (uint16_t)(sent % DEPTH), 64 * (sent % DEPTH), 60, 0);
		}
		fake_ena_tx_ring(&r->e, &r->tx);
		for (unsigned int i = 0; i < 3 && ena_card_poll_frames(r->e.card) != 0; i++)
			;
		for (; done < sent; done++) {
			ena_rig_expect_cpl(r, (uint16_t)(done % DEPTH), done + 1 == sent);
			assert_memory_equal(r->port.data[done % ENA_SEEN_MAX] + 14, &done,
					    sizeof(done));
		}
		assert_true(ena_card_waits(r->e.card));
	}
	ENA_EXPECT_CLEAN(&r->e);
}

static void
frame__of_many_buffers__put_together(void **state)
{
	struct ena_rig *r = *state;
	uint8_t whole[9022];
	uint32_t frames = 0;

	ena_rig_tx_host(r, DEPTH);
	for (unsigned int n = 1; n <= 17; n++) {
		for (unsigned int meta = 0; meta < 2; meta++, frames++) {
			struct fake_ena_frame frame = {.req_id = (uint16_t)n, .meta = meta == 1};
			uint32_t used = 0;

			for (unsigned int i = 0; i < n; i++) {
				const uint16_t bytes = (uint16_t)(14 + i * 29 % 500);
				const uint32_t off = (i * 4093 + n) % 60000;

				frame.bufs[i].iova = fake_ena_iova(&r->e, r->frame + off);
				frame.bufs[i].bytes = bytes;
				memcpy(whole + used, r->frame + off, bytes);
				used += bytes;
			}
			frame.n_bufs = n;
			fake_ena_tx(&r->tx, &frame);
			ena_rig_go(r);
			ena_rig_expect_frame(r, frames, whole, used);
			ena_rig_expect_cpl(r, (uint16_t)n, true);
		}
	}
	ENA_EXPECT_CLEAN(&r->e);
}

/* A descriptor may have no bytes, and a header's length means nothing without an LLQ. */
static void
frame__empty_buffers_and_header_length__do_not_matter(void **state)
{
	struct ena_rig *r = *state;
	struct fake_ena_frame frame = {.n_bufs = 3, .header_bytes = 96};

	ena_rig_tx_host(r, DEPTH);
	frame.bufs[1].iova = fake_ena_iova(&r->e, r->frame);
	frame.bufs[1].bytes = 60;
	frame.bufs[2].iova = FAKE_IOVA_NONE;
	fake_ena_tx(&r->tx, &frame);
	ena_rig_go(r);
	ena_rig_expect_frame(r, 0, r->frame, 60);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
completion__only_when_asked_for(void **state)
{
	struct ena_rig *r = *state;
	struct fake_ena_frame frame = {.n_bufs = 1};

	ena_rig_tx_host(r, DEPTH);
	frame.bufs[0].iova = fake_ena_iova(&r->e, r->frame);
	frame.bufs[0].bytes = 60;
	for (unsigned int i = 0; i < 8; i++) {
		frame.req_id = (uint16_t)i;
		frame.no_completion = i % 4 != 3;
		fake_ena_tx(&r->tx, &frame);
	}
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 8);
	ena_rig_expect_cpl(r, 3, false);
	ena_rig_expect_cpl(r, 7, true);
}

static void
fault_tx_completions__sent_and_never_completed(void **state)
{
	const struct ena_card_config config = {.seed = 2, .faults = ENA_FAULT_TX_COMPLETIONS};
	struct ena_rig *r = ena_rig_open(&config);
	void *rig = r;

	(void)state;
	ena_rig_tx_host(r, DEPTH);
	for (unsigned int i = 0; i < 40; i++)
		ena_rig_send(r, (uint16_t)i, i, 60, 0);
	ena_rig_go(r);
	fake_ena_poll(&r->e, 3);
	assert_int_equal(r->port.frames, 40);
	ena_rig_expect_no_cpl(r);
	assert_true(fake_ena_reset(&r->e, 3));
	ena_rig_teardown(&rig);
}

static void
queues__several__none_starves(void **state)
{
	struct ena_rig *r = *state;
	struct fake_ena_txq qs[4];
	struct fake_ena_frame frame = {.n_bufs = 1};
	struct ena_tx_cpl cpl;

	for (unsigned int k = 0; k < 4; k++)
		assert_int_equal(fake_ena_txq_open(&r->e, &qs[k], DEPTH, false, FAKE_NO_VECTOR), 0);
	frame.bufs[0].iova = fake_ena_iova(&r->e, r->frame);
	frame.bufs[0].bytes = 60;
	for (unsigned int k = 0; k < 4; k++) {
		for (unsigned int i = 0; i < DEPTH; i++)
			fake_ena_tx(&qs[k], &frame);
		fake_ena_tx_ring(&r->e, &qs[k]);
	}
	ena_card_poll(r->e.card);
	for (unsigned int k = 0; k < 4; k++)
		assert_true(fake_ena_tx_reap(&qs[k], &cpl));
	fake_ena_poll(&r->e, 3);
	assert_int_equal(r->port.frames, 4 * DEPTH);
}

/* ---- the port ---------------------------------------------------------------------------- */

static void
port_busy__frames_wait_and_none_is_lost(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_tx_host(r, DEPTH);
	for (unsigned int i = 0; i < 60; i++)
		ena_rig_send(r, (uint16_t)i, i, 60, 0);
	for (uint32_t hold = 7; hold <= 63; hold += 7) {
		r->port.hold_at = hold;
		ena_rig_go(r);
		fake_ena_poll(&r->e, 2);
		assert_int_equal(r->port.frames, hold < 60 ? hold : 60);
		assert_int_equal(ena_card_waits(r->e.card), hold >= 60);
	}
	for (unsigned int i = 0; i < 60; i++) {
		ena_rig_expect_frame(r, i, r->frame + i, 60);
		ena_rig_expect_cpl(r, (uint16_t)i, i == 59);
	}
	ENA_EXPECT_CLEAN(&r->e);
}

static void
port_refuses__one_is_counted_and_completed(void **state)
{
	struct ena_rig *r = *state;
	struct ena_card_stats stats;

	ena_rig_tx_host(r, DEPTH);
	r->port.fail_at = 3;
	for (unsigned int i = 0; i < 5; i++)
		ena_rig_send(r, (uint16_t)i, 100 * i, 60, 0);
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 4);
	for (unsigned int i = 0; i < 5; i++)
		ena_rig_expect_cpl(r, (uint16_t)i, i == 4);
	ena_rig_expect_frame(r, 1, r->frame + 100, 60);
	ena_rig_expect_frame(r, 2, r->frame + 300, 60);
	fake_ena_stats(&r->e, &stats);
	assert_int_equal(stats.tx_frames, 4);
	ENA_EXPECT(&r->e, tx_refused, 1);
}

static void
no_port__frames_wait(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_tx_host(r, DEPTH);
	wcdev_port_set(ena_card_dev(r->e.card), NULL, NULL);
	ena_rig_send(r, 1, 0, 60, 0);
	ena_rig_go(r);
	ena_rig_expect_no_cpl(r);
	ENA_EXPECT_CLEAN(&r->e);
}

/* ---- what drivers do wrong --------------------------------------------------------------- */

/* Frames before and behind the wrong one go out. */
static void
around(struct ena_rig *r, const struct fake_ena_frame *wrong, uint16_t completed)
{
	ena_rig_tx_host(r, DEPTH);
	ena_rig_send(r, 1, 100, 60, 0);
	fake_ena_tx(&r->tx, wrong);
	ena_rig_send(r, 2, 200, 70, 0);
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 2);
	ena_rig_expect_frame(r, 0, r->frame + 100, 60);
	ena_rig_expect_frame(r, 1, r->frame + 200, 70);
	ena_rig_expect_cpl(r, 1, false);
	if (completed != 0)
		ena_rig_expect_cpl(r, completed, false);
	ena_rig_expect_cpl(r, 2, true);
}

static void
length__too_short_or_long__dropped_and_completed(void **state)
{
	static const uint16_t lengths[] = {0, 1, 13, 9023, 20000, 65535};

	for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct fake_ena_frame frame = {.req_id = 9, .n_bufs = 1};
		struct ena_rig *r = *state;

		frame.bufs[0].iova = fake_ena_iova(&r->e, r->frame);
		frame.bufs[0].bytes = lengths[i];
		around(r, &frame, 9);
		ENA_EXPECT(&r->e, tx_bad_length, 1);
		ena_rig_again(state);
	}
}

/* The sum of buffers may be far more than any frame. */
static void
length__of_all_buffers__dropped(void **state)
{
	struct ena_rig *r = *state;
	struct fake_ena_frame frame = {.req_id = 9, .n_bufs = 17};

	for (unsigned int i = 0; i < 17; i++) {
		frame.bufs[i].iova = fake_ena_iova(&r->e, r->frame);
		frame.bufs[i].bytes = 65535;
	}
	around(r, &frame, 9);
	ENA_EXPECT(&r->e, tx_bad_length, 1);
}

static void
address__not_mapped__dropped_and_completed(void **state)
{
	static const uint64_t iovas[] = {
		FAKE_IOVA_NONE, FAKE_IOVA_WO, 0, 0xffffffffffff, FAKE_IOVA + FAKE_MEM_BYTES - 59,
		FAKE_IOVA - 1};

	for (unsigned int i = 0; i < sizeof(iovas) / sizeof(iovas[0]); i++) {
		struct fake_ena_frame frame = {.req_id = 9, .n_bufs = 2};
		struct ena_rig *r = *state;

		frame.bufs[0].iova = fake_ena_iova(&r->e, r->frame);
		frame.bufs[0].bytes = 60;
		frame.bufs[1].iova = iovas[i];
		frame.bufs[1].bytes = 60;
		around(r, &frame, 9);
		ENA_EXPECT(&r->e, tx_bad_address, 1);
		ena_rig_again(state);
	}
}

static void
request__not_below_the_depth__dropped(void **state)
{
	static const uint16_t ids[] = {DEPTH, DEPTH + 1, 1024, 0x8000, 0xffff};

	for (unsigned int i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct fake_ena_frame frame = {.req_id = ids[i], .n_bufs = 1};
		struct ena_rig *r = *state;

		frame.bufs[0].iova = fake_ena_iova(&r->e, r->frame);
		frame.bufs[0].bytes = 60;
		around(r, &frame, 0);
		ENA_EXPECT(&r->e, tx_bad_req_id, 1);
		ena_rig_again(state);
	}
}

/* Descriptors of these flags between two good frames. */
static void
chain(struct ena_rig *r, const uint32_t *flags, unsigned int n)
{
	const uint64_t iova = fake_ena_iova(&r->e, r->frame);

	ena_rig_tx_host(r, DEPTH);
	ena_rig_send(r, 1, 100, 60, 0);
	for (unsigned int i = 0; i < n; i++) {
		const struct ena_tx_desc desc = {
			.ctrl = htole32(60 | flags[i] | fake_ena_tx_phase(&r->tx)),
			.meta = htole32(9u << 22),
			.addr_lo = htole32((uint32_t)iova),
			.addr_hi_header = htole32((uint32_t)(iova >> 32)),
		};

		fake_ena_tx_raw(&r->tx, &desc);
	}
	ena_rig_send(r, 2, 200, 70, 0);
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 2);
	ena_rig_expect_frame(r, 0, r->frame + 100, 60);
	ena_rig_expect_frame(r, 1, r->frame + 200, 70);
}

static void
chain__without_first__dropped_once(void **state)
{
	static const uint32_t flags[] = {ENA_TXD_COMPLETE, 0, 0, ENA_TXD_LAST};
	struct ena_rig *r = *state;

	chain(r, flags, 4);
	ENA_EXPECT(&r->e, tx_bad_chain, 1);
}

static void
chain__without_last__dropped_once_and_the_next_is_sent(void **state)
{
	static const uint32_t flags[] = {ENA_TXD_FIRST, 0, 0};
	struct ena_rig *r = *state;

	chain(r, flags, 3);
	ENA_EXPECT(&r->e, tx_bad_chain, 1);
}

/* The second begins like a frame, so it is not the rest of the first. */
static void
chain__twice_cut_by_the_doorbell__counted_twice(void **state)
{
	struct ena_rig *r = *state;
	struct fake_ena_frame frame = {.req_id = 4, .n_bufs = 2};
	struct ena_tx_desc descs[FAKE_TX_DESCS_MAX];

	ena_rig_tx_host(r, DEPTH);
	for (unsigned int i = 0; i < 2; i++) {
		frame.bufs[i].iova = fake_ena_iova(&r->e, r->frame);
		frame.bufs[i].bytes = 60;
	}
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(fake_ena_tx_descs(&frame, descs), 2);
		fake_ena_tx_write(&r->tx, descs, 1, NULL, 0);
		ena_rig_go(r);
		ena_rig_expect_cpl(r, 4, true);
		ENA_EXPECT(&r->e, tx_bad_chain, i + 1);
	}
	assert_int_equal(r->port.frames, 0);
}

static void
chain__too_long__dropped_once(void **state)
{
	uint32_t flags[40] = {ENA_TXD_FIRST};
	struct ena_rig *r = *state;

	flags[39] = ENA_TXD_LAST;
	chain(r, flags, 40);
	ENA_EXPECT(&r->e, tx_bad_chain, 1);
}

/* Also if something else is wrong with it. */
static void
chain__too_long_with_another_fault__dropped_once(void **state)
{
	struct fake_ena_frame frame = {.req_id = DEPTH, .n_bufs = 30};
	struct ena_rig *r = *state;

	for (unsigned int i = 0; i < frame.n_bufs; i++) {
		frame.bufs[i].iova = fake_ena_iova(&r->e, r->frame);
		frame.bufs[i].bytes = 60;
	}
	around(r, &frame, 0);
	ENA_EXPECT(&r->e, tx_bad_req_id, 1);
}

static void
chain__ends_with_the_ring__dropped(void **state)
{
	struct ena_rig *r = *state;
	struct ena_tx_desc descs[FAKE_TX_DESCS_MAX];
	struct fake_ena_frame frame = {.req_id = 9, .n_bufs = 4};

	for (unsigned int i = 0; i < 4; i++) {
		frame.bufs[i].iova = fake_ena_iova(&r->e, r->frame);
		frame.bufs[i].bytes = 20;
	}
	ena_rig_tx_host(r, DEPTH);
	(void)fake_ena_tx_descs(&frame, descs);
	fake_ena_tx_write(&r->tx, descs, 3, NULL, 0); /* the doorbell stands before the last */
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 0);
	ENA_EXPECT(&r->e, tx_bad_chain, 1);
	/* The last comes alone: it is a part of what was counted. */
	fake_ena_tx_write(&r->tx, descs + 3, 1, NULL, 0);
	ena_rig_send(r, 2, 200, 70, 0);
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 1);
	ena_rig_expect_frame(r, 0, r->frame + 200, 70);
	ENA_EXPECT(&r->e, tx_bad_chain, 1);
}

/* A descriptor of offload fields alone has no request, and says no frame. */
static void
chain__of_a_meta_descriptor_alone__dropped(void **state)
{
	static const uint32_t flags[] = {ENA_TXD_FIRST | ENA_TXD_LAST | ENA_TXD_META |
					 ENA_TXM_VALID | ENA_TXM_EXTENDED};
	struct ena_rig *r = *state;

	chain(r, flags, 1);
	ENA_EXPECT(&r->e, tx_bad_chain, 1);
}

static void
meta__in_the_midst_or_of_another_kind__dropped(void **state)
{
	static const uint32_t flags[][3] = {
		{ENA_TXD_FIRST, ENA_TXD_META | ENA_TXM_VALID | ENA_TXM_EXTENDED, ENA_TXD_LAST},
		{ENA_TXD_FIRST | ENA_TXD_META | ENA_TXM_EXTENDED, 0, ENA_TXD_LAST},
		{ENA_TXD_FIRST | ENA_TXD_META | ENA_TXM_VALID, 0, ENA_TXD_LAST},
	};

	for (unsigned int i = 0; i < 3; i++) {
		struct ena_rig *r = *state;

		chain(r, flags[i], 3);
		ENA_EXPECT(&r->e, tx_bad_meta, 1);
		ena_rig_again(state);
	}
}

static void
phase__of_another_lap__queue_stops(void **state)
{
	struct ena_rig *r = *state;
	struct ena_tx_desc desc = {.ctrl = htole32(ENA_TXD_FIRST | ENA_TXD_LAST | 60)};

	ena_rig_tx_host(r, DEPTH);
	for (unsigned int i = 0; i < DEPTH + 5; i++) {
		ena_rig_send(r, 1, 0, 60, 0);
		ena_rig_go(r);
		ena_rig_expect_cpl(r, 1, true);
	}
	ena_rig_send(r, 2, 0, 60, 0);
	desc.ctrl |= htole32(ENA_TXD_PHASE); /* of the first lap, in the second */
	fake_ena_tx_raw(&r->tx, &desc);
	ena_rig_send(r, 3, 0, 60, 0);
	ena_rig_go(r);
	ena_rig_expect_cpl(r, 2, false);
	ENA_RIG_EXPECT_STOPPED(r, tx_bad_phase);
}

/* Also in the midst of a frame: nothing of it is sent. */
static void
phase__of_a_later_descriptor__queue_stops(void **state)
{
	struct ena_rig *r = *state;
	struct ena_tx_desc descs[2] = {
		{.ctrl = htole32(ENA_TXD_FIRST | ENA_TXD_PHASE | 20)},
		{.ctrl = htole32(ENA_TXD_LAST | 20)},
	};

	ena_rig_tx_host(r, DEPTH);
	for (unsigned int i = 0; i < 2; i++) {
		descs[i].addr_lo = htole32((uint32_t)fake_ena_iova(&r->e, r->frame));
		descs[i].addr_hi_header = htole32((uint32_t)(FAKE_IOVA >> 32));
		fake_ena_tx_raw(&r->tx, &descs[i]);
	}
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 0);
	ENA_RIG_EXPECT_STOPPED(r, tx_bad_phase);
}

static void
doorbell__not_in_the_ring__queue_stops(void **state)
{
	static const uint16_t beyond[] = {DEPTH + 1, 1000, 0x8000, 0xffff};

	for (unsigned int i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		struct ena_rig *r = *state;

		ena_rig_tx_host(r, DEPTH);
		ena_rig_send(r, 1, 0, 60, 0);
		ena_rig_go(r);
		ena_rig_expect_cpl(r, 1, true);
		fake_ena_reg_set(&r->e, r->tx.doorbell_off, (uint16_t)(r->tx.tail + beyond[i]));
		ENA_RIG_EXPECT_STOPPED(r, tx_bad_doorbell);
		ena_rig_again(state);
	}
}

/* It may not take back what it gave. */
static void
doorbell__backwards__queue_stops(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_tx_host(r, DEPTH);
	r->port.ret = -EAGAIN;
	for (unsigned int i = 0; i < 5; i++)
		ena_rig_send(r, (uint16_t)i, 0, 60, 0);
	ena_rig_go(r);
	fake_ena_reg_set(&r->e, r->tx.doorbell_off, 4);
	r->port.ret = 0;
	ENA_RIG_EXPECT_STOPPED(r, tx_bad_doorbell);
}

static void
ring__unmapped_later__queue_stops(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_tx_host(r, DEPTH);
	ena_rig_send(r, 1, 0, 60, 0);
	r->e.m.unmap_from = (size_t)(r->tx.ring - r->e.m.at);
	ena_rig_go(r);
	r->e.m.unmap_from = r->e.m.bytes;
	assert_int_equal(r->port.frames, 0);
	ENA_RIG_EXPECT_STOPPED(r, ring_unmapped);
}

static void
completions__unmapped_later__queue_stops_before_it_sends(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_tx_host(r, DEPTH);
	ena_rig_send(r, 1, 0, 60, 0);
	r->e.m.unmap_from = (size_t)(r->tx.cq.ring - r->e.m.at);
	ena_rig_go(r);
	r->e.m.unmap_from = r->e.m.bytes;
	assert_int_equal(r->port.frames, 0);
	ENA_RIG_EXPECT_STOPPED(r, ring_unmapped);
}

/* One that stopped goes as others do, and the next has nothing of it. */
static void
stopped__destroyed_and_made_again__works(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_tx_host(r, DEPTH);
	fake_ena_reg_set(&r->e, r->tx.doorbell_off, 100);
	fake_ena_poll(&r->e, 1);
	assert_int_equal(fake_ena_txq_close(&r->e, &r->tx), ENA_ST_OK);
	ena_rig_tx_host(r, DEPTH);
	ena_rig_send(r, 1, 0, 60, 0);
	ena_rig_go(r);
	ena_rig_expect_cpl(r, 1, true);
	/* The error remains to be seen until the reset. */
	assert_true((fake_ena_reg(&r->e, ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR) != 0);
	assert_true(fake_ena_reset(&r->e, 0));
	assert_int_equal(fake_ena_reg(&r->e, ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ena_rig_setup, ena_rig_teardown)
		TEST(frame__bytes_of_descriptor_and_completion),
		TEST(frames__lengths_and_laps__all_sent_and_completed),
		TEST(frames__whole_rings__in_order_over_65536_descriptors),
		TEST(frame__of_many_buffers__put_together),
		TEST(frame__empty_buffers_and_header_length__do_not_matter),
		TEST(completion__only_when_asked_for),
		cmocka_unit_test(fault_tx_completions__sent_and_never_completed),
		TEST(queues__several__none_starves),
		TEST(port_busy__frames_wait_and_none_is_lost),
		TEST(port_refuses__one_is_counted_and_completed),
		TEST(no_port__frames_wait),
		TEST(length__too_short_or_long__dropped_and_completed),
		TEST(length__of_all_buffers__dropped),
		TEST(address__not_mapped__dropped_and_completed),
		TEST(request__not_below_the_depth__dropped),
		TEST(chain__without_first__dropped_once),
		TEST(chain__without_last__dropped_once_and_the_next_is_sent),
		TEST(chain__twice_cut_by_the_doorbell__counted_twice),
		TEST(chain__too_long__dropped_once),
		TEST(chain__too_long_with_another_fault__dropped_once),
		TEST(chain__ends_with_the_ring__dropped),
		TEST(chain__of_a_meta_descriptor_alone__dropped),
		TEST(meta__in_the_midst_or_of_another_kind__dropped),
		TEST(phase__of_another_lap__queue_stops),
		TEST(phase__of_a_later_descriptor__queue_stops),
		TEST(doorbell__not_in_the_ring__queue_stops),
		TEST(doorbell__backwards__queue_stops),
		TEST(ring__unmapped_later__queue_stops),
		TEST(completions__unmapped_later__queue_stops_before_it_sends),
		TEST(stopped__destroyed_and_made_again__works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
