/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_INTERNAL_H
#define CARD_INTERNAL_H

/* What the objects of the model know of one another. Section numbers are the datasheet's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wcnic_card.h"

#define CARD_QUEUES_MAX 64u
#define CARD_QUEUES_DEFAULT 16u
#define CARD_WINDOWS_MAX 256u
#define CARD_FW_VERSION 0x00010000u
#define CARD_DEPTH_MIN 8u
#define CARD_DEPTH_MAX 4096u
#define CARD_FRAME_MIN 14u
#define CARD_FRAME_MAX (WCNIC_MTU_MAX + WCNIC_L2_OVERHEAD)
#define CARD_WINDOW_BYTES_MAX (4u << 20)
#define CARD_PUSH_WAIT_NS 100000u
#define CARD_HEARTBEAT_NS 100000000u
#define CARD_BURST 64u
#define CARD_SPEED_MBPS 100000u
/* Each entry of a frame costs its bytes, its header and padding to eight bytes. */
#define CARD_FRAME_ENTRIES_MAX 255u
#define CARD_FRAME_STREAM_BYTES (CARD_FRAME_MAX + (CARD_FRAME_ENTRIES_MAX + 2) * 16 + 1024)
/* Packed: a frame begins in the first so many bytes of the scratch memory. */
#define CARD_STREAM_BYTES 8192u
#define CARD_SCRATCH_BYTES (CARD_STREAM_BYTES + CARD_FRAME_STREAM_BYTES)

/* What the parser found in the first bytes of a frame. */
struct rx_parse {
	uint16_t ptype;
	uint8_t rss_type; /* one WCNIC_RSS_* bit of the address pair, or 0 */
	uint8_t addr_bytes;
	bool has_ports;
	uint8_t tuple[36]; /* addresses, then ports: in wire order */
};

struct rss_state {
	uint32_t types;
	uint16_t reta[WCNIC_RETA_ENTRIES];
	uint32_t table[72][16]; /* hash contribution of each input nibble */
};

struct window {
	bool used;
	uint8_t type;
	uint8_t slot_lines;
	uint16_t generation;
	uint16_t qid;
	uint16_t slots;
	uint16_t users; /* queues that hold it */
	uint32_t bytes;
	uint64_t off;
};

/* A ring in host memory; entries are as long as they are aligned, and at most a line. */
struct ring {
	uint64_t iova;
	uint16_t entries;
	uint8_t entry_bytes;
	uint8_t prot;
	bool scattered; /* not in one piece here */
	/* As long as the card has this map_id, entries [first, first + n) are here from `at` on. */
	uint16_t first;
	uint16_t n;
	uint64_t map_id;
	uint8_t *at;
};

/* What was read by message for a command or frame that is not complete yet. */
#define DMA_MEMO_READS (2 * CARD_FRAME_ENTRIES_MAX + 8)
#define DMA_MEMO_BYTES (CARD_FRAME_MAX + DMA_MEMO_READS * 24)

struct dma_memo_read {
	uint64_t iova;
	uint32_t bytes;
	uint32_t off; /* in data, in bytes */
};

/* Frames on their way in may wait for one on its way out, and must not wait for its memo. */
#define DMA_LANE_OUT 0u
#define DMA_LANE_IN 1u
#define DMA_LANES 2u

struct dma_memo {
	const void *owner; /* whose it is; NULL: nobody's */
	bool walked;       /* since the last poll began; else the owner has given up */
	unsigned int n;
	unsigned int next; /* the read that comes next when they are walked again */
	uint32_t used;
	struct dma_memo_read reads[DMA_MEMO_READS];
	uint64_t data[(DMA_MEMO_BYTES + 7) / 8];
};

enum queue_state {
	QUEUE_NONE = 0,
	QUEUE_RUN,
	QUEUE_STOPPED, /* Tx: after INCOMPLETE or DROPPED, waits for the next epoch */
	QUEUE_FAILED,  /* after QUEUE_ERROR, waits for its destruction */
};

