/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_REGS_H
#define WCNIC_ABI_REGS_H

/* Datasheet sections 1, 2 and 11: identity, BARs, registers, feature bits. */

#include "wcnic_abi_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 1. Identity --------------------------------------------------------------------------- */

/* PCI identity: not registered with the PCI-SIG; the vendor is the one that emulated devices use.
 */
#define WCNIC_PCI_VENDOR_ID 0x1234
#define WCNIC_PCI_DEVICE_ID 0x57c1
#define WCNIC_PCI_CLASS 0x020000 /* Ethernet controller */

#define WCNIC_MAGIC 0x434e4357u /* "WCNC" read as a little-endian word */
#define WCNIC_ABI_MAJOR 1
#define WCNIC_ABI_MINOR 2
#define WCNIC_ABI_VERSION (((uint32_t)WCNIC_ABI_MAJOR << 16) | WCNIC_ABI_MINOR)

/* ---- 2. BARs and registers ----------------------------------------------------------------- */

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
#define WCNIC_REG_CLOCK 0x070          /* RO 64: the card's clock, ns */
/* RW 64: when the frame that asked for it was sent, ns; the host writes 0 to take the next. */
#define WCNIC_REG_TX_TIME 0x078
#define WCNIC_REG_MARK 0x0f0 /* WO 32: nothing to the card; for who watches the bus */

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
#define WCNIC_CAP_PUSH_EXPRESS 0x0000000000000002ull /* express commit rule for lines */
#define WCNIC_CAP_PUSH_PACKED 0x0000000000000004ull  /* a burst packed back to back into lines */
#define WCNIC_CAP_RSS 0x0000000000000008ull          /* RSS_SET */
#define WCNIC_CAP_WINDOW_TEST 0x0000000000000010ull  /* the card observes stores: WINDOW_TEST */
#define WCNIC_CAP_MSIX 0x0000000000000040ull
#define WCNIC_CAP_WAKE 0x0000000000000080ull /* sleeps, and says so: WAKE_SET */
/* Since 1.1. */
#define WCNIC_CAP_TX_OFFLOAD 0x0000000000000100ull  /* requests: checksums, VLAN insertion */
#define WCNIC_CAP_TX_SEGMENT 0x0000000000000200ull  /* requests: TCP and UDP segmentation */
#define WCNIC_CAP_RX_CHECKSUM 0x0000000000000400ull /* verdicts in completions */
#define WCNIC_CAP_RX_EXTRA 0x0000000000000800ull    /* the extras ring: stripped VLANs, marks */
#define WCNIC_CAP_FILTER 0x0000000000001000ull      /* MAC_LIST_SET, VLAN_FILTER_SET */
#define WCNIC_CAP_FLOW 0x0000000000002000ull        /* FLOW_CREATE and its like */
#define WCNIC_CAP_CLOCK 0x0000000000004000ull       /* CLOCK, TX_TIME, CLOCK_SET, times of frames */
/* Since 1.2. */
#define WCNIC_CAP_FETCH_EXPRESS 0x0000000000008000ull /* express commit rule for descriptors */

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_ABI_REGS_H */
