/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A card whose registers and answers are anything: at attach, at start, in each command that a port
 * sends. Windows must stay within the aperture, and all is well again with a card that tells the
 * truth.
 */

#include <string.h>

#include <rte_flow.h>

#include "fuzz_pmd.h"

#define STEPS_MAX 6u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static uint32_t macs_added; /* by the last byte of each */

static void
frame_send(struct fuzz_port *p)
{
	struct rte_mbuf *m;

	/* ethdev complains of a burst on a port that did not start */
	for (uint16_t q = 0; q < FUZZ_QUEUES && p->dev->data->dev_started != 0; q++) {
		m = rte_pktmbuf_alloc(p->tx_pool);
		if (m == NULL)
			return;
		m->data_len = m->pkt_len = 100;
		if (rte_eth_tx_burst(p->id, q, &m, 1) == 0)
			rte_pktmbuf_free(m);
		if (rte_eth_rx_burst(p->id, q, &m, 1) == 1)
			rte_pktmbuf_free(m);
	}
}

static void
flows_try(struct fuzz_port *p, uint8_t how)
{
	static const struct rte_flow_attr attr = {.ingress = 1};
	static const struct rte_flow_action_queue queue = {.index = 1};
	struct rte_flow_query_count count = {.reset = how & 1};
	const struct rte_flow_item items[] = {{.type = RTE_FLOW_ITEM_TYPE_ETH},
					      {.type = RTE_FLOW_ITEM_TYPE_END}};
	const struct rte_flow_action actions[] = {
		{.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &queue},
		{.type = RTE_FLOW_ACTION_TYPE_COUNT},
		{.type = RTE_FLOW_ACTION_TYPE_END}};
	struct rte_flow_error error;
	struct rte_flow *flow = rte_flow_create(p->id, &attr, items, actions, &error);

	if (flow != NULL) {
		(void)rte_flow_query(p->id, flow, &actions[1], &count, &error);
		if ((how & 2) != 0)
			(void)rte_flow_destroy(p->id, flow, &error);
	}
	(void)rte_flow_flush(p->id, &error);
}

static void
clock_try(struct fuzz_port *p, uint8_t how)
{
	struct timespec ts = {.tv_sec = how};
	uint64_t clock;

	(void)rte_eth_timesync_enable(p->id);
	(void)rte_eth_read_clock(p->id, &clock);
	(void)rte_eth_timesync_write_time(p->id, &ts);
	(void)rte_eth_timesync_adjust_time(p->id, how * 1000);
	(void)rte_eth_timesync_read_time(p->id, &ts);
	(void)rte_eth_timesync_read_tx_timestamp(p->id, &ts);
	(void)rte_eth_timesync_disable(p->id);
}

static void
filters_try(struct fuzz_port *p, uint8_t how)
{
	struct rte_ether_addr mac = {.addr_bytes = {0x02, 0, 0, 0, 1, how}};
	struct rte_eth_fc_conf fc = {.mode = how % 4};

	macs_added |= 1u << how;
	(void)rte_eth_promiscuous_enable(p->id);
	(void)rte_eth_dev_mac_addr_add(p->id, &mac, 0);
	(void)rte_eth_dev_mac_addr_remove(p->id, &mac);
	(void)rte_eth_dev_set_mc_addr_list(p->id, &mac, how & 1);
	(void)rte_eth_dev_set_link_down(p->id);
	(void)rte_eth_dev_set_link_up(p->id);
	(void)rte_eth_dev_flow_ctrl_set(p->id, &fc);
	(void)rte_eth_promiscuous_disable(p->id);
}

static void
counters_try(struct fuzz_port *p)
{
	struct rte_eth_xstat xstats[256];
	struct rte_eth_dev_info info;
	struct rte_eth_stats stats;
	char version[64];

	(void)rte_eth_stats_get(p->id, &stats);
	(void)rte_eth_xstats_get(p->id, xstats, RTE_DIM(xstats));
	(void)rte_eth_stats_reset(p->id);
	MUST(rte_eth_dev_info_get(p->id, &info) == 0);
	MUST(info.max_tx_queues <= WCNIC_QUEUES_MAX && info.max_rx_queues <= WCNIC_QUEUES_MAX);
	if (rte_eth_dev_fw_version_get(p->id, version, sizeof(version)) == 0)
		MUST(memchr(version, 0, sizeof(version)) != NULL);
}

