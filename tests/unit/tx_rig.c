/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A Tx queue of the model in a test: frames, lines and completions. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tx_rig.h"

static bool
completion_visible(const struct recorder *rec)
{
	const struct fake_txq *q = rec->watch;
	uint8_t phase = (q->cq_head / q->depth) % 2 == 0;

	return (q->cq[q->cq_head % q->depth].phase & 1) == phase;
}

static int
rec_send(void *ctx, const struct wcdev_frame *frame)
{
	struct recorder *rec = ctx;
	uint8_t *dst = rec->data[rec->frames % SEEN_MAX];
	uint32_t used = 0;

	if (rec->ret != 0)
		return rec->ret;
	if (rec->hold_at != 0 && rec->frames >= rec->hold_at)
		return -EAGAIN;
	assert_true(frame->bytes <= sizeof(rec->data[0]));
	for (uint32_t i = 0; i < frame->n_frags; i++) {
		assert_true(used + frame->frags[i].bytes <= sizeof(rec->data[0]));
		memcpy(dst + used, frame->frags[i].base, frame->frags[i].bytes);
		used += frame->frags[i].bytes;
	}
	assert_int_equal(used, frame->bytes);
	rec->bytes[rec->frames % SEEN_MAX] = used;
	rec->frames++;
	return 0;
}

static void
rec_flush(void *ctx)
{
	struct recorder *rec = ctx;

	rec->early |= rec->watch != NULL && completion_visible(rec);
	rec->flushed = rec->frames;
}

static const struct wcdev_port_ops rec_ops = {
	.kind = "recorder",
	.send = rec_send,
	.flush = rec_flush,
};

int
tx_rig_setup(void **state)
{
	struct wcnic_card_config c = {.seed = 7, .push_wait_ns = WAIT_NS};
	struct tx_rig *r = calloc(1, sizeof(*r));

	*state = r;
	if (r == NULL || fake_host_init(&r->h, &c) != 0)
		return -1;
	wcdev_port_set(wcnic_card_dev(r->h.card), &rec_ops, &r->rec);
	fake_enable(&r->h);
	r->frame = fake_alloc(&r->h, 16384, 64);
	fake_frame_fill(r->frame, 16384, 0);
	return fake_port_set(&r->h, 9000, WCNIC_PORTF_UP);
}

int
tx_rig_teardown(void **state)
{
	struct tx_rig *r = *state;

	fake_host_fini(&r->h);
	free(r);
	return 0;
}

void
tx_rig_open_push(struct tx_rig *r, uint16_t depth, uint8_t slot_lines)
{
	assert_int_equal(fake_txq_open(&r->h, &r->q, 3, depth, WCNIC_PLACEMENT_PUSH, slot_lines),
			 0);
	r->rec.watch = &r->q;
}

void
tx_rig_open_packed(struct tx_rig *r, uint16_t depth, uint8_t slot_lines)
{
	assert_int_equal(fake_packed_ask(&r->h), 0);
	tx_rig_open_push(r, depth, slot_lines);
}

void
tx_rig_open_fetch(struct tx_rig *r, uint16_t depth)
{
	assert_int_equal(fake_txq_open(&r->h, &r->q, 2, depth, WCNIC_PLACEMENT_FETCH, 0), 0);
	r->rec.watch = &r->q;
}

void
tx_rig_go(struct tx_rig *r)
{
	fake_tx_ring(&r->q);
	wcnic_card_poll(r->h.card);
}

void
tx_rig_switch(struct tx_rig *r, uint16_t seq, enum wcnic_placement placement)
{
	fake_tx_switch(&r->q, seq, placement);
	wcnic_card_poll(r->h.card);
}

void
tx_rig_wait(struct tx_rig *r)
{
	wcnic_card_poll(r->h.card);
	r->h.m.now_ns += WAIT_NS;
	wcnic_card_poll(r->h.card);
}

