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
#define PORT_DISCARD 9u
#define SRC_HIGH 0xc612u /* of the address; the low half is the flow */
#define DST_HIGH 0xc613u
/* Frames are made so many at a time, each in memory of its own. */
#define BURST 32u

/* What all frames of a length have in common: its part of the checksums. */
struct length {
	uint32_t bytes;
	uint32_t ip_sum;
	uint32_t udp_sum;
};

struct generator {
	struct wcnic_port port;
	uint64_t bytes; /* 0: IMIX */
	uint64_t count; /* 0: without end */
	uint64_t flows;
	uint64_t random;
	uint64_t seq; /* of the next frame */
	struct length lengths[3];
	unsigned int given; /* frames [given, made) wait */
	unsigned int made;
	struct wcnic_frame frames[BURST];
	struct wcnic_frag frags[BURST];
	uint8_t data[BURST][FRAME_MAX];
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
put64(uint8_t *at, uint64_t value)
{
	value = htobe64(value);
	memcpy(at, &value, sizeof(value));
}

/* Of a sum below 2^48. */
static uint16_t
checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

/* A division takes longer than all the rest of a frame, and most numbers of flows need none. */
static uint32_t
flow_pick(struct generator *gen)
{
	if (gen->flows == 1)
		return 0;
	if ((gen->flows & (gen->flows - 1)) == 0)
		return (uint32_t)(random_next(gen) & (gen->flows - 1));
	return (uint32_t)(random_next(gen) % gen->flows);
}

static const struct length *
length_pick(struct generator *gen)
{
	unsigned int turn;

	if (gen->bytes != 0)
		return &gen->lengths[0];
	turn = random_next(gen) % 12;
	return &gen->lengths[turn < 7 ? 0 : turn < 11 ? 1 : 2];
}

static void
length_init(struct length *length, uint32_t bytes, const uint8_t *frame)
{
	uint32_t ip_bytes = bytes - IP_OFF;
	uint32_t udp_bytes = bytes - UDP_OFF;
	uint32_t i;

	length->bytes = bytes;
	length->ip_sum = ip_bytes + SRC_HIGH + DST_HIGH;
	for (i = IP_OFF; i < IP_OFF + 12; i += 2)
		length->ip_sum += (uint32_t)(frame[i] << 8 | frame[i + 1]);
	/* The pseudo header: addresses, protocol, length. */
	length->udp_sum = SRC_HIGH + DST_HIGH + 17 + udp_bytes;
	length->udp_sum += PORT_DISCARD + udp_bytes;
	for (i = DATA_OFF + 16; i < bytes; i++)
		length->udp_sum += (uint32_t)frame[i] << (i % 2 == 0 ? 8 : 0);
}

/* What no frame changes. */
static void
frame_init(uint8_t *frame)
{
	static const uint8_t start[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff,                       /* to all */
		0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00,           /* IPv4 */
		0x45, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 17, /* TTL 64, UDP */
	};
	uint32_t i;

	memcpy(frame, start, sizeof(start));
	put16(frame + IP_OFF + 12, SRC_HIGH);
	put16(frame + IP_OFF + 16, DST_HIGH);
	put16(frame + UDP_OFF + 2, PORT_DISCARD);
	for (i = DATA_OFF + 16; i < FRAME_MAX; i++)
		frame[i] = (uint8_t)i;
}

static void
frames_init(struct generator *gen)
{
	unsigned int i;

	for (i = 0; i < BURST; i++) {
		frame_init(gen->data[i]);
		gen->frags[i].base = gen->data[i];
		gen->frames[i].frags = &gen->frags[i];
		gen->frames[i].n_frags = 1;
		gen->frames[i].flags = WCNIC_FRAME_STABLE;
	}
	length_init(&gen->lengths[0], gen->bytes != 0 ? (uint32_t)gen->bytes : 64, gen->data[0]);
	length_init(&gen->lengths[1], 570, gen->data[0]);
	length_init(&gen->lengths[2], 1518, gen->data[0]);
}

static void
frame_make(struct generator *gen, unsigned int idx)
{
	const struct length *length = length_pick(gen);
	uint32_t flow = flow_pick(gen);
	uint16_t port = (uint16_t)(1024 + flow % 60000);
	uint8_t *ip = gen->data[idx] + IP_OFF;
	uint8_t *udp = gen->data[idx] + UDP_OFF;
	uint64_t seq = gen->seq++;
	uint16_t sum;

	put16(ip + 2, (uint16_t)(length->bytes - IP_OFF));
	put16(ip + 4, (uint16_t)seq);
	put16(ip + 10, checksum_fold(length->ip_sum + 2 * flow + (uint16_t)seq));
	put16(ip + 14, (uint16_t)flow);
	put16(ip + 18, (uint16_t)flow);
	put16(udp, port);
	put16(udp + 4, (uint16_t)(length->bytes - UDP_OFF));
	/* In the data: the flow once more, and the sequence number; zero would mean no checksum. */
	sum = checksum_fold(length->udp_sum + 3 * flow + port + (seq >> 32) + (uint32_t)seq);
	put16(udp + 6, sum != 0 ? sum : 0xffff);
	put64(gen->data[idx] + DATA_OFF, seq);
	put64(gen->data[idx] + DATA_OFF + 8, flow);
	gen->frags[idx].bytes = length->bytes;
	gen->frames[idx].bytes = length->bytes;
}

/* Makes at most `most` frames. Returns how many wait. */
static unsigned int
frames_make(struct generator *gen, unsigned int most)
{
	if (gen->given != gen->made)
		return gen->made - gen->given;
	if (most > BURST)
		most = BURST;
	if (gen->count != 0 && most > gen->count - gen->seq)
		most = (unsigned int)(gen->count - gen->seq);
	gen->given = 0;
	for (gen->made = 0; gen->made < most; gen->made++)
		frame_make(gen, gen->made);
	return most;
}

static unsigned int
generator_poll(void *ctx, unsigned int budget)
{
	struct generator *gen = ctx;
	unsigned int moved = 0;

	while (moved < budget) {
		unsigned int n = frames_make(gen, budget - moved);
		unsigned int taken;
		int ret = 0;

		if (n > budget - moved)
			n = budget - moved;
		if (n == 0)
			break;
		taken = wcnic_card_receive_burst(gen->port.card, gen->frames + gen->given, n, &ret);
		gen->given += taken;
		moved += taken;
		if (taken < n)
			break;
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

	*frames = gen->seq - (gen->made - gen->given);
	*done = gen->count != 0 && *frames == gen->count;
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
	frames_init(gen);
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