struct txq {
	enum queue_state state;
	uint16_t qid;
	uint16_t depth;
	uint16_t vector;
	uint16_t db_window;
	uint16_t push_window;
	uint32_t db_off;
	struct ring ring;
	struct ring cq;

	uint64_t *db;   /* the record, in the aperture */
	uint8_t *slots; /* the push window, in the aperture; NULL: none or revoked */
	bool may_push;  /* was created with a push window */
	uint8_t format; /* enum wcnic_push_format */
	uint16_t n_slots;
	uint16_t generation;
	uint8_t slot_lines;

	/* Packed: what is behind the last frame that is decided. */
	uint16_t n_lines;
	uint16_t line;    /* the first that has not been copied */
	uint8_t n_rest;   /* words of the line before it that are to come */
	uint64_t rest[6]; /* these words */

	uint64_t db_seen;
	uint16_t head; /* first entry without completion */
	uint16_t tail;
	uint16_t cq_tail;
	uint16_t expired_seq; /* head when old lines were last forgotten */
	uint8_t epoch;
	uint8_t placement;
	bool switching;
	uint8_t next_placement;
	uint16_t switch_seq;

	bool waiting; /* for a slot to become whole, at head */
	bool held;    /* by the port, at head */
	uint64_t wait_since_ns;
};

struct rxq {
	enum queue_state state;
	uint16_t qid;
	uint16_t depth;
	uint16_t vector;
	uint16_t db_window;
	uint32_t db_off;
	uint32_t buf_bytes;
	struct ring ring;
	struct ring cq;

	uint64_t *db;
	uint64_t db_fired; /* the record that the interrupt was raised for */
	bool fired;
	uint16_t head; /* of buffers and of completions: one for one */
	uint16_t tail;
};

struct admin {
	uint64_t asq_base;
	uint64_t acq_base;
	uint64_t aeq_base;
	uint32_t size;
	struct ring asq;
	struct ring acq;
	struct ring aeq;
	uint16_t asq_head;
	uint16_t asq_tail;
	uint16_t aeq_head;
	uint16_t aeq_tail;
	uint32_t lost; /* events since the ring was full */
	bool features_set;
	bool queue_made; /* since reset */
};

struct card_port {
	const struct wcnic_port_ops *ops;
	void *ctx;
	bool link_up;
	uint32_t speed_mbps;
	uint16_t mtu;
	uint16_t flags;
	uint8_t mac[6];
};

struct watch_line;

/* The self test that runs, if any. */
struct watch {
	const struct window *window; /* NULL: none */
	struct watch_line *lines;
	uint32_t n_lines;
	uint32_t arrivals[8];
	uint64_t highest; /* line that has been written to */
	uint64_t first_ns;
	uint64_t last_ns;
	bool begun;
};

struct stray {
	uint64_t next_off; /* where the search goes on */
	uint32_t polls;
	uint32_t lines; /* found and not yet told */
	uint64_t first_off;
	bool told;
	uint64_t told_ns;
};

struct wcnic_card {
	const struct wcnic_card_ops *ops;
	void *ctx;
	uint8_t *aperture;
	uint64_t aperture_bytes;
	uint16_t n_queues;
	uint16_t n_windows;
	uint32_t push_wait_ns;
	uint32_t window_bytes_max;
	uint32_t hang_after_cmds;
	uint64_t caps;
	uint8_t perm_mac[6];

	uint64_t now_ns; /* of this poll */
	uint64_t poll_id;
	uint64_t map_id; /* another one when what is looked up must be looked up anew; never 0 */
	bool polling;
	bool sent; /* frames, since the clock was read last */

	uint32_t ctrl;
	uint32_t status;
	bool settling; /* not READY before what was under way has arrived */
	uint32_t error_cause;
	uint32_t error_info;
	uint32_t heartbeat;
	uint64_t beat_ns;
	uint32_t reset_count;
	bool fw_hung;
	uint32_t cmds_done;
	uint64_t features;

