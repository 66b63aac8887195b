/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * A card that lies in its registers, its answers and its grants (datasheet section 12): an error
 * that names the lie, nothing lost, and all well again once the card tells the truth.
 */

#include <errno.h>

#include <rte_bus_vdev.h>

#include <wcnic_admin.h>

#include "loop.h"

/* ---- lies in answers --------------------------------------------------------------------- */

/* What the card answers to a command, and where the answer's data lies. */
struct answer {
	struct wcnic_hw *hw;
	struct wcnic_admin_cpl *cpl;
	uint8_t *data;
};

struct lie {
	const char *name;
	uint8_t opcode;
	unsigned int skip; /* answers to that opcode that are true before */
	void (*apply)(struct answer *answer);
	int error;         /* what dev_start returns */
	const char *named; /* by the log */
};

static struct {
	const struct lie *lie;
	unsigned int seen;
	unsigned int applied;
	unsigned int times; /* at most */
	uint16_t sq_tail;   /* of the command that was looked at last */
	/* a completion that was hidden, and for how many polls more */
	struct wcnic_admin_cpl *hidden;
	unsigned int hidden_polls;
} liar;

static struct wcnic_hw *
hw_by_name(const char *name)
{
	for (unsigned int i = 0; i < RTE_MAX_ETHPORTS; i++) {
		struct rte_eth_dev_data *data = rte_eth_devices[i].data;

		if (data != NULL && strcmp(data->name, name) == 0)
			return data->dev_private;
	}
	return NULL;
}

static void
lie_hook(struct wcnic_card *card, void *arg)
{
	const uint16_t mask = (1u << WCNIC_ADMIN_LOG2) - 1;
	struct wcnic_hw *hw = hw_by_name(arg);
	struct wcadmin *a = &hw->admin.client;
	struct answer answer = {.hw = hw, .cpl = &a->cq[a->cq_head & mask], .data = a->data};
	const uint8_t phase = (a->cq_head >> WCNIC_ADMIN_LOG2 & 1) ^ 1;

	(void)card;
	if (liar.hidden != NULL && --liar.hidden_polls == 0) {
		liar.hidden->phase ^= WCNIC_PHASE_BIT;
		liar.hidden = NULL;
	}
	if (liar.lie == NULL || liar.applied == liar.times || a->sq_tail == liar.sq_tail ||
	    (answer.cpl->phase & WCNIC_PHASE_BIT) != phase ||
	    a->sq[(a->sq_tail - 1) & mask].opcode != liar.lie->opcode)
		return;
	liar.sq_tail = a->sq_tail;
	if (liar.seen++ < liar.lie->skip)
		return;
	liar.applied++;
	liar.lie->apply(&answer);
}

static void
lie_begin(struct loop *l, const struct lie *lie, unsigned int times, const char *port)
{
	memset(&liar, 0, sizeof(liar));
	liar.lie = lie;
	liar.times = times;
	loop_hook_set(l, NULL, lie_hook, (void *)(uintptr_t)port);
}

static void
lie_end(struct loop *l)
{
	loop_hook_set(l, NULL, NULL, NULL);
	liar.lie = NULL;
}

/* ---- grants ------------------------------------------------------------------------------ */

static struct wcnic_window_grant *
grant(struct answer *a)
{
	return (struct wcnic_window_grant *)a->data;
}

#define GRANT_LIE(fn, field, value)        \
	static void fn(struct answer *a)   \
	{                                  \
		grant(a)->field = (value); \
	}
