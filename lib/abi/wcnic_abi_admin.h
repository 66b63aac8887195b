/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_ADMIN_H
#define WCNIC_ABI_ADMIN_H

/* Datasheet section 3: the admin RPC. */

#include "wcnic_abi_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 3. Admin RPC -------------------------------------------------------------------------- */

enum wcnic_admin_op {
	WCNIC_OP_IDENTIFY = 0x01,
	WCNIC_OP_FEATURES_SET = 0x02,
	WCNIC_OP_WAKE_SET = 0x03,
	WCNIC_OP_WINDOW_ALLOC = 0x10,
	WCNIC_OP_WINDOW_FREE = 0x11,
	WCNIC_OP_WINDOW_TEST = 0x13,
	WCNIC_OP_TXQ_CREATE = 0x20,
	WCNIC_OP_TXQ_DESTROY = 0x21,
	WCNIC_OP_RXQ_CREATE = 0x28,
	WCNIC_OP_RXQ_DESTROY = 0x29,
	WCNIC_OP_RXQ_SET = 0x2a,
	WCNIC_OP_PORT_QUERY = 0x30,
	WCNIC_OP_PORT_SET = 0x31,
	WCNIC_OP_STATS_QUERY = 0x32,
	WCNIC_OP_RSS_SET = 0x33,
	WCNIC_OP_MAC_LIST_SET = 0x34,
	WCNIC_OP_VLAN_FILTER_SET = 0x35,
	WCNIC_OP_RXQ_STATS_QUERY = 0x36,
	WCNIC_OP_CLOCK_SET = 0x38,
	WCNIC_OP_FLOW_CREATE = 0x40,
	WCNIC_OP_FLOW_DESTROY = 0x41,
	WCNIC_OP_FLOW_QUERY = 0x42,
	WCNIC_OP_FLOW_FLUSH = 0x43,
};

enum wcnic_admin_status {
	WCNIC_ST_OK = 0,
	WCNIC_ST_UNSUPPORTED = 1,    /* this firmware does not do that command or option */
	WCNIC_ST_INVALID_FIELD = 2,  /* result = byte offset of the field within the command */
	WCNIC_ST_INVALID_QUEUE = 3,  /* no such queue */
	WCNIC_ST_INVALID_WINDOW = 4, /* no such window, or of the wrong type or generation */
	WCNIC_ST_NO_SPACE = 5,       /* no window, queue or aperture left */
	WCNIC_ST_BUSY = 6,           /* in use: destroy its queues first */
	WCNIC_ST_BAD_ADDRESS = 7,    /* an IOVA in the command is not mapped, or not so */
	WCNIC_ST_BAD_STATE = 8,      /* exists already, or not started */
	WCNIC_ST_NOT_OBSERVABLE = 9, /* the card cannot see single stores */
	WCNIC_ST_INTERNAL = 10,
};

struct wcnic_admin_cmd {
	uint8_t opcode;        /* enum wcnic_admin_op */
	uint8_t flags;         /* zero */
	wcnic_le16 cmd_id;     /* echoed; unique among the commands in flight */
	wcnic_le32 data_bytes; /* size of the buffer at data_iova; zero if none */
	wcnic_le64 data_iova;  /* answers go here; RSS_SET reads from here */
	uint8_t params[48];    /* one of the wcnic_cmd_* below */
};
WCNIC_ABI_SIZE(wcnic_admin_cmd, 64);
WCNIC_ABI_OFF(wcnic_admin_cmd, cmd_id, 2);
WCNIC_ABI_OFF(wcnic_admin_cmd, data_bytes, 4);
WCNIC_ABI_OFF(wcnic_admin_cmd, data_iova, 8);
WCNIC_ABI_OFF(wcnic_admin_cmd, params, 16);

