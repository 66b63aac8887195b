/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of admin commands: rings, parameters that are refused, answers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wcnic_card_test.h>

#include "fake_host.h"

#define FIELD(type, field) (offsetof(struct wcnic_admin_cmd, params) + offsetof(struct type, field))

static void
ring__many_laps__completions_carry_id_head_and_phase(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_admin_cmd cmd = {.opcode = 0xee};
	struct wcnic_admin_cpl cpl;

	for (unsigned int i = 0; i < 70000; i++) {
		cmd.cmd_id = htole16((uint16_t)(i * 3));
		assert_true(fake_submit(h, &cmd, &cpl));
		assert_int_equal(le16toh(cpl.cmd_id), (uint16_t)(i * 3));
		assert_int_equal(le16toh(cpl.status), WCNIC_ST_UNSUPPORTED);
		assert_int_equal(le16toh(cpl.sq_head), (uint16_t)(i + 1));
	}
}

static void
ring__full_of_commands__all_are_answered(void **state)
{
	struct fake_host *h = *state;

	for (unsigned int i = 0; i < 16; i++)
		h->asq[i] = (struct wcnic_admin_cmd){.opcode = 0xee, .cmd_id = htole16(i + 100)};
	fake_reg32_set(h, WCNIC_REG_ASQ_TAIL, 16);
	assert_int_equal(wcnic_card_poll(h->card), 16);
	for (unsigned int i = 0; i < 16; i++) {
		assert_int_equal(h->acq[i].phase, 1);
		assert_int_equal(le16toh(h->acq[i].cmd_id), i + 100);
	}
}

static void
ring__tail_too_far__is_fatal(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_event event;

	fake_reg32_set(h, WCNIC_REG_ASQ_TAIL, 17);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), WCNIC_ERR_DOORBELL);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_INFO), WCNIC_REG_ASQ_TAIL);
	assert_true(fake_reg32(h, WCNIC_REG_STATUS) & WCNIC_STATUS_ERROR);
	assert_true(fake_event(h, &event));
	assert_int_equal(le16toh(event.type), WCNIC_EV_FATAL);
	assert_int_equal(le32toh(event.arg1), WCNIC_ERR_DOORBELL);
	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_SET, NULL, NULL, 0, NULL), -1);
	fake_reg32_set(h, WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
	fake_enable(h);
	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_SET, NULL, NULL, 0, NULL), 0);
}

static void
ring__unmapped_later__is_fatal(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_admin_cmd cmd = {.opcode = WCNIC_OP_PORT_SET};
	struct wcnic_admin_cpl cpl;

	h->m.unmap_from = 0;
	assert_false(fake_submit(h, &cmd, &cpl));
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), WCNIC_ERR_ADMIN_CONFIG);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_INFO), WCNIC_REG_ASQ_BASE);
	assert_true(fake_reg32(h, WCNIC_REG_STATUS) & WCNIC_STATUS_ERROR);
}

