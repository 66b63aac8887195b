/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_H
#define WCNIC_ABI_H

/*
 * The card's programming interface, transcribed from doc/datasheet.md: the only copy in code.
 *
 * Every multi-byte field is little-endian (wcnic_leNN). Structures are naturally aligned and have
 * no padding of their own; each is followed by asserts of its size and offsets. Fields named rsvd
 * are written as zero and ignored when read. Section numbers are the datasheet's.
 */

#include <assert.h>
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint16_t wcnic_le16;
typedef uint32_t wcnic_le32;
typedef uint64_t wcnic_le64;

#define WCNIC_ABI_SIZE(type, bytes) \
	static_assert(sizeof(struct type) == (bytes), #type " is " #bytes " bytes")
#define WCNIC_ABI_OFF(type, field, off) \
	static_assert(offsetof(struct type, field) == (off), #type "." #field " is at " #off)

/* ---- 1. Identity ------------------------------------------------------------------------- */

/* PCI identity: not registered with the PCI-SIG; the vendor is the one that emulated devices use.
 */
#define WCNIC_PCI_VENDOR_ID 0x1234
#define WCNIC_PCI_DEVICE_ID 0x57c1
#define WCNIC_PCI_CLASS 0x020000 /* Ethernet controller */

#define WCNIC_MAGIC 0x434e4357u /* "WCNC" read as a little-endian word */
#define WCNIC_ABI_MAJOR 1
#define WCNIC_ABI_MINOR 0
#define WCNIC_ABI_VERSION (((uint32_t)WCNIC_ABI_MAJOR << 16) | WCNIC_ABI_MINOR)

/* ---- 2. BARs and registers --------------------------------------------------------------- */

#define WCNIC_BAR_REGS 0    /* 64-bit, not prefetchable */
#define WCNIC_BAR_WINDOWS 2 /* 64-bit, prefetchable: the window aperture, nothing else */
#define WCNIC_BAR_MSIX 4    /* 64-bit, not prefetchable: MSI-X table and PBA */

#define WCNIC_BAR_REGS_BYTES 0x10000u
#define WCNIC_BAR_MSIX_BYTES 0x10000u
#define WCNIC_MSIX_TABLE_OFF 0x0000u
#define WCNIC_MSIX_PBA_OFF 0x8000u

/* BAR0. Accesses are 4 or 8 bytes, aligned to their size; 8 bytes only where noted as 64. */
#define WCNIC_REG_MAGIC 0x000          /* RO 32 */
#define WCNIC_REG_ABI_VERSION 0x004    /* RO 32: major 31:16, minor 15:0 */
#define WCNIC_REG_CAPS 0x008           /* RO 64: WCNIC_CAP_* */
#define WCNIC_REG_LIMITS 0x010         /* RO 32: queue pairs 15:0, windows 31:16 */
#define WCNIC_REG_FW_VERSION 0x014     /* RO 32 */
#define WCNIC_REG_APERTURE_BYTES 0x018 /* RO 64: size of BAR2 */
#define WCNIC_REG_CTRL 0x020           /* RW 32: WCNIC_CTRL_* */
#define WCNIC_REG_STATUS 0x024         /* RO 32: WCNIC_STATUS_* */
#define WCNIC_REG_ERROR_CAUSE 0x028    /* RO 32: first enum wcnic_error since reset */
#define WCNIC_REG_ERROR_INFO 0x02c     /* RO 32: detail of ERROR_CAUSE */
#define WCNIC_REG_HEARTBEAT 0x030      /* RO 32: grows while firmware lives */
#define WCNIC_REG_RESET_COUNT 0x034    /* RO 32: resets since power-on */
#define WCNIC_REG_ASQ_BASE 0x040       /* RW 64: admin submission ring, IOVA, 64-byte aligned */
#define WCNIC_REG_ACQ_BASE 0x048       /* RW 64: admin completion ring */
#define WCNIC_REG_AEQ_BASE 0x050       /* RW 64: async event ring */
#define WCNIC_REG_ADMIN_SIZE 0x058     /* RW 32: log2 of entries: ASQ and ACQ 7:0, AEQ 15:8 */
#define WCNIC_REG_ASQ_TAIL 0x060       /* WO 32: free-running 16-bit tail; the admin doorbell */
#define WCNIC_REG_AEQ_HEAD 0x064       /* WO 32: free-running 16-bit head: events consumed */
#define WCNIC_REG_WAKE 0x068           /* WO 32: any value: look at all doorbells now */
#define WCNIC_REG_MARK 0x0f0           /* WO 32: nothing to the card; for who watches the bus */

#define WCNIC_CTRL_ENABLE 0x00000001u
#define WCNIC_CTRL_RESET 0x00000002u /* self-clearing */

#define WCNIC_STATUS_READY 0x00000001u   /* reset is over, registers may be written */
#define WCNIC_STATUS_ENABLED 0x00000002u /* the admin rings are live */
#define WCNIC_STATUS_ERROR 0x00000004u   /* ERROR_CAUSE says what; only a reset leaves it */
#define WCNIC_STATUS_FW_DEAD 0x00000008u /* firmware has stopped; only a reset leaves it */

#define WCNIC_ADMIN_LOG2_MIN 2
#define WCNIC_ADMIN_LOG2_MAX 8

/* Feature bits: CAPS register, struct wcnic_identity and FEATURES_SET. */
#define WCNIC_CAP_PUSH 0x0000000000000001ull         /* PUSH windows */
#define WCNIC_CAP_PUSH_EXPRESS 0x0000000000000002ull /* express commit rule */
#define WCNIC_CAP_PUSH_PACKED 0x0000000000000004ull  /* a burst packed back to back into lines */
#define WCNIC_CAP_RSS 0x0000000000000008ull          /* RSS_SET */
#define WCNIC_CAP_WINDOW_TEST 0x0000000000000010ull  /* the card observes stores: WINDOW_TEST */
#define WCNIC_CAP_MSIX 0x0000000000000040ull
#define WCNIC_CAP_WAKE 0x0000000000000080ull /* sleeps, and says so: WAKE_SET */

/* ---- 3. Admin RPC ------------------------------------------------------------------------ */

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
	WCNIC_OP_PORT_QUERY = 0x30,
	WCNIC_OP_PORT_SET = 0x31,
	WCNIC_OP_STATS_QUERY = 0x32,
	WCNIC_OP_RSS_SET = 0x33,
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
	uint8_t rsvd2[40];
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

/* ---- 4. Windows -------------------------------------------------------------------------- */

enum wcnic_window_type {
	WCNIC_WINDOW_DOORBELL = 1, /* to be mapped as Device / uncached */
	WCNIC_WINDOW_PUSH = 2,     /* to be mapped as write-combining / Normal-NC */
};

#define WCNIC_WINDOW_ALIGN 0x10000u
#define WCNIC_QUEUE_NONE 0xffffu
#define WCNIC_WINDOW_NONE 0xffffu
#define WCNIC_VECTOR_NONE 0xffffu
#define WCNIC_DOORBELL_STRIDE 64u

struct wcnic_cmd_window_alloc {
	uint8_t type;       /* enum wcnic_window_type */
	uint8_t slot_lines; /* PUSH: lines per slot, 1..max_slot_lines, power of two; else 0 */
	wcnic_le16 qid;     /* PUSH: the Tx queue that will use it; DOORBELL: WCNIC_QUEUE_NONE */
	wcnic_le32 bytes;   /* wanted; the grant is rounded up to the alignment */
	wcnic_le32 align;   /* wanted: power of two or 0; at least WCNIC_WINDOW_ALIGN is given */
	uint8_t rsvd[36];
};
WCNIC_ABI_SIZE(wcnic_cmd_window_alloc, 48);
WCNIC_ABI_OFF(wcnic_cmd_window_alloc, qid, 2);
WCNIC_ABI_OFF(wcnic_cmd_window_alloc, bytes, 4);
WCNIC_ABI_OFF(wcnic_cmd_window_alloc, align, 8);

/* WINDOW_FREE */
struct wcnic_cmd_window {
	wcnic_le16 id;
	wcnic_le16 generation;
	uint8_t rsvd[44];
};
WCNIC_ABI_SIZE(wcnic_cmd_window, 48);

/* WINDOW_ALLOC answers with this. */
struct wcnic_window_grant {
	wcnic_le16 id;
	wcnic_le16 generation; /* never 0; differs from every recent owner's of these bytes */
	uint8_t type;
	uint8_t slot_lines;
	wcnic_le16 qid;
	wcnic_le64 offset; /* within BAR2 */
	wcnic_le32 bytes;
	wcnic_le16 slots;     /* PUSH: power of two */
	wcnic_le16 max_burst; /* PUSH: slots between two doorbells */
	uint8_t rsvd[8];
};
WCNIC_ABI_SIZE(wcnic_window_grant, 32);
WCNIC_ABI_OFF(wcnic_window_grant, type, 4);
WCNIC_ABI_OFF(wcnic_window_grant, qid, 6);
WCNIC_ABI_OFF(wcnic_window_grant, offset, 8);
WCNIC_ABI_OFF(wcnic_window_grant, bytes, 16);
WCNIC_ABI_OFF(wcnic_window_grant, slots, 20);

/* WINDOW_TEST: the self test (section 10). */
enum wcnic_window_test_step {
	WCNIC_TEST_START = 1,  /* clear the record, begin to observe */
	WCNIC_TEST_REPORT = 2, /* stop, answer with struct wcnic_window_test_report */
};

struct wcnic_cmd_window_test {
	wcnic_le16 id;
	wcnic_le16 generation;
	uint8_t step; /* enum wcnic_window_test_step */
	uint8_t rsvd[3];
	wcnic_le32 lines; /* START: how many tagged lines will be written */
	uint8_t rsvd2[36];
};
WCNIC_ABI_SIZE(wcnic_cmd_window_test, 48);
WCNIC_ABI_OFF(wcnic_cmd_window_test, step, 4);
WCNIC_ABI_OFF(wcnic_cmd_window_test, lines, 8);

struct wcnic_window_test_report {
	wcnic_le32 arrivals[8];   /* by size: 1, 2, 4, 8, 16, 32, 64, other */
	wcnic_le32 lines_whole;   /* arrived as one 64-byte write */
	wcnic_le32 lines_partial; /* arrived in pieces, all bytes seen */
	wcnic_le32 lines_lost;    /* some byte never seen */
	wcnic_le32 lines_reordered;
	wcnic_le64 first_ns; /* card clock, first and last arrival */
	wcnic_le64 last_ns;
};
WCNIC_ABI_SIZE(wcnic_window_test_report, 64);
WCNIC_ABI_OFF(wcnic_window_test_report, lines_whole, 32);
WCNIC_ABI_OFF(wcnic_window_test_report, first_ns, 48);

/* ---- 5. Queues and doorbells ------------------------------------------------------------- */

enum wcnic_placement {
	WCNIC_PLACEMENT_FETCH = 0, /* the card reads descriptors from host memory */
	WCNIC_PLACEMENT_PUSH = 1,  /* the CPU writes slots into a PUSH window */
};

enum wcnic_commit {
	WCNIC_COMMIT_DOORBELL = 0,
	WCNIC_COMMIT_EXPRESS = 1, /* needs WCNIC_CAP_PUSH_EXPRESS */
};

/* How entries lie in a PUSH window. */
enum wcnic_push_format {
	WCNIC_FORMAT_SLOTS = 0,  /* entry s is slot s */
	WCNIC_FORMAT_PACKED = 1, /* back to back in lines; needs WCNIC_CAP_PUSH_PACKED */
};

struct wcnic_cmd_txq_create {
	wcnic_le16 qid;
	uint8_t placement;      /* enum wcnic_placement of the first entry */
	uint8_t commit;         /* enum wcnic_commit */
	wcnic_le16 depth;       /* entries: power of two */
	wcnic_le16 vector;      /* MSI-X vector or WCNIC_VECTOR_NONE */
	wcnic_le16 db_window;   /* a DOORBELL window */
	wcnic_le16 push_window; /* a PUSH window of this qid, or WCNIC_WINDOW_NONE */
	wcnic_le32 db_off;      /* within db_window: multiple of WCNIC_DOORBELL_STRIDE */
	wcnic_le64 ring_iova;   /* depth x struct wcnic_tx_desc, 64-byte aligned */
	wcnic_le64 cq_iova;     /* depth x struct wcnic_tx_cpl, 64-byte aligned */
	uint8_t format;         /* enum wcnic_push_format */
	uint8_t rsvd[15];
};
WCNIC_ABI_SIZE(wcnic_cmd_txq_create, 48);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, depth, 4);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, db_window, 8);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, db_off, 12);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, ring_iova, 16);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, cq_iova, 24);
WCNIC_ABI_OFF(wcnic_cmd_txq_create, format, 32);

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
	uint8_t rsvd[15];
};
WCNIC_ABI_SIZE(wcnic_cmd_rxq_create, 48);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, db_window, 4);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, db_off, 8);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, buf_bytes, 12);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, ring_iova, 16);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, cq_iova, 24);
WCNIC_ABI_OFF(wcnic_cmd_rxq_create, cqe_log2, 32);

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
#define WCNIC_TXDB_PLACEMENT(p) ((uint64_t)((p)&1) << 40)
#define WCNIC_TXDB_GET_TAIL(db) ((uint16_t)(db))
#define WCNIC_TXDB_GET_SWITCH_SEQ(db) ((uint16_t)((db) >> 16))
#define WCNIC_TXDB_GET_EPOCH(db) ((uint8_t)((db) >> 32))
#define WCNIC_TXDB_GET_PLACEMENT(db) ((unsigned int)((db) >> 40) & 1)

