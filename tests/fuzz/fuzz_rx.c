/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Bursts of frames from the port to queues with offloads, RSS and the clock. */

#include <errno.h>
#include <string.h>

#include "fuzz_rig.h"
#include "fuzz_state.h"

#define QUEUES 3u
#define BURST 8u
#define FRAME_BYTES 600u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct fake_rxq queues[QUEUES];
static bool waits; /* the port keeps what the card does not take */

static int
sink_send(void *ctx, const struct wcdev_frame *frame)
{
	(void)ctx;
	return fuzz_frame_read(frame) % 5 == 0 ? -EAGAIN : 0;
}

static void
port_link(void *ctx, struct wcdev_link *link)
{
	(void)ctx;
	link->waits = waits;
	link->pauses = true;
}

static void
port_input(void *ctx, uint64_t *frames, bool *done)
{
	(void)ctx;
	*frames = 1;
	*done = waits;
}

static void
port_flags(void *ctx, unsigned int flags)
{
	(void)ctx;
	MUST(flags <= (WCDEV_WIRE_DARK | WCDEV_WIRE_PAUSE_TX | WCDEV_WIRE_PAUSE_RX));
}

static const struct wcdev_port_ops port_ops = {.kind = "fuzz",
					       .send = sink_send,
					       .link = port_link,
					       .set = port_flags,
					       .input = port_input};

static struct fuzz_rig *
rig_start(void)
{
	static const uint16_t offloads[QUEUES] = {WCNIC_RXQ_OFFLOAD_ALL, WCNIC_RXQ_OFFLOAD_CHECKSUM,
						  0};
	struct fuzz_rig *r = fuzz_rig_new(NULL);

	MUST(fake_features_set(&r->h, WCNIC_CAP_RSS | WCNIC_CAP_FILTER | WCNIC_CAP_FLOW |
					      WCNIC_CAP_RX_EXTRA | WCNIC_CAP_RX_CHECKSUM |
					      WCNIC_CAP_CLOCK) == 0);
	wcdev_port_set(wcnic_card_dev(r->h.card), &port_ops, r);
	MUST(fake_port_set(&r->h, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC) == 0);
	for (unsigned int i = 0; i < QUEUES; i++) {
		if (offloads[i] == 0)
			MUST(fake_rxq_open(&r->h, &queues[i], (uint16_t)i, 16, 256) == 0);
		else
			MUST(fake_rxq_open_offloads(&r->h, &queues[i], (uint16_t)i, 16, 256,
						    offloads[i]) == 0);
		fake_rx_post(&r->h, &queues[i], 16);
	}
	fuzz_state_add(queues, sizeof(queues));
	fuzz_state_add(&waits, sizeof(waits));
	fuzz_rig_keep(r);
	return r;
}

/* Headers that the card looks into, and what the input makes of them. */
static uint32_t
frame_make(struct fuzz_input *in, uint8_t *frame)
{
	static const uint8_t types[][2] = {{0x08, 0},    {0x86, 0xdd}, {0x81, 0}, {0x88, 0xa8},
					   {0x08, 0x06}, {0x88, 0xf7}, {0x08, 0}, {0x08, 0}};
	static const uint8_t protos[] = {6, 17, 132, 1, 58, 0, 43, 44, 60, 50, 51, 6};
	const uint8_t how = fuzz_take8(in), what = fuzz_take8(in);
	uint32_t bytes = 14 + fuzz_take8(in) * 2u;
	unsigned int tags = how >> 3 & 3, l3 = 14, type = how % 8;

	memset(frame, 0, FRAME_BYTES);
	memcpy(frame, "\x02\0\0\0\0\1\x02\0\0\0\0\2", 12);
	for (unsigned int i = 0; i < tags % 3; i++, l3 += 4)
		memcpy(frame + l3 - 2, types[i == 0 && tags == 2 ? 3 : 2], 2);
	memcpy(frame + l3 - 2, types[type], 2);
	if (type == 1) {
		frame[l3] = 0x60;
		frame[l3 + 4] = (uint8_t)((bytes - l3 - 40) >> 8);
		frame[l3 + 5] = (uint8_t)(bytes - l3 - 40);
		frame[l3 + 6] = protos[what % sizeof(protos)];
		frame[l3 + 40] = protos[what / 16 % sizeof(protos)];
	} else {
		frame[l3] = (uint8_t)(0x45 + (what >> 6));
		frame[l3 + 2] = (uint8_t)((bytes - l3) >> 8);
		frame[l3 + 3] = (uint8_t)(bytes - l3);
		frame[l3 + 9] = protos[what % sizeof(protos)];
	}
	if ((how & 0x20) != 0) /* its headers */
		fuzz_take(in, frame + l3, 64);
	if ((how & 0x40) != 0) /* a byte */
		frame[fuzz_take8(in)] = fuzz_take8(in);
	if ((how & 0x80) != 0) /* another length */
		bytes = fuzz_take8(in) * 8u + 1;
	return bytes <= FRAME_BYTES ? bytes : FRAME_BYTES;
}

