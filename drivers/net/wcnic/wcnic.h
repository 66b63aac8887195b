/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_H
#define WCNIC_H

/*
 * The driver's objects. A port is one struct wcnic_hw in its ethdev's private data; how the card is
 * reached is behind struct wcnic_attach_ops, and everything else is the same code for every way.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_memzone.h>
#include <rte_pause.h>

#include <wcbar.h>
#include <wcbar_pci.h>
#include <wcnic_abi.h>

#include "wcnic_compat.h"

extern int wcnic_logtype;
#define WCNIC_LOG(level, hw, fmt, ...) \
	rte_log(RTE_LOG_##level, wcnic_logtype, "wcnic %s: " fmt "\n", (hw)->name, ##__VA_ARGS__)

#define WCNIC_QUEUES_MAX 64
#define WCNIC_ADMIN_LOG2 4
#define WCNIC_EVENTS_LOG2 6
#define WCNIC_SERVICE_US 100000
#define WCNIC_PLACEMENT_AUTO 2u /* beside enum wcnic_placement: the driver decides */

struct wcnic_hw;

/* ---- attach: how the card is reached ------------------------------------------------------ */

/*
 * All calls return 0 or -errno. Control path only, but for poll and wake. `ctx` of the hw is the
 * attach's own.
 */
struct wcnic_attach_ops {
	const char *name;
	/* Reaches the card and makes host memory known to it; again after close() to recover. */
	int (*open)(struct wcnic_hw *hw);
	/* Lets go of the card and of what open() made; the card forgets host memory. */
	void (*close)(struct wcnic_hw *hw);
	/* Frees ctx at the end of the port's life. */
	void (*free)(struct wcnic_hw *hw);
	int (*reg_read)(struct wcnic_hw *hw, uint32_t off, void *value, size_t bytes);
	int (*reg_write)(struct wcnic_hw *hw, uint32_t off, const void *value, size_t bytes);
	/* Maps [off, off + bytes) of BAR2; fills addr, bytes and the type that came out. */
	int (*window_map)(struct wcnic_hw *hw, uint64_t off, size_t bytes, enum wcbar_type intended,
			  struct wcbar_window *win);
	void (*window_unmap)(struct wcnic_hw *hw, struct wcbar_window *win);
	/*
	 * The rung that the window at `off` of BAR2 came by, and what each rung answered
	 * (WCBAR_RUNGS of them). NULL: windows are shared memory, there is no ladder.
	 */
	enum wcbar_rung (*window_rung)(struct wcnic_hw *hw, uint64_t off,
				       struct wcbar_answer *answers);
	/* True if somebody took the mapping of BAR2 away; where it was noticed. NULL: cannot be. */
	bool (*window_revoked)(struct wcnic_hw *hw, uint64_t *off);
	/*
	 * Binds the card's vectors [0, n) to eventfds; n = 0 lets go of all. NULL, -ENOTSUP: no
	 * interrupts this way.
	 */
	int (*irq_bind)(struct wcnic_hw *hw, unsigned int n, const int *fds);
	/* False once the card cannot be reached any more. NULL: always there. */
	bool (*alive)(struct wcnic_hw *hw);
	/*
	 * True once somebody wants the card back: it still works. Where this is not NULL, a card
	 * that stays unreachable is gone for good, and the application is told to remove it.
	 */
	bool (*wanted_back)(struct wcnic_hw *hw);
	/* From here on the card cannot touch host memory, whatever state it is in. NULL: no way. */
	void (*dma_stop)(struct wcnic_hw *hw);
	/* Writes to WAKE; called by bursts of any thread: it does not wait. NULL: nothing sleeps.
	 */
	int (*wake)(struct wcnic_hw *hw);
	/* Lets an embedded card work that has no thread; called by bursts. Else NULL. */
	void (*poll)(struct wcnic_hw *hw);
};

extern const struct wcnic_attach_ops wcnic_attach_embedded;
extern const struct wcnic_attach_ops wcnic_attach_embedded_thread;
extern const struct wcnic_attach_ops wcnic_attach_socket;
extern const struct wcnic_attach_ops wcnic_attach_pci;

/* ---- windows ------------------------------------------------------------------------------- */

struct wcnic_window {
	bool held;    /* firmware granted it */
	bool revoked; /* ... and took it back: there is nothing to free */
	bool mapped;
	uint16_t id;
	uint16_t generation;
	uint16_t slots;
	uint16_t max_burst;
	uint64_t off;
	struct wcbar_window win;
};