#define WCNIC_RXDB_TAIL(seq) ((uint64_t)(uint16_t)(seq))
#define WCNIC_RXDB_CQ_HEAD(seq) ((uint64_t)(uint16_t)(seq) << 16)
#define WCNIC_RXDB_ARM (1ull << 32) /* interrupt once a completion past cq_head exists */
#define WCNIC_RXDB_GET_TAIL(db) ((uint16_t)(db))
#define WCNIC_RXDB_GET_CQ_HEAD(db) ((uint16_t)((db) >> 16))

/* ---- 6. Tx ------------------------------------------------------------------------------- */

/* A fetch descriptor: one segment. A frame is SOP .. EOP in consecutive entries. */
struct wcnic_tx_desc {
	wcnic_le64 iova;
	wcnic_le16 bytes;       /* 1..65535 */
	wcnic_le16 flags;       /* WCNIC_TXF_* */
	wcnic_le16 seq;         /* the entry's sequence number */
	wcnic_le16 frame_bytes; /* SOP: length of the whole frame; else 0 */
};
WCNIC_ABI_SIZE(wcnic_tx_desc, 16);
WCNIC_ABI_OFF(wcnic_tx_desc, bytes, 8);
WCNIC_ABI_OFF(wcnic_tx_desc, flags, 10);
WCNIC_ABI_OFF(wcnic_tx_desc, seq, 12);
WCNIC_ABI_OFF(wcnic_tx_desc, frame_bytes, 14);

