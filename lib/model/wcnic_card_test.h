/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_CARD_TEST_H
#define WCNIC_CARD_TEST_H

/* What tests do to a card and its driver cannot. Not installed, and not part of the model. */

#include "wcnic_card.h"

/* Before the card is enabled: it has no PUSH windows. */
void wcnic_card_test_no_push(struct wcnic_card *card);

/* Firmware dies without a word: no command is answered, the heartbeat stops. A reset revives it. */
void wcnic_card_test_hang(struct wcnic_card *card);

#endif /* WCNIC_CARD_TEST_H */
