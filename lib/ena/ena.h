/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef ENA_H
#define ENA_H

/* The card: what its objects share. */

#include <assert.h>
#include <endian.h>
#include <string.h>

#include <wcdev_card.h>
#include <wcdev_cut.h>
#include <wcdev_dma.h>
#include <wcdev_parse.h>
#include <wcdev_ring.h>
#include <wcdev_rss.h>
#include <wcdev_turns.h>

#include "ena_abi.h"
#include "ena_card.h"

#define ENA_QUEUES_MAX (2 * ENA_QUEUE_PAIRS_MAX) /* of each kind: submission, completion */
#define ENA_BURST 32u
#define ENA_FRAME_MIN 14u
/* A frame before it is segmented: 16 bits of length and the headers of layer 2. */
#define ENA_FRAME_MAX (UINT16_MAX + 256u)
/* Descriptors of a frame; a fragment is a piece of a buffer within a page, if it must be. */
#define ENA_TX_DESCS_MAX 18u
#define ENA_RX_DESCS_MAX 17u
#define ENA_FRAGS_FRAME (1 + ENA_TX_DESCS_MAX * (65536u / WCDEV_PAGE_BYTES + 1))
#define ENA_FRAGS (ENA_FRAGS_FRAME + 2 * ENA_BURST)
#define ENA_SEGMENTS_MAX 1024u
/* Copies of a burst: entries of an LLQ, frames whose checksums are made. Each begins in the first
 * so many bytes. */
#define ENA_COPIES_BYTES 65536u
#define ENA_DEPTH_ADMIN_MAX 1024u
#define ENA_KEEP_ALIVE_NS 1000000000u
#define ENA_PUSH_WAIT_NS 100000u

struct ena_card;

/* ---- queues ------------------------------------------------------------------------------ */

struct ena_cq {
	bool live;
	uint8_t entry_bytes;
	uint16_t depth;
	uint16_t vector; /* WCDEV_VECTOR_NONE: polled */
	uint16_t tail;
	uint16_t n_sqs; /* that complete here */
	struct wcdev_ring ring;
};

/* Interrupts of all completion queues with one vector: drivers unmask them together. */
struct ena_vector {
	bool armed;   /* the driver waits for it */
	bool pending; /* something has come since the last */
	uint32_t rx_delay_ns;
	uint32_t tx_delay_ns;
	uint64_t due_ns; /* pending: not before */
};

enum ena_sq_state {
	ENA_SQ_NONE = 0,
	ENA_SQ_RUN,
	ENA_SQ_STOPPED, /* after an error, until it is destroyed */
};

/* Of offloads: two words of a meta descriptor, as they were. `ctrl` 0: there was none. */
struct ena_tx_meta {
	uint32_t ctrl;
	uint32_t word;
};

struct ena_sq {
	enum ena_sq_state state;
	uint16_t idx;
	bool tx;
	bool llq;
	bool complete_asked; /* else each frame is completed */
	uint16_t depth;
	uint16_t head;
	uint16_t tail; /* as the doorbell says */
	struct ena_cq *cq;
	struct wcdev_ring ring; /* in host memory */
	struct wcdev_reader reader;
	struct wcdev_dma_cache bufs;

	/* LLQ */
	uint8_t *entries;
	uint16_t entry_bytes;
	uint8_t before_header; /* descriptors in the first entry of a frame */
	uint8_t per_entry;     /* in the others */
	bool no_meta_caching;  /* as the driver chose before the queue was made */
	bool waiting;          /* an entry is not whole */
	uint64_t wait_since_ns;

	/* Tx */
	bool port_busy;
	bool resync; /* a frame's end was not found: what does not begin one belongs to it */
	struct ena_tx_meta meta;
	struct wcdev_cut cut; /* of the frame at the head */
};

/* ---- admin ------------------------------------------------------------------------------- */

struct ena_admin {
	bool on; /* both rings are known */
	struct wcdev_ring aq;
	struct wcdev_ring acq;
	struct wcdev_reader reader;
	uint16_t head;
	uint16_t tail; /* of completions */
	uint16_t db;
};

struct ena_aenq {
	struct wcdev_ring ring;
	bool on;
	uint16_t tail;
	uint16_t credit; /* where the driver's head permits to write up to */
	uint32_t groups;
	uint64_t keep_alive_ns; /* when the last was sent */
	bool link_up;           /* as told last */
	bool link_told;
	bool untold; /* something was posted, and no interrupt was raised */
};

