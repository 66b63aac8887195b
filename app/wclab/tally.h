/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_TALLY_H
#define WCLAB_TALLY_H

/*
 * What one link makes of a stream of stores, by region of interest. The link is reset at every
 * mark, so that a region's figures do not depend on what came before it. The visits of a region add
 * up. Threads: one call at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include <pcielink.h>
#include <wcbase.h>

/* Region 0 is what lies outside of all others. */
#define TALLY_REGIONS 256u

struct tally_region {
	uint64_t visits;
	struct pcielink_totals totals; /* all visits together, as what follows */
	uint64_t cpu_ps;               /* until the last CPU was done */
	uint64_t link_ps;              /* until the last TLP had left */
	uint64_t time_ps;              /* the later of both, visit by visit */
};

struct tally {
	struct pcielink *link;
	unsigned int cpus;
	unsigned int current;
	uint64_t base_ps;       /* model time when the link was last reset */
	unsigned int cpus_seen; /* that did something since */
	/*
	 * Each CPU's number in the link plus 1, in the order in which they came; 0: not seen yet.
	 * So it does not matter on which CPU a program ran.
	 */
	uint8_t order[PCIELINK_CPUS_MAX];
	struct tally_region regions[TALLY_REGIONS];
};

/*
 * Creates the link, as pcielink_create(). `fn` gets its TLPs; their times begin at the last mark:
 * add base_ps. 0, -ENOMEM or -EINVAL. tally_fini() releases it.
 */
WC_MUST_CHECK int tally_init(struct tally *tally, const struct pcielink_config *config,
			     unsigned int cpus, pcielink_tlp_fn fn, void *ctx);

/* Releases the link. The figures stay. */
void tally_fini(struct tally *tally);

/* Begins a visit of a region. False: there is no such region, and nothing has changed. */
bool tally_mark(struct tally *tally, uint64_t region);

/* Ends the visit that is under way and begins another of the same region. */
void tally_settle(struct tally *tally);

/* A store or an order point of a CPU, for the link. 0 or -EINVAL: the model has no such CPU. */
int tally_store(struct tally *tally, unsigned int cpu, uint64_t pa, unsigned int bytes,
		enum pcielink_type type);
int tally_order(struct tally *tally, unsigned int cpu, enum pcielink_order order);

#endif /* WCLAB_TALLY_H */