struct wcnic_admin_cpl {
	wcnic_le16 cmd_id;
	wcnic_le16 status;     /* enum wcnic_admin_status */
	wcnic_le32 result;     /* by status and opcode */
	wcnic_le32 data_bytes; /* how many bytes of the answer were written */
	wcnic_le16 sq_head;    /* free-running: commands consumed */
	uint8_t rsvd;
	uint8_t phase; /* bit 0: 1 in the first lap, toggles each lap; written last */
};
WCNIC_ABI_SIZE(wcnic_admin_cpl, 16);
WCNIC_ABI_OFF(wcnic_admin_cpl, status, 2);
WCNIC_ABI_OFF(wcnic_admin_cpl, result, 4);
WCNIC_ABI_OFF(wcnic_admin_cpl, data_bytes, 8);
WCNIC_ABI_OFF(wcnic_admin_cpl, sq_head, 12);
WCNIC_ABI_OFF(wcnic_admin_cpl, phase, 15);

#define WCNIC_PHASE_BIT 0x01u

/* IDENTIFY answers with this. */
struct wcnic_identity {
	wcnic_le32 abi_version;
	wcnic_le32 fw_version;
	wcnic_le64 caps;
	wcnic_le16 max_txq;
	wcnic_le16 max_rxq;
	wcnic_le16 max_windows;
	wcnic_le16 max_vectors;
	wcnic_le16 min_depth; /* of any ring; depths are powers of two */
	wcnic_le16 max_depth;
	wcnic_le16 max_frame_bytes; /* with the Ethernet header, without FCS */
	wcnic_le16 min_frame_bytes;
	wcnic_le32 window_align; /* smallest alignment and size of a window */
	wcnic_le32 max_window_bytes;
	wcnic_le32 push_wait_ns; /* how long an incomplete slot is waited for */
	wcnic_le32 heartbeat_ns; /* longest time between two heartbeats of a live firmware */
	wcnic_le16 reta_entries;
	wcnic_le16 max_slot_lines;
	uint8_t mac[6]; /* permanent address */
	uint8_t rsvd[2];
	char model[24]; /* name, NUL-padded */
	/* Since 1.1; zero before. */
	wcnic_le16 max_macs;     /* FILTER: entries of MAC_LIST_SET */
	wcnic_le16 max_segments; /* TX_SEGMENT: frames that one may become */
	wcnic_le32 max_flows;    /* FLOW: rules */
	uint8_t rsvd2[36];
};
WCNIC_ABI_SIZE(wcnic_identity, 128);
WCNIC_ABI_OFF(wcnic_identity, caps, 8);
WCNIC_ABI_OFF(wcnic_identity, max_txq, 16);
WCNIC_ABI_OFF(wcnic_identity, min_depth, 24);
WCNIC_ABI_OFF(wcnic_identity, max_frame_bytes, 28);
WCNIC_ABI_OFF(wcnic_identity, window_align, 32);
WCNIC_ABI_OFF(wcnic_identity, push_wait_ns, 40);
WCNIC_ABI_OFF(wcnic_identity, reta_entries, 48);
WCNIC_ABI_OFF(wcnic_identity, mac, 52);
WCNIC_ABI_OFF(wcnic_identity, model, 60);
WCNIC_ABI_OFF(wcnic_identity, max_macs, 84);
WCNIC_ABI_OFF(wcnic_identity, max_flows, 88);

struct wcnic_cmd_features {
	wcnic_le64 features; /* what the driver will use: a subset of caps */
	uint8_t rsvd[40];
};
WCNIC_ABI_SIZE(wcnic_cmd_features, 48);

struct wcnic_cmd_wake_set {
	wcnic_le64 iova; /* of a struct wcnic_wake_record, 64-byte aligned; 0: none any more */
	uint8_t rsvd[40];
};
WCNIC_ABI_SIZE(wcnic_cmd_wake_set, 48);

/* In host memory, a line of its own; the card writes its first word. */
struct wcnic_wake_record {
	wcnic_le32 sleep; /* 0: awake; else the number of this sleep, never that of the last */
	uint8_t rsvd[60];
};
WCNIC_ABI_SIZE(wcnic_wake_record, 64);

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_ABI_ADMIN_H */
