/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The frames that the bench sends. */

#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "frame.h"

void
perf_frame_fill(uint8_t *data, uint32_t flow, uint16_t bytes)
{
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)data;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ether + 1);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	memset(data, 0, bytes);
	memset(&ether->dst_addr, 0xff, sizeof(ether->dst_addr));
	ether->src_addr.addr_bytes[0] = 0x02;
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16(bytes - sizeof(*ether));
	ip->time_to_live = 64;
	ip->next_proto_id = 17;
	ip->src_addr = rte_cpu_to_be_32(0xc6120000u | (flow & 255));
	ip->dst_addr = rte_cpu_to_be_32(0xc6130000u | (flow & 255));
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->src_port = rte_cpu_to_be_16(1024 + (flow & 255));
	udp->dst_port = rte_cpu_to_be_16(9);
	udp->dgram_len = rte_cpu_to_be_16(bytes - sizeof(*ether) - sizeof(*ip));
}