/* What WINDOW_TEST said of one way to store lines; host byte order. */
struct wcnic_test_result {
	char store[16];
	uint32_t lines; /* that were written */
	struct wcnic_window_test_report report;
};

enum wcnic_test_state {
	WCNIC_TEST_NOT_RUN = 0,
	WCNIC_TEST_DONE,
	WCNIC_TEST_NOT_OBSERVABLE, /* the card cannot see stores: nothing is known */
	WCNIC_TEST_FAILED,
};

/* What was learnt of PUSH windows before the first queue got one; see wcnic_learn.c. */
struct wcnic_learnt {
	bool told;     /* what came out is in the log */
	bool laddered; /* type, rung and answers are set: windows do not come as shared memory */
	enum wcbar_type type;
	enum wcbar_rung rung;
	struct wcbar_answer answers[WCBAR_RUNGS];
	bool calibrated;
	struct wcbar_calibration calibration; /* its stores are the primary process's pointers */
	enum wcnic_test_state test;
	uint32_t n_results;
	struct wcnic_test_result results[WCBAR_STORES_MAX];
};

/* ---- queues -------------------------------------------------------------------------------- */

enum wcnic_queue_state {
	WCNIC_QUEUE_DOWN = 0, /* bursts do nothing */
	WCNIC_QUEUE_UP,
	WCNIC_QUEUE_PAUSED, /* bursts wait: the control path is at the queue for a moment */
};

/*
 * Lets a control thread stop bursts that run on other threads: a burst sets busy, then looks at
 * state; the control thread sets state, makes every thread pass a barrier, then waits for busy.
 */
struct wcnic_gate {
	_Atomic uint32_t state; /* enum wcnic_queue_state */
	_Atomic uint32_t busy;
};

struct wcnic_txq_stats {
	uint64_t packets; /* sent by the card's word: pushed + fetched */
	uint64_t bytes;
	uint64_t pushed;
	uint64_t fetched;
	uint64_t incomplete; /* INCOMPLETE completions */
	uint64_t dropped;    /* DROPPED completions */
	uint64_t resent;     /* frames written again after one of these */
	uint64_t oversize;
	uint64_t runt;
	uint64_t address;
	uint64_t malformed; /* no data, too many segments, too long, or DESC by the card */
	uint64_t lost;      /* in flight when the card was lost, reset or stopped: fate unknown */
	uint64_t bad_completions;
};

struct wcnic_txq;
/* See wcnic_tx.h. */
typedef uint16_t (*wcnic_tx_write_t)(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n);

struct wcnic_txq {
	/* written by bursts */
	struct wcnic_gate gate;
	uint16_t tail;      /* free-running: next entry to write */
	uint16_t head;      /* oldest entry without completion */
	uint16_t cq_head;   /* free-running */
	uint16_t mask;      /* depth - 1 */
	uint16_t slot_mask; /* of the push window */
	uint16_t limit;     /* entries in flight by placement */
	uint16_t switch_seq;
	uint8_t epoch;
	uint8_t acked_epoch; /* of the last completion */
	uint8_t placement;   /* enum wcnic_placement now in force at tail */
	uint8_t wanted;      /* as configured: enum wcnic_placement or AUTO */
	bool failed;         /* a completion was impossible: wait for recovery */
	bool push_revoked;   /* window taken away: fetch until the next start */
	bool on_card;        /* TXQ_CREATE succeeded */
	bool fast_free;      /* frames are of one segment, one pool, and nobody else's */
	bool chains;         /* ... yet there were some of several segments */
	uint16_t reap_at;    /* entries in flight from which completions are looked for */
	uint16_t burst_left; /* slots until a doorbell is due */
	uint16_t slot_lines;
	uint16_t generation;
	uint16_t inline_max; /* longest frame that goes inline, bytes */
	uint16_t slot_segs;
	struct wcnic_tx_desc *ring;
	struct wcnic_tx_cpl *cq;
	struct rte_mbuf **sw;   /* by entry: the frame whose last entry this is, or NULL */
	uint64_t *marks;        /* by entry: see wcnic_tx.h */
	uint64_t run;           /* at tail */
	uint64_t done;          /* at head */
	wcnic_tx_write_t write; /* by the placement in force */
	wcnic_tx_write_t push_write;
	const char *push_vectors; /* which of its variants that is */
	/* packed push: lines of the window, and the memory where what goes there is put together */
	uint16_t n_lines; /* power of two */
	uint16_t line_tail;
	uint16_t publish_lines; /* with one doorbell */
	uint8_t format;         /* enum wcnic_push_format */
	uint8_t *stream;
	struct wcnic_push_line *lines;
	struct rte_mbuf **resend; /* frames to write again, in order */
	uint16_t resend_head;
	uint16_t resend_count;
	void *doorbell;
	const wcnic_le32 *sleep; /* the wake record's word; 0: the card is awake */
	const struct wcbar_store *store;
	void *slots;
	uint64_t push_again_tsc; /* no push before this time */
	wcnic_le32 woken;        /* the sleep that the card was woken from last */
	struct wcnic_hw *hw;
	struct wcnic_txq_stats stats;
	/* set up by the control path */
	uint16_t qid;
	uint16_t depth;
	uint16_t port_id;
	uint16_t idle_tail; /* tail when the service looked last */
	struct wcnic_window window;
	const struct rte_memzone *ring_mz;
	const struct rte_memzone *cq_mz;
	void *staging; /* of stream and lines */
} __rte_cache_aligned;

