/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "port_internal.h"

/*
 * Makes broadcast IPv4/UDP frames between addresses of 198.18.0.0/15, the range for benchmarks.
 * The payload begins with a big-endian 64-bit sequence number and a 64-bit flow number.
 */

#define ETHER_BYTES 14u
#define IP_BYTES 20u
#define UDP_BYTES 8u
#define IP_OFF ETHER_BYTES
#define UDP_OFF (IP_OFF + IP_BYTES)
#define DATA_OFF (UDP_OFF + UDP_BYTES)
#define FRAME_MIN (DATA_OFF + 16u)
#define FRAME_MAX (WCNIC_MTU_MAX + ETHER_BYTES)
#define FRAME_DEFAULT 64u
#define FLOWS_MAX (1u << 16)

struct generator {
	struct wcnic_port port;
	uint64_t bytes; /* 0: IMIX */
	uint64_t count; /* 0: without end */
	uint64_t flows;
	uint64_t random;
	uint64_t seq;         /* of the next frame */
	uint32_t frame_bytes; /* of the frame that waits, or 0 */
	uint8_t frame[FRAME_MAX];
};

/* xorshift64 */
static uint64_t
random_next(struct generator *gen)
{
	gen->random ^= gen->random << 13;
	gen->random ^= gen->random >> 7;
	gen->random ^= gen->random << 17;
	return gen->random >> 16;
}

static void
put16(uint8_t *at, uint16_t value)
{
	value = htobe16(value);
	memcpy(at, &value, sizeof(value));
}

static void
put32(uint8_t *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, sizeof(value));
}

static void
put64(uint8_t *at, uint64_t value)
{
	value = htobe64(value);
	memcpy(at, &value, sizeof(value));
}

/* The internet checksum of `bytes` bytes on top of `sum`. */
static uint16_t
checksum(const uint8_t *data, size_t bytes, uint32_t sum)
{
	size_t i;

	for (i = 0; i + 1 < bytes; i += 2)
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
	if (bytes & 1)
		sum += (uint32_t)data[bytes - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t
bytes_pick(struct generator *gen)
{
	unsigned int turn;

	if (gen->bytes != 0)
		return (uint32_t)gen->bytes;
	turn = random_next(gen) % 12;
	return turn < 7 ? 64 : turn < 11 ? 570 : 1518;
}

static void
headers_init(struct generator *gen)
{
	static const uint8_t start[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff,                       /* to all */
		0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00,           /* IPv4 */
		0x45, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 17, /* TTL 64, UDP */
	};
	uint32_t i;

	memcpy(gen->frame, start, sizeof(start));
	for (i = DATA_OFF + 16; i < FRAME_MAX; i++)
		gen->frame[i] = (uint8_t)i;
}

static void
frame_make(struct generator *gen)
{
	uint8_t *ip = gen->frame + IP_OFF;
	uint8_t *udp = gen->frame + UDP_OFF;
	uint32_t bytes = bytes_pick(gen);
	uint16_t ip_bytes = (uint16_t)(bytes - IP_OFF);
	uint16_t udp_bytes = (uint16_t)(bytes - UDP_OFF);
	uint32_t flow = (uint32_t)(random_next(gen) % gen->flows);
	uint16_t sum;

	put16(ip + 2, ip_bytes);
	put16(ip + 4, (uint16_t)gen->seq);
	put16(ip + 10, 0);
	put32(ip + 12, 0xc6120000u | flow);
	put32(ip + 16, 0xc6130000u | flow);
	put16(ip + 10, checksum(ip, IP_BYTES, 0));
	put16(udp, (uint16_t)(1024 + flow % 60000));
	put16(udp + 2, 9); /* discard */
	put16(udp + 4, udp_bytes);
	put16(udp + 6, 0);
	put64(gen->frame + DATA_OFF, gen->seq);
	put64(gen->frame + DATA_OFF + 8, flow);
	/* The pseudo header: addresses, protocol, length. Zero would mean that there is none. */
	sum = checksum(ip + 12, 8, 17u + udp_bytes);
	sum = checksum(udp, udp_bytes, (uint16_t)~sum);
	put16(udp + 6, sum != 0 ? sum : 0xffff);
	gen->frame_bytes = bytes;
	gen->seq++;
}

static unsigned int
generator_poll(void *ctx, unsigned int budget)
{
	struct generator *gen = ctx;
	unsigned int moved = 0;

	while (moved < budget) {
		struct wcnic_frag frag = {.base = gen->frame};
		struct wcnic_frame frame = {.frags = &frag, .n_frags = 1};

		if (gen->frame_bytes == 0) {
			if (gen->count != 0 && gen->seq == gen->count)
				break;
			frame_make(gen);
		}
		frag.bytes = gen->frame_bytes;
		frame.bytes = gen->frame_bytes;
		if (wcnic_card_receive(gen->port.card, &frame) != 0)
			break;
		gen->frame_bytes = 0;
		moved++;
	}
	return moved;
}

static int
generator_send(void *ctx, const struct wcnic_frame *frame)
{
	(void)ctx;
	(void)frame;
	return 0;
}

static void
generator_input(void *ctx, uint64_t *frames, bool *done)
{
	struct generator *gen = ctx;

	*frames = gen->seq;
	*done = gen->count != 0 && gen->seq == gen->count && gen->frame_bytes == 0;
}

__attribute__((warn_unused_result)) static int
generator_start(struct wcnic_port *port, const struct port_args *args)
{
	struct generator *gen = (struct generator *)port;
	uint64_t seed = 1;
	int ret;

	gen->bytes = FRAME_DEFAULT;
	gen->flows = 1;
	ret = port_arg_number(args, "bytes", 0, FRAME_MAX, &gen->bytes);
	if (ret == 0 && gen->bytes != 0)
		ret = port_arg_number(args, "bytes", FRAME_MIN, FRAME_MAX, &gen->bytes);
	if (ret == 0)
		ret = port_arg_number(args, "count", 0, UINT64_MAX, &gen->count);
	if (ret == 0)
		ret = port_arg_number(args, "flows", 1, FLOWS_MAX, &gen->flows);
	if (ret == 0)
		ret = port_arg_number(args, "seed", 0, UINT64_MAX, &seed);
	if (ret != 0)
		return ret;
	gen->random = (seed + 1) * 0x9e3779b97f4a7c15ull;
	if (gen->random == 0)
		gen->random = 1;
	headers_init(gen);
	return 0;
}

const struct port_kind port_kind_generator = {
	.ops = {.kind = "generator",
		.send = generator_send,
		.poll = generator_poll,
		.input = generator_input},
	.keys = "bytes count flows seed",
	.bytes = sizeof(struct generator),
	.start = generator_start,
};
