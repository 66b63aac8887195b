/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The service beside everything else: events that are older than what they name, resets that fail,
 * ports that are closed in the service's own callbacks.
 */

#include <unistd.h>

#include <rte_alarm.h>
#include <rte_bus_vdev.h>

#include "loop.h"

static const struct loop_stream some = {
	.count = 100, .bytes = loop_bytes_random, .arg = 600, .segs = 3};

/* ---- events that come late --------------------------------------------------------------- */

static void
window_revoke(struct wcnic_card *card, void *arg)
{
	assert_int_equal(wcnic_card_window_revoke(card, *(uint16_t *)arg), 0);
}

/* The event waits while the port is stopped and started: the window's number is another one's. */
static void
event__revocation_of_a_former_window_touches_nothing(void **state)
{
	struct loop_config config = {.devargs = "placement=push"};
	struct loop l;
	uint64_t pushed;
	uint16_t id;

	(void)state;
	loop_open(&l, &config);
	loop_stream_run(&l, &some);
	pushed = loop_xstat(&l, "tx_pushed");
	loop_service_hold(true);
	id = loop_txq(&l, 0)->ctrl.window.grant.id;
	loop_card_do(&l, window_revoke, &id);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	assert_int_equal(loop_txq(&l, 0)->ctrl.window.grant.id, id);
	loop_service_rounds(2);
	loop_log_has("which is not in use any more", NULL);
	assert_int_equal(loop_txq(&l, 0)->push_state, WCNIC_PUSH_ALLOWED);
	assert_false(loop_txq(&l, 0)->ctrl.window.revoked);
	loop_stream_run(&l, &some);
	assert_int_equal(loop_xstat(&l, "tx_pushed"), pushed + some.count);
	assert_int_equal(loop_xstat(&l, "recoveries"), 0);
	loop_log_clear();
	loop_close(&l);
}

/* ... or has been configured with queues that are not set up yet. */
static void
event__revocation_between_configure_and_setup_touches_nothing(void **state)
{
	struct rte_eth_conf conf = {.rxmode.mtu = RTE_ETHER_MTU};
	struct loop_config config = {.devargs = "placement=push"};
	struct loop l;
	uint16_t id;

	(void)state;
	loop_open(&l, &config);
	loop_service_hold(true);
	id = loop_txq(&l, 0)->ctrl.window.grant.id;
	loop_card_do(&l, window_revoke, &id);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_configure(l.port_id, 1, 4, &conf), 0);
	loop_service_rounds(2);
	loop_log_has("which is not in use any more", NULL);
	loop_log_clear();
	loop_configure(&l);
	loop_stream_run(&l, &some);
	loop_close(&l);
}

/* A tail that is far ahead: the card stops the queue and says so. */
static void
doorbell_ruin(struct wcnic_card *card, void *arg)
{
	struct wcnic_txq *txq = arg;

	(void)card;
	wcbar_doorbell_select(txq->doorbell_type)(txq->doorbell,
						  WCNIC_TXDB_TAIL(txq->tail + 2 * txq->depth));
}

static void
event__error_of_a_former_queue_is_not_the_new_ones(void **state)
{
	struct loop_config config = {.devargs = *state};
	uint64_t events;
	struct loop l;

	loop_open(&l, &config);
	loop_stream_run(&l, &some);
	events = loop_hw(&l)->events;
	loop_service_hold(true);
	loop_card_do(&l, doorbell_ruin, loop_txq(&l, 0));
	loop_run_ms(&l, 5);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	loop_service_rounds(2);
	assert_int_equal(loop_hw(&l)->events, events + 1);
	loop_log_has("the card stopped Tx queue 0", "that queue is not there any more", NULL);
	assert_int_equal(loop_xstat(&l, "recoveries"), 0);
	loop_stream_run(&l, &some);
	/* the same of the queue that is there now is heard */
	loop_card_do(&l, doorbell_ruin, loop_txq(&l, 0));
	loop_recovered(&l, 1);
	loop_log_clear();
	loop_close(&l);
}

/* ---- any event at any time --------------------------------------------------------------- */

/* Writes events where the card would, with the phase that makes them count. */
static void
events_forge(struct loop *l, uint64_t *seed, unsigned int n)
{
	struct wcadmin *a = &loop_hw(l)->admin.client;
	const uint16_t entries = 1u << WCNIC_EVENTS_LOG2;

	for (uint16_t i = 0; i < n; i++) {
		const uint16_t seq = a->aeq_head + i;
		struct wcnic_event event = {
			.type = htole16(loop_random(seed) % 8),
			.arg0 = htole32(loop_random(seed) % 12 |
					(loop_random(seed) & WCNIC_EV_QUEUE_TX)),
			.arg1 = htole32(loop_random(seed) % 5),
			.phase = (seq & entries) == 0,
		};

		if (loop_random(seed) % 4 == 0)
			event.arg0 = htole32(loop_random(seed));
		a->aeq[seq % entries] = event;
	}
}

