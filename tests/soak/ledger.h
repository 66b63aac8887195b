/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef SOAK_LEDGER_H
#define SOAK_LEDGER_H

/*
 * What a client of the soak has sent and received, in a file that outlives it: the client may be
 * killed at any instruction. account.py reads it: all fields are 64-bit words in this order.
 */

#include <stdint.h>

#define SOAK_QUEUES_MAX 4u

/* Of one Tx queue. A killed client leaves `accepted` to `accepted` + `trying` frames sent. */
struct soak_tx {
	uint64_t next_seq; /* number of the next frame that is made */
	uint64_t accepted; /* frames that rte_eth_tx_burst() took */
	uint64_t trying;   /* frames that are being offered right now */
	uint64_t goal;     /* what `accepted` is to become */
};

/* Of the frames of one Tx queue of the peer. */
struct soak_rx {
	uint64_t next; /* the least number that may come */
	uint64_t received;
	uint64_t twice; /* frames with a number below `next`: they came twice, or too late */
	uint64_t gaps;  /* numbers that did not come */
};

/* Two of them: the one that counts is whole whenever the client is killed. */
struct soak_rx_slots {
	uint64_t which;
	struct soak_rx at[2];
};

struct soak_ledger {
	uint64_t rounds;  /* of the loop that sends and receives: how time passes for the client */
	uint64_t damaged; /* frames whose length or checksum is not what was sent */
	uint64_t foreign; /* frames of nobody who may send here */
	struct soak_tx tx[SOAK_QUEUES_MAX];
	struct soak_rx_slots rx[SOAK_QUEUES_MAX];
};

/* Maps the ledger of the file, which exists. NULL: it cannot be, and errno says why. */
struct soak_ledger *soak_ledger_map(const char *path);

#endif /* SOAK_LEDGER_H */
