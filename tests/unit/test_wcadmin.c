/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* lib/wcadmin: reset, rings, waits, what becomes of a command, events. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wcadmin_rig.h"

/* ---- start and reset ------------------------------------------------------------------------ */

static void
init__ring_out_of_range_refused(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcadmin_config config = wcadmin_rig_config(rig);

	config.ring_log2 = WCNIC_ADMIN_LOG2_MIN - 1;
	assert_int_equal(wcadmin_init(&rig->admin, &config), -EINVAL);
	config.ring_log2 = WCNIC_ADMIN_LOG2_MAX;
	config.event_log2 = WCNIC_ADMIN_LOG2_MAX + 1;
	assert_int_equal(wcadmin_init(&rig->admin, &config), -EINVAL);
	config.event_log2 = WCNIC_ADMIN_LOG2_MIN;
	assert_int_equal(wcadmin_init(&rig->admin, &config), 0);
}

static void
probe__other_device_not_written_to(void **state)
{
	struct wcadmin_rig *rig = *state;

	rig->magic = 0x12345678;
	assert_int_equal(wcadmin_probe(&rig->admin), -EPROTO);
	wcadmin_rig_logged(rig, "MAGIC is 0x12345678, expected 0x434e4357");
	assert_int_equal(rig->writes, 0);
}

static void
probe__other_version_named(void **state)
{
	struct wcadmin_rig *rig = *state;

	rig->version = 0x00020003;
	assert_int_equal(wcadmin_probe(&rig->admin), -EPROTO);
	wcadmin_rig_logged(rig, "ABI version 2.3, this program needs 1.x");
	assert_int_equal(rig->writes, 0);
}

static void
probe__registers_unreadable_error_passed_on(void **state)
{
	struct wcadmin_rig *rig = *state;

	rig->read_error = -EREMOTEIO;
	assert_int_equal(wcadmin_probe(&rig->admin), -EREMOTEIO);
	wcadmin_rig_logged(rig, "cannot read");
}

static void
reset__card_not_ready_times_out(void **state)
{
	struct wcadmin_rig *rig = *state;

	rig->ready_after = 0;
	assert_int_equal(wcadmin_reset(&rig->admin), -ETIMEDOUT);
	wcadmin_rig_logged(rig, "reset: the card is not ready: timed out after 50 ms");
	/* one look at the very end, and one after it */
	assert_int_equal(rig->relaxes,
			 WCADMIN_RIG_TIMEOUT_MS * UINT64_C(1000000) / WCADMIN_RIG_RELAX_NS + 1);
}

/* READY is from before: the card has not seen the reset. */
static void
reset__card_ready_but_not_reset_times_out(void **state)
{
	struct wcadmin_rig *rig = *state;

	rig->deaf = true;
	rig->ready_after = 0;
	rig->status = WCNIC_STATUS_READY;
	assert_int_equal(wcadmin_reset(&rig->admin), -ETIMEDOUT);
	wcadmin_rig_logged(rig, "reset: the card is not ready: timed out after 50 ms");
	rig->deaf = false;
	rig->ready_after = 1;
	assert_int_equal(wcadmin_reset(&rig->admin), 0);
}

static void
reset__all_ones_card_has_vanished(void **state)
{
	struct wcadmin_rig *rig = *state;

	rig->gone = true;
	assert_int_equal(wcadmin_reset(&rig->admin), -ENODEV);
	wcadmin_rig_logged(rig, "reset: the card is not ready: the card has vanished");
	assert_int_equal(rig->relaxes, 0);
}

