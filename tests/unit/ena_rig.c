/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* An ENA card in a test: its port, its queues, what is expected of them. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"

static int
port_send(void *ctx, const struct wcdev_frame *frame)
{
	struct ena_port *port = ctx;
	uint8_t *dst = port->data[port->frames % ENA_SEEN_MAX];
	uint32_t used = 0;

	if (port->ret != 0)
		return port->ret;
	if (port->hold_at != 0 && port->frames >= port->hold_at)
		return -EAGAIN;
	if (port->fail_at != 0 && port->frames + 1 == port->fail_at) {
		port->fail_at = 0;
		return -EIO;
	}
	assert_true(frame->bytes <= ENA_SEEN_BYTES);
	for (uint32_t i = 0; i < frame->n_frags; i++) {
		assert_true(used + frame->frags[i].bytes <= ENA_SEEN_BYTES);
		memcpy(dst + used, frame->frags[i].base, frame->frags[i].bytes);
		used += frame->frags[i].bytes;
	}
	assert_int_equal(used, frame->bytes);
	port->bytes[port->frames % ENA_SEEN_MAX] = used;
	port->frames++;
	return 0;
}

static void
port_flush(void *ctx)
{
	struct ena_port *port = ctx;

	port->flushed = port->frames;
}

static void
port_link(void *ctx, struct wcdev_link *link)
{
	const struct ena_port *port = ctx;

	link->up = !port->down;
	link->waits = port->waits;
	if (port->speed_mbps != 0)
		link->speed_mbps = port->speed_mbps;
}

static const struct wcdev_port_ops port_ops = {
	.kind = "recorder",
	.send = port_send,
	.flush = port_flush,
	.link = port_link,
};

struct ena_rig *
ena_rig_open(const struct ena_card_config *config)
{
	struct ena_rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	assert_int_equal(fake_ena_init(&r->e, config), 0);
	wcdev_port_set(ena_card_dev(r->e.card), &port_ops, &r->port);
	fake_ena_enable(&r->e);
	r->frame = fake_ena_alloc(&r->e, ENA_RIG_BYTES, 4096);
	fake_frame_fill(r->frame, ENA_RIG_BYTES, 0);
	assert_int_equal(fake_ena_mtu_set(&r->e, 9000), ENA_ST_OK);
	return r;
}

int
ena_rig_setup(void **state)
{
	const struct ena_card_config config = {
		.seed = 7, .llq_entries = ENA_LLQ_ENTRY_128 | ENA_LLQ_ENTRY_256};

	*state = ena_rig_open(&config);
	return 0;
}

int
ena_rig_teardown(void **state)
{
	struct ena_rig *r = *state;

	fake_ena_fini(&r->e);
	free(r);
	return 0;
}

void
ena_rig_again(void **state)
{
	ena_rig_teardown(state);
	ena_rig_setup(state);
}

void
ena_rig_tx_host(struct ena_rig *r, uint16_t depth)
{
	assert_int_equal(fake_ena_txq_open(&r->e, &r->tx, depth, false, FAKE_NO_VECTOR), ENA_ST_OK);
}

void
ena_rig_tx_llq(struct ena_rig *r, uint16_t depth, uint16_t entry_bytes, uint16_t accel_flags)
{
	assert_int_equal(fake_ena_llq_set(&r->e, entry_bytes, accel_flags), ENA_ST_OK);
	assert_int_equal(fake_ena_txq_open(&r->e, &r->tx, depth, true, FAKE_NO_VECTOR), ENA_ST_OK);
}

void
ena_rig_rx(struct ena_rig *r, uint16_t depth, uint32_t buf_bytes)
{
	assert_int_equal(fake_ena_rxq_open(&r->e, &r->rx, depth, buf_bytes, FAKE_NO_VECTOR),
			 ENA_ST_OK);
}

