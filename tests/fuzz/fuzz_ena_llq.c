/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The memory of an LLQ of the ENA card, whatever its bytes and whichever have come. */

#include <string.h>

#include "fuzz_ena_rig.h"
#include "fuzz_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* An entry whose descriptors are of this lap, and of which some words may be missing. */
static void
entry_raw(struct fuzz_ena *r, struct fuzz_input *in)
{
	const uint8_t how = fuzz_take8(in);
	const uint64_t missing = how % 4 == 0 ? fuzz_take64(in) : 0;
	struct ena_tx_desc desc;
	uint8_t entry[256];
	uint64_t iova;

	fuzz_take(in, entry, r->tx.entry_bytes);
	for (unsigned int i = 0; i < r->tx.entry_bytes / 16u && how % 8 != 1; i++) {
		memcpy(&desc, entry + i * 16, sizeof(desc));
		iova = fuzz_ena_iova(r, le32toh(desc.addr_lo));
		desc.ctrl &= ~htole32(ENA_TXD_PHASE | 0xf000);
		desc.ctrl |= htole32(fake_ena_tx_phase(&r->tx));
		desc.addr_lo = htole32((uint32_t)iova);
		desc.addr_hi_header &= ~htole32(0xffff);
		desc.addr_hi_header |= htole32((uint32_t)(iova >> 32));
		memcpy(entry + i * 16, &desc, sizeof(desc));
	}
	(void)fake_ena_llq_raw(&r->tx, entry, missing);
}

/* Anywhere in BAR 2, as a driver may write at any time. */
static void
memory_write(struct fuzz_ena *r, struct fuzz_input *in)
{
	const uint32_t off = fuzz_take16(in) & ~7u;
	const size_t bytes = fuzz_take8(in) % 65;
	const size_t from = (size_t)(r->tx.ring - r->e.llq) + off % 16384;

	if (from + bytes <= r->e.llq_bytes)
		fuzz_take(in, r->e.llq + from, bytes);
}

/* Another layout of entries. */
static void
layout_set(struct fuzz_ena *r, struct fuzz_input *in)
{
	const uint8_t how = fuzz_take8(in);
	struct ena_llq llq;

	if (!fuzz_ena_queues(r, (how & 1) != 0 ? 256 : 128))
		return;
	llq = r->e.llq_set;
	llq.before_header_enabled = htole16((uint16_t)(1u << (how >> 1 & 3)));
	llq.stride_enabled = htole16((how & 8) != 0 ? ENA_LLQ_STRIDE_SINGLE
						    : ENA_LLQ_STRIDE_MULTIPLE);
	if (fake_ena_set(&r->e, ENA_F_LLQ, &llq, sizeof(llq), NULL, 0) != ENA_ST_OK)
		return;
	r->e.llq_set = llq;
	MUST(fake_ena_txq_close(&r->e, &r->tx) == ENA_ST_OK);
	MUST(fake_ena_txq_open(&r->e, &r->tx, 64, true, 1) == ENA_ST_OK);
	r->done = 0;
}

static void
step(struct fuzz_ena *r, struct fuzz_input *in)
{
	struct fake_ena_frame frame;

	switch (fuzz_take8(in) % 9) {
	case 0:
	case 1:
		fuzz_ena_frame(r, in, &frame);
		if (frame.header_bytes > r->tx.entry_bytes - 16u * r->tx.before_header)
			frame.header_bytes = 0;
		fake_ena_tx(&r->tx, &frame);
		break;
	case 2:
		entry_raw(r, in);
		break;
	case 3:
		memory_write(r, in);
		break;
	case 4:
		fake_ena_reg_set(&r->e, r->tx.doorbell_off, r->tx.tail + fuzz_take8(in) % 80u);
		fuzz_ena_poll(r);
		break;
	case 5:
		r->e.m.now_ns += fuzz_take16(in) * 10ull;
		fuzz_ena_poll(r);
		break;
	case 6:
		layout_set(r, in);
		break;
	case 7:
		fuzz_ena_refill(r);
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
		MUST(fuzz_ena_queues(r, 128));
		fuzz_ena_keep(r);
	}
	fuzz_state_restore();
	r->e.card->config.llq_wait = bytes % 2 == 1;
	while (in.left != 0)
		step(r, &in);
	fuzz_ena_poll(r);
	r->e.m.now_ns += 1000000;
	fuzz_ena_poll(r);
	return 0;
}
