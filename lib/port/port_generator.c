/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The generator: broadcast IPv4/UDP frames between addresses of 198.18.0.0/15, the range for
 * benchmarks. The payload begins with a big-endian 64-bit sequence number and a 64-bit flow number.
 */

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "port_internal.h"

#define ETHER_BYTES 14u
#define IP_BYTES 20u
#define UDP_BYTES 8u
#define IP_OFF ETHER_BYTES
#define UDP_OFF (IP_OFF + IP_BYTES)
#define DATA_OFF (UDP_OFF + UDP_BYTES)
#define FRAME_MIN (DATA_OFF + 16u)
#define FRAME_MAX (WCDEV_MTU_MAX + ETHER_BYTES)
#define FRAME_DEFAULT 64u
#define FLOWS_MAX (1u << 16)
#define PORT_DISCARD 9u
#define PORT_FIRST 1024u
#define PORTS 60000u     /* with more flows than this, two flows share a port */
#define SRC_HIGH 0xc612u /* of the address; the low half is the flow */
#define DST_HIGH 0xc613u
/* Frames are made in bursts; each frame of a burst has its own memory. */
#define BURST 64u
/* The sizes of IMIX repeat after 12 frames, and so with the start of every third burst. */
#define TURNS 3u

/* What depends on the length of each frame of a burst: it and its parts of the checksums. */
struct lengths {
	uint32_t bytes[BURST];
	uint32_t ip_sum[BURST];
	uint32_t udp_sum[BURST];
};

/* What differs from frame to frame. */
struct fields {
	uint32_t flow[BURST];
	uint32_t port[BURST];
	uint32_t ip_check[BURST];
	uint32_t udp_check[BURST];
};

struct generator {
	struct wcnic_port port;
	uint64_t bytes; /* 0: IMIX */
	uint64_t count; /* 0: without end */
	uint64_t flows;
	uint64_t train; /* frames of a flow that follow each other */
	uint32_t random[BURST];
	uint64_t seq; /* of the next frame; a burst begins with a multiple of BURST */
	struct lengths lengths[TURNS];
	unsigned int taken; /* frames [taken, made) wait for the card */
	unsigned int made;
	struct wcdev_frame frames[BURST];
	struct wcdev_frag frags[BURST];
	uint8_t data[BURST][FRAME_MAX];
};

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

static void
put32(uint8_t *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, sizeof(value));
}

static inline uint32_t
checksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16)) & 0xffff;
}

static void
length_init(struct lengths *lengths, unsigned int idx, uint32_t bytes, const uint8_t *frame)
{
	uint32_t ip_bytes = bytes - IP_OFF;
	uint32_t udp_bytes = bytes - UDP_OFF;
	uint32_t ip_sum = ip_bytes + SRC_HIGH + DST_HIGH;
	/* The pseudo header: addresses, protocol, length. */
	uint32_t udp_sum = SRC_HIGH + DST_HIGH + 17 + udp_bytes;

	for (uint32_t i = IP_OFF; i < IP_OFF + 12; i += 2)
		ip_sum += (uint32_t)(frame[i] << 8 | frame[i + 1]);
	udp_sum += PORT_DISCARD + udp_bytes;
	for (uint32_t i = DATA_OFF + 16; i < bytes; i++)
		udp_sum += (uint32_t)frame[i] << (i % 2 == 0 ? 8 : 0);
	lengths->bytes[idx] = bytes;
	lengths->ip_sum[idx] = ip_sum;
	lengths->udp_sum[idx] = udp_sum;
}

static void
lengths_init(struct generator *gen)
{
	static const uint16_t imix[] = {60, 566, 60, 60, 566, 60, 1514, 60, 566, 60, 566, 60};
	const size_t n = sizeof(imix) / sizeof(imix[0]);

	for (unsigned int i = 0; i < TURNS * BURST; i++)
		length_init(&gen->lengths[i / BURST], i % BURST,
			    gen->bytes != 0 ? (uint32_t)gen->bytes : imix[i % n], gen->data[0]);
}