struct ena_rss {
	bool hashes; /* the driver has set any of it */
	bool table_set;
	uint16_t table[1u << ENA_RSS_TABLE_LOG2];
	uint32_t init_value;
	uint16_t fields[ENA_RSS_PROTOS];
	uint8_t key[WCDEV_RSS_KEY_BYTES];          /* first byte first */
	uint8_t key_at_first[WCDEV_RSS_KEY_BYTES]; /* of the seed */
	struct wcdev_rss hash;
};

/* What SET_FEATURE has chosen of the LLQ. */
struct ena_llq_set {
	uint16_t entry_bytes;
	uint8_t before_header;
	uint8_t per_entry;
	bool no_meta_caching;
};

struct ena_card {
	struct wcdev dev; /* must be first */
	struct ena_card_config config;
	uint64_t now_ns; /* of the last whole poll */
	uint64_t poll_id;

	/* Registers that keep what was written. */
	uint32_t regs[ENA_REGS_BYTES / 4];
	uint32_t status;
	struct ena_admin admin;
	struct ena_aenq aenq;
	struct ena_llq_set llq;
	uint32_t mtu;
	struct ena_rss rss;

	struct wcdev_turns tx_turns; /* of the submission queues that exist */
	uint64_t rx_live;            /* a bit for each */
	uint64_t cq_live;
	uint64_t irq_due; /* a bit for each vector that is delayed */
	struct ena_sq sqs[ENA_QUEUES_MAX];
	struct ena_cq cqs[ENA_QUEUES_MAX];
	struct ena_vector vectors[ENA_QUEUE_PAIRS_MAX + 1];
	uint64_t llq_used; /* a bit for each place in the LLQ memory */
	uint32_t llq_place_bytes;
	uint64_t poison; /* what each word of an entry is before it is written */

	struct ena_card_stats stats;
	uint8_t rx_copy[WCDEV_MTU_MAX + WCDEV_L2_BYTES_MAX];
	struct wcdev_frag frags[ENA_FRAGS];
	uint64_t copies[(ENA_COPIES_BYTES + ENA_FRAME_MAX + 8192) / 8];
};
static_assert(ENA_QUEUES_MAX <= 64, "a bit for each queue");

static inline struct ena_card *
ena_of(struct wcdev *dev)
{
	return (struct ena_card *)dev; /* the first member */
}

static inline uint64_t
ena_iova(const struct ena_addr *addr)
{
	return (uint64_t)le16toh(addr->hi) << 32 | le32toh(addr->lo);
}

/* MSI-X vectors. */
static inline unsigned int
ena_vectors(const struct ena_card *card)
{
	return card->config.queue_pairs + 1u;
}

/*
 * Doorbells in BAR 0: groups of words, one for each queue, rotated by the seed, so that a driver
 * must use the offsets that it is given.
 */
#define ENA_GROUP_SQ 0x1000u
#define ENA_GROUP_UNMASK 0x1400u
#define ENA_GROUP_BYTES (4u * ENA_QUEUES_MAX)

static inline uint32_t
ena_doorbell_off(const struct ena_card *card, uint32_t group, unsigned int idx)
{
	return group + 4 * (uint32_t)((idx + card->config.seed) % ENA_QUEUES_MAX);
}

/* Which queue a doorbell of the group is of. */
static inline unsigned int
ena_doorbell_idx(const struct ena_card *card, uint32_t group, uint32_t off)
{
	return (unsigned int)(((off - group) / 4 + ENA_QUEUES_MAX -
			       card->config.seed % ENA_QUEUES_MAX) %
			      ENA_QUEUES_MAX);
}

/* The longest frame that is sent or received. */
static inline uint32_t
ena_bytes_max(const struct ena_card *card)
{
	return card->mtu + WCDEV_L2_BYTES_MAX;
}

/* ---- ena_regs.c -------------------------------------------------------------------------- */

void ena_regs_reset(struct ena_card *card);
void ena_regs_read(struct ena_card *card, uint64_t off, void *data, size_t bytes);
/* Returns whether the driver asks for a reset, which is the caller's to do. */
WC_MUST_CHECK bool
ena_regs_write(struct ena_card *card, uint64_t off, const void *data, size_t bytes);

/* ---- ena_admin.c ------------------------------------------------------------------------- */

/* Answers commands. Returns how many. */
unsigned int ena_admin_poll(struct ena_card *card);

/* ---- ena_call.c -------------------------------------------------------------------------- */

/* A command while it is carried out. Answers are in `out`, behind the first eight bytes. */
struct ena_call {
	union ena_cmd cmd; /* a copy */
	union {
		struct ena_acq_common common;
		uint8_t bytes[ENA_ADMIN_BYTES];
		uint64_t words[ENA_ADMIN_BYTES / 8];
	} out;
	bool later; /* its buffer has been asked for and has not come: it will be repeated */
};