static void
command__flags_set__is_invalid_field(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_admin_cmd cmd = {.opcode = WCNIC_OP_PORT_SET, .flags = 1};
	struct wcnic_admin_cpl cpl;

	assert_true(fake_submit(h, &cmd, &cpl));
	assert_int_equal(le16toh(cpl.status), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(le32toh(cpl.result), 1);
}

static void
answer__buffer_absent_or_unmapped__is_refused_and_changes_nothing(void **state)
{
	static const uint8_t ops[] = {WCNIC_OP_IDENTIFY, WCNIC_OP_WINDOW_ALLOC, WCNIC_OP_PORT_QUERY,
				      WCNIC_OP_STATS_QUERY, WCNIC_OP_RSS_SET};
	struct fake_host *h = *state;
	struct wcnic_cmd_window_alloc p = {.type = WCNIC_WINDOW_DOORBELL, .qid = htole16(0xffff)};
	struct wcnic_admin_cmd cmd = {0};
	struct wcnic_admin_cpl cpl;
	struct wcnic_window_grant grant;

	p.bytes = htole32(FAKE_APERTURE_BYTES / 4);
	memcpy(cmd.params, &p, sizeof(p));
	for (size_t i = 0; i < sizeof(ops); i++) {
		cmd.opcode = ops[i];
		cmd.data_bytes = 0;
		cmd.data_iova = htole64(FAKE_IOVA);
		assert_true(fake_submit(h, &cmd, &cpl));
		assert_int_equal(le16toh(cpl.status), WCNIC_ST_INVALID_FIELD);
		assert_int_equal(le32toh(cpl.result), 4);
		cmd.data_bytes = htole32(512);
		cmd.data_iova = htole64(ops[i] == WCNIC_OP_RSS_SET ? FAKE_IOVA_WO : FAKE_IOVA_RO);
		assert_true(fake_submit(h, &cmd, &cpl));
		assert_int_equal(le16toh(cpl.status), WCNIC_ST_BAD_ADDRESS);
	}
	/* Had a refused one kept its window, the whole aperture could not be had. */
	for (size_t i = 0; i < FAKE_APERTURE_BYTES / 65536; i++)
		assert_int_equal(fake_window(h, WCNIC_WINDOW_DOORBELL, 0, 0xffff, 1, &grant), 0);
}

static void
answer__buffer_shorter_or_longer__gets_the_smaller_number(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_admin_cmd cmd = {.opcode = WCNIC_OP_IDENTIFY, .data_bytes = htole32(10)};
	struct wcnic_admin_cpl cpl;

	memset(h->bounce, 0xcc, 512);
	cmd.data_iova = htole64(fake_iova(h, h->bounce));
	assert_true(fake_submit(h, &cmd, &cpl));
	assert_int_equal(le32toh(cpl.data_bytes), 10);
	assert_int_equal(h->bounce[2], 1);
	assert_int_equal(h->bounce[10], 0xcc);
	cmd.data_bytes = htole32(512);
	assert_true(fake_submit(h, &cmd, &cpl));
	assert_int_equal(le32toh(cpl.data_bytes), 128);
	assert_int_equal(h->bounce[128], 0xcc);
}

static void
identify__default_card__says_what_it_is(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_identity id;
	static const uint8_t none[6];

	assert_int_equal(fake_cmd(h, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL), 0);
	assert_int_equal(le32toh(id.abi_version), WCNIC_ABI_VERSION);
	assert_true(le64toh(id.caps) == fake_reg64(h, WCNIC_REG_CAPS));
	assert_int_equal(le16toh(id.max_txq), 16);
	assert_int_equal(le16toh(id.max_rxq), 16);
	assert_int_equal(le16toh(id.max_windows), fake_reg32(h, WCNIC_REG_LIMITS) >> 16);
	assert_int_equal(le16toh(id.max_frame_bytes), 9238);
	assert_int_equal(le32toh(id.window_align), 65536);
	assert_int_equal(le32toh(id.push_wait_ns), 100000);
	assert_int_equal(le16toh(id.reta_entries), 128);
	assert_int_equal(id.mac[0] & 1, 0);
	assert_memory_not_equal(id.mac, none, 6);
	assert_string_equal(id.model, "wcnic model");
}

static void
features__unknown_bit__is_unsupported_with_its_number(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_cmd_features p = {.features = htole64(WCNIC_CAP_PUSH | 1ull << 40)};
	uint32_t result;

	assert_int_equal(fake_cmd(h, WCNIC_OP_FEATURES_SET, &p, NULL, 0, &result),
			 WCNIC_ST_UNSUPPORTED);
	assert_int_equal(result, 40);
}

static void
features__without_push__refuses_push_windows(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_cmd_features p = {0};
	struct wcnic_window_grant grant;
	struct wcnic_rss rss = {0};

	assert_int_equal(fake_cmd(h, WCNIC_OP_FEATURES_SET, &p, NULL, 0, NULL), 0);
	assert_int_equal(fake_cmd(h, WCNIC_OP_FEATURES_SET, &p, NULL, 0, NULL), WCNIC_ST_BAD_STATE);
	assert_int_equal(fake_window(h, WCNIC_WINDOW_PUSH, 2, 0, 4096, &grant),
			 WCNIC_ST_UNSUPPORTED);
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL),
			 WCNIC_ST_UNSUPPORTED);
	wcnic_card_reset(h->card);
	fake_enable(h);
	assert_int_equal(fake_window(h, WCNIC_WINDOW_PUSH, 2, 0, 4096, &grant), 0);
}

