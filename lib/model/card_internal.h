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

#include <wcdev_ring.h>
#include <wcdev_rss.h>

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
/* Each entry of a frame costs its bytes, its header and padding to eight bytes. */
#define CARD_FRAME_ENTRIES_MAX WCDEV_FRAME_ENTRIES_MAX
#define CARD_FRAME_STREAM_BYTES (CARD_FRAME_MAX + (CARD_FRAME_ENTRIES_MAX + 2) * 16 + 1024)
/* Each frame of a burst begins in the first so many bytes of the scratch memory. */
#define CARD_STREAM_BYTES 8192u
#define CARD_SCRATCH_BYTES (CARD_STREAM_BYTES + CARD_FRAME_STREAM_BYTES)
/* The frames of a burst but the last have fewer fragments. */
#define CARD_FRAGS_BURST 512u
#define CARD_FRAGS (CARD_FRAGS_BURST + CARD_FRAME_MAX)

struct card_rss {
	struct card_rxq *reta[WCNIC_RETA_ENTRIES];
	struct wcdev_rss hash;
};

struct card_window {
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

enum card_queue_state {
	CARD_QUEUE_NONE = 0,
	CARD_QUEUE_RUN,
	CARD_QUEUE_STOPPED, /* Tx: after INCOMPLETE or DROPPED, waits for the next epoch */
	CARD_QUEUE_FAILED,  /* after QUEUE_ERROR, waits for its destruction */
};

struct card_txq {
	enum card_queue_state state;
	struct wcdev_reader reader;
	uint16_t qid;
	uint16_t depth;
	uint16_t vector;
	uint16_t db_window;
	uint16_t push_window;
	uint32_t db_off;
	struct wcdev_ring ring;
	struct wcdev_ring cq;
	struct wcdev_dma_cache segs;

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

	uint64_t *db;
	uint64_t db_fired; /* the record that the interrupt was raised for */
	bool fired;
	uint16_t head; /* of buffers and of completions: one for one */
	uint16_t tail;

	/*
	 * As long as the card has this map_id, the buffers [head, ahead_end) are here, by their
	 * number modulo CARD_RX_AHEAD, and so is the room for their completions.
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
};

struct card_admin {
	uint64_t asq_base;
	uint64_t acq_base;
	uint64_t aeq_base;
	uint32_t size;
	struct wcdev_reader reader;
	struct wcdev_ring asq;
	struct wcdev_ring acq;
	struct wcdev_ring aeq;
	uint16_t asq_head;
	uint16_t asq_tail;
	uint16_t aeq_head;
	uint16_t aeq_tail;
	uint32_t lost; /* events since the ring was full */
	bool features_set;
	bool queue_made; /* since reset */
};

struct card_port {
	bool link_up;
	uint32_t speed_mbps;
	uint16_t mtu;
	uint16_t flags;
	uint8_t mac[6];
};

struct card_watch_line;

/* The self test that runs, if any. */
struct card_watch {
	const struct card_window *window; /* NULL: none */
	struct card_watch_line *lines;
	uint32_t n_lines;
	uint32_t arrivals[8];
	uint64_t highest; /* line that has been written to */
	uint64_t first_ns;
	uint64_t last_ns;
	bool begun;
};

struct card_stray {
	uint64_t next_off; /* where the search goes on */
	uint32_t polls;
	uint32_t lines; /* found and not yet told */
	uint64_t first_off;
	bool told;
	uint64_t told_ns;
};

/* The driver's wake record. */
struct card_wake {
	uint64_t iova;   /* 0: none */
	uint32_t number; /* of the last sleep */
	bool set;
};

struct wcnic_card {
	struct wcdev dev; /* must be first */
	uint8_t *aperture;
	uint64_t aperture_bytes;
	uint16_t n_queues;
	uint16_t n_windows;
	uint32_t push_wait_ns;
	uint32_t window_bytes_max;
	uint64_t caps;
	uint8_t perm_mac[6];

	uint64_t now_ns; /* of this poll */
	uint64_t poll_id;
	bool sent; /* frames, since the clock was read last */

	uint32_t ctrl;
	uint32_t status;
	bool settling; /* not READY before what was under way has arrived */
	uint32_t error_cause;
	uint32_t error_info;
	uint32_t heartbeat;
	uint64_t beat_ns;
	uint32_t reset_count;
	bool fw_hung; /* firmware answers nothing more, until a reset */
	uint64_t features;

	uint64_t random;
	uint16_t generation;
	uint16_t *page_owner; /* by 64 KiB of the aperture: window id + 1, or 0 */
	uint32_t n_pages;

	struct card_admin admin;
	struct card_port port;
	struct card_stray stray;
	struct card_wake wake;
	struct card_rss rss;
	struct wcnic_stats stats; /* in host byte order */
	bool rx_held;

	uint64_t txq_live; /* a bit per queue that exists */
	uint64_t rxq_live;
	struct card_window windows[CARD_WINDOWS_MAX];
	struct card_txq txqs[CARD_QUEUES_MAX];
	struct card_rxq rxqs[CARD_QUEUES_MAX];