static void
burst_offer(struct fuzz_rig *r, struct fuzz_input *in)
{
	static uint8_t bytes[BURST][FRAME_BYTES];
	struct wcdev_frag frags[BURST][3];
	struct wcdev_frame frames[BURST];
	const uint8_t how = fuzz_take8(in);
	const unsigned int n = 1 + how % BURST;
	unsigned int done;
	int ret = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint32_t all = frame_make(in, bytes[i]);
		uint32_t first = (how & 0x20) != 0 ? 1 + fuzz_take8(in) % all : all;

		frames[i] = (struct wcdev_frame){.frags = frags[i], .n_frags = 1, .bytes = all};
		frags[i][0] = (struct wcdev_frag){bytes[i], first};
		if (first < all) {
			frags[i][1] = (struct wcdev_frag){bytes[i] + first, all - first};
			frames[i].n_frags = 2;
		}
		if ((how & 0x40) != 0)
			frames[i].flags = WCDEV_FRAME_STABLE;
	}
	done = wcdev_receive_burst(wcnic_card_dev(r->h.card), frames, n, &ret);
	MUST(done <= n && (done == n || ret == -EAGAIN || ret == -ENETDOWN));
}

/* Completions are in order, and say of a frame what can be so. */
static void
queue_take(struct fuzz_rig *r, struct fake_rxq *q, bool post)
{
	struct wcnic_rx_cpl cpl;

	while (fake_rx_reap(q, &cpl, NULL)) {
		MUST(le16toh(cpl.bytes) != 0 && le16toh(cpl.bytes) <= q->buf_bytes);
		MUST((le16toh(cpl.flags) & WCNIC_RXF_SOP) == 0 ||
		     le16toh(cpl.frame_bytes) >= le16toh(cpl.bytes));
		MUST((le16toh(cpl.flags) & WCNIC_RXF_EXTRA) == 0 || q->extra != NULL);
		MUST((~le16toh(cpl.flags) & (WCNIC_RXF_L4_BAD | WCNIC_RXF_L4_GOOD)) != 0);
		if (post)
			fake_rx_post(&r->h, q, 1);
	}
}

static void
rss_set(struct fuzz_rig *r, struct fuzz_input *in)
{
	struct wcnic_rss rss = {.types = htole32(fuzz_take16(in)), .function = fuzz_take8(in)};
	const uint8_t spread = fuzz_take8(in);

	if (spread < 250) {
		rss.types &= htole32(WCNIC_RSS_ALL);
		rss.function &= 1;
	}
	fuzz_take(in, rss.key, 8);
	memcpy(rss.key + 8, "\xd5\x6d\x5a\x3c\x6d\x38\x25\x3d", 8);
	for (unsigned int i = 0; i < WCNIC_RETA_ENTRIES; i++)
		rss.reta[i] = htole16((uint16_t)(spread < 250 ? i * spread % QUEUES : i));
	(void)fake_cmd(&r->h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL);
}

static void
clock_set(struct fuzz_rig *r, struct fuzz_input *in)
{
	struct wcnic_cmd_clock_set p = {.step = fuzz_take8(in) % 5};

	p.ns = htole64(fuzz_take64(in));
	if (p.step == WCNIC_CLOCK_RATE)
		p.ns = htole64(le64toh(p.ns) % 1000000000ull - 500000000ull);
	(void)fake_cmd(&r->h, WCNIC_OP_CLOCK_SET, &p, NULL, 0, NULL);
	(void)fake_reg64(&r->h, WCNIC_REG_CLOCK);
}

static void
doorbell_raw(struct fake_rxq *q, struct fuzz_input *in)
{
	__atomic_store_n(q->db,
			 htole64(WCNIC_RXDB_TAIL(q->tail) | WCNIC_RXDB_CQ_HEAD(q->head) |
				 fuzz_take16(in) * WCNIC_RXDB_ARM),
			 __ATOMIC_RELEASE);
}

static void
queue_change(struct fuzz_rig *r, struct fuzz_input *in)
{
	struct fake_rxq *q = &queues[fuzz_take8(in) % QUEUES];
	const uint8_t how = fuzz_take8(in);

	if (how == 0xff)
		(void)fake_rxq_close(&r->h, q);
	else if (how % 4 == 0)
		doorbell_raw(q, in);
	else if (how % 4 == 1)
		q->ring[q->tail % q->depth].iova = htole64(fuzz_rig_iova(r, fuzz_take16(in)));
	else
		(void)fake_rxq_set(&r->h, q, fuzz_take8(in) & (how < 0xf0 ? 0x1f : 0xff),
				   how == 0xf3 ? FAKE_IOVA_NONE : 0);
}

static void
port_change(struct fuzz_rig *r, struct fuzz_input *in)
{
	const uint8_t how = fuzz_take8(in);

	if (how >= 0xf0)
		waits = !waits;
	(void)fake_port_set(&r->h, how % 16 == 0 ? fuzz_take16(in) : 1500,
			    fuzz_take8(in) | (how < 0x80 ? 3 : 0));
}

static void
step(struct fuzz_rig *r, struct fuzz_input *in)
{
	const uint8_t what = fuzz_take8(in);

	r->h.m.now_ns += 1000;
	switch (what % 12) {
	case 0:
		rss_set(r, in);
		break;
	case 1:
		queue_change(r, in);
		break;
	case 2:
		port_change(r, in);
		break;
	case 3:
		clock_set(r, in);
		break;
	case 4:
		wcnic_card_poll(r->h.card);
		(void)wcnic_card_waits(r->h.card);
		break;
	case 5:
		(void)wcnic_card_poll_frames(r->h.card);
		break;
	case 6:
	case 7:
		for (unsigned int i = 0; i < QUEUES; i++)
			queue_take(r, &queues[i], what % 12 == 6);
		break;
	default:
		burst_offer(r, in);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	static struct fuzz_rig *r;

	if (r == NULL)
		r = rig_start();
	fuzz_rig_restore(r);
	while (in.left != 0)
		step(r, &in);
	wcnic_card_poll(r->h.card);
	for (unsigned int i = 0; i < QUEUES; i++)
		queue_take(r, &queues[i], false);
	return 0;
}
