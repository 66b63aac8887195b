/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The rings in host memory. The model works on rings of its own; what it writes there is copied to
 * the driver's, and what is a lie becomes one on the way. So the driver never sees the truth first.
 */

#include <endian.h>
#include <string.h>

#include "hostile.h"

/* Where the model's rings are, in the shadow. */
#define SHADOW_ASQ 0x0000u
#define SHADOW_ACQ 0x8000u
#define SHADOW_AEQ 0xc000u
#define SHADOW_DATA 0x10000u
#define SHADOW_DATA_BYTES 0x10000u
#define SHADOW_CQS 0x40000u
#define CQ_BYTES (HOSTILE_DEPTH_MAX * 16u)

static_assert(SHADOW_CQS + 2 * HOSTILE_QUEUES * CQ_BYTES <= HOSTILE_SHADOW_BYTES, "all fit");

static uint32_t
cq_off(unsigned int qid, bool rx)
{
	return SHADOW_CQS + (2 * qid + rx) * CQ_BYTES;
}

void
hostile_rings_reset(struct hostile_card *card)
{
	memset(card->shadow, 0, HOSTILE_SHADOW_BYTES);
	memset(card->tx, 0, sizeof(card->tx));
	memset(card->rx, 0, sizeof(card->rx));
	card->asq_tail = 0;
	card->asq_done = 0;
	card->acq_seq = 0;
	card->aeq_seq = 0;
	card->busy = false;
	card->waiting = false;
}

bool
hostile_rings_write(struct hostile_card *card, uint64_t off, uint64_t *value)
{
	switch (off) {
	case WCNIC_REG_ASQ_BASE:
		card->asq = *value;
		*value = HOSTILE_SHADOW + SHADOW_ASQ;
		return true;
	case WCNIC_REG_ACQ_BASE:
		card->acq = *value;
		*value = HOSTILE_SHADOW + SHADOW_ACQ;
		return true;
	case WCNIC_REG_AEQ_BASE:
		card->aeq = *value;
		*value = HOSTILE_SHADOW + SHADOW_AEQ;
		return true;
	case WCNIC_REG_ADMIN_SIZE:
		card->ring_entries = (uint16_t)(1u << (*value & 15));
		card->event_entries = (uint16_t)(1u << (*value >> 8 & 15));
		return true;
	case WCNIC_REG_ASQ_TAIL:
		card->asq_tail = (uint16_t)*value;
		return false;
	case WCNIC_REG_CTRL:
		hostile_rings_reset(card);
		return true;
	default:
		return true;
	}
}

/* ---- commands -------------------------------------------------------------------------------- */

static void
queue_note(struct hostile_card *card, struct wcnic_admin_cmd *cmd)
{
	struct wcnic_cmd_txq_create tx;
	struct wcnic_cmd_rxq_create rx;
	unsigned int qid;

	memcpy(&tx, cmd->params, sizeof(tx));
	memcpy(&rx, cmd->params, sizeof(rx));
	qid = le16toh(tx.qid);
	if (qid >= HOSTILE_QUEUES)
		return;
	if (cmd->opcode == WCNIC_OP_TXQ_CREATE && le16toh(tx.depth) <= HOSTILE_DEPTH_MAX) {
		card->tx[qid] = (struct hostile_ring){.cq_iova = le64toh(tx.cq_iova),
						      .ring_iova = le64toh(tx.ring_iova),
						      .depth = le16toh(tx.depth)};
		tx.cq_iova = htole64(HOSTILE_SHADOW + cq_off(qid, false));
		memset(card->shadow + cq_off(qid, false), 0, CQ_BYTES);
		memcpy(cmd->params, &tx, sizeof(tx));
	} else if (cmd->opcode == WCNIC_OP_RXQ_CREATE && le16toh(rx.depth) <= HOSTILE_DEPTH_MAX) {
		card->rx[qid] = (struct hostile_ring){.cq_iova = le64toh(rx.cq_iova),
						      .ring_iova = le64toh(rx.ring_iova),
						      .depth = le16toh(rx.depth),
						      .buf_bytes = le32toh(rx.buf_bytes)};
		rx.cq_iova = htole64(HOSTILE_SHADOW + cq_off(qid, true));
		memset(card->shadow + cq_off(qid, true), 0, CQ_BYTES);
		memcpy(cmd->params, &rx, sizeof(rx));
	} else if (cmd->opcode == WCNIC_OP_TXQ_DESTROY) {
		card->tx[qid].depth = 0;
	} else if (cmd->opcode == WCNIC_OP_RXQ_DESTROY) {
		card->rx[qid].depth = 0;
	}
}

void
hostile_rings_in(struct hostile_card *card)
{
	const uint16_t mask = (uint16_t)(card->ring_entries - 1);
	struct wcnic_admin_cmd *from, cmd;
	uint32_t bytes, tail;
	void *data;

	if (card->busy || card->waiting || card->asq_done == card->asq_tail)
		return;
	from = hostile_memory(card, card->asq + (card->asq_done & mask) * sizeof(cmd), sizeof(cmd));
	if (from == NULL)
		return;
	memcpy(&cmd, from, sizeof(cmd));
	card->answer = (struct hostile_answer){
		.card = card, .cmd = cmd, .data = card->shadow + SHADOW_DATA, .copies = 1};
	bytes = le32toh(cmd.data_bytes);
	if (bytes > SHADOW_DATA_BYTES)
		bytes = SHADOW_DATA_BYTES;
	data = bytes != 0 ? hostile_memory(card, le64toh(cmd.data_iova), bytes) : NULL;
	if (data != NULL) {
		memcpy(card->answer.data, data, bytes);
		cmd.data_iova = htole64(HOSTILE_SHADOW + SHADOW_DATA);
	}
	queue_note(card, &cmd);
	memcpy(card->shadow + SHADOW_ASQ + (card->asq_done & mask) * sizeof(cmd), &cmd,
	       sizeof(cmd));
	card->busy = true;
	tail = htole32(++card->asq_done);
	(void)wcnic_card_bar_write(card->model, WCNIC_BAR_REGS, WCNIC_REG_ASQ_TAIL, &tail, 4);
}