	struct card_watch watch;
	struct wcdev_frag *frags; /* CARD_FRAGS of them: of the frames being sent */
	uint64_t scratch[CARD_SCRATCH_BYTES / 8];
};

static inline bool
card_is_pow2(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/* ---- card.c ------------------------------------------------------------------------------ */

/* Notes the first error since reset. */
void card_error_note(struct wcnic_card *card, enum wcnic_error cause, uint32_t info);
/* The card can only be reset after this. */
void card_fatal(struct wcnic_card *card, enum wcnic_error cause, uint32_t info);
void card_beat(struct wcnic_card *card);
uint16_t card_vectors(const struct wcnic_card *card);

/* ---- card_regs.c ------------------------------------------------------------------------- */

int card_regs_read(struct wcnic_card *card, uint64_t off, void *data, size_t bytes);
/* *reset is set if the card is to be reset before anything else. */
int
card_regs_write(struct wcnic_card *card, uint64_t off, const void *data, size_t bytes, bool *reset);

/* ---- card_admin.c ------------------------------------------------------------------------ */

unsigned int card_admin_poll(struct wcnic_card *card);

/* One command while it is done: the answer and the result go back with the status. */
struct card_admin_call {
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
#define CARD_BAD_FIELD(call, type, field)                                                          \
	((call)->result = offsetof(struct wcnic_admin_cmd, params) + offsetof(struct type, field), \
	 WCNIC_ST_INVALID_FIELD)

typedef enum wcnic_admin_status (*card_admin_fn)(struct wcnic_card *card,
						 struct card_admin_call *call);

/* ---- card_event.c ------------------------------------------------------------------------ */

void card_event_post(struct wcnic_card *card, enum wcnic_event_type type, uint32_t arg0,
		     uint32_t arg1, uint64_t arg64);
/* Tells of events that did not fit, once there is room. */
void card_event_poll(struct wcnic_card *card);

/* ---- card_wake.c ------------------------------------------------------------------------- */

enum wcnic_admin_status card_wake_set(struct wcnic_card *card, struct card_admin_call *call);

/* ---- card_window.c ----------------------------------------------------------------------- */

enum wcnic_admin_status card_window_alloc(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_window_free(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_window_test(struct wcnic_card *card, struct card_admin_call *call);
void card_window_close(struct wcnic_card *card, struct card_window *w);
void card_window_reset_all(struct wcnic_card *card);
/* The window `id` if it is of that type, else NULL. */
struct card_window *
card_window_find(struct wcnic_card *card, uint16_t id, enum wcnic_window_type type);
/* A doorbell record for a new queue: a verdict, and the word in the aperture. */
__attribute__((warn_unused_result)) enum wcnic_admin_status
card_window_record(struct wcnic_card *card, uint16_t id, uint32_t off, uint64_t **record);
int card_window_read(struct wcnic_card *card, uint64_t off, void *data, size_t bytes);
int card_window_write(struct wcnic_card *card, uint64_t off, const void *data, size_t bytes);
void card_window_generation_next(struct wcnic_card *card);

/* ---- card_watch.c ------------------------------------------------------------------------ */

/* WINDOW_TEST of a window that no queue uses. */
enum wcnic_admin_status card_watch_command(struct wcnic_card *card, struct card_admin_call *call,
					   const struct card_window *w);
/* A store, within one line, that has just arrived in the aperture. */
void card_watch_store(struct wcnic_card *card, uint64_t off, size_t bytes);
void card_watch_stop(struct wcnic_card *card);

/* ---- card_stray.c ------------------------------------------------------------------------ */

void card_stray_poll(struct wcnic_card *card);
void card_stray_found(struct wcnic_card *card, uint64_t off, uint32_t lines);
/* Counts and clears what lies in a piece of the aperture that is no window. */
void card_stray_scan(struct wcnic_card *card, uint64_t off, uint64_t bytes);

/* ---- card_txq.c -------------------------------------------------------------------------- */

enum wcnic_admin_status card_txq_create(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_txq_destroy(struct wcnic_card *card, struct card_admin_call *call);
void card_txq_reset_all(struct wcnic_card *card);
void card_txq_window_gone(struct wcnic_card *card, uint16_t window_id);
unsigned int card_txq_poll(struct wcnic_card *card, struct card_txq *q);

/* ---- card_rxq.c -------------------------------------------------------------------------- */

enum wcnic_admin_status card_rxq_create(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_rxq_destroy(struct wcnic_card *card, struct card_admin_call *call);
void card_rxq_reset_all(struct wcnic_card *card);
void card_rxq_window_gone(struct wcnic_card *card, uint16_t window_id);
void card_rxq_poll(struct wcnic_card *card, struct card_rxq *q);
/* Writes the completions that were kept back, before the call on the card returns. */
void card_rxq_publish(struct wcnic_card *card, struct card_rxq *q);

/* ---- card_port.c ------------------------------------------------------------------------- */

extern const struct wcdev_card_ops card_dev_ops;

void card_port_reset(struct wcnic_card *card);
enum wcnic_admin_status card_port_query(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_port_set(struct wcnic_card *card, struct card_admin_call *call);
void card_port_link_poll(struct wcnic_card *card);

/* ---- card_rss.c -------------------------------------------------------------------------- */

void card_rss_reset(struct wcnic_card *card);
enum wcnic_admin_status card_rss_set(struct wcnic_card *card, struct card_admin_call *call);

#endif /* CARD_INTERNAL_H */