#define WCNIC_TXF_SOP 0x0001u
#define WCNIC_TXF_EOP 0x0002u

#define WCNIC_LINE_BYTES 64u
#define WCNIC_LINE_PAYLOAD_BYTES 56u
#define WCNIC_SLOT_LINES_MAX 16u

/* One line. `check` is wcnic_line_check() of the line with check = 0. */
struct wcnic_push_line {
	wcnic_le16 seq;        /* of the slot; packed: of the line, from 0 in each epoch */
	wcnic_le16 generation; /* of the window */
	wcnic_le16 check;
	uint8_t line_idx; /* within the slot; packed: the epoch */
	uint8_t flags;    /* WCNIC_LINEF_*; packed: 0 */
	uint8_t payload[WCNIC_LINE_PAYLOAD_BYTES];
};
WCNIC_ABI_SIZE(wcnic_push_line, 64);
WCNIC_ABI_OFF(wcnic_push_line, generation, 2);
WCNIC_ABI_OFF(wcnic_push_line, check, 4);
WCNIC_ABI_OFF(wcnic_push_line, line_idx, 6);
WCNIC_ABI_OFF(wcnic_push_line, flags, 7);
WCNIC_ABI_OFF(wcnic_push_line, payload, 8);

#define WCNIC_LINEF_LAST 0x01u /* the last line of its slot that is used */

