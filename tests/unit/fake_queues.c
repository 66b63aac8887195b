/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tx and Rx queues of the host for the model: what a driver would write and read. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fake_host.h"

static uint8_t
phase_of(uint16_t seq, uint16_t entries)
{
	return (seq / entries) % 2 == 0;
}

/* ---- Tx ---------------------------------------------------------------------------------- */

int
fake_features_set(struct fake_host *h, uint64_t features)
{
	struct wcnic_cmd_features p = {.features = htole64(features)};

	return fake_cmd(h, WCNIC_OP_FEATURES_SET, &p, NULL, 0, NULL);
}

int
fake_packed_ask(struct fake_host *h)
{
	h->push_format = WCNIC_FORMAT_PACKED;
	return fake_features_set(h, WCNIC_CAP_PUSH | WCNIC_CAP_PUSH_PACKED | WCNIC_CAP_RSS);
}

int
fake_express_ask(struct fake_host *h, enum wcnic_push_format format)
{
	h->push_format = (uint8_t)format;
	h->commit = WCNIC_COMMIT_PUSH_EXPRESS | WCNIC_COMMIT_FETCH_EXPRESS;
	return fake_features_set(h, WCNIC_CAP_PUSH | WCNIC_CAP_PUSH_PACKED | WCNIC_CAP_RSS |
					    WCNIC_CAP_PUSH_EXPRESS | WCNIC_CAP_FETCH_EXPRESS);
}

int
fake_offload_ask(struct fake_host *h, enum wcnic_push_format format)
{
	struct wcnic_cmd_features p = {.features = htole64(WCNIC_CAP_PUSH | WCNIC_CAP_PUSH_PACKED |
							   WCNIC_CAP_RSS | WCNIC_CAP_TX_OFFLOAD |
							   WCNIC_CAP_TX_SEGMENT)};

	h->push_format = (uint8_t)format;
	h->tx_offload = true;
	return fake_cmd(h, WCNIC_OP_FEATURES_SET, &p, NULL, 0, NULL);
}

int
fake_txq_create(struct fake_host *h, struct fake_txq *q)
{
	struct wcnic_cmd_txq_create p = {
		.qid = htole16(q->qid),
		.placement = q->placement,
		.depth = htole16(q->depth),
		.vector = htole16(WCNIC_VECTOR_NONE),
		.db_window = q->db_grant.id,
		.db_off = htole32(64),
		.push_window = q->push_grant.id,
		.ring_iova = htole64(fake_iova(h, q->ring)),
		.cq_iova = htole64(fake_iova(h, q->cq)),
		.format = q->format,
		.commit = h->commit,
		.hold = htole16(h->hold),
	};

	if (q->requests != NULL)
		p.offload_iova = htole64(fake_iova(h, q->requests));
	memset(q->cq, 0, q->depth * sizeof(*q->cq));
	memset(q->ring, 0, q->depth * sizeof(*q->ring));
	q->tail = 0;
	q->cq_head = 0;
	q->epoch = 0;
	q->switch_seq = 0;
	q->line_epoch = 0;
	q->line = 0;
	q->line_bytes = 0;
	return fake_cmd(h, WCNIC_OP_TXQ_CREATE, &p, NULL, 0, NULL);
}

int
fake_txq_open(struct fake_host *h, struct fake_txq *q, uint16_t qid, uint16_t depth,
	      enum wcnic_placement placement, uint8_t slot_lines)
{
	int ret;

	memset(q, 0, sizeof(*q));
	q->qid = qid;
	q->depth = depth;
	q->placement = placement;
	q->format = h->push_format;
	q->ring = fake_alloc(h, depth * sizeof(*q->ring), 64);
	q->cq = fake_alloc(h, depth * sizeof(*q->cq), 64);
	if (h->tx_offload)
		q->requests = fake_alloc(h, depth * sizeof(*q->requests), 64);
	ret = fake_window(h, WCNIC_WINDOW_DOORBELL, 0, WCNIC_QUEUE_NONE, 4096, &q->db_grant);
	if (ret != WCNIC_ST_OK)
		return ret;
	q->db = (uint64_t *)(void *)(h->aperture + le64toh(q->db_grant.offset) + 64);
	q->push_grant.id = htole16(WCNIC_WINDOW_NONE);
	if (slot_lines != 0) {
		ret = fake_window(h, WCNIC_WINDOW_PUSH, slot_lines, qid, h->push_bytes,
				  &q->push_grant);
		if (ret != WCNIC_ST_OK)
			return ret;
		q->push = h->aperture + le64toh(q->push_grant.offset);
	}
	return fake_txq_create(h, q);
}

int
fake_txq_close(struct fake_host *h, struct fake_txq *q)
{
	struct wcnic_cmd_queue p = {.qid = htole16(q->qid)};

	return fake_cmd(h, WCNIC_OP_TXQ_DESTROY, &p, NULL, 0, NULL);
}