GRANT_LIE(grant_past_end, offset, htole64(a->hw->admin.client.aperture_bytes))
GRANT_LIE(grant_over_end, offset, htole64(a->hw->admin.client.aperture_bytes - 4096))
GRANT_LIE(grant_far_past_end, offset, htole64(UINT64_MAX - 0xffff))
GRANT_LIE(grant_too_long, bytes, htole32(0xffff0000))
GRANT_LIE(grant_empty, bytes, 0)
GRANT_LIE(grant_unaligned_offset, offset, grant(a)->offset + htole64(64))
GRANT_LIE(grant_unaligned_bytes, bytes, htole32(100))
GRANT_LIE(grant_overlap, offset, htole64(a->hw->txq[0]->ctrl.window.grant.off))
GRANT_LIE(grant_type, type, WCNIC_WINDOW_DOORBELL)
GRANT_LIE(grant_type_unknown, type, 9)
GRANT_LIE(grant_generation, generation, 0)
GRANT_LIE(grant_slots_not_pow2, slots, htole16(12))
GRANT_LIE(grant_slots_none, slots, 0)
GRANT_LIE(grant_slots_many, slots, htole16(0x8000))
GRANT_LIE(grant_lines, slot_lines, 8)
GRANT_LIE(grant_burst, max_burst, 0)

#define DOORBELL_GRANT(fn, text)                                             \
	{                                                                    \
#fn " doorbell", WCNIC_OP_WINDOW_ALLOC, 1, fn, -EPROTO, text \
	}
#define PUSH_GRANT(fn, text)                                             \
	{                                                                \
#fn " push", WCNIC_OP_WINDOW_ALLOC, 0, fn, -EPROTO, text \
	}
#define BOTH_GRANTS(fn, text) DOORBELL_GRANT(fn, text), PUSH_GRANT(fn, text)

static const struct lie grant_lies[] = {
	BOTH_GRANTS(grant_past_end, "within the aperture"),
	BOTH_GRANTS(grant_over_end, "within the aperture"),
	BOTH_GRANTS(grant_far_past_end, "within the aperture"),
	BOTH_GRANTS(grant_too_long, "within the aperture"),
	BOTH_GRANTS(grant_empty, "within the aperture"),
	BOTH_GRANTS(grant_unaligned_offset, "not a multiple of 0x10000"),
	BOTH_GRANTS(grant_unaligned_bytes, "not a multiple of 0x10000"),
	DOORBELL_GRANT(grant_overlap, "overlaps window"),
	PUSH_GRANT(grant_type, "type 2 was asked for"),
	BOTH_GRANTS(grant_type_unknown, "window of type 9"),
	BOTH_GRANTS(grant_generation, "generation 0"),
	PUSH_GRANT(grant_slots_not_pow2, "granted 12 slots"),
	PUSH_GRANT(grant_slots_none, "granted 0 slots"),
	PUSH_GRANT(grant_slots_many, "granted 32768 slots"),
	PUSH_GRANT(grant_lines, "slots of 4 lines were asked for"),
	PUSH_GRANT(grant_burst, "bursts of 0"),
};

/* ---- completions of commands ------------------------------------------------------------- */

static void
status_unknown(struct answer *a)
{
	a->cpl->status = htole16(99);
}

static void
status_internal(struct answer *a)
{
	a->cpl->status = htole16(WCNIC_ST_INTERNAL);
}

static void
answer_short(struct answer *a)
{
	a->cpl->data_bytes = htole32(31);
}

static void
completion_other(struct answer *a)
{
	a->cpl->cmd_id ^= htole16(0x5555);
	loop_time_is_over();
}

static void
completion_missing(struct answer *a)
{
	a->cpl->phase ^= WCNIC_PHASE_BIT;
	loop_time_is_over();
}

static const struct lie answer_lies[] = {
	{"answer_short", WCNIC_OP_WINDOW_ALLOC, 1, answer_short, -EPROTO,
	 "command 0x10 answered 31 bytes, 32 expected"},
};

