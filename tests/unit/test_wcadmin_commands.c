/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* lib/wcadmin: what single commands carry, and what of their answers is taken. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wcadmin_rig.h"

/* ---- what single commands carry ------------------------------------------------------------- */

static void
commands__parameters_are_the_datasheets(void **state)
{
	static const uint8_t mac[6] = {2, 3, 4, 5, 6, 7};
	struct wcadmin_rig *rig = *state;
	struct wcnic_cmd_port_set port;
	struct wcnic_cmd_txq_create tx = {.qid = 3,
					  .placement = WCNIC_PLACEMENT_PUSH,
					  .depth = 256,
					  .vector = WCNIC_VECTOR_NONE,
					  .db_window = 1,
					  .push_window = 2,
					  .db_off = 192,
					  .ring_iova = 0x123456789abcull,
					  .cq_iova = 0xcba987654300ull,
					  .format = WCNIC_FORMAT_PACKED};
	struct wcnic_cmd_rxq_create rx = {.qid = 4,
					  .depth = 512,
					  .db_window = 1,
					  .vector = 5,
					  .db_off = 256,
					  .buf_bytes = 2048,
					  .ring_iova = 0x1000,
					  .cq_iova = 0x2000,
					  .cqe_log2 = 4,
					  .offloads = WCNIC_RXQ_OFFLOAD_VLAN_STRIP,
					  .moderation_usecs = 0x1234,
					  .extra_iova = 0x3000};
	struct wcnic_cmd_rxq_set set = {
		.qid = 4, .offloads = WCNIC_RXQ_OFFLOAD_CHECKSUM, .extra_iova = 0x4000};

	assert_int_equal(wcadmin_port_set(&rig->admin, 7, 1500, WCNIC_PORTF_UP, mac), 0);
	memcpy(&port, rig->cmd.params, sizeof(port));
	assert_int_equal(rig->cmd.opcode, WCNIC_OP_PORT_SET);
	assert_int_equal(le16toh(port.valid), 7);
	assert_int_equal(le16toh(port.mtu), 1500);
	assert_int_equal(le16toh(port.flags), WCNIC_PORTF_UP);
	assert_memory_equal(port.mac, mac, sizeof(mac));
	assert_int_equal(rig->cmd.data_iova, 0);

	/* the ABI's own layout, which a little-endian host has too */
	assert_int_equal(wcadmin_txq_create(&rig->admin, &tx), 0);
	assert_int_equal(rig->cmd.opcode, WCNIC_OP_TXQ_CREATE);
	if (htole16(1) == 1)
		assert_memory_equal(rig->cmd.params, &tx, sizeof(tx));
	assert_int_equal(wcadmin_rxq_create(&rig->admin, &rx), 0);
	assert_int_equal(rig->cmd.opcode, WCNIC_OP_RXQ_CREATE);
	if (htole16(1) == 1)
		assert_memory_equal(rig->cmd.params, &rx, sizeof(rx));
	assert_int_equal(wcadmin_rxq_set(&rig->admin, &set), 0);
	assert_int_equal(rig->cmd.opcode, WCNIC_OP_RXQ_SET);
	if (htole16(1) == 1)
		assert_memory_equal(rig->cmd.params, &set, sizeof(set));
	assert_int_equal(wcadmin_rxq_destroy(&rig->admin, 0x0102), 0);
	assert_int_equal(rig->cmd.opcode, WCNIC_OP_RXQ_DESTROY);
	assert_int_equal(rig->cmd.params[0], 2);
	assert_int_equal(rig->cmd.params[1], 1);
}

static void
rss_set__table_goes_by_host_memory(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcnic_rss rss = {.types = WCNIC_RSS_IPV4}, seen;

	for (unsigned int i = 0; i < WCNIC_RETA_ENTRIES; i++)
		rss.reta[i] = i;
	assert_int_equal(wcadmin_rss_set(&rig->admin, &rss), 0);
	assert_int_equal(le32toh(rig->cmd.data_bytes), sizeof(rss));
	memcpy(&seen, rig->in, sizeof(seen));
	assert_int_equal(le32toh(seen.types), WCNIC_RSS_IPV4);
	assert_int_equal(le16toh(seen.reta[127]), 127);
}

