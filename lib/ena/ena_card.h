/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef ENA_CARD_H
#define ENA_CARD_H

/*
 * A card that drivers of Amazon's Elastic Network Adapter bind to, as a library: registers, admin
 * queue, events, queues in host memory and in the card (LLQ), RSS, offloads. doc/ena.md says what
 * is served, and where each fact of the interface comes from.
 *
 * It has no threads, sockets or clock of its own: the embedder polls it and hands it memory, time
 * and interrupts through struct wcdev_ops. Threads: all calls on one card, and on cards wired
 * together, must be serialised by the embedder; only the LLQ memory and host memory are shared with
 * a running driver. Every byte found there is taken as hostile.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>
#include <wcdev.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ENA_PCI_VENDOR_ID 0x1d0fu
#define ENA_PCI_DEVICE_ID 0xec20u
#define ENA_PCI_DEVICE_ID_RESERVED 0xec21u /* drivers treat it as the other */

/* BAR 0: registers, doorbells, the MSI-X table. BAR 2: LLQ memory. */
#define ENA_BAR_REGS 0u
#define ENA_BAR_LLQ 2u
#define ENA_BAR_REGS_BYTES 0x4000u
#define ENA_MSIX_TABLE_OFF 0x2000u
#define ENA_MSIX_PBA_OFF 0x3000u

#define ENA_QUEUE_PAIRS_MAX 32u
#define ENA_QUEUE_DEPTH_MIN 64u
#define ENA_QUEUE_DEPTH_MAX 4096u
#define ENA_LLQ_BYTES_MIN (64u << 10)
#define ENA_LLQ_BYTES_MAX (1u << 30)

/* Sizes of an LLQ entry: bits, so that a card may offer both. */
#define ENA_LLQ_ENTRY_128 1u
#define ENA_LLQ_ENTRY_256 2u

/* What the card leaves undone, so that the watchdog of a driver finds something. */
#define ENA_FAULT_KEEP_ALIVE 1u     /* keep-alive is offered, and none is sent */
#define ENA_FAULT_TX_COMPLETIONS 2u /* frames are sent and never completed */
#define ENA_FAULT_ADMIN 4u          /* admin commands are not answered */
#define ENA_FAULT_INTERRUPTS 8u     /* no interrupt of a queue is raised */

struct ena_card_config {
	const struct wcdev_ops *ops;
	void *ctx;
	/*
	 * BAR 2: zeroed memory of llq_bytes (power of two, ENA_LLQ_BYTES_MIN..MAX), page-aligned,
	 * owned by the embedder, alive as long as the card.
	 */
	void *llq;
	uint64_t llq_bytes;
	uint16_t queue_pairs;    /* 1..32; 0: 8 */
	uint16_t queue_depth;    /* of the deepest ring, power of two, 64..4096; 0: 1024 */
	uint16_t llq_depth;      /* of the deepest LLQ with entries of 128 bytes, as above; 0: the
				    depth at which all queues fit, at most queue_depth */
	uint8_t llq_entries;     /* ENA_LLQ_ENTRY_*; 0: no LLQ, queues are in host memory */
	uint8_t llq_recommended; /* one of them, or 0: the card recommends none */
	bool meta_caching;       /* a frame may use the offload fields of the one before */
	uint16_t tx_burst_bytes; /* the most that may be pushed for one doorbell; 0: no limit */
	bool llq_wait;           /* a torn entry is waited for up to push_wait_ns, then dropped */
	uint32_t push_wait_ns;   /* 0: 100 us */
	/*
	 * What the driver is told to wait before it thinks that the card is dead (feature 3), in
	 * ms: for registers, commands, keep-alive, completions. 0: its own defaults.
	 */
	uint16_t patience_ms;
	uint32_t faults; /* ENA_FAULT_* */
	uint8_t mac[6];  /* all zero: made from the seed */
	uint64_t seed;   /* of offsets of doorbells and queues, and of the MAC address */
};

/*
 * Counters, since the card was made or ena_card_reset() was called: a reset by the driver's
 * register keeps them. Frames that are not sent or delivered are each counted by one name.
 */