static void
features__after_the_first_queue__is_bad_state(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_cmd_features p = {0};
	struct fake_txq q;

	assert_int_equal(fake_txq_open(h, &q, 0, 16, WCNIC_PLACEMENT_FETCH, 0), 0);
	assert_int_equal(fake_txq_close(h, &q), 0);
	assert_int_equal(fake_cmd(h, WCNIC_OP_FEATURES_SET, &p, NULL, 0, NULL), WCNIC_ST_BAD_STATE);
}

static void
no_push_card__push_window__is_unsupported(void **state)
{
	struct wcnic_window_grant grant;
	struct fake_host other;

	(void)state;
	assert_int_equal(fake_host_init(&other, NULL), 0);
	wcnic_card_test_no_push(other.card);
	fake_enable(&other);
	assert_int_equal(fake_reg64(&other, WCNIC_REG_CAPS) & WCNIC_CAP_PUSH, 0);
	assert_int_equal(fake_window(&other, WCNIC_WINDOW_PUSH, 2, 0, 4096, &grant),
			 WCNIC_ST_UNSUPPORTED);
	fake_host_fini(&other);
}

static void
window_alloc__bad_field__is_named(void **state)
{
	static const struct {
		struct wcnic_cmd_window_alloc p;
		int status;
		uint32_t result;
	} bad[] = {
		{{.type = 0, .bytes = 1}, 2, FIELD(wcnic_cmd_window_alloc, type)},
		{{.type = 3, .bytes = 1}, 2, FIELD(wcnic_cmd_window_alloc, type)},
		{{.type = 2, .slot_lines = 0, .bytes = 1},
		 2,
		 FIELD(wcnic_cmd_window_alloc, slot_lines)},
		{{.type = 2, .slot_lines = 3, .bytes = 1},
		 2,
		 FIELD(wcnic_cmd_window_alloc, slot_lines)},
		{{.type = 2, .slot_lines = 32, .bytes = 1},
		 2,
		 FIELD(wcnic_cmd_window_alloc, slot_lines)},
		{{.type = 1, .slot_lines = 1, .qid = 0xffff, .bytes = 1},
		 2,
		 FIELD(wcnic_cmd_window_alloc, slot_lines)},
		{{.type = 1, .qid = 0, .bytes = 1}, 2, FIELD(wcnic_cmd_window_alloc, qid)},
		{{.type = 1, .qid = 0xffff}, 2, FIELD(wcnic_cmd_window_alloc, bytes)},
		{{.type = 1, .qid = 0xffff, .bytes = 1, .align = 3},
		 2,
		 FIELD(wcnic_cmd_window_alloc, align)},
		{{.type = 2, .slot_lines = 2, .qid = 16, .bytes = 1}, WCNIC_ST_INVALID_QUEUE, 0},
		{{.type = 1, .qid = 0xffff, .bytes = 1, .align = 1u << 31}, WCNIC_ST_NO_SPACE, 0},
	};
	struct fake_host *h = *state;
	struct wcnic_window_grant grant;
	uint32_t result;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(fake_cmd(h, WCNIC_OP_WINDOW_ALLOC, &bad[i].p, &grant,
					  sizeof(grant), &result),
				 bad[i].status);
		assert_int_equal(result, bad[i].result);
	}
}

static void
window__stale_or_used__is_refused(void **state)
{
	static const uint8_t ops[] = {WCNIC_OP_WINDOW_FREE, WCNIC_OP_WINDOW_TEST};
	struct fake_host *h = *state;
	struct wcnic_window_grant again;
	struct wcnic_cmd_window p;
	struct fake_txq q;

	assert_int_equal(fake_txq_open(h, &q, 0, 16, WCNIC_PLACEMENT_PUSH, 2), 0);
	for (size_t i = 0; i < sizeof(ops); i++) {
		p = (struct wcnic_cmd_window){.id = q.push_grant.id, .generation = 0};
		assert_int_equal(fake_cmd(h, ops[i], &p, &again, sizeof(again), NULL),
				 WCNIC_ST_INVALID_WINDOW);
		p = (struct wcnic_cmd_window){.id = htole16(0xffff),
					      .generation = q.push_grant.generation};
		assert_int_equal(fake_cmd(h, ops[i], &p, &again, sizeof(again), NULL),
				 WCNIC_ST_INVALID_WINDOW);
	}
	assert_int_equal(fake_window_free(h, &q.push_grant), WCNIC_ST_BUSY);
	assert_int_equal(fake_window_free(h, &q.db_grant), WCNIC_ST_BUSY);
	assert_int_equal(fake_txq_close(h, &q), 0);
	assert_int_equal(fake_window_free(h, &q.push_grant), 0);
	assert_int_equal(fake_window_free(h, &q.db_grant), 0);
	assert_int_equal(fake_window_free(h, &q.db_grant), WCNIC_ST_INVALID_WINDOW);
}