static void
queues_try(struct fuzz_port *p, uint16_t q)
{
	(void)rte_eth_dev_tx_queue_stop(p->id, q);
	(void)rte_eth_dev_tx_queue_start(p->id, q);
	(void)rte_eth_dev_rx_queue_stop(p->id, q);
	(void)rte_eth_dev_rx_queue_start(p->id, q);
}

static void
event_send(struct fuzz_port *p, struct fuzz_input *in)
{
	struct wcnic_event ev;

	fuzz_take(in, &ev, sizeof(ev));
	ev.type %= 8;
	fuzz_event_put(p, &ev);
}

/* From now on, and not only once. */
static void
reg_spoil(struct fuzz_port *p, struct fuzz_input *in)
{
	static const uint32_t regs[] = {WCNIC_REG_STATUS,      WCNIC_REG_HEARTBEAT,
					WCNIC_REG_RESET_COUNT, WCNIC_REG_MAGIC,
					WCNIC_REG_ABI_VERSION, WCNIC_REG_APERTURE_BYTES,
					WCNIC_REG_ERROR_CAUSE, WCNIC_REG_CLOCK};

	p->wrong_reg = regs[fuzz_take8(in) % RTE_DIM(regs)];
	p->wrong_bit = 1ull << fuzz_take8(in) % 64;
}

static void
step(struct fuzz_port *p, struct fuzz_input *in)
{
	const uint8_t what = fuzz_take8(in);

	if (what >= 0xf0) {
		reg_spoil(p, in);
		return;
	}
	switch (what % 12) {
	case 0: /* the card fails, and is looked for */
		wcnic_store(&p->hw->failed, true);
		fuzz_service_round(p);
		fuzz_service_round(p);
		break;
	case 1:
	case 2:
		(void)rte_eth_dev_stop(p->id);
		(void)rte_eth_dev_start(p->id);
		break;
	case 3:
		(void)rte_eth_dev_stop(p->id);
		(void)p->dev->dev_ops->dev_reset(p->dev);
		(void)rte_eth_dev_start(p->id);
		break;
	case 4:
		fuzz_service_round(p);
		break;
	case 5:
		counters_try(p);
		break;
	case 6:
		flows_try(p, what / 12);
		break;
	case 7:
		clock_try(p, what / 12);
		break;
	case 8:
		filters_try(p, what / 12);
		break;
	case 9:
		queues_try(p, what / 12 % FUZZ_QUEUES);
		break;
	case 10:
		event_send(p, in);
		break;
	default:
		frame_send(p);
		break;
	}
}

/* What a step could not undo, because the card said no. */
static void
undo(struct fuzz_port *p)
{
	struct rte_eth_fc_conf fc = {.mode = RTE_ETH_FC_NONE};
	struct rte_flow_error error;

	MUST(rte_flow_flush(p->id, &error) == 0);
	MUST(rte_eth_timesync_disable(p->id) == 0);
	MUST(rte_eth_promiscuous_disable(p->id) == 0);
	for (uint8_t how = 0; macs_added != 0; how++, macs_added >>= 1) {
		struct rte_ether_addr mac = {.addr_bytes = {0x02, 0, 0, 0, 1, how}};

		if ((macs_added & 1) != 0)
			(void)rte_eth_dev_mac_addr_remove(p->id, &mac);
	}
	MUST(rte_eth_dev_set_mc_addr_list(p->id, NULL, 0) == 0);
	MUST(rte_eth_dev_set_link_up(p->id) == 0);
	MUST(rte_eth_dev_flow_ctrl_set(p->id, &fc) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	const uint8_t how = fuzz_take8(&in);
	struct fuzz_port *p = fuzz_port_get(how);
	const uint64_t caps = p->caps;

	/* this time it is a card that sees stores, or has fewer features */
	p->caps |= (how & 2) != 0 ? WCNIC_CAP_WINDOW_TEST : 0;
	p->caps &= (how & 4) != 0 ? fuzz_take16(&in) : UINT64_MAX;
	p->lies = &in;
	for (unsigned int i = 0; i < STEPS_MAX && in.left != 0; i++)
		step(p, &in);
	p->caps = caps;
	fuzz_port_settle(p);
	undo(p);
	frame_send(p);
	return 0;
}