/*
 * The payloads of a slot's lines, one after the other, are a byte stream: this header, then either
 * inline_bytes of the frame, or n_segs of struct wcnic_push_seg. A frame is SOP .. EOP in
 * consecutive slots; a slot holds inline bytes or segments, never both.
 */
struct wcnic_push_hdr {
	wcnic_le16 frame_bytes;  /* SOP: length of the whole frame; else 0 */
	wcnic_le16 inline_bytes; /* 0 when n_segs > 0 */
	wcnic_le16 flags;        /* WCNIC_TXF_* */
	uint8_t n_lines;         /* lines used by this slot; packed: 0 */
	uint8_t n_segs;
};
WCNIC_ABI_SIZE(wcnic_push_hdr, 8);
WCNIC_ABI_OFF(wcnic_push_hdr, flags, 4);
WCNIC_ABI_OFF(wcnic_push_hdr, n_lines, 6);

struct wcnic_push_seg {
	wcnic_le64 iova;
	wcnic_le32 bytes;
	wcnic_le32 rsvd;
};
WCNIC_ABI_SIZE(wcnic_push_seg, 16);

#define WCNIC_SLOT_STREAM_BYTES(lines) ((lines)*WCNIC_LINE_PAYLOAD_BYTES)
#define WCNIC_SLOT_INLINE_BYTES(lines) \
	(WCNIC_SLOT_STREAM_BYTES(lines) - (unsigned int)sizeof(struct wcnic_push_hdr))
