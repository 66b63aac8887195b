/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_FLOW_H
#define WCNIC_ABI_FLOW_H

/* Datasheet section 13: flow rules. */

#include "wcnic_abi_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 13. Flow rules ------------------------------------------------------------------------- */

#define WCNIC_FLOW_RSS_QUEUES_MAX 64u

/* What a frame has, in `layers` of a key. */
#define WCNIC_FLOWL_TAGGED 0x0001u  /* at least one VLAN tag */
#define WCNIC_FLOWL_TAGGED2 0x0002u /* at least two */
#define WCNIC_FLOWL_IPV4 0x0004u
#define WCNIC_FLOWL_IPV6 0x0008u
#define WCNIC_FLOWL_FRAGMENT 0x0010u /* of IPv4 or IPv6: has no layer above */
#define WCNIC_FLOWL_TCP 0x0020u
#define WCNIC_FLOWL_UDP 0x0040u
#define WCNIC_FLOWL_SCTP 0x0080u

/*
 * The fields of a frame, as its bytes are: arrays are in network byte order. What a frame does not
 * have is zero. A mask has the same form: bits that are set are compared.
 */
struct wcnic_flow_key {
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	uint8_t ether_type[2]; /* behind the addresses: of a tag, if there is one */
	uint8_t vlan_tci[2];   /* of the outer tag */
	uint8_t src_addr[16];  /* IPv4: the first 4 bytes */
	uint8_t dst_addr[16];
	uint8_t src_port[2];
	uint8_t dst_port[2];
	uint8_t vlan_type[2]; /* behind the outer tag */
	uint8_t vlan2_tci[2]; /* of the second tag */
	uint8_t vlan2_type[2];
	uint8_t ip_proto;  /* as the header has it: IPv6's next header */
	uint8_t ip_tos;    /* IPv6: traffic class */
	wcnic_le16 layers; /* WCNIC_FLOWL_* */
	uint8_t rsvd[2];
};
WCNIC_ABI_SIZE(wcnic_flow_key, 64);
WCNIC_ABI_OFF(wcnic_flow_key, ether_type, 12);
WCNIC_ABI_OFF(wcnic_flow_key, src_addr, 16);
WCNIC_ABI_OFF(wcnic_flow_key, dst_addr, 32);
WCNIC_ABI_OFF(wcnic_flow_key, src_port, 48);
WCNIC_ABI_OFF(wcnic_flow_key, vlan_type, 52);
WCNIC_ABI_OFF(wcnic_flow_key, ip_proto, 58);
WCNIC_ABI_OFF(wcnic_flow_key, layers, 60);

/* At most one of the first three; without any the frame goes on to the next rule. */
#define WCNIC_FLOWA_QUEUE 0x0001u /* to queues[0] */
#define WCNIC_FLOWA_RSS 0x0002u   /* to one of queues[], by the rule's own hash */
#define WCNIC_FLOWA_DROP 0x0004u
#define WCNIC_FLOWA_FLAG 0x0008u /* MATCH in the completion */
#define WCNIC_FLOWA_MARK 0x0010u /* MATCH and MARK in the completion, `mark` in the extra */
#define WCNIC_FLOWA_COUNT 0x0020u
#define WCNIC_FLOWA_FATE (WCNIC_FLOWA_QUEUE | WCNIC_FLOWA_RSS | WCNIC_FLOWA_DROP)
#define WCNIC_FLOWA_ALL 0x003fu

/* FLOW_CREATE reads this from data_iova. */
struct wcnic_flow {
	wcnic_le32 id;       /* the driver's choice, less than max_flows */
	wcnic_le32 priority; /* 0 comes first */
	wcnic_le32 actions;  /* WCNIC_FLOWA_* */
	wcnic_le32 mark;
	struct wcnic_flow_key key;
	struct wcnic_flow_key mask;
	wcnic_le16 n_queues;  /* QUEUE: 1; RSS: 1..WCNIC_FLOW_RSS_QUEUES_MAX; else 0 */
	uint8_t rss_function; /* RSS: enum wcnic_rss_function */
	uint8_t rsvd;
	wcnic_le32 rss_types; /* RSS: WCNIC_RSS_* */
	uint8_t rss_key[40];  /* RSS */
	wcnic_le16 queues[WCNIC_FLOW_RSS_QUEUES_MAX];
};
WCNIC_ABI_SIZE(wcnic_flow, 320);
WCNIC_ABI_OFF(wcnic_flow, key, 16);
WCNIC_ABI_OFF(wcnic_flow, mask, 80);
WCNIC_ABI_OFF(wcnic_flow, n_queues, 144);
WCNIC_ABI_OFF(wcnic_flow, rss_types, 148);
WCNIC_ABI_OFF(wcnic_flow, rss_key, 152);
WCNIC_ABI_OFF(wcnic_flow, queues, 192);

/* FLOW_DESTROY, FLOW_QUERY. */
struct wcnic_cmd_flow {
	wcnic_le32 id;
	uint8_t clear; /* FLOW_QUERY: 1: the counters are zero afterwards */
	uint8_t rsvd[43];
};
WCNIC_ABI_SIZE(wcnic_cmd_flow, 48);
WCNIC_ABI_OFF(wcnic_cmd_flow, clear, 4);

/* FLOW_QUERY answers with this. */
struct wcnic_flow_counters {
	wcnic_le64 frames; /* that the rule matched, with COUNT */
	wcnic_le64 bytes;
};
WCNIC_ABI_SIZE(wcnic_flow_counters, 16);

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_ABI_FLOW_H */