/* In every state of a port. What the card says is believed at most as far as to recover. */
static void
event__any_at_any_time_harms_nothing(void **state)
{
	struct rte_eth_conf conf = {.rxmode.mtu = RTE_ETHER_MTU};
	struct loop_config config = {.devargs = "placement=push", .n_txq = 2, .n_rxq = 2};
	uint64_t seed = 12;
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	for (unsigned int round = 0; round < 30; round++) {
		loop_service_hold(true);
		if (round % 3 != 0)
			assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
		if (round % 3 == 2)
			assert_int_equal(rte_eth_dev_configure(l.port_id, 1, 1 + round % 5, &conf),
					 0);
		events_forge(&l, &seed, 1 + round % 40);
		loop_service_rounds(3);
		loop_service_hold(true);
		/* the card's own events would lie where these were */
		wcnic_store(&loop_hw(&l)->failed, true);
		loop_service_rounds(4);
		if (round % 3 != 0)
			loop_configure(&l);
		(void)loop_drop_received(&l);
	}
	loop_stream_run(&l, &some);
	loop_log_clear();
	loop_close(&l);
}

/* ---- resets ------------------------------------------------------------------------------ */

static struct {
	struct loop *l;
	_Atomic bool no_enable; /* the card never says that its rings are enabled */
	_Atomic unsigned int resets, open_gates;
} regs;

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

	if (!regs.no_enable || bar != WCNIC_BAR_REGS || off != WCNIC_REG_STATUS)
		return ret;
	memcpy(&value, data, sizeof(value));
	value &= htole32(~WCNIC_STATUS_ENABLED);
	memcpy(data, &value, sizeof(value));
	loop_time_is_over();
	return ret;
}

int
__wrap_wcnic_card_bar_write(struct wcnic_card *card, unsigned int bar, uint64_t off,
			    const void *data, size_t bytes)
{
	uint32_t value = 0;

	memcpy(&value, data, RTE_MIN(bytes, sizeof(value)));
	if (bar == WCNIC_BAR_REGS && off == WCNIC_REG_CTRL && regs.l != NULL &&
	    (le32toh(value) & WCNIC_CTRL_RESET) != 0) {
		regs.resets++;
		regs.open_gates += loop_txq(regs.l, 0)->gate.state != WCNIC_QUEUE_DOWN;
		regs.open_gates += loop_rxq(regs.l, 0)->gate.state != WCNIC_QUEUE_DOWN;
	}
	return __real_wcnic_card_bar_write(card, bar, off, data, bytes);
}

static int
regs_teardown(void **state)
{
	regs.no_enable = false;
	regs.l = NULL;
	return loop_teardown(state);
}

static void
port_reset__rings_are_not_enabled_card_is_recovered(void **state)
{
	struct loop l;

	(void)state;
	loop_open(&l, &(struct loop_config){.devargs = "timeout_ms=50"});
	loop_stream_run(&l, &some);
	loop_service_hold(true);
	regs.no_enable = true;
	assert_int_equal(rte_eth_dev_reset(l.port_id), -ETIMEDOUT);
	regs.no_enable = false;
	loop_log_has("does not enable its admin rings", NULL);
	loop_service_hold(false);
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	loop_configure(&l);
	loop_recovered(&l, 1);
	loop_log_clear();
	loop_close(&l);
}

/* A line that is stored after the reset would lie outside any window. */
static void
recovery__gates_are_closed_before_the_card_is_reset(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct loop l;

	loop_open(&l, &config);
	loop_stream_run(&l, &some);
	regs.resets = 0;
	regs.open_gates = 0;
	regs.l = &l;
	wcnic_store(&loop_hw(&l)->failed, true);
	loop_recovered(&l, 1);
	regs.l = NULL;
	assert_true(regs.resets > 0);
	assert_int_equal(regs.open_gates, 0);
	loop_close(&l);
}

/* ---- callbacks --------------------------------------------------------------------------- */

static struct wcnic_attach_ops away_ops; /* the embedded card's, which may be away */
static _Atomic bool away, wanted;
static _Atomic unsigned int closed;

static int
away_open(struct wcnic_hw *hw)
{
	return away ? -ENODEV : wcnic_attach_embedded.open(hw);
}

static bool
away_alive(struct wcnic_hw *hw)
{
	(void)hw;
	return !away;
}

static bool
away_wanted(struct wcnic_hw *hw)
{
	(void)hw;
	return wanted;
}

static int
on_event_close(uint16_t port_id, enum rte_eth_event_type type, void *arg, void *ret)
{
	(void)arg;
	(void)ret;
	(void)type;
	if (closed++ != 0)
		return 0;
	(void)rte_eth_dev_stop(port_id);
	assert_int_equal(rte_eth_dev_close(port_id), 0);
	return 0;
}

