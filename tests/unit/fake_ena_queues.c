/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A driver for the ENA card: its queues. */

#include <assert.h>
#include <string.h>

#include "fake_ena.h"

static uint8_t
phase_of(uint16_t seq, uint16_t entries)
{
	return (seq / entries) % 2 == 0;
}

static struct ena_addr
addr_of(uint64_t iova)
{
	return (struct ena_addr){.lo = htole32((uint32_t)iova),
				 .hi = htole16((uint16_t)(iova >> 32))};
}

/* ---- completion queues ------------------------------------------------------------------- */

int
fake_ena_cq_open(struct fake_ena *e, struct fake_ena_cq *cq, uint16_t depth,
		 unsigned int entry_words, uint32_t vector)
{
	union ena_cmd cmd = {.create_cq = {.common.opcode = ENA_CREATE_CQ}};
	struct ena_cpl_create_cq out;
	int status;

	memset(cq, 0, sizeof(*cq));
	cq->depth = depth;
	cq->entry_bytes = entry_words * 4;
	cq->ring = fake_ena_alloc(e, (size_t)depth * cq->entry_bytes, 4096);
	cmd.create_cq.caps = vector != FAKE_NO_VECTOR ? ENA_CQ_INTERRUPTS : 0;
	cmd.create_cq.entry_words = (uint8_t)entry_words;
	cmd.create_cq.depth = htole16(depth);
	cmd.create_cq.vector = htole32(vector);
	cmd.create_cq.base = addr_of(fake_ena_iova(e, cq->ring));
	status = fake_ena_cmd(e, &cmd, &out, sizeof(out));
	cq->idx = le16toh(out.cq_idx);
	cq->unmask_off = le32toh(out.unmask_off);
	assert(status != ENA_ST_OK || le16toh(out.depth) == depth);
	return status;
}

int
fake_ena_cq_close(struct fake_ena *e, const struct fake_ena_cq *cq)
{
	union ena_cmd cmd = {
		.destroy_cq = {.common.opcode = ENA_DESTROY_CQ, .cq_idx = htole16(cq->idx)}};

	return fake_ena_cmd(e, &cmd, NULL, 0);
}

void
fake_ena_unmask(struct fake_ena *e, const struct fake_ena_cq *cq, uint32_t rx_us, uint32_t tx_us)
{
	fake_ena_reg_set(e, cq->unmask_off, ENA_INTR_UNMASK | rx_us | tx_us << 15);
}

/* ---- submission queues ------------------------------------------------------------------- */

static int
sq_create(struct fake_ena *e, unsigned int direction, bool llq, uint16_t depth,
	  const struct fake_ena_cq *cq, const void *ring, struct ena_cpl_create_sq *out)
{
	union ena_cmd cmd = {.create_sq = {.common.opcode = ENA_CREATE_SQ}};

	cmd.create_sq.identity = (uint8_t)(direction << ENA_SQ_DIRECTION_SHIFT);
	cmd.create_sq.caps = llq ? ENA_PLACEMENT_LLQ : ENA_PLACEMENT_HOST;
	if (direction == ENA_SQ_TX)
		cmd.create_sq.caps |= ENA_COMPLETE_ASKED << 4;
	cmd.create_sq.contiguous = 1;
	cmd.create_sq.cq_idx = htole16(cq->idx);
	cmd.create_sq.depth = htole16(depth);
	if (!llq)
		cmd.create_sq.base = addr_of(fake_ena_iova(e, ring));
	return fake_ena_cmd(e, &cmd, out, sizeof(*out));
}

static int
sq_destroy(struct fake_ena *e, uint16_t idx, unsigned int direction)
{
	union ena_cmd cmd = {.destroy_sq = {.common.opcode = ENA_DESTROY_SQ}};

	cmd.destroy_sq.sq_idx = htole16(idx);
	cmd.destroy_sq.identity = (uint8_t)(direction << ENA_SQ_DIRECTION_SHIFT);
	return fake_ena_cmd(e, &cmd, NULL, 0);
}