	uint64_t random;
	uint16_t generation;
	uint16_t *page_owner; /* by 64 KiB of the aperture: window id + 1, or 0 */
	uint32_t n_pages;

	struct admin admin;
	struct card_port port;
	struct stray stray;
	struct rss_state rss;
	struct wcnic_stats stats; /* in host byte order */
	bool rx_held;

	uint64_t txq_live; /* a bit per queue that exists */
	uint64_t rxq_live;
	struct window windows[CARD_WINDOWS_MAX];
	struct txq txqs[CARD_QUEUES_MAX];
	struct rxq rxqs[CARD_QUEUES_MAX];

	struct dma_memo memos[DMA_LANES];
	unsigned int n_memos; /* that have owners */
	struct watch watch;
	struct wcnic_frag *frags; /* CARD_FRAME_MAX of them: the frame being sent */
	uint64_t scratch[CARD_SCRATCH_BYTES / 8];
};

/* ---- shared memory ----------------------------------------------------------------------- */

static inline uint64_t
shared_load(const void *word)
{
	return __atomic_load_n((const uint64_t *)word, __ATOMIC_RELAXED);
}

/* A 16-byte completion: its last word, which holds the phase, becomes visible last. */
static inline void
shared_publish16(void *dst, const void *src)
{
	uint64_t words[2];

	memcpy(words, src, sizeof(words));
	__atomic_store_n((uint64_t *)dst, words[0], __ATOMIC_RELAXED);
	__atomic_store_n((uint64_t *)dst + 1, words[1], __ATOMIC_RELEASE);
}

static inline void *
card_dma(struct wcnic_card *card, uint64_t iova, size_t bytes, unsigned int prot)
{
	return card->ops->dma(card->ctx, iova, bytes, prot);
}

/* The phase of entry `seq` of a ring: 1 in the first lap. */
static inline uint8_t
ring_phase(uint16_t seq, uint16_t entries)
{
	return (seq & entries) ? 0 : WCNIC_PHASE_BIT;
}