static void
enable__rings_are_where_registers_say(void **state)
{
	struct wcadmin_rig *rig = *state;
	const uint64_t *written = rig->last_write;

	assert_int_equal(written[WCNIC_REG_ASQ_BASE / 4], WCADMIN_RIG_IOVA);
	assert_int_equal(written[WCNIC_REG_ACQ_BASE / 4],
			 WCADMIN_RIG_IOVA + WCADMIN_RIG_ENTRIES * 64);
	assert_int_equal(written[WCNIC_REG_AEQ_BASE / 4],
			 WCADMIN_RIG_IOVA + WCADMIN_RIG_ENTRIES * (64 + 16));
	assert_int_equal(written[WCNIC_REG_ADMIN_SIZE / 4],
			 WCADMIN_RIG_RING_LOG2 | WCADMIN_RIG_EVENT_LOG2 << 8);
	assert_true(rig->admin.up);
	assert_string_equal(rig->log, "");
}

static void
enable__card_reports_an_error_refused(void **state)
{
	struct wcadmin_rig *rig = *state;

	assert_int_equal(wcadmin_reset(&rig->admin), 0);
	rig->status_enabled = WCNIC_STATUS_READY | WCNIC_STATUS_ERROR;
	assert_int_equal(wcadmin_enable(&rig->admin), -EIO);
	wcadmin_rig_logged(rig, "refuses its admin rings");
	assert_false(rig->admin.up);
}

static void
command__before_enable_or_after_shut_no_device(void **state)
{
	struct wcadmin_rig *rig = *state;

	assert_int_equal(wcadmin_features_set(&rig->admin, 0), -ENODEV);
	assert_int_equal(wcadmin_reset(&rig->admin), 0);
	assert_int_equal(wcadmin_enable(&rig->admin), 0);
	assert_int_equal(wcadmin_features_set(&rig->admin, 0), 0);
	wcadmin_shut(&rig->admin);
	assert_int_equal(wcadmin_features_set(&rig->admin, 0), -ENODEV);
	assert_int_equal(rig->faults, 0);
	assert_int_equal(rig->locks, rig->unlocks);
}

/* ---- commands ------------------------------------------------------------------------------- */

static void
command__many_laps_phase_is_followed(void **state)
{
	struct wcadmin_rig *rig = *state;

	for (uint32_t i = 0; i < 70000; i++) {
		assert_int_equal(wcadmin_features_set(&rig->admin, i), 0);
		assert_int_equal(rig->cmd.opcode, WCNIC_OP_FEATURES_SET);
		assert_int_equal(le16toh(rig->cmd.cmd_id), i & UINT16_MAX);
		assert_memory_equal(rig->cmd.params, &i, sizeof(i));
	}
	assert_int_equal(rig->relaxes, 0);
}

static void
command__no_completion_times_out_and_rings_are_shut(void **state)
{
	struct wcadmin_rig *rig = *state;

	rig->silent = true;
	assert_int_equal(wcadmin_features_set(&rig->admin, 0), -ETIMEDOUT);
	wcadmin_rig_logged(rig,
			   "FEATURES_SET: command 0x02 was not answered: timed out after 50 ms");
	assert_int_equal(rig->faults, 1);
	assert_false(rig->admin.up);
	assert_int_equal(wcadmin_features_set(&rig->admin, 0), -ENODEV);
	assert_int_equal(rig->faults, 1);
	assert_int_equal(rig->locks, rig->unlocks);
}

static void
command__wrong_phase_is_no_completion(void **state)
{
	struct wcadmin_rig *rig = *state;

	rig->phase_wrong = true;
	assert_int_equal(wcadmin_features_set(&rig->admin, 0), -ETIMEDOUT);
	assert_int_equal(rig->admin.late_completions, 0);
}

static void
command__completion_of_another_is_counted_not_taken(void **state)
{
	struct wcadmin_rig *rig = *state;

	rig->id_xor = 0x5555;
	assert_int_equal(wcadmin_features_set(&rig->admin, 0), -ETIMEDOUT);
	assert_non_null(strstr(rig->log, "for command 21845, which is not in flight"));
	assert_int_equal(rig->admin.late_completions, 1);
	assert_int_equal(rig->faults, 1);
}