/* ---- Tx ---------------------------------------------------------------------------------- */

int
fake_ena_txq_open(struct fake_ena *e, struct fake_ena_txq *q, uint16_t depth, bool llq,
		  uint32_t vector)
{
	struct ena_cpl_create_sq out;
	struct fake_ena_cq cq;
	int status;

	memset(q, 0, sizeof(*q));
	status = fake_ena_cq_open(e, &cq, depth, 2, vector);
	if (status != ENA_ST_OK)
		return status;
	q->cq = cq;
	q->depth = depth;
	q->llq = llq;
	q->entry_bytes = le16toh(e->llq_set.entry_enabled) == ENA_LLQ_SIZE_256 ? 256 : 128;
	q->before_header = (uint8_t)le16toh(e->llq_set.before_header_enabled);
	q->per_entry = le16toh(e->llq_set.stride_enabled) == ENA_LLQ_STRIDE_SINGLE
			       ? 1
			       : (uint8_t)(q->entry_bytes / ENA_DESC_BYTES);
	if (!llq)
		q->ring = fake_ena_alloc(e, (size_t)depth * ENA_DESC_BYTES, 4096);
	status = sq_create(e, ENA_SQ_TX, llq, depth, &q->cq, q->ring, &out);
	if (status != ENA_ST_OK)
		return status;
	q->idx = le16toh(out.sq_idx);
	q->doorbell_off = le32toh(out.doorbell_off);
	if (llq) {
		assert(le32toh(out.llq_off) + (uint64_t)depth * q->entry_bytes <= e->llq_bytes);
		q->ring = e->llq + le32toh(out.llq_off);
	}
	return ENA_ST_OK;
}

int
fake_ena_txq_close(struct fake_ena *e, struct fake_ena_txq *q)
{
	int status = sq_destroy(e, q->idx, ENA_SQ_TX);

	return status != ENA_ST_OK ? status : fake_ena_cq_close(e, &q->cq);
}

uint32_t
fake_ena_tx_phase(const struct fake_ena_txq *q)
{
	return phase_of(q->tail, q->depth) != 0 ? ENA_TXD_PHASE : 0;
}

static unsigned int
meta_desc(const struct fake_ena_frame *frame, struct ena_tx_desc *desc)
{
	*desc = (struct ena_tx_desc){0};
	desc->ctrl = htole32(ENA_TXD_META | ENA_TXM_VALID | ENA_TXM_EXTENDED | ENA_TXD_FIRST |
			     (frame->no_store ? 0 : ENA_TXM_STORE) |
			     (uint32_t)(frame->mss >> 10) << 16);
	desc->addr_lo = htole32(frame->l3_bytes | (uint32_t)frame->l3_off << 8 |
				(uint32_t)frame->l4_words << 16 | (uint32_t)frame->mss << 22);
	return 1;
}

unsigned int
fake_ena_tx_descs(const struct fake_ena_frame *frame, struct ena_tx_desc descs[FAKE_TX_DESCS_MAX])
{
	unsigned int n = frame->meta ? meta_desc(frame, descs) : 0;
	const unsigned int first = n;
	unsigned int i = 0;

	assert(frame->n_bufs + 2 <= FAKE_TX_DESCS_MAX);
	do {
		uint32_t ctrl = i < frame->n_bufs ? frame->bufs[i].bytes : 0;
		uint32_t meta = 0, hi = 0;
		uint64_t iova = i < frame->n_bufs ? frame->bufs[i].iova : 0;

		if (n == first) {
			ctrl |= frame->meta ? 0 : ENA_TXD_FIRST;
			ctrl |= frame->no_completion ? 0 : ENA_TXD_COMPLETE;
			ctrl |= (uint32_t)(frame->req_id >> 10) << 16;
			meta = (uint32_t)frame->req_id << 22 | frame->offloads;
			hi = (uint32_t)frame->header_bytes << 24;
		}
		descs[n++] = (struct ena_tx_desc){
			.ctrl = htole32(ctrl),
			.meta = htole32(meta),
			.addr_lo = htole32((uint32_t)iova),
			.addr_hi_header = htole32((uint32_t)(iova >> 32) | hi),
		};
	} while (++i < frame->n_bufs);
	descs[n - 1].ctrl |= htole32(ENA_TXD_LAST);
	return n;
}