void
fake_tx_desc(struct fake_txq *q, uint64_t iova, uint16_t bytes, uint16_t flags,
	     uint16_t frame_bytes)
{
	q->ring[q->tail % q->depth] = (struct wcnic_tx_desc){
		.iova = htole64(iova),
		.bytes = htole16(bytes),
		.flags = htole16(flags),
		.seq = htole16(q->tail),
		.frame_bytes = htole16(frame_bytes),
	};
	q->tail++;
}

void
fake_tx_fetch(struct fake_host *h, struct fake_txq *q, const void *frame, uint16_t bytes)
{
	fake_tx_desc(q, fake_iova(h, frame), bytes, WCNIC_TXF_SOP | WCNIC_TXF_EOP, bytes);
}

void
fake_slot_seg(struct fake_slot *slot, uint64_t iova, uint32_t bytes)
{
	assert(slot->n_segs < sizeof(slot->segs) / sizeof(slot->segs[0]));
	slot->segs[slot->n_segs++] = (struct wcnic_push_seg){htole64(iova), htole32(bytes)};
}

void
fake_line_seal(struct wcnic_push_line *line)
{
	line->check = 0;
	line->check = htole16(wcnic_line_check(line));
}

/* Where a frame begins that has a request, this comes behind the header. */
static size_t
request_bytes(const struct fake_slot *slot)
{
	const uint16_t flags = WCNIC_TXF_SOP | WCNIC_TXF_OFFLOAD;

	return (slot->flags & flags) == flags ? sizeof(slot->request) : 0;
}

unsigned int
fake_slot_encode(const struct fake_txq *q, uint16_t seq, const struct fake_slot *slot,
		 struct wcnic_push_line lines[WCNIC_SLOT_LINES_MAX])
{
	uint8_t stream[WCNIC_SLOT_LINES_MAX * WCNIC_LINE_PAYLOAD_BYTES] = {0};
	size_t used = sizeof(struct wcnic_push_hdr);
	struct wcnic_push_hdr hdr = {
		.frame_bytes = htole16(slot->frame_bytes),
		.inline_bytes = htole16(slot->inline_bytes),
		.flags = htole16(slot->flags),
		.n_segs = slot->n_segs,
	};
	unsigned int n;

	memcpy(stream + used, &slot->request, request_bytes(slot));
	used += request_bytes(slot);
	if (slot->inline_bytes != 0)
		memcpy(stream + used, slot->inline_data, slot->inline_bytes);
	memcpy(stream + used + slot->inline_bytes, slot->segs,
	       slot->n_segs * sizeof(slot->segs[0]));
	used += slot->inline_bytes + slot->n_segs * sizeof(slot->segs[0]);
	n = (unsigned int)((used + WCNIC_LINE_PAYLOAD_BYTES - 1) / WCNIC_LINE_PAYLOAD_BYTES);
	assert(n <= q->push_grant.slot_lines);
	hdr.n_lines = (uint8_t)n;
	memcpy(stream, &hdr, sizeof(hdr));
	for (unsigned int i = 0; i < n; i++) {
		struct wcnic_push_line *line = &lines[i];

		memset(line, 0, sizeof(*line));
		line->seq = htole16(seq);
		line->generation = q->push_grant.generation;
		line->line_idx = (uint8_t)i;
		line->flags = i == n - 1 ? WCNIC_LINEF_LAST : 0;
		memcpy(line->payload, stream + i * WCNIC_LINE_PAYLOAD_BYTES,
		       WCNIC_LINE_PAYLOAD_BYTES);
		fake_line_seal(line);
	}
	return n;
}

uint8_t *
fake_slot_at(const struct fake_txq *q, uint16_t seq)
{
	return q->push + (size_t)(seq % le16toh(q->push_grant.slots)) * q->push_grant.slot_lines *
				 WCNIC_LINE_BYTES;
}

void
fake_tx_slot(struct fake_txq *q, const struct fake_slot *slot, unsigned int skip)
{
	struct wcnic_push_line lines[WCNIC_SLOT_LINES_MAX];
	unsigned int n = fake_slot_encode(q, q->tail, slot, lines);
	uint8_t *dst = fake_slot_at(q, q->tail);

	assert(skip <= n);
	memcpy(dst + skip * WCNIC_LINE_BYTES, lines + skip, (n - skip) * WCNIC_LINE_BYTES);
	q->tail++;
}

/* ---- packed ------------------------------------------------------------------------------ */

uint8_t *
fake_line_at(const struct fake_txq *q, uint16_t line)
{
	uint32_t lines = (uint32_t)le16toh(q->push_grant.slots) * q->push_grant.slot_lines;

	if (lines > WCNIC_PACKED_LINES_MAX)
		lines = WCNIC_PACKED_LINES_MAX;
	return q->push + (size_t)(line % lines) * WCNIC_LINE_BYTES;
}