struct wcnic_rxq_stats {
	uint64_t packets;
	uint64_t bytes;
	uint64_t nombuf;
	uint64_t bad_completions;
	uint64_t discarded; /* delivered by the card but not taken before a stop */
};

struct wcnic_rxq;
/* See wcnic_rx.h. */
typedef uint16_t (*wcnic_rx_take_t)(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n);

struct wcnic_rxq {
	struct wcnic_gate gate;
	uint16_t head;   /* free-running: next completion */
	uint16_t posted; /* free-running: buffers made ready; the doorbell's tail */
	uint16_t mask;
	uint16_t depth;
	uint16_t port_id;
	uint16_t qid;
	bool failed;
	bool on_card; /* RXQ_CREATE succeeded */
	uint32_t buf_bytes;
	struct wcnic_rx_desc *ring;
	struct wcnic_rx_cpl *cq;
	struct rte_mbuf **sw;
	struct rte_mempool *pool;
	struct rte_mbuf *first; /* frame under way */
	struct rte_mbuf *last;
	uint32_t left;        /* bytes that it still lacks */
	uint32_t packet_type; /* of what the card calls ptype_seen */
	uint16_t ptype_seen;
	uint64_t rearm; /* see wcnic_rx_rearm */
	wcnic_rx_take_t take;
	const char *take_vectors; /* which of its variants that is */
	void *doorbell;
	const struct wcbar_store *store;
	struct wcnic_hw *hw;
	struct wcnic_rxq_stats stats;
	const struct rte_memzone *ring_mz;
	const struct rte_memzone *cq_mz;
} __rte_cache_aligned;

/* ---- the port ------------------------------------------------------------------------------ */

struct wcnic_admin {
	pthread_mutex_t lock; /* one command at a time */
	const struct rte_memzone *mz;
	struct wcnic_admin_cmd *sq;
	struct wcnic_admin_cpl *cq;
	struct wcnic_event *aeq;
	uint8_t *data; /* answers and inputs: WCNIC_ADMIN_DATA_BYTES */
	struct wcnic_wake_record *wake;
	uint64_t sq_iova, cq_iova, aeq_iova, data_iova, wake_iova;
	uint16_t sq_tail;
	uint16_t cq_head;
	uint16_t aeq_head;
	uint16_t next_id;
	bool up;
};

#define WCNIC_ADMIN_DATA_BYTES 1024

struct wcnic_devargs {
	char socket[108];
	char port[1024];
	char store[16];
	uint8_t placement[WCNIC_QUEUES_MAX];
	uint32_t slot_lines;
	uint32_t timeout_ms;
	uint32_t queues;
	uint32_t thread;
	uint32_t seed;
	uint32_t push_wait_us;
	uint32_t self_test;
	uint32_t mark;
	uint32_t packed;
};

enum wcnic_link_state {
	WCNIC_CARD_ABSENT = 0, /* lost; the service looks for it */
	WCNIC_CARD_PRESENT,
};

