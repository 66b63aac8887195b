/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef SOAK_CARD_FAULTS_H
#define SOAK_CARD_FAULTS_H

/*
 * What the soak asks of a card from outside: a file that wcnicd of the soak maps, named by
 * WCNIC_SOAK_FAULTS. account.py reads it: all fields are 64-bit words in this order.
 */

#include <stdint.h>

#define SOAK_CARDS_MAX 16u

enum soak_card_fault {
	SOAK_FAULT_REVOKE = 1, /* firmware takes all windows of packets away */
	SOAK_FAULT_RESET = 2,  /* the card is reset, as by somebody else */
	SOAK_FAULT_HANG = 3,   /* firmware dies without a word */
};

/* One for each card, in the order of their sockets. */
struct soak_card_ask {
	uint64_t asked; /* counts up */
	uint64_t done;  /* follows */
	uint64_t what;  /* enum soak_card_fault */
	uint64_t hits;  /* windows that were taken away, in all */
	/* What the card had counted when SOAK_FAULT_RESET cleared it: wcnicd has not seen it. */
	uint64_t tx_frames, tx_errors, rx_frames, rx_missed, rx_down, rx_no_queue, rx_filtered,
		rx_oversize, rx_runt, rx_errors, flow_drops;
};

#endif /* SOAK_CARD_FAULTS_H */