/* After these the card is not to be trusted: it is reset. */
static const struct lie lost_lies[] = {
	{"status_unknown", WCNIC_OP_TXQ_CREATE, 0, status_unknown, -EIO,
	 "command 0x20 failed: a status that is not in the datasheet"},
	{"status_internal", WCNIC_OP_RXQ_CREATE, 0, status_internal, -EIO,
	 "command 0x28 failed: INTERNAL"},
	{"status_port", WCNIC_OP_PORT_SET, 0, status_internal, -EIO,
	 "command 0x31 failed: INTERNAL"},
	{"status_query", WCNIC_OP_PORT_QUERY, 0, status_internal, -EIO,
	 "command 0x30 failed: INTERNAL"},
	{"completion_other", WCNIC_OP_TXQ_CREATE, 0, completion_other, -ETIMEDOUT,
	 "which is not in flight"},
	{"completion_missing", WCNIC_OP_TXQ_CREATE, 0, completion_missing, -ETIMEDOUT,
	 "command 0x20 was not answered: timed out after 50 ms"},
	{"completion_missing", WCNIC_OP_WINDOW_ALLOC, 0, completion_missing, -ETIMEDOUT,
	 "command 0x10 was not answered: timed out after 50 ms"},
};

static void
status_busy(struct answer *a)
{
	a->cpl->status = htole16(WCNIC_ST_BUSY);
}

/* After these the card may have a queue whose buffers the driver is about to free. */
static const struct lie kept_lies[] = {
	{"rxq_busy", WCNIC_OP_RXQ_DESTROY, 0, status_busy, 0, "RXQ_DESTROY"},
	{"txq_busy", WCNIC_OP_TXQ_DESTROY, 0, status_busy, 0, "TXQ_DESTROY"},
	{"rxq_missing", WCNIC_OP_RXQ_DESTROY, 0, completion_missing, 0, "RXQ_DESTROY"},
	{"rxq_create", WCNIC_OP_RXQ_CREATE, 0, completion_missing, -ETIMEDOUT, "RXQ_CREATE"},
};

static const struct loop_config stopped = {.devargs = "placement=push,timeout_ms=50",
					   .not_started = true};
static const struct loop_stream some = {
	.count = 100, .bytes = loop_bytes_random, .arg = 600, .segs = 3};

static void
start__answer_is_a_lie_refused_by_name(const struct lie *lies, size_t n)
{
	struct loop l;

	for (size_t i = 0; i < n; i++) {
		loop_open(&l, &stopped);
		lie_begin(&l, &lies[i], 1, l.name);
		if (rte_eth_dev_start(l.port_id) != lies[i].error)
			fail_msg("%s: not refused as it should be", lies[i].name);
		assert_int_equal(liar.applied, 1);
		loop_log_has(lies[i].named, NULL);
		lie_end(&l);
		/* what failed before has left nothing that is in the way */
		loop_log_clear();
		assert_int_equal(rte_eth_dev_start(l.port_id), 0);
		loop_stream_run(&l, &some);
		assert_int_equal(loop_xstat(&l, "tx_pushed"), some.count);
		assert_int_equal(loop_xstat(&l, "recoveries"), 0);
		assert_string_equal(loop_log(), "");
		loop_close(&l);
	}
}

static void
start__grant_is_a_lie_refused_by_name(void **state)
{
	(void)state;
	start__answer_is_a_lie_refused_by_name(grant_lies, RTE_DIM(grant_lies));
}

static void
start__answer_is_short_refused_by_name(void **state)
{
	(void)state;
	start__answer_is_a_lie_refused_by_name(answer_lies, RTE_DIM(answer_lies));
}

static void
start__command_fares_strangely_card_is_recovered(void **state)
{
	struct loop l;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(lost_lies); i++) {
		loop_open(&l, &stopped);
		lie_begin(&l, &lost_lies[i], 1, l.name);
		assert_int_equal(rte_eth_dev_start(l.port_id), lost_lies[i].error);
		loop_log_has(lost_lies[i].named, NULL);
		lie_end(&l);
		loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
		assert_int_equal(rte_eth_dev_start(l.port_id), 0);
		loop_recovered(&l, 1);
		loop_close(&l);
	}
}

