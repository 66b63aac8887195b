/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_RXQ_H
#define CARD_RXQ_H

/* Section 7: an Rx queue. */

#include <stdbool.h>
#include <stdint.h>

#include <wcdev_ring.h>

#include "card_admin_call.h"
#include "card_core.h"

/* Buffers that are looked up together, completions that are kept back, and those of a line. */
#define CARD_RX_AHEAD 32u
#define CARD_RX_CPLS 64u
#define CARD_RX_LINE_CPLS (WCNIC_LINE_BYTES / sizeof(struct wcnic_rx_cpl))

struct card_rxq {
	enum card_queue_state state;
	struct wcdev_reader reader;
	uint16_t qid;
	uint16_t depth;
	uint16_t vector;
	uint16_t db_window;
	uint32_t db_off;
	uint32_t buf_bytes;
	struct wcdev_ring ring;
	struct wcdev_ring cq;
	struct wcdev_ring extra;
	bool has_extra;
	uint16_t offloads; /* WCNIC_RXQ_OFFLOAD_* */

	uint64_t *db;
	uint64_t db_fired; /* the record that the interrupt was raised for */
	bool fired;
	bool irq_held; /* one is due, and waits until irq_ns + moderation_ns */
	bool irq_seen; /* irq_ns is that of the last */
	uint32_t moderation_ns;
	uint64_t irq_ns;
	uint16_t head; /* of buffers and of completions: one for one */
	uint16_t tail;

	/*
	 * As long as the card has this map_id, the buffers [head, ahead_end) are here, by their
	 * number modulo CARD_RX_AHEAD, and so is the memory for their completions.
	 */
	uint64_t ahead_map_id;
	uint64_t ahead_phase;
	uint16_t ahead_end;
	uint8_t *ahead[CARD_RX_AHEAD];
	struct wcdev_dma_cache bufs;
	/* Completions [published, head) are yet to be written, by their number modulo CARD_RX_CPLS.
	 */
	uint16_t published;
	uint64_t cpls[CARD_RX_CPLS][2];

	bool drops;                       /* WCNIC_RXQF_DROP */
	struct wcnic_rxq_counters counts; /* in host byte order */
};

/* These do the command of their name. */
enum wcnic_admin_status card_rxq_create(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_rxq_destroy(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_rxq_stats_query(struct wcnic_card *card, struct card_admin_call *call);
/* Destroys all. */
void card_rxq_reset_all(struct wcnic_card *card);
/* The queue stops for good, and says so. */
void card_rxq_fail(struct wcnic_card *card, struct card_rxq *q, enum wcnic_error error);
/* A window is taken away: queues whose record is there fail. */
void card_rxq_window_gone(struct wcnic_card *card, uint16_t window_id);
/* Looks at the record; raises the interrupt that it asks for. */
void card_rxq_poll(struct wcnic_card *card, struct card_rxq *q);
/* Writes the completions that were kept back, before the call on the card returns. */
void card_rxq_publish(struct wcnic_card *card, struct card_rxq *q);

#endif /* CARD_RXQ_H */
