/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of the record by which a driver wakes a card that sleeps. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

#define BAD_IOVA \
	(offsetof(struct wcnic_admin_cmd, params) + offsetof(struct wcnic_cmd_wake_set, iova))
#define FEATURES (WCNIC_CAP_PUSH | WCNIC_CAP_RSS | WCNIC_CAP_WAKE)

static struct fake_host host;
static struct wcnic_wake_record *record;

/* A far side without input. It takes each frame, or answers with `verdict`. */
static struct far {
	int verdict;
	unsigned int frames;
	bool done;
} far;

static int
far_send(void *ctx, const struct wcdev_frame *frame)
{
	struct far *f = ctx;

	(void)frame;
	f->frames += f->verdict == 0;
	return f->verdict;
}

static unsigned int
far_poll(void *ctx, unsigned int budget)
{
	(void)ctx;
	(void)budget;
	return 0;
}

static void
far_input(void *ctx, uint64_t *frames, bool *done)
{
	struct far *f = ctx;

	*frames = 0;
	*done = f->done;
}

static const struct wcdev_port_ops far_ops = {.kind = "far", .send = far_send};
static const struct wcdev_port_ops far_polled_ops = {
	.kind = "far", .send = far_send, .poll = far_poll};
static const struct wcdev_port_ops far_ending_ops = {
	.kind = "far", .send = far_send, .poll = far_poll, .input = far_input};

static int
features_set(uint64_t features)
{
	struct wcnic_cmd_features p = {.features = htole64(features)};

	return fake_cmd(&host, WCNIC_OP_FEATURES_SET, &p, NULL, 0, NULL);
}

static int
wake_set(uint64_t iova, uint32_t *result)
{
	struct wcnic_cmd_wake_set p = {.iova = htole64(iova)};

	return fake_cmd(&host, WCNIC_OP_WAKE_SET, &p, NULL, 0, result);
}

static int
power_on(const struct wcdev_ops *ops)
{
	struct wcnic_card_config c = {.ops = ops, .sleeps = true};

	memset(&far, 0, sizeof(far));
	if (fake_host_init(&host, &c) != 0)
		return -1;
	wcdev_port_set(wcnic_card_dev(host.card), &far_ops, &far);
	fake_enable(&host);
	record = fake_alloc(&host, sizeof(*record), 64);
	return 0;
}

static int
setup_power_on(void **state)
{
	(void)state;
	return power_on(NULL);
}

/* WAKE is agreed upon, and the card has the record. */
static int
setup(void **state)
{
	return setup_power_on(state) != 0 || features_set(FEATURES) != 0 ||
	       wake_set(fake_iova(&host, record), NULL) != 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_host_fini(&host);
	return 0;
}

static uint32_t
sleep_word(void)
{
	return le32toh(record->sleep);
}

static void
wake_set__without_the_feature__is_unsupported(void **state)
{
	(void)state;
	assert_true(fake_reg64(&host, WCNIC_REG_CAPS) & WCNIC_CAP_WAKE);
	assert_int_equal(wake_set(fake_iova(&host, record), NULL), WCNIC_ST_UNSUPPORTED);
	assert_int_equal(features_set(WCNIC_CAP_PUSH), 0);
	assert_int_equal(wake_set(fake_iova(&host, record), NULL), WCNIC_ST_UNSUPPORTED);
	assert_false(wcnic_card_waits(host.card));
	assert_false(wcnic_card_sleep(host.card));
	assert_int_equal(sleep_word(), 0);
}

static void
wake_set__embedder_never_sleeps__no_such_feature(void **state)
{
	struct fake_host other;

	(void)state;
	assert_int_equal(fake_host_init(&other, NULL), 0);
	assert_int_equal(fake_reg64(&other, WCNIC_REG_CAPS) & WCNIC_CAP_WAKE, 0);
	fake_host_fini(&other);
}

