/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FAKE_ENA_H
#define FAKE_ENA_H

/*
 * A driver for the ENA card, in plain memory: what stock drivers do, and what the test asks for
 * beyond it, also wrong things. It knows the interface, not the card.
 */

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ena_abi.h>
#include <ena_card.h>

#include "fake_mem.h"

#define FAKE_LLQ_BYTES (1u << 20)
#define FAKE_AQ_DEPTH 16u
#define FAKE_AENQ_DEPTH 16u
#define FAKE_BOUNCE_BYTES 1024u

struct fake_ena {
	struct fake_mem m;
	struct ena_card *card;
	uint8_t *llq;
	uint64_t llq_bytes;
	/* What a command is given: so many polls, and this after each. NULL: nothing. */
	unsigned int polls;
	void (*between)(struct fake_ena *e);

	union ena_cmd *aq;
	uint8_t (*acq)[ENA_ADMIN_BYTES];
	struct ena_aenq_event *aenq;
	struct ena_reg_read *readless;
	uint8_t *bounce; /* buffers of commands */
	uint16_t aq_tail;
	uint16_t acq_head;
	uint16_t aenq_head;
	uint16_t readless_id;
	uint8_t status; /* of the last command */

	struct ena_llq llq_set; /* as it was set last */
};

/* A card on this host, in the state of power-on. `config` may be NULL. Returns 0 or -errno. */
int fake_ena_init(struct fake_ena *e, const struct ena_card_config *config);
/* The same with another amount of memory than FAKE_MEM_BYTES. */
int fake_ena_init_sized(struct fake_ena *e, const struct ena_card_config *config, size_t mem_bytes);
void fake_ena_fini(struct fake_ena *e);
/* Fixtures of cmocka: the card as at power-on, or with its admin queue and events set up. */
int fake_ena_setup_off(void **state);
int fake_ena_setup(void **state);
int fake_ena_teardown(void **state);
void *fake_ena_alloc(struct fake_ena *e, size_t bytes, size_t align);
uint64_t fake_ena_iova(const struct fake_ena *e, const void *ptr);
void fake_ena_poll(struct fake_ena *e, unsigned int polls);
void fake_ena_stats(struct fake_ena *e, struct ena_card_stats *stats);

/* ---- registers --------------------------------------------------------------------------- */

uint32_t fake_ena_reg(struct fake_ena *e, uint32_t off);
void fake_ena_reg_set(struct fake_ena *e, uint32_t off, uint32_t value);
void fake_ena_reg_set64(struct fake_ena *e, uint32_t lo, uint64_t value);
/* Reads a register by DMA. Returns whether it was answered. */
bool fake_ena_readless(struct fake_ena *e, uint32_t off, uint32_t *value);
/* Sets up the rings of commands and events, as drivers do after a reset. Forgets all memory. */
void fake_ena_enable(struct fake_ena *e);
/* A driver's reset, with its reason. Returns whether the card said that it is done. */
bool fake_ena_reset(struct fake_ena *e, unsigned int reason);

/* ---- commands ---------------------------------------------------------------------------- */

/* Writes a command at the tail, with its phase and number, and rings. */
void fake_ena_submit(struct fake_ena *e, const union ena_cmd *cmd);
/* The next answer, if it is there. */
bool fake_ena_answer(struct fake_ena *e, uint8_t answer[ENA_ADMIN_BYTES]);
/*
 * A command and what is behind the first eight bytes of its answer; `answer` may be NULL. Returns
 * the status, or -1 if nothing was answered, or something else.
 */
int fake_ena_cmd(struct fake_ena *e, union ena_cmd *cmd, void *answer, size_t bytes);
/* GET_FEATURE: `buffer`, if any, gets what the card wrote into the command's buffer. */
int fake_ena_get(struct fake_ena *e, uint8_t feature, void *answer, size_t bytes, void *buffer,
		 size_t buffer_bytes);
/* SET_FEATURE. */
int fake_ena_set(struct fake_ena *e, uint8_t feature, const void *data, size_t bytes,
		 const void *buffer, size_t buffer_bytes);
/* SET_FEATURE of the LLQ: entries of 128 or 256 bytes, two descriptors before the header. */
int fake_ena_llq_set(struct fake_ena *e, uint16_t entry_bytes, uint16_t accel_flags);
int fake_ena_mtu_set(struct fake_ena *e, uint32_t mtu);
int fake_ena_aenq_set(struct fake_ena *e, uint32_t groups);
/* The next event, if there is one; frees its entry. */
bool fake_ena_event(struct fake_ena *e, struct ena_aenq_event *event);

/* ---- completion queues ------------------------------------------------------------------- */

#define FAKE_NO_VECTOR UINT32_MAX

struct fake_ena_cq {
	uint16_t idx;
	uint16_t depth;
	uint16_t head;
	uint32_t entry_bytes;
	uint32_t unmask_off;
	uint8_t *ring;
};

/* Returns the status of the command. */
int fake_ena_cq_open(struct fake_ena *e, struct fake_ena_cq *cq, uint16_t depth,
		     unsigned int entry_words, uint32_t vector);