/* As fast as they are looked at: no clock goes on meanwhile. */
static void
command__completions_of_others_without_end_given_up(void **state)
{
	struct wcadmin_rig *rig = *state;

	rig->id_xor = 0x5555;
	rig->storm = 1000;
	assert_int_equal(wcadmin_features_set(&rig->admin, 0), -EPROTO);
	assert_int_equal(rig->admin.late_completions, WCADMIN_RIG_ENTRIES);
	assert_int_equal(rig->faults, 1);
	assert_int_equal(rig->relaxes, 0);
}

static void
command__card_vanishes_wait_ends_at_once(void **state)
{
	struct wcadmin_rig *rig = *state;

	rig->silent = true;
	rig->relax_error = -ENODEV;
	assert_int_equal(wcadmin_features_set(&rig->admin, 0), -ENODEV);
	assert_int_equal(rig->relaxes, 1);
	assert_int_equal(rig->faults, 1);
}

/* The process was not scheduled for longer than the timeout: what has come meanwhile counts. */
static uint64_t
now_ns_leaps(void *ctx)
{
	struct wcadmin_rig *rig = ctx;

	rig->now_ns += 2 * WCADMIN_RIG_TIMEOUT_MS * UINT64_C(1000000);
	return rig->now_ns;
}

static void
command__answered_while_not_scheduled_is_taken(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcadmin_ops leap = wcadmin_rig_ops;

	leap.now_ns = now_ns_leaps;
	rig->admin.config.ops = &leap;
	assert_int_equal(wcadmin_features_set(&rig->admin, 0), 0);
}

static void
command__status_becomes_errno(void **state)
{
	static const struct {
		uint16_t status;
		int error;
		unsigned int lines, faults;
	} cases[] = {
		{WCNIC_ST_UNSUPPORTED, -ENOTSUP, 1, 0},
		{WCNIC_ST_INVALID_FIELD, -EINVAL, 1, 0},
		{WCNIC_ST_INVALID_QUEUE, -EINVAL, 1, 0},
		{WCNIC_ST_INVALID_WINDOW, -EINVAL, 1, 0},
		{WCNIC_ST_NO_SPACE, -ENOSPC, 1, 0},
		{WCNIC_ST_BUSY, -EBUSY, 1, 0},
		{WCNIC_ST_BAD_ADDRESS, -EFAULT, 1, 0},
		{WCNIC_ST_BAD_STATE, -EBUSY, 1, 0},
		{WCNIC_ST_NOT_OBSERVABLE, -ENODATA, 0, 0},
		{WCNIC_ST_INTERNAL, -EIO, 1, 1},
		{99, -EIO, 1, 1},
		{0xffff, -EIO, 1, 1},
	};
	struct wcadmin_rig *rig = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig->lines = 0;
		rig->faults = 0;
		rig->status_code = cases[i].status;
		assert_int_equal(wcadmin_txq_destroy(&rig->admin, 1), cases[i].error);
		assert_int_equal(rig->admin.status, cases[i].status);
		assert_int_equal(rig->lines, cases[i].lines);
		assert_int_equal(rig->faults, cases[i].faults);
		assert_true(rig->admin.up);
	}
}

static void
command__answer_is_short_refused(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcnic_port_info info;

	rig->data_bytes = sizeof(info) - 1;
	assert_int_equal(wcadmin_port_query(&rig->admin, &info), -EPROTO);
	wcadmin_rig_logged(rig, "PORT_QUERY: command 0x30 answered 63 bytes, 64 expected");
	rig->data_bytes = UINT32_MAX; /* more than there is room for: not looked at */
	assert_int_equal(wcadmin_port_query(&rig->admin, &info), 0);
}

/* ---- events --------------------------------------------------------------------------------- */

