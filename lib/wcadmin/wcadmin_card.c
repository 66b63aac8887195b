/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Commands on the card as a whole: what it is, its features, its port (datasheet sections 3, 8). */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "wcadmin_internal.h"

#define FRAME_BYTES_MIN 64u

/* ---- IDENTIFY ------------------------------------------------------------------------------ */

static void
identity_to_host(struct wcnic_identity *id)
{
	id->abi_version = le32toh(id->abi_version);
	id->fw_version = le32toh(id->fw_version);
	id->caps = le64toh(id->caps);
	id->max_txq = le16toh(id->max_txq);
	id->max_rxq = le16toh(id->max_rxq);
	id->max_windows = le16toh(id->max_windows);
	id->max_vectors = le16toh(id->max_vectors);
	id->min_depth = le16toh(id->min_depth);
	id->max_depth = le16toh(id->max_depth);
	id->max_frame_bytes = le16toh(id->max_frame_bytes);
	id->min_frame_bytes = le16toh(id->min_frame_bytes);
	id->window_align = le32toh(id->window_align);
	id->max_window_bytes = le32toh(id->max_window_bytes);
	id->push_wait_ns = le32toh(id->push_wait_ns);
	id->heartbeat_ns = le32toh(id->heartbeat_ns);
	id->reta_entries = le16toh(id->reta_entries);
	id->max_slot_lines = le16toh(id->max_slot_lines);
	id->max_segments = le16toh(id->max_segments);
	id->model[sizeof(id->model) - 1] = '\0';
	id->max_macs = le16toh(id->max_macs);
	id->max_flows = le32toh(id->max_flows);
}