static void
clock_set__step_and_number_go_by_parameters(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcnic_cmd_clock_set p;

	assert_int_equal(wcadmin_clock_set(&rig->admin, WCNIC_CLOCK_ADD, (uint64_t)-5), 0);
	assert_int_equal(rig->cmd.opcode, WCNIC_OP_CLOCK_SET);
	memcpy(&p, rig->cmd.params, sizeof(p));
	assert_int_equal(p.step, WCNIC_CLOCK_ADD);
	assert_int_equal((int64_t)le64toh(p.ns), -5);
}

static void
stats_query__counters_come_in_host_order(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcnic_stats stats, raw = {.tx_frames = htole64(5), .wakes = htole64(1ull << 40)};

	memcpy(rig->out, &raw, sizeof(raw));
	assert_int_equal(wcadmin_stats_query(&rig->admin, &stats), 0);
	assert_int_equal(stats.tx_frames, 5);
	assert_int_equal(stats.wakes, 1ull << 40);
}

/* ---- filters and flow rules ----------------------------------------------------------------- */

static void
filters__lists_go_by_host_memory(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcnic_mac macs[2] = {{.addr = {2, 0, 0, 0, 0, 1}}, {.addr = {1, 0, 0x5e, 0, 0, 9}}};
	struct wcnic_vlan_filter vlans = {.vids = {[63] = 1ull << 62}}, seen;
	struct wcnic_cmd_mac_list cmd;

	assert_int_equal(wcadmin_mac_list_set(&rig->admin, macs, 2), 0);
	memcpy(&cmd, rig->cmd.params, sizeof(cmd));
	assert_int_equal(rig->cmd.opcode, WCNIC_OP_MAC_LIST_SET);
	assert_int_equal(le16toh(cmd.count), 2);
	assert_int_equal(le32toh(rig->cmd.data_bytes), sizeof(macs));
	assert_memory_equal(rig->in, macs, sizeof(macs));
	assert_int_equal(wcadmin_mac_list_set(&rig->admin, macs, 0), 0);
	assert_int_equal(rig->cmd.data_bytes, 0);
	assert_int_equal(wcadmin_vlan_filter_set(&rig->admin, &vlans), 0);
	memcpy(&seen, rig->in, sizeof(seen));
	assert_int_equal(le64toh(seen.vids[63]), 1ull << 62);
}

static void
flow__rules_and_counters_in_the_cards_order(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcnic_flow flow = {.id = 7, .priority = 9, .n_queues = 2}, seen;
	struct wcnic_flow_counters raw = {htole64(3), htole64(1ull << 40)}, counters;
	struct wcnic_cmd_flow cmd;

	flow.mask.layers = WCNIC_FLOWL_UDP;
	flow.queues[1] = 5;
	assert_int_equal(wcadmin_flow_create(&rig->admin, &flow), 0);
	memcpy(&seen, rig->in, sizeof(seen));
	assert_int_equal(le32toh(seen.id), 7);
	assert_int_equal(le32toh(seen.priority), 9);
	assert_int_equal(le16toh(seen.mask.layers), WCNIC_FLOWL_UDP);
	assert_int_equal(le16toh(seen.queues[1]), 5);
	memcpy(rig->out, &raw, sizeof(raw));
	assert_int_equal(wcadmin_flow_query(&rig->admin, 7, true, &counters), 0);
	memcpy(&cmd, rig->cmd.params, sizeof(cmd));
	assert_int_equal(le32toh(cmd.id), 7);
	assert_int_equal(cmd.clear, 1);
	assert_int_equal(counters.frames, 3);
	assert_int_equal(counters.bytes, 1ull << 40);
	assert_int_equal(wcadmin_flow_destroy(&rig->admin, 7), 0);
	assert_int_equal(rig->cmd.opcode, WCNIC_OP_FLOW_DESTROY);
	assert_int_equal(wcadmin_flow_flush(&rig->admin), 0);
	assert_int_equal(rig->cmd.opcode, WCNIC_OP_FLOW_FLUSH);
	rig->status_code = WCNIC_ST_BAD_STATE;
	assert_int_equal(wcadmin_flow_create(&rig->admin, &flow), -EBUSY);
}

/* ---- IDENTIFY ------------------------------------------------------------------------------- */

static const struct wcnic_identity good = {
	.caps = WCNIC_CAP_PUSH,
	.max_txq = 4,
	.max_rxq = 4,
	.min_depth = 8,
	.max_depth = 4096,
	.max_frame_bytes = 9238,
	.window_align = 0x20000,
	.max_window_bytes = WCADMIN_RIG_APERTURE,
	.max_slot_lines = 16,
	.mac = {2, 0, 0, 0, 0, 1},
	.model = "a name of 24 characters",
};