void
ena_rig_send(struct ena_rig *r, uint16_t req_id, uint32_t off, uint16_t bytes, uint8_t pushed)
{
	struct fake_ena_frame frame = {
		.req_id = req_id,
		.header = r->frame + off,
		.header_bytes = pushed,
	};

	assert_true(off + bytes <= ENA_RIG_BYTES && pushed <= bytes);
	if (bytes > pushed) {
		frame.bufs[0].iova = fake_ena_iova(&r->e, r->frame + off + pushed);
		frame.bufs[0].bytes = (uint16_t)(bytes - pushed);
		frame.n_bufs = 1;
	}
	fake_ena_tx(&r->tx, &frame);
}

void
ena_rig_go(struct ena_rig *r)
{
	fake_ena_tx_ring(&r->e, &r->tx);
	ena_card_poll(r->e.card);
}

void
ena_rig_expect_cpl(struct ena_rig *r, uint16_t req_id, bool last)
{
	struct ena_tx_cpl cpl;

	assert_true(fake_ena_tx_reap(&r->tx, &cpl));
	assert_int_equal(le16toh(cpl.req_id), req_id);
	assert_int_equal(cpl.status, 0);
	assert_int_equal(cpl.flags & ~1u, 0);
	assert_int_equal(le16toh(cpl.sub_qid), r->tx.idx);
	if (last)
		ena_rig_expect_no_cpl(r);
	if (last)
		assert_int_equal(le16toh(cpl.sq_head), r->tx.tail);
}

void
ena_rig_expect_no_cpl(struct ena_rig *r)
{
	struct ena_tx_cpl cpl;

	assert_false(fake_ena_tx_reap(&r->tx, &cpl));
}

void
ena_rig_expect_frame(const struct ena_rig *r, uint32_t idx, const uint8_t *data, uint32_t bytes)
{
	assert_true(idx < r->port.frames);
	assert_int_equal(r->port.bytes[idx % ENA_SEEN_MAX], bytes);
	assert_memory_equal(r->port.data[idx % ENA_SEEN_MAX], data, bytes);
}

/* Those that say what went wrong. */
static const struct {
	const char *name;
	size_t off;
} wrongs[] = {
#define WRONG(member)                                             \
	{                                                         \
#member, offsetof(struct ena_card_stats, member), \
	}
	WRONG(tx_refused),      WRONG(tx_bad_phase),      WRONG(tx_bad_doorbell),
	WRONG(tx_bad_chain),    WRONG(tx_bad_meta),       WRONG(tx_bad_req_id),
	WRONG(tx_bad_length),   WRONG(tx_bad_address),    WRONG(tx_bad_offload),
	WRONG(tx_llq_torn),     WRONG(tx_llq_waits),      WRONG(tx_over_burst),
	WRONG(rx_missed),       WRONG(rx_no_queue),       WRONG(rx_oversize),
	WRONG(rx_runt),         WRONG(rx_down),           WRONG(rx_bad_phase),
	WRONG(rx_bad_doorbell), WRONG(rx_bad_desc),       WRONG(rx_bad_address),
	WRONG(ring_unmapped),   WRONG(admin_unsupported), WRONG(admin_malformed),
	WRONG(admin_illegal),   WRONG(admin_bad_phase),   WRONG(admin_unmapped),
	WRONG(aenq_lost),       WRONG(bad_writes),        WRONG(bad_reads),
};

void
ena_expect_only(struct fake_ena *e, size_t off, uint64_t value)
{
	struct ena_card_stats stats;
	uint64_t has;

	fake_ena_stats(e, &stats);
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		memcpy(&has, (const uint8_t *)&stats + wrongs[i].off, sizeof(has));
		if (has != (wrongs[i].off == off ? value : 0))
			fail_msg("%s is %llu", wrongs[i].name, (unsigned long long)has);
	}
}

void
ena_rig_expect_stopped(struct ena_rig *r)
{
	const uint32_t frames = r->port.frames;

	assert_true((fake_ena_reg(&r->e, ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR) != 0);
	ena_rig_go(r);
	ena_rig_go(r);
	assert_int_equal(r->port.frames, frames);
	ena_rig_expect_no_cpl(r);
}