static uint32_t
resets(const struct loop *l)
{
	uint32_t n;

	assert_int_equal(wcnic_reg_read32(loop_hw(l), WCNIC_REG_RESET_COUNT, &n), 0);
	return n;
}

/* The service, which would reset it later, is held. */
static void
stop__card_keeps_a_queue_reset_before_buffers_are_freed(void **state)
{
	uint32_t before;
	struct loop l;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(kept_lies); i++) {
		const bool starts = kept_lies[i].error == 0;

		loop_open(&l, &stopped);
		if (starts)
			assert_int_equal(rte_eth_dev_start(l.port_id), 0);
		loop_service_hold(true);
		before = resets(&l);
		lie_begin(&l, &kept_lies[i], 1, l.name);
		assert_int_equal(starts ? rte_eth_dev_stop(l.port_id)
					: rte_eth_dev_start(l.port_id),
				 kept_lies[i].error);
		assert_int_equal(liar.applied, 1);
		lie_end(&l);
		loop_log_has(kept_lies[i].named, "it is reset", NULL);
		assert_int_equal(resets(&l), before + 1);
		loop_service_hold(false);
		loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
		loop_log_clear();
		assert_int_equal(rte_eth_dev_start(l.port_id), 0);
		loop_recovered(&l, 1);
		loop_close(&l);
	}
}

/* It says that it did not make a queue, and has it. */
static void
start__card_denies_its_queue_recovered(void **state)
{
	static const struct lie lie = {.opcode = WCNIC_OP_TXQ_CREATE, .apply = status_busy};
	struct loop l;

	(void)state;
	loop_open(&l, &stopped);
	lie_begin(&l, &lie, 1, l.name);
	assert_int_equal(rte_eth_dev_start(l.port_id), -EBUSY);
	lie_end(&l);
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	loop_log_has("WINDOW_FREE", "BUSY", NULL);
	loop_log_clear();
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	loop_recovered(&l, 1);
	loop_close(&l);
}

static void
completion_hide(struct answer *a)
{
	a->cpl->phase ^= WCNIC_PHASE_BIT;
	liar.hidden = a->cpl;
	liar.hidden_polls = 200;
}

static void
start__completion_is_late_waited_for(void **state)
{
	static const struct lie late = {.opcode = WCNIC_OP_TXQ_CREATE, .apply = completion_hide};
	struct loop_config config = {.not_started = true};
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	lie_begin(&l, &late, 1, l.name);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	assert_int_equal(liar.applied, 1);
	assert_null(liar.hidden);
	lie_end(&l);
	loop_stream_run(&l, &some);
	loop_close(&l);
}

/* The card is reset and, asked for windows, lies twice more. */
static void
recovery__card_still_lies_tried_until_it_does_not(void **state)
{
	static const struct lie lie = {.opcode = WCNIC_OP_WINDOW_ALLOC, .apply = grant_past_end};
	struct loop_config config = {.devargs = "placement=push"};
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	loop_stream_run(&l, &some);
	lie_begin(&l, &lie, 2, l.name);
	wcnic_store(&loop_hw(&l)->failed, true);
	loop_recovered(&l, 1);
	assert_int_equal(liar.applied, 2);
	lie_end(&l);
	loop_close(&l);
}

/* ---- identity ---------------------------------------------------------------------------- */

static struct wcnic_identity *
identity(struct answer *a)
{
	return (struct wcnic_identity *)a->data;
}

#define IDENTITY_LIE(fn, field, value)        \
	static void fn(struct answer *a)      \
	{                                     \
		identity(a)->field = (value); \
	}