static void
line_store(struct fake_txq *q)
{
	struct wcnic_push_line line = {
		.seq = htole16(q->line),
		.generation = q->push_grant.generation,
		.line_idx = q->line_epoch,
	};

	memset(q->payload + q->line_bytes, 0, sizeof(q->payload) - q->line_bytes);
	memcpy(line.payload, q->payload, sizeof(line.payload));
	fake_line_seal(&line);
	memcpy(fake_line_at(q, q->line), &line, sizeof(line));
	q->line++;
	q->line_bytes = 0;
}

void
fake_tx_stream(struct fake_txq *q, const void *data, size_t bytes)
{
	const uint8_t *src = data;

	for (; bytes != 0; bytes--, src++) {
		q->payload[q->line_bytes++] = *src;
		if (q->line_bytes == sizeof(q->payload))
			line_store(q);
	}
}

void
fake_tx_line_end(struct fake_txq *q)
{
	if (q->line_bytes != 0)
		line_store(q);
}

void
fake_tx_entry(struct fake_txq *q, const struct fake_slot *slot)
{
	static const uint8_t zeroes[8];
	struct wcnic_push_hdr hdr = {
		.frame_bytes = htole16(slot->frame_bytes),
		.inline_bytes = htole16(slot->inline_bytes),
		.flags = htole16(slot->flags),
		.n_segs = slot->n_segs,
	};

	fake_tx_stream(q, &hdr, sizeof(hdr));
	fake_tx_stream(q, &slot->request, request_bytes(slot));
	fake_tx_stream(q, slot->inline_data, slot->inline_bytes);
	fake_tx_stream(q, zeroes, -slot->inline_bytes & 7);
	fake_tx_stream(q, slot->segs, slot->n_segs * sizeof(slot->segs[0]));
	q->tail++;
}

void
fake_tx_push(struct fake_txq *q, const void *frame, uint16_t bytes)
{
	uint16_t most = WCNIC_SLOT_INLINE_BYTES(q->push_grant.slot_lines);
	uint16_t used = 0;

	while (used < bytes) {
		struct fake_slot slot = {.inline_data = (const uint8_t *)frame + used};

		slot.inline_bytes = bytes - used < most ? bytes - used : most;
		slot.flags = (used == 0 ? WCNIC_TXF_SOP : 0) |
			     (used + slot.inline_bytes == bytes ? WCNIC_TXF_EOP : 0);
		slot.frame_bytes = used == 0 ? bytes : 0;
		if (q->format == WCNIC_FORMAT_PACKED)
			fake_tx_entry(q, &slot);
		else
			fake_tx_slot(q, &slot, 0);
		used += slot.inline_bytes;
	}
}

void
fake_tx_ring(struct fake_txq *q)
{
	uint64_t db = WCNIC_TXDB_TAIL(q->tail) | WCNIC_TXDB_SWITCH_SEQ(q->switch_seq) |
		      WCNIC_TXDB_EPOCH(q->epoch) | WCNIC_TXDB_PLACEMENT(q->placement);

	fake_tx_line_end(q);
	__atomic_store_n(q->db, htole64(db), __ATOMIC_RELEASE);
}

void
fake_tx_epoch(struct fake_txq *q)
{
	if (q->line_epoch == (uint8_t)(q->epoch + 1))
		return;
	fake_tx_line_end(q);
	q->line_epoch = q->epoch + 1;
	q->line = 0;
}

void
fake_tx_switch(struct fake_txq *q, uint16_t seq, enum wcnic_placement placement)
{
	fake_tx_epoch(q);
	q->epoch++;
	q->switch_seq = seq;
	q->placement = placement;
	fake_tx_ring(q);
}

bool
fake_tx_reap(struct fake_txq *q, struct wcnic_tx_cpl *cpl)
{
	*cpl = q->cq[q->cq_head % q->depth];
	if ((cpl->phase & WCNIC_PHASE_BIT) != phase_of(q->cq_head, q->depth))
		return false;
	q->cq_head++;
	return true;
}

/* ---- Rx ---------------------------------------------------------------------------------- */

