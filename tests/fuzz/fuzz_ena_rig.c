/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* An ENA card and its driver for fuzzing. */

#include <errno.h>
#include <string.h>

#include "fuzz_ena_rig.h"
#include "fuzz_state.h"

#define MEM_BYTES (256u << 10)
#define LLQ_BYTES (64u << 10)
#define DEPTH 64u
#define BUF_BYTES 512u

static int
loop_send(void *ctx, const struct wcdev_frame *frame)
{
	struct fuzz_ena *r = ctx;
	const uint32_t sum = fuzz_frame_read(frame);
	int ret;

	r->frames++;
	ret = wcdev_receive(ena_card_dev(r->e.card), frame);
	if (ret == -ENETDOWN)
		return sum % 7 == 0 ? -EIO : 0;
	return ret == 0 && sum % 31 == 0 ? -EAGAIN : ret;
}

static const struct wcdev_port_ops loop_ops = {.kind = "loopback", .send = loop_send};

void
fuzz_ena_enable(struct fuzz_ena *r)
{
	fake_ena_enable(&r->e);
	r->data = fake_ena_alloc(&r->e, FUZZ_DATA_BYTES, 4096);
	/* Ethernet, IPv4 and TCP, so that offloads may fit what begins here. */
	memcpy(r->data + 12, "\x08\0\x45\0\0\x30", 6);
	r->data[23] = 6;
	r->data[46] = 0x50;
}

struct fuzz_ena *
fuzz_ena_new(bool waits)
{
	const struct ena_card_config config = {
		.seed = 11,
		.queue_pairs = 2,
		.queue_depth = 128,
		.llq_bytes = LLQ_BYTES,
		.llq_entries = ENA_LLQ_ENTRY_128 | ENA_LLQ_ENTRY_256,
		.llq_wait = waits,
		.meta_caching = true,
		.tx_burst_bytes = 2048,
	};
	struct fuzz_ena *r = calloc(1, sizeof(*r));

	MUST(r != NULL);
	r->resets = 3;
	MUST(fake_ena_init_sized(&r->e, &config, MEM_BYTES) == 0);
	wcdev_port_set(ena_card_dev(r->e.card), &loop_ops, r);
	fuzz_ena_enable(r);
	return r;
}

void
fuzz_ena_keep(struct fuzz_ena *r)
{
	fuzz_state_add(r, sizeof(*r));
	fuzz_state_add(r->e.card, sizeof(*r->e.card));
	fuzz_state_add(r->e.m.at, r->e.m.bytes);
	fuzz_state_add(r->e.llq, r->e.llq_bytes);
	fuzz_state_keep();
}

bool
fuzz_ena_queues(struct fuzz_ena *r, uint16_t llq)
{
	if (r->resets == 0)
		return false;
	r->resets--;
	MUST(fake_ena_reset(&r->e, 0));
	fuzz_ena_enable(r);
	MUST(fake_ena_mtu_set(&r->e, 9000) == 0);
	if (llq != 0)
		MUST(fake_ena_llq_set(&r->e, llq, 0) == 0);
	MUST(fake_ena_txq_open(&r->e, &r->tx, DEPTH, llq != 0, 1) == 0);
	MUST(fake_ena_rxq_open(&r->e, &r->rx, DEPTH, BUF_BYTES, 1) == 0);
	fake_ena_rx_post(&r->e, &r->rx, DEPTH);
	r->done = 0;
	return true;
}

/* The head moves on, never beyond what the ring can hold. */
static void
tx_check(struct fuzz_ena *r)
{
	struct ena_tx_cpl cpl;

	while (r->tx.depth != 0 && fake_ena_tx_reap(&r->tx, &cpl)) {
		const uint16_t step = le16toh(cpl.sq_head) - r->done;

		MUST(le16toh(cpl.req_id) < r->tx.depth);
		MUST(le16toh(cpl.sub_qid) == r->tx.idx && cpl.status == 0);
		MUST(step != 0 && step <= r->tx.depth);
		r->done = le16toh(cpl.sq_head);
	}
}

void
fuzz_ena_poll(struct fuzz_ena *r)
{
	struct ena_card_stats stats;

	ena_card_poll(r->e.card);
	(void)ena_card_waits(r->e.card);
	tx_check(r);
	fake_ena_stats(&r->e, &stats);
	MUST(stats.tx_pushed <= stats.tx_frames);
	MUST(stats.tx_frames <= r->frames);
}

uint64_t
fuzz_ena_iova(struct fuzz_ena *r, uint32_t raw)
{
	if (raw % 16 == 15)
		return FAKE_IOVA_NONE + raw;
	if (raw % 16 == 14)
		return FAKE_IOVA + MEM_BYTES - raw / 16 % 2048;
	return fake_ena_iova(&r->e, r->data) + raw / 16 % FUZZ_DATA_BYTES;
}

void
fuzz_ena_frame(struct fuzz_ena *r, struct fuzz_input *in, struct fake_ena_frame *frame)
{
	const uint8_t how = fuzz_take8(in);
	const unsigned int n = fuzz_take8(in) % 20;

	*frame = (struct fake_ena_frame){.req_id = fuzz_take8(in) % (DEPTH + 1)};
	if (r->tx.llq) {
		frame->header = r->data;
		frame->header_bytes = fuzz_take8(in) % (r->tx.entry_bytes - 31u);
	}
	for (; frame->n_bufs < n; frame->n_bufs++) {
		frame->bufs[frame->n_bufs].iova = fuzz_ena_iova(r, (uint32_t)fuzz_take64(in));
		frame->bufs[frame->n_bufs].bytes = fuzz_take16(in) % 4096;
	}
	if (how % 4 == 0 && n != 0)
		frame->bufs[0].iova = fake_ena_iova(&r->e, r->data);
	if (how % 2 == 0)
		return;
	frame->meta = (how & 2) != 0;
	frame->no_store = (how & 4) != 0;
	frame->l3_off = (how & 8) != 0 ? fuzz_take8(in) : 14;
	frame->l3_bytes = (how & 16) != 0 ? fuzz_take8(in) : 20;
	frame->l4_words = (how & 32) != 0 ? fuzz_take8(in) & 0x3f : 5;
	frame->mss = fuzz_take16(in) & 0x3fff;
	frame->offloads = ENA_L3_IPV4 | ENA_L4_TCP << 8 | ENA_TXD_L3_CSUM | ENA_TXD_L4_CSUM;
	if ((how & 64) != 0)
		frame->offloads |= ENA_TXD_TSO;
	if ((how & 128) != 0)
		frame->offloads = fuzz_take16(in) | (fuzz_take8(in) & 3u) << 16;
}

void
fuzz_ena_refill(struct fuzz_ena *r)
{
	struct ena_rx_cpl cpl;
	unsigned int n = 0;

	while (fake_ena_rx_reap(&r->rx, &cpl)) {
		MUST(le16toh(cpl.req_id) < r->rx.depth);
		MUST(le16toh(cpl.bytes) != 0);
		n++;
	}
	fake_ena_rx_post(&r->e, &r->rx, n);
}
