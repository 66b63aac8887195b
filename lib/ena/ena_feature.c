/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the card can do, and what the driver chooses of it. */

#include <errno.h>
#include <syslog.h>

#include "ena.h"

#define AENQ_GROUPS                                                            \
	(1u << ENA_AENQ_LINK | 1u << ENA_AENQ_FATAL | 1u << ENA_AENQ_WARNING | \
	 1u << ENA_AENQ_NOTIFICATION | 1u << ENA_AENQ_KEEP_ALIVE)
#define TX_OFFLOADS                                                         \
	(ENA_TXF_L3_IPV4 | ENA_TXF_L4_IPV4_PARTIAL | ENA_TXF_L4_IPV4_FULL | \
	 ENA_TXF_L4_IPV6_PARTIAL | ENA_TXF_L4_IPV6_FULL | ENA_TXF_TSO_IPV4 | ENA_TXF_TSO_IPV6)
#define RX_OFFLOADS (ENA_RXF_L3_IPV4 | ENA_RXF_L4_IPV4 | ENA_RXF_L4_IPV6 | ENA_RXF_HASH)
/* The longest header in an entry of 128 bytes, with two descriptors before it. */
#define HEADER_BYTES 96u

/* ---- fixed ones -------------------------------------------------------------------------- */

static uint32_t
features(const struct ena_card *card)
{
	uint32_t bits = 1u << ENA_F_DEVICE_ATTRIBUTES | 1u << ENA_F_MAX_QUEUES |
			1u << ENA_F_HW_HINTS | 1u << ENA_F_MAX_QUEUES_EXT |
			1u << ENA_F_RSS_FUNCTION | 1u << ENA_F_OFFLOADS | 1u << ENA_F_RSS_TABLE |
			1u << ENA_F_MTU | 1u << ENA_F_RSS_INPUT | 1u << ENA_F_INTR_MODERATION |
			1u << ENA_F_AENQ | 1u << ENA_F_LINK | 1u << ENA_F_HOST_ATTRIBUTES;

	if (card->config.llq_entries != 0)
		bits |= 1u << ENA_F_LLQ;
	return bits;
}

static void
attributes_get(const struct ena_card *card, struct ena_device_attributes *out)
{
	out->impl_id = htole32(1);
	out->device_version = htole32(1);
	out->features = htole32(features(card));
	out->capabilities = htole32(ENA_CAP_ENI_STATS | ENA_CAP_EXTENDED_RESET_REASONS |
				    ENA_CAP_CDESC_MBZ);
	out->phys_addr_bits = htole32(48);
	out->virt_addr_bits = htole32(48);
	memcpy(out->mac, card->config.mac, sizeof(out->mac));
	out->max_mtu = htole32(WCDEV_MTU_MAX);
}

static void
max_queues_get(const struct ena_card *card, struct ena_max_queues *out)
{
	const struct ena_card_config *c = &card->config;

	out->max_sq_num = htole32(c->queue_pairs);
	out->max_sq_depth = htole32(c->queue_depth);
	out->max_cq_num = htole32(2u * c->queue_pairs);
	out->max_cq_depth = htole32(c->queue_depth);
	out->max_header_bytes = htole32(HEADER_BYTES);
	out->max_tx_descs = htole16(ENA_TX_DESCS_MAX - 1);
	out->max_rx_descs = htole16(ENA_RX_DESCS_MAX);
}

static void
max_queues_ext_get(const struct ena_card *card, struct ena_max_queues_ext *out)
{
	const uint32_t pairs = htole32(card->config.queue_pairs);
	const uint32_t depth = htole32(card->config.queue_depth);

	*out = (struct ena_max_queues_ext){
		.version = ENA_MAX_QUEUES_EXT_VERSION,
		.max_tx_sq_num = pairs,
		.max_tx_cq_num = pairs,
		.max_rx_sq_num = pairs,
		.max_rx_cq_num = pairs,
		.max_tx_sq_depth = depth,
		.max_tx_cq_depth = depth,
		.max_rx_sq_depth = depth,
		.max_rx_cq_depth = depth,
		.max_tx_header_bytes = htole32(HEADER_BYTES),
		.max_tx_descs = htole16(ENA_TX_DESCS_MAX - 1),
		.max_rx_descs = htole16(ENA_RX_DESCS_MAX),
	};
}

/* Zeroes: the driver's own times. */
static void
hints_get(const struct ena_card *card, struct ena_hw_hints *out)
{
	const uint16_t ms = htole16(card->config.patience_ms);

	out->mmio_read_ms = ms;
	out->watchdog_ms = ms;
	out->tx_completion_ms = ms;
	out->admin_ms = ms;
	out->netdev_ms = ms;
}