/* Seeds the generators by splitmix64. None of them may start at 0. */
static void
random_init(struct generator *gen, uint64_t seed)
{
	for (unsigned int i = 0; i < BURST; i++) {
		uint64_t x = seed += 0x9e3779b97f4a7c15ull;

		x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
		x = (x ^ x >> 27) * 0x94d049bb133111ebull;
		gen->random[i] = (uint32_t)(x >> 32) | 1;
	}
}

/* The bytes that are the same in all frames. */
static void
frame_init(uint8_t *frame)
{
	static const uint8_t start[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff,                       /* to all */
		0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00,           /* IPv4 */
		0x45, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 17, /* TTL 64, UDP */
	};

	memcpy(frame, start, sizeof(start));
	put16(frame + IP_OFF + 12, SRC_HIGH);
	put16(frame + IP_OFF + 16, DST_HIGH);
	put16(frame + UDP_OFF + 2, PORT_DISCARD);
	for (uint32_t i = DATA_OFF + 16; i < FRAME_MAX; i++)
		frame[i] = (uint8_t)i;
}

static void
frames_init(struct generator *gen)
{
	for (unsigned int i = 0; i < BURST; i++) {
		frame_init(gen->data[i]);
		gen->frags[i].base = gen->data[i];
		gen->frames[i].frags = &gen->frags[i];
		gen->frames[i].n_frags = 1;
		gen->frames[i].flags = WCDEV_FRAME_STABLE;
	}
	lengths_init(gen);
}

/* One xorshift32 for each frame of a burst, so that the compiler can do all of them at once. */
static void
flows_pick(struct generator *gen, uint32_t flow[BURST])
{
	const uint32_t flows = (uint32_t)gen->flows;

	for (unsigned int i = 0; i < BURST; i++) {
		uint32_t x = gen->random[i];

		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		gen->random[i] = x;
		flow[i] = (uint32_t)((uint64_t)x * flows >> 32);
	}
	for (unsigned int i = 0; gen->train > 1 && i < BURST; i++)
		flow[i] = flow[i & ~(unsigned int)(gen->train - 1)];
}

/* Makes the fields of a burst. The lowest 16 bits of `seq` do not wrap within it. */
static void
fields_make(struct generator *gen, const struct lengths *lengths, struct fields *f)
{
	const uint32_t low = (uint16_t)gen->seq;
	const uint32_t high = (uint16_t)(gen->seq >> 16) + (uint16_t)(gen->seq >> 32) +
			      (uint16_t)(gen->seq >> 48);

	flows_pick(gen, f->flow);
	for (unsigned int i = 0; i < BURST; i++) {
		const uint32_t flow = f->flow[i], seq = low + i;
		const uint32_t port = PORT_FIRST + (flow < PORTS ? flow : flow - PORTS);
		/* In the data: the flow once more, and the sequence number. */
		const uint32_t udp = checksum_fold(lengths->udp_sum[i] + 3 * flow + port + high +
						   seq);

		f->port[i] = port;
		f->ip_check[i] = checksum_fold(lengths->ip_sum[i] + 2 * flow + seq);
		f->udp_check[i] = udp != 0 ? udp : 0xffff; /* zero would mean no checksum */
	}
}

static void
frame_make(uint8_t *data, const struct fields *f, unsigned int i, uint32_t bytes, uint64_t seq)
{
	const uint64_t flow = f->flow[i];
	uint8_t *ip = data + IP_OFF;

	put32(ip + 2, (bytes - IP_OFF) << 16 | (uint16_t)seq);
	put64(ip + 10,
	      (uint64_t)f->ip_check[i] << 48 | (uint64_t)SRC_HIGH << 32 | flow << 16 | DST_HIGH);
	put64(ip + 18,
	      flow << 48 | (uint64_t)f->port[i] << 32 | PORT_DISCARD << 16 | (bytes - UDP_OFF));
	put16(data + UDP_OFF + 6, (uint16_t)f->udp_check[i]);
	put64(data + DATA_OFF, seq);
	put64(data + DATA_OFF + 8, flow);
}

