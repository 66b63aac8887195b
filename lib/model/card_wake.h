/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_WAKE_H
#define CARD_WAKE_H

/* Section 5, sleep: the wake record. */

#include <stdbool.h>
#include <stdint.h>

#include "card_admin_call.h"

/* The driver's wake record. */
struct card_wake {
	uint64_t iova;   /* 0: none */
	uint32_t number; /* of the last sleep */
	bool set;
};

/* Does WAKE_SET. */
enum wcnic_admin_status card_wake_set(struct wcnic_card *card, struct card_admin_call *call);

#endif /* CARD_WAKE_H */
