/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_RSS_H
#define CARD_RSS_H

/* Section 7: which queue a frame goes to. */

#include <wcdev_rss.h>

#include "card_admin_call.h"

struct card_rxq;

struct card_rss {
	struct card_rxq *reta[WCNIC_RETA_ENTRIES];
	struct wcdev_rss hash;
};

/* Nothing is hashed, all frames go to queue 0. */
void card_rss_reset(struct wcnic_card *card);
/* Does RSS_SET. */
enum wcnic_admin_status card_rss_set(struct wcnic_card *card, struct card_admin_call *call);

/* Whether `function` is one that the card can do: of enum wcnic_rss_function. */
bool card_rss_has_function(uint8_t function);
/* As wcdev_rss_set(), for one of those. */
void card_rss_hash_set(struct wcdev_rss *rss, uint32_t types, uint8_t function,
		       const uint8_t key[WCNIC_RSS_KEY_BYTES]);

#endif /* CARD_RSS_H */
