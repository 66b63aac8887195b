/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_H
#define WCNIC_ABI_H

/*
 * The card's programming interface, transcribed from doc/datasheet.md: the only copy in code. There
 * is a header for each group of its sections.
 *
 * Every multi-byte field is little-endian (wcnic_leNN). Structures are naturally aligned and have
 * no padding of their own; each is followed by asserts of its size and offsets. Fields named rsvd
 * are written as zero and ignored when read. Section numbers are the datasheet's.
 */

#include "wcnic_abi_admin.h"
#include "wcnic_abi_event.h"
#include "wcnic_abi_flow.h"
#include "wcnic_abi_port.h"
#include "wcnic_abi_queue.h"
#include "wcnic_abi_regs.h"
#include "wcnic_abi_rx.h"
#include "wcnic_abi_tx.h"
#include "wcnic_abi_types.h"
#include "wcnic_abi_window.h"

#endif /* WCNIC_ABI_H */
