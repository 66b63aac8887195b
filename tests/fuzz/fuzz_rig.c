/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A card and a host for fuzzing. */

#include <errno.h>
#include <string.h>

#include "fuzz_rig.h"
#include "fuzz_state.h"

static int
loop_send(void *ctx, const struct wcdev_frame *frame)
{
	struct fuzz_rig *r = ctx;
	const uint32_t sum = fuzz_frame_read(frame);
	int ret;

	ret = wcdev_receive(wcnic_card_dev(r->h.card), frame);
	if (ret == -ENETDOWN)
		return sum % 7 == 0 ? -EIO : 0;
	return ret;
}

static const struct wcdev_port_ops loop_ops = {.kind = "loopback", .send = loop_send};

struct fuzz_rig *
fuzz_rig_new(const struct wcdev_ops *ops)
{
	struct wcnic_card_config c = {
		.ops = ops, .seed = 11, .aperture_bytes = 1 << 20, .sleeps = true};
	struct fuzz_rig *r = calloc(1, sizeof(*r));

	MUST(r != NULL);
	c.sees_stores = true;
	MUST(fake_host_init_sized(&r->h, &c, FUZZ_MEM_BYTES) == 0);
	wcdev_port_set(wcnic_card_dev(r->h.card), &loop_ops, r);
	fake_enable(&r->h);
	r->data = fake_alloc(&r->h, FUZZ_DATA_BYTES, 4096);
	/* Ethernet, IPv4 and TCP, so that requests may fit what begins here. */
	memcpy(r->data + 12, "\x08\0\x45\0\0\x30", 6);
	r->data[23] = 6;
	r->data[46] = 0x50;
	return r;
}

void
fuzz_rig_queues(struct fuzz_rig *r, enum wcnic_push_format format, bool express)
{
	MUST(fake_port_set(&r->h, 9000, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC) == 0);
	if (express) {
		MUST(fake_express_ask(&r->h, format) == 0);
	} else {
		r->h.push_format = (uint8_t)format;
		r->h.tx_offload = true;
		MUST(fake_features_set(&r->h, WCNIC_CAP_PUSH | WCNIC_CAP_PUSH_PACKED |
						      WCNIC_CAP_RSS | WCNIC_CAP_TX_OFFLOAD |
						      WCNIC_CAP_TX_SEGMENT | WCNIC_CAP_CLOCK) == 0);
	}
	MUST(fake_txq_open(&r->h, &r->tx, 0, 32, WCNIC_PLACEMENT_PUSH, 4) == 0);
	MUST(fake_rxq_open(&r->h, &r->rx, 0, 32, 512) == 0);
	fake_rx_post(&r->h, &r->rx, 32);
}

void
fuzz_rig_keep(struct fuzz_rig *r)
{
	struct wcnic_card *card = r->h.card;

	fuzz_state_add(r, sizeof(*r));
	fuzz_state_add(card, sizeof(*card));
	fuzz_state_add(card->page_owner, card->n_pages * sizeof(*card->page_owner));
	fuzz_state_add(r->h.m.at, r->h.m.bytes);
	fuzz_state_add_large(r->h.aperture, r->h.aperture_bytes);
	fuzz_state_keep();
}

void
fuzz_rig_restore(struct fuzz_rig *r)
{
	struct wcnic_card *card = r->h.card;

	/* What is not part of the card itself. */
	card_watch_stop(card);
	card_flow_reset(card);
	/* Windows that are not there any more have been cleared. */
	for (uint32_t i = 0; i < card->n_pages; i++)
		if (card->page_owner[i] != 0)
			fuzz_state_touch(card->aperture + i * WCNIC_WINDOW_ALIGN,
					 WCNIC_WINDOW_ALIGN);
	/* But a driver may go on writing where its first windows were. */
	fuzz_state_touch(r->tx.push, r->tx.push != NULL ? r->h.push_bytes : 0);
	fuzz_state_touch(r->tx.db, sizeof(*r->tx.db));
	fuzz_state_touch(r->rx.db, sizeof(*r->rx.db));
	fuzz_state_restore();
}

void
fuzz_rig_poll(struct fuzz_rig *r)
{
	struct wcnic_tx_cpl cpl;

	wcnic_card_poll(r->h.card);
	while (!r->over && fake_tx_reap(&r->tx, &cpl)) {
		bool stops = cpl.status == WCNIC_TX_INCOMPLETE || cpl.status == WCNIC_TX_DROPPED;

		MUST(cpl.status >= WCNIC_TX_PUSHED && cpl.status <= WCNIC_TX_ERROR);
		MUST(le16toh(cpl.seq) == r->next);
		MUST(le16toh(cpl.count) <= r->tx.depth);
		MUST(stops ? cpl.count == 0 : cpl.count != 0);
		MUST(le16toh(cpl.frames) <= le16toh(cpl.count));
		MUST((cpl.status == WCNIC_TX_ERROR) == (cpl.reason != WCNIC_ERR_NONE));
		r->next += le16toh(cpl.count);
	}
}

uint64_t
fuzz_request(struct fuzz_input *in)
{
	uint64_t any = fuzz_take64(in);

	if ((any & 3) != 0)
		return any;
	/* The lengths of Ethernet, IPv4 and TCP; what is asked for, and the MSS, are the input's.
	 */
	return (any & ~0xffffffull) | WCNIC_TXO_L2_BYTES(14) | WCNIC_TXO_L3_BYTES(20) |
	       WCNIC_TXO_L4_BYTES(20);
}

void
fuzz_slot_segs(struct fuzz_rig *r, struct fuzz_input *in, struct fake_slot *slot,
	       unsigned int n_segs, bool lies)
{
	slot->frame_bytes = slot->inline_bytes;
	while (slot->n_segs < n_segs) {
		uint64_t iova = fuzz_rig_iova(r, (uint32_t)fuzz_take64(in));
		uint16_t bytes = fuzz_take16(in);

		fake_slot_seg(slot, iova, bytes);
		slot->frame_bytes += bytes;
	}
	if (lies)
		slot->frame_bytes = fuzz_take16(in);
}

uint64_t
fuzz_rig_iova(struct fuzz_rig *r, uint32_t raw)
{
	if (raw % 16 == 15)
		return FAKE_IOVA_NONE + raw;
	if (raw % 16 == 14)
		return FAKE_IOVA + FUZZ_MEM_BYTES - raw / 16 % 2048;
	return fake_iova(&r->h, r->data) + raw / 16 % FUZZ_DATA_BYTES;
}
