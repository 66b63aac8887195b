/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The frames of the soak. */

#include <stddef.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_hash_crc.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "frame.h"

#define MAGIC 0x736f616bu
#define UDP_PORT_FIRST 1024u

static void
headers_write(uint8_t *data, uint16_t bytes, uint16_t sender, uint16_t queue)
{
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)data;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ether + 1);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	memset(data, 0, SOAK_PAYLOAD_OFF);
	memset(&ether->dst_addr, 0xff, sizeof(ether->dst_addr));
	ether->src_addr.addr_bytes[0] = 0x02;
	ether->src_addr.addr_bytes[5] = (uint8_t)sender;
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(bytes - sizeof(*ether)));
	ip->time_to_live = 64;
	ip->next_proto_id = 17;
	ip->src_addr = rte_cpu_to_be_32(0xc6120000u | sender);
	ip->dst_addr = rte_cpu_to_be_32(0xc6130000u);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->src_port = rte_cpu_to_be_16((uint16_t)(UDP_PORT_FIRST + queue));
	udp->dst_port = rte_cpu_to_be_16(9);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(bytes - sizeof(*ether) - sizeof(*ip)));
}

void
soak_frame_make(uint8_t *data, uint16_t bytes, uint16_t sender, uint16_t queue, uint64_t seq)
{
	const struct soak_frame frame = {
		.magic = MAGIC, .sender = sender, .queue = queue, .seq = seq, .bytes = bytes};
	uint32_t crc;

	headers_write(data, bytes, sender, queue);
	memcpy(data + SOAK_PAYLOAD_OFF, &frame, sizeof(frame));
	/* other bytes than those of the frame before, in any buffer */
	for (uint32_t at = SOAK_PAYLOAD_OFF + sizeof(frame); at < bytes; at++)
		data[at] = (uint8_t)(seq + at * 7);
	crc = rte_hash_crc(data, bytes, MAGIC);
	memcpy(data + SOAK_PAYLOAD_OFF + offsetof(struct soak_frame, crc), &crc, sizeof(crc));
}

bool
soak_frame_read(uint8_t *data, uint32_t bytes, struct soak_frame *frame)
{
	const uint32_t none = 0;

	if (bytes < SOAK_FRAME_MIN || bytes > SOAK_FRAME_MAX)
		return false;
	memcpy(frame, data + SOAK_PAYLOAD_OFF, sizeof(*frame));
	if (frame->magic != MAGIC || frame->bytes != bytes)
		return false;
	memcpy(data + SOAK_PAYLOAD_OFF + offsetof(struct soak_frame, crc), &none, sizeof(none));
	return rte_hash_crc(data, bytes, MAGIC) == frame->crc;
}