static void
event_take__laps_and_phase_are_followed(void **state)
{
	struct wcadmin_rig *rig = *state;
	struct wcnic_event got;

	for (uint16_t i = 0; i < 3 << WCADMIN_RIG_EVENT_LOG2; i++) {
		struct wcnic_event event = {.type = htole16(WCNIC_EV_LINK),
					    .seq = htole16(i),
					    .arg0 = htole32(1),
					    .arg64 = htole64(1ull << 33)};

		assert_false(wcadmin_event_take(&rig->admin, &got));
		event.phase = (i >> WCADMIN_RIG_EVENT_LOG2 & 1) ^ 1;
		rig->admin.aeq[i % (1 << WCADMIN_RIG_EVENT_LOG2)] = event;
		assert_true(wcadmin_event_take(&rig->admin, &got));
		assert_int_equal(got.type, WCNIC_EV_LINK);
		assert_int_equal(got.seq, i);
		assert_int_equal(got.arg64, 1ull << 33);
		assert_int_equal(rig->last_write[WCNIC_REG_AEQ_HEAD / 4], i + 1);
	}
	wcadmin_shut(&rig->admin);
	assert_false(wcadmin_event_take(&rig->admin, &got));
	assert_int_equal(rig->locks, rig->unlocks);
}

static void
events_waiting__counts_what_was_sent_and_not_taken(void **state)
{
	const uint32_t entries = 1u << WCADMIN_RIG_EVENT_LOG2;
	struct wcadmin_rig *rig = *state;
	struct wcnic_event got;
	uint16_t sent = 0;

	for (unsigned int round = 0; round < 20; round++) {
		const unsigned int n = round % (entries + 1);

		for (unsigned int i = 0; i < n; i++, sent++)
			rig->admin.aeq[sent % entries] = (struct wcnic_event){
				.type = htole16(WCNIC_EV_LINK), .phase = (sent & entries) == 0};
		assert_int_equal(wcadmin_events_waiting(&rig->admin), n);
		for (unsigned int i = 0; i < n; i++)
			assert_true(wcadmin_event_take(&rig->admin, &got));
	}
	assert_int_equal(wcadmin_events_waiting(&rig->admin), 0);
	assert_int_equal(rig->locks, rig->unlocks);
}

/* Another thread's command is not reset away. */
static void
reset_and_enable__are_locked_like_commands(void **state)
{
	struct wcadmin_rig *rig = *state;
	const unsigned int locks = rig->locks;

	wcadmin_shut(&rig->admin);
	assert_int_equal(wcadmin_reset(&rig->admin), 0);
	assert_int_equal(wcadmin_enable(&rig->admin), 0);
	assert_int_equal(rig->locks, locks + 3);
	assert_int_equal(rig->unlocks, rig->locks);
}

int
main(void)
{
#define COLD(name) cmocka_unit_test_setup(name, wcadmin_rig_setup)
#define CASE(name) cmocka_unit_test_setup(name, wcadmin_rig_setup_enabled)
	const struct CMUnitTest tests[] = {
		COLD(init__ring_out_of_range_refused),
		COLD(probe__other_device_not_written_to),
		COLD(probe__other_version_named),
		COLD(probe__registers_unreadable_error_passed_on),
		COLD(reset__card_not_ready_times_out),
		COLD(reset__card_ready_but_not_reset_times_out),
		COLD(reset__all_ones_card_has_vanished),
		CASE(enable__rings_are_where_registers_say),
		COLD(enable__card_reports_an_error_refused),
		COLD(command__before_enable_or_after_shut_no_device),
		CASE(command__many_laps_phase_is_followed),
		CASE(command__no_completion_times_out_and_rings_are_shut),
		CASE(command__wrong_phase_is_no_completion),
		CASE(command__completion_of_another_is_counted_not_taken),
		CASE(command__completions_of_others_without_end_given_up),
		CASE(command__card_vanishes_wait_ends_at_once),
		CASE(command__answered_while_not_scheduled_is_taken),
		CASE(command__status_becomes_errno),
		CASE(command__answer_is_short_refused),
		CASE(event_take__laps_and_phase_are_followed),
		CASE(events_waiting__counts_what_was_sent_and_not_taken),
		COLD(reset_and_enable__are_locked_like_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
