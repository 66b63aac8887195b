/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ABI_PORT_H
#define WCNIC_ABI_PORT_H

/* Datasheet section 8: the port, its statistics, RSS. */

#include "wcnic_abi_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 8. Port ------------------------------------------------------------------------------- */

#define WCNIC_PORT_SET_MTU 0x0001u
#define WCNIC_PORT_SET_MAC 0x0002u
#define WCNIC_PORT_SET_FLAGS 0x0004u

#define WCNIC_PORTF_UP 0x0001u /* admin state: receive and send */
#define WCNIC_PORTF_PROMISC 0x0002u
#define WCNIC_PORTF_ALLMULTI 0x0004u
/* Since 1.1. */
#define WCNIC_PORTF_LINK_DOWN 0x0008u   /* no carrier: the far end sees the link go down */
#define WCNIC_PORTF_VLAN_FILTER 0x0010u /* only VLANs of VLAN_FILTER_SET */
#define WCNIC_PORTF_PAUSE_TX 0x0020u    /* pauses the sender instead of dropping */
#define WCNIC_PORTF_PAUSE_RX 0x0040u    /* is paused by the far end */
#define WCNIC_PORTF_ISOLATED 0x0080u    /* only frames that a flow rule matches */

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
	/* Since 1.1; zero before. */
	wcnic_le16 wire; /* WCNIC_WIREF_* */
	uint8_t rsvd2[2];
	wcnic_le32 wire_mbps; /* speed of the wire, with a link or without; 0: not known */
	uint8_t rsvd3[24];
};
WCNIC_ABI_SIZE(wcnic_port_info, 64);
WCNIC_ABI_OFF(wcnic_port_info, mac, 6);
WCNIC_ABI_OFF(wcnic_port_info, speed_mbps, 12);
WCNIC_ABI_OFF(wcnic_port_info, kind, 16);
WCNIC_ABI_OFF(wcnic_port_info, wire, 32);
WCNIC_ABI_OFF(wcnic_port_info, wire_mbps, 36);

#define WCNIC_WIREF_PAUSE 0x0001u /* the wire carries pauses: PORTF_PAUSE_* may be set */
#define WCNIC_WIREF_WAITS 0x0002u /* what comes waits for buffers, as a capture does */

/* MAC_LIST_SET reads `count` of these from data_iova, in place of all that were set before. */
struct wcnic_mac {
	uint8_t addr[6]; /* unicast or multicast */
	uint8_t rsvd[2];
};
WCNIC_ABI_SIZE(wcnic_mac, 8);

struct wcnic_cmd_mac_list {
	wcnic_le16 count; /* at most max_macs */
	uint8_t rsvd[46];
};
WCNIC_ABI_SIZE(wcnic_cmd_mac_list, 48);

/* VLAN_FILTER_SET reads this from data_iova. */
struct wcnic_vlan_filter {
	wcnic_le64 vids[64]; /* a bit for each VLAN: vid % 64 of word vid / 64 */
};
WCNIC_ABI_SIZE(wcnic_vlan_filter, 512);

/* RXQ_STATS_QUERY answers with a struct wcnic_rxq_counters for each queue. */
struct wcnic_cmd_rxq_stats {
	wcnic_le16 first; /* queue */
	wcnic_le16 count;
	uint8_t rsvd[44];
};
WCNIC_ABI_SIZE(wcnic_cmd_rxq_stats, 48);

/* From the queue's creation on. */
struct wcnic_rxq_counters {
	wcnic_le64 frames;
	wcnic_le64 bytes;
	wcnic_le64 missed; /* frames dropped because no buffers were posted */
	wcnic_le64 rsvd;
};
WCNIC_ABI_SIZE(wcnic_rxq_counters, 32);

enum wcnic_clock_step {
	WCNIC_CLOCK_SET = 1,  /* the clock shows ns */
	WCNIC_CLOCK_ADD = 2,  /* ns, signed, is added to it */
	WCNIC_CLOCK_RATE = 3, /* it runs ns parts in 10^9, signed, faster than its oscillator */
};

#define WCNIC_CLOCK_RATE_MAX 500000000ll /* and no less than minus that */

struct wcnic_cmd_clock_set {
	wcnic_le64 ns;
	uint8_t step; /* enum wcnic_clock_step */
	uint8_t rsvd[39];
};
WCNIC_ABI_SIZE(wcnic_cmd_clock_set, 48);
WCNIC_ABI_OFF(wcnic_cmd_clock_set, step, 8);

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
	/* Since 1.1. */
	wcnic_le64 rx_missed;   /* dropped because their queue had no buffers; all queues */
	wcnic_le64 rx_no_queue; /* for a queue that does not exist now */
	wcnic_le64 flow_drops;  /* dropped by flow rules */
	wcnic_le64 tx_segments; /* frames that segmentation made */
	wcnic_le64 rsvd;
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
/* Since 1.1: without these, such packets are hashed as WCNIC_RSS_IPV4 and IPV6 say. */
#define WCNIC_RSS_IPV4_SCTP 0x0040u
#define WCNIC_RSS_IPV6_SCTP 0x0080u
#define WCNIC_RSS_IPV4_FRAG 0x0100u
#define WCNIC_RSS_IPV6_FRAG 0x0200u
#define WCNIC_RSS_IPV4_OTHER 0x0400u /* neither a fragment nor TCP, UDP or SCTP */
#define WCNIC_RSS_IPV6_OTHER 0x0800u
#define WCNIC_RSS_ALL 0x0fffu

enum wcnic_rss_function {
	WCNIC_RSS_TOEPLITZ = 0,
	WCNIC_RSS_SYMMETRIC = 1, /* Toeplitz: source, destination replaced by their exclusive-or */
};

/* RSS_SET reads this from data_iova. With types = 0 every frame goes to reta[0]. */
struct wcnic_rss {
	wcnic_le32 types; /* WCNIC_RSS_* */
	uint8_t function; /* enum wcnic_rss_function */
	uint8_t rsvd[3];
	uint8_t key[WCNIC_RSS_KEY_BYTES];
	wcnic_le16 reta[WCNIC_RETA_ENTRIES]; /* Rx queue by the hash's low bits */
};
WCNIC_ABI_SIZE(wcnic_rss, 304);
WCNIC_ABI_OFF(wcnic_rss, key, 8);
WCNIC_ABI_OFF(wcnic_rss, reta, 48);

#ifdef __cplusplus
}
#endif

#endif /* WCNIC_ABI_PORT_H */