struct wcnic_hw {
	char name[32];
	uint16_t port_id;
	struct wcnic_devargs args;
	const struct wcnic_attach_ops *attach;
	void *ctx;
	pthread_mutex_t lock;  /* start, stop, recovery: who may change queues and windows */
	_Atomic uint32_t card; /* enum wcnic_link_state */
	bool started;          /* between dev_start and dev_stop */
	bool running;          /* queues exist on the card */
	_Atomic bool failed;   /* a queue asks for recovery */
	_Atomic bool closing;
	struct wcnic_admin admin;
	struct wcnic_identity id; /* host byte order */
	uint64_t aperture_bytes;
	uint32_t reset_count;
	uint32_t heartbeat;
	uint64_t heartbeat_tsc;
	uint64_t lost_tsc;    /* when the card was lost */
	_Atomic bool removed; /* for good: it is not looked for any more */
	bool windows_lost;    /* BAR2 was taken away: no pushes until the next start */
	struct wcnic_learnt learnt;
	struct rte_intr_handle *intr; /* of the Rx queues; NULL: none asked for */
	struct wcnic_window doorbells;
	struct wcnic_txq *txq[WCNIC_QUEUES_MAX];
	struct wcnic_rxq *rxq[WCNIC_QUEUES_MAX];
	uint16_t n_txq;
	uint16_t n_rxq;
	uint16_t mtu;
	uint16_t port_flags; /* WCNIC_PORTF_* */
	struct rte_ether_addr mac;
	struct wcnic_rss rss; /* host byte order */
	bool link_up;
	uint32_t link_mbps;
	struct wcnic_stats card_stats;      /* last answer, host byte order */
	struct wcnic_stats card_stats_base; /* at the last reset of statistics */
	uint64_t recoveries;
	uint64_t events;
	uint64_t late_completions;
	bool membarrier;
};

static inline struct wcnic_hw *
wcnic_hw_get(const struct rte_eth_dev_data *data)
{
	return data->dev_private;
}

/* ---- wcnic_admin.c ------------------------------------------------------------------------- */

/*
 * Reaches the card, resets it, enables its admin rings and asks what it is; at the probe and again
 * to recover. On failure the attach is closed. -EPROTO: not our card, or one that makes no sense.
 */
int wcnic_card_open(struct wcnic_hw *hw);
/* -ENOTSUP, after saying so of `what`, if it is RTE_BAD_IOVA. */
int wcnic_iova_check(const struct wcnic_hw *hw, const char *what, rte_iova_t iova);
/* Allocates the rings' memory once; fini frees it. */
int wcnic_admin_init(struct wcnic_hw *hw);
void wcnic_admin_fini(struct wcnic_hw *hw);
/* Enables the rings of a card that is ready; IDENTIFY. */
int wcnic_admin_start(struct wcnic_hw *hw);
/* Resets the card: afterwards it touches no host memory. */
int wcnic_admin_stop(struct wcnic_hw *hw);

/* One command. `in`/`out` may be NULL. 0, or -errno by the card's status, which is logged. */
struct wcnic_admin_req {
	uint8_t opcode;
	const void *params;
	size_t params_bytes;
	const void *in;
	size_t in_bytes;
	void *out;
	size_t out_bytes; /* the answer must have at least so many */
};
int wcnic_admin_exec(struct wcnic_hw *hw, const struct wcnic_admin_req *req);

/* Takes one event; false if there is none. The copy is in host byte order. */
bool wcnic_admin_event(struct wcnic_hw *hw, struct wcnic_event *ev);

int wcnic_port_set(struct wcnic_hw *hw, uint16_t valid);
int wcnic_port_query(struct wcnic_hw *hw);
int wcnic_stats_query(struct wcnic_hw *hw);
int wcnic_rss_set(struct wcnic_hw *hw);

int wcnic_reg_read32(struct wcnic_hw *hw, uint32_t off, uint32_t *value);
int wcnic_reg_write32(struct wcnic_hw *hw, uint32_t off, uint32_t value);

/* ---- wcnic_window.c ------------------------------------------------------------------------ */

int wcnic_window_alloc(struct wcnic_hw *hw, enum wcnic_window_type type, uint16_t qid,
		       uint16_t slot_lines, uint32_t bytes, struct wcnic_window *win);
/* Unmaps, and tells firmware unless it has taken the window back or is gone. */
void wcnic_window_free(struct wcnic_hw *hw, struct wcnic_window *win);

/* ---- wcnic_learn.c ------------------------------------------------------------------------- */

/*
 * Maps a PUSH window for a moment, before any queue has one: which rung it comes by, whether stores
 * reach it, how fast, and, if the card can tell, how they arrive. Once for a card that is open.
 */
void wcnic_windows_learn(struct wcnic_hw *hw);
/* Chooses how lines are stored into a mapped PUSH window. */
void wcnic_store_choose(struct wcnic_hw *hw, struct wcnic_window *win);
/* False where WINDOW_TEST saw the window's store arrive in pieces: pushing does not pay then. */
bool wcnic_window_gathers(const struct wcnic_hw *hw, const struct wcnic_window *win);
/* The result of the store that is in use, or NULL. */
const struct wcnic_test_result *wcnic_test_find(const struct wcnic_hw *hw, const char *store);