IDENTITY_LIE(no_txq, max_txq, 0)
IDENTITY_LIE(no_rxq, max_rxq, 0)
IDENTITY_LIE(min_depth_none, min_depth, 0)
IDENTITY_LIE(min_depth_not_pow2, min_depth, htole16(12))
IDENTITY_LIE(max_depth_not_pow2, max_depth, htole16(4095))
IDENTITY_LIE(max_depth_small, max_depth, htole16(4))
IDENTITY_LIE(frame_small, max_frame_bytes, htole16(60))
IDENTITY_LIE(align_none, window_align, 0)
IDENTITY_LIE(align_not_pow2, window_align, htole32(0x18000))
IDENTITY_LIE(window_small, max_window_bytes, htole32(0x8000))
IDENTITY_LIE(window_large, max_window_bytes, htole32(1u << 31))
IDENTITY_LIE(slot_none, max_slot_lines, 0)
IDENTITY_LIE(slot_not_pow2, max_slot_lines, htole16(3))
IDENTITY_LIE(mac_group, mac[0], 0x01)
IDENTITY_LIE(queues_many, max_txq, htole16(0xffff))

#define ID_LIE(fn, text)                               \
	{                                              \
#fn, WCNIC_OP_IDENTIFY, 0, fn, 0, text \
	}
static const struct lie identity_lies[] = {
	ID_LIE(no_txq, "0 Tx and"),
	ID_LIE(no_rxq, "and 0 Rx queues"),
	ID_LIE(min_depth_none, "of depth 0"),
	ID_LIE(min_depth_not_pow2, "of depth 12"),
	ID_LIE(max_depth_not_pow2, "to 4095"),
	ID_LIE(max_depth_small, "8 to 4 "),
	ID_LIE(frame_small, "frames of 60"),
	ID_LIE(align_none, "windows of 0"),
	ID_LIE(align_not_pow2, "windows of 98304"),
	ID_LIE(window_small, "to 32768 bytes"),
	ID_LIE(window_large, "to 2147483648"),
	ID_LIE(mac_group, "permanent MAC address"),
	ID_LIE(slot_none, "slots of 0 lines"),
	ID_LIE(slot_not_pow2, "slots of 3 lines"),
};

static void
probe__identity_makes_no_sense_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(identity_lies); i++) {
		loop_log_clear();
		lie_begin(NULL, &identity_lies[i], 1, LOOP_PROBE_NAME);
		if (loop_probe("") == 0)
			fail_msg("%s was taken", identity_lies[i].name);
		lie_end(NULL);
		loop_log_has("IDENTIFY", identity_lies[i].named, NULL);
		assert_int_equal(rte_eth_dev_count_total(), 0);
	}
	assert_int_equal(loop_probe(""), 0);
	assert_int_equal(rte_vdev_uninit(LOOP_PROBE_NAME), 0);
}

/* More queues than the driver has space for: allowed, but not used. */
static void
probe__card_has_more_queues_than_driver_bounded(void **state)
{
	static const struct lie many = ID_LIE(queues_many, "");
	struct rte_eth_dev_info info;
	uint16_t port;

	(void)state;
	lie_begin(NULL, &many, 1, LOOP_PROBE_NAME);
	assert_int_equal(loop_probe(""), 0);
	lie_end(NULL);
	assert_int_equal(rte_eth_dev_get_port_by_name(LOOP_PROBE_NAME, &port), 0);
	assert_int_equal(rte_eth_dev_info_get(port, &info), 0);
	assert_int_equal(info.max_tx_queues, WCNIC_QUEUES_MAX);
	assert_int_equal(rte_vdev_uninit(LOOP_PROBE_NAME), 0);
}

/* ---- registers --------------------------------------------------------------------------- */

/* Lies in one register until the next reset, if `until_reset`. */
static struct {
	_Atomic bool on;
	uint64_t off;
	uint32_t set; /* bits, if not frozen */
	uint32_t clear;
	bool frozen;      /* reads as it did at first */
	bool time_passes; /* with each read */
	bool until_reset;
	int error;
	_Atomic uint32_t first;
	unsigned int times; /* that it lies; 0: until it is told otherwise */
} reg_lie;

