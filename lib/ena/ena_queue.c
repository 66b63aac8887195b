/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Queues as objects: made, rung, stopped, destroyed. */

#include <syslog.h>

#include "ena.h"

/* Rings begin on a cache line. */
#define RING_ALIGN 64u

/* ---- completion queues ------------------------------------------------------------------- */

/* Words of an entry: of Tx, of Tx with a time or Rx, of Rx with a time. */
static bool
entry_words_ok(uint8_t words)
{
	return words == 2 || words == 4 || words == 8;
}

static enum ena_admin_status
cq_check(const struct ena_card *card, const struct ena_cmd_create_cq *cmd)
{
	const uint16_t depth = le16toh(cmd->depth);

	if (!wcdev_is_pow2(depth) || depth > card->config.queue_depth ||
	    !entry_words_ok(cmd->entry_words & ENA_CQ_ENTRY_WORDS_MASK) ||
	    ena_iova(&cmd->base) % RING_ALIGN != 0)
		return ENA_ST_ILLEGAL;
	/* Drivers without interrupts give no vector. */
	if ((cmd->caps & ENA_CQ_INTERRUPTS) != 0 && le32toh(cmd->vector) != UINT32_MAX &&
	    le32toh(cmd->vector) >= ena_vectors(card))
		return ENA_ST_ILLEGAL;
	return ENA_ST_OK;
}

static unsigned int
free_place(uint64_t used, unsigned int n)
{
	unsigned int i = used == UINT64_MAX ? 64 : (unsigned int)__builtin_ctzll(~used);

	return i < n ? i : UINT32_MAX;
}

enum ena_admin_status
ena_cq_create(struct ena_card *card, struct ena_call *call)
{
	const struct ena_cmd_create_cq *cmd = &call->cmd.create_cq;
	const unsigned int i = free_place(card->cq_live, 2u * card->config.queue_pairs);
	struct ena_cpl_create_cq *out = ena_call_answer(call);
	enum ena_admin_status status = cq_check(card, cmd);
	struct ena_cq *cq;

	if (status != ENA_ST_OK)
		return status;
	if (i == UINT32_MAX)
		return ENA_ST_NO_RESOURCES;
	cq = &card->cqs[i];
	memset(cq, 0, sizeof(*cq));
	cq->depth = le16toh(cmd->depth);
	cq->entry_bytes = (uint8_t)((cmd->entry_words & ENA_CQ_ENTRY_WORDS_MASK) * 4);
	cq->vector = WCDEV_VECTOR_NONE;
	wcdev_ring_init(&cq->ring, ena_iova(&cmd->base), cq->depth, cq->entry_bytes,
			WCDEV_DMA_WRITE);
	if (!wcdev_ring_reachable(&card->dev, &cq->ring))
		return ENA_ST_ILLEGAL;
	if ((cmd->caps & ENA_CQ_INTERRUPTS) != 0 && le32toh(cmd->vector) != UINT32_MAX) {
		cq->vector = (uint16_t)le32toh(cmd->vector);
		card->vectors[cq->vector].armed = true;
	}
	cq->live = true;
	card->cq_live |= 1ull << i;
	*out = (struct ena_cpl_create_cq){
		.cq_idx = htole16((uint16_t)i),
		.depth = htole16(cq->depth),
		.unmask_off = htole32(ena_doorbell_off(card, ENA_GROUP_UNMASK, i)),
	};
	return ENA_ST_OK;
}

enum ena_admin_status
ena_cq_destroy(struct ena_card *card, struct ena_call *call)
{
	const uint16_t i = le16toh(call->cmd.destroy_cq.cq_idx);

	if (i >= ENA_QUEUES_MAX || !card->cqs[i].live)
		return ENA_ST_ILLEGAL;
	if (card->cqs[i].n_sqs != 0)
		return ENA_ST_BUSY;
	card->cqs[i].live = false;
	card->cq_live &= ~(1ull << i);
	return ENA_ST_OK;
}

/* ---- LLQ memory -------------------------------------------------------------------------- */

/*
 * A place in the LLQ memory, or UINT32_MAX. Where the search begins depends on the seed, so that a
 * driver must use the offset that it is given.
 */
static unsigned int
llq_place_take(struct ena_card *card)
{
	const unsigned int n = (unsigned int)(card->config.llq_bytes / card->llq_place_bytes);
	const unsigned int first = (unsigned int)((card->config.seed >> 8) % n);

	for (unsigned int i = 0; i < n; i++) {
		const unsigned int place = (first + i) % n;

		if ((card->llq_used & 1ull << place) != 0)
			continue;
		card->llq_used |= 1ull << place;
		return place;
	}
	return UINT32_MAX;
}

