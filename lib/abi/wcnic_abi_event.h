/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_EVENT_H
#define WCNIC_ABI_EVENT_H

/* Datasheet section 9: async events. */

#include "wcnic_abi_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 9. Async events ----------------------------------------------------------------------- */

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

#endif /* WCNIC_ABI_EVENT_H */