/* What comes to an application in the service's round, each in its turn. */
static void
callback__closes_the_port_nothing_touches_it(void **state)
{
	static const enum rte_eth_event_type types[] = {
		RTE_ETH_EVENT_ERR_RECOVERING,
		RTE_ETH_EVENT_RECOVERY_SUCCESS,
		RTE_ETH_EVENT_INTR_LSC,
		RTE_ETH_EVENT_INTR_RMV,
	};
	struct loop_config config = {.devargs = "placement=push", .lsc = true};
	struct wcnic_hw *hw;
	struct loop l;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(types); i++) {
		loop_open(&l, &config);
		loop_stream_run(&l, &some);
		hw = loop_hw(&l);
		away_ops = *hw->attach;
		away_ops.open = away_open;
		away_ops.alive = away_alive;
		away_ops.wanted_back = away_wanted;
		away = false;
		wanted = false;
		closed = 0;
		pthread_mutex_lock(&hw->lock);
		hw->attach = &away_ops;
		pthread_mutex_unlock(&hw->lock);
		assert_int_equal(
			rte_eth_dev_callback_register(RTE_ETH_ALL, types[i], on_event_close, NULL),
			0);
		if (types[i] == RTE_ETH_EVENT_INTR_RMV)
			wanted = true;
		else
			wcnic_store(&hw->failed, true);
		for (unsigned int ms = 0; rte_eth_dev_is_valid_port(l.port_id) != 0; ms += 5) {
			assert_true(ms < PATIENCE_MS);
			usleep(5000);
		}
		/* a service that went on would do so now */
		usleep(20000);
		assert_int_equal(rte_eth_dev_callback_unregister(RTE_ETH_ALL, types[i],
								 on_event_close, NULL),
				 0);
		loop_forget(&l);
		assert_int_equal(rte_vdev_uninit(l.name), 0);
		assert_int_equal(rte_mempool_in_use_count(l.rx_pool), 0);
		rte_mempool_free(l.rx_pool);
	}
	loop_log_clear();
}

static _Atomic bool alarm_came, alarm_waited;

static void
on_alarm(void *arg)
{
	(void)arg;
	alarm_came = true;
}

/* Blocks the service until EAL's interrupt thread has done something. */
static int
on_event_wait(uint16_t port_id, enum rte_eth_event_type type, void *arg, void *ret)
{
	(void)port_id;
	(void)type;
	(void)arg;
	(void)ret;
	(void)rte_eal_alarm_set(1000, on_alarm, NULL);
	for (unsigned int ms = 0; !alarm_came && ms < PATIENCE_MS; ms++)
		usleep(1000);
	alarm_waited = true;
	return 0;
}

static void
service__takes_long_interrupt_thread_goes_on(void **state)
{
	struct loop_config config = {.lsc = true};
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	alarm_came = false;
	assert_int_equal(rte_eth_dev_callback_register(l.port_id, RTE_ETH_EVENT_ERR_RECOVERING,
						       on_event_wait, NULL),
			 0);
	wcnic_store(&loop_hw(&l)->failed, true);
	for (unsigned int ms = 0; !alarm_waited && ms < 2 * PATIENCE_MS; ms++)
		usleep(1000);
	assert_true(alarm_came);
	loop_recovered(&l, 1);
	loop_close(&l);
}

#define REGS_TEST(name, fn, args)                                      \
	{                                                              \
		name, fn, NULL, regs_teardown, (void *)(uintptr_t)args \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(event__revocation_of_a_former_window_touches_nothing),
		LOOP_TEST(event__revocation_between_configure_and_setup_touches_nothing),
		LOOP_TEST_ARG("event__error_of_a_former_queue_is_not_the_new_ones push",
			      event__error_of_a_former_queue_is_not_the_new_ones,
			      (void *)(uintptr_t) "placement=push"),
		LOOP_TEST_ARG("event__error_of_a_former_queue_is_not_the_new_ones fetch",
			      event__error_of_a_former_queue_is_not_the_new_ones,
			      (void *)(uintptr_t) "placement=fetch"),
		LOOP_TEST(event__any_at_any_time_harms_nothing),
		REGS_TEST("port_reset__rings_are_not_enabled_card_is_recovered",
			  port_reset__rings_are_not_enabled_card_is_recovered, NULL),
		REGS_TEST("recovery__gates_are_closed_before_the_card_is_reset push",
			  recovery__gates_are_closed_before_the_card_is_reset, "placement=push"),
		REGS_TEST("recovery__gates_are_closed_before_the_card_is_reset thread=1",
			  recovery__gates_are_closed_before_the_card_is_reset,
			  "placement=push,thread=1"),
		LOOP_TEST(callback__closes_the_port_nothing_touches_it),
		LOOP_TEST(service__takes_long_interrupt_thread_goes_on),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
