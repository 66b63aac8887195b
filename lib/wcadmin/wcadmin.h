/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCADMIN_H
#define WCADMIN_H

/*
 * The host's side of the card's admin commands (datasheet sections 2, 3, 4, 9 and 10): reset,
 * rings, commands, events. One client for every program that drives a card.
 *
 * It allocates nothing, starts no thread and needs no C library but memcpy() and memset(): the
 * caller gives memory that the card can reach, and a table of functions for registers, time and
 * messages. So it also runs in a guest without an operating system.
 *
 * Order of calls: wcadmin_init(), wcadmin_probe(), wcadmin_reset(), wcadmin_enable(),
 * wcadmin_identify(), then commands in any order; wcadmin_reset() at the end, before the memory is
 * used for anything else.
 *
 * Everything that a card answers is checked before it is handed out. All structures that are passed
 * here are in host byte order, also those of the ABI. Functions return 0 or -errno:
 *   -ENODEV     the rings are not enabled, or the card has vanished
 *   -ETIMEDOUT  the card did not answer within timeout_ms; see wcadmin_ops.fault
 *   -EPROTO     the card answered, and the answer makes no sense
 *   -ENOTSUP    status UNSUPPORTED: the firmware has no such command or option
 *   -ENODATA    status NOT_OBSERVABLE: an answer and no failure, nothing is logged
 *   -EINVAL     status INVALID_FIELD, INVALID_QUEUE or INVALID_WINDOW
 *   -ENOSPC     status NO_SPACE
 *   -EBUSY      status BUSY or BAD_STATE
 *   -EFAULT     status BAD_ADDRESS
 *   -EIO        status INTERNAL or an unknown one; see wcadmin_ops.fault
 * or what reg_read, reg_write or relax returned.
 *
 * Threads: with lock and unlock set, commands, events, wcadmin_reset(), wcadmin_enable() and
 * wcadmin_shut() may come from several threads, one at a time: rings are never reset under a
 * command. The caller keeps the calls on windows apart from one another and from wcadmin_reset().
 *
 * Cost of a command: two writes into host memory, one posted register write, no register read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>
#include <wcnic_abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the client ---------------------------------------------------------------------------- */

/* What the caller gives. Functions that may be NULL say so; `ctx` is wcadmin_config.ctx. */
struct wcadmin_ops {
	/* A register of BAR0, 4 or 8 bytes; values in host byte order. 0 or -errno. */
	int (*reg_read)(void *ctx, uint32_t off, unsigned int bytes, uint64_t *value);
	int (*reg_write)(void *ctx, uint32_t off, unsigned int bytes, uint64_t value);
	/*
	 * Makes this thread's stores to host memory visible to the card before its next register
	 * write: wcbar_before_doorbell().
	 */
	void (*before_doorbell)(void *ctx);
	/* A clock that does not go back, for timeouts. Nanoseconds. */
	uint64_t (*now_ns)(void *ctx);
	/*
	 * Called while the card is waited for: sleeps a moment, or lets a card in this process
	 * work. -errno ends the wait: the card has vanished. NULL: the wait spins.
	 */
	int (*relax)(void *ctx);
	/* Every failure in one line of text, before the call returns it. NULL: nobody reads it. */
	void (*error)(void *ctx, const char *format, ...) WC_PRINTF(2, 3);
	/*
	 * A command was not answered, or answered INTERNAL: what the card has done is not known,
	 * and only a reset helps. Called with the lock taken. NULL: the return value does.
	 */
	void (*fault)(void *ctx);
	/* Around each command, event, reset and enable. NULL, both: one thread. */
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);
};

/* Longest input or answer of a command. */
#define WCADMIN_DATA_BYTES 512u

/*
 * Bytes of host memory for rings of 1 << ring_log2 commands and 1 << event_log2 events: the
 * submission ring, the completion ring, the event ring, and the data of commands.
 */