static void
window_test__on_plain_memory__is_not_observable(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_window_grant push, db;
	struct wcnic_window_test_report report;
	struct wcnic_cmd_window_test p;
	struct fake_txq q;
	uint32_t result;

	assert_int_equal(fake_window(h, WCNIC_WINDOW_PUSH, 2, 5, 4096, &push), 0);
	assert_int_equal(fake_window(h, WCNIC_WINDOW_DOORBELL, 0, 0xffff, 4096, &db), 0);
	p = (struct wcnic_cmd_window_test){
		.id = push.id, .generation = push.generation, .step = 1, .lines = htole32(64)};
	assert_int_equal(fake_cmd(h, WCNIC_OP_WINDOW_TEST, &p, NULL, 0, NULL),
			 WCNIC_ST_NOT_OBSERVABLE);
	p.step = WCNIC_TEST_REPORT;
	assert_int_equal(fake_cmd(h, WCNIC_OP_WINDOW_TEST, &p, &report, sizeof(report), NULL),
			 WCNIC_ST_NOT_OBSERVABLE);
	p.step = 3;
	assert_int_equal(fake_cmd(h, WCNIC_OP_WINDOW_TEST, &p, NULL, 0, &result),
			 WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, FIELD(wcnic_cmd_window_test, step));
	p.step = WCNIC_TEST_START;
	p.lines = 0;
	assert_int_equal(fake_cmd(h, WCNIC_OP_WINDOW_TEST, &p, NULL, 0, &result),
			 WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, FIELD(wcnic_cmd_window_test, lines));
	p = (struct wcnic_cmd_window_test){
		.id = db.id, .generation = db.generation, .step = 1, .lines = htole32(64)};
	assert_int_equal(fake_cmd(h, WCNIC_OP_WINDOW_TEST, &p, NULL, 0, NULL),
			 WCNIC_ST_INVALID_WINDOW);
	assert_int_equal(fake_txq_open(h, &q, 0, 16, WCNIC_PLACEMENT_PUSH, 2), 0);
	p.id = q.push_grant.id;
	p.generation = q.push_grant.generation;
	assert_int_equal(fake_cmd(h, WCNIC_OP_WINDOW_TEST, &p, NULL, 0, NULL), WCNIC_ST_BAD_STATE);
}

static void
port_set__bad_field__is_named_and_changes_nothing(void **state)
{
	static const struct {
		struct wcnic_cmd_port_set p;
		uint32_t result;
	} bad[] = {
		{{.valid = 8}, FIELD(wcnic_cmd_port_set, valid)},
		{{.valid = 7, .mtu = 67, .mac = {2}}, FIELD(wcnic_cmd_port_set, mtu)},
		{{.valid = 7, .mtu = 9217, .mac = {2}}, FIELD(wcnic_cmd_port_set, mtu)},
		{{.valid = 7, .mtu = 1400, .mac = {0}}, FIELD(wcnic_cmd_port_set, mac)},
		{{.valid = 7, .mtu = 1400, .mac = {3}}, FIELD(wcnic_cmd_port_set, mac)},
		{{.valid = 7, .mtu = 1400, .mac = {2}, .flags = 0x201},
		 FIELD(wcnic_cmd_port_set, flags)},
		{{.valid = 7, .mtu = 1400, .mac = {2}, .flags = 0x21}, /* no wire for pauses */
		 FIELD(wcnic_cmd_port_set, flags)},
	};
	struct fake_host *h = *state;
	struct wcnic_port_info before, after;
	uint32_t result;

	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_QUERY, NULL, &before, sizeof(before), NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_SET, &bad[i].p, NULL, 0, &result),
				 WCNIC_ST_INVALID_FIELD);
		assert_int_equal(result, bad[i].result);
	}
	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_QUERY, NULL, &after, sizeof(after), NULL), 0);
	assert_memory_equal(&before, &after, sizeof(after));
}