#define WCNIC_SLOT_SEGS(lines) \
	(WCNIC_SLOT_INLINE_BYTES(lines) / (unsigned int)sizeof(struct wcnic_push_seg))

/* Packed: the window's ring has no more lines than this, and entries begin where this divides. */
#define WCNIC_PACKED_LINES_MAX 16384u
#define WCNIC_PACKED_ALIGN 8u

/* Exclusive-or of the 64-byte line's eight 64-bit words, folded to 16 bits. */
static inline uint16_t
wcnic_line_check(const void *line)
{
	uint64_t words[WCNIC_LINE_BYTES / sizeof(uint64_t)], x = 0;

	memcpy(words, line, sizeof(words));
	for (unsigned int i = 0; i < WCNIC_LINE_BYTES / sizeof(uint64_t); i++)
		x ^= words[i];
	x ^= x >> 32;
	x ^= x >> 16;
	return (uint16_t)x;
}

enum wcnic_tx_status {
	WCNIC_TX_PUSHED = 1,     /* sent, taken from the window */
	WCNIC_TX_FETCHED = 2,    /* sent, taken from host memory */
	WCNIC_TX_INCOMPLETE = 3, /* not sent: the slot at `seq` did not arrive whole; stopped there
				  */
	WCNIC_TX_DROPPED = 4,    /* not sent: pushes are refused; stopped there; resend by fetch */
	WCNIC_TX_ERROR = 5,      /* discarded: `reason` says why; the queue goes on */
};

/* Why a frame was discarded or a queue stopped: Tx completions, QUEUE_ERROR events, ERROR_CAUSE. */
enum wcnic_error {
	WCNIC_ERR_NONE = 0,
	WCNIC_ERR_ADMIN_CONFIG = 1, /* admin ring base, size or address */
	WCNIC_ERR_DOORBELL = 2,     /* tail, switch or epoch out of range */
	WCNIC_ERR_DESC = 3,         /* descriptor or slot header malformed */
	WCNIC_ERR_ADDRESS = 4,      /* IOVA not mapped, or not with that permission */
	WCNIC_ERR_OVERSIZE = 5,     /* frame longer than the MTU allows */
	WCNIC_ERR_RUNT = 6,         /* frame shorter than min_frame_bytes */
	WCNIC_ERR_FIRMWARE = 7,
	WCNIC_ERR_REGISTER = 8, /* access of wrong size, alignment or offset */
};

/* Covers `count` consecutive entries from `seq`. At most one completion exists per entry. */
struct wcnic_tx_cpl {
	wcnic_le16 seq;
	wcnic_le16 count; /* entries; 0 with INCOMPLETE and DROPPED */
	uint8_t status;   /* enum wcnic_tx_status */
	uint8_t reason;   /* enum wcnic_error */
	uint8_t epoch;    /* the queue's */
	uint8_t rsvd;
	wcnic_le16 frames; /* how many frames those entries are */
	uint8_t rsvd2[5];
	uint8_t phase; /* written last */
};
WCNIC_ABI_SIZE(wcnic_tx_cpl, 16);
WCNIC_ABI_OFF(wcnic_tx_cpl, status, 4);
WCNIC_ABI_OFF(wcnic_tx_cpl, epoch, 6);
WCNIC_ABI_OFF(wcnic_tx_cpl, frames, 8);
WCNIC_ABI_OFF(wcnic_tx_cpl, phase, 15);

/* ---- 7. Rx ------------------------------------------------------------------------------- */

struct wcnic_rx_desc {
	wcnic_le64 iova; /* buf_bytes of the queue are writable there */
};
WCNIC_ABI_SIZE(wcnic_rx_desc, 8);