#define WCADMIN_MEMORY_BYTES(ring_log2, event_log2)                                           \
	(((sizeof(struct wcnic_admin_cmd) + sizeof(struct wcnic_admin_cpl)) << (ring_log2)) + \
	 (sizeof(struct wcnic_event) << (event_log2)) + WCADMIN_DATA_BYTES)

struct wcadmin_config {
	const struct wcadmin_ops *ops; /* stays valid as long as the client */
	void *ctx;                     /* handed to the ops */
	/* WCADMIN_MEMORY_BYTES(), 64-byte aligned, contiguous for the card; the caller's. */
	void *memory;
	uint64_t iova;       /* where the card finds `memory` */
	uint8_t ring_log2;   /* WCNIC_ADMIN_LOG2_MIN .. WCNIC_ADMIN_LOG2_MAX */
	uint8_t event_log2;  /* the same */
	uint32_t timeout_ms; /* of each wait */
};

/*
 * A window that firmware granted. The caller's memory: not freed while it is granted, and moved by
 * wcadmin_window_move() alone.
 */
struct wcadmin_window {
	uint16_t id;
	uint16_t generation;
	uint8_t type; /* enum wcnic_window_type */
	uint8_t slot_lines;
	uint16_t slots;     /* PUSH: power of two */
	uint16_t max_burst; /* PUSH: slots between two doorbells */
	uint32_t bytes;
	uint64_t off; /* in BAR2 */
	struct wcadmin_window *next;
};

/* The client. The caller's memory; it reads the fields of the first group and writes none. */
struct wcadmin {
	bool up;                   /* the rings are enabled and every command was answered */
	uint16_t status;           /* of the last command that was answered */
	uint64_t late_completions; /* of commands that were not in flight */
	uint64_t aperture_bytes;   /* of BAR2; by wcadmin_probe() */
	uint32_t window_align;     /* by wcadmin_identify(); before: WCNIC_WINDOW_ALIGN */

	struct wcadmin_config config;
	struct wcnic_admin_cmd *sq;
	struct wcnic_admin_cpl *cq;
	struct wcnic_event *aeq;
	uint8_t *data;
	uint64_t sq_iova, cq_iova, aeq_iova, data_iova;
	uint16_t sq_tail; /* free-running, as the three that follow */
	uint16_t cq_head;
	uint16_t aeq_head;
	uint16_t next_id;
	struct wcadmin_window *windows; /* that are granted */
};

/* Fills the client in; touches neither the card nor the memory. -EINVAL: sizes out of range. */
WC_PUBLIC WC_MUST_CHECK int
wcadmin_init(struct wcadmin *admin, const struct wcadmin_config *config);

/*
 * Reads MAGIC, ABI_VERSION and APERTURE_BYTES. -EPROTO: not this kind of card, or of another
 * version; nothing has been written to it. Cost: three register reads.
 */
WC_PUBLIC WC_MUST_CHECK int wcadmin_probe(struct wcadmin *admin);

/*
 * Resets the card and waits until it is READY. Afterwards, and not before, it touches no host
 * memory, and no window is granted. Cost: register reads until it is READY.
 */
WC_PUBLIC int wcadmin_reset(struct wcadmin *admin);

/*
 * Zeroes the memory and enables the rings of a card that is READY. -EIO: the card refuses them, as
 * it does when it cannot reach the memory.
 */
WC_PUBLIC WC_MUST_CHECK int wcadmin_enable(struct wcadmin *admin);

/*
 * From here on commands return -ENODEV; the card is not touched. For a card that is gone, or is
 * about to be reset.
 */
WC_PUBLIC void wcadmin_shut(struct wcadmin *admin);

/* Takes the next event if there is one. Cost: a read of host memory, and one register write. */
WC_PUBLIC bool wcadmin_event_take(struct wcadmin *admin, struct wcnic_event *event);

/*
 * How many events have been sent and not taken. They are about what was there before this call.
 * Cost: a read of host memory for each.
 */
