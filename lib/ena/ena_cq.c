/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Completions out, and their interrupts. */

#include "ena.h"

#define ENTRY_BYTES_MAX 32u

bool
ena_cq_ready(struct ena_card *card, struct ena_cq *cq)
{
	return wcdev_ring_ready(&card->dev, &cq->ring, cq->tail);
}

/* Writes `bytes` of an entry and zeroes behind them. */
static bool
entry_publish(struct ena_card *card, struct ena_cq *cq, const void *entry, uint32_t bytes)
{
	uint8_t padded[ENTRY_BYTES_MAX] = {0};

	memcpy(padded, entry, bytes);
	if (wcdev_ring_publish_first(&card->dev, &cq->ring, cq->tail, padded, cq->entry_bytes) != 0)
		return false;
	cq->tail++;
	return true;
}

/* Entries of 8 bytes that lie in one piece. Returns how many of `n` there were. */
static unsigned int
short_publish(struct ena_card *card, struct ena_cq *cq, struct ena_tx_cpl *cpls, unsigned int n)
{
	uint8_t *at = wcdev_ring_find(&card->dev, &cq->ring, cq->tail);
	unsigned int run;
	uint64_t word;

	if (at == NULL || cq->entry_bytes != sizeof(word))
		return 0;
	run = wcdev_ring_run(&cq->ring, cq->tail);
	if (n > run)
		n = run;
	for (unsigned int i = 0; i < n; i++, at += sizeof(word), cq->tail++) {
		cpls[i].flags = wcdev_ring_phase(cq->tail, cq->depth);
		memcpy(&word, &cpls[i], sizeof(word));
		__atomic_store_n((uint64_t *)(void *)at, word, __ATOMIC_RELEASE);
	}
	return n;
}

bool
ena_cq_put_tx(struct ena_card *card, struct ena_cq *cq, struct ena_tx_cpl *cpls, unsigned int n)
{
	unsigned int i = 0, done;

	while (i < n) {
		done = short_publish(card, cq, cpls + i, n - i);
		i += done;
		if (done != 0)
			continue;
		cpls[i].flags = wcdev_ring_phase(cq->tail, cq->depth);
		if (!entry_publish(card, cq, &cpls[i], sizeof(cpls[i])))
			return false;
		i++;
	}
	return true;
}

bool
ena_cq_put_rx(struct ena_card *card, struct ena_cq *cq, struct ena_rx_cpl *cpl)
{
	if (wcdev_ring_phase(cq->tail, cq->depth) != 0)
		cpl->status |= htole32(ENA_RXC_PHASE);
	return entry_publish(card, cq, cpl, sizeof(*cpl));
}

/* ---- interrupts -------------------------------------------------------------------------- */

static void
vector_try(struct ena_card *card, unsigned int i)
{
	struct ena_vector *v = &card->vectors[i];

	card->irq_due &= ~(1ull << i);
	if (!v->armed || !v->pending)
		return;
	if (card->now_ns < v->due_ns) {
		card->irq_due |= 1ull << i;
		return;
	}
	v->armed = false;
	v->pending = false;
	if ((card->config.faults & ENA_FAULT_INTERRUPTS) != 0)
		return;
	card->stats.irqs++;
	wcdev_irq(&card->dev, (uint16_t)i);
}

void
ena_cq_signal(struct ena_card *card, const struct ena_cq *cq, bool tx)
{
	struct ena_vector *v;
	uint64_t due_ns;

	if (cq->vector == WCDEV_VECTOR_NONE)
		return;
	v = &card->vectors[cq->vector];
	due_ns = card->now_ns + (tx ? v->tx_delay_ns : v->rx_delay_ns);
	if (!v->pending || due_ns < v->due_ns)
		v->due_ns = due_ns;
	v->pending = true;
	if (v->armed)
		vector_try(card, cq->vector);
}

void
ena_cq_unmask(struct ena_card *card, const struct ena_cq *cq, uint32_t value)
{
	struct ena_vector *v;

	if (cq->vector == WCDEV_VECTOR_NONE)
		return;
	v = &card->vectors[cq->vector];
	if ((value & ENA_INTR_NO_DELAY_UPDATE) == 0) {
		v->rx_delay_ns = ENA_INTR_RX_DELAY(value) * 1000;
		v->tx_delay_ns = ENA_INTR_TX_DELAY(value) * 1000;
	}
	v->armed = (value & ENA_INTR_UNMASK) != 0;
	vector_try(card, cq->vector);
}

void
ena_cq_poll(struct ena_card *card)
{
	for (uint64_t due = card->irq_due; due != 0; due &= due - 1)
		vector_try(card, (unsigned int)__builtin_ctzll(due));
}