/* No entry has been written yet. */
static void
llq_open(struct ena_card *card, struct ena_sq *sq, unsigned int place)
{
	uint64_t *words;

	sq->entries = (uint8_t *)card->config.llq + (uint64_t)place * card->llq_place_bytes;
	sq->entry_bytes = card->llq.entry_bytes;
	sq->before_header = card->llq.before_header;
	sq->per_entry = card->llq.per_entry;
	sq->no_meta_caching = card->llq.no_meta_caching;
	words = (uint64_t *)(void *)sq->entries;
	for (uint32_t i = 0; i < (uint32_t)sq->depth * sq->entry_bytes / 8; i++)
		words[i] = card->poison;
}

static uint32_t
llq_off(const struct ena_card *card, const struct ena_sq *sq)
{
	return (uint32_t)(sq->entries - (const uint8_t *)card->config.llq);
}

static void
llq_close(struct ena_card *card, struct ena_sq *sq)
{
	card->llq_used &= ~(1ull << llq_off(card, sq) / card->llq_place_bytes);
}

/* ---- submission queues ------------------------------------------------------------------- */

static enum ena_admin_status
sq_check(const struct ena_card *card, const struct ena_cmd_create_sq *cmd)
{
	const unsigned int direction = cmd->identity >> ENA_SQ_DIRECTION_SHIFT;
	const unsigned int placement = cmd->caps & 0xfu, policy = cmd->caps >> 4 & 0x7u;
	const uint16_t depth = le16toh(cmd->depth), cq = le16toh(cmd->cq_idx);

	if (direction != ENA_SQ_TX && direction != ENA_SQ_RX)
		return ENA_ST_ILLEGAL;
	if (placement != ENA_PLACEMENT_HOST &&
	    (placement != ENA_PLACEMENT_LLQ || direction != ENA_SQ_TX ||
	     card->config.llq_entries == 0))
		return ENA_ST_ILLEGAL;
	if (policy != ENA_COMPLETE_EACH && policy != ENA_COMPLETE_ASKED)
		return ENA_ST_ILLEGAL;
	if (!wcdev_is_pow2(depth) || depth > card->config.queue_depth)
		return ENA_ST_ILLEGAL;
	if (placement == ENA_PLACEMENT_LLQ &&
	    (uint32_t)depth * card->llq.entry_bytes > (uint32_t)card->config.llq_depth * 128)
		return ENA_ST_ILLEGAL;
	if (placement == ENA_PLACEMENT_HOST && ena_iova(&cmd->base) % RING_ALIGN != 0)
		return ENA_ST_ILLEGAL;
	if (cq >= ENA_QUEUES_MAX || !card->cqs[cq].live ||
	    card->cqs[cq].entry_bytes < (direction == ENA_SQ_TX ? sizeof(struct ena_tx_cpl)
								: sizeof(struct ena_rx_cpl)))
		return ENA_ST_ILLEGAL;
	return ENA_ST_OK;
}

static void
sq_fini(struct ena_card *card, struct ena_sq *sq)
{
	wcdev_reader_end(&card->dev, &sq->reader);
	wcdev_turn_remove(&card->tx_turns, sq->idx);
	card->rx_live &= ~(1ull << sq->idx);
	if (sq->llq)
		llq_close(card, sq);
	sq->cq->n_sqs--;
	memset(sq, 0, sizeof(*sq));
}