WC_PUBLIC unsigned int wcadmin_events_waiting(struct wcadmin *admin);

/* The datasheet's name of a status, for people. */
WC_PUBLIC const char *wcadmin_status_name(uint16_t status);

/* ---- the card ------------------------------------------------------------------------------ */

/*
 * IDENTIFY. What the card says of itself makes sense when this returns 0: counts are not 0, depths
 * are powers of two, windows fit the aperture, the MAC address is one of a card.
 */
WC_PUBLIC WC_MUST_CHECK int wcadmin_identify(struct wcadmin *admin, struct wcnic_identity *id);

/* FEATURES_SET: what of wcnic_identity.caps will be used. */
WC_PUBLIC WC_MUST_CHECK int wcadmin_features_set(struct wcadmin *admin, uint64_t features);

/* WAKE_SET: where the card says that it sleeps, a struct wcnic_wake_record; 0: nowhere any more. */
WC_PUBLIC WC_MUST_CHECK int wcadmin_wake_set(struct wcadmin *admin, uint64_t iova);

/* PORT_QUERY. */
WC_PUBLIC WC_MUST_CHECK int wcadmin_port_query(struct wcadmin *admin, struct wcnic_port_info *info);

/* PORT_SET: `valid` (WCNIC_PORT_SET_*) says which of the others count. */
WC_PUBLIC WC_MUST_CHECK int wcadmin_port_set(struct wcadmin *admin, uint16_t valid, uint16_t mtu,
					     uint16_t flags, const uint8_t mac[6]);

/* STATS_QUERY: counters since the reset. On failure `stats` is as it was. */
WC_PUBLIC int wcadmin_stats_query(struct wcadmin *admin, struct wcnic_stats *stats);

/*
 * CLOCK_SET: `ns` is a time, or signed: a difference, or parts in 10^9. -EINVAL: a rate of more
 * than WCNIC_CLOCK_RATE_MAX.
 */
WC_PUBLIC WC_MUST_CHECK int
wcadmin_clock_set(struct wcadmin *admin, enum wcnic_clock_step step, uint64_t ns);

/* RXQ_STATS_QUERY: counters of `count` queues from `first` on, at most this many. Since 1.1. */
#define WCADMIN_RXQ_STATS_MAX (WCADMIN_DATA_BYTES / sizeof(struct wcnic_rxq_counters))
WC_PUBLIC WC_MUST_CHECK int
wcadmin_rxq_stats_query(struct wcadmin *admin, uint16_t first, uint16_t count,
			struct wcnic_rxq_counters *counters);

/* RSS_SET. */
WC_PUBLIC WC_MUST_CHECK int wcadmin_rss_set(struct wcadmin *admin, const struct wcnic_rss *rss);

/* ---- filters and flow rules ---------------------------------------------------------------- */

/*
 * MAC_LIST_SET: `count` addresses beside the port's own, at most wcnic_identity.max_macs, in place
 * of those before. VLAN_FILTER_SET: the VLANs that pass. -ENOTSUP: without the feature FILTER.
 */
WC_PUBLIC WC_MUST_CHECK int
wcadmin_mac_list_set(struct wcadmin *admin, const struct wcnic_mac *macs, uint16_t count);
WC_PUBLIC WC_MUST_CHECK int
wcadmin_vlan_filter_set(struct wcadmin *admin, const struct wcnic_vlan_filter *filter);

/* FLOW_CREATE. -EBUSY: the id is taken, or the same rule is there. -ENOSPC: no space for it. */
WC_PUBLIC WC_MUST_CHECK int
wcadmin_flow_create(struct wcadmin *admin, const struct wcnic_flow *flow);
/* FLOW_DESTROY, and FLOW_FLUSH of all rules. -EINVAL: no rule has that id. */
WC_PUBLIC int wcadmin_flow_destroy(struct wcadmin *admin, uint32_t id);
WC_PUBLIC int wcadmin_flow_flush(struct wcadmin *admin);
/* FLOW_QUERY: what a rule with COUNT has counted. `clear`: it counts from 0 again. */
WC_PUBLIC WC_MUST_CHECK int wcadmin_flow_query(struct wcadmin *admin, uint32_t id, bool clear,
					       struct wcnic_flow_counters *counters);