static void
link_get(const struct ena_card *card, struct ena_link *out)
{
	/* In the order of the bits of `supported`. */
	static const uint32_t speeds[] = {1000,  2500,  5000,   10000,  25000,
					  40000, 50000, 100000, 200000, 400000};
	struct wcdev_link link;

	wcdev_port_link(&card->dev, &link);
	out->speed_mbps = htole32(link.speed_mbps);
	for (unsigned int i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (link.speed_mbps == speeds[i])
			out->supported = htole32(1u << i);
	out->flags = htole32(ENA_LINK_FULL_DUPLEX);
}

/* ---- LLQ --------------------------------------------------------------------------------- */

static uint16_t
sizes(uint8_t entries)
{
	return (uint16_t)(((entries & ENA_LLQ_ENTRY_128) != 0 ? ENA_LLQ_SIZE_128 : 0) |
			  ((entries & ENA_LLQ_ENTRY_256) != 0 ? ENA_LLQ_SIZE_256 : 0));
}

static uint16_t
accel_flags(const struct ena_card_config *c)
{
	return (uint16_t)((c->meta_caching ? 0 : ENA_LLQ_NO_META_CACHING) |
			  (c->tx_burst_bytes != 0 ? ENA_LLQ_LIMIT_BURST : 0));
}

static void
llq_get(const struct ena_card *card, struct ena_llq *out)
{
	const struct ena_card_config *c = &card->config;
	const bool only_wide = c->llq_entries == ENA_LLQ_ENTRY_256;

	out->max_num = htole32(c->queue_pairs);
	out->max_depth = htole32(only_wide ? c->llq_depth / 2u : c->llq_depth);
	out->header_supported = htole16(ENA_LLQ_HEADER_INLINE);
	out->entry_supported = htole16(sizes(c->llq_entries));
	out->before_header_supported = htole16(ENA_LLQ_BEFORE_HEADER_ALL);
	out->stride_supported = htole16(ENA_LLQ_STRIDE_SINGLE | ENA_LLQ_STRIDE_MULTIPLE);
	out->version = ENA_LLQ_VERSION;
	out->entry_recommended = (uint8_t)sizes(c->llq_recommended);
	if ((c->llq_entries & ENA_LLQ_ENTRY_256) != 0)
		out->max_wide_depth = htole16(c->llq_depth / 2u);
	out->accel_flags = htole16(accel_flags(c));
	out->max_burst_bytes = htole16(c->tx_burst_bytes);
}

static enum ena_admin_status
llq_set(struct ena_card *card, const struct ena_llq *in)
{
	const uint16_t size = le16toh(in->entry_enabled);
	const uint16_t before = le16toh(in->before_header_enabled);
	const uint16_t stride = le16toh(in->stride_enabled);
	struct ena_llq_set set = {.entry_bytes = size == ENA_LLQ_SIZE_256 ? 256 : 128};

	if (le16toh(in->header_enabled) != ENA_LLQ_HEADER_INLINE ||
	    (size != ENA_LLQ_SIZE_128 && size != ENA_LLQ_SIZE_256) ||
	    (size & sizes(card->config.llq_entries)) == 0 || !wcdev_is_pow2(before) || before > 8 ||
	    before * ENA_DESC_BYTES >= set.entry_bytes ||
	    (stride != ENA_LLQ_STRIDE_SINGLE && stride != ENA_LLQ_STRIDE_MULTIPLE))
		return ENA_ST_ILLEGAL;
	set.before_header = (uint8_t)before;
	set.per_entry = stride == ENA_LLQ_STRIDE_SINGLE
				? 1
				: (uint8_t)(set.entry_bytes / ENA_DESC_BYTES);
	/* Drivers ask for what they know, whether it is offered or not. */
	set.no_meta_caching = (le16toh(in->accel_flags) & accel_flags(&card->config) &
			       ENA_LLQ_NO_META_CACHING) != 0;
	card->llq = set;
	return ENA_ST_OK;
}

/* ---- others that can be set -------------------------------------------------------------- */

static enum ena_admin_status
mtu_set(struct ena_card *card, const uint32_t *in)
{
	const uint32_t mtu = le32toh(*in);

	if (mtu < WCDEV_MTU_MIN || mtu > WCDEV_MTU_MAX)
		return ENA_ST_ILLEGAL;
	card->mtu = mtu;
	return ENA_ST_OK;
}

static enum ena_admin_status
aenq_set(struct ena_card *card, const struct ena_aenq_groups *in)
{
	const uint32_t groups = le32toh(in->enabled);

	if ((groups & ~AENQ_GROUPS) != 0)
		return ENA_ST_ILLEGAL;
	card->aenq.groups = groups;
	card->aenq.link_told = false;
	card->aenq.keep_alive_ns = card->now_ns;
	return ENA_ST_OK;
}

/* Says in the log who drives the card. */
static enum ena_admin_status
host_set(struct ena_card *card, struct ena_call *call, const struct ena_host_attributes *in)
{
	const uint64_t iova = ena_iova(&in->info);
	struct ena_host_info info;
	uint32_t version;
	int ret;

	if (iova == 0)
		return ENA_ST_OK;
	if (!wcdev_dma_reachable(&card->dev, iova, sizeof(info), WCDEV_DMA_READ))
		return ENA_ST_ILLEGAL;
	ret = wcdev_dma_read(&card->dev, &card->admin.reader, iova, &info, sizeof(info));
	call->later = ret == -EAGAIN;
	if (ret != 0)
		return call->later ? ENA_ST_OK : ENA_ST_ILLEGAL;
	version = le32toh(info.driver_version);
	wcdev_log(&card->dev, LOG_INFO, "driver: version %u.%u.%u, OS type %u", version & 0xff,
		  version >> 8 & 0xff, version >> 16 & 0xff, le32toh(info.os_type));
	return ENA_ST_OK;
}

/* ---- all of them ------------------------------------------------------------------------- */

void
ena_feature_reset(struct ena_card *card)
{
	card->mtu = WCDEV_MTU_MAX; /* net_ena does not always set one */
	card->llq = (struct ena_llq_set){
		.entry_bytes = card->config.llq_entries == ENA_LLQ_ENTRY_256 ? 256 : 128,
		.before_header = 2,
		.per_entry = card->config.llq_entries == ENA_LLQ_ENTRY_256 ? 16 : 8,
	};
}

enum ena_admin_status
ena_feature_get(struct ena_card *card, struct ena_call *call)
{
	const uint8_t id = call->cmd.feature.feature;
	void *out = ena_call_answer(call);

	if (id >= 32 || (features(card) & 1u << id) == 0)
		return ENA_ST_UNSUPPORTED;
	switch ((enum ena_feature)id) {
	case ENA_F_DEVICE_ATTRIBUTES:
		attributes_get(card, out);
		break;
	case ENA_F_MAX_QUEUES:
		max_queues_get(card, out);
		break;
	case ENA_F_HW_HINTS:
		hints_get(card, out);
		break;
	case ENA_F_LLQ:
		llq_get(card, out);
		break;
	case ENA_F_MAX_QUEUES_EXT:
		max_queues_ext_get(card, out);
		break;
	case ENA_F_RSS_FUNCTION:
		return ena_rss_function_get(card, call);
	case ENA_F_OFFLOADS:
		*(struct ena_offloads *)out = (struct ena_offloads){
			htole32(TX_OFFLOADS), htole32(RX_OFFLOADS), htole32(RX_OFFLOADS)};
		break;
	case ENA_F_RSS_TABLE:
		return ena_rss_table_get(card, call);
	case ENA_F_RSS_INPUT:
		return ena_rss_input_get(card, call);
	case ENA_F_INTR_MODERATION:
		*(struct ena_intr_moderation *)out = (struct ena_intr_moderation){
			.resolution_us = htole16(1)};
		break;
	case ENA_F_AENQ:
		*(struct ena_aenq_groups *)out = (struct ena_aenq_groups){
			htole32(AENQ_GROUPS), htole32(card->aenq.groups)};
		break;
	case ENA_F_LINK:
		link_get(card, out);
		break;
	case ENA_F_MTU:
	case ENA_F_HOST_ATTRIBUTES:
		return ENA_ST_UNSUPPORTED; /* they are only set */
	}
	return ENA_ST_OK;
}

enum ena_admin_status
ena_feature_set(struct ena_card *card, struct ena_call *call)
{
	const uint8_t id = call->cmd.feature.feature;
	const void *in = call->cmd.feature.data;

	if (id >= 32 || (features(card) & 1u << id) == 0)
		return ENA_ST_UNSUPPORTED;
	switch ((enum ena_feature)id) {
	case ENA_F_LLQ:
		return llq_set(card, in);
	case ENA_F_RSS_FUNCTION:
		return ena_rss_function_set(card, call);
	case ENA_F_RSS_TABLE:
		return ena_rss_table_set(card, call);
	case ENA_F_RSS_INPUT:
		return ena_rss_input_set(card, call);
	case ENA_F_MTU:
		return mtu_set(card, in);
	case ENA_F_AENQ:
		return aenq_set(card, in);
	case ENA_F_HOST_ATTRIBUTES:
		return host_set(card, call, in);
	default:
		return ENA_ST_UNSUPPORTED; /* they are only read */
	}
}