/* ---- wcnic_intr.c -------------------------------------------------------------------------- */

/* Makes an eventfd for every Rx queue if the application asked for interrupts; stop frees them. */
int wcnic_intr_start(struct rte_eth_dev *dev);
void wcnic_intr_stop(struct rte_eth_dev *dev);
/* Tells the card's side about them, before Rx queues are created. */
int wcnic_intr_bind(struct wcnic_hw *hw);
/* Wakes whoever sleeps on the queue as the card's interrupt would. */
void wcnic_intr_raise(struct wcnic_hw *hw, uint16_t qid);
/* The card was lost or found: what was armed will not come. */
void wcnic_intr_wake(struct wcnic_hw *hw);
/* For RXQ_CREATE: a vector, or WCNIC_VECTOR_NONE. */
uint16_t wcnic_intr_vector(const struct wcnic_hw *hw, uint16_t qid);
int wcnic_rx_intr_enable(struct rte_eth_dev *dev, uint16_t qid);
int wcnic_rx_intr_disable(struct rte_eth_dev *dev, uint16_t qid);

/* ---- wcnic_queue.c ------------------------------------------------------------------------- */

int wcnic_tx_queue_setup(struct rte_eth_dev *dev, uint16_t qid, uint16_t depth, unsigned int socket,
			 const struct rte_eth_txconf *conf);
int wcnic_rx_queue_setup(struct rte_eth_dev *dev, uint16_t qid, uint16_t depth, unsigned int socket,
			 const struct rte_eth_rxconf *conf, struct rte_mempool *pool);
void wcnic_tx_queue_release(struct rte_eth_dev *dev, uint16_t qid);
void wcnic_rx_queue_release(struct rte_eth_dev *dev, uint16_t qid);

/* Windows and queues on the card, buffers posted, gates open. Unwinds on failure. */
int wcnic_queues_start(struct wcnic_hw *hw);
/* Closes the gates; tells the card if it is there; what is in flight is freed and counted. */
void wcnic_queues_stop(struct wcnic_hw *hw, bool card_present);

/*
 * Does for Tx queues what their next burst would do: for all, or for those whose application has
 * stopped calling. The caller holds hw->lock.
 */
void wcnic_queues_kick(struct wcnic_hw *hw, bool all);

/* Leaves the gate in `state`, not UP, and waits until no burst is inside. */
void wcnic_gate_close(struct wcnic_hw *hw, struct wcnic_gate *gate, enum wcnic_queue_state state);
void wcnic_gate_open(struct wcnic_gate *gate);

/*
 * Takes the 16-byte completion of entry `seq` if it is there: its last word, which the card writes
 * last and which holds the phase, is read first, and everything once.
 */
static inline bool
wcnic_completion_take(const void *ring, uint16_t seq, uint16_t depth, void *cpl)
{
	const uint64_t *words = (const uint64_t *)ring + 2 * (seq & (depth - 1));
	const uint8_t phase = (seq & depth) == 0;
	uint64_t copy[2];

	copy[1] = __atomic_load_n(&words[1], __ATOMIC_ACQUIRE);
	if ((le64toh(copy[1]) >> 56 & WCNIC_PHASE_BIT) != phase)
		return false;
	copy[0] = __atomic_load_n(&words[0], __ATOMIC_RELAXED);
	memcpy(cpl, copy, sizeof(copy));
	return true;
}

/* The gate, burst side: true if the burst may go on; then leave it at the end. */
static inline bool
wcnic_gate_enter(struct wcnic_gate *gate)
{
	uint32_t state;

	for (;;) {
		atomic_store_explicit(&gate->busy, 1, memory_order_relaxed);
		atomic_signal_fence(memory_order_seq_cst); /* the other side has the real barrier */
		state = atomic_load_explicit(&gate->state, memory_order_acquire);
		if (likely(state == WCNIC_QUEUE_UP))
			return true;
		atomic_store_explicit(&gate->busy, 0, memory_order_release);
		if (state != WCNIC_QUEUE_PAUSED)
			return false;
		rte_pause();
	}
}

static inline void
wcnic_gate_leave(struct wcnic_gate *gate)
{
	atomic_store_explicit(&gate->busy, 0, memory_order_release);
}