/* What is behind the first eight bytes of an answer. */
static inline void *
ena_call_answer(struct ena_call *call)
{
	return call->out.bytes + sizeof(struct ena_acq_common);
}

/* Copies the buffer of a command, which must have `bytes`. Sets call->later. */
enum ena_admin_status
ena_call_buffer_read(struct ena_card *card, struct ena_call *call, void *data, uint32_t bytes);
/* Writes as much of an answer into the command's buffer as fits, if there is one. */
enum ena_admin_status ena_call_buffer_write(struct ena_card *card, const struct ena_call *call,
					    const void *data, uint32_t bytes);

/* ---- ena_feature.c, ena_rss.c: GET_FEATURE, SET_FEATURE ---------------------------------- */

void ena_feature_reset(struct ena_card *card);
enum ena_admin_status ena_feature_get(struct ena_card *card, struct ena_call *call);
enum ena_admin_status ena_feature_set(struct ena_card *card, struct ena_call *call);

void ena_rss_reset(struct ena_card *card);
enum ena_admin_status ena_rss_function_get(struct ena_card *card, struct ena_call *call);
enum ena_admin_status ena_rss_function_set(struct ena_card *card, struct ena_call *call);
enum ena_admin_status ena_rss_table_get(struct ena_card *card, struct ena_call *call);
enum ena_admin_status ena_rss_table_set(struct ena_card *card, struct ena_call *call);
enum ena_admin_status ena_rss_input_get(struct ena_card *card, struct ena_call *call);
enum ena_admin_status ena_rss_input_set(struct ena_card *card, struct ena_call *call);
/* The queue for a frame, or NULL: there is none. *hash: 0 if nothing is hashed. */
struct ena_sq *ena_rss_queue(struct ena_card *card, const uint8_t *head,
			     const struct wcdev_parse *parse, uint32_t *hash);
/* The same by the hash. */
struct ena_sq *ena_rss_queue_of(struct ena_card *card, uint32_t hash);

/* ---- ena_queue.c ------------------------------------------------------------------------- */

enum ena_admin_status ena_cq_create(struct ena_card *card, struct ena_call *call);
enum ena_admin_status ena_cq_destroy(struct ena_card *card, struct ena_call *call);
enum ena_admin_status ena_sq_create(struct ena_card *card, struct ena_call *call);
enum ena_admin_status ena_sq_destroy(struct ena_card *card, struct ena_call *call);
void ena_queues_reset(struct ena_card *card);
/* The queue stops; `counter` says why. The driver is told to reset the device. */
void ena_sq_stop(struct ena_card *card, struct ena_sq *sq, uint64_t *counter, const char *why);
/* A doorbell. */
void ena_sq_ring(struct ena_card *card, struct ena_sq *sq, uint32_t value);

/* ---- ena_cq.c ---------------------------------------------------------------------------- */

/* Whether the next entry can be written. */
bool ena_cq_ready(struct ena_card *card, struct ena_cq *cq);
/*
 * Write entries, whose phases they set. An entry that is longer than given ends with zeroes. False:
 * one has no place.
 */
WC_MUST_CHECK bool
ena_cq_put_tx(struct ena_card *card, struct ena_cq *cq, struct ena_tx_cpl *cpls, unsigned int n);
WC_MUST_CHECK bool ena_cq_put_rx(struct ena_card *card, struct ena_cq *cq, struct ena_rx_cpl *cpl);
/* Raises the interrupt for what was written, now or later. */
void ena_cq_signal(struct ena_card *card, const struct ena_cq *cq, bool tx);
/* A doorbell of interrupts. */
void ena_cq_unmask(struct ena_card *card, const struct ena_cq *cq, uint32_t value);
/* Raises the interrupts whose delay is over. */
void ena_cq_poll(struct ena_card *card);

/* ---- ena_aenq.c -------------------------------------------------------------------------- */

/* Posts an event if the driver wants it. Returns whether it was posted. */
bool ena_aenq_post(struct ena_card *card, enum ena_aenq_group group, uint16_t syndrome,
		   const uint32_t data[12]);
/* Interrupts are no longer masked: raises the one for what was posted meanwhile. */
void ena_aenq_unmask(struct ena_card *card);
/* Keep-alive, and changes of the link. */
void ena_aenq_poll(struct ena_card *card);

/* ---- ena_tx.c, ena_rx.c ------------------------------------------------------------------ */

/* Sends frames. Returns how many descriptors or frames it is done with. */
unsigned int ena_tx_poll(struct ena_card *card, struct ena_sq *sq);
/* As wcdev_receive_burst(). */
unsigned int
ena_rx_burst(struct wcdev *dev, const struct wcdev_frame *frames, unsigned int n, int *ret);

#endif /* ENA_H */