/* ---- windows ------------------------------------------------------------------------------- */

/* What is asked for. */
struct wcadmin_window_spec {
	enum wcnic_window_type type;
	uint8_t slot_lines; /* PUSH: lines of a slot; else 0 */
	uint16_t qid;       /* PUSH: of the Tx queue; else WCNIC_QUEUE_NONE */
	uint32_t bytes;     /* rounded up by firmware */
	uint32_t align;     /* power of two, or 0 */
};

/*
 * WINDOW_ALLOC. A grant is taken only if it is of the type that was asked for, lies in the
 * aperture, is aligned, overlaps no other granted window and has space for its slots; else it is
 * given back.
 */
WC_PUBLIC WC_MUST_CHECK int
wcadmin_window_alloc(struct wcadmin *admin, const struct wcadmin_window_spec *spec,
		     struct wcadmin_window *win);

/*
 * WINDOW_FREE. A window that is not granted any more, as after a reset, is no error. -ENODEV: the
 * card was not told; the window is forgotten all the same.
 */
WC_PUBLIC int wcadmin_window_free(struct wcadmin *admin, struct wcadmin_window *win);

/* Forgets a window that firmware has taken back: there is nothing to free. */
WC_PUBLIC void wcadmin_window_forget(struct wcadmin *admin, struct wcadmin_window *win);

/* A granted window is at `to` from now on, and no more at `from`. The card is not told. */
WC_PUBLIC void
wcadmin_window_move(struct wcadmin *admin, struct wcadmin_window *from, struct wcadmin_window *to);

/*
 * WINDOW_TEST: observe() starts the observation of `lines` lines. The caller then stores that many
 * lines to the window in ascending order, line i as test_line(i) makes it, and drains. report()
 * ends the observation. -ENODATA: the card cannot see single stores.
 */
WC_PUBLIC WC_MUST_CHECK int
wcadmin_window_test_observe(struct wcadmin *admin, const struct wcadmin_window *win,
			    uint32_t lines);
WC_PUBLIC void wcadmin_window_test_line(const struct wcadmin_window *win, uint32_t i,
					struct wcnic_push_line *line);
/* `lines` as in observe(): -EPROTO if the report does not add up to them. */
WC_PUBLIC WC_MUST_CHECK int
wcadmin_window_test_report(struct wcadmin *admin, const struct wcadmin_window *win, uint32_t lines,
			   struct wcnic_window_test_report *report);

/* ---- queues -------------------------------------------------------------------------------- */

/* TXQ_CREATE, RXQ_CREATE: rings are zeroed host memory, 64-byte aligned. */
WC_PUBLIC WC_MUST_CHECK int
wcadmin_txq_create(struct wcadmin *admin, const struct wcnic_cmd_txq_create *txq);
WC_PUBLIC WC_MUST_CHECK int
wcadmin_rxq_create(struct wcadmin *admin, const struct wcnic_cmd_rxq_create *rxq);

/* RXQ_SET: what the card does to the frames of a queue from then on. */
WC_PUBLIC WC_MUST_CHECK int
wcadmin_rxq_set(struct wcadmin *admin, const struct wcnic_cmd_rxq_set *rxq);

/* TXQ_DESTROY, RXQ_DESTROY: afterwards the card touches none of the queue's memory. */
WC_PUBLIC int wcadmin_txq_destroy(struct wcadmin *admin, uint16_t qid);
WC_PUBLIC int wcadmin_rxq_destroy(struct wcadmin *admin, uint16_t qid);

#ifdef __cplusplus
}
#endif

#endif /* WCADMIN_H */
