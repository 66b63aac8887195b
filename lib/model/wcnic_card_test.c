/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Faults and lacks of a card, for tests. */

#include "card.h"
#include "wcnic_card_test.h"

void
wcnic_card_test_no_push(struct wcnic_card *card)
{
	card->caps &= ~(WCNIC_CAP_PUSH | WCNIC_CAP_PUSH_PACKED | WCNIC_CAP_PUSH_EXPRESS |
			WCNIC_CAP_WINDOW_TEST);
	card->features &= card->caps;
}

void
wcnic_card_test_hang(struct wcnic_card *card)
{
	card->fw_hung = true;
}
