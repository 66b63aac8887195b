/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_TEST_H
#define CARD_TEST_H

/*
 * WINDOW_TEST of the project's own card, end to end (datasheet sections 2, 3, 4 and 10): a polled
 * driver that knows no queue. card_test.c speaks to the card, card_pci.c reaches one on the bus.
 */

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#include <wcadmin.h>
#include <wcnic_abi.h>

#include "probe.h"

#define CARD_RING_LOG2 2

/* All of the host's memory that the card is given. */
struct card_memory {
	alignas(64) struct wcnic_admin_cmd asq[1 << CARD_RING_LOG2];
	alignas(64) struct wcnic_admin_cpl acq[1 << CARD_RING_LOG2];
	alignas(64) struct wcnic_event aeq[1 << CARD_RING_LOG2];
	alignas(64) uint8_t answer[WCADMIN_DATA_BYTES];
};

/* How the card is reached. */
struct card_io {
	void *ctx;
	/* A register of BAR0: 4 or 8 bytes, host byte order. */
	uint64_t (*reg_read)(void *ctx, uint32_t off, unsigned int bytes);
	void (*reg_write)(void *ctx, uint32_t off, unsigned int bytes, uint64_t value);
	/* Maps a piece of BAR2, as WC if it can be; the rung that it came by. 0 or -errno. */
	int (*window_map)(void *ctx, uint64_t off, size_t bytes, struct wcbar_window *win,
			  enum wcbar_rung *rung);
	void (*window_unmap)(void *ctx, struct wcbar_window *win);
	/* Waits a moment for the card. */
	void (*pause)(void *ctx);
	struct card_memory *memory;
	uint64_t iova; /* where the card finds it */
};

/*
 * Resets the card, tests one PUSH window with every store that is safe there, resets it again.
 * 0, also when the card answers NOT_OBSERVABLE; else -errno, and `why` names what went wrong.
 */
int
card_test_run(const struct card_io *io, struct card_result *result, char *why, size_t why_bytes);

/* Whether it is a wcnic card and vfio-pci has it: only there can it reach memory. */
int card_pci_check(const struct wcbar_pci_facts *facts, char *why, size_t why_bytes);

/* card_test_run with an open card that passed the check. */
int card_pci_test(struct wcbar_pci *pci, struct card_result *result, char *why, size_t why_bytes);

#endif /* CARD_TEST_H */