void
tx_expect_cpl(struct tx_rig *r, enum wcnic_tx_status status, uint16_t seq, uint16_t count,
	      uint16_t frames)
{
	struct wcnic_tx_cpl cpl;

	assert_true(fake_tx_reap(&r->q, &cpl));
	assert_int_equal(cpl.status, status);
	assert_int_equal(le16toh(cpl.seq), seq);
	assert_int_equal(le16toh(cpl.count), count);
	assert_int_equal(le16toh(cpl.frames), frames);
}

void
tx_expect_error(struct tx_rig *r, enum wcnic_error reason, uint16_t seq, uint16_t count)
{
	uint8_t idx = r->q.cq_head % r->q.depth;

	tx_expect_cpl(r, WCNIC_TX_ERROR, seq, count, 1);
	assert_int_equal(r->q.cq[idx].reason, reason);
}

void
tx_expect_no_cpl(struct tx_rig *r)
{
	struct wcnic_tx_cpl cpl;

	assert_false(fake_tx_reap(&r->q, &cpl));
}

void
tx_expect_queue_error(struct tx_rig *r, enum wcnic_error error)
{
	struct wcnic_event event;

	wcnic_card_poll(r->h.card);
	assert_true(fake_event_find(&r->h, WCNIC_EV_QUEUE_ERROR, &event));
	assert_int_equal(le32toh(event.arg0), r->q.qid | WCNIC_EV_QUEUE_TX);
	assert_int_equal(le32toh(event.arg1), error);
}

void
tx_expect_frame(struct tx_rig *r, uint32_t idx, const uint8_t *data, uint32_t bytes)
{
	assert_true(idx < r->rec.frames);
	assert_int_equal(r->rec.bytes[idx % SEEN_MAX], bytes);
	assert_memory_equal(r->rec.data[idx % SEEN_MAX], data, bytes);
}

void
tx_expect_pushed(struct tx_rig *r, uint32_t done, uint32_t sent)
{
	struct wcnic_tx_cpl cpl;

	while (fake_tx_reap(&r->q, &cpl)) {
		assert_int_equal(cpl.status, WCNIC_TX_PUSHED);
		assert_int_equal(le16toh(cpl.seq), (uint16_t)done);
		done += le16toh(cpl.count);
	}
	assert_int_equal(done, sent);
	assert_int_equal(r->rec.frames, sent);
}

void
tx_expect_order_kept(struct tx_rig *r, uint32_t frames)
{
	uint8_t *bufs = fake_alloc(&r->h, 64 * 64, 64);
	struct wcnic_tx_cpl cpl;
	uint32_t sent = 0;
	uint32_t done = 0;

	while (sent < frames) {
		for (unsigned int i = 0; i < 32; i++, sent++) {
			uint8_t *buf = bufs + (sent % 64) * 64;

			if (i == 16)
				fake_tx_switch(&r->q, r->q.tail, r->q.placement == 0);
			memcpy(buf, &sent, sizeof(sent));
			if (r->q.placement == WCNIC_PLACEMENT_PUSH)
				fake_tx_push(&r->q, buf, 60);
			else
				fake_tx_fetch(&r->h, &r->q, buf, 60);
		}
		tx_rig_go(r);
		while (fake_tx_reap(&r->q, &cpl)) {
			uint16_t n = le16toh(cpl.count);

			assert_int_equal(le16toh(cpl.seq), (uint16_t)done);
			assert_int_equal(cpl.epoch,
					 done + n == sent ? r->q.epoch : (uint8_t)(r->q.epoch - 1));
			done += n;
		}
		assert_int_equal(done, sent);
	}
	for (done = sent - SEEN_MAX; done < sent; done++)
		assert_memory_equal(r->rec.data[done % SEEN_MAX], &done, sizeof(done));
}

void
tx_line_forge(uint8_t *at, void (*change)(struct wcnic_push_line *line))
{
	struct wcnic_push_line line;

	memcpy(&line, at, sizeof(line));
	change(&line);
	fake_line_seal(&line);
	memcpy(at, &line, sizeof(line));
}

void
tx_forge_generation(struct wcnic_push_line *line)
{
	line->generation = htole16(le16toh(line->generation) - 1);
}
