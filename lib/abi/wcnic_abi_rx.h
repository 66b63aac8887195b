/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_RX_H
#define WCNIC_ABI_RX_H

/* Datasheet section 7: what an Rx queue is made of. */

#include "wcnic_abi_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 7. Rx --------------------------------------------------------------------------------- */

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
/* Since 1.1. A checksum with neither bit was not judged. */
#define WCNIC_RXF_MATCH 0x0008u  /* a flow rule flagged the frame */
#define WCNIC_RXF_L4_BAD 0x0010u /* checksum of TCP, UDP or SCTP */
#define WCNIC_RXF_IP_BAD 0x0020u /* checksum of the IPv4 header */
#define WCNIC_RXF_VLAN 0x0080u   /* a tag was stripped: vlan_tci of the extra */
#define WCNIC_RXF_IP_GOOD 0x0100u
#define WCNIC_RXF_L4_GOOD 0x0200u
#define WCNIC_RXF_PTP 0x0400u  /* IEEE 1588 over Ethernet */
#define WCNIC_RXF_TIME 0x0800u /* time_ns of the extra */
#define WCNIC_RXF_QINQ 0x1000u /* two tags were stripped: outer_vlan_tci, too */
#define WCNIC_RXF_MARK 0x4000u /* mark of the extra */
/* With one of these, something of the extra is valid. */
#define WCNIC_RXF_EXTRA (WCNIC_RXF_VLAN | WCNIC_RXF_QINQ | WCNIC_RXF_TIME | WCNIC_RXF_MARK)

/*
 * What few frames have, in a ring of its own beside the completions: of the SOP. Written before the
 * completion, and only if one of its flags says that a field is valid.
 */
struct wcnic_rx_extra {
	wcnic_le64 time_ns;        /* TIME: the card's clock */
	wcnic_le32 mark;           /* MARK: of the flow rule */
	wcnic_le16 vlan_tci;       /* VLAN: of the tag; QINQ: of the inner one */
	wcnic_le16 outer_vlan_tci; /* QINQ */
};
WCNIC_ABI_SIZE(wcnic_rx_extra, 16);
WCNIC_ABI_OFF(wcnic_rx_extra, mark, 8);
WCNIC_ABI_OFF(wcnic_rx_extra, vlan_tci, 12);

#define WCNIC_PTYPE_L2 0x0000u
#define WCNIC_PTYPE_VLAN 0x0001u
#define WCNIC_PTYPE_QINQ 0x0002u /* with VLAN: two tags, the first of them 0x88a8 */
#define WCNIC_PTYPE_PTP 0x0004u
#define WCNIC_PTYPE_ARP 0x0008u
#define WCNIC_PTYPE_IPV4 0x0010u
#define WCNIC_PTYPE_IPV6 0x0020u
#define WCNIC_PTYPE_L3_MASK 0x0030u
#define WCNIC_PTYPE_IP_PLAIN 0x0040u /* since 1.1: no options, no extension headers */
#define WCNIC_PTYPE_IP_EXT 0x0080u   /* since 1.1: some; neither: it is not known */
#define WCNIC_PTYPE_TCP 0x0100u
#define WCNIC_PTYPE_UDP 0x0200u
#define WCNIC_PTYPE_ICMP 0x0300u
#define WCNIC_PTYPE_FRAG 0x0400u
#define WCNIC_PTYPE_SCTP 0x0500u
#define WCNIC_PTYPE_L4_MASK 0x0700u

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_ABI_RX_H */
