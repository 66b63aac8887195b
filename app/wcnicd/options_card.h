/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_OPTIONS_CARD_H
#define WCNICD_OPTIONS_CARD_H

/* --card KIND[:ARGS], and what follows from the kind of card. */

#include <wcbase.h>

#include "options.h"

/*
 * Takes the value of --card into `card`, whose other options it leaves as they are. Returns 0, or
 * -EINVAL after app_error() said what would be right.
 */
WC_MUST_CHECK int options_card_take(struct card_options *card, const char *text);

/*
 * Sets what was not given to the kind's defaults, and checks what depends on the kind. Returns as
 * above.
 */
WC_MUST_CHECK int options_card_finish(struct card_options *card);

#endif /* WCNICD_OPTIONS_CARD_H */