static bool
is_power_of_2(uint32_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static bool
mac_is_unicast(const uint8_t mac[6])
{
	uint8_t any = 0;

	for (unsigned int i = 0; i < 6; i++)
		any |= mac[i];
	return any != 0 && (mac[0] & 1) == 0;
}

/* The caller will use these in sizes and loops. */
WC_MUST_CHECK static int
identity_check(const struct wcadmin *a, const struct wcnic_identity *id)
{
	if (id->max_txq == 0 || id->max_rxq == 0 || !is_power_of_2(id->min_depth) ||
	    !is_power_of_2(id->max_depth) || id->max_depth < id->min_depth) {
		wcadmin_error(a, "IDENTIFY: %u Tx and %u Rx queues of depth %u to %u make no sense",
			      id->max_txq, id->max_rxq, id->min_depth, id->max_depth);
		return -EPROTO;
	}
	if (id->max_frame_bytes < FRAME_BYTES_MIN || !is_power_of_2(id->window_align) ||
	    id->max_window_bytes < id->window_align || id->max_window_bytes > a->aperture_bytes) {
		wcadmin_error(a,
			      "IDENTIFY: frames of %u bytes, windows of %u to %u bytes in an "
			      "aperture of %" PRIu64 " make no sense",
			      id->max_frame_bytes, id->window_align, id->max_window_bytes,
			      a->aperture_bytes);
		return -EPROTO;
	}
	if ((id->caps & WCNIC_CAP_PUSH) != 0 && !is_power_of_2(id->max_slot_lines)) {
		wcadmin_error(a, "IDENTIFY: slots of %u lines make no sense", id->max_slot_lines);
		return -EPROTO;
	}
	if (!mac_is_unicast(id->mac)) {
		wcadmin_error(a, "IDENTIFY: the permanent MAC address is not a unicast address");
		return -EPROTO;
	}
	return 0;
}

int
wcadmin_identify(struct wcadmin *a, struct wcnic_identity *id)
{
	int ret = wcadmin_run_query(a, WCNIC_OP_IDENTIFY, id);

	if (ret != 0)
		return ret;
	identity_to_host(id);
	ret = identity_check(a, id);
	if (ret == 0)
		a->window_align = id->window_align;
	return ret;
}

/* ---- features and the port ----------------------------------------------------------------- */

int
wcadmin_features_set(struct wcadmin *a, uint64_t features)
{
	const struct wcnic_cmd_features cmd = {.features = htole64(features)};

	return wcadmin_run_params(a, WCNIC_OP_FEATURES_SET, &cmd);
}

int
wcadmin_wake_set(struct wcadmin *a, uint64_t iova)
{
	const struct wcnic_cmd_wake_set cmd = {.iova = htole64(iova)};

	return wcadmin_run_params(a, WCNIC_OP_WAKE_SET, &cmd);
}

int
wcadmin_port_query(struct wcadmin *a, struct wcnic_port_info *info)
{
	int ret = wcadmin_run_query(a, WCNIC_OP_PORT_QUERY, info);

	if (ret != 0)
		return ret;
	info->mtu = le16toh(info->mtu);
	info->flags = le16toh(info->flags);
	info->speed_mbps = le32toh(info->speed_mbps);
	info->wire = le16toh(info->wire);
	info->wire_mbps = le32toh(info->wire_mbps);
	info->kind[sizeof(info->kind) - 1] = '\0';
	return 0;
}

int
wcadmin_port_set(struct wcadmin *a, uint16_t valid, uint16_t mtu, uint16_t flags,
		 const uint8_t mac[6])
{
	struct wcnic_cmd_port_set cmd = {
		.valid = htole16(valid),
		.mtu = htole16(mtu),
		.flags = htole16(flags),
	};

	memcpy(cmd.mac, mac, sizeof(cmd.mac));
	return wcadmin_run_params(a, WCNIC_OP_PORT_SET, &cmd);
}

int
wcadmin_stats_query(struct wcadmin *a, struct wcnic_stats *stats)
{
	wcnic_le64 counters[sizeof(*stats) / sizeof(wcnic_le64)];
	int ret = wcadmin_run_query(a, WCNIC_OP_STATS_QUERY, &counters);

	if (ret != 0)
		return ret;
	for (size_t i = 0; i < WC_DIM(counters); i++)
		counters[i] = le64toh(counters[i]);
	memcpy(stats, counters, sizeof(*stats));
	return 0;
}

int
wcadmin_clock_set(struct wcadmin *a, enum wcnic_clock_step step, uint64_t ns)
{
	const struct wcnic_cmd_clock_set cmd = {.ns = htole64(ns), .step = step};

	return wcadmin_run_params(a, WCNIC_OP_CLOCK_SET, &cmd);
}

int
wcadmin_rxq_stats_query(struct wcadmin *a, uint16_t first, uint16_t count,
			struct wcnic_rxq_counters *counters)
{
	const struct wcnic_cmd_rxq_stats cmd = {.first = htole16(first), .count = htole16(count)};
	struct wcnic_rxq_counters answer[WCADMIN_RXQ_STATS_MAX];
	int ret;

	if (count > WCADMIN_RXQ_STATS_MAX) {
		wcadmin_error(a, "RXQ_STATS_QUERY: %u queues at once; at most %zu", count,
			      WCADMIN_RXQ_STATS_MAX);
		return -EINVAL;
	}
	ret = wcadmin_run(a, &(const struct wcadmin_request){
				     .opcode = WCNIC_OP_RXQ_STATS_QUERY,
				     .params = &cmd,
				     .params_bytes = sizeof(cmd),
				     .out = answer,
				     .out_bytes = count * sizeof(answer[0]),
			     });
	for (uint16_t i = 0; ret == 0 && i < count; i++) {
		counters[i].frames = le64toh(answer[i].frames);
		counters[i].bytes = le64toh(answer[i].bytes);
		counters[i].missed = le64toh(answer[i].missed);
		counters[i].rsvd = 0;
	}
	return ret;
}

int
wcadmin_rss_set(struct wcadmin *a, const struct wcnic_rss *rss)
{
	struct wcnic_rss in = *rss;

	in.types = htole32(in.types);
	for (size_t i = 0; i < WCNIC_RETA_ENTRIES; i++)
		in.reta[i] = htole16(in.reta[i]);
	return wcadmin_run(a, &(const struct wcadmin_request){.opcode = WCNIC_OP_RSS_SET,
							      .in = &in,
							      .in_bytes = sizeof(in)});
}

/* ---- queues -------------------------------------------------------------------------------- */

int
wcadmin_txq_create(struct wcadmin *a, const struct wcnic_cmd_txq_create *txq)
{
	struct wcnic_cmd_txq_create cmd = *txq;

	cmd.qid = htole16(cmd.qid);
	cmd.depth = htole16(cmd.depth);
	cmd.vector = htole16(cmd.vector);
	cmd.db_window = htole16(cmd.db_window);
	cmd.push_window = htole16(cmd.push_window);
	cmd.db_off = htole32(cmd.db_off);
	cmd.ring_iova = htole64(cmd.ring_iova);
	cmd.cq_iova = htole64(cmd.cq_iova);
	cmd.offload_iova = htole64(cmd.offload_iova);
	return wcadmin_run_params(a, WCNIC_OP_TXQ_CREATE, &cmd);
}

int
wcadmin_rxq_create(struct wcadmin *a, const struct wcnic_cmd_rxq_create *rxq)
{
	struct wcnic_cmd_rxq_create cmd = *rxq;

	cmd.qid = htole16(cmd.qid);
	cmd.depth = htole16(cmd.depth);
	cmd.db_window = htole16(cmd.db_window);
	cmd.vector = htole16(cmd.vector);
	cmd.db_off = htole32(cmd.db_off);
	cmd.buf_bytes = htole32(cmd.buf_bytes);
	cmd.ring_iova = htole64(cmd.ring_iova);
	cmd.cq_iova = htole64(cmd.cq_iova);
	cmd.offloads = htole16(cmd.offloads);
	cmd.moderation_usecs = htole16(cmd.moderation_usecs);
	cmd.extra_iova = htole64(cmd.extra_iova);
	return wcadmin_run_params(a, WCNIC_OP_RXQ_CREATE, &cmd);
}

int
wcadmin_rxq_set(struct wcadmin *a, const struct wcnic_cmd_rxq_set *rxq)
{
	struct wcnic_cmd_rxq_set cmd = *rxq;

	cmd.qid = htole16(cmd.qid);
	cmd.offloads = htole16(cmd.offloads);
	cmd.extra_iova = htole64(cmd.extra_iova);
	return wcadmin_run_params(a, WCNIC_OP_RXQ_SET, &cmd);
}

int
wcadmin_txq_destroy(struct wcadmin *a, uint16_t qid)
{
	const struct wcnic_cmd_queue cmd = {.qid = htole16(qid)};

	return wcadmin_run_params(a, WCNIC_OP_TXQ_DESTROY, &cmd);
}

int
wcadmin_rxq_destroy(struct wcadmin *a, uint16_t qid)
{
	const struct wcnic_cmd_queue cmd = {.qid = htole16(qid)};

	return wcadmin_run_params(a, WCNIC_OP_RXQ_DESTROY, &cmd);
}
