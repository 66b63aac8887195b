/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_WINDOW_H
#define WCNIC_ABI_WINDOW_H

/* Datasheet sections 4 and 10: windows and their self test. */

#include "wcnic_abi_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 4. Windows ---------------------------------------------------------------------------- */

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

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_ABI_WINDOW_H */
