/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef TX_RIG_H
#define TX_RIG_H

/* A card with one Tx queue, and a port that keeps what it was sent. For tests with cmocka. */

#include "fake_host.h"

#define WAIT_NS 50000u
#define SEEN_MAX 512

/* A port that keeps what it was sent, and refuses when `ret` says so. */
struct recorder {
	uint32_t frames;
	uint32_t flushed; /* frames when flush() was last called */
	uint32_t bytes[SEEN_MAX];
	uint8_t data[SEEN_MAX][9300];
	int ret;          /* of the next sends */
	uint32_t hold_at; /* so many frames and no more; 0: without bound */
	const struct fake_txq *watch;
	bool early; /* a completion was visible before its flush */
};

struct tx_rig {
	struct fake_host h;
	struct fake_txq q;
	struct recorder rec;
	uint8_t *frame; /* in host memory: 16 KiB that differ */
};

/* cmocka's fixtures; the port is up, with an MTU of 9000. */
int tx_rig_setup(void **state);
int tx_rig_teardown(void **state);
void tx_rig_open_push(struct tx_rig *r, uint16_t depth, uint8_t slot_lines);
void tx_rig_open_packed(struct tx_rig *r, uint16_t depth, uint8_t slot_lines);
void tx_rig_open_fetch(struct tx_rig *r, uint16_t depth);
/* Rings, and polls once. */
void tx_rig_go(struct tx_rig *r);
/* Asks for a placement from `seq` on, and polls. */
void tx_rig_switch(struct tx_rig *r, uint16_t seq, enum wcnic_placement placement);
/* Time passes until the card waits no longer for what has not arrived. */
void tx_rig_wait(struct tx_rig *r);
void tx_expect_cpl(struct tx_rig *r, enum wcnic_tx_status status, uint16_t seq, uint16_t count,
		   uint16_t frames);
void tx_expect_error(struct tx_rig *r, enum wcnic_error reason, uint16_t seq, uint16_t count);
void tx_expect_no_cpl(struct tx_rig *r);
void tx_expect_queue_error(struct tx_rig *r, enum wcnic_error error);
void tx_expect_frame(struct tx_rig *r, uint32_t idx, const uint8_t *data, uint32_t bytes);
/* All completions that are there: of pushes, one after the other from entry `done` to `sent`. */
void tx_expect_pushed(struct tx_rig *r, uint32_t done, uint32_t sent);
/* So many frames, with a change of placement in the midst of every 32: they come in order. */
void tx_expect_order_kept(struct tx_rig *r, uint32_t frames);
/* A line whose check is right although a field is wrong. */
void tx_line_forge(uint8_t *at, void (*change)(struct wcnic_push_line *line));
/* A change: the window that another had there before. */
void tx_forge_generation(struct wcnic_push_line *line);

#endif /* TX_RIG_H */