static void
wake_set__bad_address__is_named_and_changes_nothing(void **state)
{
	uint64_t iova = fake_iova(&host, record);
	uint32_t result;

	(void)state;
	assert_int_equal(wake_set(iova + 4, &result), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, BAD_IOVA);
	assert_int_equal(wake_set(iova + 32, &result), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(wake_set(FAKE_IOVA_NONE, NULL), WCNIC_ST_BAD_ADDRESS);
	assert_int_equal(wake_set(FAKE_IOVA_RO, NULL), WCNIC_ST_BAD_ADDRESS);
	assert_int_equal(wake_set(UINT64_MAX - 63, NULL), WCNIC_ST_BAD_ADDRESS);
	assert_int_equal(wake_set(FAKE_IOVA + FAKE_MEM_BYTES, NULL), WCNIC_ST_BAD_ADDRESS);
	assert_true(wcnic_card_sleep(host.card));
	assert_int_not_equal(sleep_word(), 0);
}

static void
wake_set__last_line_or_write_only__will_do(void **state)
{
	(void)state;
	assert_int_equal(wake_set(FAKE_IOVA + FAKE_MEM_BYTES - 64, NULL), 0);
	assert_int_equal(wake_set(FAKE_IOVA_WO, NULL), 0);
}

static void
sleep__and_awake__record_tells(void **state)
{
	struct wcnic_stats stats;
	uint32_t first;

	(void)state;
	assert_int_equal(sleep_word(), 0);
	assert_true(wcnic_card_waits(host.card));
	assert_true(wcnic_card_sleep(host.card));
	first = sleep_word();
	assert_int_not_equal(first, 0);
	wcnic_card_poll(host.card); /* the last look */
	assert_int_equal(sleep_word(), first);
	wcnic_card_awake(host.card);
	assert_int_equal(sleep_word(), 0);
	wcnic_card_awake(host.card);
	assert_true(wcnic_card_sleep(host.card));
	assert_int_not_equal(sleep_word(), 0);
	assert_int_not_equal(sleep_word(), first);
	fake_reg32_set(&host, WCNIC_REG_WAKE, 0);
	wcnic_card_stats(host.card, &stats);
	assert_int_equal(stats.sleeps, 2);
	assert_int_equal(stats.wakes, 1);
	assert_int_equal(fake_reg32(&host, WCNIC_REG_WAKE), 0);
	assert_int_equal(fake_reg32(&host, WCNIC_REG_ERROR_CAUSE), 0);
}

/* The word that a driver reads, and not a byte of its neighbours. */
static void
sleep__writes_one_word(void **state)
{
	uint8_t before[sizeof(*record)];

	(void)state;
	memset(record, 0xa5, sizeof(*record));
	memcpy(before, record, sizeof(before));
	assert_true(wcnic_card_sleep(host.card));
	assert_memory_equal((uint8_t *)record + 4, before + 4, sizeof(before) - 4);
	wcnic_card_awake(host.card);
	assert_int_equal(sleep_word(), 0);
	assert_memory_equal((uint8_t *)record + 4, before + 4, sizeof(before) - 4);
}

static void
wake_set__again_in_sleep__the_former_is_let_go(void **state)
{
	struct wcnic_wake_record *other = fake_alloc(&host, sizeof(*other), 64);

	(void)state;
	assert_true(wcnic_card_sleep(host.card));
	assert_int_equal(wake_set(fake_iova(&host, other), NULL), 0);
	assert_int_equal(sleep_word(), 0);
	assert_true(wcnic_card_sleep(host.card));
	assert_int_equal(sleep_word(), 0);
	assert_int_not_equal(le32toh(other->sleep), 0);
	assert_int_equal(wake_set(0, NULL), 0);
	assert_int_equal(le32toh(other->sleep), 0);
	assert_false(wcnic_card_waits(host.card));
	assert_false(wcnic_card_sleep(host.card));
	assert_int_equal(wake_set(fake_iova(&host, record), NULL), 0);
	assert_true(wcnic_card_waits(host.card));
}

/* After a reset the memory is the host's again. */
static void
reset__in_sleep__record_is_not_touched_any_more(void **state)
{
	(void)state;
	assert_true(wcnic_card_sleep(host.card));
	wcnic_card_reset(host.card);
	record->sleep = htole32(77);
	wcnic_card_awake(host.card);
	assert_false(wcnic_card_sleep(host.card));
	assert_false(wcnic_card_waits(host.card));
	fake_enable(&host);
	assert_int_equal(wake_set(fake_iova(&host, record), NULL), WCNIC_ST_UNSUPPORTED);
	wcnic_card_poll(host.card);
	assert_int_equal(sleep_word(), 77);
	fake_reg32_set(&host, WCNIC_REG_CTRL, 0);
	assert_int_equal(sleep_word(), 77);
}

static void
record__unmapped_later__no_sleep_and_no_harm(void **state)
{
	(void)state;
	assert_int_equal(wake_set(FAKE_IOVA + FAKE_MEM_BYTES - 64, NULL), 0);
	assert_true(wcnic_card_sleep(host.card));
	host.m.unmap_from = FAKE_MEM_BYTES - 4096;
	wcnic_card_awake(host.card);
	assert_false(wcnic_card_sleep(host.card));
	wcnic_card_poll(host.card);
	assert_int_equal(fake_reg32(&host, WCNIC_REG_ERROR_CAUSE), 0);
}

static void
card__fatal__neither_waits_nor_sleeps(void **state)
{
	(void)state;
	fake_reg32_set(&host, WCNIC_REG_ASQ_TAIL, (uint32_t)host.asq_tail + 17);
	assert_true(fake_reg32(&host, WCNIC_REG_STATUS) & WCNIC_STATUS_ERROR);
	assert_false(wcnic_card_waits(host.card));
	assert_false(wcnic_card_sleep(host.card));
}

/* The driver rings just before the card writes that it sleeps: the last look finds the frame. */
static void
sleep__completion_held_back__is_written_before(void **state)
{
	struct wcnic_tx_cpl cpl;
	struct fake_txq q;
	uint8_t *frame;

	(void)state;
	host.hold = 16;
	assert_int_equal(fake_txq_open(&host, &q, 0, 16, WCNIC_PLACEMENT_FETCH, 0), 0);
	assert_int_equal(fake_port_set(&host, 1500, WCNIC_PORTF_UP), 0);
	frame = fake_alloc(&host, 64, 64);
	fake_tx_fetch(&host, &q, frame, 60);
	fake_tx_ring(&q);
	wcnic_card_poll(host.card);
	assert_int_equal(far.frames, 1);
	assert_false(fake_tx_reap(&q, &cpl));
	assert_true(wcnic_card_sleep(host.card));
	assert_true(fake_tx_reap(&q, &cpl));
	assert_int_equal(le16toh(cpl.count), 1);
	host.hold = 0;
}

/* What is held back goes where the memory is now, or nowhere. */
static void
sleep__completions_unmapped_since_the_last_poll__are_not_touched(void **state)
{
	struct wcnic_tx_cpl cpl;
	struct fake_txq q;
	uint8_t *frame;

	(void)state;
	fake_host_fini(&host);
	assert_int_equal(power_on(&fake_mem_generation_ops), 0);
	assert_int_equal(features_set(FEATURES), 0);
	assert_int_equal(wake_set(fake_iova(&host, record), NULL), 0);
	host.hold = 16;
	frame = fake_alloc(&host, 64, 64);
	assert_int_equal(fake_port_set(&host, 1500, WCNIC_PORTF_UP), 0);
	assert_int_equal(fake_txq_open(&host, &q, 0, 16, WCNIC_PLACEMENT_FETCH, 0), 0);
	for (unsigned int i = 0; i < 2; i++) {
		fake_tx_fetch(&host, &q, frame, 60);
		fake_tx_ring(&q);
		wcnic_card_poll(host.card);
	}
	assert_int_equal(far.frames, 2);
	host.m.unmap_from = (size_t)((uint8_t *)q.cq - host.m.at);
	host.m.generation++;
	assert_true(wcnic_card_sleep(host.card));
	assert_false(fake_tx_reap(&q, &cpl));
	host.hold = 0;
}

static void
sleep__doorbell_before_the_record_is_written__last_look_sends(void **state)
{
	struct fake_txq q;
	uint8_t *frame = fake_alloc(&host, 64, 64);

	(void)state;
	assert_int_equal(fake_port_set(&host, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC), 0);
	assert_int_equal(fake_txq_open(&host, &q, 0, 16, WCNIC_PLACEMENT_FETCH, 0), 0);
	fake_tx_fetch(&host, &q, frame, 64);
	fake_tx_ring(&q);
	assert_true(wcnic_card_sleep(host.card));
	assert_int_equal(wcnic_card_poll(host.card), 1);
	wcnic_card_awake(host.card);
	assert_int_equal(far.frames, 1);
	assert_int_equal(fake_txq_close(&host, &q), 0);
	assert_true(wcnic_card_waits(host.card));
}

static void
waits__frame_the_port_did_not_take__is_looked_at(void **state)
{
	struct fake_txq q;
	uint8_t *frame = fake_alloc(&host, 64, 64);

	(void)state;
	assert_int_equal(fake_port_set(&host, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC), 0);
	assert_int_equal(fake_txq_open(&host, &q, 0, 16, WCNIC_PLACEMENT_FETCH, 0), 0);
	assert_true(wcnic_card_waits(host.card));
	far.verdict = -EAGAIN;
	fake_tx_fetch(&host, &q, frame, 64);
	fake_tx_ring(&q);
	wcnic_card_poll(host.card);
	assert_false(wcnic_card_waits(host.card));
	far.verdict = 0;
	wcnic_card_poll(host.card);
	assert_true(wcnic_card_waits(host.card));
}

static void
waits__slot_not_whole__is_looked_at_until_it_is_given_up(void **state)
{
	struct fake_txq q;
	uint8_t frame[64] = {1};
	struct fake_slot slot = {.flags = WCNIC_TXF_SOP | WCNIC_TXF_EOP,
				 .frame_bytes = 64,
				 .inline_data = frame,
				 .inline_bytes = 64};

	(void)state;
	assert_int_equal(fake_port_set(&host, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC), 0);
	assert_int_equal(fake_txq_open(&host, &q, 0, 16, WCNIC_PLACEMENT_PUSH, 2), 0);
	fake_tx_slot(&q, &slot, 1);
	fake_tx_ring(&q);
	wcnic_card_poll(host.card);
	assert_false(wcnic_card_waits(host.card));
	host.m.now_ns += 200000;
	wcnic_card_poll(host.card);
	assert_true(wcnic_card_waits(host.card));
}

static void
waits__port_with_input__only_while_it_is_down_or_at_its_end(void **state)
{
	(void)state;
	wcdev_port_set(wcnic_card_dev(host.card), &far_polled_ops, &far);
	assert_true(wcnic_card_waits(host.card));
	assert_int_equal(fake_port_set(&host, 1500, WCNIC_PORTF_UP), 0);
	assert_false(wcnic_card_waits(host.card));
	assert_true(wcnic_card_sleep(host.card));
	wcdev_port_set(wcnic_card_dev(host.card), &far_ending_ops, &far);
	assert_false(wcnic_card_waits(host.card));
	far.done = true;
	assert_true(wcnic_card_waits(host.card));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wake_set__without_the_feature__is_unsupported,
						setup_power_on, teardown),
		cmocka_unit_test(wake_set__embedder_never_sleeps__no_such_feature),
		TEST(wake_set__bad_address__is_named_and_changes_nothing),
		TEST(wake_set__last_line_or_write_only__will_do),
		TEST(sleep__and_awake__record_tells),
		TEST(sleep__writes_one_word),
		TEST(sleep__completion_held_back__is_written_before),
		TEST(wake_set__again_in_sleep__the_former_is_let_go),
		TEST(reset__in_sleep__record_is_not_touched_any_more),
		TEST(record__unmapped_later__no_sleep_and_no_harm),
		TEST(card__fatal__neither_waits_nor_sleeps),
		TEST(sleep__completions_unmapped_since_the_last_poll__are_not_touched),
		TEST(sleep__doorbell_before_the_record_is_written__last_look_sends),
		TEST(waits__frame_the_port_did_not_take__is_looked_at),
		TEST(waits__slot_not_whole__is_looked_at_until_it_is_given_up),
		TEST(waits__port_with_input__only_while_it_is_down_or_at_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