/* ---- what comes back ------------------------------------------------------------------------- */

/* Two words, of which the last has the phase. */
static void
entry_write(struct hostile_card *card, uint64_t iova, const void *entry, size_t bytes)
{
	uint64_t *to = hostile_memory(card, iova, bytes);
	uint64_t words[4];

	memcpy(words, entry, bytes);
	if (to == NULL)
		return;
	for (size_t i = 0; i < bytes / 8 - 1; i++)
		__atomic_store_n(&to[i], words[i], __ATOMIC_RELAXED);
	__atomic_store_n(&to[bytes / 8 - 1], words[bytes / 8 - 1], __ATOMIC_RELEASE);
}

static void
answer_send(struct hostile_card *card)
{
	struct hostile_answer *a = &card->answer;
	uint32_t bytes = le32toh(a->cmd.data_bytes);
	void *data;

	if (bytes > SHADOW_DATA_BYTES)
		bytes = SHADOW_DATA_BYTES;
	data = bytes != 0 ? hostile_memory(card, le64toh(a->cmd.data_iova), bytes) : NULL;
	if (data != NULL)
		memcpy(data, a->data, bytes);
	for (unsigned int i = 0; i < a->copies; i++) {
		const uint16_t at = card->acq_seq++;

		a->cpl.phase = (uint8_t)((a->cpl.phase & ~WCNIC_PHASE_BIT) |
					 ((at & card->ring_entries) == 0));
		entry_write(card, card->acq + (at & (card->ring_entries - 1)) * sizeof(a->cpl),
			    &a->cpl, sizeof(a->cpl));
	}
	card->waiting = false;
}

static void
answer_out(struct hostile_card *card)
{
	const struct hostile_case *lie = card->lie;
	const uint16_t at = (uint16_t)(card->asq_done - 1);
	const struct wcnic_admin_cpl *cpl;

	if (card->waiting && card->answer.late_turns-- <= 1)
		answer_send(card);
	if (!card->busy)
		return;
	cpl = (const void *)(card->shadow + SHADOW_ACQ +
			     (at & (card->ring_entries - 1)) * sizeof(*cpl));
	if ((cpl->phase & WCNIC_PHASE_BIT) != ((at & card->ring_entries) == 0))
		return;
	card->busy = false;
	card->answer.cpl = *cpl;
	if (lie->answer != NULL && (lie->opcode == 0 || lie->opcode == card->answer.cmd.opcode) &&
	    hostile_tell(card))
		lie->answer(&card->answer);
	card->waiting = card->answer.late_turns != 0;
	if (!card->waiting)
		answer_send(card);
}

static void
events_out(struct hostile_card *card)
{
	struct wcnic_event event;
	const struct wcnic_event *from;

	for (;;) {
		const uint16_t at = card->aeq_seq;

		from = (const void *)(card->shadow + SHADOW_AEQ +
				      (at & (card->event_entries - 1)) * sizeof(event));
		if (card->event_entries == 0 ||
		    (from->phase & WCNIC_PHASE_BIT) != ((at & card->event_entries) == 0))
			return;
		card->aeq_seq++;
		event = *from;
		if (card->lie->event != NULL && hostile_tell(card))
			card->lie->event(card, &event);
		entry_write(card, card->aeq + (at & (card->event_entries - 1)) * sizeof(event),
			    &event, sizeof(event));
	}
}

static uint8_t
phase_at(const struct hostile_ring *ring, uint16_t seq)
{
	return (seq & ring->depth) == 0;
}

static void
completions_out(struct hostile_card *card, struct hostile_ring *ring, unsigned int qid, bool rx)
{
	union {
		struct wcnic_tx_cpl tx;
		struct wcnic_rx_cpl rx;
		uint8_t bytes[16];
	} cpl;

	while (ring->depth != 0) {
		const uint16_t at = ring->seq, mask = (uint16_t)(ring->depth - 1);

		memcpy(&cpl, card->shadow + cq_off(qid, rx) + (at & mask) * sizeof(cpl),
		       sizeof(cpl));
		if ((cpl.bytes[15] & WCNIC_PHASE_BIT) != phase_at(ring, at))
			return;
		ring->seq++;
		ring->again = false;
		ring->ahead = false;
		if ((rx ? card->lie->rx != NULL : card->lie->tx != NULL) && hostile_tell(card)) {
			if (rx)
				card->lie->rx(card, ring, &cpl.rx);
			else
				card->lie->tx(card, ring, &cpl.tx);
		}
		entry_write(card, ring->cq_iova + (at & mask) * sizeof(cpl), &cpl, sizeof(cpl));
		if (!ring->again && !ring->ahead)
			continue;
		cpl.bytes[15] = (uint8_t)((cpl.bytes[15] & ~WCNIC_PHASE_BIT) |
					  phase_at(ring, (uint16_t)(at + (ring->ahead ? 3 : 1))));
		entry_write(card,
			    ring->cq_iova + ((at + (ring->ahead ? 3 : 1)) & mask) * sizeof(cpl),
			    &cpl, sizeof(cpl));
	}
}

void
hostile_rings_out(struct hostile_card *card)
{
	answer_out(card);
	events_out(card);
	for (unsigned int qid = 0; qid < HOSTILE_QUEUES; qid++) {
		completions_out(card, &card->tx[qid], qid, false);
		completions_out(card, &card->rx[qid], qid, true);
	}
}
