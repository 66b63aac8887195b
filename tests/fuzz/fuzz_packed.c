/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Packed push: entries, streams of anything, lines with something changed, and every way back. */

#include <string.h>

#include "fuzz_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void
entry_push(struct fuzz_rig *r, struct fuzz_input *in)
{
	struct fake_slot slot = {.inline_data = r->data};
	uint8_t how = fuzz_take8(in);
	unsigned int n_segs;

	slot.flags = how & 3;
	if ((how & 32) != 0) {
		slot.flags |= WCNIC_TXF_OFFLOAD;
		slot.request = htole64(fuzz_request(in));
	}
	n_segs = (how & 4) != 0 ? fuzz_take8(in) % (WCNIC_SLOT_SEGS(4) + 2) : 0;
	slot.inline_bytes = n_segs == 0 || (how & 8) != 0 ? fuzz_take16(in) % 230 : 0;
	fuzz_slot_segs(r, in, &slot, n_segs, how & 16);
	fake_tx_entry(&r->tx, &slot);
}

/* A chain of entries, which may be longer than a frame can be. */
static void
chain_push(struct fuzz_rig *r, struct fuzz_input *in)
{
	struct fake_slot slot = {.inline_data = r->data, .flags = WCNIC_TXF_SOP};
	uint8_t n = 1 + fuzz_take8(in) % 31;

	slot.inline_bytes = 1 + fuzz_take8(in) % WCNIC_SLOT_INLINE_BYTES(4);
	slot.frame_bytes = (uint16_t)(n * slot.inline_bytes);
	for (uint8_t i = 0; i < n; i++) {
		if (i == n - 1)
			slot.flags |= WCNIC_TXF_EOP;
		fake_tx_entry(&r->tx, &slot);
		slot.flags = 0;
		slot.frame_bytes = 0;
	}
}

static void
stream_put(struct fuzz_rig *r, struct fuzz_input *in)
{
	uint8_t buf[255];
	uint8_t n = fuzz_take8(in);

	fuzz_take(in, buf, n);
	fake_tx_stream(&r->tx, buf, n);
	r->tx.tail += fuzz_take8(in) % 3;
}

/* Changes a byte of one of the last lines, and may make its check right again. */
static void
line_change(struct fuzz_rig *r, struct fuzz_input *in)
{
	uint16_t number = r->tx.line - 1 - fuzz_take8(in) % 8;
	uint8_t *at = fake_line_at(&r->tx, number);
	struct wcnic_push_line line;

	memcpy(&line, at, sizeof(line));
	((uint8_t *)&line)[fuzz_take8(in) % WCNIC_LINE_BYTES] = fuzz_take8(in);
	if ((fuzz_take8(in) & 1) != 0)
		fake_line_seal(&line);
	memcpy(at, &line, sizeof(line));
}

static void
resume(struct fuzz_rig *r, struct fuzz_input *in)
{
	r->tx.tail = r->next;
	fake_tx_epoch(&r->tx);
	if ((fuzz_take8(in) & 1) != 0)
		fake_tx_push(&r->tx, r->data, 64);
	fake_tx_switch(&r->tx, r->next, fuzz_take8(in) & 1);
}

static void
step(struct fuzz_rig *r, struct fuzz_input *in)
{
	switch (fuzz_take8(in) % 10) {
	case 0:
	case 1:
		entry_push(r, in);
		break;
	case 2:
		line_change(r, in);
		break;
	case 3:
		stream_put(r, in);
		break;
	case 4:
		resume(r, in);
		break;
	case 5:
		r->h.m.now_ns += 200000;
		fuzz_rig_poll(r);
		break;
	case 6:
		if (fuzz_take8(in) == 0)
			(void)wcnic_card_window_revoke(r->h.card, le16toh(r->tx.push_grant.id));
		fake_rx_post(&r->h, &r->rx, 8);
		r->rx.head += 8;
		break;
	case 7:
		chain_push(r, in);
		break;
	case 8:
		fake_tx_fetch(&r->h, &r->tx, r->data + fuzz_take8(in), 60);
		break;
	default:
		fake_tx_ring(&r->tx);
		fuzz_rig_poll(r);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	static struct fuzz_rig *r;

	if (r == NULL) {
		r = fuzz_rig_new(NULL);
		fuzz_rig_queues(r, WCNIC_FORMAT_PACKED, false);
		fuzz_rig_keep(r);
	}
	fuzz_rig_restore(r);
	while (in.left != 0)
		step(r, &in);
	fuzz_rig_poll(r);
	return 0;
}