static void
port_set__named_parts__are_set_until_reset(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_cmd_port_set p = {.valid = htole16(WCNIC_PORT_SET_MAC | WCNIC_PORT_SET_FLAGS),
				       .mtu = htole16(9000),
				       .flags = htole16(WCNIC_PORTF_PROMISC),
				       .mac = {2, 1, 2, 3, 4, 5}};
	struct wcnic_port_info info;
	struct wcnic_identity id;

	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_SET, &p, NULL, 0, NULL), 0);
	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_QUERY, NULL, &info, sizeof(info), NULL), 0);
	assert_int_equal(le16toh(info.mtu), 1500);
	assert_int_equal(le16toh(info.flags), WCNIC_PORTF_PROMISC);
	assert_memory_equal(info.mac, p.mac, 6);
	assert_int_equal(info.link_up, 0); /* nothing is plugged in */
	wcnic_card_reset(h->card);
	fake_enable(h);
	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_QUERY, NULL, &info, sizeof(info), NULL), 0);
	assert_int_equal(fake_cmd(h, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL), 0);
	assert_memory_equal(info.mac, id.mac, 6);
	assert_int_equal(le16toh(info.flags), 0);
}

static void
txq_create__bad_field__is_named(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_window_grant db, push;
	struct wcnic_cmd_txq_create good, p;
	uint32_t result;
	void *ring = fake_alloc(h, 4096, 64);

	assert_int_equal(fake_window(h, WCNIC_WINDOW_DOORBELL, 0, 0xffff, 4096, &db), 0);
	assert_int_equal(fake_window(h, WCNIC_WINDOW_PUSH, 2, 5, 4096, &push), 0);
	good = (struct wcnic_cmd_txq_create){
		.qid = htole16(5),
		.placement = 1,
		.depth = htole16(64),
		.vector = htole16(0xffff),
		.db_window = db.id,
		.push_window = push.id,
		.db_off = htole32(128),
		.ring_iova = htole64(fake_iova(h, ring)),
		.cq_iova = htole64(fake_iova(h, ring)),
	};
#define EXPECT(field, value, status_, result_)                                                     \
	do {                                                                                       \
		p = good;                                                                          \
		p.field = (value);                                                                 \
		assert_int_equal(fake_cmd(h, WCNIC_OP_TXQ_CREATE, &p, NULL, 0, &result), status_); \
		assert_int_equal(result, result_);                                                 \
	} while (0)
#define EXPECT_FIELD(field, value) \
	EXPECT(field, value, WCNIC_ST_INVALID_FIELD, FIELD(wcnic_cmd_txq_create, field))
	EXPECT(qid, htole16(16), WCNIC_ST_INVALID_QUEUE, 0);
	EXPECT(qid, htole16(4), WCNIC_ST_INVALID_WINDOW, 0); /* the push window is of 5 */
	EXPECT_FIELD(placement, 2);
	EXPECT(push_window, htole16(0xffff), WCNIC_ST_INVALID_FIELD,
	       FIELD(wcnic_cmd_txq_create, placement));
	EXPECT(push_window, db.id, WCNIC_ST_INVALID_WINDOW, 0);
	EXPECT(commit, WCNIC_COMMIT_PUSH_EXPRESS, WCNIC_ST_UNSUPPORTED, 0);
	EXPECT(commit, WCNIC_COMMIT_FETCH_EXPRESS, WCNIC_ST_UNSUPPORTED, 0);
	EXPECT_FIELD(commit, 4);
	EXPECT_FIELD(depth, htole16(0));
	EXPECT_FIELD(depth, htole16(4));
	EXPECT_FIELD(depth, htole16(48));
	EXPECT_FIELD(depth, htole16(8192));
	EXPECT_FIELD(vector, htole16(32));
	EXPECT(db_window, push.id, WCNIC_ST_INVALID_WINDOW, 0);
	EXPECT(db_window, htole16(0xffff), WCNIC_ST_INVALID_WINDOW, 0);
	EXPECT_FIELD(db_off, htole32(8));
	EXPECT_FIELD(db_off, htole32(65536));
	EXPECT_FIELD(db_off, htole32(0xffffffc0));
	EXPECT_FIELD(ring_iova, htole64(fake_iova(h, ring) + 16));
	EXPECT_FIELD(cq_iova, htole64(fake_iova(h, ring) + 16));
	EXPECT(ring_iova, htole64(FAKE_IOVA_WO), WCNIC_ST_BAD_ADDRESS, 0);
	EXPECT(cq_iova, htole64(FAKE_IOVA_RO), WCNIC_ST_BAD_ADDRESS, 0);
	EXPECT(ring_iova, htole64(FAKE_IOVA + FAKE_MEM_BYTES - 960), WCNIC_ST_BAD_ADDRESS, 0);
	assert_int_equal(fake_cmd(h, WCNIC_OP_TXQ_CREATE, &good, NULL, 0, NULL), 0);
	assert_int_equal(fake_cmd(h, WCNIC_OP_TXQ_CREATE, &good, NULL, 0, NULL),
			 WCNIC_ST_BAD_STATE);
#undef EXPECT_FIELD
#undef EXPECT
}