void
fake_ena_tx_raw(struct fake_ena_txq *q, const struct ena_tx_desc *desc)
{
	assert(!q->llq);
	memcpy(q->ring + (size_t)(q->tail % q->depth) * ENA_DESC_BYTES, desc, sizeof(*desc));
	q->tail++;
}

uint8_t *
fake_ena_llq_raw(struct fake_ena_txq *q, const uint8_t *entry, uint64_t leave_out)
{
	uint8_t *at = q->ring + (size_t)(q->tail % q->depth) * q->entry_bytes;

	assert(q->llq);
	for (unsigned int i = 0; i < q->entry_bytes / 8u; i++)
		if ((leave_out & 1ull << i) == 0)
			memcpy(at + i * 8, entry + i * 8, 8);
	q->tail++;
	return at;
}

static void
llq_write(struct fake_ena_txq *q, struct ena_tx_desc *descs, unsigned int n, const void *header,
	  uint8_t header_bytes)
{
	unsigned int room = q->before_header, done = 0;
	uint8_t entry[256];

	while (done < n) {
		memset(entry, 0, sizeof(entry));
		if (done == 0 && header_bytes != 0)
			memcpy(entry + (size_t)q->before_header * ENA_DESC_BYTES, header,
			       header_bytes);
		for (unsigned int i = 0; i < room && done < n; i++, done++) {
			descs[done].ctrl |= htole32(fake_ena_tx_phase(q));
			memcpy(entry + i * ENA_DESC_BYTES, &descs[done], ENA_DESC_BYTES);
		}
		fake_ena_llq_raw(q, entry, 0);
		room = q->per_entry;
	}
}

void
fake_ena_tx_write(struct fake_ena_txq *q, struct ena_tx_desc *descs, unsigned int n,
		  const void *header, uint8_t header_bytes)
{
	if (q->llq) {
		llq_write(q, descs, n, header, header_bytes);
		return;
	}
	for (unsigned int i = 0; i < n; i++) {
		descs[i].ctrl |= htole32(fake_ena_tx_phase(q));
		fake_ena_tx_raw(q, &descs[i]);
	}
}

void
fake_ena_tx(struct fake_ena_txq *q, const struct fake_ena_frame *frame)
{
	struct ena_tx_desc descs[FAKE_TX_DESCS_MAX];
	unsigned int n = fake_ena_tx_descs(frame, descs);

	fake_ena_tx_write(q, descs, n, frame->header, frame->header_bytes);
}

void
fake_ena_tx_ring(struct fake_ena *e, const struct fake_ena_txq *q)
{
	fake_ena_reg_set(e, q->doorbell_off, q->tail);
}

bool
fake_ena_tx_reap(struct fake_ena_txq *q, struct ena_tx_cpl *cpl)
{
	struct fake_ena_cq *cq = &q->cq;

	memcpy(cpl, cq->ring + (size_t)(cq->head % cq->depth) * cq->entry_bytes, sizeof(*cpl));
	if ((cpl->flags & ENA_AQ_PHASE) != phase_of(cq->head, cq->depth))
		return false;
	cq->head++;
	return true;
}

/* ---- Rx ---------------------------------------------------------------------------------- */