struct ena_card_stats {
	uint64_t tx_frames;
	uint64_t tx_bytes;
	uint64_t tx_pushed;       /* of tx_frames: wholly in the LLQ */
	uint64_t tx_llq_entries;  /* that frames had */
	uint64_t tx_refused;      /* the port took it not */
	uint64_t tx_bad_phase;    /* queue stopped: a descriptor is not of this lap */
	uint64_t tx_bad_doorbell; /* queue stopped: more than the ring holds */
	uint64_t tx_bad_chain;    /* no first or no last descriptor, or too many */
	uint64_t tx_bad_meta;     /* contradicts itself or the frame, or is not where it may be */
	uint64_t tx_bad_req_id;   /* not below the depth of the queue */
	uint64_t tx_bad_length;   /* shorter than Ethernet's header, longer than the MTU permits */
	uint64_t tx_bad_address;  /* a buffer is not mapped */
	uint64_t tx_bad_offload;  /* the frame is not what its descriptors say */
	uint64_t tx_llq_torn;     /* a line of an entry, or a part of one, was missing */
	uint64_t tx_llq_waits;    /* how often it was waited for, and came */
	uint64_t tx_over_burst;   /* more pushed for one doorbell than the card permits */
	uint64_t rx_frames;
	uint64_t rx_bytes;
	uint64_t rx_missed; /* no buffers */
	uint64_t rx_no_queue;
	uint64_t rx_oversize; /* longer than the MTU permits, or than the buffers may be many */
	uint64_t rx_runt;
	uint64_t rx_down;         /* the driver has no queues */
	uint64_t rx_bad_phase;    /* queue stopped */
	uint64_t rx_bad_doorbell; /* queue stopped */
	uint64_t rx_bad_desc;     /* a buffer's descriptor has bits that must be zero */
	uint64_t rx_bad_address;  /* a buffer is not mapped; the frame is dropped */
	uint64_t ring_unmapped;   /* queue stopped: its ring, or that of its completions */
	uint64_t admin_commands;
	uint64_t admin_unsupported;
	uint64_t admin_malformed;
	uint64_t admin_illegal; /* a parameter, or more queues than there are */
	uint64_t admin_bad_phase;
	uint64_t admin_unmapped; /* the rings of commands are not mapped: nothing is answered */
	uint64_t aenq_events;
	uint64_t aenq_lost; /* the ring was full or not mapped */
	uint64_t irqs;
	uint64_t bad_writes; /* to a register that is none, or of a wrong size */
	uint64_t bad_reads;  /* readless, of what is no register or to what is not mapped */
	uint64_t port_in_frames;
	uint64_t port_in_done;
	uint64_t resets;       /* by the driver; function level resets are not counted */
	uint64_t reset_reason; /* the last one's */
};

struct ena_card;

/*
 * Allocates a card in the state of power-on. *card is set on success only. On failure the log names
 * the field of the configuration and what would be right. Returns 0, -EINVAL or -ENOMEM.
 */
WC_PUBLIC WC_MUST_CHECK int
ena_card_create(const struct ena_card_config *config, struct ena_card **card);

/* Frees the card; NULL is allowed. The port and the LLQ memory are the embedder's. */
WC_PUBLIC void ena_card_destroy(struct ena_card *card);

/* The card as ports know it: wcdev_port_set(), wcdev_receive(). It lives as long as the card. */
WC_PUBLIC struct wcdev *ena_card_dev(struct ena_card *card);

/* MSI-X vectors: one for admin and events, one for each queue pair. */
WC_PUBLIC unsigned int ena_card_vectors(const struct ena_card *card);

/*
 * Lets the card work: admin commands, Tx, port input, Rx, events, delayed interrupts. Returns how
 * many frames and commands moved; 0 means idle.
 */
WC_PUBLIC unsigned int ena_card_poll(struct ena_card *card);

/*
 * The part of it that moves frames: Tx and port input, by the clock of the last ena_card_poll().
 * For embedders that poll all the time; every few of these must be a whole poll.
 */
WC_PUBLIC unsigned int ena_card_poll_frames(struct ena_card *card);

/* Whether a driver has set up the admin queue: it may ring a doorbell at any time. */
WC_PUBLIC bool ena_card_has_driver(const struct ena_card *card);

/*
 * Whether the card has nothing to do before its driver writes a doorbell, which is always an access
 * of BAR 0. Keep-alive comes each second all the same.
 */
WC_PUBLIC bool ena_card_waits(const struct ena_card *card);

/*
 * A register or LLQ access by the host that does not go through mapped memory. bar is ENA_BAR_REGS
 * or ENA_BAR_LLQ, within the BAR. Reads of what is not there give zeroes, wrong writes are counted
 * (bad_writes). Work behind a doorbell is done by ena_card_poll(), not here.
 */
WC_PUBLIC void
ena_card_bar_read(struct ena_card *card, unsigned int bar, uint64_t off, void *data, size_t bytes);
WC_PUBLIC void ena_card_bar_write(struct ena_card *card, unsigned int bar, uint64_t off,
				  const void *data, size_t bytes);

/* Function level reset. Counters are cleared. */
WC_PUBLIC void ena_card_reset(struct ena_card *card);

/* Posts a warning among the events (AENQ), if the driver asked for warnings. */
WC_PUBLIC void ena_card_warn(struct ena_card *card, uint16_t syndrome);

/* A copy of the counters. */
WC_PUBLIC void ena_card_stats(const struct ena_card *card, struct ena_card_stats *stats);

#ifdef __cplusplus
}
#endif

#endif /* ENA_CARD_H */
