/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Commands on what the port takes and where it goes (datasheet sections 7, 13). */

#include <string.h>

#include "wcadmin_internal.h"

int
wcadmin_mac_list_set(struct wcadmin *a, const struct wcnic_mac *macs, uint16_t count)
{
	const struct wcnic_cmd_mac_list cmd = {.count = htole16(count)};

	return wcadmin_run(a, &(const struct wcadmin_request){.opcode = WCNIC_OP_MAC_LIST_SET,
							      .params = &cmd,
							      .params_bytes = sizeof(cmd),
							      .in = macs,
							      .in_bytes = count * sizeof(macs[0])});
}

int
wcadmin_vlan_filter_set(struct wcadmin *a, const struct wcnic_vlan_filter *filter)
{
	struct wcnic_vlan_filter in = *filter;

	for (size_t i = 0; i < WC_DIM(in.vids); i++)
		in.vids[i] = htole64(in.vids[i]);
	return wcadmin_run(a, &(const struct wcadmin_request){.opcode = WCNIC_OP_VLAN_FILTER_SET,
							      .in = &in,
							      .in_bytes = sizeof(in)});
}

int
wcadmin_flow_create(struct wcadmin *a, const struct wcnic_flow *flow)
{
	struct wcnic_flow in = *flow;

	in.id = htole32(in.id);
	in.priority = htole32(in.priority);
	in.actions = htole32(in.actions);
	in.mark = htole32(in.mark);
	in.key.layers = htole16(in.key.layers);
	in.mask.layers = htole16(in.mask.layers);
	in.n_queues = htole16(in.n_queues);
	in.rss_types = htole32(in.rss_types);
	for (size_t i = 0; i < WCNIC_FLOW_RSS_QUEUES_MAX; i++)
		in.queues[i] = htole16(in.queues[i]);
	return wcadmin_run(a, &(const struct wcadmin_request){.opcode = WCNIC_OP_FLOW_CREATE,
							      .in = &in,
							      .in_bytes = sizeof(in)});
}

int
wcadmin_flow_destroy(struct wcadmin *a, uint32_t id)
{
	const struct wcnic_cmd_flow cmd = {.id = htole32(id)};

	return wcadmin_run_params(a, WCNIC_OP_FLOW_DESTROY, &cmd);
}

int
wcadmin_flow_query(struct wcadmin *a, uint32_t id, bool clear, struct wcnic_flow_counters *counters)
{
	const struct wcnic_cmd_flow cmd = {.id = htole32(id), .clear = clear};
	int ret = wcadmin_run(a, &(const struct wcadmin_request){.opcode = WCNIC_OP_FLOW_QUERY,
								 .params = &cmd,
								 .params_bytes = sizeof(cmd),
								 .out = counters,
								 .out_bytes = sizeof(*counters)});

	if (ret != 0)
		return ret;
	counters->frames = le64toh(counters->frames);
	counters->bytes = le64toh(counters->bytes);
	return 0;
}

int
wcadmin_flow_flush(struct wcadmin *a)
{
	return wcadmin_run(a, &(const struct wcadmin_request){.opcode = WCNIC_OP_FLOW_FLUSH});
}