/* Begins with a line: what stands before it does not change its speed. */
#define WCNIC_HOT __attribute__((aligned(64)))

/* ---- wcnic_tx.c, wcnic_rx.c ---------------------------------------------------------------- */

WCNIC_HOT uint16_t wcnic_tx_burst(void *txq, struct rte_mbuf **pkts, uint16_t n);
uint16_t wcnic_tx_burst_poll(void *txq, struct rte_mbuf **pkts, uint16_t n);
WCNIC_HOT uint16_t wcnic_rx_burst(void *rxq, struct rte_mbuf **pkts, uint16_t n);
uint16_t wcnic_rx_burst_poll(void *rxq, struct rte_mbuf **pkts, uint16_t n);
uint16_t wcnic_tx_prepare(void *txq, struct rte_mbuf **pkts, uint16_t n);
/* How lines get into the window from now on, and so how frames are written; nothing is in flight.
 */
void wcnic_tx_store_set(struct wcnic_txq *txq, const struct wcbar_store *store);
/* From tail on; with a new epoch, or with nothing in flight. */
void wcnic_tx_placement_set(struct wcnic_txq *txq, enum wcnic_placement placement);
/* Takes completions and frees what is done. The caller is the burst, or has closed the gate. */
void wcnic_tx_reap(struct wcnic_txq *txq);
/* Reap and resend without a burst: for a queue that its application has stopped calling. */
void wcnic_tx_kick(struct wcnic_txq *txq);
/* Frees everything in flight or waiting and counts it as lost. */
void wcnic_tx_purge(struct wcnic_txq *txq);
/* Asks for an interrupt: at once if there is a completion, else with the next one. */
void wcnic_rx_arm(struct wcnic_rxq *rxq);
/* From the next doorbell on the card is not asked any more. */
void wcnic_rx_disarm(struct wcnic_rxq *rxq);
/* The word of an mbuf from data_off on that a received frame begins with. */
uint64_t wcnic_rx_rearm(uint16_t port_id);
/* Posts buffers until the ring is full or the pool is empty, and rings the doorbell. */
void wcnic_rx_refill(struct wcnic_rxq *rxq);
void wcnic_rx_purge(struct wcnic_rxq *rxq);

/* ---- wcnic_service.c ----------------------------------------------------------------------- */

/* Looks after the card every WCNIC_SERVICE_US: events, heartbeat, loss and recovery. */
int wcnic_service_start(struct wcnic_hw *hw);
void wcnic_service_stop(struct wcnic_hw *hw);
void wcnic_link_publish(struct wcnic_hw *hw);

/* ---- wcnic_stats.c, wcnic_ethdev.c, wcnic_rss.c --------------------------------------------- */

struct eth_dev_ops;
extern const struct eth_dev_ops wcnic_dev_ops;
extern const struct eth_dev_ops wcnic_dev_ops_secondary;

int wcnic_stats_get(struct rte_eth_dev *dev, struct rte_eth_stats *stats WCNIC_QSTATS_ARG);
int wcnic_stats_reset(struct rte_eth_dev *dev);
int wcnic_xstats_get(struct rte_eth_dev *dev, struct rte_eth_xstat *xstats, unsigned int n);
int
wcnic_xstats_get_names(struct rte_eth_dev *dev, struct rte_eth_xstat_name *names, unsigned int n);

int
wcnic_reta_update(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *reta, uint16_t size);
int wcnic_reta_query(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *reta, uint16_t size);
int wcnic_rss_hash_update(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf);
int wcnic_rss_hash_conf_get(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf);
/* The table and key that dev_configure asked for; sent to the card by queues_start. */
int wcnic_rss_configure(struct wcnic_hw *hw, const struct rte_eth_rss_conf *conf, uint16_t n_rxq);
#define WCNIC_RSS_OFFLOADS                                                                \
	(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP | \
	 RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP)

/* The port, whatever the bus: allocates nothing but what hw holds. */
int wcnic_dev_init(struct rte_eth_dev *dev, const struct wcnic_attach_ops *attach,
		   const struct wcnic_devargs *args);
int wcnic_dev_close(struct rte_eth_dev *dev);

/* ---- wcnic_devargs.c ------------------------------------------------------------------------ */

/*
 * Parses driver arguments over defaults; `pci`: of a card on the bus. -EINVAL after logging the
 * culprit and what is valid.
 */
int wcnic_devargs_parse(const char *name, const char *text, bool pci, struct wcnic_devargs *args);

#endif /* WCNIC_H */
