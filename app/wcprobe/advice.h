/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef ADVICE_H
#define ADVICE_H

/*
 * What to change to get write combining, the least effort first. For the mapping: every change
 * that could help is applied to a copy of the facts, alone and together, and the ladder predicted
 * anew; what then gives WC is advised. For the rest: by verdict.
 */

#include "probe.h"

/* Fills p->advice from all that p holds. Pure. */
void advice_make(struct probe *p);

/*
 * The least change after which `bar` is predicted to get WC, as a sentence; false: there is none.
 * With WC as things are, the sentence is empty.
 */
bool advice_least(const struct wcbar_pci_facts *facts, const char *arch, unsigned int bar,
		  struct advice *advice);

#endif /* ADVICE_H */