int __wrap_wcnic_card_bar_read(struct wcnic_card *card, unsigned int bar, uint64_t off, void *data,
			       size_t bytes);
int __real_wcnic_card_bar_read(struct wcnic_card *card, unsigned int bar, uint64_t off, void *data,
			       size_t bytes);
int __wrap_wcnic_card_bar_write(struct wcnic_card *card, unsigned int bar, uint64_t off,
				const void *data, size_t bytes);
int __real_wcnic_card_bar_write(struct wcnic_card *card, unsigned int bar, uint64_t off,
				const void *data, size_t bytes);

int
__wrap_wcnic_card_bar_read(struct wcnic_card *card, unsigned int bar, uint64_t off, void *data,
			   size_t bytes)
{
	int ret = __real_wcnic_card_bar_read(card, bar, off, data, bytes);
	uint32_t value;

	if (!reg_lie.on || bar != WCNIC_BAR_REGS || off != reg_lie.off)
		return ret;
	if (reg_lie.error != 0)
		return reg_lie.error;
	memcpy(&value, data, sizeof(value));
	value = le32toh(value);
	if (reg_lie.first == 0)
		reg_lie.first = value;
	if (reg_lie.frozen)
		value = reg_lie.first;
	value = htole32((value & ~reg_lie.clear) | reg_lie.set);
	if (reg_lie.time_passes)
		loop_time_is_over();
	if (reg_lie.times > 0 && --reg_lie.times == 0)
		reg_lie.on = false;
	memcpy(data, &value, sizeof(value));
	return ret;
}

int
__wrap_wcnic_card_bar_write(struct wcnic_card *card, unsigned int bar, uint64_t off,
			    const void *data, size_t bytes)
{
	uint32_t value = 0;

	memcpy(&value, data, RTE_MIN(bytes, sizeof(value)));
	if (bar == WCNIC_BAR_REGS && off == WCNIC_REG_CTRL && reg_lie.until_reset &&
	    (le32toh(value) & WCNIC_CTRL_RESET) != 0)
		reg_lie.on = false;
	return __real_wcnic_card_bar_write(card, bar, off, data, bytes);
}

static void
reg_lie_begin(uint64_t off, uint32_t clear, uint32_t set)
{
	reg_lie.off = off;
	reg_lie.clear = clear;
	reg_lie.set = set;
	reg_lie.frozen = false;
	reg_lie.time_passes = false;
	reg_lie.until_reset = false;
	reg_lie.times = 0;
	reg_lie.error = 0;
	reg_lie.first = 0;
	reg_lie.on = true;
}

static int
reg_teardown(void **state)
{
	reg_lie.on = false;
	return loop_teardown(state);
}

static void
probe__register_is_wrong_refused_by_name(void **state)
{
	static const struct {
		uint64_t off;
		uint32_t clear, set;
		const char *named[2];
	} cases[] = {
		{WCNIC_REG_MAGIC, ~0u, 0x12345678, {"0x12345678", "0x434e4357"}},
		{WCNIC_REG_ABI_VERSION, ~0u, 0x00020001, {"ABI version 2.1", "needs 1.x"}},
		{WCNIC_REG_STATUS,
		 WCNIC_STATUS_READY,
		 0,
		 {"not ready: timed out after 50 ms", "reset"}},
		{WCNIC_REG_STATUS,
		 WCNIC_STATUS_ENABLED,
		 0,
		 {"does not enable its admin rings", "timed out"}},
		{WCNIC_REG_STATUS, 0, WCNIC_STATUS_ERROR, {"refuses its admin rings", "mapped"}},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		loop_log_clear();
		reg_lie_begin(cases[i].off, cases[i].clear, cases[i].set);
		reg_lie.time_passes = cases[i].off == WCNIC_REG_STATUS;
		assert_int_not_equal(loop_probe("timeout_ms=50"), 0);
		reg_lie.on = false;
		loop_log_has(cases[i].named[0], cases[i].named[1], NULL);
		assert_int_equal(rte_eth_dev_count_total(), 0);
	}
}

