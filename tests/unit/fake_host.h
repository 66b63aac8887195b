/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

/*
 * A host for the model: memory and clock, and a driver that sends what the test asks for, also
 * wrong things. It knows the ABI, not the model.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcnic_card.h>

#include "fake_mem.h"

#define FAKE_APERTURE_BYTES (4u << 20)
#define FAKE_ADMIN_LOG2 4u
#define FAKE_AEQ_LOG2 3u

struct fake_host {
	struct fake_mem m;
	struct wcnic_card *card;
	uint8_t *aperture;
	uint64_t aperture_bytes;
	/* What a command is given: so many polls, and this after each. NULL: nothing. */
	unsigned int polls;
	void (*between)(struct fake_host *h);
	uint32_t push_bytes; /* what fake_txq_open() asks for; 65536 at first */
	uint8_t push_format; /* and enum wcnic_push_format */
	uint8_t commit;      /* of queues that come: WCNIC_COMMIT_* */
	uint16_t hold;       /* and of how many entries completions may be held back */
	bool tx_offload;     /* and whether with a ring of requests */

	struct wcnic_admin_cmd *asq;
	struct wcnic_admin_cpl *acq;
	struct wcnic_event *aeq;
	uint16_t asq_tail;
	uint16_t aeq_head;
	uint8_t *bounce; /* answers and inputs of commands: 512 bytes */
};

/* A card on this host, in the state of power-on. `config` may be NULL. Returns 0 or -errno. */
int fake_host_init(struct fake_host *h, const struct wcnic_card_config *config);
/* The same with another amount of memory than FAKE_MEM_BYTES. */
int
fake_host_init_sized(struct fake_host *h, const struct wcnic_card_config *config, size_t mem_bytes);
void fake_host_fini(struct fake_host *h);
/*
 * Fixtures of cmocka, whose state is a host for each test: the card as at power-on; enabled; or
 * enabled with its port up, which takes what is sent to anyone, of an MTU of 1500.
 */
int fake_setup_off(void **state);
int fake_setup(void **state);
int fake_setup_up(void **state);
int fake_teardown(void **state);
/* Host memory, zeroed. */
void *fake_alloc(struct fake_host *h, size_t bytes, size_t align);
uint64_t fake_iova(const struct fake_host *h, const void *ptr);

uint32_t fake_reg32(struct fake_host *h, uint64_t off);
uint64_t fake_reg64(struct fake_host *h, uint64_t off);
void fake_reg32_set(struct fake_host *h, uint64_t off, uint32_t value);
void fake_reg64_set(struct fake_host *h, uint64_t off, uint64_t value);
/* Sets the admin rings up anew and enables the card. */
void fake_enable(struct fake_host *h);

/* A bare command: returns whether a completion came in the polls that it is given: one. */
bool
fake_submit(struct fake_host *h, const struct wcnic_admin_cmd *cmd, struct wcnic_admin_cpl *cpl);
/*
 * A command with `data`, which goes both ways through the bounce buffer. Returns its status, or -1
 * if nothing was answered; *result may be NULL.
 */
int fake_cmd(struct fake_host *h, uint8_t opcode, const void *params, void *data, size_t bytes,
	     uint32_t *result);
/* The next event, if there is one; frees its entry. */
bool fake_event(struct fake_host *h, struct wcnic_event *event);
/* Throws away events until one of that type comes. */
bool fake_event_find(struct fake_host *h, enum wcnic_event_type type, struct wcnic_event *event);

int fake_window(struct fake_host *h, enum wcnic_window_type type, uint8_t slot_lines, uint16_t qid,
		uint32_t bytes, struct wcnic_window_grant *grant);
int fake_window_free(struct fake_host *h, const struct wcnic_window_grant *grant);
int fake_port_set(struct fake_host *h, uint16_t mtu, uint16_t flags);
void fake_stats(struct fake_host *h, struct wcnic_stats *stats);

/* ---- Tx ---------------------------------------------------------------------------------- */

struct fake_txq {
	uint16_t qid;
	uint16_t depth;
	uint16_t tail;
	uint16_t cq_head;
	uint8_t epoch;
	uint8_t placement;
	uint16_t switch_seq;
	struct wcnic_tx_desc *ring;
	struct wcnic_tx_cpl *cq;
	uint64_t *requests; /* NULL: none */
	struct wcnic_window_grant db_grant;
	struct wcnic_window_grant push_grant; /* id WCNIC_WINDOW_NONE: none */
	uint64_t *db;
	uint8_t *push;

	/* Packed: the line that is being filled. */
	uint8_t format; /* enum wcnic_push_format */
	uint8_t line_epoch;
	uint16_t line;
	uint8_t line_bytes; /* of its payload that are used */
	uint8_t payload[WCNIC_LINE_PAYLOAD_BYTES];
};

/* One entry of a frame. */
struct fake_slot {
	uint16_t flags; /* WCNIC_TXF_* */
	uint16_t frame_bytes;
	const void *inline_data;
	uint16_t inline_bytes;
	struct wcnic_push_seg segs[55];
	uint8_t n_segs;
	uint64_t request; /* WCNIC_TXO_*: with SOP and OFFLOAD */
};