/* One per posted buffer, in posting order. */
struct wcnic_rx_cpl {
	wcnic_le16 bytes;       /* written to this buffer */
	wcnic_le16 flags;       /* WCNIC_RXF_* */
	wcnic_le32 hash;        /* valid with HASH */
	wcnic_le16 seq;         /* sequence number of the buffer */
	wcnic_le16 frame_bytes; /* SOP: length of the whole frame; else 0 */
	wcnic_le16 ptype;       /* WCNIC_PTYPE_* */
	uint8_t rsvd;
	uint8_t phase; /* written last */
};
WCNIC_ABI_SIZE(wcnic_rx_cpl, 16);
WCNIC_ABI_OFF(wcnic_rx_cpl, flags, 2);
WCNIC_ABI_OFF(wcnic_rx_cpl, hash, 4);
WCNIC_ABI_OFF(wcnic_rx_cpl, seq, 8);
WCNIC_ABI_OFF(wcnic_rx_cpl, ptype, 12);
WCNIC_ABI_OFF(wcnic_rx_cpl, phase, 15);

#define WCNIC_RXF_SOP 0x0001u
#define WCNIC_RXF_EOP 0x0002u
#define WCNIC_RXF_HASH 0x0004u

#define WCNIC_PTYPE_L2 0x0000u
#define WCNIC_PTYPE_VLAN 0x0001u
#define WCNIC_PTYPE_IPV4 0x0010u
#define WCNIC_PTYPE_IPV6 0x0020u
#define WCNIC_PTYPE_L3_MASK 0x0030u
#define WCNIC_PTYPE_TCP 0x0100u
#define WCNIC_PTYPE_UDP 0x0200u
#define WCNIC_PTYPE_ICMP 0x0300u
#define WCNIC_PTYPE_FRAG 0x0400u
#define WCNIC_PTYPE_L4_MASK 0x0700u

/* ---- 8. Port ----------------------------------------------------------------------------- */

#define WCNIC_PORT_SET_MTU 0x0001u
#define WCNIC_PORT_SET_MAC 0x0002u
#define WCNIC_PORT_SET_FLAGS 0x0004u

#define WCNIC_PORTF_UP 0x0001u /* admin state: receive and send */
#define WCNIC_PORTF_PROMISC 0x0002u
#define WCNIC_PORTF_ALLMULTI 0x0004u

#define WCNIC_MTU_MIN 68u
#define WCNIC_MTU_MAX 9216u
/* Over the MTU: the Ethernet header and two VLAN tags. */
#define WCNIC_L2_OVERHEAD 22u

struct wcnic_cmd_port_set {
	wcnic_le16 valid; /* WCNIC_PORT_SET_* */
	wcnic_le16 mtu;
	wcnic_le16 flags; /* WCNIC_PORTF_* */
	uint8_t mac[6];
	uint8_t rsvd[36];
};
WCNIC_ABI_SIZE(wcnic_cmd_port_set, 48);
WCNIC_ABI_OFF(wcnic_cmd_port_set, flags, 4);
WCNIC_ABI_OFF(wcnic_cmd_port_set, mac, 6);

/* PORT_QUERY answers with this. */
struct wcnic_port_info {
	uint8_t link_up;
	uint8_t rsvd;
	wcnic_le16 mtu;
	wcnic_le16 flags;
	uint8_t mac[6];
	wcnic_le32 speed_mbps;
	char kind[16]; /* loopback, wire, pcap, sink, generator; NUL-padded */
	uint8_t rsvd2[32];
};
WCNIC_ABI_SIZE(wcnic_port_info, 64);
WCNIC_ABI_OFF(wcnic_port_info, mac, 6);
WCNIC_ABI_OFF(wcnic_port_info, speed_mbps, 12);
WCNIC_ABI_OFF(wcnic_port_info, kind, 16);