static void
identify__good_card_taken_and_name_ended(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcnic_identity id, full = good;

	full.model[sizeof(full.model) - 1] = '.'; /* no zero is left */
	memcpy(rig->out, &full, sizeof(full));
	assert_int_equal(wcadmin_identify(&rig->admin, &id), 0);
	assert_string_equal(id.model, "a name of 24 characters");
	assert_int_equal(rig->admin.window_align, 0x20000);
}

static void
identify__senseless_card_refused(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcnic_identity id, bad[12];

	for (size_t i = 0; i < 12; i++)
		bad[i] = good;
	bad[0].max_txq = 0;
	bad[1].max_rxq = 0;
	bad[2].min_depth = 12;
	bad[3].max_depth = 4;
	bad[4].max_depth = 4095;
	bad[5].max_frame_bytes = 60;
	bad[6].window_align = 0;
	bad[7].max_window_bytes = 0x10000;
	bad[8].max_window_bytes = WCADMIN_RIG_APERTURE + 0x20000;
	bad[9].max_slot_lines = 0;
	bad[10].mac[0] = 1;
	memset(bad[11].mac, 0, 6);
	for (size_t i = 0; i < 12; i++) {
		memcpy(rig->out, &bad[i], sizeof(bad[i]));
		rig->log[0] = '\0';
		rig->lines = 0;
		assert_int_equal(wcadmin_identify(&rig->admin, &id), -EPROTO);
		wcadmin_rig_logged(rig, "IDENTIFY");
		assert_int_equal(rig->admin.window_align, WCNIC_WINDOW_ALIGN);
	}
}

/* ---- windows -------------------------------------------------------------------------------- */

static const struct wcadmin_window_spec push = {
	.type = WCNIC_WINDOW_PUSH, .slot_lines = 2, .qid = 0, .bytes = 0x10000};

static void
grant_set(struct wcadmin_rig *rig, uint16_t id, uint64_t off)
{
	const struct wcnic_window_grant grant = {
		.id = htole16(id),
		.generation = htole16(7),
		.type = WCNIC_WINDOW_PUSH,
		.slot_lines = 2,
		.offset = htole64(off),
		.bytes = htole32(0x10000),
		.slots = htole16(512),
		.max_burst = htole16(64),
	};

	memcpy(rig->out, &grant, sizeof(grant));
}

static void
window_alloc__good_grant_taken(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcadmin_window win;
	struct wcnic_cmd_window freed;

	grant_set(rig, 3, WCADMIN_RIG_APERTURE - 0x10000);
	assert_int_equal(wcadmin_window_alloc(&rig->admin, &push, &win), 0);
	assert_int_equal(win.id, 3);
	assert_int_equal(win.generation, 7);
	assert_int_equal(win.off, WCADMIN_RIG_APERTURE - 0x10000);
	assert_int_equal(win.bytes, 0x10000);
	assert_int_equal(win.slots, 512);
	assert_int_equal(wcadmin_window_free(&rig->admin, &win), 0);
	memcpy(&freed, rig->cmd.params, sizeof(freed));
	assert_int_equal(rig->cmd.opcode, WCNIC_OP_WINDOW_FREE);
	assert_int_equal(le16toh(freed.id), 3);
	assert_int_equal(le16toh(freed.generation), 7);
}

static void
window_alloc__grant_is_a_lie_given_back(void **state)
{
	static const struct {
		size_t at, bytes;
		uint64_t value;
	} lies[] = {
#define LIE(field, value)                            \
	{offsetof(struct wcnic_window_grant, field), \
	 sizeof(((struct wcnic_window_grant *)0)->field), value}
		LIE(type, WCNIC_WINDOW_DOORBELL),
		LIE(generation, 0),
		LIE(offset, WCADMIN_RIG_APERTURE),
		LIE(offset, WCADMIN_RIG_APERTURE - 4096),
		LIE(offset, UINT64_MAX - 0xffff),
		LIE(offset, 64),
		LIE(bytes, 0),
		LIE(bytes, 100),
		LIE(bytes, 0xffff0000),
		LIE(slots, 0),
		LIE(slots, 12),
		LIE(slots, 1024), /* do not fit */
		LIE(slot_lines, 1),
		LIE(max_burst, 0),
	};
	struct wcadmin_rig *rig = *state;
	struct wcadmin_window win;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const uint64_t value = htole64(lies[i].value);

		grant_set(rig, 3, 0x20000);
		memcpy(rig->out + lies[i].at, &value, lies[i].bytes);
		rig->log[0] = '\0';
		rig->lines = 0;
		assert_int_equal(wcadmin_window_alloc(&rig->admin, &push, &win), -EPROTO);
		wcadmin_rig_logged(rig, "WINDOW_ALLOC: a grant makes no sense");
		assert_int_equal(rig->cmd.opcode, WCNIC_OP_WINDOW_FREE);
		assert_null(rig->admin.windows);
	}
}

