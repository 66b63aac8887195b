/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The bytes of a push window: slots, slots with something changed, and anything at all. */

#include <string.h>

#include "fuzz_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void
slot_push(struct fuzz_rig *r, struct fuzz_input *in)
{
	struct fake_slot slot = {.inline_data = r->data};
	uint8_t how = fuzz_take8(in);
	unsigned int n_segs;

	slot.flags = how & 3;
	n_segs = (how & 4) != 0 ? fuzz_take8(in) % (WCNIC_SLOT_SEGS(4) + 1) : 0;
	slot.inline_bytes = n_segs == 0 || (how & 8) != 0 ? fuzz_take16(in) % 100 : 0;
	if (n_segs * 16 + slot.inline_bytes > WCNIC_SLOT_INLINE_BYTES(4))
		slot.inline_bytes = 0;
	fuzz_slot_segs(r, in, &slot, n_segs, how & 16);
	fake_tx_slot(&r->tx, &slot, 0);
}

/* Changes a byte of a line and makes its check right again. */
static void
line_forge(struct fuzz_rig *r, struct fuzz_input *in)
{
	uint16_t seq = r->tx.tail - 1 - fuzz_take8(in) % 4;
	uint8_t *at = fake_slot_at(&r->tx, seq) + fuzz_take8(in) % 4 * WCNIC_LINE_BYTES;
	struct wcnic_push_line line;

	memcpy(&line, at, sizeof(line));
	((uint8_t *)&line)[fuzz_take8(in) % WCNIC_LINE_BYTES] = fuzz_take8(in);
	fake_line_seal(&line);
	memcpy(at, &line, sizeof(line));
}

static void
bytes_put(struct fuzz_rig *r, struct fuzz_input *in)
{
	uint32_t off = fuzz_take16(in) % (65536 - 255);
	uint8_t buf[255];
	uint8_t n = fuzz_take8(in);

	fuzz_take(in, buf, n);
	memcpy(r->tx.push + off, buf, n);
}

static void
resume(struct fuzz_rig *r, struct fuzz_input *in)
{
	r->tx.tail = r->next;
	fake_tx_switch(&r->tx, r->tx.tail, fuzz_take8(in) & 1);
}

static void
step(struct fuzz_rig *r, struct fuzz_input *in)
{
	switch (fuzz_take8(in) % 8) {
	case 0:
	case 1:
		slot_push(r, in);
		break;
	case 2:
		line_forge(r, in);
		break;
	case 3:
		bytes_put(r, in);
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
		fuzz_rig_queues(r, WCNIC_FORMAT_SLOTS, false);
		fuzz_rig_keep(r);
	}
	fuzz_rig_restore(r);
	while (in.left != 0)
		step(r, &in);
	fuzz_rig_poll(r);
	return 0;
}