/* STATS_QUERY answers with this; counters run from reset. */
struct wcnic_stats {
	wcnic_le64 tx_frames;
	wcnic_le64 tx_bytes;
	wcnic_le64 tx_pushed;
	wcnic_le64 tx_fetched;
	wcnic_le64 tx_incomplete; /* INCOMPLETE completions */
	wcnic_le64 tx_dropped;    /* DROPPED completions */
	wcnic_le64 tx_errors;     /* frames discarded, all reasons */
	wcnic_le64 tx_oversize;
	wcnic_le64 tx_held; /* times a port took a frame only later */
	wcnic_le64 rx_frames;
	wcnic_le64 rx_bytes;
	wcnic_le64 rx_oversize;
	wcnic_le64 rx_runt;
	wcnic_le64 rx_filtered;    /* not for this address */
	wcnic_le64 rx_down;        /* arrived while the port was down */
	wcnic_le64 rx_held;        /* times a frame waited for a buffer */
	wcnic_le64 rx_errors;      /* buffer address not writable */
	wcnic_le64 stray_writes;   /* aperture lines written outside any window */
	wcnic_le64 stale_lines;    /* lines refused for generation, sequence or check */
	wcnic_le64 events_lost;    /* async event ring was full */
	wcnic_le64 port_in_frames; /* the port's input so far: a capture's packets read */
	wcnic_le64 port_in_done;   /* 1 once the port's input has ended and was all delivered */
	wcnic_le64 first_rx_ns;    /* card clock: first frame delivered to the host */
	wcnic_le64 last_tx_ns;     /* card clock: when the last frame had been sent */
	wcnic_le64 first_tx_ns;    /* card clock: when the first frame was about to be sent */
	wcnic_le64 sleeps;         /* times the wake record was set */
	wcnic_le64 wakes;          /* writes to WAKE */
	wcnic_le64 rsvd[5];
};
WCNIC_ABI_SIZE(wcnic_stats, 256);
WCNIC_ABI_OFF(wcnic_stats, rx_frames, 72);
WCNIC_ABI_OFF(wcnic_stats, stray_writes, 136);
WCNIC_ABI_OFF(wcnic_stats, first_tx_ns, 192);
WCNIC_ABI_OFF(wcnic_stats, wakes, 208);

#define WCNIC_RSS_KEY_BYTES 40u
#define WCNIC_RETA_ENTRIES 128u

#define WCNIC_RSS_IPV4 0x0001u
#define WCNIC_RSS_IPV4_TCP 0x0002u
#define WCNIC_RSS_IPV4_UDP 0x0004u
#define WCNIC_RSS_IPV6 0x0008u
#define WCNIC_RSS_IPV6_TCP 0x0010u
#define WCNIC_RSS_IPV6_UDP 0x0020u
#define WCNIC_RSS_ALL 0x003fu

/* RSS_SET reads this from data_iova. With types = 0 every frame goes to reta[0]. */
struct wcnic_rss {
	wcnic_le32 types; /* WCNIC_RSS_* */
	wcnic_le32 rsvd;
	uint8_t key[WCNIC_RSS_KEY_BYTES];
	wcnic_le16 reta[WCNIC_RETA_ENTRIES]; /* Rx queue by the hash's low bits */
};
WCNIC_ABI_SIZE(wcnic_rss, 304);
WCNIC_ABI_OFF(wcnic_rss, key, 8);
WCNIC_ABI_OFF(wcnic_rss, reta, 48);

/* ---- 9. Async events --------------------------------------------------------------------- */

enum wcnic_event_type {
	WCNIC_EV_LINK = 1,           /* arg0: 1 up, 0 down; arg1: Mbit/s */
	WCNIC_EV_WINDOW_REVOKED = 2, /* arg0: window id; arg1: its old generation */
	WCNIC_EV_STRAY_WRITE = 3,    /* arg0: how many lines; arg64: BAR2 offset of the first */
	WCNIC_EV_QUEUE_ERROR = 4,    /* arg0: qid, bit 16 set for Tx; arg1: enum wcnic_error */
	WCNIC_EV_FATAL = 5,          /* arg1: enum wcnic_error; a reset is needed */
	WCNIC_EV_LOST = 6,           /* arg0: how many events did not fit */
};

#define WCNIC_EV_QUEUE_TX 0x10000u

struct wcnic_event {
	wcnic_le16 type;
	wcnic_le16 seq; /* free-running */
	wcnic_le32 arg0;
	wcnic_le32 arg1;
	wcnic_le32 rsvd;
	wcnic_le64 arg64;
	uint8_t rsvd2[7];
	uint8_t phase; /* written last */
};
WCNIC_ABI_SIZE(wcnic_event, 32);
WCNIC_ABI_OFF(wcnic_event, arg0, 4);
WCNIC_ABI_OFF(wcnic_event, arg64, 16);
WCNIC_ABI_OFF(wcnic_event, phase, 31);

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_ABI_H */
