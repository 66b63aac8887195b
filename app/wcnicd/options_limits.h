/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_OPTIONS_LIMITS_H
#define WCNICD_OPTIONS_LIMITS_H

/* How much of this process each card's client may take. */

#include <wcbase.h>

#include "options.h"

/*
 * Divides what the process may map among the cards that were given no limit of their own. Returns
 * 0, or -EINVAL after app_error() said which limits together are too much.
 */
WC_MUST_CHECK int options_limits_finish(struct options *options);

#endif /* WCNICD_OPTIONS_LIMITS_H */
