/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_QUEUE_H
#define WCNIC_ABI_QUEUE_H

/* Datasheet section 5: queues and doorbells. */

#include "wcnic_abi_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 5. Queues and doorbells --------------------------------------------------------------- */

enum wcnic_placement {
	WCNIC_PLACEMENT_FETCH = 0, /* the card reads descriptors from host memory */
	WCNIC_PLACEMENT_PUSH = 1,  /* the CPU writes slots into a PUSH window */
};

/* Entries that are their own doorbell; those of the other placement need one. */
#define WCNIC_COMMIT_DOORBELL 0x00u
#define WCNIC_COMMIT_PUSH_EXPRESS 0x01u  /* lines; needs WCNIC_CAP_PUSH_EXPRESS */
#define WCNIC_COMMIT_FETCH_EXPRESS 0x02u /* descriptors; needs WCNIC_CAP_FETCH_EXPRESS */
#define WCNIC_COMMIT_ALL 0x03u

/* How entries lie in a PUSH window. */
enum wcnic_push_format {
	WCNIC_FORMAT_SLOTS = 0,  /* entry s is slot s */
	WCNIC_FORMAT_PACKED = 1, /* back to back in lines; needs WCNIC_CAP_PUSH_PACKED */
};

struct wcnic_cmd_txq_create {
	wcnic_le16 qid;
	uint8_t placement;      /* enum wcnic_placement of the first entry */
	uint8_t commit;         /* WCNIC_COMMIT_* */
	wcnic_le16 depth;       /* entries: power of two */
	wcnic_le16 vector;      /* MSI-X vector or WCNIC_VECTOR_NONE */
	wcnic_le16 db_window;   /* a DOORBELL window */
	wcnic_le16 push_window; /* a PUSH window of this qid, or WCNIC_WINDOW_NONE */
	wcnic_le32 db_off;      /* within db_window: multiple of WCNIC_DOORBELL_STRIDE */
	wcnic_le64 ring_iova;   /* depth x struct wcnic_tx_desc, 64-byte aligned */
	wcnic_le64 cq_iova;     /* depth x struct wcnic_tx_cpl, 64-byte aligned */
	uint8_t format;         /* enum wcnic_push_format */
	uint8_t rsvd;
	wcnic_le16 hold; /* since 1.2: entries whose completion may be held back; 0 before */
	uint8_t rsvd2[4];
	wcnic_le64 offload_iova; /* depth x struct wcnic_tx_offload, 64-byte aligned; 0: none */
};
WCNIC_ABI_SIZE(wcnic_cmd_txq_create, 48);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, depth, 4);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, db_window, 8);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, db_off, 12);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, ring_iova, 16);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, cq_iova, 24);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, format, 32);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, hold, 34);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, offload_iova, 40);

struct wcnic_cmd_rxq_create {
	wcnic_le16 qid;
	wcnic_le16 depth; /* entries: power of two */
	wcnic_le16 db_window;
	wcnic_le16 vector;
	wcnic_le32 db_off;
	wcnic_le32 buf_bytes; /* space at each posted address: 64..65535 */
	wcnic_le64 ring_iova; /* depth x struct wcnic_rx_desc */
	wcnic_le64 cq_iova;   /* depth x struct wcnic_rx_cpl */
	uint8_t cqe_log2;     /* 4: 16-byte completions, the only size */
	/* Since 1.1; zero before. */
	uint8_t flags;               /* WCNIC_RXQF_* */
	wcnic_le16 offloads;         /* WCNIC_RXQ_OFFLOAD_* */
	wcnic_le16 moderation_usecs; /* least time between two interrupts; 0: none */
	uint8_t rsvd[2];
	wcnic_le64 extra_iova; /* depth x struct wcnic_rx_extra, 64-byte aligned; 0: none */
};
WCNIC_ABI_SIZE(wcnic_cmd_rxq_create, 48);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, db_window, 4);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, db_off, 8);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, buf_bytes, 12);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, ring_iova, 16);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, cq_iova, 24);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, cqe_log2, 32);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, offloads, 34);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, extra_iova, 40);

/* A frame that finds no buffers is dropped even where the port could keep it. */
#define WCNIC_RXQF_DROP 0x01u

#define WCNIC_RXQ_OFFLOAD_CHECKSUM 0x0001u   /* verdicts in completions */
#define WCNIC_RXQ_OFFLOAD_VLAN_STRIP 0x0002u /* needs extras, as the next three */
#define WCNIC_RXQ_OFFLOAD_QINQ_STRIP 0x0004u
#define WCNIC_RXQ_OFFLOAD_TIME 0x0008u /* the time of every frame */
#define WCNIC_RXQ_OFFLOAD_PTP 0x0010u  /* PTP frames are told, with their time */
#define WCNIC_RXQ_OFFLOAD_ALL 0x001fu
/* These need the extras ring. */
#define WCNIC_RXQ_OFFLOAD_EXTRA 0x001eu

/* RXQ_SET, since 1.1: of a queue that exists, for frames that come later. */
struct wcnic_cmd_rxq_set {
	wcnic_le16 qid;
	wcnic_le16 offloads; /* WCNIC_RXQ_OFFLOAD_*, in place of those before */
	uint8_t rsvd[4];
	wcnic_le64 extra_iova; /* as RXQ_CREATE's; 0: what the queue has stays */
	uint8_t rsvd2[32];
};
WCNIC_ABI_SIZE(wcnic_cmd_rxq_set, 48);
WCNIC_ABI_OFF(wcnic_cmd_rxq_set, offloads, 2);
WCNIC_ABI_OFF(wcnic_cmd_rxq_set, extra_iova, 8);

/* TXQ_DESTROY, RXQ_DESTROY. */
struct wcnic_cmd_queue {
	wcnic_le16 qid;
	uint8_t rsvd[46];
};
WCNIC_ABI_SIZE(wcnic_cmd_queue, 48);

/*
 * Doorbells are one aligned 64-bit store. Each holds the whole state, so that a card that polls
 * may miss all but the last.
 */
#define WCNIC_TXDB_TAIL(seq) ((uint64_t)(uint16_t)(seq))
#define WCNIC_TXDB_SWITCH_SEQ(seq) ((uint64_t)(uint16_t)(seq) << 16)
#define WCNIC_TXDB_EPOCH(epoch) ((uint64_t)(uint8_t)(epoch) << 32)
#define WCNIC_TXDB_PLACEMENT(p) ((1 & (uint64_t)(p)) << 40)
#define WCNIC_TXDB_GET_TAIL(db) ((uint16_t)(db))
#define WCNIC_TXDB_GET_SWITCH_SEQ(db) ((uint16_t)((db) >> 16))
#define WCNIC_TXDB_GET_EPOCH(db) ((uint8_t)((db) >> 32))
#define WCNIC_TXDB_GET_PLACEMENT(db) ((unsigned int)((db) >> 40) & 1)

#define WCNIC_RXDB_TAIL(seq) ((uint64_t)(uint16_t)(seq))
#define WCNIC_RXDB_CQ_HEAD(seq) ((uint64_t)(uint16_t)(seq) << 16)
#define WCNIC_RXDB_ARM (1ull << 32) /* interrupt once a completion past cq_head exists */
/* Since 1.1: makes a record differ from the one before, so that it asks anew. */
#define WCNIC_RXDB_ARM_NUMBER(n) ((uint64_t)(uint8_t)(n) << 40)
#define WCNIC_RXDB_GET_TAIL(db) ((uint16_t)(db))
#define WCNIC_RXDB_GET_CQ_HEAD(db) ((uint16_t)((db) >> 16))

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_ABI_QUEUE_H */