int
fake_ena_rxq_open(struct fake_ena *e, struct fake_ena_rxq *q, uint16_t depth, uint32_t buf_bytes,
		  uint32_t vector)
{
	struct ena_cpl_create_sq out;
	int status;

	memset(q, 0, sizeof(*q));
	status = fake_ena_cq_open(e, &q->cq, depth, 4, vector);
	if (status != ENA_ST_OK)
		return status;
	q->depth = depth;
	q->buf_bytes = buf_bytes;
	q->ring = fake_ena_alloc(e, depth * sizeof(*q->ring), 4096);
	q->bufs = fake_ena_alloc(e, (size_t)depth * buf_bytes, 64);
	status = sq_create(e, ENA_SQ_RX, false, depth, &q->cq, q->ring, &out);
	q->idx = le16toh(out.sq_idx);
	q->doorbell_off = le32toh(out.doorbell_off);
	return status;
}

int
fake_ena_rxq_close(struct fake_ena *e, struct fake_ena_rxq *q)
{
	int status = sq_destroy(e, q->idx, ENA_SQ_RX);

	return status != ENA_ST_OK ? status : fake_ena_cq_close(e, &q->cq);
}

#define RXD_FIRST 0x04u
#define RXD_LAST 0x08u
#define RXD_COMPLETE 0x10u

void
fake_ena_rx_raw(struct fake_ena_rxq *q, const struct ena_rx_desc *desc)
{
	struct ena_rx_desc *at = &q->ring[q->tail % q->depth];

	*at = *desc;
	at->ctrl |= phase_of(q->tail, q->depth);
	q->tail++;
}

void
fake_ena_rx_post(struct fake_ena *e, struct fake_ena_rxq *q, unsigned int count)
{
	for (; count != 0; count--) {
		const uint16_t req_id = q->tail % q->depth;
		const uint64_t iova = fake_ena_iova(e, q->bufs + (size_t)req_id * q->buf_bytes);
		const struct ena_rx_desc desc = {
			.bytes = htole16((uint16_t)q->buf_bytes),
			.ctrl = RXD_FIRST | RXD_LAST | RXD_COMPLETE,
			.req_id = htole16(req_id),
			.addr_lo = htole32((uint32_t)iova),
			.addr_hi = htole16((uint16_t)(iova >> 32)),
		};

		fake_ena_rx_raw(q, &desc);
	}
	fake_ena_rx_ring(e, q);
}

void
fake_ena_rx_ring(struct fake_ena *e, const struct fake_ena_rxq *q)
{
	fake_ena_reg_set(e, q->doorbell_off, q->tail);
}

bool
fake_ena_rx_reap(struct fake_ena_rxq *q, struct ena_rx_cpl *cpl)
{
	struct fake_ena_cq *cq = &q->cq;
	uint32_t status;

	memcpy(cpl, cq->ring + (size_t)(cq->head % cq->depth) * cq->entry_bytes, sizeof(*cpl));
	status = le32toh(cpl->status);
	if (((status & ENA_RXC_PHASE) != 0) != phase_of(cq->head, cq->depth))
		return false;
	cq->head++;
	return true;
}

uint32_t
fake_ena_rx_frame(struct fake_ena_rxq *q, uint8_t *frame, struct ena_rx_cpl *last, unsigned int *n)
{
	struct ena_rx_cpl cpl;
	uint32_t used = 0;
	unsigned int count = 0;

	do {
		if (!fake_ena_rx_reap(q, &cpl))
			return 0;
		assert(((le32toh(cpl.status) & ENA_RXC_FIRST) != 0) == (count == 0));
		assert((le32toh(cpl.status) & ENA_RXC_BUFFER) != 0);
		assert(le16toh(cpl.req_id) < q->depth);
		memcpy(frame + used, q->bufs + (size_t)le16toh(cpl.req_id) * q->buf_bytes,
		       le16toh(cpl.bytes));
		used += le16toh(cpl.bytes);
		count++;
	} while ((le32toh(cpl.status) & ENA_RXC_LAST) == 0);
	if (last != NULL)
		*last = cpl;
	if (n != NULL)
		*n = count;
	return used;
}

int
fake_ena_receive(struct fake_ena *e, const uint8_t *data, uint32_t bytes, uint32_t piece)
{
	return fake_mem_receive(ena_card_dev(e->card), data, bytes, piece);
}
