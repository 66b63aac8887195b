/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Descriptors of both directions of the ENA card in host memory, whatever their bytes. */

#include <string.h>

#include "fuzz_ena_rig.h"
#include "fuzz_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void
tx_raw(struct fuzz_ena *r, struct fuzz_input *in)
{
	const uint8_t how = fuzz_take8(in);
	struct ena_tx_desc desc;
	uint64_t iova;

	fuzz_take(in, &desc, sizeof(desc));
	if (how % 4 != 0) { /* of this lap, and of memory that is there */
		iova = fuzz_ena_iova(r, le32toh(desc.addr_lo));
		desc.ctrl &= ~htole32(ENA_TXD_PHASE | 0xf000);
		desc.ctrl |= htole32(fake_ena_tx_phase(&r->tx));
		desc.addr_lo = htole32((uint32_t)iova);
		desc.addr_hi_header = htole32((uint32_t)(iova >> 32));
	}
	fake_ena_tx_raw(&r->tx, &desc);
}

static void
rx_raw(struct fuzz_ena *r, struct fuzz_input *in)
{
	const uint8_t how = fuzz_take8(in);
	struct ena_rx_desc desc;
	uint64_t iova;

	fuzz_take(in, &desc, sizeof(desc));
	if (how % 4 != 0) {
		iova = fuzz_ena_iova(r, le32toh(desc.addr_lo));
		desc.mbz = 0;
		desc.mbz2 = 0;
		desc.mbz3 = 0;
		desc.ctrl = 0x1c;
		desc.req_id &= htole16(63);
		desc.addr_lo = htole32((uint32_t)iova);
		desc.addr_hi = htole16((uint16_t)(iova >> 32));
	}
	fake_ena_rx_raw(&r->rx, &desc);
}

static void
step(struct fuzz_ena *r, struct fuzz_input *in)
{
	struct fake_ena_frame frame;

	switch (fuzz_take8(in) % 10) {
	case 0:
	case 1:
	case 2:
		fuzz_ena_frame(r, in, &frame);
		fake_ena_tx(&r->tx, &frame);
		break;
	case 3:
		tx_raw(r, in);
		break;
	case 4:
		rx_raw(r, in);
		break;
	case 5:
		if (fuzz_take8(in) % 4 == 0) {
			fake_ena_reg_set(&r->e, r->tx.doorbell_off, fuzz_take16(in));
			fake_ena_reg_set(&r->e, r->rx.doorbell_off, fuzz_take16(in));
		}
		fuzz_ena_poll(r);
		break;
	case 6:
		fake_ena_rx_ring(&r->e, &r->rx);
		fuzz_ena_refill(r);
		break;
	case 7:
		r->e.m.now_ns += fuzz_take16(in) * 100ull;
		fake_ena_unmask(&r->e, &r->tx.cq, fuzz_take8(in), fuzz_take8(in));
		fuzz_ena_poll(r);
		break;
	case 8:
		if (fuzz_take8(in) % 8 == 0)
			(void)fuzz_ena_queues(r, 0);
		break;
	default:
		fake_ena_tx_ring(&r->e, &r->tx);
		fuzz_ena_poll(r);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	static struct fuzz_ena *r;

	if (r == NULL) {
		r = fuzz_ena_new(false);
		MUST(fuzz_ena_queues(r, 0));
		fuzz_ena_keep(r);
	}
	fuzz_state_restore();
	while (in.left != 0)
		step(r, &in);
	fuzz_ena_poll(r);
	return 0;
}