/* The register is wrong until the next reset: the service must detect that without help. */
static void
service_finds(const struct loop_config *config, const char *named)
{
	struct loop l;

	loop_open(&l, config);
	loop_stream_run(&l, &some);
	reg_lie.until_reset = true;
	reg_lie.on = true;
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	loop_log_has(named, "the card is back", NULL);
	loop_recovered(&l, 1);
	loop_close(&l);
}

static void
heartbeat__stops_card_is_recovered(void **state)
{
	struct loop_config config = {.devargs = *state};

	reg_lie_begin(WCNIC_REG_HEARTBEAT, 0, 0);
	reg_lie.frozen = true;
	reg_lie.time_passes = true;
	reg_lie.on = false;
	service_finds(&config, "firmware has had no heartbeat for 1000 ms");
}

/* Driver and card had no CPU for a long time, and the driver is the first to go on. */
static void
heartbeat__old_at_two_looks_after_a_pause_card_is_kept(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct loop l;

	loop_open(&l, &config);
	loop_stream_run(&l, &some);
	reg_lie_begin(WCNIC_REG_HEARTBEAT, 0, 0);
	reg_lie.frozen = true;
	reg_lie.time_passes = true;
	reg_lie.times = 3; /* the first of them may be news */
	loop_service_rounds(10);
	assert_false(reg_lie.on);
	assert_int_equal(loop_xstat(&l, "recoveries"), 0);
	loop_stream_run(&l, &some);
	loop_close(&l);
}

static void
status__firmware_dead_card_is_recovered(void **state)
{
	struct loop_config config = {.devargs = *state};

	reg_lie_begin(WCNIC_REG_STATUS, 0, WCNIC_STATUS_FW_DEAD);
	reg_lie.on = false;
	service_finds(&config, "firmware is dead");
}

static void
status__error_card_is_recovered(void **state)
{
	struct loop_config config = {.devargs = *state};

	reg_lie_begin(WCNIC_REG_STATUS, 0, WCNIC_STATUS_ERROR);
	reg_lie.on = false;
	service_finds(&config, "fatal error");
}

static void
registers__cannot_be_read_card_is_recovered(void **state)
{
	struct loop_config config = {.devargs = *state};

	reg_lie_begin(WCNIC_REG_HEARTBEAT, 0, 0);
	reg_lie.error = -EIO;
	reg_lie.on = false;
	service_finds(&config, "registers cannot be read");
}

#define REG_TEST(fn, args)                                                    \
	{                                                                     \
#fn " " args, fn, NULL, reg_teardown, (void *)(uintptr_t)args \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(start__grant_is_a_lie_refused_by_name),
		LOOP_TEST(start__answer_is_short_refused_by_name),
		LOOP_TEST(start__command_fares_strangely_card_is_recovered),
		LOOP_TEST(stop__card_keeps_a_queue_reset_before_buffers_are_freed),
		LOOP_TEST(start__card_denies_its_queue_recovered),
		LOOP_TEST(start__completion_is_late_waited_for),
		LOOP_TEST(recovery__card_still_lies_tried_until_it_does_not),
		LOOP_TEST(probe__identity_makes_no_sense_refused_by_name),
		LOOP_TEST(probe__card_has_more_queues_than_driver_bounded),
		REG_TEST(probe__register_is_wrong_refused_by_name, ""),
		REG_TEST(heartbeat__stops_card_is_recovered, "placement=push"),
		REG_TEST(heartbeat__stops_card_is_recovered, "placement=fetch,thread=1"),
		REG_TEST(heartbeat__old_at_two_looks_after_a_pause_card_is_kept, "placement=push"),
		REG_TEST(status__firmware_dead_card_is_recovered, ""),
		REG_TEST(status__error_card_is_recovered, ""),
		REG_TEST(registers__cannot_be_read_card_is_recovered, ""),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