static void
queue_create__record_shared__is_refused(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_cmd_rxq_create p;
	struct fake_txq q;
	uint32_t result;
	void *ring = fake_alloc(h, 4096, 64);

	assert_int_equal(fake_txq_open(h, &q, 0, 16, WCNIC_PLACEMENT_FETCH, 0), 0);
	p = (struct wcnic_cmd_rxq_create){
		.depth = htole16(64),
		.db_window = q.db_grant.id,
		.vector = htole16(0xffff),
		.db_off = htole32(64),
		.buf_bytes = htole32(2048),
		.ring_iova = htole64(fake_iova(h, ring)),
		.cq_iova = htole64(fake_iova(h, ring)),
		.cqe_log2 = 4,
	};
	assert_int_equal(fake_cmd(h, WCNIC_OP_RXQ_CREATE, &p, NULL, 0, &result),
			 WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, FIELD(wcnic_cmd_rxq_create, db_off));
	assert_int_equal(fake_txq_close(h, &q), 0);
	assert_int_equal(fake_cmd(h, WCNIC_OP_RXQ_CREATE, &p, NULL, 0, NULL), 0);
}

static void
rxq_create__bad_field__is_named(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_window_grant db;
	struct wcnic_cmd_rxq_create good, p;
	uint32_t result;
	void *ring = fake_alloc(h, 4096, 64);

	assert_int_equal(fake_window(h, WCNIC_WINDOW_DOORBELL, 0, 0xffff, 4096, &db), 0);
	good = (struct wcnic_cmd_rxq_create){
		.qid = htole16(15),
		.depth = htole16(64),
		.db_window = db.id,
		.vector = htole16(3),
		.buf_bytes = htole32(2048),
		.ring_iova = htole64(fake_iova(h, ring)),
		.cq_iova = htole64(fake_iova(h, ring)),
		.cqe_log2 = 4,
	};
#define EXPECT(field, value, status_, result_)                                                     \
	do {                                                                                       \
		p = good;                                                                          \
		p.field = (value);                                                                 \
		assert_int_equal(fake_cmd(h, WCNIC_OP_RXQ_CREATE, &p, NULL, 0, &result), status_); \
		assert_int_equal(result, result_);                                                 \
	} while (0)
#define EXPECT_FIELD(field, value) \
	EXPECT(field, value, WCNIC_ST_INVALID_FIELD, FIELD(wcnic_cmd_rxq_create, field))
	EXPECT(qid, htole16(16), WCNIC_ST_INVALID_QUEUE, 0);
	EXPECT_FIELD(depth, htole16(7));
	EXPECT_FIELD(vector, htole16(32));
	EXPECT_FIELD(buf_bytes, htole32(63));
	EXPECT_FIELD(buf_bytes, htole32(65536));
	EXPECT_FIELD(cqe_log2, 6);
	EXPECT_FIELD(cqe_log2, 5);
	EXPECT_FIELD(flags, 2);
	EXPECT(db_window, htole16(77), WCNIC_ST_INVALID_WINDOW, 0);
	EXPECT_FIELD(db_off, htole32(1));
	EXPECT_FIELD(ring_iova, htole64(fake_iova(h, ring) + 8));
	EXPECT_FIELD(cq_iova, htole64(fake_iova(h, ring) + 8));
	EXPECT(ring_iova, htole64(FAKE_IOVA_NONE), WCNIC_ST_BAD_ADDRESS, 0);
	EXPECT(cq_iova, htole64(FAKE_IOVA_RO), WCNIC_ST_BAD_ADDRESS, 0);
	assert_int_equal(fake_cmd(h, WCNIC_OP_RXQ_CREATE, &good, NULL, 0, NULL), 0);
	assert_int_equal(fake_cmd(h, WCNIC_OP_RXQ_CREATE, &good, NULL, 0, NULL),
			 WCNIC_ST_BAD_STATE);
#undef EXPECT_FIELD
#undef EXPECT
}