int fake_ena_cq_close(struct fake_ena *e, const struct fake_ena_cq *cq);
/* Asks for the next interrupt, with delays in us. */
void
fake_ena_unmask(struct fake_ena *e, const struct fake_ena_cq *cq, uint32_t rx_us, uint32_t tx_us);

/* ---- Tx ---------------------------------------------------------------------------------- */

struct fake_ena_txq {
	uint16_t idx;
	uint16_t depth;
	uint16_t tail;
	bool llq;
	uint32_t doorbell_off;
	uint8_t *ring; /* descriptors, or the LLQ */
	uint16_t entry_bytes;
	uint8_t before_header;
	uint8_t per_entry;
	struct fake_ena_cq cq;
};

#define FAKE_TX_DESCS_MAX 40u

/* A frame: bytes that are pushed, and buffers. */
struct fake_ena_frame {
	uint16_t req_id;
	const void *header;
	uint8_t header_bytes;
	struct {
		uint64_t iova;
		uint16_t bytes;
	} bufs[FAKE_TX_DESCS_MAX];
	unsigned int n_bufs;
	bool meta; /* a descriptor of these goes before */
	bool no_store;
	uint16_t mss;
	uint8_t l3_off;
	uint8_t l3_bytes;
	uint8_t l4_words;
	uint32_t offloads; /* of the first descriptor: ENA_TXD_*, protocols */
	bool no_completion;
};

/* With a completion queue of its own. Returns the status of the command that failed, or 0. */
int fake_ena_txq_open(struct fake_ena *e, struct fake_ena_txq *q, uint16_t depth, bool llq,
		      uint32_t vector);
int fake_ena_txq_close(struct fake_ena *e, struct fake_ena_txq *q);
/* The phase bit of a descriptor that is written at the tail now. */
uint32_t fake_ena_tx_phase(const struct fake_ena_txq *q);
/* The descriptors of a frame, without phases; returns how many. */
unsigned int
fake_ena_tx_descs(const struct fake_ena_frame *frame, struct ena_tx_desc descs[FAKE_TX_DESCS_MAX]);
/* Writes one descriptor as it is, in host memory. */
void fake_ena_tx_raw(struct fake_ena_txq *q, const struct ena_tx_desc *desc);
/*
 * Writes an entry of an LLQ as it is, apart from the parts of 8 bytes that are left out: a bit for
 * each. Returns where it begins.
 */
uint8_t *fake_ena_llq_raw(struct fake_ena_txq *q, const uint8_t *entry, uint64_t leave_out);
/* Writes descriptors, which get their phases, and a header. */
void fake_ena_tx_write(struct fake_ena_txq *q, struct ena_tx_desc *descs, unsigned int n,
		       const void *header, uint8_t header_bytes);
/* A frame at the tail. */
void fake_ena_tx(struct fake_ena_txq *q, const struct fake_ena_frame *frame);
void fake_ena_tx_ring(struct fake_ena *e, const struct fake_ena_txq *q);
bool fake_ena_tx_reap(struct fake_ena_txq *q, struct ena_tx_cpl *cpl);

/* ---- Rx ---------------------------------------------------------------------------------- */

struct fake_ena_rxq {
	uint16_t idx;
	uint16_t depth;
	uint16_t tail;
	uint32_t buf_bytes;
	uint32_t doorbell_off;
	struct ena_rx_desc *ring;
	uint8_t *bufs; /* one for each request */
	struct fake_ena_cq cq;
};

int fake_ena_rxq_open(struct fake_ena *e, struct fake_ena_rxq *q, uint16_t depth,
		      uint32_t buf_bytes, uint32_t vector);
int fake_ena_rxq_close(struct fake_ena *e, struct fake_ena_rxq *q);
/* Writes a descriptor as it is, apart from its phase. */
void fake_ena_rx_raw(struct fake_ena_rxq *q, const struct ena_rx_desc *desc);
/* Posts the buffers of `count` requests; the first is that of the tail. Rings. */
void fake_ena_rx_post(struct fake_ena *e, struct fake_ena_rxq *q, unsigned int count);
void fake_ena_rx_ring(struct fake_ena *e, const struct fake_ena_rxq *q);
bool fake_ena_rx_reap(struct fake_ena_rxq *q, struct ena_rx_cpl *cpl);
/*
 * A whole frame put together from its buffers; returns its length, or 0 if none is there. `last`,
 * which may be NULL: its last completion; *n: how many there were.
 */
uint32_t
fake_ena_rx_frame(struct fake_ena_rxq *q, uint8_t *frame, struct ena_rx_cpl *last, unsigned int *n);
/* A frame from the port, in fragments of at most `piece` bytes. */
int fake_ena_receive(struct fake_ena *e, const uint8_t *data, uint32_t bytes, uint32_t piece);

/* ---- RSS --------------------------------------------------------------------------------- */

/* All entries of the table, round robin over the queues. Returns the status. */
int fake_ena_rss_table(struct fake_ena *e, const struct fake_ena_rxq *queues, unsigned int n);
/* The key, whose first byte is used first. */
int
fake_ena_rss_key(struct fake_ena *e, const uint8_t key[4 * ENA_RSS_KEY_WORDS], uint32_t init_value);

#endif /* FAKE_ENA_H */
