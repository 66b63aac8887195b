/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What a driver makes of a wake record (datasheet section 5), whatever is in it. */

#include <errno.h>

#include <wcnic_tx.h>

#include "loop.h"

#define ROUNDS 50u

/* The embedded card never sleeps: the record is the test's, and so are the writes to WAKE. */
static struct rig {
	struct loop loop;
	struct wcnic_attach_ops ops;
	const struct wcnic_attach_ops *real;
	unsigned int wakes;
	int verdict;
} rig;

static int
wake_count(struct wcnic_hw *hw)
{
	(void)hw;
	rig.wakes++;
	return rig.verdict;
}

static void
record_set(uint32_t sleep)
{
	__atomic_store_n(&loop_hw(&rig.loop)->admin.wake->sleep, htole32(sleep), __ATOMIC_RELAXED);
}

/* wakes: the attach has a way to write WAKE, and the card was asked for the feature. */
static void
rig_open(const char *devargs, bool wakes)
{
	const struct loop_config config = {.devargs = devargs, .n_txq = 2};
	struct wcnic_hw *hw;

	memset(&rig, 0, sizeof(rig));
	loop_open(&rig.loop, &config);
	hw = loop_hw(&rig.loop);
	assert_int_equal(hw->id.caps & WCNIC_CAP_WAKE, 0);
	rig.real = hw->attach;
	if (!wakes)
		return;
	rig.ops = *hw->attach;
	rig.ops.wake = wake_count;
	hw->attach = &rig.ops;
	hw->id.caps |= WCNIC_CAP_WAKE;
}

static void
rig_close(void)
{
	loop_hw(&rig.loop)->attach = rig.real;
	loop_close(&rig.loop);
}

static void
frames_go_round(uint16_t qid, unsigned int n)
{
	struct rte_mbuf *m;

	for (unsigned int i = 0; i < n; i++) {
		m = loop_frame(&rig.loop, i, 100, 1);
		loop_send(&rig.loop, qid, &m, 1);
		loop_receive(&rig.loop, 0, &m, 1);
		loop_frame_check(m, i, 100);
	}
}

static void
doorbell__card_awake__nobody_is_woken(void **state)
{
	rig_open(*state, true);
	frames_go_round(0, ROUNDS);
	assert_int_equal(rig.wakes, 0);
	rig_close();
}

static void
doorbell__same_sleep__is_woken_once_by_each_queue(void **state)
{
	rig_open(*state, true);
	record_set(7);
	frames_go_round(0, ROUNDS);
	assert_int_equal(rig.wakes, 1);
	frames_go_round(1, ROUNDS);
	assert_int_equal(rig.wakes, 2);
	record_set(0);
	frames_go_round(0, 1);
	record_set(8);
	frames_go_round(0, ROUNDS);
	assert_int_equal(rig.wakes, 3);
	rig_close();
}

/* A write that could not be sent is made with the next doorbell. */
static void
doorbell__wake_not_sent__is_tried_again(void **state)
{
	rig_open(*state, true);
	record_set(UINT32_MAX);
	rig.verdict = -EAGAIN;
	frames_go_round(0, 3);
	assert_int_equal(rig.wakes, 3);
	rig.verdict = 0;
	frames_go_round(0, ROUNDS);
	assert_int_equal(rig.wakes, 4);
	rig_close();
}

/* A card that never rests costs one write with each doorbell, and not one more. */
static void
doorbell__number_always_new__one_write_each(void **state)
{
	rig_open(*state, true);
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		record_set(i * 0x01000193u);
		frames_go_round(0, 1);
		assert_int_equal(rig.wakes, i);
	}
	rig_close();
}

/* Without the feature the driver ignores the record. */
static void
doorbell__not_agreed_upon__record_is_ignored(void **state)
{
	rig_open(*state, false);
	record_set(5);
	frames_go_round(0, ROUNDS);
	rig_close();
}

/* After a restart the numbers may begin anew. */
static void
restart__same_number__is_woken_again(void **state)
{
	rig_open(*state, true);
	record_set(1);
	frames_go_round(0, 2);
	assert_int_equal(rig.wakes, 1);
	assert_int_equal(rte_eth_dev_stop(rig.loop.port_id), 0);
	assert_int_equal(rte_eth_dev_start(rig.loop.port_id), 0);
	frames_go_round(0, 2);
	assert_int_equal(rig.wakes, 2);
	rig_close();
}

#define BOTH(fn)                                                                 \
	LOOP_TEST_ARG(#fn ", fetch", fn, (void *)(uintptr_t) "placement=fetch"), \
		LOOP_TEST_ARG(#fn ", push", fn, (void *)(uintptr_t) "placement=push")

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(doorbell__card_awake__nobody_is_woken),
		BOTH(doorbell__same_sleep__is_woken_once_by_each_queue),
		BOTH(doorbell__wake_not_sent__is_tried_again),
		BOTH(doorbell__number_always_new__one_write_each),
		BOTH(doorbell__not_agreed_upon__record_is_ignored),
		BOTH(restart__same_number__is_woken_again),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