static void
window_alloc__overlap_with_another_refused_until_that_is_gone(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcadmin_window first, second;

	grant_set(rig, 1, 0x20000);
	assert_int_equal(wcadmin_window_alloc(&rig->admin, &push, &first), 0);
	grant_set(rig, 2, 0x20000);
	assert_int_equal(wcadmin_window_alloc(&rig->admin, &push, &second), -EPROTO);
	wcadmin_rig_logged(rig, "overlaps window 1");
	grant_set(rig, 2, 0x30000);
	assert_int_equal(wcadmin_window_alloc(&rig->admin, &push, &second), 0);
	wcadmin_window_forget(&rig->admin, &first);
	grant_set(rig, 4, 0x20000);
	assert_int_equal(wcadmin_window_alloc(&rig->admin, &push, &first), 0);
}

static void
window_free__after_a_reset_sends_no_command(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcadmin_window win;

	grant_set(rig, 1, 0x20000);
	assert_int_equal(wcadmin_window_alloc(&rig->admin, &push, &win), 0);
	rig->ready_after = 1;
	assert_int_equal(wcadmin_reset(&rig->admin), 0);
	rig->acq_tail = 0;
	assert_int_equal(wcadmin_enable(&rig->admin), 0);
	memset(&rig->cmd, 0, sizeof(rig->cmd));
	assert_int_equal(wcadmin_window_free(&rig->admin, &win), 0);
	assert_int_equal(rig->cmd.opcode, 0);
}

static void
window_test__report_must_add_up(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcadmin_window win = {.id = 1, .generation = 9};
	struct wcnic_window_test_report report, raw = {.lines_whole = htole32(5),
						       .lines_partial = htole32(2),
						       .lines_lost = htole32(1),
						       .lines_reordered = htole32(8)};
	struct wcnic_push_line line;
	uint16_t check;

	assert_int_equal(wcadmin_window_test_observe(&rig->admin, &win, 8), 0);
	wcadmin_window_test_line(&win, 258, &line);
	assert_int_equal(le16toh(line.seq), 258);
	assert_int_equal(le16toh(line.generation), 9);
	check = le16toh(line.check);
	line.check = 0;
	assert_int_equal(check, wcnic_line_check(&line));

	memcpy(rig->out, &raw, sizeof(raw));
	assert_int_equal(wcadmin_window_test_report(&rig->admin, &win, 8, &report), 0);
	assert_int_equal(report.lines_partial, 2);
	assert_int_equal(wcadmin_window_test_report(&rig->admin, &win, 9, &report), -EPROTO);
	raw.lines_reordered = htole32(9);
	memcpy(rig->out, &raw, sizeof(raw));
	assert_int_equal(wcadmin_window_test_report(&rig->admin, &win, 8, &report), -EPROTO);
	rig->status_code = WCNIC_ST_NOT_OBSERVABLE;
	assert_int_equal(wcadmin_window_test_observe(&rig->admin, &win, 8), -ENODATA);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, wcadmin_rig_setup_enabled)
	const struct CMUnitTest tests[] = {
		CASE(commands__parameters_are_the_datasheets),
		CASE(rss_set__table_goes_by_host_memory),
		CASE(clock_set__step_and_number_go_by_parameters),
		CASE(stats_query__counters_come_in_host_order),
		CASE(filters__lists_go_by_host_memory),
		CASE(flow__rules_and_counters_in_the_cards_order),
		CASE(identify__good_card_taken_and_name_ended),
		CASE(identify__senseless_card_refused),
		CASE(window_alloc__good_grant_taken),
		CASE(window_alloc__grant_is_a_lie_given_back),
		CASE(window_alloc__overlap_with_another_refused_until_that_is_gone),
		CASE(window_free__after_a_reset_sends_no_command),
		CASE(window_test__report_must_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
