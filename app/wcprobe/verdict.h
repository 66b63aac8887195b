/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef VERDICT_H
#define VERDICT_H

/* From what was measured to what is concluded. Pure functions. */

#include "probe.h"

/*
 * What the cost of stores says: a hint, never more than likely. `hypervisor`: this is a virtual
 * machine, where memory can stand behind a BAR. What costs no more than memory is taken for that.
 */
void
effective_from_timing(const struct timing *timing, bool hypervisor, struct effective *effective);

/*
 * What the card counted: certain, where it can see stores, and whatever they cost. Counted is how
 * often a line of 8-byte stores arrived whole: a wide store may arrive whole without any combining.
 * In a virtual machine wide stores that arrive in pieces of 8 bytes speak for one that emulates
 * them.
 */
void
effective_from_card(const struct card_result *card, bool hypervisor, struct effective *effective);

/*
 * Intended type x effective type. `intended` is WCBAR_TYPE_UNKNOWN when no rung gave a mapping.
 * `answered`: the mapping is the kernel's answer, not a prediction.
 */
void verdict_make(enum wcbar_type intended, bool answered, const struct effective *effective,
		  bool hypervisor, struct verdict *verdict);

/*
 * The same for a mapping whose type is not known, because `driver` makes it by rules of its own:
 * only what stores did can tell.
 */
void verdict_of_driver(const char *driver, const struct effective *effective, bool hypervisor,
		       struct verdict *verdict);

/* The ratio of a line of 8-byte stores to the fastest wide line; 0: there is no wide one. */
double timing_ratio(const struct wcbar_calibration *cal);

#endif /* VERDICT_H */
