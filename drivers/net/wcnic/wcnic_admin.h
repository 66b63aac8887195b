/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ADMIN_H
#define WCNIC_ADMIN_H

/*
 * The card as the control path sees it: opened, reset, asked. Commands are lib/wcadmin's; here is
 * what connects it with an attach, with DPDK's memory and with the port.
 *
 * Threads: everything here is called with hw->lock taken. Nothing here is for bursts.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_memzone.h>

#include <wcadmin.h>
#include <wcnic_abi.h>

struct wcnic_hw;

#define WCNIC_ADMIN_LOG2 4  /* entries of the command ring */
#define WCNIC_EVENTS_LOG2 6 /* of the event ring */

struct wcnic_admin {
	struct wcadmin client;
	pthread_mutex_t lock; /* one command, event or reset at a time */
	const struct rte_memzone *mz;
	struct wcnic_wake_record *wake; /* behind the client's memory */
	uint64_t wake_iova;
};

/* Allocates the memory that rings and wake record live in. 0, -ENOMEM, or -ENOTSUP: no IOVA. */
__rte_warn_unused_result int wcnic_admin_init(struct wcnic_hw *hw);
/* Frees it; the card has been reset before, or is gone. */
void wcnic_admin_fini(struct wcnic_hw *hw);

/*
 * Opens the attach, checks that it leads to a wcnic card, resets that, enables its admin rings and
 * asks what it is; at the probe and again to recover. On failure the attach is closed. -EPROTO: not
 * our card, or one that makes no sense.
 */
__rte_warn_unused_result int wcnic_card_open(struct wcnic_hw *hw);
/* Enables the rings of a card that is READY, IDENTIFY, FEATURES_SET. 0 or -errno, logged. */
__rte_warn_unused_result int wcnic_admin_start(struct wcnic_hw *hw);
/* Resets the card: when this returns 0 it touches no host memory any more. */
int wcnic_admin_stop(struct wcnic_hw *hw);

/* -ENOTSUP, after logging it of `what`, if it is RTE_BAD_IOVA. */
__rte_warn_unused_result int
wcnic_iova_check(const struct wcnic_hw *hw, const char *what, rte_iova_t iova);

/* A register of BAR0, host byte order. 0 or the attach's -errno. Cost: one read or posted write. */
int wcnic_reg_read32(struct wcnic_hw *hw, uint32_t off, uint32_t *value);
int wcnic_reg_write32(struct wcnic_hw *hw, uint32_t off, uint32_t value);

#endif /* WCNIC_ADMIN_H */
