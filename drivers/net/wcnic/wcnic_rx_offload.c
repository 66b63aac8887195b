/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Offloads of Rx queues, set up or changed while frames come in. */

#include <errno.h>

#include <ethdev_driver.h>
#include <rte_errno.h>
#include <rte_mbuf_dyn.h>

#include "wcnic_admin.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_rx_offload.h"

static const struct {
	uint64_t rte;
	uint16_t card;
	uint64_t cap; /* WCNIC_CAP_* */
} offloads_known[] = {
	{RTE_ETH_RX_OFFLOAD_IPV4_CKSUM, WCNIC_RXQ_OFFLOAD_CHECKSUM, WCNIC_CAP_RX_CHECKSUM},
	{RTE_ETH_RX_OFFLOAD_TCP_CKSUM, WCNIC_RXQ_OFFLOAD_CHECKSUM, WCNIC_CAP_RX_CHECKSUM},
	{RTE_ETH_RX_OFFLOAD_UDP_CKSUM, WCNIC_RXQ_OFFLOAD_CHECKSUM, WCNIC_CAP_RX_CHECKSUM},
	{RTE_ETH_RX_OFFLOAD_SCTP_CKSUM, WCNIC_RXQ_OFFLOAD_CHECKSUM, WCNIC_CAP_RX_CHECKSUM},
	{RTE_ETH_RX_OFFLOAD_VLAN_STRIP, WCNIC_RXQ_OFFLOAD_VLAN_STRIP, WCNIC_CAP_RX_EXTRA},
	{RTE_ETH_RX_OFFLOAD_QINQ_STRIP, WCNIC_RXQ_OFFLOAD_QINQ_STRIP, WCNIC_CAP_RX_EXTRA},
	{RTE_ETH_RX_OFFLOAD_TIMESTAMP, WCNIC_RXQ_OFFLOAD_TIME,
	 WCNIC_CAP_RX_EXTRA | WCNIC_CAP_CLOCK},
};

uint64_t
wcnic_rx_offload_capa(uint64_t caps)
{
	uint64_t capa = 0;

	for (size_t i = 0; i < RTE_DIM(offloads_known); i++)
		capa |= (caps & offloads_known[i].cap) == offloads_known[i].cap
				? offloads_known[i].rte
				: 0;
	return capa;
}

uint16_t
wcnic_rx_offloads_to_card(uint64_t offloads)
{
	uint16_t card = 0;

	for (size_t i = 0; i < RTE_DIM(offloads_known); i++)
		card |= (offloads & offloads_known[i].rte) != 0 ? offloads_known[i].card : 0;
	return card;
}

uint16_t
wcnic_rx_card_offloads(const struct wcnic_rxq *rxq)
{
	const bool ptp = wcnic_load(&rxq->hw->time.timesync);

	return wcnic_rx_offloads_to_card(rxq->offloads) | (ptp ? WCNIC_RXQ_OFFLOAD_PTP : 0);
}

static int
queue_set(const struct wcnic_rxq *rxq)
{
	const struct wcnic_cmd_rxq_set cmd = {
		.qid = rxq->qid,
		.offloads = wcnic_rx_card_offloads(rxq),
		.extra_iova = rxq->extra_mz != NULL ? rxq->extra_mz->iova : 0,
	};

	if (!rxq->on_card || wcnic_load(&rxq->hw->card) != WCNIC_CARD_PRESENT)
		return 0;
	return wcadmin_rxq_set(&rxq->hw->admin.client, &cmd);
}

/* The ring, which bursts may read from now on. */
static int
extra_reserve(struct wcnic_rxq *rxq)
{
	struct wcnic_hw *hw = rxq->hw;

	if (rxq->extra_mz != NULL)
		return 0;
	if ((hw->id.caps & WCNIC_CAP_RX_EXTRA) == 0)
		return -ENOTSUP;
	rxq->extra_mz = rte_eth_dma_zone_reserve(&rte_eth_devices[rxq->port_id], "wcnic_rx_extra",
						 rxq->qid, rxq->depth * sizeof(*rxq->extra), 4096,
						 rxq->cq_mz->socket_id);
	if (rxq->extra_mz == NULL) {
		WCNIC_LOG(ERR, hw, "Rx queue %u: no memory for %u extras", rxq->qid, rxq->depth);
		return -ENOMEM;
	}
	/* A burst sees it before a completion that needs it: the card is told later. */
	rte_atomic_store_explicit(&rxq->extra, rxq->extra_mz->addr, rte_memory_order_release);
	return 0;
}

int
wcnic_rx_timesync_set(struct wcnic_rxq *rxq)
{
	int ret = wcnic_load(&rxq->hw->time.timesync) ? extra_reserve(rxq) : 0;

	return ret != 0 ? ret : queue_set(rxq);
}

int
wcnic_rx_extra_add(struct wcnic_rxq *rxq)
{
	int ret;

	if (rxq->extra_mz != NULL)
		return 0;
	ret = extra_reserve(rxq);
	return ret != 0 ? ret : queue_set(rxq);
}

void
wcnic_rx_extra_free(struct rte_eth_dev *dev, struct wcnic_rxq *rxq)
{
	if (rxq->extra_mz != NULL)
		rte_eth_dma_zone_free(dev, "wcnic_rx_extra", rxq->qid);
	rxq->extra_mz = NULL;
	rxq->extra = NULL;
}

/* Where the mbufs of this process have their time. */
static int
time_field_get(struct wcnic_rxq *rxq)
{
	uint64_t flag;
	int off;

	if (rte_mbuf_dyn_rx_timestamp_register(&off, &flag) != 0)
		return -rte_errno;
	rxq->time_off = (int16_t)off;
	rxq->time_flag = flag;
	return 0;
}

int
wcnic_rx_offloads_set(struct wcnic_rxq *rxq, uint64_t offloads)
{
	const uint64_t old = rxq->offloads;
	int ret = 0;

	if ((wcnic_rx_offloads_to_card(offloads) & WCNIC_RXQ_OFFLOAD_EXTRA) != 0 ||
	    wcnic_load(&rxq->hw->time.timesync))
		ret = extra_reserve(rxq);
	if (ret == 0 && (offloads & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0)
		ret = time_field_get(rxq);
	if (ret != 0 || offloads == old)
		return ret;
	rxq->offloads = offloads;
	ret = queue_set(rxq);
	if (ret != 0)
		rxq->offloads = old;
	return ret;
}

int
wcnic_rx_extra_want(struct wcnic_hw *hw)
{
	int ret = 0;

	for (uint16_t i = 0; ret == 0 && i < hw->n_rxq; i++)
		if (hw->rxq[i] != NULL)
			ret = wcnic_rx_extra_add(hw->rxq[i]);
	hw->rx_extra |= ret == 0;
	return ret;
}