enum ena_admin_status
ena_sq_create(struct ena_card *card, struct ena_call *call)
{
	const struct ena_cmd_create_sq *cmd = &call->cmd.create_sq;
	const bool tx = cmd->identity >> ENA_SQ_DIRECTION_SHIFT == ENA_SQ_TX;
	const uint64_t same = tx ? card->tx_turns.live : card->rx_live;
	const unsigned int i = free_place(card->tx_turns.live | card->rx_live,
					  2u * card->config.queue_pairs);
	struct ena_cpl_create_sq *out = ena_call_answer(call);
	enum ena_admin_status status = sq_check(card, cmd);
	unsigned int place = UINT32_MAX;
	struct ena_sq *sq;

	if (status != ENA_ST_OK)
		return status;
	if (i == UINT32_MAX || __builtin_popcountll(same) >= card->config.queue_pairs)
		return ENA_ST_NO_RESOURCES;
	sq = &card->sqs[i];
	memset(sq, 0, sizeof(*sq));
	sq->idx = (uint16_t)i;
	sq->tx = tx;
	sq->llq = (cmd->caps & 0xfu) == ENA_PLACEMENT_LLQ;
	sq->complete_asked = (cmd->caps >> 4 & 0x7u) == ENA_COMPLETE_ASKED;
	sq->depth = le16toh(cmd->depth);
	sq->reader.lane = tx ? WCDEV_LANE_OUT : WCDEV_LANE_IN;
	if (sq->llq) {
		place = llq_place_take(card);
		if (place == UINT32_MAX)
			return ENA_ST_NO_RESOURCES;
		llq_open(card, sq, place);
	} else {
		wcdev_ring_init(&sq->ring, ena_iova(&cmd->base), sq->depth, ENA_DESC_BYTES,
				WCDEV_DMA_READ);
		if (!wcdev_ring_reachable(&card->dev, &sq->ring))
			return ENA_ST_ILLEGAL;
	}
	sq->cq = &card->cqs[le16toh(cmd->cq_idx)];
	sq->cq->n_sqs++;
	sq->state = ENA_SQ_RUN;
	if (tx)
		wcdev_turn_add(&card->tx_turns, i);
	else
		card->rx_live |= 1ull << i;
	out->sq_idx = htole16(sq->idx);
	out->doorbell_off = htole32(ena_doorbell_off(card, ENA_GROUP_SQ, i));
	out->llq_off = htole32(sq->llq ? llq_off(card, sq) : 0);
	wcdev_log(&card->dev, LOG_DEBUG, "queue %u: %s, %s, %u descriptors", i, tx ? "Tx" : "Rx",
		  sq->llq ? "LLQ" : "in host memory", sq->depth);
	return ENA_ST_OK;
}

enum ena_admin_status
ena_sq_destroy(struct ena_card *card, struct ena_call *call)
{
	const struct ena_cmd_destroy_sq *cmd = &call->cmd.destroy_sq;
	const uint16_t i = le16toh(cmd->sq_idx);
	const unsigned int direction = cmd->identity >> ENA_SQ_DIRECTION_SHIFT;

	if (i >= ENA_QUEUES_MAX || card->sqs[i].state == ENA_SQ_NONE ||
	    direction != (card->sqs[i].tx ? ENA_SQ_TX : ENA_SQ_RX))
		return ENA_ST_ILLEGAL;
	sq_fini(card, &card->sqs[i]);
	return ENA_ST_OK;
}

void
ena_queues_reset(struct ena_card *card)
{
	for (unsigned int i = 0; i < ENA_QUEUES_MAX; i++)
		if (card->sqs[i].state != ENA_SQ_NONE)
			sq_fini(card, &card->sqs[i]);
	memset(card->cqs, 0, sizeof(card->cqs));
	memset(card->vectors, 0, sizeof(card->vectors));
	card->cq_live = 0;
	card->irq_due = 0;
}

void
ena_sq_stop(struct ena_card *card, struct ena_sq *sq, uint64_t *counter, const char *why)
{
	static const uint32_t nothing[12];

	if (sq->state != ENA_SQ_RUN)
		return;
	sq->state = ENA_SQ_STOPPED;
	++*counter;
	card->status |= ENA_DEV_STS_FATAL_ERROR;
	wcdev_log(&card->dev, LOG_WARNING, "%s queue %u stops at descriptor %u: %s",
		  sq->tx ? "Tx" : "Rx", sq->idx, sq->head, why);
	(void)ena_aenq_post(card, ENA_AENQ_FATAL, sq->idx, nothing);
}

void
ena_sq_ring(struct ena_card *card, struct ena_sq *sq, uint32_t value)
{
	const uint16_t tail = (uint16_t)value;
	const uint32_t pushed = (uint32_t)(uint16_t)(tail - sq->tail) * sq->entry_bytes;

	if (sq->state != ENA_SQ_RUN)
		return;
	if ((uint16_t)(tail - sq->head) > sq->depth ||
	    (uint16_t)(tail - sq->head) < (uint16_t)(sq->tail - sq->head)) {
		ena_sq_stop(card, sq,
			    sq->tx ? &card->stats.tx_bad_doorbell : &card->stats.rx_bad_doorbell,
			    "its doorbell is not in the ring");
		return;
	}
	sq->tail = tail;
	if (sq->tx)
		wcdev_turn_found(&card->tx_turns, sq->idx);
	if (sq->llq && card->config.tx_burst_bytes != 0 && pushed > card->config.tx_burst_bytes)
		card->stats.tx_over_burst++;
}
