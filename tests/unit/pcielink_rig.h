/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PCIELINK_RIG_H
#define PCIELINK_RIG_H

/* A link whose every TLP is kept. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pcielink.h>

#define RIG_TLPS 65536u
#define RIG_BASE (UINT64_C(1) << 40) /* a window above 4 GiB */
#define NS(x) (UINT64_C(1000) * (x))
#define NOW PCIELINK_NOW

struct pcielink_rig {
	struct pcielink_config config;
	struct pcielink *link;
	size_t tlps;
	struct pcielink_tlp tlp[RIG_TLPS];
};

extern struct pcielink_rig rig;

/*
 * Easy to reckon with: Gen3 x16 at its full rate, infinite credits, 4 buffers that are free at
 * once, a store 1 ns, a drain 50, a load 500, UC waits 100, Device-nGnRE every 10 with 4
 * outstanding.
 */
void rig_config(struct pcielink_config *config);
/* Puts a value in; its bounds follow. */
void rig_set(enum pcielink_key key, uint64_t value);
/* Creates rig.link of rig.config and forgets what the last one sent. */
void rig_open(unsigned int cpus, uint64_t seed);
int rig_setup(void **state);
int rig_teardown(void **state);

/* CPU 0 fills lines with stores of that size, in order. */
void
rig_lines(uint64_t addr, unsigned int lines, unsigned int store_bytes, enum pcielink_type type);
struct pcielink_totals rig_totals(void);

/* CPU 0 stores at an offset of RIG_BASE. */
void rig_store(uint64_t off, unsigned int bytes, enum pcielink_type type);
/* CPU 0 does an order point. */
void rig_order(enum pcielink_order kind);
/* TLP i has this offset from RIG_BASE, size and cause. */
void rig_assert_tlp(size_t i, uint64_t off, uint32_t bytes, enum pcielink_cause cause);

#endif /* PCIELINK_RIG_H */
