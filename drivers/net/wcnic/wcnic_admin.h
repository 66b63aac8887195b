/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ADMIN_H
#define WCNIC_ADMIN_H

/* The admin RPC (datasheet section 3), registers, and what is made of single commands. */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_memzone.h>

#include <wcnic_abi.h>

struct wcnic_hw;

#define WCNIC_ADMIN_LOG2 4
#define WCNIC_EVENTS_LOG2 6
#define WCNIC_ADMIN_DATA_BYTES 1024

struct wcnic_admin {
	pthread_mutex_t lock; /* one command at a time */
	const struct rte_memzone *mz;
	struct wcnic_admin_cmd *sq;
	struct wcnic_admin_cpl *cq;
	struct wcnic_event *aeq;
	uint8_t *data; /* answers and inputs: WCNIC_ADMIN_DATA_BYTES */
	struct wcnic_wake_record *wake;
	uint64_t sq_iova, cq_iova, aeq_iova, data_iova, wake_iova;
	uint16_t sq_tail;
	uint16_t cq_head;
	uint16_t aeq_head;
	uint16_t next_id;
	bool up;
};

/*
 * Reaches the card, resets it, enables its admin rings and asks what it is; at the probe and again
 * to recover. On failure the attach is closed. -EPROTO: not our card, or one that makes no sense.
 */
int wcnic_card_open(struct wcnic_hw *hw);
/* -ENOTSUP, after saying so of `what`, if it is RTE_BAD_IOVA. */
int wcnic_iova_check(const struct wcnic_hw *hw, const char *what, rte_iova_t iova);
/* Allocates the rings' memory once; fini frees it. */
int wcnic_admin_init(struct wcnic_hw *hw);
void wcnic_admin_fini(struct wcnic_hw *hw);
/* Enables the rings of a card that is ready; IDENTIFY. */
int wcnic_admin_start(struct wcnic_hw *hw);
/* Resets the card: afterwards it touches no host memory. */
int wcnic_admin_stop(struct wcnic_hw *hw);

/* One command. `in`/`out` may be NULL. 0, or -errno by the card's status, which is logged. */
struct wcnic_admin_req {
	uint8_t opcode;
	const void *params;
	size_t params_bytes;
	const void *in;
	size_t in_bytes;
	void *out;
	size_t out_bytes; /* the answer must have at least so many */
};
int wcnic_admin_exec(struct wcnic_hw *hw, const struct wcnic_admin_req *req);

/* Takes one event; false if there is none. The copy is in host byte order. */
bool wcnic_admin_event(struct wcnic_hw *hw, struct wcnic_event *ev);

int wcnic_port_set(struct wcnic_hw *hw, uint16_t valid);
int wcnic_port_query(struct wcnic_hw *hw);
int wcnic_stats_query(struct wcnic_hw *hw);
int wcnic_rss_set(struct wcnic_hw *hw);

int wcnic_reg_read32(struct wcnic_hw *hw, uint32_t off, uint32_t *value);
int wcnic_reg_write32(struct wcnic_hw *hw, uint32_t off, uint32_t value);

#endif /* WCNIC_ADMIN_H */