/* FEATURES_SET, before the first queue. Returns the status. */
int fake_features_set(struct fake_host *h, uint64_t features);
/* Before the first queue: pushes will be packed. Returns the status. */
int fake_packed_ask(struct fake_host *h);
/* Before the first queue: entries will be their own doorbells. Returns the status. */
int fake_express_ask(struct fake_host *h, enum wcnic_push_format format);
/* Before the first queue: frames may have requests, and pushes are in `format`. The status. */
int fake_offload_ask(struct fake_host *h, enum wcnic_push_format format);
/* A queue with windows of its own; slot_lines 0: no push window. Returns the status. */
int fake_txq_open(struct fake_host *h, struct fake_txq *q, uint16_t qid, uint16_t depth,
		  enum wcnic_placement placement, uint8_t slot_lines);
/* The command alone, for a queue that was closed: everything begins anew in the same windows. */
int fake_txq_create(struct fake_host *h, struct fake_txq *q);
int fake_txq_close(struct fake_host *h, struct fake_txq *q);
/* Writes a descriptor at the tail. */
void fake_tx_desc(struct fake_txq *q, uint64_t iova, uint16_t bytes, uint16_t flags,
		  uint16_t frame_bytes);
/* A frame of one descriptor. */
void fake_tx_fetch(struct fake_host *h, struct fake_txq *q, const void *frame, uint16_t bytes);
void fake_slot_seg(struct fake_slot *slot, uint64_t iova, uint32_t bytes);
/* Makes a line's check right again. */
void fake_line_seal(struct wcnic_push_line *line);
/* Lines of a slot as they would be written; returns how many. */
unsigned int fake_slot_encode(const struct fake_txq *q, uint16_t seq, const struct fake_slot *slot,
			      struct wcnic_push_line lines[WCNIC_SLOT_LINES_MAX]);
uint8_t *fake_slot_at(const struct fake_txq *q, uint16_t seq);
/* Writes a slot at the tail; the first `skip` lines are held back. */
void fake_tx_slot(struct fake_txq *q, const struct fake_slot *slot, unsigned int skip);
/* A frame of one entry, or of several if a slot's length is too small; in the queue's format. */
void fake_tx_push(struct fake_txq *q, const void *frame, uint16_t bytes);
/* Packed: an entry at the tail, as it would be written. What fills no line waits for the end. */
void fake_tx_entry(struct fake_txq *q, const struct fake_slot *slot);
/* Packed: bytes into the stream, whatever they are; and the end of what a doorbell publishes. */
void fake_tx_stream(struct fake_txq *q, const void *data, size_t bytes);
void fake_tx_line_end(struct fake_txq *q);
uint8_t *fake_line_at(const struct fake_txq *q, uint16_t line);
/* Ends the line, if one is being filled, and writes the record. */
void fake_tx_ring(struct fake_txq *q);
/* Packed: what is pushed from here on is of the next epoch, which fake_tx_switch() asks for. */
void fake_tx_epoch(struct fake_txq *q);
/* Asks for a placement of the entries from `seq` on, and rings. */
void fake_tx_switch(struct fake_txq *q, uint16_t seq, enum wcnic_placement placement);
bool fake_tx_reap(struct fake_txq *q, struct wcnic_tx_cpl *cpl);

/* ---- Rx ---------------------------------------------------------------------------------- */

struct fake_rxq {
	uint16_t qid;
	uint16_t depth;
	uint16_t tail;
	uint16_t head;
	uint32_t buf_bytes;
	struct wcnic_rx_desc *ring;
	struct wcnic_rx_cpl *cq;
	struct wcnic_rx_extra *extra; /* NULL: none */
	uint8_t *bufs;                /* one for each entry */
	struct wcnic_window_grant db_grant;
	uint64_t *db;
};

int fake_rxq_open(struct fake_host *h, struct fake_rxq *q, uint16_t qid, uint16_t depth,
		  uint32_t buf_bytes);
/* The same with an extras ring and WCNIC_RXQ_OFFLOAD_*, for which features must be set. */
int fake_rxq_open_offloads(struct fake_host *h, struct fake_rxq *q, uint16_t qid, uint16_t depth,
			   uint32_t buf_bytes, uint16_t offloads);
/* RXQ_SET. Returns the status. */
int
fake_rxq_set(struct fake_host *h, const struct fake_rxq *q, uint16_t offloads, uint64_t extra_iova);
int fake_rxq_close(struct fake_host *h, struct fake_rxq *q);
/* Posts the buffers of `count` entries and rings. */
void fake_rx_post(struct fake_host *h, struct fake_rxq *q, unsigned int count);
bool fake_rx_reap(struct fake_rxq *q, struct wcnic_rx_cpl *cpl, uint8_t **buf);
/* Plugs the card into a port that keeps frames for which there are no buffers. */
void fake_port_waits(struct fake_host *h);
/* A frame from the port, in fragments of at most `piece` bytes. */
int fake_receive(struct fake_host *h, const uint8_t *data, uint32_t bytes, uint32_t piece);
/* A whole frame put together from its buffers; returns its length, or 0 if none is there. */
uint32_t fake_rx_frame(struct fake_rxq *q, uint8_t *frame, struct wcnic_rx_cpl *sop);

#endif /* FAKE_HOST_H */
