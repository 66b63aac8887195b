/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Flow rules, lists of addresses, VLANs, and frames that they judge, whatever their bytes. */

#include <string.h>

#include "fuzz_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct fuzz_rig *
rig_start(void)
{
	struct fuzz_rig *r = fuzz_rig_new(NULL);
	struct wcnic_cmd_features p = {
		.features = htole64(WCNIC_CAP_RSS | WCNIC_CAP_FILTER | WCNIC_CAP_FLOW)};

	(void)fake_cmd(&r->h, WCNIC_OP_FEATURES_SET, &p, NULL, 0, NULL);
	(void)fake_rxq_open(&r->h, &r->rx, 0, 32, 512);
	fake_rx_post(&r->h, &r->rx, 32);
	(void)fake_port_set(&r->h, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC);
	return r;
}

static void
flow_create(struct fuzz_rig *r, struct fuzz_input *in)
{
	const uint8_t tame = fuzz_take8(in);
	struct wcnic_flow flow;

	fuzz_take(in, &flow, sizeof(flow));
	if (tame % 8 != 0) {
		flow.id &= htole32(0xff);
		flow.priority &= htole32(1);
		flow.actions = htole32(le32toh(flow.actions) & 0x38);
		flow.actions |= htole32(1u << tame % 4) & htole32(WCNIC_FLOWA_FATE);
		flow.n_queues = htole16(tame % 4 == 1 ? 1 + tame / 16 : tame % 4 == 0);
		flow.rss_types &= htole32(WCNIC_RSS_ALL);
		flow.rss_function = 0;
		flow.mask.layers &= htole16(0xff);
		for (unsigned int i = 0; i < WCNIC_FLOW_RSS_QUEUES_MAX; i++)
			flow.queues[i] &= htole16(15);
	}
	(void)fake_cmd(&r->h, WCNIC_OP_FLOW_CREATE, NULL, &flow, sizeof(flow), NULL);
}

static void
flow_command(struct fuzz_rig *r, struct fuzz_input *in, uint8_t opcode)
{
	struct wcnic_cmd_flow p = {.id = htole32(fuzz_take16(in) & 0x10ff),
				   .clear = fuzz_take8(in) & 1};
	struct wcnic_flow_counters counters;

	(void)fake_cmd(&r->h, opcode, &p, &counters, sizeof(counters), NULL);
}

static void
filter_set(struct fuzz_rig *r, struct fuzz_input *in)
{
	struct wcnic_cmd_mac_list p = {.count = htole16(fuzz_take8(in) % 66)};
	uint8_t input[512];

	fuzz_take(in, input, 8ul * (le16toh(p.count) % 64));
	(void)fake_cmd(&r->h, WCNIC_OP_MAC_LIST_SET, &p, input, sizeof(input), NULL);
	if (fuzz_take8(in) % 2 == 0)
		(void)fake_cmd(&r->h, WCNIC_OP_VLAN_FILTER_SET, NULL, input, sizeof(input), NULL);
	(void)fake_port_set(&r->h, 1500, WCNIC_PORTF_UP | (fuzz_take8(in) & 0x96u));
}

/* Most are of a type that the card looks into. */
static void
frame_offer(struct fuzz_rig *r, struct fuzz_input *in)
{
	static const uint8_t types[][2] = {{0x08, 0}, {0x86, 0xdd}, {0x81, 0}, {0x88, 0xa8}};
	const uint8_t shape = fuzz_take8(in);
	const uint32_t bytes = 14 + fuzz_take8(in) % 110;
	struct wcnic_rx_cpl cpl;
	uint8_t frame[128];

	fuzz_take(in, frame, bytes);
	if (shape % 8 != 0)
		memcpy(frame + 12, types[shape / 8 % 4], 2);
	if (shape % 8 == 1 && bytes >= 18)
		memcpy(frame + 16, types[shape / 32 % 4], 2);
	(void)fake_receive(&r->h, frame, bytes, shape % 16 == 9 ? 5 : bytes);
	while (fake_rx_reap(&r->rx, &cpl, NULL))
		fake_rx_post(&r->h, &r->rx, 1);
}

static void
step(struct fuzz_rig *r, struct fuzz_input *in)
{
	switch (fuzz_take8(in) % 8) {
	case 0:
	case 1:
		flow_create(r, in);
		break;
	case 2:
		flow_command(r, in, WCNIC_OP_FLOW_DESTROY);
		break;
	case 3:
		flow_command(r, in, WCNIC_OP_FLOW_QUERY);
		break;
	case 4:
		if (fuzz_take8(in) % 16 == 0)
			flow_command(r, in, WCNIC_OP_FLOW_FLUSH);
		else
			filter_set(r, in);
		break;
	default:
		frame_offer(r, in);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	static struct fuzz_rig *r;

	if (r == NULL) {
		r = rig_start();
		fuzz_rig_keep(r);
	}
	fuzz_rig_restore(r);
	while (in.left != 0)
		step(r, &in);
	wcnic_card_poll(r->h.card);
	return 0;
}
