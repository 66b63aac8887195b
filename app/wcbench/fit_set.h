/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FIT_SET_H
#define FIT_SET_H

/* The parameter set that a fit starts from, and the one that it makes. */

#include "fit.h"

/*
 * The set to start from: the file `name`, or one of the sets that this was built with, by its name.
 * NULL chooses one of those by CPU and link. Generation and lanes of the runs' link replace those
 * of the set, where they are known. 0, or -errno with a sentence in `why` (FIT_WHY_BYTES).
 */
WC_MUST_CHECK int fit_set_base(struct fit *fit, const char *name, char *why);

/*
 * Writes the fitted set to a file that pcielink_config_load() reads, replaced in one step. 0 or
 * -errno with a sentence in `why`.
 */
WC_MUST_CHECK int fit_set_write(const struct fit *fit, const char *path, char *why);

/* The bounds that the set gives a key. */
void fit_set_bounds(const struct fit *fit, enum pcielink_key key, uint64_t *low, uint64_t *high);

#endif /* FIT_SET_H */