/* Makes a burst, or the last frames of `count`. */
static void
frames_make(struct generator *gen)
{
	const struct lengths *lengths = &gen->lengths[gen->seq / BURST % TURNS];
	struct fields f;

	gen->taken = 0;
	gen->made = BURST;
	if (gen->count != 0 && gen->count - gen->seq < BURST)
		gen->made = (unsigned int)(gen->count - gen->seq);
	if (gen->made == 0)
		return;
	fields_make(gen, lengths, &f);
	for (unsigned int i = 0; i < gen->made; i++) {
		const uint32_t bytes = lengths->bytes[i];

		frame_make(gen->data[i], &f, i, bytes, gen->seq + i);
		gen->frags[i].bytes = bytes;
		gen->frames[i].bytes = bytes;
	}
	gen->seq += gen->made;
}

static unsigned int
generator_poll(void *ctx, unsigned int budget)
{
	struct generator *gen = ctx;
	unsigned int moved = 0;

	while (moved < budget) {
		unsigned int n, taken;
		int ret = 0;

		if (gen->taken == gen->made)
			frames_make(gen);
		n = gen->made - gen->taken;
		if (n > budget - moved)
			n = budget - moved;
		if (n == 0)
			break;
		taken = wcdev_receive_burst(gen->port.dev, gen->frames + gen->taken, n, &ret);
		gen->taken += taken;
		moved += taken;
		if (taken < n)
			break;
	}
	return moved;
}

static int
generator_send(void *ctx, const struct wcdev_frame *frame)
{
	(void)ctx;
	(void)frame;
	return 0;
}

static void
generator_link(void *ctx, struct wcdev_link *link)
{
	port_link(ctx, link);
	link->waits = true;
}

static void
generator_input(void *ctx, uint64_t *frames, bool *done)
{
	struct generator *gen = ctx;

	*frames = gen->seq - (gen->made - gen->taken);
	*done = gen->count != 0 && *frames == gen->count;
}

WC_MUST_CHECK static int
generator_start(struct wcnic_port *port, const struct wcnic_port_args *args)
{
	struct generator *gen = (struct generator *)port;
	uint64_t seed = 1;
	int ret;

	gen->bytes = FRAME_DEFAULT;
	gen->flows = 1;
	gen->train = 1;
	/* 0 is IMIX; every other size has a minimum. */
	ret = wcnic_port_arg_number(args, "bytes", 0, FRAME_MAX, &gen->bytes);
	if (ret != 0)
		return ret;
	ret = gen->bytes == 0
		      ? 0
		      : wcnic_port_arg_number(args, "bytes", FRAME_MIN, FRAME_MAX, &gen->bytes);
	if (ret != 0)
		return ret;
	ret = wcnic_port_arg_number(args, "count", 0, UINT64_MAX, &gen->count);
	if (ret != 0)
		return ret;
	ret = wcnic_port_arg_number(args, "flows", 1, FLOWS_MAX, &gen->flows);
	if (ret != 0)
		return ret;
	ret = wcnic_port_arg_number(args, "train", 1, BURST, &gen->train);
	if (ret != 0)
		return ret;
	if ((gen->train & (gen->train - 1)) != 0)
		return wcnic_port_args_refuse(args,
					      "train=%u: expected a power of two, from 1 to %u",
					      (unsigned int)gen->train, BURST);
	ret = wcnic_port_arg_number(args, "seed", 0, UINT64_MAX, &seed);
	if (ret != 0)
		return ret;
	random_init(gen, seed);
	frames_init(gen);
	return 0;
}

const struct wcnic_port_kind port_generator_kind = {
	.ops = {.kind = "generator",
		.send = generator_send,
		.poll = generator_poll,
		.link = generator_link,
		.input = generator_input},
	.keys = "bytes count flows train seed speed",
	.bytes = sizeof(struct generator),
	.start = generator_start,
};
