/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_TALLY_H
#define WCLAB_TALLY_H

/*
 * What one link makes of a stream of stores, by region of interest. At every mark the link starts
 * anew, so that a region's figures do not hang on what was before it; a region that is visited
 * again adds up. Threads: one call at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "pcielink.h"

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
	uint64_t base_ps;       /* model time when the link last started anew */
	unsigned int cpus_seen; /* that did something since */
	/* Each CPU's number in the link plus 1, in the order in which they came; 0: not seen yet.
	 * So it does not matter on which CPU a program ran. */
	uint8_t order[PCIELINK_CPUS_MAX];
	struct tally_region regions[TALLY_REGIONS];
};

/* `fn` gets the TLPs, in times since the last mark: add base_ps. As pcielink_create. */
__attribute__((warn_unused_result)) int
tally_init(struct tally *tally, const struct pcielink_config *config, unsigned int cpus,
	   pcielink_tlp_fn fn, void *ctx);
void tally_fini(struct tally *tally);

/* Begins a region; false: there is none of that number, and nothing has happened. */
bool tally_mark(struct tally *tally, uint64_t region);
/* Closes the visit that is under way, and goes on with the same region. */
void tally_settle(struct tally *tally);
int tally_store(struct tally *tally, unsigned int cpu, uint64_t pa, unsigned int bytes,
		enum pcielink_type type);
int tally_order(struct tally *tally, unsigned int cpu, enum pcielink_order order);

#endif /* WCLAB_TALLY_H */
