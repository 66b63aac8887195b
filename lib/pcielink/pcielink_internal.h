/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PCIELINK_INTERNAL_H
#define PCIELINK_INTERNAL_H

/* What the files behind pcielink.h share: the state between two calls. */

#include "pcielink.h"

#define QUEUE_TLPS_MAX 256u
#define CREDIT_TLPS_MAX 8192u /* above the most TLPs that finite credits leave in flight */
#define BUFFERS_MAX 64u
#define OUTSTANDING_MAX 64u
#define WIRE_BYTES_MAX (PCIELINK_LINE_BYTES + 64u)

/* ---- the wire: everything after the root complex accepted a TLP ------------------------------ */

struct credits {
	uint64_t back_ps;
	uint64_t data;
};

struct wire {
	uint64_t free_ps;
	uint64_t last_accept_ps;
	uint64_t accepted;                 /* TLPs so far */
	uint64_t start_ps[QUEUE_TLPS_MAX]; /* of the last TLPs, by number */
	struct credits taken[CREDIT_TLPS_MAX];
	uint64_t taken_seq, back_seq; /* entries put into `taken`, and removed */
	uint64_t data_taken;
};

/* ---- a CPU ------------------------------------------------------------------------------------
 */

struct buffer {
	uint64_t line; /* address */
	uint64_t mask; /* bytes in it; 0: not open */
	uint64_t age_seq;
	uint64_t free_ps; /* not open: taken until then */
	enum pcielink_type type;
};

struct cpu {
	bool started;
	uint64_t now_ps;
	uint64_t random;
	uint64_t last_accept_ps; /* of its TLPs */
	struct buffer buffers[BUFFERS_MAX];
	uint64_t age_seq;
	uint64_t wc_next_ps;     /* no earlier TLP from its buffers */
	uint64_t device_next_ps; /* no earlier Device-nGnRE TLP */
	uint64_t device_accept_ps[OUTSTANDING_MAX];
	uint64_t device_seq;
};

struct pcielink {
	uint64_t value[PCIELINK_KEYS];        /* the configuration's */
	uint64_t wire_ps[WIRE_BYTES_MAX + 1]; /* by size with overhead */
	uint64_t seed;
	pcielink_tlp_fn fn;
	void *ctx;
	unsigned int cpus;
	/* from here on reset */
	struct pcielink_totals totals;
	uint64_t latest_ps; /* that any CPU has reached */
	struct wire wire;
	struct cpu cpu[];
};

/* Of two times, the later one. */
static inline uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * Sends one TLP that a CPU has ready at `ready_ps`: tlp has address, bytes, CPU, type and cause;
 * the rest is filled. Returns when the root complex accepts it.
 */
uint64_t pcielink_wire_send(struct pcielink *link, struct pcielink_tlp *tlp, uint64_t ready_ps);

/* ---- write-combining buffers ------------------------------------------------------------------
 */

/* What of one line a store writes. */
struct piece {
	uint64_t line;
	uint64_t mask;
	enum pcielink_type type;
};

/* Puts the piece into a buffer; c->now_ps advances if the CPU has to wait for one. */
void pcielink_buffer_store(struct pcielink *link, struct cpu *c, const struct piece *piece);
/* Evicts every open line, the oldest first. */
void pcielink_buffers_evict(struct pcielink *link, struct cpu *c, enum pcielink_cause cause);
/* Evicts the open line at that address, if there is one. */
void pcielink_buffers_evict_line(struct pcielink *link, struct cpu *c, uint64_t line);

#endif /* PCIELINK_INTERNAL_H */