static void
queue_destroy__no_such_queue__is_invalid_queue(void **state)
{
	static const uint16_t qids[] = {0, 15, 16, 0xffff};
	struct fake_host *h = *state;
	struct wcnic_cmd_queue p = {0};

	for (size_t i = 0; i < sizeof(qids) / sizeof(qids[0]); i++) {
		p.qid = htole16(qids[i]);
		assert_int_equal(fake_cmd(h, WCNIC_OP_TXQ_DESTROY, &p, NULL, 0, NULL),
				 WCNIC_ST_INVALID_QUEUE);
		assert_int_equal(fake_cmd(h, WCNIC_OP_RXQ_DESTROY, &p, NULL, 0, NULL),
				 WCNIC_ST_INVALID_QUEUE);
	}
}

static void
rss_set__bad_input__is_refused(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_rss rss = {.types = htole32(WCNIC_RSS_ALL)};
	uint32_t result;

	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss) - 1, &result),
			 WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, 4);
	rss.reta[77] = htole16(16);
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), &result),
			 WCNIC_ST_INVALID_QUEUE);
	assert_int_equal(result, 77);
	rss.reta[77] = htole16(15);
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL), 0);
	rss.types = htole32(WCNIC_RSS_ALL + 1);
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), &result),
			 WCNIC_ST_INVALID_FIELD);
}

static void
firmware__hangs__stops_answering_until_reset(void **state)
{
	struct wcnic_identity id;
	struct fake_host other;
	uint32_t beat;

	(void)state;
	assert_int_equal(fake_host_init(&other, NULL), 0);
	fake_enable(&other);
	for (int i = 0; i < 3; i++)
		assert_int_equal(fake_cmd(&other, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL),
				 0);
	wcnic_card_test_hang(other.card);
	assert_int_equal(fake_cmd(&other, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL), -1);
	beat = fake_reg32(&other, WCNIC_REG_HEARTBEAT);
	other.m.now_ns += 10000000000ull;
	wcnic_card_poll(other.card);
	assert_int_equal(fake_reg32(&other, WCNIC_REG_HEARTBEAT), beat);
	assert_int_equal(fake_reg32(&other, WCNIC_REG_STATUS) & WCNIC_STATUS_FW_DEAD, 0);
	fake_reg32_set(&other, WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
	fake_enable(&other);
	for (int i = 0; i < 5; i++)
		assert_int_equal(fake_cmd(&other, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL),
				 0);
	other.m.now_ns += 100000000;
	assert_true(fake_reg32(&other, WCNIC_REG_HEARTBEAT) != beat);
	fake_host_fini(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
		CASE(ring__many_laps__completions_carry_id_head_and_phase),
		CASE(ring__full_of_commands__all_are_answered),
		CASE(ring__tail_too_far__is_fatal),
		CASE(ring__unmapped_later__is_fatal),
		CASE(command__flags_set__is_invalid_field),
		CASE(answer__buffer_absent_or_unmapped__is_refused_and_changes_nothing),
		CASE(answer__buffer_shorter_or_longer__gets_the_smaller_number),
		CASE(identify__default_card__says_what_it_is),
		CASE(features__unknown_bit__is_unsupported_with_its_number),
		CASE(features__without_push__refuses_push_windows),
		CASE(features__after_the_first_queue__is_bad_state),
		CASE(no_push_card__push_window__is_unsupported),
		CASE(window_alloc__bad_field__is_named),
		CASE(window__stale_or_used__is_refused),
		CASE(window_test__on_plain_memory__is_not_observable),
		CASE(port_set__bad_field__is_named_and_changes_nothing),
		CASE(port_set__named_parts__are_set_until_reset),
		CASE(txq_create__bad_field__is_named),
		CASE(queue_create__record_shared__is_refused),
		CASE(rxq_create__bad_field__is_named),
		CASE(queue_destroy__no_such_queue__is_invalid_queue),
		CASE(rss_set__bad_input__is_refused),
		CASE(firmware__hangs__stops_answering_until_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