static int
rxq_open(struct fake_host *h, struct fake_rxq *q, uint16_t qid, uint16_t depth, uint32_t buf_bytes,
	 bool with_extra, uint16_t offloads)
{
	struct wcnic_cmd_rxq_create p = {
		.qid = htole16(qid),
		.depth = htole16(depth),
		.vector = htole16(WCNIC_VECTOR_NONE),
		.buf_bytes = htole32(buf_bytes),
		.cqe_log2 = 4,
	};
	int ret;

	memset(q, 0, sizeof(*q));
	q->qid = qid;
	q->depth = depth;
	q->buf_bytes = buf_bytes;
	q->ring = fake_alloc(h, depth * sizeof(*q->ring), 64);
	q->cq = fake_alloc(h, depth * sizeof(*q->cq), 64);
	q->bufs = fake_alloc(h, (size_t)depth * buf_bytes, 64);
	ret = fake_window(h, WCNIC_WINDOW_DOORBELL, 0, WCNIC_QUEUE_NONE, 4096, &q->db_grant);
	if (ret != WCNIC_ST_OK)
		return ret;
	q->db = (uint64_t *)(void *)(h->aperture + le64toh(q->db_grant.offset));
	p.db_window = q->db_grant.id;
	p.ring_iova = htole64(fake_iova(h, q->ring));
	p.cq_iova = htole64(fake_iova(h, q->cq));
	p.offloads = htole16(offloads);
	if (with_extra) {
		q->extra = fake_alloc(h, depth * sizeof(*q->extra), 64);
		p.extra_iova = htole64(fake_iova(h, q->extra));
	}
	return fake_cmd(h, WCNIC_OP_RXQ_CREATE, &p, NULL, 0, NULL);
}

int
fake_rxq_open(struct fake_host *h, struct fake_rxq *q, uint16_t qid, uint16_t depth,
	      uint32_t buf_bytes)
{
	return rxq_open(h, q, qid, depth, buf_bytes, false, 0);
}

int
fake_rxq_open_offloads(struct fake_host *h, struct fake_rxq *q, uint16_t qid, uint16_t depth,
		       uint32_t buf_bytes, uint16_t offloads)
{
	return rxq_open(h, q, qid, depth, buf_bytes, true, offloads);
}

int
fake_rxq_set(struct fake_host *h, const struct fake_rxq *q, uint16_t offloads, uint64_t extra_iova)
{
	struct wcnic_cmd_rxq_set p = {
		.qid = htole16(q->qid),
		.offloads = htole16(offloads),
		.extra_iova = htole64(extra_iova),
	};

	return fake_cmd(h, WCNIC_OP_RXQ_SET, &p, NULL, 0, NULL);
}

int
fake_rxq_close(struct fake_host *h, struct fake_rxq *q)
{
	struct wcnic_cmd_queue p = {.qid = htole16(q->qid)};

	return fake_cmd(h, WCNIC_OP_RXQ_DESTROY, &p, NULL, 0, NULL);
}

void
fake_rx_post(struct fake_host *h, struct fake_rxq *q, unsigned int count)
{
	uint64_t db;

	for (; count != 0; count--, q->tail++) {
		uint16_t idx = q->tail % q->depth;

		q->ring[idx].iova = htole64(fake_iova(h, q->bufs + (size_t)idx * q->buf_bytes));
	}
	db = WCNIC_RXDB_TAIL(q->tail) | WCNIC_RXDB_CQ_HEAD(q->head);
	__atomic_store_n(q->db, htole64(db), __ATOMIC_RELEASE);
}

bool
fake_rx_reap(struct fake_rxq *q, struct wcnic_rx_cpl *cpl, uint8_t **buf)
{
	uint16_t idx = q->head % q->depth;

	*cpl = q->cq[idx];
	if ((cpl->phase & WCNIC_PHASE_BIT) != phase_of(q->head, q->depth))
		return false;
	if (buf != NULL)
		*buf = q->bufs + (size_t)idx * q->buf_bytes;
	q->head++;
	return true;
}

static int
waits_send(void *port, const struct wcdev_frame *frame)
{
	(void)port;
	(void)frame;
	return 0;
}

static void
waits_link(void *port, struct wcdev_link *link)
{
	(void)port;
	link->waits = true;
}

void
fake_port_waits(struct fake_host *h)
{
	static const struct wcdev_port_ops ops = {
		.kind = "waits", .send = waits_send, .link = waits_link};

	wcdev_port_set(wcnic_card_dev(h->card), &ops, NULL);
}

int
fake_receive(struct fake_host *h, const uint8_t *data, uint32_t bytes, uint32_t piece)
{
	return fake_mem_receive(wcnic_card_dev(h->card), data, bytes, piece);
}

uint32_t
fake_rx_frame(struct fake_rxq *q, uint8_t *frame, struct wcnic_rx_cpl *sop)
{
	struct wcnic_rx_cpl cpl;
	uint32_t used = 0;
	uint8_t *buf;

	do {
		if (!fake_rx_reap(q, &cpl, &buf))
			return 0;
		if (used == 0 && sop != NULL)
			*sop = cpl;
		memcpy(frame + used, buf, le16toh(cpl.bytes));
		used += le16toh(cpl.bytes);
	} while ((le16toh(cpl.flags) & WCNIC_RXF_EOP) == 0);
	return used;
}