static inline bool
is_pow2(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/* ---- card.c ------------------------------------------------------------------------------ */

__attribute__((format(printf, 3, 4))) void
card_log(struct wcnic_card *card, int level, const char *fmt, ...);
/* Notes the first error since reset. */
void card_error_note(struct wcnic_card *card, enum wcnic_error cause, uint32_t info);
/* The card can only be reset after this. */
void card_fatal(struct wcnic_card *card, enum wcnic_error cause, uint32_t info);
void card_irq(struct wcnic_card *card, uint16_t vector);
void card_beat(struct wcnic_card *card);
uint16_t card_vectors(const struct wcnic_card *card);

/* ---- dma.c ------------------------------------------------------------------------------- */

/* The smallest piece in which host memory may be mapped. */
#define DMA_PAGE_BYTES 4096u

/* Whether every byte can be reached for `prot`, in whatever pieces and ways. */
bool dma_reaches(struct wcnic_card *card, uint64_t iova, uint64_t bytes, unsigned int prot);

/*
 * Reads take place for an `owner`, who walks the same reads again after -EAGAIN (a message is under
 * way) and forgets them with dma_memo_reset() when its command or frame is decided. Other errors:
 * -EFAULT (not mapped so), -E2BIG (longer than a frame, and only to be had by message).
 */
__attribute__((warn_unused_result)) int
dma_read(struct wcnic_card *card, const void *owner, uint64_t iova, void *dst, uint32_t bytes);
/* The first piece of [iova, iova + *bytes); *bytes: how long it is. */
__attribute__((warn_unused_result)) int dma_next(struct wcnic_card *card, const void *owner,
						 uint64_t iova, uint32_t *bytes, const void **data);
void dma_memo_drop(struct wcnic_card *card, struct dma_memo *memo);
/* A poll begins: memos that nobody walks any more are free. */
void dma_memo_sweep(struct wcnic_card *card);
void dma_memo_clear(struct wcnic_card *card);

/* Writes in order, by message or not. The caller has checked that the range can be reached. */
int dma_write(struct wcnic_card *card, uint64_t iova, const void *src, uint32_t bytes);
/* No message is under way. */
bool dma_quiet(struct wcnic_card *card);

void ring_init(struct ring *ring, uint64_t iova, uint32_t entries, uint32_t entry_bytes,
	       unsigned int prot);
bool ring_reaches(struct wcnic_card *card, const struct ring *ring);
/* Looks up the entry and what lies around it; NULL: not mapped here. */
uint8_t *ring_map(struct wcnic_card *card, struct ring *ring, uint16_t idx);
/* For entries that have no address here. */
__attribute__((warn_unused_result)) int
ring_read_remote(struct wcnic_card *card, const struct ring *ring, const void *owner, uint16_t seq,
		 void *dst);
bool ring_ready_remote(struct wcnic_card *card, const struct ring *ring, uint16_t seq);
int ring_post(struct wcnic_card *card, const struct ring *ring, uint16_t seq, const void *src);

/* What `owner` has read by message since its last reset, or NULL. */
static inline struct dma_memo *
dma_memo_of(struct wcnic_card *card, const void *owner)
{
	unsigned int i;

	for (i = 0; card->n_memos != 0 && i < DMA_LANES; i++)
		if (card->memos[i].owner == owner)
			return &card->memos[i];
	return NULL;
}

static inline void
dma_memo_rewind(struct wcnic_card *card, const void *owner)
{
	struct dma_memo *memo = dma_memo_of(card, owner);

	if (memo == NULL)
		return;
	memo->next = 0;
	memo->walked = true;
}

static inline void
dma_memo_reset(struct wcnic_card *card, const void *owner)
{
	struct dma_memo *memo = dma_memo_of(card, owner);

	if (memo != NULL)
		dma_memo_drop(card, memo);
}

/* Where entry `seq` is, or NULL. What dma() gave is good until the call on the card returns. */
static inline uint8_t *
ring_find(struct wcnic_card *card, struct ring *ring, uint16_t seq)
{
	uint16_t idx = seq & (ring->entries - 1);

	if (ring->map_id != card->map_id || (uint16_t)(idx - ring->first) >= ring->n)
		return ring_map(card, ring, idx);
	return ring->at + (uint32_t)(idx - ring->first) * ring->entry_bytes;
}

/* `bytes` is the entry's size, which the compiler knows. Errors as dma_read(). */
__attribute__((warn_unused_result)) static inline int
ring_read(struct wcnic_card *card, struct ring *ring, const void *owner, uint16_t seq, void *dst,
	  size_t bytes)
{
	const uint8_t *src = ring_find(card, ring, seq);
	uint64_t word;
	size_t i;

	if (src == NULL)
		return ring_read_remote(card, ring, owner, seq, dst);
	for (i = 0; i < bytes; i += sizeof(word)) {
		word = shared_load(src + i);
		memcpy((uint8_t *)dst + i, &word, sizeof(word));
	}
	return 0;
}

/* Whether an entry can be written now. */
static inline bool
ring_ready(struct wcnic_card *card, struct ring *ring, uint16_t seq)
{
	return ring_find(card, ring, seq) != NULL || ring_ready_remote(card, ring, seq);
}

/* Writes a completion of 16 bytes or an event of 32: the word with the phase last. */
static inline int
ring_publish(struct wcnic_card *card, struct ring *ring, uint16_t seq, const void *src,
	     size_t bytes)
{
	uint8_t *dst = ring_find(card, ring, seq);

	if (dst == NULL)
		return ring_post(card, ring, seq, src);
	memcpy(dst, src, bytes - 16);
	shared_publish16(dst + bytes - 16, (const uint8_t *)src + bytes - 16);
	return 0;
}

/* ---- regs.c ------------------------------------------------------------------------------ */

int regs_read(struct wcnic_card *card, uint64_t off, void *data, size_t bytes);
int regs_write(struct wcnic_card *card, uint64_t off, const void *data, size_t bytes);

/* ---- admin.c ----------------------------------------------------------------------------- */

unsigned int admin_poll(struct wcnic_card *card);

/* One command while it is done: the answer and the result go back with the status. */
struct admin_call {
	const void *params;
	const void *input;
	uint32_t result;
	union {
		struct wcnic_identity identity;
		struct wcnic_window_grant grant;
		struct wcnic_port_info port;
		struct wcnic_stats stats;
		struct wcnic_window_test_report test;
	} answer;
};

/* Refuses the parameter `field` of the command's `type`. */
#define ADMIN_BAD_FIELD(call, type, field)                                                         \
	((call)->result = offsetof(struct wcnic_admin_cmd, params) + offsetof(struct type, field), \
	 WCNIC_ST_INVALID_FIELD)

typedef enum wcnic_admin_status (*admin_fn)(struct wcnic_card *card, struct admin_call *call);

/* ---- event.c ----------------------------------------------------------------------------- */

void event_post(struct wcnic_card *card, enum wcnic_event_type type, uint32_t arg0, uint32_t arg1,
		uint64_t arg64);
/* Tells of events that did not fit, once there is room. */
void event_poll(struct wcnic_card *card);

/* ---- window.c ---------------------------------------------------------------------------- */

enum wcnic_admin_status window_alloc(struct wcnic_card *card, struct admin_call *call);
enum wcnic_admin_status window_free(struct wcnic_card *card, struct admin_call *call);
enum wcnic_admin_status window_query(struct wcnic_card *card, struct admin_call *call);
enum wcnic_admin_status window_test(struct wcnic_card *card, struct admin_call *call);
void window_reset_all(struct wcnic_card *card);
/* The window `id` if it is of that type, else NULL. */
struct window *window_find(struct wcnic_card *card, uint16_t id, enum wcnic_window_type type);
/* A doorbell record for a new queue: a verdict, and the word in the aperture. */
__attribute__((warn_unused_result)) enum wcnic_admin_status
window_record(struct wcnic_card *card, uint16_t id, uint32_t off, uint64_t **record);
int window_read(struct wcnic_card *card, uint64_t off, void *data, size_t bytes);
int window_write(struct wcnic_card *card, uint64_t off, const void *data, size_t bytes);
void window_generation_next(struct wcnic_card *card);

/* ---- watch.c ----------------------------------------------------------------------------- */

/* WINDOW_TEST of a window that no queue uses. */
enum wcnic_admin_status
watch_command(struct wcnic_card *card, struct admin_call *call, const struct window *w);
/* A store, within one line, that has just arrived in the aperture. */
void watch_store(struct wcnic_card *card, uint64_t off, size_t bytes);
void watch_stop(struct wcnic_card *card);

/* ---- stray.c ----------------------------------------------------------------------------- */

void stray_poll(struct wcnic_card *card);
void stray_found(struct wcnic_card *card, uint64_t off, uint32_t lines);
/* Counts and clears what lies in a piece of the aperture that is no window. */
void stray_scan(struct wcnic_card *card, uint64_t off, uint64_t bytes);

/* ---- txq.c ------------------------------------------------------------------------------- */

enum wcnic_admin_status txq_create(struct wcnic_card *card, struct admin_call *call);
enum wcnic_admin_status txq_destroy(struct wcnic_card *card, struct admin_call *call);
void txq_reset_all(struct wcnic_card *card);
void txq_window_gone(struct wcnic_card *card, uint16_t window_id);
unsigned int txq_poll(struct wcnic_card *card, struct txq *q);

/* ---- txframe.c --------------------------------------------------------------------------- */

/* Packed: how far the stream of a queue has been copied to card->scratch. */
struct tx_stream {
	uint32_t at;   /* the word where the next entry begins */
	uint32_t end;  /* words that have been copied */
	uint16_t line; /* the next to be copied */
};

enum tx_verdict {
	TX_READY, /* `frame` can be sent */
	TX_WAIT,  /* a slot is not whole */
	TX_FETCH, /* host memory was asked for and has not come */
	TX_FAULT, /* the descriptor ring cannot be read */
	TX_BAD,   /* to be discarded for `reason`, its extent is known */
	TX_LOST,  /* the same, and where the next frame begins is not known */
};

struct tx_frame {
	struct wcnic_frame frame;
	uint16_t entries;
	enum wcnic_error reason;
	struct tx_stream after; /* packed: behind it; TX_WAIT: at the line that is not whole */
};

/* The frame that begins at `seq`; it must end before `limit`. */
__attribute__((warn_unused_result)) enum tx_verdict
tx_frame_fetch(struct wcnic_card *card, struct txq *q, uint16_t seq, uint16_t limit,
	       struct tx_frame *out);
__attribute__((warn_unused_result)) enum tx_verdict
tx_frame_push(struct wcnic_card *card, const struct txq *q, uint16_t seq, uint16_t limit,
	      struct tx_frame *out);
/* How many of the lines that the slot of `seq` needs belong to something else. */
unsigned int tx_slot_stale(const struct txq *q, uint16_t seq);
/* Forgets lines so old that their sequence number would be taken for a new one. */
void tx_slots_expire(struct txq *q, uint16_t head);
/* Forgets what was stored in the window before the queue was there. */
void tx_lines_clear(struct txq *q);

/* ---- txpacked.c -------------------------------------------------------------------------- */

/* An epoch begins: lines are numbered from 0, and those of epochs long ago are forgotten. */
void tx_packed_begin(struct txq *q);
/* The stream of a queue is in card->scratch between these, as long as no other queue's is. */
void tx_packed_open(struct wcnic_card *card, const struct txq *q, struct tx_stream *s);
void tx_packed_close(struct wcnic_card *card, struct txq *q, const struct tx_stream *s);
/* As tx_frame_push(); `from` stays good until tx_packed_next() goes on behind the frame. */
__attribute__((warn_unused_result)) enum tx_verdict
tx_frame_packed(struct wcnic_card *card, struct txq *q, const struct tx_stream *from, uint16_t seq,
		uint16_t limit, struct tx_frame *out);
void tx_packed_next(struct wcnic_card *card, struct tx_stream *s, const struct tx_stream *after);
/* Whether something else is in the place of the line: 1 or 0. */
unsigned int tx_packed_stale(const struct txq *q, uint16_t line);

/* ---- rxq.c ------------------------------------------------------------------------------- */

enum wcnic_admin_status rxq_create(struct wcnic_card *card, struct admin_call *call);
enum wcnic_admin_status rxq_destroy(struct wcnic_card *card, struct admin_call *call);
void rxq_reset_all(struct wcnic_card *card);
void rxq_window_gone(struct wcnic_card *card, uint16_t window_id);
void rxq_poll(struct wcnic_card *card, struct rxq *q);
/* 0: delivered or discarded; -EAGAIN: no buffers. */
__attribute__((warn_unused_result)) int
rxq_deliver(struct wcnic_card *card, struct rxq *q, const struct wcnic_frame *frame, uint16_t ptype,
	    const uint32_t *hash);

/* ---- port.c ------------------------------------------------------------------------------ */

void port_reset(struct wcnic_card *card);
enum wcnic_admin_status port_query(struct wcnic_card *card, struct admin_call *call);
enum wcnic_admin_status port_set(struct wcnic_card *card, struct admin_call *call);
void port_link_poll(struct wcnic_card *card);

/* ---- parse.c, rss.c ---------------------------------------------------------------------- */

/* Classifies a frame by its first bytes. */
void rx_parse(const uint8_t *head, size_t bytes, struct rx_parse *out);

void rss_reset(struct wcnic_card *card);
enum wcnic_admin_status rss_set(struct wcnic_card *card, struct admin_call *call);
/* Whether the frame has a hash, and which. */
bool rss_hash(const struct rss_state *rss, const struct rx_parse *parse, uint32_t *hash);

#endif /* CARD_INTERNAL_H */
