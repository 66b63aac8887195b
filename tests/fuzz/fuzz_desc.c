/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Doorbell records and descriptors of both directions, whatever their bytes. */

#include <string.h>

#include "fuzz_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void
tx_tame(struct fuzz_rig *r, struct fuzz_input *in)
{
	uint16_t flags = fuzz_take8(in);
	uint16_t length = fuzz_take16(in) % 10000;
	uint32_t iova = (uint32_t)fuzz_take64(in);
	uint16_t frame_bytes = (flags & 4) != 0 ? fuzz_take16(in) : length;

	if ((flags & 8) != 0)
		r->tx.requests[r->tx.tail % r->tx.depth] = htole64(fuzz_request(in));
	fake_tx_desc(&r->tx, (flags & 16) != 0 ? fake_iova(&r->h, r->data) : fuzz_rig_iova(r, iova),
		     length, (flags & 3) | ((flags & 8) != 0 ? WCNIC_TXF_OFFLOAD : 0), frame_bytes);
}

static void
rx_tame(struct fuzz_rig *r, struct fuzz_input *in)
{
	uint16_t idx = r->rx.tail % r->rx.depth;

	r->rx.ring[idx].iova = htole64(fuzz_rig_iova(r, (uint32_t)fuzz_take64(in)));
	r->rx.tail++;
	fake_rx_post(&r->h, &r->rx, 0);
}

static void
placement_change(struct fuzz_rig *r, struct fuzz_input *in)
{
	uint8_t how = fuzz_take8(in);

	/* From the first undecided entry on, or from the tail. */
	if ((how & 2) != 0)
		r->tx.tail = r->next;
	fake_tx_switch(&r->tx, r->tx.tail, how & 1);
}

static void
step(struct fuzz_rig *r, struct fuzz_input *in)
{
	struct wcnic_tx_desc desc;

	switch (fuzz_take8(in) % 9) {
	case 0:
	case 1:
		tx_tame(r, in);
		break;
	case 2:
		fuzz_take(in, &desc, sizeof(desc));
		desc.iova = htole64(fuzz_rig_iova(r, (uint32_t)le64toh(desc.iova)));
		r->tx.ring[fuzz_take8(in) % r->tx.depth] = desc;
		break;
	case 3:
		__atomic_store_n(r->tx.db, fuzz_take64(in), __ATOMIC_RELEASE);
		break;
	case 4:
		rx_tame(r, in);
		break;
	case 5:
		__atomic_store_n(r->rx.db, fuzz_take64(in), __ATOMIC_RELEASE);
		break;
	case 6:
		placement_change(r, in);
		break;
	case 7:
		r->h.m.now_ns += fuzz_take16(in) * 100ull;
		fuzz_rig_poll(r);
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
		fake_tx_switch(&r->tx, 0, WCNIC_PLACEMENT_FETCH);
		fuzz_rig_keep(r);
	}
	fuzz_rig_restore(r);
	while (in.left != 0)
		step(r, &in);
	fuzz_rig_poll(r);
	return 0;
}
