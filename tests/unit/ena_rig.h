/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef ENA_RIG_H
#define ENA_RIG_H

/* An ENA card in a port that keeps what it was sent. For tests with cmocka. */

#include "fake_ena.h"

#define ENA_SEEN_MAX 512u
#define ENA_SEEN_BYTES 9300u

/* A port that keeps what it was sent, and refuses when `ret` says so. */
struct ena_port {
	uint32_t frames;
	uint32_t flushed; /* frames when flush() was last called */
	uint32_t bytes[ENA_SEEN_MAX];
	uint8_t data[ENA_SEEN_MAX][ENA_SEEN_BYTES];
	int ret;          /* of the next sends */
	uint32_t hold_at; /* so many frames and no more; 0: without bound */
	uint32_t fail_at; /* this frame is refused; 0: none */
	bool down;        /* there is no link */
	bool waits;       /* it keeps frames for which there are no buffers */
	uint32_t speed_mbps;
};

struct ena_rig {
	struct fake_ena e;
	struct fake_ena_txq tx;
	struct fake_ena_rxq rx;
	struct ena_port port;
	uint8_t *frame; /* in host memory: 64 KiB that differ */
};

#define ENA_RIG_BYTES 65536u

/* A card of this configuration; its driver has an MTU of 9000 and no queues. For a test to end. */
struct ena_rig *ena_rig_open(const struct ena_card_config *config);
/* cmocka's fixtures, with both sizes of entries. */
int ena_rig_setup(void **state);
int ena_rig_teardown(void **state);
/* One after the other: another card, for the next of several cases of a test. */
void ena_rig_again(void **state);

/* A Tx queue in host memory, or as LLQ with entries of so many bytes and accel_flags. */
void ena_rig_tx_host(struct ena_rig *r, uint16_t depth);
void ena_rig_tx_llq(struct ena_rig *r, uint16_t depth, uint16_t entry_bytes, uint16_t accel_flags);
void ena_rig_rx(struct ena_rig *r, uint16_t depth, uint32_t buf_bytes);
/* A frame of one buffer, or with the first bytes pushed; from r->frame + off. */
void ena_rig_send(struct ena_rig *r, uint16_t req_id, uint32_t off, uint16_t bytes, uint8_t pushed);
/* Rings, and polls once. */
void ena_rig_go(struct ena_rig *r);
/* The next completion is of that request, and the only one that is there if `last`. */
void ena_rig_expect_cpl(struct ena_rig *r, uint16_t req_id, bool last);
void ena_rig_expect_no_cpl(struct ena_rig *r);
/* Frame `idx` that the port took. */
void
ena_rig_expect_frame(const struct ena_rig *r, uint32_t idx, const uint8_t *data, uint32_t bytes);
/*
 * The counters: this one has this value, and all others that say what went wrong are 0; or nothing
 * went wrong.
 */
#define ENA_EXPECT(e, member, value) \
	ena_expect_only(e, offsetof(struct ena_card_stats, member), value)
#define ENA_EXPECT_CLEAN(e) ena_expect_only(e, SIZE_MAX, 0)
void ena_expect_only(struct fake_ena *e, size_t off, uint64_t value);
/* The queue has stopped, for this reason: counted, told by the status, and it stays so. */
#define ENA_RIG_EXPECT_STOPPED(r, member)       \
	do {                                    \
		ENA_EXPECT(&(r)->e, member, 1); \
		ena_rig_expect_stopped(r);      \
	} while (0)
void ena_rig_expect_stopped(struct ena_rig *r);

#endif /* ENA_RIG_H */
